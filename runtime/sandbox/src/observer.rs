//! The observer of a running step, in a form that a wasmtime store can hold.

use weft_pipeline::step::StepObserver;

/// An observer that is borrowed while its step runs. wasmtime requires the data of a store to be `'static`.
#[derive(Clone, Copy)]
pub(crate) struct Listener(&'static dyn StepObserver);

impl Listener {
    /// A listener for an observer that is always there.
    pub(crate) const fn of(observer: &'static dyn StepObserver) -> Self {
        Self(observer)
    }

    /// Calls `work` with a listener for this observer.
    pub(crate) fn during<T>(observer: &dyn StepObserver, work: impl FnOnce(Listener) -> T) -> T
    where
        T: 'static,
    {
        // SAFETY: `work` puts the listener into a store that it owns and drops before it returns, also when it panics; no
        // thread and no task outlives it that could keep a copy (programs that a command calls run in scoped threads), and the answer cannot hold one, as `Listener` is private to
        // this crate and in no type that is returned.
        #[expect(unsafe_code, reason = "a borrow's lifetime cannot be hidden otherwise; see the safety comment")]
        let observer = unsafe { std::mem::transmute::<&dyn StepObserver, &'static dyn StepObserver>(observer) };
        work(Listener(observer))
    }
}

impl std::ops::Deref for Listener {
    type Target = dyn StepObserver;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}
