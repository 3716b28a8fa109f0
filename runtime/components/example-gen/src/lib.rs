//! The step of `wit/world.wit`.

use std::io::Write;

use data_validation::csv::Reader;
use data_validation::examples::{Share, Splitter};
use data_validation::statistics::{Options, types};
use tfx_artifacts::{Delimiter, Split as Source, splits, tables};
use weft_guest::types::Value;
use weft_guest::{Error, Result, Writable, info};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:example-gen/example-gen",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct ExampleGen;
export!(ExampleGen);

impl Guest for ExampleGen {
    fn generate(
        data: &Artifact,
        splits: Option<Vec<Split>>,
        partition_feature_name: Option<String>,
        delimiter: Option<String>,
    ) -> Result<Generated, String> {
        let shares = match splits {
            Some(splits) => {
                splits.into_iter().map(|split| Share { name: split.name, buckets: split.hash_buckets }).collect()
            }
            None => [("train", 2), ("eval", 1)].map(|(name, buckets)| Share { name: name.to_owned(), buckets }).into(),
        };
        let options = Options { dialect: delimiter.as_deref().dialect()?, ..Options::default() };
        Ok(generate(data, shares, partition_feature_name.as_deref(), &options)?)
    }
}

fn generate(data: &Artifact, shares: Vec<Share>, partition: Option<&str>, options: &Options) -> Result<Generated> {
    let sources: Vec<Source> = splits(data)?;
    let tables: Vec<_> = sources.iter().flat_map(|source| tables(source, data)).collect();
    let splitter = Splitter::new(&types(&tables, options)?, shares, partition)?;

    let examples = Examples::new();
    let names: Vec<&str> = splitter.shares().iter().map(|share| share.name.as_str()).collect();
    let files = names.iter().map(|name| examples.create(&format!("Split-{name}/data.csv")));
    let files: Vec<_> = files.collect::<Result<_, _>>()?;
    let mut writers: Vec<_> = files.iter().map(Writable::writer).collect();
    let mut counts = vec![0_u64; names.len()];
    for (n, table) in tables.iter().enumerate() {
        let mut reader = Reader::new((table.open)(), &table.name, options.dialect)?;
        if n == 0 {
            for writer in &mut writers {
                writer.write_all(reader.text())?;
                writer.write_all(b"\n")?;
            }
        }
        while reader.advance()? {
            let place = || format!("{}, line {}", table.name, reader.line());
            let at = splitter.split(reader.row()).map_err(|problem| Error::new(format!("{}: {problem}", place())))?;
            writers[at].write_all(reader.text())?;
            writers[at].write_all(b"\n")?;
            counts[at] += 1;
        }
    }
    for writer in &mut writers {
        writer.flush()?;
    }
    drop(writers);
    for (name, count) in names.iter().zip(&counts) {
        info!("split {name}: {count} rows");
    }
    examples.set_display_name("Examples")?;
    examples.set_property("span", &Value::Int(0))?;
    examples.set_property("split_names", &Value::strings(&names))?;
    examples.set_property("file_format", &"csv".into())?;
    Ok(Generated { examples, rows: counts.iter().sum() })
}
