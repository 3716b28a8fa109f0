//! Values for a pipeline's parameters, as a user gives them.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::yaml::{GivenParameter, parse_parameters_file};

use crate::error::Result;
use crate::finding::Source;
use crate::read::{read_source, refused};

/// Parameters as they were given.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// Names and values, each value as text in the form of the parameter's type. They win over those of the file.
    pub values: Vec<(String, String)>,
    /// A YAML or JSON file with more.
    pub file: Option<PathBuf>,
}

impl Parameters {
    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.file.is_none()
    }

    pub(crate) fn read(&self) -> Result<GivenParameters> {
        let mut given = GivenParameters { values: IndexMap::new(), file: None };
        if let Some(path) = &self.file {
            let source = read_source(path)?;
            given.values = parse_parameters_file(&source.text).map_err(|problems| refused(&source, problems))?;
            given.file = Some(source);
        }
        let fold = |name: &str| name.replace('_', "-");
        for (name, text) in &self.values {
            given.values.retain(|known, _| fold(known) != fold(name));
            given.values.insert(name.clone(), GivenParameter::Text(text.clone()));
        }
        Ok(given)
    }
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
