//! Ensembles of trees.

mod read;

use std::sync::OnceLock;

use super::super::{Context, Table, one};
use super::scores::{Transform, classes, largest};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor, elements};
use forest::{Leaves, Number, Trees};

pub(in super::super) const TABLE: Table = &[
    ("ai.onnx.ml.TreeEnsemble", ensemble),
    ("ai.onnx.ml.TreeEnsembleClassifier", classifier),
    ("ai.onnx.ml.TreeEnsembleRegressor", regressor),
];

/// How the leaves of all trees become one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Least,
    Most,
}

/// Trees with leaves of numbers `V`, for rows of floats or of doubles.
struct Ensemble<V> {
    floats: Option<Trees<f32>>,
    /// For rows of doubles. Made when there are some.
    doubles: OnceLock<Trees<f64>>,
    leaves: Leaves<V>,
    targets: usize,
    base: Vec<V>,
    aggregate: Aggregate,
}

/// The same with either kind of numbers.
enum Any {
    F32(Ensemble<f32>),
    F64(Ensemble<f64>),
}

/// Scores of rows, row-major, and which of them some leaf gave.
struct Scored<V> {
    scores: Vec<V>,
    given: Vec<bool>,
}

impl<V: Number> Ensemble<V> {
    fn features(&self) -> usize {
        let doubles = self.doubles.get().map_or(0, Trees::features);
        self.floats.as_ref().map_or(doubles, Trees::features)
    }

    fn score(&self, rows: &Tensor, given: bool) -> Done<Scored<V>> {
        let (count, width) = rows.matrix();
        elements(&[count, self.targets])?;
        let needed = self.features();
        if width < needed.max(1) {
            refuse!("the trees ask feature {}, and rows have {width}", needed.max(1) - 1);
        }
        match (&self.floats, rows.data()) {
            (Some(trees), Data::F32(values)) => Ok(self.walk(trees, values, count, width, given)),
            (_, Data::Text(_)) => refuse!("numbers are needed, and these are texts"),
            (floats, _) => {
                let trees = self.doubles.get_or_init(|| floats.as_ref().map_or_else(Trees::new, Trees::widened));
                Ok(self.walk(trees, &rows.doubles()?, count, width, given))
            }
        }
    }

    fn walk<C: Number>(&self, trees: &Trees<C>, rows: &[C], count: usize, width: usize, given: bool) -> Scored<V> {
        let targets = self.targets;
        let extremes = matches!(self.aggregate, Aggregate::Least | Aggregate::Most);
        let mut scored = Scored {
            scores: vec![V::default(); count * targets],
            given: vec![false; if given || extremes { count * targets } else { 0 }],
        };
        trees.each(rows, width, |first, leaves| {
            let span = first * targets..(first + leaves.len()) * targets;
            let scores = &mut scored.scores[span.clone()];
            if extremes {
                self.extremes(leaves, scores, &mut scored.given[span]);
                return;
            }
            self.leaves.add(leaves, scores, targets);
            if given {
                let given = &mut scored.given[span];
                for (leaf, given) in leaves.iter().zip(given.chunks_exact_mut(targets)) {
                    self.leaves.of(*leaf).for_each(|(target, _)| given[target] = true);
                }
            }
        });
        if self.aggregate == Aggregate::Average && trees.count() > 0 {
            let trees = trees.count() as f64;
            scored.scores.iter_mut().for_each(|score| *score = V::narrow(score.double() / trees));
        }
        scored
    }

    fn extremes(&self, leaves: &[u32], scores: &mut [V], given: &mut [bool]) {
        let targets = self.targets;
        let rows = scores.chunks_exact_mut(targets).zip(given.chunks_exact_mut(targets));
        for (leaf, (scores, given)) in leaves.iter().zip(rows) {
            for (target, value) in self.leaves.of(*leaf) {
                let better =
                    if self.aggregate == Aggregate::Least { value < scores[target] } else { value > scores[target] };
                if better || !given[target] {
                    scores[target] = value;
                }
                given[target] = true;
            }
        }
    }

    /// Scores with what is added to each row.
    fn with_base(&self, rows: &Tensor) -> Done<(usize, Vec<V>)> {
        let mut scores = self.score(rows, false)?.scores;
        if !self.base.is_empty() {
            for scores in scores.chunks_exact_mut(self.targets) {
                for (score, base) in scores.iter_mut().zip(&self.base) {
                    *score += *base;
                }
            }
        }
        Ok((rows.matrix().0, scores))
    }
}

/// Transforms rows of scores.
#[allow(clippy::cast_possible_truncation, reason = "scores are floats")]
fn transformed<V: Number>(scores: &[V], targets: usize, transform: Transform) -> Vec<f64> {
    let mut scores: Vec<f64> = scores.iter().map(|score| score.double()).collect();
    if transform != Transform::None {
        scores.chunks_exact_mut(targets).for_each(|scores| transform.apply(scores));
    }
    scores
}

#[allow(clippy::cast_possible_truncation, reason = "scores are floats")]
fn narrowed(scores: Vec<f64>) -> Vec<f32> {
    scores.into_iter().map(|score| score as f32).collect()
}

