//! What can be wrong with predictions and with what is asked of them.

/// Why predictions cannot be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The table, or a cell of it.
    #[error(transparent)]
    Table(#[from] tabular::Error),
    /// A row that says nothing that can be measured.
    #[error("row {row}, column `{column}`: {problem}")]
    Row {
        /// The row, counted from 1 without the header.
        row: usize,
        /// The column.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// A question that the predictions have no answer to.
    #[error("{0}")]
    Request(String),
    /// An evaluation of before that cannot be read.
    #[error("the evaluation cannot be read, line {line}: {source}")]
    Evaluation {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// The result of evaluating.
pub type Result<T, E = Error> = std::result::Result<T, E>;
