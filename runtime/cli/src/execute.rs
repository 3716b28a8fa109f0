//! What `weft run`, `weft resume` and `weft call` have in common: a run at work, and what is shown of it.

use std::fmt::Write as _;

use weft::metadata::RunState;
use weft::{Cancel, Event, Notice, RunOutcome, Store};

use crate::error::{Exit, Result};
use crate::options::RunArgs;
use crate::render;
use crate::render::failures;
use crate::render::outcome::{self, Row};
use crate::render::progress::Progress;
use crate::{interrupt, output, screen};

/// Has the library execute a run, shows how it goes on and how it ends.
pub fn execute(
    store: &Store,
    args: &RunArgs,
    work: impl FnOnce(&mut dyn FnMut(&Event), &Cancel) -> weft::Result<RunOutcome>,
) -> Result<Exit> {
    let cancel = interrupt::listen()?;
    let outcome = {
        let progress = Progress::new(args.quiet, cancel.clone());
        work(&mut |event| progress.observe(event), &cancel)
    }?;
    match show(store, &outcome, args) {
        // Nobody looks any more; the exit code still tells.
        Err(error) if error.is_closed_pipe() => {}
        shown => shown?,
    }
    Ok(match outcome.state {
        RunState::Complete => Exit::Success,
        RunState::Canceled | RunState::Running => Exit::Interrupted,
        RunState::Failed if cancel.is_canceled() => Exit::Interrupted,
        RunState::Failed => Exit::Failed,
    })
}

/// Shows what the library tells besides the events of runs.
pub fn notify(notice: Notice) {
    match notice {
        Notice::MakingEnvironment(packages) => {
            screen::say(format!("Making a virtual environment with {}, once", packages.join(", ")));
        }
        Notice::Fetched { packages, wheels } => screen::say(format!(
            "Fetched {} for {}",
            render::count(wheels, "wheel", "wheels"),
            render::text::one_line(&packages.join(", "))
        )),
        Notice::Installing(what) => screen::say(format!("Installing: {what}")),
        Notice::WaitingForInstallation => screen::say("Waiting: another process installs it"),
        Notice::Unsandboxed => screen::say(
            "warning: Python functions run unsandboxed on this machine: they can read, write and reach all that you can",
        ),
        Notice::CatchingUp { bucket } => screen::say(format!("Bringing what the store holds to {bucket}")),
        Notice::WaitingForRuns => screen::say("waiting for the runs at work to end"),
        Notice::Pulling { reference, bytes } => {
            screen::say(format!("Pulling {reference} ({})", render::bytes::size(bytes)));
        }
        Notice::Locked { file, references } => screen::say(format!(
            "Noted where {} to registries leads: {}",
            render::count(references.len(), "reference", "references"),
            file.display()
        )),
        Notice::Compiling { components } => {
            screen::say(format!("Compiling {}", render::count(components, "component", "components")));
        }
        _ => {}
    }
}

/// The table of steps and the outputs go to standard output, failures and advice to standard error.
fn show(store: &Store, outcome: &RunOutcome, RunArgs { json, quiet, .. }: &RunArgs) -> Result<()> {
    let mut text = outcome::steps(outcome.tasks.iter().map(Row::from), output::width());
    text.push_str(&outcome::values("Outputs", &outcome.outputs));
    _ = write!(text, "\n{}", outcome::summary(outcome));
    if !quiet {
        // Between progress and results, where both are on one screen.
        screen::say("");
    }
    output::print_for_people(&text, *json)?;
    let run = outcome.run.as_str();
    let causes = failures::by_cause(outcome::failures(outcome));
    // Components are named by the record of the run.
    let record = if causes.is_empty() { None } else { store.metadata.run(run).ok() };
    for cause in failures::render(run, &causes, record.as_ref()) {
        screen::say(format!("\n{cause}"));
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
