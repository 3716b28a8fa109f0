//! The sandbox: runs step functions of WebAssembly components, and components that are commands, with wasmtime. It loads
//! components, reads their signatures, provides the host side of the interface, and enforces limits and grants.
//!
//! A [`Sandbox`] loads components ([`Sandbox::load`]), whose signatures list their steps, and runs steps
//! ([`Sandbox::run`]), each on the thread of its caller. Each step has its own wasmtime store, dropped when it ends.

mod atomic_write;
mod call;
mod clock;
mod command;
mod compiled_cache;
mod component;
mod convert;
mod engine;
mod error;
mod failure;
mod function_cache;
mod host;
mod limits;
mod log;
mod observer;
mod random;
mod run;
mod signature;

pub use component::LoadedComponent;
pub use error::{Error, Result};
pub use limits::StepLimits;
pub use run::{Options, Sandbox};
pub use signature::{NotAStep, StepFunction};
