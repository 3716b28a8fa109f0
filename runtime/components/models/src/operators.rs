//! The operators, each by the name that nodes call it by.

#![allow(
    clippy::cloned_instead_of_copied,
    clippy::default_trait_access,
    clippy::float_cmp,
    clippy::unnecessary_wraps,
    reason = "builders have one type whether they can fail or not, code for elements of all kinds is one, and equality of floats is asked for"
)]

mod broadcast;
mod cast;
mod control;
#[cfg(feature = "networks")]
mod convolution;
mod elementwise;
mod index;
#[cfg_attr(not(feature = "networks"), allow(dead_code, reason = "networks need more of it"))]
mod lanes;
mod logic;
mod matrix;
pub(crate) mod ml;
#[cfg(feature = "networks")]
mod normalization;
mod order;
#[cfg_attr(not(feature = "networks"), allow(dead_code, reason = "networks need more of it"))]
mod product;
mod reduce;
mod shape;
mod softmax;
#[cfg(feature = "networks")]
mod window;
#[cfg(feature = "networks")]
mod winograd;

use crate::error::{Done, refuse};
use crate::onnx::{Attributes, Operator, Scope};
use crate::tensor::{Tensor, Value};

/// What an operator is made of.
pub(crate) struct Context<'a> {
    /// Its name, with its domain unless that is the default one.
    pub name: &'a str,
    pub attributes: &'a Attributes<'a>,
    pub scope: Scope,
    /// How many outputs the node has.
    pub outputs: usize,
    /// Names that graphs within the node may take from around it.
    pub seen: &'a [String],
    /// Those that they take; they become further inputs of the node.
    pub captured: Vec<String>,
}

/// Makes an operator of its attributes, which it checks.
pub(crate) type Builder = fn(&mut Context<'_>) -> Done<Operator>;

/// Names and their builders.
pub(crate) type Table = &'static [(&'static str, Builder)];

const TABLES: &[Table] = &[
    cast::TABLE,
    control::TABLE,
    #[cfg(feature = "networks")]
    convolution::TABLE,
    elementwise::TABLE,
    index::TABLE,
    logic::TABLE,
    matrix::TABLE,
    #[cfg(feature = "networks")]
    normalization::TABLE,
    order::TABLE,
    reduce::TABLE,
    shape::TABLE,
    softmax::TABLE,
    #[cfg(feature = "networks")]
    window::TABLE,
    ml::encode::TABLE,
    ml::linear::TABLE,
    ml::maps::TABLE,
    ml::scale::TABLE,
    ml::svm::TABLE,
    ml::trees::TABLE,
];

/// Operators that only networks use: those of the feature `networks`, which may be left out.
pub(crate) const NETWORKS: &[&str] = &[
    "AveragePool",
    "BatchNormalization",
    "Conv",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "InstanceNormalization",
    "LayerNormalization",
    "MaxPool",
];

fn find(name: &str) -> Option<Builder> {
    TABLES.iter().flat_map(|table| table.iter()).find(|(known, _)| *known == name).map(|(_, builder)| *builder)
}

/// Whether there is an operator of this name.
pub(crate) fn known(name: &str) -> bool {
    find(name).is_some()
}

/// The names of all operators, in order.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = TABLES.iter().flat_map(|table| table.iter()).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}

/// An operator, and what it takes from around it.
pub(crate) struct Built {
    pub run: Operator,
    pub captured: Vec<String>,
}

/// Makes an operator.
pub(crate) fn build(
    name: &str,
    attributes: &Attributes<'_>,
    scope: Scope,
    seen: &[String],
    outputs: usize,
) -> Done<Built> {
    let Some(builder) = find(name) else { refuse!("there is no such operator here") };
    let mut context = Context { name, attributes, scope, outputs, seen, captured: Vec::new() };
    let run = builder(&mut context)?;
    Ok(Built { run, captured: context.captured })
}

/// One tensor as the outputs of a node.
fn one(tensor: Tensor) -> Vec<Value> {
    vec![Value::Tensor(tensor)]
}

#[cfg(all(test, feature = "networks"))]
mod tests {
    #[test]
    fn what_the_feature_brings_is_named() {
        let tables = [super::convolution::TABLE, super::normalization::TABLE, super::window::TABLE];
        let mut names: Vec<&str> = tables.iter().flat_map(|table| table.iter()).map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(names, super::NETWORKS);
    }
}
