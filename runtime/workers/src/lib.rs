//! Runs the steps of a run on an existing engine, such as Slurm or Ray.
//!
//! The engine is asked for a few long jobs, *workers* (pilot jobs), which take steps from a directory that all machines share ([`Spool`]),
//! execute them, and put their outputs into the same content-addressed store. So the engine's latency is paid once a worker, not once a step.
//! A [`RemoteRunner`] is the engine's [`StepRunner`](weft_engine::StepRunner) over that: the scheduler stays one process, which alone writes
//! metadata, and nothing else of a run changes.
//!
//! # Invariants
//! - A step may run twice, even at the same time: when its worker is taken for dead and is not. The first result counts. Outputs are named by
//!   their content, so the other leaves nothing but garbage. Steps for which that is not enough are not handed out.
//! - What is believed is what a worker has reported. The engine is only asked which workers are gone; while it does not answer, they go on.
//! - No value of a secret and no environment variable is written to the spool.
//! - Workers end by themselves when their scheduler is gone, and workers of an earlier scheduler find nothing to do.

mod batching;
mod cluster;
mod crew;
mod dispatcher;
mod error;
mod message;
mod pace;
mod pilots;
mod processes;
mod ray;
mod runner;
mod shell;
mod slurm;
mod spool;
mod worker;

pub use cluster::{Cluster, Pilot, PilotState};
pub use error::{Error, Result};
pub use message::{Batch, FORMAT, Offer, Outcome, Report, StepEvent, StepResult};
pub use processes::Processes;
pub use ray::{Ray, RayAddress};
pub use runner::{RemoteOptions, RemoteRunner};
pub use slurm::{Programs as SlurmPrograms, Slurm};
pub use spool::{Spool, read_batch};
pub use worker::{WorkerOptions, work};

/// The engines by their names. `local` is none: steps run in the scheduler's process.
pub const ENGINES: [&str; 4] = ["local", "process", "slurm", "ray"];
