//! Which parameters to try, and which were best: grids, draws, successive halving.

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{Result, refuse};
use crate::rng::Rng;

/// The most trials of a list.
pub const MOST_TRIALS: usize = 10_000;

/// A parameter that is varied.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub range: Range,
}

/// What a parameter may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// One of these.
    Values(Vec<f64>),
    /// From the first to the second.
    Between {
        /// The lowest.
        low: f64,
        /// The highest.
        high: f64,
        /// Whether it is drawn by its logarithm.
        logarithmic: bool,
        /// Whether it is a whole number.
        integer: bool,
    },
}

/// Parameters to try.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// Its number, by which its score is told.
    pub id: u32,
    /// Names and values, in the order of the dimensions.
    pub parameters: Vec<(String, f64)>,
}

impl Range {
    fn check(&self, name: &str) -> Result<()> {
        match self {
            Self::Values(values) if values.is_empty() => refuse!("parameter `{name}` has no values to try"),
            Self::Values(values) if values.iter().any(|value| !value.is_finite()) => {
                refuse!("parameter `{name}` is to be something that is no finite number")
            }
            Self::Between { low, high, logarithmic, .. } => {
                if !(low.is_finite() && high.is_finite() && low <= high) {
                    refuse!("parameter `{name}` is to be from {low} to {high}: the first must not be above the second");
                }
                if *logarithmic && *low <= 0.0 {
                    refuse!("parameter `{name}` is drawn by its logarithm, and must be above 0");
                }
                Ok(())
            }
            Self::Values(_) => Ok(()),
        }
    }

    fn draw(&self, rng: &mut Rng) -> f64 {
        match self {
            Self::Values(values) => values[rng.below(values.len())],
            Self::Between { low, high, logarithmic, integer } => {
                // A whole number has the same share of the range at either end.
                let (low, high) = if *integer { (low.ceil(), high.floor() + 1.0) } else { (*low, *high) };
                let at = rng.unit();
                let value =
                    if *logarithmic { (low.ln() + at * (high.ln() - low.ln())).exp() } else { low + at * (high - low) };
                if *integer { value.floor().clamp(low, high - 1.0) } else { value.clamp(low, high) }
            }
        }
    }
}

fn check(space: &[Dimension]) -> Result<()> {
    if space.is_empty() {
        refuse!("there is no parameter to vary");
    }
    for (n, dimension) in space.iter().enumerate() {
        dimension.range.check(&dimension.name)?;
        if space[..n].iter().any(|known| known.name == dimension.name) {
            refuse!("parameter `{}` is there twice", dimension.name);
        }
    }
    Ok(())
}

fn trial(id: usize, parameters: Vec<(String, f64)>) -> Trial {
    Trial { id: u32::try_from(id).unwrap_or(u32::MAX), parameters }
}

/// Each combination of values, the last dimension varying first. Ranges are cut in so many steps.
///
/// # Errors
/// No dimension, one that is empty, and more combinations than are tried.
pub fn grid(space: &[Dimension], steps: usize) -> Result<Vec<Trial>> {
    check(space)?;
    let mut all: Vec<Vec<(String, f64)>> = vec![Vec::new()];
    for dimension in space {
        let values = match &dimension.range {
            Range::Values(values) => values.clone(),
            Range::Between { low, high, logarithmic, integer } => {
                between(*low, *high, *logarithmic, *integer, steps.clamp(1, MOST_TRIALS))
            }
        };
        if all.len().saturating_mul(values.len()) > MOST_TRIALS {
            refuse!("the grid has more than {MOST_TRIALS} combinations: draw at random instead");
        }
        let with = |known: &Vec<(String, f64)>, value: f64| {
            let mut next = known.clone();
            next.push((dimension.name.clone(), value));
            next
        };
        all = all.iter().flat_map(|known| values.iter().map(|value| with(known, *value))).collect();
    }
    Ok(all.into_iter().enumerate().map(|(id, parameters)| trial(id, parameters)).collect())
}

