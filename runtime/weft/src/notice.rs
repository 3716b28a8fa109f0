//! What the library tells before and between runs. What happens in a run is told by [`Event`](crate::Event).

use std::path::PathBuf;

use weft_registry::Moved;

/// Something that takes time, or that whoever asked for it should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A virtual environment with these packages is being made, which happens once.
    MakingEnvironment(Vec<String>),
    /// The wheels of these packages were fetched into the store.
    Fetched {
        /// The packages as the pipeline names them.
        packages: Vec<String>,
        /// How many wheels there are.
        wheels: usize,
    },
    /// An executor is being installed; this is done now.
    Installing(String),
    /// Another process installs it.
    WaitingForInstallation,
    /// Python functions are about to run outside of the sandbox.
    Unsandboxed,
    /// What the store holds and its bucket does not is being put there.
    CatchingUp {
        /// The bucket.
        bucket: String,
    },
    /// Runs at work have to end first.
    WaitingForRuns,
    /// A component is being fetched from its registry.
    Pulling {
        /// As the pipeline writes it.
        reference: String,
        /// How many bytes it has.
        bytes: u64,
    },
    /// References were pinned in a lock file.
    Locked {
        /// The file.
        file: PathBuf,
        /// The references, and where they lead.
        references: Vec<Moved>,
    },
    /// This many components are being compiled, as far as they are not.
    Compiling {
        /// How many.
        components: usize,
    },
}

/// Hears notices.
pub type Notify<'n> = dyn Fn(Notice) + Sync + 'n;

/// Passes all notices over.
pub fn silent(_: Notice) {}
