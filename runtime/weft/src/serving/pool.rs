//! A pool of instances of one model: started as they are needed, kept warm, replaced when they are lost.
//!
//! Requests wait in one queue. A thread that has an instance takes the oldest, and with it as many of those behind it as can be answered by the same
//! call: no request waits for others to come. If such a call fails, its requests are asked again one by one, so that one fails alone. Where nobody waits
//! and an instance is free, who asks may use it on a thread of its own ([`Pool::try_now`]), which is faster than waking another.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use weft_pipeline::step::{FailureKind, StepFailure, StepTrace};
use weft_sandbox::{AnswerError, ModelDescription, ServedModel, Tensor};

use super::batch;

/// Requests that wait, at most; more are refused.
const MOST_WAITING: usize = 1024;
/// Bytes of requests that are answered by one call.
const MOST_JOINED: usize = 16 << 20;
/// How long an instance beyond the first is kept without a request.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// The stack of the threads of instances, of which the guest may take half.
const STACK: usize = 4 << 20;

/// How a pool behaves.
#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    /// Instances at the same time, at least one.
    pub instances: usize,
    /// Rows of several requests that are answered by one call.
    pub rows: u64,
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Unanswered {
    /// The model refuses it.
    Refused(String),
    /// The model trapped over it or reached a limit, or it cannot be started.
    Failed(Box<StepFailure>),
    /// Too many requests wait.
    Overloaded,
}

/// Who waits for an answer.
pub trait Reply: Send {
    /// Whether it still waits.
    fn is_wanted(&self) -> bool;
    /// Takes the answer.
    fn send(self: Box<Self>, answer: Result<Vec<Tensor>, Unanswered>);
}

/// Starts an instance.
type Start = Box<dyn Fn() -> Result<ServedModel, Box<StepFailure>> + Send + Sync>;

/// Instances of a model. When it is dropped, what waits is answered, and the instances end.
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    start: Start,
    settings: PoolSettings,
    description: ModelDescription,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Threads, each of which has an instance or starts one.
    alive: usize,
    /// Instances that nobody uses.
    free: Vec<ServedModel>,
    /// Instances that are used by [`Pool::try_now`].
    lent: usize,
    closed: bool,
    /// Whether it was seen that outputs have not a row for each row of the inputs.
    apart: bool,
}

struct Job {
    inputs: Vec<Tensor>,
    reply: Box<dyn Reply>,
}

impl Pool {
    /// Starts the first instance on a thread of its own, and waits for it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        settings: PoolSettings,
        start: impl Fn() -> Result<ServedModel, Box<StepFailure>> + Send + Sync + 'static,
    ) -> Result<Self, Box<StepFailure>> {
        let (told, first) = mpsc::channel();
        let (give, shared) = mpsc::channel::<Arc<Shared>>();
        let start: Start = Box::new(start);
        let spawned = thread().spawn(move || {
            let model = start();
            let description = model.as_ref().map(|model| model.description().clone()).map_err(Clone::clone);
            if told.send((description, start)).is_err() {
                return;
            }
            if let (Ok(model), Ok(shared)) = (model, shared.recv()) {
                Instance(shared).work(model);
            }
        });
        spawned.map_err(|error| no_thread(&error))?;
        let (description, start) = first.recv().map_err(|_| host("the thread that starts it broke down"))?;
        let queue = Mutex::new(Queue { alive: 1, ..Queue::default() });
        let shared = Arc::new(Shared { start, settings, description: description?, queue, changed: Condvar::new() });
        give.send(Arc::clone(&shared)).map_err(|_| host("the thread that starts it broke down"))?;
        Ok(Self { shared })
    }

    /// What the model takes and gives.
    pub fn description(&self) -> &ModelDescription {
        &self.shared.description
    }

    /// Answers a request on this thread, if nobody waits and an instance is free; else gives it back. Takes as long as the model may.
    ///
    /// # Errors
    /// The request, which is to be asked by [`Self::ask`].
    pub fn try_now(&self, inputs: Vec<Tensor>) -> Result<Result<Vec<Tensor>, Unanswered>, Vec<Tensor>> {
        let mut queue = self.shared.lock();
        if !queue.jobs.is_empty() {
            return Err(inputs);
        }
        let Some(mut model) = queue.free.pop() else { return Err(inputs) };
        queue.lent += 1;
        drop(queue);
        let answer = model.infer(inputs);
        let mut queue = self.shared.lock();
        queue.lent -= 1;
        // One that is lost is replaced by the thread that misses it.
        let lost = if let Err(AnswerError::Lost(_)) = answer {
            Some(model)
        } else {
            queue.free.push(model);
            None
        };
        drop(queue);
        self.shared.changed.notify_one();
        drop(lost);
        Ok(answer.map_err(unanswered))
    }

    /// Has a request answered. The pool must be kept until the answer has come.
    pub fn ask(&self, inputs: Vec<Tensor>, reply: Box<dyn Reply>) {
        let mut queue = self.shared.lock();
        if queue.jobs.len() >= MOST_WAITING {
            drop(queue);
            reply.send(Err(Unanswered::Overloaded));
            return;
        }
        queue.jobs.push_back(Job { inputs, reply });
        let more = queue.free.is_empty() && queue.alive < self.shared.settings.instances.max(1);
        if more {
            queue.alive += 1;
        }
        drop(queue);
        if more {
            let instance = Instance(Arc::clone(&self.shared));
            // Without a thread, the instances that there are answer; without any, what waits is told.
            if let Err(error) = thread().spawn(move || instance.begin()) {
                tracing::warn!(%error, "no thread for another instance of a model");
            }
        } else {
            self.shared.changed.notify_one();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next requests that are answered by one call, and the instance for it, none if one was lost; nothing if the thread is to end.
    fn next(&self) -> Option<(Vec<Job>, Option<ServedModel>)> {
        let mut queue = self.lock();
        loop {
            // Without a free instance that of this thread is lent, and comes back, or was lost.
            if !queue.free.is_empty() || queue.lent == 0 {
                while let Some(job) = queue.jobs.pop_front() {
                    if job.reply.is_wanted() {
                        let jobs = self.with_others(job, &mut queue);
                        return Some((jobs, queue.free.pop()));
                    }
                }
            }
            if queue.closed && queue.jobs.is_empty() {
                return None;
            }
            let (woken, waited) = self.changed.wait_timeout(queue, KEPT_FOR).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            if waited.timed_out() && queue.jobs.is_empty() && queue.alive > 1 {
                return None;
            }
        }
    }

    /// Has others use an instance.
    fn give_back(&self, model: Option<ServedModel>) {
        self.lock().free.extend(model);
        self.changed.notify_one();
    }

    /// A request with those behind it that fit to it.
    fn with_others(&self, job: Job, queue: &mut Queue) -> Vec<Job> {
        let most = if self.description.rows && !queue.apart { self.settings.rows } else { 0 };
        let Some(mut rows) = batch::rows(&job.inputs).filter(|rows| *rows < most) else { return vec![job] };
        let bytes = |job: &Job| job.inputs.iter().map(|input| input.data.len()).sum::<usize>();
        let mut joined = bytes(&job);
        let mut jobs = vec![job];
        while let Some(next) = queue.jobs.front() {
            let Some(more) = batch::rows(&next.inputs) else { break };
            let size = bytes(next);
            if rows.saturating_add(more) > most
                || joined.saturating_add(size) > MOST_JOINED
                || !batch::fit(&jobs[0].inputs, &next.inputs)
            {
                break;
            }
            let Some(next) = queue.jobs.pop_front() else { break };
            if next.reply.is_wanted() {
                rows += more;
                joined += size;
                jobs.push(next);
            }
        }
        jobs
    }
}

/// An instance that counts as alive. When it ends, and no other is there, what waits is told so.
struct Instance(Arc<Shared>);

impl Drop for Instance {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.alive = queue.alive.saturating_sub(1);
        let left = if queue.alive == 0 { std::mem::take(&mut queue.jobs) } else { VecDeque::new() };
        // A thread less, an instance less.
        let keep = queue.alive;
        let dropped = if queue.free.len() > keep { queue.free.split_off(keep) } else { Vec::new() };
        drop(queue);
        drop(dropped);
        for job in left {
            job.reply.send(Err(Unanswered::Failed(host("no instance of the model is there"))));
        }
    }
}

