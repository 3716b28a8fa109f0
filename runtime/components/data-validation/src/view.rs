//! Statistics as checks look at them: by weight where there are weights.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::proto::{
    CommonStatistics, DatasetFeatureStatistics, DatasetFeatureStatisticsList, FeatureNameStatistics, FeatureType,
    Histogram, NumericStatistics, RankHistogram, feature_name_statistics, histogram,
};

use feature_name_statistics::{FieldId, Stats, Type};

/// The slice that holds all examples.
pub(crate) const ALL: &str = "All Examples";

/// The statistics of all examples in a list that may have those of slices, too.
///
/// # Errors
/// There are several, and none is of all examples, or there are none.
pub fn whole(list: &DatasetFeatureStatisticsList) -> Result<&DatasetFeatureStatistics> {
    match list.datasets.as_slice() {
        [only] => Ok(only),
        several => several
            .iter()
            .find(|dataset| dataset.name == ALL)
            .ok_or_else(|| Error::Request(format!("of {} sets of statistics none is called `{ALL}`", several.len()))),
    }
}

/// The statistics of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DatasetView<'a> {
    data: &'a DatasetFeatureStatistics,
    by_weight: bool,
}

impl<'a> DatasetView<'a> {
    pub fn new(data: &'a DatasetFeatureStatistics, by_weight: bool) -> Self {
        Self { data, by_weight }
    }

    /// Whether every column has weighted statistics, so that these are what counts.
    pub fn weighted(data: &DatasetFeatureStatistics) -> bool {
        #[allow(clippy::float_cmp, reason = "0 is what is not set")]
        let any = data.weighted_num_examples != 0.0;
        let view = DatasetView { data, by_weight: false };
        any && view.features().all(|feature| {
            let common = feature.common();
            common.weighted_common_stats.is_some()
                && common.presence_and_valency_stats.len() == common.weighted_presence_and_valency_stats.len()
        })
    }

    pub fn examples(&self) -> f64 {
        if self.by_weight { self.data.weighted_num_examples } else { self.data.num_examples as f64 }
    }

    /// The columns that have statistics.
    pub fn features(self) -> impl Iterator<Item = FeatureView<'a>> {
        let known = |stats: &&FeatureNameStatistics| stats.stats.is_some() || !stats.custom_stats.is_empty();
        self.data.features.iter().filter(known).map(move |stats| FeatureView { stats, data: self })
    }

    pub fn find(self, path: &[&str]) -> Option<FeatureView<'a>> {
        self.features().find(|feature| feature.path() == path)
    }
}

/// The statistics of a column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeatureView<'a> {
    stats: &'a FeatureNameStatistics,
    data: DatasetView<'a>,
}

