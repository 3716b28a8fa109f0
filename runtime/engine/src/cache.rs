//! Caching: whether the outputs of an earlier execution may be used instead of executing a task. The cache key is in [`key`].

use weft_artifacts::Store;
use weft_metadata::{CachedStep, Tx, Uncached};
use weft_pipeline::model::Task;
use weft_pipeline::step::{ComponentRef, Grants, HOST_PYTHON, PortValue, PortValues};

use self::key::Identity;
use crate::engine::Options;

pub mod key;

/// Why no earlier execution of a task is looked for, if none is: `cache` is off, or its outputs may depend on what its identity leaves out.
/// With a grant they may (the time, a host's file, a volume), and so they may outside of the sandbox.
pub fn hindrance(
    options: &Options,
    path: &str,
    task: &Task,
    grants: &Grants,
    component: &ComponentRef,
) -> Option<Uncached> {
    let top = path.split(['/', '[']).next().unwrap_or(path);
    if !options.cache {
        Some(Uncached::Run)
    } else if options.again.contains(top) {
        Some(Uncached::Asked)
    } else if !task.cache {
        Some(Uncached::Task)
    } else if component.digest.starts_with(HOST_PYTHON) {
        Some(Uncached::Unsandboxed)
    } else if grants.is_pure() {
        None
    } else {
        Some(Uncached::Grants)
    }
}

/// The earlier execution of this identity, if the content of all its outputs is still in the store.
pub fn find(tx: &Tx<'_>, store: &Store, identity: &Identity) -> weft_metadata::Result<Option<CachedStep>> {
    let found = tx.find_cached(identity)?;
    Ok(found.filter(|cached| {
        let whole = is_stored(store, &cached.outputs);
        if !whole {
            tracing::debug!(execution = %cached.execution, "an earlier execution's outputs are gone; it is not used");
        }
        whole
    }))
}

/// Whether the content of all artifacts is in the store. A store that fails to answer counts as a miss: the step is then
/// executed, and reports the fault itself if it persists.
fn is_stored(store: &Store, outputs: &PortValues) -> bool {
    outputs.values().flat_map(PortValue::artifacts).all(|artifact| {
        let stored = artifact.uri.parse().and_then(|id| store.contains(&id));
        stored.unwrap_or_else(|error| {
            tracing::warn!(uri = artifact.uri, %error, "an artifact could not be looked up");
            false
        })
    })
}
