//! `printf` and `echo`.

use std::io::Write;

use super::{Failure, Io, Outcome};
use crate::escapes::{Style, Unescaped, unescape};

/// A field is not made wider than this.
const MAX_WIDTH: usize = 1 << 16;

/// What a format and its arguments make.
#[derive(Debug, Default)]
pub struct Formatted {
    pub bytes: Vec<u8>,
    /// What was not the number that it should have been.
    pub errors: Vec<String>,
}

impl Formatted {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// `printf`: the format is used again until there are no more arguments.
pub fn format(format: &str, arguments: &[String]) -> Formatted {
    let mut writer = Writer { out: Formatted::default(), arguments, used: 0, stop: false };
    loop {
        let before = writer.used;
        writer.once(format);
        if writer.stop || writer.used >= arguments.len() || writer.used == before {
            return writer.out;
        }
    }
}

struct Writer<'a> {
    out: Formatted,
    arguments: &'a [String],
    used: usize,
    stop: bool,
}

/// `%-08.3f`
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Default)]
struct Spec {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

impl Writer<'_> {
    fn next(&mut self) -> &str {
        let argument = self.arguments.get(self.used).map_or("", String::as_str);
        self.used += 1;
        argument
    }

    fn once(&mut self, format: &str) {
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            // Escapes are resolved piece by piece: those of arguments must not be.
            self.push(&unescape(&rest[..at], Style::Format));
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                self.out.bytes.push(b'%');
                rest = after;
                continue;
            }
            let (spec, conversion, after) = self.spec(rest);
            let Some(conversion) = conversion else {
                self.out.errors.push(format!("%{rest}: missing format character"));
                self.stop = true;
                return;
            };
            rest = after;
            self.convert(&spec, conversion);
            if self.stop {
                return;
            }
        }
        self.push(&unescape(rest, Style::Format));
    }

    fn push(&mut self, text: &Unescaped) {
        self.out.bytes.extend_from_slice(&text.bytes);
    }

    fn spec<'f>(&mut self, format: &'f str) -> (Spec, Option<char>, &'f str) {
        let mut spec = Spec::default();
        let mut rest = format;
        while let Some(c) = rest.chars().next().filter(|c| "-0+ #'".contains(*c)) {
            match c {
                '-' => spec.left = true,
                '0' => spec.zero = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                _ => spec.alternate = true,
            }
            rest = &rest[1..];
        }
        let number = |writer: &mut Self, rest: &mut &'f str| -> i64 {
            if let Some(after) = rest.strip_prefix('*') {
                *rest = after;
                let argument = writer.next().to_owned();
                return writer.integer(&argument);
            }
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let value = rest[..digits].parse().unwrap_or(0);
            *rest = &rest[digits..];
            value
        };
        let width = number(self, &mut rest);
        spec.left |= width < 0;
        spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(MAX_WIDTH).min(MAX_WIDTH);
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            spec.precision = usize::try_from(number(self, &mut rest)).ok().map(|p| p.min(MAX_WIDTH));
        }
        rest = rest.trim_start_matches(['l', 'h', 'j', 'z', 't', 'L']);
        let conversion = rest.chars().next();
        (spec, conversion, conversion.map_or(rest, |c| &rest[c.len_utf8()..]))
    }

    fn convert(&mut self, spec: &Spec, conversion: char) {
        match conversion {
            's' => {
                let text = self.next().to_owned();
                self.text(spec, &text);
            }
            'c' => {
                let text: String = self.next().chars().take(1).collect();
                self.text(spec, &text);
            }
            'b' => {
                let text = unescape(self.next(), Style::Echo);
                self.stop = text.stop;
                self.pad(spec, &text.bytes);
            }
            'q' => {
                let text = crate::parameters::quote_if_needed(self.next());
                self.text(spec, &text);
            }
            'd' | 'i' => {
                let argument = self.next().to_owned();
                let value = self.integer(&argument);
                let mut digits = value.unsigned_abs().to_string();
                if let Some(precision) = spec.precision {
                    digits = format!("{digits:0>precision$}");
                }
                self.number(spec, value < 0, "", &digits, spec.precision.is_none());
            }
            'u' | 'x' | 'X' | 'o' => {
                let argument = self.next().to_owned();
                let value = self.integer(&argument).cast_unsigned();
                let (prefix, mut digits) = match conversion {
                    'x' => ("0x", format!("{value:x}")),
                    'X' => ("0X", format!("{value:X}")),
                    'o' => ("0", format!("{value:o}")),
                    _ => ("", value.to_string()),
                };
                if let Some(precision) = spec.precision {
                    digits = format!("{digits:0>precision$}");
                }
                let prefix = if spec.alternate && value != 0 { prefix } else { "" };
                let unsigned = Spec { plus: false, space: false, ..*spec };
                self.number(&unsigned, false, prefix, &digits, spec.precision.is_none());
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' | 'a' | 'A' => {
                let argument = self.next().to_owned();
                let value = self.float(&argument);
                let precision = spec.precision.unwrap_or(6).min(1000);
                let magnitude = value.abs();
                let mut text = match conversion {
                    _ if !magnitude.is_finite() => if magnitude.is_nan() { "nan" } else { "inf" }.to_owned(),
                    'f' | 'F' => format!("{magnitude:.precision$}"),
                    'e' | 'E' => scientific(magnitude, precision),
                    _ => general(magnitude, precision, spec.alternate),
                };
                if conversion.is_ascii_uppercase() {
                    text.make_ascii_uppercase();
                }
                self.number(spec, value.is_sign_negative() && !value.is_nan(), "", &text, magnitude.is_finite());
            }
            other => {
                self.out.errors.push(format!("%{other}: invalid directive"));
                self.stop = true;
            }
        }
    }

    fn text(&mut self, spec: &Spec, text: &str) {
        let cut: String;
        let text = match spec.precision {
            // Precision counts characters here, as a user would.
            Some(precision) => {
                cut = text.chars().take(precision).collect();
                &cut
            }
            None => text,
        };
        self.pad(spec, text.as_bytes());
    }

    fn pad(&mut self, spec: &Spec, bytes: &[u8]) {
        let length = bytes.iter().filter(|b| **b & 0xc0 != 0x80).count();
        let padding = vec![b' '; spec.width.saturating_sub(length)];
        let (first, second) = if spec.left { (bytes, &padding[..]) } else { (&padding[..], bytes) };
        self.out.bytes.extend_from_slice(first);
        self.out.bytes.extend_from_slice(second);
    }

    fn number(&mut self, spec: &Spec, negative: bool, prefix: &str, digits: &str, may_fill: bool) {
        let sign = if negative {
            "-"
        } else if spec.plus {
            "+"
        } else if spec.space {
            " "
        } else {
            ""
        };
        let fill = spec.width.saturating_sub(sign.len() + prefix.len() + digits.len());
        let zeros = if spec.zero && !spec.left && may_fill { "0".repeat(fill) } else { String::new() };
        self.pad(spec, format!("{sign}{prefix}{zeros}{digits}").as_bytes());
    }

    /// A number as C writes them, or `'c` for a character's.
    fn integer(&mut self, text: &str) -> i64 {
        let trimmed = text.trim_start();
        if let Some(quoted) = trimmed.strip_prefix(['\'', '"']) {
            return quoted.chars().next().map_or(0, |c| i64::from(u32::from(c)));
        }
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (radix, digits) = if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            (16, hex)
        } else if digits.len() > 1 && digits.starts_with('0') {
            (8, &digits[1..])
        } else {
            (10, digits)
        };
        let length = digits.chars().take_while(|c| c.is_digit(radix)).count();
        let value = i128::from_str_radix(&digits[..length], radix).unwrap_or(0);
        if (length < digits.len() || length == 0) && !text.is_empty() {
            self.out.errors.push(format!("{text}: expected a numeric value"));
        }
        let value = if negative { -value } else { value };
        // As C converts: what does not fit an i64 may fit a u64.
        i64::try_from(value).unwrap_or_else(|_| {
            u64::try_from(value).map_or(if negative { i64::MIN } else { i64::MAX }, u64::cast_signed)
        })
    }

    fn float(&mut self, text: &str) -> f64 {
        let trimmed = text.trim();
        if text.is_empty() {
            return 0.0;
        }
        if let Ok(value) = trimmed.parse() {
            return value;
        }
        if trimmed.starts_with(['\'', '"']) || trimmed.contains("0x") {
            #[expect(clippy::cast_precision_loss, reason = "as C converts")]
            return self.integer(trimmed) as f64;
        }
        self.out.errors.push(format!("{text}: expected a numeric value"));
        let end = trimmed.len() - trimmed.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.eE".contains(c)).len();
        (0..=end).rev().find_map(|end| trimmed.get(..end)?.parse().ok()).unwrap_or(0.0)
    }
}

