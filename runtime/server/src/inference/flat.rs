//! The elements of a tensor in JSON: numbers, texts or truth values, in one list or in lists of lists. They are read into a list of their
//! type at once, as a request may have many.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// Elements in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Flat {
    /// None yet, so that any will do.
    Empty,
    Ints(Vec<i128>),
    /// Numbers of which one is not whole; `null` is none.
    Floats(Vec<f64>),
    Bools(Vec<bool>),
    Texts(Vec<String>),
}

impl Flat {
    fn int(&mut self, value: i128) -> Result<(), &'static str> {
        match self {
            Self::Empty => *self = Self::Ints(vec![value]),
            Self::Ints(values) => values.push(value),
            Self::Floats(values) => values.push(as_float(value)),
            Self::Bools(_) | Self::Texts(_) => return Err(MIXED),
        }
        Ok(())
    }

    fn float(&mut self, value: f64) -> Result<(), &'static str> {
        match self {
            Self::Empty => *self = Self::Floats(vec![value]),
            Self::Ints(values) => *self = Self::Floats(values.iter().copied().map(as_float).chain([value]).collect()),
            Self::Floats(values) => values.push(value),
            Self::Bools(_) | Self::Texts(_) => return Err(MIXED),
        }
        Ok(())
    }

    fn bool(&mut self, value: bool) -> Result<(), &'static str> {
        match self {
            Self::Empty => *self = Self::Bools(vec![value]),
            Self::Bools(values) => values.push(value),
            _ => return Err(MIXED),
        }
        Ok(())
    }

    fn text(&mut self, value: String) -> Result<(), &'static str> {
        match self {
            Self::Empty => *self = Self::Texts(vec![value]),
            Self::Texts(values) => values.push(value),
            _ => return Err(MIXED),
        }
        Ok(())
    }
}

const MIXED: &str = "`data` has elements of several types";

#[allow(clippy::cast_precision_loss, reason = "the tensor is of floats")]
fn as_float(value: i128) -> f64 {
    value as f64
}

impl<'de> Deserialize<'de> for Flat {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut flat = Self::Empty;
        Into(&mut flat).deserialize(from)?;
        Ok(flat)
    }
}

/// Reads an element, or a list of them, into what was read so far.
struct Into<'f>(&'f mut Flat);

impl<'de> DeserializeSeed<'de> for Into<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Into<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("numbers, texts or truth values, or lists of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Into(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.0.bool(value).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.0.int(value.into()).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.0.int(value.into()).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.0.float(value).map_err(E::custom)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.float(f64::NAN).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.0.text(value.to_owned()).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Flat, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn lists_of_lists_are_as_one_list() {
        assert_eq!(read("[[1, 2], [3, -4]]").unwrap(), Flat::Ints(vec![1, 2, 3, -4]));
        assert_eq!(read("[1, [2.5]]").unwrap(), Flat::Floats(vec![1.0, 2.5]));
        assert_eq!(read("[18446744073709551615]").unwrap(), Flat::Ints(vec![u64::MAX.into()]));
        assert_eq!(read(r#"["a", ["b"]]"#).unwrap(), Flat::Texts(vec!["a".into(), "b".into()]));
        assert_eq!(read("[true, false]").unwrap(), Flat::Bools(vec![true, false]));
        assert_eq!(read("[]").unwrap(), Flat::Empty);
        assert!(matches!(read("[1, null]").unwrap(), Flat::Floats(values) if values[1].is_nan()));
        assert!(read(r#"[1, "a"]"#).unwrap_err().contains("several types"));
        assert!(read("[{}]").is_err());
        assert!(read(&format!("{}1{}", "[".repeat(200), "]".repeat(200))).is_err());
    }
}
