//! One pass over all rows, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use data_validation::moments::Moments;
use data_validation::sketch::Sketch;
use data_validation::values::Values as Distinct;
use tables::{Record, Values};

use crate::feature::{Feature, Fill, Found, Map, Origin, Vocabulary};
use crate::graph::{Constant, Fitted, Graph, Source, Step};
use crate::{Error, Result};

/// The largest number of buckets, of boundaries and of values of a one-hot feature.
const MOST: usize = 100_000;

/// What is collected while rows are read.
pub struct Analysis {
    rows: u64,
    sources: BTreeMap<String, Source>,
    /// Columns whose type no row has told yet.
    untold: Vec<String>,
    features: Vec<(Feature, Origin, Collected)>,
}

/// What is collected for one feature. Only what its mapping needs is.
#[derive(Default)]
struct Collected {
    /// Rows without a value.
    gaps: u64,
    /// Values.
    count: u64,
    most_values: usize,
    kind: Option<Kind>,
    moments: Moments,
    min: f64,
    max: f64,
    sketch: Option<Sketch>,
    texts: Option<Distinct>,
    /// In how many rows each text is.
    rows: Option<Distinct>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    Text,
}

impl Analysis {
    /// Of no rows yet.
    ///
    /// # Errors
    /// Features that cannot be, or two of one name.
    pub fn new(features: Vec<Feature>) -> Result<Self> {
        let mut prepared: Vec<(Feature, Origin, Collected)> = Vec::new();
        for feature in features {
            check(&feature)?;
            if prepared.iter().any(|(known, ..)| known.name == feature.name) {
                return Err(Error::of(&feature.name, "there are two of this name"));
            }
            let origin = Origin::new(&feature)?;
            let ordered = matches!(feature.map, Map::Buckets(_)) || feature.fill == Some(Fill::Median);
            let texts = matches!(feature.map, Map::Vocabulary(_) | Map::OneHot(..) | Map::TfIdf(..))
                || feature.fill == Some(Fill::MostFrequent);
            let collected = Collected {
                min: f64::INFINITY,
                max: f64::NEG_INFINITY,
                sketch: ordered.then(Sketch::precise),
                texts: texts.then(Distinct::default),
                rows: matches!(feature.map, Map::TfIdf(..)).then(Distinct::default),
                ..Collected::default()
            };
            prepared.push((feature, origin, collected));
        }
        if prepared.is_empty() {
            return Err(Error::of("", "there is none"));
        }
        let untold = prepared.iter().flat_map(|(feature, ..)| feature.of.iter().cloned());
        let untold: BTreeSet<String> = untold.collect();
        Ok(Self { rows: 0, sources: BTreeMap::new(), untold: untold.into_iter().collect(), features: prepared })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Values that a feature cannot be made of.
    pub fn add(&mut self, row: &Record) -> Result<()> {
        self.rows += 1;
        self.untold.retain(|column| {
            let source = match row.of(column) {
                Values::Missing | Values::Empty => return true,
                Values::Ints(_) => Source::Int,
                Values::Floats(_) => Source::Float,
                Values::Bytes(_) => Source::Text,
            };
            self.sources.insert(column.clone(), source);
            false
        });
        for (feature, origin, collected) in &mut self.features {
            let added = origin.find(row).and_then(|found| collected.add(&found));
            added.map_err(|problem| Error::of(&feature.name, problem))?;
        }
        Ok(())
    }

    /// What was learned.
    ///
    /// # Errors
    /// Features that the rows do not give.
    pub fn finish(self) -> Result<Graph> {
        let rows = self.rows;
        let fitted = self.features.into_iter().map(|(feature, origin, collected)| {
            let name = feature.name.clone();
            collected.finish(feature, origin, rows).map_err(|problem| Error::of(&name, problem))
        });
        Ok(Graph::new(rows, self.sources, fitted.collect::<Result<_>>()?))
    }
}

fn check(feature: &Feature) -> Result<()> {
    let wrong = |problem: &str| Err(Error::of(&feature.name, problem));
    if feature.name.is_empty() {
        return wrong("it has no name");
    }
    match &feature.map {
        Map::Buckets(count) if !(2..=MOST).contains(count) => wrong("a number of buckets is from 2 to 100000"),
        Map::Boundaries(boundaries)
            if boundaries.len() > MOST
                || boundaries.iter().any(|boundary| !boundary.is_finite())
                || boundaries.windows(2).any(|two| two[0] >= two[1]) =>
        {
            wrong("boundaries are numbers, each above the one before it")
        }
        Map::MinMax(low, high) if !(low.is_finite() && high.is_finite() && low < high) => {
            wrong("the smallest must become less than the largest")
        }
        Map::Hash(0) => wrong("values cannot be hashed into no bucket"),
        Map::OneHot(Vocabulary { oov_buckets, .. }, _) if *oov_buckets > MOST as u64 => {
            wrong("a one-hot feature has at most 100000 values")
        }
        _ => Ok(()),
    }
}

impl Collected {
    fn add(&mut self, found: &Found) -> Result<(), String> {
        let kind = match found {
            Found::Ints(_) => Some(Kind::Int),
            Found::Floats(_) => Some(Kind::Float),
            Found::Texts(_) => Some(Kind::Text),
            Found::None => None,
        };
        if found.is_none() {
            self.gaps += 1;
            self.kind = self.kind.or(kind);
            return Ok(());
        }
        if self.kind.is_some() && self.kind != kind {
            return Err("its columns have values of another type than before".to_owned());
        }
        self.kind = kind;
        if kind == Some(Kind::Text) {
            let texts = found.texts()?;
            self.length(texts.len());
        } else {
            let numbers = found.numbers()?;
            self.length(numbers.len());
            // What is no number is kept as it is, and takes no part.
            for number in numbers.into_iter().filter(|number| !number.is_nan()) {
                self.moments.add(number);
                self.min = self.min.min(number);
                self.max = self.max.max(number);
                if let Some(sketch) = &mut self.sketch {
                    sketch.add(number);
                }
            }
        }
        if let Some(distinct) = &mut self.texts {
            let mut texts = found.texts()?;
            for text in &texts {
                distinct.add(text);
            }
            if let Some(rows) = &mut self.rows {
                texts.sort_unstable();
                texts.dedup();
                for text in &texts {
                    rows.add(text);
                }
            }
        }
        Ok(())
    }

