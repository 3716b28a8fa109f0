//! Requests: JSON as protocol buffers are read from it. Fields have two names (`display_name`, `displayName`), integers may be texts, and
//! what is `null` is not there.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result};
use crate::time::parse_rfc3339;

/// The deepest that a request may be nested; protocol buffers have 100.
const MAX_DEPTH: usize = 100;

/// A message, or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Message(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Message {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| Error::new(Kind::ResourceExhausted, "the request is too large, or broke off"))?;
        Self::parse(&body)
    }
}

impl Message {
    fn parse(body: &[u8]) -> Result<Self> {
        let value: Value =
            serde_json::from_slice(body).map_err(|error| Error::invalid(format!("the request is no JSON: {error}")))?;
        if is_deeper(&value, MAX_DEPTH) {
            return Err(Error::invalid(format!("the request is nested more than {MAX_DEPTH} deep")));
        }
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Error::invalid("the request is no JSON object")),
        }
    }

    /// A field, by its name in the `.proto` file.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| self.0.get(&camel(name))).filter(|value| !value.is_null())
    }

    /// A text; empty if it is not there.
    pub fn text(&self, name: &str) -> Result<String> {
        match self.get(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(wrong(name, "a text")),
        }
    }

    /// A text that is an id; none if it is empty.
    pub fn id(&self, name: &str) -> Result<Option<String>> {
        Ok(Some(self.text(name)?).filter(|id| !id.is_empty()))
    }

    /// An integer.
    pub fn int(&self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let int = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        int.map(Some).ok_or_else(|| wrong(name, "a whole number"))
    }

    /// A truth value; false if it is not there.
    pub fn boolean(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(wrong(name, "true or false")),
        }
    }

    /// The number or the name of a case.
    pub fn case(&self, name: &str) -> Result<Option<String>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(wrong(name, "the name of a case")),
        }
    }

    /// A time, in milliseconds since the epoch.
    pub fn time(&self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let time = value.as_str().and_then(parse_rfc3339);
        time.map(Some).ok_or_else(|| wrong(name, "a time such as `2026-01-02T03:04:05Z`"))
    }

    /// A message in it.
    pub fn message(&self, name: &str) -> Result<Option<Self>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self(fields.clone()))),
            Some(_) => Err(wrong(name, "an object")),
        }
    }

    /// Messages in it.
    pub fn messages(&self, name: &str) -> Result<Vec<Self>> {
        let message = |value: &Value| match value {
            Value::Object(fields) => Ok(Self(fields.clone())),
            _ => Err(wrong(name, "a list of objects")),
        };
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(message).collect(),
            Some(_) => Err(wrong(name, "a list")),
        }
    }

    /// Values by name.
    pub fn values(&self, name: &str) -> Result<BTreeMap<String, Value>> {
        let fields = self.message(name)?.map(|message| message.0).unwrap_or_default();
        Ok(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
    }

    /// Texts by name.
    pub fn texts(&self, name: &str) -> Result<BTreeMap<String, String>> {
        let text = |(key, value): (String, Value)| match value {
            Value::String(value) => Ok((key, value)),
            _ => Err(wrong(name, "an object of texts")),
        };
        self.values(name)?.into_iter().map(text).collect()
    }

    /// A value of any form.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }

    /// A message in a text.
    pub fn from_text(what: &str, text: &str) -> Result<Self> {
        Self::parse(text.as_bytes()).map_err(|error| Error::invalid(format!("the {what}: {}", error.message)))
    }
}

/// `display_name` as `displayName`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

fn is_deeper(value: &Value, left: usize) -> bool {
    match (value, left) {
        (Value::Array(_) | Value::Object(_), 0) => true,
        (Value::Array(items), _) => items.iter().any(|item| is_deeper(item, left - 1)),
        (Value::Object(fields), _) => fields.values().any(|field| is_deeper(field, left - 1)),
        _ => false,
    }
}

fn wrong(name: &str, what: &str) -> Error {
    Error::invalid(format!("`{name}` has to be {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_two_names_and_integers_two_forms() {
        let message = Message::from_text(
            "test",
            r#"{"displayName": "a", "max_concurrency": "3", "intervalSecond": 60,
            "no_catchup": true, "description": null, "start_time": "2026-01-02T03:04:05Z"}"#,
        );
        let message = message.unwrap();
        assert_eq!(message.text("display_name").unwrap(), "a");
        assert_eq!(message.text("description").unwrap(), "");
        assert_eq!(message.int("max_concurrency").unwrap(), Some(3));
        assert_eq!(message.int("interval_second").unwrap(), Some(60));
        assert!(message.boolean("no_catchup").unwrap());
        assert_eq!(message.time("start_time").unwrap(), Some(1_767_323_045_000));
        assert!(message.int("display_name").unwrap_err().message.contains("a whole number"));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for text in ["", "[]", "{", "1", &format!("{{\"a\": {}{}}}", "[".repeat(101), "]".repeat(101))] {
            assert!(Message::from_text("test", text).is_err(), "{text}");
        }
    }
}
