//! Decision trees, as they are kept, asked and written.

use crate::bins::Bins;
use crate::data::{Data, Values};

/// Where a branch leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Child {
    /// To another question.
    Node(u32),
    /// To an answer.
    Leaf(u32),
}

/// What a node asks. Yes leads to the left.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Whether a number is at most this. A missing one goes to the left if it says so.
    AtMost {
        /// The number.
        value: f32,
        /// The bin that goes along with it.
        bin: u8,
        /// Whether a missing number goes to the left.
        missing_left: bool,
    },
    /// Whether a category is one of these codes, sorted.
    OneOf {
        /// The categories' codes.
        codes: Vec<u32>,
        /// Their bins.
        bins: BinSet,
    },
}

/// A set of bins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BinSet([u64; 4]);

impl BinSet {
    /// Whether a bin is in it.
    #[must_use]
    pub fn has(&self, bin: u8) -> bool {
        self.0[usize::from(bin >> 6)] >> (bin & 63) & 1 == 1
    }

    /// Adds a bin.
    pub fn add(&mut self, bin: u8) {
        self.0[usize::from(bin >> 6)] |= 1 << (bin & 63);
    }
}

/// A question about a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The feature's place.
    pub feature: u32,
    /// What is asked of it.
    pub question: Question,
    /// Where yes leads.
    pub left: Child,
    /// Where no leads.
    pub right: Child,
}

/// A tree. Its first node is the root; a tree without nodes is its first leaf.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree {
    /// Questions.
    pub nodes: Vec<Node>,
    /// Answers, each of as many numbers as the tree gives.
    pub leaves: Vec<f32>,
}

impl Tree {
    fn follow(&self, mut is_left: impl FnMut(&Node) -> bool) -> usize {
        let mut at = if self.nodes.is_empty() { Child::Leaf(0) } else { Child::Node(0) };
        loop {
            match at {
                Child::Leaf(leaf) => return leaf as usize,
                Child::Node(node) => {
                    let node = &self.nodes[node as usize];
                    at = if is_left(node) { node.left } else { node.right };
                }
            }
        }
    }

    /// The leaf of a row.
    #[must_use]
    pub fn leaf(&self, data: &Data, row: usize) -> usize {
        self.follow(|node| match (&node.question, &data.columns[node.feature as usize]) {
            (Question::AtMost { value, missing_left, .. }, Values::Numbers(numbers)) => {
                let number = numbers[row];
                if number.is_nan() { *missing_left } else { number <= *value }
            }
            (Question::OneOf { codes, .. }, Values::Codes(of_rows)) => codes.binary_search(&of_rows[row]).is_ok(),
            _ => false,
        })
    }
}

/// Whether a bin goes to the left.
pub(crate) fn goes_left(question: &Question, bins: &Bins, bin: u8) -> bool {
    match question {
        Question::AtMost { bin: upper, missing_left, .. } => match bins {
            Bins::Numeric { missing: Some(missing), .. } if *missing == bin => *missing_left,
            _ => bin <= *upper,
        },
        Question::OneOf { bins, .. } => bins.has(bin),
    }
}

/// The question of a set of bins: with the codes that fall into them.
pub(crate) fn one_of(bins: &Bins, chosen: BinSet) -> Question {
    let codes = match bins {
        Bins::Categorical { of_code, .. } => {
            of_code.iter().zip(0..).filter(|(bin, _)| chosen.has(**bin)).map(|(_, code)| code).collect()
        }
        Bins::Numeric { .. } => Vec::new(),
    };
    Question::OneOf { codes, bins: chosen }
}
