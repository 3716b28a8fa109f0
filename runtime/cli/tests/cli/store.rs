//! Commands that look at the store, or after it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use weft_artifacts::Store;

use crate::common::Folder;

const FLOW: &str = "\
name: flow
parameters:
  text: { type: string, default: a short text }
steps:
  raw:
    import: raw.txt
    type: dataset
  written:
    component: @trivial#write-text
    with: { text: \"${params.text}\" }
  folder:
    component: @trivial#make-dir
    with: { files: 2, bytes: 100 }
  noted:
    component: @trivial#annotate
    with: { name: Notes, int: 3, double: 0.5, text: some words, truth: true, items: '[1, 2]', fields: '{\"a\": 1}' }
  said:
    component: @trivial#print
    with: { text: a line, lines: 2 }
  measured:
    component: @trivial#count
    with: { input: \"${copied.data}\" }
  copied:
    component: @trivial#copy
    with: { input: \"${written.data}\" }
outputs:
  data: ${copied.data}
  bytes: ${measured.bytes}
";

fn flow() -> Folder {
    let folder = Folder::default();
    fs::write(folder.path().join("raw.txt"), "imported").unwrap();
    folder.file("flow.yaml", FLOW);
    folder.ok("run flow.yaml --name flow-1 --jobs 1");
    folder
}

#[test]
fn runs_are_listed_shown_and_forgotten() {
    let folder = flow();
    folder.ok("run flow.yaml --name flow-2 --jobs 1 -p text=other");
    insta::assert_snapshot!(["runs", "runs show flow-1"].map(|arguments| folder.seen(arguments)).join("\n\n"));
    assert_eq!(folder.json("runs --json").as_array().unwrap().len(), 2);
    assert_eq!(folder.json("runs ls --pipeline other --json").as_array().unwrap().len(), 0);
    assert_eq!(folder.json("runs -n 1 --json")[0]["id"], "flow-2");
    assert_eq!(folder.ok("runs rm latest").stdout, "flow-2\n");
    assert_eq!(folder.json("runs show latest --json")["id"], "flow-1");
    assert_eq!(folder.weft("runs rm flow-2").code, Some(2));
    let refused = folder.json_of_failure("runs rm flow-2 --json");
    assert!(refused["error"]["message"].as_str().unwrap().contains("flow-2"), "{refused}");
    assert_eq!(folder.json("runs rm flow --json"), serde_json::json!({ "runs": ["flow-1"] }));
}

#[test]
fn artifacts_are_listed_shown_and_copied_out() {
    let folder = flow();
    let seen = [
        "artifact ls",
        "artifact show latest/noted.data",
        "artifact show flow/folder.data",
        "artifact cat latest/folder.data",
        "artifact cat latest/folder.data part-0000.bin",
        "artifact cat latest/data",
        "artifact show latest/bytes",
        "artifact show latest/writen.data",
        "artifact show blake3:ffff",
        "artifact export latest/data out.txt",
        "artifact export latest/data out.txt",
        "artifact export latest/data out.txt --force",
        "artifact export latest/folder.data copies",
    ];
    insta::assert_snapshot!(seen.map(|arguments| format!("$ {arguments}\n{}", folder.seen(arguments))).join("\n\n"));
    assert_eq!(fs::read_to_string(folder.path().join("out.txt")).unwrap(), "a short text");
    assert_eq!(fs::metadata(folder.path().join("copies/part-00000.bin")).unwrap().len(), 100);
    let copied = folder.json("artifact export latest/data out.txt --force --json");
    let digest = blake3::hash(b"a short text").to_hex();
    assert_eq!(copied, serde_json::json!({ "path": "out.txt", "uri": format!("blake3:{digest}"), "size": 12 }));
    // As the tables show it.
    let uri = folder.json("artifact show latest/data --json")["uri"].as_str().unwrap().to_owned();
    assert_eq!(folder.ok(&format!("artifact cat {}…", &uri[..15])).stdout, "a short text");
    assert_eq!(folder.json("artifact ls --type dataset --run flow-1 --json").as_array().unwrap().len(), 5);
    assert_eq!(folder.weft("artifact ls --type modle").code, Some(2));
}

#[test]
fn lineage_is_drawn_both_ways() {
    let folder = flow();
    let seen = [
        "lineage latest/written.data",
        "lineage latest/data --up",
        "lineage latest --depth 1",
        "lineage latest/data --dot",
        "lineage nobody",
    ];
    insta::assert_snapshot!(seen.map(|arguments| format!("$ {arguments}\n{}", folder.seen(arguments))).join("\n\n"));
    assert_eq!(folder.json("lineage latest/data --up --json")["executions"].as_array().unwrap().len(), 2);
    assert_eq!(folder.weft("lineage latest --up --down").code, Some(2));
}

#[test]
fn logs_are_kept_with_the_step() {
    let folder = flow();
    assert_eq!(folder.ok("logs latest said").stdout.matches("a line").count(), 4);
    assert!(folder.ok("logs latest").stdout.starts_with("==> said <==\n"));
    let none = folder.ok("logs latest written");
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "step `written` wrote nothing\n"));
    let wrong = folder.weft("logs latest sayd");
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("did you mean `said`?"), "{}", wrong.stderr);
}

