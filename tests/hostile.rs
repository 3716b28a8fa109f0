//! Pipelines that are wrong, and steps that misbehave: each gives one clear screen that names the step, and leaves the
//! store whole.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Ended, Folder, states};

/// Runs a pipeline of these steps after one that goes well.
fn run(folder: &Folder, steps: &str) -> Ended {
    let steps = steps.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n");
    folder.file(
        "pipeline.yaml",
        &format!(
            "name: hostile\nsteps:\n  data:\n    component: @trivial#generate\n    with: {{ bytes: 1000, seed: 1 }}\n{steps}"
        ),
    );
    folder.weft(&["run", "pipeline.yaml"])
}

/// One screen of clear words, with these among them.
#[track_caller]
fn assert_says(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word:?} is missing in:\n{}", ended.stderr);
    }
    assert!(ended.stderr.lines().count() <= 40, "more than a screen:\n{}", ended.stderr);
    for trace in ["stack backtrace", "wasm backtrace", "panicked at runtime/", "RUST_BACKTRACE"] {
        assert!(!ended.stderr.contains(trace), "{trace}:\n{}", ended.stderr);
    }
}

#[test]
fn wrong_wiring_is_found_before_anything_runs() {
    let folder = Folder::default();
    let ended = run(&folder, "use:\n  component: @trivial#count\n  with: { inputt: \"${data}\" }");
    assert_says(&ended, 2, &["pipeline.yaml:8", "inputt", "input"]);

    let ended = run(&folder, "use:\n  component: @trivial#count\n  with: { input: \"${daata.data}\" }");
    assert_says(&ended, 2, &["pipeline.yaml:8", "daata", "data"]);

    let wrong_kind = "m:\n  component: @trivial#measure\n  with: { values: {} }\nuse:\n  component: @trivial#count\n  with: { input: \"${m.metrics}\" }";
    let ended = run(&folder, wrong_kind);
    assert_says(&ended, 2, &["pipeline.yaml:11", "takes a dataset", "metrics"]);

    let ended = run(&folder, "use:\n  component: @trivial#make-dir\n  with: { files: -1, bytes: 1 }");
    assert_says(&ended, 2, &["pipeline.yaml:8", "files"]);

    let circle = "a:\n  component: @trivial#copy\n  with: { input: \"${b}\" }\nb:\n  component: @trivial#copy\n  with: { input: \"${a}\" }";
    assert_says(&run(&folder, circle), 2, &["pipeline.yaml", "a", "b"]);

    assert!(folder.json(&["runs", "--json"]).as_array().is_none_or(Vec::is_empty), "something ran");
}

#[test]
fn missing_files_and_functions_are_found_before_anything_runs() {
    let folder = Folder::default();
    assert_says(&run(&folder, "use:\n  component: nowhere.wasm"), 2, &["pipeline.yaml:7", "nowhere.wasm"]);
    let ended = run(&folder, "use:\n  component: @trivial#coount\n  with: { input: \"${data}\" }");
    assert_says(&ended, 2, &["pipeline.yaml:7", "coount", "count"]);
    folder.file("text.wasm", "this is no component");
    assert_says(
        &run(&folder, "use:\n  component: text.wasm"),
        2,
        &["pipeline.yaml:7", "text.wasm", "not a WebAssembly component"],
    );
    assert_says(&folder.weft(&["run", "nothing.yaml"]), 2, &["nothing.yaml"]);
}

#[test]
fn a_missing_import_fails_its_step() {
    let folder = Folder::default();
    let ended = run(&folder, "table:\n  import: no/such.csv\n  type: dataset");
    assert_says(&ended, 1, &["table", "no/such.csv"]);
    folder.assert_whole();
}

#[test]
fn steps_that_misbehave_fail_with_a_clear_message() {
    let folder = Folder::default();
    let hostile = |function: &str, rest: &str| format!("bad:\n  component: @hostile#{function}\n  {rest}");
    for (steps, words) in [
        (hostile("trap", "with: { message: no penguins here }"), ["no penguins here", "panicked"]),
        (hostile("spin", "limits: { time: 300ms }"), ["time limit", "300ms"]),
        (hostile("hog", "with: { bytes: 100000000000 }"), ["bad", "memory"]),
        (hostile("hog-slowly", "with: { bytes: 100000000000 }\n  limits: { memory: 64MiB }"), ["memory", "64 MiB"]),
        (hostile("flood", "with: { chunk: 1048576 }\n  limits: { output: 20MiB }"), ["20 MiB", "output"]),
        (hostile("flood-path", "limits: { output: 20MiB }"), ["20 MiB", "output"]),
        (hostile("out-of-range", "with: { input: \"${data}\" }"), ["OutOfRange", "bad"]),
        (hostile("out-of-range-told", "with: { input: \"${data}\" }"), ["out-of-range", "bad"]),
    ] {
        let ended = run(&folder, &steps);
        assert_says(&ended, 1, &["`bad`", "hostile.wasm"]);
        assert_says(&ended, 1, &words);
        folder.assert_whole();
    }
    // What went well before is there, and the store works on.
    let again = run(&folder, "use:\n  component: @trivial#count\n  with: { input: \"${data}\" }");
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

#[test]
fn a_failed_step_leaves_what_depends_on_it_and_nothing_else() {
    let folder = Folder::default();
    folder.file(
        "pipeline.yaml",
        "name: half
steps:
  good: { component: \"@trivial#generate\", with: { bytes: 10, seed: 1 } }
  bad: { component: \"@trivial#fail\", with: { message: not today }, retry: 2 }
  after-good: { component: \"@trivial#count\", with: { input: \"${good}\" } }
  after-bad: { component: \"@trivial#count\", with: { input: \"${good}\" }, after: [bad] }
",
    );
    let ended = folder.weft("run pipeline.yaml --json");
    let outcome = ended.json();
    let expected = [("good", "COMPLETE"), ("bad", "FAILED"), ("after-good", "COMPLETE"), ("after-bad", "NEW")];
    assert_eq!(states(&outcome), expected);
    assert_eq!(common::task(&outcome, "bad")["attempts"], 3);
    assert_says(&ended, 1, &["bad", "not today"]);
}
