//! Executing the steps of a run again from their recorded inputs, and comparing what they give with what they gave.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use weft_engine::{StepRunner, for_attempt, identity};
use weft_metadata::{ExecutionKind, StepRecord};
use weft_pipeline::model::{Implementation, Pipeline, TaskState};
use weft_pipeline::step::{COMMAND_FUNCTION, HOST_PYTHON, Limits, LogLevel, PortValue, StepObserver, StepRequest};

use crate::cancel::Cancel;
use crate::diff::OutputDiff;
use crate::error::{Error, Result};
use crate::local_runner::LocalRunner;
use crate::origin;
use crate::recorded::recorded_pipeline;
use crate::run::Weft;

/// A step that was executed again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verified {
    /// The step.
    pub task: String,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What came of executing a step again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It gave the same, byte for byte.
    Same {
        /// The number of its outputs.
        outputs: usize,
    },
    /// An importer, whose artifacts are in the store as they were imported, byte for byte. Where they came from is not read again.
    Intact {
        /// The number of its artifacts.
        artifacts: usize,
    },
    /// It gave something else.
    Different {
        /// In what.
        outputs: Vec<OutputDiff>,
    },
    /// It failed.
    Failed {
        /// Why.
        message: String,
    },
    /// It cannot be executed again as it was.
    Unverifiable {
        /// Why.
        reason: String,
    },
}

