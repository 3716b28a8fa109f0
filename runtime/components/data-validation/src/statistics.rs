//! Statistics of a table, as TFDV's `generate_statistics_from_csv` and `generate_statistics_from_tfrecord` give them.
//!
//! CSV and JSON lines are read twice, as TFDV reads CSV: once for the types of the columns, once for everything else. Memory does not grow with the
//! number of rows, but for the distinct values of text columns, up to a bound.
//!
//! Where this is not TFDV: beyond some 5,700 distinct values of a numeric column both give quantiles, medians and counts of histograms within
//! a tolerance of 1 % of the rows, and not always the same ones, since TFDV's depend on how its runner splits the rows. Text columns
//! whose distinct values need more than 128 MiB, or 512 MiB together, get an estimate of their number ([`Statistics::estimated`]), where TFDV's
//! memory grows.

use std::collections::BTreeMap;

use tables::csv::Dialect;
use tables::{Format, Reader, Record, Rows, Values};

use crate::error::{Error, Result};
use crate::histogram;
use crate::proto::{
    CommonStatistics, DatasetFeatureStatistics, DatasetFeatureStatisticsList, FeatureNameStatistics, FeatureType,
    NumericStatistics, Path, RankHistogram, Schema, StringStatistics, feature_name_statistics, rank_histogram,
    string_statistics,
};

mod column;
mod composite;
mod partial;
mod slices;

pub use slices::Slicing;
pub use tables::{ColumnType, Table, Types};

use column::{Column, Values as ColumnValues};
use composite::Composite;

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
    /// Parts of the rows that are described beside all of them.
    pub slices: Vec<Slicing>,
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

/// Rows that TFDV describes at once.
const BATCH: u64 = 1000;
/// What the distinct values of all text columns may take in memory, about, those of slices too.
const MOST_TEXT: usize = 512 << 20;

/// What is collected of some rows.
#[derive(Debug, Clone, Default)]
struct Part {
    rows: u64,
    /// In the order of the columns; none for one that is left out.
    columns: Vec<Option<Column>>,
    /// Sparse and weighted features.
    composites: Vec<Composite>,
}

impl Part {
    /// Counts a row, with which a batch may begin.
    fn begin_row(&mut self) {
        if self.rows.is_multiple_of(BATCH) {
            self.columns.iter_mut().flatten().for_each(Column::end_batch);
        }
        self.rows += 1;
    }

    fn add(&mut self, row: &Record, positions: &[Option<usize>]) -> Result<(), String> {
        self.begin_row();
        self.composites.iter_mut().for_each(|composite| composite.add(|name| row.of(name).count()));
        for (at, position) in positions.iter().enumerate() {
            let values = row.values(at);
            if values == Values::Missing {
                continue;
            }
            let column = position.and_then(|position| self.columns.get_mut(position)).and_then(Option::as_mut);
            if let Some(column) = column {
                column.add_values(values)?;
            }
        }
        Ok(())
    }
}

/// Statistics of rows that are still being read.
#[derive(Debug, Clone)]
pub struct Statistics {
    options: Options,
    /// Names and types of the columns, none for one that is left out.
    columns: Vec<(String, Option<ColumnType>)>,
    /// Whether rows may bring new columns.
    open: bool,
    all: Part,
    slices: BTreeMap<String, Part>,
}

impl Statistics {
    /// Of no rows yet. Rows of formats that tell their types may bring columns that are not among these.
    #[must_use]
    pub fn new(types: &Types, options: &Options) -> Self {
        let mut statistics = Self {
            options: options.clone(),
            columns: types.columns().map(|(name, column_type)| (name.to_owned(), column_type)).collect(),
            open: !options.types_from_schema,
            all: Part::default(),
            slices: BTreeMap::new(),
        };
        statistics.options.slices.iter_mut().for_each(Slicing::sort);
        statistics.all = statistics.part();
        statistics
    }

    /// A part without rows.
    fn part(&self) -> Part {
        let columns = self.columns.iter().map(|(name, column_type)| Some(self.column(name, (*column_type)?)));
        let composites = self.options.schema.as_ref().map(Composite::all).unwrap_or_default();
        Part { rows: 0, columns: columns.collect(), composites }
    }

