//! Answers: JSON as the real server writes it, with the names of the `.proto` files and without what is empty.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::time::rfc3339;

/// An answer with a JSON document.
pub(super) struct Json(pub Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0.to_string()).into_response()
    }
}

/// An answer that says nothing but that it was done.
pub(super) fn done() -> Json {
    Json(Value::Object(Map::new()))
}

/// An object of the fields that are not empty.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let filled = fields.into_iter().filter(|(_, value)| !is_empty(value));
    Value::Object(filled.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A time in milliseconds since the epoch.
pub(super) fn time(ms: i64) -> Value {
    Value::String(rfc3339(ms))
}

/// A time that there may be none of.
pub(super) fn maybe_time(ms: Option<i64>) -> Value {
    ms.map_or(Value::Null, time)
}

/// An integer of 64 bits, which is a text in the JSON of protocol buffers.
pub(super) fn int64(value: i64) -> Value {
    Value::String(value.to_string())
}

/// A failure, as `google.rpc.Status` with the code `UNKNOWN`.
pub(super) fn failure(message: &str) -> Value {
    object([("code", 2.into()), ("message", message.into())])
}
