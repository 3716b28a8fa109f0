//! Bundles: made, the same each time, and run where there is nothing else.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::process::Command;

use common::registry::{Registry, Setup, cache, flips, ok, refused};
use common::{Ended, Folder, compiled, component};
use serde_json::json;
use weft::Bundle;
use weft::provenance::Key;

const CHAIN: &str = "name: chain
parameters:
  size: { type: u64, default: 40 }
inputs:
  data: dataset
steps:
  table: { import: ../tables/table.csv, type: dataset }
  make: { component: \"../trivial.wasm#generate\", with: { bytes: \"${params.size}\", seed: 1 } }
  look: { component: \"../trivial.wasm#count\", with: { input: \"${table}\" } }
  given: { component: \"../trivial.wasm#count\", with: { input: \"${inputs.data}\" } }
outputs:
  made: ${make}
  table: ${look.bytes}
  data: ${given.bytes}
";

/// A folder with a pipeline in a folder of its own, and what it needs beside that.
fn chain() -> Folder {
    let folder = Folder::default();
    for name in ["pipelines", "tables"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    std::fs::copy(component("trivial"), folder.path().join("trivial.wasm")).unwrap();
    std::fs::write(folder.path().join("tables/table.csv"), "a,b\n1,2\n").unwrap();
    std::fs::write(folder.path().join("data.csv"), "12345").unwrap();
    std::fs::write(folder.path().join("pipelines/p.yaml"), CHAIN).unwrap();
    folder
}

const BUNDLE: [&str; 6] = ["bundle", "pipelines/p.yaml", "-o", "p.weft", "-w", "data=data.csv"];

/// Runs the binary with nothing of this machine but a bundle: an empty home, an empty environment, and no network where that can be had.
fn elsewhere(bundle: &Path, more: &[&str]) -> (Folder, Ended) {
    let folder = Folder::default();
    std::fs::create_dir(folder.path().join("home")).unwrap();
    let ended = there(&folder, bundle, more);
    (folder, ended)
}

/// The same in a folder whose home is not empty.
fn there(folder: &Folder, bundle: &Path, more: &[&str]) -> Ended {
    let home = folder.path().join("home");
    std::fs::copy(bundle, folder.path().join("p.weft")).unwrap();
    let weft = env!("CARGO_BIN_EXE_weft");
    let isolated = Command::new("unshare").args(["-rn", "true"]).status().is_ok_and(|status| status.success());
    let mut command = if isolated {
        let mut command = Command::new("unshare");
        command.args(["-rn", weft]);
        command
    } else {
        eprintln!("passed over: this user may make no network namespace; it runs without one");
        Command::new(weft)
    };
    command.env_clear().env("HOME", &home).env("PATH", "/usr/bin:/bin");
    let output = command.args(["run", "p.weft", "--json"]).args(more).current_dir(folder.path()).output().unwrap();
    output.into()
}

#[test]
fn a_bundle_runs_where_there_is_nothing_else() {
    let folder = chain();
    let made = ok(&folder, &[&BUNDLE[..], &["-p", "size=24", "--json"]].concat()).json();
    // Things lie to each other as they did; nothing of where that was is told.
    let files =
        json!(["artifacts/data/0/data.csv", "tree/pipelines/p.yaml", "tree/tables/table.csv", "tree/trivial.wasm"]);
    assert_eq!(made["files"], files);
    let first = std::fs::read(folder.path().join("p.weft")).unwrap();
    ok(&folder, &[&BUNDLE[..], &["-p", "size=24"]].concat());
    assert_eq!(std::fs::read(folder.path().join("p.weft")).unwrap(), first, "the same gives the same bytes");
    let (there, ran) = elsewhere(&folder.path().join("p.weft"), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let outputs = &ran.json()["outputs"];
    assert_eq!((&outputs["table"]["parameter"], &outputs["data"]["parameter"]), (&json!(8), &json!(5)));
    // The same run here gives the same artifact.
    let here = ok(&folder, &["run", "pipelines/p.yaml", "-w", "data=data.csv", "-p", "size=24", "--json"]).json();
    assert_eq!(here["outputs"]["made"]["artifacts"][0]["uri"], outputs["made"]["artifacts"][0]["uri"]);
    assert!(outputs["made"]["artifacts"][0]["uri"].is_string());
    // What is given there goes before what the bundle brings along, and what was unpacked is used again.
    std::fs::write(there.path().join("mine"), "123").unwrap();
    let again = there.ok(&["run", "p.weft", "-w", "data=mine", "-p", "size=30", "--json"]).json();
    let outputs = &again["outputs"];
    assert_eq!((&outputs["data"]["parameter"], &outputs["table"]["parameter"]), (&json!(3), &json!(8)));
    assert_eq!(std::fs::read_dir(there.path().join(".weft/bundles")).unwrap().count(), 1);
}

#[test]
fn what_is_in_a_bundle_can_be_looked_at() {
    let folder = chain();
    folder.ok(&BUNDLE);
    for file in ["trivial.wasm", "data.csv", "tables", "pipelines"] {
        let path = folder.path().join(file);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }
    let checked = folder.ok("check p.weft");
    assert!(checked.stdout.starts_with("ok: pipeline `chain` with 4 steps, 1 component file"), "{}", checked.stdout);
    assert_eq!(folder.json("check p.weft --json")["valid"], true);
    let wrong = folder.weft("check p.weft -p size=many");
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("--> p.weft: p.yaml"), "{}", wrong.stderr);
    assert!(folder.ok("graph p.weft").stdout.contains("\"table\" -> \"look\" [label=\"artifact\""));
    assert!(!folder.path().join(".weft").exists(), "looking leaves nothing");
}

#[test]
fn what_was_unpacked_goes_with_the_last_run_that_came_from_it() {
    let folder = chain();
    folder.ok(&BUNDLE);
    folder.ok("run p.weft -q");
    let unpacked = || std::fs::read_dir(folder.path().join(".weft/bundles")).unwrap().count();
    // What a killed run left of its exchange with workers.
    let spool = folder.path().join(".weft/engine/chain-20260102-030405-abcd/in");
    std::fs::create_dir_all(&spool).unwrap();
    folder.ok("gc");
    assert_eq!(unpacked(), 1);
    assert!(!spool.exists());
    folder.ok("rerun latest -q");
    folder.ok("gc --keep 0");
    assert_eq!(unpacked(), 0);
    folder.ok("run p.weft -q");
    assert_eq!(unpacked(), 1);
}

#[test]
fn a_changed_bundle_is_refused() {
    let folder = chain();
    ok(&folder, &BUNDLE);
    let path = folder.path().join("p.weft");
    let whole = std::fs::read(&path).unwrap();
    let tried = folder.path().join("tried.weft");
    let store = folder.path().join("store");
    Bundle::open(&path).unwrap().unpack(&store).unwrap();
    let unpacked = files(&store.join("bundles"));
    let mut refusals = 0;
    // Of a tar, the heads say when and whose a file is: of nobody and no time here. All else is content.
    let content = |at: usize| {
        let component = std::fs::read(component("trivial")).unwrap();
        let start = whole.windows(64).position(|window| window == &component[..64]).unwrap();
        start + at
    };
    for (at, bit) in flips(200_000, 100, 18) {
        let mut changed = whole.clone();
        changed[content(at)] ^= bit;
        std::fs::write(&tried, &changed).unwrap();
        let store = folder.path().join("none");
        let why = Bundle::open(&tried).and_then(|bundle| bundle.unpack(&store)).map(drop).unwrap_err().to_string();
        assert!(why.contains("is not what its digest"), "{why}");
        assert_eq!(files(&store.join("bundles")), Vec::<String>::new());
        refusals += 1;
    }
    assert_eq!(refusals, 100);
    // Anywhere else it is refused too, or makes no difference.
    for (nth, (at, bit)) in flips(whole.len(), 50, 19).into_iter().enumerate() {
        let mut changed = whole.clone();
        changed[at] ^= bit;
        std::fs::write(&tried, &changed).unwrap();
        let store = folder.path().join(format!("store-{nth}"));
        if Bundle::open(&tried).and_then(|bundle| bundle.unpack(&store)).is_ok() {
            assert_eq!(files(&store.join("bundles")), unpacked, "byte {at}");
        }
    }
    for cut in [0, 1, 511, 1024, whole.len() / 2, whole.len() - 2000] {
        std::fs::write(&tried, &whole[..cut]).unwrap();
        let ended = folder.weft(&["run", "tried.weft"]);
        assert_eq!(ended.code, Some(2), "{cut}: {}", ended.stderr);
    }
}

/// All files below a folder, with what is in them.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(at) = left.pop() {
        for entry in std::fs::read_dir(&at).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                left.push(entry.path());
            } else {
                let digest = weft::oci::Digest::of(&std::fs::read(entry.path()).unwrap());
                found.push(format!("{} {digest}", entry.path().strip_prefix(folder).unwrap().display()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_was_unpacked_and_then_changed_is_unpacked_anew() {
    let folder = chain();
    ok(&folder, &BUNDLE);
    let store = folder.path().join("store");
    let open = || Bundle::open(&folder.path().join("p.weft")).unwrap().unpack(&store).unwrap();
    let pipeline = open().pipeline().unwrap();
    std::fs::write(&pipeline, "name: other\n").unwrap();
    assert_eq!(open().pipeline().unwrap(), pipeline);
    assert_eq!(std::fs::read_to_string(&pipeline).unwrap(), CHAIN);
}

#[test]
fn compiled_code_is_used_of_whom_is_trusted() {
    let folder = chain();
    let key = Key::generate().unwrap();
    std::fs::write(folder.path().join("key.pem"), key.to_pem().unwrap()).unwrap();
    std::fs::write(folder.path().join("key.pub"), key.public().to_pem().unwrap()).unwrap();
    let other = Key::generate().unwrap().public().to_pem().unwrap();
    ok(&folder, &[&BUNDLE[..], &["--aot", "--sign", "key.pem"]].concat());
    let bundle = folder.path().join("p.weft");
    let (_, untrusted) = elsewhere(&bundle, &[]);
    assert_eq!(untrusted.code, Some(0), "{}", untrusted.stderr);
    assert!(untrusted.stderr.contains("--trust-compiled"), "{}", untrusted.stderr);
    let public = folder.path().join("key.pub");
    let (there, trusted) = elsewhere(&bundle, &["--verify", public.to_str().unwrap()]);
    assert_eq!(trusted.code, Some(0), "{}", trusted.stderr);
    assert!(!trusted.stderr.contains("trust-compiled"), "{}", trusted.stderr);
    assert_eq!(code_in(&there), 1);
    std::fs::write(folder.path().join("other.pub"), other).unwrap();
    let (there, refused_there) = elsewhere(&bundle, &["--verify", folder.path().join("other.pub").to_str().unwrap()]);
    assert_eq!(refused_there.code, Some(2), "{}", refused_there.stderr);
    assert!(refused_there.stderr.contains("is not signed by") && !there.path().join(".weft/bundles").exists());
    assert!(compiled().exists());
}

/// How many files with compiled code there are below a folder's home.
fn code_in(folder: &Folder) -> usize {
    let cache = folder.path().join("home/.cache/weft");
    let folders = std::fs::read_dir(cache).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let files = folders.flat_map(|entry| std::fs::read_dir(entry.path()).unwrap().flatten());
    files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "cwasm")).count()
}

#[test]
fn code_for_other_machines_is_used_where_it_can_be() {
    let folder = chain();
    let bundle = folder.path().join("p.weft");
    // Of any processor of this kind: taken over, with what it takes to end guests where nothing is compiled, and nothing is compiled beside it.
    let made = ok(&folder, &[&BUNDLE[..], &["--aot=portable", "--json"]].concat()).json();
    assert_eq!(made["compiled"], json!("portable"));
    let (there, ran) = elsewhere(&bundle, &["--trust-compiled"]);
    assert_eq!((ran.code, ran.stderr.contains("compiled")), (Some(0), false), "{}", ran.stderr);
    assert_eq!(code_in(&there), if cfg!(target_os = "linux") { 2 } else { 1 });
    // Twice the same.
    let again = folder.path().join("again.weft");
    std::fs::rename(&bundle, &again).unwrap();
    ok(&folder, &[&BUNDLE[..], &["--aot=portable"]].concat());
    assert!(std::fs::read(&bundle).unwrap() == std::fs::read(&again).unwrap());

    // Byte code is for hosts that do not compile. This one does, and is told so.
    ok(&folder, &[&BUNDLE[..], &["--aot=pulley"]].concat());
    let (there, ran) = elsewhere(&bundle, &["--trust-compiled"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("components are compiled here"), "{}", ran.stderr);
    assert_eq!(code_in(&there), 1);
    let wrong = refused(&folder, &[&BUNDLE[..], &["--aot=riscv"]].concat());
    assert!(wrong.contains("native, portable, pulley"), "{wrong}");
}

#[test]
fn a_bundle_goes_through_a_registry_with_the_components_that_it_names_there() {
    let Some(registry) = Registry::start(Setup::default()) else { return };
    let folder = chain();
    let key = Key::generate().unwrap();
    std::fs::write(folder.path().join("key.pem"), key.to_pem().unwrap()).unwrap();
    std::fs::write(folder.path().join("key.pub"), key.public().to_pem().unwrap()).unwrap();
    ok(&folder, &["push", "trivial.wasm", &format!("{}/me/trivial:1", registry.host)]);
    let text = CHAIN.replace("../trivial.wasm", &format!("oci://{}/me/trivial:1", registry.host));
    std::fs::write(folder.path().join("pipelines/p.yaml"), text).unwrap();
    ok(&folder, &[&BUNDLE[..], &["--sign", "key.pem"]].concat());
    let reference = format!("{}/me/bundle:1", registry.host);
    let pushed = ok(&folder, &["push", "p.weft", &reference, "--json"]).json();
    assert_eq!((&pushed["kind"], &pushed["attached"]), (&json!("bundle"), &json!(["signature.sigstore.json"])));
    ok(&folder, &["pull", &reference, "-o", "back.weft", "--verify", "key.pub"]);
    assert_eq!(
        std::fs::read(folder.path().join("back.weft")).unwrap(),
        std::fs::read(folder.path().join("p.weft")).unwrap()
    );
    drop(registry);
    let (_, ran) = elsewhere(&folder.path().join("back.weft"), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["outputs"]["table"]["parameter"], 8);
}

#[test]
fn executors_come_along() {
    let folder = Folder::default();
    let ir = json!({
        "pipelineInfo": { "name": "script" }, "schemaVersion": "2.1.0",
        "deploymentSpec": { "executors": { "exec": { "container": {
            "image": "alpine", "command": ["sh", "-c", "mkdir -p $(dirname \"$0\") && echo hello > \"$0\"", "{{$.outputs.artifacts['out'].path}}"] } } } },
        "components": { "comp": { "executorLabel": "exec", "outputDefinitions": { "artifacts": { "out": {
            "artifactType": { "schemaTitle": "system.Dataset", "schemaVersion": "0.0.1" } } } } } },
        "root": { "dag": { "tasks": { "go": { "componentRef": { "name": "comp" }, "taskInfo": { "name": "go" } } } } },
    });
    folder.file("script.json", &ir.to_string());
    let made = ok(&folder, &["bundle", "script.json", "-o", "p.weft", "--json"]).json();
    assert_eq!(made["files"], json!(["executors/shell.wasm", "tree/script.json"]));
    // Compiling the shell takes longer than all else here: what other tests compiled is there.
    let other = Folder::default();
    std::fs::create_dir_all(other.path().join("home/.cache")).unwrap();
    std::fs::rename(cache(other.path()), other.path().join("home/.cache/weft")).unwrap();
    let ran = there(&other, &folder.path().join("p.weft"), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn what_cannot_come_along_is_told() {
    let folder = chain();
    folder.file("absolute.yaml", "name: a\nsteps: { a: { import: /etc/hostname, type: dataset } }\n");
    assert!(refused(&folder, &["bundle", "absolute.yaml", "-o", "a.weft"]).contains("is not relative"));
    folder.file("remote.yaml", "name: a\nsteps: { a: { import: \"gs://bucket/x\", type: dataset } }\n");
    let made = ok(&folder, &["bundle", "remote.yaml", "-o", "a.weft", "--json"]);
    assert_eq!(made.json()["left_out"], json!(["gs://bucket/x"]));
    assert!(made.stderr.contains("not in the bundle"), "{}", made.stderr);
    assert!(refused(&folder, &["run", "pipelines", "--offline"]).contains("is a folder"));
}