    fn column(&self, name: &str, column_type: ColumnType) -> Column {
        let claims = self.options.schema.as_ref().map(|schema| Claims::of(schema, name)).unwrap_or_default();
        Column::new(name, column_type, claims, self.options.samples)
    }

    /// Reads all rows of a table.
    ///
    /// # Errors
    /// What is wrong with the table, and values that are not of their column's type.
    pub fn read(&mut self, table: &Table<'_>, types: &Types) -> Result<()> {
        match table.read(self.options.dialect, Some(types))? {
            Reader::Csv(reader) => self.read_cells(reader, &table.name, types),
            Reader::Rows(rows, format) => self.read_rows(rows, format, &table.name),
        }
    }

    fn read_cells(
        &mut self,
        mut reader: tables::csv::Reader<Box<dyn std::io::BufRead + '_>>,
        file: &str,
        types: &Types,
    ) -> Result<()> {
        if !self.columns.iter().map(|(name, _)| name).eq(reader.columns()) {
            return Err(Error::Request(format!("{file} has other columns than when their types were read")));
        }
        let positions: Vec<Option<usize>> = (0..self.columns.len()).map(Some).collect();
        let mut record = Record::default();
        loop {
            let line = reader.line() + 1;
            let Some(row) = reader.next_row()? else { return Ok(()) };
            let wrong = |place: String, problem: String| tables::Error::at(file, place, problem);
            if !self.options.slices.is_empty() {
                types.row(row, &mut record, true).map_err(|problem| wrong(format!("line {line}"), problem))?;
                self.add_to_slices(&record, &positions).map_err(|problem| wrong(format!("line {line}"), problem))?;
            }
            self.all.begin_row();
            if !self.all.composites.is_empty() {
                let row = self.columns.iter().zip(row.cells());
                let lengths: BTreeMap<&str, usize> =
                    row.filter(|(_, cell)| !cell.is_empty()).map(|((name, _), _)| (name.as_str(), 1)).collect();
                self.all.composites.iter_mut().for_each(|composite| composite.add(|name| lengths.get(name).copied()));
            }
            for (cell, column) in row.cells().zip(&mut self.all.columns) {
                let Some(column) = column else { continue };
                if let Err(problem) = column.add(cell) {
                    return Err(wrong(format!("line {line}, column `{}`", column.name), problem).into());
                }
            }
            if self.all.rows.is_multiple_of(BATCH) {
                self.bound(MOST_TEXT);
            }
        }
    }

    fn read_rows(&mut self, mut rows: Box<dyn Rows + '_>, format: Format, file: &str) -> Result<()> {
        let mut row = Record::default();
        // Where the columns of these rows stand among all, and which have no type yet.
        let mut positions = Vec::new();
        let mut untyped: Vec<usize> = Vec::new();
        while rows.advance(&mut row)? {
            let known = positions.len();
            if row.names().len() > known {
                let mut new: Vec<usize> = (known..row.names().len()).collect();
                untyped.extend(&new);
                // The features of an example have no order; TFDV takes new ones by name.
                if format == Format::TfRecord {
                    new.sort_by_key(|at| &row.names()[*at]);
                }
                positions.resize(row.names().len(), None);
                for at in new {
                    positions[at] = self.position(&row.names()[at]);
                }
            }
            if !untyped.is_empty() {
                untyped.retain(|at| !self.learn(positions[*at], row.values(*at)));
            }
            let added = self.all.add(&row, &positions).and_then(|()| self.add_to_slices(&row, &positions));
            added.map_err(|problem| tables::Error::at(file, rows.place(), problem))?;
            if self.all.rows.is_multiple_of(BATCH) {
                self.bound(MOST_TEXT);
            }
        }
        Ok(())
    }

    /// Forgets rare texts where they are most, until all take no more than this in memory.
    fn bound(&mut self, most: usize) {
        let columns =
            self.slices.values_mut().chain([&mut self.all]).flat_map(|part| part.columns.iter_mut().flatten());
        let mut texts: Vec<_> = columns.filter_map(Column::texts).collect();
        let mut all: usize = texts.iter().map(|texts| texts.bytes()).sum();
        while all > most {
            let Some(largest) = texts.iter_mut().max_by_key(|texts| texts.bytes()) else { return };
            let before = largest.bytes();
            largest.forget();
            // One long text is kept, as its row was.
            if largest.bytes() == before {
                return;
            }
            all -= before - largest.bytes();
        }
    }

