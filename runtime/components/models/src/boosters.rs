//! Boosted trees in the files of the libraries that grew them, read without a converter between.

mod document;
pub(crate) mod lightgbm;
mod ubjson;
pub(crate) mod xgboost;

use forest::{Leaves, Trees};

use crate::error::{Done, Result, refuse};
use crate::onnx::Port;
use crate::operators::ml::scores::Transform;
use crate::tensor::{Data, Kind, Tensor, Value, elements};

/// What the sums of all trees become.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    /// They are the prediction.
    Raw,
    /// The probability of class 1, after a logistic function of this slope.
    Binary(f64),
    /// Probabilities of the classes.
    Softmax,
    /// A probability for each class by itself.
    OneVersusAll(f64),
    /// Class 1 above zero, and no probability.
    Hinge,
    /// A number between 0 and 1.
    Logistic,
    Exponential,
    /// Of targets whose roots were learned.
    Square,
    /// The logarithm of one and an exponential.
    LogOnePlusExp,
}

/// What is added for a row.
pub(crate) enum Sums {
    /// As XGBoost sums: floats, beginning with the base.
    Single { trees: Trees<f32>, leaves: Leaves<f32>, base: Vec<f32> },
    /// As LightGBM sums: doubles; leaves may have linear models, and sums may be averaged over so many rounds.
    Double { trees: Trees<f64>, leaves: Leaves<f64>, lines: Option<Vec<Line>>, rounds: Option<f64> },
    /// A weight for each feature and target, and one for the target alone; missing values weigh nothing.
    Linear { weights: Vec<f32>, base: Vec<f32> },
}

/// A linear model of a leaf. It holds where none of its features is missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pub constant: f64,
    pub terms: Vec<(usize, f64)>,
}

/// What texts of a categorical column are numbered as.
#[derive(Debug, Clone)]
pub(crate) struct Categories {
    /// In the order of their numbers.
    pub names: Vec<String>,
    /// Whether one that is not among them is a missing value rather than an error.
    pub unknown_is_missing: bool,
}

/// A model of one of the libraries.
pub(crate) struct Booster {
    pub producer: String,
    pub objective: String,
    pub sums: Sums,
    /// How many sums a row has.
    pub targets: usize,
    pub ending: Ending,
    pub features: usize,
    /// Names of the features, if the file has them.
    pub names: Vec<String>,
    /// Categories of each feature that has some.
    pub categories: Vec<Option<Categories>>,
}

/// The name of the one input.
pub(crate) const INPUT: &str = "features";

impl Booster {
    pub(crate) fn kind(&self) -> Kind {
        if matches!(self.sums, Sums::Double { .. }) { Kind::F64 } else { Kind::F32 }
    }

    /// Trees and their nodes.
    pub(crate) fn size(&self) -> (usize, usize) {
        match &self.sums {
            Sums::Single { trees, .. } => (trees.count(), trees.nodes()),
            Sums::Double { trees, .. } => (trees.count(), trees.nodes()),
            Sums::Linear { .. } => (0, 0),
        }
    }

    pub(crate) fn inputs(&self) -> Vec<Port> {
        let shape = Some(vec![None, Some(self.features)]);
        vec![Port { name: INPUT.to_owned(), kind: Some(self.kind()), shape, columns: self.names.clone() }]
    }

    pub(crate) fn outputs(&self) -> Vec<Port> {
        let port = |name: &str, kind: Kind, shape: Vec<Option<usize>>| Port {
            name: name.to_owned(),
            kind: Some(kind),
            shape: Some(shape),
            columns: Vec::new(),
        };
        match self.classes() {
            Some(classes) => {
                let label = port("label", Kind::I64, vec![None]);
                match self.ending {
                    Ending::Hinge => vec![label],
                    _ => vec![label, port("probabilities", self.kind(), vec![None, Some(classes)])],
                }
            }
            None => vec![port("prediction", self.kind(), vec![None, Some(self.targets)])],
        }
    }

    /// How many classes a classifier has; none for other models.
    pub(crate) fn classes(&self) -> Option<usize> {
        match self.ending {
            Ending::Binary(_) | Ending::Hinge => Some(2),
            Ending::Softmax | Ending::OneVersusAll(_) => Some(self.targets),
            _ => None,
        }
    }

    /// The outputs for rows, which have [`Self::features`] columns.
    pub(crate) fn run(&self, rows: &Tensor) -> Done<Vec<(String, Value)>> {
        let (count, width) = rows.matrix();
        if width != self.features || width == 0 {
            refuse!("the model has {} features, and rows have {width}", self.features);
        }
        elements(&[count, self.targets])?;
        let sums = self.sum(rows, count, width)?;
        self.end(sums, count)
    }