    fn length(&mut self, length: usize) {
        self.count += length as u64;
        self.most_values = self.most_values.max(length);
    }

    fn finish(mut self, feature: Feature, origin: Origin, rows: u64) -> Result<Fitted, String> {
        let needs_numbers = matches!(feature.map, Map::ZScore | Map::MinMax(..) | Map::Buckets(_) | Map::Boundaries(_))
            || matches!(feature.fill, Some(Fill::Mean | Fill::Median));
        if needs_numbers && self.kind == Some(Kind::Text) {
            return Err("the mapping needs numbers, and there are texts".to_owned());
        }
        if matches!(feature.map, Map::Hash(_)) && self.kind == Some(Kind::Float) {
            return Err("the mapping needs texts or integers, and there are floats".to_owned());
        }
        for distinct in self.texts.iter().chain(&self.rows) {
            if !distinct.exact() {
                return Err("its distinct values take more than 128 MiB: hash them instead".to_owned());
            }
        }
        let fill = self.fill(feature.fill.as_ref())?;
        if let Some(fill) = &fill {
            self.fill_gaps(fill);
        }
        let step = self.step(&feature.map, rows)?;
        Ok(Fitted { name: feature.name, origin, fill, step, most_values: self.most_values })
    }

    /// The value that fills gaps.
    fn fill(&self, fill: Option<&Fill>) -> Result<Option<Constant>, String> {
        let none = || "it has no value that could fill its gaps".to_owned();
        let number = |value: f64| match self.kind {
            // An integer stays one.
            #[allow(clippy::cast_possible_truncation, reason = "it has no fraction, and is not large")]
            Some(Kind::Int) if value.fract() == 0.0 && value.abs() < 9e15 => Constant::Int(value as i64),
            _ => Constant::Float(value),
        };
        Ok(Some(match fill {
            None => return Ok(None),
            Some(Fill::Value(text)) => match self.kind {
                Some(Kind::Text) | None => Constant::Text(text.clone()),
                Some(kind) => {
                    let value: f64 =
                        text.parse().map_err(|_| format!("`{text}` is no number, and its columns have numbers"))?;
                    if kind == Kind::Int && value.fract() != 0.0 {
                        return Err(format!("`{text}` is no integer, and its columns have integers"));
                    }
                    number(value)
                }
            },
            Some(Fill::Mean) => {
                if self.count == 0 {
                    return Err(none());
                }
                Constant::Float(self.moments.mean_and_deviation().0)
            }
            Some(Fill::Median) => {
                let counts = self.sketch.as_ref().map(Sketch::distribution).unwrap_or_default();
                let total: f64 = counts.iter().map(|(_, count)| count).sum();
                let at = |rank: f64| {
                    let mut below = 0.0;
                    counts.iter().find(|(_, count)| {
                        below += count;
                        below > rank
                    })
                };
                let low = at(((total - 1.0) / 2.0).floor()).ok_or_else(none)?.0;
                let high = at((total / 2.0).floor()).ok_or_else(none)?.0;
                Constant::Float(low.midpoint(high))
            }
            Some(Fill::MostFrequent) => {
                let texts = self.texts.as_ref().ok_or_else(none)?;
                let all = texts.most_frequent(usize::MAX);
                let most = all.first().ok_or_else(none)?.1;
                let tied =
                    all.iter().take_while(|(_, count)| *count == most).map(|(text, _)| String::from_utf8_lossy(text));
                match self.kind {
                    Some(Kind::Int) => Constant::Int(tied.filter_map(|text| text.parse().ok()).min().ok_or_else(none)?),
                    _ => Constant::Text(tied.min().ok_or_else(none)?.into_owned()),
                }
            }
        }))
    }

