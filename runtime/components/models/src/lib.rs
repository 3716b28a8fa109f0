//! Runs models without any native library: ONNX with all operators of `ai.onnx.ml` and the standard ones that converters write, and the model
//! files of XGBoost and LightGBM as they are.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use models::{Model, table::Choice};
//!
//! let model = Model::load(&std::fs::read("model.onnx")?)?;
//! let columns = ["island".to_owned(), "mass".to_owned()];
//! let mut batch = model.bind(&columns, &Choice::default())?.batch();
//! batch.push(["Biscoe", "3750"])?;
//! let predictions = model.predict(batch.take())?;
//! # Ok(())
//! # }
//! ```
//!
//! What onnxruntime answers is the specification, down to which of two classes wins and in which order floats are summed; for the files of
//! libraries, it is what the library predicts.

#![allow(
    clippy::match_bool,
    clippy::needless_for_each,
    clippy::similar_names,
    reason = "`axis` of `axes`, `score` of `scores`: mathematics names a thing and its list alike, and is short in expressions"
)]

mod boosters;
pub mod check;
mod error;
mod model;
mod onnx;
mod operators;
mod proto;
pub mod table;
mod tensor;

pub use error::{Error, Result};
pub use model::{Format, Model, Prediction, Predictions, Role};
pub use onnx::{Port, tensor as read_tensor};
pub use operators::names as operators;
pub use tensor::{Data, Kind, MOST_ELEMENTS, Maps, Tensor, Value};
