//! How good predictions are: metrics by slice, equal to scikit-learn's, thresholds on them as TensorFlow Model Analysis (TFMA) defines them, and
//! what is shown of both.
//!
//! [`predictions`] reads labels and predictions, [`evaluate`] measures them, [`thresholds`] decides.

mod binary;
mod confusion;
mod error;
pub mod evaluate;
mod gaps;
mod metrics;
mod multiclass;
pub mod page;
pub mod predictions;
mod regression;
pub mod report;
pub mod slices;
pub mod thresholds;

pub use error::{Error, Result};
