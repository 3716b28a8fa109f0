//! Why a step ran, came from the cache, was skipped or not run: what differs from its nearest earlier execution, followed to the root.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use serde_json::Value;
use weft_metadata::{ExecutionKind, RecordedSpec, StepRecord, Uncached};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::PortValue;

use crate::difference::{Difference, Execution, differences};
use crate::error::{Error, Result};
use crate::origin::{self, Origin};
use crate::recorded_tasks::RecordedTasks;
use crate::select;
use crate::store::Store;

/// Earlier executions that the nearest is looked for among.
const EARLIER: usize = 20;
/// Causes that are followed at most, and iterations of a loop that are looked at.
const MAX_CAUSES: usize = 50;
const MAX_ITERATIONS: usize = 100_000;

/// Why a step has the state that it has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Why {
    /// The run.
    pub run: String,
    /// The step.
    pub task: String,
    /// Its state.
    pub state: TaskState,
    /// Why.
    pub because: Because,
    /// The execution that it is compared with, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    /// In what it differs from that, one thing each.
    pub differences: Vec<Difference>,
    /// What these come from in the end.
    pub causes: Vec<Cause>,
}

/// An earlier execution of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Earlier {
    /// Its run.
    pub run: String,
    /// Its state.
    pub state: TaskState,
    /// When it started: milliseconds since the epoch.
    pub started_ms: i64,
}

/// The reason of a step's state.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Because {
    /// It has never been executed before in this pipeline.
    First,
    /// What it was given differs from all earlier executions.
    Changed,
    /// An earlier execution was given the same.
    Cached {
        /// Its run, unless that was deleted.
        run: Option<String>,
    },
    /// It was given what an earlier execution was, but that one was not to be used.
    CacheOff {
        /// Why.
        by: Uncached,
    },
    /// It was given what an earlier execution was, but that one gave nothing.
    EarlierFailed,
    /// It was given what an earlier execution was, but what that one gave is no longer in the store.
    ContentGone,
    /// Its condition did not hold, or something before it was skipped.
    Skipped {
        /// In words.
        reason: String,
    },
    /// Something before it failed, or the run ended before.
    NotRun {
        /// In words.
        reason: String,
    },
    /// Its kind is looked at in each run: importers, and what looks for the latest artifact.
    Always,
    /// It is a part of the pipeline that holds other steps: those have reasons of their own.
    Group,
}

/// What a difference comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cause {
    /// The steps that it went through, from the one that was asked for to the one in which it arose.
    pub path: Vec<String>,
    /// What it is.
    #[serde(flatten)]
    pub root: Root,
}

/// What differs in the end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "root", rename_all = "kebab-case")]
pub enum Root {
    /// A parameter of the run.
    RunParameter {
        /// Its name.
        name: String,
        /// The value before.
        before: Option<Value>,
        /// The value now.
        after: Option<Value>,
    },
    /// The content of a file that was imported.
    Imported {
        /// The file as written, or the URI.
        source: Option<String>,
    },
    /// The latest artifact that was found.
    Latest,
    /// The step itself: its component, function, command, grants or secrets, or how it is written in the pipeline.
    Step {
        /// In what it differs.
        difference: Difference,
    },
    /// A step that the earlier run did not have, or did not execute.
    NewStep,
    /// A step that was given the same and gave something else.
    Unreproducible,
}

