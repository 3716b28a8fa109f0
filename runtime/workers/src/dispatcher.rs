//! The scheduler's side of a spool: offers steps, hears reports, takes back what lost workers had.
//!
//! One thread does that; another ([`crate::pilots`]) deals with the engine, whose answers may take seconds. Threads of the scheduler that wait
//! for their step have a channel each.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use weft_pipeline::step::{FailureKind, StepRequest};

use crate::batching::{self, Durations};
use crate::crew::Crew;
use crate::message::{Batch, FORMAT, Offer, Outcome, Report, StepEvent, StepResult};
use crate::pace;
use crate::pilots::{PilotPlan, Pilots};
use crate::spool::Spool;

/// How often the workers are shown that the scheduler lives.
const BEAT: Duration = Duration::from_secs(2);
/// The longest time without a look around.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// The time in which steps that come together are gathered.
const GATHER: Duration = Duration::from_micros(500);
/// The number of workers that may be lost while they have a step, before the step is taken for the cause.
const MOST_LOSSES: u32 = 5;

/// Hands out steps. Dropped, it ends all workers.
pub(crate) struct Dispatcher {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads share.
pub(crate) struct Shared {
    pub spool: Spool,
    state: Mutex<State>,
    /// Steps have come, or it is over.
    pub news: Condvar,
}

#[derive(Default)]
pub(crate) struct State {
    /// Steps that have not ended.
    pub jobs: BTreeMap<u64, Job>,
    /// Those of them that are not offered.
    queue: VecDeque<u64>,
    next: u64,
    pub crew: Crew,
    /// Why there are no workers and will be none, with what to do.
    hopeless: Option<(String, String)>,
    pub over: bool,
}

pub(crate) struct Job {
    request: Arc<StepRequest>,
    to: Sender<StepEvent>,
    losses: u32,
}

impl Dispatcher {
    /// Begins to hand out steps by a spool. Workers are started when there are steps.
    pub fn start(spool: Spool, plan: PilotPlan) -> Self {
        let shared = Arc::new(Shared { spool, state: Mutex::default(), news: Condvar::new() });
        let share = plan.workers;
        let pilots = Pilots::new(Arc::clone(&shared), plan);
        let mut desk = Desk::new(Arc::clone(&shared), share);
        let threads = vec![thread::spawn(move || desk.run()), thread::spawn(move || pilots.run())];
        Self { shared, threads }
    }

    /// Hands out a step. What happens to it comes through the channel; its end is the last.
    pub fn submit(&self, request: StepRequest) -> (u64, Receiver<StepEvent>) {
        let (to, events) = channel();
        let mut state = self.shared.lock();
        let id = state.next;
        state.next += 1;
        state.jobs.insert(id, Job { request: Arc::new(request), to, losses: 0 });
        if state.hopeless.is_some() {
            state.fail_all();
        } else {
            state.queue.push_back(id);
            drop(state);
            self.shared.news.notify_all();
        }
        (id, events)
    }

    /// Waits for a step no longer. A worker that has it already may execute it in vain.
    pub fn withdraw(&self, id: u64) {
        self.shared.lock().jobs.remove(&id);
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.news.notify_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that hands out steps broke down");
            }
        }
        if let Err(error) = self.shared.spool.remove() {
            tracing::debug!(%error, "the spool is left");
        }
    }
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Ends all steps, and those that come: there will be no workers.
    pub fn give_up(&mut self, why: String, hint: String) {
        self.hopeless = Some((why, hint));
        self.fail_all();
    }

    /// A worker has not ended a step: another one gets it, unless it seems to be why the worker was `lost`.
    fn take_back(&mut self, id: u64, lost: bool) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.losses += u32::from(lost);
        if job.losses < MOST_LOSSES {
            self.queue.push_front(id);
        } else if let Some(job) = self.jobs.remove(&id) {
            let hint = "does it need more memory or time than the engine gives a worker? See the warnings of this run";
            let message = format!("{MOST_LOSSES} workers were lost one after the other while they had it");
            job.fail(message, hint.to_owned());
        }
    }

    fn fail_all(&mut self) {
        let Some((why, hint)) = self.hopeless.clone() else { return };
        self.queue.clear();
        for job in std::mem::take(&mut self.jobs).into_values() {
            job.fail(why.clone(), hint.clone());
        }
    }
}

impl Job {
    fn fail(self, message: String, hint: String) {
        let outcome = Outcome::Failed { kind: FailureKind::Host, message, hint: Some(hint) };
        let result = StepResult { outcome, log: None, peak_memory: 0, duration: Duration::ZERO };
        self.tell(StepEvent::Ended(Box::new(result)));
    }

    fn tell(&self, event: StepEvent) {
        // Whoever waited for it may have gone.
        _ = self.to.send(event);
    }
}

/// The thread that works with the spool.
struct Desk {
    shared: Arc<Shared>,
    workers: usize,
    durations: Durations,
    /// The steps of each batch that have not been told of.
    batches: BTreeMap<u64, BTreeSet<u64>>,
    /// The batch in which a step was offered last.
    batch_of: BTreeMap<u64, u64>,
    next_batch: u64,
    beats: u64,
    beat_at: Option<Instant>,
    lost_seen: Option<Instant>,
    news_at: Instant,
}

impl Desk {
    fn new(shared: Arc<Shared>, workers: usize) -> Self {
        Self {
            shared,
            workers,
            durations: Durations::default(),
            batches: BTreeMap::new(),
            batch_of: BTreeMap::new(),
            next_batch: 0,
            beats: 0,
            beat_at: None,
            lost_seen: None,
            news_at: Instant::now(),
        }
    }