fn between(low: f64, high: f64, logarithmic: bool, integer: bool, steps: usize) -> Vec<f64> {
    let place = |step: usize| if steps > 1 { step as f64 / (steps - 1) as f64 } else { 0.5 };
    let value = |at: f64| {
        let value = if logarithmic { (low.ln() + at * (high.ln() - low.ln())).exp() } else { low + at * (high - low) };
        let value = if integer { value.round() } else { value };
        value.clamp(low, high)
    };
    let mut values: Vec<f64> = (0..steps).map(|step| value(place(step))).collect();
    values.dedup();
    values
}

/// So many draws, all different from one another where the space has as many.
///
/// # Errors
/// No dimension, one that is empty, and more trials than are tried.
pub fn random(space: &[Dimension], count: usize, seed: u64) -> Result<Vec<Trial>> {
    check(space)?;
    if count == 0 || count > MOST_TRIALS {
        refuse!("{count} trials are asked for; there may be from 1 to {MOST_TRIALS}");
    }
    let mut rng = Rng::new(seed, 7);
    let mut all: Vec<Trial> = Vec::new();
    // A space of few combinations ends the draws before the count.
    for _ in 0..count * 20 {
        if all.len() == count {
            break;
        }
        let parameters: Vec<(String, f64)> =
            space.iter().map(|dimension| (dimension.name.clone(), dimension.range.draw(&mut rng))).collect();
        if all.iter().all(|known| known.parameters != parameters) {
            all.push(trial(all.len(), parameters));
        }
    }
    Ok(all)
}

/// The better part of trials, one of `factor`, best first, with a parameter such as the number of trees that many times as large: the next round of
/// successive halving.
///
/// # Errors
/// Trials and scores that do not belong together, or a factor that is below 2.
pub fn promote(trials: &[Trial], scores: &[f64], maximise: bool, factor: u32, resource: &str) -> Result<Vec<Trial>> {
    if factor < 2 {
        refuse!("the factor of successive halving is {factor}, and must be at least 2");
    }
    let order = ranked(trials, scores, maximise)?;
    let kept = (trials.len() / factor as usize).max(1);
    let mut next = Vec::new();
    for at in order.into_iter().take(kept) {
        let mut trial = trials[at].clone();
        match trial.parameters.iter_mut().find(|(name, _)| name == resource) {
            Some((_, value)) => *value *= f64::from(factor),
            None => refuse!("trial {} has no parameter `{resource}`, which grows from round to round", trial.id),
        }
        next.push(trial);
    }
    Ok(next)
}

/// Places of trials, best first; of equal ones the earlier. Scores that are no numbers come last.
///
/// # Errors
/// Trials and scores that do not belong together.
pub fn ranked(trials: &[Trial], scores: &[f64], maximise: bool) -> Result<Vec<usize>> {
    if trials.is_empty() || trials.len() != scores.len() {
        refuse!("there are {} trials and {} scores: each trial needs a score", trials.len(), scores.len());
    }
    if scores.iter().all(|score| score.is_nan()) {
        refuse!("no trial has a score that is a number");
    }
    let key = |at: usize| {
        let score = if maximise { -scores[at] } else { scores[at] };
        if score.is_nan() { (true, 0.0) } else { (false, score) }
    };
    let mut order: Vec<usize> = (0..trials.len()).collect();
    order.sort_by(|a, b| key(*a).0.cmp(&key(*b).0).then(key(*a).1.total_cmp(&key(*b).1)));
    Ok(order)
}

/// The file of the best parameters in the form of `KerasTuner`'s `HyperParameters`, which TFX's components read.
#[must_use]
pub fn keras_tuner(best: &Trial) -> String {
    let space: Vec<Value> = best
        .parameters
        .iter()
        .map(|(name, value)| json!({"class_name": "Fixed", "config": {"name": name, "conditions": [], "value": value}}))
        .collect();
    let values: serde_json::Map<String, Value> =
        best.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({"space": space, "values": values}).to_string()
}

