//! A run with its steps: while it ends, and whenever it is looked at later.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use weft::metadata::{RunState, StepRecord};
use weft::pipeline::model::TaskState;
use weft::pipeline::step::{PortValue, PortValues};
use weft::{RunOutcome, TaskReport};

use super::failures::{Failure, enclosing};
use super::table::{Cell, Table};
use super::{DIM, HEADING, task_state, text, time, value};

/// A step as tables show it.
#[derive(Debug)]
pub struct Row<'a> {
    task: &'a str,
    state: TaskState,
    duration: Option<Duration>,
    attempts: u32,
    outputs: &'a PortValues,
    message: Option<&'a str>,
}

impl<'a> From<&'a TaskReport> for Row<'a> {
    fn from(report: &'a TaskReport) -> Self {
        Self {
            task: &report.task,
            state: report.state,
            duration: report.duration,
            attempts: report.attempts,
            outputs: &report.outputs,
            message: report.message.as_deref(),
        }
    }
}

impl<'a> From<&'a StepRecord> for Row<'a> {
    fn from(step: &'a StepRecord) -> Self {
        let executed = matches!(step.state, TaskState::Complete | TaskState::Failed | TaskState::Canceled);
        Self {
            task: &step.task,
            state: step.state,
            duration: executed.then(|| Duration::from_micros(step.duration_us)),
            attempts: step.attempts,
            outputs: &step.outputs,
            message: step.error.as_ref().map(|error| error.message.as_str()).or(step.skipped.as_deref()),
        }
    }
}

/// The table of steps, without DAGs and loops that failed only because something in them did.
pub fn steps<'a>(rows: impl Iterator<Item = Row<'a>> + Clone, width: Option<usize>) -> String {
    let failed = |row: &Row<'a>| row.state == TaskState::Failed;
    let around = enclosing(rows.clone().filter(failed).map(|row| row.task));
    let rows = rows.filter(|row| !failed(row) || !around.contains(row.task)).map(|row| {
        // Where several attempts were needed, it should not go unseen.
        let attempts = (row.attempts > 1).then(|| format!("({} attempts)", row.attempts));
        let last = match row.message {
            Some(message) => {
                let words = [first_line(message)].into_iter().chain(attempts).collect::<Vec<_>>().join(" ");
                Cell::words(&words).style(DIM)
            }
            None => Cell::items(value::items(row.outputs).into_iter().chain(attempts).collect()),
        };
        let duration = row.duration.map(time::duration).unwrap_or_default();
        [Cell::new(text::one_line(row.task)), task_state(row.state).into(), Cell::new(duration), last]
    });
    Table::new(&["STEP", "STATE", ">TIME", "OUTPUTS"]).render_rows(rows, width)
}

/// The start of a message, for a line of a table.
fn first_line(message: &str) -> String {
    let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    text::shorten(&text::one_line(line), 160).into_owned()
}

/// Outputs of a pipeline, a line each, under a heading.
pub fn values(heading: &'static str, values: &PortValues) -> String {
    let mut table = Table::new(&["", "", ""]);
    for (name, given) in values {
        match given {
            PortValue::Parameter(value) => {
                table.row([Cell::default(), Cell::new(name.clone()), Cell::new(value::line(value))]);
            }
            PortValue::Artifacts(artifacts) => {
                for artifact in artifacts {
                    table.row([Cell::default(), Cell::new(name.clone()), Cell::new(value::artifact(artifact))]);
                }
            }
        }
    }
    section(heading, &table)
}

/// Parameters of a pipeline, a line each, under a heading.
pub fn parameters(heading: &'static str, parameters: &BTreeMap<String, Value>) -> String {
    let mut table = Table::new(&["", "", ""]);
    for (name, value) in parameters {
        table.row([Cell::default(), Cell::new(name.clone()), Cell::new(value::line(value))]);
    }
    section(heading, &table)
}

fn section(heading: &str, table: &Table) -> String {
    if table.is_empty() { String::new() } else { format!("\n{HEADING}{heading}{HEADING:#}\n{}", table.render(None)) }
}

