//! The thread that deals with the engine: starts as many workers as there is work for, and notices which are gone.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, Pilot, PilotState};
use crate::crew::Member;
use crate::dispatcher::{Shared, State};
use crate::error::Error;

/// Workers that may be lost in a row before any was heard.
const MOST_BARREN: u32 = 3;
/// Workers that the engine may refuse in a row while there is none: in half a minute.
const MOST_REFUSALS: u32 = 6;
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The time after which it is told that all workers still wait for their turn.
const TELL_WAITING: Duration = Duration::from_secs(20);

/// How workers are started.
pub(crate) struct PilotPlan {
    /// The engine.
    pub cluster: Box<dyn Cluster>,
    /// The most workers at the same time.
    pub workers: usize,
    /// The program of a worker, and its arguments before the worker's name.
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

pub(crate) struct Pilots {
    shared: Arc<Shared>,
    plan: PilotPlan,
    /// Workers that were ever started.
    started: u32,
    refusals: u32,
    /// No worker is started before.
    not_before: Instant,
    began: Option<Instant>,
    asked_at: Option<Instant>,
    unanswered: bool,
    told_waiting: bool,
}

impl Pilots {
    pub fn new(shared: Arc<Shared>, plan: PilotPlan) -> Self {
        Self {
            shared,
            plan,
            started: 0,
            refusals: 0,
            not_before: Instant::now(),
            began: None,
            asked_at: None,
            unanswered: false,
            told_waiting: false,
        }
    }

    pub fn run(mut self) {
        // Those of a scheduler that was killed are of no use: their spool is gone.
        self.plan.cluster.cancel_all();
        while self.wait() {
            self.look();
            self.start_missing();
        }
        let workers: Vec<String> = self.shared.lock().crew.members.keys().cloned().collect();
        for worker in workers {
            self.shared.spool.dismiss(&worker);
        }
        self.plan.cluster.cancel_all();
    }

    /// Waits until a worker is missing or it is time to ask for them. False if it is over.
    fn wait(&self) -> bool {
        let idle = |state: &mut State| !state.over && (self.missing(state) == 0 || Instant::now() < self.not_before);
        let pause = self.plan.cluster.interval();
        let pause = match self.not_before.checked_duration_since(Instant::now()) {
            Some(until) => pause.min(until),
            None => pause,
        };
        let waited = self.shared.news.wait_timeout_while(self.shared.lock(), pause, idle);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.over
    }

    /// How many workers there should be beyond those that there are.
    fn missing(&self, state: &State) -> usize {
        state.jobs.len().min(self.plan.workers).saturating_sub(state.crew.members.len())
    }

    /// Finds out which workers are gone.
    fn look(&mut self) {
        let there = !self.shared.lock().crew.members.is_empty();
        if !there || self.asked_at.is_some_and(|at| at.elapsed() < self.plan.cluster.interval()) {
            return;
        }
        let asked_of: BTreeMap<String, String> = self
            .shared
            .lock()
            .crew
            .members
            .iter()
            .map(|(worker, member)| (worker.clone(), member.id.clone()))
            .collect();
        let states = self.plan.cluster.states();
        self.asked_at = Some(Instant::now());
        match states {
            Ok(states) => {
                self.unanswered = false;
                for (worker, id) in &asked_of {
                    match states.get(id) {
                        None => {
                            let end = self.plan.cluster.end_of(id).unwrap_or_else(|| "it is gone".to_owned());
                            self.lose(worker, id, &end);
                        }
                        Some(PilotState::Running) => {
                            if let Some(member) = self.shared.lock().crew.members.get_mut(worker) {
                                member.running.get_or_insert_with(Instant::now);
                            }
                        }
                        Some(PilotState::Pending(_)) => {}
                    }
                }
                self.tell_waiting(&states);
            }
            // Whether it is the engine that is dead or its workers is not known; these still report.
            Err(error) if !self.unanswered => {
                self.unanswered = true;
                tracing::warn!(%error, engine = self.plan.cluster.name(), "the engine does not answer; its workers go on");
            }
            Err(_) => {}
        }
        let silent = self.shared.lock().crew.silent();
        for (worker, why) in silent {
            if let Some(id) = asked_of.get(&worker) {
                self.lose(&worker, id, why);
                self.plan.cluster.cancel(std::slice::from_ref(id));
            }
        }
    }

