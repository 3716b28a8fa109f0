//! Commands as KFP's launcher runs them: the paths of their files, the placeholders in their arguments, their outputs.
//!
//! Placeholders are filled in at three times:
//! 1. Values of the run and the task ([`TaskContext`]): when the task starts, by [`fill_task_context`].
//! 2. Templates among the task's inputs ([`crate::model::Binding::Template`]): at the same time, by [`fill_template`].
//! 3. Values of the command's inputs, and paths of its files ([`Layout`]): when it is called, by [`call`].
//!
//! Filled-in values are not searched for placeholders again: the value of a parameter may look like one.

mod call;
mod input;
mod layout;
mod placeholder;
mod references;
mod structure;
mod task_context;
mod text;
pub mod uri;

#[cfg(test)]
mod tests;

pub use call::{Call, call};
pub use input::{artifact_uri, executor_input};
pub use layout::{EXECUTOR_OUTPUT, Layout, WORKSPACE};
pub use references::{References, references};
pub use task_context::{TaskContext, fill_task_context, fill_template};
pub use uri::REMOTE_URI;
