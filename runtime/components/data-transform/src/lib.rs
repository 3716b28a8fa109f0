//! Features out of columns, with the numbers of TensorFlow Transform (TFT 1.21) and scikit-learn.
//!
//! A [`Feature`] says what is made of which columns. An [`Analysis`] reads all rows once and gives a [`Graph`]: everything that was learned, as one
//! JSON file. A graph is applied to any rows, those of training and of serving alike, so that both get the same features.
//!
//! What is missing takes no part in the analysis. Where it is filled, the analysis is that of the filled column, as if it had been filled before: this
//! follows from the numbers, without a second pass.

mod analysis;
mod apply;
mod export;
mod feature;
mod graph;
mod join;

pub use analysis::Analysis;
pub use apply::Applied;
pub use feature::{Feature, Fill, Map, Part, Terms, Vocabulary};
pub use graph::{Constant, Fitted, Graph, Source, Step};

/// Why features cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What is asked for cannot be, or the data does not have it.
    #[error("feature `{feature}`: {problem}")]
    Feature {
        /// The feature.
        feature: String,
        /// What is wrong.
        problem: String,
    },
    /// A file that is no fitted graph.
    #[error("the fitted graph cannot be read: {0}")]
    Graph(String),
    /// A model that does not fit the graph.
    #[error("the model cannot be joined with the graph: {0}")]
    Model(String),
}

impl Error {
    fn of(feature: &str, problem: impl Into<String>) -> Self {
        Self::Feature { feature: feature.to_owned(), problem: problem.into() }
    }
}

/// The result of making features.
pub type Result<T, E = Error> = std::result::Result<T, E>;
