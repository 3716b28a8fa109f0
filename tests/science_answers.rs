//! numpy, pandas, scipy, scikit-learn, statsmodels, matplotlib, LightGBM and XGBoost in the sandbox: functions over them, run in pipelines, give what they give
//! natively, and the same bytes each time. `science/answers.py` says how the answers come about.
//!
//! Without the executors `science` and `boosting` all is passed over, in words; `WEFT_TEST_SCIENCE=1` makes that a failure.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value, json};
use weft::artifacts::{Existing, Store};

mod common;

use common::kfp::{is_installed, science_is_installed};
use common::{Ended, Folder, differences, project};

/// A file of the corpus.
fn corpus(name: &str) -> PathBuf {
    project().join("tests/science").join(name)
}

fn read_json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(corpus(name)).unwrap()).unwrap()
}

/// Has the SDK compile a pipeline of the corpus into the folder.
fn compile(folder: &Folder, name: &str) {
    let kfp = project().join("target/kfp-venv/bin/kfp");
    let made = Command::new(kfp)
        .args(["dsl", "compile", "--function", "pipeline", "--output", "pipeline.yaml", "--py"])
        .arg(corpus("pipelines").join(format!("{name}.py")))
        .current_dir(folder.path())
        .output();
    let made = Ended::from(made.unwrap());
    assert_eq!(made.code, Some(0), "{}{}", made.stdout, made.stderr);
}

/// The Python files of a folder of the corpus, in a folder of the test's: nothing else is to be an input.
fn sources(folder: &Folder, name: &str) -> String {
    let target = folder.path().join(name);
    std::fs::create_dir(&target).unwrap();
    for entry in corpus(name).read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "py") {
            std::fs::copy(&path, target.join(path.file_name().unwrap())).unwrap();
        }
    }
    format!("{name}={name}")
}

/// The arguments of `weft run`; `WEFT_TEST_SCIENCE_RUN` adds some, as `--executor host-python --python PYTHON`, by which the corpus itself is
/// tried natively.
fn run_arguments(more: &[&str]) -> Vec<String> {
    let added = std::env::var("WEFT_TEST_SCIENCE_RUN").unwrap_or_default();
    let words = ["run", "pipeline.yaml", "--no-cache", "--json"].into_iter().chain(more.iter().copied());
    words.chain(added.split_whitespace()).map(str::to_owned).collect()
}

