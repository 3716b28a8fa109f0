//! Native pipelines in KFP's format: the KFP SDK takes them, and they run here as before.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use serde_json::{Value, json};

mod common;

use common::{Folder, component, project, states};

/// The native examples, and what they must have built.
const EXAMPLES: [(&str, &[&str]); 2] = [
    ("penguins", &["penguins"]),
    (
        "polyglot",
        &[
            "features-python",
            "encoder-rust",
            "statistics-c",
            "trainer-rust",
            "trainer-python",
            "trainer-js",
            "trainer-c",
            "comparison-js",
        ],
    ),
];

fn example(name: &str) -> String {
    project().join(format!("guest-examples/{name}/pipeline.yaml")).display().to_string()
}

/// Compiles an example in a folder, and gives what was said.
fn compile(folder: &Folder, name: &str, more: &[&str]) -> String {
    let file = format!("{name}.yaml");
    let example = example(name);
    let arguments = [&["compile", &example, "-o", &file], more].concat();
    let ended = folder.weft(&arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stderr
}

#[test]
fn the_kubeflow_sdk_takes_every_example() {
    let folder = Folder::default();
    for (name, components) in EXAMPLES {
        for name in components {
            component(name);
        }
        compile(&folder, name, &[]);
    }
    let loaded = folder.python("kfp-venv", "use_pipelines.py", &["penguins.yaml", "polyglot.yaml"]);
    let loaded: Value = serde_json::from_str(&loaded).unwrap();
    let penguins = &loaded["penguins.yaml"];
    assert_eq!(penguins["name"], "penguins");
    assert_eq!(penguins["is_pipeline"], true);
    assert_eq!(penguins["inputs"], json!(["csv", "features", "regularisation", "seed", "test_fraction"]));
    assert_eq!(penguins["outputs"], json!(["accuracy", "model", "report"]));
    let tasks = [
        "condition-1",
        "condition-2",
        "deployed",
        "evaluate",
        "expected",
        "raw",
        "schema",
        "split",
        "statistics",
        "train",
        "validate",
    ];
    assert_eq!(penguins["tasks"], json!(tasks));
    assert!(penguins["description"].as_str().unwrap().contains("a conditional push"));
    assert_eq!(loaded["polyglot.yaml"]["outputs"], json!(["difference", "features", "report"]));
    // The pipelines that the SDK put them into are right too.
    for (name, _) in EXAMPLES {
        let ended = folder.weft(&["check", &format!("outer-{name}.yaml")]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
}

#[test]
fn what_is_compiled_runs_as_before() {
    let (folder, native) = (Folder::default(), Folder::default());
    let told = compile(&folder, "penguins", &[]);
    // What KFP's own back end may see in another way is told by step.
    assert!(told.contains("`deployed`") && told.contains("`push`"), "{told}");
    let compiled = folder.json(&["run", "penguins.yaml", "--json"]);
    let before = native.json(&["run", &example("penguins"), "--json"]);
    assert_eq!(compiled["outputs"]["accuracy"], before["outputs"]["accuracy"]);
    for output in ["model", "report"] {
        let uri = |outcome: &Value| outcome["outputs"][output]["artifacts"][0]["uri"].clone();
        assert_eq!(uri(&compiled), uri(&before), "{output}");
        assert!(uri(&compiled).is_string(), "{compiled}");
    }
    // Nothing is deployed yet: no baseline, and the model is pushed.
    let state = |outcome: &Value, task: &str| {
        states(outcome)
            .into_iter()
            .find(|(name, _)| *name == task)
            .map(|(_, state)| state.to_owned())
            .unwrap_or_default()
    };
    assert_eq!(state(&compiled, "condition-1"), "SKIPPED");
    assert_eq!(state(&compiled, "condition-2/push"), "COMPLETE");
    // The same again finds what was pushed.
    let again = folder.json(&["run", "penguins.yaml", "--json"]);
    assert_eq!(state(&again, "condition-1/baseline"), "CACHED");
    assert_eq!(state(&again, "condition-2/push"), "CACHED");
    // A better model is deployed, another one that does just as well is not.
    let better = folder.json(&["run", "penguins.yaml", "-p", "regularisation=10", "--json"]);
    assert_eq!(state(&better, "condition-2/push"), "COMPLETE");
    let equal = folder.json(&["run", "penguins.yaml", "-p", "regularisation=0.1", "--json"]);
    assert_eq!(state(&equal, "condition-1/baseline"), "CACHED");
    assert_eq!(state(&equal, "condition-2"), "SKIPPED");
    folder.assert_whole();
}

#[test]
fn a_cluster_gets_images() {
    let folder = Folder::default();
    let file = "../../target/components/penguins.wasm=registry.local/penguins:1";
    compile(&folder, "penguins", &["--format", "json", "--image-prefix", "ghcr.io/me/", "--image", file]);
    let spec: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("penguins.yaml")).unwrap()).unwrap();
    let train = &spec["deploymentSpec"]["executors"]["exec-train"]["container"];
    assert_eq!(train["image"], "registry.local/penguins:1");
    assert_eq!(train["args"], json!(["--function", "train", "--executor-input", "{{$}}"]));
    compile(&folder, "polyglot", &["--image-prefix", "ghcr.io/me/"]);
    let text = std::fs::read_to_string(folder.path().join("polyglot.yaml")).unwrap();
    assert!(text.contains("ghcr.io/me/trainer-rust"), "{text}");
    let wrong = folder.weft(&["compile", &example("penguins"), "--image", "pengwins.wasm=x"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("pengwins.wasm"), "{}", wrong.stderr);
}

#[test]
fn what_has_no_counterpart_is_refused() {
    let folder = Folder::default();
    folder.file(
        "p.yaml",
        "name: p\nsteps:\n  plus:\n    component: @trivial#add\n    with: { a: 1, b: 2 }\n    \
         grants: { directories: { /ref: ./ref } }\n",
    );
    component("trivial");
    let ended = folder.weft(&["compile", "p.yaml"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("step `plus` is granted the host's directory `/ref`"), "{}", ended.stderr);
}

/// Reads, writes, reads and writes every pipeline that the KFP SDK compiled for the tests.
#[test]
fn pipelines_of_kfp_are_written_as_they_were_read() {
    let folder = Folder::default();
    let corpus = project().join("target/kfp-tests");
    assert!(corpus.is_dir(), "{} is missing: run `bash tests/run.sh`", corpus.display());
    let mut count = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let once = folder.weft(&["compile", &path.display().to_string(), "-o", "once.yaml"]);
        assert_eq!(once.code, Some(0), "{}: {}", path.display(), once.stderr);
        let json = folder.weft(&["compile", "once.yaml", "-o", "twice.json"]);
        assert_eq!(json.code, Some(0), "{}: {}", path.display(), json.stderr);
        let again = folder.weft(&["compile", "twice.json", "-o", "again.yaml"]);
        assert_eq!(again.code, Some(0), "{}: {}", path.display(), again.stderr);
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(text("again.yaml"), text("once.yaml"), "{}", path.display());
        count += 1;
    }
    assert!(count >= 40, "only {count} pipelines");
}

#[test]
fn pipelines_are_drawn() {
    let folder = Folder::default();
    let example = example("penguins");
    let dot = folder.weft(&["graph", &example]);
    assert_eq!(dot.code, Some(0), "{}", dot.stderr);
    assert!(
        dot.stdout.starts_with("digraph \"penguins\"")
            && dot.stdout.contains("\"train\" -> \"evaluate\" [label=\"model\"]")
    );
    let svg = folder.weft(&["graph", &example, "-o", "p.svg"]);
    assert_eq!((svg.code, svg.stdout.as_str()), (Some(0), ""), "{}", svg.stderr);
    assert!(std::fs::read_to_string(folder.path().join("p.svg")).unwrap().starts_with("<svg"));
    let png = folder.weft(&["graph", &example, "-o", "p.PNG"]);
    assert_eq!((png.code, folder.path().join("p.PNG").exists()), (Some(2), false));
    assert!(png.stderr.contains("`weft graph PIPELINE | dot -Tpng -o FILE.png`"), "{}", png.stderr);
    compile(&folder, "penguins", &[]);
    let nested = folder.weft(&["graph", "penguins.yaml"]);
    assert!(nested.stdout.contains("subgraph \"cluster condition-2\""), "{}", nested.stdout);
    // One whose components are not built can be seen all the same.
    folder.file("p.yaml", "name: p\nsteps: { a: { component: none.wasm }, b: { component: none.wasm, after: a } }\n");
    let unbuilt = folder.weft(&["graph", "p.yaml"]);
    assert_eq!(unbuilt.code, Some(0), "{}", unbuilt.stderr);
    assert!(unbuilt.stdout.contains("\"a\" -> \"b\""), "{}", unbuilt.stdout);
    assert!(Path::new(&example).exists());
}
