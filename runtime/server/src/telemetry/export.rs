//! Sending: a bounded queue of spans, and a thread that sends what is in it and what was measured.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use weft::metadata::control::Status;

use super::measure::{Attributes, Measured, Name};
use super::otlp;
use super::trace::Span;
use crate::error::{Error, Result};
use crate::server::{Server, lock_of};

/// Spans that wait to be sent; those that come when it is full are dropped, and counted.
const MAX_WAITING: usize = 16_384;
/// Spans of one request.
const BATCH: usize = 512;
/// How long a span waits at most.
const SEND_EVERY: Duration = Duration::from_secs(2);
/// How long a collector may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Attempts at a request that the collector may take later, and the first pause between them.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Bytes that are read of an answer.
const MAX_ANSWER: u64 = 64 << 10;

/// A collector that takes OTLP over HTTP, and what this server is called there.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Where it is asked: traces go to `/v1/traces` below it, metrics to `/v1/metrics`.
    pub endpoint: String,
    /// Fields of the head of each request, such as those that show who asks.
    pub headers: Vec<(String, String)>,
    /// What is said of this server, by the names of the semantic conventions. `service.name` is `weft` if it is not among them.
    pub resource: Vec<(String, String)>,
    /// How often metrics are sent.
    pub metrics_every: Duration,
}

/// What waits to be sent.
pub(crate) struct Telemetry {
    collector: Collector,
    begun: SystemTime,
    spans: Mutex<VecDeque<Span>>,
    dropped: AtomicU64,
    measured: Mutex<Measured>,
    wake: Condvar,
    ending: AtomicBool,
}

impl Telemetry {
    /// What is to be sent to a collector.
    ///
    /// # Errors
    /// It cannot be asked by its URL.
    pub fn new(mut collector: Collector) -> Result<Self> {
        if !collector.endpoint.starts_with("http://") {
            let endpoint = &collector.endpoint;
            return Err(Error::invalid(format!(
                "`{endpoint}` is no collector that can be asked: write it as http://HOST:4318; there is no TLS here, so name a collector on \
                 this machine that goes on from there"
            )));
        }
        let mut missing = |name: &str, value: String| {
            if !collector.resource.iter().any(|(known, _)| known == name) {
                collector.resource.push((name.to_owned(), value));
            }
        };
        missing("service.name", "weft".to_owned());
        missing("service.version", env!("CARGO_PKG_VERSION").to_owned());
        missing("service.instance.id", crate::ids::uuid()?);
        missing("telemetry.sdk.language", "rust".to_owned());
        missing("telemetry.sdk.name", "weft".to_owned());
        missing("telemetry.sdk.version", env!("CARGO_PKG_VERSION").to_owned());
        Ok(Self {
            collector,
            begun: SystemTime::now(),
            spans: Mutex::default(),
            dropped: AtomicU64::new(0),
            measured: Mutex::default(),
            wake: Condvar::new(),
            ending: AtomicBool::new(false),
        })
    }

    /// Takes a span, to be sent soon.
    pub fn add(&self, span: Span) {
        let mut spans = lock_of(&self.spans);
        if spans.len() >= MAX_WAITING {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        spans.push_back(span);
        if spans.len() >= BATCH {
            self.wake.notify_all();
        }
    }

    /// Counts a duration.
    pub fn measure(&self, name: Name, attributes: Attributes, took: Duration) {
        lock_of(&self.measured).add(name, attributes, took.as_secs_f64());
    }

    /// Has the thread send what is left, and end.
    pub fn end(&self) {
        let spans = lock_of(&self.spans);
        self.ending.store(true, Ordering::SeqCst);
        drop(spans);
        self.wake.notify_all();
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }
}

impl Server {
    /// Sends what there is until everything has ended, and then the rest.
    pub(crate) fn export(&self, telemetry: &Telemetry) {
        let config = ureq::Agent::config_builder().timeout_global(Some(ANSWER_WITHIN)).http_status_as_error(false);
        let agent = config.max_redirects(0).build().into();
        let mut client = Client { agent, collector: &telemetry.collector, failing: false };
        let mut next_metrics = Instant::now() + telemetry.collector.metrics_every;
        loop {
            let spans = lock_of(&telemetry.spans);
            let is_early = |spans: &mut VecDeque<Span>| spans.len() < BATCH && !telemetry.is_ending();
            let within = SEND_EVERY.min(next_metrics.saturating_duration_since(Instant::now()));
            let waited = telemetry.wake.wait_timeout_while(spans, within, is_early);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            let ending = telemetry.is_ending();
            loop {
                let batch: Vec<Span> = {
                    let mut spans = lock_of(&telemetry.spans);
                    let count = spans.len().min(BATCH);
                    spans.drain(..count).collect()
                };
                if batch.is_empty() {
                    break;
                }
                client.send("/v1/traces", &otlp::traces(&telemetry.collector.resource, &batch), ending);
            }
            if ending || Instant::now() >= next_metrics {
                client.send("/v1/metrics", &self.measured(telemetry), ending);
                next_metrics = Instant::now() + telemetry.collector.metrics_every;
            }
            if ending {
                return;
            }
        }
    }

