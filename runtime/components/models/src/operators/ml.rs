//! The operators of `ai.onnx.ml`.

pub(super) mod encode;
pub(super) mod linear;
pub(super) mod maps;
pub(super) mod scale;
pub(crate) mod scores;
pub(super) mod svm;
pub(super) mod trees;
