//! What an existing engine has to offer: to start a worker somewhere, to tell whether it is still there, and to end it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Result;

/// A worker to be started.
#[derive(Debug, Clone)]
pub struct Pilot {
    /// The worker's name.
    pub worker: String,
    /// The program, at a path that is the same on all machines.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The file that gets what it prints.
    pub log: PathBuf,
}

/// Whether a worker that was started is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PilotState {
    /// It waits for its turn, with the engine's reason.
    Pending(String),
    /// It is at work.
    Running,
}

/// An existing engine. Calls may take seconds, and are made from one thread.
pub trait Cluster: Send {
    /// The name by which users choose it.
    fn name(&self) -> &'static str;

    /// Starts a worker, now or when its turn comes. Gives the engine's name for it.
    ///
    /// # Errors
    /// The engine refuses.
    fn submit(&mut self, pilot: &Pilot) -> Result<String>;

    /// All workers of this run that wait or work, by the engine's names.
    ///
    /// # Errors
    /// The engine cannot tell; nothing is known of them.
    fn states(&mut self) -> Result<BTreeMap<String, PilotState>>;

    /// How a worker ended that [`Self::states`] no longer has, as far as the engine knows.
    fn end_of(&mut self, id: &str) -> Option<String>;

    /// Ends workers at once.
    fn cancel(&mut self, ids: &[String]);

    /// Ends all workers of this run, those of an earlier scheduler too.
    fn cancel_all(&mut self);

    /// How often to ask for [`Self::states`].
    fn interval(&self) -> Duration;
}
