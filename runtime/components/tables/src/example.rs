//! `tf.train.Example` as it is on the wire: read in any form that protobuf allows, written in the one that its deterministic mode gives.

use crate::record::{Cell, Kind, Record, Values};

/// Reads a serialised example into a row.
///
/// # Errors
/// The bytes are no example.
pub fn decode(bytes: &[u8], row: &mut Record) -> Result<(), String> {
    row.clear();
    let mut example = Wire(bytes);
    while let Some((number, value)) = example.field()? {
        if let (1, Value::Bytes(features)) = (number, value) {
            let mut features = Wire(features);
            while let Some((number, value)) = features.field()? {
                if let (1, Value::Bytes(entry)) = (number, value) {
                    decode_entry(entry, row)?;
                }
            }
        }
    }
    Ok(())
}

/// Reads a name and its feature. Of two with one name the last counts.
fn decode_entry(bytes: &[u8], row: &mut Record) -> Result<(), String> {
    let mut entry = Wire(bytes);
    let (mut name, mut feature): (&[u8], &[u8]) = (b"", b"");
    while let Some((number, value)) = entry.field()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => name = bytes,
            (2, Value::Bytes(bytes)) => feature = bytes,
            _ => {}
        }
    }
    let name = std::str::from_utf8(name).map_err(|_| "the name of a feature is not UTF-8 text".to_owned())?;
    let at = row.column(name)?;
    let cell = row.cell(at);
    cell.clear();
    decode_feature(feature, cell).map_err(|problem| format!("feature `{name}`: {problem}"))
}

/// A feature without any list is as good as not there: that is what TFX makes of it.
fn decode_feature(bytes: &[u8], cell: &mut Cell) -> Result<(), String> {
    let mut feature = Wire(bytes);
    while let Some((number, value)) = feature.field()? {
        let (kind, Value::Bytes(list)) = (number, value) else { continue };
        let kind = match kind {
            1 => Kind::Bytes,
            2 => Kind::Floats,
            3 => Kind::Ints,
            _ => continue,
        };
        // Two lists of one kind are one, as messages are merged; one of another kind takes its place.
        if cell.kind() != Some(kind) {
            cell.begin(Some(kind));
        }
        decode_list(list, kind, cell)?;
    }
    Ok(())
}

fn decode_list(bytes: &[u8], kind: Kind, cell: &mut Cell) -> Result<(), String> {
    let mut list = Wire(bytes);
    while let Some((number, value)) = list.field()? {
        if number != 1 {
            continue;
        }
        match (kind, value) {
            (Kind::Bytes, Value::Bytes(bytes)) => cell.push_bytes(bytes),
            (Kind::Floats, Value::Fixed32(bits)) => cell.push_float(f32::from_bits(bits).into()),
            (Kind::Floats, Value::Bytes(packed)) => {
                let (values, rest) = packed.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err("its packed floats are cut off".to_owned());
                }
                for value in values {
                    cell.push_float(f32::from_le_bytes(*value).into());
                }
            }
            (Kind::Ints, Value::Varint(value)) => cell.push_int(value.cast_signed()),
            (Kind::Ints, Value::Bytes(packed)) => {
                let mut packed = Wire(packed);
                while !packed.0.is_empty() {
                    cell.push_int(packed.varint()?.cast_signed());
                }
            }
            _ => return Err("its values are of another wire type".to_owned()),
        }
    }
    Ok(())
}

enum Value<'a> {
    Varint(u64),
    Fixed32(u32),
    Fixed64,
    Bytes(&'a [u8]),
}

/// Fields of a message that are still to be read.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn field(&mut self) -> Result<Option<(u64, Value<'a>)>, String> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => {
                self.take(8)?;
                Value::Fixed64
            }
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(usize::try_from(length).unwrap_or(usize::MAX))?)
            }
            5 => Value::Fixed32(self.take(4)?.try_into().map_or(0, u32::from_le_bytes)),
            _ => return Err("it is no tf.train.Example".to_owned()),
        };
        if tag >> 3 == 0 {
            return Err("it is no tf.train.Example".to_owned());
        }
        Ok(Some((tag >> 3, value)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("it is no tf.train.Example, or is cut off")?;
        self.0 = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for (n, byte) in self.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                self.0 = &self.0[n + 1..];
                return Ok(value);
            }
        }
        Err("it is no tf.train.Example: a number has no end".to_owned())
    }
}

/// The order in which Python's deterministic serialisation has the features: by the bytes of their names, but where one name begins with
/// another, the longer one comes first. Protobuf of other languages has the shorter one first; TFX's splits are those of Python's.
#[must_use]
pub fn order(names: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (names[*a].as_bytes(), names[*b].as_bytes());
        let common = a.len().min(b.len());
        a[..common].cmp(&b[..common]).then(b.len().cmp(&a.len()))
    });
    order
}

/// Serialises a row whose columns are in [`order`]: what `SerializeToString(deterministic=True)` gives. Columns that are missing are no
/// features.
pub fn encode(row: &Record, order: &[usize], out: &mut Vec<u8>) {
    out.clear();
    let features = || {
        let there = order.iter().filter_map(|at| Some((row.names().get(*at)?, row.values(*at))));
        there.filter(|(_, values)| *values != Values::Missing)
    };
    // Each length stands before what it is of.
    let entry = |name: &str, values: Values<'_>| field_length(name.len()) + field_length(feature_length(values));
    head(out, 1, features().map(|(name, values)| field_length(entry(name, values))).sum());
    for (name, values) in features() {
        head(out, 1, entry(name, values));
        field(out, 1, name.as_bytes());
        head(out, 2, feature_length(values));
        put_feature(values, out);
    }
}

