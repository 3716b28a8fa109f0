//! The walls around a step, each of which a test can leave out to show that it is what stops an attack. No release of this crate can: the
//! switch is there only where debug assertions are.
//!
//! What a step is granted and its limits are walls as well, and need no switch: a test gives a grant, or raises a limit.

/// A wall that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// Inputs that are files can only be read.
    ReadOnlyInputs,
    /// The number of entries of its tables.
    Tables,
    /// The length of its log.
    Log,
    /// The number and the length of messages that are passed on while it runs.
    Messages,
    /// The size of an output parameter.
    Parameters,
    /// The length of its failure's message.
    FailureText,
    /// What a component may hold to be compiled.
    CompileBounds,
    /// Compiled code is read only from where nobody else can write.
    PrivateCache,
    /// A component from the store has the digest by which it is known.
    StoredDigest,
}

/// Which walls stand: all, but for one that a test leaves out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Walls {
    #[cfg(debug_assertions)]
    pub(crate) without: Option<Wall>,
}

impl Walls {
    /// Whether this wall stands.
    #[cfg(debug_assertions)]
    pub(crate) fn stand(self, wall: Wall) -> bool {
        self.without != Some(wall)
    }

    /// Whether this wall stands.
    #[cfg(not(debug_assertions))]
    #[expect(clippy::unused_self, reason = "it answers where a wall can be left out")]
    pub(crate) const fn stand(self, _wall: Wall) -> bool {
        true
    }

    /// A bound that this wall is; none if it is left out.
    pub(crate) fn bound(self, wall: Wall, most: usize) -> usize {
        if self.stand(wall) { most } else { usize::MAX }
    }
}
