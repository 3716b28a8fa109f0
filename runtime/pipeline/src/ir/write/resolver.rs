//! The queries of resolvers. KFP's format has a field for them but no language. This is the language of Vertex AI's
//! metadata, with the step and its output as properties.

use std::fmt::Write as _;

use crate::model::Latest;
use crate::types::ArtifactType;

/// The query: `schema_title="system.Model" AND metadata.pipeline="p" AND metadata.task="push" AND metadata.output="model"`.
pub fn filter(latest: &Latest) -> String {
    let mut text = format!("schema_title={}", quoted(&latest.kind.0));
    let parts =
        [("pipeline", latest.pipeline.as_ref()), ("task", Some(&latest.task)), ("output", Some(&latest.output))];
    for (name, value) in parts {
        if let Some(value) = value {
            let _ = write!(text, " AND metadata.{name}={}", quoted(value));
        }
    }
    text
}

/// Parses a query of this form; `None` for any other.
pub fn parse(filter: &str) -> Option<Latest> {
    let mut rest = filter.trim();
    let (mut kind, mut pipeline, mut task, mut output) = (None, None, None, None);
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = unquoted(after.trim_start())?;
        let slot = match name.trim() {
            "schema_title" => &mut kind,
            "metadata.pipeline" => &mut pipeline,
            "metadata.task" => &mut task,
            "metadata.output" => &mut output,
            _ => return None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
        rest = match after.trim_start() {
            "" => break,
            more => more.strip_prefix("AND ")?,
        };
    }
    Some(Latest { pipeline, task: task?, output: output?, kind: ArtifactType(kind?) })
}

/// A JSON string is a string of this language too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The string at the start of a text, and the rest.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let value = values.next()?.ok()?;
    Some((value, text.get(values.byte_offset()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_was_written() {
        let latest = Latest {
            pipeline: Some("the \"other\" AND more".into()),
            task: "push".into(),
            output: "model".into(),
            kind: ArtifactType("system.Model".into()),
        };
        assert_eq!(
            filter(&latest),
            r#"schema_title="system.Model" AND metadata.pipeline="the \"other\" AND more" AND metadata.task="push" AND metadata.output="model""#
        );
        assert_eq!(parse(&filter(&latest)), Some(latest.clone()));
        let own = Latest { pipeline: None, ..latest };
        assert_eq!(parse(&filter(&own)), Some(own));
    }

    #[test]
    fn other_queries_are_none_of_ours() {
        for other in
            ["", "x", "schema_title=", "schema_title=\"a\"", "state=LIVE", "schema_title=\"a\" OR b=\"c\"", "é=\"\""]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
