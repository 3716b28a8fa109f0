//! Values as small numbers: features in at most 255 bins, which trees are grown on.

use std::collections::BTreeMap;

use crate::data::{Data, Feature, FeatureKind, UNSEEN, Values};
use crate::rng::Rng;

/// Rows that bins are decided by.
const SAMPLE: usize = 200_000;
/// Fewest rows of a bin.
const MIN_ROWS: usize = 3;

/// How a feature's values become bins.
#[derive(Debug, Clone)]
pub enum Bins {
    /// Numbers.
    Numeric {
        /// The highest value of each bin but the last.
        uppers: Vec<f32>,
        /// The bin of missing values, if there were any; the last one.
        missing: Option<u8>,
    },
    /// Categories.
    Categorical {
        /// The bin of each code. Rare ones share bin 0, which unseen ones fall into too, and which never is in a set.
        of_code: Vec<u8>,
        /// How many bins there are.
        count: usize,
    },
}

impl Bins {
    /// How many bins there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Numeric { uppers, missing } => uppers.len() + 1 + usize::from(missing.is_some()),
            Self::Categorical { count, .. } => *count,
        }
    }

    fn of_number(uppers: &[f32], missing: Option<u8>, value: f32) -> u8 {
        if value.is_nan() {
            return missing.unwrap_or(0);
        }
        u8::try_from(uppers.partition_point(|upper| *upper < value)).unwrap_or(u8::MAX)
    }

    fn of_code(of_code: &[u8], code: u32) -> u8 {
        of_code.get(code as usize).copied().unwrap_or(0)
    }
}

/// Rows in bins, by row and by column.
pub struct Binned {
    /// How many features.
    pub features: usize,
    /// The bins of each row one after the other.
    pub by_row: Vec<u8>,
    /// The bins of each feature.
    pub by_column: Vec<Vec<u8>>,
}

/// Decides the bins of each feature.
pub fn decide(features: &[Feature], data: &Data, most: usize, seed: u64) -> Vec<Bins> {
    let sample = (data.rows > SAMPLE).then(|| Rng::new(seed, 2).sample(data.rows, SAMPLE));
    let of = |(feature, values): (&Feature, &Values)| match (values, &feature.kind) {
        (Values::Numbers(numbers), _) => {
            let mut there: Vec<f32> = match &sample {
                Some(rows) => rows.iter().map(|row| numbers[*row as usize]).collect(),
                None => numbers.clone(),
            };
            let missing = numbers.iter().any(|number| number.is_nan());
            there.retain(|number| !number.is_nan());
            let uppers = numeric(there, most - usize::from(missing));
            let missing = missing.then(|| u8::try_from(uppers.len() + 1).unwrap_or(u8::MAX));
            Bins::Numeric { uppers, missing }
        }
        (Values::Codes(codes), FeatureKind::Categorical(words)) => categorical(codes, words.len(), most),
        (Values::Codes(codes), FeatureKind::Numeric) => categorical(codes, 0, most),
    };
    features.iter().zip(&data.columns).map(of).collect()
}

/// Edges between values: each value has its own bin where there are few, else bins have about as many rows each.
fn numeric(mut seen: Vec<f32>, most: usize) -> Vec<f32> {
    seen.sort_unstable_by(f32::total_cmp);
    let mut distinct: Vec<(f32, usize)> = Vec::new();
    for value in seen {
        match distinct.last_mut() {
            // Minus zero and zero are one value.
            #[expect(clippy::float_cmp, reason = "the same value")]
            Some((last, count)) if *last == value => *count += 1,
            _ => distinct.push((value, 1)),
        }
    }
    let mut left: usize = distinct.iter().map(|(_, count)| count).sum();
    let mut bins_left = most.max(1);
    let few = distinct.len() <= most;
    // Values that fill a bin by themselves do not make the others' bins larger.
    let fair = left as f64 / bins_left as f64;
    let is_big = |count: usize| !few && count as f64 >= fair;
    for (_, count) in &distinct {
        if is_big(*count) {
            left -= count;
            bins_left = bins_left.saturating_sub(1).max(1);
        }
    }
    let mut size = left as f64 / bins_left as f64;
    let mut uppers = Vec::new();
    let mut filled = 0;
    for (at, (value, count)) in distinct.iter().enumerate() {
        let Some((next, next_count)) = distinct.get(at + 1) else { break };
        if uppers.len() + 1 >= most {
            break;
        }
        filled += count;
        if !is_big(*count) {
            left -= count;
        }
        let is_full = if few {
            filled >= MIN_ROWS
        } else {
            is_big(*count) || filled as f64 >= size || (is_big(*next_count) && filled as f64 >= (size * 0.5).max(1.0))
        };
        if is_full {
            uppers.push(between(*value, *next));
            if !is_big(*count) {
                bins_left = bins_left.saturating_sub(1).max(1);
                size = left as f64 / bins_left as f64;
            }
            filled = 0;
        }
    }
    uppers
}

