//! Retries: which failures are retried, the backoff before the next attempt, what an attempt is told of its number, and the queue of tasks that wait for it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use weft_pipeline::command::uri;
use weft_pipeline::model::Retry;
use weft_pipeline::step::{FailureKind, PortValue, StepRequest};

use crate::request::mentions;
use crate::worker::Job;

/// The backoff before the next attempt of a step whose attempt `attempt` (from 1) failed; `None` if it is not retried.
///
/// All kinds of failures are retried, as in KFP: an error or a trap may depend on granted access to the host, a time
/// limit on the load of the host, a host failure on its disk. An interrupted step is not retried, as its run is stopping.
pub fn backoff(policy: &Retry, kind: FailureKind, attempt: u32) -> Option<Duration> {
    if kind == FailureKind::Interrupted || attempt > policy.max {
        return None;
    }
    let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = policy.backoff.as_secs_f64() * policy.factor.max(0.0).powi(exponent);
    // An infinite, huge or undefined product gives the maximum.
    let pause = Duration::try_from_secs_f64(seconds).unwrap_or(policy.max_backoff);
    Some(pause.min(policy.max_backoff))
}

/// What Argo, which runs the pipelines of KFP's own back end, replaces in a task's texts by the number of its retry, from 0.
const RETRY_NUMBER: &str = "{{retries}}";

/// A job for one attempt, as [`for_attempt`] has it.
pub fn with_number(job: Arc<Job>, attempt: u32) -> Arc<Job> {
    match &*job {
        Job::Step(request) => for_attempt(request, attempt).map_or(job, |request| Arc::new(Job::Step(request.into()))),
        _ => job,
    }
}

/// The request of a step for one attempt (from 1), if its texts ask for the number of the retry: with that in them. Identity and record have the texts as they were before,
/// so who executes a recorded step again has to ask for this as well.
pub fn for_attempt(request: &StepRequest, attempt: u32) -> Option<StepRequest> {
    let asks = |value: &PortValue| matches!(value, PortValue::Parameter(value) if mentions(value, RETRY_NUMBER));
    let mut texts = request.command.iter().flat_map(|command| command.argv.iter().chain(command.env.values()));
    if !request.inputs.values().any(asks) && !texts.any(|text| text.contains(RETRY_NUMBER)) {
        return None;
    }
    let number = attempt.saturating_sub(1).to_string();
    let numbered = |text: &str| text.replace(RETRY_NUMBER, &number);
    let mut request = request.clone();
    for value in request.inputs.values_mut() {
        if let PortValue::Parameter(value) = value {
            uri::map_texts(value, &mut |text| Some(numbered(text)));
        }
    }
    for text in request.command.iter_mut().flat_map(|command| command.argv.iter_mut().chain(command.env.values_mut())) {
        *text = numbered(text);
    }
    Some(request)
}

/// Nodes that wait for their next attempt, by due time. They occupy no worker.
#[derive(Debug, Default)]
pub struct BackoffQueue(BinaryHeap<Reverse<(Instant, usize)>>);

impl BackoffQueue {
    /// Adds a node that is due at `due`.
    pub fn add(&mut self, due: Instant, node: usize) {
        self.0.push(Reverse((due, node)));
    }

    /// The earliest due time.
    pub fn next_due(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes a node that is due by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<usize> {
        self.next_due().is_some_and(|due| due <= now).then(|| self.0.pop().map(|Reverse((_, node))| node))?
    }

    /// Takes a node, due or not.
    pub fn take_any(&mut self) -> Option<usize> {
        self.0.pop().map(|Reverse((_, node))| node)
    }

    /// Whether no node waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(backoff: u64, factor: f64) -> Retry {
        Retry { max: 5, backoff: Duration::from_secs(backoff), factor, max_backoff: Duration::from_mins(1) }
    }

    #[test]
    fn pauses_grow_by_the_factor_up_to_the_longest() {
        let policy = policy(10, 2.0);
        let delays: Vec<_> = (1..=6).map(|n| backoff(&policy, FailureKind::Trapped, n).map(|p| p.as_secs())).collect();
        assert_eq!(delays, [Some(10), Some(20), Some(40), Some(60), Some(60), None]);
    }

    #[test]
    fn odd_factors_stay_within_bounds() {
        for factor in [f64::NAN, f64::INFINITY, f64::MAX, -3.0, 0.0] {
            let pause = backoff(&policy(10, factor), FailureKind::Returned, 5).expect("within the attempts");
            assert!(pause <= Duration::from_mins(1), "{factor}");
        }
        assert_eq!(backoff(&policy(0, 2.0), FailureKind::Host, u32::MAX - 1), None);
    }

    #[test]
    fn an_interrupted_step_is_not_repeated() {
        assert_eq!(backoff(&policy(1, 1.0), FailureKind::Interrupted, 1), None);
        assert_eq!(backoff(&Retry::default(), FailureKind::Returned, 1), None);
    }

    #[test]
    fn pauses_end_in_order() {
        let now = Instant::now();
        let mut backoff_queue = BackoffQueue::default();
        backoff_queue.add(now + Duration::from_secs(2), 2);
        backoff_queue.add(now + Duration::from_secs(1), 1);
        assert_eq!(backoff_queue.take_due(now), None);
        assert_eq!(backoff_queue.take_due(now + Duration::from_secs(3)), Some(1));
        assert_eq!(backoff_queue.take_due(now + Duration::from_secs(3)), Some(2));
        assert!(backoff_queue.is_empty());
    }
}