#[test]
fn gc_keeps_what_a_kept_run_needs() {
    let folder = flow();
    folder.ok("run flow.yaml --name flow-2 -p text=other");
    let dry = folder.ok("gc --keep 1 --dry-run").stdout;
    assert!(dry.contains("would forget run flow-1"), "{dry}");
    assert_eq!(folder.json("runs --json").as_array().unwrap().len(), 2);
    assert_eq!(folder.json("gc --older-than 1h --json")["runs"].as_array().unwrap().len(), 0);
    let (lost, named) = (".weft/volumes/.workspace-gone", ".weft/volumes/named");
    for volume in [lost, named] {
        fs::create_dir_all(folder.path().join(volume)).unwrap();
    }
    let report = folder.json("gc --keep 1 --json");
    assert!(!folder.path().join(lost).exists(), "the workspace of no run stayed");
    assert!(folder.path().join(named).exists(), "a volume that somebody made is gone");
    assert_eq!(report["runs"][0], "flow-1");
    assert!(report["removed"].as_u64().unwrap() >= 1, "{report}");
    assert_eq!(folder.json("fsck --json")["sound"], true);
    assert_eq!(folder.ok("artifact cat latest/data").stdout, "other");
    assert_eq!(folder.ok("artifact cat latest/raw.artifact").stdout, "imported");
    assert_eq!(folder.weft("gc --older-than soon").code, Some(2));
}

#[test]
fn gc_counts_the_runs_that_there_were_when_it_was_asked() {
    let folder = flow();
    folder.ok("run flow.yaml --name flow-2 -p text=other -q");
    // As a run at work holds it.
    let store = Store::open(folder.path().join(".weft/artifacts")).unwrap();
    let held = store.lock_shared().unwrap();
    let mut gc = folder.command("gc --keep 1").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(gc.stderr.take().unwrap()).lines();
    assert_eq!(told.next().unwrap().unwrap(), "waiting for the runs at work to end");
    folder.ok("run flow.yaml --name flow-3 -q");
    drop(held);
    assert!(gc.wait().unwrap().success());
    let kept = folder.json("runs --json");
    let kept: Vec<_> = kept.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(kept, ["flow-3", "flow-2"]);
}

#[test]
fn fsck_finds_and_repairs_damage() {
    let folder = flow();
    assert!(folder.ok("fsck").stdout.starts_with("ok:"));
    let uri = folder.json("artifact show latest/written.data --json")["uri"].as_str().unwrap().to_owned();
    let blob = find(&folder.path().join(".weft/artifacts/blobs"), uri.strip_prefix("blake3:").unwrap());
    fs::remove_file(&blob).unwrap();
    fs::write(&blob, "another text").unwrap();
    insta::assert_snapshot!(["fsck", "fsck --repair", "fsck"].map(|arguments| folder.seen(arguments)).join("\n\n"));
    // The step that made it is run again, and all is well.
    let outcome = folder.json("run flow.yaml --json");
    let written = outcome["tasks"].as_array().unwrap().iter().find(|task| task["task"] == "written").unwrap();
    assert_eq!(written["state"], "COMPLETE");
    assert_eq!(folder.json("fsck --json")["sound"], true);
}

