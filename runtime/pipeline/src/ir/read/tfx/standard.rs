//! TFX's standard components, done by components of ours.
//!
//! A container is replaced with everything that it does, or stays TFX's own. What is not translated is told, and the container is run by TFX
//! itself where that can be.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::config::{Properties, Untranslated, field, integer, items, path, text};
use super::{dag_mut, dag_names, models};
use crate::diagnostic::Diagnostic;
use crate::ir::read::message::Notes;
use crate::model::{
    Binding, Component, Condition, ConditionVariables, Implementation, Importer, Input, Pipeline, Task, WasmStep, Wire,
};
use crate::signature::Port;
use crate::step::{DirectoryGrant, Grants};
use crate::tfx;
use crate::types::{ArtifactType, ParameterType, PortType};

/// A component of ours in place of one of TFX's.
#[derive(Default)]
pub(super) struct Replacement {
    /// What it is called.
    pub path: &'static str,
    /// Artifacts that it needs, by the name that they have in TFX. Others it takes if it is given them.
    pub needs: &'static [&'static str],
    /// Artifacts that TFX's takes and ours does not.
    pub drops: &'static [&'static str],
    /// Its outputs, by the name that they have in TFX.
    pub gives: &'static [&'static str],
    /// Values for its inputs.
    pub values: IndexMap<String, Wire>,
    /// Inputs that are files of the host: the input, the execution property that has the path.
    pub files: Vec<(&'static str, &'static str)>,
    pub grants: Grants,
    /// Steps that prepare what it needs.
    pub before: Vec<Before>,
    /// What is asked for and not done.
    pub ignored: Vec<String>,
}

/// A step before a component of ours.
pub(super) struct Before {
    /// What it is called behind the name of the task.
    pub suffix: &'static str,
    /// Its component.
    pub path: &'static str,
    /// Its inputs.
    pub values: IndexMap<String, Wire>,
    /// Its output, and the type of that.
    pub gives: (&'static str, &'static str),
    /// An output of a task that may have found nothing: the step is skipped then.
    pub found: Option<(String, String)>,
}

/// Replaces all standard components.
pub(super) fn replace(pipeline: &mut Pipeline, notes: &mut Notes) {
    let originals = originals(pipeline);
    for dag in dag_names(pipeline) {
        let prefix = dag.as_ref().map(|name| format!("components.{name}.")).unwrap_or_default();
        let tasks = dag_mut(pipeline, dag.as_deref()).map(|dag| dag.tasks.clone()).unwrap_or_default();
        for (name, task) in tasks.clone() {
            let Some(original) = originals.get(&task.component) else { continue };
            let place = pipeline.places.get(&format!("{prefix}steps.{name}")).copied();
            let warn = |notes: &mut Notes, problem: String| {
                notes.warn(Diagnostic::warning(problem).at(place).about("task", &name).task(name.clone()));
            };
            let around = models::Around { pipeline, tasks: &tasks };
            let replacement = translate(&original.class, &Properties(&task))
                .or_else(|| models::translate(&original.class, &task, &name, &around));
            match replacement {
                Some(Ok(replacement)) => {
                    for ignored in &replacement.ignored {
                        warn(notes, format!("{ignored} is not honoured"));
                    }
                    let at = Place { dag: dag.as_deref(), task: &name };
                    apply(pipeline, &at, &task, original, replacement);
                }
                Some(Err(why)) => warn(notes, format!("it is left to TFX itself: {why}")),
                None => {}
            }
        }
    }
}

/// A component as TFX wrote it.
struct Original {
    class: String,
    /// The names of its execution properties.
    properties: Vec<String>,
}

/// A task, in the DAG of a component or in the root.
struct Place<'a> {
    dag: Option<&'a str>,
    task: &'a str,
}

/// All components that TFX runs, by name.
fn originals(pipeline: &Pipeline) -> HashMap<String, Original> {
    let original = |(name, component): (&String, &Component)| {
        let Implementation::Command(step) = &component.implementation else { return None };
        let class = tfx::executor_class(step)?.to_owned();
        let is_property = |input: &Input| matches!(input.port.ty, PortType::Parameter(_));
        let properties = component.inputs.iter().filter(|(_, input)| is_property(input));
        Some((name.clone(), Original { class, properties: properties.map(|(name, _)| name.clone()).collect() }))
    };
    pipeline.components.iter().filter_map(original).collect()
}

