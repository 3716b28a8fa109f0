//! `$((…))`: whole numbers of 64 bits that wrap, as C has them.

/// Parentheses and operators inside of each other.
const MAX_DEPTH: u32 = 100;
/// Operations in one expression, those in the values of variables included.
const MAX_STEPS: u32 = 1_000_000;

/// What an expression can see and change: the shell's variables.
pub trait Variables {
    /// A variable's text; `None` if it is unset. Fails if that is not allowed.
    fn get(&mut self, name: &str, index: Option<&str>) -> Result<Option<String>, String>;
    fn set(&mut self, name: &str, index: Option<&str>, value: i64) -> Result<(), String>;
}

/// The value of an expression; an empty one is 0.
pub fn evaluate(text: &str, variables: &mut dyn Variables) -> Result<i64, String> {
    let mut steps = 0;
    evaluate_at(text, variables, 0, &mut steps)
}

fn evaluate_at(text: &str, variables: &mut dyn Variables, depth: u32, steps: &mut u32) -> Result<i64, String> {
    let mut reader = Reader { text, at: 0, depth, steps, variables, skipping: 0 };
    reader.blanks();
    if reader.at == text.len() {
        return Ok(0);
    }
    let value = reader.comma()?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(format!("{text}: an operator is missing before `{}`", &text[reader.at..]));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    steps: &'a mut u32,
    variables: &'a mut dyn Variables,
    /// Above zero in the part of `&&`, `||` or `?:` that does not count: nothing is assigned, and no error comes of it.
    skipping: u32,
}

