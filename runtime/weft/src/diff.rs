//! What differs between two runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use weft_metadata::{RunRecord, RunState, StepRecord};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{PortValue, PortValues};

use crate::content::{FirstDifference, first_difference};
use crate::difference::{Difference, differences};
use crate::error::Result;
use crate::store::Store;

/// What differs between two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunDiff {
    /// The run that is compared with.
    pub before: Side,
    /// The run that is compared.
    pub after: Side,
    /// Parameters of other values.
    pub parameters: Vec<Changed>,
    /// Metrics of other values.
    pub metrics: Vec<Changed>,
    /// Steps that differ in what they were given, in their state or in what they gave.
    pub steps: Vec<StepDiff>,
    /// Steps that are the same in both.
    pub same: usize,
    /// Outputs of the pipeline that differ.
    pub outputs: Vec<OutputDiff>,
}

/// One of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// Its id.
    pub run: String,
    /// Its pipeline.
    pub pipeline: String,
    /// Its state.
    pub state: RunState,
}

/// A value that differs. None where there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// The value before.
    pub before: Option<Value>,
    /// The value now.
    pub after: Option<Value>,
}

/// A step that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepDiff {
    /// The step.
    pub task: String,
    /// Its state before; none if that run did not have it.
    pub before: Option<TaskState>,
    /// Its state now.
    pub after: Option<TaskState>,
    /// In what it was given something else.
    pub differences: Vec<Difference>,
    /// In what it gave something else.
    pub outputs: Vec<OutputDiff>,
}

/// An output that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutputDiff {
    /// Its name.
    pub output: String,
    /// The value before: that of a parameter, or digests of artifacts.
    pub before: Option<Value>,
    /// The value now.
    pub after: Option<Value>,
    /// Where the first artifact that differs does so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<FirstDifference>,
}

impl Store {
    /// What differs between two runs: `before` and `after` are ids, beginnings of them, or `latest`.
    ///
    /// # Errors
    /// There is no such run, or the store cannot be read.
    pub fn diff(&self, before: &str, after: &str) -> Result<RunDiff> {
        let (before, after) = (self.metadata.run(before)?, self.metadata.run(after)?);
        let side = |run: &RunRecord| Side {
            run: run.summary.id.clone(),
            pipeline: run.summary.pipeline.clone(),
            state: run.summary.state,
        };
        let metrics = |run: &RunRecord| -> Result<BTreeMap<String, Value>> {
            let found = self.metadata.metrics_of(&run.summary.id)?;
            Ok(found.into_iter().map(|(name, value)| (name, value.into())).collect())
        };
        let (steps, same) = self.steps(&before, &after)?;
        Ok(RunDiff {
            parameters: changed(&before.summary.parameters, &after.summary.parameters),
            metrics: changed(&metrics(&before)?, &metrics(&after)?),
            outputs: self.outputs(&before.outputs, &after.outputs)?,
            steps,
            same,
            before: side(&before),
            after: side(&after),
        })
    }

    fn steps(&self, before: &RunRecord, after: &RunRecord) -> Result<(Vec<StepDiff>, usize)> {
        let of = |run: &RunRecord| -> BTreeMap<String, StepRecord> {
            run.steps.iter().map(|step| (step.task.clone(), step.clone())).collect()
        };
        let (old, new) = (of(before), of(after));
        // In the order of the later run, then what only the earlier had.
        let only_before = before.steps.iter().filter(|step| !new.contains_key(&step.task));
        let order: Vec<&String> = after.steps.iter().chain(only_before).map(|step| &step.task).collect();
        let (mut found, mut same) = (Vec::new(), 0);
        for task in order {
            let (old, new) = (old.get(task), new.get(task));
            let mut diff = StepDiff {
                task: task.clone(),
                before: old.map(|step| step.state),
                after: new.map(|step| step.state),
                differences: Vec::new(),
                outputs: Vec::new(),
            };
            if let (Some(old), Some(new)) = (old, new) {
                diff.outputs = self.outputs(&old.outputs, &new.outputs)?;
                let (old, new) = (self.execution(old.clone())?, self.execution(new.clone())?);
                diff.differences = differences(&old, &new);
            }
            let gave = |state: Option<TaskState>| match state {
                Some(TaskState::Cached) => Some(TaskState::Complete),
                other => other,
            };
            if diff.differences.is_empty() && diff.outputs.is_empty() && gave(diff.before) == gave(diff.after) {
                same += 1;
            } else {
                found.push(diff);
            }
        }
        Ok((found, same))
    }

    /// The outputs that differ, with where they do.
    pub(crate) fn outputs(&self, before: &PortValues, after: &PortValues) -> Result<Vec<OutputDiff>> {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut found = Vec::new();
        for name in names {
            let (old, new) = (before.get(name), after.get(name));
            if is_same(old, new) {
                continue;
            }
            let digests = |value: Option<&PortValue>| match value {
                Some(PortValue::Artifacts(all)) => all.iter().map(|one| one.uri.clone()).collect(),
                _ => Vec::new(),
            };
            let pairs = digests(old).into_iter().zip(digests(new));
            let mut first = None;
            for (old, new) in pairs.filter(|(old, new)| old != new).take(1) {
                first = first_difference(&self.artifacts, &old, &new)?;
            }
            found.push(OutputDiff { output: name.clone(), before: old.map(shown), after: new.map(shown), first });
        }
        Ok(found)
    }
}

/// Whether two values are the same to whoever reads them: rows of the metadata may differ.
fn is_same(before: Option<&PortValue>, after: Option<&PortValue>) -> bool {
    match (before, after) {
        (Some(PortValue::Artifacts(before)), Some(PortValue::Artifacts(after))) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| {
                    let name = |name: &Option<String>, own: &str| name.as_deref().unwrap_or(own).to_owned();
                    before.uri == after.uri
                        && before.kind == after.kind
                        && before.properties == after.properties
                        && name(&before.name, "") == name(&after.name, "")
                })
        }
        (before, after) => before == after,
    }
}

fn shown(value: &PortValue) -> Value {
    match value {
        PortValue::Parameter(value) => value.clone(),
        PortValue::Artifacts(all) => match all.as_slice() {
            [one] => one.uri.clone().into(),
            all => all.iter().map(|one| one.uri.clone()).collect::<Vec<_>>().into(),
        },
    }
}

fn changed(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<Changed> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    differ
        .map(|name| Changed { name: name.clone(), before: before.get(name).cloned(), after: after.get(name).cloned() })
        .collect()
}
