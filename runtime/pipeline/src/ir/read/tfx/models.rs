//! TFX's components that ask a model, where ours can ask it: an importer names its file, which is in ONNX or of XGBoost or LightGBM.
//!
//! What TFX's own trainer gives is a model of TensorFlow, and so is a folder as far as its name tells: these are left to TFX.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::config::{Properties, Untranslated, field, integer, items, path, text};
use super::eval_config;
use super::standard::{Before, Replacement, literal};
use crate::model::{Binding, Component, Implementation, Importer, Pipeline, Task, Wire};

/// How files of models are called that `weft:onnx` reads.
const ENDINGS: [&str; 4] = [".onnx", ".json", ".ubj", ".txt"];

/// The DAG that a task is in, as TFX wrote it.
pub(super) struct Around<'p> {
    pub pipeline: &'p Pipeline,
    pub tasks: &'p IndexMap<String, Task>,
}

impl Around<'_> {
    /// The task that gives an input, and its component.
    fn producer(&self, wire: Option<&Wire>) -> Option<(&Task, &Component)> {
        let Binding::Output { task, .. } = &wire?.from else { return None };
        let task = self.tasks.get(task)?;
        Some((task, self.pipeline.components.get(&task.component)?))
    }

    /// The importer that gives an input, and what it imports, if that is constant.
    fn imported(&self, wire: Option<&Wire>) -> Option<(&Importer, &str)> {
        let (task, component) = self.producer(wire)?;
        let Implementation::Import(importer) = &component.implementation else { return None };
        let source = match &importer.source {
            Binding::Input(input) => &task.inputs.get(input)?.from,
            source => source,
        };
        let Binding::Literal(Value::String(source)) = source else { return None };
        Some((importer, source.as_str()))
    }

    /// Whether ours can ask the model that an input is.
    fn is_ours(&self, wire: Option<&Wire>) -> bool {
        let source = self.imported(wire).map(|(_, source)| source.to_ascii_lowercase());
        source.is_some_and(|source| ENDINGS.iter().any(|ending| source.ends_with(ending)))
    }

    /// The splits of examples, which must be known before they are there.
    fn splits(&self, examples: Option<&Wire>) -> Result<Vec<String>, Untranslated> {
        let unknown = || "the splits of its `examples` are not known before the run".to_owned();
        if let Some((importer, _)) = self.imported(examples) {
            let names = importer.properties.get("split_names").and_then(Value::as_str).ok_or_else(unknown)?;
            return serde_json::from_str(names).map_err(|_| unknown());
        }
        let (task, component) = self.producer(examples).ok_or_else(unknown)?;
        // An example gen may have been replaced already; its task here is as TFX wrote it.
        let replaced =
            matches!(&component.implementation, Implementation::Wasm(step) if step.path == "weft:example-gen");
        let class = match &component.implementation {
            Implementation::Command(step) => crate::tfx::executor_class(step).unwrap_or_default(),
            _ => "",
        };
        if !replaced && !class.contains(".example_gen.") {
            return Err(unknown());
        }
        let properties = Properties(task);
        let names = |config: &Value, names: &[&str]| -> Vec<String> {
            items(config, names).iter().filter_map(|split| text(split, "name")).map(str::to_owned).collect()
        };
        let output = names(&properties.json("output_config")?.unwrap_or_default(), &["split_config", "splits"]);
        if !output.is_empty() {
            return Ok(output);
        }
        let input = names(&properties.json("input_config")?.unwrap_or_default(), &["splits"]);
        Ok(if input.is_empty() { vec!["train".to_owned(), "eval".to_owned()] } else { input })
    }
}

/// What does the work of an executor of this class; nothing if it asks a model that ours cannot ask, or none at all.
pub(super) fn translate(
    class: &str,
    task: &Task,
    name: &str,
    around: &Around<'_>,
) -> Option<Result<Replacement, Untranslated>> {
    if !around.is_ours(task.inputs.get("model")) {
        return None;
    }
    Some(match class {
        "tfx.components.evaluator.executor.Executor" => evaluator(task, name, around),
        "tfx.components.bulk_inferrer.executor.Executor" => bulk_inferrer(task, name, around),
        "tfx.components.infra_validator.executor.Executor" => infra_validator(task, name, around),
        _ => return None,
    })
}

/// The splits that are asked about: those that are named, else all.
fn chosen(task: &Task, around: &Around<'_>, named: &[Value]) -> Result<Vec<String>, Untranslated> {
    let named: Vec<String> = named.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if named.is_empty() { around.splits(task.inputs.get("examples")) } else { Ok(named) }
}

/// A step that writes splits of the examples as CSV, which is what models are asked about here.
fn as_csv(task: &Task, splits: &[String]) -> Result<Before, Untranslated> {
    let examples = task.inputs.get("examples").ok_or("it has no `examples`")?;
    let patterns = splits.iter().map(|name| json!({ "name": name, "pattern": format!("Split-{name}/*") }));
    Ok(Before {
        suffix: "examples",
        path: "weft:example-gen",
        values: [
            ("data".to_owned(), examples.clone()),
            ("format".to_owned(), literal("csv")),
            ("input-splits".to_owned(), literal(patterns.collect::<Vec<_>>())),
        ]
        .into(),
        gives: ("examples", "tfx.Examples"),
        found: None,
    })
}

/// A step that asks a model about the examples that are CSV.
fn predictions(suffix: &'static str, of: &Task, model: &Wire, label: &str, name: &str) -> Before {
    Before {
        suffix,
        path: "weft:bulk-inferrer",
        values: [
            ("examples".to_owned(), csv(of, name)),
            ("model".to_owned(), model.clone()),
            ("exclude".to_owned(), literal(vec![label])),
        ]
        .into(),
        gives: ("inference-result", "tfx.InferenceResult"),
        found: None,
    }
}

