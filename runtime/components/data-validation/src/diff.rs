//! Differences between examples that are the same by their identifiers, as TFDV's feature skew detector counts them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tables::{Record, Values, example};

use crate::error::{Error, Result};

/// What the rows that are held may take in memory together.
const MOST_BYTES: usize = 1 << 30;

/// What is compared.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// The features that tell which examples are the same.
    pub identifiers: Vec<String>,
    /// Features that are not compared.
    pub ignore: Vec<String>,
    /// Digits behind the point to which floats are rounded; none compares them as they are.
    pub round: Option<u32>,
    /// Whether every pair of examples with the same identifiers is compared; otherwise identifiers that occur twice on a side are left out.
    pub duplicates: bool,
    /// So many pairs that differ are kept.
    pub sample: usize,
    /// Features of texts whose pairs of values are counted.
    pub confusion: Vec<String>,
}

/// Counts of one feature over all pairs.
#[derive(Clone, PartialEq, prost::Message)]
#[allow(missing_docs, reason = "TFDV's message, with its names")]
pub struct FeatureSkew {
    #[prost(string, tag = "1")]
    pub feature_name: String,
    #[prost(uint64, tag = "2")]
    pub base_count: u64,
    #[prost(uint64, tag = "3")]
    pub test_count: u64,
    #[prost(uint64, tag = "4")]
    pub match_count: u64,
    #[prost(uint64, tag = "5")]
    pub base_only: u64,
    #[prost(uint64, tag = "6")]
    pub test_only: u64,
    #[prost(uint64, tag = "7")]
    pub mismatch_count: u64,
    #[prost(uint64, tag = "8")]
    pub diff_count: u64,
}

/// Counts of what was joined.
#[derive(Clone, PartialEq, prost::Message)]
#[allow(missing_docs, reason = "TFDV's message, with its names")]
pub struct MatchStats {
    #[prost(uint64, tag = "1")]
    pub base_with_id_count: u64,
    #[prost(uint64, tag = "2")]
    pub test_with_id_count: u64,
    #[prost(uint64, tag = "3")]
    pub identifiers_count: u64,
    #[prost(uint64, tag = "4")]
    pub ids_missing_in_base_count: u64,
    #[prost(uint64, tag = "5")]
    pub ids_missing_in_test_count: u64,
    #[prost(uint64, tag = "6")]
    pub matching_pairs_count: u64,
    #[prost(uint64, tag = "7")]
    pub base_missing_id_count: u64,
    #[prost(uint64, tag = "8")]
    pub test_missing_id_count: u64,
    #[prost(uint64, tag = "9")]
    pub duplicate_id_count: u64,
}

/// A pair that differs.
#[derive(Clone, PartialEq, prost::Message)]
#[allow(missing_docs, reason = "TFDV's message, with its names")]
pub struct SkewPair {
    #[prost(bytes = "vec", tag = "1")]
    pub base: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub test: Vec<u8>,
    #[prost(string, repeated, tag = "3")]
    pub base_only_features: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    pub test_only_features: Vec<String>,
    #[prost(string, repeated, tag = "5")]
    pub matched_features: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    pub mismatched_features: Vec<String>,
}

/// How often a value of one side met one of the other.
#[derive(Clone, PartialEq, prost::Message)]
#[allow(missing_docs, reason = "TFDV's message, with its names")]
pub struct ConfusionCount {
    #[prost(string, tag = "1")]
    pub feature_name: String,
    #[prost(message, optional, tag = "2")]
    pub base: Option<ConfusionValue>,
    #[prost(message, optional, tag = "3")]
    pub test: Option<ConfusionValue>,
    #[prost(uint64, tag = "4")]
    pub count: u64,
}

/// A value of a feature.
#[derive(Clone, PartialEq, prost::Message)]
#[allow(missing_docs, reason = "TFDV's message, with its names")]
pub struct ConfusionValue {
    #[prost(bytes = "vec", tag = "1")]
    pub bytes_value: Vec<u8>,
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff {
    /// Each feature, by name.
    pub features: Vec<FeatureSkew>,
    /// What was joined.
    pub matches: MatchStats,
    /// Some pairs that differ.
    pub pairs: Vec<SkewPair>,
    /// Pairs of values, by feature and values.
    pub confusion: Vec<ConfusionCount>,
}

impl Diff {
    /// A message as a record of its file.
    #[must_use]
    pub fn records(messages: &[impl prost::Message]) -> Vec<Vec<u8>> {
        messages.iter().map(prost::Message::encode_to_vec).collect()
    }

