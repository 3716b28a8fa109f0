//! Learns models from tables, the same ones from the same seed, and writes them as ONNX.
//!
//! [`data`] reads rows, [`train`] learns, [`export`] writes the model, [`card`] and [`page`] tell of it, [`search`] tries parameters.
//!
//! Numbers are rounded to single precision before anything is learned from them, as what is given to an ONNX model later is.

mod bins;
mod boosting;
pub mod card;
pub mod data;
mod encode;
mod error;
pub mod export;
mod forest;
mod grow;
mod kmeans;
mod lbfgs;
mod linear;
pub mod model;
mod network;
mod objective;
pub mod page;
mod rng;
pub mod search;
mod sets;
pub mod settings;
pub mod train;
pub mod tree;

pub use error::{Error, Result};
