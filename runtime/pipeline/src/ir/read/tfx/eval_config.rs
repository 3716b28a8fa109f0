//! TFMA's `EvalConfig`: what it wants of metrics, in the words of `weft:evaluator`.
//!
//! All metrics that ours knows are measured whatever is named: what must be translated are thresholds.

use serde_json::{Value, json};

use super::config::{Untranslated, field, items, path, text};

/// What an evaluator is to check.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wanted {
    /// Thresholds of metrics.
    pub thresholds: Vec<Value>,
    /// Scores from which on a row is taken for positive.
    pub scores: Vec<f64>,
    /// Whether any of them compares with a baseline.
    pub compares: bool,
}

/// A slice or a family of slices; none for all rows together, which are always measured.
pub(super) fn slicing(spec: &Value) -> Option<Value> {
    let keys = items(spec, &["feature_keys"]);
    let pairs = field(spec, "feature_values").and_then(Value::as_object);
    let pairs: Vec<Value> = pairs.into_iter().flatten().map(|(key, value)| json!([key, value])).collect();
    let mut slicing = json!({});
    if !keys.is_empty() {
        slicing["feature-keys"] = json!(keys);
    }
    if !pairs.is_empty() {
        slicing["feature-values"] = json!(pairs);
    }
    slicing.as_object().is_some_and(|fields| !fields.is_empty()).then_some(slicing)
}

/// All thresholds.
///
/// # Errors
/// Those of metrics that are not measured here, and across slices.
pub(super) fn thresholds(config: &Value) -> Result<Wanted, Untranslated> {
    let mut wanted = Wanted::default();
    for spec in items(config, &["metrics_specs"]) {
        for metric in items(spec, &["metrics"]) {
            let class = text(metric, "class_name").unwrap_or_default();
            let settings = text(metric, "config").unwrap_or("{}");
            let settings = serde_json::from_str(settings)
                .map_err(|error| format!("the `config` of its metric `{class}` is no JSON: {error}"))?;
            let lists = [items(metric, &["per_slice_thresholds"]), items(metric, &["cross_slice_thresholds"])];
            add(&mut wanted, class, &settings, field(metric, "threshold"), lists)?;
        }
        // The same by the metrics' names.
        let named = |name: &str| field(spec, name).and_then(Value::as_object).into_iter().flatten();
        for (metric, threshold) in named("thresholds") {
            add(&mut wanted, metric, &json!({}), Some(threshold), [&[], &[]])?;
        }
        for (metric, list) in named("per_slice_thresholds") {
            add(&mut wanted, metric, &json!({}), None, [items(list, &["thresholds"]), &[]])?;
        }
        for (metric, list) in named("cross_slice_thresholds") {
            add(&mut wanted, metric, &json!({}), None, [&[], items(list, &["thresholds"])])?;
        }
    }
    Ok(wanted)
}

/// Adds the thresholds of a metric: of all slices, and by slice and across slices.
fn add(
    wanted: &mut Wanted,
    class: &str,
    settings: &Value,
    everywhere: Option<&Value>,
    [by_slice, across]: [&[Value]; 2],
) -> Result<(), Untranslated> {
    if !across.is_empty() {
        return Err(format!("its metric `{class}` has thresholds across slices"));
    }
    let by_slice = by_slice.iter().map(|one| (field(one, "threshold"), items(one, &["slicing_specs"])));
    for (threshold, slices) in std::iter::once((everywhere, &[][..])).chain(by_slice) {
        let Some(threshold) =
            threshold.filter(|threshold| threshold.as_object().is_some_and(|fields| !fields.is_empty()))
        else {
            continue;
        };
        // A slice without an example is not there.
        if plain(class) == "examplecount" && at_most_one(threshold) {
            continue;
        }
        let Some((metric, score)) = metric(class, settings) else {
            return Err(format!("its metric `{class}` has a threshold, and is not measured here as TFMA measures it"));
        };
        let mut translated = bounds(class, threshold)?;
        translated["metric"] = json!(metric);
        if !slices.is_empty() {
            translated["slices"] = slices.iter().map(|spec| slicing(spec).unwrap_or_else(|| json!({}))).collect();
        }
        wanted.compares |= translated.get("direction").is_some();
        wanted.thresholds.push(translated);
        wanted.scores.extend(score.filter(|score| !wanted.scores.contains(score)));
    }
    Ok(())
}

fn bounds(class: &str, threshold: &Value) -> Result<Value, Untranslated> {
    let mut translated = json!({});
    let mut set = |ours: &str, value: Option<&Value>| {
        // What is infinite is no bound, and text.
        if let Some(value) = value.filter(|value| value.is_number()) {
            translated[ours] = value.clone();
        }
    };
    for (theirs, ours) in [("lower_bound", "lower-bound"), ("upper_bound", "upper-bound")] {
        set(ours, path(threshold, &["value_threshold", theirs]));
    }
    let Some(change) = field(threshold, "change_threshold") else { return Ok(translated) };
    for name in ["absolute", "relative"] {
        set(name, field(change, name));
    }
    translated["direction"] = match field(change, "direction") {
        Some(direction) if *direction == "HIGHER_IS_BETTER" || *direction == 2 => json!("higher-is-better"),
        Some(direction) if *direction == "LOWER_IS_BETTER" || *direction == 1 => json!("lower-is-better"),
        _ => return Err(format!("the `change_threshold` of its metric `{class}` has no direction")),
    };
    Ok(translated)
}

