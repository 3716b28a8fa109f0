//! A server over a store: KFP's REST API, a page for people, recurring runs, triggers, and models that answer.
//!
//! - [`Server`] holds the open store and everything that can be asked of it; the API and the page are two doors to it.
//! - [`Server::start`] begins to execute what is in the queue and what is due.
//! - [`router`] is the HTTP side: `/apis/..` by `api`, `/v2/..` by `inference`, everything else by `page`, behind one set of guards (`guard`).
//!   [`listen`] serves it.
//!
//! # Invariants
//! - The operations of [`Server`] are synchronous, as the library is; handlers call them through [`blocking`].
//! - What was promised to a client is in the store before the answer is sent.
//! - No path of the host is in an answer.

mod api;
mod dispatch;
mod error;
mod guard;
mod ids;
mod inference;
mod listen;
mod live;
mod metrics;
mod operations;
mod package;
mod page;
mod prepare;
mod router;
mod schedule;
mod server;
mod settings;
mod telemetry;
mod time;
mod token;
mod trigger;

pub use dispatch::Running;
pub use error::{Error, Kind, Result};
pub use listen::{Listener, listen};
pub use live::LiveTask;
pub use operations::{NewPipeline, NewRecurringRun, NewRun, NewVersion, RunDetail};
pub use router::{blocking, router};
pub use server::Server;
pub use settings::{Clock, Settings, Timeouts};
pub use telemetry::Collector;
pub use time::{parse_rfc3339, rfc3339};
pub use token::{StoredToken, stored_token};