/// `1.5e+03`
fn scientific(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// The shorter of both ways, without noughts at the end.
fn general(value: f64, precision: usize, alternate: bool) -> String {
    let precision = precision.max(1);
    let rounded = scientific(value, precision - 1);
    let exponent: i64 = rounded.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let limit = i64::try_from(precision).unwrap_or(i64::MAX);
    let (text, suffix) = if exponent < -4 || exponent >= limit {
        let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "+00"));
        (mantissa.to_owned(), format!("e{exponent}"))
    } else {
        let places = usize::try_from(limit - 1 - exponent).unwrap_or(0);
        (format!("{value:.places$}"), String::new())
    };
    let text = if text.contains('.') && !alternate { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{suffix}")
}

pub fn printf(io: &mut Io, arguments: &[String]) -> Outcome {
    let arguments = if arguments.first().is_some_and(|a| a == "--") { &arguments[1..] } else { arguments };
    let Some((template, rest)) = arguments.split_first() else {
        return Err(Failure::Message("usage: printf format [arguments]".to_owned(), 2));
    };
    let made = format(template, rest);
    io.out.write_all(&made.bytes)?;
    for error in &made.errors {
        io.complain(error);
    }
    Ok(i32::from(!made.errors.is_empty()))
}

pub fn echo(io: &mut Io, arguments: &[String]) -> Outcome {
    let mut rest = arguments;
    let (mut newline, mut escapes) = (true, false);
    while let Some((first, more)) = rest.split_first() {
        let letters = first.strip_prefix('-').unwrap_or_default();
        if letters.is_empty() || !letters.chars().all(|c| "neE".contains(c)) {
            break;
        }
        for letter in letters.chars() {
            match letter {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        rest = more;
    }
    let text = rest.join(" ");
    if escapes {
        let text = unescape(&text, Style::Echo);
        io.out.write_all(&text.bytes)?;
        newline &= !text.stop;
    } else {
        io.out.write_all(text.as_bytes())?;
    }
    if newline {
        io.out.write_all(b"\n")?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(template: &str, arguments: &[&str]) -> String {
        format(template, &arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>()).text()
    }

    #[test]
    fn conversions() {
        assert_eq!(made("%s-%d\\n", &["a", "1", "b", "2"]), "a-1\nb-2\n");
        assert_eq!(made("[%5s|%-5s|%.2s]", &["ab", "ab", "abc"]), "[   ab|ab   |ab]");
        assert_eq!(made("%05d %+d %x %#o %u", &["-42", "7", "255", "8", "-1"]), "-0042 +7 ff 010 18446744073709551615");
        assert_eq!(
            made("%.2f %e %g %g %g", &["3.14159", "12345.678", "0.0001", "1e10", "100000"]),
            "3.14 1.234568e+04 0.0001 1e+10 100000"
        );
        assert_eq!(made("%b|%s", &["a\\tb", "a\\tb"]), "a\tb|a\\tb");
        assert_eq!(made("%%|%c|%*d", &["xyz", "4", "5"]), "%|x|   5");
        assert_eq!(made("%d", &["'A"]), "65");
        assert_eq!(made("no arguments\\n", &["x"]), "no arguments\n");
    }

    #[test]
    fn mistakes_are_told_and_no_panics() {
        assert_eq!(format("%d", &["x".to_owned()]).errors.len(), 1);
        assert_eq!(format("%z", &[]).errors.len(), 1);
        assert_eq!(format("%y", &[]).errors.len(), 1);
        assert_eq!(made("%999999999999999999999d", &["1"]).len(), 1);
        assert_eq!(made("%99999999d", &["1"]).len(), MAX_WIDTH);
        assert_eq!(made("%d", &["-99999999999999999999"]), i64::MIN.to_string());
    }
}
