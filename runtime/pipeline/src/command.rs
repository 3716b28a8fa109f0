//! Commands as KFP's launcher runs them: the files they see, the placeholders in their arguments, the outputs they leave.
//!
//! A placeholder is filled in at one of three times:
//! 1. what is known of the run and the task ([`TaskContext`]) when the task starts, by [`fill_task_context`];
//! 2. texts among the task's inputs ([`crate::model::Binding::Template`]) then too, by [`fill_template`];
//! 3. what depends on the command's own inputs and on where its files are ([`Layout`]) when it is called, by [`call`].
//!
//! What is filled in is never looked at again: a parameter may hold what looks like a placeholder.

mod call;
mod input;
mod layout;
mod placeholder;
mod references;
mod structure;
mod task_context;
mod text;

#[cfg(test)]
mod tests;

pub use call::{Call, call};
pub use input::{REMOTE_URI, executor_input};
pub use layout::{Layout, WORKSPACE};
pub use references::{References, references};
pub use task_context::{TaskContext, fill_task_context, fill_template};