impl<'a> FeatureView<'a> {
    /// The steps of its path: one for a column, more for what is within a structure.
    pub fn path(&self) -> Vec<&'a str> {
        match &self.stats.field_id {
            Some(FieldId::Name(name)) => vec![name],
            Some(FieldId::Path(path)) => path.step.iter().map(String::as_str).collect(),
            None => vec![""],
        }
    }

    pub fn kind(&self) -> Type {
        self.stats.r#type()
    }

    /// Whether the statistics of both are of one kind, so that they can be compared: numbers, texts, bytes or structures.
    pub fn is_described_as(&self, other: &FeatureView<'_>) -> bool {
        let kind = |column: &FeatureView<'_>| column.stats.stats.as_ref().map(std::mem::discriminant);
        kind(self) == kind(other)
    }

    /// The type, as a person is told it: integers may be categories.
    pub fn form(&self) -> String {
        let categories = self.kind() == Type::Int && self.distinct().is_some();
        format!("{}{}", self.kind().as_str_name(), if categories { " (categories)" } else { "" })
    }

    /// The type that a schema has for such values.
    pub fn schema_type(&self) -> FeatureType {
        match self.kind() {
            Type::Bytes | Type::String => FeatureType::Bytes,
            Type::Int => FeatureType::Int,
            Type::Float => FeatureType::Float,
            Type::Struct => FeatureType::Struct,
        }
    }

    fn common(&self) -> &'a CommonStatistics {
        static NONE: std::sync::LazyLock<CommonStatistics> = std::sync::LazyLock::new(CommonStatistics::default);
        let common = match &self.stats.stats {
            Some(Stats::NumStats(stats)) => stats.common_stats.as_ref(),
            Some(Stats::StringStats(stats)) => stats.common_stats.as_ref(),
            Some(Stats::BytesStats(stats)) => stats.common_stats.as_ref(),
            Some(Stats::StructStats(stats)) => stats.common_stats.as_ref(),
            None => None,
        };
        common.unwrap_or(&NONE)
    }

    /// The bytes of its largest value, if these were counted.
    pub fn largest(&self) -> i64 {
        match &self.stats.stats {
            Some(Stats::BytesStats(stats)) => stats.max_num_bytes_int,
            _ => 0,
        }
    }

    /// Examples that have a value.
    pub fn present(&self) -> f64 {
        let common = self.common();
        match (&common.weighted_common_stats, self.data.by_weight) {
            (Some(weighted), true) => weighted.num_non_missing,
            _ => common.num_non_missing as f64,
        }
    }

    /// Examples that have none.
    pub fn missing(&self) -> f64 {
        let common = self.common();
        match (&common.weighted_common_stats, self.data.by_weight) {
            (Some(weighted), true) => weighted.num_missing,
            _ => common.num_missing as f64,
        }
    }

    /// Whether a value is missing at any level of nesting.
    pub fn missing_anywhere(&self) -> bool {
        let common = self.common();
        if self.data.by_weight && !common.weighted_presence_and_valency_stats.is_empty() {
            return common.weighted_presence_and_valency_stats.iter().any(|level| level.num_missing > 0.0);
        }
        match common.presence_and_valency_stats.as_slice() {
            [] => self.missing() > 0.0,
            levels => levels.iter().any(|level| level.num_missing > 0),
        }
    }

    /// The share of examples that have a value; none without examples.
    pub fn fraction_present(&self) -> Option<f64> {
        let examples = self.data.examples();
        if examples <= 0.0 {
            None
        } else if self.missing() > 0.0 {
            Some(self.present() / examples)
        } else {
            Some(1.0)
        }
    }

    /// The fewest and the most values that an example has, for each level of nesting.
    pub fn value_counts(&self) -> Vec<(i64, i64)> {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let common = self.common();
        match common.presence_and_valency_stats.as_slice() {
            [] => vec![(count(common.min_num_values), count(common.max_num_values))],
            levels => levels.iter().map(|level| (count(level.min_num_values), count(level.max_num_values))).collect(),
        }
    }

    pub fn nested(&self) -> bool {
        self.common().presence_and_valency_stats.len() > 1
    }

    /// All values in all examples.
    pub fn total_values(&self) -> f64 {
        let common = self.common();
        match (&common.weighted_common_stats, self.data.by_weight) {
            (Some(weighted), true) => weighted.tot_num_values,
            _ if common.tot_num_values == 0 => common.num_non_missing as f64 * f64::from(common.avg_num_values),
            _ => common.tot_num_values as f64,
        }
    }

    /// Texts with their counts, by bytes: those that the rank histogram holds.
    pub fn texts(&self) -> BTreeMap<&'a str, f64> {
        let Some(Stats::StringStats(stats)) = &self.stats.stats else { return BTreeMap::new() };
        let ranks: Option<&RankHistogram> = if self.data.by_weight {
            stats.weighted_string_stats.as_ref().and_then(|weighted| weighted.rank_histogram.as_ref())
        } else {
            stats.rank_histogram.as_ref()
        };
        let mut texts = BTreeMap::new();
        for bucket in ranks.into_iter().flat_map(|ranks| &ranks.buckets) {
            texts.entry(bucket.label.as_str()).or_insert(bucket.sample_count);
        }
        texts
    }

    /// How many distinct texts there are; none if they are not counted.
    pub fn distinct(&self) -> Option<u64> {
        match &self.stats.stats {
            Some(Stats::StringStats(stats)) => Some(stats.unique),
            _ => None,
        }
    }

    pub fn has_invalid_text(&self) -> bool {
        matches!(&self.stats.stats, Some(Stats::StringStats(stats)) if stats.invalid_utf8_count > 0)
    }

    pub fn numbers(&self) -> Option<&'a NumericStatistics> {
        match &self.stats.stats {
            Some(Stats::NumStats(stats)) => Some(stats),
            _ => None,
        }
    }

    pub fn histogram(&self, kind: histogram::HistogramType) -> Option<&'a Histogram> {
        let numbers = self.numbers()?;
        let histograms = if self.data.by_weight {
            &numbers.weighted_numeric_stats.as_ref()?.histograms
        } else {
            &numbers.histograms
        };
        histograms.iter().find(|histogram| histogram.r#type() == kind)
    }

    /// Statistics under names of their own.
    pub fn custom(&self) -> &'a [crate::proto::CustomStatistic] {
        &self.stats.custom_stats
    }
}

/// A path as one text: steps with points between them, quoted where they would be taken for something else.
pub(crate) fn serialize(path: &[&str]) -> String {
    let step = |step: &&str| {
        let inner = step.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let plain = !step.is_empty() && !step.contains(['.', '(', ')', '\'']);
        if plain || inner.is_some_and(|inner| !inner.contains(['(', ')'])) {
            (*step).to_owned()
        } else {
            format!("'{}'", step.replace('\'', "''"))
        }
    };
    path.iter().map(step).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_where_it_is_needed() {
        for (step, text) in
            [("a b", "a b"), ("a.b", "'a.b'"), ("(a.b)", "(a.b)"), ("it's", "'it''s'"), ("", "''"), ("f(x)", "'f(x)'")]
        {
            assert_eq!(serialize(&[step]), text);
        }
        assert_eq!(serialize(&["a", "b.c"]), "a.'b.c'");
    }
}
