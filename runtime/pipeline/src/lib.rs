//! The pipeline model and its types, its readers and the checker: plain data in, plain data out, no I/O.
//!
//! Everything that crosses between the rooms of the runtime is defined here: [`types`] (parameters and artifacts),
//! [`signature`] (a component's interface), [`model`] (pipelines), [`step`] (one step's request and answer).

pub mod model;
pub mod signature;
pub mod step;
pub mod types;
