//! The real example, whole: train, deploy, run again, change something; and what other software reads of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::{Folder, component, project, states, task};
use serde_json::{Value, json};

fn pipeline() -> String {
    project().join("guest-examples/penguins/pipeline.yaml").display().to_string()
}

fn run(folder: &Folder, parameters: &[&str]) -> Value {
    let pipeline = pipeline();
    let mut arguments = vec!["run", pipeline.as_str(), "--json"];
    for parameter in parameters {
        arguments.extend(["-p", parameter]);
    }
    folder.json(&arguments)
}

fn state_of(outcome: &Value, name: &str) -> String {
    task(outcome, name)["state"].as_str().unwrap().to_owned()
}

#[test]
fn trains_deploys_caches_and_deploys_only_what_is_better() {
    let folder = Folder::default();

    // Nothing is deployed yet: there is no baseline, and the first model is pushed.
    let first = run(&folder, &[]);
    assert_eq!(first["state"], "COMPLETE");
    assert_eq!(state_of(&first, "baseline"), "SKIPPED");
    for (name, state) in states(&first) {
        assert!(name == "baseline" || state == "COMPLETE", "{name} is {state}");
    }
    let accuracy = first["outputs"]["accuracy"]["parameter"].as_f64().unwrap();
    assert!(accuracy > 0.9 && accuracy < 1.0, "{accuracy}");

    // The same again: everything is known.
    let second = run(&folder, &[]);
    assert!(states(&second).iter().all(|(_, state)| *state == "CACHED"), "{:?}", states(&second));
    assert_eq!(second["outputs"]["model"], first["outputs"]["model"]);

    // One parameter of the training: what comes before it stays.
    let other = run(&folder, &["regularisation=10"]);
    for name in ["raw", "split", "statistics", "schema", "validate"] {
        assert_eq!(state_of(&other, name), "CACHED", "{name}");
    }
    for name in ["train", "evaluate"] {
        assert_eq!(state_of(&other, name), "COMPLETE", "{name}");
    }
    // The deployed model is examined on the same rows, which was done before.
    assert_eq!(state_of(&other, "baseline"), "CACHED");
    assert_eq!(state_of(&other, "push"), "COMPLETE", "it is better");
    // Another model that does just as well is not deployed.
    let equal = run(&folder, &["regularisation=0.1"]);
    assert_eq!(equal["outputs"]["accuracy"], other["outputs"]["accuracy"]);
    assert_eq!(state_of(&equal, "push"), "SKIPPED", "it is not better");
    folder.assert_whole();
}

#[test]
fn what_has_moved_since_the_training_is_found() {
    let folder = Folder::default();
    run(&folder, &[]);
    let monitor = project().join("guest-examples/monitor/pipeline.yaml").display().to_string();
    let compare = |table: &str| {
        let data = format!("data={table}");
        let outcome = folder.json(&["run", &monitor, "--json", "-p", &data]);
        outcome["outputs"]["drifted"]["parameter"].clone()
    };
    // What is missing is an empty cell.
    let text = std::fs::read_to_string(project().join("guest-examples/penguins/data/penguins.csv")).unwrap();
    let text = text.replace(",NA", ",");
    folder.file("same.csv", &text);
    assert_eq!(compare(&folder.path().join("same.csv").display().to_string()), json!([]));
    // Gentoo alone are longer, heavier, and from one island.
    let some = text.lines().enumerate().filter(|(n, line)| *n == 0 || line.contains("Gentoo")).map(|(_, line)| line);
    folder.file("gentoo.csv", &some.collect::<Vec<_>>().join("\n"));
    let drifted = compare(&folder.path().join("gentoo.csv").display().to_string());
    for column in ["species", "island", "body_mass_g", "flipper_length_mm", "bill_depth_mm"] {
        assert!(drifted.as_array().unwrap().contains(&json!(column)), "{column}: {drifted}");
    }
}

#[test]
fn the_metadata_client_walks_from_the_deployed_model_back_to_the_table() {
    let folder = Folder::default();
    run(&folder, &[]);
    let walked = folder.python("test-venv", "walk_back.py", &[".weft/metadata.sqlite"]);
    let walked: Value = serde_json::from_str(&walked).unwrap();
    assert_eq!(walked["from"], json!({"type": "system.Model", "task": "push", "output": "deployed"}));
    let path: Vec<&str> = walked["executions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for name in ["push", "train", "split", "raw"] {
        assert!(path.contains(&name), "{name} is not in {path:?}");
    }
    let table = std::fs::read(project().join("guest-examples/penguins/data/penguins.csv")).unwrap();
    assert_eq!(walked["source"]["type"], "system.Dataset");
    let exported = folder.weft(&["artifact", "cat", walked["source"]["uri"].as_str().unwrap()]);
    assert_eq!(exported.stdout.as_bytes(), table);
    assert_eq!(walked["contexts"], json!({"system.Pipeline": 1, "system.PipelineRun": 1}));
    assert_eq!(walked["parents"], json!(["penguins"]));

    // And weft itself tells the same way.
    let up = folder.json(&["lineage", "latest/push.deployed", "--up", "--json"]);
    assert!(up.to_string().contains(walked["source"]["uri"].as_str().unwrap()), "{up}");
}

#[test]
fn every_component_loads_in_the_kubeflow_sdk() {
    let folder = Folder::default();
    for name in ["penguins", "trivial", "custom-types"] {
        let path = component(name).display().to_string();
        let inspected = folder.json(&["inspect", &path, "--json"]);
        let steps = inspected["steps"].as_array().unwrap();
        assert!(!steps.is_empty());
        for step in steps {
            let function = step["name"].as_str().unwrap();
            let file = format!("{name}-{function}.yaml");
            let written = folder.weft(&["inspect", &format!("{path}#{function}"), "--format", "kfp", "-o", &file]);
            assert_eq!(written.code, Some(0), "{}", written.stderr);
        }
    }
    let mut files: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    let loaded: Value = serde_json::from_str(&folder.python("kfp-venv", "load_components.py", &arguments)).unwrap();
    assert_eq!(loaded.as_object().unwrap().len(), files.len());
    let train = &loaded["penguins-train.yaml"];
    assert_eq!(train["inputs"]["data"], "system.Dataset@0.0.1");
    assert_eq!(train["inputs"]["regularisation"], "NUMBER_DOUBLE");
    assert_eq!(train["outputs"]["model"], "system.Model@0.0.1");
}
