//! Resolution of unquoted scalars. YAML leaves it to a schema, and readers differ.

use serde_json::{Number, Value};

/// How unquoted scalars are resolved. Infinities and NaN become strings, as in the JSON form of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// YAML 1.2's core schema, which includes the scalars of JSON.
    Core,
    /// YAML 1.1 as PyYAML implements it, which the KFP SDK uses: `yes` is true, `017` is 15, and `1e3` is text, since a
    /// number with an exponent needs a point and a sign: `1.0e+3`. Dates are text, since JSON has no dates.
    PyYaml,
}

impl Schema {
    /// The value of an unquoted scalar.
    pub fn resolve(self, text: &str) -> Value {
        match self {
            Self::Core => core(text),
            Self::PyYaml => pyyaml(text),
        }
    }
}

/// Whether all readers take an unquoted text for a string.
pub(super) fn plain_is_text(text: &str) -> bool {
    core(text).is_string() && pyyaml(text).is_string() && !text.starts_with('.') && !is_date(text)
}

/// `null`, and the special values of numbers, which both schemas share.
fn word(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => "NaN".into(),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => "Infinity".into(),
        "-.inf" | "-.Inf" | "-.INF" => "-Infinity".into(),
        _ => return None,
    })
}

fn core(text: &str) -> Value {
    if let Some(value) = word(text) {
        return value;
    }
    let based = |prefix, radix| text.strip_prefix(prefix).and_then(|digits| u64::from_str_radix(digits, radix).ok());
    if let Some(number) = based("0x", 16).or_else(|| based("0o", 8)) {
        return number.into();
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let numeric = text.len() - unsigned.len() <= 1
        && unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit())
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    let number = if numeric { decimal(text) } else { None };
    number.unwrap_or_else(|| text.into())
}

fn pyyaml(text: &str) -> Value {
    if let Some(value) = word(text) {
        return value;
    }
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return true.into(),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => return false.into(),
        _ => {}
    }
    let (negative, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(unsigned) => (text.starts_with('-'), unsigned),
        None => (false, text),
    };
    // `.5` cannot have a sign.
    let bare_point = unsigned.starts_with('.') && unsigned.len() < text.len();
    if bare_point || !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return text.into();
    }
    let number = if unsigned.contains(':') {
        sexagesimal(unsigned, negative)
    } else if unsigned.contains('.') {
        point(unsigned).and_then(|digits| decimal(&signed(negative, &digits)))
    } else {
        whole(unsigned, negative)
    };
    number.unwrap_or_else(|| text.into())
}

/// A number with a point: `1.`, `.5`, `1_000.0e+3`. Returns it in the form that Rust parses.
fn point(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '_');
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let right = digits(whole)
        && digits(fraction)
        && begins(if whole.is_empty() { fraction } else { whole })
        && exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or_default();
            !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
        });
    right.then(|| text.replace('_', ""))
}

/// An integer: binary, octal after a `0`, hexadecimal or decimal.
fn whole(text: &str, negative: bool) -> Option<Value> {
    let (digits, radix) = match text.get(..2) {
        Some("0b") => (&text[2..], 2),
        Some("0x") => (&text[2..], 16),
        _ if text.starts_with('0') => (text, 8),
        _ => (text, 10),
    };
    let digits = digits.replace('_', "");
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    if radix == 10 {
        return decimal(&signed(negative, &digits));
    }
    i64::from_str_radix(&signed(negative, &digits), radix)
        .map(Value::from)
        .or_else(|_| u64::from_str_radix(&signed(negative, &digits), radix).map(Value::from))
        .ok()
}

