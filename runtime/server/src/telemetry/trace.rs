//! A run as a trace. Ids are made of what they stand for, so that a run which goes on after a kill goes on in the same trace, and steps know
//! their parents without having met them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use weft::metadata::control::{Change, Status, Submission};
use weft::pipeline::model::TaskState;
use weft::{Event, TaskReport};

use super::export::Telemetry;
use super::measure::{Attributes, Name};
use crate::api::parent;

/// The longest message of a failed span, in bytes.
const MAX_MESSAGE: usize = 1024;
/// Steps at work whose start is remembered.
const MAX_OPEN: usize = 100_000;

/// What a span does for the system, by OTLP's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Internal = 1,
    Server = 2,
}

/// Something that took time.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(super) trace: [u8; 16],
    pub(super) id: [u8; 8],
    pub(super) parent: Option<[u8; 8]>,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) start: SystemTime,
    pub(super) end: SystemTime,
    pub(super) attributes: Attributes,
    /// Why it failed.
    pub(super) error: Option<String>,
}

/// The trace of a run that is at work.
pub(crate) struct RunTrace {
    telemetry: Arc<Telemetry>,
    run: String,
    pipeline: String,
    trace: [u8; 16],
    /// What the ids of this attempt's spans are made of: one that is retried has a root of its own in the same trace.
    attempt: usize,
    begun: SystemTime,
    open: HashMap<String, SystemTime>,
}

impl RunTrace {
    /// The trace of a run that was claimed, whose states were these so far.
    pub fn new(telemetry: &Arc<Telemetry>, submission: &Submission, history: &[Change]) -> Self {
        let attempt = history.iter().filter(|change| change.status.has_ended()).count();
        // Since the end of the attempt before: when it was put into the queue, and when it was claimed first.
        let since = history.iter().rposition(|change| change.status.has_ended()).map_or(0, |at| at + 1);
        let first =
            |status: Status| history[since..].iter().find(|change| change.status == status).map(|change| change.at_ms);
        let (queued, claims) =
            (first(Status::Queued), history[since..].iter().filter(|change| change.status == Status::Running).count());
        let begun = first(Status::Running).map_or_else(SystemTime::now, time);
        let pipeline = submission.pipeline_name.clone();
        if let (Some(queued), 1) = (queued, claims) {
            let waited = begun.duration_since(time(queued)).unwrap_or_default();
            let attributes: Attributes =
                vec![("cicd.pipeline.name", pipeline.as_str().into()), ("cicd.pipeline.run.state", "pending".into())];
            telemetry.measure(Name::Run, attributes, waited);
        }
        Self {
            telemetry: Arc::clone(telemetry),
            trace: trace_id(&submission.id),
            run: submission.id.clone(),
            pipeline,
            attempt,
            begun,
            open: HashMap::new(),
        }
    }

    /// Hears an event of the run.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::TaskStarted { task, attempt: 1, .. } if self.open.len() < MAX_OPEN => {
                self.open.insert(task.clone(), SystemTime::now());
            }
            Event::TaskFinished(report) if report.state != TaskState::New => self.finished(report),
            _ => {}
        }
    }

    fn finished(&mut self, report: &TaskReport) {
        let end = SystemTime::now();
        let start = self.open.remove(&report.task);
        let start = start.unwrap_or_else(|| end.checked_sub(report.duration.unwrap_or_default()).unwrap_or(end));
        let result = match report.state {
            TaskState::Failed => "failure",
            TaskState::Canceled => "cancellation",
            TaskState::Skipped => "skip",
            _ => "success",
        };
        let failed = report.state == TaskState::Failed;
        let mut attributes: Attributes = vec![
            ("cicd.pipeline.name", self.pipeline.as_str().into()),
            ("cicd.pipeline.run.id", self.run.as_str().into()),
            ("cicd.pipeline.task.name", report.task.as_str().into()),
            ("cicd.pipeline.task.run.id", format!("{}/{}", self.run, report.task).into()),
            ("cicd.pipeline.task.run.result", result.into()),
            ("weft.task.attempts", report.attempts.into()),
            ("weft.task.cached", (report.state == TaskState::Cached).into()),
        ];
        if failed {
            attributes.push(("error.type", "failure".into()));
        }
        let around = parent(&report.task).map_or_else(|| self.root(), |task| self.id(task));
        self.telemetry.add(Span {
            trace: self.trace,
            id: self.id(&report.task),
            parent: Some(around),
            name: report.task.rsplit('/').next().unwrap_or(&report.task).to_owned(),
            kind: Kind::Internal,
            start,
            end,
            attributes,
            error: failed.then(|| cut(report.message.as_deref().unwrap_or("it failed"))),
        });
    }

    /// Ends the trace with the run.
    pub fn end(self, status: Status, error: Option<&str>) {
        let result = match status {
            Status::Complete => "success",
            Status::Canceled => "cancellation",
            _ => "failure",
        };
        let failed = status == Status::Failed;
        let end = SystemTime::now();
        let name: Value = self.pipeline.as_str().into();
        let mut attributes: Attributes = vec![
            ("cicd.pipeline.action.name", "RUN".into()),
            ("cicd.pipeline.name", name.clone()),
            ("cicd.pipeline.run.id", self.run.as_str().into()),
            ("cicd.pipeline.result", result.into()),
        ];
        let mut measured: Attributes = vec![
            ("cicd.pipeline.name", name),
            ("cicd.pipeline.run.state", "executing".into()),
            ("cicd.pipeline.result", result.into()),
        ];
        if failed {
            attributes.push(("error.type", "failure".into()));
            measured.push(("error.type", "failure".into()));
        }
        self.telemetry.measure(Name::Run, measured, end.duration_since(self.begun).unwrap_or_default());
        self.telemetry.add(Span {
            trace: self.trace,
            id: self.root(),
            parent: None,
            name: format!("RUN {}", self.pipeline),
            kind: Kind::Server,
            start: self.begun,
            end,
            attributes,
            error: failed.then(|| cut(error.unwrap_or("a step failed"))),
        });
    }

    /// The id of the span of the whole.
    fn root(&self) -> [u8; 8] {
        self.id("")
    }

    /// The id of a task's span.
    fn id(&self, task: &str) -> [u8; 8] {
        let digest = blake3::hash(format!("{}\n{}\n{task}", self.run, self.attempt).as_bytes());
        let mut id = [0; 8];
        id.copy_from_slice(&digest.as_bytes()[..8]);
        id
    }
}

/// The id of a run's trace: a UUID is one as it is.
fn trace_id(run: &str) -> [u8; 16] {
    let digits: Vec<u8> = run.bytes().filter(|byte| *byte != b'-').collect();
    let mut id = [0; 16];
    let is_uuid = run.len() == 36 && digits.len() == 32;
    let read =
        digits.as_chunks::<2>().0.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    match read.collect::<Option<Vec<u8>>>() {
        Some(bytes) if is_uuid => id.copy_from_slice(&bytes),
        _ => id.copy_from_slice(&blake3::hash(run.as_bytes()).as_bytes()[..16]),
    }
    id
}

fn time(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn cut(message: &str) -> String {
    message[..message.floor_char_boundary(MAX_MESSAGE)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_a_trace_as_it_is() {
        let id = trace_id("0102030a-0b0c-4d0e-8f10-111213141516");
        assert_eq!(id[..6], [1, 2, 3, 10, 11, 12]);
        assert_ne!(trace_id("penguins-20260102-030405"), trace_id("penguins-20260102-030406"));
        assert_ne!(trace_id("zz"), [0; 16]);
    }
}
