//! Pipelines of Kubeflow Pipelines, compiled by its own SDK, run unmodified: each of `tests/kfp/pipelines/` does what its `EXPECT` says,
//! and what KFP's own local runner made of it, where that can run it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use weft::artifacts::{Existing, Store};
use weft::pipeline::ir;

mod common;

use common::{Ended, Folder, project};

/// A specification that takes more of the processor is not told in time. Less than a second is wanted; this also has to do for builds
/// that are not optimised, on slow machines.
const PROCESSOR_TIME: Duration = Duration::from_secs(4);
/// What takes longer without being at work hangs.
const PATIENCE: Duration = Duration::from_mins(5);

/// The corpus, compiled and run by KFP itself. What did not change since the last time is not made again.
static CORPUS: LazyLock<PathBuf> = LazyLock::new(|| {
    let out = project().join("target/kfp-tests");
    for script in ["compile.py", "local.py"] {
        let python = project().join("target/kfp-venv/bin/python");
        assert!(python.exists(), "{} is missing: run `bash tests/run.sh`", python.display());
        let done = Command::new(python).arg(project().join("tests/kfp").join(script)).arg(&out).output().unwrap();
        let done = Ended::from(done);
        assert_eq!(done.code, Some(0), "{script}: {}{}", done.stdout, done.stderr);
    }
    out
});

/// Names of all pipelines of the corpus, by the folder that they are in.
fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(project().join("tests/kfp/pipelines").join(folder)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    let names = files.filter(|path| path.extension().is_some_and(|extension| extension == "py"));
    let mut names: Vec<String> = names.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(!names.is_empty(), "there are no pipelines in {folder}");
    names
}

/// One pipeline at work.
struct Case {
    name: String,
    expect: Value,
    folder: Folder,
    problems: String,
}

