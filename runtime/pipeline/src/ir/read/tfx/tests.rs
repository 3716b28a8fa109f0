//! Pipelines as tfx 1.21.0 compiled them (`tests/`), and parts of pipelines in its forms.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::executor::{ExecutorKind, choose_executor};
use crate::ir::check::check;
use crate::ir::read::{Read, read_pipeline};
use crate::model::{Binding, Dag, Implementation, Pipeline};
use crate::testing::draw;

const SCHEMA_2_0: &str = include_str!("tests/pipeline_2_0.json");
const SCHEMA_2_1: &str = include_str!("tests/pipeline_2_1.json");
const YAML: &str = include_str!("tests/pipeline_2_1.yaml");

fn read(text: &str) -> Read {
    read_pipeline(text).unwrap_or_else(|problems| panic!("{}", draw(text, &problems)))
}

fn dag(pipeline: &Pipeline) -> &Dag {
    match &pipeline.root.implementation {
        Implementation::Dag(dag) => dag,
        other => panic!("{other:?}"),
    }
}

fn source(binding: &Binding) -> String {
    match binding {
        Binding::Literal(value) => value.to_string(),
        Binding::Input(name) => format!("${name}"),
        Binding::Output { task, output } => format!("{task}/{output}"),
        other => format!("{other:?}"),
    }
}

/// What each task of the root is, and what it is given.
fn drawn(pipeline: &Pipeline) -> String {
    let mut text = String::new();
    for (name, task) in &dag(pipeline).tasks {
        let component = &pipeline.components[&task.component];
        let what = match &component.implementation {
            Implementation::Wasm(step) => step.path.clone(),
            Implementation::Command(step) => match choose_executor(step) {
                Ok(call) => match call.executor {
                    ExecutorKind::Tfx(class) => format!("tfx {class}"),
                    other => format!("{other:?}"),
                },
                Err(why) => why.message,
            },
            Implementation::Import(importer) => format!("import {}", importer.kind),
            Implementation::Resolve(resolver) => {
                let queries = resolver
                    .queries
                    .iter()
                    .map(|(name, query)| format!("{name}: {}", serde_json::to_string(query).unwrap_or_default()));
                format!("latest {}", queries.collect::<Vec<_>>().join(", "))
            }
            other => format!("{other:?}"),
        };
        let _ = writeln!(text, "{name}: {what}");
        for (input, wire) in &task.inputs {
            let optional = component.inputs.get(input).is_some_and(|input| input.port.optional);
            let mark = if optional { "?" } else { "" };
            let select = wire.select.as_ref().map(|select| format!(" | {select}")).unwrap_or_default();
            let _ = writeln!(text, "    {input}{mark} <- {}{select}", source(&wire.from));
        }
        if let Some(when) = &task.when {
            let _ = writeln!(text, "    if {}", when.expression);
        }
        for (inside, grant) in &task.grants.directories {
            let _ = writeln!(text, "    {inside} is {}, to write: {}", grant.host, grant.write);
        }
        let _ = writeln!(text, "    -> {}", component.outputs.keys().cloned().collect::<Vec<_>>().join(", "));
    }
    text
}

#[test]
fn both_versions_of_the_schema_are_read_whole_and_mean_the_same() {
    let all = [SCHEMA_2_0, SCHEMA_2_1, YAML].map(|text| {
        let read = read(text);
        assert_eq!(draw(text, &read.warnings), "");
        assert_eq!(draw(text, &check(&read.pipeline)), "");
        drawn(&read.pipeline)
    });
    assert_eq!(all[0], all[1]);
    assert_eq!(all[1], all[2]);
    insta::assert_snapshot!(all[0]);
}

