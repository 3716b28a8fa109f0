//! Images and natural language: what their statistics must be, which TFDV adds to those of the column as custom ones.

use prost::Message as _;

use super::{Kind, Reason};
use crate::number::six_digits;
use crate::proto::custom_statistic::Val;
use crate::proto::sequence_value_constraints::Value as Token;
use crate::proto::{CustomStatistic, ImageDomain, NaturalLanguageDomain, SequenceValueConstraints};
use crate::view::FeatureView;

/// Of TFDV's `NaturalLanguageStatistics` what is checked.
#[derive(Clone, PartialEq, prost::Message)]
struct Language {
    /// The share of tokens that are in the vocabulary.
    #[prost(double, tag = "1")]
    feature_coverage: f64,
    #[prost(double, tag = "2")]
    avg_token_length: f64,
    #[prost(message, repeated, tag = "6")]
    tokens: Vec<TokenStatistics>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TokenStatistics {
    #[prost(oneof = "Name", tags = "1, 2")]
    name: Option<Name>,
    #[prost(double, tag = "4")]
    fraction_of_sequences: f64,
    #[prost(double, tag = "5")]
    least_per_sequence: f64,
    #[prost(double, tag = "7")]
    most_per_sequence: f64,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Name {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(int64, tag = "2")]
    Number(i64),
}

fn named<'a>(column: &FeatureView<'a>, name: &str) -> Option<&'a CustomStatistic> {
    column.custom().iter().find(|statistic| statistic.name == name)
}

/// Checks images, and widens the domain to them.
#[allow(clippy::cast_possible_truncation, reason = "TFDV counts in single precision")]
pub(super) fn check_images(domain: &mut ImageDomain, column: &FeatureView<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let formats = match named(column, "image_format_histogram").and_then(|statistic| statistic.val.as_ref()) {
        Some(Val::RankHistogram(formats)) => Some(&formats.buckets),
        _ => None,
    };
    if let (Some(least), Some(formats)) = (domain.minimum_supported_image_fraction, formats) {
        let (mut known, mut unknown) = (0.0_f32, 0.0_f32);
        for bucket in formats {
            *(if bucket.label == "UNKNOWN" { &mut unknown } else { &mut known }) += bucket.sample_count as f32;
        }
        let share = known / (known + unknown);
        if share < least {
            let long = format!(
                "Fraction of values containing TensorFlow supported images: {share:.6} is lower than the threshold set in the Schema: \
                 {least:.6}."
            );
            reasons.push(Reason::new(Kind::LowSupportedImageFraction, "Low supported image fraction", long));
            domain.minimum_supported_image_fraction = Some(share);
        }
    }
    if let Some(most) = domain.max_image_byte_size {
        let largest = column.largest();
        if largest > most {
            let long = format!("The largest image has bytes: {largest}. The max allowed byte size is: {most}.");
            let short = "Num bytes exceeds the max byte size.";
            reasons.push(Reason::new(Kind::MaxImageByteSizeExceeded, short, long));
            domain.max_image_byte_size = Some(largest);
        }
    }
    reasons
}

/// Reasons, and whether the domain is to go, as what it asks for was not counted.
pub(super) fn check_language(domain: &mut NaturalLanguageDomain, column: &FeatureView<'_>) -> (Vec<Reason>, bool) {
    let counted = match named(column, "nl_statistics").and_then(|statistic| statistic.val.as_ref()) {
        Some(Val::Any(any)) => Language::decode(any.value.as_slice()).ok(),
        Some(_) => return Default::default(),
        None => None,
    };
    let coverage = domain.coverage.clone().unwrap_or_default();
    let asks = coverage.min_coverage.is_some()
        || coverage.min_avg_token_length.is_some()
        || !domain.token_constraints.is_empty();
    let not_counted = || {
        let short = "Natural language stats are not computed.";
        let long = "Constraints specified in natural language domain cannot be verified because natural language stats have not been \
                    computed.";
        Reason::new(Kind::StatsNotAvailable, short, long)
    };
    let Some(found) = counted else {
        return if asks { (vec![not_counted()], true) } else { Default::default() };
    };
    let mut reasons = Vec::new();
    check_coverage(domain, &found, &mut reasons);
    for wanted in &mut domain.token_constraints {
        let (name, told) = match &wanted.value {
            Some(Token::IntValue(number)) => (Name::Number(*number), number.to_string()),
            Some(Token::StringValue(text)) => (Name::Text(text.clone()), text.clone()),
            None => continue,
        };
        let Some(token) = found.tokens.iter().find(|token| token.name.as_ref() == Some(&name)) else {
            reasons.push(not_counted());
            return (reasons, true);
        };
        check_token(wanted, token, &told, &mut reasons);
    }
    (reasons, false)
}