    /// Where a column stands; none if it is left out.
    fn position(&mut self, name: &str) -> Option<usize> {
        let known = self.columns.iter().position(|(known, _)| known == name);
        if known.is_some() || !self.open {
            return known;
        }
        self.columns.push((name.to_owned(), Some(ColumnType::Unknown)));
        let new = self.column(name, ColumnType::Unknown);
        for part in self.slices.values_mut().chain([&mut self.all]) {
            part.columns.push(Some(new.clone()));
        }
        Some(self.columns.len() - 1)
    }

    /// Learns the type of a column from a row that has it. True if there is no more to be learned.
    fn learn(&mut self, position: Option<usize>, values: Values<'_>) -> bool {
        let Some(position) = position else { return true };
        let Some((name, Some(ColumnType::Unknown))) = self.columns.get(position) else { return true };
        let found = match values {
            Values::Missing | Values::Empty => return false,
            Values::Ints(_) => ColumnType::Int,
            Values::Floats(_) => ColumnType::Float,
            Values::Bytes(_) => ColumnType::Text,
        };
        let new = self.column(name, found);
        self.columns[position].1 = Some(found);
        for part in self.slices.values_mut().chain([&mut self.all]) {
            let known = part.columns.get_mut(position).and_then(Option::as_mut);
            if let Some(known) = known {
                // What is known is in how many rows it was there without values.
                *known = Column { present: known.present, lengths: known.lengths.clone(), ..new.clone() };
            }
        }
        true
    }

    /// Adds the rows that another has read. Columns that only one of both has are missing in the rows of the other.
    ///
    /// # Errors
    /// A column has another type there.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let mut positions = Vec::new();
        for (name, column_type) in &other.columns {
            let known = self.columns.iter().position(|(known, _)| known == name);
            let at = known.unwrap_or(self.columns.len());
            positions.push(at);
            match self.columns.get(at).map(|(_, known)| *known) {
                None => {
                    self.columns.push((name.clone(), *column_type));
                    let new = column_type.map(|_| Column::new(name, ColumnType::Unknown, Claims::default(), false));
                    for part in self.slices.values_mut().chain([&mut self.all]) {
                        part.columns.push(new.clone());
                    }
                }
                Some(known) if known == *column_type || *column_type == Some(ColumnType::Unknown) => {}
                Some(Some(ColumnType::Unknown)) => self.columns[at].1 = *column_type,
                Some(_) => {
                    return Err(Error::Request(format!(
                        "column `{name}` has values of another type in other rows: take the types from a schema (`types-from-schema`)"
                    )));
                }
            }
        }
        self.all.merge(&other.all, &positions);
        let empty = Part {
            rows: 0,
            columns: self.all.columns.iter().map(|column| column.as_ref().map(Column::emptied)).collect(),
            composites: Vec::new(),
        };
        for (name, part) in &other.slices {
            self.slices.entry(name.clone()).or_insert_with(|| empty.clone()).merge(part, &positions);
        }
        self.bound(MOST_TEXT);
        Ok(())
    }

    /// Rows that were read.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.all.rows
    }

    /// Columns whose number of distinct values is an estimate.
    pub fn estimated(&self) -> impl Iterator<Item = &str> {
        self.all.columns.iter().flatten().filter(|column| !column.exact()).map(|column| column.name.as_str())
    }

    /// The values of the columns that have any.
    pub fn samples(&self) -> impl Iterator<Item = (&str, Sample)> {
        self.all.columns.iter().flatten().filter_map(|column| Some((column.name.as_str(), column.sample()?)))
    }

    /// What was found, as TFDV writes it: of all rows, and then of each slice by name.
    #[must_use]
    pub fn message(&self) -> DatasetFeatureStatisticsList {
        let mut datasets = vec![self.all.message(if self.options.slices.is_empty() { "" } else { crate::view::ALL })];
        datasets.extend(self.slices.iter().map(|(name, part)| part.message(name)));
        DatasetFeatureStatisticsList { datasets }
    }
}

