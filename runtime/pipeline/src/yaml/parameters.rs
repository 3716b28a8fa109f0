//! A file of parameters: a mapping from names to values, as YAML or JSON.

use indexmap::IndexMap;
use serde_json::Value;

use super::node;
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::Span;

/// A parameter's value as it was given.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenParameter {
    /// Text, as on a command line: it is read as the parameter's type says.
    Text(String),
    /// A value, with its place in the file that it comes from, if it comes from one.
    Value(Value, Option<Span>),
}

/// Reads a file of parameters.
///
/// # Errors
/// Everything wrong with it.
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