impl Store {
    /// Why a step of a run has its state. `run` is an id, the beginning of one, or `latest`.
    ///
    /// # Errors
    /// There is no such run or step, or the store cannot be read.
    pub fn why(&self, run: &str, task: &str) -> Result<Why> {
        let id = self.metadata.run_id(run)?;
        let Some(step) = self.metadata.step(&id, task)? else { return self.why_not_recorded(id, task) };
        let state = step.state;
        let why = |because| Why {
            run: id.clone(),
            task: task.to_owned(),
            state,
            because,
            earlier: None,
            differences: Vec::new(),
            causes: Vec::new(),
        };
        match (step.state, step.kind) {
            (TaskState::Skipped, _) => {
                let reason = step.skipped.clone().unwrap_or_else(|| "its condition does not hold".to_owned());
                return Ok(why(Because::Skipped { reason }));
            }
            (TaskState::Canceled | TaskState::New, _) => {
                let reason =
                    step.error.as_ref().map_or_else(|| "the run ended before".to_owned(), |e| e.message.clone());
                return Ok(why(Because::NotRun { reason }));
            }
            (_, ExecutionKind::Dag) => return Ok(why(Because::Group)),
            (TaskState::Cached, ExecutionKind::Container) => {
                let from = step.cached_from.map(|execution| self.metadata.run_of_execution(execution.0)).transpose()?;
                return Ok(why(Because::Cached { run: from.flatten() }));
            }
            (_, ExecutionKind::Importer | ExecutionKind::Resolver) => return Ok(why(Because::Always)),
            _ => {}
        }
        let now = self.execution(step)?;
        let Some((before, found)) = self.nearest(&now)? else { return Ok(why(Because::First)) };
        let earlier = Some(Earlier {
            run: before.step.run.clone(),
            state: before.step.state,
            started_ms: before.step.started_ms,
        });
        if found.is_empty() {
            let because = match (now.key.uncached, before.step.state) {
                (Some(by), _) => Because::CacheOff { by },
                (None, TaskState::Complete | TaskState::Cached) => Because::ContentGone,
                (None, _) => Because::EarlierFailed,
            };
            return Ok(Why { earlier, ..why(because) });
        }
        let spec = self.metadata.spec_of(&id)?;
        let mut walk = Walk::new(self, &before.step.run, &id, &spec)?;
        walk.follow(task, found.clone())?;
        Ok(Why { earlier, differences: found, causes: walk.causes, ..why(Because::Changed) })
    }

    /// Why a step was not even recorded.
    fn why_not_recorded(&self, run: String, task: &str) -> Result<Why> {
        let spec = self.metadata.spec_of(&run)?;
        let known = RecordedTasks::of(&spec).is_some_and(|pipeline| origin::task(&pipeline, task).is_some());
        if !known {
            // The error names what there is.
            select::step(&self.metadata.run(&run)?, task)?;
        }
        let steps = self.metadata.steps_of(&run)?;
        if let Some((each, count)) = beyond_loop(&steps, task) {
            let had = if count == 1 { "one iteration".to_owned() } else { format!("{count} iterations") };
            let hint = (count > 0).then(|| format!("its last is `{each}[{}]`", count - 1));
            return Err(Error::Request {
                message: format!("`{each}` of run `{run}` had {had}: there is no `{task}`"),
                hint,
            });
        }
        let failed = steps.iter().find(|step| step.state == TaskState::Failed && step.kind != ExecutionKind::Dag);
        let reason = match failed {
            Some(failed) => format!("`{}` failed before it", failed.task),
            None => "the run ended before it, or what holds it was not executed".to_owned(),
        };
        Ok(Why {
            run,
            task: task.to_owned(),
            state: TaskState::New,
            because: Because::NotRun { reason },
            earlier: None,
            differences: Vec::new(),
            causes: Vec::new(),
        })
    }

    pub(crate) fn execution(&self, step: StepRecord) -> Result<Execution> {
        Ok(Execution { key: self.metadata.step_key(step.execution)?, step })
    }

    /// The earlier execution that differs least, the newest of several, with how it differs.
    fn nearest(&self, now: &Execution) -> Result<Option<(Execution, Vec<Difference>)>> {
        let mut nearest: Option<(Execution, Vec<Difference>)> = None;
        let earlier = self.metadata.earlier_executions(&now.step.run, &now.step.task, EARLIER)?;
        for step in earlier {
            if !matches!(step.state, TaskState::Complete | TaskState::Cached | TaskState::Failed) {
                continue;
            }
            let before = self.execution(step)?;
            let found = differences(&before, now);
            // One that gave something is nearer than one that failed on the same.
            let rank = |found: &[Difference], step: &StepRecord| (found.len(), step.state == TaskState::Failed);
            if nearest.as_ref().is_none_or(|(known, least)| rank(&found, &before.step) < rank(least, &known.step)) {
                nearest = Some((before, found));
            }
        }
        Ok(nearest)
    }
}