impl Part {
    /// Adds the rows of another, whose columns stand at these positions.
    fn merge(&mut self, other: &Self, positions: &[usize]) {
        self.rows += other.rows;
        for (at, other) in positions.iter().zip(&other.columns) {
            if let (Some(Some(column)), Some(other)) = (self.columns.get_mut(*at), other) {
                column.merge(other);
            }
        }
        for other in &other.composites {
            match self.composites.iter_mut().find(|known| known.is_of_same(other)) {
                Some(known) => known.merge(other),
                None => self.composites.push(other.clone()),
            }
        }
    }

    fn message(&self, name: &str) -> DatasetFeatureStatistics {
        // TFDV learns of columns from rows.
        let columns = self.columns.iter().flatten().filter(|_| self.rows > 0);
        let mut features: Vec<_> = columns.map(|column| feature(column, self.rows)).collect();
        for composite in self.composites.iter().filter(|_| self.rows > 0) {
            let message = composite.message();
            match features.iter_mut().find(|feature| feature.field_id == message.field_id) {
                Some(column) => column.custom_stats.extend(message.custom_stats),
                None => features.push(message),
            }
        }
        DatasetFeatureStatistics {
            name: name.to_owned(),
            num_examples: self.rows,
            features,
            ..DatasetFeatureStatistics::default()
        }
    }
}

