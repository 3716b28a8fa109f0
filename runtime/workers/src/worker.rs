//! A worker: claims batches of steps, has a runner execute them, and reports what became of them.
//!
//! Two threads: one executes, the other shows every moment that the worker lives, tells what happens meanwhile, gives back what a long step
//! keeps from being executed, and looks whether the scheduler is still there.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use weft_artifacts::Store;
use weft_engine::StepRunner;
use weft_pipeline::step::{LogLevel, StepObserver};

use crate::error::Result;
use crate::message::{FORMAT, Offer, Report, StepEvent, StepResult};
use crate::pace;
use crate::spool::Spool;

/// How often the second thread looks around.
const ROUND: Duration = Duration::from_millis(100);
/// The longest time between two reports.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// The time after which what happened during a step is told.
const TELL_AFTER: Duration = Duration::from_millis(250);
/// The time after which a step no longer keeps those behind it in its batch from being executed elsewhere.
const GIVE_BACK_AFTER: Duration = Duration::from_secs(1);
/// How often the scheduler's pulse is looked at.
const PULSE_INTERVAL: Duration = Duration::from_secs(2);
/// The time without a pulse after which the scheduler is taken for dead.
const SCHEDULER_SILENCE: Duration = Duration::from_mins(1);
/// Untold events, beyond which a step waits until they are told.
const MOST_EVENTS: usize = 1000;

/// How a worker works.
#[derive(Debug, Clone, Copy)]
pub struct WorkerOptions {
    /// It ends when it has found nothing to do for so long.
    pub idle: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self { idle: Duration::from_mins(5) }
    }
}

/// Works for the scheduler of a spool directory until it is no longer needed, or `interrupt` becomes true. Gives the number of steps that
/// it has executed; [`None`] if nobody waits for this worker.
///
/// # Errors
/// The spool cannot be read or written. The scheduler will notice that this worker is gone.
pub fn work(
    root: PathBuf,
    worker: &str,
    runner: &dyn StepRunner,
    artifacts: &Store,
    options: WorkerOptions,
    interrupt: &AtomicBool,
) -> Result<Option<u64>> {
    let Some(spool) = Spool::enlist(root, worker)? else { return Ok(None) };
    let desk = Desk {
        spool,
        worker,
        interrupt,
        quit: AtomicBool::new(false),
        sequence: Mutex::new(0),
        paper: Mutex::new(Paper::default()),
        over: Condvar::new(),
    };
    thread::scope(|scope| {
        let looking = scope.spawn(|| desk.look_around());
        // So that it is known to have begun.
        let executed = desk.tell(false).and_then(|()| desk.execute(runner, artifacts, options.idle));
        desk.paper().over = true;
        desk.over.notify_all();
        // It has warned of what went wrong.
        _ = looking.join();
        match desk.tell(true) {
            // Nobody listens any more.
            Err(_) if !desk.spool.wants(worker) => executed,
            told => told.and(executed),
        }
        .map(Some)
    })
}

/// What both threads see.
struct Desk<'w> {
    spool: Spool,
    worker: &'w str,
    /// Somebody wants the worker to end.
    interrupt: &'w AtomicBool,
    /// The scheduler wants it, or is gone.
    quit: AtomicBool,
    /// The number of the next report, locked while it is written.
    sequence: Mutex<u64>,
    paper: Mutex<Paper>,
    over: Condvar,
}

#[derive(Default)]
struct Paper {
    /// Steps that are claimed and have not begun.
    waiting: VecDeque<Offer<'static>>,
    /// When the step at work began.
    begun: Option<Instant>,
    /// What has not been told yet.
    events: Vec<(u64, StepEvent)>,
    /// When something was last told.
    told: Option<Instant>,
    /// Whether there is no more work.
    over: bool,
}

