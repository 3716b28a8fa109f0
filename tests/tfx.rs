//! Pipelines that TFX compiled, in the real program: standard components by ours, resolvers, importers, conditions, values in artifacts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Folder, project, states, task};
use serde_json::{Value, json};

/// A pipeline of tfx 1.21.0's compiler, with the data of this folder in place of its own, and of these tasks alone.
fn compiled(name: &str, tasks: &[&str]) -> String {
    let path = project().join("runtime/pipeline/src/ir/read/tfx/tests").join(name);
    let mut job: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let spec = &mut job["pipelineSpec"];
    let keep = |object: &mut Value, suffix: &str| {
        object.as_object_mut().unwrap().retain(|name, _| tasks.iter().any(|task| format!("{task}{suffix}") == *name));
    };
    keep(&mut spec["components"], "");
    keep(&mut spec["root"]["dag"]["tasks"], "");
    keep(&mut spec["deploymentSpec"]["executors"], "_executor");
    spec["root"].as_object_mut().unwrap().remove("inputDefinitions");
    job.to_string().replace("/pipe/data", "data")
}

fn with_data() -> Folder {
    let folder = Folder::default();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let table = project().join("runtime/components/data-validation/tests/data/tfdv/penguins_blank.csv");
    std::fs::copy(table, folder.path().join("data/penguins.csv")).unwrap();
    folder
}

#[test]
fn what_tfx_compiled_runs_to_what_tfx_makes() {
    let folder = with_data();
    let tasks = ["CsvExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator"];
    folder.file("old.json", &compiled("pipeline_2_0.json", &tasks));
    folder.file("new.json", &compiled("pipeline_2_1.json", &tasks));
    let outcome = folder.json("run old.json --json");
    assert_eq!(outcome["state"], "COMPLETE", "{outcome}");
    let artifact = |step: &str, output: &str| task(&outcome, step)["outputs"][output]["artifacts"][0].clone();

    // The rows fall into the splits as they do in TFX: 204 and 140.
    let examples = artifact("CsvExampleGen", "examples");
    assert_eq!(examples["type"], "tfx.Examples");
    assert_eq!(task(&outcome, "CsvExampleGen")["outputs"]["rows"]["parameter"], json!(344));
    let exported = |artifact: &Value, name: &str| {
        folder.ok(&["artifact", "export", artifact["uri"].as_str().unwrap(), name]);
        folder.path().join(name)
    };
    let made = exported(&examples, "examples");
    for split in ["train", "eval"] {
        assert!(made.join(format!("Split-{split}/data_tfrecord-00000-of-00001.gz")).is_file(), "{split}");
    }
    let statistics = exported(&artifact("StatisticsGen", "statistics"), "statistics");
    assert!(statistics.join("Split-train/FeatureStats.pb").is_file());
    let schema =
        std::fs::read_to_string(exported(&artifact("SchemaGen", "schema"), "schema").join("schema.pbtxt")).unwrap();
    // As TFX's components have it, and not as TFDV has it of the file: a gap is a list without values, which is there.
    let bill = schema.split("feature {").find(|feature| feature.contains("\"bill_length_mm\"")).unwrap();
    assert!(bill.contains("min_fraction: 1") && !bill.contains("shape"), "{bill}");
    let anomalies = artifact("ExampleValidator", "anomalies");
    assert_eq!(anomalies["properties"]["blessed"], json!({ "train": 1.0, "eval": 1.0 }));
    assert!(exported(&anomalies, "anomalies").join("Split-eval/SchemaDiff.pb").is_file());

    // The other version of the schema says the same.
    let again = folder.json("run new.json --json");
    assert!(states(&again).iter().all(|(_, state)| *state == "CACHED"), "{:?}", states(&again));
}