/// The numbers in a file of `KerasTuner`'s `HyperParameters`.
///
/// # Errors
/// It is no such file, or a parameter is no number.
pub fn values_of_keras_tuner(text: &str) -> Result<Vec<(String, f64)>> {
    let Ok(json) = serde_json::from_str::<Value>(text) else {
        refuse!("the file of hyperparameters is no JSON");
    };
    let Some(values) = json.get("values").and_then(Value::as_object) else {
        refuse!("the file of hyperparameters has no `values`");
    };
    let number = |(name, value): (&String, &Value)| match value.as_f64() {
        Some(number) => Ok((name.clone(), number)),
        None => refuse!("hyperparameter `{name}` is no number"),
    };
    values.iter().map(number).collect()
}

/// All trials in their order with their scores, as JSON.
#[must_use]
pub fn table(trials: &[Trial], scores: &[f64], order: &[usize]) -> String {
    let row = |at: &usize| {
        let score = Some(scores[*at]).filter(|score| score.is_finite());
        let parameters: serde_json::Map<String, Value> =
            trials[*at].parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({"trial": trials[*at].id, "score": score, "parameters": parameters})
    };
    Value::from(order.iter().map(row).collect::<Vec<_>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Vec<Dimension> {
        let between = Range::Between { low: 0.01, high: 1.0, logarithmic: true, integer: false };
        let whole = Range::Between { low: 2.0, high: 4.0, logarithmic: false, integer: true };
        let of = |name: &str, range| Dimension { name: name.to_owned(), range };
        vec![of("rate", between), of("depth", whole), of("l2", Range::Values(vec![0.0, 1.0]))]
    }

    #[test]
    fn a_grid_has_each_combination_once() {
        let trials = grid(&space(), 3).unwrap();
        assert_eq!(trials.len(), 18);
        assert_eq!(trials[1].parameters[2], ("l2".to_owned(), 1.0));
        let rates: Vec<f64> = trials.iter().step_by(6).map(|trial| trial.parameters[0].1).collect();
        assert!(
            rates.iter().zip([0.01, 0.1, 1.0]).all(|(found, expected)| (found - expected).abs() < 1e-12),
            "{rates:?}"
        );
        assert!(grid(&space(), 10_000).is_err());
        assert!(grid(&[], 3).is_err());
    }

    #[test]
    fn draws_lie_within_and_are_the_same_for_a_seed() {
        let trials = random(&space(), 200, 4).unwrap();
        assert_eq!(trials, random(&space(), 200, 4).unwrap());
        assert_ne!(trials, random(&space(), 200, 5).unwrap());
        assert_eq!(trials.len(), 200);
        let depths: Vec<f64> = trials.iter().map(|trial| trial.parameters[1].1).collect();
        for depth in [2.0, 3.0, 4.0] {
            assert!(depths.iter().filter(|known| (**known - depth).abs() < 1e-9).count() > 30);
        }
        assert!(trials.iter().all(|trial| (0.01..=1.0).contains(&trial.parameters[0].1)));
        let few = [Dimension { name: "l2".to_owned(), range: Range::Values(vec![0.0, 1.0]) }];
        assert_eq!(random(&few, 10, 1).unwrap().len(), 2);
    }

    #[test]
    fn the_better_part_goes_on_with_more() {
        let trials = random(&space(), 6, 1).unwrap();
        let scores = [0.5, f64::NAN, 0.9, 0.1, 0.9, 0.3];
        assert_eq!(ranked(&trials, &scores, true).unwrap(), [2, 4, 0, 5, 3, 1]);
        assert_eq!(ranked(&trials, &scores, false).unwrap(), [3, 5, 0, 2, 4, 1]);
        let next = promote(&trials, &scores, true, 3, "depth").unwrap();
        assert_eq!(next.iter().map(|trial| trial.id).collect::<Vec<_>>(), [2, 4]);
        assert!((next[0].parameters[1].1 - 3.0 * trials[2].parameters[1].1).abs() < 1e-9);
        assert!(promote(&trials, &scores[..2], true, 3, "depth").is_err());
        assert!(promote(&trials, &scores, true, 3, "trees").is_err());
        assert!(ranked(&trials, &[f64::NAN; 6], true).is_err());
        assert_eq!(values_of_keras_tuner(&keras_tuner(&trials[0])).unwrap().len(), 3);
        assert!(table(&trials, &scores, &[1]).starts_with("[{\"parameters\":{"));
    }
}
