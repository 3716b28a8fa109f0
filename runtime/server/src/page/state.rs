//! States as the page shows them: one word, one sign and one colour each.

use maud::{Markup, html};
use weft::metadata::RunState;
use weft::metadata::control::Status;
use weft::pipeline::model::TaskState;

/// What is shown of the state of a run or a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// A run that waits for its turn.
    Queued,
    /// A step that has not begun.
    Waiting,
    /// At work.
    Running,
    /// Asked to stop.
    Stopping,
    /// Recorded as running, but its process is gone.
    Stopped,
    /// Executed successfully.
    Complete,
    /// Its outputs are those of an earlier execution.
    Cached,
    /// Not executed, as its condition did not hold.
    Skipped,
    /// Failed.
    Failed,
    /// Given up.
    Canceled,
}

impl Look {
    pub(super) fn of_run(state: RunState, alive: bool) -> Self {
        match state {
            RunState::Running if alive => Self::Running,
            RunState::Running => Self::Stopped,
            RunState::Complete => Self::Complete,
            RunState::Failed => Self::Failed,
            RunState::Canceled => Self::Canceled,
        }
    }

    pub(super) fn of_status(status: Status) -> Self {
        match status {
            Status::Queued => Self::Queued,
            Status::Running => Self::Running,
            Status::Canceling => Self::Stopping,
            Status::Complete => Self::Complete,
            Status::Failed => Self::Failed,
            Status::Canceled => Self::Canceled,
        }
    }

    pub(super) fn of_task(state: TaskState) -> Self {
        match state {
            TaskState::New => Self::Waiting,
            TaskState::Running => Self::Running,
            TaskState::Complete => Self::Complete,
            TaskState::Cached => Self::Cached,
            TaskState::Skipped => Self::Skipped,
            TaskState::Failed => Self::Failed,
            TaskState::Canceled => Self::Canceled,
        }
    }

    /// The name of its class and of its sign.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Complete => "complete",
            Self::Cached => "cached",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// What people read.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Waiting => "Not run",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Stopped => "Interrupted",
            Self::Complete => "Complete",
            Self::Cached => "Cached",
            Self::Skipped => "Skipped",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    /// Whether something is still to happen by itself.
    pub(super) fn is_moving(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Stopping)
    }

    /// The sign, for which the word stands beside it or in it.
    pub(super) fn sign(self) -> Markup {
        html! {
            svg class={ "sign is-" (self.class()) } viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" {
                use href={ "#sign-" (self.class()) } {}
            }
        }
    }

    /// Sign and word.
    pub(super) fn badge(self) -> Markup {
        html! { span class={ "badge is-" (self.class()) } { (self.sign()) (self.word()) } }
    }

    /// The sign alone, with the word for those who do not see it.
    pub(super) fn dot(self) -> Markup {
        html! { span class="dot" title=(self.word()) { (self.sign()) span class="unseen" { (self.word()) } } }
    }
}

/// The signs, once a page; each differs by its form, not by its colour alone.
pub(super) fn signs() -> Markup {
    let ring = |class: &str| html! { circle class=(class) cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" {} };
    let disc = || html! { circle cx="8" cy="8" r="7" fill="currentColor" {} };
    let mark = |d: &str| {
        html! {
            path class="cut" d=(d) fill="none" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" {}
        }
    };
    let line = |d: &str| {
        html! {
            path d=(d) fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" {}
        }
    };
    html! {
        svg class="signs" width="0" height="0" aria-hidden="true" {
            symbol id="sign-queued" viewBox="0 0 16 16" {
                circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.2 2.7" {}
            }
            symbol id="sign-waiting" viewBox="0 0 16 16" { (ring("")) }
            symbol id="sign-running" viewBox="0 0 16 16" {
                (ring("faint")) (line("M8 1.75A6.25 6.25 0 0 1 14.25 8"))
            }
            symbol id="sign-stopping" viewBox="0 0 16 16" { (ring("")) rect x="5.5" y="5.5" width="5" height="5" rx="1" fill="currentColor" {} }
            symbol id="sign-stopped" viewBox="0 0 16 16" { (ring("")) (line("M6.3 5.7v4.6M9.7 5.7v4.6")) }
            symbol id="sign-complete" viewBox="0 0 16 16" { (disc()) (mark("M5 8.3l2.1 2.1L11.2 6")) }
            symbol id="sign-cached" viewBox="0 0 16 16" { (ring("")) (line("M5 8.3l2.1 2.1L11.2 6")) }
            symbol id="sign-skipped" viewBox="0 0 16 16" { (ring("")) (line("M5.4 8h5.2")) }
            symbol id="sign-failed" viewBox="0 0 16 16" { (disc()) (mark("M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6")) }
            symbol id="sign-canceled" viewBox="0 0 16 16" { (disc()) (mark("M4.9 8h6.2")) }
        }
    }
}
