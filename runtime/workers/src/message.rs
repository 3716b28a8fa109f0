//! What the scheduler and its workers write to each other: one JSON document a file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use weft_artifacts::{ContentId, Store};
use weft_pipeline::step::{FailureKind, LogLevel, PortValues, StepFailure, StepOutput, StepRequest, StepTrace};

/// The version of these documents. A worker reads no others.
pub const FORMAT: u32 = 1;

/// A step file: steps that one worker executes one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch<'r> {
    /// [`FORMAT`].
    pub format: u32,
    /// The steps, at least one.
    pub steps: Vec<Offer<'r>>,
}

/// A step that is offered to workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer<'r> {
    /// The number by which reports name it.
    pub id: u64,
    /// What to execute.
    pub request: Cow<'r, StepRequest>,
}

/// What a worker tells: that it is alive, and what became of its steps since its last report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// The worker.
    pub worker: String,
    /// What happened to steps, in order.
    pub events: Vec<(u64, StepEvent)>,
    /// Whether the worker ends now, with nothing left in its hands.
    pub leaving: bool,
}

/// What happens to a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepEvent {
    /// It logged a message.
    Log(LogLevel, String),
    /// Units done, and total units.
    Progress(u64, u64),
    /// The component that is being compiled for it; none once that is done.
    Compiling(Option<String>),
    /// It ended.
    Ended(Box<StepResult>),
    /// The worker has not ended it and will not: another one may.
    GivenBack {
        /// Whether it had begun, and was stopped because the worker was.
        begun: bool,
    },
}

/// How a step ended. Its log, like its outputs, is content of the artifact store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// Its outputs, or its failure.
    pub outcome: Outcome,
    /// The id of its log in the artifact store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The peak of all linear memories together, in bytes.
    pub peak_memory: u64,
    /// The time that it took.
    pub duration: Duration,
}

/// Whether a step succeeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It succeeded; see [`StepOutput`].
    Succeeded {
        /// The outputs.
        outputs: PortValues,
        /// Digests by URI.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        uris: BTreeMap<String, String>,
        /// One line each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
    },
    /// It failed; see [`StepFailure`].
    Failed {
        /// The kind.
        kind: FailureKind,
        /// The cause.
        message: String,
        /// What to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
}

impl StepResult {
    /// The result of a runner, its log put into the store. A log that cannot be kept is lost, not the result.
    pub fn keep(result: Result<StepOutput, Box<StepFailure>>, artifacts: &Store) -> Self {
        let (outcome, trace) = match result {
            // What importers bring stays with the scheduler.
            Ok(StepOutput { outputs, uris, fetched: _, warnings, trace }) => {
                (Outcome::Succeeded { outputs, uris, warnings }, trace)
            }
            Err(failure) => {
                let StepFailure { kind, message, hint, trace } = *failure;
                (Outcome::Failed { kind, message, hint }, trace)
            }
        };
        let StepTrace { log, peak_memory, duration } = trace;
        Self { outcome, log: keep_log(artifacts, &log), peak_memory, duration }
    }

    /// The result as a runner gives it, with the log from the store.
    ///
    /// # Errors
    /// The step's failure.
    pub fn restore(self, artifacts: &Store) -> Result<StepOutput, Box<StepFailure>> {
        let log = self.log.map(|id| restore_log(artifacts, &id)).unwrap_or_default();
        let trace = StepTrace { log, peak_memory: self.peak_memory, duration: self.duration };
        match self.outcome {
            Outcome::Succeeded { outputs, uris, warnings } => {
                Ok(StepOutput { outputs, uris, fetched: None, warnings, trace })
            }
            Outcome::Failed { kind, message, hint } => Err(Box::new(StepFailure { kind, message, hint, trace })),
        }
    }

    /// Whether the step was stopped because its worker was.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { kind: FailureKind::Interrupted, .. })
    }
}

fn keep_log(artifacts: &Store, log: &[u8]) -> Option<String> {
    if log.is_empty() {
        return None;
    }
    let kept = artifacts.create(None).and_then(|mut blob| {
        blob.append(log)?;
        blob.finish()
    });
    kept.inspect_err(|error| tracing::warn!(%error, "a step's log could not be kept")).ok().map(|id| id.to_string())
}

fn restore_log(artifacts: &Store, id: &str) -> Vec<u8> {
    let read = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let id: ContentId = id.parse()?;
        let mut log = Vec::new();
        artifacts.open_blob(&id.digest())?.cursor().read_to_end(&mut log)?;
        Ok(log)
    };
    read().inspect_err(|error| tracing::warn!(%error, id, "a step's log could not be read")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use weft_pipeline::nested::from_nested_json;
    use weft_pipeline::step::PortValue;

    use super::*;

    #[test]
    fn results_come_back_as_they_were_with_their_logs() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Store::open(folder.path()).unwrap();
        let trace = StepTrace { log: vec![0xff, b'\n'], peak_memory: 7, duration: Duration::from_micros(3) };
        let failed = StepFailure { kind: FailureKind::Trapped, message: "no".into(), hint: None, trace: trace.clone() };
        // As deep as a step can give a value.
        let deep: serde_json::Value = serde_json::from_str(&format!("{}{}", "[".repeat(127), "]".repeat(127))).unwrap();
        let outputs = [("deep".to_owned(), PortValue::Parameter(deep))].into();
        let output = StepOutput { outputs, trace, ..StepOutput::default() };
        for result in [Ok(output), Err(Box::new(failed))] {
            let kept = StepResult::keep(result.clone(), &artifacts);
            let text = serde_json::to_string(&kept).unwrap();
            let read: StepResult = from_nested_json(&text).unwrap();
            assert_eq!(read.restore(&artifacts), result);
        }
    }
}