/// Binary operators by precedence, each longer one before those it begins with.
const LEVELS: [&[&str]; 8] =
    [&["|"], &["^"], &["&"], &["==", "!="], &["<=", ">=", "<", ">"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"]];

const ASSIGNMENTS: [&str; 11] = ["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^="];

impl Reader<'_> {
    fn blanks(&mut self) {
        while self.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn looking_at(&self, token: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(token.as_bytes())
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.looking_at(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// A binary operator, unless it is the beginning of a longer one.
    fn eat_binary(&mut self, operator: &str) -> bool {
        self.blanks();
        if !self.looking_at(operator) {
            return false;
        }
        let after = self.text.as_bytes().get(self.at + operator.len());
        let longer = match operator {
            "|" | "&" | "<" | ">" => after == Some(&operator.as_bytes()[0]) || after == Some(&b'='),
            "^" | "+" | "-" | "/" | "%" | "<<" | ">>" => after == Some(&b'='),
            "*" => after == Some(&b'=') || after == Some(&b'*'),
            _ => false,
        };
        if !longer {
            self.at += operator.len();
        }
        !longer
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        *self.steps += 1;
        if self.depth >= MAX_DEPTH || *self.steps > MAX_STEPS {
            return Err("the expression is too deep".to_owned());
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn skip_if<T>(&mut self, skip: bool, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.skipping += u32::from(skip);
        let value = read(self);
        self.skipping -= u32::from(skip);
        value
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.conditional()?;
        while self.eat(",") {
            value = self.conditional()?;
        }
        Ok(value)
    }

    fn conditional(&mut self) -> Result<i64, String> {
        self.deeper(|reader| {
            let condition = reader.or()?;
            if !reader.eat("?") {
                return Ok(condition);
            }
            let yes = reader.skip_if(condition == 0, Self::comma)?;
            if !reader.eat(":") {
                return Err(format!("{}: `?` without `:`", reader.text));
            }
            let no = reader.skip_if(condition != 0, Self::conditional)?;
            Ok(if condition != 0 { yes } else { no })
        })
    }

    fn or(&mut self) -> Result<i64, String> {
        let mut left = self.and()?;
        while self.eat("||") {
            let right = self.skip_if(left != 0, Self::and)?;
            left = i64::from(left != 0 || right != 0);
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<i64, String> {
        let mut left = self.binary(0)?;
        while self.eat("&&") {
            let right = self.skip_if(left == 0, |reader| reader.binary(0))?;
            left = i64::from(left != 0 && right != 0);
        }
        Ok(left)
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.eat_binary(operator)) {
            let right = self.binary(level + 1)?;
            left = self.apply(operator, left, right)?;
        }
        Ok(left)
    }

    fn power(&mut self) -> Result<i64, String> {
        let base = self.unary()?;
        if !self.eat("**") {
            return Ok(base);
        }
        let exponent = self.deeper(Self::power)?;
        if exponent < 0 && self.skipping == 0 {
            return Err(format!("{}: the exponent is less than 0", self.text));
        }
        let (mut value, mut square, mut left) = (1_i64, base, exponent);
        while left > 0 {
            if left & 1 == 1 {
                value = value.wrapping_mul(square);
            }
            square = square.wrapping_mul(square);
            left >>= 1;
        }
        Ok(value)
    }

    fn apply(&mut self, operator: &str, left: i64, right: i64) -> Result<i64, String> {
        *self.steps += 1;
        Ok(match operator {
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "<<" => left.wrapping_shl(u32::try_from(right & 63).unwrap_or(0)),
            ">>" => left.wrapping_shr(u32::try_from(right & 63).unwrap_or(0)),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            _ if right == 0 && self.skipping > 0 => 0,
            _ if right == 0 => return Err(format!("{}: division by 0", self.text)),
            "/" => left.wrapping_div(right),
            _ => left.wrapping_rem(right),
        })
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.deeper(|reader| {
            for (step, by) in [("++", 1), ("--", -1)] {
                let before = reader.at;
                if reader.eat(step) {
                    if let Some(target) = reader.target()? {
                        let value = reader.value(&target)?.wrapping_add(by);
                        reader.assign(&target, value)?;
                        return Ok(value);
                    }
                    reader.at = before; // `- -1` written together
                }
            }
            if reader.eat("!") {
                return Ok(i64::from(reader.unary()? == 0));
            }
            if reader.eat("~") {
                return Ok(!reader.unary()?);
            }
            if reader.eat("-") {
                return Ok(reader.unary()?.wrapping_neg());
            }
            if reader.eat("+") {
                return reader.unary();
            }
            reader.primary()
        })
    }

    fn primary(&mut self) -> Result<i64, String> {
        if self.eat("(") {
            let value = self.comma()?;
            return if self.eat(")") { Ok(value) } else { Err(format!("{}: a `(` is not closed", self.text)) };
        }
        if let Some(target) = self.target()? {
            self.blanks();
            if let Some(operator) = ASSIGNMENTS
                .iter()
                .find(|operator| self.looking_at(operator) && !(**operator == "=" && self.looking_at("==")))
            {
                self.at += operator.len();
                let right = self.conditional()?;
                let operator = &operator[..operator.len() - 1];
                let value = if operator.is_empty() {
                    right
                } else {
                    let left = self.value(&target)?;
                    self.apply(operator, left, right)?
                };
                self.assign(&target, value)?;
                return Ok(value);
            }
            let value = self.value(&target)?;
            for (step, by) in [("++", 1), ("--", -1)] {
                if self.eat(step) {
                    self.assign(&target, value.wrapping_add(by))?;
                    return Ok(value);
                }
            }
            return Ok(value);
        }
        self.number()
    }

    /// A variable's name, and a subscript's value.
    fn target(&mut self) -> Result<Option<(String, Option<String>)>, String> {
        self.blanks();
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
        if !crate::parser::is_name(&rest[..length]) {
            return Ok(None);
        }
        self.at += length;
        let name = rest[..length].to_owned();
        if !self.looking_at("[") {
            return Ok(Some((name, None)));
        }
        let (mut open, start) = (0_u32, self.at + 1);
        for (offset, byte) in self.text.bytes().enumerate().skip(self.at) {
            match byte {
                b'[' => open += 1,
                b']' => open -= 1,
                _ => {}
            }
            if open == 0 {
                self.at = offset + 1;
                return Ok(Some((name, Some(self.text[start..offset].to_owned()))));
            }
        }
        Err(format!("{}: a `[` is not closed", self.text))
    }

    fn value(&mut self, (name, index): &(String, Option<String>)) -> Result<i64, String> {
        if self.skipping > 0 {
            return Ok(0);
        }
        let Some(text) = self.variables.get(name, index.as_deref())? else { return Ok(0) };
        let text = text.trim();
        if let Ok(value) = text.parse()
            && !(text.len() > 1 && text.trim_start_matches(['-', '+']).starts_with('0'))
        {
            return Ok(value);
        }
        *self.steps += 1;
        if self.depth + 10 > MAX_DEPTH || *self.steps > MAX_STEPS {
            return Err(format!("{name}: the expression is too deep"));
        }
        // A variable's text is an expression too. Ten levels a variable: the frames of a whole expression lie between.
        evaluate_at(text, self.variables, self.depth + 10, self.steps)
    }

    fn assign(&mut self, (name, index): &(String, Option<String>), value: i64) -> Result<(), String> {
        if self.skipping > 0 { Ok(()) } else { self.variables.set(name, index.as_deref(), value) }
    }

    fn number(&mut self) -> Result<i64, String> {
        self.blanks();
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'#' | b'_' | b'@')).count();
        let token = &rest[..length];
        if token.is_empty() {
            let what = if rest.is_empty() { "its end".to_owned() } else { format!("`{rest}`") };
            return Err(format!("{}: a value is missing before {what}", self.text.trim()));
        }
        let (digits, radix) = if let Some((base, digits)) = token.split_once('#') {
            (digits, base.parse().ok().filter(|base| (2..=36).contains(base)).unwrap_or(0))
        } else if let Some(digits) = token.strip_prefix("0x").or_else(|| token.strip_prefix("0X")) {
            (digits, 16)
        } else if token.len() > 1 && token.starts_with('0') {
            (&token[1..], 8)
        } else {
            (token, 10)
        };
        let mut value = 0_i64;
        for c in digits.chars() {
            let Some(digit) = (radix > 0).then(|| c.to_digit(radix)).flatten() else {
                return Err(format!("{token}: not a number"));
            };
            value = value.wrapping_mul(i64::from(radix)).wrapping_add(i64::from(digit));
        }
        self.at += length;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    impl Variables for HashMap<String, String> {
        fn get(&mut self, name: &str, _: Option<&str>) -> Result<Option<String>, String> {
            Ok(HashMap::get(self, name).cloned())
        }
        fn set(&mut self, name: &str, _: Option<&str>, value: i64) -> Result<(), String> {
            self.insert(name.to_owned(), value.to_string());
            Ok(())
        }
    }

    fn value(text: &str) -> Result<i64, String> {
        let mut variables =
            HashMap::from([("x", "7"), ("y", "x+1"), ("a", "a")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        evaluate(text, &mut variables)
    }

    #[test]
    fn operators_bind_as_in_c() {
        for (text, expected) in [
            ("1+2*3", 7),
            ("(1+2)*3", 9),
            ("-2**2", 4),
            ("2**3**2", 512),
            ("7/2", 3),
            ("-7%3", -1),
            ("1<2&&2<1", 0),
            ("1||0&&0", 1),
            ("5&3|8", 9),
            ("1<<4>>2", 4),
            ("!0+~0", 0),
            ("x>5?x:0", 7),
            ("y*2", 16),
            ("0x1f+010+2#11", 42),
            ("x++ + x", 15),
            ("--x", 6),
            ("z=x+=3,z*2", 20),
            ("", 0),
            (" 1 ", 1),
            ("9223372036854775807+1", i64::MIN),
            ("1 ? 2 : 1/0", 2),
            ("0 && 1/0", 0),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for text in ["1/0", "1+", "(1", "1 2", "08", "2**-1", "a", "1?2", "x[", "@", "99#1"] {
            assert!(value(text).is_err(), "{text}");
        }
        assert!(value(&"(".repeat(100_000)).is_err());
        assert!(value(&"-".repeat(100_000)).is_err());
        assert!(value(&"1?".repeat(100_000)).is_err());
    }
}
