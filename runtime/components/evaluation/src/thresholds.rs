//! Whether a model is good enough: thresholds on metrics, as TFMA's `MetricThreshold` defines them.
//!
//! A threshold without slices holds for every slice that is measured. Bounds are inclusive. A change is the candidate's value less the baseline's; one
//! relative to a baseline of 0 is not a number, and then no change threshold holds. Without a baseline change thresholds do not count (a rubber stamp).
//! What names slices that no row is in fails, and so does a metric that is not there. Without any threshold nothing is decided.

use serde::Serialize;

use crate::evaluate::{Evaluation, Slice};
use crate::slices::{SliceKey, Slicing, label};

/// Bounds of a value, themselves within.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bounds {
    /// The lowest.
    pub lower: Option<f64>,
    /// The highest.
    pub upper: Option<f64>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Direction {
    /// As of accuracy.
    HigherIsBetter,
    /// As of a loss.
    LowerIsBetter,
}

/// Bounds of the difference to the baseline, themselves within: from below where higher is better, else from above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// Of the difference.
    pub absolute: Option<f64>,
    /// Of the difference by the baseline's value.
    pub relative: Option<f64>,
    /// Which way is better.
    pub direction: Direction,
}

/// What a metric must be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Threshold {
    /// The metric.
    pub metric: String,
    /// The slices that it must be so in; all if there are none.
    pub slices: Vec<Slicing>,
    /// Bounds of the value.
    pub value: Option<Bounds>,
    /// Bounds of the change.
    pub change: Option<Change>,
}

/// How far the slices of a family may be apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GapThreshold {
    /// The metric, or `equalized_odds`.
    pub metric: String,
    /// The columns whose values make the family.
    pub feature_keys: Vec<String>,
    /// The largest difference.
    pub upper: f64,
}

/// What was checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The metric.
    pub metric: String,
    /// The slice, as it is told.
    pub slice: String,
    /// The candidate's value, if there is one.
    pub value: Option<f64>,
    /// The baseline's, if it is compared.
    pub baseline: Option<f64>,
    /// What is asked for, in words.
    pub wanted: String,
    /// Whether it is so.
    pub passed: bool,
    /// Why not, if the values do not tell.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// What came of all thresholds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Validation {
    /// Whether all hold; none if there are no thresholds.
    pub blessed: Option<bool>,
    /// Whether change thresholds were left out, as there is no baseline.
    pub rubber_stamp: bool,
    /// Each threshold in each slice.
    pub checks: Vec<Check>,
    /// Slices of thresholds that no row is in.
    pub missing_slices: Vec<String>,
}

impl Validation {
    /// What does not hold.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.passed)
    }
}

/// Checks thresholds.
#[must_use]
pub fn validate(
    candidate: &Evaluation,
    baseline: Option<&Evaluation>,
    thresholds: &[Threshold],
    gaps: &[GapThreshold],
) -> Validation {
    let mut validation = Validation::default();
    let configured = thresholds.iter().any(|threshold| threshold.value.is_some() || threshold.change.is_some());
    if !configured && gaps.is_empty() {
        return validation;
    }
    for threshold in thresholds {
        let change = threshold.change.filter(|_| baseline.is_some());
        validation.rubber_stamp |= threshold.change.is_some() && change.is_none();
        if threshold.value.is_none() && change.is_none() {
            continue;
        }
        for slicing in &threshold.slices {
            if !candidate.slices.iter().any(|slice| slicing.matches(&slice.slice)) {
                let name = slicing.label();
                if !validation.missing_slices.contains(&name) {
                    validation.missing_slices.push(name);
                }
            }
        }
        let applies = |slice: &SliceKey| {
            threshold.slices.is_empty() || threshold.slices.iter().any(|slicing| slicing.matches(slice))
        };
        for slice in candidate.slices.iter().filter(|slice| applies(&slice.slice)) {
            if let Some(bounds) = threshold.value {
                validation.checks.push(check_value(slice, &threshold.metric, bounds));
            }
            if let (Some(change), Some(baseline)) = (change, baseline) {
                validation.checks.push(check_change(slice, &threshold.metric, change, baseline));
            }
        }
    }
    validation.checks.extend(gaps.iter().map(|gap| check_gap(candidate, gap)));
    validation.blessed =
        Some(validation.missing_slices.is_empty() && validation.checks.iter().all(|check| check.passed));
    validation
}

