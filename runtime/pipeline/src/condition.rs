//! Conditions of steps, in the Common Expression Language (CEL).
//!
//! A condition sees `params` (the pipeline's parameters) and the tasks that it names: `evaluate.accuracy` is an
//! output parameter, `push.model.metadata.version` a property of an artifact. A `-` in a name is written `_`, or
//! the name is quoted: `steps["my-step"]["roc-auc"]`. What a skipped task would have given is absent:
//! `has(evaluate.accuracy)` is false then, and reading it is an error.
//!
//! Numbers are doubles, as in KFP's own back end, so `count / total > 0.9` does not cut off; whole numbers beyond
//! 2^53 stay whole. Unlike plain CEL, arithmetic may mix both: `count + 1` is right whatever the type of `count`.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::model::{Condition, ConditionVariables, Location, TaskState};
use crate::signature::Port;
use crate::step::PortValues;

mod arithmetic;
mod bounds;
mod inputs;
mod references;
mod scope;
#[cfg(test)]
mod tests;

pub use inputs::{InputRead, check_selector, evaluate_inputs, inputs_read, select};
pub(crate) use references::chain;
pub use references::{Reference, Root};

/// Why a condition has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// It is no CEL expression, or one beyond the bounds.
    #[error("{message}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// It reads a value that is not there.
    #[error("`{reference}` is absent: {why}")]
    Absent {
        /// What it reads, such as `evaluate.accuracy`.
        reference: String,
        /// Why it is not there.
        why: String,
    },
    /// It gives something else than true or false.
    #[error("it gives {found}, not true or false")]
    NotBoolean {
        /// The type that it gives.
        found: String,
    },
    /// It cannot be computed: a comparison of text with a number, a division by zero.
    #[error("{0}")]
    Evaluation(String),
}

impl ConditionError {
    fn syntax(message: impl Into<String>) -> Self {
        Self::Syntax { message: message.into(), hint: None }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { hint, .. } => hint.clone(),
            Self::Absent { why, .. } if why.starts_with("there is no step") => None,
            // No person wrote these.
            Self::Absent { reference, .. }
                if reference.starts_with("inputs.") || reference.contains("string_value") =>
            {
                None
            }
            Self::Absent { reference, .. } => {
                Some(format!("guard it: `has({reference}) && ...` or `!has({reference}) || ...`"))
            }
            Self::NotBoolean { .. } => Some("compare it with something, such as `> 0.9`".to_owned()),
            Self::Evaluation(_) => None,
        }
    }
}

/// A condition that was read, and what it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The tasks that it refers to, as written.
    pub tasks: BTreeSet<String>,
    /// Every value that it reads or asks about.
    pub references: Vec<Reference>,
}

/// Reads a condition.
///
/// # Errors
/// [`ConditionError::Syntax`].
pub fn parse(expression: &str) -> Result<Parsed, ConditionError> {
    bounds::check(expression)?;
    bounds::with_room(|| {
        let tree = arithmetic::parse(expression)?;
        let references = references::collect(&tree);
        let tasks = references.iter().filter_map(|reference| match &reference.root {
            Root::Task(name) => Some(name.clone()),
            Root::Params => None,
        });
        Ok(Parsed { tasks: tasks.collect(), references })
    })
}

/// The tree of an expression, for what writes it in another form. The operators `+ - * / %` are calls of `@add` and so on in it.
pub(crate) fn tree(expression: &str) -> Result<cel::IdedExpr, ConditionError> {
    bounds::check(expression)?;
    bounds::with_room(|| arithmetic::parse(expression))
}

impl Condition {
    /// Reads a condition that stands at no place in particular.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(expression: &str) -> Result<Self, Diagnostic> {
        match parse(expression) {
            Ok(parsed) => Ok(Self {
                expression: expression.to_owned(),
                tasks: parsed.tasks,
                variables: ConditionVariables::Tasks,
                at: Location::default(),
            }),
            Err(wrong) => {
                let hint = wrong.hint();
                Err(Diagnostic::error(format!("this condition is not right: {wrong}")).hint(hint))
            }
        }
    }
}

/// What a condition sees.
#[derive(Debug, Clone)]
pub struct ConditionScope<'a> {
    /// The pipeline's parameters by name.
    pub params: &'a BTreeMap<String, Value>,
    /// The tasks that it refers to (at least those in [`Condition::tasks`]), by name.
    pub tasks: BTreeMap<&'a str, TaskScope<'a>>,
}

/// What a condition sees of a task.
#[derive(Debug, Clone, Copy)]
pub struct TaskScope<'a> {
    /// How it ended.
    pub state: TaskState,
    /// What it gave; nothing for a skipped one.
    pub outputs: &'a PortValues,
    /// The outputs that its component declares, which tell a list of one artifact from one artifact.
    pub ports: Option<&'a IndexMap<String, Port>>,
}

/// Whether a condition holds.
///
/// # Errors
/// [`ConditionError`]; each says what to do with [`ConditionError::hint`].
pub fn evaluate(expression: &str, scope: &ConditionScope<'_>) -> Result<bool, ConditionError> {
    bounds::check(expression)?;
    bounds::with_room(|| {
        let tree = arithmetic::parse(expression)?;
        let references = references::collect(&tree);
        bounds::check_loops(&tree, expression, scope)?;
        scope::evaluate(&tree, &references, scope)
    })
}
