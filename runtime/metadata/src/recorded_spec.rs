//! The pipeline of a run, as it was recorded.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A linked pipeline as JSON, which is read only by who needs it: to read that of ten thousand steps takes longer than all else of their run
/// does. As a part of other JSON it is the object that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedSpec(String);

impl RecordedSpec {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What it says.
    ///
    /// # Errors
    /// It is not what is asked for.
    pub fn read<'t, T: Deserialize<'t>>(&'t self) -> serde_json::Result<T> {
        serde_json::from_str(&self.0)
    }
}

impl Serialize for RecordedSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // What was damaged is shown as it is.
        match self.read::<Value>() {
            Ok(value) => value.serialize(serializer),
            Err(_) => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RecordedSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn within_json_it_is_an_object() {
        let spec = RecordedSpec::new(r#"{"name": "p", "tasks": [1, 2]}"#);
        assert_eq!(json!({ "spec": spec }), json!({ "spec": { "name": "p", "tasks": [1, 2] } }));
        let again: RecordedSpec = serde_json::from_value(json!(spec)).unwrap();
        assert_eq!(again.read::<Value>().unwrap(), spec.read::<Value>().unwrap());
        assert_eq!(json!(RecordedSpec::new("{")), json!("{"));
        assert!(RecordedSpec::new("{").read::<Value>().is_err());
    }
}
