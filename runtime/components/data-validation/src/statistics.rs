//! Statistics of a table, as TFDV's `generate_statistics_from_csv` gives them.
//!
//! The table is read twice, as TFDV reads it: once for the types of its columns, once for everything else. Memory does not grow with the
//! number of rows, but for the distinct values of text columns, up to a bound.
//!
//! Where this is not TFDV: beyond some 5,700 distinct values of a numeric column both give quantiles, medians and counts of histograms within
//! a tolerance of 1 % of the rows, and not always the same ones, since TFDV's depend on how its runner splits the rows. Text columns
//! whose distinct values need more than 128 MiB get an estimate of their number ([`Statistics::estimated`]), where TFDV's memory grows.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::csv::{Dialect, Reader};
use crate::error::{Error, Result};
use crate::histogram;
use crate::proto::{
    CommonStatistics, DatasetFeatureStatistics, DatasetFeatureStatisticsList, FeatureNameStatistics, NumericStatistics,
    Path, RankHistogram, Schema, StringStatistics, feature_name_statistics, rank_histogram, string_statistics,
};
use crate::sketch::Sketch;

mod column;
mod types;

pub use types::{ColumnType, Types};

use column::{Column, Values as ColumnValues};

/// How to describe a table.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How its text is laid out.
    pub dialect: Dialect,
    /// What is known of the columns: which integers are categories.
    pub schema: Option<Schema>,
    /// Whether the schema gives the types of the columns, too. Columns that it does not name are then left out.
    pub types_from_schema: bool,
    /// Whether values are kept so exactly that [`Statistics::samples`] can be compared.
    pub samples: bool,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// Distinct numbers in ascending order, each with how often it occurs, without NaN.
    Numbers {
        /// The numbers.
        counts: Vec<(f64, f64)>,
        /// Whether all are integers.
        integers: bool,
    },
    /// Texts with how often each occurs.
    Texts(BTreeMap<String, f64>),
}

/// Statistics of rows that are still being read.
#[derive(Debug, Clone)]
pub struct Statistics {
    rows: u64,
    columns: Vec<Option<Column>>,
}

impl Statistics {
    /// Of no rows yet.
    #[must_use]
    pub fn new(types: &Types, options: &Options) -> Self {
        let schema = options.schema.as_ref();
        let columns = types.columns.iter().map(|(name, column_type)| {
            let categorical = schema.is_some_and(|schema| categorical(schema, name));
            Some(Column::new(name, (*column_type)?, categorical, options.samples))
        });
        Self { rows: 0, columns: columns.collect() }
    }

    /// Reads all rows of a table with these columns.
    ///
    /// # Errors
    /// What is wrong with the table, and cells that are not of their column's type.
    pub fn read<R: BufRead>(&mut self, input: R, file: &str, dialect: Dialect) -> Result<()> {
        let mut reader = Reader::new(input, file, dialect)?;
        let same =
            |(name, column): (&String, &Option<Column>)| column.as_ref().is_none_or(|column| column.name == *name);
        if reader.columns().len() != self.columns.len() || !reader.columns().iter().zip(&self.columns).all(same) {
            return Err(Error::Request(format!("{file} has other columns than when their types were read")));
        }
        loop {
            let line = reader.line() + 1;
            let Some(row) = reader.next_row()? else { return Ok(()) };
            self.rows += 1;
            for (cell, column) in row.cells().zip(&mut self.columns) {
                let Some(column) = column else { continue };
                if let Err(problem) = column.add(cell) {
                    let column = column.name.clone();
                    return Err(Error::Cell { file: file.to_owned(), line, column, problem });
                }
            }
        }
    }

    /// Adds the rows that another has read, of a table with the same columns and types.
    ///
    /// # Errors
    /// The columns or their types differ.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let same = |(a, b): (&Option<Column>, &Option<Column>)| match (a, b) {
            (Some(a), Some(b)) => a.name == b.name && a.kind == b.kind,
            (a, b) => a.is_none() && b.is_none(),
        };
        if self.columns.len() != other.columns.len() || !self.columns.iter().zip(&other.columns).all(same) {
            return Err(Error::Request("statistics of different columns or types cannot be put together".to_owned()));
        }
        self.rows += other.rows;
        for (column, other) in self.columns.iter_mut().zip(&other.columns) {
            if let (Some(column), Some(other)) = (column, other) {
                column.merge(other);
            }
        }
        Ok(())
    }

    /// Columns whose number of distinct values is an estimate.
    pub fn estimated(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flatten().filter(|column| !column.exact()).map(|column| column.name.as_str())
    }

    /// The values of the columns that have any.
    pub fn samples(&self) -> impl Iterator<Item = (&str, Sample)> {
        self.columns.iter().flatten().filter_map(|column| Some((column.name.as_str(), column.sample()?)))
    }

    /// What was found, as TFDV writes it.
    #[must_use]
    pub fn message(&self) -> DatasetFeatureStatisticsList {
        // TFDV learns of columns from rows.
        let columns = self.columns.iter().flatten().filter(|_| self.rows > 0);
        let features = columns.map(|column| feature(column, self.rows)).collect();
        let dataset =
            DatasetFeatureStatistics { num_examples: self.rows, features, ..DatasetFeatureStatistics::default() };
        DatasetFeatureStatisticsList { datasets: vec![dataset] }
    }
}