impl Case {
    fn new(name: &str) -> Self {
        let folder = Folder::default();
        let workdir = folder.path().join("work").display().to_string();
        let text = read(&CORPUS.join(format!("{name}.yaml"))).replace("{workdir}", &workdir);
        std::fs::write(folder.path().join("pipeline.yaml"), text).unwrap();
        let expect = read(&CORPUS.join(format!("{name}.json"))).replace("{workdir}", &workdir);
        let expect: Value = serde_json::from_str(&expect).unwrap();
        for (file, text) in fields(&expect["files"]) {
            let path = folder.path().join("work").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text.as_str().unwrap()).unwrap();
        }
        Self { name: name.to_owned(), expect, folder, problems: String::new() }
    }

    fn check(&mut self, what: &str, found: &Value, wanted: &Value) {
        if found != wanted {
            _ = writeln!(self.problems, "{}: {what} is {found}, not {wanted}", self.name);
        }
    }

    fn check_holds(&mut self, what: &str, text: &str, words: &Value) {
        for word in words.as_array().unwrap_or(&vec![words.clone()]) {
            let word = word.as_str().unwrap();
            if !text.contains(word) {
                _ = writeln!(self.problems, "{}: {what} does not hold {word:?}:\n{text}", self.name);
            }
        }
    }

    fn run(&mut self) -> Option<Value> {
        let mut arguments = vec!["run".to_owned(), "pipeline.yaml".into(), "--json".into()];
        for (name, value) in fields(&self.expect["arguments"]) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            arguments.extend(["-p".to_owned(), format!("{name}={text}")]);
        }
        for (name, paths) in fields(&self.expect["inputs"]) {
            for path in paths.as_array().unwrap() {
                arguments.extend(["-w".to_owned(), format!("{name}={}", path.as_str().unwrap())]);
            }
        }
        for option in self.expect["options"].as_array().into_iter().flatten() {
            arguments.push(option.as_str().unwrap().to_owned());
        }
        let ended = self.folder.weft(&arguments.iter().map(String::as_str).collect::<Vec<&str>>());
        let expect = self.expect.clone();
        if !expect["error"].is_null() {
            if ended.code == Some(0) {
                _ = writeln!(self.problems, "{}: it succeeded, but was to be refused", self.name);
            }
            self.check_holds("what it says", &ended.stderr, &expect["error"]);
        }
        if !expect["warnings"].is_null() {
            self.check_holds("what it says", &ended.stderr, &expect["warnings"]);
        }
        let outcome: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
        if outcome["tasks"].is_null() {
            if expect["error"].is_null() {
                _ = writeln!(self.problems, "{}: it did not run:\n{}", self.name, ended.stderr);
            }
            return None;
        }
        let state = if expect["error"].is_null() { "SUCCEEDED" } else { "FAILED" };
        let state = expect["state"].as_str().unwrap_or(state);
        let found = match outcome["state"].as_str().unwrap() {
            "COMPLETE" => "SUCCEEDED",
            other => other,
        };
        if found != state {
            _ = writeln!(self.problems, "{}: it {found}, not {state}:\n{}", self.name, ended.stderr);
        }
        Some(outcome)
    }

    fn check_tasks(&mut self, outcome: &Value, wanted: &Value, key: &str, again: bool) {
        for (path, state) in fields(wanted) {
            let tasks = outcome["tasks"].as_array().unwrap();
            match tasks.iter().find(|task| task["task"] == path) {
                // A task that is equal to one before it in the same run can come from the cache.
                Some(task) if state == "COMPLETE" && task[key] == "CACHED" && !again => {}
                Some(task) => self.check(&format!("{key} of `{path}`"), &task[key].clone(), &state),
                None => {
                    let known: Vec<_> = tasks.iter().filter_map(|task| task["task"].as_str()).collect();
                    _ = writeln!(self.problems, "{}: there is no task `{path}` among {known:?}", self.name);
                }
            }
        }
    }

    fn check_outputs(&mut self, by: &str, outcome: &Value, wanted: &Value) {
        for (name, value) in fields(&wanted["outputs"]) {
            let found = &outcome["outputs"][&name]["parameter"];
            if !equal(found, &value) {
                self.check(&format!("the output `{name}` ({by})"), found, &value);
            }
        }
        for (name, value) in fields(&wanted["artifacts"]) {
            let artifacts = outcome["outputs"][&name]["artifacts"].as_array().cloned().unwrap_or_default();
            let wanted: Vec<Value> = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            self.check(
                &format!("number of artifacts in `{name}` ({by})"),
                &json!(artifacts.len()),
                &json!(wanted.len()),
            );
            for (found, wanted) in artifacts.iter().zip(&wanted) {
                let what = |part: &str| format!("the {part} of the artifact `{name}` ({by})");
                self.check(&what("type"), &found["type"], &wanted["type"]);
                if !wanted["text"].is_null() {
                    let text = self.content(found["uri"].as_str().unwrap());
                    self.check(&what("content"), &text, &wanted["text"]);
                }
                for (key, value) in fields(&wanted["metadata"]) {
                    if !equal(&found["properties"][&key], &value) {
                        self.check(&what(&format!("property {key}")), &found["properties"][&key], &value);
                    }
                }
            }
        }
    }

    fn check_logs(&mut self, outcome: &Value) {
        for (path, lines) in fields(&self.expect["logs"].clone()) {
            // What came from the cache said nothing.
            if common::task(outcome, &path)["state"] == "CACHED" {
                continue;
            }
            let log = self.folder.weft(&["logs", outcome["run"].as_str().unwrap(), &path]);
            self.check_holds(&format!("the log of `{path}`"), &log.stdout, &lines);
        }
    }

    /// A file's text, or the texts of a directory's files by path.
    fn content(&self, uri: &str) -> Value {
        let store = Store::open(self.folder.path().join(".weft/artifacts")).unwrap();
        let out = tempfile::tempdir_in(self.folder.path()).unwrap();
        let target = out.path().join("content");
        store.export(&uri.parse().unwrap(), &target, Existing::Keep).unwrap();
        if target.is_file() {
            return read(&target).into();
        }
        let mut texts = Map::new();
        let mut folders = vec![target.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&target).unwrap().display().to_string();
                    texts.insert(name, read(&path).into());
                }
            }
        }
        texts.into()
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fields(value: &Value) -> Vec<(String, Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Whether two values are the same: `1` and `1.0` are, and floats may differ in their last digit, as the C libraries of two
/// Pythons do.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other)))
        }
        (a, b) => a == b,
    }
}

/// Runs all pipelines of one folder of the corpus.
fn run_all(folder: &str) {
    let mut problems = String::new();
    for name in names(folder) {
        let mut case = Case::new(&name);
        let expect = case.expect.clone();
        if let Some(outcome) = case.run() {
            case.check_tasks(&outcome, &expect["tasks"], "state", false);
            case.check_tasks(&outcome, &expect["attempts"], "attempts", false);
            case.check_outputs("as expected", &outcome, &expect);
            case.check_logs(&outcome);
            if expect["compare"] == true {
                let workdir = case.folder.path().join("work").display().to_string();
                let local = read(&CORPUS.join(format!("{}.local.json", case.name))).replace("{workdir}", &workdir);
                case.check_outputs("by kfp.local", &outcome, &serde_json::from_str(&local).unwrap());
            }
            if !expect["again"].is_null()
                && let Some(outcome) = case.run()
            {
                case.check_tasks(&outcome, &expect["again"], "state", true);
            }
        }
        problems.push_str(&case.problems);
    }
    assert!(problems.is_empty(), "{problems}");
}

