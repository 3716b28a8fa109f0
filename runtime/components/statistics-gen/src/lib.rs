//! The step of `wit/world.wit`.

use data_validation::statistics::{Options, Slicing, describe};
use data_validation::{page, whole};
use tfx_artifacts::{Delimiter, read_schema, splits, tables, write_statistics};
use weft_guest::types::Value;
use weft_guest::{Result, bail, info, run, warn};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:statistics-gen/statistics-gen",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct StatisticsGen;
export!(StatisticsGen);

impl Guest for StatisticsGen {
    fn generate(
        examples: &Artifact,
        schema: Option<&Schema>,
        types_from_schema: Option<bool>,
        exclude_splits: Option<Vec<String>>,
        delimiter: Option<String>,
        slices: Option<Vec<Slice>>,
    ) -> Result<Described, String> {
        let slicing = |slice: Slice| Slicing {
            features: slice.features.into_iter().map(|feature| (feature.name, feature.values)).collect(),
        };
        let options = Options {
            dialect: delimiter.as_deref().dialect()?,
            schema: schema.map(read_schema).transpose()?,
            types_from_schema: types_from_schema.unwrap_or(false),
            slices: slices.unwrap_or_default().into_iter().map(slicing).collect(),
            ..Options::default()
        };
        Ok(generate(examples, &options, &exclude_splits.unwrap_or_default())?)
    }
}

fn generate(examples: &Artifact, options: &Options, exclude: &[String]) -> Result<Described> {
    if options.slices.iter().any(|slice| slice.features.is_empty()) {
        bail!("a slice needs a feature");
    }
    if options.types_from_schema && options.schema.is_none() {
        bail!("types are to come from the schema, and there is none: give `schema`, or leave `types-from-schema` out");
    }
    let mut splits = splits(examples)?;
    splits.retain(|split| !exclude.contains(&split.name));
    if splits.is_empty() {
        bail!("all splits are excluded");
    }
    let statistics = ExampleStatistics::new();
    let mut described = Vec::new();
    let mut rows = 0;
    for (n, split) in splits.iter().enumerate() {
        run::progress(n as u64, splits.len() as u64);
        let found = describe(&tables(split, examples), options)?;
        for column in found.estimated() {
            warn!(
                "column `{column}` has so many distinct values that their number and the counts of rare ones are estimates"
            );
        }
        let message = found.message();
        write_statistics(&statistics, &split.name, &message)?;
        let all = whole(&message)?;
        let (count, columns) = (all.num_examples, all.features.len());
        info!("split {}: {count} rows, {columns} columns", split.name);
        for slice in message.datasets.iter().filter(|_| message.datasets.len() > 1) {
            info!("split {}, slice {}: {} rows", split.name, slice.name, slice.num_examples);
        }
        rows += count;
        described.push((split.name.clone(), message));
    }
    statistics.set_display_name("Statistics")?;
    statistics.set_property("span", &Value::Int(0))?;
    statistics.set_property("split_names", &Value::strings(described.iter().map(|(split, _)| split)))?;
    let page = Html::new();
    page.set_text(&page::of_statistics(&described))?;
    page.set_display_name("Statistics")?;
    Ok(Described { statistics, page, rows })
}