/// A number from the first on and below the second, in the middle if there is one.
fn between(low: f32, high: f32) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the middle of two numbers of single precision")]
    let middle = f64::midpoint(f64::from(low), f64::from(high)) as f32;
    if middle < high { middle } else { low }
}

/// The most frequent categories have bins of their own.
fn categorical(codes: &[u32], words: usize, most: usize) -> Bins {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for code in codes.iter().filter(|code| **code != UNSEEN) {
        *counts.entry(*code).or_default() += 1;
    }
    let mut by_count: Vec<(u32, usize)> = counts.into_iter().collect();
    by_count.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    let mut of_code = vec![0; words];
    let kept = by_count.len().min(most - 1);
    for ((code, _), bin) in by_count.iter().take(kept).zip(1_u8..) {
        of_code[*code as usize] = bin;
    }
    Bins::Categorical { of_code, count: kept + 1 }
}

/// Puts rows into bins.
pub fn apply(bins: &[Bins], data: &Data) -> Binned {
    let of = |(bins, values): (&Bins, &Values)| -> Vec<u8> {
        match (bins, values) {
            (Bins::Numeric { uppers, missing }, Values::Numbers(numbers)) => {
                numbers.iter().map(|number| Bins::of_number(uppers, *missing, *number)).collect()
            }
            (Bins::Categorical { of_code, .. }, Values::Codes(codes)) => {
                codes.iter().map(|code| Bins::of_code(of_code, *code)).collect()
            }
            _ => vec![0; data.rows],
        }
    };
    let by_column: Vec<Vec<u8>> = bins.iter().zip(&data.columns).map(of).collect();
    let features = by_column.len();
    let mut by_row = vec![0; data.rows * features];
    for (feature, column) in by_column.iter().enumerate() {
        for (row, bin) in column.iter().enumerate() {
            by_row[row * features + feature] = *bin;
        }
    }
    Binned { features, by_row, by_column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_bins_of_their_own_and_many_have_even_ones() {
        let few: Vec<f32> = [1.0, 2.0, 4.0].repeat(3);
        assert_eq!(numeric(few, 255), [1.5, 3.0]);
        assert_eq!(numeric(vec![5.0; 10], 255), [] as [f32; 0]);
        let many: Vec<f32> = (0..1000_u16).map(f32::from).collect();
        let uppers = numeric(many, 10);
        assert_eq!(uppers.len(), 9);
        assert!(
            uppers.iter().zip(1_u8..).all(|(upper, n)| (upper - (f32::from(n) * 100.0 - 0.5)).abs() < 1.0),
            "{uppers:?}"
        );
        // Half of the rows have one value, and the others still share nine bins.
        let zeros = std::iter::repeat_n(0.0, 1000).chain((1..=1000_u16).map(f32::from)).collect();
        let uppers = numeric(zeros, 10);
        assert_eq!(uppers.len(), 9, "{uppers:?}");
        assert!(uppers[0] > 0.0 && uppers[0] < 1.0);
    }

    #[test]
    fn an_edge_is_below_the_next_value() {
        let next = 1.0_f32.next_up();
        assert_eq!(between(1.0, next).to_bits(), 1.0_f32.to_bits());
        assert!(between(f32::MIN, f32::MAX).is_finite());
    }
}
