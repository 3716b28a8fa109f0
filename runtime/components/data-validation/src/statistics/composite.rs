//! Sparse and weighted features: how well the columns fit one another that a value is made of. The schema names them.

use crate::proto::custom_statistic::Val;
use crate::proto::feature_name_statistics::FieldId;
use crate::proto::sparse_feature::IndexFeature;
use crate::proto::{CustomStatistic, FeatureNameStatistics, Path, RankHistogram, Schema, rank_histogram};

/// What is collected of one such feature.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Composite {
    pub name: String,
    /// Whether it is weighted, and not sparse.
    pub weighted: bool,
    /// The column of its values.
    pub values: Component,
    /// The columns of its indices, or that of its weights.
    pub others: Vec<(Component, Difference)>,
}

/// A column of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Component {
    pub column: String,
    /// Rows in which it is missing, and others are not.
    pub missing: u64,
}

/// By how much a row has at least and at most more indices than values; none before the first row.
pub(super) type Difference = Option<(i64, i64)>;

impl Component {
    fn of(column: &str) -> Self {
        Self { column: column.to_owned(), missing: 0 }
    }

    fn of_path(path: Option<&Path>) -> Self {
        Self::of(&path.map(|path| path.step.join(".")).unwrap_or_default())
    }
}

impl Composite {
    /// Those that a schema names.
    pub fn all(schema: &Schema) -> Vec<Self> {
        let sparse = schema.sparse_feature.iter().map(|feature| {
            let mut others: Vec<&str> = feature.index_feature.iter().map(IndexFeature::name).collect();
            others.sort_unstable();
            others.dedup();
            Self {
                name: feature.name().to_owned(),
                weighted: false,
                values: Component::of(feature.value_feature.as_ref().map_or("", |value| value.name())),
                others: others.into_iter().map(|index| (Component::of(index), None)).collect(),
            }
        });
        let weighted = schema.weighted_feature.iter().map(|feature| Self {
            name: feature.name().to_owned(),
            weighted: true,
            values: Component::of_path(feature.feature.as_ref()),
            others: vec![(Component::of_path(feature.weight_feature.as_ref()), None)],
        });
        sparse.chain(weighted).collect()
    }

    /// Adds a row, of whose columns the number of values is known; none of one that is missing.
    pub fn add(&mut self, length: impl Fn(&str) -> Option<usize>) {
        let values = length(&self.values.column);
        let others: Vec<_> = self.others.iter().map(|(other, _)| length(&other.column)).collect();
        if values.is_none() && others.iter().all(Option::is_none) {
            return;
        }
        self.values.missing += u64::from(values.is_none());
        let signed = |length: Option<usize>| i64::try_from(length.unwrap_or_default()).unwrap_or(i64::MAX);
        for ((other, difference), found) in self.others.iter_mut().zip(others) {
            other.missing += u64::from(found.is_none());
            let more = signed(found) - signed(values);
            *difference = widened(*difference, Some((more, more)));
        }
    }

    /// Whether another is the same feature of the same columns.
    pub fn is_of_same(&self, other: &Self) -> bool {
        let columns = |one: &Self| one.others.iter().map(|(other, _)| other.column.clone()).collect::<Vec<_>>();
        (&self.name, self.weighted, &self.values.column) == (&other.name, other.weighted, &other.values.column)
            && columns(self) == columns(other)
    }

    /// Adds the rows of another of the same columns.
    pub fn merge(&mut self, other: &Self) {
        self.values.missing += other.values.missing;
        for ((ours, difference), (theirs, other)) in self.others.iter_mut().zip(&other.others) {
            ours.missing += theirs.missing;
            *difference = widened(*difference, *other);
        }
    }

    /// Its statistics, which TFDV calls custom ones.
    pub fn statistics(&self) -> Vec<CustomStatistic> {
        let custom = |name: &str, val| CustomStatistic { name: name.to_owned(), val: Some(val) };
        let ranked = |name: &str, figure: &dyn Fn(&(Component, Difference)) -> f64| {
            let bucket = |other: &(Component, Difference)| rank_histogram::Bucket {
                label: other.0.column.clone(),
                sample_count: figure(other),
                ..rank_histogram::Bucket::default()
            };
            let buckets = self.others.iter().map(bucket).collect();
            custom(name, Val::RankHistogram(RankHistogram { buckets, name: String::new() }))
        };
        let least = |(_, difference): &(Component, Difference)| difference.map_or(0.0, |(least, _)| least as f64);
        let most = |(_, difference): &(Component, Difference)| difference.map_or(0.0, |(_, most)| most as f64);
        let missing = |(other, _): &(Component, Difference)| other.missing as f64;
        let no_value = custom("missing_value", Val::Num(self.values.missing as f64));
        if !self.weighted {
            return vec![
                no_value,
                ranked("missing_index", &missing),
                ranked("max_length_diff", &most),
                ranked("min_length_diff", &least),
            ];
        }
        let of_weights = |name, figure: &dyn Fn(&(Component, Difference)) -> f64| {
            custom(name, Val::Num(self.others.first().map_or(0.0, figure)))
        };
        vec![
            of_weights("missing_weight", &missing),
            no_value,
            of_weights("min_weight_length_diff", &least),
            of_weights("max_weight_length_diff", &most),
        ]
    }

    /// A feature that is no column, but has its statistics.
    pub fn message(&self) -> FeatureNameStatistics {
        FeatureNameStatistics {
            field_id: Some(FieldId::Path(Path { step: vec![self.name.clone()] })),
            custom_stats: self.statistics(),
            ..FeatureNameStatistics::default()
        }
    }
}

fn widened(one: Difference, other: Difference) -> Difference {
    match (one, other) {
        (Some((least, most)), Some((lower, higher))) => Some((least.min(lower), most.max(higher))),
        (known, None) | (None, known) => known,
    }
}
