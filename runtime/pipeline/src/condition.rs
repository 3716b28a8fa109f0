//! Conditions of tasks, in the Common Expression Language (CEL).
//!
//! The variables of a condition are `params` (the pipeline's parameters) and the tasks that it names:
//! `evaluate.accuracy` is an output parameter, `push.model.metadata.version` a property of an artifact. A `-` in a name
//! is written `_`, or the name is quoted: `steps["my-step"]["roc-auc"]`. Outputs of a skipped task are absent:
//! `has(evaluate.accuracy)` is then false, and reading it is an error.
//!
//! Numbers are doubles, as in KFP's back end, so that `count / total > 0.9` is not an integer division; integers beyond
//! 2^53 stay integers. Unlike in plain CEL, arithmetic may mix both: `count + 1` works for any numeric type of `count`.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::model::{Condition, ConditionVariables, Input, Location, TaskState};
use crate::signature::Port;
use crate::step::PortValues;

mod arithmetic;
mod bounds;
mod inputs;
mod kinds;
mod references;
mod scope;
#[cfg(test)]
mod tests;

pub use inputs::{InputRead, check_selector, evaluate_inputs, inputs_read, select};
pub(crate) use kinds::check as check_kinds;
pub(crate) use references::chain;
pub use references::{Reference, Root};

/// Why a condition cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// It is not a CEL expression, or exceeds the bounds.
    #[error("{message}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// It reads an absent value.
    #[error("`{reference}` is absent: {why}")]
    Absent {
        /// The value, such as `evaluate.accuracy`.
        reference: String,
        /// Why it is absent.
        why: String,
    },
    /// Its result is not a boolean.
    #[error("it gives {found}, not true or false")]
    NotBoolean {
        /// The type of the result.
        found: String,
    },
    /// An operation failed: a comparison of text with a number, a division by zero.
    #[error("{0}")]
    Evaluation(String),
}

impl ConditionError {
    fn syntax(message: impl Into<String>) -> Self {
        Self::Syntax { message: message.into(), hint: None }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { hint, .. } => hint.clone(),
            Self::Absent { why, .. } if why.starts_with("there is no step") => None,
            // Expressions that a compiler generated.
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

/// A parsed condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The tasks that it refers to, as written.
    pub tasks: BTreeSet<String>,
    /// Every value that it reads or tests with `has`.
    pub references: Vec<Reference>,
}

/// Parses a condition.
///
/// # Errors
/// [`ConditionError::Syntax`].
pub fn parse(expression: &str) -> Result<Parsed, ConditionError> {
    bounds::check(expression)?;
    bounds::with_large_stack(|| {
        let tree = arithmetic::parse(expression)?;
        let references = references::collect(&tree);
        let tasks = references.iter().filter_map(|reference| match &reference.root {
            Root::Task(name) => Some(name.clone()),
            Root::Params => None,
        });
        Ok(Parsed { tasks: tasks.collect(), references })
    })
}

/// The syntax tree of an expression, for translation. The operators `+ - * / %` are calls of `@add` and so on in it.
pub(crate) fn tree(expression: &str) -> Result<cel::IdedExpr, ConditionError> {
    bounds::check(expression)?;
    bounds::with_large_stack(|| arithmetic::parse(expression))
}

impl Condition {
    /// Parses a condition that has no place in a file.
    ///
    /// # Errors
    /// Why it cannot be parsed.
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

/// The variables of a condition over tasks.
#[derive(Debug, Clone)]
pub struct ConditionScope<'a> {
    /// The pipeline's parameters by name.
    pub params: &'a BTreeMap<String, Value>,
    /// Their declarations, which distinguish the text `NaN` from the number.
    pub declared: Option<&'a IndexMap<String, Input>>,
    /// The tasks that it refers to (at least those in [`Condition::tasks`]), by name.
    pub tasks: BTreeMap<&'a str, TaskScope<'a>>,
}

/// A task as a variable of a condition.
#[derive(Debug, Clone, Copy)]
pub struct TaskScope<'a> {
    /// Its state.
    pub state: TaskState,
    /// Its outputs; empty for a skipped one.
    pub outputs: &'a PortValues,
    /// The declared outputs of its component, which distinguish a list with one artifact from one artifact, and the text `NaN` from the
    /// number.
    pub ports: Option<&'a IndexMap<String, Port>>,
}

/// Evaluates a condition over tasks.
///
/// # Errors
/// [`ConditionError`]. [`ConditionError::hint`] says what the user can do.
pub fn evaluate(expression: &str, scope: &ConditionScope<'_>) -> Result<bool, ConditionError> {
    bounds::check(expression)?;
    bounds::with_large_stack(|| {
        let tree = arithmetic::parse(expression)?;
        let references = references::collect(&tree);
        bounds::check_loops(&tree, expression, scope)?;
        scope::evaluate(&tree, &references, scope)
    })
}
