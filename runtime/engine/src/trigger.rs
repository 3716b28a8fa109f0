//! Trigger evaluation: the decision about a task whose upstream tasks have all settled.

use indexmap::IndexMap;
use serde_json::Value;
use weft_pipeline::condition::TaskScope;
use weft_pipeline::model::{ConditionVariables, Input, TaskState, Trigger};
use weft_pipeline::step::{PortValue, PortValues, StepFailure};

use crate::condition;
use crate::inputs::{self, BoundInputs, Unresolved};
use crate::node::Node;
use crate::run::Run;
use crate::scope::Scope;
use crate::worker::host_failure;

/// The decision about a ready task.
pub(crate) enum Decision {
    /// It is not run, as an upstream task failed or was not run.
    UpstreamFailed { root_cause: usize },
    /// It is skipped, for this reason.
    Skip(String),
    /// It fails before its first attempt.
    Fail(Box<StepFailure>),
    /// It runs on these inputs.
    Run(BoundInputs),
}

impl Run<'_> {
    /// Decides about a ready task by its trigger, its condition and its inputs.
    pub fn evaluate_trigger(&mut self, index: usize) -> Decision {
        if let Some(iteration_inputs) = self.nodes[index].iteration_inputs.take() {
            // The trigger and the condition of an iteration are those of its loop, which has been decided about.
            return self.bind_item(index, *iteration_inputs).map_or_else(Decision::Fail, Decision::Run);
        }
        let Node { task, component, frame, .. } = &self.nodes[index];
        let state = |name: &String| self.find(*frame, name).map(|on| (on, self.nodes[on].state()));
        if task.trigger == Trigger::AllSucceeded {
            let failed_upstream = |name: &String| {
                let (on, state) = state(name)?;
                matches!(state, TaskState::Failed | TaskState::New | TaskState::Canceled).then_some(on)
            };
            if let Some(on) = task.dependencies().iter().find_map(failed_upstream) {
                return Decision::UpstreamFailed { root_cause: self.nodes[on].root_cause.unwrap_or(on) };
            }
            let skipped = |name: &&String| state(name).is_some_and(|(_, state)| state == TaskState::Skipped);
            if let Some(name) = task.after.iter().find(skipped) {
                return Decision::Skip(format!("it comes after `{name}`, which was skipped"));
            }
        }
        let scope = Scope { run: self, frame: *frame, node: Some(index) };
        if let Some(when) = task.when.as_ref().filter(|when| when.variables == ConditionVariables::Tasks) {
            match condition::holds(when, &self.frames[*frame].inputs, self.declared(*frame), |name| {
                self.task_scope(*frame, name)
            }) {
                Ok(true) => {}
                Ok(false) => return Decision::Skip(condition::does_not_hold(when)),
                Err(failure) => return Decision::Fail(failure),
            }
        }
        let bound = match inputs::bind(task, component, self.plan.pipeline.format, &scope) {
            Ok(bound) => bound,
            Err(Unresolved::Absent(reason)) if task.trigger == Trigger::AllSucceeded => return Decision::Skip(reason),
            // It has to run whatever the upstream states are, and cannot.
            Err(Unresolved::Absent(reason)) => {
                let hint = "make the input optional, or give it a default".to_owned();
                return Decision::Fail(host_failure(reason, Some(hint)).into());
            }
            Err(Unresolved::Invalid(failure)) => return Decision::Fail(failure),
        };
        match task.when.as_ref().filter(|when| when.variables == ConditionVariables::Inputs) {
            None => Decision::Run(bound),
            Some(when) => match condition::holds_for(when, &bound.all(), &component.inputs) {
                Ok(true) => Decision::Run(bound),
                Ok(false) => Decision::Skip(condition::does_not_hold(when)),
                Err(failure) => Decision::Fail(failure),
            },
        }
    }

    /// The inputs of an iteration, with its item coerced to the type of the input that receives it.
    fn bind_item(&self, index: usize, mut inputs: PortValues) -> Result<BoundInputs, Box<StepFailure>> {
        let Node { task, component, .. } = &self.nodes[index];
        if let Some(each) = &task.each
            && let Some(item) = inputs.remove(&each.item)
            && let Some(input) = component.inputs.get(&each.item)
            && !(input.port.optional && item == PortValue::Parameter(Value::Null))
        {
            let item = inputs::coerced(&each.item, input, component, item, self.plan.pipeline.format)?;
            inputs.insert(each.item.clone(), item);
        }
        Ok(BoundInputs { inputs, ..BoundInputs::default() })
    }

    /// The inputs that the component of a DAG declares.
    fn declared(&self, frame: usize) -> &IndexMap<String, Input> {
        let owner = self.frames[frame].owner.map(|owner| self.nodes[owner].component);
        &owner.unwrap_or(&self.plan.pipeline.root).inputs
    }

    /// The state and outputs of a settled task of a DAG, for conditions.
    fn task_scope(&self, frame: usize, task: &str) -> Option<TaskScope<'_>> {
        let node = &self.nodes[self.find(frame, task)?];
        let report = node.report.as_ref()?;
        Some(TaskScope { state: report.state, outputs: &report.outputs, ports: Some(&node.component.outputs) })
    }
}
