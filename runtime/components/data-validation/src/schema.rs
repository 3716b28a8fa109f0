//! Schemas that fit statistics, as TFDV's `infer_schema` and `update_schema` make them.

use crate::check::{Context, domains, feature as check, presence};
use crate::error::{Error, Result};
use crate::proto::{
    DatasetFeatureStatisticsList, Feature, FixedShape, LifecycleStage, Schema, StringDomain, ValueCount,
    ValueCountList, feature, feature_name_statistics::Type, fixed_shape,
};
use crate::view::{DatasetView, FeatureView, serialize, whole};

/// What to infer.
#[derive(Debug, Clone, Copy)]
pub struct InferOptions {
    /// Give columns that are always there a fixed shape rather than a count of values.
    pub shape: bool,
    /// The most values that a text column may have for them to be its domain.
    pub most_values: usize,
}

impl Default for InferOptions {
    fn default() -> Self {
        Self { shape: true, most_values: 100 }
    }
}

/// A schema that these statistics fit.
///
/// # Errors
/// The statistics are of several slices, none of which is the whole.
pub fn infer(statistics: &DatasetFeatureStatisticsList, options: InferOptions) -> Result<Schema> {
    update(&Schema::default(), statistics, options)
}

/// A schema changed as little as is needed for these statistics to fit it. Columns that are missing, or have another type, are deprecated.
///
/// # Errors
/// The statistics are of several slices, none of which is the whole.
pub fn update(schema: &Schema, statistics: &DatasetFeatureStatisticsList, options: InferOptions) -> Result<Schema> {
    let data = whole(statistics)?;
    let view = DatasetView::new(data, DatasetView::weighted(data));
    let mut schema = schema.clone();
    let missing: Vec<usize> = presence::missing(&schema, view, None).collect();
    let default_environment = schema.default_environment.clone();
    let context = Context { default_environment: &default_environment, ..Context::default() };
    for column in view.features() {
        let path = column.path();
        let [name] = path.as_slice() else { continue };
        match schema.feature.iter().position(|feature| feature.name() == *name) {
            Some(at) => {
                let feature = &mut schema.feature[at];
                let domain = schema.string_domain.iter_mut().find(|domain| names(feature, domain));
                check::check(feature, domain, &column, &context);
            }
            None => create(&mut schema, &column, options),
        }
    }
    for at in missing {
        schema.feature[at].set_lifecycle_stage(LifecycleStage::Deprecated);
    }
    Ok(schema)
}

/// The environment of what a model learns from, where schemas with environments are concerned ...
pub const TRAINING: &str = "TRAINING";
/// ... and that of what it is asked.
pub const SERVING: &str = "SERVING";

/// Gives a schema the environments [`TRAINING`] and [`SERVING`], and takes these columns, such as the label, out of the latter.
///
/// # Errors
/// A column that the schema does not have.
pub fn leave_out_of_serving(schema: &mut Schema, columns: &[String]) -> Result<()> {
    schema.default_environment = vec![TRAINING.to_owned(), SERVING.to_owned()];
    for column in columns {
        let Some(feature) = schema.feature.iter_mut().find(|feature| feature.name() == *column) else {
            let known: Vec<&str> = schema.feature.iter().map(Feature::name).collect();
            let known = known.join(", ");
            return Err(Error::Request(format!("the statistics have no column `{column}`; there are {known}")));
        };
        feature.not_in_environment.push(SERVING.to_owned());
    }
    Ok(())
}

/// Whether a feature's values are those of this domain.
pub(crate) fn names(feature: &Feature, domain: &StringDomain) -> bool {
    matches!(&feature.domain_info, Some(feature::DomainInfo::Domain(name)) if domain.name() == name)
}

