//! A bound on the steps of several runs of one process.

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many steps may run at the same time in all runs that share this.
#[derive(Debug)]
pub struct Slots {
    free: Mutex<usize>,
    given_back: Condvar,
}

impl Slots {
    /// So many slots.
    pub fn new(slots: NonZeroUsize) -> Self {
        Self { free: Mutex::new(slots.get()), given_back: Condvar::new() }
    }

    /// Slots that no run has.
    pub fn free(&self) -> usize {
        *self.lock()
    }

    /// Waits until a slot is free, or so long.
    fn wait(&self, at_most: Duration) {
        let _ = self.given_back.wait_timeout_while(self.lock(), at_most, |free| *free == 0);
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The slots of one run. Dropped, they are free again.
pub(crate) struct Held<'s> {
    slots: Option<&'s Slots>,
    held: usize,
}

impl<'s> Held<'s> {
    /// None yet; without `slots`, as many as it asks for.
    pub fn new(slots: Option<&'s Slots>) -> Self {
        Self { slots, held: 0 }
    }

    /// Takes slots until it has `most`, or none is free. Gives how many it has.
    pub fn up_to(&mut self, most: usize) -> usize {
        let Some(slots) = self.slots else { return most };
        let mut free = slots.lock();
        let taken = most.saturating_sub(self.held).min(*free);
        *free -= taken;
        self.held += taken;
        self.held
    }

    /// Gives back what it has beyond `used`.
    pub fn down_to(&mut self, used: usize) {
        let Some(slots) = self.slots else { return };
        let spare = self.held.saturating_sub(used);
        if spare > 0 {
            *slots.lock() += spare;
            self.held -= spare;
            slots.given_back.notify_all();
        }
    }

    /// Waits until a slot is free, or so long.
    pub fn wait(&self, at_most: Duration) {
        if let Some(slots) = self.slots {
            slots.wait(at_most);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.down_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_share_slots_and_give_them_back() {
        let slots = Slots::new(NonZeroUsize::new(3).unwrap());
        let (mut a, mut b) = (Held::new(Some(&slots)), Held::new(Some(&slots)));
        assert_eq!((a.up_to(2), b.up_to(2), slots.free()), (2, 1, 0));
        assert_eq!(a.up_to(2), 2);
        a.down_to(1);
        assert_eq!(b.up_to(2), 2);
        drop(b);
        assert_eq!((a.up_to(9), slots.free()), (3, 0));
        drop(a);
        assert_eq!(slots.free(), 3);
        assert_eq!(Held::new(None).up_to(7), 7);
    }
}