    /// The features that differ anywhere.
    pub fn differing(&self) -> impl Iterator<Item = &FeatureSkew> {
        self.features.iter().filter(|feature| feature.diff_count > 0)
    }
}

/// Which side an example is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What is compared with.
    Base,
    /// What is compared.
    Test,
}

/// Examples while they are read.
#[derive(Debug)]
pub struct Differ {
    options: DiffOptions,
    /// Examples of both sides as they are serialised, by identifiers, in the order in which these were seen.
    groups: Vec<[Vec<Box<[u8]>>; 2]>,
    positions: HashMap<Box<[u8]>, usize>,
    missing: [u64; 2],
    bytes: usize,
}

/// What stands for a value that is not there, where pairs of values are counted.
const MISSING: &[u8] = b"__MISSING_VALUE__";

impl Differ {
    /// Of no examples yet.
    ///
    /// # Errors
    /// No feature tells which examples are the same.
    pub fn new(mut options: DiffOptions) -> Result<Self> {
        if options.identifiers.is_empty() {
            return Err(Error::Request("no feature tells which examples are the same".to_owned()));
        }
        options.identifiers.sort();
        Ok(Self { options, groups: Vec::new(), positions: HashMap::new(), missing: [0; 2], bytes: 0 })
    }

    /// Adds an example of one side.
    ///
    /// # Errors
    /// All of them together take more than a GiB.
    pub fn add(&mut self, side: Side, row: &Record, order: &[usize]) -> Result<()> {
        let side = side as usize;
        let mut key = Vec::new();
        let mut feature = Vec::new();
        for name in &self.options.identifiers {
            let values = row.of(name);
            if values.count().unwrap_or(0) == 0 {
                self.missing[side] += 1;
                return Ok(());
            }
            serialise(values, self.options.round, &mut feature);
            key.extend((feature.len() as u64).to_le_bytes());
            key.extend_from_slice(&feature);
        }
        let mut bytes = Vec::new();
        example::encode(row, order, &mut bytes);
        self.bytes += bytes.len() + key.len() + 64;
        if self.bytes > MOST_BYTES {
            return Err(Error::Request(format!(
                "the examples take more than {} MiB together: compare fewer splits or columns at once",
                MOST_BYTES >> 20
            )));
        }
        let at = *self.positions.entry(key.into_boxed_slice()).or_insert(self.groups.len());
        if at == self.groups.len() {
            self.groups.push([Vec::new(), Vec::new()]);
        }
        self.groups[at][side].push(bytes.into_boxed_slice());
        Ok(())
    }

    /// Compares what was added.
    ///
    /// # Errors
    /// Values of a feature whose pairs are to be counted that are no single texts.
    pub fn finish(self) -> Result<Diff> {
        let mut diff = Diff::default();
        let mut features: BTreeMap<String, FeatureSkew> = BTreeMap::new();
        let mut confusion: BTreeMap<(String, Vec<u8>, Vec<u8>), u64> = BTreeMap::new();
        let matches = &mut diff.matches;
        [matches.base_missing_id_count, matches.test_missing_id_count] = self.missing;
        let decoded = |bytes: &[u8]| {
            let mut row = Record::default();
            example::decode(bytes, &mut row).map(|()| row).map_err(Error::Request)
        };
        for [base, test] in &self.groups {
            matches.identifiers_count += 1;
            matches.base_with_id_count += base.len() as u64;
            matches.test_with_id_count += test.len() as u64;
            matches.ids_missing_in_base_count += u64::from(base.is_empty());
            matches.ids_missing_in_test_count += u64::from(test.is_empty());
            matches.matching_pairs_count += (base.len() * test.len()) as u64;
            let twice = base.len() > 1 || test.len() > 1;
            matches.duplicate_id_count += u64::from(twice);
            if twice && !self.options.duplicates {
                continue;
            }
            for base in base {
                let base_row = decoded(base)?;
                for test in test {
                    let test_row = decoded(test)?;
                    let pair = self.compare(&base_row, &test_row, &mut features);
                    if let Some(pair) = pair.filter(|_| diff.pairs.len() < self.options.sample) {
                        diff.pairs.push(SkewPair { base: base.to_vec(), test: test.to_vec(), ..pair });
                    }
                    for name in &self.options.confusion {
                        let values = (single(name, &base_row)?, single(name, &test_row)?);
                        *confusion.entry((name.clone(), values.0, values.1)).or_default() += 1;
                    }
                }
            }
        }
        diff.features = features.into_values().collect();
        for feature in &mut diff.features {
            feature.diff_count = feature.base_only + feature.test_only + feature.mismatch_count;
        }
        let value = |bytes_value| Some(ConfusionValue { bytes_value });
        diff.confusion = confusion
            .into_iter()
            .map(|((feature_name, base, test), count)| ConfusionCount {
                feature_name,
                base: value(base),
                test: value(test),
                count,
            })
            .collect();
        Ok(diff)
    }

