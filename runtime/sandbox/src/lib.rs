//! Runs step functions of WebAssembly components, and components that are programs, with wasmtime: loading, reading
//! signatures, the host's side of the interface, limits and grants.
//!
//! A [`Sandbox`] loads components ([`Sandbox::load`]), whose signatures tell what steps they hold, and runs one step at
//! a time per calling thread ([`Sandbox::run`]). Each step gets a store of its own, which is gone when it ends.

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
