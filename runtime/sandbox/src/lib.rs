//! The sandbox: runs step functions of WebAssembly components, and components that are commands, with wasmtime. It loads
//! components, compiles them, provides the host side of the interface, and enforces limits and grants.
//!
//! A [`Sandbox`] loads components ([`Sandbox::load`]), whose signatures list their steps, and runs steps
//! ([`Sandbox::run`]), each on the thread of its caller. Loading compiles nothing: a component is compiled for the first
//! step that runs, within [`CompileLimits`]. Each step has its own wasmtime store, dropped when it ends. A model that is served
//! ([`Sandbox::serve`]) keeps its store between the requests.

#![cfg_attr(not(feature = "compiler"), allow(dead_code, reason = "what compiling is about"))]

mod ahead;
mod atomic_write;
mod call;
mod clock;
mod command;
mod compile;
mod compiled_cache;
mod compiler;
mod component;
mod confine;
mod convert;
mod engine;
mod error;
mod failure;
mod function_cache;
mod host;
mod initialize;
mod limits;
mod loader;
mod log;
mod observer;
mod partial;
mod random;
mod run;
mod serving;
mod target;
mod walls;
mod watch;

pub use ahead::AheadCompiler;
pub use compile::CompileLimits;
pub use compiled_cache::{Transferred, compiled_for, export_compiled, import_compiled};
pub use component::LoadedComponent;
pub use confine::{SecondWall, second_wall};
pub use error::{Error, Result};
pub use initialize::{Image, Initialization, Initializer, Number};
pub use limits::StepLimits;
pub use loader::{digest_of, digest_of_file};
pub use partial::SECTION as USUAL_FUNCTIONS;
pub use run::{Options, Sandbox};
pub use serving::{AnswerError, ModelDescription, ModelToServe, ServedModel, Tensor, TensorPort};
pub use target::{COMPILES, Target};
#[cfg(debug_assertions)]
#[doc(hidden)]
pub use walls::Wall;
pub use weft_signature::{NotAStep, StepFunction};
