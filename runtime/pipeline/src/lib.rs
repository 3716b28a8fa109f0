//! The pipeline model and its types, its readers and the checker: plain data in, plain data out, no I/O.
//!
//! Everything that crosses between the rooms of the runtime is defined here: [`types`] (parameters and artifacts),
//! [`signature`] (a component's interface), [`model`] (pipelines), [`step`] (one step's request and answer).
//!
//! The way of a pipeline from text to a run:
//! 1. [`yaml::read_pipeline`] makes a [`model::Pipeline`] of its file;
//! 2. [`link::wasm_references`] says which components it needs, [`link::link`] puts in their signatures;
//! 3. [`check::check`] finds everything wrong with it before anything runs;
//! 4. [`parameters::resolve`] gives the parameters their values;
//! 5. [`condition::evaluate`] says, while it runs, whether a step's condition holds.
//!
//! KFP's `PipelineSpec` is the other format: [`ir::read`] and [`ir::check`] take the places of 1 and 3, [`executor`] finds out who can run
//! its containers, and [`command`] makes of each what KFP's launcher does.

pub mod calendar;
pub mod check;
pub mod command;
pub mod condition;
pub mod diagnostic;
pub mod executor;
pub mod graph;
pub mod ir;
pub mod kfp_component;
pub mod link;
pub mod model;
pub mod order;
pub mod parameters;
pub mod signature;
pub mod step;
pub mod suggest;
pub mod types;
pub mod yaml;

#[cfg(test)]
mod testing;
