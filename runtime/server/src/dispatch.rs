//! The dispatcher: takes runs from the queue and executes them, and puts runs into it that are due.
//!
//! What is promised: a queued run is claimed in one transaction, by one server, and a claimed run that nobody is at work on (after a kill)
//! goes back into the queue when the next server starts. What is due is put into the queue in the transaction that records that this time
//! has been served.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use weft::metadata::RunState;
use weft::metadata::control::{Status, Submission};
use weft::{Cancel, RunOptions, RunOutcome, silent};

use crate::error::Result;
use crate::live::Live;
use crate::server::{Active, Server, lock_of};
use crate::telemetry::RunTrace;

/// The longest that the dispatcher sleeps: the clock of the host may be set meanwhile.
const MAX_SLEEP: Duration = Duration::from_secs(30);
/// The pause after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// The `nice` value of runs: where all want the processor, a thread has a third of what one that answers requests has.
#[cfg(target_os = "linux")]
const BEHIND_CLIENTS: i32 = 5;

/// The threads of a server. To be stopped.
pub struct Running {
    server: Server,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Begins to execute what is in the queue and what is due. What an earlier server was at work on goes first.
    ///
    /// # Errors
    /// The store cannot be read or changed.
    pub fn start(&self) -> Result<Running> {
        self.recover()?;
        let (dispatcher, watcher, triggers, models) = (self.clone(), self.clone(), self.clone(), self.clone());
        let mut threads = vec![
            std::thread::spawn(move || dispatcher.dispatch()),
            std::thread::spawn(move || watcher.look_for_changes()),
            std::thread::spawn(move || triggers.watch_triggers()),
            std::thread::spawn(move || models.serve_models()),
        ];
        if let Some(telemetry) = self.0.telemetry.clone() {
            let server = self.clone();
            threads.push(std::thread::spawn(move || server.export(&telemetry)));
        }
        Ok(Running { server: self.clone(), threads })
    }

    /// Puts in order what a killed server left.
    fn recover(&self) -> Result<()> {
        let now = self.now_ms();
        for (id, state) in self.metadata().queued(&[Status::Running, Status::Canceling], usize::MAX)? {
            let recorded = self.recorded_state(&id)?;
            self.metadata().transaction(|tx| match (state, recorded) {
                (_, Some(RunState::Complete)) => tx.change_state(&id, &[state], Status::Complete, None, now),
                (_, Some(RunState::Failed)) => tx.change_state(&id, &[state], Status::Failed, None, now),
                (Status::Canceling, _) => {
                    tx.cancel_run(&id)?;
                    tx.change_state(&id, &[state], Status::Canceled, None, now)
                }
                _ => tx.requeue(&id, &[state], now),
            })?;
            tracing::info!(run = id, ?state, ?recorded, "taken over from a server that was killed");
        }
        Ok(())
    }

