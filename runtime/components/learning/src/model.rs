//! What was learned, and what it answers.

use serde::Serialize;

use crate::data::{Data, Schema, Task};
use crate::encode::Encoding;
use crate::kmeans::nearest;
use crate::network::answers;
use crate::objective::{sigmoid, softmax};
use crate::tree::Tree;

/// A model.
#[derive(Debug, Clone)]
pub struct Model {
    /// What it takes and gives.
    pub schema: Schema,
    /// What it computes.
    pub body: Body,
}

/// What a model computes.
#[derive(Debug, Clone)]
pub enum Body {
    /// Sums of trees' answers. They are scores; a forest's are shares of classes.
    Trees {
        /// The trees.
        trees: Trees,
        /// Whether the sums are shares of classes already.
        are_shares: bool,
    },
    /// Layers with rectifiers between them, on encoded inputs. A linear model is one layer.
    Layers {
        /// How features become inputs.
        encoding: Encoding,
        /// The layers.
        layers: Vec<Layer>,
    },
    /// The nearest of some centres, on encoded inputs.
    Centres {
        /// How features become inputs.
        encoding: Encoding,
        /// The centres.
        centres: Centres,
    },
}

/// Trees whose answers add up.
#[derive(Debug, Clone, Default)]
pub struct Trees {
    /// How many numbers there are. Boosted trees are for one output each, in turn; a forest's trees are for all.
    pub outputs: usize,
    /// What is added to the sums.
    pub base: Vec<f32>,
    /// The trees.
    pub trees: Vec<Tree>,
    /// What the splits of each feature gained.
    pub gains: Vec<f64>,
}

impl Trees {
    /// The outputs that a tree answers for: one, or all.
    #[must_use]
    pub fn outputs_of(&self, tree: usize, are_shares: bool) -> std::ops::Range<usize> {
        if are_shares { 0..self.outputs } else { tree % self.outputs..tree % self.outputs + 1 }
    }

    fn sums(&self, data: &Data, are_shares: bool) -> Vec<f64> {
        let base: Vec<f64> = self.base.iter().map(|base| f64::from(*base)).collect();
        let mut sums = base.repeat(data.rows);
        for (n, tree) in self.trees.iter().enumerate() {
            let outputs = self.outputs_of(n, are_shares);
            for row in 0..data.rows {
                let leaf = tree.leaf(data, row) * outputs.len();
                let sums = &mut sums[row * self.outputs..(row + 1) * self.outputs];
                for (sum, answer) in sums[outputs.clone()].iter_mut().zip(&tree.leaves[leaf..]) {
                    *sum += f64::from(*answer);
                }
            }
        }
        sums
    }
}

/// A dense layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// How many numbers it takes.
    pub inputs: usize,
    /// How many it gives.
    pub outputs: usize,
    /// For each input the weights of all outputs.
    pub weights: Vec<f32>,
    /// What is added to each output.
    pub biases: Vec<f32>,
}

impl Layer {
    /// Appends what the layer gives for a row.
    pub fn apply(&self, row: &[f32], into: &mut Vec<f32>) {
        let start = into.len();
        into.extend_from_slice(&self.biases);
        let outputs = &mut into[start..];
        for (value, weights) in row.iter().zip(self.weights.chunks(self.outputs)) {
            if *value != 0.0 {
                outputs.iter_mut().zip(weights).for_each(|(output, weight)| *output += value * weight);
            }
        }
    }
}

/// Centres of groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Centres {
    /// How many numbers each has.
    pub width: usize,
    /// The centres one after the other.
    pub values: Vec<f32>,
}

/// How the loss went while a model learned.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Curve {
    /// What is measured.
    pub metric: &'static str,
    /// After so many rounds, on the rows that are learned from, and on those that are examined, if there are any.
    pub points: Vec<(usize, f64, Option<f64>)>,
    /// The round whose model is kept, if it is not the last.
    pub best: Option<usize>,
}

impl Curve {
    /// Adds a point.
    pub fn push(&mut self, round: usize, learned: f64, examined: Option<f64>) {
        self.points.push((round, learned, examined));
    }
}

/// What a model answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answers {
    /// For each row the probabilities of all classes one after the other.
    Probabilities(Vec<f64>),
    /// A number for each row.
    Numbers(Vec<f64>),
    /// The group of each row.
    Groups(Vec<usize>),
}

impl Model {
    /// What the model answers to rows.
    #[must_use]
    pub fn predict(&self, data: &Data) -> Answers {
        let (sums, are_shares) = match &self.body {
            Body::Trees { trees, are_shares } => (trees.sums(data, *are_shares), *are_shares),
            Body::Layers { encoding, layers } => (answers(layers, encoding, data), false),
            Body::Centres { encoding, centres } => {
                let inputs = encoding.apply(data);
                let rows = inputs.chunks(encoding.width.max(1)).take(data.rows);
                return Answers::Groups(rows.map(|row| nearest(centres, row).0).collect());
            }
        };
        if self.schema.task == Task::Regression {
            return Answers::Numbers(sums);
        }
        if self.schema.classes.len() == 2 {
            let second = |sum: f64| if are_shares { sum } else { sigmoid(sum) };
            return Answers::Probabilities(sums.into_iter().flat_map(|sum| [1.0 - second(sum), second(sum)]).collect());
        }
        let mut shares = sums;
        if !are_shares {
            shares.chunks_mut(self.schema.classes.len()).for_each(softmax);
        }
        Answers::Probabilities(shares)
    }
}
