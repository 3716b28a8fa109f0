//! What a run tells of itself: why a step ran, what differs from another run, whether it gives the same again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write as _;

use common::{Folder, component, kfp, project, task};
use serde_json::{Value, json};

const CHAIN: &str = "name: chain
parameters:
  size: { type: u64, default: 8 }
  seed: { type: u64, default: 1 }
steps:
  file: { import: table.csv, type: dataset }
  make: { component: \"@trivial#generate\", with: { bytes: \"${params.size}\", seed: \"${params.seed}\" } }
  cut: { component: \"@trivial#slice\", with: { input: \"${make}\", offset: 0, length: 4 } }
  count: { component: \"@trivial#count\", with: { input: \"${cut}\" } }
  look: { component: \"@trivial#count\", with: { input: \"${file}\" } }
outputs:
  cut: ${cut}
  bytes: ${count.bytes}
";

/// A folder in which the chain ran once.
fn chain() -> Folder {
    let folder = Folder::default();
    folder.file("table.csv", "a,b\n1,2\n");
    folder.file("p.yaml", CHAIN);
    folder.ok("run p.yaml");
    folder
}

/// The chain again, with its text changed so.
fn changed(folder: &Folder, from: &str, to: &str) {
    let text = CHAIN.replace(from, to);
    assert_ne!(text, CHAIN);
    folder.file("p.yaml", &text);
    folder.weft("run p.yaml");
}

fn why(folder: &Folder, step: &str) -> Value {
    folder.json(&["why", step, "--json"])
}

/// A component of the same steps and another digest: a custom section is appended, which nothing reads.
fn other_build(folder: &Folder) {
    let mut bytes = std::fs::read(component("trivial")).unwrap();
    bytes.extend([0, 2, 1, b'x']);
    std::fs::write(folder.path().join("other.wasm"), bytes).unwrap();
}

#[test]
fn the_first_run_and_the_same_again() {
    let folder = chain();
    assert_eq!(why(&folder, "make")["because"]["because"], "first");
    assert_eq!(why(&folder, "file")["because"]["because"], "always");
    let first = folder.json("runs --json")[0]["id"].clone();
    folder.ok("run p.yaml");
    let found = why(&folder, "count");
    assert_eq!((&found["state"], &found["because"]), (&json!("CACHED"), &json!({"because": "cached", "run": first})));
}

#[test]
fn a_parameter_is_the_cause_near_and_far() {
    let folder = chain();
    folder.ok("run p.yaml -p seed=2");
    let root = json!({"root": "run-parameter", "name": "seed", "before": 1, "after": 2});
    for (step, path) in [("make", vec!["make"]), ("cut", vec!["cut", "make"]), ("count", vec!["count", "cut", "make"])]
    {
        let found = why(&folder, step);
        assert_eq!(found["because"]["because"], "changed", "{found:#}");
        let causes = found["causes"].as_array().unwrap();
        assert_eq!((causes.len(), &causes[0]["path"]), (1, &json!(path)), "{found:#}");
        for (key, value) in root.as_object().unwrap() {
            assert_eq!(&causes[0][key], value, "{found:#}");
        }
    }
    let told = folder.ok("why count").stdout;
    assert!(told.contains("input has other content") && told.contains("parameter seed: 1 → 2"), "{told}");
}

#[test]
fn what_is_written_in_the_pipeline_is_the_cause() {
    let folder = chain();
    changed(&folder, "offset: 0", "offset: 1");
    let found = why(&folder, "cut");
    let difference = json!({"differs": "parameter", "input": "offset", "before": 0, "after": 1});
    assert_eq!(found["differences"], json!([difference]));
    assert_eq!(found["causes"], json!([{"path": ["cut"], "root": "step", "difference": difference}]));
    let found = why(&folder, "count");
    assert_eq!(found["causes"], json!([{"path": ["count", "cut"], "root": "step", "difference": difference}]));
}

#[test]
fn an_imported_file_is_the_cause() {
    let folder = chain();
    folder.file("table.csv", "a,b\n1,3\n");
    folder.ok("run p.yaml");
    let found = why(&folder, "look");
    assert_eq!(found["causes"], json!([{"path": ["look", "file"], "root": "imported", "source": "table.csv"}]));
    assert_eq!(why(&folder, "count")["because"]["because"], "cached");
}

#[test]
fn another_build_of_a_component_is_the_cause() {
    let folder = chain();
    other_build(&folder);
    changed(&folder, "@trivial#generate", "other.wasm#generate");
    let found = why(&folder, "make");
    assert_eq!(found["causes"][0]["difference"]["differs"], "component", "{found:#}");
    assert_eq!(found["differences"].as_array().unwrap().len(), 1);
    // It gave the same, so what follows needed not run.
    assert_eq!(why(&folder, "cut")["because"]["because"], "cached");
}

#[test]
fn another_function_and_other_inputs_are_told() {
    let folder = chain();
    changed(
        &folder,
        "@trivial#slice\", with: { input: \"${make}\", offset: 0, length: 4 }",
        "@trivial#copy\", with: { input: \"${make}\" }",
    );
    let found = why(&folder, "cut");
    let kinds: Vec<&str> =
        found["differences"].as_array().unwrap().iter().map(|one| one["differs"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["function", "removed", "removed"]);
    folder.file("p.yaml", CHAIN);
    folder.ok("run p.yaml --no-cache");
    let found = why(&folder, "cut");
    assert_eq!(found["because"], json!({"because": "cache-off", "by": "run"}), "the nearest is the first: {found:#}");
}

#[test]
fn an_optional_input_comes_and_goes() {
    let folder = Folder::default();
    let text = |with: &str| {
        format!("name: p\nsteps:\n  one: {{ component: \"@trivial#optional\", with: {{ make: true{with} }} }}\n")
    };
    folder.file("p.yaml", &text(""));
    folder.ok("run p.yaml");
    folder.file("p.yaml", &text(", name: me"));
    folder.ok("run p.yaml");
    assert_eq!(why(&folder, "one")["differences"], json!([{"differs": "added", "input": "name"}]));
    folder.file("p.yaml", &text(", name: you"));
    folder.ok("run p.yaml");
    folder.file("p.yaml", &text(""));
    folder.ok("run p.yaml --no-cache");
    assert_eq!(why(&folder, "one")["because"]["by"], "run");
}

#[test]
fn why_the_cache_was_not_asked() {
    let folder = chain();
    folder.ok("run p.yaml --no-cache");
    assert_eq!(why(&folder, "make")["because"], json!({"because": "cache-off", "by": "run"}));
    folder.ok("rerun latest --from cut");
    assert_eq!(why(&folder, "cut")["because"], json!({"because": "cache-off", "by": "asked"}));
    assert_eq!(why(&folder, "count")["because"]["by"], "asked");
    assert_eq!(why(&folder, "make")["because"]["because"], "cached");
    changed(&folder, "\"${make}\", offset: 0, length: 4 }", "\"${make}\", offset: 0, length: 4 }, cache: false");
    assert_eq!(why(&folder, "cut")["because"], json!({"because": "cache-off", "by": "task"}));
    changed(
        &folder,
        "\"${make}\", offset: 0, length: 4 }",
        "\"${make}\", offset: 0, length: 4 }, grants: { clock: true }",
    );
    assert_eq!(why(&folder, "cut")["differences"][0]["differs"], "grants");
    folder.ok("run p.yaml");
    assert_eq!(why(&folder, "cut")["because"], json!({"because": "cache-off", "by": "grants"}));
}

#[test]
fn failures_conditions_and_what_they_keep_from_running() {
    let folder = Folder::default();
    folder.file(
        "p.yaml",
        "name: p\nparameters: { go: { type: bool, default: false } }\nsteps:\n  \
         fails: { component: \"@trivial#fail\", with: { message: no } }\n  \
         after: { component: \"@trivial#noop\", after: [fails] }\n  \
         maybe: { component: \"@trivial#noop\", when: params.go }\n",
    );
    folder.weft("run p.yaml");
    folder.weft("run p.yaml");
    assert_eq!(why(&folder, "fails")["because"]["because"], "earlier-failed");
    let found = why(&folder, "after");
    assert_eq!((&found["because"]["because"], &found["state"]), (&json!("not-run"), &json!("NEW")));
    assert_eq!(found["because"]["reason"], "`fails` failed before it");
    let found = why(&folder, "maybe");
    assert_eq!(found["because"]["because"], "skipped");
    assert!(found["because"]["reason"].as_str().unwrap().contains("params.go"), "{found:#}");
    let unknown = folder.weft("why fail");
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("fails"), "{}", unknown.stderr);
}

#[test]
fn what_is_no_longer_in_the_store_is_made_again() {
    let folder = chain();
    let uri =
        folder.json("runs show latest --json")["outputs"]["cut"]["artifacts"][0]["uri"].as_str().unwrap().to_owned();
    let digits = uri.strip_prefix("blake3:").unwrap();
    let mut removed = 0;
    for entry in walk(&folder.path().join(".weft/artifacts")) {
        if entry.to_string_lossy().replace('/', "").ends_with(digits) {
            std::fs::remove_file(entry).unwrap();
            removed += 1;
        }
    }
    assert_eq!(removed, 1);
    folder.ok("run p.yaml");
    assert_eq!(why(&folder, "cut")["because"]["because"], "content-gone");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { found.extend(walk(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

#[test]
fn the_latest_artifact_and_metadata_alone_are_causes() {
    let folder = Folder::default();
    let annotate = |int: i64| {
        format!("{{ name: n, int: {int}, double: 0.5, text: t, truth: true, items: \"[]\", fields: \"{{}}\" }}")
    };
    let text = |int: i64| {
        format!(
            "name: p\nparameters: {{ seed: {{ type: u64, default: 1 }} }}\nsteps:\n  \
             make: {{ component: \"@trivial#generate\", with: {{ bytes: 8, seed: \"${{params.seed}}\" }} }}\n  \
             last: {{ latest: make.data, type: dataset }}\n  \
             read: {{ component: \"@trivial#count\", when: has(last.artifact), with: {{ input: \"${{last.artifact}}\" }} }}\n  \
             note: {{ component: \"@trivial#annotate\", with: {} }}\n  \
             tell: {{ component: \"@trivial#describe\", with: {{ input: \"${{note}}\" }} }}\n",
            annotate(int)
        )
    };
    folder.file("p.yaml", &text(1));
    folder.ok("run p.yaml");
    folder.ok("run p.yaml -p seed=2");
    folder.ok("run p.yaml -p seed=3");
    let found = why(&folder, "read");
    assert_eq!(found["causes"], json!([{"path": ["read", "last"], "root": "latest"}]), "{found:#}");
    folder.file("p.yaml", &text(2));
    folder.ok("run p.yaml");
    let found = why(&folder, "tell");
    assert_eq!(found["differences"][0]["differs"], "metadata", "{found:#}");
    assert_eq!(
        found["causes"][0]["difference"],
        json!({"differs": "parameter", "input": "int", "before": 1, "after": 2})
    );
}

#[test]
fn a_command_of_a_container_is_told_by_its_line() {
    let folder = Folder::default();
    let source = |text: &str| {
        format!(
            "from kfp import compiler, dsl

@dsl.component
def work(x: int) -> int:
    return x {text}

@dsl.pipeline(name='p')
def pipeline(x: int = 1) -> int:
    with dsl.ParallelFor([1, 2]) as item:
        work(x=item)
    return work(x=x).output
"
        )
    };
    kfp::compile(&folder, &source("+ 1"));
    folder.ok("run pipeline.yaml");
    kfp::compile(&folder, &source("+ 2"));
    folder.ok("run pipeline.yaml");
    let steps = folder.json("runs show latest --json");
    let named: Vec<&str> =
        steps["steps"].as_array().unwrap().iter().map(|step| step["task"].as_str().unwrap()).collect();
    let inner = named.iter().find(|name| name.contains("[0]/")).unwrap();
    for step in [inner, &"work-2"] {
        let found = why(&folder, step);
        let difference = &found["causes"][0]["difference"];
        assert_eq!((&difference["differs"], &difference["part"]), (&json!("command"), &json!("command")), "{found:#}");
        let told = folder.ok(&["why", step]).stdout;
        assert!(told.contains("`return x + 1` → `return x + 2`"), "{told}");
    }
    let (each, rest) = inner.split_once("[0]").unwrap();
    let beyond = folder.weft(&["why", &format!("{each}[2]{rest}")]);
    assert_eq!(beyond.code, Some(2));
    assert!(beyond.stderr.contains(&format!("had 2 iterations: there is no `{each}[2]{rest}`")), "{}", beyond.stderr);
    assert!(beyond.stderr.contains(&format!("its last is `{each}[1]`")), "{}", beyond.stderr);
    let verified = folder.json("verify --keep-compiled --json");
    assert_eq!(
        (verified["reproduced"].as_bool(), verified["steps"].as_array().unwrap().len()),
        (Some(true), 3),
        "{verified:#}"
    );
}

#[test]
fn two_runs_are_told_apart_to_the_byte() {
    let folder = chain();
    let first = folder.json("runs --json")[0]["id"].as_str().unwrap().to_owned();
    folder.ok("run p.yaml");
    let same = folder.ok(&["diff", &first]);
    assert!(same.stdout.contains("5 steps are the same in both"), "{}", same.stdout);
    folder.file("table.csv", "a,b\n1,3\n");
    folder.ok("run p.yaml -p size=9");
    let ended = folder.weft(&["diff", &first, "latest", "--json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let diff = ended.json();
    assert_eq!(diff["parameters"], json!([{"name": "size", "before": 8, "after": 9}]));
    let steps: Vec<&str> =
        diff["steps"].as_array().unwrap().iter().map(|step| step["task"].as_str().unwrap()).collect();
    let mut sorted = steps.clone();
    sorted.sort_unstable();
    assert_eq!((sorted, &diff["same"]), (vec!["cut", "file", "look", "make"], &json!(1)), "{diff:#}");
    let of = |name: &str| diff["steps"].as_array().unwrap().iter().find(|step| step["task"] == name).unwrap().clone();
    assert_eq!(of("file")["outputs"][0]["first"], json!({"where": "byte", "offset": 6, "before": 8, "after": 8}));
    assert_eq!(of("make")["outputs"][0]["first"], json!({"where": "byte", "offset": 8, "before": 8, "after": 9}));
    // What has no bytes differs in its metadata alone.
    let text = |value: f64| {
        let with = format!("{{ values: [[accuracy, {value}]] }}");
        format!("name: m\nsteps:\n  measure: {{ component: \"@trivial#measure\", with: {with} }}\n")
    };
    for value in [0.5, 0.75] {
        folder.file("m.yaml", &text(value));
        folder.ok("run m.yaml");
    }
    let earlier = folder.json("runs --json")[1]["id"].as_str().unwrap().to_owned();
    let told = folder.weft(&["diff", &earlier]).stdout;
    assert!(told.contains("metrics has other metadata, and the same content"), "{told}");
    assert!(told.contains("accuracy: 0.5 → 0.75"), "{told}");
    let told = folder.weft(&["diff", &first, diff["after"]["run"].as_str().unwrap()]).stdout;
    assert!(told.contains("size: 8 → 9") && told.contains("(first at byte 6)"), "{told}");
}

#[test]
fn a_run_is_run_again_with_one_thing_changed() {
    let folder = chain();
    std::fs::remove_file(folder.path().join("p.yaml")).unwrap();
    let again = folder.json("rerun latest --json");
    assert!(again["tasks"].as_array().unwrap().iter().all(|task| task["state"] == "CACHED"), "{again:#}");
    let other = folder.json("rerun latest -p size=16 --json");
    assert_eq!(
        (&task(&other, "make")["state"], &task(&other, "look")["state"]),
        (&json!("COMPLETE"), &json!("CACHED"))
    );
    other_build(&folder);
    let built = folder.json("rerun latest --component count=other.wasm --json");
    assert_eq!(
        (&task(&built, "count")["state"], &task(&built, "look")["state"]),
        (&json!("COMPLETE"), &json!("CACHED"))
    );
    assert_eq!(why(&folder, "count")["differences"][0]["differs"], "component");
    // What the earlier run's parameters were stays.
    assert_eq!(folder.json("runs show latest --json")["parameters"]["size"], 16);
    let refused = folder.weft(&["rerun", "latest", "--component", "make=nowhere.wasm"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("nowhere.wasm"), "{}", refused.stderr);
    let refused = folder.weft("rerun latest --from cutt");
    assert!(refused.code == Some(2) && refused.stderr.contains("cut"), "{}", refused.stderr);
}

#[test]
fn a_run_gives_the_same_again_and_what_does_not_is_named() {
    let folder = chain();
    let verified = folder.ok("verify");
    assert!(verified.stdout.contains("4 steps gave the same, 1 import is intact"), "{}", verified.stdout);
    folder.file(
        "t.yaml",
        &CHAIN.replace("length: 4 } }", "length: 4 }, grants: { clock: true } }").replace("name: chain", "name: other"),
    );
    folder.ok("run t.yaml");
    let verified = folder.json("verify --json");
    let cut = verified["steps"].as_array().unwrap().iter().find(|step| step["task"] == "cut").unwrap();
    assert_eq!((&cut["verdict"], &cut["reason"]), (&json!("unverifiable"), &json!("it was granted the host's clock")));
    // A record that was changed afterwards is found.
    let database = folder.path().join(".weft/metadata.sqlite");
    let database = if database.exists() {
        database
    } else {
        walk(&folder.path().join(".weft"))
            .into_iter()
            .find(|path| path.extension().is_some_and(|end| end == "sqlite" || end == "db"))
            .unwrap()
    };
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
        c.execute(\"UPDATE weft_step SET outputs = replace(outputs, '\\\"parameter\\\":4', '\\\"parameter\\\":5') WHERE task = 'count'\"); \
        print(c.total_changes); c.commit()";
    let python = project().join("target/kfp-venv/bin/python");
    let changed = std::process::Command::new(python).args(["-c", script]).arg(&database).output().unwrap();
    assert!(changed.status.success(), "{changed:?}");
    let found = folder.weft("verify --step count --json");
    assert_eq!(found.code, Some(1), "{}", found.stdout);
    assert_eq!(found.json()["steps"][0]["outputs"][0]["output"], "bytes", "{}", found.stdout);
}

/// A step that is told the number of its retry is told the same when it is executed again, also if it came from the cache.
#[test]
fn a_retried_step_is_verified_as_the_attempt_that_succeeded() {
    let folder = Folder::default();
    kfp::compile(
        &folder,
        "from kfp import compiler, dsl

@dsl.container_component
def third(number: str):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'test \"$0\" = 2', number])

@dsl.pipeline(name='retried')
def pipeline():
    third(number='{{retries}}').set_retry(num_retries=2, backoff_duration='0s')
",
    );
    for state in ["COMPLETE", "CACHED"] {
        let outcome = folder.json("run pipeline.yaml --json");
        assert_eq!(outcome["tasks"][0]["state"], state, "{outcome:#}");
        let verified = folder.json("verify --keep-compiled --json");
        assert_eq!(verified["steps"], json!([{ "task": "third", "verdict": "same", "outputs": 0 }]), "{verified:#}");
    }
}

#[test]
fn an_import_that_was_changed_in_the_store_is_found() {
    let folder = chain();
    let file = |document: &Value| {
        let steps = document["steps"].as_array().unwrap();
        steps.iter().find(|step| step["task"] == "file").unwrap().clone()
    };
    assert_eq!(file(&folder.json("verify --json")), json!({ "task": "file", "verdict": "intact", "artifacts": 1 }));
    let record = file(&folder.json("runs show latest --json"));
    let uri = record["outputs"]["artifact"]["artifacts"][0]["uri"].as_str().unwrap();
    let hex = uri.strip_prefix("blake3:").unwrap();
    let blob = walk(&folder.path().join(".weft")).into_iter().find(|path| path.ends_with(hex)).unwrap();
    // Blobs are read-only; another file in the place of one is what a careless copy leaves.
    std::fs::remove_file(&blob).unwrap();
    std::fs::write(&blob, "a,b\n1,3\n").unwrap();
    let found = folder.weft("verify --step file --json");
    assert_eq!(found.code, Some(1), "{}", found.stdout);
    let found = file(&found.json());
    assert_eq!(found["verdict"], "failed", "{found}");
    assert!(found["message"].as_str().unwrap().contains("is damaged"), "{found}");
}

#[test]
fn penguins_are_reproduced_byte_by_byte() {
    let folder = Folder::default();
    let pipeline = project().join("guest-examples/penguins/pipeline.yaml");
    folder.ok(&["run", pipeline.to_str().unwrap(), "-q"]);
    let verified = folder.json("verify --json");
    assert_eq!(verified["reproduced"], true, "{verified:#}");
    assert!(verified["steps"].as_array().unwrap().len() >= 6, "{verified:#}");
}

/// The tools that others verify, list and search with read what is attested.
#[test]
fn what_is_attested_is_accepted_by_other_tools() {
    let folder = Folder::default();
    let pipeline = project().join("guest-examples/penguins/pipeline.yaml");
    folder.ok(&["run", pipeline.to_str().unwrap(), "-q"]);
    let attested = folder.json("attest latest/model -o model --key signing.pem --json");
    let name = attested["files"][0].as_str().unwrap();
    let parts = ["model_signing", "in_toto", "cyclonedx", "openlineage", "rocrate"];
    folder.python("attest-venv", "attest.py", &[&["model", name], &parts[..]].concat());
    let data = folder.json("attest latest/split.train -o data --json");
    let table = data["files"][0].as_str().unwrap();
    folder.python("attest-venv", "attest.py", &["data", table, "in_toto", "openlineage", "rocrate", "croissant"]);
    // Nothing of this machine is in it.
    let root = project().display().to_string();
    for entry in walk(&folder.path().join("model")) {
        let text = String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).into_owned();
        assert!(!text.contains(&root) && !text.contains(folder.path().to_str().unwrap()), "{}", entry.display());
    }
    // A model has a page about what laws ask for, without scripts, that names what is not recorded; data has none.
    let page = std::fs::read_to_string(folder.path().join("model/documentation.html")).unwrap();
    for told in [
        "This is not a statement of compliance",
        "to be written by the provider",
        "regularisation",
        "accuracy",
        "penguins.csv",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let ids: Vec<&str> = page.match_indices("execution ").map(|(at, _)| &page[at..at + 12]).collect();
    assert!(ids.len() > 5 && !page.contains("<script") && !page.contains("http://"), "{ids:?}");
    assert!(!folder.path().join("data/documentation.html").exists());
    // The same key signs the same bytes; another key, a changed artifact and a changed statement are refused.
    folder.json("attest latest/model -o again --key signing.pem --json");
    for file in ["model.sig", "provenance.dsse.json", "bom.cdx.json"] {
        let read = |folder_name: &str| std::fs::read(folder.path().join(folder_name).join(file)).unwrap();
        assert_eq!(read("model"), read("again"), "{file}");
    }
    let checked = folder.ok("attest --check model --key signing.pem.pub");
    assert!(checked.stdout.contains("is what was attested"), "{}", checked.stdout);
    assert!(folder.ok("attest --check model").stderr.contains("anybody"));
    folder.ok("attest latest/model -o other --key other.pem");
    let refused = folder.weft("attest --check other --key signing.pem.pub");
    assert!(refused.code == Some(2) && refused.stderr.contains("by this key"), "{}", refused.stderr);
    let model = folder.path().join("model").join(name);
    let mut bytes = std::fs::read(&model).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&model, bytes).unwrap();
    let refused = folder.weft("attest --check model --key signing.pem.pub");
    assert!(refused.code == Some(2) && refused.stderr.contains("not what was signed"), "{}", refused.stderr);
}

/// Folders as they come from hubs of models and of data: with what Git keeps there, and with names that mean something in URLs.
#[test]
fn attested_folders_are_accepted_by_other_tools() {
    let folder = Folder::default();
    for (path, text) in [
        (".gitattributes", "*.bin filter=lfs"),
        (".github/workflows/test.yml", "on: push"),
        (".hidden", "kept"),
        ("deep/.gitignore", "kept"),
        ("weights #1 %20.bin", "weights"),
        ("größe?.txt", "text"),
        ("-x", "text"),
        ("a b/rows [1].csv", "bill length,depth,naïve\n1,2,3\n4,5,6\n"),
    ] {
        folder.file(&format!("given/{path}"), text);
    }
    folder.file(
        "p.yaml",
        "name: folders\nsteps:\n  model: { import: given, type: system.Model }\n  data: { import: given, type: system.Dataset }\n",
    );
    folder.ok("run p.yaml -q");
    for (step, last) in [("model", "cyclonedx"), ("data", "croissant")] {
        folder.ok(format!("attest latest/{step}.artifact -o {step} --key signing.pem").as_str());
        let parts = ["model_signing", "in_toto", "openlineage", "rocrate"];
        folder.python("attest-venv", "attest.py", &[&[step, "artifact"], &parts[..], &[last]].concat());
        folder.ok(format!("attest --check {step} --key signing.pem.pub").as_str());
    }
    // What the signature passes over is part of what was attested all the same.
    folder.file("model/artifact/.gitattributes", "another");
    let refused = folder.weft("attest --check model --key signing.pem.pub");
    assert!(refused.code == Some(2) && refused.stderr.contains("another artifact"), "{}", refused.stderr);
}

/// Of an empty folder there is nothing to attest, and nothing is written.
#[test]
fn an_empty_folder_is_not_attested() {
    let folder = Folder::default();
    std::fs::create_dir(folder.path().join("given")).unwrap();
    folder.file("p.yaml", "name: empty\nsteps:\n  data: { import: given, type: system.Dataset }\n");
    folder.ok("run p.yaml -q");
    let refused = folder.weft("attest latest/data.artifact -o out");
    assert!(refused.code == Some(2) && refused.stderr.contains("is an empty directory"), "{}", refused.stderr);
    assert!(!folder.path().join("out").exists());
}

/// A chain is followed to its beginning however long it is.
#[test]
fn a_long_chain_is_followed_to_its_beginning() {
    const LENGTH: usize = 2_000;
    let folder = Folder::default();
    let mut text = "name: long\nparameters: { seed: { type: s64, default: 1 } }\nsteps:\n  \
        s0: { component: \"@trivial#add\", with: { a: \"${params.seed}\", b: 1 } }\n"
        .to_owned();
    for step in 1..LENGTH {
        let before = step - 1;
        let with = format!("{{ a: \"${{s{before}.sum}}\", b: 1 }}");
        _ = writeln!(text, "  s{step}: {{ component: \"@trivial#add\", with: {with} }}");
    }
    folder.file("p.yaml", &text);
    folder.ok("run p.yaml -q");
    folder.ok("run p.yaml -q -p seed=2");
    let found = why(&folder, &format!("s{}", LENGTH - 1));
    let cause = &found["causes"][0];
    assert_eq!((&cause["root"], cause["path"].as_array().unwrap().len()), (&json!("run-parameter"), LENGTH));
    let told = folder.ok(&["why", &format!("s{}", LENGTH - 1)]).stdout;
    assert!(told.contains("by way of s1998 ← s1997 ← s1996 ← 1994 more ← s1 ← s0\n"), "{told}");
}

/// A component whose step gives the bits of a NaN that arithmetic made. The numbers come out of memory, so that no compiler can look ahead.
const NOT_A_NUMBER: &str = r#"(component
    (core module $m
        (memory 1)
        (func (export "bits") (result i64)
            (i64.reinterpret_f64 (f64.div (f64.load (i32.const 0)) (f64.load (i32.const 8))))))
    (core instance $main (instantiate $m))
    (func (export "bits") (result u64) (canon lift (core func $main "bits"))))"#;

#[test]
fn strict_determinism_gives_the_same_nan_everywhere_and_is_remembered() {
    const CANONICAL: u64 = 0x7ff8_0000_0000_0000;
    let folder = Folder::default();
    std::fs::write(folder.path().join("nan.wasm"), wat::parse_str(NOT_A_NUMBER).unwrap()).unwrap();
    folder.file("p.yaml", "name: nan\nsteps:\n  make: { component: nan.wasm }\noutputs:\n  bits: ${make}\n");
    let bits =
        |outcome: &Value| outcome["outputs"]["bits"]["parameter"].as_u64().unwrap_or_else(|| panic!("{outcome:#}"));

    let loose = folder.json("run p.yaml --name loose --json");
    if cfg!(target_arch = "x86_64") {
        // This processor's own, which is not that of others.
        assert_eq!(bits(&loose), 0xfff8_0000_0000_0000);
    }
    let strict = folder.json("run p.yaml --name strict --strict-determinism --json");
    assert_eq!(bits(&strict), CANONICAL);
    assert_eq!(task(&strict, "make")["state"], "COMPLETE", "it is another step than without");
    let difference = json!({"differs": "strict", "before": false, "after": true});
    assert_eq!(why(&folder, "make")["differences"], json!([difference]));

    assert_eq!(folder.json("verify strict --json")["reproduced"], true);
    assert_eq!(folder.json("verify loose --json")["reproduced"], true);
    let again = folder.json("rerun strict --json");
    assert_eq!((bits(&again), &task(&again, "make")["state"]), (CANONICAL, &json!("CACHED")));
    let now_strict = folder.json("rerun loose --strict-determinism --no-cache --json");
    assert_eq!(bits(&now_strict), CANONICAL);
    let back = folder.json("run p.yaml --json");
    assert_eq!((bits(&back), &task(&back, "make")["state"]), (bits(&loose), &json!("CACHED")));
}

#[test]
fn a_strict_run_is_resumed_strictly() {
    let folder = Folder::default();
    std::fs::write(folder.path().join("nan.wasm"), wat::parse_str(NOT_A_NUMBER).unwrap()).unwrap();
    folder.file(
        "p.yaml",
        "name: nan\nsteps:\n  file: { import: table.csv, type: dataset }\n  make: { component: nan.wasm, after: [file] }\noutputs:\n  bits: ${make}\n",
    );
    folder.weft("run p.yaml --name r --strict-determinism --json");
    folder.file("table.csv", "a,b\n1,2\n");
    let resumed = folder.json("resume r --json");
    assert_eq!(resumed["outputs"]["bits"]["parameter"], 0x7ff8_0000_0000_0000_u64, "{resumed:#}");
}
