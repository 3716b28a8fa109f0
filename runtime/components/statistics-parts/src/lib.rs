//! The step of `wit/world.wit`.

use data_validation::statistics::{Options, Statistics, describe};
use tables::pattern::Pattern;
use tfx_artifacts::{File, chosen, splits, tables};
use weft_guest::{Readable, Result, Writable, bail, info, run};

#[path = "../../statistics-gen/src/described.rs"]
mod described;
use described::{options, publish};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:statistics-parts/statistics-parts",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct StatisticsParts;
export!(StatisticsParts);

impl Guest for StatisticsParts {
    fn collect(
        examples: &Artifact,
        schema: Option<&Schema>,
        types_from_schema: Option<bool>,
        splits: Option<Vec<String>>,
        files: Option<String>,
        delimiter: Option<String>,
        slices: Option<Vec<Slice>>,
    ) -> Result<Collected, String> {
        let options = options(schema, types_from_schema, delimiter.as_deref(), slices)?;
        Ok(collect(examples, &options, &splits.unwrap_or_default(), files.as_deref())?)
    }

    fn merge(
        first: &Artifact,
        second: Option<&Artifact>,
        third: Option<&Artifact>,
        fourth: Option<&Artifact>,
        fifth: Option<&Artifact>,
        sixth: Option<&Artifact>,
        seventh: Option<&Artifact>,
        eighth: Option<&Artifact>,
    ) -> Result<Described, String> {
        let others = [second, third, fourth, fifth, sixth, seventh, eighth];
        Ok(merge(&[Some(first)].into_iter().chain(others).flatten().collect::<Vec<_>>())?)
    }
}

fn collect(examples: &Artifact, options: &Options, names: &[String], files: Option<&str>) -> Result<Collected> {
    let part = Artifact::new();
    let mut rows = 0;
    let mut splits = chosen(splits(examples)?, names, None)?;
    if let Some(pattern) = files {
        let pattern = Pattern::new(pattern)?;
        for split in &mut splits {
            let names: Vec<&str> = split.files.iter().map(File::name).collect();
            // A split that has no such file has no rows in this part.
            let (kept, _) = pattern.choose(&names, None).unwrap_or_default();
            let mut at = 0;
            split.files.retain(|_| {
                at += 1;
                kept.contains(&(at - 1))
            });
        }
        splits.retain(|split| !split.files.is_empty());
    }
    if splits.is_empty() {
        bail!("no file of the examples is called so");
    }
    for (n, split) in splits.iter().enumerate() {
        run::progress(n as u64, splits.len() as u64);
        let found = describe(&tables(split, examples), options)?;
        info!("split {}: {} rows", split.name, found.rows());
        rows += found.rows();
        part.create(&format!("Split-{}/{PART}", split.name))?.write_bytes(&found.to_bytes())?;
    }
    part.set_display_name("Statistics of a part")?;
    Ok(Collected { part, rows })
}

fn merge(parts: &[&Artifact]) -> Result<Described> {
    let mut merged: Vec<(String, Statistics)> = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        run::progress(n as u64, parts.len() as u64);
        for entry in part.entries() {
            let split = entry.name.strip_prefix("Split-").and_then(|rest| rest.split_once('/'));
            let Some((split, PART)) = split else {
                bail!("`{}` is no part of statistics: `collect` makes these", entry.name);
            };
            if entry.length > MOST_PART {
                bail!("{} is larger than {} MiB", entry.name, MOST_PART >> 20);
            }
            let found = Statistics::from_bytes(&part.open(&entry.name)?.read_bytes()?)?;
            match merged.iter_mut().find(|(known, _)| known == split) {
                Some((_, known)) => known.merge(&found)?,
                None => merged.push((split.to_owned(), found)),
            }
        }
    }
    if merged.is_empty() {
        bail!("the parts are empty: `collect` makes them");
    }
    let (statistics, page, rows) = publish(&merged)?;
    Ok(Described { statistics, page, rows })
}

/// What the file of a part is called.
const PART: &str = "statistics.part";
/// The largest part that is read.
const MOST_PART: u64 = 1 << 30;
