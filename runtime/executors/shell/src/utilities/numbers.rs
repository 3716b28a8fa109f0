//! `seq` and `expr`.

use std::io::Write;

use super::{Failure, Io, Outcome};
use crate::regexes::{Syntax, compile};

pub fn seq(io: &mut Io, arguments: &[String]) -> Outcome {
    let (mut separator, mut equal_width, mut format) = ("\n".to_owned(), false, None);
    let mut numbers: Vec<&str> = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-w" => equal_width = true,
            "-s" => {
                separator.clone_from(rest.next().ok_or_else(|| Failure::new("option requires an argument -- 's'"))?);
            }
            "-f" => {
                format = Some(rest.next().ok_or_else(|| Failure::new("option requires an argument -- 'f'"))?.clone());
            }
            text if text.starts_with("-s") => text[2..].clone_into(&mut separator),
            text => numbers.push(text),
        }
    }
    let (first, step, last) = match numbers.as_slice() {
        [last] => ("1", "1", *last),
        [first, last] => (*first, "1", *last),
        [first, step, last] => (*first, *step, *last),
        [] => return Err(Failure::new("missing operand")),
        _ => return Err(Failure::new(format!("extra operand '{}'", numbers[3]))),
    };
    let value = |text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|n| n.is_finite())
            .ok_or_else(|| Failure::new(format!("invalid floating point argument: '{text}'")))
    };
    let places = |text: &str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let precision = places(first).max(places(step));
    let (start, by, end) = (value(first)?, value(step)?, value(last)?);
    if by == 0.0 {
        return Err(Failure::new(format!("invalid Zero increment value: '{step}'")));
    }
    let show = |n: f64| -> String {
        match &format {
            Some(format) => super::printf::format(format, &[n.to_string()]).text(),
            None => format!("{n:.precision$}"),
        }
    };
    let width = if equal_width { show(start).len().max(show(end).len()) } else { 0 };
    // Steps are counted, so that fractions do not add up their errors.
    let count = ((end - start) / by + 1e-10).floor();
    let mut n = 0.0;
    while n <= count {
        if n > 0.0 {
            io.out.write_all(separator.as_bytes())?;
        }
        let text = show(start + n * by);
        match text.strip_prefix('-') {
            Some(digits) if equal_width => write!(io.out, "-{digits:0>width$}", width = width - 1)?,
            _ => write!(io.out, "{text:0>width$}")?,
        }
        n += 1.0;
    }
    if count >= 0.0 {
        io.line(b"")?;
    }
    Ok(0)
}

/// Parentheses inside of each other.
const MAX_DEPTH: u32 = 100;

pub fn expr(io: &mut Io, arguments: &[String]) -> Outcome {
    let mut reader = Expression { rest: arguments, depth: 0 };
    let value = reader.or().map_err(|message| Failure::Message(message, 2))?;
    if let Some(extra) = reader.rest.first() {
        return Err(Failure::Message(format!("syntax error: unexpected argument '{extra}'"), 2));
    }
    io.line(value.as_bytes())?;
    Ok(i32::from(is_null(&value)))
}

fn is_null(value: &str) -> bool {
    value.is_empty() || value.parse() == Ok(0_i64)
}

struct Expression<'a> {
    rest: &'a [String],
    depth: u32,
}

