//! Whether values lie in the domain that the schema gives, and which domain values suggest.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Kind, Reason, semantic};
use crate::number::six_digits;
use crate::proto::feature::DomainInfo;
use crate::proto::feature_name_statistics::Type;
use crate::proto::{
    BoolDomain, Feature, FeatureType, FloatDomain, IntDomain, NumericStatistics, StringDomain, histogram,
};
use crate::view::FeatureView;

const OUT_OF_RANGE: &str = "Out-of-range values";
const INVALID: &str = "Invalid values";
const NON_BOOLEAN: &str = "Non-boolean values";

const TRUE: [&str; 6] = ["TRUE", "true", "SET", "set", "1", ""];
const FALSE: [&str; 5] = ["FALSE", "false", "CLEAR", "clear", "0"];

/// The name of the field that holds a domain.
pub(super) fn name(domain: &DomainInfo) -> &'static str {
    match domain {
        DomainInfo::Domain(_) => "domain",
        DomainInfo::IntDomain(_) => "int_domain",
        DomainInfo::FloatDomain(_) => "float_domain",
        DomainInfo::StringDomain(_) => "string_domain",
        DomainInfo::BoolDomain(_) => "bool_domain",
        DomainInfo::NaturalLanguageDomain(_) => "natural_language_domain",
        DomainInfo::ImageDomain(_) => "image_domain",
        DomainInfo::MidDomain(_) => "mid_domain",
        DomainInfo::UrlDomain(_) => "url_domain",
        DomainInfo::TimeDomain(_) => "time_domain",
        DomainInfo::StructDomain(_) => "struct_domain",
        DomainInfo::TimeOfDayDomain(_) => "time_of_day_domain",
        DomainInfo::AudioDomain(_) => "audio_domain",
        DomainInfo::VideoDomain(_) => "video_domain",
        DomainInfo::ContentChunkDomain(_) => "content_chunk_domain",
    }
}

/// Whether a domain is one of values of this type.
pub(super) fn allows(domain: &DomainInfo, of: FeatureType) -> bool {
    use FeatureType::{Bytes, Float, Int, Struct};
    match domain {
        DomainInfo::BoolDomain(_) => matches!(of, Int | Bytes | Float),
        DomainInfo::IntDomain(_) | DomainInfo::TimeDomain(_) => matches!(of, Int | Bytes),
        DomainInfo::FloatDomain(_) => matches!(of, Float | Bytes),
        DomainInfo::StructDomain(_) => of == Struct,
        DomainInfo::Domain(_)
        | DomainInfo::StringDomain(_)
        | DomainInfo::ImageDomain(_)
        | DomainInfo::MidDomain(_)
        | DomainInfo::UrlDomain(_) => of == Bytes,
        DomainInfo::NaturalLanguageDomain(_) => matches!(of, Bytes | Int),
        _ => true,
    }
}

/// Mends a domain that says a thing twice. TFDV tells nothing of it.
pub(super) fn check_itself(feature: &mut Feature) {
    match &mut feature.domain_info {
        Some(DomainInfo::BoolDomain(domain))
            if domain.true_value.is_some() && domain.true_value == domain.false_value =>
        {
            domain.false_value = None;
        }
        Some(DomainInfo::StringDomain(domain)) => {
            let mut seen = BTreeSet::new();
            domain.value.retain(|value| seen.insert(value.clone()));
        }
        _ => {}
    }
}

/// Checks the values of a column, and widens the domain to them.
pub(super) fn check(feature: &mut Feature, domain: Option<&mut StringDomain>, column: &FeatureView<'_>) -> Vec<Reason> {
    let least = feature.distribution_constraints.as_ref().and_then(|constraints| constraints.min_domain_mass);
    let most_off = least.map_or(0.0, |least| 1.0 - least);
    let (reasons, clear) = match &mut feature.domain_info {
        Some(DomainInfo::Domain(_)) => {
            domain.map_or_else(Default::default, |domain| check_texts(domain, column, most_off))
        }
        Some(DomainInfo::StringDomain(domain)) => check_texts(domain, column, most_off),
        Some(DomainInfo::IntDomain(domain)) => check_integers(domain, column),
        Some(DomainInfo::FloatDomain(domain)) => check_floats(domain, column),
        Some(DomainInfo::BoolDomain(domain)) => {
            let (reasons, instead) = check_bool(domain, column);
            if !reasons.is_empty() {
                feature.domain_info = instead;
            }
            return reasons;
        }
        Some(DomainInfo::ImageDomain(domain)) => (semantic::check_images(domain, column), false),
        Some(DomainInfo::NaturalLanguageDomain(domain)) => semantic::check_language(domain, column),
        _ => return Vec::new(),
    };
    if clear {
        feature.domain_info = None;
    }
    reasons
}

