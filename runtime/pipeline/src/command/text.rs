//! Values as texts, as KFP prints them into commands.

use serde_json::Value;

/// A parameter's value in a command: a string is itself, a number has no exponent and no needless fraction (`3`, not `3.0`), all
/// else is JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string())
        }
        other => json(other),
    }
}

/// JSON as KFP's back end writes it, without spaces.
pub(super) fn json(value: &Value) -> String {
    value.to_string()
}

/// A text as it stands inside the quotes of a JSON string.
pub(super) fn escape(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