    /// All metrics now.
    fn measured(&self, telemetry: &Telemetry) -> Value {
        let (begun, now) = (telemetry.begun, SystemTime::now());
        let mut all: Vec<Value> = {
            let measured = lock_of(&telemetry.measured);
            measured.all().map(|(name, series)| otlp::histogram(name, begun, now, &series)).collect()
        };
        let active = self.store().metadata.open_runs().unwrap_or_default();
        let active: Vec<(Attributes, u64)> = active
            .into_iter()
            .map(|(pipeline, status, count)| {
                let state = match status {
                    Status::Queued => "pending",
                    Status::Canceling => "finalizing",
                    _ => "executing",
                };
                (vec![("cicd.pipeline.name", pipeline.into()), ("cicd.pipeline.run.state", state.into())], count)
            })
            .collect();
        let about = "The number of pipeline runs currently active in the system by state.";
        all.push(otlp::up_down("cicd.pipeline.run.active", "{run}", about, begun, now, &active));
        let steps = self.settings().steps.get().saturating_sub(self.0.slots.free());
        let steps = [(Vec::new(), steps as u64)];
        all.push(otlp::up_down("weft.steps.running", "{step}", "Steps that are executed now.", begun, now, &steps));
        otlp::metrics(&telemetry.collector.resource, &all)
    }
}

struct Client<'a> {
    agent: ureq::Agent,
    collector: &'a Collector,
    /// Whether the last request was not taken: a collector that is away is told of once.
    failing: bool,
}

impl Client<'_> {
    /// Sends a document; again after a while if the collector says that it may take it later, unless the server ends.
    fn send(&mut self, path: &str, document: &Value, ending: bool) {
        let url = format!("{}{path}", self.collector.endpoint.trim_end_matches('/'));
        let body = document.to_string();
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            let why = match self.ask(&url, &body) {
                Ok(status) if (200..300).contains(&status) => {
                    self.failing = false;
                    return;
                }
                // It will not take this one, however often it is sent.
                Ok(status) if !matches!(status, 429 | 502 | 503 | 504) => {
                    self.told(&url, &format!("it answers {status}"));
                    return;
                }
                Ok(status) => format!("it answers {status}"),
                Err(error) => error,
            };
            if ending || self.failing || attempt == ATTEMPTS {
                self.told(&url, &why);
                return;
            }
            sleep(pause);
            pause *= 2;
        }
    }

    fn ask(&self, url: &str, body: &str) -> std::result::Result<u16, String> {
        let mut request = self.agent.post(url).header("content-type", "application/json");
        for (name, value) in &self.collector.headers {
            request = request.header(name, value);
        }
        let mut answer = request.send(body).map_err(|error| error.to_string())?;
        // Read whole, so that the connection can be used again.
        _ = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        Ok(answer.status().as_u16())
    }

    fn told(&mut self, url: &str, why: &str) {
        if !self.failing {
            tracing::warn!(url, why, "the collector does not take what it is sent; it is dropped until it does");
        }
        self.failing = true;
    }
}
