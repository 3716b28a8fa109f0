//! Evaluation of a task's condition, over the outputs of upstream tasks or over its own inputs.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;
use weft_pipeline::condition::{ConditionError, ConditionScope, TaskScope, evaluate, evaluate_inputs};
use weft_pipeline::model::{Condition, Input};
use weft_pipeline::step::{PortValue, PortValues, StepFailure};

use crate::worker::host_failure;

/// Evaluates a condition over tasks. `scope` holds the inputs of the enclosing DAG, its `params`, and `declared` their declarations; `task`
/// finds the tasks that it names, all of them settled. The failure has the condition's place in the file and a hint.
pub fn holds<'a>(
    condition: &'a Condition,
    scope: &PortValues,
    declared: &'a IndexMap<String, Input>,
    task: impl Fn(&str) -> Option<TaskScope<'a>>,
) -> Result<bool, Box<StepFailure>> {
    let params = parameters(scope);
    let tasks = condition.tasks.iter().filter_map(|name| Some((name.as_str(), task(name)?))).collect();
    evaluate(&condition.expression, &ConditionScope { params: &params, declared: Some(declared), tasks })
        .map_err(|error| evaluation_failure(condition, &error).into())
}

/// Evaluates a condition over a task's own inputs, of which its component has `declared` some.
pub fn holds_for(
    condition: &Condition,
    inputs: &PortValues,
    declared: &IndexMap<String, Input>,
) -> Result<bool, Box<StepFailure>> {
    evaluate_inputs(&condition.expression, inputs, declared)
        .map_err(|error| evaluation_failure(condition, &error).into())
}

/// The message of a task that is skipped because its condition is false.
pub fn does_not_hold(condition: &Condition) -> String {
    format!("its condition does not hold: {}", condition.expression)
}

fn evaluation_failure(condition: &Condition, error: &ConditionError) -> StepFailure {
    let at = condition.at;
    let place = if at.line > 0 { format!(" (line {}, column {})", at.line, at.column) } else { String::new() };
    let message = format!("its condition `{}`{place} has no answer: {error}", condition.expression);
    host_failure(message, error.hint())
}

fn parameters(scope: &PortValues) -> BTreeMap<String, Value> {
    let parameter = |(name, value): (&String, &PortValue)| match value {
        PortValue::Parameter(value) => Some((name.clone(), value.clone())),
        PortValue::Artifacts(_) => None,
    };
    scope.iter().filter_map(parameter).collect()
}