fn check_value(slice: &Slice, metric: &str, bounds: Bounds) -> Check {
    let value = slice.metrics.get(metric).copied();
    let (lower, upper) = (bounds.lower.unwrap_or(f64::NEG_INFINITY), bounds.upper.unwrap_or(f64::INFINITY));
    let wanted: Vec<String> = [("at least", bounds.lower), ("at most", bounds.upper)]
        .into_iter()
        .filter_map(|(word, bound)| Some(format!("{word} {}", bound?)))
        .collect();
    Check {
        metric: metric.to_owned(),
        slice: label(&slice.slice),
        value,
        baseline: None,
        wanted: if wanted.is_empty() { "any value".to_owned() } else { wanted.join(", ") },
        passed: value.is_some_and(|value| value >= lower && value <= upper),
        problem: if value.is_none() { "the metric is not there".to_owned() } else { String::new() },
    }
}

fn check_change(slice: &Slice, metric: &str, change: Change, baseline: &Evaluation) -> Check {
    let value = slice.metrics.get(metric).copied();
    let before = baseline.slice(&slice.slice).and_then(|slice| slice.metrics.get(metric)).copied();
    let higher = change.direction == Direction::HigherIsBetter;
    let word = if higher { "at least" } else { "at most" };
    let bounds = [("by", change.absolute), ("relatively by", change.relative)];
    let wanted: Vec<String> =
        bounds.into_iter().filter_map(|(kind, bound)| Some(format!("{kind} {word} {}", bound?))).collect();
    let mut problem = String::new();
    let passed = match (value, before) {
        (Some(value), Some(before)) => {
            let difference = value - before;
            let ratio = if before == 0.0 { f64::NAN } else { difference / before };
            if ratio.is_nan() {
                "the baseline's value is 0, to which no change is relative".clone_into(&mut problem);
            }
            if higher {
                difference >= change.absolute.unwrap_or(f64::NEG_INFINITY)
                    && ratio >= change.relative.unwrap_or(f64::NEG_INFINITY)
            } else {
                difference <= change.absolute.unwrap_or(f64::INFINITY)
                    && ratio <= change.relative.unwrap_or(f64::INFINITY)
            }
        }
        (None, _) => {
            "the metric is not there".clone_into(&mut problem);
            false
        }
        (_, None) => {
            "the baseline does not have the metric".clone_into(&mut problem);
            false
        }
    };
    Check {
        metric: metric.to_owned(),
        slice: label(&slice.slice),
        value,
        baseline: before,
        wanted: match wanted.as_slice() {
            [] => "any change".to_owned(),
            some => format!("changed {}", some.join(" and ")),
        },
        passed,
        problem,
    }
}

