//! JSON lines: an object a line, whose fields are the columns.

use std::fmt;
use std::io::{BufRead, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::csv::MOST_LINE;
use crate::error::{Error, Result, unreadable};
use crate::open::Rows;
use crate::record::{Cell, Kind, Record};
use crate::types::{ColumnType, Types};

/// Reads objects. Fields are numbers, texts, booleans (which count as 1 and 0), lists of one of these, or null for what is missing.
pub struct Lines<R> {
    input: R,
    file: String,
    line: u64,
    bytes: Vec<u8>,
    /// Types of columns that are known.
    types: Option<Vec<(String, Option<Kind>)>>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R, file: &str, types: Option<&Types>) -> Self {
        let kinds = |types: &Types| {
            let kind = |column_type: Option<ColumnType>| match column_type {
                None | Some(ColumnType::Unknown) => None,
                Some(ColumnType::Int) => Some(Kind::Ints),
                Some(ColumnType::Float) => Some(Kind::Floats),
                Some(ColumnType::Text) => Some(Kind::Bytes),
            };
            types.columns().map(|(name, column_type)| (name.to_owned(), kind(column_type))).collect()
        };
        Self { input, file: file.to_owned(), line: 0, bytes: Vec::new(), types: types.map(kinds) }
    }

    fn wrong(&self, problem: impl Into<String>) -> Error {
        Error::at(&self.file, self.place(), problem)
    }

    /// Reads a line that is not blank; false at the end.
    fn read_line(&mut self) -> Result<bool> {
        loop {
            self.bytes.clear();
            let read = self.input.by_ref().take(MOST_LINE as u64 + 1).read_until(b'\n', &mut self.bytes);
            let read = read.map_err(|source| {
                let problem = unreadable(&source);
                Error::at(&self.file, format!("behind line {}", self.line), problem)
            })?;
            if read == 0 {
                return Ok(false);
            }
            self.line += 1;
            if self.bytes.len() > MOST_LINE {
                return Err(self.wrong(format!("the line is longer than {} MiB", MOST_LINE >> 20)));
            }
            if !self.bytes.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }
}

impl<R: BufRead> Rows for Lines<R> {
    fn advance(&mut self, row: &mut Record) -> Result<bool> {
        if !self.read_line()? {
            return Ok(false);
        }
        row.clear();
        let mut json = serde_json::Deserializer::from_slice(&self.bytes);
        let read = Object(row).deserialize(&mut json).and_then(|()| json.end());
        read.map_err(|error| {
            let text = error.to_string();
            // The place within the line is of use, the line that serde counts from 1 is not.
            self.wrong(text.replace(" at line 1 column", " at character"))
        })?;
        for (name, kind) in self.types.iter().flatten() {
            let (Some(kind), Ok(at)) = (kind, row.column(name)) else { continue };
            let cell = row.cell(at);
            match (cell.kind(), kind) {
                (Some(Kind::Ints), Kind::Floats) => cell.widen(),
                (None, kind) if cell.values().count() == Some(0) => cell.begin(Some(*kind)),
                _ => {}
            }
        }
        Ok(true)
    }

    fn place(&self) -> String {
        format!("line {}", self.line)
    }
}

struct Object<'a>(&'a mut Record);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the row's columns")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let at = self.0.column(&name).map_err(A::Error::custom)?;
            let cell = self.0.cell(at);
            cell.clear();
            map.next_value_seed(Field { cell, within: false })
                .map_err(|error| A::Error::custom(format!("column `{name}`: {error}")))?;
        }
        Ok(())
    }
}

struct Field<'a> {
    cell: &'a mut Cell,
    within: bool,
}

impl Field<'_> {
    /// Adds a value of a kind to those before it. Integers and floats in one list are floats.
    fn add<E: serde::de::Error>(&mut self, kind: Kind, push: impl FnOnce(&mut Cell)) -> Result<(), E> {
        match (self.cell.kind(), kind) {
            (None, _) => {}
            (Some(known), new) if known == new => {}
            (Some(Kind::Ints), Kind::Floats) => self.cell.widen(),
            _ => return Err(E::custom("texts and numbers are in one list")),
        }
        push(self.cell);
        Ok(())
    }

    fn integer<E: serde::de::Error>(&mut self, value: i64) -> Result<(), E> {
        if self.cell.kind() == Some(Kind::Floats) {
            return self.add(Kind::Floats, |cell| cell.push_float(value as f64));
        }
        self.add(Kind::Ints, |cell| cell.push_int(value))
    }
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, a boolean, null, or a list of these: structures are not read")
    }
    fn visit_bool<E: serde::de::Error>(mut self, value: bool) -> Result<(), E> {
        self.integer(value.into())
    }
    fn visit_i64<E: serde::de::Error>(mut self, value: i64) -> Result<(), E> {
        self.integer(value)
    }
    fn visit_u64<E: serde::de::Error>(mut self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.add(Kind::Floats, |cell| cell.push_float(value as f64)),
        }
    }
    fn visit_f64<E: serde::de::Error>(mut self, value: f64) -> Result<(), E> {
        self.add(Kind::Floats, |cell| cell.push_float(value))
    }
    fn visit_str<E: serde::de::Error>(mut self, value: &str) -> Result<(), E> {
        self.add(Kind::Bytes, |cell| cell.push_bytes(value.as_bytes()))
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.within { Err(E::custom("a list holds null, and values cannot be missing within one")) } else { Ok(()) }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.within {
            return Err(A::Error::custom("a list holds lists, which are not read"));
        }
        self.cell.begin(None);
        while list.next_element_seed(Field { cell: self.cell, within: true })?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Values;

    fn rows(text: &str) -> Result<Record> {
        let mut lines = Lines::new(text.as_bytes(), "t.jsonl", None);
        let mut row = Record::default();
        let mut last = Record::default();
        while lines.advance(&mut row)? {
            last.clone_from(&row);
        }
        Ok(last)
    }

    #[test]
    fn fields_are_columns() {
        let row = rows(
            "\n{\"i\": -3, \"f\": 1.5, \"t\": \"\\u00e9\", \"b\": true, \"n\": null, \"l\": [1, 2.5], \"e\": []}\n",
        )
        .unwrap();
        assert_eq!(row.of("i"), Values::Ints(&[-3]));
        assert_eq!(row.of("f"), Values::Floats(&[1.5]));
        assert!(matches!(row.of("t"), Values::Bytes(texts) if texts.iter().eq(["é".as_bytes()])));
        assert_eq!(row.of("b"), Values::Ints(&[1]));
        assert_eq!((row.of("n"), row.of("z")), (Values::Missing, Values::Missing));
        assert_eq!(row.of("l"), Values::Floats(&[1.0, 2.5]));
        assert_eq!(row.of("e"), Values::Empty);
    }

    #[test]
    fn what_is_no_row_is_told_with_its_place() {
        let problem = |text: &str| rows(text).unwrap_err().to_string();
        assert!(problem("{}\n\n[1]").starts_with("t.jsonl, line 3: invalid type: sequence, expected an object"));
        assert!(problem("{\"a\": {\"b\": 1}}").starts_with("t.jsonl, line 1: column `a`: invalid type: map"));
        assert!(problem("{\"a\": [1, \"x\"]}").starts_with("t.jsonl, line 1: column `a`: texts and numbers"));
        assert!(problem("{\"a\": [null]}").contains("column `a`: a list holds null"));
        assert!(problem("{\"a\": 1").starts_with("t.jsonl, line 1: EOF"), "{}", problem("{\"a\": 1"));
    }
}
