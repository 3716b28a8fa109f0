//! The step of `wit/world.wit`.

use data_validation::statistics::{Options, describe};
use tfx_artifacts::{splits, tables};
use weft_guest::{Result, bail, run};

mod described;
use described::{options, publish};

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
        let options = options(schema, types_from_schema, delimiter.as_deref(), slices)?;
        Ok(generate(examples, &options, &exclude_splits.unwrap_or_default())?)
    }
}

fn generate(examples: &Artifact, options: &Options, exclude: &[String]) -> Result<Described> {
    let mut splits = splits(examples)?;
    splits.retain(|split| !exclude.contains(&split.name));
    if splits.is_empty() {
        bail!("all splits are excluded");
    }
    let mut described = Vec::new();
    for (n, split) in splits.iter().enumerate() {
        run::progress(n as u64, splits.len() as u64);
        described.push((split.name.clone(), describe(&tables(split, examples), options)?));
    }
    let (statistics, page, rows) = publish(&described)?;
    Ok(Described { statistics, page, rows })
}
