//! A server over a store: KFP's REST API, a page for people, recurring runs.
//!
//! - [`Server`] holds the open store and everything that can be asked of it; the API and the page are two doors to it.
//! - [`router`] is the HTTP side: `/apis/..` by `api`, everything else by `page`, behind one set of guards (`guard`).
//!
//! # Invariants
//! - The operations of [`Server`] are synchronous, as the library is; handlers call them through [`blocking`].
//! - What was promised to a client is in the store before the answer is sent.
//! - No path of the host is in an answer.

mod api;
mod error;
mod guard;
mod page;
mod router;
mod server;
mod settings;

pub use error::{Error, Kind, Result};
pub use router::{blocking, router};
pub use server::{LiveTask, NewPipeline, NewRecurringRun, NewRun, NewVersion, RunDetail, Server};
pub use settings::{Clock, Settings};
