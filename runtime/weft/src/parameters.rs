//! Values for a pipeline's parameters and input artifacts, as a user gives them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::input_artifacts::InputArtifacts;
use weft_pipeline::yaml::{GivenParameter, parse_parameters_file};

use crate::error::{Error, Result};
use crate::finding::Source;
use crate::read::{read_source, refused};

/// Parameters and input artifacts as they were given.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// Names and values, each value as text in the form of the parameter's type. They win over those of the file.
    pub values: Vec<(String, String)>,
    /// Names and values as JSON has them. Those as text win over them.
    pub json: BTreeMap<String, Value>,
    /// A YAML or JSON file with more.
    pub file: Option<PathBuf>,
    /// Input artifacts by name: the path of a file or folder, the URI or digest of content in the store, or one of these with metadata as
    /// JSON, `{"uri": .., "metadata": {..}}`. Several of one name are a list.
    pub artifacts: Vec<(String, String)>,
}

impl Parameters {
    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.json.is_empty() && self.file.is_none() && self.artifacts.is_empty()
    }

    pub(crate) fn read(&self) -> Result<GivenParameters> {
        let mut given = GivenParameters { values: IndexMap::new(), file: None };
        if let Some(path) = &self.file {
            let source = read_source(path)?;
            given.values = parse_parameters_file(&source.text).map_err(|problems| refused(&source, problems))?;
            given.file = Some(source);
        }
        let fold = |name: &str| name.replace('_', "-");
        let json = self.json.iter().map(|(name, value)| (name, GivenParameter::Value(value.clone(), None)));
        let text = self.values.iter().map(|(name, text)| (name, GivenParameter::Text(text.clone())));
        for (name, value) in json.chain(text) {
            given.values.retain(|known, _| fold(known) != fold(name));
            given.values.insert(name.clone(), value);
        }
        Ok(given)
    }
}

/// Input artifacts with their paths, which start at the working directory, made absolute.
pub(crate) fn on_this_host(mut given: InputArtifacts) -> Result<InputArtifacts> {
    for (name, artifacts) in &mut given {
        for artifact in artifacts.iter_mut().filter(|artifact| !weft_engine::is_uri(&artifact.uri)) {
            let path = artifact.uri.strip_prefix("file://").unwrap_or(&artifact.uri);
            if path.is_empty() {
                return Err(Error::advised(
                    format!("input `{name}`: it is given no path"),
                    format!("give it a file or folder, `{name}=PATH`, or a URI or digest of content in the store"),
                ));
            }
            let absolute = std::path::absolute(path).map_err(|source| Error::io("find", Path::new(path), source))?;
            if !absolute.exists() {
                return Err(Error::advised(
                    format!("input `{name}`: there is no file or folder `{path}`"),
                    "check the path; relative ones start at the working directory",
                ));
            }
            artifact.uri = absolute.to_str().map(str::to_owned).ok_or_else(|| {
                Error::request(format!("input `{name}`: the path `{}` is not UTF-8", absolute.display()))
            })?;
        }
    }
    Ok(given)
}

/// All that was given, with the file that some of it comes from.
pub(crate) struct GivenParameters {
    pub(crate) values: IndexMap<String, GivenParameter>,
    pub(crate) file: Option<Arc<Source>>,
}

impl GivenParameters {
    /// The file of parameters, if a problem's place is that of a value in it.
    pub(crate) fn file_of(&self, problem: &Diagnostic) -> Option<&Arc<Source>> {
        let is_there = self.values.iter().any(|(name, value)| match value {
            GivenParameter::Value(_, Some(span)) => {
                Some(span.at) == problem.at && problem.message.replace('_', "-").contains(&name.replace('_', "-"))
            }
            _ => false,
        });
        self.file.as_ref().filter(|_| is_there)
    }
}