/// A table, or a part of one, that can be read again.
pub struct Table<'a> {
    /// What errors call it.
    pub name: String,
    /// Begins to read it.
    pub open: Box<dyn Fn() -> Box<dyn BufRead + 'a> + 'a>,
}

impl<'a> Table<'a> {
    /// A table in memory.
    #[must_use]
    pub fn of(name: &str, text: &'a [u8]) -> Self {
        Self { name: name.to_owned(), open: Box::new(move || Box::new(text)) }
    }
}

/// Describes the rows of several tables with the same columns.
///
/// # Errors
/// What is wrong with a table, or with the schema that gives its types.
pub fn describe(tables: &[Table<'_>], options: &Options) -> Result<Statistics> {
    let mut statistics = Statistics::new(&types(tables, options)?, options);
    for table in tables {
        statistics.read((table.open)(), &table.name, options.dialect)?;
    }
    Ok(statistics)
}

/// The types of the columns of several tables.
///
/// # Errors
/// What is wrong with a table, or with the schema that gives its types.
pub fn types(tables: &[Table<'_>], options: &Options) -> Result<Types> {
    let mut types = Types::default();
    match (&options.schema, tables) {
        (Some(schema), [first, ..]) if options.types_from_schema => {
            let reader = Reader::new((first.open)(), &first.name, options.dialect)?;
            types = Types::from_schema(reader.columns(), schema)?;
        }
        _ => {
            for table in tables {
                types.read((table.open)(), &table.name, options.dialect)?;
            }
        }
    }
    Ok(types)
}

/// Whether a schema says that the integers of a column are categories.
fn categorical(schema: &Schema, name: &str) -> bool {
    use crate::proto::feature::DomainInfo;
    let feature = schema.feature.iter().find(|feature| feature.name() == name);
    matches!(feature.and_then(|feature| feature.domain_info.as_ref()),
        Some(DomainInfo::IntDomain(domain)) if domain.is_categorical())
}

#[allow(clippy::cast_possible_truncation, reason = "the format keeps averages in single precision")]
fn feature(column: &Column, rows: u64) -> FeatureNameStatistics {
    use feature_name_statistics::{FieldId, Stats, Type};
    let common_stats = Some(common(column.present, rows));
    let (kind, stats) = match &column.values {
        ColumnValues::None => {
            (Type::String, Stats::StringStats(StringStatistics { common_stats, ..StringStatistics::default() }))
        }
        ColumnValues::Text { values, bytes, of_integers } => {
            let ranked = values.most_frequent(crate::values::RANKS);
            let top = ranked.iter().take(crate::values::TOP).map(|(value, count)| string_statistics::FreqAndValue {
                value: (*value).to_owned(),
                frequency: *count as f64,
            });
            let ranks = ranked.iter().zip(0..).map(|((value, count), rank)| rank_histogram::Bucket {
                low_rank: rank,
                high_rank: rank,
                label: (*value).to_owned(),
                sample_count: *count as f64,
            });
            let stats = StringStatistics {
                common_stats,
                unique: values.distinct(),
                top_values: top.collect(),
                avg_length: (*bytes as f64 / column.present as f64) as f32,
                rank_histogram: Some(RankHistogram { buckets: ranks.collect(), name: String::new() }),
                ..StringStatistics::default()
            };
            (if *of_integers { Type::Int } else { Type::String }, Stats::StringStats(stats))
        }
        ColumnValues::Numbers { numbers, single } => {
            let stats = NumericStatistics { common_stats, ..numbers.message(*single) };
            (if *single { Type::Float } else { Type::Int }, Stats::NumStats(stats))
        }
    };
    FeatureNameStatistics {
        field_id: Some(FieldId::Path(Path { step: vec![column.name.clone()] })),
        r#type: kind.into(),
        stats: Some(stats),
        custom_stats: Vec::new(),
    }
}

/// How many rows have a value, each of which then has exactly one.
fn common(present: u64, rows: u64) -> CommonStatistics {
    let mut common =
        CommonStatistics { num_non_missing: present, num_missing: rows - present, ..CommonStatistics::default() };
    if present > 0 {
        let mut lengths = Sketch::default();
        lengths.add_weighted(1.0, present as f64);
        common.min_num_values = 1;
        common.max_num_values = 1;
        common.avg_num_values = 1.0;
        common.tot_num_values = present;
        common.num_values_histogram = Some(histogram::of_quantiles(&lengths.quantiles(histogram::BUCKETS), 0));
    }
    common
}
