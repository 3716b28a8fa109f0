//! Parameter files: a mapping from names to values, in YAML or JSON.

use indexmap::IndexMap;
use serde_json::Value;

use super::node;
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::Span;

/// A parameter's value as given by the user.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenParameter {
    /// Text, as on a command line. It is parsed by the type of the parameter.
    Text(String),
    /// A value, with its place if it is from a file.
    Value(Value, Option<Span>),
}

/// Reads a file of parameters.
///
/// # Errors
/// Every problem of the file.
pub fn parse_parameters_file(text: &str) -> Result<IndexMap<String, GivenParameter>, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let mut given = IndexMap::new();
    if let Some(root) = node::load(text, &mut problems).filter(|root| !root.is_null()) {
        match root.mapping("a mapping from parameters to values") {
            Ok(entries) => {
                for (name, entry) in entries {
                    match entry.node.value() {
                        Ok(value) => {
                            given.insert(name.clone(), GivenParameter::Value(value, Some(entry.node.span)));
                        }
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.any_error() { Err(problems.into_sorted()) } else { Ok(given) }
}
