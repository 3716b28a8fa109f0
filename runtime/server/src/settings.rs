//! How a server is to behave.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::telemetry::Collector;

/// Tells the time: milliseconds since the epoch. Tests have their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// A clock that tells what `now` does.
    pub fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

impl Default for Clock {
    /// The clock of the host.
    fn default() -> Self {
        Self::new(|| {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }
}

/// How long clients may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To send the head of a request; a connection may be idle so long, too.
    pub head: Duration,
    /// Without sending or taking a byte while it is their turn.
    pub stalled: Duration,
    /// To send a request whole, with the time that its answer takes to begin. Answers that are being sent are not cut.
    pub answer: Duration,
}

impl Default for Timeouts {
    /// Half a minute for the head, a minute without a byte, and two minutes for all: long enough to check a pipeline with many components.
    fn default() -> Self {
        Self { head: Duration::from_secs(30), stalled: Duration::from_mins(1), answer: Duration::from_mins(2) }
    }
}

/// Settings of a server.
#[derive(Clone)]
pub struct Settings {
    /// Runs that are executed at the same time.
    pub runs: NonZeroUsize,
    /// Steps that are executed at the same time, those of all runs together.
    pub steps: NonZeroUsize,
    /// The token that clients show. Without one, everybody who reaches the server may do everything.
    pub token: Option<String>,
    /// Names under which the server may be asked for, with ports (`weft.example.org:8888`), besides those of loopback.
    pub hosts: Vec<String>,
    /// The time zone of cron expressions that name none: a name of the IANA database.
    pub time_zone: String,
    /// How long runs may go on after the server was asked to end.
    pub grace: Duration,
    /// Files of triggers, and folders with such files.
    pub triggers: Vec<PathBuf>,
    /// Folders whose files triggers that are made on the page may wait for. No two have the same name.
    pub watched: Vec<PathBuf>,
    /// How long clients may take.
    pub timeouts: Timeouts,
    /// Who is told of runs and requests.
    pub collector: Option<Collector>,
    /// Tells the time.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            runs: NonZeroUsize::MIN.saturating_add(15),
            steps: processors,
            token: None,
            hosts: Vec::new(),
            time_zone: "UTC".to_owned(),
            grace: Duration::from_secs(20),
            triggers: Vec::new(),
            watched: Vec::new(),
            timeouts: Timeouts::default(),
            collector: None,
            clock: Clock::default(),
        }
    }
}
