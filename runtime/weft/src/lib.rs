//! weft as a library: reads, checks and executes machine-learning pipelines made of sandboxed WebAssembly components, and answers what
//! ran, on which data, with which result. The `weft` command is one of its users.
//!
//! - [`read`] reads a pipeline's file, weft's own format or KFP's.
//! - [`Weft`] is an open store: it links and checks pipelines ([`Weft::prepare`]), executes runs ([`Weft::run`]) and goes on with
//!   them ([`Weft::resume`]). [`Linker`] does the first without a store.
//! - [`serving`] has models answer requests, and predicts for tables.
//! - [`Store`] answers queries: runs and artifacts by what a user calls them, logs, lineage; it watches runs of any process, frees
//!   space and looks for damage.
//!
//! ```no_run
//! use std::path::Path;
//! use weft::{Cancel, Host, PrepareOptions, RunOptions, Weft, silent};
//!
//! # fn main() -> weft::Result<()> {
//! let weft = Weft::open(Path::new(".weft"), Host::default())?;
//! let prepared = weft.prepare(weft::read(Path::new("pipeline.yaml"))?, &PrepareOptions::default(), &silent)?;
//! let outcome = weft.run(&prepared, &RunOptions::default(), &mut |event| println!("{event:?}"), &silent, &Cancel::default())?;
//! println!("{:?}: {:?}", outcome.state, outcome.outputs);
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//! - Nothing is printed, and neither the environment nor the home directory is looked at: [`Host`] holds all that a program gives to
//!   its runs. What is worth telling is an [`Event`] or a [`Notice`].
//! - What an event says is durable before it is told.
//! - Errors of a user say what to do ([`Error::hint`]) and, in a file, where ([`Finding`]).

mod attest;
mod bucket;
mod bundle;
mod call;
mod cancel;
mod compiled;
mod components;
mod content;
mod diff;
mod difference;
mod error;
mod executors;
mod finding;
mod fsck;
mod gc;
mod host;
mod host_python;
mod leftovers;
mod local_runner;
mod monitor;
mod notice;
mod on_engine;
mod origin;
mod packages;
mod parameters;
mod policy;
mod prebuilt;
mod prepare;
mod publish;
mod read;
mod recorded;
mod recorded_tasks;
mod registry;
mod remote;
mod run;
mod run_id;
mod science;
mod select;
pub mod serving;
mod shell;
mod store;
mod sync;
mod vendor;
mod verify;
mod watch;
mod why;
pub mod words;

pub use attest::{Attested, CheckedAttestation, check_attestation};
pub use bundle::{Bundle, BundleOptions, Bundled, Unpacked, is_bundle};
pub use cancel::Cancel;
pub use compiled::{export_compiled, import_compiled};
pub use content::FirstDifference;
pub use diff::{Changed, OutputDiff, RunDiff, Side, StepDiff};
pub use difference::{Difference, Execution, differences};
pub use error::{Error, Result, causes};
pub use executors::Executor;
pub use finding::{Finding, Source};
pub use fsck::{CheckOptions, Checked};
pub use gc::{Freed, Retention};
pub use host::{Host, StepLimits};
pub use monitor::{DriftMeasure, DriftThreshold, MonitorOptions};
pub use notice::{Notice, Notify, silent};
pub use on_engine::{OnEngine, StepWorker};
pub use parameters::Parameters;
pub use policy::{PolicyFile, read_policy};
pub use prebuilt::{Prebuilt, prebuilt};
pub use prepare::{Linker, PrepareOptions, Prepared};
pub use read::{PipelineFile, documents, read, read_text};
pub use recorded::{component_of, imported_by, recorded_pipeline, tasks_from};
pub use registry::{
    FetchedComponent, Kind, PullOptions, Pulled, PushOptions, Pushed, Registry, Updated, check_signatures, update,
};
pub use remote::Remote;
pub use run::{RunOptions, Weft};
pub use run_id::new_run_id;
#[cfg(feature = "compiler")]
pub use science::{InstalledExecutor, install_executor};
pub use select::{Selected, step};
pub use store::Store;
pub use sync::{CarriedRun, PIECE, SyncEvent, SyncOptions, SyncTarget, Synced, send_pieces};
pub use vendor::{VendoredSet, vendor, vendor_folder};
pub use verify::{Verdict, Verified};
#[cfg(feature = "compiler")]
pub use weft_science::Stack;
pub use why::{Because, Cause, Earlier, Root, Why};

/// What happens in a run, and how it ended.
pub use weft_engine::{Event, RunOutcome, Slots, TaskReport};
/// A component as [`Linker::inspect`] reads it.
pub use weft_sandbox::{
    COMPILES, LoadedComponent, ModelDescription, SecondWall, StepFunction, Target, Tensor, TensorPort, Transferred,
    second_wall,
};

/// The rooms below, for the plain data that crosses this one's interface.
pub use weft_artifacts as artifacts;
pub use weft_metadata as metadata;
pub use weft_pipeline as pipeline;
pub use weft_provenance as provenance;
pub use weft_registry as oci;
pub use weft_remote as elsewhere;
pub use weft_workers as engines;
