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

#[cfg(test)]
mod tests;
