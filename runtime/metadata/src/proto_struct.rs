//! JSON objects as `google.protobuf.Struct`, in the text form in which MLMD stores one:
//! `mlmd-struct::` and the base64 of its serialized bytes.
//!
//! The messages (`google/protobuf/struct.proto`), with their field numbers:
//! `Struct { map<string, Value> fields = 1; }`, a map entry being `{ string key = 1; Value value = 2; }`;
//! `Value { oneof { null = 1; double = 2; string = 3; bool = 4; Struct = 5; ListValue = 6; } }`;
//! `ListValue { repeated Value values = 1; }`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};

/// The prefix of a string property that holds a struct.
pub(crate) const PREFIX: &str = "mlmd-struct::";

/// Protobuf readers refuse messages nested deeper than 100. The library's messages around a struct use some of that.
const MAX_DEPTH: usize = 80;

const NULL: u8 = 1 << 3;
const NUMBER: u8 = 2 << 3 | FIXED64;
const STRING: u8 = 3 << 3 | BYTES;
const BOOL: u8 = 4 << 3;
const STRUCT: u8 = 5 << 3 | BYTES;
const LIST: u8 = 6 << 3 | BYTES;
/// Field 1 of `Struct`, of `ListValue` and (the key) of a map entry.
const FIRST: u8 = 1 << 3 | BYTES;
/// Field 2 of a map entry: the value.
const ENTRY_VALUE: u8 = 2 << 3 | BYTES;

const FIXED64: u8 = 1;
const BYTES: u8 = 2;

/// The text of a struct with these fields. Numbers become doubles, the only numbers of protobuf. Values that are nested
/// too deep for protobuf readers become their JSON text.
pub(crate) fn to_text<'a>(fields: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
    let mut bytes = Vec::new();
    for (key, value) in fields {
        put_entry(&mut bytes, key, value, 1);
    }
    let mut text = String::from(PREFIX);
    STANDARD.encode_string(&bytes, &mut text);
    text
}

/// The fields of a struct from its text; `None` if it is not one. Integral numbers that a double represents exactly
/// become integers.
pub(crate) fn from_text(text: &str) -> Option<Map<String, Value>> {
    let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
    read_struct(&bytes, 0)
}

fn put_entry(out: &mut Vec<u8>, key: &str, value: &Value, depth: usize) {
    let mut entry = Vec::new();
    put_bytes(&mut entry, FIRST, key.as_bytes());
    put_message(&mut entry, ENTRY_VALUE, |out| put_value(out, value, depth + 1));
    put_bytes(out, FIRST, &entry);
}

fn put_value(out: &mut Vec<u8>, value: &Value, depth: usize) {
    match value {
        Value::Null => out.extend([NULL, 0]),
        Value::Bool(value) => out.extend([BOOL, u8::from(*value)]),
        Value::Number(number) => {
            out.push(NUMBER);
            out.extend(number.as_f64().unwrap_or(f64::NAN).to_le_bytes());
        }
        Value::String(text) => put_bytes(out, STRING, text.as_bytes()),
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => {
            put_bytes(out, STRING, value.to_string().as_bytes());
        }
        Value::Array(items) => put_message(out, LIST, |out| {
            for item in items {
                put_message(out, FIRST, |out| put_value(out, item, depth + 2));
            }
        }),
        Value::Object(fields) => put_message(out, STRUCT, |out| {
            for (key, value) in fields {
                put_entry(out, key, value, depth + 2);
            }
        }),
    }
}

fn put_message(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let mut message = Vec::new();
    write(&mut message);
    put_bytes(out, tag, &message);
}

fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    let mut length = bytes.len();
    loop {
        let [low, ..] = length.to_le_bytes();
        length >>= 7;
        out.push(if length == 0 { low } else { low | 0x80 });
        if length == 0 {
            break;
        }
    }
    out.extend_from_slice(bytes);
}

/// One field of a message: its tag and its content.
enum Field<'a> {
    Varint(u8, u64),
    Fixed(u8, [u8; 8]),
    Bytes(u8, &'a [u8]),
}

/// Takes a field off the front of a message. The tags of all fields in these messages are single bytes.
fn take_field<'a>(message: &mut &'a [u8]) -> Option<Field<'a>> {
    let (&tag, rest) = message.split_first()?;
    *message = rest;
    match tag & 7 {
        0 => Some(Field::Varint(tag, take_varint(message)?)),
        FIXED64 => {
            let (bytes, rest) = message.split_first_chunk()?;
            *message = rest;
            Some(Field::Fixed(tag, *bytes))
        }
        BYTES => {
            let length = usize::try_from(take_varint(message)?).ok()?;
            let (bytes, rest) = message.split_at_checked(length)?;
            *message = rest;
            Some(Field::Bytes(tag, bytes))
        }
        _ => None,
    }
}

