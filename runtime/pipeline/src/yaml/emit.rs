//! Values as block YAML.

use std::fmt::Write;

use serde_json::Value;

use super::schema::plain_is_text;

/// `value` as a YAML document in block style. Reading it gives the same value.
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    emit(value, 0, &mut text);
    text
}

/// Writes `value` as lines, the first one too at `indent`.
fn emit(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                text.push_str(&" ".repeat(indent));
                text.push_str(&scalar(key));
                text.push(':');
                // Lists stand at their key's column, as kfp's own compiler writes them.
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
                        // The first key stands beside the dash.
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

/// Writes `value` behind a key or dash: on the same line, or on the next ones at `indent`.
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

/// A value without parts.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        Value::Number(number) => exponent(number.to_string()),
        other => other.to_string(),
    }
}

/// `1e+16` is text to Python's reader, `1.0e+16` is a number.
fn exponent(number: String) -> String {
    let Some((mantissa, exponent)) = number.split_once('e') else { return number };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}")
}

/// Text plain where no YAML reader could take it for anything else, else in double quotes.
fn scalar(text: &str) -> String {
    // A version such as 0.0.1 is a number in no YAML.
    let version = text.starts_with(|c: char| c.is_ascii_digit()) && text.split('.').count() == 3;
    let safe = (version || text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " _-./#@+".contains(c))
        && !text.contains(" #")
        && !text.ends_with(' ')
        && !is_word_of_old_yaml(text)
        && plain_is_text(text);
    if safe { text.to_owned() } else { quoted(text) }
}

/// YAML 1.1 takes these for booleans; PyYAML, which has no `y` and `n`, is not the only one that follows it.
fn is_word_of_old_yaml(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "y" | "n" | "yes" | "no" | "on" | "off")
}

/// JSON's escapes are YAML's too; characters that YAML does not print are escaped besides.
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