    /// Gives a worker up.
    fn lose(&mut self, worker: &str, id: &str, why: &str) {
        let mut state = self.shared.lock();
        let Some(member) = state.crew.members.get(worker) else {
            // It has left meanwhile.
            return;
        };
        // It may have ended before its first report.
        let began = member.heard.is_some() || self.shared.spool.wants(worker);
        state.crew.lose(worker, began);
        let barren = state.crew.barren;
        let hopeless = barren >= MOST_BARREN && !state.crew.is_heard();
        drop(state);
        self.shared.spool.dismiss(worker);
        let engine = self.plan.cluster.name();
        let printed = self.shared.spool.last_words(worker, 5);
        let printed = if printed.is_empty() { String::new() } else { format!("; it printed: {printed}") };
        if began {
            tracing::warn!("worker {worker} of {engine} ({id}) is lost: {why}{printed}; others do what it had");
            return;
        }
        self.not_before = Instant::now() + pause_after(barren);
        tracing::warn!("worker {worker} of {engine} ({id}) ended before it began: {why}{printed}");
        if hopeless {
            self.shared.lock().give_up(
                format!("no worker of {engine} begins; the last ended with: {why}{printed}"),
                format!(
                    "`{}` and the store must be at the same paths on all machines of {engine}; without it, leave out `--on {engine}`",
                    self.plan.program.display()
                ),
            );
        }
    }

    fn start_missing(&mut self) {
        loop {
            let state = self.shared.lock();
            if state.over || self.missing(&state) == 0 || Instant::now() < self.not_before {
                return;
            }
            drop(state);
            let worker = format!("w{}", self.started + 1);
            match self.start(worker.clone()) {
                Ok(id) => {
                    self.started += 1;
                    self.refusals = 0;
                    self.began.get_or_insert_with(Instant::now);
                    tracing::debug!(worker, id, "a worker was asked for");
                    let member = Member { id, ..Member::default() };
                    self.shared.lock().crew.members.insert(worker, member);
                }
                Err(error) => return self.refused(&error),
            }
        }
    }

    fn start(&mut self, worker: String) -> Result<String, Error> {
        self.shared.spool.invite(&worker)?;
        let mut arguments = self.plan.arguments.clone();
        arguments.push(worker.clone().into());
        let log = self.shared.spool.log(&worker);
        self.plan.cluster.submit(&Pilot { worker, program: self.plan.program.clone(), arguments, log })
    }

    fn refused(&mut self, error: &Error) {
        self.refusals += 1;
        self.not_before = Instant::now() + pause_after(self.refusals);
        let engine = self.plan.cluster.name();
        tracing::warn!(%error, "{engine} starts no worker; it is asked again");
        let mut state = self.shared.lock();
        if self.refusals >= MOST_REFUSALS && state.crew.members.is_empty() {
            state.give_up(
                format!("{engine} starts no worker: {error}"),
                format!("see that it takes jobs of yours, then resume the run; without it, leave out `--on {engine}`"),
            );
        }
    }

    /// Tells once that all workers wait.
    fn tell_waiting(&mut self, states: &BTreeMap<String, PilotState>) {
        if self.told_waiting || self.began.is_none_or(|began| began.elapsed() < TELL_WAITING) {
            return;
        }
        self.told_waiting = true;
        let reasons: Vec<&str> = states
            .values()
            .filter_map(|state| match state {
                PilotState::Pending(reason) => Some(reason.as_str()),
                PilotState::Running => None,
            })
            .collect();
        if let Some(reason) = reasons.first().filter(|_| reasons.len() == states.len()) {
            tracing::warn!("the run waits for {}: all its workers are pending ({reason})", self.plan.cluster.name());
        }
    }
}

/// The pause after so many failures in a row.
fn pause_after(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(5)).min(LONGEST_PAUSE)
}
