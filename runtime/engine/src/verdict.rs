//! What becomes of a task when everything before it is behind it: run, skipped, failed at once, or not run at all.

use serde_json::Value;
use weft_pipeline::condition::TaskScope;
use weft_pipeline::model::{Sees, TaskState, Trigger};
use weft_pipeline::step::{PortValue, PortValues, StepFailure};

use crate::around::Around;
use crate::condition;
use crate::inputs::{self, Bound, Missing};
use crate::node::Node;
use crate::run::Run;
use crate::work::host_failure;

/// What is to be done with a task.
pub(crate) enum Verdict {
    /// A task before it failed or never began.
    NotRun { blame: usize },
    /// It is skipped for this reason.
    Skip(String),
    /// It cannot even begin.
    Fail(Box<StepFailure>),
    /// It runs on these inputs.
    Go(Bound),
}

impl Run<'_> {
    /// What is to be done with a task that is ready.
    pub fn verdict(&mut self, index: usize) -> Verdict {
        if let Some(given) = self.nodes[index].given.take() {
            // An iteration: its loop has been decided about.
            return self.fit_item(index, *given).map_or_else(Verdict::Fail, Verdict::Go);
        }
        let Node { task, component, frame, .. } = &self.nodes[index];
        let state = |name: &String| self.find(*frame, name).map(|on| (on, self.nodes[on].state()));
        if task.trigger == Trigger::AllSucceeded {
            let lost = |name: &String| {
                let (on, state) = state(name)?;
                matches!(state, TaskState::Failed | TaskState::New | TaskState::Canceled).then_some(on)
            };
            if let Some(on) = task.dependencies().iter().find_map(lost) {
                return Verdict::NotRun { blame: self.nodes[on].blame.unwrap_or(on) };
            }
            let skipped = |name: &&String| state(name).is_some_and(|(_, state)| state == TaskState::Skipped);
            if let Some(name) = task.after.iter().find(skipped) {
                return Verdict::Skip(format!("it comes after `{name}`, which was skipped"));
            }
        }
        let around = Around { run: self, frame: *frame, node: Some(index) };
        if let Some(when) = task.when.as_ref().filter(|when| when.sees == Sees::Tasks) {
            match condition::holds(when, &self.frames[*frame].inputs, |name| self.task_scope(*frame, name)) {
                Ok(true) => {}
                Ok(false) => return Verdict::Skip(condition::does_not_hold(when)),
                Err(failure) => return Verdict::Fail(failure),
            }
        }
        let bound = match inputs::bind(task, component, self.plan.pipeline.format, &around) {
            Ok(bound) => bound,
            Err(Missing::Absent(reason)) if task.trigger == Trigger::AllSucceeded => return Verdict::Skip(reason),
            // It is to run in any case, and cannot.
            Err(Missing::Absent(reason)) => {
                let hint = "make the input optional, or give it a default".to_owned();
                return Verdict::Fail(host_failure(reason, Some(hint)).into());
            }
            Err(Missing::Wrong(failure)) => return Verdict::Fail(failure),
        };
        match task.when.as_ref().filter(|when| when.sees == Sees::Inputs) {
            None => Verdict::Go(bound),
            Some(when) => match condition::holds_for(when, &bound.all()) {
                Ok(true) => Verdict::Go(bound),
                Ok(false) => Verdict::Skip(condition::does_not_hold(when)),
                Err(failure) => Verdict::Fail(failure),
            },
        }
    }

    /// The inputs of an iteration, its item in the form of the input that gets it.
    fn fit_item(&self, index: usize, mut inputs: PortValues) -> Result<Bound, Box<StepFailure>> {
        let Node { task, component, .. } = &self.nodes[index];
        if let Some(each) = &task.each
            && let Some(item) = inputs.remove(&each.item)
            && let Some(input) = component.inputs.get(&each.item)
            && !(input.port.optional && item == PortValue::Parameter(Value::Null))
        {
            let item = inputs::fitted(&each.item, input, component, item, self.plan.pipeline.format)?;
            inputs.insert(each.item.clone(), item);
        }
        Ok(Bound { inputs, ..Bound::default() })
    }

    /// What a condition sees of a settled task of a DAG.
    fn task_scope(&self, frame: usize, task: &str) -> Option<TaskScope<'_>> {
        let node = &self.nodes[self.find(frame, task)?];
        let report = node.report.as_ref()?;
        Some(TaskScope { state: report.state, outputs: &report.outputs, ports: Some(&node.component.outputs) })
    }
}