/// What does the work of an executor of this class; nothing if none of ours does.
fn translate(class: &str, properties: &Properties<'_>) -> Option<Result<Replacement, Untranslated>> {
    Some(match class {
        "tfx.components.example_gen.csv_example_gen.executor.Executor"
        | "tfx.components.example_gen.import_example_gen.executor.Executor"
        | "tfx.components.example_gen.custom_executors.parquet_executor.Executor" => example_gen(properties),
        "tfx.components.statistics_gen.executor.Executor" => statistics_gen(properties),
        "tfx.components.schema_gen.executor.Executor" => schema_gen(properties),
        "tfx.components.schema_gen.import_schema_gen.executor.Executor" => Ok(Replacement {
            path: "weft:import-schema-gen",
            gives: &["schema"],
            files: vec![("schema-file", "schema_file")],
            ..Replacement::default()
        }),
        "tfx.components.example_validator.executor.Executor" => example_validator(properties),
        "tfx.components.distribution_validator.executor.Executor" => distribution_validator(properties),
        "tfx.components.example_diff.executor.Executor" => example_diff(properties),
        "tfx.components.pusher.executor.Executor" => pusher(properties),
        _ => return None,
    })
}

pub(super) fn literal(value: impl Into<Value>) -> Wire {
    Wire::from(Binding::Literal(value.into()))
}

/// `output_file_format` and `output_data_format` by TFX's numbers.
const GZIPPED_RECORDS: i64 = 5;
const PARQUET_FILES: i64 = 16;
const EXAMPLES: i64 = 6;
const PARQUET_ROWS: i64 = 15;

fn example_gen(properties: &Properties<'_>) -> Result<Replacement, Untranslated> {
    let mut values = IndexMap::new();
    let format = match (properties.number("output_file_format")?, properties.number("output_data_format")?) {
        (0 | GZIPPED_RECORDS, 0 | EXAMPLES) => "tfrecord",
        (PARQUET_FILES, _) | (0, PARQUET_ROWS) => "parquet",
        (_, rows) if rows != EXAMPLES => {
            return Err(format!(
                "its examples are neither `tf.train.Example` nor Parquet (`output_data_format` {rows})"
            ));
        }
        (files, _) => return Err(format!("its files are neither TFRecord nor Parquet (`output_file_format` {files})")),
    };
    values.insert("format".to_owned(), literal(format));
    let input = properties.json("input_config")?.unwrap_or_default();
    let output = properties.json("output_config")?.unwrap_or_default();
    let of_split = |split: &Value| {
        let name = text(split, "name").ok_or("a split of its `input_config` has no name")?;
        Ok::<_, Untranslated>((name.to_owned(), text(split, "pattern").unwrap_or("*").to_owned()))
    };
    let inputs = items(&input, &["splits"]).iter().map(of_split).collect::<Result<Vec<_>, _>>()?;
    let outputs = items(&output, &["split_config", "splits"]);
    if outputs.is_empty() && !inputs.is_empty() {
        let splits =
            inputs.iter().map(|(name, pattern)| json!({ "name": name, "pattern": pattern })).collect::<Vec<_>>();
        values.insert("input-splits".to_owned(), literal(splits));
    } else {
        match &inputs[..] {
            [] => {}
            [(_, pattern)] => _ = values.insert("pattern".to_owned(), literal(pattern.as_str())),
            _ => return Err("it splits what its `input_config` has split already".to_owned()),
        }
        let split = |split: &Value| {
            let name = text(split, "name").ok_or("a split of its `output_config` has no name")?;
            let buckets = field(split, "hash_buckets").and_then(integer).unwrap_or_default();
            Ok::<_, Untranslated>(json!({ "name": name, "hash-buckets": buckets }))
        };
        if !outputs.is_empty() {
            let splits = outputs.iter().map(split).collect::<Result<Vec<_>, _>>()?;
            values.insert("splits".to_owned(), literal(splits));
        }
    }
    if let Some(feature) = path(&output, &["split_config", "partition_feature_name"]).and_then(Value::as_str)
        && !feature.is_empty()
    {
        values.insert("partition-feature-name".to_owned(), literal(feature));
    }
    span(properties, &mut values)?;
    let ignored = properties.wire("custom_config").map(|_| "`custom_config` of an example gen".to_owned());
    Ok(Replacement {
        path: "weft:example-gen",
        gives: &["examples"],
        files: vec![("data", if properties.wire("input_base").is_some() { "input_base" } else { "input_base_uri" })],
        values,
        ignored: ignored.into_iter().collect(),
        ..Replacement::default()
    })
}

