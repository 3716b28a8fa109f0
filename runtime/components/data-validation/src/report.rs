//! What was found, as rows of a table for logs and pages.

use std::fmt::Write as _;

use crate::proto::feature_name_statistics::FieldId;
use crate::proto::{Anomalies, AnomalyInfo, FeatureNameStatistics};

/// What is wrong with a column, or with the data as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The column; `(all)` for the data as a whole.
    pub column: String,
    /// What, in a few words.
    pub what: String,
    /// `error` or `warning`.
    pub severity: String,
    /// Where and how much, in a sentence.
    pub detail: String,
}

/// Each reason of each anomaly.
#[must_use]
pub fn findings(anomalies: &Anomalies) -> Vec<Finding> {
    let of_data = anomalies.dataset_anomaly_info.iter().map(|info| ("(all)", info));
    let of_columns = anomalies.anomaly_info.iter().map(|(column, info)| (column.as_str(), info));
    of_data.chain(of_columns).flat_map(|(column, info)| reasons(column, info)).collect()
}

fn reasons(column: &str, info: &AnomalyInfo) -> Vec<Finding> {
    let severity = info.severity().as_str_name().to_lowercase();
    let finding = |reason: &crate::proto::anomaly_info::Reason| {
        let detail = if reason.description().is_empty() { reason.short_description() } else { reason.description() };
        Finding {
            column: column.to_owned(),
            what: reason.short_description().to_owned(),
            severity: severity.clone(),
            detail: detail.trim_end().to_owned(),
        }
    };
    info.reason.iter().map(finding).collect()
}

/// Findings as lines of text in columns.
#[must_use]
pub fn table(findings: &[Finding]) -> String {
    let width = |of: fn(&Finding) -> &String| {
        findings.iter().map(|finding| of(finding).chars().count()).max().unwrap_or(0).min(40)
    };
    let (column, what) = (width(|finding| &finding.column), width(|finding| &finding.what));
    let mut out = String::new();
    for finding in findings {
        _ = writeln!(out, "{:column$}  {:what$}  {}", finding.column, finding.what, finding.detail);
    }
    out
}

/// What a column is called.
pub(crate) fn name(feature: &FeatureNameStatistics) -> String {
    match &feature.field_id {
        Some(FieldId::Name(name)) => name.clone(),
        Some(FieldId::Path(path)) => {
            let steps: Vec<&str> = path.step.iter().map(String::as_str).collect();
            crate::view::serialize(&steps)
        }
        None => String::new(),
    }
}
