//! The metadata store: what ran, on which data, with which results.
//!
//! It is one `SQLite` file in ML Metadata (MLMD) schema version 10, with the types and names that KFP v2 writes, so that
//! the `ml_metadata` library opens and walks it. What the runtime needs beyond MLMD lies in tables of its own beside
//! those, with the prefix `weft_`.
//!
//! - [`Store`] opens the file; [`Store::transaction`] writes to it through a [`Tx`].
//! - Runs and their steps are read back as [`RunRecord`] and [`StepRecord`].
//! - [`Store::find_cached`] and [`Store::latest_artifact`] find results of earlier runs.
//! - [`Store::lineage`] walks from artifacts and runs up to their sources or down to their uses.
//! - [`Store::referenced_uris`] and [`Store::delete_run`] say which content is still needed.

mod artifacts;
mod cache;
mod error;
mod events;
mod lineage;
mod properties;
mod proto_struct;
mod retention;
mod runs;
mod schema;
mod store;
mod types;
mod write;

pub use error::{Error, Result};
pub use lineage::{
    ArtifactNode, Direction, ExecutionNode, LineageEdge, LineageGraph, LineageQuery, LineageStart, MAX_LINEAGE_NODES,
};
pub use store::Store;
pub use types::{
    ArtifactFilter, ArtifactRecord, ArtifactState, CachedStep, EventKind, ExecutionId, ExecutionKind, FailureRecord,
    Finished, Labels, NewExecution, NewRun, Producer, ResumeState, RunFilter, RunKey, RunRecord, RunState, RunSummary,
    StepCounts, StepRecord,
};
pub use write::Tx;
