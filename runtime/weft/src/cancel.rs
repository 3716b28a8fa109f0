//! Giving up a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use weft_pipeline::step::{LogLevel, StepObserver};

/// Tells a run to stop: nothing new begins, steps at work are interrupted, and the run ends as canceled. It can be
/// resumed. Clones stand for the same run.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Gives up the run.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was given up.
    pub fn is_canceled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself, which becomes true; for signal handlers.
    pub fn flag(&self) -> &Arc<AtomicBool> {
        &self.0
    }
}

/// Ends compiling and building, of which nothing is told, when it is given up.
impl StepObserver for Cancel {
    fn log(&self, _: &str, _: LogLevel, _: &str) {}

    fn progress(&self, _: &str, _: u64, _: u64) {}

    fn interrupted(&self) -> bool {
        self.is_canceled()
    }
}