impl Instance {
    /// Starts another instance of the model, and answers with it.
    fn begin(self) {
        match (self.0.start)() {
            Ok(model) => self.work(model),
            Err(failure) => tracing::warn!(%failure.message, "another instance of a model did not start"),
        }
    }

    /// Answers requests until there are to be no more.
    fn work(self, model: ServedModel) {
        self.0.give_back(Some(model));
        while let Some((mut jobs, mut model)) = self.0.next() {
            if jobs.len() > 1 {
                jobs = self.answer_together(&mut model, jobs);
            }
            let mut jobs = jobs.into_iter().peekable();
            while let Some(job) = jobs.next() {
                let answer = self.answer(&mut model, job.inputs);
                if jobs.peek().is_none() {
                    // Who asks again finds it free.
                    self.0.give_back(model.take());
                }
                job.reply.send(answer);
            }
            self.0.give_back(model);
        }
    }

    /// Answers several requests by one call. Gives them back if that does not go.
    fn answer_together(&self, model: &mut Option<ServedModel>, jobs: Vec<Job>) -> Vec<Job> {
        let rows: Vec<u64> = jobs.iter().filter_map(|job| batch::rows(&job.inputs)).collect();
        let joined = batch::join(jobs.iter().map(|job| job.inputs.as_slice()));
        let Ok(outputs) = self.answer(model, joined) else { return jobs };
        if let Some(answers) = batch::split(outputs, &rows) {
            for (job, answer) in jobs.into_iter().zip(answers) {
                job.reply.send(Ok(answer));
            }
            Vec::new()
        } else {
            self.0.lock().apart = true;
            jobs
        }
    }

    /// Asks the instance, which is replaced before if it was lost.
    fn answer(&self, model: &mut Option<ServedModel>, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Unanswered> {
        let asked = match model {
            Some(model) => model,
            None => model.insert((self.0.start)().map_err(Unanswered::Failed)?),
        };
        asked.infer(inputs).map_err(|error| {
            if matches!(error, AnswerError::Lost(_)) {
                *model = None;
            }
            unanswered(error)
        })
    }
}

fn unanswered(error: AnswerError) -> Unanswered {
    match error {
        AnswerError::Refused(why) => Unanswered::Refused(why),
        AnswerError::Lost(failure) => Unanswered::Failed(failure),
    }
}

fn thread() -> std::thread::Builder {
    std::thread::Builder::new().name("weft-model".to_owned()).stack_size(STACK)
}

#[expect(clippy::unnecessary_box_returns, reason = "failures of steps are boxed, as they are large")]
fn no_thread(error: &std::io::Error) -> Box<StepFailure> {
    host(&format!("it has no thread: {error}"))
}

#[expect(clippy::unnecessary_box_returns, reason = "failures of steps are boxed, as they are large")]
fn host(message: &str) -> Box<StepFailure> {
    Box::new(StepFailure {
        kind: FailureKind::Host,
        message: message.to_owned(),
        hint: None,
        trace: StepTrace::default(),
    })
}
