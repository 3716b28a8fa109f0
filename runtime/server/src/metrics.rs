//! What the server counts, in the text format of Prometheus.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use weft::metadata::control::Status;

use crate::error::Result;
use crate::server::Server;

/// Counters since the server began.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Answers by the first digit of their status.
    requests: [AtomicU64; 6],
    complete: AtomicU64,
    failed: AtomicU64,
    canceled: AtomicU64,
    /// Runs that recurring runs have put into the queue.
    pub fired: AtomicU64,
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, status: u16) {
        if let Some(counter) = self.requests.get(usize::from(status / 100)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a run that has ended.
    pub fn ended(&self, status: Status) {
        let counter = match status {
            Status::Complete => &self.complete,
            Status::Failed => &self.failed,
            Status::Canceled => &self.canceled,
            Status::Queued | Status::Running | Status::Canceling => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Server {
    /// All metrics as text.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn metrics(&self) -> Result<String> {
        let metrics = &self.0.metrics;
        let (queued, running, canceling) = self.store().metadata.queue_length()?;
        let busy = self.settings().steps.get().saturating_sub(self.0.slots.free());
        let mut text = String::new();
        let mut add = |name: &str, kind: &str, help: &str, values: &[(&str, u64)]| {
            _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in values {
                _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        add(
            "weft_runs",
            "gauge",
            "Submitted runs that have not ended, by state.",
            &[("{state=\"queued\"}", queued), ("{state=\"running\"}", running), ("{state=\"canceling\"}", canceling)],
        );
        add(
            "weft_runs_ended_total",
            "counter",
            "Runs that this server has brought to an end, by state.",
            &[
                ("{state=\"complete\"}", count(&metrics.complete)),
                ("{state=\"failed\"}", count(&metrics.failed)),
                ("{state=\"canceled\"}", count(&metrics.canceled)),
            ],
        );
        add("weft_steps_running", "gauge", "Steps that are executed now.", &[("", busy as u64)]);
        let steps = self.settings().steps.get() as u64;
        add("weft_steps_limit", "gauge", "Steps that may be executed at the same time.", &[("", steps)]);
        add(
            "weft_recurring_fired_total",
            "counter",
            "Runs that recurring runs have submitted.",
            &[("", count(&metrics.fired))],
        );
        let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(|class| format!("{{status=\"{class}\"}}"));
        let answered: Vec<(&str, u64)> = classes
            .iter()
            .zip(&metrics.requests[1..])
            .map(|(labels, counter)| (labels.as_str(), count(counter)))
            .collect();
        add("weft_http_requests_total", "counter", "Answered requests, by class of status.", &answered);
        Ok(text)
    }
}
