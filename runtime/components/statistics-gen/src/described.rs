//! What `weft:statistics-gen` and `weft:statistics-parts` have in common.

use data_validation::statistics::{Options, Slicing, Statistics};
use data_validation::{page, whole};
use tfx_artifacts::artifacts::{ExampleStatistics, Schema};
use tfx_artifacts::{Delimiter, read_schema, split_names, write_statistics};
use weft_guest::artifacts::Html;
use weft_guest::types::Value;
use weft_guest::{Result, bail, info, warn};

use crate::Slice;

pub fn options(
    schema: Option<&Schema>,
    types_from_schema: Option<bool>,
    delimiter: Option<&str>,
    slices: Option<Vec<Slice>>,
) -> Result<Options> {
    let slicing = |slice: Slice| Slicing {
        features: slice.features.into_iter().map(|feature| (feature.name, feature.values)).collect(),
    };
    let options = Options {
        dialect: delimiter.dialect()?,
        schema: schema.map(read_schema).transpose()?,
        types_from_schema: types_from_schema.unwrap_or(false),
        slices: slices.unwrap_or_default().into_iter().map(slicing).collect(),
        ..Options::default()
    };
    if options.slices.iter().any(|slice| slice.features.is_empty()) {
        bail!("a slice needs a feature");
    }
    if options.types_from_schema && options.schema.is_none() {
        bail!("types are to come from the schema, and there is none: give `schema`, or leave `types-from-schema` out");
    }
    Ok(options)
}

/// Makes the outputs of what is known of each split.
pub fn publish(splits: &[(String, Statistics)]) -> Result<(ExampleStatistics, Html, u64)> {
    let statistics = ExampleStatistics::new();
    let mut described = Vec::new();
    let mut rows = 0;
    for (split, found) in splits {
        for column in found.estimated() {
            warn!(
                "column `{column}` has so many distinct values that their number and the counts of rare ones are estimates"
            );
        }
        let message = found.message();
        write_statistics(&statistics, split, &message)?;
        let all = whole(&message)?;
        let (count, columns) = (all.num_examples, all.features.len());
        info!("split {split}: {count} rows, {columns} columns");
        for slice in message.datasets.iter().filter(|_| message.datasets.len() > 1) {
            info!("split {split}, slice {}: {} rows", slice.name, slice.num_examples);
        }
        rows += count;
        described.push((split.clone(), message));
    }
    statistics.set_display_name("Statistics")?;
    statistics.set_property("span", &Value::Int(0))?;
    statistics.set_property("split_names", &split_names(described.iter().map(|(split, _)| split)))?;
    let page = Html::new();
    page.set_text(&page::of_statistics(&described))?;
    page.set_display_name("Statistics")?;
    Ok((statistics, page, rows))
}
