//! Scaffolds components and builds them with each language's own tools.
//!
//! An author writes a WIT world; everything else follows from it. [`scaffold`] makes a folder as the language's users expect it,
//! [`build`] reads the world, tells what is wrong with it before any compiler runs, calls the language's tools, and writes a
//! stripped component with its metadata to `build/NAME.wasm`.
//!
//! Nothing here prints or reads the environment: what the tools say goes to a report function, and the host's folders come in
//! a [`Host`].

mod build;
mod c;
mod error;
mod explain;
mod finish;
mod interface;
mod javascript;
mod language;
mod manifest;
mod python;
mod rust;
mod scaffold;
mod source;
mod steps;
mod templates;
mod tools;
mod watch;

pub use build::{Built, Request, build};
pub use error::{Error, Result};
pub use language::Language;
pub use manifest::Metadata;
pub use scaffold::{Scaffold, ScaffoldRequest, scaffold};
pub use source::{Problem, Source};
pub use steps::Step;
pub use tools::{Event, Host};
pub use watch::Watch;
