//! Pipelines of KFP that are given artifacts, and URIs on the command line.

use std::fs;

use crate::common::Folder;

const GIVEN: &str = "\
components:
  comp-count:
    executorLabel: exec-count
    inputDefinitions:
      artifacts:
        input: { artifactType: { schemaTitle: system.Dataset, schemaVersion: 0.0.1 } }
    outputDefinitions:
      parameters:
        bytes: { parameterType: NUMBER_INTEGER }
deploymentSpec:
  executors:
    exec-count: { container: { image: '@trivial#count' } }
pipelineInfo: { name: given }
root:
  dag:
    outputs:
      parameters:
        bytes: { valueFromParameter: { outputParameterKey: bytes, producerSubtask: count } }
    tasks:
      count:
        componentRef: { name: comp-count }
        inputs: { artifacts: { input: { componentInputArtifact: data } } }
        taskInfo: { name: count }
  inputDefinitions:
    artifacts:
      data: { artifactType: { schemaTitle: system.Dataset, schemaVersion: 0.0.1 }, description: The rows }
      more: { artifactType: { schemaTitle: system.Model, schemaVersion: 0.0.1 }, isArtifactList: true, isOptional: true }
    parameters:
      n: { parameterType: NUMBER_INTEGER, defaultValue: 3 }
  outputDefinitions:
    parameters:
      bytes: { parameterType: NUMBER_INTEGER }
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.3
";

/// The same as a native pipeline, with a step that runs only if there are rows.
const NATIVE: &str = "\
name: native
inputs:
  data: { type: dataset, description: The rows }
steps:
  count: { component: '@trivial#count', with: { input: '${inputs.data}' } }
  again: { component: '@trivial#count', with: { input: '${inputs.data}' }, when: count.bytes > 5 }
outputs: { bytes: '${count.bytes}' }
";

fn given() -> Folder {
    let folder = Folder::default();
    folder.file("given.yaml", GIVEN);
    fs::write(folder.path().join("rows.csv"), "0123456789").unwrap();
    fs::create_dir(folder.path().join("model")).unwrap();
    fs::write(folder.path().join("model/weights"), "w").unwrap();
    folder
}

#[test]
fn native_pipelines_are_given_artifacts_too() {
    let folder = given();
    folder.file("native.yaml", NATIVE);
    let missing = folder.weft("run native.yaml");
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("the input `data` is not given: The rows"), "{}", missing.stderr);
    assert!(missing.stderr.contains("-w data=PATH"), "{}", missing.stderr);
    let check = |outcome: &serde_json::Value| {
        assert_eq!(outcome["outputs"]["bytes"]["parameter"], 10, "{outcome}");
        assert_eq!(outcome["tasks"][0]["task"], "data");
    };
    let outcome = folder.json("run native.yaml -w data=rows.csv --json");
    check(&outcome);
    // It is the same step again.
    assert_eq!(outcome["tasks"][2]["state"], "CACHED", "{outcome}");
    folder.ok("compile native.yaml -o compiled.yaml");
    check(&folder.json("run compiled.yaml -w data=rows.csv --json"));
}

#[test]
fn files_are_given_with_a_flag() {
    let folder = given();
    folder.ok("check given.yaml");
    let outcome = folder.json("run given.yaml -w data=rows.csv --with more=model -w more=rows.csv --json --name one");
    assert_eq!(outcome["outputs"]["bytes"]["parameter"], 10);
    let tasks: Vec<&str> =
        outcome["tasks"].as_array().unwrap().iter().map(|task| task["task"].as_str().unwrap()).collect();
    assert_eq!(tasks, ["data", "more-1", "more-2", "count"]);
    let lineage = folder.ok("lineage one").stdout;
    assert!(lineage.contains("data"), "{lineage}");
    folder.ok("resume one");
    // What is in the store already is named by its URI; metadata goes with it.
    let uri = outcome["tasks"][0]["outputs"]["artifact"]["artifacts"][0]["uri"].as_str().unwrap().to_owned();
    let with = format!("data={{\"uri\":\"{uri}\",\"metadata\":{{\"rows\":3}}}}");
    let again = folder.json(&format!("run given.yaml -w {with} --json"));
    assert_eq!(again["outputs"]["bytes"]["parameter"], 10);
    assert_eq!(again["tasks"][0]["outputs"]["artifact"]["artifacts"][0]["properties"]["rows"], 3);
}

#[test]
fn what_is_wrong_is_told_with_the_flag() {
    let folder = given();
    for (arguments, words) in [
        ("run given.yaml", ["the input `data` is not given: The rows", "give it with `-w data=PATH`"]),
        ("run given.yaml -p data=rows.csv", ["`data` is an artifact, not a parameter", "`-w data=PATH`"]),
        ("run given.yaml -w data=rows.csv -w data=model", ["the input `data` is given twice", "give it once"]),
        ("run given.yaml -w data=rows.csv -w n=3", ["`n` is a parameter, not an artifact", "`-p n=...`"]),
        ("run given.yaml -w data=rows.csv -w mor=model", ["no input artifact `mor`", "did you mean `more`?"]),
        ("run given.yaml -w data=none.csv", ["there is no file or folder `none.csv`", "the working directory"]),
        ("check given.yaml -w other=rows.csv", ["no input artifact `other`", "`data` and `more`"]),
    ] {
        let ended = folder.weft(arguments);
        assert_eq!(ended.code, Some(2), "{arguments}: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "{arguments}: {word} is not in {}", ended.stderr);
        }
    }
}

#[test]
fn uris_of_content_are_artifacts() {
    let folder = given();
    let outcome = folder.json("run given.yaml -w data=rows.csv -w more=model --json");
    let uri = |task: usize| {
        let uri = outcome["tasks"][task]["outputs"]["artifact"]["artifacts"][0]["uri"].as_str().unwrap();
        format!("/in/{}", uri.replacen(':', "-", 1))
    };
    let (rows, model) = (uri(0), uri(1));
    assert_eq!(folder.ok(&format!("artifact cat {rows}")).stdout, "0123456789");
    assert_eq!(folder.ok(&format!("artifact cat {model}/weights")).stdout, "w");
    assert_eq!(folder.ok(&format!("artifact cat {model} weights")).stdout, "w");
    assert!(folder.ok(&format!("artifact show {model}")).stdout.contains("weights"));
    folder.ok(&format!("artifact export {model}/weights out"));
    assert_eq!(fs::read(folder.path().join("out")).unwrap(), b"w");
    folder.ok(&format!("lineage {rows}"));
    let other = format!("/out/{}/model", "ab".repeat(32));
    for wrong in [
        format!("show {other}"),
        format!("cat {model}/none"),
        format!("export {model}/none x"),
        format!("show {model}/weights"),
        "cat gs://b/x".to_owned(),
    ] {
        let ended = folder.weft(&format!("artifact {wrong}"));
        assert_eq!(ended.code, Some(2), "{wrong}: {}", ended.stderr);
    }
}