/// The steps of a run that failed.
pub fn failures(outcome: &RunOutcome) -> impl Iterator<Item = Failure<'_>> {
    let failed = outcome.tasks.iter().filter(|report| report.state == TaskState::Failed);
    failed.map(|report| Failure {
        task: &report.task,
        message: report.message.as_deref().unwrap_or("no reason was given"),
        hint: report.hint.as_deref(),
        log: report.log.is_some(),
    })
}

/// The outcome of a run for programs.
pub fn to_json(outcome: &RunOutcome) -> Value {
    let RunOutcome { run, state, duration, tasks, outputs } = outcome;
    json!({
        "run": run,
        "state": state,
        "duration_ms": milliseconds(*duration),
        "tasks": tasks.iter().map(task_json).collect::<Vec<_>>(),
        "outputs": outputs,
    })
}

fn task_json(report: &TaskReport) -> Value {
    let TaskReport { task, state, duration, attempts, outputs, message, hint, log, warnings } = report;
    json!({
        "task": task,
        "state": state,
        "duration_ms": duration.map(milliseconds),
        "attempts": attempts,
        "outputs": outputs,
        "message": message,
        "hint": hint,
        "log": log,
        "warnings": warnings,
    })
}

fn milliseconds(duration: Duration) -> f64 {
    // Whole microseconds, so that no digits follow that nobody measured.
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// How a run ended, in a line: `run penguins-… complete in 1.23 s: 5 executed, 3 cached, 1 skipped`
pub fn summary(outcome: &RunOutcome) -> String {
    let failed = |task: &&TaskReport| task.state == TaskState::Failed;
    let around = enclosing(outcome.tasks.iter().filter(failed).map(|task| task.task.as_str()));
    let counts = |task: &&TaskReport| !failed(task) || !around.contains(task.task.as_str());
    let count = |state: TaskState| outcome.tasks.iter().filter(|task| task.state == state).filter(counts).count();
    let counts: Vec<String> = [
        (TaskState::Complete, "executed"),
        (TaskState::Cached, "cached"),
        (TaskState::Skipped, "skipped"),
        (TaskState::Failed, "failed"),
        (TaskState::Canceled, "canceled"),
        (TaskState::New, "not run"),
    ]
    .into_iter()
    .filter_map(|(state, word)| match count(state) {
        0 => None,
        n => Some(format!("{n} {word}")),
    })
    .collect();
    let (word, style) = match outcome.state {
        RunState::Complete => ("complete", super::GOOD),
        RunState::Failed => ("failed", super::BAD),
        RunState::Canceled | RunState::Running => ("interrupted", super::WARNING),
    };
    let counts = if counts.is_empty() { "no steps".to_owned() } else { counts.join(", ") };
    format!("run {} {style}{word}{style:#} in {}: {counts}", outcome.run, time::duration(outcome.duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_for_something_inside_is_neither_shown_nor_counted() {
        let task = |task: &str, state| TaskReport {
            task: task.to_owned(),
            state,
            duration: None,
            attempts: 1,
            outputs: PortValues::new(),
            message: None,
            hint: None,
            log: None,
            warnings: Vec::new(),
        };
        let tasks = vec![
            task("loop", TaskState::Failed),
            task("loop[0]", TaskState::Complete),
            task("loop[0]/train", TaskState::Complete),
            task("loop[1]", TaskState::Failed),
            task("loop[1]/train", TaskState::Failed),
            task("nested", TaskState::Failed),
        ];
        let table = anstream::adapter::strip_str(&steps(tasks.iter().map(Row::from), None)).to_string();
        let shown: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(shown, ["loop[0]", "loop[0]/train", "loop[1]/train", "nested"]);
        let (run, state, duration, outputs) = ("r-1".to_owned(), RunState::Failed, Duration::ZERO, PortValues::new());
        let told = summary(&RunOutcome { run, state, duration, tasks, outputs });
        assert!(told.ends_with("2 executed, 2 failed"), "{told}");
    }
}
