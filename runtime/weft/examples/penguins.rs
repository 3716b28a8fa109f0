//! Embeds weft: trains on the Palmer penguins and reads the model's accuracy.
//!
//! `cargo run -p weft --example penguins -- guest-examples/penguins/pipeline.yaml`; `bash guest-examples/penguins/run.sh` builds its components.

use std::path::{Path, PathBuf};

use weft::pipeline::step::PortValue;
use weft::{Cancel, Host, PrepareOptions, RunOptions, Weft, read, silent};

fn main() -> weft::Result<()> {
    let pipeline = std::env::args_os().nth(1).map(PathBuf::from);
    let pipeline = pipeline.ok_or_else(|| weft::Error::request("give the pipeline's file"))?;
    let host = Host { components: vec![PathBuf::from("target/components")], ..Host::default() };
    println!("accuracy: {:?}", accuracy(&pipeline, Path::new(".weft"), host)?);
    Ok(())
}

/// Runs a pipeline in the store at `root`; the answer is its output `accuracy`.
pub fn accuracy(pipeline: &Path, root: &Path, host: Host) -> weft::Result<Option<f64>> {
    let weft = Weft::open(root, host)?;
    let options = PrepareOptions { parameters: Some(weft::Parameters::default()), ..PrepareOptions::default() };
    let prepared = weft.prepare(read(pipeline)?, &options, &silent)?;
    let mut observe = |event: &weft::Event| eprintln!("{event:?}");
    let outcome = weft.run(&prepared, &RunOptions::default(), &mut observe, &silent, &Cancel::default())?;
    Ok(match outcome.outputs.get("accuracy") {
        Some(PortValue::Parameter(value)) => value.as_f64(),
        _ => None,
    })
}