/// A pipeline of TFX's executors: name, class, execution properties, artifacts as `task/output`.
#[expect(clippy::type_complexity, reason = "a table, written once")]
fn pipeline(tasks: &[(&str, &str, Value, &[(&str, &str)])]) -> String {
    let mut components = json!({});
    let mut executors = json!({});
    let mut written = json!({});
    for (name, class, properties, artifacts) in tasks {
        let mut inputs = json!({ "parameters": {}, "artifacts": {} });
        let mut definitions = json!({ "parameters": {}, "artifacts": {} });
        for (key, value) in properties.as_object().into_iter().flatten() {
            let whole = if value.is_number() { "NUMBER_INTEGER" } else { "STRING" };
            definitions["parameters"][key] = json!({ "parameterType": whole });
            inputs["parameters"][key] = match value.as_str().and_then(|text| text.strip_prefix('$')) {
                Some(output) => {
                    let (task, output) = output.split_once('/').unwrap();
                    json!({ "taskOutputParameter": { "producerTask": task, "outputParameterKey": output } })
                }
                None => json!({ "runtimeValue": { "constant": value } }),
            };
        }
        for (key, from) in *artifacts {
            let (task, output) = from.split_once('/').unwrap();
            definitions["artifacts"][key] =
                json!({ "artifactType": { "instanceSchema": "title: tfx.Examples\ntype: object\n" } });
            inputs["artifacts"][key] =
                json!({ "taskOutputArtifact": { "producerTask": task, "outputArtifactKey": output } });
        }
        let outputs: &[(&str, &str)] = match *class {
            class if class.contains("example_gen") => &[("examples", "tfx.Examples")],
            class if class.contains("statistics_gen") => &[("statistics", "tfx.ExampleStatistics")],
            class if class.contains("Range") => &[("range_config", "tfx.String")],
            EVALUATOR => &[("evaluation", "tfx.ModelEvaluation"), ("blessing", "tfx.ModelBlessing")],
            _ => &[],
        };
        let mut declared = json!({});
        for (key, title) in outputs {
            declared["artifacts"][key] =
                json!({ "artifactType": { "instanceSchema": format!("title: {title}\ntype: object\n") } });
        }
        if class.contains("Range") {
            declared["parameters"]["range_config"] = json!({ "parameterType": "STRING" });
        }
        components[name] =
            json!({ "executorLabel": name, "inputDefinitions": definitions, "outputDefinitions": declared });
        executors[name] = json!({ "container": {
            "image": "tfx", "args": ["--executor_class_path", class, "--json_serialized_invocation_args", "{{$}}", "--project=mine"],
        } });
        written[name] = json!({ "componentRef": { "name": name }, "inputs": inputs, "taskInfo": { "name": name } });
    }
    json!({
        "pipelineInfo": { "name": "parts" }, "schemaVersion": "2.1.0", "components": components,
        "deploymentSpec": { "executors": executors }, "root": { "dag": { "tasks": written } },
    })
    .to_string()
}

const CSV: &str = "tfx.components.example_gen.csv_example_gen.executor.Executor";
const STATISTICS: &str = "tfx.components.statistics_gen.executor.Executor";

#[test]
fn execution_properties_are_translated() {
    let text = pipeline(&[
        ("range", "steps.Range_Executor", json!({}), &[]),
        (
            "spans",
            CSV,
            json!({
                "input_base": "/data",
                "input_config": r#"{"splits": [{"name": "all", "pattern": "span{SPAN}/*"}]}"#,
                "output_config": r#"{"splitConfig": {"splits": [{"name": "a", "hashBuckets": 3}, {"name": "b", "hashBuckets": 1}], "partitionFeatureName": "user"}}"#,
                "output_data_format": 6, "output_file_format": 5, "range_config": "$range_task/range_config",
            }),
            &[],
        ),
        (
            "given",
            "tfx.components.example_gen.import_example_gen.executor.Executor",
            json!({
                "input_base": "data",
                "input_config": r#"{"splits": [{"name": "train", "pattern": "train/*"}, {"name": "eval", "pattern": "eval/*"}]}"#,
                "output_config": "{}", "output_data_format": 15, "output_file_format": 16,
                "range_config": r#"{"static_range": {"start_span_number": "2", "end_span_number": "2"}}"#,
            }),
            &[],
        ),
        (
            "described",
            STATISTICS,
            json!({
                "exclude_splits": r#"["b"]"#,
                "stats_options_json": r#"{"infer_type_from_schema": true, "_num_top_values": 20, "_num_histogram_buckets": 7}"#,
            }),
            &[("examples", "spans/examples")],
        ),
        (
            "drift",
            "tfx.components.distribution_validator.executor.Executor",
            json!({
                "distribution_validator_config": r#"{"default_slice_config": {"feature": [
                    {"path": {"step": ["company"]}, "distribution_comparator": {"infinity_norm": {"threshold": 0.01}}},
                    {"path": {"step": ["fare"]}, "distribution_comparator": {"jensen_shannon_divergence": {}}}]}}"#,
                "include_split_pairs": r#"[["train", "train"]]"#,
            }),
            &[("statistics", "described/statistics"), ("baseline_statistics", "described/statistics")],
        ),
        (
            "pusher",
            "tfx.components.pusher.executor.Executor",
            json!({ "push_destination": r#"{"filesystem": {"base_directory": "serving/model"}}"#, "custom_config": "null" }),
            &[("model", "given/examples")],
        ),
        (
            "schema",
            "tfx.components.schema_gen.import_schema_gen.executor.Executor",
            json!({ "schema_file": "schema.pbtxt" }),
            &[],
        ),
    ]);
    let read = read(&text);
    insta::assert_snapshot!(format!("{}{}", drawn(&read.pipeline), messages(&read)));
}

