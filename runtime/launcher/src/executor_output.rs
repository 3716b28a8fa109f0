//! KFP's `ExecutorOutput`: the JSON file in which a command reports its outputs.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::python_json::{self, Marks, Unkept};

/// The parsed file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ExecutorOutput {
    /// Values of output parameters by name.
    pub(crate) parameters: Map<String, Value>,
    /// KFP's `ArtifactList` of output artifacts by name, unchecked.
    pub(crate) artifacts: Map<String, Value>,
    /// How strings in the values of parameters are marked that stand for something else.
    pub(crate) marks: Marks,
}

/// KFP's `RuntimeArtifact`: what a command reports of one artifact. Empty strings count as absent.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RuntimeArtifact<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) uri: Option<&'a str>,
    pub(crate) custom_path: Option<&'a str>,
    pub(crate) metadata: Option<&'a Map<String, Value>>,
}

impl ExecutorOutput {
    /// Parses the file. Field names may be in either of protobuf's JSON spellings.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let refuse = |why: String| {
            Error::output(format!(
                "the outputs that it reported are not what KFP defines as its executor's output: {why}"
            ))
        };
        let text = std::str::from_utf8(text).map_err(|error| refuse(error.to_string()))?;
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let (value, marks) = python_json::parse(text).map_err(|error| refuse(error.to_string()))?.into_parts();
        let Value::Object(mut fields) = value else { return Err(refuse("it is no JSON object".to_owned())) };
        let mut object = |names: [&str; 2]| match names.iter().find_map(|name| fields.remove(*name)) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map),
            Some(_) => Err(refuse(format!("`{}` is no JSON object", names[0]))),
        };
        let parameters = object(["parameterValues", "parameter_values"])?;
        let mut artifacts = object(["artifacts", "artifacts"])?;
        for (port, reported) in &mut artifacts {
            *reported = marks.settle_metadata(reported).map_err(|Unkept { why, hint }| {
                Error::output(format!("the metadata of its output `{port}` cannot be kept: {why}")).hint(hint)
            })?;
        }
        Ok(Self { parameters, artifacts, marks })
    }

    /// The reported artifacts of an output.
    pub(crate) fn runtime_artifacts(&self, port: &str) -> Vec<RuntimeArtifact<'_>> {
        let list = self.artifacts.get(port).and_then(|value| value.get("artifacts")).and_then(Value::as_array);
        list.map(|list| list.iter().map(RuntimeArtifact::read).collect()).unwrap_or_default()
    }
}

impl<'a> RuntimeArtifact<'a> {
    fn read(value: &'a Value) -> Self {
        let text =
            |names: &[&str]| names.iter().find_map(|name| value.get(*name)?.as_str()).filter(|text| !text.is_empty());
        Self {
            name: text(&["name"]),
            uri: text(&["uri"]),
            custom_path: text(&["custom_path", "customPath"]),
            metadata: value.get("metadata").and_then(Value::as_object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_executor_output_is_refused() {
        for text in ["[]", "{", "3", r#"{"parameterValues": []}"#, r#"{"artifacts": "x"}"#, "\u{0}"] {
            assert!(ExecutorOutput::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(ExecutorOutput::parse(b"\xff").is_err());
        assert_eq!(ExecutorOutput::parse(b"").unwrap(), ExecutorOutput::default());
        assert_eq!(ExecutorOutput::parse(b"{}").unwrap(), ExecutorOutput::default());
    }

    #[test]
    fn odd_artifacts_tell_nothing() {
        let text =
            r#"{"artifacts": {"a": 3, "b": {"artifacts": [3, {}, {"uri": 3, "name": "", "customPath": "/x"}]}}}"#;
        let output = ExecutorOutput::parse(text.as_bytes()).unwrap();
        assert!(output.runtime_artifacts("a").is_empty() && output.runtime_artifacts("none").is_empty());
        let reported = output.runtime_artifacts("b");
        assert_eq!(reported[..2], [RuntimeArtifact::default(), RuntimeArtifact::default()]);
        assert_eq!(reported[2], RuntimeArtifact { custom_path: Some("/x"), ..RuntimeArtifact::default() });
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in r#"(NaN|Infinity|-|"|\\|\{|\}|\[|:|,|parameterValues|é|.){0,40}"#) {
            let _ = ExecutorOutput::parse(text.as_bytes());
        }
    }
}
