//! in-toto statements with SLSA's provenance, version 1.

use serde_json::{Value, json};

use crate::evidence::{Content, Evidence, hex, time};
use crate::{HOME, TOOL, VERSION};

/// The statement of where an artifact comes from: the run that made it with its parameters, the step with its component and what it was
/// granted, and all that was imported for it.
pub fn provenance(evidence: &Evidence) -> Value {
    let maker = evidence.maker();
    let run = maker.and_then(|step| evidence.runs.get(&step.run));
    let mut dependencies: Vec<Value> = evidence.sources().into_iter().map(resource).collect();
    dependencies.extend(evidence.components().into_iter().map(|(digest, function)| {
        let blake3 = digest.rsplit(':').next().unwrap_or_default();
        json!({ "name": format!("component#{function}"), "digest": { "blake3": blake3 } })
    }));
    let steps: Vec<Value> = evidence
        .steps
        .iter()
        .map(|step| {
            json!({
                "run": step.run, "task": step.task,
                "component": step.component.as_ref().map(|(digest, function)| format!("{digest}#{function}")),
                "parameters": step.parameters, "grants": step.grants,
            })
        })
        .collect();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [resource(&evidence.subject)],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": format!("{HOME}/blob/main/docs/evidence.md#run-v1"),
                "externalParameters": {
                    "pipeline": run.map(|run| run.pipeline.clone()),
                    "parameters": run.map(|run| run.parameters.clone()).unwrap_or_default(),
                    "step": maker.map(|step| step.task.clone()),
                },
                "internalParameters": { "steps": steps },
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": { "id": format!("{HOME}@{VERSION}"), "version": { TOOL: VERSION } },
                "metadata": {
                    "invocationId": run.map(|run| run.id.clone()).unwrap_or_default(),
                    "startedOn": maker.map(|step| time(step.started_ms)),
                    "finishedOn": maker.and_then(|step| step.ended_ms).map(time),
                },
            },
        },
    })
}

/// Content by its name and digests.
fn resource(content: &Content) -> Value {
    json!({ "name": content.name, "digest": digests(content) })
}

/// Digests by the names that in-toto gives the algorithms.
fn digests(content: &Content) -> Value {
    let mut digests = json!({ "blake3": content.blake3() });
    if let Some(sha256) = content.sha256() {
        digests["sha256"] = hex(&sha256).into();
    }
    digests
}