/// Reasons, and whether the domain is to go.
type Outcome = (Vec<Reason>, bool);

fn check_texts(domain: &mut StringDomain, column: &FeatureView<'_>, most_off: f64) -> Outcome {
    if column.has_invalid_text() {
        let (short, long) = ("Invalid UTF8 strings", "Found strings that were not valid UTF8 strings.");
        return (vec![Reason::new(Kind::EnumTypeInvalidUtf8, short, long)], true);
    }
    let known: BTreeSet<&str> = domain.value.iter().map(String::as_str).collect();
    let unknown: Vec<(&str, f64)> = column.texts().into_iter().filter(|(text, _)| !known.contains(text)).collect();
    let off: f64 = unknown.iter().map(|(_, count)| count).sum();
    let total = column.total_values();
    let any = most_off <= 0.0 && !unknown.is_empty();
    if off / total <= most_off && !any || unknown.is_empty() {
        return (Vec::new(), false);
    }
    let listed: Vec<String> =
        unknown.iter().map(|(text, count)| format!("{} ({})", escape(text), share(*count, total))).collect();
    let long = format!("Examples contain values missing from the schema: {}. ", listed.join(", "));
    domain.value.extend(unknown.iter().map(|(text, _)| (*text).to_owned()));
    (vec![Reason::new(Kind::EnumTypeUnexpectedStringValues, "Unexpected string values", long)], false)
}

/// Whole percent, rounded down.
fn share(count: f64, total: f64) -> String {
    if total <= 0.0 {
        return "?".to_owned();
    }
    // Counts are whole numbers here even if they are weighted.
    let percent = 100.0 * count.trunc() / total;
    if percent < 1.0 { "<1%".to_owned() } else { format!("~{}%", percent.floor()) }
}

/// Escapes of C for what cannot be seen; letters beyond ASCII stand for themselves.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' | '\'' | '\\' => out.extend(['\\', letter]),
            '\0'..='\x1f' | '\x7f' => _ = write!(out, "\\{:03o}", u32::from(letter)),
            letter => out.push(letter),
        }
    }
    out
}

/// The range of integers in a column, or a value that is none.
enum Integers {
    Range(i64, i64),
    Other(String),
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the ends of the range are checked before"
)]
fn integers(column: &FeatureView<'_>) -> Option<Integers> {
    let texts = column.texts();
    match (column.kind(), column.numbers()) {
        (Type::Struct | Type::Float, _) => None,
        (Type::Int, Some(numbers)) if texts.is_empty() => Some(if numbers.min < i64::MIN as f64 {
            Integers::Other(format!("{:.6}", numbers.min))
        } else if numbers.max > i64::MAX as f64 {
            Integers::Other(format!("{:.6}", numbers.max))
        } else {
            Integers::Range(numbers.min as i64, numbers.max as i64)
        }),
        _ => {
            let mut range: Option<(i64, i64)> = None;
            for text in texts.keys() {
                let Ok(value) = text.trim_ascii().parse::<i64>() else {
                    return Some(Integers::Other((*text).to_owned()));
                };
                range = Some(range.map_or((value, value), |(min, max)| (min.min(value), max.max(value))));
            }
            range.map(|(min, max)| Integers::Range(min, max))
        }
    }
}

