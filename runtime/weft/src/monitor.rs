//! Monitoring: new rows, or what a model was asked, against what it was trained on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use weft_metadata::{ArtifactRecord, Direction, EventKind, LineageGraph, LineageQuery, LineageStart};

use crate::error::{Error, Result};
use crate::notice::Notify;
use crate::prepare::{PrepareOptions, Prepared};
use crate::read::read_text;
use crate::run::Weft;
use crate::store::Store;

/// The type of statistics.
const STATISTICS: &str = "tfx.ExampleStatistics";
/// The threshold that holds for every column where none is given: of the Jensen-Shannon divergence.
const USUAL: f64 = 0.1;
/// The artifacts that a search for statistics looks at, at most.
const MOST: usize = 1000;

/// What is monitored.
#[derive(Debug, Clone)]
pub struct MonitorOptions {
    /// New rows: a file, or a folder of files.
    pub data: PathBuf,
    /// A model, or whatever else was made of the training data, or its statistics; as [`Store::artifact`] takes it.
    pub of: String,
    /// What a column may differ by.
    pub thresholds: Vec<DriftThreshold>,
    /// What the monitoring is called: its runs make one trend.
    pub name: Option<String>,
    /// What this run is called in the trend.
    pub label: Option<String>,
}

/// What a column may differ by.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftThreshold {
    /// The column; every one that has no threshold of its own if it is left out.
    pub column: Option<String>,
    /// The measure.
    pub measure: DriftMeasure,
    /// The largest value that is no drift.
    pub value: f64,
}

/// A measure of drift, as TFDV defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftMeasure {
    /// The largest difference of shares of a value.
    InfinityNorm,
    /// The Jensen-Shannon divergence.
    JensenShannon,
    /// The largest difference of counts, by all counts.
    NormalizedAbsDifference,
}

impl DriftMeasure {
    /// Its name, as `weft:distribution-validator` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InfinityNorm => "infinity-norm",
            Self::JensenShannon => "jensen-shannon-divergence",
            Self::NormalizedAbsDifference => "normalized-abs-difference",
        }
    }

    /// The measure of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.replace('_', "-");
        [Self::InfinityNorm, Self::JensenShannon, Self::NormalizedAbsDifference]
            .into_iter()
            .find(|known| known.name() == name)
    }
}

impl Weft {
    /// Prepares a comparison of new rows with the statistics of what a model was trained on, which the lineage tells.
    ///
    /// # Errors
    /// There are no new rows, no such artifact, or no statistics of anything that it was made of.
    pub fn prepare_monitor(&self, options: &MonitorOptions, notify: &Notify<'_>) -> Result<(Prepared, ArtifactRecord)> {
        if !options.data.exists() {
            return Err(Error::request(format!("there is no file or folder `{}`", options.data.display())));
        }
        let baseline = training_statistics(self.store(), &options.of)?;
        let data = std::path::absolute(&options.data).map_err(|cause| Error::io("find", &options.data, cause))?;
        let name = options.name.clone().unwrap_or_else(|| format!("monitor-{}", word(&options.of)));
        let mut compare = json!({
            "statistics": "${describe.statistics}",
            "baseline-statistics": "${baseline}",
            "examples": null, "baseline-examples": null,
            "previous": "${before}",
            "thresholds": thresholds(&options.thresholds),
        });
        if let Some(label) = &options.label {
            compare["label"] = label.clone().into();
        }
        if let Some(split) = training_split(&baseline) {
            compare["baseline-split"] = split.into();
        }
        if let Some(given) = compare.as_object_mut() {
            given.retain(|_, value| !value.is_null());
        }
        let step = |component: &str, with: Value| json!({ "component": component, "with": with });
        // JSON is YAML.
        let text = json!({
            "name": name,
            "description": format!("New rows against what {} was trained on", options.of),
            "steps": {
                "data": { "import": data.display().to_string(), "type": "dataset" },
                "baseline": { "import": baseline.artifact.uri, "type": STATISTICS },
                "before": { "latest": "compare.anomalies", "type": "tfx.ExampleAnomalies" },
                "describe": step("weft:statistics-gen", json!({ "examples": "${data}" })),
                "compare": step("weft:distribution-validator", compare),
            },
            "outputs": {
                "anomalies": "${compare.anomalies}", "page": "${compare.page}", "drifted": "${compare.drifted}",
                "statistics": "${describe.statistics}",
            },
        });
        let folder = std::path::absolute(".").map_err(|cause| Error::io("find", Path::new("."), cause))?;
        let file = read_text(text.to_string(), "the monitoring", folder.join("monitor.yaml"))?;
        let prepared = self.prepare(file, &PrepareOptions::default(), notify)?;
        Ok((Prepared { file: None, ..prepared }, baseline))
    }
}