#[allow(clippy::cast_possible_truncation, reason = "the precision of a domain")]
fn check_coverage(domain: &mut NaturalLanguageDomain, found: &Language, reasons: &mut Vec<Reason>) {
    let Some(wanted) = &mut domain.coverage else { return };
    let in_schema = |least: f32| six_digits(f64::from(least));
    if let Some(least) = wanted.min_coverage.filter(|least| f64::from(*least) > found.feature_coverage) {
        let long = format!(
            "Fraction of tokens in the vocabulary: {} is lower than the threshold set in the Schema: {}.",
            six_digits(found.feature_coverage),
            in_schema(least)
        );
        reasons.push(Reason::new(Kind::FeatureCoverageTooLow, "Feature coverage is too low.", long));
        wanted.min_coverage = Some(found.feature_coverage as f32);
    }
    if let Some(least) = wanted.min_avg_token_length.filter(|least| found.avg_token_length < f64::from(*least)) {
        let long = format!(
            "Average token length is: {} which is lower than the threshold set in the Schema: {}.",
            six_digits(found.avg_token_length),
            in_schema(least)
        );
        let kind = Kind::FeatureCoverageTooShortAvgTokenLength;
        reasons.push(Reason::new(kind, "Average token length is too short.", long));
        wanted.min_avg_token_length = Some(found.avg_token_length as f32);
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the precision of a constraint")]
fn check_token(wanted: &mut SequenceValueConstraints, found: &TokenStatistics, token: &str, reasons: &mut Vec<Reason>) {
    let share = found.fraction_of_sequences;
    let of_sequences = |way: &str, threshold: f32| {
        format!(
            "Fraction of sequences with value: {token} is: {} which is {way} than the threshold set in the Schema: {}.",
            six_digits(share),
            six_digits(f64::from(threshold))
        )
    };
    if let Some(least) = wanted.min_fraction_of_sequences.filter(|least| f64::from(*least) > share) {
        let short = "Value occurs in too small a fraction of sequences.";
        reasons.push(Reason::new(Kind::SequenceValueTooSmallFraction, short, of_sequences("lower", least)));
        wanted.min_fraction_of_sequences = Some(share as f32);
    }
    if let Some(most) = wanted.max_fraction_of_sequences.filter(|most| f64::from(*most) < share) {
        let short = "Value occurs in too large a fraction of sequences.";
        reasons.push(Reason::new(Kind::SequenceValueTooLargeFraction, short, of_sequences("higher", most)));
        wanted.max_fraction_of_sequences = Some(share as f32);
    }
    let within = |bound: &str, times: f64, way: &str, threshold: i64| {
        format!(
            "Value: {token} occurs {bound}: {} times within a sequence, which is {way} than the threshold set in the Schema: {threshold}.",
            six_digits(times)
        )
    };
    let (fewest, most) = (found.least_per_sequence, found.most_per_sequence);
    if let Some(least) = wanted.min_per_sequence.filter(|least| *least as f64 > fewest) {
        let short = "Value has too few per-sequence occurrences.";
        let long = within("at least", fewest, "lower", least);
        reasons.push(Reason::new(Kind::SequenceValueTooFewOccurrences, short, long));
        wanted.min_per_sequence = Some(fewest as i64);
    }
    if let Some(bound) = wanted.max_per_sequence.filter(|bound| (*bound as f64) < most) {
        let short = "Value has too many per-sequence occurrences.";
        let long = within("at most", most, "higher", bound);
        reasons.push(Reason::new(Kind::SequenceValueTooManyOccurrences, short, long));
        wanted.max_per_sequence = Some(most as i64);
    }
}