fn check_integers(domain: &mut IntDomain, column: &FeatureView<'_>) -> Outcome {
    match integers(column) {
        None => (Vec::new(), false),
        Some(Integers::Other(value)) => match column.schema_type() {
            FeatureType::Bytes => {
                let long = format!("String values that were not ints were found, such as \"{value}\".");
                (vec![Reason::new(Kind::IntTypeNotIntString, INVALID, long)], true)
            }
            _ if domain.min.is_some() || domain.max.is_some() => {
                let long = format!("Integer had values that were not valid Int64, such as \"{value}\".");
                (vec![Reason::new(Kind::DomainInvalidForType, INVALID, long)], true)
            }
            _ => (Vec::new(), false),
        },
        Some(Integers::Range(min, max)) => {
            let mut reasons = Vec::new();
            if domain.min.is_some_and(|least| least > min) {
                let long = format!("Unexpectedly small value: {min}.");
                reasons.push(Reason::new(Kind::IntTypeSmallInt, OUT_OF_RANGE, long));
                domain.min = Some(min);
            }
            if domain.max.is_some_and(|most| most < max) {
                let long = format!("Unexpectedly large value: {max}.");
                reasons.push(Reason::new(Kind::IntTypeBigInt, OUT_OF_RANGE, long));
                domain.max = Some(max);
            }
            (reasons, false)
        }
    }
}

/// A number as Abseil reads it: blanks around it, no underscores.
fn parse_float(text: &str) -> Option<f32> {
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| text.parse().ok()).flatten()
}

#[allow(clippy::cast_possible_truncation, reason = "single precision is meant")]
fn check_floats(domain: &mut FloatDomain, column: &FeatureView<'_>) -> Outcome {
    let mut reasons = Vec::new();
    let texts = column.texts();
    if domain.disallow_nan() {
        let nan = match column.kind() {
            Type::Float => column.numbers().is_some_and(|numbers| numbers.histograms.iter().any(|one| one.num_nan > 0)),
            Type::String => texts.keys().filter_map(|text| parse_float(text)).any(f32::is_nan),
            _ => false,
        };
        if nan {
            reasons.push(Reason::new(Kind::FloatTypeHasNan, INVALID, "Float feature has NaN values."));
            domain.disallow_nan = Some(false);
        }
    }
    let mut range: Option<(f32, f32)> = None;
    match (column.kind(), column.numbers()) {
        (Type::Float, Some(numbers)) => range = Some((numbers.min as f32, numbers.max as f32)),
        (Type::Bytes | Type::String, _) => {
            for text in texts.keys() {
                let Some(value) = parse_float(text) else {
                    let long = format!("String values that were not floats were found, such as \"{text}\".");
                    reasons.push(Reason::new(Kind::FloatTypeStringNotFloat, INVALID, long));
                    return (reasons, true);
                };
                range = Some(range.map_or((value, value), |(min, max)| {
                    (if min > value { value } else { min }, if max < value { value } else { max })
                }));
            }
        }
        _ => {}
    }
    let Some((min, max)) = range else { return (reasons, false) };
    let digits = |value: f32| six_digits(f64::from(value));
    if let Some(least) = domain.min
        && min < least
    {
        let long = format!("Unexpectedly low values: {}<{}(upto six significant digits)", digits(min), digits(least));
        reasons.push(Reason::new(Kind::FloatTypeSmallFloat, OUT_OF_RANGE, long));
        domain.min = Some(min);
    }
    if let Some(most) = domain.max
        && max > most
    {
        let long = format!("Unexpectedly high value: {}>{}(upto six significant digits)", digits(max), digits(most));
        reasons.push(Reason::new(Kind::FloatTypeBigFloat, OUT_OF_RANGE, long));
        domain.max = Some(max);
    }
    if domain.disallow_inf() && (min.is_infinite() || max.is_infinite()) {
        reasons.push(Reason::new(Kind::FloatTypeHasInf, INVALID, "Float feature has Inf values."));
        domain.disallow_inf = Some(false);
    }
    (reasons, false)
}