impl Weft {
    /// Executes the steps of a run again, `jobs` at the same time, and compares what they give with what they gave. Nothing of it is
    /// recorded. Cached steps are executed as well; of importers, what they imported is hashed again. `observe` hears of each step as
    /// it ends. `only` names one step.
    ///
    /// # Errors
    /// There is no such run or step, or it was interrupted.
    pub fn verify(
        &self,
        run: &str,
        only: Option<&str>,
        jobs: NonZeroUsize,
        observe: &(dyn Fn(&Verified) + Sync),
        cancel: &Cancel,
    ) -> Result<Vec<Verified>> {
        let record = self.store().metadata.run(run)?;
        let id = &record.summary.id;
        let unreadable = || Error::request(format!("run `{id}` cannot be verified: its pipeline cannot be read"));
        let pipeline = recorded_pipeline(&record.spec).ok_or_else(unreadable)?;
        if let Some(task) = only {
            crate::select::step(&record, task)?;
        }
        let is_wanted = |step: &&StepRecord| {
            matches!(step.kind, ExecutionKind::Container | ExecutionKind::Importer)
                && matches!(step.state, TaskState::Complete | TaskState::Cached)
                && only.is_none_or(|task| step.task == task)
        };
        let steps: Vec<&StepRecord> = record.steps.iter().filter(is_wanted).collect();
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, Verified)>> = Mutex::default();
        let failed: Mutex<Option<Error>> = Mutex::default();
        let runner = LocalRunner::sandboxed(self.linker(), &self.store().artifacts);
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(step) = steps.get(at).filter(|_| !cancel.is_canceled()) else { break };
                match self.verify_step(&pipeline, step, &runner, cancel) {
                    Ok(verdict) => {
                        let verified = Verified { task: step.task.clone(), verdict };
                        observe(&verified);
                        lock(&done).push((at, verified));
                    }
                    Err(error) => *lock(&failed) = Some(error),
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..jobs.get().min(steps.len().max(1)) {
                scope.spawn(work);
            }
            work();
        });
        if let Some(error) = lock(&failed).take() {
            return Err(error);
        }
        if cancel.is_canceled() {
            return Err(Error::request("interrupted; nothing of it is kept"));
        }
        let mut done = std::mem::take(&mut *lock(&done));
        done.sort_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, verified)| verified).collect())
    }

    fn verify_step(
        &self,
        pipeline: &Pipeline,
        step: &StepRecord,
        runner: &LocalRunner<'_>,
        cancel: &Cancel,
    ) -> Result<Verdict> {
        if step.kind == ExecutionKind::Importer {
            return self.verify_import(step);
        }
        let unverifiable = |reason: &str| Ok(Verdict::Unverifiable { reason: reason.to_owned() });
        let Some(component) = step.component.clone() else { return unverifiable("it changes a volume") };
        if component.digest.starts_with(HOST_PYTHON) {
            return unverifiable("it ran on the host's own Python, outside of the sandbox");
        }
        if let Some(granted) = beyond_identity(step) {
            return Ok(Verdict::Unverifiable { reason: format!("it was granted {granted}") });
        }
        let key = self.store().metadata.step_key(step.execution)?;
        if component.function == COMMAND_FUNCTION && key.command.is_none() {
            return unverifiable("its command was not kept by the version of weft that ran it");
        }
        let request = StepRequest {
            task: step.task.clone(),
            strict: pipeline.strict,
            identity: identity(&component, key.command.as_ref(), &step.inputs, &step.grants, pipeline.strict),
            component,
            command: key.command,
            inputs: step.inputs.clone(),
            grants: step.grants.clone(),
            limits: limits(pipeline, &step.task),
        };
        if step.grants.secrets.is_empty() && step.identity.is_some_and(|recorded| recorded != request.identity) {
            return unverifiable("what was kept of its inputs does not lead to the identity that was recorded");
        }
        let request = for_attempt(&request, self.attempt(step)?).unwrap_or(request);
        let observer = Interruptible(cancel);
        let brought = weft_engine::bring(&self.store().artifacts, &request, &observer);
        match brought.and_then(|()| runner.run(&request, &observer)) {
            Ok(output) => {
                let outputs = self.store().outputs(&step.outputs, &output.outputs)?;
                Ok(if outputs.is_empty() {
                    Verdict::Same { outputs: step.outputs.len() }
                } else {
                    Verdict::Different { outputs }
                })
            }
            Err(failure) => Ok(Verdict::Failed { message: failure.message.clone() }),
        }
    }

    /// The attempt that gave the outputs of a step: of a cached one, that of the execution that they were taken from.
    fn attempt(&self, step: &StepRecord) -> Result<u32> {
        let metadata = &self.store().metadata;
        let Some((run, task)) = step.cached_from.map(|from| metadata.task_of(from)).transpose()?.flatten() else {
            return Ok(step.attempts);
        };
        Ok(metadata.step(&run, &task)?.map_or(step.attempts, |source| source.attempts))
    }

    /// Hashes what an importer imported.
    fn verify_import(&self, step: &StepRecord) -> Result<Verdict> {
        let mut artifacts = 0;
        for artifact in step.outputs.values().flat_map(PortValue::artifacts) {
            let id = artifact.uri.parse()?;
            let store = &self.store().artifacts;
            let go_on = &mut |_, _| std::ops::ControlFlow::Continue(());
            match store.bring(&[id], go_on).and_then(|()| store.verify(&id)) {
                Ok(()) => artifacts += 1,
                Err(error @ (weft_artifacts::Error::Damaged { .. } | weft_artifacts::Error::NotFound { .. })) => {
                    return Ok(Verdict::Failed { message: error.to_string() });
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(Verdict::Intact { artifacts })
    }
}

/// What a step was granted that its outputs may depend on, and its identity does not say.
fn beyond_identity(step: &StepRecord) -> Option<&'static str> {
    let grants = &step.grants;
    if grants.clock {
        Some("the host's clock")
    } else if grants.random {
        Some("the host's randomness")
    } else if !grants.env.is_empty() {
        Some("variables of the host's environment")
    } else if !grants.net.is_empty() {
        Some("the network")
    } else if !grants.directories.is_empty() {
        Some("directories of the host or volumes")
    } else {
        None
    }
}

/// The limits of a task, as its pipeline has them.
fn limits(pipeline: &Pipeline, task: &str) -> Limits {
    let Some(found) = origin::task(pipeline, task) else { return Limits::default() };
    let mut limits = found.task.limits;
    if let Implementation::Command(step) = &found.component.implementation {
        limits.memory = limits.memory.or(step.limits.memory);
        limits.time = limits.time.or(step.limits.time);
        limits.output = limits.output.or(step.limits.output);
    }
    limits
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Stops steps when it is asked to.
struct Interruptible<'c>(&'c Cancel);

impl StepObserver for Interruptible<'_> {
    fn log(&self, _: &str, _: LogLevel, _: &str) {}

    fn progress(&self, _: &str, _: u64, _: u64) {}

    fn interrupted(&self) -> bool {
        self.0.is_canceled()
    }
}
