//! The example of the flights on a hundredth of them: the whole pipeline, a leak that is caught twice, one flight that is asked about, and a month that drifted.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use common::served::Served;
use common::{Folder, component, project, states, task};
use serde_json::{Value, json};

fn example(name: &str) -> PathBuf {
    project().join("guest-examples/flights").join(name)
}

/// The example in a folder of its own, as `run.sh` lays it out, with the sample's flights.
fn laid_out() -> Folder {
    let folder = Folder::default();
    let flights = component("flights").display().to_string();
    for name in ["pipeline.yaml", "monitor.yaml", "leaking.yaml", "watch.trigger.yaml", "retrain.trigger.yaml"] {
        let text = std::fs::read_to_string(example(name)).unwrap();
        folder.file(name, &text.replace("../../target/components/flights.wasm", &flights));
    }
    let output = Command::new(project().join("target/test-venv/bin/python"))
        .arg(example("prepare.py"))
        .args([example("sample/nycflights13-sample.tar.gz"), folder.path().join("data")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

fn output<'a>(outcome: &'a Value, name: &str) -> &'a Value {
    &outcome["outputs"][name]["parameter"]
}

#[test]
fn a_model_is_learned_examined_deployed_and_asked() {
    let folder = laid_out();
    let outcome = folder.json("run pipeline.yaml --json");
    assert_eq!(outcome["state"], "COMPLETE", "{outcome:#}");
    for (name, state) in states(&outcome) {
        // Nothing is deployed yet. What the deployed model learned from was described before.
        let wanted = match name {
            "predict-deployed" => "SKIPPED",
            "learned-from" => "CACHED",
            _ => "COMPLETE",
        };
        assert_eq!(state, wanted, "{name}");
    }
    assert_eq!(task(&outcome, "history")["outputs"]["rows"]["parameter"], 2430);
    assert_eq!(task(&outcome, "history")["outputs"]["left-out"]["parameter"], 82);
    assert_eq!((output(&outcome, "blessed"), output(&outcome, "pushed")), (&json!(true), &json!(true)));
    assert_eq!(output(&outcome, "predicted"), 439);
    // The best of three, by the losses of three steps as one list.
    let losses =
        ["shallow", "usual", "deep"].map(|name| task(&outcome, name)["outputs"]["loss"]["parameter"].as_f64().unwrap());
    let least = losses.into_iter().fold(f64::INFINITY, f64::min);
    assert_eq!(task(&outcome, "tune")["outputs"]["score"]["parameter"], least);
    let told = folder.weft("logs latest evaluate").stdout;
    assert!(told.contains("carrier=UA") && told.contains("origin=LGA"), "{told}");

    // A server answers for one flight what the pipeline answered for many: the model takes rows as they are.
    folder.ok("deploy latest/push.pushed-model --name flights");
    folder.ok("artifact export latest/late.inference-result late");
    let table = std::fs::read_to_string(folder.path().join("late/Split-all/data.csv")).unwrap();
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
    let cell = |name: &str| row[header.iter().position(|column| *column == name).unwrap()];
    let mut request: Value = serde_json::from_slice(&std::fs::read(example("flight.json")).unwrap()).unwrap();
    let served = Served::with(&folder, &["--no-auth"]);
    served.wait_for_models();
    let ask = |request: &Value| -> f64 {
        let head = format!("POST /v2/models/flights/infer HTTP/1.1\r\nhost: {}", served.address);
        let (_, answer) = served.request(&head, &request.to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["outputs"][1]["data"][1].as_f64().unwrap_or_else(|| panic!("{answer}"))
    };
    let of_readme = ask(&request);
    assert!(of_readme > 0.0 && of_readme < 1.0, "{of_readme}");
    for input in request["inputs"].as_array_mut().unwrap() {
        let text = cell(input["name"].as_str().unwrap());
        let number = text.parse::<f64>().map_or(Value::Null, Value::from);
        input["data"][0] = if input["datatype"] == "BYTES" { text.into() } else { number };
    }
    let expected: f64 = cell("probability_1").parse().unwrap();
    let found = ask(&request);
    assert!((found - expected).abs() < 1e-6, "{found}, and {expected}");
}

#[test]
fn a_column_that_is_known_too_late_is_caught_twice() {
    let folder = laid_out();
    // No flight to come has it.
    let stopped = folder.weft("run pipeline.yaml --params leaking.yaml --quiet");
    assert_eq!(stopped.code, Some(1), "{}", stopped.stderr);
    let words = "error: step `validate-upcoming` failed: the data does not fit the schema of the environment SERVING\n\
        split all:\narr_delay  Column dropped  Column is completely missing\n";
    assert!(stopped.stderr.contains(words), "{}", stopped.stderr);
    // Nobody is that good.
    let outcome = folder.json("run pipeline.yaml --params leaking.yaml -p stop=false --json");
    assert_eq!((output(&outcome, "blessed"), output(&outcome, "pushed")), (&json!(false), &json!(false)));
    let told = folder.weft("logs latest evaluate").stdout;
    assert!(told.contains("auc of all rows is 1; wanted: at least 0.6, at most 0.9"), "{told}");
    // It is asked nothing about the flights to come, and monitoring goes on with what a deployed model learned from.
    assert_eq!(output(&outcome, "predicted"), 0);
    assert!(states(&outcome).contains(&("learned-from", "SKIPPED")), "{:?}", states(&outcome));
}

/// Waits until so many runs of a pipeline have ended, and gives the last of them.
fn ended(folder: &Folder, pipeline: &str, count: usize) -> Value {
    let until = Instant::now() + Duration::from_mins(5);
    loop {
        let listed = folder.json("runs --json");
        let runs = listed.as_array().unwrap().iter();
        let runs: Vec<&Value> = runs.filter(|run| run["pipeline"] == pipeline && run["ended_ms"].is_number()).collect();
        if runs.len() >= count {
            // The newest by the name of its pipeline.
            let newest = folder.json(&["runs", "show", pipeline, "--json"]);
            assert_eq!(newest["id"], runs[0]["id"]);
            return newest;
        }
        assert!(Instant::now() < until, "{} runs of {pipeline}: {listed:#}", runs.len());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_month_that_drifted_trains_a_better_model() {
    let folder = laid_out();
    let first = folder.json("run pipeline.yaml --json");
    assert_eq!(output(&first, "pushed"), true, "{first:#}");
    let served = Served::with(&folder, &["--no-auth", "--triggers", "."]);
    served.wait_for_trigger("watch");
    served.wait_for_trigger("retrain");
    // Under another name first: a file that is there is a whole one.
    let landed = folder.path().join("data/later/2013-07/flights.csv");
    std::fs::rename(landed, folder.path().join("data/months/2013-07.csv")).unwrap();

    let month = ended(&folder, "flights-monitor", 1);
    let drifted = output(&month, "drifted").as_array().unwrap().clone();
    assert!(drifted.contains(&json!("temp")), "{month:#}");
    let retrained = ended(&folder, "flights", 2);
    // It learned from June too, and is better on July than the model that did not.
    assert_eq!(output(&retrained, "pushed"), true, "{retrained:#}");
    let shown = folder.json("artifact show flights/push.pushed-model --json");
    assert_eq!(shown["properties"]["pushed_version"], "2", "{shown:#}");
}
