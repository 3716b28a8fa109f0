//! Failures of guests: traps, limits and exits as messages that name the cause, with hints.

use std::time::Duration;

use wasmtime::{GcHeapOutOfMemory, ThrownException, Trap};
use weft_pipeline::step::FailureKind;

use crate::error::Error;
use crate::host::{State, Stopped};
use crate::limits::{StepLimits, Stop};

/// The failure of a step, without its trace.
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    pub(crate) fn host(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Host, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Interrupted => Self::new(FailureKind::Interrupted, message),
            Error::TooLarge { .. } => Self::new(FailureKind::LimitReached, message).hint(
                "split the component into several, leave out what it does not use, or build it for size (Rust: `opt-level = \"s\"`)",
            ),
            _ => Self::host(message),
        }
    }
}

impl From<weft_launcher::Error> for Failure {
    fn from(error: weft_launcher::Error) -> Self {
        Self { kind: error.kind(), message: error.to_string(), hint: error.advice().map(str::to_owned) }
    }
}

/// The failure of a guest that ended before it returned.
pub(crate) fn of_guest(error: &wasmtime::Error, state: &State, limits: &StepLimits) -> Failure {
    let stop = error.downcast_ref::<Stopped>().map(|Stopped(stop)| stop).or(state.step.watched.stop());
    if let Some(stop) = stop {
        return stopped(stop, limits);
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return Failure::new(FailureKind::Trapped, format!("the component ended itself with exit code {}", exit.0))
            .hint("a step returns from its function; it does not call exit");
    }
    let said = error_summary(&state.step.log.last_lines(8));
    let trap = error.downcast_ref::<Trap>();
    // Exceptions lie in memory of the engine's, which is the step's as well.
    let exhausted = trap.is_some() || error.is::<GcHeapOutOfMemory<()>>();
    if let Some(wanted) = state.limiter.refused.filter(|_| exhausted) {
        return out_of_memory(wanted, state.limiter.limit());
    }
    if let Some(LogTail::Text(text) | LogTail::Panic(text)) = &said
        && let Some(asked) = failed_allocation(text)
    {
        return Failure::new(FailureKind::LimitReached, format!("it ran out of memory: {asked}"))
            .hint("a component has at most 4 GiB, and one allocation at most 2 GiB of it: process the data in parts");
    }
    let failure = match trap {
        Some(Trap::StackOverflow) => Failure::new(FailureKind::Trapped, "it called itself too deeply (stack overflow)")
            .hint("look for a recursion without end, or use a loop"),
        Some(Trap::MemoryOutOfBounds) => Failure::new(
            FailureKind::Trapped,
            "it reached outside its own memory (a wrong pointer, or a recursion too deep)",
        ),
        Some(Trap::UnreachableCodeReached) => Failure::new(FailureKind::Trapped, "it panicked or aborted"),
        Some(trap) => Failure::new(FailureKind::Trapped, format!("it trapped: {trap}")),
        None if error.is::<ThrownException>() => {
            Failure::new(FailureKind::Trapped, "it threw an exception that nothing in it caught")
        }
        None if is_hostcall_bound(error) => Failure::new(
            FailureKind::LimitReached,
            "it handed more than 128 MiB to the host in one call",
        )
        .hint(
            "write artifacts in several smaller parts, and give large results as artifacts rather than as parameters",
        ),
        None if root_cause(error).starts_with("invalid utf-8 sequence") => {
            Failure::new(FailureKind::Trapped, "it handed over a text that is not UTF-8")
                .hint("the component's bindings or its helpers must make UTF-8 of a text before it leaves")
        }
        None => Failure::new(FailureKind::Trapped, root_cause(error)),
    };
    match (trap, said) {
        (_, None) => failure,
        // The message of the panic replaces that of the trap.
        (Some(Trap::UnreachableCodeReached), Some(LogTail::Panic(text))) => {
            Failure { message: format!("it {text}"), ..failure }
        }
        (_, Some(LogTail::Panic(text) | LogTail::Text(text))) => {
            Failure { message: format!("{}: {text}", failure.message), ..failure }
        }
    }
}

/// The failure of a component that cannot be instantiated, for its size or as its start function traps.
pub(crate) fn cannot_start(error: &wasmtime::Error, state: &State, limits: &StepLimits) -> Failure {
    let failure = match state.limiter.refused {
        // What it begins with is too much; what it asked for later was a trap's business.
        Some(wanted) if !error.is::<Trap>() => Some(out_of_memory(wanted, state.limiter.limit())),
        refused => (error.is::<Trap>() || refused.is_some()).then(|| of_guest(error, state, limits)),
    };
    if let Some(failure) = failure {
        return Failure { message: format!("its component does not start: {}", failure.message), ..failure };
    }
    Failure::host(format!("its component does not start: {error:#}"))
}

