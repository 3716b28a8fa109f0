//! Helpers for tests: problems as text, and components with signatures.

#[path = "../../../tests/common/processor.rs"]
mod processor;

use std::fmt::Write;

use crate::diagnostic::Diagnostic;
use crate::link::{LinkedStep, link};
use crate::model::{Pipeline, WasmStep};
use crate::signature::{Port, Signature};
use crate::types::{ArtifactType, PortType};
use crate::yaml::read_pipeline;

pub(crate) use processor::processor_time;

/// Problems with the lines that they concern.
pub(crate) fn draw(text: &str, problems: &[Diagnostic]) -> String {
    let mut drawn = String::new();
    for problem in problems {
        let severity = if problem.is_error() { "error" } else { "warning" };
        let task = problem.task.as_deref().map(|task| format!("[{task}]")).unwrap_or_default();
        let _ = writeln!(drawn, "{severity}{task}: {}", problem.message);
        if let Some(at) = problem.at {
            let line = text.lines().nth(at.line as usize - 1).unwrap_or_default();
            let _ = writeln!(drawn, "{:>3} | {line}", at.line);
            let under = "^".repeat(problem.length.min(80) as usize);
            let _ = writeln!(drawn, "    | {}{under}", " ".repeat(at.column as usize - 1));
        }
        if let Some(hint) = &problem.hint {
            let _ = writeln!(drawn, "    = {hint}");
        }
    }
    drawn
}

/// A port as text: `dataset`, `list<model>`, `u32`; with `?` if it is optional.
pub(crate) fn port(text: &str) -> Port {
    let (text, optional) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
    let inner = text.strip_prefix("list<").and_then(|text| text.strip_suffix('>'));
    let ty = match (text.parse(), inner.map(ArtifactType::parse), ArtifactType::parse(text)) {
        (Ok(ty), ..) => PortType::Parameter(ty),
        (_, Some(Ok(kind)), _) => PortType::Artifact { kind, list: true },
        (.., Ok(kind)) => PortType::Artifact { kind, list: false },
        (wrong, ..) => panic!("{text}: {wrong:?}"),
    };
    Port { ty, optional }
}

pub(crate) fn signature(inputs: &[(&str, &str)], outputs: &[(&str, &str)]) -> Signature {
    let ports = |list: &[(&str, &str)]| list.iter().map(|(name, ty)| ((*name).to_owned(), port(ty))).collect();
    Signature { inputs: ports(inputs), outputs: ports(outputs) }
}

/// The functions of the component that the pipelines of tests use.
pub(crate) fn penguins(step: &WasmStep) -> Option<LinkedStep> {
    let function = step.function.as_deref()?;
    let signature = match function {
        "split" => signature(
            &[("penguins", "dataset"), ("seed", "u64"), ("fraction", "f32")],
            &[("train", "dataset"), ("test", "dataset")],
        ),
        "train" => signature(
            &[("data", "dataset"), ("learning-rate", "option<f64>?"), ("depth", "u8?"), ("base", "model?")],
            &[("model", "model")],
        ),
        "evaluate" => signature(
            &[("model", "model"), ("data", "dataset"), ("mode", "enum { fast, exact }?")],
            &[("accuracy", "f64"), ("roc-auc", "f64"), ("report", "html"), ("curve", "classification-metrics?")],
        ),
        "push" => signature(&[("model", "model"), ("others", "list<artifact>?")], &[("model", "model")]),
        _ => return None,
    };
    Some(LinkedStep { digest: "blake3:00".into(), function: function.to_owned(), signature })
}

/// Reads and links a pipeline that has no problems up to there.
pub(crate) fn linked(text: &str) -> Pipeline {
    let mut pipeline = read_pipeline(text).unwrap_or_else(|problems| panic!("{}", draw(text, &problems)));
    link(&mut pipeline, &penguins);
    pipeline
}

/// A valid pipeline that uses every feature of the format.
pub(crate) const PENGUINS: &str = r#"name: penguins
description: Trains a classifier on the Palmer penguins and deploys it if it is better.
parameters:
  csv: data/penguins.csv
  seed: { type: u64, default: 7, description: Seed of the split }
  threshold: { type: float }
  note: { type: option<string> }
  sizes: [1, 2]
steps:
  raw:
    import: ${params.csv}
    type: dataset
    metadata: { source: palmerpenguins, rows: 344 }
  split:
    component: components/penguins.wasm#split
    with: { penguins: "${raw}", seed: "${params.seed}", fraction: 0.25 }
  train:
    component: components/penguins.wasm#train
    with:
      data: ${split.train}
      learning_rate: 1
      depth: 3.0
      base: null
    retry: { max: 3, backoff: 1s, factor: 1.5, max-backoff: 1m }
    cache: false
    limits: { memory: 512MiB, time: 10m, output: 2GiB }
    grants: { clock: true, random: true, env: [PATH, HOME], directories: { /ref: { host: ./ref, write: true }, /x: ./x } }
  evaluate:
    component: components/penguins.wasm#evaluate
    with: { model: "${train}", data: "${split.test}" }
    retry: 2
    after: split
  deployed:
    latest: push.model
    type: model
  foreign:
    latest: publish.model
    pipeline: other
    type: acme.Special
  push:
    component: components/penguins.wasm#push
    when: '!has(deployed.artifact) || evaluate.roc_auc > params.threshold && params.note != "x" && size(params.sizes) > 0'
    with: { model: "${train.model}", others: "${foreign}" }
    after: [evaluate]
outputs:
  model: ${push.model}
  accuracy: ${evaluate.accuracy}
"#;
