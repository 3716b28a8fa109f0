//! Statistics of some rows as a file, to be merged with those of others.

use std::collections::BTreeMap;

use prost::Message as _;

use super::column::{Column, Lengths, Numbers, Sizes, Values};
use super::composite::{Component, Composite};
use super::{Options, Part, Statistics};
use crate::error::{Error, Result};
use crate::sketch::Sketch;
use crate::values::Values as Distinct;
use tables::ColumnType;

/// The form of the file.
const VERSION: u32 = 1;

/// The messages of the file. Numbers that belong together stand at the same places of several lists.
mod message {
    #![allow(missing_docs, reason = "the fields are those of what is written")]

    use std::collections::BTreeMap;

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Statistics {
        #[prost(uint32, tag = "1")]
        pub version: u32,
        #[prost(message, repeated, tag = "2")]
        pub columns: Vec<Typed>,
        #[prost(bool, tag = "3")]
        pub open: bool,
        #[prost(bool, tag = "4")]
        pub samples: bool,
        #[prost(bool, tag = "5")]
        pub sliced: bool,
        #[prost(message, optional, tag = "6")]
        pub all: Option<Part>,
        #[prost(btree_map = "string, message", tag = "7")]
        pub slices: BTreeMap<String, Part>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Typed {
        #[prost(string, tag = "1")]
        pub name: String,
        /// 0 for a column that is left out.
        #[prost(uint32, tag = "2")]
        pub column_type: u32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Part {
        #[prost(uint64, tag = "1")]
        pub rows: u64,
        #[prost(message, repeated, tag = "2")]
        pub columns: Vec<Column>,
        #[prost(message, repeated, tag = "3")]
        pub composites: Vec<Composite>,
    }

    /// Columns with their missing values and differences: first that of the values, which has no difference.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Composite {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(bool, tag = "2")]
        pub weighted: bool,
        #[prost(string, repeated, tag = "3")]
        pub columns: Vec<String>,
        #[prost(uint64, repeated, tag = "4")]
        pub missing: Vec<u64>,
        /// Both are empty before the first row.
        #[prost(sint64, repeated, tag = "5")]
        pub least: Vec<i64>,
        #[prost(sint64, repeated, tag = "6")]
        pub most: Vec<i64>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Column {
        #[prost(bool, tag = "1")]
        pub left_out: bool,
        #[prost(string, tag = "2")]
        pub name: String,
        #[prost(uint64, tag = "3")]
        pub present: u64,
        #[prost(uint64, repeated, tag = "4")]
        pub lengths: Vec<u64>,
        #[prost(message, optional, tag = "5")]
        pub lengths_sketch: Option<Sketch>,
        #[prost(message, optional, tag = "6")]
        pub numbers: Option<Numbers>,
        #[prost(bool, tag = "7")]
        pub single: bool,
        #[prost(message, optional, tag = "8")]
        pub texts: Option<Texts>,
        #[prost(message, optional, tag = "9")]
        pub sizes: Option<Sizes>,
    }

    /// Of bytes that are no text. Without a value there is no smallest one.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Sizes {
        #[prost(uint64, tag = "1")]
        pub total: u64,
        #[prost(uint64, optional, tag = "2")]
        pub least: Option<u64>,
        #[prost(uint64, tag = "3")]
        pub most: u64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Numbers {
        #[prost(uint64, repeated, tag = "1")]
        pub counts: Vec<u64>,
        #[prost(double, repeated, tag = "2")]
        pub figures: Vec<f64>,
        #[prost(message, optional, tag = "3")]
        pub sketch: Option<Sketch>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Texts {
        #[prost(bytes = "vec", repeated, tag = "1")]
        pub values: Vec<Vec<u8>>,
        #[prost(uint64, repeated, tag = "2")]
        pub counts: Vec<u64>,
        #[prost(bool, tag = "3")]
        pub estimated: bool,
        #[prost(fixed64, repeated, tag = "4")]
        pub smallest: Vec<u64>,
        #[prost(uint64, tag = "5")]
        pub bytes: u64,
        #[prost(uint64, tag = "6")]
        pub invalid: u64,
        #[prost(bool, tag = "7")]
        pub of_integers: bool,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Sketch {
        #[prost(uint64, tag = "1")]
        pub block: u64,
        #[prost(message, repeated, tag = "2")]
        pub levels: Vec<Entries>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Entries {
        #[prost(double, repeated, tag = "1")]
        pub values: Vec<f64>,
        #[prost(double, repeated, tag = "2")]
        pub weights: Vec<f64>,
        #[prost(double, repeated, tag = "3")]
        pub low: Vec<f64>,
        #[prost(double, repeated, tag = "4")]
        pub high: Vec<f64>,
    }
}

impl Statistics {
    /// All that was collected, as a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let columns = self.columns.iter().map(|(name, column_type)| message::Typed {
            name: name.clone(),
            column_type: column_type.map_or(0, number_of),
        });
        message::Statistics {
            version: VERSION,
            columns: columns.collect(),
            open: self.open,
            samples: self.options.samples,
            sliced: !self.options.slices.is_empty(),
            all: Some(part(&self.all)),
            slices: self.slices.iter().map(|(name, found)| (name.clone(), part(found))).collect(),
        }
        .encode_to_vec()
    }

    /// Reads what [`Self::to_bytes`] wrote. It can be merged and written, and no more rows can be added to it.
    ///
    /// # Errors
    /// It is no such file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let wrong = |why: &str| Error::Request(format!("this is no file of collected statistics: {why}"));
        let read = message::Statistics::decode(bytes).map_err(|error| wrong(&error.to_string()))?;
        if read.version != VERSION {
            return Err(wrong(&format!("it has version {}, and version {VERSION} is read", read.version)));
        }
        let typed = |typed: message::Typed| match typed.column_type {
            0 => Ok((typed.name, None)),
            number => match type_of(number) {
                Some(column_type) => Ok((typed.name, Some(column_type))),
                None => Err(wrong("a column has an unknown type")),
            },
        };
        let columns = read.columns.into_iter().map(typed).collect::<Result<Vec<_>>>()?;
        let known = columns.len();
        let part = |read: message::Part| match unpacked(read) {
            Some(part) if part.columns.len() == known => Ok(part),
            _ => Err(wrong("its numbers do not fit one another")),
        };
        let slicing = super::Slicing { features: Vec::new() };
        let slices = if read.sliced { vec![slicing] } else { Vec::new() };
        Ok(Self {
            options: Options { samples: read.samples, slices, ..Options::default() },
            columns,
            open: read.open,
            all: part(read.all.unwrap_or_default())?,
            slices: read
                .slices
                .into_iter()
                .map(|(name, found)| Ok((name, part(found)?)))
                .collect::<Result<BTreeMap<_, _>>>()?,
        })
    }
}

fn number_of(column_type: ColumnType) -> u32 {
    match column_type {
        ColumnType::Unknown => 1,
        ColumnType::Int => 2,
        ColumnType::Float => 3,
        ColumnType::Text => 4,
    }
}

fn type_of(number: u32) -> Option<ColumnType> {
    [ColumnType::Unknown, ColumnType::Int, ColumnType::Float, ColumnType::Text]
        .into_iter()
        .find(|column_type| number_of(*column_type) == number)
}

fn part(part: &Part) -> message::Part {
    let columns = part.columns.iter().map(|column| match column {
        Some(found) => column_message(found),
        None => message::Column { left_out: true, ..message::Column::default() },
    });
    message::Part {
        rows: part.rows,
        columns: columns.collect(),
        composites: part.composites.iter().map(composite_message).collect(),
    }
}

fn unpacked(read: message::Part) -> Option<Part> {
    if read.columns.iter().any(|column| column.present > read.rows) {
        return None;
    }
    let columns = read
        .columns
        .into_iter()
        .map(|column| if column.left_out { Some(None) } else { unpacked_column(column).map(Some) });
    let composites = read.composites.into_iter().map(unpacked_composite);
    Some(Part {
        rows: read.rows,
        columns: columns.collect::<Option<_>>()?,
        composites: composites.collect::<Option<_>>()?,
    })
}

fn composite_message(composite: &Composite) -> message::Composite {
    let components = || std::iter::once(&composite.values).chain(composite.others.iter().map(|(other, _)| other));
    // A row widens all differences.
    let differences = || composite.others.iter().filter_map(|(_, difference)| *difference);
    message::Composite {
        name: composite.name.clone(),
        weighted: composite.weighted,
        columns: components().map(|component| component.column.clone()).collect(),
        missing: components().map(|component| component.missing).collect(),
        least: differences().map(|(least, _)| least).collect(),
        most: differences().map(|(_, most)| most).collect(),
    }
}

fn unpacked_composite(read: message::Composite) -> Option<Composite> {
    let message::Composite { name, weighted, columns, missing, least, most } = read;
    let others = columns.len().checked_sub(1)?;
    let fits = least.is_empty() || least.len() == others;
    if missing.len() != columns.len() || least.len() != most.len() || !fits {
        return None;
    }
    let mut components = columns.into_iter().zip(missing).map(|(column, missing)| Component { column, missing });
    let values = components.next()?;
    let difference = |at: usize| Some((*least.get(at)?, *most.get(at)?));
    let others = components.enumerate().map(|(at, component)| (component, difference(at))).collect();
    Some(Composite { name, weighted, values, others })
}

fn column_message(column: &Column) -> message::Column {
    let (counts, sketch) = column.lengths.parts();
    let mut written = message::Column {
        name: column.name.clone(),
        present: column.present,
        lengths: counts.to_vec(),
        lengths_sketch: Some(sketch_message(&sketch)),
        ..message::Column::default()
    };
    match &column.values {
        Values::None => {}
        Values::Bytes(Sizes { total, range }) => {
            let least = range.map(|(least, _)| least);
            let most = range.map_or(0, |(_, most)| most);
            written.sizes = Some(message::Sizes { total: *total, least, most });
        }
        Values::Numbers { numbers, single } => {
            let (counts, figures, sketch) = numbers.parts();
            written.single = *single;
            written.numbers = Some(message::Numbers {
                counts: counts.to_vec(),
                figures: figures.to_vec(),
                sketch: Some(sketch_message(sketch)),
            });
        }
        Values::Text { values, bytes, invalid, of_integers } => {
            let mut counts: Vec<(&[u8], u64)> = values.counts().collect();
            counts.sort_unstable();
            written.texts = Some(message::Texts {
                values: counts.iter().map(|(value, _)| value.to_vec()).collect(),
                counts: counts.iter().map(|(_, count)| *count).collect(),
                estimated: !values.exact(),
                smallest: values.smallest().collect(),
                bytes: *bytes,
                invalid: *invalid,
                of_integers: *of_integers,
            });
        }
    }
    written
}

fn unpacked_column(read: message::Column) -> Option<Column> {
    let lengths = Lengths::of_parts(read.lengths.try_into().ok()?, sketch(read.lengths_sketch?)?);
    let values = match (read.numbers, read.texts, read.sizes) {
        (None, None, None) => Values::None,
        (None, None, Some(message::Sizes { total, least, most })) => {
            Values::Bytes(Sizes { total, range: least.map(|least| (least, most)) })
        }
        (Some(numbers), None, None) => {
            let sketch = sketch(numbers.sketch?)?;
            let numbers = Numbers::of_parts(numbers.counts.try_into().ok()?, numbers.figures.try_into().ok()?, sketch);
            Values::Numbers { numbers: Box::new(numbers), single: read.single }
        }
        (None, Some(texts), None) => {
            if texts.values.len() != texts.counts.len() {
                return None;
            }
            let smallest = texts.estimated.then_some(texts.smallest);
            let values = Distinct::of_counts(texts.values.into_iter().zip(texts.counts), smallest);
            Values::Text { values, bytes: texts.bytes, invalid: texts.invalid, of_integers: texts.of_integers }
        }
        _ => return None,
    };
    Some(Column { name: read.name, present: read.present, lengths, values })
}

fn sketch_message(sketch: &Sketch) -> message::Sketch {
    let (block, levels) = sketch.levels();
    let levels = levels.into_iter().map(|level| {
        let mut entries = message::Entries::default();
        for [value, weight, low, high] in level {
            entries.values.push(value);
            entries.weights.push(weight);
            entries.low.push(low);
            entries.high.push(high);
        }
        entries
    });
    message::Sketch { block: block as u64, levels: levels.collect() }
}

fn sketch(read: message::Sketch) -> Option<Sketch> {
    let level = |entries: message::Entries| {
        let message::Entries { values, weights, low, high } = entries;
        let lengths = [weights.len(), low.len(), high.len()];
        let fits = lengths.iter().all(|length| *length == values.len());
        let rest = weights.into_iter().zip(low.into_iter().zip(high));
        fits.then(|| {
            values.into_iter().zip(rest).map(|(value, (weight, (low, high)))| [value, weight, low, high]).collect()
        })
    };
    let levels = read.levels.into_iter().map(level).collect::<Option<Vec<Vec<[f64; 4]>>>>()?;
    Sketch::of_levels(usize::try_from(read.block).ok()?, levels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Slicing, Table, describe};

    /// Rows with texts, integers, floats, gaps, and a column that is empty in the first part.
    fn table(rows: std::ops::Range<u32>) -> String {
        let mut text = "name,n,x,late\n".to_owned();
        for k in rows {
            let name = if k % 7 == 0 { String::new() } else { format!("name {}", k % 41) };
            let late = if k < 2000 { String::new() } else { (k % 3).to_string() };
            text += &format!("{name},{},{}.5,{late}\n", k * 7_919 % 6007, k % 97);
        }
        text
    }

    fn collected(rows: std::ops::Range<u32>) -> Statistics {
        let slices = vec![Slicing { features: vec![("name".to_owned(), Some(vec!["name 3".to_owned()]))] }];
        let options = Options { slices, ..Options::default() };
        describe(&[Table::of("t", table(rows).as_bytes())], &options).unwrap()
    }

    #[test]
    fn parts_that_were_written_are_merged_as_the_parts_themselves() {
        let parts = [0..2000, 2000..2001, 2001..6007];
        let mut kept = collected(parts[0].clone());
        let mut read = Statistics::from_bytes(&kept.to_bytes()).unwrap();
        for part in &parts[1..] {
            let part = collected(part.clone());
            kept.merge(&part).unwrap();
            read.merge(&Statistics::from_bytes(&part.to_bytes()).unwrap()).unwrap();
            read = Statistics::from_bytes(&read.to_bytes()).unwrap();
        }
        assert_eq!(read.message(), kept.message());
        // Few enough values for quantiles to be exact: the whole is the same but for the last digits of means.
        let whole = collected(0..6007).message();
        let mut merged = read.message();
        assert_eq!(merged.datasets.len(), 2);
        for (ours, theirs) in merged.datasets.iter_mut().zip(&whole.datasets) {
            assert_eq!((ours.num_examples, &ours.name), (theirs.num_examples, &theirs.name));
            for (ours, theirs) in ours.features.iter_mut().zip(&theirs.features) {
                use crate::proto::feature_name_statistics::Stats::NumStats;
                if let (Some(NumStats(ours)), Some(NumStats(theirs))) = (&mut ours.stats, &theirs.stats) {
                    assert!((ours.mean - theirs.mean).abs() < 1e-9 && (ours.std_dev - theirs.std_dev).abs() < 1e-9);
                    (ours.mean, ours.std_dev) = (theirs.mean, theirs.std_dev);
                }
            }
        }
        assert_eq!(merged, whole);
    }

    #[test]
    fn columns_of_other_types_are_not_merged() {
        let of = |text: &str| describe(&[Table::of("t", text.as_bytes())], &Options::default()).unwrap();
        let mut first = of("a,b\n1,x\n");
        assert!(first.merge(&of("a\n1.5\n")).unwrap_err().to_string().contains("column `a`"));
        first.merge(&of("c,b\n1,\n")).unwrap();
        let message = first.message();
        let names: Vec<_> =
            message.datasets[0].features.iter().map(|feature| feature.field_id.clone().unwrap()).collect();
        assert_eq!((message.datasets[0].num_examples, names.len()), (2, 3));
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let whole = collected(0..300).to_bytes();
        assert!(Statistics::from_bytes(b"").is_err());
        for length in 0..whole.len().min(400) {
            let _ = Statistics::from_bytes(&whole[..length]);
        }
        for at in 0..whole.len().min(2000) {
            let mut bent = whole.clone();
            bent[at] ^= 0x55;
            if let Ok(read) = Statistics::from_bytes(&bent) {
                let _ = read.message();
            }
        }
    }
}
