//! awk's values: numbers, texts, and texts from outside that look like numbers.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::utilities::printf;

#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Of a variable that was never set: both 0 and empty.
    #[default]
    Unset,
    Number(f64),
    Text(Rc<str>),
    /// A text from input that looks like a number: compares as one, is written as it was.
    Numeric(Rc<str>, f64),
}

impl Value {
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    /// A text from outside of the program.
    pub fn input(text: &str) -> Self {
        match looks_like_a_number(text) {
            Some(number) => Self::Numeric(text.into(), number),
            None => Self::text(text),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "awk has no other numbers")]
    pub fn count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    pub fn number(&self) -> f64 {
        match self {
            Self::Unset => 0.0,
            Self::Number(number) | Self::Numeric(_, number) => *number,
            Self::Text(text) => leading_number(text).0,
        }
    }

    /// As text; numbers that are not whole by a format like `%.6g`.
    pub fn to_text(&self, format: &str) -> Rc<str> {
        match self {
            Self::Unset => "".into(),
            Self::Text(text) | Self::Numeric(text, _) => text.clone(),
            Self::Number(number) => number_text(*number, format).into(),
        }
    }

    pub fn is_true(&self) -> bool {
        match self {
            Self::Unset => false,
            Self::Number(number) | Self::Numeric(_, number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// Numbers compare as such if both sides are, otherwise texts do. Nothing compares to what is not a number.
    pub fn compare(&self, other: &Self, format: &str) -> Option<Ordering> {
        if matches!(self, Self::Text(_)) || matches!(other, Self::Text(_)) {
            return Some(self.to_text(format).cmp(&other.to_text(format)));
        }
        self.number().partial_cmp(&other.number())
    }
}

pub fn number_text(number: f64, format: &str) -> String {
    if !number.is_finite() {
        let sign = if number.is_sign_negative() { '-' } else { '+' };
        return format!("{sign}{}", if number.is_nan() { "nan" } else { "inf" });
    }
    if number.fract() == 0.0 && number.abs() < 1e30 {
        // Minus zero is written as zero.
        return format!("{:.0}", number + 0.0);
    }
    printf::format(format, &[format!("{number:e}")]).text()
}

/// The number that a text begins with, and how long it is with the blanks before it.
pub fn leading_number(text: &str) -> (f64, usize) {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let start = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let unsigned = start + usize::from(matches!(bytes.get(start), Some(b'+' | b'-')));
    let whole = digits(unsigned);
    let mut end = if bytes.get(whole) == Some(&b'.') { digits(whole + 1) } else { whole };
    if end - unsigned == usize::from(end > whole) {
        return (0.0, 0); // no digit
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digits(exponent) > exponent {
            end = digits(exponent);
        }
    }
    (text[start..end].parse().unwrap_or(0.0), end)
}

fn looks_like_a_number(text: &str) -> Option<f64> {
    let trimmed = text.trim_end_matches([' ', '\t', '\n', '\r']);
    let (number, length) = leading_number(trimmed);
    (length > 0 && length == trimmed.len()).then_some(number)
}

/// Bytes as text. A byte that is no UTF-8 is a character of a private plane, so that `to_bytes` can give it back.
pub fn from_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(STRAY + u32::from(*byte))));
    }
    text
}

pub fn to_bytes(text: &str) -> std::borrow::Cow<'_, [u8]> {
    let is_stray = |c: char| (STRAY..STRAY + 256).contains(&u32::from(c));
    if !text.contains(is_stray) {
        return text.as_bytes().into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(u32::from(c).wrapping_sub(STRAY)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes.into()
}

/// Where the characters begin that stand for bytes: the end of the last private plane.
const STRAY: u32 = 0x10_fe00;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_texts() {
        for (text, number, length) in [
            ("12", 12.0, 2),
            (" -3.5e2x", -350.0, 7),
            (".5", 0.5, 2),
            ("5.", 5.0, 2),
            ("1e", 1.0, 1),
            ("x", 0.0, 0),
            (".", 0.0, 0),
            ("-", 0.0, 0),
            ("0x10", 0.0, 1),
            ("", 0.0, 0),
        ] {
            assert_eq!(leading_number(text), (number, length), "{text}");
        }
        assert!(matches!(Value::input(" 10 "), Value::Numeric(_, 10.0)));
        assert!(matches!(Value::input("10x"), Value::Text(_)));
    }

    #[test]
    fn numbers_as_texts() {
        for (number, text) in [
            (3.0, "3"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e6, "1000000"),
            (1_234_567.5, "1.23457e+06"),
            (1e20, "100000000000000000000"),
            (f64::INFINITY, "+inf"),
        ] {
            assert_eq!(number_text(number, "%.6g"), text);
        }
    }

    #[test]
    fn stray_bytes_come_back() {
        let bytes = b"a\xff\xc3(\xe2\x82\xac";
        assert_eq!(&*to_bytes(&from_bytes(bytes)), bytes);
    }
}
