//! Whether an earlier execution may stand for a new one.

use weft_artifacts::Store;
use weft_metadata::{CachedStep, Tx};
use weft_pipeline::model::Task;
use weft_pipeline::step::{ComponentRef, Grants, HOST_PYTHON, PortValue, PortValues};

use self::key::Identity;

pub mod key;

/// Whether a task's results may come from an earlier execution: its pipeline says so, and it is a pure function of
/// what its identity covers. With a grant it may see more than that (the time, a host's file, a volume), and so it may
/// outside of the sandbox; then it is executed.
pub fn is_cacheable(task: &Task, grants: &Grants, component: &ComponentRef) -> bool {
    task.cache && grants.is_pure() && !component.digest.starts_with(HOST_PYTHON)
}

/// The earlier execution that may stand for a new one of this identity: all it gave must still be in the store.
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

/// Whether all content is in the store. A store that cannot tell is as good as one that has nothing: the step is
/// executed and meets the fault itself, if it lasts.
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