/// Serialises one feature.
pub fn encode_feature(values: Values<'_>, out: &mut Vec<u8>) {
    out.clear();
    put_feature(values, out);
}

fn put_feature(values: Values<'_>, out: &mut Vec<u8>) {
    let length = list_length(values);
    match values {
        Values::Missing | Values::Empty => {}
        Values::Bytes(texts) => {
            head(out, 1, length);
            texts.iter().for_each(|text| field(out, 1, text));
        }
        Values::Floats(values) => {
            head(out, 2, length);
            if !values.is_empty() {
                head(out, 1, 4 * values.len());
            }
            for value in values {
                #[allow(clippy::cast_possible_truncation, reason = "single precision is meant")]
                out.extend_from_slice(&(*value as f32).to_le_bytes());
            }
        }
        Values::Ints(values) => {
            head(out, 3, length);
            if !values.is_empty() {
                head(out, 1, packed_length(values));
            }
            values.iter().for_each(|value| varint(out, value.cast_unsigned()));
        }
    }
}

/// The bytes of a feature.
fn feature_length(values: Values<'_>) -> usize {
    match values {
        Values::Missing | Values::Empty => 0,
        _ => field_length(list_length(values)),
    }
}

/// The bytes of its list.
fn list_length(values: Values<'_>) -> usize {
    match values {
        Values::Bytes(texts) => texts.iter().map(|text| field_length(text.len())).sum(),
        Values::Floats([]) | Values::Ints([]) | Values::Missing | Values::Empty => 0,
        Values::Floats(values) => field_length(4 * values.len()),
        Values::Ints(values) => field_length(packed_length(values)),
    }
}

fn packed_length(values: &[i64]) -> usize {
    values.iter().map(|value| varint_length(value.cast_unsigned())).sum()
}

/// The bytes of a field that holds so many, with its number, which is a small one, and its length.
fn field_length(bytes: usize) -> usize {
    1 + varint_length(bytes as u64) + bytes
}

fn varint_length(value: u64) -> usize {
    // Nearly always it is one byte.
    if value < 0x80 { 1 } else { (64 - value.leading_zeros()).div_ceil(7) as usize }
}

/// The number of a field of bytes, and how many follow.
fn head(out: &mut Vec<u8>, number: u64, length: usize) {
    varint(out, number << 3 | 2);
    varint(out, length as u64);
}

/// A field of bytes.
fn field(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    head(out, number, bytes.len());
    out.extend_from_slice(bytes);
}

#[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Example(features=Features(feature={"b": [1, -1], "a": [b"x", b""], "c": [0.5], "e": Int64List(), "n": Feature()}))` of TensorFlow 2.21,
    /// by `SerializeToString(deterministic=True)`.
    const EXAMPLE: &str = "0a430a0c0a016112070a050a01780a000a140a0162120f1a0d0a0b01ffffffffffffffffff010a0d0a0163120812060a04\
                           0000003f0a070a016512021a000a050a016e1200";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect()
    }

    #[test]
    fn examples_are_read_and_written_as_tensorflow_does() {
        let mut row = Record::default();
        decode(&bytes(EXAMPLE), &mut row).unwrap();
        assert_eq!(row.of("b"), Values::Ints(&[1, -1]));
        assert_eq!(row.of("c"), Values::Floats(&[0.5]));
        assert!(matches!(row.of("a"), Values::Bytes(texts) if texts.iter().eq([b"x".as_slice(), b""])));
        assert_eq!(row.of("e"), Values::Ints(&[]));
        assert_eq!((row.of("n"), row.of("z")), (Values::Missing, Values::Missing));
        let mut out = Vec::new();
        encode(&row, &order(row.names()), &mut out);
        // But for the feature that has no list, which is none.
        let without = bytes(EXAMPLE);
        assert_eq!(out[2..], without[2..without.len() - 7]);
    }

    /// What Python's protobuf 6.33.6 did (`upb`).
    #[test]
    fn a_name_stands_before_its_own_beginnings() {
        for expected in
            [["abc", "ab", "a", "b"].as_slice(), &["petal width", "petal_length", "petal"], &["ab", "a", "e", "f", "é"]]
        {
            let mut names: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            names.reverse();
            let found: Vec<&str> = order(&names).into_iter().map(|at| names[at].as_str()).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn lists_that_are_not_packed_are_read_too() {
        let mut row = Record::default();
        // Two integers, a field that is not known, and a list of floats in its place.
        decode(&bytes("0a0e0a0c0a016112071a0508010802"), &mut row).unwrap_err();
        decode(&bytes("0a0d0a0b0a016112061a0408010802"), &mut row).unwrap();
        assert_eq!(row.of("a"), Values::Ints(&[1, 2]));
    }

    #[test]
    fn what_is_no_example_is_an_error() {
        let mut row = Record::default();
        for wrong in ["0a", "0aff", "0a05ff", "07", "0a030a0a01", "ffffffffffffffffffffff"] {
            assert!(decode(&bytes(wrong), &mut row).is_err(), "{wrong}");
        }
        decode(b"", &mut row).unwrap();
        assert!(decode(b"plain text", &mut row).is_err());
    }
}
