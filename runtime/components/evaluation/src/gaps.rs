//! How far the slices of a family are apart: what fairness is measured by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::evaluate::Slice;
use crate::slices::{Slicing, label};

/// A metric's extremes among the slices of a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The columns whose values make the family.
    pub slicing: Slicing,
    /// The metric.
    pub metric: String,
    /// The slice with the lowest value.
    pub lowest: String,
    /// The lowest value.
    pub low: f64,
    /// The slice with the highest value.
    pub highest: String,
    /// The highest value.
    pub high: f64,
    /// The difference of both.
    pub difference: f64,
    /// The lowest by the highest, where the highest is above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

/// The gaps of each metric in each family, in the families' order. Slices with fewer rows than `min_rows` do not count. What fairness research calls
/// the demographic parity difference is the gap of `selection_rate`, equal opportunity that of `recall`; `equalized_odds` is the larger one of those
/// of `recall` and `false_positive_rate`.
pub fn gaps(slices: &[Slice], slicings: &[Slicing], min_rows: u64) -> Vec<Gap> {
    let mut found = Vec::new();
    for slicing in slicings.iter().filter(|slicing| !slicing.feature_keys.is_empty()) {
        let family = slices.iter().filter(|slice| slicing.matches(&slice.slice) && slice.rows >= min_rows);
        let mut extremes: BTreeMap<&str, Gap> = BTreeMap::new();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for slice in family {
            let name = label(&slice.slice);
            for (metric, value) in &slice.metrics {
                *counts.entry(metric).or_default() += 1;
                let gap = extremes.entry(metric).or_insert_with(|| Gap {
                    slicing: slicing.clone(),
                    metric: metric.clone(),
                    lowest: name.clone(),
                    low: *value,
                    highest: name.clone(),
                    high: *value,
                    difference: 0.0,
                    ratio: None,
                });
                if *value < gap.low {
                    (gap.low, gap.lowest) = (*value, name.clone());
                }
                if *value > gap.high {
                    (gap.high, gap.highest) = (*value, name.clone());
                }
                gap.difference = gap.high - gap.low;
                gap.ratio = (gap.high > 0.0).then(|| gap.low / gap.high);
            }
        }
        let larger = ["recall", "false_positive_rate"].into_iter().filter_map(|metric| extremes.get(metric));
        let odds = larger.max_by(|a, b| a.difference.total_cmp(&b.difference)).cloned();
        let mut family: Vec<Gap> =
            extremes.into_iter().filter(|(metric, _)| counts[metric] > 1).map(|(_, gap)| gap).collect();
        if let Some(odds) = odds.filter(|_| family.iter().any(|gap| gap.metric == "false_positive_rate")) {
            family.push(Gap { metric: "equalized_odds".to_owned(), ..odds });
        }
        found.extend(family);
    }
    found
}
