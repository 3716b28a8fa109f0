//! The launcher of commands, as KFP has one: it stages a command's files before it runs, and collects its outputs after.
//!
//! A [`WorkDir`], made by [`WorkDirs`], is the working directory of one command, with the paths of
//! [`weft_pipeline::command::Layout`]: its input artifacts, the parent directories of its outputs, and scratch space. After
//! the command has ended, [`WorkDir::collect`] reads KFP's `ExecutorOutput` and the files of output parameters, and stores
//! output artifacts.
//!
//! The command itself is run by the sandbox, or by [`HostPython`]: an interpreter of the host, without any isolation.
//!
//! The contents of a working directory are untrusted: paths are resolved beneath it, sizes are checked before a file is
//! read, symbolic links cannot lead out, and special files are errors.

mod collect;
mod error;
mod executor_output;
mod exit;
mod guest_path;
mod host_python;
mod located;
mod mask;
mod parameter;
mod python_json;
mod scratch_root;
mod secrets;
mod stray;
mod work_dir;

#[cfg(test)]
mod tests;

pub use collect::Collected;
pub use error::{Error, Result};
pub use exit::{ExitError, error_summary};
pub use host_python::{HostPython, Limits};
pub use mask::Mask;
pub use secrets::{Absent, Granted, Secrets, StepSecrets};
pub use work_dir::{Mount, WorkDir, WorkDirs};
