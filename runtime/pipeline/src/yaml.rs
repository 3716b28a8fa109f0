//! The native pipeline format: YAML, read with the places of all nodes.

pub(crate) mod cursor;
mod emit;
pub(crate) mod node;
mod parameters;
mod pipeline;
mod quantity;
mod reference;
pub(crate) mod schema;
pub(crate) mod settings;
mod step;

use serde_json::Value;

pub use emit::to_yaml;
pub use node::MAX_BYTES;
pub use parameters::{GivenParameter, parse_parameters_file};
pub use pipeline::read_pipeline;
pub use quantity::{parse_duration, parse_size};

use crate::diagnostic::{Diagnostic, Problems};

/// The value of a YAML (or JSON) document.
///
/// # Errors
/// The first syntax error.
pub fn value(text: &str) -> Result<Value, Diagnostic> {
    let mut problems = Problems::default();
    let node = node::load(text, &mut problems);
    match (problems.into_sorted().into_iter().next(), node) {
        (Some(problem), _) => Err(problem),
        (None, Some(node)) => node.value(),
        (None, None) => Ok(Value::Null),
    }
}

/// The values of all documents of a text as KFP's tools read it: of JSON, or of YAML as PyYAML has it. At most three.
///
/// # Errors
/// Every problem of the text.
pub fn documents(text: &str) -> Result<Vec<Value>, Vec<Diagnostic>> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(vec![value]);
    }
    let mut problems = Problems::default();
    let nodes = node::load_documents(text, schema::Schema::PyYaml, 3, &mut problems).unwrap_or_default();
    let mut values = Vec::new();
    for node in nodes {
        match node.value() {
            Ok(Value::Null) => {}
            Ok(value) => values.push(value),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.any_error() { Err(problems.into_sorted()) } else { Ok(values) }
}

#[cfg(test)]
mod tests;