fn check_gap(candidate: &Evaluation, threshold: &GapThreshold) -> Check {
    let is_it = |slicing: &Slicing| {
        slicing.feature_values.is_empty()
            && slicing.feature_keys.len() == threshold.feature_keys.len()
            && slicing.feature_keys.iter().all(|key| threshold.feature_keys.contains(key))
    };
    let gap = candidate.gaps.iter().find(|gap| gap.metric == threshold.metric && is_it(&gap.slicing));
    let value = gap.map(|gap| gap.difference);
    Check {
        metric: format!("gap of {}", threshold.metric),
        slice: threshold.feature_keys.join(" × "),
        value,
        baseline: None,
        wanted: format!("at most {}", threshold.upper),
        passed: value.is_some_and(|value| value <= threshold.upper),
        problem: match gap {
            None => "there are not two slices that have the metric".to_owned(),
            Some(gap) if gap.difference > threshold.upper => format!("{} against {}", gap.lowest, gap.highest),
            Some(_) => String::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    fn evaluation(slices: &[(&[(&str, &str)], f64)]) -> Evaluation {
        let slice = |(key, value): &(&[(&str, &str)], f64)| Slice {
            slice: key.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            rows: 10,
            weight: 10.0,
            metrics: Metrics::from([("auc".to_owned(), *value)]),
        };
        Evaluation { slices: slices.iter().map(slice).collect(), ..Evaluation::default() }
    }

    fn value(lower: f64, upper: f64) -> Threshold {
        let bounds = Bounds { lower: Some(lower), upper: Some(upper) };
        Threshold { metric: "auc".to_owned(), slices: Vec::new(), value: Some(bounds), change: None }
    }

    fn change(absolute: Option<f64>, relative: Option<f64>, direction: Direction) -> Threshold {
        let change = Change { absolute, relative, direction };
        Threshold { metric: "auc".to_owned(), slices: Vec::new(), value: None, change: Some(change) }
    }

    fn blessed(candidate: f64, baseline: f64, threshold: Threshold) -> bool {
        let (candidate, baseline) = (evaluation(&[(&[], candidate)]), evaluation(&[(&[], baseline)]));
        validate(&candidate, Some(&baseline), &[threshold], &[]).blessed.unwrap()
    }

    #[test]
    fn bounds_are_within() {
        for (at, expected) in [(0.5, true), (0.9, true), (0.49, false), (0.91, false)] {
            assert_eq!(blessed(at, 0.0, value(0.5, 0.9)), expected, "{at}");
        }
    }

    #[test]
    fn changes_are_differences_to_the_baseline() {
        use Direction::{HigherIsBetter, LowerIsBetter};
        assert!(blessed(0.75, 0.5, change(Some(0.25), None, HigherIsBetter)));
        assert!(!blessed(0.74, 0.5, change(Some(0.25), None, HigherIsBetter)));
        assert!(blessed(0.75, 0.5, change(None, Some(0.5), HigherIsBetter)));
        assert!(!blessed(0.75, 0.5, change(Some(0.25), Some(0.51), HigherIsBetter)));
        assert!(blessed(0.25, 0.5, change(Some(-0.25), Some(-0.5), LowerIsBetter)));
        assert!(!blessed(0.26, 0.5, change(Some(-0.25), None, LowerIsBetter)));
        assert!(blessed(0.6, 0.5, change(None, None, LowerIsBetter)));
        // The baseline is 0: not even a bound of the difference alone holds.
        assert!(!blessed(0.5, 0.0, change(Some(0.1), None, HigherIsBetter)));
    }

    #[test]
    fn without_a_baseline_changes_do_not_count_and_without_thresholds_nothing_is_decided() {
        let candidate = evaluation(&[(&[], 0.5)]);
        let threshold = change(Some(0.5), None, Direction::HigherIsBetter);
        let found = validate(&candidate, None, std::slice::from_ref(&threshold), &[]);
        assert!(found.blessed == Some(true) && found.rubber_stamp && found.checks.is_empty());
        let both = Threshold { value: Some(Bounds { lower: Some(0.6), upper: None }), ..threshold };
        let found = validate(&candidate, None, &[both], &[]);
        assert!(found.blessed == Some(false) && found.rubber_stamp);
        assert_eq!(validate(&candidate, None, &[], &[]), Validation::default());
        let nothing = Threshold { metric: "auc".to_owned(), slices: Vec::new(), value: None, change: None };
        assert_eq!(validate(&candidate, None, &[nothing], &[]).blessed, None);
    }

    #[test]
    fn thresholds_hold_in_their_slices_and_else_in_all() {
        let candidate = evaluation(&[(&[], 0.9), (&[("sex", "f")], 0.9), (&[("sex", "m")], 0.4)]);
        assert_eq!(validate(&candidate, None, &[value(0.5, 1.0)], &[]).failures().count(), 1);
        let of = |keys: &[&str], values: &[(&str, &str)]| Slicing {
            feature_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            feature_values: values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        };
        let within = |slicing: Slicing| {
            let threshold = Threshold { slices: vec![slicing], ..value(0.5, 1.0) };
            validate(&candidate, None, &[threshold], &[])
        };
        assert_eq!(within(of(&[], &[])).blessed, Some(true));
        assert_eq!(within(of(&[], &[("sex", "f")])).blessed, Some(true));
        assert_eq!(within(of(&["sex"], &[])).blessed, Some(false));
        let missing = within(of(&[], &[("sex", "x")]));
        assert_eq!((missing.blessed, missing.missing_slices), (Some(false), vec!["sex=x".to_owned()]));
        let unknown = Threshold { metric: "accuracy".to_owned(), ..value(0.0, 1.0) };
        assert_eq!(validate(&candidate, None, &[unknown], &[]).blessed, Some(false));
    }
}
