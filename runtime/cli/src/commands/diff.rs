//! `weft diff`

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use weft::words::reason;
use weft::{Changed, RunDiff, StepDiff};

use crate::error::{Exit, Result};
use crate::render::{DIM, HEADING, count, run_state, task_state, text, value};
use crate::{host, output};

/// Arguments of `weft diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code 1 says that something differs.

`weft why STEP` tells of one step what it comes from in the end.")]
pub struct Args {
    /// The run that is compared with: its id or the beginning of it
    #[arg(value_name = "RUN")]
    pub before: String,
    /// The run that is compared
    #[arg(value_name = "RUN", default_value = "latest")]
    pub after: String,
    /// Write one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Shows what differs between two runs.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let diff = host::read(root)?.diff(&args.before, &args.after)?;
    if args.json {
        output::print_json(&json!(diff))?;
    } else {
        output::print(render(&diff).trim_end())?;
    }
    let is_same = diff.parameters.is_empty() && diff.steps.is_empty() && diff.outputs.is_empty();
    Ok(if is_same { Exit::Success } else { Exit::Failed })
}

fn render(diff: &RunDiff) -> String {
    let mut out = String::new();
    for (sign, side) in [("-", &diff.before), ("+", &diff.after)] {
        let (state, style) = run_state(side.state, true);
        let pipeline = text::one_line(&side.pipeline);
        _ = writeln!(out, "{sign} {HEADING}{}{HEADING:#}  {style}{state}{style:#}  {DIM}{pipeline}{DIM:#}", side.run);
    }
    values(&mut out, "Parameters", &diff.parameters);
    values(&mut out, "Metrics", &diff.metrics);
    if !diff.steps.is_empty() {
        _ = writeln!(out, "\n{HEADING}Steps{HEADING:#}");
        for step in &diff.steps {
            self::step(&mut out, step);
        }
    }
    if !diff.outputs.is_empty() {
        _ = writeln!(out, "\n{HEADING}Outputs{HEADING:#}");
        for output in &diff.outputs {
            _ = writeln!(out, "  {}", text::one_line(&reason::output(output)));
        }
    }
    let same = count(diff.same, "step is", "steps are");
    let rest = if diff.steps.is_empty() { "the same in both" } else { "the same" };
    _ = writeln!(out, "\n{DIM}{same} {rest}{DIM:#}");
    out
}

fn values(out: &mut String, title: &str, changed: &[Changed]) {
    if changed.is_empty() {
        return;
    }
    _ = writeln!(out, "\n{HEADING}{title}{HEADING:#}");
    let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), value::parameter);
    for one in changed {
        _ = writeln!(out, "  {}: {} → {}", text::one_line(&one.name), shown(&one.before), shown(&one.after));
    }
}

fn step(out: &mut String, step: &StepDiff) {
    let state = |state: Option<weft::pipeline::model::TaskState>| match state {
        None => format!("{DIM}none{DIM:#}"),
        Some(state) => {
            let (word, style) = task_state(state);
            format!("{style}{word}{style:#}")
        }
    };
    let states = if step.before == step.after {
        state(step.after)
    } else {
        format!("{} → {}", state(step.before), state(step.after))
    };
    _ = writeln!(out, "  {HEADING}{}{HEADING:#}  {states}", text::one_line(&step.task));
    for difference in &step.differences {
        _ = writeln!(out, "    given  {}", text::one_line(&reason::difference(difference)));
    }
    for output in &step.outputs {
        _ = writeln!(out, "    gave   {}", text::one_line(&reason::output(output)));
    }
}