#[test]
fn what_only_tfx_can_run_is_told_before_anything_runs() {
    let folder = with_data();
    let path = project().join("runtime/pipeline/src/ir/read/tfx/tests/pipeline_2_1.yaml");
    let whole = std::fs::read_to_string(path).unwrap().replace("/pipe/data", "data");
    folder.file("whole.yaml", &whole);
    let ended = folder.weft("run whole.yaml -p word=w");
    assert_ne!(ended.code, Some(0));
    for told in [
        "it is TFX's Transform",
        "it is TFX's Trainer",
        "it is TFX's Evaluator",
        "--executor host-python",
        "__main__.count_rows_Executor",
    ] {
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
    let ended = folder.weft("run whole.yaml -p word=w --executor host-python");
    assert!(ended.stderr.contains("give a Python in which TFX is installed: `--python PYTHON`"), "{}", ended.stderr);
}

/// A model, its blessing and a number, and what takes the latest of them: as TFX writes containers, resolvers, `Cond` and values.
fn blessed(blessed: u8, model: &str) -> String {
    let artifact =
        |title: &str| json!({ "artifactType": { "instanceSchema": format!("title: {title}\ntype: object\n") } });
    let from = |task: &str, output: &str| json!({ "taskOutputArtifact": { "producerTask": task, "outputArtifactKey": output } });
    let shell = |script: &str, rest: &[&str]| {
        let command: Vec<&str> = ["sh", "-c", script].iter().chain(rest).copied().collect();
        json!({ "container": { "image": "alpine", "command": command } })
    };
    let bless = format!(
        "mkdir -p \"$(dirname \"$1\")\" && printf '{{\"artifacts\":{{\"blessing\":{{\"artifacts\":[{{\"metadata\":{{\"blessed\":{blessed},\
         \"current_model\":\"%s\"}}}}]}}}}}}' \"$0\" > \"$1\""
    );
    json!({ "pipelineSpec": {
        "pipelineInfo": { "name": "blessed" }, "schemaVersion": "2.1.0", "sdkVersion": "tfx-1.21.0",
        "components": {
            "train": { "executorLabel": "train", "outputDefinitions": { "artifacts": { "model": artifact("tfx.Model"), "n": artifact("tfx.Integer") } } },
            "evaluate": { "executorLabel": "evaluate",
                "inputDefinitions": { "artifacts": { "model": artifact("tfx.Model") } },
                "outputDefinitions": { "artifacts": { "blessing": artifact("tfx.ModelBlessing") } } },
            "push": { "executorLabel": "push",
                "inputDefinitions": { "artifacts": { "model": artifact("tfx.Model"), "_evaluate.blessing": artifact("tfx.ModelBlessing"), "n": artifact("tfx.Integer") } },
                "outputDefinitions": { "artifacts": { "pushed": artifact("tfx.PushedModel") } } },
            "r-model-blessing-resolver": { "executorLabel": "r-model-blessing-resolver",
                "outputDefinitions": { "artifacts": { "model_blessing": artifact("tfx.ModelBlessing") } } },
            "r-model-resolver": { "executorLabel": "r-model-resolver",
                "inputDefinitions": { "artifacts": { "input": artifact("tfx.ModelBlessing") } },
                "outputDefinitions": { "artifacts": { "model": artifact("tfx.Model") } } },
            "compare": { "executorLabel": "compare",
                "inputDefinitions": { "artifacts": { "model": artifact("tfx.Model"), "baseline": artifact("tfx.Model") } },
                "outputDefinitions": { "parameters": { "told": { "parameterType": "STRING" } } } },
            "bring": { "executorLabel": "bring", "outputDefinitions": { "artifacts": { "result": artifact("tfx.Examples") } } },
        },
        "deploymentSpec": { "executors": {
            "train": shell(&format!("mkdir -p $(dirname $0) && printf '{model}' > $0 && printf 42 > $1"), &["{{$.outputs.artifacts['model'].uri}}", "{{$.outputs.artifacts['n'].uri}}"]),
            "evaluate": shell(&bless, &["{{$.inputs.artifacts['model'].uri}}", "{{$.outputs.output_file}}"]),
            "push": shell("printf 'n is %s' \"$1\" > $0", &["{{$.outputs.artifacts['pushed'].uri}}", "{{$.inputs.artifacts['n'].value}}"]),
            "compare": shell("printf '%s against %s' \"$(cat $0)\" \"$(cat $1 2>/dev/null || echo nothing)\" > $2",
                &["{{$.inputs.artifacts['model'].uri}}", "{{$.inputs.artifacts['baseline'].uri}}", "{{$.outputs.parameters['told'].output_file}}"]),
            "r-model-blessing-resolver": { "resolver": { "outputArtifactQueries": { "model_blessing": {
                "filter": "schema_title=\"tfx.ModelBlessing\" AND state=LIVE AND metadata.blessed.number_value=1" } } } },
            "r-model-resolver": { "resolver": { "outputArtifactQueries": { "model": {
                "filter": "schema_title=\"tfx.Model\" AND state=LIVE AND name=\"{{$.inputs.artifacts['input'].metadata['current_model_id']}}\"" } } } },
            "bring": { "importer": { "artifactUri": { "constant": "data" }, "typeSchema": artifact("tfx.Examples")["artifactType"],
                "metadata": { "split_names": "[\"train\"]" } } },
        } },
        "root": { "dag": { "tasks": {
            "train": { "componentRef": { "name": "train" } },
            "bring": { "componentRef": { "name": "bring" } },
            "evaluate": { "componentRef": { "name": "evaluate" }, "inputs": { "artifacts": { "model": from("train", "model") } } },
            "push": { "componentRef": { "name": "push" }, "dependentTasks": ["evaluate", "train"],
                "inputs": { "artifacts": { "model": from("train", "model"), "_evaluate.blessing": from("evaluate", "blessing"), "n": from("train", "n") } },
                "triggerPolicy": { "condition": "(inputs.artifacts['_evaluate.blessing'].artifacts[0].metadata['blessed'] == 1.0)" } },
            "r-model-blessing-resolver": { "componentRef": { "name": "r-model-blessing-resolver" } },
            "r-model-resolver": { "componentRef": { "name": "r-model-resolver" },
                "inputs": { "artifacts": { "input": from("r-model-blessing-resolver", "model_blessing") } } },
            "compare": { "componentRef": { "name": "compare" }, "dependentTasks": ["train", "r-model-resolver"],
                "inputs": { "artifacts": { "model": from("train", "model"), "baseline": from("r-model-resolver", "model") } } },
        } } },
    } })
    .to_string()
}

#[test]
fn the_latest_blessed_model_is_found_and_only_blessed_models_are_pushed() {
    let folder = with_data();
    let run = |bless: u8, model: &str| {
        folder.file("blessed.json", &blessed(bless, model));
        let outcome = folder.json("run blessed.json --json");
        let told = task(&outcome, "compare")["outputs"]["told"]["parameter"].as_str().unwrap().to_owned();
        (told, task(&outcome, "push")["state"].clone(), outcome)
    };
    let (told, pushed, outcome) = run(1, "first");
    assert_eq!((told.as_str(), &pushed), ("first against nothing", &json!("COMPLETE")), "{outcome}");
    let pushed = &task(&outcome, "push")["outputs"]["pushed"]["artifacts"][0]["uri"];
    assert_eq!(folder.ok(&["artifact", "cat", pushed.as_str().unwrap()]).stdout, "n is 42");
    let imported = &task(&outcome, "bring")["outputs"]["result"]["artifacts"][0];
    assert_eq!(
        (&imported["type"], &imported["properties"]["split_names"]),
        (&json!("tfx.Examples"), &json!("[\"train\"]"))
    );

    // A later model that is not blessed is not pushed, and is not what the next one is compared with.
    let (told, pushed, _) = run(0, "second");
    assert_eq!((told.as_str(), pushed), ("second against first", json!("SKIPPED")));
    let (told, _, _) = run(1, "third");
    assert_eq!(told, "third against first");
    let (told, _, _) = run(1, "fourth");
    assert_eq!(told, "fourth against third");
}

/// A pipeline of TFX's executors in whose trainer's place an importer brings a model in ONNX; the baseline is what an earlier run brought.
fn with_imported_model() -> String {
    let artifact =
        |title: &str| json!({ "artifactType": { "instanceSchema": format!("title: {title}\ntype: object\n") } });
    let from = |task: &str, output: &str| json!({ "taskOutputArtifact": { "producerTask": task, "outputArtifactKey": output } });
    let text = |text: &str| json!({ "runtimeValue": { "constant": text } });
    let container = |class: &str| {
        let args = ["--executor_class_path", class, "--json_serialized_invocation_args", "{{$}}"];
        json!({ "container": { "image": "tfx", "args": args } })
    };
    let config = json!({
        "model_specs": [{ "label_key": "species" }], "slicing_specs": [{}, { "feature_keys": ["island"] }],
        "metrics_specs": [{ "metrics": [{ "class_name": "SparseCategoricalAccuracy", "threshold": {
            "value_threshold": { "lower_bound": 0.5 }, "change_threshold": { "absolute": -1e-9, "direction": "HIGHER_IS_BETTER" } } }] }],
    });
    let takes = |artifacts: &[&str], parameters: &[&str], gives: &[(&str, &str)], label: &str| {
        let artifacts: serde_json::Map<String, Value> =
            artifacts.iter().map(|name| ((*name).to_owned(), artifact("tfx.Model"))).collect();
        let parameters: serde_json::Map<String, Value> =
            parameters.iter().map(|name| ((*name).to_owned(), json!({ "parameterType": "STRING" }))).collect();
        let gives: serde_json::Map<String, Value> =
            gives.iter().map(|(name, title)| ((*name).to_owned(), artifact(title))).collect();
        json!({ "executorLabel": label, "inputDefinitions": { "artifacts": artifacts, "parameters": parameters },
            "outputDefinitions": { "artifacts": gives } })
    };
    let model = || from("model", "result");
    json!({ "pipelineSpec": {
        "pipelineInfo": { "name": "imported" }, "schemaVersion": "2.1.0", "sdkVersion": "tfx-1.21.0",
        "components": {
            "gen": takes(&[], &["input_base"], &[("examples", "tfx.Examples")], "gen"),
            "model": takes(&[], &[], &[("result", "tfx.Model")], "model"),
            "find-model": takes(&[], &[], &[("model", "tfx.Model")], "find-model"),
            "evaluate": takes(&["examples", "model", "baseline_model"], &["eval_config"],
                &[("evaluation", "tfx.ModelEvaluation"), ("blessing", "tfx.ModelBlessing")], "evaluate"),
            "infra": takes(&["examples", "model"], &["request_spec"], &[("blessing", "tfx.InfraBlessing")], "infra"),
            "infer": takes(&["examples", "model", "model_blessing"], &["data_spec"], &[("inference_result", "tfx.InferenceResult")], "infer"),
        },
        "deploymentSpec": { "executors": {
            "gen": container("tfx.components.example_gen.csv_example_gen.executor.Executor"),
            "model": { "importer": { "artifactUri": { "constant": "models/model.onnx" }, "typeSchema": artifact("tfx.Model")["artifactType"] } },
            "find-model": { "resolver": { "outputArtifactQueries": { "model": { "filter": "schema_title=\"tfx.Model\" AND state=LIVE" } } } },
            "evaluate": container("tfx.components.evaluator.executor.Executor"),
            "infra": container("tfx.components.infra_validator.executor.Executor"),
            "infer": container("tfx.components.bulk_inferrer.executor.Executor"),
        } },
        "root": { "dag": { "tasks": {
            "gen": { "componentRef": { "name": "gen" }, "inputs": { "parameters": { "input_base": text("data") } } },
            "model": { "componentRef": { "name": "model" } },
            "find-model": { "componentRef": { "name": "find-model" } },
            "evaluate": { "componentRef": { "name": "evaluate" }, "dependentTasks": ["gen", "model", "find-model"], "inputs": {
                "parameters": { "eval_config": text(&config.to_string()) },
                "artifacts": { "examples": from("gen", "examples"), "model": model(), "baseline_model": from("find-model", "model") } } },
            "infra": { "componentRef": { "name": "infra" }, "dependentTasks": ["gen", "model"], "inputs": {
                "parameters": { "request_spec": text(r#"{"num_examples": 3, "split_name": "eval"}"#) },
                "artifacts": { "examples": from("gen", "examples"), "model": model() } } },
            "infer": { "componentRef": { "name": "infer" }, "dependentTasks": ["gen", "model", "evaluate"], "inputs": {
                "parameters": { "data_spec": text("{}") },
                "artifacts": { "examples": from("gen", "examples"), "model": model(), "model_blessing": from("evaluate", "blessing") } } },
        } } },
    } })
    .to_string()
}

#[test]
fn a_model_in_onnx_is_evaluated_and_asked_by_ours() {
    let folder = with_data();
    folder.file(
        "train.yaml",
        r#"
name: train
steps:
  table: { import: data/penguins.csv, type: dataset }
  train: { component: "weft:trainer", with: { examples: "${table}", label: species, parameters: { trees: 5, min-leaf-rows: 5 } } }
"#,
    );
    folder.ok("run train.yaml -q");
    std::fs::create_dir(folder.path().join("models")).unwrap();
    folder.ok("artifact export latest/train.model models/model.onnx");
    folder.file("imported.json", &with_imported_model());
    let first = folder.json("run imported.json --json");
    let blessing = |outcome: &Value, step: &str| {
        task(outcome, step)["outputs"]["blessing"]["artifacts"][0]["properties"]["blessed"].clone()
    };
    assert_eq!((blessing(&first, "evaluate"), blessing(&first, "infra")), (json!(1), json!(1)), "{first}");
    assert_eq!(task(&first, "evaluate.baseline")["state"], "SKIPPED", "{first}");
    assert_eq!(task(&first, "infer")["outputs"]["rows"]["parameter"], json!(344));
    // All rows of the split `eval`, as TFX does.
    assert_eq!(task(&first, "evaluate.predictions")["outputs"]["rows"]["parameter"], json!(140));
    let result = &task(&first, "infer")["outputs"]["inference-result"]["artifacts"][0];
    assert_eq!(result["type"], "tfx.InferenceResult");
    folder.ok(&["artifact", "export", result["uri"].as_str().unwrap(), "answers"]);
    let answers = std::fs::read_to_string(folder.path().join("answers/Split-eval/data.csv")).unwrap();
    assert!(answers.lines().next().unwrap().contains("prediction") && answers.lines().count() == 141, "{answers}");

    // The next run finds the model of this one, than which it is no worse.
    let second = folder.json("run imported.json --json");
    assert_eq!(
        (&task(&second, "evaluate.baseline")["state"], blessing(&second, "evaluate")),
        (&json!("COMPLETE"), json!(1))
    );
}
