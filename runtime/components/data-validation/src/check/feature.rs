//! All checks of one column.

use super::{Context, Kind, Reason, comparators, domains, presence};
use crate::proto::drift_skew_info::Measurement;
use crate::proto::feature::{DomainInfo, PresenceConstraints, ShapeType};
use crate::proto::feature_name_statistics::Type;
use crate::proto::{Feature, FeatureType, LifecycleStage, StringDomain};
use crate::text::to_text;
use crate::view::{FeatureView, serialize};

/// What was found of one column.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub reasons: Vec<Reason>,
    pub drift: Vec<Measurement>,
    pub skew: Vec<Measurement>,
}

/// Checks a column, and changes the feature and the domain that it names so that the column fits.
pub(crate) fn check(
    feature: &mut Feature,
    domain: Option<&mut StringDomain>,
    column: &FeatureView<'_>,
    context: &Context<'_>,
) -> Findings {
    let mut findings = Findings { reasons: check_itself(feature, domain.is_some()), ..Findings::default() };
    if presence::is_deprecated(feature) {
        return findings;
    }
    let Context { environment, default_environment, .. } = *context;
    if column.present() <= 0.0 {
        if presence::is_required(feature, environment, default_environment) {
            let long = "The feature was not present in any examples.";
            findings.reasons.push(Reason::new(Kind::FeatureTypeNotPresent, presence::DROPPED, long));
            feature.set_lifecycle_stage(LifecycleStage::Deprecated);
        }
        return findings;
    }
    let reasons = &mut findings.reasons;
    if let Some(environment) = environment
        && !presence::is_in(feature, Some(environment), default_environment)
    {
        feature.not_in_environment.retain(|name| name != environment);
        if !presence::is_in(feature, Some(environment), default_environment) {
            feature.in_environment.push(environment.to_owned());
        }
        let name = serialize(&column.path());
        let long = format!("New column {name} found in data but not in the environment {environment} in the schema.");
        reasons.push(Reason::new(Kind::SchemaNewColumn, "Column missing in environment", long));
    }
    reasons.extend(presence::check_shape(feature, column));
    if let Some(PresenceConstraints::Presence(wanted)) = &mut feature.presence_constraints {
        reasons.extend(presence::check(wanted, column));
    }
    reasons.extend(check_type(feature, column));
    reasons.extend(domains::check(feature, domain, column));
    reasons.extend(check_unique(feature, column));
    let wanted = feature.r#type();
    if let Some(comparator) = &mut feature.drift_comparator {
        let (found, measurements) =
            comparators::check(comparator, wanted, column, context.previous, comparators::DRIFT);
        reasons.extend(found);
        findings.drift = measurements;
    }
    if let Some(comparator) = &mut feature.skew_comparator {
        let (found, measurements) = comparators::check(comparator, wanted, column, context.serving, comparators::SKEW);
        findings.reasons.extend(found);
        findings.skew = measurements;
    }
    findings
}

