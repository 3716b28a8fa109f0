//! Caching: whether the outputs of an earlier execution may be used instead of executing a task. The cache key is in [`key`].

use weft_artifacts::Store;
use weft_metadata::{CachedStep, Tx};
use weft_pipeline::model::Task;
use weft_pipeline::step::{ComponentRef, Grants, HOST_PYTHON, PortValue, PortValues};

use self::key::Identity;

pub mod key;

/// Whether a task may be cached: `cache` is on, and its outputs depend on nothing that its identity leaves out. With a
/// grant they may (the time, a host's file, a volume), and so they may outside of the sandbox.
pub fn is_cacheable(task: &Task, grants: &Grants, component: &ComponentRef) -> bool {
    task.cache && grants.is_pure() && !component.digest.starts_with(HOST_PYTHON)
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
    let artifacts = outputs.values().flat_map(|value| match value {
        PortValue::Artifacts(artifacts) => artifacts.as_slice(),
        PortValue::Parameter(_) => &[],
    });
    artifacts.into_iter().all(|artifact| {
        let stored = artifact.uri.parse().and_then(|id| store.contains(&id));
        stored.unwrap_or_else(|error| {
            tracing::warn!(uri = artifact.uri, %error, "an artifact could not be looked up");
            false
        })
    })
}
