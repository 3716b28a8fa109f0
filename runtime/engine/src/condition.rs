//! A task's condition over what the tasks before it gave.

use std::collections::BTreeMap;

use serde_json::Value;
use weft_pipeline::condition::{ConditionScope, TaskScope, evaluate};
use weft_pipeline::model::Condition;
use weft_pipeline::step::{PortValue, PortValues, StepFailure};

use crate::work::host_failure;

/// Whether a condition holds; the failure says where it is written and what to do. `scope` holds the inputs of the DAG
/// around it, which it knows as `params`; `task` finds the tasks that it names, all of them settled.
pub fn holds<'a>(
    condition: &'a Condition,
    scope: &PortValues,
    task: impl Fn(&str) -> Option<TaskScope<'a>>,
) -> Result<bool, Box<StepFailure>> {
    let params = parameters(scope);
    let tasks = condition.tasks.iter().filter_map(|name| Some((name.as_str(), task(name)?))).collect();
    evaluate(&condition.expression, &ConditionScope { params: &params, tasks }).map_err(|error| {
        let at = condition.at;
        let place = if at.line > 0 { format!(" (line {}, column {})", at.line, at.column) } else { String::new() };
        let message = format!("its condition `{}`{place} has no answer: {error}", condition.expression);
        host_failure(message, error.hint()).into()
    })
}

fn parameters(scope: &PortValues) -> BTreeMap<String, Value> {
    let parameter = |(name, value): (&String, &PortValue)| match value {
        PortValue::Parameter(value) => Some((name.clone(), value.clone())),
        PortValue::Artifacts(_) => None,
    };
    scope.iter().filter_map(parameter).collect()
}
