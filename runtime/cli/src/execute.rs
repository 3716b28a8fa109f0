//! What `weft run` and `weft resume` have in common: an engine at work, and what is shown of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use serde_json::Value;
use weft_engine::{Engine, Event, LocalRunner, Observer, RunOutcome};
use weft_launcher::HostPython;
use weft_metadata::{RunRecord, RunState};
use weft_pipeline::model::{CommandStep, Implementation, Pipeline, TaskState};
use weft_pipeline::step::HOST_PYTHON;
use weft_sandbox::Sandbox;

use crate::error::{Error, Exit, Result};
use crate::render;
use crate::render::outcome::{self, Failure, Row};
use crate::render::progress::Progress;
use crate::store::Store;
use crate::{host, interrupt, output, screen};

/// How to run.
#[derive(Debug, Clone, Args)]
pub struct RunOptions {
    /// Run every step, whatever earlier runs gave
    #[arg(long)]
    pub no_cache: bool,
    /// Steps that may run at the same time [default: one for each processor]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Write the outcome to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
    /// Do not show progress and messages of steps
    #[arg(short, long)]
    pub quiet: bool,
}

/// A sandbox for the steps of a pipeline.
pub fn sandbox(artifacts: &weft_artifacts::Store, pipeline: &Pipeline) -> Result<Sandbox> {
    let options = weft_sandbox::Options {
        compiled: Some(host::cache_dir()?),
        limits: host::default_limits(),
        environment: host::granted_environment(pipeline),
    };
    Ok(Sandbox::new(artifacts.clone(), options)?)
}

/// Who runs the steps: the sandbox, and this machine's Python for those that are given to it.
pub fn runner(store: &Store, pipeline: &Pipeline, sandbox: Sandbox, python: Option<PathBuf>) -> LocalRunner {
    let limits = host::default_limits();
    let limits = weft_launcher::Limits { time: limits.time, output: limits.output };
    let environment = host::granted_environment(pipeline);
    let host_python = python.map(|python| {
        screen::say(
            "warning: Python functions run unsandboxed on this machine: they can read, write and reach all that you can",
        );
        HostPython::new(store.artifacts.clone(), python, limits, environment)
    });
    LocalRunner { sandbox, host_python }
}

/// Has an engine execute a run, shows how it goes on and how it ends.
pub fn execute(
    store: &Store,
    runner: &LocalRunner,
    how: &RunOptions,
    run: &str,
    work: impl FnOnce(&Engine<'_>, &mut Observer<'_>, &AtomicBool) -> weft_engine::Result<RunOutcome>,
) -> Result<Exit> {
    let (locks, volumes) = (store.locks(), store.volumes());
    let mut options = weft_engine::Options { cache: !how.no_cache, ..weft_engine::Options::default() };
    if let Some(jobs) = how.jobs {
        options.jobs = jobs;
    }
    let engine = Engine {
        artifacts: &store.artifacts,
        metadata: &store.metadata,
        runner,
        locks: &locks,
        volumes: &volumes,
        options,
    };
    let interrupted = interrupt::listen()?;
    let mut begun = false;
    let outcome = {
        let progress = Progress::new(how.quiet, Arc::clone(&interrupted));
        let mut observe = |event: &Event| {
            begun = true;
            progress.observe(event);
        };
        work(&engine, &mut observe, &interrupted)
    };
    let outcome = outcome.map_err(|source| {
        if begun { Error::BrokeOff { run: run.to_owned(), source: Box::new(source) } } else { source.into() }
    })?;
    match show(store, &outcome, how) {
        // Nobody looks any more; the exit code still tells.
        Err(error) if error.is_closed_pipe() => {}
        shown => shown?,
    }
    Ok(match outcome.state {
        RunState::Complete => Exit::Success,
        RunState::Canceled | RunState::Running => Exit::Interrupted,
        RunState::Failed if interrupted.load(Ordering::Relaxed) => Exit::Interrupted,
        RunState::Failed => Exit::Failed,
    })
}

/// The table of steps and the outputs go to standard output, failures and advice to standard error.
fn show(store: &Store, outcome: &RunOutcome, RunOptions { json, quiet, .. }: &RunOptions) -> Result<()> {
    let mut text = outcome::steps(outcome.tasks.iter().map(Row::from), output::width());
    text.push_str(&outcome::values("Outputs", &outcome.outputs));
    _ = write!(text, "\n{}", outcome::summary(outcome));
    if !quiet {
        // Between progress and results, where both are on one screen.
        screen::say("");
    }
    output::print_for_people(&text, *json)?;
    let run = outcome.run.as_str();
    let record = if outcome.state == RunState::Failed { store.metadata.run(run).ok() } else { None };
    for report in outcome.tasks.iter().filter(|report| report.state == TaskState::Failed) {
        let failure = Failure {
            run,
            task: &report.task,
            message: report.message.as_deref().unwrap_or("no reason was given"),
            component: record.as_ref().and_then(|record| component_of(record, &report.task)),
            hint: report.hint.as_deref(),
            log: report.log.is_some(),
        };
        screen::say(format!("\n{}", failure.render()));
    }
    match outcome.state {
        RunState::Complete => {}
        RunState::Failed => {
            screen::say(format!(
                "\n{}",
                render::hint(&format!("`weft resume {run}` tries again what did not succeed"))
            ));
        }
        RunState::Canceled | RunState::Running => {
            screen::say(render::hint(&format!("what is finished is kept: `weft resume {run}` goes on")));
        }
    }
    if *json {
        output::print_json(&outcome::to_json(outcome))?;
    }
    Ok(())
}

/// File and function that a task calls, as the pipeline of its run says.
pub fn component_of(record: &RunRecord, task: &str) -> Option<String> {
    let pipeline = recorded_pipeline(&record.spec)?;
    let mut component = &pipeline.root;
    for name in task.split('/') {
        let Implementation::Dag(dag) = &component.implementation else { return None };
        // An iteration is called `loop[3]`, and has the component of the loop.
        let name = name.split('[').next().unwrap_or(name);
        component = pipeline.components.get(&dag.tasks.get(name)?.component)?;
    }
    let step = match &component.implementation {
        Implementation::Wasm(step) => step,
        Implementation::Command(step) => return Some(command(step)),
        _ => return None,
    };
    let file = Path::new(&step.path).display();
    Some(step.function.as_ref().map_or_else(|| file.to_string(), |function| format!("{file}#{function}")))
}

/// What a container is called: its image, and who ran it in its place.
fn command(step: &CommandStep) -> String {
    let Some(program) = &step.program else { return step.image.clone() };
    let by = match program.digest.strip_prefix(HOST_PYTHON) {
        Some(version) => format!("the host's own Python {version}"),
        None => Path::new(&program.path).file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    format!("{} by {by}", step.image)
}

/// The pipeline that a run recorded at its start.
pub fn recorded_pipeline(spec: &Value) -> Option<Pipeline> {
    serde_json::from_value(spec.clone()).ok()
}
