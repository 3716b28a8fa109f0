//! `--secrets`: what is missing is told before the run, values are in no record, a changed one is run again.

use std::fs;
use std::path::Path;

use crate::common::{Folder, component};

/// A program prints its environment; one that reads no secret stands beside it.
const PIPELINE: &str = r#"
schemaVersion: 2.1.0
pipelineInfo: { name: reader }
deploymentSpec:
  executors:
    exec-read: { container: { image: "file:command.wasm", command: [command, show, "$(TOKEN)"] } }
    exec-fail: { container: { image: "file:command.wasm", command: [command, copy, "/etc/api/$(TOKEN)", /out/x] } }
components:
  comp-read: { executorLabel: exec-read }
  comp-fail: { executorLabel: exec-fail }
root:
  inputDefinitions: { parameters: { login: { parameterType: STRING, defaultValue: api } } }
  dag:
    tasks:
      read: { componentRef: { name: comp-read }, cachingOptions: { enableCache: true } }
      fail: { componentRef: { name: comp-fail }, dependentTasks: [read] }
---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-read:
          secretAsEnv:
            - { secretNameParameter: { componentInputParameter: login }, keyToEnv: [{ secretKey: token, envVar: TOKEN }] }
        exec-fail:
          secretAsEnv: [{ secretName: api, keyToEnv: [{ secretKey: token, envVar: TOKEN }] }]
          secretAsVolume: [{ secretName: api, mountPath: /etc/api, optional: true }]
"#;

const VALUE: &str = "very-s3cret-value";

fn folder() -> Folder {
    let folder = Folder::default();
    fs::copy(component("command"), folder.path().join("command.wasm")).unwrap();
    folder.file("p.yaml", PIPELINE);
    fs::create_dir_all(folder.path().join("given/api")).unwrap();
    folder
}

/// Files below a folder that hold some bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn what_is_missing_is_told_before_the_run() {
    let folder = folder();
    insta::assert_snapshot!("needed", folder.seen("check p.yaml"));
    insta::assert_snapshot!("nothing_given", folder.seen("run p.yaml"));
    insta::assert_snapshot!("key_missing", folder.seen("run p.yaml --secrets given"));
    insta::assert_snapshot!("no_folder", folder.seen("run p.yaml --secrets elsewhere"));
    let needed = folder.json("check p.yaml -p login=other --json");
    assert_eq!(needed["secrets"][0]["name"], "other");
    assert_eq!(needed["secrets"][1]["name"], "api");
    assert_eq!(folder.weft("check p.yaml --secrets given").code, Some(2));
}

#[test]
fn values_are_in_no_record() {
    let folder = folder();
    fs::write(folder.path().join("given/api/token"), VALUE).unwrap();
    let run = |name: &str| {
        let ended = folder.weft(&format!("run p.yaml --secrets given --json --name {name}"));
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(!ended.stderr.contains(VALUE) && !ended.stdout.contains(VALUE), "{}{}", ended.stdout, ended.stderr);
        let outcome: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let state = |task: &str| {
            outcome["tasks"].as_array().unwrap().iter().find(|of| of["task"] == task).unwrap()["state"].clone()
        };
        assert_eq!(state("fail"), "FAILED");
        state("read").as_str().unwrap().to_owned()
    };
    assert_eq!(run("a"), "COMPLETE");
    let log = folder.ok("logs a read").stdout;
    assert!(log.contains(r#"args ["command", "show", "***"]"#), "{log}");
    assert_eq!(run("b"), "CACHED");
    fs::write(folder.path().join("given/api/token"), format!("{VALUE}-2")).unwrap();
    assert_eq!(run("c"), "COMPLETE");
    assert_eq!(holding(&folder.path().join(".weft"), VALUE.as_bytes()), Vec::<String>::new());
    let shown = folder.json("runs show a --json").to_string();
    assert!(shown.contains(r#""secrets":{"TOKEN":{"#) && !shown.contains(VALUE), "{shown}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join(".weft/secrets.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // What is still to run needs them again, and says so.
    insta::assert_snapshot!("resumed_without", folder.seen("resume a"));
    assert_eq!(folder.weft("resume a --secrets given").code, Some(1));
    let by_variable = folder.command("resume a").env("TOKEN", VALUE).output().unwrap();
    assert_eq!(by_variable.status.code(), Some(1), "{}", String::from_utf8_lossy(&by_variable.stderr));
}
