//! The step of `wit/world.wit`.

use data_validation::check::{CheckOptions, validate};
use data_validation::distance::distances;
use data_validation::number::six_digits;
use data_validation::page::{self, Distance};
use data_validation::proto::{
    Anomalies, DatasetFeatureStatisticsList, Feature, FeatureComparator, FeatureNameStatistics, FeaturePresence,
    InfinityNorm, JensenShannonDivergence, NormalizedAbsoluteDifference, feature::PresenceConstraints,
    feature_name_statistics::FieldId,
};
use data_validation::statistics::{Options, Statistics, describe};
use data_validation::trend::{MOST_BYTES, Trend};
use tfx_artifacts::{of_split, read_schema, read_statistics, splits, tables, write_anomalies};
use weft_guest::{Readable, Result, Writable, bail, info, warn};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:distribution-validator/distribution-validator",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct DistributionValidator;
export!(DistributionValidator);

impl Guest for DistributionValidator {
    fn compare(
        statistics: &ExampleStatistics,
        baseline_statistics: Option<&ExampleStatistics>,
        schema: Option<&Schema>,
        thresholds: Option<Vec<Threshold>>,
        examples: Option<&Artifact>,
        baseline_examples: Option<&Artifact>,
        fail_on_drift: Option<bool>,
        previous: Option<&ExampleAnomalies>,
        label: Option<String>,
        baseline_split: Option<String>,
    ) -> Result<Compared, String> {
        let baseline =
            baseline_statistics.map(|baseline| read_statistics(baseline, &[])).transpose()?.unwrap_or_default();
        let statistics = read_statistics(statistics, &[])?;
        let known = schema.map(read_schema).transpose()?.unwrap_or_default();
        let mut trend = previous.map(read_trend).transpose()?.unwrap_or_default();
        let wanted = comparators(&known, thresholds.unwrap_or_default());
        if baseline.is_empty() {
            info!("there is no baseline to compare with");
        }
        let mut samples = Samples::of(examples)?.zip(Samples::of(baseline_examples)?);
        let mut found = Found::default();
        for (split, statistics) in statistics {
            let other = baseline_split.as_deref().unwrap_or(&split);
            let Some(baseline) = of_split(&baseline, other) else {
                if baseline_split.is_some() && !baseline.is_empty() {
                    return Err(format!("the baseline has no split `{other}`"));
                }
                found.anomalies.push((split, Anomalies::default()));
                continue;
            };
            let samples = match &mut samples {
                Some((current, baseline)) => Some((current.describe(&split)?, baseline.describe(other)?)),
                None => None,
            };
            let samples = samples.as_ref().map(|(current, baseline)| (current, baseline));
            found.split(&split, &statistics, baseline, &for_every(&wanted, &statistics)?, samples)?;
        }
        trend.add(label.as_deref(), &found.distances);
        Ok(found.publish(fail_on_drift.unwrap_or(false), &trend)?)
    }
}

/// What the trend of an artifact is in.
const TREND: &str = "trend.tsv";

/// The trend until the run before; none of an artifact without one, such as TFX's.
fn read_trend(previous: &ExampleAnomalies) -> Result<Trend> {
    let Some(entry) = previous.entries().into_iter().find(|entry| entry.name == TREND) else {
        return Ok(Trend::default());
    };
    if entry.length > MOST_BYTES as u64 {
        bail!("{TREND} is larger than {} MiB", MOST_BYTES >> 20);
    }
    let text = String::from_utf8(previous.open(TREND)?.read_bytes()?)?;
    Ok(Trend::from_text(&text)?)
}

/// A schema of drift comparators alone, as TFX's component makes one: nothing else is checked.
fn comparators(schema: &data_validation::proto::Schema, thresholds: Vec<Threshold>) -> data_validation::proto::Schema {
    let with_comparator = schema.feature.iter().filter(|feature| feature.drift_comparator.is_some());
    let mut features: Vec<Feature> = with_comparator
        .map(|feature| Feature {
            name: feature.name.clone(),
            drift_comparator: feature.drift_comparator,
            ..Feature::default()
        })
        .collect();
    for threshold in thresholds {
        let comparator = FeatureComparator {
            infinity_norm: threshold.infinity_norm.map(|threshold| InfinityNorm { threshold: Some(threshold) }),
            jensen_shannon_divergence: threshold
                .jensen_shannon_divergence
                .map(|threshold| JensenShannonDivergence { threshold: Some(threshold), source: None }),
            normalized_abs_difference: threshold
                .normalized_abs_difference
                .map(|threshold| NormalizedAbsoluteDifference { threshold: Some(threshold) }),
        };
        match features.iter_mut().find(|feature| feature.name() == threshold.feature) {
            Some(known) => known.drift_comparator = Some(comparator),
            None => features.push(Feature {
                name: Some(threshold.feature),
                drift_comparator: Some(comparator),
                ..Feature::default()
            }),
        }
    }
    data_validation::proto::Schema { feature: features, ..data_validation::proto::Schema::default() }
}

/// The comparators with that of `*` for each column that has none.
fn for_every(
    wanted: &data_validation::proto::Schema,
    statistics: &DatasetFeatureStatisticsList,
) -> Result<data_validation::proto::Schema> {
    let Some(every) = wanted.feature.iter().find(|feature| feature.name() == EVERY) else { return Ok(wanted.clone()) };
    let mut all = wanted.clone();
    all.feature.retain(|feature| feature.name() != EVERY);
    for column in data_validation::whole(statistics)?.features.iter().filter_map(name) {
        if all.feature.iter().all(|known| known.name() != column) {
            all.feature.push(Feature { name: Some(column.to_owned()), ..every.clone() });
        }
    }
    Ok(all)
}

