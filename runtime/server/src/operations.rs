//! What can be asked of a server: the operations that the API and the page share. Plain data in and out.

pub(crate) mod experiments;
pub(crate) mod pipelines;
pub(crate) mod recurring;
pub(crate) mod runs;

pub use pipelines::{NewPipeline, NewVersion};
pub use recurring::NewRecurringRun;
pub use runs::{NewRun, RunDetail};
