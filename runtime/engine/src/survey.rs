//! What a run that ended in the middle has left of its artifacts.
//!
//! Before a run ends, all that its steps made is flushed to disk. One that was killed did not come to that, and if what killed it was the
//! loss of power, files of the last seconds may be missing, empty or cut short, while their record is there. Nothing tells the two apart
//! afterwards, so that the bytes are hashed: a second for each gigabyte, and only then.

use weft_artifacts::Store;
use weft_metadata::StepRecord;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::PortValue;

use crate::node::is_settled;

/// Has steps run again whose outputs or logs are not whole.
pub fn forget_damaged<'s>(store: &Store, records: impl Iterator<Item = &'s mut StepRecord>) {
    for record in records.filter(|record| is_settled(record)) {
        let artifacts = record.outputs.values().flat_map(PortValue::artifacts);
        let mut uris = artifacts.map(|artifact| artifact.uri.as_str()).chain(record.log.as_deref());
        if let Some(uri) = uris.find(|uri| !is_whole(store, uri)) {
            tracing::warn!(
                task = record.task,
                uri,
                "an artifact of a run that was killed is not whole; its step runs again"
            );
            record.state = TaskState::Canceled;
        }
    }
}

fn is_whole(store: &Store, uri: &str) -> bool {
    uri.parse().and_then(|id| store.verify(&id)).is_ok()
}
