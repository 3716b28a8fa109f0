//! Commands as KFP's launcher runs them: the files they see, the placeholders in their arguments, the outputs they leave.
//!
//! A placeholder is filled in at one of three times:
//! 1. what is known of the run and the task ([`Facts`]) when the task starts, by [`fill_facts`];
//! 2. texts among the task's inputs ([`crate::model::Binding::Template`]) then too, by [`fill_template`];
//! 3. what depends on the command's own inputs and on where its files are ([`Layout`]) when it is called, by [`call`].
//!
//! What is filled in is never looked at again: a parameter may hold what looks like a placeholder.

mod call;
mod facts;
mod input;
mod layout;
mod placeholder;
mod references;
mod structure;
mod text;

#[cfg(test)]
mod tests;

pub use call::{Call, call};
pub use facts::{Facts, fill_facts, fill_template};
pub use input::{REMOTE_URI, executor_input};
pub use layout::{Layout, WORKSPACE};
pub use references::{References, references};
