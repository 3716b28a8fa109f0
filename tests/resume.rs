//! A run that is killed again and again, at any instant, ends like one that never was.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use common::Folder;
use serde_json::Value;

/// Runs that are killed until they end.
const ROUNDS: u64 = 4;

/// Thirty steps: chains side by side, an import, artifacts that are files and directories, a step that is skipped.
fn pipeline() -> String {
    let mut text = String::from(
        "name: thirty
steps:
  table: { import: table.csv, type: dataset }
  count-table: { component: \"@trivial#count\", with: { input: \"${table}\" } }
  never: { component: \"@trivial#noop\", when: count-table.bytes > 1000000 }
",
    );
    // `count-table` is no CEL identifier.
    text = text
        .replace("when: count-table.bytes", "when: 'steps[\"count-table\"].bytes")
        .replace("1000000 }", "1000000' }");
    for chain in 0..5 {
        let step = |name: &str, function: &str, with: &str| {
            format!("  {name}-{chain}: {{ component: \"@trivial#{function}\", with: {{ {with} }} }}\n")
        };
        text += &step("make", "generate", &format!("bytes: 3000000, seed: {chain}"));
        text += &step("copy", "copy", &format!("input: \"${{make-{chain}}}\""));
        text += &step("count", "count", &format!("input: \"${{copy-{chain}}}\""));
        if chain < 3 {
            text += &step("dir", "make-dir", &format!("files: {}, bytes: 20000", 10 + chain));
            text += &step("sum", "sum-dir", &format!("input: \"${{dir-{chain}}}\""));
            text += &step("add", "add", &format!("a: {chain}, b: 1"));
        }
    }
    let _ = writeln!(
        text,
        "  join: {{ component: \"@trivial#copy\", with: {{ input: \"${{copy-0}}\" }}, after: [sum-0, count-0, count-4] }}
  last: {{ component: \"@trivial#count\", with: {{ input: \"${{join}}\" }} }}
  end: {{ component: \"@trivial#add\", with: {{ a: 1, b: 2 }}, after: [last, add-2] }}"
    );
    text
}

/// Task, state and outputs of every step, without what differs between two runs: rows and times.
fn result(run: &Value) -> BTreeMap<String, (Value, Value)> {
    let mut steps = BTreeMap::new();
    for step in run["steps"].as_array().unwrap() {
        let mut outputs = step["outputs"].clone();
        for port in outputs.as_object_mut().unwrap().values_mut() {
            for artifact in port["artifacts"].as_array_mut().into_iter().flatten() {
                artifact.as_object_mut().unwrap().remove("id");
            }
        }
        let task = step["task"].as_str().unwrap().to_owned();
        assert!(steps.insert(task, (step["state"].clone(), outputs)).is_none(), "a task has two executions: {step}");
    }
    steps
}

/// Every finished step's execution: its row and what it took. Running a step again would change it.
fn finished(run: &Value) -> BTreeMap<String, Value> {
    let done = |step: &&Value| ["COMPLETE", "CACHED", "SKIPPED"].contains(&step["state"].as_str().unwrap());
    run["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(done)
        .map(|step| (step["task"].as_str().unwrap().to_owned(), step.clone()))
        .collect()
}

#[test]
fn a_run_killed_at_random_instants_ends_like_an_undisturbed_one() {
    let undisturbed = Folder::default();
    undisturbed.file("pipeline.yaml", &pipeline());
    undisturbed.file("table.csv", "a,b\n1,2\n");
    undisturbed.json(&["run", "pipeline.yaml", "--json"]);
    let expected = result(&undisturbed.json(&["runs", "show", "latest", "--json"]));
    assert_eq!(expected.len(), 30);

    // The metadata client sees the same in both stores.
    let dump = |folder: &Folder| folder.python("test-venv", "dump_run.py", &[".weft/metadata.sqlite"]);
    let expected_dump = dump(&undisturbed);

    let seed = std::env::var("WEFT_TEST_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut random = Random(seed | 1);
    let mut kills = 0;
    // Where everything is fast, a run may end before it is killed twice.
    for round in 0.. {
        if round >= ROUNDS && kills >= 2 * ROUNDS {
            break;
        }
        assert!(round < 20 * ROUNDS, "only {kills} kills");
        let (folder, killed) = run_and_kill(&mut random, &expected);
        println!("round {round}: {killed} kills");
        kills += killed;
        folder.assert_whole();
        assert_eq!(dump(&folder), expected_dump);
    }
}

/// xorshift
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Runs the pipeline, killing the process again and again until it comes to its end. Gives the number of kills.
fn run_and_kill(random: &mut Random, expected: &BTreeMap<String, (Value, Value)>) -> (Folder, u64) {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &pipeline());
    folder.file("table.csv", "a,b\n1,2\n");

    let mut kills = 0;
    let mut before = BTreeMap::new();
    // Milliseconds up to which a process may live; more each time that one got nothing done.
    let mut most = 60;
    loop {
        let recorded = folder.weft(&["runs", "show", "latest", "--json"]).code == Some(0);
        let arguments: &[&str] = if recorded { &["resume", "latest"] } else { &["run", "pipeline.yaml"] };
        let mut child = folder.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // From before the run is recorded to some steps further.
        std::thread::sleep(Duration::from_millis(5 + random.below(most)));
        if let Some(status) = child.try_wait().unwrap() {
            let ended: common::Ended = child.wait_with_output().unwrap().into();
            assert!(status.success(), "{}", ended.stderr);
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        assert!(most < 100_000, "it does not get on");
        let done = before.len();

        // Nothing that was finished is lost, or was done again.
        let shown = folder.weft(&["runs", "show", "latest", "--json"]);
        if shown.code == Some(0) {
            let now = finished(&serde_json::from_str(&shown.stdout).unwrap());
            for (task, step) in &before {
                assert_eq!(now.get(task), Some(step), "{task} was finished, and is no more what it was");
            }
            before = now;
        }
        if before.len() == done {
            most += 4 + most / 8;
        }
        // The file that was imported may go once it is in the store.
        if before.contains_key("table") {
            let _ = std::fs::remove_file(folder.path().join("table.csv"));
        }
    }
    let run = folder.json(&["runs", "show", "latest", "--json"]);
    assert_eq!(run["state"], "COMPLETE");
    assert_eq!(&result(&run), expected);
    for (task, step) in &before {
        assert_eq!(finished(&run).get(task), Some(step), "{task} was done again");
    }
    (folder, kills)
}