/// The failure of a guest that wanted more memory than it may have.
fn out_of_memory(wanted: u64, limit: u64) -> Failure {
    Failure::new(
        FailureKind::LimitReached,
        format!("it wanted {} of memory; its limit is {}", size(wanted), size(limit)),
    )
    .hint("raise `limits: { memory: .. }` of the step (up to 4 GiB), or process the data in parts")
}

/// The message of a Rust guest whose allocator refused a size itself, so that its memory was never asked to grow.
fn failed_allocation(text: &str) -> Option<&str> {
    let words = &text[text.find("memory allocation of ")?..];
    words.find(" failed").map(|end| &words[..end + " failed".len()])
}

/// The message at the end of a guest's log.
#[derive(Debug, PartialEq, Eq)]
enum LogTail {
    /// A Rust panic: "panicked at PLACE: MESSAGE".
    Panic(String),
    /// Anything else.
    Text(String),
}

/// The message in the last lines of a log.
fn error_summary(lines: &[String]) -> Option<LogTail> {
    let lines: Vec<&str> =
        lines.iter().map(String::as_str).filter(|line| !line.starts_with("note: run with")).collect();
    let panic = lines.iter().rposition(|line| line.starts_with("thread '") && line.contains("panicked at "));
    if let Some(at) = panic
        && let Some((_, place)) = lines[at].split_once("panicked at ")
    {
        let text: Vec<&str> = std::iter::once(place).chain(lines[at + 1..].iter().copied()).collect();
        return Some(LogTail::Panic(format!("panicked at {}", text.join(" "))));
    }
    match &lines[lines.len().saturating_sub(3)..] {
        [] => None,
        last => Some(LogTail::Text(last.join(" / "))),
    }
}

fn stopped(stop: &Stop, limits: &StepLimits) -> Failure {
    match stop {
        Stop::Time => Failure::new(
            FailureKind::LimitReached,
            format!("it did not return within its time limit of {}", duration(limits.time)),
        )
        .hint("raise `limits: { time: .. }` of the step if it needs longer"),
        Stop::Interrupted => Failure::new(FailureKind::Interrupted, "it was interrupted"),
        Stop::Output => output_limit(limits.output),
    }
}

/// The failure of a step that wrote more than its limit for outputs.
pub(crate) fn output_limit(limit: u64) -> Failure {
    Failure::new(FailureKind::LimitReached, format!("it wrote more than its limit of {}", size(limit)))
        .hint("raise `limits: { output: .. }` of the step if it needs more")
}

/// Whether a call moved more data than wasmtime allows. wasmtime has no type for that error; tests of this crate make sure
/// that its text is still the same.
fn is_hostcall_bound(error: &wasmtime::Error) -> bool {
    format!("{error:#}").contains("fuel allocated for hostcalls")
}

/// The first line of the root cause, without wasm stack frames.
fn root_cause(error: &wasmtime::Error) -> String {
    error.root_cause().to_string().lines().next().unwrap_or_default().to_owned()
}

/// A number of bytes as text, with at most one decimal.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let unit = (0..UNITS.len() - 1).rev().find(|unit| bytes >> (10 * unit) > 0).unwrap_or(0);
    let value = bytes as f64 / (1u64 << (10 * unit)) as f64;
    if value.fract() == 0.0 { format!("{value} {}", UNITS[unit]) } else { format!("{value:.1} {}", UNITS[unit]) }
}

fn duration(time: Duration) -> String {
    if time.as_secs() >= 60 && time.as_secs().is_multiple_of(60) {
        format!("{} min", time.as_secs() / 60)
    } else {
        format!("{time:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_told_without_their_frame() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let panic = "before\nthread '<unnamed>' (1) panicked at src/lib.rs:3:9:\nno penguins\nhere\nnote: run with `RUST_BACKTRACE=1` ..";
        let expected = LogTail::Panic("panicked at src/lib.rs:3:9: no penguins here".into());
        assert_eq!(error_summary(&lines(panic)), Some(expected));
        assert_eq!(error_summary(&lines("a\nb\nc\nd")), Some(LogTail::Text("b / c / d".into())));
        assert_eq!(error_summary(&[]), None);
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1024), "1 KiB");
        assert_eq!(size(1536 << 20), "1.5 GiB");
        assert_eq!(size(4 << 30), "4 GiB");
    }
}
