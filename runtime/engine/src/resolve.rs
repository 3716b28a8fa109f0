//! Resolvers: artifacts of earlier runs that queries hold for.

use weft_metadata::{ArtifactFilter, ArtifactRecord, RunKey};
use weft_pipeline::model::{ArtifactQuery, Naming, Resolver};
use weft_pipeline::step::{Artifact, PortValue, PortValues, StepFailure, StepOutput};

use crate::engine::Engine;
use crate::worker::host_failure;

/// The most artifacts of a type that are looked at, the newest first.
const MOST: usize = 10_000;

/// The property of TFX's blessings that has the URI of the model, beside the one that names it.
const CURRENT_MODEL: &str = "current_model";

/// What a resolver looks for.
#[derive(Debug)]
pub struct Resolve {
    /// The resolver.
    pub resolver: Resolver,
    /// What its queries are made of.
    pub inputs: PortValues,
}

/// Finds the artifact of each query. What is not found has no entry.
pub fn execute(engine: &Engine<'_>, key: &RunKey, resolve: &Resolve) -> Result<StepOutput, Box<StepFailure>> {
    let mut outputs = PortValues::new();
    for (output, query) in &resolve.resolver.queries {
        if let Some(artifact) = find(engine, key, query, &resolve.inputs)? {
            outputs.insert(output.clone(), PortValue::Artifacts(vec![artifact]));
        }
    }
    Ok(StepOutput { outputs, ..StepOutput::default() })
}

fn find(
    engine: &Engine<'_>,
    key: &RunKey,
    query: &ArtifactQuery,
    inputs: &PortValues,
) -> Result<Option<Artifact>, Box<StepFailure>> {
    let failed = |error: weft_metadata::Error| host_failure(error.to_string(), None);
    let names = match &query.named {
        None => None,
        Some(naming) => match names(engine, naming, inputs).map_err(failed)? {
            // It is named by an artifact that was not found.
            None => return Ok(None),
            names => names,
        },
    };
    let filter = ArtifactFilter {
        kind: Some(&query.kind.0),
        pipeline: Some(&key.pipeline),
        limit: Some(MOST),
        ..ArtifactFilter::default()
    };
    let known = engine.metadata.artifacts(&filter).map_err(failed)?;
    let earlier =
        |record: &&ArtifactRecord| record.producer.as_ref().is_none_or(|by| by.run.as_deref() != Some(&key.run));
    let holds =
        |record: &&ArtifactRecord| query.properties.iter().all(|(name, value)| has(&record.artifact, name, value));
    let mut found = known.iter().filter(earlier).filter(holds);
    let artifact = match names {
        None => found.next(),
        Some(names) => {
            let all: Vec<&ArtifactRecord> = found.collect();
            names.iter().find_map(|name| all.iter().find(|record| name.is(&record.artifact)).copied())
        }
    };
    Ok(artifact.map(|record| record.artifact.clone()))
}

/// Whether an artifact has a property of this value. Numbers are equal whatever they are written as.
fn has(artifact: &Artifact, name: &str, value: &serde_json::Value) -> bool {
    artifact.properties.get(name).is_some_and(|found| {
        found == value || matches!((found.as_f64(), value.as_f64()), (Some(found), Some(value)) if found.to_bits() == value.to_bits())
    })
}

/// What an artifact is called.
enum Name {
    /// The digest of its content.
    Content(String),
    /// The id of its row, or its own name.
    Word(String),
}

impl Name {
    fn is(&self, artifact: &Artifact) -> bool {
        match self {
            Self::Content(content) => artifact.uri == *content,
            Self::Word(word) => {
                artifact.id.is_some_and(|id| id.to_string() == *word) || artifact.name.as_deref() == Some(word)
            }
        }
    }
}

/// The names that an input gives an artifact, the surest first. None if there is no such input.
fn names(engine: &Engine<'_>, naming: &Naming, inputs: &PortValues) -> weft_metadata::Result<Option<Vec<Name>>> {
    let Some(PortValue::Artifacts(given)) = inputs.get(&naming.input) else { return Ok(None) };
    let Some(by) = given.first() else { return Ok(None) };
    let mut names = Vec::new();
    for property in [CURRENT_MODEL, &naming.property] {
        match by.properties.get(property) {
            Some(serde_json::Value::String(text)) => {
                let content = engine.metadata.resolve_uri(text)?.map(|found| found.content);
                names.push(content.map_or_else(|| Name::Word(text.clone()), Name::Content));
            }
            Some(number @ serde_json::Value::Number(_)) => names.push(Name::Word(number.to_string())),
            _ => {}
        }
    }
    Ok(Some(names))
}
