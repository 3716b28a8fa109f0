//! What is collected of one column.

use tables::{ColumnType, Values as RowValues};

use super::{Claims, Sample};
use crate::histogram::{self, Range};
use crate::moments::Moments;
use crate::number::{Number, float};
use crate::proto::histogram::HistogramType::{Quantiles, Standard};
use crate::proto::{BytesStatistics, CommonStatistics, NumericStatistics};
use crate::sketch::Sketch;
use crate::values::Values as Distinct;

/// A column while rows are read.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    /// Rows in which it is there.
    pub present: u64,
    pub lengths: Lengths,
    pub values: Values,
}

/// How many values rows have in which the column is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Lengths {
    pub min: u64,
    pub max: u64,
    /// All values.
    pub total: u64,
    sketch: Sketch,
    /// A length and in how many rows one after the other it was seen.
    run: (u64, u64),
}

impl Lengths {
    fn add(&mut self, length: u64, first: bool) {
        self.min = if first { length } else { self.min.min(length) };
        self.max = self.max.max(length);
        self.total += length;
        if self.run.0 != length {
            self.end();
            self.run.0 = length;
        }
        self.run.1 += 1;
    }

    fn end(&mut self) {
        self.sketch.add_weighted(self.run.0 as f64, self.run.1 as f64);
        self.run.1 = 0;
    }

    fn merge(&mut self, other: &Self, (ours, theirs): (bool, bool)) {
        self.min = match (ours, theirs) {
            (true, true) => self.min.min(other.min),
            (true, false) => self.min,
            _ => other.min,
        };
        self.max = self.max.max(other.max);
        self.total += other.total;
        self.end();
        self.sketch.merge(&other.sketch);
        self.sketch.add_weighted(other.run.0 as f64, other.run.1 as f64);
    }

    /// All that was collected: minimum, maximum and sum, and the sketch.
    pub fn parts(&self) -> ([u64; 3], Sketch) {
        let mut all = self.clone();
        all.end();
        ([self.min, self.max, self.total], all.sketch)
    }

    /// The same back.
    pub fn of_parts([min, max, total]: [u64; 3], sketch: Sketch) -> Self {
        Self { min, max, total, sketch, run: (0, 0) }
    }

    /// The quantiles of all lengths.
    pub fn quantiles(&self) -> Vec<(f64, f64)> {
        let mut all = self.clone();
        all.end();
        all.sketch.quantiles(histogram::BUCKETS)
    }
}

/// What is kept of the values.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// There are none.
    None,
    /// Numbers, in single precision or integers.
    Numbers { numbers: Box<Numbers>, single: bool },
    /// Text, or integers that are categories, with how many bytes they have together, and how many values are no UTF-8 text.
    Text { values: Distinct, bytes: u64, invalid: u64, of_integers: bool },
    /// Bytes that are no text, such as images.
    Bytes(Sizes),
}

/// How many bytes values have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sizes {
    pub total: u64,
    /// The smallest and the largest value; none before the first.
    pub range: Option<(u64, u64)>,
}

impl Sizes {
    fn add(&mut self, size: usize) {
        let size = size as u64;
        self.merge(&Self { total: size, range: Some((size, size)) });
    }

    fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.range = match (self.range, other.range) {
            (Some((min, max)), Some((less, more))) => Some((min.min(less), max.max(more))),
            (known, None) | (None, known) => known,
        };
    }

    #[allow(clippy::cast_possible_truncation, reason = "the format keeps sizes in single precision")]
    pub fn message(&self, common_stats: Option<CommonStatistics>, values: u64) -> BytesStatistics {
        let Some((min, max)) = self.range else {
            return BytesStatistics { common_stats, ..BytesStatistics::default() };
        };
        BytesStatistics {
            common_stats,
            unique: 0,
            avg_num_bytes: (self.total as f64 / values as f64) as f32,
            min_num_bytes: min as f32,
            max_num_bytes: max as f32,
            max_num_bytes_int: i64::try_from(max).unwrap_or(i64::MAX),
        }
    }
}

impl Column {
    pub fn new(name: &str, kind: ColumnType, claims: Claims, precise: bool) -> Self {
        let text = |of_integers| Values::Text { values: Distinct::default(), bytes: 0, invalid: 0, of_integers };
        let numbers = |single| {
            let sketch = if precise { Sketch::precise() } else { Sketch::default() };
            Values::Numbers { numbers: Box::new(Numbers { sketch, ..Numbers::default() }), single }
        };
        let values = match kind {
            // Without a value, what the schema says is believed.
            ColumnType::Unknown | ColumnType::Text if claims.images => Values::Bytes(Sizes::default()),
            ColumnType::Unknown => Values::None,
            ColumnType::Int if claims.categories => text(true),
            ColumnType::Int => numbers(false),
            ColumnType::Float => numbers(true),
            ColumnType::Text => text(false),
        };
        Self { name: name.to_owned(), present: 0, lengths: Lengths::default(), values }
    }

