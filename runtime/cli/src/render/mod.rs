//! How things look on a terminal: plain data in, text out.

pub mod diagnostic;
pub mod failures;
pub mod lineage;
pub mod outcome;
pub mod progress;
pub mod table;

use std::fmt::Write as _;

pub use weft::words::{bytes, text, time, value};

use anstyle::{AnsiColor, Effects, Style};
use weft::metadata::RunState;
use weft::pipeline::model::TaskState;

use crate::error::Error;

/// Headings of tables.
pub const HEADING: Style = Style::new().effects(Effects::BOLD);
/// What is of less interest.
pub const DIM: Style = Style::new().effects(Effects::DIMMED);
/// An error and its only cause stand on one line if it is not longer than this.
const ONE_LINE: usize = 110;

/// What went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What was spared.
pub const CACHED: Style = AnsiColor::Cyan.on_default();
/// What deserves a look.
pub const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
/// What went wrong.
pub const BAD: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
/// What to do about it.
pub const HINT: Style = AnsiColor::Cyan.on_default().effects(Effects::BOLD);

/// An error with its causes and what to do about it.
pub fn error(error: &Error) -> String {
    let mut out = String::new();
    if !error.findings().is_empty() {
        out.push_str(&diagnostic::render(error.findings()));
        out.push('\n');
    }
    // Writing to a string does not fail.
    _ = write!(out, "{}", problem(&error.to_string(), &error.causes(), error.hint().as_deref()));
    out
}

/// `error: ..`, causes, `hint: ..`
pub fn problem(message: &str, causes: &[String], hint: Option<&str>) -> String {
    let mut out = format!("{BAD}error{BAD:#}: {}", text::printable(message));
    match causes {
        [only] if message.len() + only.len() < ONE_LINE => _ = write!(out, ": {}", text::printable(only)),
        _ => causes.iter().for_each(|cause| _ = write!(out, "\n  cause: {}", text::printable(cause))),
    }
    if let Some(hint) = hint {
        _ = write!(out, "\n{}", self::hint(hint));
    }
    out
}

/// `hint: ..`
pub fn hint(text: &str) -> String {
    format!("{HINT}hint{HINT:#}: {}", text::printable(text))
}

/// A task's state as tables show it.
pub fn task_state(state: TaskState) -> (&'static str, Style) {
    match state {
        TaskState::New => ("NOT RUN", DIM),
        TaskState::Running => ("RUNNING", Style::new()),
        TaskState::Complete => ("COMPLETE", GOOD),
        TaskState::Cached => ("CACHED", CACHED),
        TaskState::Skipped => ("SKIPPED", DIM),
        TaskState::Failed => ("FAILED", BAD),
        TaskState::Canceled => ("CANCELED", WARNING),
    }
}

/// A run's state as tables show it. One that is recorded as running, but whose process is gone, stopped.
pub fn run_state(state: RunState, alive: bool) -> (&'static str, Style) {
    match state {
        RunState::Running if alive => ("RUNNING", Style::new()),
        RunState::Running => ("STOPPED", WARNING),
        RunState::Complete => ("COMPLETE", GOOD),
        RunState::Failed => ("FAILED", BAD),
        RunState::Canceled => ("CANCELED", WARNING),
    }
}

/// The beginning of a digest, which people tell apart by: `sha256:0123456789ab…`.
pub fn short_digest(digest: &weft::oci::Digest) -> String {
    let hex: String = digest.hex().chars().take(12).collect();
    format!("sha256:{hex}…")
}

/// `1 step`, `2 steps`
pub fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}
