//! Triggers of `weft serve`: what arrives starts a run, once, whoever is killed meanwhile.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use common::served::{Served, status};
use common::{Folder, project};
use serde_json::Value;

/// How soon something must have happened.
const SOON: Duration = Duration::from_mins(1);
/// How long nothing must happen: several looks of a server.
const NOTHING_FOR: Duration = Duration::from_secs(3);

const COUNT: &str = "name: count
inputs:
  table: dataset
parameters:
  note: { type: string, default: none }
steps:
  look: { component: \"@trivial#count\", with: { input: \"${inputs.table}\" } }
outputs:
  bytes: ${look.bytes}
";

/// The runs of a store, the oldest first, as soon as so many have ended.
fn ended(folder: &Folder, count: usize) -> Vec<Value> {
    let until = Instant::now() + SOON;
    loop {
        let listed = folder.json("runs --json");
        let mut runs = listed.as_array().unwrap().clone();
        if runs.len() >= count && runs.iter().all(|run| run["ended_ms"].is_number()) {
            runs.reverse();
            let show = |run: &Value| folder.json(&["runs", "show", run["id"].as_str().unwrap(), "--json"]);
            return runs.iter().map(show).collect();
        }
        assert!(Instant::now() < until, "{} runs of {count}: {listed:#}", runs.len());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until a server has seen a file without a run for it, as the store has it.
fn passed_over(folder: &Folder, file: &str) {
    let script = "import pathlib, sqlite3, sys; \
        path = next(path for path in pathlib.Path('.weft').iterdir() if path.suffix in ('.db', '.sqlite')); \
        print(sqlite3.connect(f'file:{path}?mode=ro', uri=True).execute('SELECT mark FROM weft_trigger').fetchall())";
    let python = project().join("target/kfp-venv/bin/python");
    let until = Instant::now() + SOON;
    loop {
        let output = Command::new(&python).args(["-c", script]).current_dir(folder.path()).output().unwrap();
        let marks = String::from_utf8_lossy(&output.stdout).into_owned();
        if marks.contains(file) {
            return;
        }
        assert!(Instant::now() < until, "{marks}{}", String::from_utf8_lossy(&output.stderr));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn put(folder: &Folder, name: &str, text: &str) {
    std::fs::create_dir_all(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in").join(name), text).unwrap();
}

fn trigger(folder: &Folder, name: &str, text: &str) {
    folder.file(&format!("{name}.trigger.yaml"), text);
}

fn serve(folder: &Folder) -> Served {
    Served::with(folder, &["--no-auth", "--triggers", "."])
}

#[test]
fn files_start_runs_by_their_content() {
    let folder = Folder::default();
    folder.file("count.yaml", COUNT);
    trigger(
        &folder,
        "arrivals",
        "pipeline: count.yaml\non: { files: { folder: in, match: \"*.csv\", settle: 0s } }\n\
         with: { note: \"[[Index]] [[File]]\" }\ninputs: { table: \"[[File]]\" }\n",
    );
    put(&folder, "old.csv", "was there before");
    let served = serve(&folder);
    served.wait_for_trigger("arrivals");
    put(&folder, "notes.txt", "of no interest");
    put(&folder, "a.csv", "12345");
    let runs = ended(&folder, 1);
    assert_eq!(runs[0]["outputs"]["bytes"]["parameter"], 5, "{runs:#?}");
    let file = folder.path().join("in/a.csv");
    assert_eq!(runs[0]["parameters"]["note"], format!("1 {}", file.display()));

    // The same content is no change, whatever the file's time says; that something is gone starts nothing.
    put(&folder, "a.csv", "12345");
    std::fs::remove_file(folder.path().join("in/old.csv")).unwrap();
    std::thread::sleep(NOTHING_FOR);
    assert_eq!(ended(&folder, 1).len(), 1);

    // What changes while no server is there is served by the next.
    served.kill();
    put(&folder, "a.csv", "1234567");
    let served = serve(&folder);
    let runs = ended(&folder, 2);
    assert_eq!(runs[1]["outputs"]["bytes"]["parameter"], 7);

    // Switched off, it passes over what happens.
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let post = |body: &str| {
        let path = "POST /triggers/arrivals/enabled HTTP/1.1";
        let head = format!("{path}\r\nhost: {}\r\n{}", served.address, form.trim_end());
        assert_eq!(status(&served.request(&head, body).0), "303");
    };
    post("enabled=no");
    put(&folder, "b.csv", "1");
    passed_over(&folder, "b.csv");
    post("enabled=yes");
    put(&folder, "c.csv", "123");
    let runs = ended(&folder, 3);
    assert_eq!((runs.len(), &runs[2]["outputs"]["bytes"]["parameter"]), (3, &3.into()));

    // The page tells what started a run, and no folder of the host.
    let (_, page) = served.get(&format!("/runs/{}", runs[2]["id"].as_str().unwrap()), "");
    assert!(page.contains("the trigger ") && page.contains("3: c.csv"), "{page}");
}

#[test]
fn killed_again_and_again_each_file_starts_one_run() {
    let folder = Folder::default();
    folder.file("count.yaml", COUNT);
    trigger(
        &folder,
        "arrivals",
        "pipeline: count.yaml\non: { files: { folder: in, settle: 0s } }\nmax-concurrency: 100\ninputs: { table: \"[[File]]\" }\n",
    );
    let served = serve(&folder);
    served.wait_for_trigger("arrivals");
    served.kill();
    for n in 0..8 {
        put(&folder, &format!("{n}.csv"), &"x".repeat(n + 1));
        let served = serve(&folder);
        // Killed before, while, or after it sees the file.
        std::thread::sleep(Duration::from_millis(150 * n as u64));
        served.kill();
    }
    let _served = serve(&folder);
    put(&folder, "last.csv", "the last one");
    let until = Instant::now() + SOON;
    // A run that a killed server left starts beside those that the next one makes, so nothing is said of their order.
    let sizes = loop {
        let runs = ended(&folder, 1);
        let mut sizes: Vec<i64> = runs.iter().filter_map(|run| run["outputs"]["bytes"]["parameter"].as_i64()).collect();
        sizes.sort_unstable();
        if sizes.last() == Some(&12) {
            break sizes;
        }
        assert!(Instant::now() < until, "{sizes:?}");
        std::thread::sleep(Duration::from_millis(50));
    };
    // Files that appear while nobody looks are served by one run with the last of them; none is served twice.
    let mut once = sizes.clone();
    once.dedup();
    assert_eq!(once, sizes);
}

#[test]
fn a_model_that_another_pipeline_gives_starts_a_run() {
    let folder = Folder::default();
    folder.file("count.yaml", COUNT);
    folder.file(
        "make.yaml",
        "name: make\nparameters: { size: { type: u64, default: 10 } }\n\
         steps:\n  make: { component: \"@trivial#generate\", with: { bytes: \"${params.size}\", seed: 1 } }\n",
    );
    trigger(
        &folder,
        "chain",
        "pipeline: count.yaml\non: { artifact: { pipeline: make } }\ninputs: { table: \"[[ArtifactUri]]\" }\n\
         with: { note: \"[[ArtifactRun]]\" }\n",
    );
    let served = serve(&folder);
    served.wait_for_trigger("chain");
    let first = folder.json("run make.yaml --json")["run"].clone();
    let runs = ended(&folder, 2);
    assert_eq!((&runs[1]["outputs"]["bytes"]["parameter"], &runs[1]["parameters"]["note"]), (&10.into(), &first));
    // From the cache nothing new comes, and the artifacts of `count` itself are not those that it waits for.
    folder.ok("run make.yaml");
    std::thread::sleep(NOTHING_FOR);
    assert_eq!(ended(&folder, 3).len(), 3);
    folder.ok("run make.yaml -p size=20");
    let runs = ended(&folder, 5);
    assert_eq!((runs.len(), &runs[4]["outputs"]["bytes"]["parameter"]), (5, &20.into()));
}

#[test]
fn a_webhook_starts_a_run_for_who_knows_its_secret() {
    let folder = Folder::default();
    folder.file("count.yaml", COUNT);
    std::fs::create_dir_all(folder.path().join("secrets/hook")).unwrap();
    folder.file("secrets/hook/key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    folder.file("table.csv", "123");
    trigger(
        &folder,
        "asked",
        "pipeline: count.yaml\non: { webhook: { secret: hook/key } }\ninputs: { table: table.csv }\n\
         with: { note: \"[[Body.who]] [[Body.items.1]]\" }\n",
    );
    // With a token, which who sends a webhook need not have.
    let served = Served::with(&folder, &["--triggers", ".", "--secrets", "secrets"]);
    let url = served.url();
    let send = |part: &str| folder.python("kfp-venv", "webhook.py", &[part, &url, "asked"]).trim().to_owned();
    let run = send("twice");
    let runs = ended(&folder, 1);
    assert_eq!((runs.len(), runs[0]["id"].as_str().unwrap()), (1, run.as_str()));
    assert_eq!(runs[0]["parameters"]["note"], "me 2");
    send("wrong");
    assert_eq!(ended(&folder, 1).len(), 1);
}

#[test]
fn a_trigger_that_is_wrong_is_told_with_its_file() {
    let folder = Folder::default();
    folder.file("count.yaml", COUNT);
    trigger(&folder, "bad", "pipeline: count.yaml\non: { files: { folde: in } }\n");
    let ended = folder.weft("serve --listen 127.0.0.1:0 --no-auth --triggers .");
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("bad.trigger.yaml: unknown field `folde`"), "{}", ended.stderr);
}

/// `guest-examples/continuous`, word for word but for the place of the tables.
#[test]
fn new_data_trains_and_deploys_only_a_better_model() {
    let folder = Folder::default();
    let example = project().join("guest-examples/continuous");
    let text = |name: &str| std::fs::read_to_string(example.join(name)).unwrap();
    let absolute = |text: String| {
        let up = |path: &Path| format!("{}/", path.display());
        let text = text.replace("../../", &up(&project()));
        text.replace("../penguins/", &up(&project().join("guest-examples/penguins")))
    };
    folder.file("examine.yaml", &absolute(text("examine.yaml")));
    for name in ["retrain.trigger.yaml", "examine.trigger.yaml"] {
        folder.file(name, &absolute(text(name)).replace("folder: incoming", "folder: in"));
    }
    let served = serve(&folder);
    served.wait_for_trigger("retrain");
    served.wait_for_trigger("examine");
    let all = std::fs::read_to_string(project().join("guest-examples/penguins/data/penguins.csv")).unwrap();
    let few = |begin: usize| -> String {
        let rows = all.lines().enumerate().filter(|(n, _)| *n < begin || n % 25 == 24);
        rows.map(|(_, row)| row).collect::<Vec<_>>().join("\n") + "\n"
    };
    let outcome = |runs: &[Value]| -> Vec<(String, bool)> {
        let is_deployed = |run: &Value| run["outputs"]["model"]["artifacts"][0].is_object();
        runs.iter().map(|run| (run["pipeline"].as_str().unwrap().to_owned(), is_deployed(run))).collect()
    };
    let (trained, examined) = (|deployed| ("penguins".to_owned(), deployed), ("examine".to_owned(), false));
    // The first model is deployed, and examined; so is one of all penguins, which is better.
    put(&folder, "monday.csv", &few(1));
    assert_eq!(outcome(&ended(&folder, 2)), [trained(true), examined.clone()]);
    put(&folder, "tuesday.csv", &all);
    let runs = ended(&folder, 4);
    assert_eq!(outcome(&runs), [trained(true), examined.clone(), trained(true), examined]);
    let accuracy = |run: &Value| run["outputs"]["accuracy"]["parameter"].as_f64().unwrap();
    assert!(accuracy(&runs[3]) > accuracy(&runs[1]), "{runs:#?}");
    // One of few penguins is no better, and nobody examines it.
    put(&folder, "wednesday.csv", &few(2));
    ended(&folder, 5);
    std::thread::sleep(NOTHING_FOR);
    assert_eq!(outcome(&ended(&folder, 5))[4..], [trained(false)]);
}