    fn sum(&self, rows: &Tensor, count: usize, width: usize) -> Done<Vec<f64>> {
        let targets = self.targets;
        match &self.sums {
            Sums::Single { trees, leaves, base } => {
                let rows = rows.floats()?;
                let mut sums: Vec<f32> = std::iter::repeat_n(base, count).flatten().copied().collect();
                trees.each(&rows, width, |first, ends| {
                    leaves.add(ends, &mut sums[first * targets..(first + ends.len()) * targets], targets);
                });
                Ok(sums.into_iter().map(f64::from).collect())
            }
            Sums::Double { trees, leaves, lines, rounds } => {
                let rows = rows.doubles()?;
                let mut sums = vec![0.0; count * targets];
                trees.each(&rows, width, |first, ends| {
                    let sums = &mut sums[first * targets..(first + ends.len()) * targets];
                    match lines {
                        None => leaves.add(ends, sums, targets),
                        Some(lines) => {
                            let rows = &rows[first * width..(first + ends.len()) * width];
                            add_lines(ends, leaves, lines, rows, width, sums, targets);
                        }
                    }
                });
                if let Some(rounds) = rounds {
                    sums.iter_mut().for_each(|sum| *sum /= rounds);
                }
                Ok(sums)
            }
            Sums::Linear { weights, base } => {
                let rows = rows.floats()?;
                let mut sums: Vec<f32> = std::iter::repeat_n(base, count).flatten().copied().collect();
                for (row, sums) in rows.chunks_exact(width).zip(sums.chunks_exact_mut(targets)) {
                    for (value, weights) in row.iter().zip(weights.chunks_exact(targets)) {
                        if !value.is_nan() {
                            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
                        }
                    }
                }
                Ok(sums.into_iter().map(f64::from).collect())
            }
        }
    }

    fn end(&self, mut sums: Vec<f64>, count: usize) -> Done<Vec<(String, Value)>> {
        let targets = self.targets;
        let labels = |chosen: Vec<i64>| -> Done<(String, Value)> {
            Ok(("label".to_owned(), Value::from(Tensor::of(vec![count], chosen)?)))
        };
        let logistic = |sums: &mut Vec<f64>, slope: f64| {
            sums.iter_mut().for_each(|sum| *sum *= slope);
            Transform::Logistic.apply(sums);
        };
        let numbers = |name: &str, width: usize, numbers: Vec<f64>| -> Done<(String, Value)> {
            #[allow(clippy::cast_possible_truncation, reason = "the library gives floats")]
            let data: Data = match self.kind() {
                Kind::F64 => numbers.into(),
                _ => numbers.into_iter().map(|number| number as f32).collect::<Vec<_>>().into(),
            };
            Ok((name.to_owned(), Tensor::of(vec![count, width], data)?.into()))
        };
        let best = |sums: &[f64]| -> Vec<i64> {
            sums.chunks_exact(targets)
                .map(|sums| i64::try_from(crate::operators::ml::scores::largest(sums)).unwrap_or(0))
                .collect()
        };
        match self.ending {
            Ending::Binary(slope) => {
                logistic(&mut sums, slope);
                let chosen = sums.iter().map(|sum| i64::from(*sum > 0.5)).collect();
                let both = sums.iter().flat_map(|sum| [1.0 - sum, *sum]).collect();
                Ok(vec![labels(chosen)?, numbers("probabilities", 2, both)?])
            }
            Ending::Softmax => {
                let chosen = best(&sums);
                sums.chunks_exact_mut(targets).for_each(|sums| Transform::Softmax.apply(sums));
                Ok(vec![labels(chosen)?, numbers("probabilities", targets, sums)?])
            }
            Ending::OneVersusAll(slope) => {
                let chosen = best(&sums);
                logistic(&mut sums, slope);
                Ok(vec![labels(chosen)?, numbers("probabilities", targets, sums)?])
            }
            Ending::Hinge => Ok(vec![labels(sums.iter().map(|sum| i64::from(*sum > 0.0)).collect())?]),
            Ending::Raw => Ok(vec![numbers("prediction", targets, sums)?]),
            Ending::Logistic => {
                logistic(&mut sums, 1.0);
                Ok(vec![numbers("prediction", targets, sums)?])
            }
            Ending::Exponential => Ok(vec![numbers("prediction", targets, sums.into_iter().map(f64::exp).collect())?]),
            Ending::Square => {
                Ok(vec![numbers("prediction", targets, sums.into_iter().map(|sum| sum * sum.abs()).collect())?])
            }
            Ending::LogOnePlusExp => {
                Ok(vec![numbers("prediction", targets, sums.into_iter().map(|sum| sum.exp().ln_1p()).collect())?])
            }
        }
    }
}

/// Adds the linear models of leaves, or their values where a feature is missing.
fn add_lines(
    ends: &[u32],
    leaves: &Leaves<f64>,
    lines: &[Line],
    rows: &[f64],
    width: usize,
    sums: &mut [f64],
    targets: usize,
) {
    for ((end, row), sums) in ends.iter().zip(rows.chunks_exact(width)).zip(sums.chunks_exact_mut(targets)) {
        let line = &lines[*end as usize];
        let missing = line.terms.iter().any(|(feature, _)| row[*feature].is_nan());
        let value = line.constant + line.terms.iter().map(|(feature, weight)| row[*feature] * weight).sum::<f64>();
        for (target, constant) in leaves.of(*end) {
            sums[target] += if missing { constant } else { value };
        }
    }
}

/// Reads the file of a library; none if it is of neither.
pub(crate) fn load(bytes: &[u8]) -> Option<Result<Booster>> {
    let start = bytes.get(..64.min(bytes.len())).unwrap_or_default();
    let text = start.trim_ascii_start();
    if text.starts_with(b"tree\n") || text.starts_with(b"tree\r\n") {
        return Some(lightgbm::load(bytes));
    }
    if text.starts_with(b"{") {
        return Some(xgboost::load(bytes));
    }
    None
}
