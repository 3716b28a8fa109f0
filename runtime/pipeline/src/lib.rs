//! The pipeline model and its types, the readers, the checkers and the writers: plain data in, plain data out, no I/O.
//!
//! The data that crosses between the crates of the runtime is defined here: [`types`] (parameters and artifacts),
//! [`signature`] (the interface of a component), [`model`] (pipelines), [`step`] (the request and result of a step).
//!
//! From the file of a pipeline to its run:
//! 1. [`yaml::read_pipeline`] reads the file into a [`model::Pipeline`].
//! 2. [`link::wasm_references`] lists the components that it needs, and [`link::link`] adds their signatures.
//! 3. [`check::check`] reports every problem before anything runs.
//! 4. [`parameters::resolve`] determines the values of the parameters, [`input_artifacts`] imports the input artifacts.
//! 5. [`condition::evaluate`] evaluates the conditions of tasks while the pipeline runs.
//!
//! KFP's `PipelineSpec` is the other format. [`ir::read`] and [`ir::check`] replace steps 1 and 3, [`executor`] chooses
//! the executor of its containers, and [`command`] does for each what KFP's launcher does.

pub mod access;
pub mod calendar;
pub mod check;
pub mod command;
pub mod condition;
pub mod diagnostic;
pub mod executor;
pub mod foreign;
pub mod graph;
pub mod input_artifacts;
pub mod ir;
pub mod kfp_component;
pub mod link;
pub mod model;
pub mod nested;
pub mod network;
pub mod order;
pub mod parameters;
pub mod policy;
mod port_values;
pub mod secrets;
pub mod signature;
pub mod step;
pub mod suggest;
pub mod tfx;
pub mod types;
pub mod yaml;

#[cfg(test)]
mod testing;
