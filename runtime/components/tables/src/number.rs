//! Numbers as Python reads and writes them, and as Abseil writes them: that is what TFDV does with cells and in its texts.

/// What a cell holds, by the rules of Python's `int()` and `float()` on bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// An integer of 64 bits.
    Int(i64),
    /// An integer that 64 bits do not hold. A column that has one is text.
    Beyond,
    /// A floating-point number, infinite ones and NaN among them.
    Float(f64),
}

/// Python reads no longer decimal integers than this, unless told to.
const MOST_DIGITS: usize = 4300;

impl Number {
    /// The number that a cell is; none if Python takes it for no number. Blanks around it, a sign and single underscores between digits are
    /// part of both forms.
    #[must_use]
    pub fn parse(cell: &[u8]) -> Option<Self> {
        let text = trim(cell);
        if let Some(number) = plain(text) {
            return Some(number);
        }
        match integer(text) {
            Some(Ok(value)) => Some(Self::Int(value)),
            Some(Err(())) => Some(Self::Beyond),
            None => floating(text).map(Self::Float),
        }
    }

    /// The value as a floating-point number.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Beyond => f64::NAN,
            Self::Float(value) => value,
        }
    }
}

/// What Python's `float()` makes of a cell: an integer of any size is one, too.
#[must_use]
pub fn float(cell: &str) -> Option<f64> {
    match Number::parse(cell.as_bytes())? {
        Number::Beyond => cell.trim_ascii().replace('_', "").parse().ok(),
        number => Some(number.as_f64()),
    }
}

/// Without the white space of ASCII on either side.
fn trim(cell: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = cell.iter().position(|byte| !blank(byte)).unwrap_or(cell.len());
    let end = cell.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &cell[start..end]
}

/// Whether a number is negative, and what stands behind its sign.
fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Powers of ten that a double is exactly.
const POWERS: [f64; 19] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

/// What nearly all cells are, in one pass: a sign, and up to 18 digits that may have a point. None if it is anything else.
fn plain(text: &[u8]) -> Option<Number> {
    let (negative, digits) = signed(text);
    if digits.len() > POWERS.len() {
        return None;
    }
    let (mut value, mut point) = (0_u64, None);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    match point {
        None if digits.is_empty() || digits.len() == POWERS.len() => None,
        None => {
            let value = value.cast_signed();
            Some(Number::Int(if negative { -value } else { value }))
        }
        Some(_) if digits.len() == 1 || value > 1 << 53 => None,
        // Two numbers that doubles hold: their quotient is rounded once, and so is the nearest.
        Some(at) => {
            let value = value as f64 / POWERS[digits.len() - 1 - at];
            Some(Number::Float(if negative { -value } else { value }))
        }
    }
}

/// A decimal integer: its value, or that it needs more than 64 bits.
fn integer(text: &[u8]) -> Option<Result<i64, ()>> {
    let (negative, digits) = signed(text);
    if !underscored(digits) || digits.iter().filter(|byte| **byte != b'_').count() > MOST_DIGITS {
        return None;
    }
    let mut value = 0_i64;
    for byte in digits.iter().filter(|byte| **byte != b'_') {
        let digit = i64::from(byte - b'0');
        // Towards the sign: the smallest integer has no positive counterpart.
        let next = value.checked_mul(10).and_then(|value| value.checked_add(if negative { -digit } else { digit }));
        match next {
            Some(next) => value = next,
            None => return Some(Err(())),
        }
    }
    Some(Ok(value))
}

/// Whether these are digits with at most one underscore between any two.
fn underscored(digits: &[u8]) -> bool {
    let mut after_digit = false;
    for byte in digits {
        match byte {
            b'0'..=b'9' => after_digit = true,
            b'_' if after_digit => after_digit = false,
            _ => return false,
        }
    }
    after_digit
}

/// A floating-point number, rounded to the nearest.
fn floating(text: &[u8]) -> Option<f64> {
    let (negative, unsigned) = signed(text);
    if unsigned.first().is_some_and(u8::is_ascii_alphabetic) {
        let named = [("inf", f64::INFINITY), ("infinity", f64::INFINITY), ("nan", f64::NAN)];
        let value = named.iter().find(|(name, _)| unsigned.eq_ignore_ascii_case(name.as_bytes()))?.1;
        return Some(if negative { -value } else { value });
    }
    if !text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-' | b'_')) {
        return None;
    }
    if !text.contains(&b'_') {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    // Rust reads the same forms but for underscores, which Python wants between digits.
    let between = |at: usize| {
        let digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
        digit(at.checked_sub(1)) && digit(Some(at + 1))
    };
    if text.iter().enumerate().any(|(at, byte)| *byte == b'_' && !between(at)) {
        return None;
    }
    let plain: String = text.iter().filter(|byte| **byte != b'_').map(|byte| char::from(*byte)).collect();
    plain.parse().ok()
}

/// A double as Python's `repr` writes it: the shortest digits that read back as the same number.
#[must_use]
pub fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    shortest(&format!("{value:e}"), 16)
}

