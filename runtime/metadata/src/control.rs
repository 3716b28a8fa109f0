//! What a server keeps in the store beside the record of what ran: who asked for which run, what is uploaded, what recurs,
//! how far triggers have been served, which models are deployed.

pub(crate) mod deployments;
mod experiments;
mod list;
mod pipelines;
mod recurring;
mod submissions;
mod triggers;
mod types;

use crate::error::{Error, Result};

pub use deployments::{Canary, Deployment, ModelVersion, NewModelVersion, Rollout, ServingSettings};
pub use types::{
    Change, Comparison, Cursor, Experiment, Field, ListQuery, Listed, LocalSpec, Origin, PipelineEntry, Predicate,
    RecurringRun, RunEntry, Schedule, Spec, Status, Submission, TriggerState, VersionEntry,
};

/// Checks that a row was added whose name only one may have.
///
/// # Errors
/// [`Error::NameTaken`] if none was.
fn check_added(rows: usize, what: &'static str, name: &str) -> Result<()> {
    if rows == 0 { Err(Error::NameTaken { what, name: name.to_owned() }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