fn take_varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn read_struct(mut message: &[u8], depth: usize) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    while !message.is_empty() {
        let Field::Bytes(FIRST, mut entry) = take_field(&mut message)? else { return None };
        let (mut key, mut value) = (String::new(), Value::Null);
        while !entry.is_empty() {
            match take_field(&mut entry)? {
                Field::Bytes(FIRST, bytes) => key = String::from_utf8(bytes.to_vec()).ok()?,
                Field::Bytes(ENTRY_VALUE, bytes) => value = read_value(bytes, depth + 2)?,
                _ => return None,
            }
        }
        fields.insert(key, value);
    }
    Some(fields)
}

fn read_value(mut message: &[u8], depth: usize) -> Option<Value> {
    if depth > 100 {
        return None;
    }
    let mut value = Value::Null;
    while !message.is_empty() {
        value = match take_field(&mut message)? {
            Field::Varint(NULL, _) => Value::Null,
            Field::Varint(BOOL, bit) => Value::Bool(bit != 0),
            Field::Fixed(NUMBER, bytes) => number(f64::from_le_bytes(bytes)),
            Field::Bytes(STRING, bytes) => Value::String(String::from_utf8(bytes.to_vec()).ok()?),
            Field::Bytes(STRUCT, bytes) => Value::Object(read_struct(bytes, depth + 1)?),
            Field::Bytes(LIST, bytes) => Value::Array(read_list(bytes, depth + 1)?),
            _ => return None,
        };
    }
    Some(value)
}

fn read_list(mut message: &[u8], depth: usize) -> Option<Vec<Value>> {
    let mut items = Vec::new();
    while !message.is_empty() {
        let Field::Bytes(FIRST, bytes) = take_field(&mut message)? else { return None };
        items.push(read_value(bytes, depth + 1)?);
    }
    Some(items)
}

/// A double as JSON: an integer if it is integral, a string for NaN and infinities.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT && !(value == 0.0 && value.is_sign_negative()) {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or_else(
        || {
            Value::from(if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            })
        },
        Value::Number,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> String {
        to_text(value.as_object().unwrap().iter().map(|(key, value)| (key.as_str(), value)))
    }

    #[test]
    fn is_what_the_ml_metadata_library_writes() {
        assert_eq!(text(&json!({})), "mlmd-struct::");
        assert_eq!(text(&json!({"lr": 0.1})), "mlmd-struct::Cg8KAmxyEgkRmpmZmZmZuT8=");
        assert_eq!(text(&json!({"k": true})), "mlmd-struct::CgcKAWsSAiAB");
        assert_eq!(
            text(&json!({"a": [1, null, {"q": "é"}], "z": 1})),
            "mlmd-struct::CiUKAWESIDIeCgkRAAAAAAAA8D8KAggACg0qCwoJCgFxEgQaAsOpCg4KAXoSCREAAAAAAADwPw=="
        );
    }

    #[test]
    fn keeps_what_is_nested_too_deep_as_text() {
        let mut deep = json!(1);
        for _ in 0..500 {
            deep = json!([deep]);
        }
        let mut inner = &from_text(&text(&json!({"deep": deep}))).unwrap()["deep"];
        let mut levels = 0;
        while let Value::Array(items) = inner {
            inner = &items[0];
            levels += 1;
        }
        assert_eq!(levels, 39);
        assert!(inner.as_str().unwrap().starts_with("[[["));
    }

    #[test]
    fn reads_no_nonsense() {
        for wrong in ["", "mlmd-struct::!", "mlmd-struct::////", "mlmd-struct::Cg==", "struct::CgcKAWsSAiAB"] {
            assert_eq!(from_text(wrong), None, "{wrong}");
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1i64 << 53)..=1 << 53).prop_map(Value::from),
            any::<f64>().prop_filter("finite and no integer", |x| x.fract() != 0.0).prop_map(Value::from),
            ".{0,200}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(".{0,10}", inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was(fields in prop::collection::btree_map(".{0,10}", json_value(), 0..6)) {
            let value = Value::Object(fields.into_iter().collect());
            prop_assert_eq!(Value::Object(from_text(&text(&value)).unwrap()), value);
        }

        #[test]
        fn reads_any_bytes_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = from_text(&format!("{PREFIX}{}", STANDARD.encode(bytes)));
        }
    }
}
