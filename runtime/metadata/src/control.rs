//! What a server keeps in the store beside the record of what ran: who asked for which run, what is uploaded, what recurs.

mod experiments;
mod list;
mod pipelines;
mod recurring;
mod submissions;
mod types;

pub use types::{
    Change, Comparison, Cursor, Experiment, Field, ListQuery, Listed, Origin, PipelineEntry, Predicate, RecurringRun,
    RunEntry, Schedule, Spec, Status, Submission, VersionEntry,
};

#[cfg(test)]
mod tests;
