//! What does not fit a schema, as TFDV's `validate_statistics` tells it: the same kinds, severities and texts.
//!
//! Not checked, since no table has them: fields within structures.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::proto::anomaly_info::{self, Severity, Type as Kind};
use crate::proto::{Anomalies, AnomalyInfo, DatasetFeatureStatisticsList, DriftSkewInfo, Path, Schema, anomalies};
use crate::schema::names;
use crate::view::{DatasetView, serialize, whole};

pub(crate) mod comparators;
mod composite;
pub(crate) mod dataset;
pub(crate) mod domains;
pub(crate) mod feature;
pub(crate) mod presence;
mod semantic;

/// What to check against besides the schema.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckOptions<'a> {
    /// The environment that the data is of, one of the schema's.
    pub environment: Option<&'a str>,
    /// Statistics of the span before, for drift.
    pub previous: Option<&'a DatasetFeatureStatisticsList>,
    /// Statistics of the data that is served, for skew.
    pub serving: Option<&'a DatasetFeatureStatisticsList>,
    /// Statistics of an earlier version of the same span.
    pub previous_version: Option<&'a DatasetFeatureStatisticsList>,
    /// Columns that the schema does not name are warnings.
    pub new_features_are_warnings: bool,
}

/// A reason why data does not fit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reason {
    pub kind: Kind,
    pub short: String,
    pub long: String,
}

impl Reason {
    pub fn new(kind: Kind, short: impl Into<String>, long: impl Into<String>) -> Self {
        Self { kind, short: short.into(), long: long.into() }
    }

    /// Of what is wrong with the schema itself, which TFDV tells in short only.
    pub fn short(kind: Kind, short: impl Into<String>) -> Self {
        Self::new(kind, short, "")
    }
}

/// What checks of one column look at besides the column.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context<'a> {
    pub environment: Option<&'a str>,
    pub default_environment: &'a [String],
    pub previous: Option<DatasetView<'a>>,
    pub serving: Option<DatasetView<'a>>,
}

/// Everything in which statistics do not fit a schema, and how far they are from others.
///
/// # Errors
/// An environment that the schema does not have, or statistics of several slices none of which is the whole.
pub fn validate(
    statistics: &DatasetFeatureStatisticsList,
    schema: &Schema,
    options: &CheckOptions<'_>,
) -> Result<Anomalies> {
    if let Some(environment) = options.environment
        && !schema.default_environment.iter().any(|known| known == environment)
    {
        let known = schema.default_environment.join(", ");
        let known = if known.is_empty() { "it names none".to_owned() } else { format!("its environments are {known}") };
        return Err(Error::Request(format!("Environment {environment} not found in the schema: {known}")));
    }
    let data = whole(statistics)?;
    let mut anomalies = Anomalies {
        baseline_schema: Some(anomalies::BaselineSchema::Baseline(schema.clone())),
        ..Anomalies::default()
    };
    if data.num_examples == 0 {
        anomalies.data_missing = Some(true);
        return Ok(anomalies);
    }
    anomalies.set_anomaly_name_format(anomalies::AnomalyNameFormat::SerializedPath);

    let by_weight = DatasetView::weighted(data);
    let view = DatasetView::new(data, by_weight);
    let previous = options.previous.map(whole).transpose()?;
    let serving = options.serving.map(whole).transpose()?;
    let version = options.previous_version.map(whole).transpose()?;
    let context = Context {
        environment: options.environment,
        default_environment: &schema.default_environment,
        previous: previous.map(|data| DatasetView::new(data, by_weight)),
        serving: serving.map(|data| DatasetView::new(data, by_weight)),
    };

    let mut found: BTreeMap<Vec<&str>, Vec<Reason>> = BTreeMap::new();
    let mut distances: BTreeMap<Vec<&str>, DriftSkewInfo> = BTreeMap::new();
    for column in view.features() {
        let path = column.path();
        let [name] = path.as_slice() else { continue };
        let known = schema.feature.iter().find(|feature| feature.name() == *name);
        if known.is_some_and(presence::is_deprecated) {
            continue;
        }
        if let Some(reasons) = composite::check(schema, &column) {
            found.insert(path, reasons);
            continue;
        }
        let Some(known) = known else {
            let reason =
                Reason::new(Kind::SchemaNewColumn, "New column", "New column (column in data but not in schema)");
            found.insert(path, vec![reason]);
            continue;
        };
        let mut feature = known.clone();
        let mut domain = schema.string_domain.iter().find(|domain| names(known, domain)).cloned();
        let findings = feature::check(&mut feature, domain.as_mut(), &column, &context);
        if !findings.drift.is_empty() || !findings.skew.is_empty() {
            let info = DriftSkewInfo {
                path: Some(message(&path)),
                drift_measurements: findings.drift,
                skew_measurements: findings.skew,
            };
            distances.insert(path.clone(), info);
        }
        found.insert(path, findings.reasons);
    }
    for at in presence::missing(schema, view, options.environment) {
        let reason = Reason::new(Kind::SchemaMissingColumn, presence::DROPPED, "Column is completely missing");
        found.entry(vec![schema.feature[at].name()]).or_default().push(reason);
    }
    let version = version.map(|data| DatasetView::new(data, by_weight));
    let of_dataset = dataset::check(schema.dataset_constraints.as_ref(), view, context.previous, version);

    for (path, reasons) in found {
        if !reasons.is_empty() {
            let info = AnomalyInfo { path: Some(message(&path)), ..info(reasons, options.new_features_are_warnings) };
            anomalies.anomaly_info.insert(serialize(&path), info);
        }
    }
    anomalies.dataset_anomaly_info = (!of_dataset.is_empty()).then(|| info(of_dataset, false));
    anomalies.drift_skew_info = distances.into_values().collect();
    Ok(anomalies)
}

/// Whether nothing was found.
#[must_use]
pub fn is_blessed(anomalies: &Anomalies) -> bool {
    anomalies.anomaly_info.is_empty() && anomalies.dataset_anomaly_info.is_none()
}

fn message(path: &[&str]) -> Path {
    Path { step: path.iter().map(|step| (*step).to_owned()).collect() }
}

/// Several reasons as one anomaly.
fn info(mut reasons: Vec<Reason>, new_are_warnings: bool) -> AnomalyInfo {
    // A structure that is new is one new column, whatever is in it.
    if reasons.iter().all(|reason| reason.kind == Kind::SchemaNewColumn) {
        reasons.truncate(1);
    }
    let severity = |reason: &Reason| {
        if new_are_warnings && reason.kind == Kind::SchemaNewColumn { Severity::Warning } else { Severity::Error }
    };
    let severity =
        reasons.iter().map(severity).max_by_key(|severity| i32::from(*severity)).unwrap_or(Severity::Unknown);
    let (mut short, mut long) = (String::new(), String::new());
    for reason in &reasons {
        if long.is_empty() {
            short.clone_from(&reason.short);
            long.clone_from(&reason.long);
        } else if !reason.long.is_empty() {
            "Multiple errors".clone_into(&mut short);
            long = format!("{long} {}", reason.long);
        }
    }
    let reason = reasons.into_iter().map(|reason| anomaly_info::Reason {
        r#type: Some(reason.kind.into()),
        short_description: Some(reason.short),
        description: Some(reason.long),
    });
    AnomalyInfo {
        description: Some(long),
        severity: Some(severity.into()),
        short_description: Some(short),
        reason: reason.collect(),
        path: None,
    }
}