impl Expression<'_> {
    fn eat(&mut self, tokens: &[&str]) -> Option<String> {
        let first = self.rest.first().filter(|first| tokens.contains(&first.as_str()))?.clone();
        self.rest = &self.rest[1..];
        Some(first)
    }

    fn next(&mut self) -> Result<String, String> {
        let (first, rest) = self.rest.split_first().ok_or("syntax error: missing argument")?;
        self.rest = rest;
        Ok(first.clone())
    }

    fn or(&mut self) -> Result<String, String> {
        let mut left = self.and()?;
        while self.eat(&["|"]).is_some() {
            let right = self.and()?;
            if is_null(&left) {
                left = if is_null(&right) { "0".to_owned() } else { right };
            }
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<String, String> {
        let mut left = self.comparison()?;
        while self.eat(&["&"]).is_some() {
            let right = self.comparison()?;
            if is_null(&left) || is_null(&right) {
                "0".clone_into(&mut left);
            }
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<String, String> {
        let mut left = self.sum()?;
        while let Some(operator) = self.eat(&["=", "==", "!=", "<", "<=", ">", ">="]) {
            let right = self.sum()?;
            let order = match (left.parse::<i64>(), right.parse::<i64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                _ => left.cmp(&right),
            };
            let holds = match operator.as_str() {
                "=" | "==" => order.is_eq(),
                "!=" => order.is_ne(),
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            };
            left = i64::from(holds).to_string();
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<String, String> {
        let mut left = self.product()?;
        while let Some(operator) = self.eat(&["+", "-"]) {
            let right = self.product()?;
            let (a, b) = (integer(&left)?, integer(&right)?);
            left = if operator == "+" { a.wrapping_add(b) } else { a.wrapping_sub(b) }.to_string();
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<String, String> {
        let mut left = self.matched()?;
        while let Some(operator) = self.eat(&["*", "/", "%"]) {
            let right = self.matched()?;
            let (a, b) = (integer(&left)?, integer(&right)?);
            left = match operator.as_str() {
                "*" => a.wrapping_mul(b),
                _ if b == 0 => return Err("division by zero".to_owned()),
                "/" => a.wrapping_div(b),
                _ => a.wrapping_rem(b),
            }
            .to_string();
        }
        Ok(left)
    }

    fn matched(&mut self) -> Result<String, String> {
        let mut left = self.primary()?;
        while self.eat(&[":"]).is_some() {
            let pattern = self.primary()?;
            left = matched(&left, &pattern)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<String, String> {
        let token = self.next()?;
        match token.as_str() {
            "(" => {
                if self.depth >= MAX_DEPTH {
                    return Err("the expression is too deep".to_owned());
                }
                self.depth += 1;
                let value = self.or()?;
                self.depth -= 1;
                if self.eat(&[")"]).is_some() { Ok(value) } else { Err("syntax error: expecting ')'".to_owned()) }
            }
            "length" if !self.rest.is_empty() => Ok(self.next()?.chars().count().to_string()),
            "match" if self.rest.len() > 1 => {
                let (text, pattern) = (self.next()?, self.next()?);
                matched(&text, &pattern)
            }
            "index" if self.rest.len() > 1 => {
                let (text, set) = (self.next()?, self.next()?);
                Ok(text.chars().position(|c| set.contains(c)).map_or(0, |at| at + 1).to_string())
            }
            "substr" if self.rest.len() > 2 => {
                let text = self.next()?;
                let (start, length) = (integer(&self.next()?)?, integer(&self.next()?)?);
                match (usize::try_from(start), usize::try_from(length)) {
                    (Ok(start @ 1..), Ok(length)) => Ok(text.chars().skip(start - 1).take(length).collect()),
                    _ => Ok(String::new()),
                }
            }
            "+" if !self.rest.is_empty() => self.next(),
            _ => Ok(token),
        }
    }
}

fn integer(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "non-integer argument".to_owned())
}

/// The first group's text, or how many characters match, from the start.
fn matched(text: &str, pattern: &str) -> Result<String, String> {
    let regex = compile(&format!("^{}", pattern.strip_prefix('^').unwrap_or(pattern)), Syntax::default())?;
    let groups = regex.captures_len() > 1;
    Ok(match regex.captures(text.as_bytes()) {
        None => {
            if groups {
                String::new()
            } else {
                "0".to_owned()
            }
        }
        Some(found) => match (found.get(1), found.get(0)) {
            (Some(group), _) => String::from_utf8_lossy(group.as_bytes()).into_owned(),
            (None, _) if groups => String::new(),
            (None, whole) => whole.map_or(0, |m| String::from_utf8_lossy(m.as_bytes()).chars().count()).to_string(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let value = |text: &str| {
            let arguments: Vec<String> = text.split(' ').map(str::to_owned).collect();
            Expression { rest: &arguments, depth: 0 }.or()
        };
        for (text, expected) in [
            ("1 + 2 * 3", "7"),
            ("( 1 + 2 ) * 3", "9"),
            ("abc : a.", "2"),
            ("abc : a\\(.\\)", "b"),
            ("length abcd", "4"),
            ("substr abcd 2 2", "bc"),
            ("index abcd dc", "3"),
            ("0 | x", "x"),
            ("a < b", "1"),
            ("10 < 9", "0"),
        ] {
            assert_eq!(value(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in ["1 / 0", "a + 1", "( 1", "1 +"] {
            assert!(value(wrong).is_err(), "{wrong}");
        }
    }
}
