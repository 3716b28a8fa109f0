//! The messages of an ONNX file.

#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    reason = "generated; the fields are described where ONNX describes them"
)]

include!(concat!(env!("OUT_DIR"), "/onnx.rs"));
