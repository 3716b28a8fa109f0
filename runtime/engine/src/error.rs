//! Errors of starting and resuming runs. A failed step is not among them: the outcome of its run has its failure.

use std::io;
use std::path::PathBuf;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The metadata store failed. Everything recorded before is kept; the run can be resumed.
    #[error(transparent)]
    Metadata(#[from] weft_metadata::Error),
    /// The artifact store failed outside a step.
    #[error(transparent)]
    Artifacts(#[from] weft_artifacts::Error),
    /// The pipeline cannot be executed. The checker reports the same problems with their places in the file.
    #[error("pipeline `{pipeline}`: {message}")]
    Pipeline {
        /// Its name.
        pipeline: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A parameter that the pipeline needs was not given.
    #[error("pipeline `{pipeline}`: the parameter `{parameter}` has no value; give it one, as it has no default")]
    MissingParameter {
        /// The pipeline.
        pipeline: String,
        /// The parameter.
        parameter: String,
    },
    /// An artifact that the pipeline needs was not given.
    #[error("pipeline `{pipeline}`: the input artifact `{input}` is not given; give it a file or a directory")]
    MissingArtifact {
        /// The pipeline.
        pipeline: String,
        /// The input.
        input: String,
    },
    /// A parameter was given that the pipeline does not have.
    #[error("pipeline `{pipeline}` has no parameter `{parameter}`; leave it out")]
    UnknownParameter {
        /// The pipeline.
        pipeline: String,
        /// The parameter.
        parameter: String,
    },
    /// A component file could not be imported into the store.
    #[error("component `{}` of pipeline `{pipeline}` cannot be read; check the path, relative ones start at the pipeline file's folder", path.display())]
    Component {
        /// The pipeline.
        pipeline: String,
        /// The file, resolved.
        path: PathBuf,
        /// The cause.
        source: weft_artifacts::Error,
    },
    /// A component file changed between the check and the run.
    #[error("component `{}` changed while the run was being started (it was {expected}, now it is {found}); start the run again", path.display())]
    ComponentChanged {
        /// The file, resolved.
        path: PathBuf,
        /// Its digest when the pipeline was linked.
        expected: String,
        /// Its digest now.
        found: String,
    },
    /// The id cannot name a file.
    #[error(
        "`{run}` cannot be a run's id: use up to 128 letters, digits, `-`, `_` and `.`, beginning with a letter or digit; `latest` is the newest run"
    )]
    RunId {
        /// The id.
        run: String,
    },
    /// Another process holds the lock of the run.
    #[error("run `{run}` is at work in another process; wait for that to end, or interrupt it")]
    RunIsAlive {
        /// The run.
        run: String,
    },
    /// The run's lock file could not be created or locked.
    #[error("lock file {}: {source}; it keeps two processes from working on one run", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The pipeline that was recorded when the run started cannot be read.
    #[error("run `{run}` cannot be resumed: its recorded pipeline cannot be read ({source}); start a new run")]
    Spec {
        /// The run.
        run: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// A path that JSON cannot hold.
    #[error("the folder {} has a name that is not Unicode; move the pipeline elsewhere", path.display())]
    NotUnicode {
        /// The folder.
        path: PathBuf,
    },
}