impl Desk<'_> {
    fn execute(&self, runner: &dyn StepRunner, artifacts: &Store, most_idle: Duration) -> Result<u64> {
        let mut executed = 0;
        let mut idle_since = Instant::now();
        while !self.is_ending() {
            let claimed = match self.spool.claim(self.worker) {
                Err(_) if !self.spool.wants(self.worker) => break,
                claimed => claimed?,
            };
            let Some((_, batch)) = claimed else {
                let idle = idle_since.elapsed();
                if idle >= most_idle {
                    break;
                }
                thread::sleep(pace::pause(idle));
                continue;
            };
            self.paper().waiting.extend(batch.steps);
            while let Some(Offer { id, request }) = self.next() {
                let observer = StepDesk { desk: self, id };
                let result = StepResult::keep(runner.run(&request, &observer), artifacts);
                executed += 1;
                // What stops the worker is no failure of the step.
                let stopped = result.is_interrupted() && self.is_ending();
                let ended =
                    if stopped { StepEvent::GivenBack { begun: true } } else { StepEvent::Ended(Box::new(result)) };
                self.paper().events.push((id, ended));
            }
            self.tell(false)?;
            idle_since = Instant::now();
        }
        Ok(executed)
    }

    /// The next step of the batch at hand. Those left when the worker ends are given back.
    fn next(&self) -> Option<Offer<'static>> {
        let mut paper = self.paper();
        if self.is_ending() {
            paper.give_back();
        }
        let next = paper.waiting.pop_front();
        paper.begun = next.is_some().then(Instant::now);
        next
    }

    fn look_around(&self) {
        let (mut pulse, mut beat_at, mut looked_at) = (self.spool.pulse(), Instant::now(), Instant::now());
        loop {
            let paper = self.over.wait_timeout_while(self.paper(), ROUND, |paper| !paper.over);
            let (mut paper, _) = paper.unwrap_or_else(PoisonError::into_inner);
            if paper.over {
                return;
            }
            if paper.begun.is_some_and(|begun| begun.elapsed() >= GIVE_BACK_AFTER) {
                paper.give_back();
            }
            let after = if paper.events.is_empty() { HEARTBEAT } else { TELL_AFTER };
            let due = paper.told.is_none_or(|told| told.elapsed() >= after);
            drop(paper);
            if due && let Err(error) = self.tell(false) {
                tracing::warn!(%error, "what happened could not be told");
            }
            if looked_at.elapsed() >= PULSE_INTERVAL {
                looked_at = Instant::now();
                let now = self.spool.pulse();
                if now != pulse {
                    (pulse, beat_at) = (now, Instant::now());
                }
            }
            if !self.spool.wants(self.worker) || beat_at.elapsed() >= SCHEDULER_SILENCE {
                self.quit.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Tells what has happened, be it only that the worker lives.
    fn tell(&self, leaving: bool) -> Result<()> {
        let mut sequence = self.sequence.lock().unwrap_or_else(PoisonError::into_inner);
        let events = std::mem::take(&mut self.paper().events);
        let report = Report { format: FORMAT, worker: self.worker.to_owned(), events, leaving };
        let told = self.spool.report(*sequence, &report);
        let mut paper = self.paper();
        match &told {
            Ok(()) => {
                *sequence += 1;
                paper.told = Some(Instant::now());
            }
            Err(_) => _ = paper.events.splice(..0, report.events),
        }
        told
    }

    fn is_ending(&self) -> bool {
        self.quit.load(Ordering::Relaxed) || self.interrupt.load(Ordering::Relaxed)
    }

    fn paper(&self) -> MutexGuard<'_, Paper> {
        self.paper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Paper {
    fn give_back(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.events.extend(waiting.into_iter().map(|offer| (offer.id, StepEvent::GivenBack { begun: false })));
    }
}

/// Notes what happens to one step.
struct StepDesk<'d> {
    desk: &'d Desk<'d>,
    id: u64,
}

impl StepDesk<'_> {
    fn note(&self, event: StepEvent) {
        let mut paper = self.desk.paper();
        if let StepEvent::Progress(..) = event {
            // Only the latest is of interest.
            paper.events.retain(|(id, other)| *id != self.id || !matches!(other, StepEvent::Progress(..)));
        }
        paper.events.push((self.id, event));
        let many = paper.events.len() >= MOST_EVENTS;
        drop(paper);
        if many {
            // The other thread tries again, and warns.
            _ = self.desk.tell(false);
        }
    }
}

impl StepObserver for StepDesk<'_> {
    fn log(&self, _: &str, level: LogLevel, message: &str) {
        self.note(StepEvent::Log(level, message.to_owned()));
    }

    fn progress(&self, _: &str, done: u64, total: u64) {
        self.note(StepEvent::Progress(done, total));
    }

    fn compiling(&self, _: &str, component: Option<&str>) {
        self.note(StepEvent::Compiling(component.map(str::to_owned)));
    }

    fn interrupted(&self) -> bool {
        self.desk.is_ending()
    }
}