/// The loop that a step would be in, with the number of its iterations, where it ended without the one that the step names.
fn beyond_loop<'t>(steps: &[StepRecord], task: &'t str) -> Option<(&'t str, usize)> {
    let ended = |name: &str| {
        let is = |step: &&StepRecord| step.task == name && step.kind == ExecutionKind::Dag;
        steps.iter().find(is).is_some_and(|step| step.state == TaskState::Complete)
    };
    let mut loops = task.match_indices('[').map(|(at, _)| &task[..at]);
    let each = loops.rfind(|name| ended(name))?;
    let index =
        |name: &str| -> Option<u64> { name.strip_prefix(each)?.strip_prefix('[')?.strip_suffix(']')?.parse().ok() };
    let count = steps.iter().filter(|step| index(&step.task).is_some()).count();
    let end = each.len() + task[each.len()..].find(']').map_or(0, |at| at + 1);
    let is_there = steps.iter().any(|step| step.task == task[..end]);
    (!is_there).then_some((each, count))
}

/// Follows differences between two runs to their roots.
struct Walk<'s> {
    store: &'s Store,
    before: &'s str,
    after: &'s str,
    /// Values of the parameters of both.
    parameters: (BTreeMap<String, Value>, BTreeMap<String, Value>),
    pipeline: Option<RecordedTasks<'s>>,
    visited: BTreeSet<String>,
    /// The steps that were come to, each with that from which.
    trail: Vec<(String, Option<usize>)>,
    /// Differences that are still to be followed, of a step of the trail. A chain of steps may be longer than a stack is deep.
    pending: VecDeque<(usize, Vec<Difference>)>,
    /// What was found.
    pub causes: Vec<Cause>,
}

impl<'s> Walk<'s> {
    /// A walk between two runs, by their ids, with the pipeline of the later one.
    pub fn new(store: &'s Store, before: &'s str, after: &'s str, spec: &'s RecordedSpec) -> Result<Self> {
        let metadata = &store.metadata;
        Ok(Self {
            store,
            before,
            after,
            parameters: (metadata.parameters_of(before)?, metadata.parameters_of(after)?),
            pipeline: RecordedTasks::of(spec),
            visited: BTreeSet::new(),
            trail: Vec::new(),
            pending: VecDeque::new(),
            causes: Vec::new(),
        })
    }

    /// Follows the differences of a step.
    pub fn follow(&mut self, task: &str, found: Vec<Difference>) -> Result<()> {
        self.trail.push((task.to_owned(), None));
        self.pending.push_back((self.trail.len() - 1, found));
        while let Some((at, found)) = self.pending.pop_front() {
            self.follow_differences(at, &found)?;
        }
        Ok(())
    }

    fn follow_differences(&mut self, at: usize, found: &[Difference]) -> Result<()> {
        let task = self.trail[at].0.clone();
        for difference in found {
            let origins = match (difference.input(), &self.pipeline) {
                (Some(input), Some(pipeline)) => origin::of_input(pipeline, &task, input),
                _ => Vec::new(),
            };
            let count = self.causes.len();
            let mut is_followed = false;
            for origin in origins {
                is_followed |= self.follow_origin(at, &origin)?;
            }
            // What is written in the pipeline, or what is known no further.
            if !is_followed && self.causes.len() == count {
                self.push(at, Root::Step { difference: difference.clone() });
            }
        }
        Ok(())
    }

    /// Whether an origin explains the difference, now or by what was found already.
    fn follow_origin(&mut self, at: usize, origin: &Origin) -> Result<bool> {
        match origin {
            Origin::Text => Ok(false),
            Origin::Parameter(name) => {
                let (before, after) = (self.parameters.0.get(name).cloned(), self.parameters.1.get(name).cloned());
                let differs = before != after;
                if differs {
                    self.push(at, Root::RunParameter { name: name.clone(), before, after });
                }
                Ok(differs)
            }
            Origin::Output(task) => self.follow_task(at, task),
        }
    }

