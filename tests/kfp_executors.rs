//! Who runs a container of KFP: components that images name, functions with packages that were fetched ahead, this machine's Python; and
//! how what they did is recorded.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::kfp::compile;
use common::{Ended, Folder, component, project, states, task};
use serde_json::Value;

const TABLE: &str = "from kfp import compiler, dsl

@dsl.component(packages_to_install=['tabulate==0.9.0'])
def table(rows: list) -> str:
    import tabulate
    return tabulate.tabulate(rows)

@dsl.pipeline
def pipeline() -> str:
    return table(rows=[[1, 'a'], [22, 'b']]).output
";

#[test]
fn components_that_images_name_are_composed_in_python() {
    let folder = Folder::default();
    let wasm = component("penguins").display().to_string();
    for function in ["split", "train", "evaluate"] {
        let written = folder.weft(&[
            "inspect",
            &format!("{wasm}#{function}"),
            "--format",
            "kfp",
            "-o",
            &format!("{function}.yaml"),
        ]);
        assert_eq!(written.code, Some(0), "{}", written.stderr);
    }
    let csv = project().join("guest-examples/penguins/data/penguins.csv").display().to_string();
    folder.python("kfp-venv", "compose_penguins.py", &[".", &csv, "pipeline.yaml"]);
    let composed = folder.json(&["run", "pipeline.yaml", "--json"]);
    let native = project().join("guest-examples/penguins/pipeline.yaml").display().to_string();
    let native = folder.json(&["run", &native, "--json"]);
    // The same steps on the same inputs: what the one run made, the other takes from the cache.
    for step in ["split", "train", "evaluate"] {
        assert_eq!(task(&composed, step)["state"], "COMPLETE", "{step}");
        assert_eq!(task(&native, step)["state"], "CACHED", "{step}");
    }
    let text = composed["outputs"]["Output"]["parameter"].as_str().unwrap();
    assert!(text.contains("right in 97.62%"), "{text}");
}