fn messages(read: &Read) -> String {
    let told = read
        .warnings
        .iter()
        .map(|warning| format!("{}: {}\n", warning.task.as_deref().unwrap_or_default(), warning.message));
    told.collect()
}

#[test]
fn what_is_not_translated_is_left_to_tfx_and_told() {
    let text = pipeline(&[
        ("sequences", CSV, json!({ "input_base": "data", "output_data_format": 7, "output_file_format": 5 }), &[]),
        ("spans", CSV, json!({ "input_base": "data", "range_config": r#"{"rolling_range": {"num_spans": 3}}"# }), &[]),
        (
            "avro",
            "tfx.components.example_gen.custom_executors.avro_executor.Executor",
            json!({ "input_base": "data" }),
            &[],
        ),
        (
            "sql",
            "tfx.components.example_validator.executor.Executor",
            json!({ "custom_validation_config": "feature_validations {}" }),
            &[],
        ),
        (
            "cloud",
            "tfx.components.pusher.executor.Executor",
            json!({ "push_destination": r#"{"filesystem": {"base_directory": "gs://b/m"}}"# }),
            &[],
        ),
        ("dynamic", CSV, json!({ "input_base": "data", "output_config": "$spans/x" }), &[]),
    ]);
    let read = read(&text);
    let kinds: Vec<String> =
        drawn(&read.pipeline).lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect();
    insta::assert_snapshot!(format!("{}\n{}", kinds.join("\n"), messages(&read)));
}

#[test]
fn values_in_artifacts_are_parameters_of_commands_and_resolvers_are_optional() {
    let artifact =
        |title: &str| json!({ "artifactType": { "instanceSchema": format!("title: {title}\ntype: object\n") } });
    let text = json!({
        "displayName": "values", "runtimeConfig": { "gcsOutputDirectory": "gs://b/r", "parameterValues": { "word": "hi" } },
        "pipelineSpec": {
            "pipelineInfo": { "name": "values" }, "schemaVersion": "2.1.0",
            "components": {
                "make": { "executorLabel": "make", "outputDefinitions": { "artifacts": { "n": artifact("tfx.Integer") } } },
                "find": { "executorLabel": "find", "outputDefinitions": { "artifacts": { "model": artifact("tfx.Model") } } },
                "take": { "executorLabel": "take", "inputDefinitions": {
                    "artifacts": { "n": artifact("tfx.Integer"), "model": artifact("tfx.Model") },
                    "parameters": { "word": { "parameterType": "STRING" }, "count": { "parameterType": "NUMBER_INTEGER" } },
                } },
                "bring": { "executorLabel": "bring", "outputDefinitions": { "artifacts": { "result": artifact("tfx.Examples") } } },
            },
            "deploymentSpec": { "executors": {
                "make": { "container": { "image": "busybox", "command": ["make", "{{$.outputs.artifacts['n'].uri}}"] } },
                "find": { "resolver": { "outputArtifactQueries": { "model": { "filter": "artifact_type='tfx.Model' and state=LIVE" } } } },
                "take": { "container": { "image": "busybox", "command": ["take", "x{{$.inputs.artifacts['n'].value}}y{{$.inputs.artifacts['n'].uri}}"] } },
                "bring": { "importer": { "artifactUri": { "constant": "m/y/u/r/i" }, "typeSchema": artifact("tfx.Examples")["artifactType"],
                    "metadata": { "split_names": "[\"train\", \"eval\"]", "span": 3.0 } } },
            } },
            "root": {
                "inputDefinitions": { "parameters": { "word": { "parameterType": "STRING" } } },
                "dag": { "tasks": {
                    "make": { "componentRef": { "name": "make" } },
                    "find": { "componentRef": { "name": "find" } },
                    "bring": { "componentRef": { "name": "bring" } },
                    "take": { "componentRef": { "name": "take" }, "inputs": {
                        "artifacts": {
                            "n": { "taskOutputArtifact": { "producerTask": "make", "outputArtifactKey": "n" } },
                            "model": { "taskOutputArtifact": { "producerTask": "find", "outputArtifactKey": "model" } },
                        },
                        "parameters": {
                            "word": { "componentInputParameter": "word" },
                            "count": { "taskOutputParameter": { "producerTask": "make_task", "outputParameterKey": "n" } },
                        },
                    } },
                } },
            },
        },
    })
    .to_string();
    let read = read(&text);
    assert_eq!(messages(&read), "");
    assert_eq!(draw(&text, &check(&read.pipeline)), "");
    assert_eq!(read.pipeline.root.inputs["word"].default, Some(json!("hi")));
    let Implementation::Command(step) = &read.pipeline.components["take"].implementation else { panic!() };
    assert_eq!(step.command[1], "x{{$.inputs.parameters['n.value']}}y{{$.inputs.artifacts['n'].uri}}");
    insta::assert_snapshot!(drawn(&read.pipeline));
}

/// A pipeline of these tasks in which an importer, `model`, brings this file as the model, and a resolver, `find-it`, may find an earlier one.
#[expect(clippy::type_complexity, reason = "a table, written once")]
fn with_model(source: &str, tasks: &[(&str, &str, Value, &[(&str, &str)])]) -> String {
    let mut spec: Value = serde_json::from_str(&pipeline(tasks)).unwrap();
    let model = json!({ "artifactType": { "instanceSchema": "title: tfx.Model\ntype: object\n" } });
    for (name, output, executor) in [
        (
            "model",
            "result",
            json!({ "importer": { "artifactUri": { "constant": source }, "typeSchema": model["artifactType"] } }),
        ),
        (
            "find-it",
            "model",
            json!({ "resolver": { "outputArtifactQueries": { "model": { "filter": "artifact_type='tfx.Model' and state=LIVE" } } } }),
        ),
    ] {
        spec["components"][name] =
            json!({ "executorLabel": name, "outputDefinitions": { "artifacts": { output: model } } });
        spec["deploymentSpec"]["executors"][name] = executor;
        spec["root"]["dag"]["tasks"][name] = json!({ "componentRef": { "name": name }, "taskInfo": { "name": name } });
    }
    spec.to_string()
}

const EVALUATOR: &str = "tfx.components.evaluator.executor.Executor";
const BULK_INFERRER: &str = "tfx.components.bulk_inferrer.executor.Executor";
const INFRA_VALIDATOR: &str = "tfx.components.infra_validator.executor.Executor";
const BETTER: &str = r#"{"model_specs": [{"label_key": "species"}], "slicing_specs": [{}, {"feature_keys": ["island"]}],
    "metrics_specs": [{"metrics": [{"class_name": "SparseCategoricalAccuracy", "threshold": {"value_threshold": {"lower_bound": 0.9},
    "change_threshold": {"absolute": -0.01, "direction": "HIGHER_IS_BETTER"}}}]}]}"#;

#[test]
fn models_that_ours_can_ask_are_asked_by_ours() {
    let text = with_model(
        "models/model.onnx",
        &[
            ("gen", CSV, json!({ "input_base": "data" }), &[]),
            (
                "evaluate",
                EVALUATOR,
                json!({ "eval_config": BETTER, "example_splits": "null", "fairness_indicator_thresholds": "null" }),
                &[("examples", "gen/examples"), ("model", "model/result"), ("baseline_model", "find-it/model")],
            ),
            (
                "infer",
                BULK_INFERRER,
                json!({ "data_spec": "{}", "model_spec": "null" }),
                &[("examples", "gen/examples"), ("model", "model/result"), ("model_blessing", "evaluate/blessing")],
            ),
            (
                "infra",
                INFRA_VALIDATOR,
                json!({ "serving_spec": r#"{"tensorflow_serving": {"tags": ["latest"]}}"#, "request_spec": r#"{"num_examples": 5}"# }),
                &[("examples", "gen/examples"), ("model", "model/result")],
            ),
        ],
    );
    let read = read(&text);
    assert_eq!(messages(&read), "");
    let drawn = drawn(&read.pipeline);
    let part = |name: &str| {
        let from = drawn.find(&format!("{name}: ")).unwrap_or_else(|| panic!("no {name} in {drawn}"));
        let end = drawn[from..].find("    ->").map_or(drawn.len(), |end| from + end);
        drawn[from..end].to_owned()
    };
    let told = |name: &str, lines: &[&str]| {
        let part = part(name);
        let mut found: Vec<&str> = part.lines().map(str::trim).collect();
        found[1..].sort_unstable();
        assert_eq!(found, lines, "{name}");
    };
    told(
        "evaluate.examples",
        &[
            "evaluate.examples: weft:example-gen",
            "data <- gen/examples",
            "format <- \"csv\"",
            r#"input-splits <- [{"name":"eval","pattern":"Split-eval/*"}]"#,
        ],
    );
    told(
        "evaluate.baseline",
        &[
            "evaluate.baseline: weft:bulk-inferrer",
            "examples <- evaluate.examples/examples",
            r#"exclude <- ["species"]"#,
            "if has(find_it.model)",
            "model <- find-it/model",
        ],
    );
    told(
        "evaluate",
        &[
            "evaluate: weft:evaluator",
            "baseline? <- evaluate.baseline/inference-result",
            "baseline_model <- find-it/model",
            "label <- \"species\"",
            "model <- model/result",
            "predictions <- evaluate.predictions/inference-result",
            r#"slices <- [{"feature-keys":["island"]}]"#,
            r#"splits <- ["eval"]"#,
            r#"thresholds <- [{"absolute":-0.01,"direction":"higher-is-better","lower-bound":0.9,"metric":"accuracy"}]"#,
        ],
    );
    // The example gen's own splits, where none are named.
    assert!(part("infer.examples").contains("Split-train/*") && part("infer.examples").contains("Split-eval/*"));
    assert!(part("infer").contains("examples <- infer.examples/examples"), "{}", part("infer"));
    assert!(!part("infra.examples").contains("Split-eval") && part("infra").contains("num-examples <- 5"));
}

#[test]
fn models_of_tensorflow_and_what_ours_measures_otherwise_are_left_to_tfx() {
    let better: &[(&str, &str)] = &[("examples", "gen/examples"), ("model", "model/result")];
    let evaluate = |config: &str| ("evaluate", EVALUATOR, json!({ "eval_config": config }), better);
    let generate = ("gen", CSV, json!({ "input_base": "data" }), &[][..]);
    let left = |source: &str, task: (&'static str, &'static str, Value, &'static [(&'static str, &'static str)])| {
        let read = read(&with_model(source, &[generate.clone(), task]));
        assert!(drawn(&read.pipeline).contains("tfx tfx.components."), "{}", drawn(&read.pipeline));
        messages(&read)
    };
    // That a folder's model cannot be asked here is told with all else that needs TFX.
    assert_eq!(left("models/saved", evaluate(BETTER)), "");
    let told = left("m.onnx", evaluate(&BETTER.replace("SparseCategoricalAccuracy", "MeanLabel")));
    assert!(told.contains("it is left to TFX itself: its metric `MeanLabel` has a threshold"), "{told}");
    let told = left("m.onnx", evaluate(r#"{"model_specs": [{}]}"#));
    assert!(told.contains("its `eval_config` has no `label_key`"), "{told}");
    let examples = ("infer", BULK_INFERRER, json!({ "output_example_spec": r#"{"output_columns_spec": []}"# }), better);
    assert!(left("m.onnx", examples).contains("its `output_example_spec` asks for examples"));
}
