//! The engine: executes pipelines as DAGs of tasks. It knows steps, not Wasm.
//!
//! An [`Engine`] starts and resumes runs. Steps are executed by a [`StepRunner`]; the engine decides which tasks are
//! ready, skipped, cached or retried, and records the run in the metadata store.
//!
//! Where to look: `run` has the scheduler's loop, `scheduler` the counting of readiness, `trigger` the decision
//! about a ready task, `start` and `finish` the transitions of its state, `cache` caching and the cache key,
//! `retry` the backoff, `loops` iterations, `worker` and `worker_pool` the threads that execute.
//!
//! # Invariants
//! - A runner publishes the bytes of a step's outputs before it returns; only then are they named in the metadata.
//! - An [`Event`] is passed on only after the transaction that recorded it is committed.
//! - A step costs at most one transaction of its own; steps that end at the same time share one.
//! - One thread schedules and writes the metadata. Workers report to it on one bounded channel.
//! - Scheduling is linear in tasks and dependencies: readiness is counted, never searched for.
//! - A run that is killed at any instant can be resumed, and its record is then that of an undisturbed run: each task
//!   has one execution, which the resuming process continues.
//!
//! # States of a task
//! A task is decided about when all its upstream tasks have settled (those whose outputs it reads, those in `after`,
//! those that its condition names). The first of these rules that applies decides:
//! 1. An upstream task failed or was not run: the task is not run, and no execution is recorded.
//! 2. A task in `after` was skipped, its condition is false, or a required input has no value: skipped.
//! 3. An earlier execution has the same cache key: cached. This requires that `cache` is on, that the task has no grants
//!    and no mounts and runs in the sandbox, and that all outputs of that execution are still in the store.
//! 4. Otherwise it is executed, and retried as its `retry` says.
//!
//! A task with the trigger `all-completed` (an exit handler) runs whatever the states of its upstream tasks are, unless
//! the run is interrupted. Outputs of tasks that did not succeed are absent to it; it fails if it requires one. Its
//! success does not change the result: a DAG or run with a failed task has failed.
//!
//! Importers and resolvers are always executed. An importer is then recorded as cached if an earlier one imported the
//! same content with the same description; a resolver, if it found an artifact. Otherwise they are complete.
//!
//! # Loops
//! A task with `each` is a node, and so is each of its iterations, which are called `task[3]`; tasks inside are
//! `task[3]/work`. At most `parallelism` iterations exist at the same time, by default a few hundred. All iterations
//! run, even after one has failed; the loop then fails. Its outputs are lists in the order of the items, without entries
//! for iterations that have no such output. A loop has at most 100,000 iterations and a run at most 1,000,000 tasks; a
//! loop that would exceed this fails.
//!
//! # Resuming
//! Tasks that an earlier process recorded as complete, cached or skipped keep their state, unless an upstream task is
//! executed again, since their inputs may then differ. That is so for tasks downstream of one that ran after a failure.

mod brief;
mod cache;
mod condition;
mod engine;
mod error;
mod event;
mod expand;
mod final_status;
mod finish;
mod import;
mod inputs;
mod links;
mod lock;
mod loops;
mod node;
mod outcome;
mod outdated;
mod plan;
#[cfg(test)]
#[path = "../../../tests/common/processor.rs"]
mod processor;
mod request;
mod resolve;
mod retry;
mod run;
mod run_spec;
mod runner;
mod scheduler;
mod scope;
mod slots;
mod start;
mod survey;
mod task_context;
mod trigger;
mod volumes;
mod worker;
mod worker_pool;

pub use cache::key::{Identity, step as identity};
pub use engine::{Engine, NewRun, Observer, Options};
pub use error::{Error, Result};
pub use event::{Event, RunOutcome, TaskReport};
pub use import::{is_uri, local_path};
pub use lock::is_alive;
pub use retry::for_attempt;
pub use runner::{Fetch, Fetched, StepRunner};
pub use slots::Slots;
pub use volumes::workspace_of;
pub use worker::bring;
