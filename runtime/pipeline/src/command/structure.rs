//! KFP's structures in a command, `{"Concat": [..]}` and `{"IfPresent": {"InputName": .., "Then": .., "Else": ..}}`,
//! which are JSON texts in a pipeline.

use serde_json::Value;

/// An element of a command.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Element {
    /// Text, with placeholders.
    Text(String),
    /// The concatenation of these.
    Concat(Vec<Element>),
    /// `then` if the input has a value, or else `otherwise`, which may be empty.
    IfPresent { input: String, then: Vec<Element>, otherwise: Vec<Element> },
}

/// Parses a text, which usually is literal text.
pub(super) fn element(text: &str) -> Element {
    structure(text).and_then(|value| read(&value)).unwrap_or_else(|| Element::Text(text.to_owned()))
}

/// The JSON of a text that begins like a structure.
pub(super) fn structure(text: &str) -> Option<Value> {
    let inside = text.trim_start().strip_prefix('{')?.trim_start();
    if !inside.starts_with("\"Concat\"") && !inside.starts_with("\"IfPresent\"") {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn read(value: &Value) -> Option<Element> {
    match value {
        Value::Object(fields) if fields.len() == 1 => {
            if let Some(items) = fields.get("Concat") {
                return Some(Element::Concat(items.as_array()?.iter().map(read).collect::<Option<_>>()?));
            }
            let fields = fields.get("IfPresent")?.as_object()?;
            let branch = |name: &str| match fields.get(name) {
                None | Some(Value::Null) => Some(Vec::new()),
                Some(Value::Array(items)) => items.iter().map(read).collect(),
                Some(one) => read(one).map(|one| vec![one]),
            };
            Some(Element::IfPresent {
                input: fields.get("InputName")?.as_str()?.to_owned(),
                then: branch("Then")?,
                otherwise: branch("Else")?,
            })
        }
        Value::Object(_) | Value::Array(_) | Value::Null => None,
        Value::String(text) => Some(Element::Text(text.clone())),
        plain => Some(Element::Text(plain.to_string())),
    }
}

/// The value with each of its texts replaced.
pub(super) fn map_texts(value: Value, map: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(map(&text)),
        Value::Array(items) => items.into_iter().map(|item| map_texts(item, map)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, map_texts(value, map))).collect(),
        plain => plain,
    }
}
