//! How many steps go into one batch.
//!
//! A batch costs some file operations and up to a look at the spool on each side, whatever is in it. So steps that take less than that share
//! a batch, and those that take long, or of which nothing is known, are alone: what is in a batch waits for what is before it.

use std::collections::HashMap;
use std::time::Duration;

/// A batch of this duration is full.
const FULL: Duration = Duration::from_millis(50);
/// A batch of this duration is worth its cost, if other workers have nothing else.
const WORTHWHILE: Duration = Duration::from_millis(10);
/// The largest number of steps in a batch.
const MOST: usize = 256;

/// How long steps took, by task: the iterations of a loop are alike.
#[derive(Debug, Default)]
pub(crate) struct Durations(HashMap<String, Duration>);

impl Durations {
    /// Notes how long a step took.
    pub fn note(&mut self, task: &str, took: Duration) {
        let mean = self.0.entry(kind(task)).or_insert(took);
        // The first one compiles its component, so what is older soon counts for nothing.
        *mean = (*mean + took) / 2;
    }

    /// How long a step will take, if its like ran before.
    pub fn of(&self, task: &str) -> Option<Duration> {
        self.0.get(&kind(task)).copied()
    }
}

/// A task's path without the numbers of iterations: `loop[3]/train` is like `loop[4]/train`.
fn kind(task: &str) -> String {
    let mut inside = false;
    let outside = task.chars().filter(|letter| {
        let counts = !inside && *letter != '[';
        inside = if inside { *letter != ']' } else { *letter == '[' };
        counts
    });
    outside.collect()
}

/// The number of steps, of those that wait with these expected durations, that go into the next batch. `share` is what each worker would get
/// if they were dealt out evenly.
pub(crate) fn length(expected: impl Iterator<Item = Option<Duration>>, share: usize) -> usize {
    let (mut length, mut total) = (0, Duration::ZERO);
    for duration in expected.take(MOST) {
        let full = total >= FULL || (length >= share && total >= WORTHWHILE);
        match duration {
            _ if full => break,
            Some(duration) if length == 0 || total + duration <= FULL => {
                length += 1;
                total += duration;
            }
            // Of this one nothing is known, or it is too long to join others.
            None if length == 0 => return 1,
            _ => break,
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length_of(expected: &[Option<u64>], share: usize) -> usize {
        length(expected.iter().map(|ms| ms.map(Duration::from_millis)), share)
    }

    #[test]
    fn brief_steps_share_a_batch_and_long_ones_do_not() {
        assert_eq!(length_of(&[Some(1); 200], 200), 50);
        assert_eq!(length_of(&[Some(20); 9], 9), 2);
        assert_eq!(length_of(&[Some(500); 9], 9), 1);
        assert_eq!(length_of(&[Some(0); 999], 999), MOST);
        assert_eq!(length_of(&[], 1), 0);
    }

    #[test]
    fn unknown_steps_are_alone() {
        assert_eq!(length_of(&[None, None], 2), 1);
        assert_eq!(length_of(&[Some(1), Some(1), None], 3), 2);
    }

    #[test]
    fn few_steps_are_dealt_out_unless_they_are_brief() {
        assert_eq!(length_of(&[Some(10); 4], 1), 1);
        assert_eq!(length_of(&[Some(1); 40], 1), 10);
    }

    #[test]
    fn iterations_of_a_loop_are_alike() {
        let mut durations = Durations::default();
        durations.note("loop[12]/train[3]", Duration::from_secs(1));
        assert_eq!(durations.of("loop[7]/train[0]"), Some(Duration::from_secs(1)));
        assert_eq!(durations.of("loop"), None);
        durations.note("loop[13]/train[0]", Duration::ZERO);
        assert_eq!(durations.of("loop[0]/train[0]"), Some(Duration::from_millis(500)));
    }
}