/// The span that `range_config` asks for, which may come from another task.
fn span(properties: &Properties<'_>, values: &mut IndexMap<String, Wire>) -> Result<(), Untranslated> {
    let Some(wire) = properties.wire("range_config") else { return Ok(()) };
    if !matches!(wire.from, Binding::Literal(_)) && wire.select.is_none() {
        let select = r#"parseJson(string_value)["static_range"]["start_span_number"]"#;
        values.insert("span".to_owned(), Wire { select: Some(select.to_owned()), ..wire.clone() });
        return Ok(());
    }
    let Some(range) = properties.json("range_config")? else { return Ok(()) };
    let number = |name| path(&range, &["static_range", name]).map_or(Some(0), integer);
    match (field(&range, "static_range"), number("start_span_number"), number("end_span_number")) {
        (Some(_), Some(start), Some(end)) if start == end => {
            values.insert("span".to_owned(), literal(start));
            Ok(())
        }
        _ => Err("its `range_config` asks for several spans at once, and one is read here".to_owned()),
    }
}

fn statistics_gen(properties: &Properties<'_>) -> Result<Replacement, Untranslated> {
    let mut values = IndexMap::new();
    if let Some(splits) = properties.list("exclude_splits")? {
        values.insert("exclude-splits".to_owned(), splits);
    }
    let mut ignored = Vec::new();
    if let Some(options) = properties.json("stats_options_json")? {
        let option = |name: &str| field(&options, name).or_else(|| field(&options, &format!("_{name}")));
        if option("infer_type_from_schema").and_then(Value::as_bool) == Some(true) {
            values.insert("types-from-schema".to_owned(), literal(true));
        }
        for (name, usual) in STATISTICS_OPTIONS {
            let usual: Value = serde_json::from_str(usual).unwrap_or_default();
            let is_usual =
                |value: &Value| *value == usual || value.as_f64().is_some() && value.as_f64() == usual.as_f64();
            if option(name).is_some_and(|value| !is_usual(value)) {
                ignored.push(format!("`{name}` of the options for statistics"));
            }
        }
    }
    if properties
        .json("sample_rate_by_split")?
        .is_some_and(|rates| rates.as_object().is_some_and(|rates| !rates.is_empty()))
    {
        ignored.push("`sample_rate_by_split`: all rows are described, which".to_owned());
    }
    Ok(Replacement {
        path: "weft:statistics-gen",
        needs: &["examples"],
        gives: &["statistics"],
        values,
        ignored,
        ..Replacement::default()
    })
}

/// Options for statistics that change what is described, with the values that they usually have.
const STATISTICS_OPTIONS: [(&str, &str); 12] = [
    ("enable_semantic_domain_stats", "false"),
    ("feature_allowlist", "null"),
    ("frequency_threshold", "1"),
    ("num_histogram_buckets", "10"),
    ("num_quantiles_histogram_buckets", "10"),
    ("num_rank_histogram_buckets", "1000"),
    ("num_top_values", "20"),
    ("num_values_histogram_buckets", "10"),
    ("sample_rate", "null"),
    ("slicing_config", "null"),
    ("weight_feature", "null"),
    ("weighted_frequency_threshold", "1"),
];

fn schema_gen(properties: &Properties<'_>) -> Result<Replacement, Untranslated> {
    let mut values = IndexMap::new();
    if let Some(flag) = properties.flag("infer_feature_shape")? {
        values.insert("infer-feature-shape".to_owned(), literal(flag));
    }
    if let Some(splits) = properties.list("exclude_splits")? {
        values.insert("exclude-splits".to_owned(), splits);
    }
    Ok(Replacement {
        path: "weft:schema-gen",
        needs: &["statistics"],
        gives: &["schema"],
        values,
        ..Replacement::default()
    })
}

fn example_validator(properties: &Properties<'_>) -> Result<Replacement, Untranslated> {
    let mut values = IndexMap::new();
    if let Some(splits) = properties.list("exclude_splits")? {
        values.insert("exclude-splits".to_owned(), splits);
    }
    if properties.wire("custom_validation_config").is_some() {
        return Err("its `custom_validation_config` has conditions in SQL".to_owned());
    }
    Ok(Replacement {
        path: "weft:example-validator",
        needs: &["statistics", "schema"],
        gives: &["anomalies"],
        values,
        ..Replacement::default()
    })
}