    /// Compares a pair. It is given back if it differs, without the examples.
    fn compare(&self, base: &Record, test: &Record, features: &mut BTreeMap<String, FeatureSkew>) -> Option<SkewPair> {
        let there = |row: &Record, name: &String| row.of(name) != Values::Missing;
        let names: BTreeSet<&String> = base
            .names()
            .iter()
            .filter(|name| there(base, name))
            .chain(test.names().iter().filter(|name| there(test, name)))
            .filter(|name| !self.options.ignore.contains(name) && !self.options.identifiers.contains(name))
            .collect();
        let mut pair = SkewPair::default();
        let mut differs = false;
        for name in names {
            let (ours, theirs) = (base.of(name), test.of(name));
            let has = |values: Values<'_>| values.count().unwrap_or(0) > 0;
            let found = features
                .entry(name.clone())
                .or_insert_with(|| FeatureSkew { feature_name: name.clone(), ..FeatureSkew::default() });
            found.base_count += u64::from(has(ours));
            found.test_count += u64::from(has(theirs));
            let list = match (has(ours), has(theirs)) {
                (true, true) if self.equal(ours, theirs) => {
                    found.match_count += 1;
                    &mut pair.matched_features
                }
                (true, true) => {
                    found.mismatch_count += 1;
                    differs = true;
                    &mut pair.mismatched_features
                }
                (true, false) => {
                    found.base_only += 1;
                    differs = true;
                    &mut pair.base_only_features
                }
                (false, true) => {
                    found.test_only += 1;
                    differs = true;
                    &mut pair.test_only_features
                }
                (false, false) if (ours == Values::Missing) == (theirs == Values::Missing) => {
                    found.match_count += 1;
                    &mut pair.matched_features
                }
                // There without values on one side only: TFDV counts it nowhere, and takes the pair for one that differs.
                (false, false) => {
                    differs = true;
                    continue;
                }
            };
            list.push(name.clone());
        }
        differs.then_some(pair)
    }

    fn equal(&self, a: Values<'_>, b: Values<'_>) -> bool {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        serialise(a, self.options.round, &mut left);
        serialise(b, self.options.round, &mut right);
        left == right
    }
}

/// A feature as it is compared: serialised, floats rounded before.
fn serialise(values: Values<'_>, round: Option<u32>, out: &mut Vec<u8>) {
    match (values, round) {
        (Values::Floats(values), Some(digits)) => {
            let rounded: Vec<f64> = values.iter().map(|value| rounded(*value, digits)).collect();
            example::encode_feature(Values::Floats(&rounded), out);
        }
        (values, _) => example::encode_feature(values, out),
    }
}

/// A number with so many digits behind the point, the even neighbour of two as near, as Python rounds.
fn rounded(value: f64, digits: u32) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let digits = usize::try_from(digits).unwrap_or(usize::MAX).min(400);
    format!("{value:.digits$}").parse().unwrap_or(value)
}