/// What stands for every column in thresholds.
const EVERY: &str = "*";

/// The name of a column that is no part of another.
fn name(feature: &FeatureNameStatistics) -> Option<&str> {
    match &feature.field_id {
        Some(FieldId::Name(name)) => Some(name),
        Some(FieldId::Path(path)) => path.step.first().filter(|_| path.step.len() == 1).map(String::as_str),
        None => None,
    }
}

/// Tables that are read for their samples.
struct Samples<'a> {
    examples: &'a Artifact,
    splits: Vec<tfx_artifacts::Split>,
}

impl<'a> Samples<'a> {
    fn of(examples: Option<&'a Artifact>) -> Result<Option<Self>> {
        examples.map(|examples| Ok(Self { examples, splits: splits(examples)? })).transpose()
    }

    fn describe(&mut self, name: &str) -> Result<Statistics> {
        let Some(split) = self.splits.iter().find(|split| split.name == name) else {
            bail!("the examples have no split `{name}`, which the statistics have");
        };
        let options = Options { samples: true, ..Options::default() };
        Ok(describe(&tables(split, self.examples), &options)?)
    }
}

/// What was found of all splits.
#[derive(Default)]
struct Found {
    anomalies: Vec<(String, Anomalies)>,
    distances: Vec<(String, Vec<Distance>)>,
    drifted: Vec<String>,
}

impl Found {
    fn split(
        &mut self,
        split: &str,
        statistics: &DatasetFeatureStatisticsList,
        baseline: &DatasetFeatureStatisticsList,
        wanted: &data_validation::proto::Schema,
        samples: Option<(&Statistics, &Statistics)>,
    ) -> Result<()> {
        let options = CheckOptions { previous: Some(baseline), ..CheckOptions::default() };
        let anomalies = validate(statistics, &typed(wanted, statistics, baseline)?, &options)?;
        let mut distances = distances(statistics, baseline, wanted, samples)?;
        for feature in wanted.feature.iter().map(Feature::name) {
            if !has(statistics, feature)? && !has(baseline, feature)? {
                warn!(
                    "split {split}: `{feature}` has a threshold, and neither the data nor the baseline has such a column"
                );
            }
        }
        // A column that one side does not have is measured by nothing, and stands on the page all the same.
        for (column, info) in &anomalies.anomaly_info {
            if distances.iter().all(|distance| distance.column != *column) {
                let problem = Some(info.description().to_owned());
                distances.push(Distance { column: column.clone(), problem, ..Distance::default() });
            }
        }
        for distance in distances.iter().filter(|distance| distance.moved()) {
            let column = &distance.column;
            if let Some(problem) = &distance.problem {
                warn!("split {split}: `{column}`: {problem}");
            }
            for (name, value, threshold) in &distance.measures {
                if let Some(threshold) = threshold.filter(|threshold| value > threshold) {
                    let (value, threshold) = (six_digits(*value), six_digits(threshold));
                    warn!("split {split}: `{column}` has moved: {name} {value}, above {threshold}");
                }
            }
        }
        for column in anomalies.anomaly_info.keys() {
            if !self.drifted.contains(column) {
                self.drifted.push(column.clone());
            }
        }
        self.anomalies.push((split.to_owned(), anomalies));
        self.distances.push((split.to_owned(), distances));
        Ok(())
    }

    fn publish(self, fail: bool, trend: &Trend) -> Result<Compared> {
        if fail && !self.drifted.is_empty() {
            bail!(
                "these columns have moved too far from the baseline, or cannot be compared with it: {}",
                self.drifted.join(", ")
            );
        }
        let anomalies = ExampleAnomalies::new();
        let blessed = write_anomalies(&anomalies, &self.anomalies)?;
        anomalies.create(TREND)?.write_bytes(trend.to_text().as_bytes())?;
        anomalies.set_property("drifted", &(!self.drifted.is_empty()).into())?;
        anomalies.set_display_name("Drift")?;
        let page = Html::new();
        page.set_text(&page::of_distances(&self.distances, trend))?;
        page.set_display_name("Drift")?;
        Ok(Compared { anomalies, page, drifted: self.drifted, blessed })
    }
}

/// The comparators with the types of the data, and all other columns as they are: so that nothing but distances is told, and what has a threshold
/// and is there no longer.
fn typed(
    wanted: &data_validation::proto::Schema,
    statistics: &DatasetFeatureStatisticsList,
    baseline: &DatasetFeatureStatisticsList,
) -> Result<data_validation::proto::Schema> {
    let options = data_validation::schema::InferOptions { most_values: 0, ..Default::default() };
    let mut schema = data_validation::schema::infer(statistics, options)?;
    for comparator in wanted.feature.iter().filter(|feature| feature.drift_comparator.is_some()) {
        let presence = FeaturePresence { min_count: Some(1), ..FeaturePresence::default() };
        let presence = has(baseline, comparator.name())?.then_some(PresenceConstraints::Presence(presence));
        match schema.feature.iter_mut().find(|feature| feature.name() == comparator.name()) {
            Some(feature) => {
                feature.drift_comparator = comparator.drift_comparator;
                feature.presence_constraints = presence;
            }
            None => schema.feature.push(Feature { presence_constraints: presence, ..comparator.clone() }),
        }
    }
    Ok(schema)
}

/// Whether there is a column of this name.
fn has(statistics: &DatasetFeatureStatisticsList, column: &str) -> Result<bool> {
    Ok(data_validation::whole(statistics)?.features.iter().filter_map(name).any(|name| name == column))
}
