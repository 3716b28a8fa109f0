//! The metadata store: the record of runs, executions, artifacts and lineage.
//!
//! It is one `SQLite` file in ML Metadata (MLMD) schema version 10, with the types and names of KFP v2, so that the
//! `ml_metadata` library can read it. Data that MLMD has no place for is in additional tables with the prefix `weft_`.
//!
//! - [`Store`] opens the file; [`Store::transaction`] writes to it through a [`Tx`].
//! - [`RunRecord`] and [`StepRecord`] are the recorded runs and their steps.
//! - [`Store::runs_page`], [`Store::pipelines_with_runs`] and [`Store::artifacts_page`] list what there is, a page at a time.
//! - [`Store::find_cached`] and [`Store::latest_artifact`] find the results of earlier runs.
//! - [`Store::lineage`] follows artifacts and runs upstream to their sources and downstream to their uses.
//! - [`Store::run_copy`] and [`Tx::put_replica`] carry runs from one store to another.
//! - [`Store::resolve_uri`] resolves a URI that a step saw or set to content.
//! - [`control`] holds what a server keeps beside that: queued runs, pipelines, schedules.
//! - [`Store::referenced_uris`] lists the content that is needed; [`Store::delete_run`] deletes a run.

mod artifacts;
mod bucket;
mod cache;
pub mod control;
mod error;
mod events;
mod keys;
mod lineage;
mod listing;
mod properties;
mod proto_struct;
mod recorded_spec;
mod replica;
mod retention;
mod runs;
mod schema;
mod store;
mod types;
mod uris;
mod write;

pub use error::{Error, Result};
pub use keys::{StepKey, Uncached};
pub use lineage::{
    ArtifactNode, Direction, ExecutionNode, LineageEdge, LineageGraph, LineageQuery, LineageStart, MAX_LINEAGE_NODES,
};
pub use listing::{ArtifactQuery, Comparison, Operator, PipelineSummary, RunPage, RunQuery, StepState};
pub use recorded_spec::RecordedSpec;
pub use replica::{ArtifactRow, EventRow, ExecutionRow, PropertyRow, PropertyValue, RunCopy, RunStamp, StepCopy};
pub use store::Store;
pub use types::{
    ArtifactFilter, ArtifactRecord, ArtifactState, CachedStep, EventKind, ExecutionId, ExecutionKind, FailureRecord,
    Finished, Labels, NewExecution, NewRun, Producer, ResumeState, RunFilter, RunKey, RunRecord, RunState, RunSummary,
    StepCounts, StepRecord,
};
pub use uris::Resolved;
pub use write::Tx;
