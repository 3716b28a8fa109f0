//! The text of queries for artifacts, in the language of Vertex AI's metadata as TFX writes it:
//! `schema_title="tfx.ModelBlessing" AND state=LIVE AND metadata.blessed.number_value=1`.
//!
//! TFX before 1.0 wrote `artifact_type='tfx.Model' and state=LIVE and custom_properties['blessed']='1'`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::model::{ArtifactQuery, Naming};
use crate::types::{ArtifactType, whole_numbers};

/// Writes a query.
pub(crate) fn write(query: &ArtifactQuery) -> String {
    let mut text = format!("schema_title={} AND state=LIVE", Value::from(query.kind.0.as_str()));
    for (name, value) in &query.properties {
        let field = match value {
            Value::Number(_) => "number_value",
            Value::Bool(_) => "bool_value",
            _ => "string_value",
        };
        // Writing to a string does not fail.
        _ = write!(text, " AND metadata.{name}.{field}={value}");
    }
    if let Some(Naming { input, property }) = &query.named {
        _ = write!(text, " AND name=\"{{{{$.inputs.artifacts['{input}'].metadata['{property}']}}}}\"");
    }
    text
}

/// Reads a query; `None` for one that asks for something else than a type, the state, properties that have a value, and a name.
pub(crate) fn read(text: &str) -> Option<ArtifactQuery> {
    let (mut kind, mut properties, mut named) = (None, BTreeMap::new(), None);
    let mut rest = text.trim();
    loop {
        let (field, after) = rest.split_once('=')?;
        let (value, after) = value(after.trim_start())?;
        match field.trim() {
            "schema_title" | "artifact_type" => {
                if kind.replace(ArtifactType(value.as_str()?.to_owned())).is_some() {
                    return None;
                }
            }
            "state" if value == "LIVE" => {}
            "name" => named = Some(naming(value.as_str()?)?),
            field => {
                let (name, value) = property(field, value)?;
                properties.insert(name, value);
            }
        }
        rest = match after.trim_start() {
            "" => break,
            more => more.strip_prefix("AND ").or_else(|| more.strip_prefix("and "))?.trim_start(),
        };
    }
    Some(ArtifactQuery { kind: kind?, properties, named })
}

/// The value at the start of a text, quoted or up to the next blank, and the rest.
fn value(text: &str) -> Option<(Value, &str)> {
    if text.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let value = values.next()?.ok()?;
        return Some((value.into(), text.get(values.byte_offset()..)?));
    }
    if let Some(quoted) = text.strip_prefix('\'') {
        let (value, rest) = quoted.split_once('\'')?;
        return Some((value.into(), rest));
    }
    let (word, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
    if word.is_empty() {
        return None;
    }
    Some((serde_json::from_str(word).map_or_else(|_| word.into(), whole_numbers), rest))
}

/// `metadata.blessed.number_value` and `custom_properties['blessed']`: the property's name, and its value.
fn property(field: &str, value: Value) -> Option<(String, Value)> {
    if let Some(path) = field.strip_prefix("metadata.") {
        let (name, of) = path.rsplit_once('.')?;
        let fits = match of {
            "number_value" => value.is_number(),
            "string_value" => value.is_string(),
            "bool_value" => value.is_boolean(),
            _ => false,
        };
        return fits.then(|| (name.to_owned(), value));
    }
    let name = ["custom_properties['", "properties['"].iter().find_map(|start| field.strip_prefix(start))?;
    // Written as text whatever it is.
    let value = match value.as_str().map(serde_json::from_str) {
        Some(Ok(number @ Value::Number(_))) => number,
        _ => value,
    };
    Some((name.strip_suffix("']")?.to_owned(), value))
}

/// `{{$.inputs.artifacts['input'].metadata['current_model_id']}}`, in one pair of braces too.
fn naming(text: &str) -> Option<Naming> {
    let path = text.trim_start_matches('{').trim_end_matches('}').strip_prefix("$.inputs.artifacts['")?;
    let (input, path) = path.split_once("'].")?;
    let property = ["metadata['", "custom_properties['", "properties['"].iter().find_map(|at| path.strip_prefix(at))?;
    Some(Naming { input: input.to_owned(), property: property.strip_suffix("']")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn queries_of_every_tfx_are_read_and_written() {
        let of = |kind: &str| ArtifactQuery {
            kind: ArtifactType(kind.to_owned()),
            properties: BTreeMap::new(),
            named: None,
        };
        let blessed = [("blessed".to_owned(), json!(1))].into_iter().collect::<BTreeMap<_, _>>();
        let naming = Naming { input: "input".into(), property: "current_model_id".into() };
        for (text, query) in [
            (r#"schema_title="tfx.Model" AND state=LIVE"#, of("tfx.Model")),
            ("artifact_type='tfx.Model' and state=LIVE", of("tfx.Model")),
            (r#"artifact_type="tfx.Examples" and state=LIVE"#, of("tfx.Examples")),
            (
                r#"schema_title="tfx.ModelBlessing" AND state=LIVE AND metadata.blessed.number_value=1"#,
                ArtifactQuery { properties: blessed.clone(), ..of("tfx.ModelBlessing") },
            ),
            (
                "artifact_type='tfx.ModelBlessing' and state=LIVE and custom_properties['blessed']='1'",
                ArtifactQuery { properties: blessed, ..of("tfx.ModelBlessing") },
            ),
            (
                r#"schema_title="tfx.Model" AND state=LIVE AND name="{{$.inputs.artifacts['input'].metadata['current_model_id']}}""#,
                ArtifactQuery { named: Some(naming.clone()), ..of("tfx.Model") },
            ),
            (
                "artifact_type='tfx.Model' and state=LIVE and name={$.inputs.artifacts['input'].custom_properties['current_model_id']}",
                ArtifactQuery { named: Some(naming), ..of("tfx.Model") },
            ),
            (
                r#"schema_title="a.B" AND state=LIVE AND metadata.stage.string_value="a \"b\" AND c""#,
                ArtifactQuery {
                    properties: [("stage".to_owned(), json!("a \"b\" AND c"))].into_iter().collect(),
                    ..of("a.B")
                },
            ),
        ] {
            assert_eq!(read(text).as_ref(), Some(&query), "{text}");
            assert_eq!(read(&write(&query)), Some(query), "{text}");
        }
    }

    #[test]
    fn what_is_another_query_is_not_guessed() {
        for text in [
            "",
            "state=LIVE",
            "schema_title=",
            r#"schema_title="a" OR state=LIVE"#,
            r#"schema_title="a" AND state=DELETED"#,
            r#"schema_title="a" AND metadata.x.number_value="1""#,
            r#"schema_title="a" AND create_time>"2024""#,
            r#"schema_title="a" AND name="fixed""#,
            r#"schema_title="a" AND schema_title="b""#,
            "schema_title='a",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
