//! `weft logs`

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use weft::Store;
use weft::metadata::StepRecord;
use weft::pipeline::model::TaskState;

use crate::error::{Exit, Result};
use crate::render::{HEADING, text};
use crate::{host, output, screen};

/// Arguments of `weft logs`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft logs latest            every step that wrote anything
  weft logs latest train      one step")]
pub struct Args {
    /// The run's id, the beginning of it, or `latest`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Only this step
    #[arg(value_name = "STEP")]
    pub step: Option<String>,
}

/// Shows what steps printed and logged.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = host::read(root)?;
    let run = store.metadata.run(&args.run)?;
    let id = &run.summary.id;
    if let Some(name) = &args.step {
        let step = weft::step(&run, name)?;
        if !write(&store, step)? {
            screen::say(nothing(step));
        }
        return Ok(Exit::Success);
    }
    let mut any = false;
    for step in run.steps.iter().filter(|step| step.log.is_some()) {
        let gap = if any { "\n" } else { "" };
        output::print(&format!("{gap}{HEADING}==> {} <=={HEADING:#}", step.task))?;
        any |= write(&store, step)?;
    }
    if !any {
        screen::say(format!("no step of run {id} wrote anything"));
    }
    Ok(Exit::Success)
}

/// Writes a step's log, if it has one. To a terminal, without control characters: a step must not take it over.
fn write(store: &Store, step: &StepRecord) -> Result<bool> {
    let Some(blob) = store.log(step)? else { return Ok(false) };
    let mut out = std::io::stdout().lock();
    if output::is_terminal() {
        let mut lines = BufReader::new(blob.cursor());
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            write!(out, "{}", text::printable(&String::from_utf8_lossy(&line)))?;
            line.clear();
        }
    } else {
        std::io::copy(&mut blob.cursor(), &mut out)?;
    }
    out.flush()?;
    Ok(true)
}

fn nothing(step: &StepRecord) -> String {
    let task = &step.task;
    match step.state {
        TaskState::Cached => format!("step `{task}` was taken from the cache; the run that executed it has its log"),
        TaskState::Skipped => format!("step `{task}` was skipped"),
        TaskState::New | TaskState::Running => format!("step `{task}` has not ended; its log is kept when it does"),
        _ => format!("step `{task}` wrote nothing"),
    }
}