    /// Makes what was collected that of the filled column.
    fn fill_gaps(&mut self, fill: &Constant) {
        if self.gaps == 0 {
            return;
        }
        self.most_values = self.most_values.max(1);
        let (number, text) = match fill {
            Constant::Int(value) => (Some(*value as f64), value.to_string()),
            Constant::Float(value) => (Some(*value), String::new()),
            Constant::Text(text) => (None, text.clone()),
        };
        if let Some(number) = number {
            self.moments.add_times(number, self.gaps as f64);
            self.min = self.min.min(number);
            self.max = self.max.max(number);
            if let Some(sketch) = &mut self.sketch {
                sketch.add_weighted(number, self.gaps as f64);
            }
            if matches!(fill, Constant::Float(_)) && self.kind == Some(Kind::Int) {
                self.kind = Some(Kind::Float);
            }
        } else {
            self.kind = Some(Kind::Text);
        }
        for distinct in self.texts.iter_mut().chain(&mut self.rows) {
            distinct.add_times(text.as_bytes(), self.gaps);
        }
    }

    fn step(&self, map: &Map, rows: u64) -> Result<Step, String> {
        Ok(match map {
            Map::Same => Step::Same { int: self.kind == Some(Kind::Int), text: self.kind == Some(Kind::Text) },
            Map::ZScore => {
                let (mean, deviation) = self.moments.mean_and_deviation();
                Step::ZScore { mean: self.some(mean)?, deviation }
            }
            Map::MinMax(low, high) => {
                Step::MinMax { min: self.some(self.min)?, max: self.some(self.max)?, low: *low, high: *high }
            }
            Map::Buckets(count) => {
                let quantiles = self.sketch.as_ref().map(|sketch| sketch.quantiles(*count)).unwrap_or_default();
                let inner = quantiles.iter().map(|(value, _)| *value).skip(1).take(count - 1);
                let mut boundaries: Vec<f64> = inner.collect();
                #[allow(clippy::float_cmp, reason = "the same boundary")]
                boundaries.dedup_by(|a, b| a == b);
                self.some(0.0)?;
                Step::Buckets { boundaries }
            }
            Map::Boundaries(boundaries) => Step::Buckets { boundaries: boundaries.clone() },
            Map::Vocabulary(wanted) => Step::Vocabulary {
                values: self.vocabulary(wanted)?,
                oov_buckets: wanted.oov_buckets,
                default: wanted.default,
            },
            Map::OneHot(wanted, columns) => {
                let values = self.vocabulary(wanted)?;
                if values.len() > MOST {
                    return Err(format!("it has more than {MOST} values: give a top-k"));
                }
                Step::OneHot { values, oov_buckets: wanted.oov_buckets, columns: *columns }
            }
            Map::Hash(buckets) => Step::Hash { buckets: *buckets },
            Map::TfIdf(wanted, terms) => {
                let values = self.vocabulary(wanted)?;
                let in_rows = self.rows.as_ref().map(|rows| rows.most_frequent(usize::MAX)).unwrap_or_default();
                let known: std::collections::HashMap<&[u8], u64> = in_rows.iter().copied().collect();
                let of = |in_rows: u64| {
                    let (rows, in_rows) = (rows as f64, in_rows as f64);
                    if terms.smooth { ((rows + 1.0) / (in_rows + 1.0)).ln() + 1.0 } else { (rows / in_rows).ln() + 1.0 }
                };
                let mut weights: Vec<f64> =
                    values.iter().map(|value| of(known.get(value.as_bytes()).copied().unwrap_or(0))).collect();
                // Words that are not known are in no row of those analysed.
                let oov = (0..wanted.oov_buckets).map(|_| if terms.smooth { of(0) } else { 0.0 });
                weights.extend(oov);
                Step::TfIdf { values, oov_buckets: wanted.oov_buckets, weights, unit: terms.unit }
            }
        })
    }

    /// A number that only values give.
    fn some(&self, number: f64) -> Result<f64, String> {
        if self.count == 0 && self.gaps > 0 && !self.min.is_finite() {
            return Err("no row has a value of its columns".to_owned());
        }
        if number.is_finite() { Ok(number) } else { Err("its columns have infinite values, or none".to_owned()) }
    }

    /// The known values: the more frequent first, and of equally frequent ones the greater by bytes, as TFT has them.
    fn vocabulary(&self, wanted: &Vocabulary) -> Result<Vec<String>, String> {
        let Some(texts) = &self.texts else { return Ok(Vec::new()) };
        let ranked = texts.most_frequent(wanted.top_k.unwrap_or(usize::MAX));
        let kept = ranked.into_iter().filter(|(_, count)| *count >= wanted.threshold);
        // TFT's vocabularies are files of lines, and have none of these.
        let plain = kept.filter(|(text, _)| !text.is_empty() && !text.contains(&b'\n') && !text.contains(&b'\r'));
        let texts = plain.map(|(text, _)| String::from_utf8(text.to_vec()));
        texts
            .collect::<Result<_, _>>()
            .map_err(|_| "it has bytes that are no text, which a vocabulary cannot hold".to_owned())
    }
}