/// A sexagesimal number: `1:30` is 90, `1:30.5` is 90.5.
fn sexagesimal(text: &str, negative: bool) -> Option<Value> {
    let (text, fraction) = match text.split_once('.') {
        Some((text, fraction)) => (text, Some(fraction.replace('_', ""))),
        None => (text, None),
    };
    let mut parts = text.split(':');
    let first = parts.next().filter(|first| fraction.is_some() || !first.starts_with('0'))?.replace('_', "");
    let mut sum: i64 = decimal(&first)?.as_i64()?;
    for part in parts {
        let right = matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
        sum = sum.checked_mul(60)?.checked_add(part.parse().ok().filter(|_| right)?)?;
    }
    let sum = sum.to_string();
    match fraction {
        Some(fraction) => decimal(&signed(negative, &format!("{sum}.{fraction}"))),
        None => decimal(&signed(negative, &sum)),
    }
}

fn signed(negative: bool, digits: &str) -> String {
    if negative { format!("-{digits}") } else { digits.to_owned() }
}

/// A decimal number: an integer if it fits into one.
fn decimal(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let integer = digits.parse::<i64>().map(Value::from).or_else(|_| digits.parse::<u64>().map(Value::from));
    integer.ok().or_else(|| digits.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number))
}

/// Whether PyYAML takes a text for a date, with or without time. It accepts more than PyYAML, as it only decides what
/// is quoted.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The results of `safe_load` of PyYAML 6.
    #[test]
    fn scalars_are_resolved_as_by_pyyaml() {
        let same = [
            ("", json!(null)),
            ("~", json!(null)),
            ("NULL", json!(null)),
            ("True", json!(true)),
            ("yes", json!(true)),
            ("On", json!(true)),
            ("NO", json!(false)),
            ("off", json!(false)),
            ("0", json!(0)),
            ("-0", json!(0)),
            ("+1", json!(1)),
            ("-12", json!(-12)),
            ("1_000", json!(1000)),
            ("017", json!(15)),
            ("0_", json!(0)),
            ("-017", json!(-15)),
            ("0b1_01", json!(5)),
            ("0x1F", json!(31)),
            ("-0xff", json!(-255)),
            ("0xffffffffffffffff", json!(u64::MAX)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1:30", json!(90)),
            ("1_:30", json!(90)),
            ("-1:30", json!(-90)),
            ("190:20:30", json!(685_230)),
            ("1:30.5", json!(90.5)),
            ("01:30.5", json!(90.5)),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            ("-1.5", json!(-1.5)),
            ("+1.5", json!(1.5)),
            ("1_0.2_5", json!(10.25)),
            ("1.0e+3", json!(1000.0)),
            ("1.5E-3", json!(0.0015)),
            ("1.e+3", json!(1000.0)),
            (".5e+1", json!(5.0)),
            (".inf", json!("Infinity")),
            ("-.INF", json!("-Infinity")),
            (".NaN", json!("NaN")),
        ];
        for (text, value) in same {
            assert_eq!(pyyaml(text), value, "{text}");
        }
        let texts = "1e3 1E3 1e+3 1.0e3 1.5e 0o17 -.5 +.5 08 0b2 0xg y n yEs tRUE nuLL 1.2.3 1:60 :30 0:30 1:30e+2 1,000 _1 ._5 + - . 1-2 = \
                     2.1.0 2024-01-31 +yes ١ 1:٣ infinity nan --1";
        for text in texts.split(' ') {
            assert_eq!(pyyaml(text), json!(text), "{text}");
        }
    }

    #[test]
    fn json_and_native_files_have_numbers_of_their_own() {
        for (text, value) in [("1e3", json!(1000.0)), ("0o17", json!(15)), ("017", json!(17)), ("-.5", json!(-0.5))] {
            assert_eq!(core(text), value, "{text}");
        }
        for text in ["yes", "1_000", "1:30"] {
            assert_eq!(core(text), json!(text));
        }
    }

    #[test]
    fn nothing_is_left_unquoted_that_some_reader_takes_for_more() {
        for text in ["yes", "1e3", "1:30", "017", "0o17", "1_0", "2024-01-31", ".5", "null", "0b1", "0x1f"] {
            assert!(!plain_is_text(text), "{text}");
        }
        assert!(plain_is_text("word") && plain_is_text("2.1.0"));
    }
}
