//! The text form of messages, as Python's protobuf writes it, and their binary form.

use std::fmt::Write as _;

use miette::Diagnostic as _;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, Value};

use crate::error::{Error, Result};
use crate::number::{repr, repr_f32};
use crate::proto::{Described, descriptor};

/// A message as text: a field a line, in the order of their numbers, text in UTF-8.
#[must_use]
pub fn to_text<M: Described>(message: &M) -> String {
    let mut out = String::new();
    let Some(descriptor) = descriptor::<M>() else { return out };
    if let Ok(dynamic) = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()) {
        write_message(&mut out, &dynamic, 0);
    }
    out
}

/// Reads a message from text.
///
/// # Errors
/// Text that is no such message, with the line where that is known.
pub fn from_text<M: Described>(text: &str) -> Result<M> {
    let wrong = |problem: String| Error::Text { what: M::WHAT, problem };
    if depth(text) > MOST_DEPTH {
        return Err(wrong(format!("messages are nested more than {MOST_DEPTH} deep")));
    }
    let descriptor = descriptor::<M>().ok_or_else(|| wrong("its fields are not known".to_owned()))?;
    let dynamic = DynamicMessage::parse_text_format(descriptor, text).map_err(|error| {
        let label = error.labels().and_then(|mut labels| labels.next());
        let line = label.and_then(|label| text.get(..label.offset())).map(|before| before.matches('\n').count() + 1);
        wrong(match line {
            Some(line) => format!("line {line}: {error}"),
            None => error.to_string(),
        })
    })?;
    from_bytes(&dynamic.encode_to_vec())
}

/// Messages in messages that are read.
const MOST_DEPTH: usize = 100;

/// How deep braces are nested, outside of quotes and comments.
fn depth(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    let mut quote = None;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(_), b'\\') => _ = bytes.next(),
            // A quote that its line does not close is the parser's to tell.
            (Some(open), _) if byte == open || byte == b'\n' => quote = None,
            (None, b'"' | b'\'' | b'#') => quote = Some(if byte == b'#' { b'\n' } else { byte }),
            (None, b'{' | b'<') => depth += 1,
            (None, b'}' | b'>') => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

/// A message as bytes.
#[must_use]
pub fn to_bytes<M: Described>(message: &M) -> Vec<u8> {
    message.encode_to_vec()
}

/// Reads a message from bytes.
///
/// # Errors
/// Bytes that are no such message.
pub fn from_bytes<M: Described>(bytes: &[u8]) -> Result<M> {
    M::decode(bytes).map_err(|source| Error::Message { what: M::WHAT, source })
}

fn write_message(out: &mut String, message: &DynamicMessage, depth: usize) {
    let mut fields: Vec<_> = message.fields().collect();
    fields.sort_unstable_by_key(|(field, _)| field.number());
    for (field, value) in fields {
        let kind = field.kind();
        match value {
            Value::List(items) => items.iter().for_each(|item| write_field(out, field.name(), item, &kind, depth)),
            Value::Map(entries) => {
                let Kind::Message(entry) = &kind else { continue };
                let (key_kind, value_kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
                let mut entries: Vec<(Value, &Value)> =
                    entries.iter().map(|(key, value)| (Value::from(key.clone()), value)).collect();
                entries.sort_by_key(|(key, _)| key_text(key));
                for (key, value) in entries {
                    _ = writeln!(out, "{:indent$}{} {{", "", field.name(), indent = depth * 2);
                    write_field(out, "key", &key, &key_kind, depth + 1);
                    write_field(out, "value", value, &value_kind, depth + 1);
                    _ = writeln!(out, "{:indent$}}}", "", indent = depth * 2);
                }
            }
            value => write_field(out, field.name(), value, &kind, depth),
        }
    }
}

fn key_text(key: &Value) -> String {
    key.as_str().map_or_else(|| format!("{key:?}"), str::to_owned)
}

fn write_field(out: &mut String, name: &str, value: &Value, kind: &Kind, depth: usize) {
    let indent = depth * 2;
    if let Value::Message(message) = value {
        _ = writeln!(out, "{:indent$}{name} {{", "");
        write_message(out, message, depth + 1);
        _ = writeln!(out, "{:indent$}}}", "");
        return;
    }
    _ = write!(out, "{:indent$}{name}: ", "");
    match value {
        Value::String(text) => quote(out, text.as_bytes(), true),
        Value::Bytes(bytes) => quote(out, bytes, false),
        Value::F64(value) => out.push_str(&repr(*value)),
        Value::F32(value) => out.push_str(&repr_f32(*value)),
        Value::EnumNumber(number) => match kind {
            Kind::Enum(of) if of.get_value(*number).is_some() => {
                out.push_str(of.get_value(*number).as_ref().map_or("", |value| value.name()));
            }
            _ => _ = write!(out, "{number}"),
        },
        Value::Bool(value) => _ = write!(out, "{value}"),
        Value::I32(value) => _ = write!(out, "{value}"),
        Value::I64(value) => _ = write!(out, "{value}"),
        Value::U32(value) => _ = write!(out, "{value}"),
        Value::U64(value) => _ = write!(out, "{value}"),
        Value::Message(_) | Value::List(_) | Value::Map(_) => {}
    }
    out.push('\n');
}

/// Writes text in quotes, with the escapes of Python's protobuf.
fn quote(out: &mut String, bytes: &[u8], utf8: bool) {
    out.push('"');
    match std::str::from_utf8(bytes) {
        Ok(text) if utf8 => text.chars().for_each(|letter| match u8::try_from(letter) {
            Ok(byte) if byte.is_ascii() => escape(out, byte),
            // Letters beyond ASCII stand for themselves.
            _ => out.push(letter),
        }),
        _ => bytes.iter().for_each(|byte| escape(out, *byte)),
    }
    out.push('"');
}

fn escape(out: &mut String, byte: u8) {
    match byte {
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        b'"' => out.push_str("\\\""),
        b'\'' => out.push_str("\\'"),
        b'\\' => out.push_str("\\\\"),
        b' '..=b'~' => out.push(char::from(byte)),
        _ => _ = write!(out, "\\{byte:03o}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Schema;

    /// Written by `text_format.MessageToString(schema, as_utf8=True)` of protobuf 5.29.
    const SCHEMA: &str = r#"feature {
  name: "it\'s \"x\"\\\t\001 \303\251"
  type: BYTES
}
"#;

    #[test]
    fn text_is_read_and_written_as_python_does() {
        let schema: Schema = from_text(SCHEMA).unwrap();
        assert_eq!(schema.feature[0].name(), "it's \"x\"\\\t\u{1} é");
        assert_eq!(to_text(&schema), SCHEMA.replace("\\303\\251", "é"));
    }

    #[test]
    fn other_forms_of_the_text_are_read() {
        let schema: Schema =
            from_text("# a comment {{{\nfeature: < name: 'a' 'b', type: INT; presence {min_count:1} >").unwrap();
        assert_eq!(schema.feature[0].name(), "ab");
    }

    #[test]
    fn what_is_no_schema_is_told_with_its_line() {
        let problem = |text: &str| from_text::<Schema>(text).unwrap_err().to_string();
        assert_eq!(
            problem("feature {\n  nam: \"a\"\n}"),
            "the schema cannot be read: line 2: field 'nam' not found for message 'tensorflow.metadata.v0.Feature'"
        );
        assert!(problem("feature {").starts_with("the schema cannot be read: "));
        let deep = "feature { struct_domain { ".repeat(1000);
        assert_eq!(problem(&deep), "the schema cannot be read: messages are nested more than 100 deep");
    }
}
