//! Artifacts that other runs gave.

use std::collections::BTreeMap;

use serde_json::Value;
use weft::metadata::ArtifactRecord;

use super::definition::ArtifactMatch;

/// Whether an artifact starts a run. `pipeline` is that of the run that gave it.
pub(super) fn matches(wanted: &ArtifactMatch, found: &ArtifactRecord, pipeline: Option<&str>) -> bool {
    let output = || {
        let producer = found.producer.as_ref()?;
        Some(format!("{}.{}", producer.task.as_deref()?, producer.output))
    };
    wanted.pipeline.as_deref().is_none_or(|wanted| pipeline == Some(wanted))
        && wanted.output.as_ref().is_none_or(|wanted| output().as_ref() == Some(wanted))
        && wanted.kind.as_ref().is_none_or(|wanted| found.artifact.kind.0 == *wanted)
        && wanted.name.as_ref().is_none_or(|wanted| found.artifact.name.as_ref() == Some(wanted))
        && wanted
            .properties
            .iter()
            .all(|(name, wanted)| found.artifact.properties.get(name).is_some_and(|value| is_equal(value, wanted)))
}

/// Whether a property has a value. ML Metadata has no truth values: 1 and 0 stand for them there.
fn is_equal(found: &Value, wanted: &Value) -> bool {
    let number = |value: &Value| value.as_bool().map(|truth| f64::from(u8::from(truth))).or_else(|| value.as_f64());
    match (number(found), number(wanted)) {
        #[expect(clippy::float_cmp, reason = "what was written is asked for")]
        (Some(found), Some(wanted)) => found == wanted,
        _ => found == wanted,
    }
}

/// What a run can be given of it, by the names of placeholders.
pub(super) fn values(found: &ArtifactRecord) -> BTreeMap<String, Value> {
    let run = found.producer.as_ref().and_then(|producer| producer.run.clone());
    BTreeMap::from([
        ("ArtifactUri".to_owned(), found.artifact.uri.clone().into()),
        ("ArtifactName".to_owned(), found.artifact.name.clone().into()),
        ("ArtifactRun".to_owned(), run.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_is_a_number_in_metadata() {
        assert!(is_equal(&1.into(), &true.into()) && is_equal(&0.5.into(), &0.5.into()));
        assert!(!is_equal(&0.into(), &true.into()) && !is_equal(&"1".into(), &1.into()));
        assert!(is_equal(&"x".into(), &"x".into()));
    }
}