fn run(folder: &Folder, more: &[&str]) -> Ended {
    let arguments = run_arguments(more);
    folder.weft(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Runs a pipeline that must succeed.
#[track_caller]
fn outcome(folder: &Folder, more: &[&str]) -> Value {
    let ended = run(folder, more);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.json()
}

/// All outputs of all tasks: parameters, and artifacts by digest.
fn outputs(outcome: &Value) -> Map<String, Value> {
    let mut outputs = Map::new();
    for task in outcome["tasks"].as_array().unwrap() {
        let name = task["task"].as_str().unwrap();
        for (output, value) in task["outputs"].as_object().into_iter().flatten() {
            let digests = value["artifacts"].as_array().map(|all| all.iter().map(|one| one["uri"].clone()).collect());
            outputs
                .insert(format!("{name}.{output}"), digests.map_or_else(|| value["parameter"].clone(), Value::Array));
        }
    }
    outputs
}

/// What is different in the outputs of two runs of a pipeline, each in a place of its own and without the cache.
fn other_outputs(first: &Value, second: &Value) -> Vec<String> {
    let (first, second) = (outputs(first), outputs(second));
    assert!(!first.is_empty());
    differences(&second.into(), &first.into(), 0.0)
}

/// A file or folder of the store, copied out.
fn exported(folder: &Folder, artifact: &Value) -> PathBuf {
    let store = Store::open(folder.path().join(".weft/artifacts")).unwrap();
    let target = tempfile::tempdir_in(folder.path()).unwrap().keep().join("content");
    store.export(&artifact["uri"].as_str().unwrap().parse().unwrap(), &target, Existing::Keep).unwrap();
    target
}

#[test]
fn a_wrong_answer_is_told_with_its_place() {
    let wanted = json!({"x": {"dtype": "float64", "values": [[1.0, -200.0], [3.0, 1e-12]]}, "n": 7, "t": ["a", 2.0]});
    let altered = |pointer: &str, value: Value| {
        let mut found = wanted.clone();
        *found.pointer_mut(pointer).unwrap() = value;
        found
    };
    let told = |pointer: &str, value: Value, tolerance: f64| differences(&altered(pointer, value), &wanted, tolerance);
    assert!(differences(&wanted, &wanted, 0.0).is_empty());
    // An array is measured by its largest number, other floats each by itself.
    assert!(told("/x/values/1/1", json!(1.5e-12), 1e-9).is_empty());
    assert_eq!(told("/x/values/1/1", json!(1.5e-12), 0.0), [".x.values[1][1] is 1.5e-12, not 1e-12"]);
    assert_eq!(told("/x/values/0/0", json!(1.000_001), 1e-9), [".x.values[0][0] is 1.000001, not 1.0"]);
    assert_eq!(told("/t/1", json!(2.000_000_01), 1e-9).len(), 1);
    assert_eq!(told("/t/1", json!(2.000_000_01), 1e-6), [] as [&str; 0]);
    // Whole numbers, types and shapes are the same or not.
    assert_eq!(told("/n", json!(8), 1.0), [".n is 8, not 7"]);
    assert_eq!(told("/n", json!(7.0), 1.0), [".n is 7.0, not 7"]);
    assert_eq!(told("/x/dtype", json!("float32"), 1.0), [".x.dtype is \"float32\", not \"float64\""]);
    assert_eq!(told("/t", json!(["a"]), 1.0).len(), 1);
    assert_eq!(differences(&json!({"a": 1}), &json!({"b": 1}), 1.0), [".b is missing", ".a was not expected"]);
    assert_eq!(differences(&json!(-0.0), &json!(0.0), 0.0).len(), 1);
}

/// 60 functions and some; `functions.json` has their answers, and how near each must come.
#[test]
fn functions_give_what_they_give_natively_and_the_same_bytes_again() {
    if science_is_installed("functions_give_what_they_give_natively_and_the_same_bytes_again") {
        answers_agree("functions", 60);
    }
}

/// Those over LightGBM and XGBoost: `boosting.json`.
#[test]
fn functions_that_boost_give_what_they_give_natively_and_the_same_bytes_again() {
    if is_installed("boosting", "functions_that_boost_give_what_they_give_natively_and_the_same_bytes_again") {
        answers_agree("boosting", 32);
    }
}

/// Runs a pipeline of the corpus twice, and compares what its functions gave with the file of their answers.
#[track_caller]
fn answers_agree(pipeline: &str, least: usize) {
    let answers = read_json(&format!("{pipeline}.json"));
    let wanted = answers.as_object().unwrap();
    assert!(wanted.len() >= least, "there are {} functions", wanted.len());
    let [first, second] = [(); 2].map(|()| {
        let folder = Folder::default();
        compile(&folder, pipeline);
        let outcome = outcome(&folder, &["-w", &sources(&folder, "functions")]);
        (folder, outcome)
    });
    let (folder, outcome) = first;
    let mut found = Map::new();
    for artifact in outcome["outputs"]["Output"]["artifacts"].as_array().unwrap() {
        let text = std::fs::read_to_string(exported(&folder, artifact)).unwrap();
        found.extend(serde_json::from_str::<Map<String, Value>>(&text).unwrap());
    }
    let mut problems = String::new();
    for (name, wanted) in wanted {
        match found.get(name) {
            Some(found) if found["error"].is_string() => {
                _ = writeln!(problems, "{name} failed: {}", found["error"].as_str().unwrap());
            }
            Some(found) => {
                for line in differences(&found["value"], &wanted["value"], wanted["tolerance"].as_f64().unwrap()) {
                    _ = writeln!(problems, "{name}: {line}");
                }
            }
            None => _ = writeln!(problems, "{name} did not run"),
        }
    }
    for name in found.keys().filter(|name| !wanted.contains_key(*name)) {
        _ = writeln!(problems, "{name} has no answer");
    }
    for line in other_outputs(&outcome, &second.1) {
        _ = writeln!(problems, "the second time, {line}");
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// Files of the corpus, in a folder of the test's, as an input.
fn gathered(folder: &Folder, input: &str, files: &[&str]) -> String {
    let target = folder.path().join(input);
    std::fs::create_dir(&target).unwrap();
    for file in files {
        std::fs::copy(corpus(file), target.join(file.rsplit('/').next().unwrap())).unwrap();
    }
    format!("{input}={input}")
}

/// Output parameters of a task.
fn parameter(outcome: &Value, task: &str) -> Value {
    let tasks = outcome["tasks"].as_array().unwrap();
    tasks.iter().find(|one| one["task"] == task).unwrap()["outputs"]["Output"]["parameter"].clone()
}

/// Files by pyarrow, fastparquet, polars and `DuckDB` are read as pyarrow reads them; what is written is what pyarrow was seen to read as it should.
#[test]
fn parquet_is_read_and_written_as_by_pyarrow() {
    if !science_is_installed("parquet_is_read_and_written_as_by_pyarrow") {
        return;
    }
    let folder = Folder::default();
    compile(&folder, "parquet");
    let files = format!("files={}", corpus("parquet/files").display());
    let sources = gathered(&folder, "sources", &["functions/cases.py", "parquet/written.py"]);
    let outcome = outcome(&folder, &["-w", &files, "-w", &sources]);
    let answers = read_json("parquet/answers.json");
    let read = parameter(&outcome, "read-all");
    let mut problems = String::new();
    let wanted = answers["read"].as_object().unwrap();
    assert!(wanted.len() >= 30, "there are {} files", wanted.len());
    for (name, wanted) in wanted {
        let wanted = wanted["as"].as_str().map_or(wanted, |same| &answers["read"][same]);
        if read[name].is_string() && wanted.is_object() {
            _ = writeln!(problems, "{name} was not read: {}", read[name].as_str().unwrap());
            continue;
        }
        for line in differences(&read[name], wanted, 0.0) {
            _ = writeln!(problems, "{name}: {line}");
        }
    }
    for line in differences(&parameter(&outcome, "write-all"), &answers["written"], 0.0) {
        _ = writeln!(problems, "what was written: {line}");
    }
    // Files that were cut off or changed are read, or refused in words.
    let damaged = parameter(&outcome, "read-damaged");
    let outcomes: Vec<&String> = damaged.as_object().unwrap().keys().collect();
    if !outcomes.iter().all(|one| ["read", "ParquetError", "Unsupported"].contains(&one.as_str())) {
        _ = writeln!(problems, "damaged files: {damaged}");
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// The cells of a notebook show what they show by Jupyter's own packages; `notebooks/make.py` wrote that down.
#[test]
fn notebooks_show_what_they_show_in_jupyter() {
    if !science_is_installed("notebooks_show_what_they_show_in_jupyter") {
        return;
    }
    let folder = Folder::default();
    compile(&folder, "notebook");
    let sources = gathered(&folder, "sources", &["notebooks/summary.py", "notebooks/report.ipynb"]);
    let outcome = outcome(&folder, &["-w", &sources]);
    let wanted = read_json("notebooks/answers.json");
    assert_eq!(differences(&parameter(&outcome, "shown"), &wanted, 0.0), [] as [String; 0]);
    assert_eq!(parameter(&outcome, "report"), "x,y\n0,0.0\n1,0.5\n2,1.0\n");
    let refused = parameter(&outcome, "refused");
    let beginnings = [
        "OSError: IPython's magics are not available",
        "OSError: processes are not available",
        "OSError: pip is not available",
        "OSError: pip is not available",
        "SyntaxError: ",
        "SyntaxError: ",
        "SyntaxError: ",
        "SystemExit: 3",
    ];
    for (told, beginning) in refused.as_array().unwrap().iter().zip(beginnings) {
        assert!(told.as_str().unwrap().starts_with(beginning), "{told} where {beginning} is to be");
    }
    // The executed notebook has its outputs.
    let executed = outcome["tasks"].as_array().unwrap().iter().find(|one| one["task"] == "shown").unwrap();
    let executed = exported(&folder, &executed["outputs"]["executed"]["artifacts"][0]);
    let executed: Value = serde_json::from_str(&std::fs::read_to_string(executed).unwrap()).unwrap();
    assert_eq!(executed["cells"].as_array().unwrap().len(), 14);
    assert_eq!(executed["cells"][2]["outputs"][0]["text"], json!(["text is default\n", "rows are 3\n"]));
    // A cell that fails ends the step, with its own traceback.
    let failed = run(&folder, &["-w", &sources, "-p", "rows=-1"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("ValueError: -1 rows cannot be"), "{}", failed.stderr);
    let log = folder.weft("logs latest report").stdout;
    assert!(log.contains("Notebook execution failed") && log.contains("<cell 12>"), "{log}");
}

/// Models, tables and figures; also those that natively hold the time, the order of a set, what no seed made.
#[test]
fn files_have_the_same_bytes_each_time() {
    if !science_is_installed("files_have_the_same_bytes_each_time") {
        return;
    }
    let [first, second] = [(); 2].map(|()| {
        let folder = Folder::default();
        compile(&folder, "files");
        let outcome = outcome(&folder, &["-w", &sources(&folder, "functions")]);
        (folder, outcome)
    });
    let names = first.1["outputs"]["names"]["parameter"].as_array().unwrap();
    assert!(names.len() >= 20, "{names:?}");
    let [one, other] =
        [&first, &second].map(|(folder, outcome)| exported(folder, &outcome["outputs"]["written"]["artifacts"][0]));
    let differing = |name: &&str| std::fs::read(one.join(name)).unwrap() != std::fs::read(other.join(name)).unwrap();
    let differing: Vec<_> = names.iter().map(|name| name.as_str().unwrap()).filter(differing).collect();
    assert!(differing.is_empty(), "these have other bytes the second time: {differing:?}");
    assert_eq!(other_outputs(&first.1, &second.1), [] as [String; 0]);
}

/// Pipelines as KFP's samples are: `pipelines.json` has what `kfp.local` made of them natively.
#[test]
fn pipelines_like_those_of_kfp_give_what_kfp_gives() {
    if !science_is_installed("pipelines_like_those_of_kfp_give_what_kfp_gives") {
        return;
    }
    let mut problems = String::new();
    for (name, wanted) in read_json("pipelines.json").as_object().unwrap() {
        let folder = Folder::default();
        compile(&folder, name);
        let ended = run(&folder, &[]);
        if ended.code != Some(0) {
            _ = writeln!(problems, "{name} failed: {}", ended.stderr);
            continue;
        }
        let outcome = ended.json();
        let mut found = Map::new();
        for (output, wanted) in wanted.as_object().unwrap() {
            let given = &outcome["outputs"][output];
            let artifact = &given["artifacts"][0];
            let mut value = given["parameter"].clone();
            if artifact.is_object() {
                value = json!({"type": artifact["type"], "metadata": artifact["properties"]});
                if wanted["text"].is_string() {
                    value["text"] = std::fs::read_to_string(exported(&folder, artifact)).unwrap().into();
                }
            }
            found.insert(output.clone(), as_floats(value));
        }
        // Where the fit ends depends on the machine's floating-point units: natively, with and without FMA, chances differ by 5e-6.
        let tolerance = if name == "digits" { 1e-4 } else { 1e-9 };
        for line in differences(&found.into(), &as_floats(wanted.clone()), tolerance) {
            _ = writeln!(problems, "{name}: {line}");
        }
        folder.assert_whole();
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// A value with all numbers as floats: `kfp.local` makes floats of the whole numbers in structures.
fn as_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(as_floats).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, as_floats(value))).collect(),
        other => other,
    }
}

/// What would take all memory, all time, the whole stack.
#[test]
fn hostile_programs_end_with_an_error_that_says_what_it_was() {
    if !science_is_installed("hostile_programs_end_with_an_error_that_says_what_it_was") {
        return;
    }
    let folder = Folder::default();
    compile(&folder, "hostile");
    let mut problems = String::new();
    for (what, words) in [
        ("a pickle in a pickle", "RecursionError"),
        ("a deep list", "called itself too deeply"),
        ("an evasive object", "RecursionError"),
        ("a large array", "Maximum allowed dimension exceeded"),
        ("a large matrix", "array is too big"),
        ("a large table", "array is too big"),
        ("many arrays", "MemoryError"),
        ("a product without end", "time limit"),
        ("a product that takes long", "time limit"),
    ] {
        let ended = run(&folder, &["-p", &format!("what={what}")]);
        let clean =
            !["wasm backtrace", "stack backtrace", "panicked at runtime/"].iter().any(|it| ended.stderr.contains(it));
        if ended.code != Some(1) || !ended.stderr.contains("`take`") || !ended.stderr.contains(words) || !clean {
            _ = writeln!(problems, "{what}: code {:?}, not {words:?} in:\n{}", ended.code, ended.stderr);
        }
    }
    folder.assert_whole();
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn a_wheel_with_machine_code_that_says_it_is_pure_is_told() {
    if !science_is_installed("a_wheel_with_machine_code_that_says_it_is_pure_is_told") {
        return;
    }
    let folder = Folder::default();
    compile(&folder, "lying");
    let python = project().join("target/kfp-venv/bin/python").display().to_string();
    let made = Command::new(&python).arg(corpus("lying_wheel.py")).arg(folder.path()).output().unwrap();
    assert_eq!(Ended::from(made).code, Some(0));
    let vendor = folder
        .command(&["vendor", "pipeline.yaml", "--python", &python])
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", folder.path())
        .output();
    let vendored = Ended::from(vendor.unwrap());
    assert_eq!(vendored.code, Some(0), "{}", vendored.stderr);
    let ended = folder.weft("run pipeline.yaml");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("No module named 'lying._machine'"), "{}", ended.stderr);
    let log = folder.weft("logs latest");
    let note = "lying/_machine.abi3.so is native code, which cannot run inside the sandbox";
    assert!(log.stdout.contains(note), "{}", log.stdout);
    folder.assert_whole();
}

/// Expressions over integers, types and floating-point flags, in `integers.txt`: below each, behind `=`, what it gives natively, and behind
/// `!` what it gives here where that cannot be helped.
#[test]
fn integers_have_64_bits() {
    if !science_is_installed("integers_have_64_bits") {
        return;
    }
    let files = project().join("runtime/executors/science");
    let text = std::fs::read_to_string(files.join("integers.txt")).unwrap();
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match (line.strip_prefix("    = ").or(line.strip_prefix("    ! ")), wanted.last_mut()) {
            (Some(answer), Some(last)) => last.1 = answer,
            (_, _) => wanted.push((line, "")),
        }
    }
    assert!(wanted.len() >= 200, "there are {} expressions", wanted.len());
    let folder = Folder::default();
    compile(&folder, "integers");
    let [runner, expressions] = [("runner", "integers.py"), ("expressions", "integers.txt")]
        .map(|(input, file)| format!("{input}={}", files.join(file).display()));
    let outcome = outcome(&folder, &["-w", &runner, "-w", &expressions]);
    let given = exported(&folder, &outcome["outputs"]["Output"]["artifacts"][0]);
    let given: Vec<(String, String)> = serde_json::from_str(&std::fs::read_to_string(given).unwrap()).unwrap();
    assert_eq!(given.len(), wanted.len());
    let mut problems = String::new();
    for ((expression, answer), (asked, wanted)) in given.iter().zip(wanted) {
        assert_eq!(expression, asked);
        if answer != wanted {
            _ = writeln!(problems, "{expression}\n    = {wanted}\n    but {answer}");
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}