/// Describes the rows of several tables with the same columns.
///
/// # Errors
/// What is wrong with a table, or with the schema that gives its types.
pub fn describe(tables: &[Table<'_>], options: &Options) -> Result<Statistics> {
    let types = types(tables, options)?;
    let mut statistics = Statistics::new(&types, options);
    for table in tables {
        statistics.read(table, &types)?;
    }
    Ok(statistics)
}

/// The types of the columns of several tables, as far as they must be known before the tables are read: formats that tell the type of each
/// value are not read for it.
///
/// # Errors
/// What is wrong with a table, or with the schema that gives its types.
pub fn types(tables: &[Table<'_>], options: &Options) -> Result<Types> {
    let formats = tables.iter().map(Table::format).collect::<Result<Vec<_>, _>>()?;
    let typed = formats.iter().all(|format| format.typed());
    match (&options.schema, tables) {
        (Some(schema), [first, ..]) if options.types_from_schema => {
            let names = match first.read(options.dialect, None)? {
                Reader::Csv(reader) => reader.columns().to_vec(),
                Reader::Rows(..) => schema.feature.iter().map(|feature| feature.name().to_owned()).collect(),
            };
            from_schema(&names, schema)
        }
        _ if typed => Ok(Types::default()),
        _ => Ok(tables::types(tables, options.dialect)?),
    }
}

/// The types that a schema gives. Columns that it does not name are left out.
fn from_schema(columns: &[String], schema: &Schema) -> Result<Types> {
    let columns = columns.iter().map(|name| {
        let feature = schema.feature.iter().find(|feature| feature.name() == name);
        let column_type = match feature.map(|feature| (feature, feature.r#type())) {
            None => None,
            Some((_, FeatureType::Bytes)) => Some(ColumnType::Text),
            Some((_, FeatureType::Int)) => Some(ColumnType::Int),
            Some((_, FeatureType::Float)) => Some(ColumnType::Float),
            Some((_, other)) => {
                return Err(Error::Request(format!(
                    "the schema gives column `{name}` the type {}, which cells of a table do not have",
                    other.as_str_name()
                )));
            }
        };
        Ok((name.clone(), column_type))
    });
    Ok(Types::new(columns.collect::<Result<Vec<_>>>()?))
}

/// What a schema says of a column that changes how it is described.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Claims {
    /// Its integers are categories.
    categories: bool,
    /// Its texts are images: bytes of which only the size is described.
    images: bool,
}

impl Claims {
    fn of(schema: &Schema, name: &str) -> Self {
        use crate::proto::feature::DomainInfo;
        let feature = schema.feature.iter().find(|feature| feature.name() == name);
        let Some((feature, Some(domain))) = feature.map(|feature| (feature, &feature.domain_info)) else {
            return Self::default();
        };
        let categories = match domain {
            DomainInfo::IntDomain(domain) => domain.is_categorical(),
            DomainInfo::BoolDomain(_) | DomainInfo::NaturalLanguageDomain(_) => true,
            _ => false,
        };
        Self {
            categories: categories && feature.r#type() == FeatureType::Int,
            images: matches!(domain, DomainInfo::ImageDomain(_)),
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the format keeps averages in single precision")]
fn feature(column: &Column, rows: u64) -> FeatureNameStatistics {
    use feature_name_statistics::{FieldId, Stats, Type};
    let common_stats = Some(common(column, rows));
    let (kind, stats) = match &column.values {
        ColumnValues::None => {
            (Type::String, Stats::StringStats(StringStatistics { common_stats, ..StringStatistics::default() }))
        }
        ColumnValues::Text { values, bytes, invalid, of_integers } => {
            let ranked = if *of_integers {
                values.most_frequent_integers(crate::values::RANKS)
            } else {
                values.most_frequent(crate::values::RANKS)
            };
            let top = ranked.iter().take(crate::values::TOP).map(|(value, count)| string_statistics::FreqAndValue {
                value: shown(value),
                frequency: *count as f64,
            });
            let ranks = ranked.iter().zip(0..).map(|((value, count), rank)| rank_histogram::Bucket {
                low_rank: rank,
                high_rank: rank,
                label: shown(value),
                sample_count: *count as f64,
            });
            let stats = StringStatistics {
                common_stats,
                unique: values.distinct(),
                top_values: top.collect(),
                avg_length: if column.lengths.total == 0 {
                    0.0
                } else {
                    (*bytes as f64 / column.lengths.total as f64) as f32
                },
                invalid_utf8_count: *invalid,
                rank_histogram: Some(RankHistogram { buckets: ranks.collect(), name: String::new() }),
                ..StringStatistics::default()
            };
            (if *of_integers { Type::Int } else { Type::String }, Stats::StringStats(stats))
        }
        ColumnValues::Bytes(sizes) => {
            (Type::Bytes, Stats::BytesStats(sizes.message(common_stats, column.lengths.total)))
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

/// A value as it stands in statistics: TFDV has one text for all bytes that are none.
fn shown(value: &[u8]) -> String {
    std::str::from_utf8(value).unwrap_or("__BYTES_VALUE__").to_owned()
}

/// In how many rows the column is there, and how many values it then has.
#[allow(clippy::cast_possible_truncation, reason = "the format keeps averages in single precision")]
fn common(column: &Column, rows: u64) -> CommonStatistics {
    let Column { present, lengths, .. } = column;
    let mut common =
        CommonStatistics { num_non_missing: *present, num_missing: rows - present, ..CommonStatistics::default() };
    if *present > 0 {
        common.min_num_values = lengths.min;
        common.max_num_values = lengths.max;
        common.avg_num_values = (lengths.total as f64 / *present as f64) as f32;
        common.tot_num_values = lengths.total;
        common.num_values_histogram = Some(histogram::of_quantiles(&lengths.quantiles(), 0));
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_columns_are_bounded_together() {
        let rows: Vec<String> = (0..1000).map(|row| format!("id {row:04},a{:02},{row}", row % 10)).collect();
        let text = format!("many,few,n\n{}\n", rows.join("\n"));
        let mut statistics = describe(&[Table::of("t", text.as_bytes())], &Options::default()).unwrap();
        statistics.bound(80_000);
        assert_eq!(statistics.estimated().count(), 0);
        // Half of the thousand goes, and the ten stay.
        statistics.bound(40_000);
        assert_eq!(statistics.estimated().collect::<Vec<_>>(), ["many"]);
        let features = &statistics.message().datasets[0].features;
        let unique = |at: usize| match &features[at].stats {
            Some(feature_name_statistics::Stats::StringStats(stats)) => stats.unique,
            _ => 0,
        };
        // Fewer hashes than are kept: their number is still exact.
        assert_eq!((unique(0), unique(1)), (1000, 10));
        // What cannot be forgotten is kept.
        statistics.bound(0);
    }
}