    fn run(&mut self) {
        loop {
            self.beat();
            if !self.wait() {
                return;
            }
            // In this order: what a lost worker has told before its end is heard before its steps are taken back.
            let lost = self.shared.lock().crew.lost.clone();
            match self.shared.spool.take_reports() {
                Ok(reports) => reports.into_iter().for_each(|report| self.hear(report)),
                Err(error) => tracing::warn!(%error, "reports of workers cannot be read"),
            }
            self.take_back(&lost);
            self.offer();
        }
    }

    /// Waits until there are steps to offer, or it is time to look for reports. False if it is over.
    fn wait(&self) -> bool {
        let state = self.shared.lock();
        let pause =
            if state.jobs.is_empty() { LONGEST_WAIT } else { pace::pause(self.news_at.elapsed()).min(LONGEST_WAIT) };
        let nothing = |state: &mut State| state.queue.is_empty() && !state.over;
        let waited = self.shared.news.wait_timeout_while(state, pause, nothing);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let (come, over) = (!state.queue.is_empty(), state.over);
        drop(state);
        if come && !over {
            thread::sleep(GATHER);
        }
        !over
    }

    fn beat(&mut self) {
        if self.beat_at.is_some_and(|at| at.elapsed() < BEAT) {
            return;
        }
        self.beat_at = Some(Instant::now());
        self.beats += 1;
        if let Err(error) = self.shared.spool.beat(self.beats) {
            tracing::warn!(%error, "workers cannot be shown that this process lives");
        }
    }

    fn hear(&mut self, report: Report) {
        let Report { worker, events, leaving, .. } = report;
        if !events.is_empty() {
            self.news_at = Instant::now();
        }
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        state.crew.hear(&worker);
        for (id, event) in events {
            match event {
                StepEvent::Ended(result) => {
                    if let Some(job) = state.jobs.remove(&id) {
                        self.durations.note(&job.request.task, result.duration);
                        job.tell(StepEvent::Ended(result));
                    }
                    self.unbatch(id, &worker);
                }
                StepEvent::GivenBack { begun } => {
                    // Unless somebody else has it by now.
                    if self.unbatch(id, &worker) {
                        state.take_back(id, begun);
                    }
                }
                other => {
                    if let Some(job) = state.jobs.get(&id) {
                        job.tell(other);
                    }
                }
            }
        }
        if leaving {
            state.crew.leave(&worker);
        }
    }

    /// A step of a batch was told of. Whether it was offered.
    fn unbatch(&mut self, id: u64, worker: &str) -> bool {
        let Some(number) = self.batch_of.remove(&id) else { return false };
        if let Some(rest) = self.batches.get_mut(&number) {
            rest.remove(&id);
            if rest.is_empty() {
                self.batches.remove(&number);
                self.shared.spool.settle(number, worker);
            }
        }
        true
    }

    /// Takes back what lost workers have claimed. One that lives nevertheless may go on claiming, so this is done again and again.
    fn take_back(&mut self, lost: &[String]) {
        if lost.is_empty() || self.lost_seen.is_some_and(|at| at.elapsed() < Duration::from_millis(250)) {
            return;
        }
        self.lost_seen = Some(Instant::now());
        let claims = match self.shared.spool.claims() {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(%error, "what lost workers had cannot be taken back yet");
                return;
            }
        };
        let shared = Arc::clone(&self.shared);
        for (number, worker) in claims.iter().filter(|(_, worker)| lost.contains(worker)) {
            shared.spool.settle(*number, worker);
            let mut state = shared.lock();
            for id in self.batches.remove(number).unwrap_or_default() {
                self.batch_of.remove(&id);
                state.take_back(id, true);
            }
        }
    }

    /// Offers what waits, in batches.
    fn offer(&mut self) {
        let shared = Arc::clone(&self.shared);
        loop {
            let mut state = shared.lock();
            let share = state.queue.len().div_ceil(self.workers.max(1));
            // A step whose worker was lost is alone, so that it is known whether that is because of it.
            let expected = state.queue.iter().map(|id| {
                state.jobs.get(id).filter(|job| job.losses == 0).and_then(|job| self.durations.of(&job.request.task))
            });
            let length = batching::length(expected, share);
            if length == 0 {
                return;
            }
            let ids: Vec<u64> = state.queue.drain(..length).collect();
            let jobs: Vec<(u64, Arc<StepRequest>)> =
                ids.into_iter().filter_map(|id| Some((id, Arc::clone(&state.jobs.get(&id)?.request)))).collect();
            drop(state);
            if jobs.is_empty() {
                continue;
            }
            let number = self.next_batch;
            self.next_batch += 1;
            let steps =
                jobs.iter().map(|(id, request)| Offer { id: *id, request: Cow::Borrowed(&**request) }).collect();
            let offered = shared.spool.offer(number, &Batch { format: FORMAT, steps });
            let ids: BTreeSet<u64> = jobs.iter().map(|(id, _)| *id).collect();
            if let Err(error) = offered {
                tracing::warn!(%error, "steps cannot be offered to workers yet");
                let mut state = shared.lock();
                ids.into_iter().rev().for_each(|id| state.queue.push_front(id));
                drop(state);
                thread::sleep(LONGEST_WAIT);
                return;
            }
            self.news_at = Instant::now();
            self.batch_of.extend(ids.iter().map(|id| (*id, number)));
            self.batches.insert(number, ids);
        }
    }
}
