//! Workflow Run RO-Crate, the profile Provenance Run Crate in small: the artifact, the run that made it, and what it comes from.

use serde_json::{Value, json};

use crate::evidence::{Content, Evidence, hex, time};
use crate::{HOME, TOOL, VERSION};

/// The `ro-crate-metadata.json` of a crate in whose folder the artifact lies as `file`, a folder if it is one.
pub fn rocrate(evidence: &Evidence, file: &str) -> Value {
    let maker = evidence.maker();
    let run = maker.and_then(|step| evidence.runs.get(&step.run));
    let subject = &evidence.subject;
    let is_folder = subject.files.iter().any(|one| !one.path.is_empty());
    let own = if is_folder { format!("{file}/") } else { file.to_owned() };
    let sources = evidence.sources();
    let mut graph = vec![
        json!({
            "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": { "@id": "./" },
            "conformsTo": { "@id": "https://w3id.org/ro/crate/1.1" },
        }),
        json!({
            "@id": "./", "@type": "Dataset", "name": subject.name,
            "description": format!("{} with all that it comes from", subject.name),
            "datePublished": time(maker.and_then(|step| step.ended_ms).unwrap_or_default()),
            "license": "The licence is that of what it comes from.",
            "conformsTo": { "@id": "https://w3id.org/ro/wfrun/process/0.5" },
            "hasPart": [{ "@id": own }],
            "mentions": evidence.steps.iter().map(|step| json!({ "@id": action(step.execution) })).collect::<Vec<_>>(),
        }),
        json!({ "@id": "https://w3id.org/ro/wfrun/process/0.5", "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5" }),
        json!({ "@id": "#weft", "@type": "SoftwareApplication", "name": TOOL, "version": VERSION, "url": HOME }),
        artifact(subject, &own, is_folder),
    ];
    for source in &sources {
        graph.push(json!({
            "@id": identifier(source), "@type": "CreativeWork", "name": source.name, "sha256": source.sha256().map(|digest| hex(&digest)),
        }));
    }
    for step in &evidence.steps {
        let known = |id: i64| {
            if id == subject.id { Some(own.clone()) } else { evidence.contents.get(&id).map(identifier) }
        };
        let things = |ports: &[(String, i64)]| -> Vec<Value> {
            ports.iter().filter_map(|(_, id)| known(*id)).map(|id| json!({ "@id": id })).collect()
        };
        let name = step.component.as_ref().map_or("an import", |(_, function)| function);
        graph.push(json!({
            "@id": action(step.execution), "@type": "CreateAction", "name": format!("{}: {name}", step.task),
            "instrument": { "@id": "#weft" },
            "object": things(&step.inputs), "result": things(&step.outputs),
            "startTime": time(step.started_ms), "endTime": step.ended_ms.map(time),
            "description": run.map(|run| format!("a step of run {} of pipeline {}", run.id, run.pipeline)),
        }));
        for (_, id) in step.inputs.iter().chain(&step.outputs) {
            let Some(content) = evidence.contents.get(id).filter(|content| content.id != subject.id) else { continue };
            let id = identifier(content);
            if !graph.iter().any(|entity| entity["@id"] == id) {
                graph.push(json!({ "@id": id, "@type": "CreativeWork", "name": content.name }));
            }
        }
    }
    json!({ "@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph })
}

fn artifact(content: &Content, id: &str, is_folder: bool) -> Value {
    let mut entity = json!({
        "@id": id, "@type": if is_folder { "Dataset" } else { "File" }, "name": content.name,
        "description": content.kind, "identifier": content.uri,
    });
    if !is_folder {
        entity["contentSize"] = content.size().to_string().into();
        entity["sha256"] = content.sha256().map(|digest| hex(&digest)).into();
    }
    entity
}

fn identifier(content: &Content) -> String {
    format!("#artifact-{}", content.id)
}

fn action(execution: i64) -> String {
    format!("#execution-{execution}")
}
