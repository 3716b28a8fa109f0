//! The values of a step's ports by name.

use std::fmt;
use std::ops::{Deref, DerefMut, Index};

use litemap::LiteMap;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::step::PortValue;

/// The values of a step's ports, in the order of their names. Nearly all steps have a few, and a run keeps those of all its steps: a sorted
/// list, where a B-tree has room for eleven from the first on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PortValues(LiteMap<String, PortValue>);

impl PortValues {
    /// No values.
    pub const fn new() -> Self {
        Self(LiteMap::new_vec())
    }

    /// No values, with room for so many.
    pub fn with_capacity(values: usize) -> Self {
        Self(LiteMap::with_capacity(values))
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut PortValue> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl Deref for PortValues {
    type Target = LiteMap<String, PortValue>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for PortValues {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Index<&str> for PortValues {
    type Output = PortValue;

    /// The value of a port that is there.
    #[allow(clippy::panic, reason = "as all maps do")]
    fn index(&self, port: &str) -> &PortValue {
        self.get(port).unwrap_or_else(|| panic!("there is no port `{port}`"))
    }
}

impl<const N: usize> From<[(String, PortValue); N]> for PortValues {
    fn from(values: [(String, PortValue); N]) -> Self {
        values.into_iter().collect()
    }
}

impl FromIterator<(String, PortValue)> for PortValues {
    fn from_iter<I: IntoIterator<Item = (String, PortValue)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl IntoIterator for PortValues {
    type Item = (String, PortValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_tuple_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a PortValues {
    type Item = (&'a String, &'a PortValue);
    type IntoIter = <&'a LiteMap<String, PortValue> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (&self.0).into_iter()
    }
}

impl<'a> IntoIterator for &'a mut PortValues {
    type Item = (&'a String, &'a mut PortValue);
    type IntoIter = <&'a mut LiteMap<String, PortValue> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (&mut self.0).into_iter()
    }
}

/// An object, also if it is empty: `LiteMap` itself writes a list then.
impl Serialize for PortValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for PortValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Ports)
    }
}

struct Ports;

impl<'de> Visitor<'de> for Ports {
    type Value = PortValues;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map of ports")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut ports: A) -> Result<PortValues, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = ports.next_entry()? {
            values.push(value);
        }
        // One by one they have room for four.
        values.shrink_to_fit();
        Ok(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ports_stand_by_name_however_they_come() {
        let value = |n: i64| PortValue::Parameter(json!(n));
        let mut values = PortValues::from([("b".to_owned(), value(2)), ("a".to_owned(), value(1))]);
        values.insert("c".to_owned(), value(3));
        values.insert("b".to_owned(), value(4));
        assert!(values.keys().eq(["a", "b", "c"]));
        assert_eq!(values["b"], value(4));
        let text = serde_json::to_string(&values).unwrap();
        assert_eq!(serde_json::from_str::<PortValues>(&text).unwrap(), values);
        let unsorted = r#"{"c":{"parameter":3},"a":{"parameter":1},"b":{"parameter":2},"b":{"parameter":4}}"#;
        assert_eq!(serde_json::from_str::<PortValues>(unsorted).unwrap(), values);
    }

    #[test]
    fn none_are_an_object_too() {
        let text = serde_json::to_string(&PortValues::new()).unwrap();
        assert_eq!(text, "{}");
        assert_eq!(serde_json::from_str::<PortValues>(&text).unwrap(), PortValues::new());
    }

    #[test]
    fn of_one_name_the_last_counts() {
        let value = |n: i64| PortValue::Parameter(json!(n));
        let values: PortValues = [("b", 1), ("a", 2), ("b", 3)].map(|(name, n)| (name.to_owned(), value(n))).into();
        assert_eq!((values.len(), &values["b"]), (2, &value(3)));
    }
}