fn distribution_validator(properties: &Properties<'_>) -> Result<Replacement, Untranslated> {
    let mut values = IndexMap::new();
    let mut ignored = Vec::new();
    let config = properties.json("distribution_validator_config")?.unwrap_or_default();
    let mut thresholds = Vec::new();
    for feature in items(&config, &["default_slice_config", "feature"]) {
        let [name] = items(feature, &["path", "step"]) else {
            return Err("it compares features that are parts of others".to_owned());
        };
        let mut threshold = json!({ "feature": name });
        for (theirs, ours) in [
            ("infinity_norm", "infinity-norm"),
            ("jensen_shannon_divergence", "jensen-shannon-divergence"),
            ("normalized_abs_difference", "normalized-abs-difference"),
        ] {
            if let Some(comparator) = path(feature, &["distribution_comparator", theirs]) {
                threshold[ours] = field(comparator, "threshold").cloned().unwrap_or_else(|| json!(0.0));
            }
        }
        thresholds.push(threshold);
    }
    if !thresholds.is_empty() {
        values.insert("thresholds".to_owned(), literal(thresholds));
    }
    if path(&config, &["default_slice_config", "num_examples_comparator"]).is_some() {
        ignored.push("`num_examples_comparator`".to_owned());
    }
    let pairs = properties.json("include_split_pairs")?.unwrap_or_default();
    let differ = |pair: &Value| pair.get(0) != pair.get(1);
    if pairs.as_array().is_some_and(|pairs| pairs.iter().any(differ)) {
        return Err("it compares splits of different names".to_owned());
    }
    Ok(Replacement {
        path: "weft:distribution-validator",
        needs: &["statistics"],
        gives: &["anomalies"],
        values,
        ignored,
        ..Replacement::default()
    })
}

fn example_diff(properties: &Properties<'_>) -> Result<Replacement, Untranslated> {
    let config = properties.json("example_diff_config")?.unwrap_or_default();
    let Some(config) = field(&config, "paired_example_skew") else {
        return Err("its `example_diff_config` has no `paired_example_skew`".to_owned());
    };
    let mut values = IndexMap::new();
    for (theirs, ours) in [("identifier_features", "identifier-features"), ("ignore_features", "ignore-features")] {
        values.insert(ours.to_owned(), literal(items(config, &[theirs]).to_vec()));
    }
    let number = |name| field(config, name).and_then(integer).unwrap_or_default();
    // Zero digits where none are given: TFX cannot tell these apart.
    values.insert("float-round-ndigits".to_owned(), literal(number("float_round_ndigits")));
    values.insert("skew-sample-size".to_owned(), literal(number("skew_sample_size")));
    let twice = field(config, "allow_duplicate_identifiers").and_then(Value::as_bool).unwrap_or_default();
    values.insert("allow-duplicate-identifiers".to_owned(), literal(twice));
    let counted = items(config, &["confusion_config"]).iter().filter_map(|one| text(one, "feature_name"));
    values.insert("confusion-features".to_owned(), literal(counted.collect::<Vec<_>>()));
    if let Some(pairs) = properties.json("include_split_pairs")? {
        values.insert("include-split-pairs".to_owned(), literal(pairs));
    }
    Ok(Replacement {
        path: "weft:example-diff",
        needs: &["examples", "baseline_examples"],
        gives: &["example_diff_result"],
        values,
        ..Replacement::default()
    })
}

fn pusher(properties: &Properties<'_>) -> Result<Replacement, Untranslated> {
    let mut values = IndexMap::new();
    let mut grants = Grants::default();
    if let Some(destination) = properties.json("push_destination")? {
        let Some(folder) = path(&destination, &["filesystem", "base_directory"]).and_then(Value::as_str) else {
            return Err("its `push_destination` is no folder".to_owned());
        };
        if folder.contains("://") {
            return Err(format!("its `push_destination` is `{folder}`, which is no folder of this machine"));
        }
        // The step sees the folder at its own place, which is told in the lineage.
        let inside = if folder.starts_with('/') { folder.to_owned() } else { format!("/{folder}") };
        values.insert("destination".to_owned(), literal(inside.as_str()));
        grants.directories.insert(inside, DirectoryGrant { host: folder.to_owned(), write: true });
    }
    let ignored = properties.wire("custom_config").map(|_| "`custom_config` of a pusher".to_owned());
    Ok(Replacement {
        path: "weft:pusher",
        needs: &["model"],
        gives: &["pushed_model"],
        values,
        grants,
        ignored: ignored.into_iter().collect(),
        ..Replacement::default()
    })
}

