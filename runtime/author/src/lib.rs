//! Scaffolding of components, and building them with each language's own tools.
//!
//! An author writes a WIT world, from which everything else follows. [`scaffold`] creates a folder with the usual
//! layout of the language. [`build`] reads the world, reports its problems before any compiler runs, calls the
//! language's tools, and writes a stripped component with metadata to `build/NAME.wasm`.
//!
//! Nothing here prints or reads the environment: the output of tools is passed to a report function, and the folders of
//! the host are in a [`Host`].

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
pub use scaffold::{Project, Scaffold, ScaffoldRequest, scaffold};
pub use source::{Problem, Source};
pub use steps::Step;
pub use tools::{Event, Host};
pub use watch::Watch;