fn regressor(context: &mut Context<'_>) -> Done<Operator> {
    let targets = context.attributes.int("n_targets", 1);
    let Some(targets) = usize::try_from(targets).ok().filter(|count| (1..1 << 20).contains(count)) else {
        refuse!("there are {targets} targets")
    };
    let transform = Transform::new(context.attributes)?;
    let ensemble = read::by_nodes(context.attributes, "target", targets)?;
    Ok(Box::new(move |inputs| {
        let rows = inputs.tensor(0)?;
        let (count, scores) = match &ensemble {
            Any::F32(ensemble) => {
                let (count, scores) = ensemble.with_base(rows)?;
                if transform == Transform::None {
                    return Ok(one(Tensor::of(vec![count, targets], scores)?));
                }
                (count, transformed(&scores, targets, transform))
            }
            Any::F64(ensemble) => {
                let (count, scores) = ensemble.with_base(rows)?;
                (count, transformed(&scores, targets, transform))
            }
        };
        Ok(one(Tensor::of(vec![count, targets], narrowed(scores))?))
    }))
}

fn ensemble(context: &mut Context<'_>) -> Done<Operator> {
    let transform = Transform::numbered(context.attributes.int("post_transform", 0))?;
    let (ensemble, targets) = read::by_leaves(context.attributes)?;
    Ok(Box::new(move |inputs| {
        let rows = inputs.tensor(0)?;
        Ok(one(match &ensemble {
            Any::F32(ensemble) => {
                let (count, scores) = ensemble.with_base(rows)?;
                Tensor::of(vec![count, targets], narrowed(transformed(&scores, targets, transform)))?
            }
            Any::F64(ensemble) => {
                let (count, scores) = ensemble.with_base(rows)?;
                Tensor::of(vec![count, targets], transformed(&scores, targets, transform))?
            }
        }))
    }))
}

/// How scores of two classes become a label and two scores.
#[derive(Debug, Clone, Copy)]
struct TwoClasses {
    /// The class that all weights are of, so that there is one score.
    only: Option<usize>,
    /// No weight is negative, so that the score is a probability.
    all_positive: bool,
}

fn classifier(context: &mut Context<'_>) -> Done<Operator> {
    let labels = classes(context.attributes, "classlabels_int64s")?;
    let transform = Transform::new(context.attributes)?;
    let ids = context.attributes.ints("class_ids").unwrap_or_default();
    let weights = context.attributes.numbers("class_weights")?.doubles();
    let two = TwoClasses {
        only: ids.first().filter(|first| ids.iter().all(|id| id == *first)).and_then(|id| usize::try_from(*id).ok()),
        all_positive: weights.iter().all(|weight| *weight >= 0.0),
    };
    let ensemble = read::by_nodes(context.attributes, "class", labels.len())?;
    Ok(Box::new(move |inputs| {
        let rows = inputs.tensor(0)?;
        let count = rows.matrix().0;
        let (chosen, scores) = match &ensemble {
            Any::F32(ensemble) => classified(ensemble, rows, transform, two)?,
            Any::F64(ensemble) => classified(ensemble, rows, transform, two)?,
        };
        let chosen = Tensor::of(vec![count], labels.at(chosen.into_iter()))?;
        Ok(vec![chosen.into(), Tensor::of(vec![count, labels.len()], narrowed(scores))?.into()])
    }))
}

/// The class of each row, and its scores.
fn classified<V: Number>(
    ensemble: &Ensemble<V>,
    rows: &Tensor,
    transform: Transform,
    two: TwoClasses,
) -> Done<(Vec<usize>, Vec<f64>)> {
    let classes = ensemble.targets;
    let scored = ensemble.score(rows, true)?;
    let count = scored.scores.len() / classes.max(1);
    let mut chosen = Vec::with_capacity(count);
    let mut result = Vec::with_capacity(count * classes);
    for (scores, given) in scored.scores.chunks_exact(classes).zip(scored.given.chunks_exact(classes)) {
        if classes == 2 && two.only.is_some() {
            let (class, scores) = two.decide(scores, &ensemble.base, transform);
            chosen.push(class);
            result.extend(scores);
            continue;
        }
        let mut scores = scores.to_vec();
        let mut given = given.to_vec();
        for (at, base) in ensemble.base.iter().enumerate().take(classes) {
            scores[at] += *base;
            given[at] = true;
        }
        // A class that no leaf votes for is no choice, whatever the others have.
        let votes: Vec<f64> = scores
            .iter()
            .zip(&given)
            .map(|(score, given)| if *given { score.double() } else { f64::NEG_INFINITY })
            .collect();
        chosen.push(largest(&votes));
        let start = result.len();
        result.extend(scores.iter().map(|score| score.double()));
        transform.apply(&mut result[start..]);
    }
    Ok((chosen, result))
}

impl TwoClasses {
    /// From the one score that there is. It is the score of the second class whichever class the weights are of; but where they are of the second,
    /// the first has the score zero, and scores are transformed as those of several classes are.
    fn decide<V: Number>(self, scores: &[V], base: &[V], transform: Transform) -> (usize, [f64; 2]) {
        let mut score = scores[0];
        score += scores[1];
        if let Some(base) = base.last() {
            score += *base;
        }
        let score = score.double();
        let class = usize::from(score > if self.all_positive { 0.5 } else { 0.0 });
        let mut both = match transform {
            _ if self.only == Some(1) => [0.0, score],
            Transform::Logistic => [-score, score],
            _ if self.all_positive => [1.0 - score, score],
            _ => [-score, score],
        };
        if self.only == Some(1) || transform == Transform::Logistic {
            transform.apply(&mut both);
        }
        (class, both)
    }
}