    /// Adds a cell. An empty one is a missing value.
    pub fn add(&mut self, cell: &str) -> Result<(), String> {
        if cell.is_empty() {
            return Ok(());
        }
        let shown = || cell.chars().take(40).collect::<String>();
        match &mut self.values {
            Values::None => return Err(format!("`{}` is a value, and there was none before", shown())),
            Values::Bytes(sizes) => sizes.add(cell.len()),
            Values::Text { values, bytes, of_integers: false, .. } => {
                values.add(cell.as_bytes());
                *bytes += cell.len() as u64;
            }
            Values::Text { values, bytes, of_integers: true, .. } => {
                let Some(Number::Int(value)) = Number::parse(cell.as_bytes()) else {
                    return Err(format!("`{}` is no integer of 64 bits", shown()));
                };
                let value = value.to_string();
                values.add(value.as_bytes());
                *bytes += value.len() as u64;
            }
            Values::Numbers { numbers, single: false } => match Number::parse(cell.as_bytes()) {
                Some(value @ Number::Int(_)) => numbers.add(value.as_f64()),
                _ => return Err(format!("`{}` is no integer of 64 bits", shown())),
            },
            Values::Numbers { numbers, single: true } => match float(cell) {
                #[allow(clippy::cast_possible_truncation, reason = "single precision is meant")]
                Some(value) => numbers.add(f64::from(value as f32)),
                None => return Err(format!("`{}` is no number", shown())),
            },
        }
        self.lengths.add(1, self.present == 0);
        self.present += 1;
        Ok(())
    }

    /// Adds what a row has of the column.
    pub fn add_values(&mut self, row: RowValues<'_>) -> Result<(), String> {
        let Some(length) = row.count() else { return Ok(()) };
        match (&mut self.values, row) {
            (_, RowValues::Missing | RowValues::Empty) => {}
            (Values::Bytes(sizes), RowValues::Bytes(texts)) => texts.iter().for_each(|text| sizes.add(text.len())),
            (Values::Text { values, bytes, invalid, of_integers: false }, RowValues::Bytes(texts)) => {
                for text in texts.iter() {
                    values.add(text);
                    *bytes += text.len() as u64;
                    *invalid += u64::from(std::str::from_utf8(text).is_err());
                }
            }
            (Values::Text { values, bytes, of_integers: true, .. }, RowValues::Ints(numbers)) => {
                for number in numbers {
                    let text = number.to_string();
                    values.add(text.as_bytes());
                    *bytes += text.len() as u64;
                }
            }
            (Values::Numbers { numbers, single: false }, RowValues::Ints(values)) => {
                for value in values {
                    numbers.add(*value as f64);
                }
            }
            #[allow(clippy::cast_possible_truncation, reason = "single precision is meant")]
            (Values::Numbers { numbers, single: true }, RowValues::Floats(values)) => {
                for value in values {
                    numbers.add(f64::from(*value as f32));
                }
            }
            (_, row) => {
                let found = match row {
                    RowValues::Ints(_) => "integers",
                    RowValues::Floats(_) => "floats",
                    _ => "texts",
                };
                return Err(format!("column `{}` has {found}, and another type before or in the schema", self.name));
            }
        }
        self.lengths.add(length as u64, self.present == 0);
        self.present += 1;
        Ok(())
    }

    /// Ends what TFDV describes at once.
    pub fn end_batch(&mut self) {
        if let Values::Numbers { numbers, .. } = &mut self.values {
            numbers.moments.settle();
        }
    }

    /// The same column without rows.
    pub fn emptied(&self) -> Self {
        Self { present: 0, lengths: Lengths::default(), values: Values::None, name: self.name.clone() }
    }

    pub fn merge(&mut self, other: &Self) {
        self.lengths.merge(&other.lengths, (self.present > 0, other.present > 0));
        self.present += other.present;
        match (&mut self.values, &other.values) {
            (Values::Numbers { numbers, .. }, Values::Numbers { numbers: others, .. }) => numbers.merge(others),
            (
                Values::Text { values, bytes, invalid, .. },
                Values::Text { values: others, bytes: more, invalid: wrong, .. },
            ) => {
                values.merge(others);
                *bytes += more;
                *invalid += wrong;
            }
            (Values::Bytes(sizes), Values::Bytes(others)) => sizes.merge(others),
            (values @ Values::None, others) => *values = others.clone(),
            _ => {}
        }
    }

