//! What KFP's launcher does around a command: its files before, its outputs after.
//!
//! A [`WorkDir`], made by [`WorkDirs`], holds the files that a command sees, where [`weft_pipeline::command::Layout`] says: its input artifacts, the parents
//! of its outputs, room of its own. When the command has ended, [`WorkDir::collect`] reads what it left: KFP's `ExecutorOutput`,
//! files of parameters, files and directories of artifacts, which are then in the store.
//!
//! Whoever runs the command is another's business: the sandbox, or [`HostPython`], which is the host's own interpreter and no sandbox
//! at all.
//!
//! Everything in a directory was put there by its command, and is taken for hostile: paths are resolved beneath the directory, sizes
//! are asked before anything is read, links lead nowhere else, and special files are errors.

mod collect;
mod error;
mod executor_output;
mod exit;
mod guest_path;
mod host_python;
mod parameter;
mod scratch_root;
mod work_dir;

#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use exit::{ExitError, error_summary};
pub use host_python::{HostPython, Limits};
pub use work_dir::{Mount, WorkDir, WorkDirs};
