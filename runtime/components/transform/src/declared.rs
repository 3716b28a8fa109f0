//! Features as a pipeline declares them.

use data_transform::{Feature, Fill, Map, Part, Terms, Vocabulary};
use weft_guest::{Result, bail};

/// The feature that is meant.
pub fn feature(declared: super::Feature) -> Result<Feature> {
    let name = declared.name;
    let date = match declared.date.as_deref().map(|part| (part, Part::of_name(part))) {
        None => None,
        Some((_, Some(part))) => Some(part),
        Some((part, None)) => bail!(
            "feature `{name}`: a date has no `{part}`: year, month, day, weekday, day-of-year, hour, minute, second or days"
        ),
    };
    let fill = match (declared.fill.as_deref(), declared.fill_value) {
        (None, None) => None,
        (None, Some(value)) => Some(Fill::Value(value)),
        (Some("mean"), None) => Some(Fill::Mean),
        (Some("median"), None) => Some(Fill::Median),
        (Some("most-frequent"), None) => Some(Fill::MostFrequent),
        (Some(other), None) => bail!(
            "feature `{name}`: gaps cannot be filled with `{other}`: mean, median or most-frequent, or a `fill-value`"
        ),
        (Some(_), Some(_)) => bail!("feature `{name}`: it has both `fill` and `fill-value`"),
    };
    let tf_idf = declared.tf_idf.map(|wanted| {
        let unit = match wanted.norm.as_deref() {
            None => false,
            Some("l2") => true,
            Some(other) => bail!("feature `{name}`: there is no norm `{other}`: l2"),
        };
        let terms = Terms { smooth: wanted.smooth.unwrap_or(true), unit };
        Ok(Map::TfIdf(vocabulary(wanted.vocabulary), terms))
    });
    let one_hot = |wanted: super::OneHot| Map::OneHot(vocabulary(wanted.vocabulary), wanted.columns.unwrap_or(false));
    let maps = [
        declared.z_score.unwrap_or(false).then_some(Map::ZScore),
        declared.min_max.map(|bounds| Map::MinMax(bounds.min, bounds.max)),
        declared.buckets.map(|count| Map::Buckets(usize::try_from(count).unwrap_or(usize::MAX))),
        declared.boundaries.map(Map::Boundaries),
        declared.vocabulary.map(|wanted| Map::Vocabulary(vocabulary(Some(wanted)))),
        declared.one_hot.map(one_hot),
        declared.hash_buckets.map(Map::Hash),
        tf_idf.transpose()?,
    ];
    let mut maps = maps.into_iter().flatten();
    let map = maps.next().unwrap_or(Map::Same);
    if maps.next().is_some() {
        bail!("feature `{name}`: it has several mappings, and can have one");
    }
    Ok(Feature {
        name,
        of: declared.of,
        date,
        split: declared.split,
        separator: declared.separator.unwrap_or_else(|| "_X_".to_owned()),
        fill,
        map,
    })
}

fn vocabulary(wanted: Option<super::Vocabulary>) -> Vocabulary {
    let Some(wanted) = wanted else { return Vocabulary::default() };
    Vocabulary {
        top_k: wanted.top_k.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
        threshold: wanted.frequency_threshold.unwrap_or(0),
        oov_buckets: wanted.num_oov_buckets.unwrap_or(0).into(),
        default: wanted.default_value.unwrap_or(-1),
    }
}