/// A float as Python's text format writes it: the shortest digits that read back as the same float.
#[must_use]
pub fn repr_f32(value: f32) -> String {
    if value.is_finite() { shortest(&format!("{value:e}"), 16) } else { repr(f64::from(value)) }
}

/// Lays out digits with an exponent as Python does: an exponent only below -4 and from `most` on.
fn shortest(scientific: &str, most: i32) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if (-4..most).contains(&exponent) {
        return format!("{sign}{}", positional(&digits, exponent, true));
    }
    let point = if digits.len() > 1 { "." } else { "" };
    let way = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{}{point}{}e{way}{:02}", &digits[..1], &digits[1..], exponent.abs())
}

/// Digits with the decimal point where the exponent says.
fn positional(digits: &str, exponent: i32, fraction: bool) -> String {
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if digits.len() > whole {
        return format!("{}.{}", &digits[..whole], &digits[whole..]);
    }
    let zeros = "0".repeat(whole - digits.len());
    format!("{digits}{zeros}{}", if fraction { ".0" } else { "" })
}

/// A number to six significant digits, as C's `%g` and Abseil's `SixDigits` write it.
#[must_use]
pub fn six_digits(value: f64) -> String {
    if !value.is_finite() {
        return repr(value);
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{value:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    if (-4..6).contains(&exponent) {
        return format!("{sign}{}", positional(digits, exponent, false));
    }
    let point = if digits.len() > 1 { "." } else { "" };
    let way = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{}{point}{}e{way}{:02}", &digits[..1], &digits[1..], exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What CPython 3.11 answered for `int(cell)` and, where that failed, `float(cell)`.
    #[test]
    fn cells_are_read_as_python_reads_them() {
        for (cell, value) in [
            ("1", 1),
            ("+5", 5),
            (" 5", 5),
            ("5\t", 5),
            ("1_000", 1000),
            ("-0", 0),
            ("007", 7),
            ("-9223372036854775808", i64::MIN),
            ("9223372036854775807", i64::MAX),
        ] {
            assert_eq!(Number::parse(cell.as_bytes()), Some(Number::Int(value)), "{cell}");
        }
        for (cell, value) in [
            ("1.", 1.0),
            (".5", 0.5),
            ("1e5", 1e5),
            ("1_0.2_5", 10.25),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("+INF", f64::INFINITY),
            ("1e400", f64::INFINITY),
            (" 2.5 ", 2.5),
            ("1E+2", 100.0),
        ] {
            assert_eq!(Number::parse(cell.as_bytes()), Some(Number::Float(value)), "{cell}");
        }
        for cell in ["nan", "NaN", "-nan", "+NAN"] {
            assert!(matches!(Number::parse(cell.as_bytes()), Some(Number::Float(value)) if value.is_nan()), "{cell}");
        }
        for cell in [
            "", " ", "NA", "0x10", "1__0", "_1", "1_", "1_.5", "1._5", "1e", "e5", ".", "1,5", "infin", "1 2", "٣",
            "+", "--1", "1e_5", "true",
        ] {
            assert_eq!(Number::parse(cell.as_bytes()), None, "{cell}");
        }
        assert_eq!(Number::parse(b"9223372036854775808"), Some(Number::Beyond));
        assert_eq!(Number::parse("1".repeat(4300).as_bytes()), Some(Number::Beyond));
        assert_eq!(Number::parse("1".repeat(4301).as_bytes()), Some(Number::Float(f64::INFINITY)));
    }

    /// Digits by the thousand, which most are read in one pass, as Rust's own parsers read them.
    #[test]
    fn short_numbers_are_those_nearest_to_their_digits() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        for _ in 0..20_000 {
            let digits = 1 + (next() % 21) as usize;
            let mut text: String = (0..digits).map(|_| char::from(b'0' + (next() % 10) as u8)).collect();
            let float = next() % 4 > 0;
            if float {
                text.insert((next() % (digits as u64 + 1)) as usize, '.');
            }
            text.insert_str(0, ["", "-", "+"][(next() % 3) as usize]);
            let found = Number::parse(text.as_bytes());
            if float {
                let Some(Number::Float(value)) = found else { panic!("{text}: {found:?}") };
                assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
            } else {
                assert_eq!(found, Some(text.parse().map_or(Number::Beyond, Number::Int)), "{text}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (123_456.789, "123456.789"),
            (1e22, "1e+22"),
            (f64::INFINITY, "inf"),
            (39.099_998_474_121_094, "39.099998474121094"),
            (1e100, "1e+100"),
        ] {
            assert_eq!(repr(value), text);
        }
        assert_eq!(repr_f32(2.460_396), "2.460396");
        assert_eq!(repr_f32(35.0), "35.0");
    }

    #[test]
    fn six_digits_are_those_of_percent_g() {
        for (value, text) in [
            (0.233_860_465_116_279_1, "0.23386"),
            (250.0, "250"),
            (1_234_567.0, "1.23457e+06"),
            (0.000_012_345_67, "1.23457e-05"),
            (0.9, "0.9"),
            (59.599_998_474_121_094, "59.6"),
            (0.0, "0"),
            (999_999.5, "1e+06"),
            (100_000.0, "100000"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(six_digits(value), text);
        }
    }
}
