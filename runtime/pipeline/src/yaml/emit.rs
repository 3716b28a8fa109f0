//! Writing values as YAML in block style.

use std::fmt::Write;

use serde_json::Value;

use super::schema::plain_is_text;

/// `value` as a YAML document in block style. Reading it returns the same value.
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    emit(value, 0, &mut text);
    text
}

/// Writes `value` as lines, all of them indented by `indent`.
fn emit(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                text.push_str(&" ".repeat(indent));
                text.push_str(&scalar(key));
                text.push(':');
                // Lists are at the column of their key, as KFP's compiler writes them.
                nested(value, if value.is_array() { indent } else { indent + 2 }, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&" ".repeat(indent));
                text.push('-');
                match item {
                    Value::Object(fields) if !fields.is_empty() => {
                        let mut inner = String::new();
                        emit(item, indent + 2, &mut inner);
                        // The first key is on the line of the dash.
                        text.push(' ');
                        text.push_str(inner.trim_start_matches(' '));
                    }
                    item => nested(item, indent + 2, text),
                }
            }
        }
        other => {
            let _ = writeln!(text, "{}{}", " ".repeat(indent), flat(other));
        }
    }
}

/// Writes `value` after a key or a dash: on the same line, or on the next lines indented by `indent`.
fn nested(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            emit(value, indent, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            emit(value, indent, text);
        }
        other => {
            let _ = writeln!(text, " {}", flat(other));
        }
    }
}

/// A scalar, or an empty list or mapping.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        Value::Number(number) => exponent(number.to_string()),
        other => other.to_string(),
    }
}

/// For Python's reader `1e+16` is text, and `1.0e+16` a number.
fn exponent(number: String) -> String {
    let Some((mantissa, exponent)) = number.split_once('e') else { return number };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}")
}

/// A text without quotes if no YAML reader could take it for anything else, or else in double quotes.
fn scalar(text: &str) -> String {
    // A version such as 0.0.1 is not a number in any version of YAML.
    let version = text.starts_with(|c: char| c.is_ascii_digit()) && text.split('.').count() == 3;
    let safe = (version || text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " _-./#@+".contains(c))
        && !text.contains(" #")
        && !text.ends_with(' ')
        && !is_word_of_old_yaml(text)
        && plain_is_text(text);
    if safe { text.to_owned() } else { quoted(text) }
}

/// Booleans in YAML 1.1. PyYAML has no `y` and `n`, but other readers do.
fn is_word_of_old_yaml(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "y" | "n" | "yes" | "no" | "on" | "off")
}

/// JSON's escapes are valid in YAML. Characters that YAML considers not printable are escaped in addition.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