/// The only text of a feature.
fn single(name: &str, row: &Record) -> Result<Vec<u8>> {
    match row.of(name) {
        Values::Missing | Values::Empty => Ok(MISSING.to_vec()),
        Values::Bytes(texts) if texts.len() <= 1 => Ok(texts.iter().next().unwrap_or(MISSING).to_vec()),
        values if values.count() == Some(0) => Ok(MISSING.to_vec()),
        _ => {
            Err(Error::Request(format!("pairs of values are counted of single texts, and `{name}` has something else")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differ(options: DiffOptions, base: &str, test: &str) -> Diff {
        let mut differ = Differ::new(options).unwrap();
        for (side, text) in [(Side::Base, base), (Side::Test, test)] {
            for line in text.lines() {
                let mut row = Record::default();
                for cell in line.split_whitespace() {
                    let (name, value) = cell.split_once('=').unwrap();
                    let at = row.column(name).unwrap();
                    let cell = row.cell(at);
                    match value.parse::<f64>() {
                        Ok(_) if value.parse::<i64>().is_ok() => cell.push_int(value.parse().unwrap()),
                        Ok(number) => cell.push_float(number),
                        Err(_) if value == "[]" => cell.begin(Some(tables::Kind::Floats)),
                        Err(_) => cell.push_bytes(value.as_bytes()),
                    }
                }
                let order = example::order(row.names());
                differ.add(side, &row, &order).unwrap();
            }
        }
        differ.finish().unwrap()
    }

    const BASE: &str =
        "id=a x=1.5 n=1 t=u\nid=b x=2.5 n=2 t=v\nid=c x=[] n=3\nid=d x=1.0 n=4\nid=d x=1.0 n=4\nx=9.0 n=9";
    const TEST: &str = "id=a x=1.5 n=1 t=u\nid=b x=2.25 n=2\nid=c x=[] n=5 t=w\nid=d x=1.0 n=4\nid=e x=1.0 n=1";

    fn options() -> DiffOptions {
        DiffOptions { identifiers: vec!["id".into()], sample: 10, ..DiffOptions::default() }
    }

    /// What `DetectFeatureSkewImpl` of TFDV 1.21.0 gave for the same examples.
    #[test]
    fn features_are_counted_as_tfdv_counts_them() {
        let diff = differ(options(), BASE, TEST);
        let of = |name: &str| {
            let found = diff.features.iter().find(|feature| feature.feature_name == name).unwrap();
            let FeatureSkew {
                base_count,
                test_count,
                match_count,
                base_only,
                test_only,
                mismatch_count,
                diff_count,
                ..
            } = found;
            [*base_count, *test_count, *match_count, *base_only, *test_only, *mismatch_count, *diff_count]
        };
        assert_eq!(of("x"), [2, 2, 2, 0, 0, 1, 1]);
        assert_eq!(of("n"), [3, 3, 2, 0, 0, 1, 1]);
        assert_eq!(of("t"), [2, 2, 1, 1, 1, 0, 2]);
        let expected = MatchStats {
            base_with_id_count: 5,
            test_with_id_count: 5,
            identifiers_count: 5,
            ids_missing_in_base_count: 1,
            ids_missing_in_test_count: 0,
            matching_pairs_count: 5,
            base_missing_id_count: 1,
            test_missing_id_count: 0,
            duplicate_id_count: 1,
        };
        assert_eq!(diff.matches, expected);
        assert_eq!(diff.pairs.len(), 2);
        assert_eq!(diff.pairs[0].base_only_features, ["t"]);
    }

    #[test]
    fn floats_are_rounded_and_duplicates_compared_where_that_is_asked() {
        let rounded = differ(DiffOptions { round: Some(0), duplicates: true, ..options() }, BASE, TEST);
        let x = rounded.features.iter().find(|feature| feature.feature_name == "x").unwrap();
        // 2.5 and 2.25 are both 2; each of the two examples `d` has a pair.
        assert_eq!((x.match_count, x.diff_count), (5, 0));
        assert_eq!([0.5, 1.5, 2.5, -0.5].map(|value| super::rounded(value, 0)), [0.0, 2.0, 2.0, -0.0]);
        assert_eq!(super::rounded(2.675, 2).to_bits(), 2.67_f64.to_bits());
        let ignoring =
            differ(DiffOptions { ignore: vec!["n".into()], confusion: vec!["t".into()], ..options() }, BASE, TEST);
        assert!(ignoring.features.iter().all(|feature| feature.feature_name != "n"));
        let pairs: Vec<_> = ignoring
            .confusion
            .iter()
            .map(|pair| {
                let text =
                    |value: &Option<ConfusionValue>| String::from_utf8(value.clone().unwrap().bytes_value).unwrap();
                (text(&pair.base), text(&pair.test), pair.count)
            })
            .collect();
        let missing = "__MISSING_VALUE__".to_owned();
        let expected = [(missing.clone(), "w".into(), 1), ("u".into(), "u".into(), 1), ("v".into(), missing, 1)];
        assert_eq!(pairs, expected);
    }
}