/// Thresholds as the component takes them, one for each column.
fn thresholds(given: &[DriftThreshold]) -> Value {
    let mut columns: BTreeMap<&str, Value> = BTreeMap::new();
    for threshold in given {
        let column = threshold.column.as_deref().unwrap_or("*");
        let known = columns.entry(column).or_insert_with(|| json!({ "feature": column }));
        known[threshold.measure.name()] = threshold.value.into();
    }
    columns.entry("*").or_insert_with(|| json!({ "feature": "*", DriftMeasure::JensenShannon.name(): USUAL }));
    columns.into_values().collect()
}

/// The split of statistics that a model was trained on: `train`, if they have several.
fn training_split(statistics: &ArtifactRecord) -> Option<&'static str> {
    let names = statistics.artifact.properties.get("split_names")?;
    let names = names.as_str().map_or_else(|| names.to_string(), str::to_owned);
    let names: Vec<String> = serde_json::from_str(&names).ok()?;
    (names.len() > 1 && names.iter().any(|name| name == "train")).then_some("train")
}

/// A selector as a part of a pipeline's name.
fn word(text: &str) -> String {
    let name = text.rsplit('/').next().unwrap_or(text);
    let word: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let word = word.trim_matches('-');
    if word.is_empty() { "data".to_owned() } else { word.chars().take(40).collect() }
}

/// The statistics nearest to an artifact: itself, what it was made of, or what was made of that.
fn training_statistics(store: &Store, of: &str) -> Result<ArtifactRecord> {
    let start = store.artifact(of)?;
    let id = start.artifact.id.unwrap_or_default();
    if start.artifact.kind.0 == STATISTICS {
        return Ok(start);
    }
    let walk = |start, direction, max_depth| {
        store.metadata.lineage(&LineageQuery { start: LineageStart::Artifact(start), direction, max_depth })
    };
    let up = walk(id, Direction::Up, None)?;
    let ancestors = by_distance(&up, id);
    let is_statistics = |graph: &LineageGraph, id: i64| {
        graph.artifacts.iter().any(|artifact| artifact.id == id && artifact.kind.0 == STATISTICS)
    };
    let own = ancestors.iter().copied().find(|id| is_statistics(&up, *id));
    let mut found = own;
    for ancestor in ancestors.into_iter().take(MOST) {
        if found.is_some() {
            break;
        }
        // What was made of the same rows beside it; of several the latest.
        let down = walk(ancestor, Direction::Down, Some(1))?;
        found =
            down.artifacts.iter().filter(|artifact| artifact.kind.0 == STATISTICS).map(|artifact| artifact.id).max();
    }
    match found {
        Some(id) => Ok(store.metadata.artifact(&id.to_string())?),
        None => Err(Error::advised(
            format!("nothing that `{of}` was made of has statistics"),
            "describe the training data in the pipeline that trains, with `weft:statistics-gen`; or name statistics themselves",
        )),
    }
}

/// The artifacts that one was made of, the nearest first.
fn by_distance(graph: &LineageGraph, start: i64) -> Vec<i64> {
    let mut order = vec![start];
    let mut seen = BTreeSet::from([start]);
    let mut open = VecDeque::from([start]);
    let mut makers: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    let mut reads: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for edge in &graph.edges {
        match edge.kind {
            EventKind::Output => makers.entry(edge.artifact).or_default().push(edge.execution),
            EventKind::Input => reads.entry(edge.execution).or_default().push(edge.artifact),
        }
    }
    while let Some(artifact) = open.pop_front() {
        for execution in makers.get(&artifact).into_iter().flatten() {
            for input in reads.get(execution).into_iter().flatten() {
                if seen.insert(*input) {
                    order.push(*input);
                    open.push_back(*input);
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_put_together_by_column() {
        let of =
            |column: Option<&str>, measure, value| DriftThreshold { column: column.map(str::to_owned), measure, value };
        let given = [
            of(Some("a"), DriftMeasure::InfinityNorm, 0.1),
            of(Some("a"), DriftMeasure::JensenShannon, 0.2),
            of(None, DriftMeasure::JensenShannon, 0.3),
        ];
        let expected = json!([
            { "feature": "*", "jensen-shannon-divergence": 0.3 },
            { "feature": "a", "infinity-norm": 0.1, "jensen-shannon-divergence": 0.2 },
        ]);
        assert_eq!(thresholds(&given), expected);
        assert_eq!(thresholds(&given[..1])[0], json!({ "feature": "*", "jensen-shannon-divergence": 0.1 }));
        assert_eq!(DriftMeasure::of_name("infinity_norm"), Some(DriftMeasure::InfinityNorm));
        assert_eq!(word("latest/push.deployed"), "push-deployed");
        assert_eq!(word("…"), "data");
    }
}
