//! Values as text, in the form in which KFP passes them to commands.

use serde_json::Value;

/// The value of a parameter as text: a string is itself, a number has no exponent and no empty fraction (`3`, not
/// `3.0`), everything else is JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string())
        }
        other => json(other),
    }
}

/// JSON without spaces, as KFP's back end writes it.
pub(super) fn json(value: &Value) -> String {
    value.to_string()
}

/// A text escaped for the inside of a JSON string.
pub(super) fn escape(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