/// Whether a threshold asks for no more than one example.
fn at_most_one(threshold: &Value) -> bool {
    let bound = |name: &str| path(threshold, &["value_threshold", name]).and_then(Value::as_f64);
    bound("lower_bound").is_none_or(|bound| bound <= 1.0)
        && bound("upper_bound").is_none()
        && field(threshold, "change_threshold").is_none()
}

/// A metric's name without what its spellings differ in: `BinaryAccuracy`, `binary_accuracy`.
fn plain(class: &str) -> String {
    class.to_ascii_lowercase().replace('_', "")
}

/// What a metric is called here, and the score from which on it takes a row for positive, if it is not the usual one. None if it is not
/// measured, or in another way.
fn metric(class: &str, settings: &Value) -> Option<(String, Option<f64>)> {
    let plain = plain(class);
    let (name, allowed): (&str, &[&str]) = match plain.as_str() {
        "binaryaccuracy" | "categoricalaccuracy" | "sparsecategoricalaccuracy" | "accuracy" => ("accuracy", &[]),
        "auc" => ("auc", &["num_thresholds"]),
        "precision" | "recall" => (plain.as_str(), &["thresholds"]),
        "binarycrossentropy" | "categoricalcrossentropy" | "sparsecategoricalcrossentropy" => ("log_loss", &[]),
        "rootmeansquarederror" => ("rmse", &[]),
        "meanabsoluteerror" => ("mae", &[]),
        _ => return None,
    };
    let settings = settings.as_object()?;
    let is_known = |name: &String| allowed.contains(&name.as_str()) || matches!(name.as_str(), "name" | "dtype");
    if !settings.iter().all(|(name, value)| value.is_null() || is_known(name)) {
        return None;
    }
    let score = match settings.get("thresholds") {
        None | Some(Value::Null) => return Some((name.to_owned(), None)),
        Some(Value::Array(scores)) if scores.len() == 1 => scores[0].as_f64()?,
        Some(score) => score.as_f64()?,
    };
    Some((format!("{name}@{score}"), Some(score)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(metrics: &Value) -> Result<Wanted, Untranslated> {
        thresholds(&json!({ "metrics_specs": [{ "metrics": metrics }] }))
    }

    #[test]
    fn thresholds_are_translated() {
        let wanted = of(&json!([
            { "class_name": "ExampleCount", "threshold": { "value_threshold": { "lower_bound": 1.0 } } },
            { "class_name": "MeanLabel" },
            { "className": "AUC", "threshold": { "valueThreshold": { "lowerBound": 0.5, "upperBound": "Infinity" },
                "changeThreshold": { "absolute": -1e-10, "direction": "HIGHER_IS_BETTER" } } },
            { "class_name": "Recall", "config": "{\"thresholds\": [0.3]}", "per_slice_thresholds": [
                { "slicing_specs": [{}, { "feature_keys": ["island"], "feature_values": { "sex": "male" } }],
                  "threshold": { "value_threshold": { "lower_bound": 0.25 } } }] },
        ]));
        let expected = Wanted {
            thresholds: vec![
                json!({ "metric": "auc", "lower-bound": 0.5, "absolute": -1e-10, "direction": "higher-is-better" }),
                json!({ "metric": "recall@0.3", "lower-bound": 0.25,
                    "slices": [{}, { "feature-keys": ["island"], "feature-values": [["sex", "male"]] }] }),
            ],
            scores: vec![0.3],
            compares: true,
        };
        assert_eq!(wanted, Ok(expected));
        let by_name = json!({ "metrics_specs": [{ "thresholds": { "accuracy": { "value_threshold": { "lower_bound": 0.9 } } } }] });
        let found = thresholds(&by_name).map(|wanted| wanted.thresholds);
        assert_eq!(found, Ok(vec![json!({ "metric": "accuracy", "lower-bound": 0.9 })]));
    }

    #[test]
    fn what_is_measured_in_another_way_is_told() {
        let least = json!({ "value_threshold": { "lower_bound": 2 } });
        for (metric, why) in [
            (json!({ "class_name": "ExampleCount", "threshold": least }), "`ExampleCount` has a threshold"),
            (
                json!({ "class_name": "AUC", "config": "{\"curve\": \"PR\"}", "threshold": least }),
                "`AUC` has a threshold",
            ),
            (
                json!({ "class_name": "AUC", "config": "{", "threshold": least }),
                "the `config` of its metric `AUC` is no JSON",
            ),
            (
                json!({ "class_name": "AUC", "threshold": { "change_threshold": { "absolute": 0.1 } } }),
                "has no direction",
            ),
            (json!({ "class_name": "AUC", "cross_slice_thresholds": [{ "threshold": least }] }), "across slices"),
        ] {
            let told = of(&json!([metric])).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
