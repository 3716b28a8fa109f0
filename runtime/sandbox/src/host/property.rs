//! Metadata properties: conversion between the variant `value` and JSON, and their limits.

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json};
use wasmtime::component::{ComponentType, Lift, Lower};

use super::error::{Error, Result};

/// The maximum number of properties of an artifact.
const MAX_PROPERTIES: usize = 10_000;
/// The maximum size of an artifact's properties, names and values together, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// The variant `value`.
#[derive(Debug, Clone, ComponentType, Lift, Lower)]
#[component(variant)]
pub(crate) enum Value {
    #[component(name = "int")]
    Int(i64),
    #[component(name = "double")]
    Double(f64),
    #[component(name = "string")]
    String(String),
    #[component(name = "bool")]
    Bool(bool),
    #[component(name = "list")]
    List(String),
    #[component(name = "struct")]
    Struct(String),
}

impl Value {
    fn into_json(self) -> Result<Json> {
        let parse = |text: &str, what: &str, is: fn(&Json) -> bool| {
            let value: Json =
                serde_json::from_str(text).map_err(|error| Error::Invalid(format!("not a JSON {what}: {error}")))?;
            if is(&value) { Ok(value) } else { Err(Error::Invalid(format!("not a JSON {what}"))) }
        };
        match self {
            Self::Int(value) => Ok(Json::from(value)),
            Self::Double(value) => double(value),
            Self::String(value) => Ok(Json::from(value)),
            Self::Bool(value) => Ok(Json::from(value)),
            Self::List(text) => parse(&text, "array", Json::is_array),
            Self::Struct(text) => parse(&text, "object", Json::is_object),
        }
    }

    pub(crate) fn from_json(value: &Json) -> Option<Self> {
        Some(match value {
            Json::Null => return None,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Self::Int(value),
                None => Self::Double(number.as_f64()?),
            },
            Json::String(value) => Self::String(value.clone()),
            Json::Array(_) => Self::List(value.to_string()),
            Json::Object(_) => Self::Struct(value.to_string()),
        })
    }
}

/// A number as metadata can represent it.
pub(crate) fn double(value: f64) -> Result<Json> {
    Number::from_f64(value)
        .map(Json::Number)
        .ok_or_else(|| Error::Invalid(format!("{value} is not a finite number, which metadata cannot hold")))
}

/// The properties of an artifact that is being written.
#[derive(Debug, Default)]
pub(crate) struct Properties {
    values: BTreeMap<String, Json>,
    bytes: usize,
}

impl Properties {
    pub(crate) fn values(&self) -> &BTreeMap<String, Json> {
        &self.values
    }

    pub(crate) fn into_values(self) -> BTreeMap<String, Json> {
        self.values
    }

    pub(crate) fn set(&mut self, name: String, value: Value) -> Result<()> {
        let json = value.into_json()?;
        self.set_json(name, json)
    }

    pub(crate) fn set_json(&mut self, name: String, value: Json) -> Result<()> {
        if name.is_empty() || name.len() > 255 {
            return Err(Error::Invalid("a property's name has 1 to 255 bytes".into()));
        }
        let old = self.values.get(&name).map(|old| name.len() + size(old));
        let bytes = self.bytes - old.unwrap_or(0) + name.len() + size(&value);
        if bytes > MAX_BYTES || (old.is_none() && self.values.len() >= MAX_PROPERTIES) {
            return Err(Error::Invalid(format!(
                "an artifact has at most {MAX_PROPERTIES} properties of {} MiB together",
                MAX_BYTES >> 20
            )));
        }
        self.bytes = bytes;
        self.values.insert(name, value);
        Ok(())
    }
}

/// The approximate memory of a value, in bytes. The recursion is bounded by the parser's limit of nesting.
pub(crate) fn size(value: &Json) -> usize {
    32 + match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Object(fields) => fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_what_they_are() {
        let mut properties = Properties::default();
        properties.set("i".into(), Value::Int(3)).unwrap();
        properties.set("d".into(), Value::Double(3.0)).unwrap();
        assert_eq!(serde_json::to_string(properties.values()).unwrap(), r#"{"d":3.0,"i":3}"#);
        assert!(matches!(Value::from_json(&properties.values()["i"]), Some(Value::Int(3))));
        assert!(matches!(Value::from_json(&properties.values()["d"]), Some(Value::Double(_))));
    }

    #[test]
    fn what_metadata_cannot_hold_is_refused() {
        let mut properties = Properties::default();
        assert!(properties.set("x".into(), Value::Double(f64::NAN)).is_err());
        assert!(properties.set("x".into(), Value::List("{}".into())).is_err());
        assert!(properties.set("x".into(), Value::Struct("{".into())).is_err());
        assert!(properties.set(String::new(), Value::Int(1)).is_err());
        assert!(properties.values().is_empty());
    }

    #[test]
    fn properties_are_bounded_in_number_and_size() {
        let mut properties = Properties::default();
        for i in 0..MAX_PROPERTIES {
            properties.set(i.to_string(), Value::Int(1)).unwrap();
        }
        assert!(properties.set("one more".into(), Value::Int(1)).is_err());
        properties.set("0".into(), Value::Int(2)).unwrap();

        let mut properties = Properties::default();
        let text = "x".repeat(MAX_BYTES - 100);
        properties.set("big".into(), Value::String(text.clone())).unwrap();
        assert!(properties.set("second".into(), Value::String(text.clone())).is_err());
        // Replacing a value frees the size of the old one.
        properties.set("big".into(), Value::String(text)).unwrap();
    }
}
