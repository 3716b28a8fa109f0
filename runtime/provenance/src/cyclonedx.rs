//! CycloneDX 1.6: a bill of materials of a model, with its card and the data that it comes from.

use serde_json::{Value, json};

use crate::evidence::{Content, Evidence, hex, time};
use crate::{HOME, TOOL, VERSION};

/// The bill of materials of an artifact.
pub fn cyclonedx(evidence: &Evidence) -> Value {
    let subject = &evidence.subject;
    let sources = evidence.sources();
    let maker = evidence.maker();
    let data: Vec<Value> = sources.iter().map(|source| source_component(source)).collect();
    let code = evidence.components().into_iter().map(|(digest, function)| {
        let blake3 = digest.rsplit(':').next().unwrap_or_default().to_owned();
        json!({
            "type": "library", "bom-ref": format!("component-{blake3}-{function}"), "name": function,
            "hashes": [{ "alg": "BLAKE3", "content": blake3 }],
        })
    });
    let code: Vec<Value> = code.collect();
    let references: Vec<Value> = data.iter().chain(&code).map(|component| component["bom-ref"].clone()).collect();
    let mut model = json!({
        "type": if is_model(subject) { "machine-learning-model" } else { "data" },
        "bom-ref": reference(subject), "name": subject.name, "hashes": hashes(subject),
        "version": subject.blake3().get(..12),
    });
    if is_model(subject) {
        model["modelCard"] = card(evidence, &sources);
    } else {
        model["data"] = json!([{ "type": "dataset", "name": subject.name }]);
    }
    let serial = serial(subject);
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "serialNumber": serial,
        "metadata": {
            "timestamp": time(maker.and_then(|step| step.ended_ms).unwrap_or_default()),
            "tools": { "components": [{
                "type": "application", "name": TOOL, "version": VERSION,
                "externalReferences": [{ "type": "website", "url": HOME }],
            }] },
            "component": model,
        },
        "components": data.into_iter().chain(code).collect::<Vec<_>>(),
        "dependencies": [{ "ref": reference(subject), "dependsOn": references }],
    })
}

fn card(evidence: &Evidence, sources: &[&Content]) -> Value {
    let datasets: Vec<Value> = sources.iter().map(|source| json!({ "ref": reference(source) })).collect();
    let metrics: Vec<Value> =
        evidence.metrics.iter().map(|(name, value)| json!({ "type": name, "value": value.to_string() })).collect();
    let properties: Vec<Value> = evidence
        .maker()
        .into_iter()
        .flat_map(|step| &step.parameters)
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            json!({ "name": format!("weft:parameter:{name}"), "value": text })
        })
        .collect();
    json!({
        "modelParameters": { "datasets": datasets },
        "quantitativeAnalysis": { "performanceMetrics": metrics },
        "properties": properties,
    })
}

fn source_component(content: &Content) -> Value {
    json!({
        "type": "data", "bom-ref": reference(content), "name": content.name, "hashes": hashes(content),
        "data": [{ "type": "dataset", "name": content.name }],
    })
}

fn is_model(content: &Content) -> bool {
    content.kind.ends_with("Model")
}

fn reference(content: &Content) -> String {
    format!("artifact-{}", content.id)
}

fn hashes(content: &Content) -> Vec<Value> {
    let mut hashes = Vec::new();
    if let Some(sha256) = content.sha256() {
        hashes.push(json!({ "alg": "SHA-256", "content": hex(&sha256) }));
    }
    hashes.push(json!({ "alg": "BLAKE3", "content": content.blake3() }));
    hashes
}

/// A serial number that follows from the content.
fn serial(content: &Content) -> String {
    format!("urn:uuid:{}", uuid(content.blake3()))
}

/// A UUID of version 8 that follows from hexadecimal digits.
pub(crate) fn uuid(digits: &str) -> String {
    let digits: Vec<char> = digits.chars().chain(std::iter::repeat('0')).take(32).collect();
    let part = |range: std::ops::Range<usize>| digits[range].iter().collect::<String>();
    format!("{}-{}-8{}-8{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32))
}
