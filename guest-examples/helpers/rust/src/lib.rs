//! Artifact handles of weftwork components as [`std::io`] readers and writers, and errors that `?` takes.
//!
//! See the README for a whole component.

mod error;
mod handle;
mod value;

/// The runtime's interfaces, as wit-bindgen makes them.
mod bindings {
    #![allow(missing_docs, reason = "generated; the documentation comes from the WIT")]
    wit_bindgen::generate!({ path: "../../../wit", world: "weft:component/imports" });
}

pub use bindings::weft::component::{artifacts, run, types};
pub use error::{Error, Result};
pub use handle::{Readable, Reader, Writable, Writer};

/// Ends the function with an [`Error`] of this text: `bail!("no column `{name}`")`.
#[macro_export]
macro_rules! bail {
    ($($text:tt)*) => { return ::core::result::Result::Err($crate::Error::new(::std::format!($($text)*))) };
}

/// Writes a detail for the component's author to the step's log.
#[macro_export]
macro_rules! debug {
    ($($text:tt)*) => { $crate::run::log($crate::run::Level::Debug, &::std::format!($($text)*)) };
}

/// Writes what a user would like to know to the step's log.
#[macro_export]
macro_rules! info {
    ($($text:tt)*) => { $crate::run::log($crate::run::Level::Info, &::std::format!($($text)*)) };
}

/// Writes something odd that does not stop the step to its log.
#[macro_export]
macro_rules! warn {
    ($($text:tt)*) => { $crate::run::log($crate::run::Level::Warn, &::std::format!($($text)*)) };
}