/// Puts a replacement into the place of a task's component, with an importer for each file that it reads.
fn apply(pipeline: &mut Pipeline, at: &Place<'_>, task: &Task, original: &Original, replacement: Replacement) {
    let Replacement { path, needs, drops, gives, mut values, files, grants, before, .. } = replacement;
    let mut importers = Vec::new();
    let mut prepared = Vec::new();
    let mut uncertain = Vec::new();
    let at_of_task = task.at;
    for Before { suffix, path, values, gives: (output, kind), found } in before {
        let component = format!("{}.{suffix}", task.component);
        let kind = PortType::Artifact { kind: ArtifactType(kind.to_owned()), list: false };
        let step = Component {
            inputs: values.iter().map(|(name, wire)| (name.clone(), declared(wire, false))).collect(),
            outputs: [(output.to_owned(), Port::required(kind))].into(),
            implementation: wasm(path),
            ..Component::default()
        };
        pipeline.components.entry(component.clone()).or_insert(step);
        let step = format!("{}.{suffix}", at.task);
        uncertain.extend(found.is_some().then(|| step.clone()));
        let when = found.map(|(task, output)| {
            Box::new(Condition {
                expression: format!("has({}.{})", task.replace('-', "_"), output.replace('-', "_")),
                tasks: [task].into(),
                variables: ConditionVariables::Tasks,
                at: at_of_task,
            })
        });
        let after = task.after.clone();
        prepared.push((step, Task { component, inputs: values, after, when, at: task.at, ..Task::default() }));
    }
    for (input, property) in files {
        let Some(wire) = task.inputs.get(property) else { continue };
        let component = format!("{}.{property}", task.component);
        let importer = format!("{}.{property}", at.task);
        let from = Binding::Output { task: importer.clone(), output: IMPORTED.to_owned() };
        values.insert(input.to_owned(), Wire { at: task.at, ..Wire::from(from) });
        pipeline.components.entry(component.clone()).or_insert_with(|| import(property));
        let inputs = [(property.to_owned(), wire.clone())].into_iter().collect();
        importers.push((importer, Task { component, inputs, at: task.at, ..Task::default() }));
    }
    if let Some(component) = pipeline.components.get_mut(&task.component) {
        component.inputs.retain(|name, _| needs.contains(&name.as_str()));
        for (name, wire) in &values {
            let is_uncertain = matches!(&wire.from, Binding::Output { task, .. } if uncertain.contains(task));
            component.inputs.insert(name.clone(), declared(wire, is_uncertain));
        }
        component.outputs.retain(|name, _| gives.contains(&name.as_str()));
        component.implementation = wasm(path);
        component.unhonoured.clear();
    }
    let Some(dag) = dag_mut(pipeline, at.dag) else { return };
    if let Some(task) = dag.tasks.get_mut(at.task) {
        task.inputs.retain(|input, _| !original.properties.contains(input) && !drops.contains(&input.as_str()));
        task.inputs.extend(values);
        task.grants = grants;
    }
    dag.tasks.extend(importers);
    dag.tasks.extend(prepared);
}

fn wasm(path: &str) -> Implementation {
    Implementation::Wasm(WasmStep { path: path.to_owned(), function: None, digest: None })
}

/// An input as one that this goes into: what ours needs must be declared. Its own type is that of the component, which the linker knows.
fn declared(wire: &Wire, optional: bool) -> Input {
    let ty = match &wire.from {
        Binding::Literal(_) => PortType::Parameter(ParameterType::Json),
        _ => any(),
    };
    Input::from(Port { optional, ..Port::required(ty) })
}

/// The output of importers.
const IMPORTED: &str = "artifact";

fn any() -> PortType {
    PortType::Artifact { kind: ArtifactType("system.Artifact".to_owned()), list: false }
}

/// An importer of the file that its input of this name leads to.
fn import(input: &str) -> Component {
    let kind = ArtifactType("system.Artifact".to_owned());
    let source = Binding::Input(input.to_owned());
    Component {
        inputs: [(input.to_owned(), Input::from(Port::required(PortType::Parameter(ParameterType::String))))].into(),
        outputs: [(IMPORTED.to_owned(), Port::required(any()))].into(),
        implementation: Implementation::Import(Importer { source, kind, properties: IndexMap::new() }),
        ..Component::default()
    }
}
