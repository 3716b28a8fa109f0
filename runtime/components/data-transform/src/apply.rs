//! A fitted graph on rows.

use std::collections::{BTreeMap, HashMap};

use tables::{Kind, Record};

use crate::feature::Found;
use crate::graph::{Constant, Fitted, Graph, Step};
use crate::{Error, Result};

/// A graph that is ready to be applied: with its vocabularies looked up fast.
pub struct Applied<'a> {
    graph: &'a Graph,
    positions: Vec<HashMap<&'a [u8], usize>>,
}

impl Graph {
    /// Makes it ready to be applied.
    #[must_use]
    pub fn ready(&self) -> Applied<'_> {
        let positions = self.features.iter().map(|feature| {
            let values: &[String] = match &feature.step {
                Step::Vocabulary { values, .. } | Step::OneHot { values, .. } | Step::TfIdf { values, .. } => values,
                _ => &[],
            };
            values.iter().enumerate().map(|(at, value)| (value.as_bytes(), at)).collect()
        });
        Applied { graph: self, positions: positions.collect() }
    }
}

impl Applied<'_> {
    /// Makes the features of a row.
    ///
    /// # Errors
    /// Values that a feature cannot be made of.
    pub fn apply(&self, row: &Record, into: &mut Record) -> Result<()> {
        into.clear();
        for (feature, positions) in self.graph.features.iter().zip(&self.positions) {
            let done = feature.origin.find(row).and_then(|found| feature.put(found, positions, into));
            done.map_err(|problem| Error::of(&feature.name, problem))?;
        }
        Ok(())
    }
}

impl Fitted {
    fn put(&self, found: Found, positions: &HashMap<&[u8], usize>, into: &mut Record) -> Result<(), String> {
        let found = match (&self.fill, found.is_none()) {
            (Some(Constant::Int(value)), true) => Found::Ints(vec![*value]),
            (Some(Constant::Float(value)), true) => Found::Floats(vec![*value]),
            (Some(Constant::Text(value)), true) => Found::Texts(vec![value.clone().into_bytes()]),
            _ => found,
        };
        if let Step::OneHot { values, oov_buckets, columns } = &self.step {
            return self.put_one_hot(&found, positions, values.len(), *oov_buckets, *columns, into);
        }
        if let Step::TfIdf { values, oov_buckets, weights, unit } = &self.step {
            return self.put_weights(&found, positions, values.len(), *oov_buckets, weights, *unit, into);
        }
        let at = into.column(&self.name)?;
        if found.is_none() {
            return Ok(());
        }
        let cell = into.cell(at);
        match &self.step {
            Step::Same { int, text } => match found {
                Found::Ints(values) if *int => values.into_iter().for_each(|value| cell.push_int(value)),
                Found::Texts(texts) if *text => texts.iter().for_each(|text| cell.push_bytes(text)),
                found if !*text => found.numbers()?.into_iter().for_each(|value| cell.push_float(value)),
                _ => return Err("its columns have values of another type than those that were analysed".to_owned()),
            },
            Step::ZScore { mean, deviation } => {
                // A constant column is at its mean.
                let scale = if *deviation == 0.0 { 1.0 } else { *deviation };
                found.numbers()?.into_iter().for_each(|value| cell.push_float((value - mean) / scale));
            }
            Step::MinMax { min, max, low, high } => {
                let width = if min < max { max - min } else { 1.0 };
                found.numbers()?.into_iter().for_each(|value| {
                    cell.push_float((value - min) / width * (high - low) + low);
                });
            }
            Step::Buckets { boundaries } => {
                for value in found.numbers()? {
                    // What is no number is in the last bucket, as TFT has it.
                    let bucket = boundaries.partition_point(|boundary| value.is_nan() || *boundary <= value);
                    cell.push_int(i64::try_from(bucket).unwrap_or(i64::MAX));
                }
            }
            Step::Vocabulary { values, oov_buckets, default } => {
                for text in found.texts()? {
                    cell.push_int(position(&text, positions, values.len(), *oov_buckets).unwrap_or(*default));
                }
            }
            Step::Hash { buckets } => {
                for text in found.texts()? {
                    cell.push_int(bucket(&text, *buckets));
                }
            }
            Step::OneHot { .. } | Step::TfIdf { .. } => {}
        }
        Ok(())
    }

    fn put_one_hot(
        &self,
        found: &Found,
        positions: &HashMap<&[u8], usize>,
        known: usize,
        oov_buckets: u64,
        columns: bool,
        into: &mut Record,
    ) -> Result<(), String> {
        let length = known + usize::try_from(oov_buckets).unwrap_or(0);
        let mut hot = vec![0.0; length];
        for text in found.texts()? {
            let at = position(&text, positions, known, oov_buckets).and_then(|at| usize::try_from(at).ok());
            if let Some(one) = at.and_then(|at| hot.get_mut(at)) {
                *one = 1.0;
            }
        }
        if columns {
            for (name, value) in self.names().iter().zip(hot) {
                let at = into.column(name)?;
                into.cell(at).push_float(value);
            }
            return Ok(());
        }
        let at = into.column(&self.name)?;
        let cell = into.cell(at);
        cell.begin(Some(Kind::Floats));
        for value in hot {
            cell.push_float(value);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one step")]
    fn put_weights(
        &self,
        found: &Found,
        positions: &HashMap<&[u8], usize>,
        known: usize,
        oov_buckets: u64,
        weights: &[f64],
        unit: bool,
        into: &mut Record,
    ) -> Result<(), String> {
        let mut counts: BTreeMap<usize, f64> = BTreeMap::new();
        let mut total = 0.0;
        for text in found.texts()? {
            let at = position(&text, positions, known, oov_buckets).and_then(|at| usize::try_from(at).ok());
            // Words that are not known and have no bucket are as if they were not there.
            if let Some(at) = at {
                *counts.entry(at).or_insert(0.0) += 1.0;
                total += 1.0;
            }
        }
        let mut found: Vec<(usize, f64)> = counts
            .into_iter()
            .map(|(at, count)| (at, count / total * weights.get(at).copied().unwrap_or(0.0)))
            .collect();
        if unit {
            let length = found.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
            found.iter_mut().filter(|_| length > 0.0).for_each(|(_, weight)| *weight /= length);
        }
        let [index, weight] = self.pair();
        let (index, weight) = (into.column(&index)?, into.column(&weight)?);
        into.cell(index).begin(Some(Kind::Ints));
        into.cell(weight).begin(Some(Kind::Floats));
        for (at, value) in found {
            into.cell(index).push_int(i64::try_from(at).unwrap_or(i64::MAX));
            into.cell(weight).push_float(value);
        }
        Ok(())
    }
}

/// The position of a text among known ones, or behind them in one of the buckets for others.
fn position(text: &[u8], positions: &HashMap<&[u8], usize>, known: usize, oov_buckets: u64) -> Option<i64> {
    match positions.get(text) {
        Some(at) => i64::try_from(*at).ok(),
        None if oov_buckets > 0 => Some(i64::try_from(known).ok()? + bucket(text, oov_buckets)),
        None => None,
    }
}

/// TensorFlow's `string_to_hash_bucket_fast`.
fn bucket(text: &[u8], buckets: u64) -> i64 {
    i64::try_from(farmhash::fingerprint64(text) % buckets).unwrap_or(i64::MAX)
}