    pub fn sample(&self) -> Option<Sample> {
        match &self.values {
            Values::None | Values::Bytes(_) => None,
            Values::Numbers { numbers, single } => {
                Some(Sample::Numbers { counts: numbers.sketch.distribution(), integers: !single })
            }
            Values::Text { values, .. } => {
                let all = values.most_frequent(usize::MAX).into_iter();
                Some(Sample::Texts(
                    all.map(|(text, count)| (String::from_utf8_lossy(text).into_owned(), count as f64)).collect(),
                ))
            }
        }
    }

    /// The texts, of a column that has any.
    pub fn texts(&mut self) -> Option<&mut Distinct> {
        match &mut self.values {
            Values::Text { values, .. } => Some(values),
            _ => None,
        }
    }

    pub fn exact(&self) -> bool {
        !matches!(&self.values, Values::Text { values, .. } if !values.exact())
    }
}

/// What is collected of numbers.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    /// Values without NaN.
    count: u64,
    nan: u64,
    zeros: u64,
    positive_infinities: f64,
    min: f64,
    max: f64,
    finite_min: f64,
    finite_max: f64,
    moments: Moments,
    sketch: Sketch,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            count: 0,
            nan: 0,
            zeros: 0,
            positive_infinities: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            finite_min: f64::INFINITY,
            finite_max: f64::NEG_INFINITY,
            moments: Moments::default(),
            sketch: Sketch::default(),
        }
    }
}

impl Numbers {
    fn add(&mut self, value: f64) {
        if value.is_nan() {
            self.nan += 1;
            return;
        }
        self.count += 1;
        self.zeros += u64::from(value == 0.0);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if value.is_finite() {
            self.finite_min = self.finite_min.min(value);
            self.finite_max = self.finite_max.max(value);
        } else if value > 0.0 {
            self.positive_infinities += 1.0;
        }
        self.moments.add(value);
        self.sketch.add(value);
    }

    /// All that was collected: counts, figures, and the sketch.
    pub fn parts(&self) -> ([u64; 3], [f64; 8], &Sketch) {
        let (count, mean, variance) = self.moments.parts();
        let figures =
            [self.positive_infinities, self.min, self.max, self.finite_min, self.finite_max, count, mean, variance];
        ([self.count, self.nan, self.zeros], figures, &self.sketch)
    }

    /// The same back.
    pub fn of_parts([count, nan, zeros]: [u64; 3], figures: [f64; 8], sketch: Sketch) -> Self {
        let [positive_infinities, min, max, finite_min, finite_max, seen, mean, variance] = figures;
        let moments = Moments::of_parts(seen, mean, variance);
        Self { count, nan, zeros, positive_infinities, min, max, finite_min, finite_max, moments, sketch }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.nan += other.nan;
        self.zeros += other.zeros;
        self.positive_infinities += other.positive_infinities;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.finite_min = self.finite_min.min(other.finite_min);
        self.finite_max = self.finite_max.max(other.finite_max);
        self.moments.merge(&other.moments);
        self.sketch.merge(&other.sketch);
    }

    /// All but the common statistics.
    pub fn message(&self, single: bool) -> NumericStatistics {
        if self.count == 0 {
            let nan = |kind: crate::proto::histogram::HistogramType| crate::proto::Histogram {
                num_nan: self.nan,
                r#type: kind.into(),
                ..crate::proto::Histogram::default()
            };
            let histograms = if self.nan > 0 { vec![nan(Standard), nan(Quantiles)] } else { Vec::new() };
            return NumericStatistics { histograms, ..NumericStatistics::default() };
        }
        let quantiles = self.sketch.quantiles(histogram::QUANTILES);
        let range = Range {
            finite_min: self.finite_min,
            finite_max: self.finite_max,
            positive_infinities: self.positive_infinities,
            single,
        };
        let (mean, std_dev) = self.moments.mean_and_deviation();
        NumericStatistics {
            mean,
            std_dev,
            num_zeros: self.zeros,
            min: self.min,
            // Never averaged: of an even number of values the upper one of the two in the middle.
            median: quantiles[histogram::QUANTILES / 2].0,
            max: self.max,
            histograms: vec![
                histogram::of_equal_width(&quantiles, range, self.nan),
                histogram::of_quantiles(
                    &histogram::thinned(&quantiles, histogram::QUANTILES / histogram::BUCKETS),
                    self.nan,
                ),
            ],
            ..NumericStatistics::default()
        }
    }
}
