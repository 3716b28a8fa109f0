//! The engine: executes pipelines as DAGs of tasks. It knows steps, not Wasm.
//!
//! An [`Engine`] starts runs and goes on with them. Steps are handed to a [`StepRunner`], everything else happens
//! here: which tasks are ready, which are skipped, which an earlier execution stands for, which are tried again, and
//! the record of it all in the metadata store.
//!
//! # Invariants
//! - Bytes first, then the row that names them: a runner publishes what a step gave before it answers.
//! - Nothing is told ([`Event`]) before the transaction that recorded it is committed.
//! - A step costs at most one transaction of its own; what ends together is recorded together.
//! - One thread decides and records. Workers only work: they report on one bounded channel.
//! - No list of 10,000 tasks is gone through for each of them: readiness is counted.
//! - Killed at any instant, a run resumes to the record of an undisturbed one: each task has one execution, which a
//!   second process takes over.
//!
//! # What becomes of a task
//! When all tasks before it have settled (those whose outputs it reads, those in `after`, those its condition names):
//! 1. one of them failed or never began: it is not run, without a record;
//! 2. a task in `after` was skipped, its condition does not hold, or an input that it needs comes to nothing: skipped;
//! 3. an earlier execution of the same identity stands for it: cached. Only tasks without grants and mounts that run in
//!    the sandbox, unless their `cache` is off; and only if everything that execution gave is still in the store;
//! 4. else it is executed, and tried again as its `retry` says.
//!
//! A task whose trigger is that all have completed runs whatever became of those before it, unless the run is
//! interrupted. What did not succeed is absent to it; it fails if it needs that. Its own success mends nothing: a run and
//! a DAG in which a task failed have failed.
//!
//! Importers and resolvers look each time anew. An importer is cached if an earlier one found the same content with the
//! same description; a resolver is if it found anything, which some execution before it made. Else they are complete.
//!
//! # Loops
//! A task with `each` is a node, and each iteration is one of its own, called `task[3]`; what is in an iteration is
//! `task[3]/work`. Iterations are opened while there is room: as many as its `parallelism` says, or else a few hundred.
//! All of them run, also after one has failed; then the loop has failed. It gives lists, in the order of the items, in
//! which nothing stands for an iteration that gave nothing. A loop has at most 100,000 iterations and a run at most
//! 1,000,000 tasks: a loop that would exceed this fails.
//!
//! # Going on with a run
//! What an earlier process recorded as complete, cached or skipped stands, unless a task before it is executed again:
//! then it may rest on something else. That happens after tasks that looked at a failure.

mod around;
mod begin;
mod cache;
mod condition;
mod engine;
mod error;
mod event;
mod facts;
mod finish;
pub mod identity;
mod import;
mod inputs;
mod lock;
mod node;
mod open;
mod outcome;
mod plan;
mod pool;
mod repeat;
mod request;
mod retry;
mod run;
mod runner;
mod schedule;
mod spec;
mod status;
mod verdict;
mod volumes;
mod work;

pub use engine::{Engine, NewRun, Observer, Options};
pub use error::{Error, Result};
pub use event::{Event, RunOutcome, TaskReport};
pub use lock::is_alive;
pub use runner::StepRunner;
pub use volumes::workspace_of;