    fn follow_task(&mut self, from: usize, task: &str) -> Result<bool> {
        if self.causes.len() >= MAX_CAUSES || !self.visited.insert(task.to_owned()) {
            return Ok(true);
        }
        self.trail.push((task.to_owned(), Some(from)));
        let at = self.trail.len() - 1;
        let metadata = &self.store.metadata;
        let before = metadata.step(self.before, task)?;
        let after = metadata.step(self.after, task)?;
        let (Some(before), Some(after)) = (before, after) else {
            self.push(at, Root::NewStep);
            return Ok(true);
        };
        match after.kind {
            ExecutionKind::Importer if before.outputs != after.outputs => {
                let source = match after.inputs.get("source") {
                    Some(PortValue::Parameter(Value::String(source))) => Some(source.clone()),
                    _ => None,
                };
                // Another file is imported because a parameter names another.
                let renamed = before.inputs != after.inputs;
                if !renamed || !self.follow_source(at, task)? {
                    self.push(at, Root::Imported { source });
                }
                Ok(true)
            }
            ExecutionKind::Importer => Ok(false),
            ExecutionKind::Resolver => {
                let differs = before.outputs != after.outputs;
                if differs {
                    self.push(at, Root::Latest);
                }
                Ok(differs)
            }
            ExecutionKind::Dag => self.follow_loop(at, task),
            ExecutionKind::Container => {
                let is_equal = before.identity.is_some() && before.identity == after.identity;
                let gave_the_same = before.outputs == after.outputs;
                let (before, after) = (self.store.execution(before)?, self.store.execution(after)?);
                let found = differences(&before, &after);
                if found.is_empty() {
                    if is_equal && !gave_the_same {
                        self.push(at, Root::Unreproducible);
                    }
                    return Ok(is_equal && !gave_the_same);
                }
                self.pending.push_back((at, found));
                Ok(true)
            }
        }
    }

    /// Whether a parameter of the run names what an importer imports, and differs.
    fn follow_source(&mut self, at: usize, task: &str) -> Result<bool> {
        let Some(pipeline) = &self.pipeline else { return Ok(false) };
        let inputs: Vec<String> =
            origin::task(pipeline, task).map(|found| found.task.inputs.keys().cloned().collect()).unwrap_or_default();
        let mut origins: Vec<Origin> =
            inputs.iter().flat_map(|input| origin::of_input(pipeline, task, input)).collect();
        origins.extend(origin::of_source(pipeline, task));
        let mut is_followed = false;
        for origin in origins {
            is_followed |= self.follow_origin(at, &origin)?;
        }
        Ok(is_followed)
    }

    /// The iterations of a loop that differ.
    fn follow_loop(&mut self, at: usize, task: &str) -> Result<bool> {
        let mut is_followed = false;
        for index in 0..MAX_ITERATIONS {
            let iteration = format!("{task}[{index}]");
            let inside = match &self.pipeline {
                Some(pipeline) => origin::inside_of_iteration(pipeline, &iteration),
                None => Vec::new(),
            };
            let is_there = self.store.metadata.step(self.after, &iteration)?.is_some();
            if !is_there || self.causes.len() >= MAX_CAUSES {
                break;
            }
            for inner in inside {
                is_followed |= self.follow_task(at, &inner)?;
            }
        }
        Ok(is_followed)
    }

    fn push(&mut self, at: usize, root: Root) {
        let mut path = Vec::new();
        let mut next = Some(at);
        while let Some(at) = next {
            path.push(self.trail[at].0.clone());
            next = self.trail[at].1;
        }
        path.reverse();
        // Two ways to the same root are told once.
        let is_known = self.causes.iter().any(|known| known.root == root && known.path.last() == path.last());
        let is_parameter = matches!(root, Root::RunParameter { .. });
        let is_told = is_parameter && self.causes.iter().any(|known| known.root == root);
        if !is_known && !is_told && self.causes.len() < MAX_CAUSES {
            self.causes.push(Cause { path, root });
        }
    }
}