const FOLDERS: [&str; 12] = [
    "artifacts",
    "conditions",
    "containers",
    "failures",
    "functions",
    "importers",
    "loops",
    "ml",
    "nesting",
    "parameters",
    "platform",
    "uris",
];

#[test]
fn every_folder_is_run() {
    let mut found: Vec<String> = std::fs::read_dir(project().join("tests/kfp/pipelines"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with(['.', '_']))
        .collect();
    found.sort();
    assert_eq!(found, FOLDERS);
}

#[test]
fn every_specification_survives_being_read_written_and_read_again() {
    let mut problems = String::new();
    for name in FOLDERS.into_iter().flat_map(names) {
        let text = read(&CORPUS.join(format!("{name}.yaml")));
        // What is not to be read is told by other tests.
        let Ok(first) = ir::read::read_pipeline(&text) else { continue };
        let written = ir::write::write(&first.pipeline).to_yaml();
        let first = first.pipeline.without_places();
        match ir::read::read_pipeline(&written).map(|second| second.pipeline.without_places()) {
            Ok(second) if second == first => {}
            Ok(_) => _ = writeln!(problems, "{name} is another pipeline after it was written:\n{written}"),
            Err(wrong) => _ = writeln!(problems, "{name} cannot be read again: {wrong:?}"),
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

/// What no pipeline is: each is told within a second and in bounded memory, in words that say what is wrong.
#[test]
fn malformed_specifications_are_refused_in_time() {
    let out = project().join("target/kfp-tests/malformed");
    let script = project().join("tests/kfp/malformed.py");
    let python = project().join("target/kfp-venv/bin/python");
    let made = Ended::from(Command::new(python).arg(script).arg(&out).output().unwrap());
    assert_eq!(made.code, Some(0), "{}{}", made.stdout, made.stderr);
    let expected: Value = serde_json::from_str(&read(&out.join("expect.json"))).unwrap();
    let mut problems = String::new();
    for (file, expect) in fields(&expected) {
        let folder = Folder::default();
        let path = out.join(&file);
        let started = Instant::now();
        let mut child = folder.command(&["check", path.to_str().unwrap()]);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut peak, mut took) = (0, Duration::ZERO);
        let is_late = loop {
            peak = peak.max(common::peak_memory(child.id()).unwrap_or(0));
            took = took.max(common::processor_time(child.id()).unwrap_or_default());
            if child.try_wait().unwrap().is_some() {
                break false;
            }
            if took >= PROCESSOR_TIME || started.elapsed() >= PATIENCE {
                child.kill().unwrap();
                break true;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let ended = Ended::from(child.wait_with_output().unwrap());
        let mut tell = |what: String| _ = writeln!(problems, "{file}: {what}\n{}", ended.stderr);
        match (expect["verdict"].as_str().unwrap(), ended.code) {
            _ if is_late => tell(format!("it did not end within {took:?} at work, {:?} in all", started.elapsed())),
            _ if peak > 400_000_000 => tell(format!("it took {peak} bytes of memory")),
            ("accepted", Some(0)) | ("refused", Some(2)) | ("either", Some(0 | 2)) => {}
            (verdict, code) => tell(format!("it was to be {verdict}, and ended with {code:?}")),
        }
        for word in expect["words"].as_array().unwrap() {
            if !ended.stderr.contains(word.as_str().unwrap()) {
                tell(format!("it does not say {word}"));
            }
        }
        if ended.stderr.lines().count() > 60 {
            tell("it says more than fits on a screen".to_owned());
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn artifacts() {
    run_all("artifacts");
}

#[test]
fn conditions() {
    run_all("conditions");
}

#[test]
fn containers() {
    run_all("containers");
}

#[test]
fn failures() {
    run_all("failures");
}

#[test]
fn functions() {
    run_all("functions");
}

#[test]
fn importers() {
    run_all("importers");
}

#[test]
fn loops() {
    run_all("loops");
}

#[test]
fn ml() {
    run_all("ml");
}

#[test]
fn nesting() {
    run_all("nesting");
}

#[test]
fn parameters() {
    run_all("parameters");
}

#[test]
fn platform() {
    run_all("platform");
}

#[test]
fn uris() {
    run_all("uris");
}