/// The predictions of such a step, as an input.
fn predicted(of: &Task, name: &str, suffix: &str) -> Wire {
    let from = Binding::Output { task: format!("{name}.{suffix}"), output: "inference-result".to_owned() };
    Wire { at: of.at, ..Wire::from(from) }
}

fn evaluator(task: &Task, name: &str, around: &Around<'_>) -> Result<Replacement, Untranslated> {
    let properties = Properties(task);
    let config = properties.json("eval_config")?.ok_or("it has no `eval_config`")?;
    let is_baseline = |spec: &&Value| field(spec, "is_baseline").and_then(Value::as_bool).unwrap_or_default();
    let mut specs = items(&config, &["model_specs"]).iter().filter(|spec| !is_baseline(spec));
    let (Some(spec), None) = (specs.next(), specs.next()) else {
        return Err("its `eval_config` is not of one model".to_owned());
    };
    let label = text(spec, "label_key").ok_or("its `eval_config` has no `label_key`")?;
    let mut values = IndexMap::from([("label".to_owned(), literal(label))]);
    for (theirs, ours) in [("prediction_key", "prediction"), ("example_weight_key", "weight")] {
        if let Some(column) = text(spec, theirs) {
            values.insert(ours.to_owned(), literal(column));
        }
    }
    let slices: Vec<Value> = items(&config, &["slicing_specs"]).iter().filter_map(eval_config::slicing).collect();
    if !slices.is_empty() {
        values.insert("slices".to_owned(), literal(slices));
    }
    let eval_config::Wanted { thresholds, scores, compares } = eval_config::thresholds(&config)?;
    if !thresholds.is_empty() {
        values.insert("thresholds".to_owned(), literal(thresholds));
    }
    if !scores.is_empty() {
        values.insert("score-thresholds".to_owned(), literal(scores));
    }
    let splits = properties.json("example_splits")?.unwrap_or_default();
    // As TFX: the split `eval`, if none are named.
    let usual = [json!("eval")];
    let splits = splits.as_array().filter(|splits| !splits.is_empty()).map_or(&usual[..], Vec::as_slice);
    let splits = chosen(task, around, splits)?;
    values.insert("splits".to_owned(), literal(splits.clone()));

    let model = task.inputs.get("model").ok_or("it has no `model`")?;
    let mut before = vec![as_csv(task, &splits)?, predictions("predictions", task, model, label, name)];
    values.insert("predictions".to_owned(), predicted(task, name, "predictions"));
    if let Some(baseline) = task.inputs.get("baseline_model").filter(|_| compares) {
        let found = match &baseline.from {
            Binding::Output { task, output } if !around.is_ours(Some(baseline)) => Some((task.clone(), output.clone())),
            _ => None,
        };
        before.push(Before { found, ..predictions("baseline", task, baseline, label, name) });
        values.insert("baseline".to_owned(), predicted(task, name, "baseline"));
    }
    let mut ignored = Vec::new();
    if properties.json("fairness_indicator_thresholds")?.is_some() {
        ignored.push("`fairness_indicator_thresholds` of an evaluator".to_owned());
    }
    Ok(Replacement {
        path: "weft:evaluator",
        needs: &["model"],
        drops: &["examples", "schema"],
        gives: &["evaluation", "blessing"],
        values,
        before,
        ignored,
        ..Replacement::default()
    })
}

fn bulk_inferrer(task: &Task, name: &str, around: &Around<'_>) -> Result<Replacement, Untranslated> {
    let properties = Properties(task);
    if properties.json("output_example_spec")?.is_some() {
        return Err("its `output_example_spec` asks for examples, and ours gives tables".to_owned());
    }
    let data = properties.json("data_spec")?.unwrap_or_default();
    let splits = chosen(task, around, items(&data, &["example_splits"]))?;
    Ok(Replacement {
        path: "weft:bulk-inferrer",
        needs: &["examples", "model"],
        gives: &["inference_result"],
        values: [("examples".to_owned(), csv(task, name))].into(),
        before: vec![as_csv(task, &splits)?],
        ..Replacement::default()
    })
}

fn infra_validator(task: &Task, name: &str, around: &Around<'_>) -> Result<Replacement, Untranslated> {
    let request = Properties(task).json("request_spec")?.unwrap_or_default();
    let mut values = IndexMap::new();
    let mut before = Vec::new();
    if task.inputs.contains_key("examples") {
        let mut splits =
            chosen(task, around, field(&request, "split_name").map(std::slice::from_ref).unwrap_or_default())?;
        // As TFX: the first split, and one example, if nothing else is asked for.
        splits.truncate(1);
        before.push(as_csv(task, &splits)?);
        values.insert("examples".to_owned(), csv(task, name));
        let number = field(&request, "num_examples").and_then(integer).unwrap_or(1);
        values.insert("num-examples".to_owned(), literal(number));
    }
    let names = path(&request, &["tensorflow_serving", "signature_names"]);
    let ignored = names.map(|_| "`signature_names` of an infra validator".to_owned());
    Ok(Replacement {
        path: "weft:infra-validator",
        needs: &["model"],
        gives: &["blessing"],
        values,
        before,
        ignored: ignored.into_iter().collect(),
        ..Replacement::default()
    })
}

/// The examples that are CSV, as an input.
fn csv(of: &Task, name: &str) -> Wire {
    let from = Binding::Output { task: format!("{name}.examples"), output: "examples".to_owned() };
    Wire { at: of.at, ..Wire::from(from) }
}