/// Reasons, and the domain that would fit.
#[allow(clippy::cast_possible_truncation, reason = "the range in the precision of a domain")]
fn check_bool(domain: &BoolDomain, column: &FeatureView<'_>) -> (Vec<Reason>, Option<DomainInfo>) {
    match (column.kind(), column.numbers()) {
        (Type::Int, Some(numbers)) => {
            let (kind, example) = if numbers.min < 0.0 {
                (Kind::BoolTypeSmallInt, numbers.min)
            } else if numbers.max > 1.0 {
                (Kind::BoolTypeBigInt, numbers.max)
            } else {
                return Default::default();
            };
            let long = format!("Integers (such as {}) not in {{0, 1}}: converting to an integer.", six_digits(example));
            let range =
                IntDomain { min: Some(numbers.min as i64), max: Some(numbers.max as i64), ..IntDomain::default() };
            (vec![Reason::new(kind, NON_BOOLEAN, long)], Some(DomainInfo::IntDomain(range)))
        }
        (Type::Float, Some(numbers)) => {
            let Some(long) = not_bool(numbers) else { return Default::default() };
            let range =
                FloatDomain { min: Some(numbers.min as f32), max: Some(numbers.max as f32), ..FloatDomain::default() };
            let reason = Reason::new(Kind::BoolTypeUnexpectedFloat, NON_BOOLEAN, long);
            (vec![reason], Some(DomainInfo::FloatDomain(range)))
        }
        (Type::String, _) => {
            let known: BTreeSet<&str> =
                domain.true_value.iter().chain(&domain.false_value).map(String::as_str).collect();
            let Some(other) = column.texts().into_keys().find(|text| !known.contains(text)) else {
                return Default::default();
            };
            let known: Vec<String> = known.iter().map(|text| format!("\"{text}\"")).collect();
            let long = format!("Saw unexpected value \"{other}\" instead of {{{}}}.", known.join(", "));
            (vec![Reason::new(Kind::BoolTypeUnexpectedString, NON_BOOLEAN, long)], None)
        }
        _ => Default::default(),
    }
}

/// Why floats are not all 0 or 1, as far as their statistics tell.
#[allow(clippy::float_cmp, reason = "exactly 0 and 1 are what is allowed")]
fn not_bool(numbers: &NumericStatistics) -> Option<String> {
    let such_as = |value: &str| format!("Floats (such as {value}) not in {{0, 1}}: converting to float_domain.");
    for bound in [numbers.min, numbers.max] {
        if bound != 0.0 && bound != 1.0 {
            return Some(such_as(&six_digits(bound)));
        }
    }
    for one in &numbers.histograms {
        if one.num_nan > 0 {
            return Some(such_as("NaN"));
        }
        for bucket in one.buckets.iter().filter(|bucket| bucket.sample_count > 0.0) {
            if bucket.high_value < 0.0 {
                return Some("Float values < 0 not in {0, 1}: converting to float_domain.".to_owned());
            }
            if bucket.low_value > 1.0 {
                return Some("Float values > 1 not in {0, 1}: converting to float_domain.".to_owned());
            }
            let quantiles = one.r#type() == histogram::HistogramType::Quantiles;
            if quantiles && bucket.high_value < 1.0 && bucket.low_value > 0.0 {
                return Some("Float values falling between 0 and 1: converting to float_domain.".to_owned());
            }
        }
    }
    None
}

/// Whether values look like a truth: integers 0 and 1 with a 1 among them, or one word for each at most.
pub(crate) fn is_bool_candidate(column: &FeatureView<'_>) -> bool {
    #[allow(clippy::float_cmp, reason = "exactly 1 is what is looked for")]
    if column.kind() == Type::Int {
        return column.numbers().is_some_and(|numbers| numbers.min >= 0.0 && numbers.max == 1.0);
    }
    if column.kind() != Type::String {
        return false;
    }
    let texts = column.texts();
    let count = |words: &[&str]| texts.keys().filter(|text| words.contains(text)).count();
    let (truths, falsehoods) = (count(&TRUE), count(&FALSE));
    (1..=2).contains(&texts.len()) && truths <= 1 && falsehoods <= 1 && truths + falsehoods == texts.len()
}

/// The domain of a column that looks like a truth.
pub(crate) fn bool_domain(column: &FeatureView<'_>) -> BoolDomain {
    let texts = column.texts();
    let first = |words: &[&str]| texts.keys().find(|text| words.contains(text)).map(|text| (*text).to_owned());
    BoolDomain { name: None, true_value: first(&TRUE), false_value: first(&FALSE) }
}

/// Whether values are text that are all integers.
pub(crate) fn is_int_candidate(column: &FeatureView<'_>) -> bool {
    column.kind() == Type::String && !column.has_invalid_text() && matches!(integers(column), Some(Integers::Range(..)))
}
