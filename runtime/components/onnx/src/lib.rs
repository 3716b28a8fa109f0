//! The steps of `wit/world.wit`.

#![allow(
    clippy::too_many_arguments,
    reason = "a step has its parameters as arguments, and so has what is generated of them"
)]

mod features;
mod predict;
mod raw;
mod serve;
mod summary;

use models::Model as Loaded;
use models::table::Choice;
use tables::csv::Dialect;
use tfx_artifacts::Delimiter;
use weft_guest::{Readable, Result, bail};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/serving", "wit"],
    world: "weft:onnx/onnx",
    with: {
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct Onnx;
export!(Onnx);

/// The largest model, in bytes.
const MOST_MODEL: u64 = 512 << 20;
const SUFFIXES: [&str; 4] = [".onnx", ".json", ".ubj", ".txt"];

impl Guest for Onnx {
    fn predict(
        model: &Model,
        data: &Artifact,
        features: Option<Vec<String>>,
        exclude: Option<Vec<String>>,
        id: Option<String>,
        keep: Option<Vec<String>>,
        outputs: Option<Vec<String>>,
        batch_size: Option<u32>,
        delimiter: Option<String>,
    ) -> Result<Predicted, String> {
        let mut except = exclude.unwrap_or_default();
        except.extend(id.clone());
        let kept = id.into_iter().chain(keep.unwrap_or_default()).collect();
        let request = predict::Request {
            choice: Choice { features, except },
            kept,
            outputs,
            batch: batch_size.map_or(4096, |rows| rows.clamp(1, 1 << 20) as usize),
            dialect: delimiter.as_deref().dialect()?,
        };
        Ok(predict::predict(&load(model)?, data, &request)?)
    }

    fn inspect(
        model: &Model,
        against: Option<&Artifact>,
        tolerance: Option<f64>,
        features: Option<Vec<String>>,
        exclude: Option<Vec<String>>,
        delimiter: Option<String>,
    ) -> Result<Inspected, String> {
        let tolerance = tolerance.unwrap_or(1e-5);
        if !(tolerance >= 0.0 && tolerance.is_finite()) {
            return Err(format!("the tolerance is {tolerance}, and must be a number from 0 on"));
        }
        let choice = Choice { features, except: exclude.unwrap_or_default() };
        let dialect: Dialect = delimiter.as_deref().dialect()?;
        let name = model.display_name().or_else(|| model.uri()).unwrap_or_else(|| "the model".to_owned());
        Ok(inspect(&load(model)?, &name, against, &choice, tolerance, dialect)?)
    }
}

fn load(model: &Model) -> Result<Loaded> {
    if model.length() > MOST_MODEL {
        bail!("the model has more than {} MiB", MOST_MODEL >> 20);
    }
    if !model.is_directory() {
        return Ok(Loaded::load(&model.read_bytes()?)?);
    }
    let mut found = model.entries();
    found.retain(|entry| SUFFIXES.iter().any(|suffix| entry.name.ends_with(suffix)));
    match found.as_slice() {
        [one] => Ok(Loaded::load(&model.open(&one.name)?.read_bytes()?)?),
        [] => bail!("the directory has no file whose name ends in {}", SUFFIXES.join(", ")),
        several => {
            let names: Vec<&str> = several.iter().take(5).map(|entry| entry.name.as_str()).collect();
            bail!("the directory has several files that could be the model: {}; give one of them", names.join(", "))
        }
    }
}

fn inspect(
    model: &Loaded,
    name: &str,
    against: Option<&Artifact>,
    choice: &Choice,
    tolerance: f64,
    dialect: Dialect,
) -> Result<Inspected> {
    let compared = match against {
        Some(rows) => predict::compare(model, name, rows, choice, tolerance, dialect)?,
        None => 0,
    };
    let lists = summary::lists(model);
    let page = Markdown::new();
    page.set_text(&summary::markdown(name, &lists, against.map(|_| (compared, tolerance))))?;
    page.set_display_name("Model")?;
    Ok(Inspected {
        summary: page,
        format: lists.format,
        inputs: lists.inputs,
        outputs: lists.outputs,
        operators: lists.operators,
        opsets: lists.opsets,
        compared,
    })
}
