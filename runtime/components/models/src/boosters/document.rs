//! What a file holds, whether it is written as JSON or as UBJSON: models are read from this one form.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Done, refuse};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Document {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list of numbers and truth values, which are 1 and 0 there; also an empty one.
    Numbers(Vec<f64>),
    /// Any other list.
    List(Vec<Document>),
    /// Values by name.
    Object(Vec<(String, Document)>),
}

/// Of each node of a tree there, and needed for no prediction.
const LEFT_OUT: [&str; 3] = ["loss_changes", "parents", "sum_hessian"];

impl Document {
    /// Reads JSON.
    pub(super) fn of_json(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// The value of a name; none if there is none, or nothing.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        let Self::Object(values) = self else { return None };
        values.iter().find(|(known, _)| known == name).map(|(_, value)| value).filter(|value| **value != Self::Null)
    }

    /// The value of a name that must be there.
    pub(super) fn field(&self, name: &str) -> Done<&Self> {
        match self.find(name) {
            Some(value) => Ok(value),
            None => refuse!("it has no `{name}`"),
        }
    }

    /// The text of a name that must be there.
    pub(super) fn text(&self, name: &str) -> Done<&str> {
        match self.field(name)? {
            Self::Text(text) => Ok(text),
            _ => refuse!("`{name}` is no text"),
        }
    }

    /// The text of a name, if there is one.
    pub(super) fn maybe_text(&self, name: &str) -> Done<Option<&str>> {
        self.find(name).map(|_| self.text(name)).transpose()
    }

    /// The numbers of a name; none if it is not there.
    pub(super) fn numbers(&self, name: &str) -> Done<&[f64]> {
        match self.find(name) {
            None => Ok(&[]),
            Some(Self::Numbers(numbers)) => Ok(numbers),
            Some(_) => refuse!("`{name}` is no list of numbers"),
        }
    }

    /// The same as floats.
    #[allow(clippy::cast_possible_truncation, reason = "they are written as floats")]
    pub(super) fn floats(&self, name: &str) -> Done<Vec<f32>> {
        Ok(self.numbers(name)?.iter().map(|number| *number as f32).collect())
    }

    /// The same as integers.
    pub(super) fn integers(&self, name: &str) -> Done<Vec<i64>> {
        let numbers = self.numbers(name)?;
        if let Some(other) = numbers.iter().find(|number| number.fract() != 0.0 || number.abs() > 9e15) {
            refuse!("`{name}` has integers, and {other} is none");
        }
        #[allow(clippy::cast_possible_truncation, reason = "they are whole, and within the bounds")]
        Ok(numbers.iter().map(|number| *number as i64).collect())
    }

    /// The same as places in a list.
    pub(super) fn places(&self, name: &str) -> Done<Vec<usize>> {
        let place = |number: i64| match usize::try_from(number) {
            Ok(place) => Ok(place),
            Err(_) => refuse!("`{name}` has the place {number}"),
        };
        self.integers(name)?.into_iter().map(place).collect()
    }

    /// The items of a name; none if it is not there.
    pub(super) fn items(&self, name: &str) -> Done<&[Self]> {
        match self.find(name) {
            None => Ok(&[]),
            Some(Self::Numbers(numbers)) if numbers.is_empty() => Ok(&[]),
            Some(Self::List(items)) => Ok(items),
            Some(_) => refuse!("`{name}` is no list of such items"),
        }
    }
}

/// Puts an item at the end of a list, which is one of numbers as long as it can be.
pub(super) fn push(list: &mut Document, item: Document) {
    let number = match item {
        Document::Number(number) => Some(number),
        Document::Bool(truth) => Some(f64::from(u8::from(truth))),
        _ => None,
    };
    match (list, number) {
        (Document::Numbers(numbers), Some(number)) => numbers.push(number),
        (Document::List(items), _) => items.push(item),
        (list, _) => {
            let Document::Numbers(numbers) = std::mem::replace(list, Document::Null) else { return };
            let before = numbers.into_iter().map(Document::Number);
            *list = Document::List(before.chain([item]).collect());
        }
    }
}

/// Puts a value behind those of an object, unless no model needs it.
pub(super) fn insert(object: &mut Vec<(String, Document)>, name: &str, value: Document) {
    if !LEFT_OUT.contains(&name) {
        object.push((name.to_owned(), value));
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Document;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Document, E> {
                Ok(Document::Null)
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Document, E> {
                Ok(Document::Bool(truth))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Document, E> {
                Ok(Document::Number(number as f64))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Document, E> {
                Ok(Document::Number(number as f64))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Document, E> {
                Ok(Document::Number(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Document, E> {
                Ok(Document::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Document, A::Error> {
                let mut list = Document::Numbers(Vec::new());
                while let Some(item) = items.next_element()? {
                    push(&mut list, item);
                }
                Ok(list)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<Document, A::Error> {
                let mut object = Vec::new();
                while let Some((name, value)) = values.next_entry::<String, Document>()? {
                    insert(&mut object, &name, value);
                }
                Ok(Document::Object(object))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_of_numbers_as_long_as_they_can_be() {
        let document =
            Document::of_json(br#"{"a": [1, true, -0.5], "b": [1, "x"], "c": [], "d": null, "parents": [1]}"#);
        let document = document.unwrap();
        assert_eq!(document.numbers("a").unwrap(), [1.0, 1.0, -0.5]);
        assert_eq!(document.items("b").unwrap(), [Document::Number(1.0), Document::Text("x".to_owned())]);
        assert!(document.items("c").unwrap().is_empty() && document.numbers("c").unwrap().is_empty());
        assert!(document.find("d").is_none() && document.find("parents").is_none());
        assert_eq!(document.integers("a").unwrap_err().0, "`a` has integers, and -0.5 is none");
        assert_eq!(document.text("e").unwrap_err().0, "it has no `e`");
    }

    #[test]
    fn a_decimal_of_nine_digits_is_the_float_that_it_was_written_of() {
        // Every float has such a decimal; these are spread over all of them.
        for bits in (0..0x7f80_0000_u32).step_by(9_973) {
            let value = f32::from_bits(bits);
            let document = Document::of_json(format!(r#"{{"x": [{value:.8e}]}}"#).as_bytes()).unwrap();
            assert_eq!(document.floats("x").unwrap(), [value]);
        }
    }
}
