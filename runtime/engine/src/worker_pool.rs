//! The pool of worker threads, and the channel on which they report.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use weft_pipeline::step::{FailureKind, LogLevel, StepFailure, StepObserver, StepOutput, StepTrace};

/// The capacity of the channel. A guest that logs faster than the scheduler receives is blocked, so memory is bounded.
const REPORT_QUEUE_LENGTH: usize = 1024;

/// The minimum time between two progress reports of a job.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

/// A message of a worker to the scheduler about the job of a node.
#[derive(Debug)]
pub enum WorkerReport {
    /// A logged message.
    Log(LogLevel, String),
    /// Units done, and total units.
    Progress(u64, u64),
    /// The component that is being compiled; none once that is done.
    Compiling(Option<String>),
    /// The end of the job.
    Finished(Box<JobOutcome>),
}

/// The result of a job.
#[derive(Debug)]
pub struct JobOutcome {
    /// Its outputs, or its failure.
    pub result: Result<StepOutput, Box<StepFailure>>,
    /// The id of its log in the artifact store.
    pub log: Option<String>,
    /// Its execution time.
    pub elapsed: Duration,
}

/// Worker threads of a scope, spawned when there is a job for them. When the pool is dropped, running jobs are interrupted
/// and the threads end.
pub struct WorkerPool<'scope, 'env, J, W> {
    scope: &'scope Scope<'scope, 'env>,
    work: &'scope W,
    shared: Arc<Shared<J>>,
    jobs: Option<Sender<(usize, J)>>,
    sender: SyncSender<(usize, WorkerReport)>,
    reports: Receiver<(usize, WorkerReport)>,
    interrupt: &'scope AtomicBool,
    threads: usize,
    busy: usize,
}

struct Shared<J> {
    jobs: Mutex<Receiver<(usize, J)>>,
    stop: AtomicBool,
}

impl<'scope, 'env, J, W> WorkerPool<'scope, 'env, J, W>
where
    J: Send + 'scope,
    W: Fn(J, &dyn StepObserver) -> JobOutcome + Sync,
{
    /// A pool whose workers call `work`. Its observer reports an interruption when `interrupt` is set or the pool stops.
    pub fn new(scope: &'scope Scope<'scope, 'env>, work: &'scope W, interrupt: &'scope AtomicBool) -> Self {
        let (jobs, receiver) = channel();
        let (sender, reports) = sync_channel(REPORT_QUEUE_LENGTH);
        let shared = Arc::new(Shared { jobs: Mutex::new(receiver), stop: AtomicBool::new(false) });
        Self { scope, work, shared, jobs: Some(jobs), sender, reports, interrupt, threads: 0, busy: 0 }
    }

    /// The number of submitted jobs whose end has not been received yet.
    pub fn busy(&self) -> usize {
        self.busy
    }

    /// Submits the job of a node to an idle worker, or to a new one.
    pub fn submit(&mut self, node: usize, job: J) {
        self.busy += 1;
        if self.threads < self.busy {
            self.threads += 1;
            let (shared, work, interrupt) = (Arc::clone(&self.shared), self.work, self.interrupt);
            let reports = self.sender.clone();
            self.scope.spawn(move || run_worker(&shared, work, interrupt, &reports));
        }
        if let Some(jobs) = &self.jobs {
            // The receiver lives in `shared`, which this pool holds.
            _ = jobs.send((node, job));
        }
    }

    /// Interrupts all running jobs.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    /// Receives the next report; `None` if there is none by `deadline`.
    pub fn next(&mut self, deadline: Instant) -> Option<(usize, WorkerReport)> {
        let report = match self.reports.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(report) => report,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        };
        if matches!(report.1, WorkerReport::Finished(_)) {
            self.busy -= 1;
        }
        Some(report)
    }
}

impl<J, W> Drop for WorkerPool<'_, '_, J, W> {
    /// Ends the workers, also when the scheduler fails or panics: the thread scope joins them.
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.jobs = None;
    }
}

fn run_worker<J, W>(shared: &Shared<J>, work: &W, interrupt: &AtomicBool, reports: &SyncSender<(usize, WorkerReport)>)
where
    W: Fn(J, &dyn StepObserver) -> JobOutcome + Sync,
{
    loop {
        let job = shared.jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((node, job)) = job else { return };
        let observer = Observer { node, reports, interrupt, stop: &shared.stop, progress: Mutex::new(None) };
        let started = Instant::now();
        // Without a report of a panic, the scheduler would wait for ever.
        let done = panic::catch_unwind(AssertUnwindSafe(|| work(job, &observer))).unwrap_or_else(|payload| {
            let failure = panicked(payload.as_ref());
            JobOutcome { result: Err(Box::new(failure)), log: None, elapsed: started.elapsed() }
        });
        if reports.send((node, WorkerReport::Finished(Box::new(done)))).is_err() {
            return;
        }
    }
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> StepFailure {
    let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(text, "a worker panicked");
    StepFailure {
        kind: FailureKind::Host,
        message: format!("the runtime itself broke down while executing it: {}", text.unwrap_or("no message")),
        hint: Some("this is a bug of weft; please report it with the pipeline and the component".to_owned()),
        trace: StepTrace::default(),
    }
}

struct Observer<'a> {
    node: usize,
    reports: &'a SyncSender<(usize, WorkerReport)>,
    interrupt: &'a AtomicBool,
    stop: &'a AtomicBool,
    /// When progress was last reported.
    progress: Mutex<Option<Instant>>,
}

impl StepObserver for Observer<'_> {
    fn log(&self, _task: &str, level: LogLevel, message: &str) {
        // The channel is closed only after the scheduler has failed, and then the step is interrupted.
        _ = self.reports.send((self.node, WorkerReport::Log(level, message.to_owned())));
    }

    fn progress(&self, _task: &str, done: u64, total: u64) {
        let now = Instant::now();
        let mut last = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| now.duration_since(last) >= PROGRESS_INTERVAL) {
            *last = Some(now);
            _ = self.reports.send((self.node, WorkerReport::Progress(done, total)));
        }
    }

    fn compiling(&self, _task: &str, component: Option<&str>) {
        _ = self.reports.send((self.node, WorkerReport::Compiling(component.map(str::to_owned))));
    }

    fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed)
    }
}