#[test]
fn an_image_must_fit_what_its_component_declares() {
    let folder = Folder::default();
    let wasm = component("penguins").display().to_string();
    let written = folder.weft(&["inspect", &format!("{wasm}#split"), "--format", "kfp", "-o", "split.yaml"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let text = std::fs::read_to_string(folder.path().join("split.yaml")).unwrap();
    folder.file("split.yaml", &text.replace("system.Dataset", "system.Model"));
    let ended = folder.weft(&["check", "split.yaml"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("data") && ended.stderr.contains("dataset"), "{}", ended.stderr);
    folder.file("split.yaml", &text.replace("penguins.wasm#split", "penguins.wasm#spilt"));
    let ended = folder.weft(&["check", "split.yaml"]);
    assert!(ended.stderr.contains("did you mean `split`?"), "{}", ended.stderr);
}

#[test]
fn packages_are_fetched_ahead_and_not_before_they_are_asked_for() {
    let folder = Folder::default();
    compile(&folder, TABLE);
    let refused = folder.weft(&["run", "pipeline.yaml"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("tabulate==0.9.0") && refused.stderr.contains("weft vendor"), "{}", refused.stderr);
    let python = project().join("target/kfp-venv/bin/python").display().to_string();
    let fetched = folder.json(&["vendor", "pipeline.yaml", "--python", &python, "--json"]);
    assert_eq!(fetched["sets"][0]["wheels"].as_array().unwrap().len(), 1, "{fetched}");
    let outcome = folder.json(&["run", "pipeline.yaml", "--json"]);
    assert_eq!(outcome["outputs"]["Output"]["parameter"], "--  -\n 1  a\n22  b\n--  -");
    assert_eq!(states(&folder.json(&["run", "pipeline.yaml", "--json"]))[0].1, "CACHED");
    let again = folder.json(&["vendor", "pipeline.yaml", "--python", "/no/python", "--json"]);
    assert_eq!(again["sets"][0]["known"], true);
    folder.assert_whole();
}

#[test]
fn packages_with_native_code_are_refused_by_name() {
    let folder = Folder::default();
    compile(&folder, &TABLE.replace("tabulate==0.9.0", "catboost<2"));
    for command in [&["run", "pipeline.yaml"], &["check", "pipeline.yaml"]] {
        let refused = folder.weft(command);
        assert_eq!(refused.code, Some(2), "{}", refused.stdout);
        assert!(refused.stderr.contains("`catboost<2`, which needs native code"), "{}", refused.stderr);
        assert!(refused.stderr.contains("--executor host-python"), "{}", refused.stderr);
    }
    let refused = folder.weft(&["vendor", "pipeline.yaml"]);
    assert!(refused.stderr.contains("`catboost<2` needs native code"), "{}", refused.stderr);
}

#[test]
fn this_machines_python_runs_functions_if_it_is_told_to() {
    let folder = Folder::default();
    compile(
        &folder,
        "from kfp import compiler, dsl

@dsl.component
def native(rows: int, data: dsl.Output[dsl.Dataset]) -> str:
    import ctypes, os, sys
    with open(data.path, 'w') as file:
        file.write('x' * rows)
    data.metadata['rows'] = rows
    return f'{sys.version_info.major} {ctypes.sizeof(ctypes.c_void_p)} {os.environ.get(\"WEFT_SECRET\")}'

@dsl.component
def read(data: dsl.Input[dsl.Dataset]) -> int:
    with open(data.path) as file:
        return len(file.read())

@dsl.pipeline
def pipeline(rows: int = 5) -> int:
    return read(data=native(rows=rows).outputs['data']).output
",
    );
    let python = project().join("target/kfp-venv/bin/python").display().to_string();
    let arguments = ["run", "pipeline.yaml", "--executor", "host-python", "--python", &python, "--json"];
    let ended = Ended::from(folder.command(&arguments).env("WEFT_SECRET", "told").output().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("unsandboxed"), "{}", ended.stderr);
    let outcome: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(outcome["outputs"]["Output"]["parameter"], 5);
    let expected = format!("3 {} None", size_of::<usize>());
    assert_eq!(
        task(&outcome, "native")["outputs"]["Output"]["parameter"],
        expected,
        "the environment is not passed on"
    );
    // Nothing of it is taken from the cache, and the lineage says who ran it.
    let again = folder.json(&arguments);
    assert!(states(&again).iter().all(|(_, state)| *state == "COMPLETE"), "{again}");
    let lineage = folder.weft(&["lineage", "latest", "--json"]);
    assert!(lineage.stdout.contains("host-python:3."), "{}", lineage.stdout);
}

#[test]
fn executions_are_recorded_as_kfp_records_them() {
    let folder = Folder::default();
    folder.file("rows.csv", "1,2\n");
    compile(
        &folder,
        "from kfp import compiler, dsl
from typing import List

@dsl.component
def double(n: int) -> int:
    return 2 * n

@dsl.component
def total(numbers: List[int], data: dsl.Input[dsl.Dataset]) -> int:
    return sum(numbers) + len(open(data.path).read())

@dsl.pipeline(name='recorded')
def pipeline(wanted: bool = True) -> int:
    data = dsl.importer(artifact_uri='rows.csv', artifact_class=dsl.Dataset)
    with dsl.ParallelFor([1, 2, 3]) as n:
        one = double(n=n)
    with dsl.If(wanted == True):
        pass_on = double(n=4).set_display_name('four times two')
    return total(numbers=dsl.Collected(one.output), data=data.output).output
",
    );
    assert_eq!(folder.json(&["run", "pipeline.yaml", "--json"])["outputs"]["Output"]["parameter"], 16);
    folder.json(&["run", "pipeline.yaml", "--json"]);
    let listed = folder.python("test-venv", "kfp_executions.py", &[".weft/metadata.sqlite"]);
    let executions: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let of = |kind: &str| executions.iter().filter(|execution| execution["type"] == kind).collect::<Vec<_>>();
    let named = |name: &str| executions.iter().filter(|execution| execution["task_name"] == name).collect::<Vec<_>>();
    let parent = |execution: &Value| {
        let id = &execution["parent_dag_id"];
        executions.iter().find(|other| other["id"] == *id).cloned().unwrap_or_default()
    };
    assert_eq!(of("system.ImporterExecution").len(), 1, "{listed}");
    // The run itself, the loop and its three iterations, the condition.
    assert_eq!(of("system.DAGExecution").len(), 6, "{listed}");
    assert_eq!(of("system.ContainerExecution").len(), 5, "{listed}");
    let [looped] = executions.iter().filter(|execution| execution["iteration_count"] == 3).collect::<Vec<_>>()[..]
    else {
        panic!("there is not one loop: {listed}")
    };
    let mut indexes: Vec<i64> = executions
        .iter()
        .filter(|execution| parent(execution)["id"] == looped["id"])
        .map(|iteration| iteration["iteration_index"].as_i64().unwrap())
        .collect();
    indexes.sort_unstable();
    assert_eq!(indexes, [0, 1, 2]);
    // The second run took everything from the first.
    for execution in of("system.ContainerExecution") {
        assert_eq!(execution["state"], "CACHED", "{execution}");
        assert!(!execution["cached_execution_id"].is_null(), "{execution}");
    }
    assert!(named("total").iter().all(|total| parent(total)["type"] == "system.DAGExecution"), "{listed}");
    assert!(executions.iter().any(|execution| execution["display_name"] == "four times two"), "{listed}");
}