/// What is wrong with what the schema says, whatever the data. It is mended, or the feature deprecated.
fn check_itself(feature: &mut Feature, has_domain: bool) -> Vec<Reason> {
    use Kind::{
        DomainInvalidForType, FeatureMissingName, FeatureMissingType, InvalidDomainSpecification,
        InvalidSchemaSpecification,
    };
    let mut reasons = Vec::new();
    if presence::is_deprecated(feature) {
        return reasons;
    }
    if feature.name.is_none() {
        let short = "unspecified name (maybe meant to be the empty string): find name rather than deprecating.";
        reasons.push(Reason::short(FeatureMissingName, short));
        feature.set_lifecycle_stage(LifecycleStage::Deprecated);
        return reasons;
    }
    if feature.r#type.is_none() {
        if matches!(feature.domain_info, Some(DomainInfo::Domain(_) | DomainInfo::StringDomain(_))) {
            let short = "unspecified type: inferring the type to be BYTES, given the domain specified.";
            reasons.push(Reason::short(FeatureMissingType, short));
            feature.set_type(FeatureType::Bytes);
        } else {
            let short = "unspecified type: determine the type and set it, rather than deprecating.";
            reasons.push(Reason::short(FeatureMissingType, short));
            feature.set_lifecycle_stage(LifecycleStage::Deprecated);
            return reasons;
        }
    }
    let mut wrong = |short: &str| reasons.push(Reason::short(InvalidSchemaSpecification, short));
    if let Some(PresenceConstraints::Presence(presence)) = &mut feature.presence_constraints {
        if presence.min_fraction() < 0.0 {
            presence.min_fraction = None;
            wrong("min_fraction should not be negative: clear is equal to zero");
        }
        if presence.min_fraction() > 1.0 {
            presence.min_fraction = Some(1.0);
            wrong("min_fraction should not greater than 1");
        }
    }
    match &mut feature.shape_type {
        Some(ShapeType::ValueCount(count)) => {
            if count.min() < 0 {
                count.min = None;
                wrong("ValueCount.min should not be negative");
            }
            if count.max.is_some_and(|max| max < count.min()) {
                count.max = Some(count.min());
                wrong("ValueCount.max should not be less than min");
            }
        }
        Some(ShapeType::ValueCounts(counts)) => {
            for (level, count) in counts.value_count.iter_mut().enumerate() {
                if count.min() < 0 {
                    count.min = None;
                    let (short, long) = ("ValueCounts.min should not be negative", "should not be negative.");
                    let long = format!("ValueCounts.min at level {level} {long}");
                    reasons.push(Reason::new(InvalidSchemaSpecification, short, long));
                }
                if count.max.is_some_and(|max| max < count.min()) {
                    count.max = Some(count.min());
                    let (short, long) = ("ValueCounts.max should not be less than min", "should not be less than min.");
                    let long = format!("ValueCounts.max at level {level} {long}");
                    reasons.push(Reason::new(InvalidSchemaSpecification, short, long));
                }
            }
        }
        Some(ShapeType::Shape(shape)) if shape.dim.iter().any(|dim| dim.size() <= 0) => {
            feature.shape_type = None;
            wrong("Shape.dim.size must be a positive integer");
        }
        _ => {}
    }
    if let Some(domain) = &feature.domain_info
        && !domains::allows(domain, feature.r#type())
    {
        let (name, kind) = (domains::name(domain), feature.r#type().as_str_name());
        let long = format!("The domain \"{name}\" does not match the type: {kind}");
        reasons.push(Reason::new(DomainInvalidForType, "The domain does not match the type", long));
        feature.domain_info = None;
    }
    if matches!(feature.domain_info, Some(DomainInfo::Domain(_))) && !has_domain {
        // The name is gone when TFDV writes it.
        feature.domain_info = None;
        reasons.push(Reason::short(InvalidDomainSpecification, "missing domain: "));
        return reasons;
    }
    reasons.extend(check_distribution(feature));
    domains::check_itself(feature);
    reasons
}

/// Whether there are constraints that no domain of this kind has, and a domain that TFDV does not know.
fn check_distribution(feature: &mut Feature) -> Option<Reason> {
    let of = match &feature.domain_info {
        Some(DomainInfo::Domain(_) | DomainInfo::StringDomain(_)) => return None,
        Some(DomainInfo::BoolDomain(_)) => "distribution constraints not supported for bool domains.",
        Some(DomainInfo::IntDomain(_)) => "distribution constraints not supported for int domains.",
        Some(DomainInfo::FloatDomain(_)) => "distribution constraints not supported for float domains.",
        Some(DomainInfo::StructDomain(_)) => "distribution constraints not supported for struct domains.",
        Some(
            DomainInfo::TimeOfDayDomain(_)
            | DomainInfo::AudioDomain(_)
            | DomainInfo::VideoDomain(_)
            | DomainInfo::ContentChunkDomain(_),
        ) => {
            // Younger than what TFDV knows.
            feature.domain_info = None;
            let short = "internal issue: unknown domain_info type";
            return Some(Reason::short(Kind::InvalidDomainSpecification, short));
        }
        Some(_) => "distribution constraints not supported for semantic domains.",
        None => "distribution constraints require domain or string domain.",
    };
    feature.distribution_constraints.take().map(|_| Reason::short(Kind::InvalidSchemaSpecification, of))
}

fn check_type(feature: &mut Feature, column: &FeatureView<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if column.schema_type() != feature.r#type() {
        let (wanted, found) = (feature.r#type().as_str_name(), column.kind().as_str_name());
        feature.set_lifecycle_stage(LifecycleStage::Deprecated);
        let long = format!("Expected data of type: {wanted} but got {found}");
        reasons.push(Reason::new(Kind::UnexpectedDataType, "Unexpected data type", long));
    }
    let fits = |domain: &DomainInfo| {
        matches!(domain, DomainInfo::NaturalLanguageDomain(_) | DomainInfo::ImageDomain(_) | DomainInfo::UrlDomain(_))
    };
    if column.kind() == Type::Bytes && feature.domain_info.as_ref().is_some_and(|domain| !fits(domain)) {
        feature.domain_info = None;
        let long = format!("Data is marked as BYTES with incompatible domain_info: {}", to_text(feature));
        reasons.push(Reason::new(Kind::DomainInvalidForType, "Invalid domain type", long));
    }
    reasons
}

fn check_unique(feature: &mut Feature, column: &FeatureView<'_>) -> Vec<Reason> {
    let Some(wanted) = &mut feature.unique_constraints else { return Vec::new() };
    let Some(distinct) = column.distinct() else {
        feature.unique_constraints = None;
        let long = "UniqueConstraints specified for the feature, but unique values were not counted (i.e., feature is not string or \
                    categorical).";
        return vec![Reason::new(Kind::FeatureTypeNoUnique, "No unique values", long)];
    };
    let distinct = i64::try_from(distinct).unwrap_or(i64::MAX);
    let mut reasons = Vec::new();
    if distinct < wanted.min() {
        let long = format!("Expected at least {} unique values but found only {distinct}.", wanted.min());
        reasons.push(Reason::new(Kind::FeatureTypeLowUnique, "Low number of unique values", long));
        wanted.min = Some(distinct);
    }
    // Without a maximum it is 0, as TFDV reads it.
    if distinct > wanted.max() {
        let long = format!("Expected no more than {} unique values but found {distinct}.", wanted.max());
        reasons.push(Reason::new(Kind::FeatureTypeHighUnique, "High number of unique values", long));
        wanted.max = Some(distinct);
    }
    reasons
}
