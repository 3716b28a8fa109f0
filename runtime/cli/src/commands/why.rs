//! `weft why`

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use weft::words::reason;
use weft::{Because, Store, Why};

use crate::error::{Exit, Result};
use crate::render::{DIM, HEADING, task_state, text, time};
use crate::{host, output};

/// Arguments of `weft why`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft why train                      why `train` ran or did not in the latest run
  weft why train --run penguins-2     the same in another run
  weft why 'loop[3]/work' --json

A step is compared with its nearest earlier execution in the same pipeline; what differs is followed back to where it comes from.")]
pub struct Args {
    /// The step; inside a nested pipeline `outer/inner`, in a loop `loop[3]`
    #[arg(value_name = "STEP")]
    pub step: String,
    /// The run's id, the beginning of it, or `latest`
    #[arg(long, value_name = "RUN", default_value = "latest")]
    pub run: String,
    /// Write one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Tells why a step ran, was cached, skipped or not run.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let why = Store::read(root)?.why(&args.run, &args.step)?;
    if args.json {
        output::print_json(&json!(why))?;
    } else {
        output::print(render(&why, host::now_ms()).trim_end())?;
    }
    Ok(Exit::Success)
}

fn render(why: &Why, now_ms: i64) -> String {
    let (state, style) = task_state(why.state);
    let mut out = format!(
        "{HEADING}{}{HEADING:#} of run {}: {style}{state}{style:#}, because {}\n",
        text::one_line(&why.task),
        why.run,
        text::one_line(&reason::because(&why.because))
    );
    if let Some(earlier) = &why.earlier {
        let when = time::ago(earlier.started_ms, now_ms);
        _ = writeln!(out, "{DIM}compared with run {}, {when}{DIM:#}", earlier.run);
    }
    for difference in &why.differences {
        _ = writeln!(out, "  {}", text::one_line(&reason::difference(difference)));
    }
    // A step's own difference is its own cause.
    let further: Vec<_> = why.causes.iter().filter(|cause| cause.path.len() > 1 || is_parameter(cause)).collect();
    if why.because == Because::Changed && !further.is_empty() {
        _ = writeln!(out, "\n{HEADING}which comes from{HEADING:#}");
        for cause in further {
            _ = writeln!(out, "  {}", text::one_line(&reason::cause(cause)));
            if cause.path.len() > 2 {
                _ = writeln!(out, "    {DIM}by way of {}{DIM:#}", text::one_line(&way(&cause.path[1..])));
            }
        }
    }
    out
}

/// The steps that a difference went through, those in the middle of many left out.
fn way(path: &[String]) -> String {
    match path {
        [first, second, third, middle @ .., before, last] if middle.len() > 2 => {
            format!("{first} ← {second} ← {third} ← {} more ← {before} ← {last}", middle.len())
        }
        all => all.join(" ← "),
    }
}

fn is_parameter(cause: &weft::Cause) -> bool {
    matches!(cause.root, weft::Root::RunParameter { .. })
}
