//! Events: the artifacts that an execution read and produced, and their ports.

use std::collections::HashMap;

use rusqlite::Connection;
use weft_pipeline::step::{PortValue, PortValues};

use crate::error::Result;
use crate::types::EventKind;

/// The path of an event: a port and, on a list port, the index.
pub(crate) type EventPath<'a> = (&'a str, Option<usize>);

/// The paths of each artifact. Artifacts are in the order of their first occurrence.
///
/// MLMD allows one event for each artifact, execution and direction. The path of the event of an artifact on several
/// ports therefore has all of them. Artifacts without id are reported through `unrecorded`.
pub(crate) fn event_paths<E>(
    values: &PortValues,
    unrecorded: impl Fn(&str) -> E,
) -> std::result::Result<Vec<(i64, Vec<EventPath<'_>>)>, E> {
    let mut found: Vec<(i64, Vec<EventPath<'_>>)> = Vec::new();
    let mut at: HashMap<i64, usize> = HashMap::new();
    for (port, value) in values {
        let PortValue::Artifacts(artifacts) = value else { continue };
        for (index, artifact) in artifacts.iter().enumerate() {
            let id = artifact.id.ok_or_else(|| unrecorded(port))?;
            let place = (port.as_str(), (artifacts.len() > 1).then_some(index));
            let known = *at.entry(id).or_insert(found.len());
            if known == found.len() {
                found.push((id, Vec::new()));
            }
            found[known].1.push(place);
        }
    }
    Ok(found)
}

/// Inserts an event. As in KFP, the first step of its path is the name of the port; an index follows as another step.
pub(crate) fn write(
    conn: &Connection,
    kind: EventKind,
    execution: i64,
    artifact: i64,
    event_paths: &[EventPath<'_>],
    now_ms: i64,
) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO Event (artifact_id, execution_id, type, milliseconds_since_epoch) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((artifact, execution, kind.code(), now_ms))?;
    let event = conn.last_insert_rowid();
    let mut path = conn.prepare_cached(
        "INSERT INTO EventPath (event_id, is_index_step, step_index, step_key) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (port, index) in event_paths {
        path.execute((event, false, None::<i64>, port))?;
        if let Some(index) = index {
            path.execute((event, true, i64::try_from(*index).unwrap_or(i64::MAX), None::<&str>))?;
        }
    }
    Ok(())
}

/// Deletes the events of an execution that starts again.
pub(crate) fn clear(conn: &Connection, execution: i64) -> Result<()> {
    conn.prepare_cached("DELETE FROM EventPath WHERE event_id IN (SELECT id FROM Event WHERE execution_id = ?1)")?
        .execute([execution])?;
    conn.prepare_cached("DELETE FROM Event WHERE execution_id = ?1")?.execute([execution])?;
    Ok(())
}
