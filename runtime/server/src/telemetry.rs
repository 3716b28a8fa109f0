//! OpenTelemetry: what the server tells a collector, if one is named. Without one nothing of this is at work.
//!
//! A run is one trace and each of its steps a span in it (`trace`), named by the semantic conventions for CI/CD; requests and runs are
//! measured (`measure`). A thread of its own sends both (`export`), so that no run and no client waits for a collector; what a collector
//! does not take in time is dropped, never kept without bound.
//!
//! The form is OTLP's JSON, written here (`otlp`): the `opentelemetry` crates bring 17 others even for it, tonic and prost among them, no HTTP
//! client, and ids of their own choice, where a run's trace must be the same one for every process that works on the run.

mod export;
mod measure;
mod otlp;
mod trace;

pub use export::Collector;
pub(crate) use export::Telemetry;
pub(crate) use measure::{Attributes, Name};
pub(crate) use trace::RunTrace;