/// Adds a column.
fn create(schema: &mut Schema, column: &FeatureView<'_>, options: InferOptions) {
    let path = column.path();
    let mut feature = Feature { name: path.last().map(|name| (*name).to_owned()), ..Feature::default() };
    feature.set_type(column.schema_type());
    init_presence(&mut feature, column, options.shape);
    feature.domain_info = if column.has_invalid_text() || column.kind() == Type::Bytes {
        None
    } else if domains::is_bool_candidate(column) {
        Some(feature::DomainInfo::BoolDomain(domains::bool_domain(column)))
    } else if domains::is_int_candidate(column) {
        Some(feature::DomainInfo::IntDomain(crate::proto::IntDomain::default()))
    } else {
        let texts = column.texts();
        (1..=options.most_values).contains(&texts.len()).then(|| {
            let name = free_name(schema, &serialize(&path));
            let value = texts.into_keys().map(str::to_owned).collect();
            schema.string_domain.push(StringDomain { name: Some(name.clone()), value, is_categorical: None });
            feature::DomainInfo::Domain(name)
        })
    };
    schema.feature.push(feature);
}

/// A name that no domain has yet.
fn free_name(schema: &Schema, wanted: &str) -> String {
    let taken = |name: &str| schema.string_domain.iter().any(|domain| domain.name() == name);
    if !taken(wanted) {
        return wanted.to_owned();
    }
    (2..u32::MAX).map(|n| format!("{wanted}{n}")).find(|name| !taken(name)).unwrap_or_else(|| wanted.to_owned())
}

fn init_presence(feature: &mut Feature, column: &FeatureView<'_>, shape: bool) {
    let present = column.present();
    let always = column.missing() <= 0.0;
    let presence = crate::proto::FeaturePresence {
        min_count: Some(i64::from(present >= 1.0)),
        min_fraction: (present > 0.0 && always).then_some(1.0),
    };
    feature.presence_constraints = Some(feature::PresenceConstraints::Presence(presence));
    if present <= 0.0 {
        return;
    }
    let counts = column.value_counts();
    let fixed = counts.iter().all(|(min, max)| min == max && *min > 0) && !column.missing_anywhere();
    feature.shape_type = if shape && fixed {
        let dim = counts.iter().map(|(count, _)| fixed_shape::Dim { size: Some(*count), name: None });
        Some(feature::ShapeType::Shape(FixedShape { dim: dim.collect() }))
    } else {
        value_count(column)
    };
}

/// How many values each example has, for as far as this can be told.
pub(crate) fn value_count(column: &FeatureView<'_>) -> Option<feature::ShapeType> {
    let of = |(min, max): (i64, i64)| match (min, max) {
        (1.., _) if min == max => ValueCount { min: Some(min), max: Some(max) },
        (1.., _) => ValueCount { min: Some(1), max: None },
        _ => ValueCount::default(),
    };
    let counts = column.value_counts();
    if column.nested() {
        let value_count = counts.into_iter().map(of).collect();
        return Some(feature::ShapeType::ValueCounts(ValueCountList { value_count }));
    }
    match counts.as_slice() {
        [(min, max)] if *min > 0 => Some(feature::ShapeType::ValueCount(of((*min, *max)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the label may be missing where a model is asked, and nothing where it learns.
    #[test]
    fn columns_that_are_not_served() {
        let named = |name: &str| Feature {
            name: Some(name.to_owned()),
            presence_constraints: Some(feature::PresenceConstraints::Presence(crate::proto::FeaturePresence {
                min_count: Some(1),
                min_fraction: Some(1.0),
            })),
            ..Feature::default()
        };
        let mut schema = Schema { feature: ["hour", "delay", "late"].map(named).into(), ..Schema::default() };
        leave_out_of_serving(&mut schema, &["late".to_owned()]).unwrap();
        let required = |environment: &str| -> Vec<&str> {
            let default = &schema.default_environment;
            let required = schema.feature.iter().filter(|one| presence::is_required(one, Some(environment), default));
            required.map(Feature::name).collect()
        };
        assert_eq!(required(TRAINING), ["hour", "delay", "late"]);
        assert_eq!(required(SERVING), ["hour", "delay"]);
        let wrong = leave_out_of_serving(&mut schema, &["lat".to_owned()]).unwrap_err();
        assert_eq!(wrong.to_string(), "the statistics have no column `lat`; there are hour, delay, late");
    }
}
