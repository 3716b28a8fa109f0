//! Execution properties of TFX's components: numbers and texts, and messages and lists as JSON text.

use serde_json::Value;

use crate::ir::template;
use crate::model::{Binding, Task, Wire};

/// The execution properties of a task.
pub(super) struct Properties<'t>(pub &'t Task);

/// Why an execution property cannot be translated.
pub(super) type Untranslated = String;

impl<'t> Properties<'t> {
    /// A property as it is wired, unless it is null.
    pub fn wire(&self, name: &str) -> Option<&'t Wire> {
        let wire = self.0.inputs.get(name)?;
        let is_null =
            matches!(&wire.from, Binding::Literal(value) if value.is_null() || value == "null" || value == "");
        (!is_null).then_some(wire)
    }

    /// A constant.
    pub fn constant(&self, name: &str) -> Result<Option<&'t Value>, Untranslated> {
        match self.wire(name) {
            None => Ok(None),
            Some(Wire { from: Binding::Literal(value), select: None, .. }) => Ok(Some(value)),
            Some(_) => Err(format!("its `{name}` is no constant, and what it says must be known before the run")),
        }
    }

    /// A message or a list, which is constant JSON text.
    pub fn json(&self, name: &str) -> Result<Option<Value>, Untranslated> {
        match self.constant(name)? {
            None => Ok(None),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Null) => Ok(None),
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(format!("its `{name}` is no JSON: {error}")),
            },
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// A flag, which TFX writes as 0 or 1.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Untranslated> {
        let flag = self.constant(name)?.map(|value| match value {
            Value::Bool(flag) => Ok(*flag),
            value => {
                value.as_f64().map(|number| number != 0.0).ok_or_else(|| format!("its `{name}` is neither 0 nor 1"))
            }
        });
        flag.transpose()
    }

    /// A number of an enumeration; 0 if it is not set.
    pub fn number(&self, name: &str) -> Result<i64, Untranslated> {
        let value = self.constant(name)?;
        Ok(value.and_then(integer).unwrap_or_default())
    }

    /// A list in JSON text, which may be a parameter.
    pub fn list(&self, name: &str) -> Result<Option<Wire>, Untranslated> {
        let wire = match self.wire(name) {
            Some(wire) if !matches!(wire.from, Binding::Literal(_)) && wire.select.is_none() => {
                return Ok(Some(Wire { select: Some(template::PARSE.to_owned()), ..wire.clone() }));
            }
            wire => wire,
        };
        let Some(list) = self.json(name)? else { return Ok(None) };
        let at = wire.map(|wire| wire.at).unwrap_or_default();
        Ok(list
            .as_array()
            .is_some_and(|items| !items.is_empty())
            .then(|| Wire { at, ..Wire::from(Binding::Literal(list)) }))
    }
}

/// A field of a message, by either of its names.
pub(super) fn field<'v>(message: &'v Value, name: &str) -> Option<&'v Value> {
    let camel = || {
        let mut words = name.split('_');
        let mut camel = words.next().unwrap_or_default().to_owned();
        for word in words {
            let (first, rest) = word.split_at(word.len().min(1));
            camel.push_str(&first.to_uppercase());
            camel.push_str(rest);
        }
        camel
    };
    message.get(name).or_else(|| message.get(camel())).filter(|value| !value.is_null())
}

/// A field of a message in a message.
pub(super) fn path<'v>(message: &'v Value, names: &[&str]) -> Option<&'v Value> {
    names.iter().try_fold(message, |message, name| field(message, name))
}

/// A whole number; those of 64 bits are texts.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "whole, and as large as doubles tell apart")]
        value => {
            value.as_i64().or_else(|| value.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64))
        }
    }
}

/// A list field of a message; empty if it is not set.
pub(super) fn items<'v>(message: &'v Value, names: &[&str]) -> &'v [Value] {
    path(message, names).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A text field of a message, if it is not empty.
pub(super) fn text<'v>(message: &'v Value, name: &str) -> Option<&'v str> {
    field(message, name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
