//! OpenLineage events, specification 2-0-2: a start and an end of each execution that the artifact comes from.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cyclonedx::uuid;
use crate::evidence::{Evidence, Step, hex, time};
use crate::{HOME, VERSION};

const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// The events, in the order of their times.
pub fn openlineage(evidence: &Evidence) -> Vec<Value> {
    let mut events: Vec<(i64, Value)> = Vec::new();
    for step in &evidence.steps {
        events.push((step.started_ms, event(evidence, step, "START", step.started_ms)));
        if let Some(ended) = step.ended_ms {
            events.push((ended, event(evidence, step, "COMPLETE", ended)));
        }
    }
    // An end never comes before its start, as the order is kept among equals.
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(_, event)| event).collect()
}

fn event(evidence: &Evidence, step: &Step, kind: &str, at_ms: i64) -> Value {
    let producer = format!("{HOME}@{VERSION}");
    let run = evidence.runs.get(&step.run);
    let pipeline = run.map_or("", |run| run.pipeline.as_str());
    let datasets = |ports: &[(String, i64)]| -> Vec<Value> {
        let found = ports.iter().filter_map(|(_, id)| evidence.contents.get(id));
        found.map(|content| json!({ "namespace": "weft", "name": content.uri })).collect()
    };
    let id = |text: &str| uuid(&hex(&Sha256::digest(text.as_bytes())));
    json!({
        "eventType": kind, "eventTime": time(at_ms), "producer": producer, "schemaURL": SCHEMA,
        "run": {
            "runId": id(&format!("{}/{}", step.run, step.task)),
            "facets": { "parent": {
                "_producer": producer,
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/ParentRunFacet.json#/$defs/ParentRunFacet",
                "run": { "runId": id(&step.run) },
                "job": { "namespace": "weft", "name": pipeline },
            } },
        },
        "job": { "namespace": "weft", "name": format!("{pipeline}.{}", step.task) },
        "inputs": datasets(&step.inputs),
        "outputs": if kind == "COMPLETE" { datasets(&step.outputs) } else { Vec::new() },
    })
}