/// A step that read damaged bytes gave a result that is wrong for what its inputs are said to be.
#[test]
fn what_was_made_from_damage_is_made_anew() {
    let folder = Folder::default();
    let pipeline = |reads: &str| {
        format!(
            "name: flow\nsteps:\n  text: {{ component: trivial.wasm#write-text, with: {{ text: hello }} }}\n{reads}\noutputs: {{ data: '${{text.data}}' }}\n"
        )
    };
    fs::copy(crate::common::component("trivial"), folder.path().join("trivial.wasm")).unwrap();
    folder.file("flow.yaml", &pipeline(""));
    folder.ok("run flow.yaml");
    let uri = folder.json("artifact show latest/data --json")["uri"].as_str().unwrap().to_owned();
    let blob = find(&folder.path().join(".weft/artifacts/blobs"), uri.strip_prefix("blake3:").unwrap());
    fs::remove_file(&blob).unwrap();
    fs::write(&blob, "HELLO").unwrap();

    folder
        .file("more.yaml", &pipeline("  count: { component: trivial.wasm#count, with: { input: '${text.data}' } }\n"));
    let counted = || {
        let outcome = folder.json("run more.yaml --json");
        let task = outcome["tasks"].as_array().unwrap().iter().find(|task| task["task"] == "count").unwrap().clone();
        (task["state"].clone(), task["outputs"].clone())
    };
    let (_, wrong) = counted();
    let refused = folder.weft("attest latest/data -o evidence");
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("is damaged: its 5 bytes hash to"), "{}", refused.stderr);

    let repaired = folder.weft("fsck --repair --json");
    let repaired: serde_json::Value = serde_json::from_str(&repaired.stdout).unwrap();
    assert_eq!(repaired["forgotten_results"], 1, "{repaired}");
    let (state, right) = counted();
    assert_eq!(state, "COMPLETE");
    assert_ne!(wrong, right);
    assert_eq!(counted(), ("CACHED".into(), right));
}

#[test]
fn the_cache_of_compiled_components_can_be_cleared() {
    let folder = flow();
    let cache = folder.path().join("cache");
    let weft = |arguments: &str| {
        let output = folder.command(arguments).env("WEFT_CACHE", &cache).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!(weft("cache stats --json")["kept"], 0);
    let component = crate::common::component("trivial");
    // Looking at a component compiles nothing, calling it does.
    weft(&format!("inspect {} --json", component.display()));
    assert_eq!(weft("cache stats --json")["kept"], 0);
    weft(&format!("call {}#add -w a=1 -w b=2 --json", component.display()));
    let stats = weft("cache --json");
    assert_eq!(stats["kept"], 1);
    let bytes = stats["bytes"].as_u64().unwrap();
    assert!(bytes > 10_000);
    // What large components have in common lies beside them. Only its size counts here.
    let own = fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    fs::write(own.join("0123.functions"), [0; 2000]).unwrap();
    let stats = weft("cache --json");
    assert_eq!(
        (&stats["kept"], &stats["bytes"], &stats["shared_bytes"]),
        (&1.into(), &(bytes + 2000).into(), &2000.into())
    );
    let said = folder.command("cache").env("WEFT_CACHE", &cache).output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains(" and 2.0 KiB of functions to share with others in "), "{said}");
    assert_eq!(weft("cache clear --json")["removed"], 1);
    let stats = weft("cache --json");
    assert_eq!((&stats["kept"], &stats["bytes"]), (&0.into(), &0.into()));
    assert_eq!(fs::read_dir(&own).unwrap().count(), 0);
}

#[test]
fn commands_that_only_look_need_a_store() {
    let folder = Folder::default();
    for arguments in ["runs", "runs show", "logs latest", "resume", "lineage latest", "artifact ls", "gc", "fsck"] {
        let ended = folder.weft(arguments);
        assert_eq!(ended.code, Some(2), "{arguments}");
        assert!(ended.stderr.contains("there is no store in `.weft`"), "{arguments}: {}", ended.stderr);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let other = flow();
    let store = other.path().join(".weft").display().to_string();
    assert_eq!(folder.json(&format!("--store {store} runs --json"))[0]["id"], "flow-1");
    let output = folder.command("runs --json").env("WEFT_STORE", &store).output().unwrap();
    assert!(output.status.success());
}

/// The file of this name in a folder's folders.
fn find(folder: &Path, name: &str) -> PathBuf {
    let found = fs::read_dir(folder).unwrap().map(|shard| shard.unwrap().path().join(name)).find(|path| path.exists());
    found.unwrap()
}