    /// The recorded state of a run; none if it has not begun.
    pub(crate) fn recorded_state(&self, id: &str) -> Result<Option<RunState>> {
        match self.metadata().run(id) {
            Ok(record) if record.summary.id == id => Ok(Some(record.summary.state)),
            Ok(_) | Err(weft::metadata::Error::RunNotFound { .. } | weft::metadata::Error::RunAmbiguous { .. }) => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn dispatch(&self) {
        while !self.is_stopping() {
            let pause = self.serve_due().and_then(|next| {
                self.claim()?;
                Ok(next)
            });
            let pause = match pause {
                Ok(Some(next)) => {
                    let wait = next.saturating_sub(self.now_ms()).max(1);
                    Duration::from_millis(u64::try_from(wait).unwrap_or(1)).min(MAX_SLEEP)
                }
                Ok(None) => MAX_SLEEP,
                Err(error) => {
                    tracing::error!(%error, "the queue could not be served");
                    AFTER_FAILURE
                }
            };
            self.sleep(pause);
        }
    }

    /// Begins as many queued runs as may be at work.
    fn claim(&self) -> Result<()> {
        let free = self.settings().runs.get().saturating_sub(self.runs_at_work());
        if free == 0 {
            return Ok(());
        }
        for (id, _) in self.metadata().queued(&[Status::Queued], free)? {
            if self.is_stopping() {
                return Ok(());
            }
            // Known before it is claimed, so that whoever stops it from then on finds it.
            let active = Active { cancel: Cancel::default(), live: Arc::new(Live::default()) };
            let (cancel, live) = (active.cancel.clone(), Arc::clone(&active.live));
            lock_of(&self.0.active).insert(id.clone(), active);
            let now = self.now_ms();
            let claimed =
                self.metadata().transaction(|tx| tx.change_state(&id, &[Status::Queued], Status::Running, None, now));
            if !matches!(claimed, Ok(true)) {
                self.leave(&id);
                claimed?;
                continue;
            }
            let server = self.clone();
            std::thread::spawn(move || {
                stand_back();
                server.execute(&id, &cancel, &live);
                server.wake();
            });
        }
        Ok(())
    }

    fn leave(&self, id: &str) {
        lock_of(&self.0.active).remove(id);
        self.0.ended.notify_all();
    }

    /// Executes a claimed run to its end, and records that.
    fn execute(&self, id: &str, cancel: &Cancel, live: &Live) {
        let mut trace = self.trace(id);
        let work = || self.work(id, cancel, live, trace.as_mut());
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        let (status, error) = match outcome {
            Ok(Ok(outcome)) => match outcome.state {
                RunState::Complete => (Status::Complete, None),
                RunState::Failed | RunState::Running => (Status::Failed, None),
                RunState::Canceled => (Status::Canceled, None),
            },
            Ok(Err(error)) => (Status::Failed, Some(self.text_without_paths(&error.message))),
            Err(_) => (Status::Failed, Some("the server broke down over it; its log tells more".to_owned())),
        };
        for attempt in 1.. {
            match self.end(id, status, error.as_deref()) {
                Ok(has_ended) => {
                    if let Some(trace) = trace.filter(|_| has_ended) {
                        trace.end(status, error.as_deref());
                    }
                    break;
                }
                // It stays claimed, and the next server settles it.
                Err(error) if attempt == 5 || self.is_stopping() => {
                    tracing::error!(run = id, %error, "the end of a run could not be recorded");
                    self.leave(id);
                    break;
                }
                Err(_) => std::thread::sleep(AFTER_FAILURE),
            }
        }
        self.0.metrics.ended(status);
    }

    /// Records the end of a run and takes it from those at work, as one step to whoever begins or stops runs: once it is seen to have ended
    /// it can be resumed, and what is resumed is never taken for what ended.
    fn end(&self, id: &str, status: Status, error: Option<&str>) -> Result<bool> {
        let mut active = lock_of(&self.0.active);
        let has_ended = self.record_end(id, status, error)?;
        active.remove(id);
        self.0.ended.notify_all();
        Ok(has_ended)
    }

    /// False if the next server goes on with it.
    fn record_end(&self, id: &str, status: Status, error: Option<&str>) -> Result<bool> {
        let now = self.now_ms();
        let has_ended = self.metadata().transaction(|tx| {
            // Interrupted because the server ends, not because someone stopped it: the next server goes on with it.
            if status == Status::Canceled && self.is_stopping() && tx.requeue(id, &[Status::Running], now)? {
                return Ok(false);
            }
            tx.change_state(id, &[Status::Running, Status::Canceling], status, error, now)?;
            Ok(true)
        })?;
        Ok(has_ended)
    }

    /// The trace of a claimed run, if somebody is told of it.
    fn trace(&self, id: &str) -> Option<RunTrace> {
        let telemetry = self.0.telemetry.as_ref()?;
        let (submission, history) = self.metadata().submission(id).ok().flatten()?;
        Some(RunTrace::new(telemetry, &submission, &history))
    }

    /// Executes a run, from its beginning or from where it was.
    fn work(&self, id: &str, cancel: &Cancel, live: &Live, mut trace: Option<&mut RunTrace>) -> Result<RunOutcome> {
        let submission = self.metadata().submission(id)?.map(|(submission, _)| submission);
        let Some(submission) = submission else {
            return Err(crate::error::Error::not_found(format!("run `{id}` was deleted")));
        };
        let options = self.options(&submission);
        let weft = &self.0.weft;
        let mut observe = |event: &weft::Event| {
            live.observe(event);
            if let Some(trace) = trace.as_deref_mut() {
                trace.observe(event);
            }
        };
        let outcome = if self.recorded_state(id)?.is_some() {
            weft.resume(id, &options, &mut observe, &silent, cancel)
        } else {
            let prepared = self.take_prepared(&submission)?;
            weft.run(&prepared, &options, &mut observe, &silent, cancel)
        };
        match outcome {
            Ok(outcome) => Ok(outcome),
            // Someone goes on with it by `weft resume`.
            Err(_) if self.store().is_alive(id) => self.watch(id, cancel),
            Err(error) => Err(error.into()),
        }
    }

    fn options(&self, submission: &Submission) -> RunOptions {
        RunOptions {
            id: Some(submission.id.clone()),
            jobs: Some(self.settings().steps),
            no_cache: submission.no_cache,
            again: std::collections::BTreeSet::new(),
            slots: Some(Arc::clone(&self.0.slots)),
            on: None,
            python: None,
        }
    }

    /// Waits for the end of a run that another process executes.
    fn watch(&self, id: &str, cancel: &Cancel) -> Result<RunOutcome> {
        let go_on = |_: &weft::metadata::RunRecord| {
            if cancel.is_canceled() || self.is_stopping() {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        };
        let record = self.store().watch(id, Duration::from_millis(500), &mut { go_on })?;
        Ok(RunOutcome {
            run: id.to_owned(),
            state: record.summary.state,
            duration: Duration::ZERO,
            tasks: Vec::new(),
            outputs: record.outputs,
        })
    }
}

impl Running {
    /// Ends the server: nothing new begins, runs at work may go on for the grace of the settings and are then interrupted, to be resumed by
    /// the next server. Gives the number of runs that did not end even so.
    pub fn stop(self) -> usize {
        let server = &self.server;
        server.0.stopping.store(true, Ordering::SeqCst);
        server.wake();
        let wait = |until: Instant| {
            let mut active = lock_of(&server.0.active);
            while !active.is_empty() && Instant::now() < until {
                let left = until.saturating_duration_since(Instant::now());
                active = server.0.ended.wait_timeout(active, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
            }
            active.len()
        };
        // A part of the time is left for steps that are interrupted to end.
        let grace = server.settings().grace;
        let begun = Instant::now();
        wait(begun + grace.mul_f64(0.75));
        for active in lock_of(&server.0.active).values() {
            active.cancel.cancel();
        }
        let left = wait(begun + grace.max(Duration::from_secs(2)));
        if let Some(telemetry) = &server.0.telemetry {
            telemetry.end();
        }
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the server broke down");
            }
        }
        left
    }
}

/// Steps stand back behind clients: this thread and those that it starts have less of the processor than the others, where these want it.
fn stand_back() {
    // Linux has a priority for each thread; elsewhere it is the process's, which would gain nothing.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, BEHIND_CLIENTS) {
        tracing::debug!(%error, "the priority of a run could not be lowered");
    }
}
