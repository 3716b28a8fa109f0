//! What can be wrong with a model, and with what it is given.

/// Why a model cannot be loaded, or gives no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no model of a kind that is read.
    #[error("the model cannot be read: {0}")]
    Format(String),
    /// The graph uses operators that are not here.
    #[error(
        "the model uses operators that are not here: {0}. Convert it with options that avoid them (of scikit-learn's steps, leave those out that \
         need them and do their work before)"
    )]
    Operators(String),
    /// The graph uses operators of networks, which were left out.
    #[error(
        "the model is a network, and this component has only what trees and linear models use, without {0}: use `weft:onnx`"
    )]
    Networks(String),
    /// A node that cannot be, or has no answer for its inputs.
    #[error("node `{node}` ({operator}){inputs}: {problem}")]
    Node {
        /// Its name, or that of its first output.
        node: String,
        /// Its operator.
        operator: String,
        /// Its inputs with types and shapes, if it ran; otherwise empty.
        inputs: String,
        /// What is wrong.
        problem: String,
    },
    /// An input of the model that is missing, or of another type or shape.
    #[error("input `{input}` of the model: {problem}")]
    Input {
        /// Its name.
        input: String,
        /// What is wrong.
        problem: String,
    },
    /// A table that does not have what the model needs.
    #[error("{0}")]
    Table(String),
    /// A cell that the model's input does not hold.
    #[error("column `{column}`, row {row}: {problem}")]
    Cell {
        /// The column's name.
        column: String,
        /// The row in the batch, from 1.
        row: usize,
        /// What is wrong.
        problem: String,
    },
}

/// The result of loading or running a model.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong within an operator; the graph puts the node in front.
#[derive(Debug)]
pub(crate) struct Problem(pub String);

/// The result of an operator.
pub(crate) type Done<T> = std::result::Result<T, Problem>;

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<forest::Error> for Problem {
    fn from(error: forest::Error) -> Self {
        Self(error.0)
    }
}

impl From<&str> for Problem {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Ends an operator with a [`Problem`] of this text.
macro_rules! refuse {
    ($($text:tt)*) => { return Err($crate::error::Problem(format!($($text)*))) };
}
pub(crate) use refuse;
