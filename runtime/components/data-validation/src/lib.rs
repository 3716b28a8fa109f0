//! Statistics, schemas, anomalies and drift of tabular data, with the numbers and the texts of TensorFlow Data Validation (TFDV 1.21), and in
//! its file formats.
//!
//! What TFDV gives is what its users compare with, so its answers are the specification, down to medians that are never averaged and counts
//! of histograms that are interpolated. Where this differs, [`statistics`] says how.

pub mod check;
pub mod diff;
pub mod distance;
mod divergence;
mod error;
mod histogram;
pub mod measures;
pub mod moments;
pub mod page;
pub mod proto;
pub mod report;
pub mod schema;
pub mod sketch;
pub mod statistics;
pub mod text;
pub mod trend;
pub mod values;
mod view;

pub use error::{Error, Result};
pub use tables::number;
pub use view::whole;
