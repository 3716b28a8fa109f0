//! `weft sync`: what ran on one host is seen on another, whatever happens on the way.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use common::Folder;
use common::served::Served;
use serde_json::{Value, json};

/// An import, a file, a directory, and values.
const PIPELINE: &str = "name: edge
parameters: { x: { type: int, default: 1 } }
outputs: { table: '${table}', sum: '${sum}' }
steps:
  table: { import: table.csv, type: dataset }
  copy: { component: '@trivial#copy', with: { input: '${table}' } }
  count: { component: '@trivial#count', with: { input: '${copy}' } }
  sum: { component: '@trivial#add', with: { a: '${params.x}', b: 2 } }
";

/// A host whose runs are to be seen elsewhere.
fn edge() -> Folder {
    let folder = Folder::default();
    folder.file("p.yaml", PIPELINE);
    folder.file("table.csv", "a,b\n1,2\n");
    folder
}

/// A run as people see it, without the numbers of rows, which differ from store to store.
fn seen(folder: &Folder, run: &str) -> Value {
    let mut run = folder.json(&format!("runs show {run} --json"));
    for step in run["steps"].as_array_mut().unwrap() {
        for name in ["execution", "cached_from"] {
            step.as_object_mut().unwrap().remove(name);
        }
    }
    strip(&mut run);
    run
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("uri") {
                fields.remove("id");
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn ids(folder: &Folder) -> Vec<String> {
    let runs = folder.json("runs --json");
    runs.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn runs_go_to_a_store_in_a_folder_once() {
    let edge = edge();
    let hub = Folder::default();
    let to = format!("sync --to {} --as edge-1 --json", hub.path().join(".weft").display());
    let first = edge.json("run p.yaml --json")["run"].as_str().unwrap().to_owned();
    let second = edge.json("run p.yaml -p x=5 --json")["run"].as_str().unwrap().to_owned();
    edge.file("table.csv", "a,b\n3,4\n");
    assert_ne!(edge.weft("run p.yaml -p x=text").code, Some(0));

    let looked = edge.weft(&format!("{to} --dry-run"));
    assert_eq!(looked.code, Some(2), "{}", looked.stderr);
    assert!(looked.stderr.contains("all would be sent"), "{}", looked.stderr);
    // A store without runs, so that there is something to look at.
    hub.file("empty.yaml", "name: empty\nsteps: {}\n");
    hub.ok("run empty.yaml");
    let plan = edge.json(&format!("{to} --dry-run"));
    let sent = edge.json(&to);
    assert_eq!(sent["runs"], json!([first, second]));
    // What both runs have is counted once.
    assert_eq!([&plan["runs"], &plan["files"], &plan["bytes"]], [&sent["runs"], &sent["files"], &sent["bytes"]]);
    assert_eq!((&sent["known"], &sent["unfinished"], &sent["gone"]), (&json!(0), &json!(0), &json!([])));
    assert!(
        sent["files"].as_u64().unwrap() >= 2,
        "the table, of which the copy has the bytes, and the component: {sent}"
    );
    for run in [&first, &second] {
        assert_eq!(seen(&hub, run), seen(&edge, run));
    }
    hub.assert_whole();
    assert_eq!(hub.ok(&format!("logs {first}")).stdout, edge.ok(&format!("logs {first}")).stdout);
    hub.ok(&format!("artifact export {first}/table out.csv"));
    assert_eq!(fs::read_to_string(hub.path().join("out.csv")).unwrap(), "a,b\n1,2\n");
    let lineage = |folder: &Folder| folder.ok(&format!("lineage {second}/copy.data")).stdout.lines().count();
    assert_eq!(lineage(&hub), lineage(&edge));
    assert!(hub.ok(&format!("runs show {first}")).stdout.contains("edge-1"));
    // What was executed there can be held against what is here.
    hub.ok(&format!("verify {first}"));

    let nothing = to.replace(" --json", "");
    assert_eq!(edge.ok(&nothing).stdout, "nothing to send: 2 runs are there already\n");
    // Again, nothing goes; a new run goes, and of its content only what is new.
    let again = edge.json(&to);
    assert_eq!((&again["runs"], &again["known"], &again["bytes"]), (&json!([]), &json!(2), &json!(0)));
    let third = edge.json("run p.yaml --json")["run"].as_str().unwrap().to_owned();
    let more = edge.json(&to);
    assert_eq!((&more["runs"], &more["known"]), (&json!([third]), &json!(2)));
    assert!(more["bytes"].as_u64().unwrap() < 1000, "{more}");
    // What nobody needs any more goes, what came stays.
    hub.ok("gc");
    hub.assert_whole();
    assert_eq!(seen(&hub, &third), seen(&edge, &third));

    // It goes on where it came from. What it gave is not in the cache of the other host.
    let resumed = hub.weft(&format!("resume {first}"));
    assert!(resumed.stderr.contains("came from `edge-1`"), "{}", resumed.stderr);
    hub.file("p.yaml", PIPELINE);
    hub.file("table.csv", "a,b\n1,2\n");
    assert!(hub.ok("run p.yaml").stderr.contains("4 executed") || hub.ok("runs").stdout.contains("4 complete"));

    // One that was removed stays so.
    hub.ok(&format!("runs rm {first}"));
    assert_eq!(edge.json(&to)["runs"], json!([]));
    assert_eq!(ids(&hub).len(), 4);
}

#[test]
fn only_what_has_ended_and_is_asked_for_goes() {
    let edge = edge();
    let hub = Folder::default();
    let to = |more: &str| format!("sync --to {} {more}", hub.path().join(".weft").display());
    let nothing = edge.weft(&to(""));
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.contains("there is no store"), "{}", nothing.stderr);
    let failed = edge.json_of_failure(&["run", &edge.file("f.yaml", FAILING).display().to_string(), "--json"]);
    let failed = failed["run"].as_str().unwrap();
    edge.ok("run p.yaml");
    let latest = ids(&edge)[0].clone();

    assert_eq!(edge.json(&to("latest --records-only --json"))["files"], 0);
    assert_eq!(ids(&hub), [latest.as_str()]);
    let export = hub.weft(&format!("artifact export {latest}/table out.csv"));
    assert!(export.stderr.contains("the store holds no"), "{}", export.stderr);
    // Later its content comes, too.
    let whole = edge.json(&to("--json"));
    assert_eq!(whole["runs"], json!([failed, latest]), "the oldest first");
    hub.assert_whole();
    hub.ok(&format!("artifact export {latest}/table out.csv"));

    // A run that went on is brought again.
    assert_eq!(seen(&hub, failed)["state"], "FAILED");
    edge.file("late.csv", "a\n1\n");
    edge.ok(&format!("resume {failed}"));
    assert_eq!(edge.json(&to("--json"))["runs"], json!([failed]));
    assert_eq!(seen(&hub, failed), seen(&edge, failed));
    assert_eq!(seen(&hub, failed)["state"], "COMPLETE");

    let unknown = edge.weft(&to("nothing-like-it"));
    assert_eq!(unknown.code, Some(2));
    let nowhere = edge.weft("sync");
    assert_eq!(nowhere.code, Some(2));
    insta::assert_snapshot!(nowhere.stderr);
    insta::assert_snapshot!("help", edge.ok("sync --help").stdout);
}

/// It fails until a file is there.
const FAILING: &str = "name: late
steps:
  one: { component: '@trivial#add', with: { a: 1, b: 2 } }
  file: { import: late.csv, type: dataset }
";

/// Lets a number of bytes through to a server, and then none until it is given more.
struct Line {
    address: String,
    left: Arc<AtomicI64>,
    passed: Arc<AtomicU64>,
}

impl Line {
    fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (left, passed) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicU64::new(0)));
        let line = Self { address, left: Arc::clone(&left), passed: Arc::clone(&passed) };
        let server = server.to_owned();
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(there) = TcpStream::connect(&server) else { return };
                let (mut back, mut to) = (there.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || {
                    _ = std::io::copy(&mut back, &mut to);
                    _ = to.shutdown(Shutdown::Both);
                });
                let (left, passed) = (Arc::clone(&left), Arc::clone(&passed));
                thread::spawn(move || pass(client, there, &left, &passed));
            }
        });
        line
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, left: &AtomicI64, passed: &AtomicU64) {
    let mut buffer = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if left.fetch_sub(i64::try_from(read).unwrap(), Ordering::SeqCst) < 0 || to.write_all(&buffer[..read]).is_err()
        {
            break;
        }
        passed.fetch_add(read as u64, Ordering::SeqCst);
    }
    _ = from.shutdown(Shutdown::Both);
    _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_line_that_is_cut_again_and_again_delays_it_only() {
    let (edge, hub) = (edge(), Folder::default());
    let served = Served::start(&hub);
    let line = Line::to(&served.address);
    // No two MiB are equal.
    let large: Vec<u8> = (0..12_u32).flat_map(|number| number.to_le_bytes().repeat(1 << 18)).collect();
    fs::write(edge.path().join("table.csv"), &large).unwrap();
    let run = edge.json("run p.yaml --json")["run"].as_str().unwrap().to_owned();
    fs::write(edge.path().join("token"), &served.token).unwrap();
    let sync = format!("sync --server http://{} --token-file token --as edge<1 --json", line.address);
    let mut cuts = 0;
    loop {
        line.left.store(3 << 20, Ordering::SeqCst);
        let ended = edge.weft(&sync);
        if ended.code == Some(0) {
            break;
        }
        assert!(ended.stderr.contains("cannot be asked"), "{}", ended.stderr);
        assert_eq!(ids(&hub), [""; 0], "it is there whole, or not at all");
        cuts += 1;
        assert!(cuts < 40, "it does not come on");
    }
    assert!(cuts >= 3, "{cuts}");
    // The table, and no more than a piece of it again after each cut; the component, and what is asked and told.
    let size: u64 =
        edge.path().join(".weft/artifacts/blobs").read_dir().unwrap().flatten().map(|folder| of_folder(&folder)).sum();
    let passed = line.passed.load(Ordering::SeqCst);
    assert!(passed < size + cuts * (1 << 20) + (1 << 20), "{passed} bytes for {size}, {cuts} cuts");
    assert_eq!(seen(&hub, &run), seen(&edge, &run));
    hub.assert_whole();
    line.left.store(1 << 30, Ordering::SeqCst);
    assert_eq!(edge.json(&sync)["known"], 1);
    // It is on the page.
    let (_, page) = served.get("/", &format!("\r\nauthorization: Bearer {}", served.token));
    assert!(page.contains(&run), "{page}");
    let (_, page) = served.get(&format!("/runs/{run}"), &format!("\r\nauthorization: Bearer {}", served.token));
    assert!(page.contains("<dt>Ran on</dt><dd>edge&lt;1</dd>"), "{page}");
    // Whoever has no token gets nowhere.
    fs::write(edge.path().join("token"), "another").unwrap();
    let refused = edge.weft(&sync);
    assert!(refused.stderr.contains("401"), "{}", refused.stderr);
}

/// Bytes of the files in a folder.
fn of_folder(folder: &fs::DirEntry) -> u64 {
    folder.path().read_dir().unwrap().flatten().map(|file| file.metadata().unwrap().len()).sum()
}

#[test]
fn a_killed_sync_goes_on() {
    let (edge, hub) = (edge(), Folder::default());
    for x in 0..12 {
        let size = u8::try_from(x).unwrap();
        fs::write(edge.path().join("table.csv"), vec![size; 3 << 20]).unwrap();
        edge.ok(&format!("run p.yaml -p x={x}"));
    }
    let to = format!("sync --to {}", hub.path().join(".weft").display());
    let mut killed = 0;
    for round in 0..8 {
        let mut child =
            edge.command(&to).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(40 + 30 * round));
        killed += u32::from(child.try_wait().unwrap().is_none());
        _ = child.kill();
        child.wait().unwrap();
        if hub.path().join(".weft/metadata.sqlite").exists() {
            let looked = hub.weft("fsck");
            let is_new = looked.stderr.contains("no run of weft is recorded yet");
            assert!(looked.code == Some(0) || is_new, "{}", looked.stderr);
        }
    }
    edge.ok(&to);
    println!("{killed} of 8 were killed at work");
    let (mut here, mut there) = (ids(&edge), ids(&hub));
    here.sort();
    there.sort();
    assert_eq!(here, there);
    for run in here {
        assert_eq!(seen(&hub, &run), seen(&edge, &run));
    }
    hub.assert_whole();
}

#[test]
fn whoever_sends_wrong_bytes_is_refused() {
    let hub = Folder::default();
    let served = Served::start(&hub);
    let asked = |path: &str, body: &str| {
        let head = format!(
            "POST /apis/weft/v1/sync/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}",
            served.address, served.token
        );
        let (head, body) = served.request(&head, body);
        (common::served::status(&head).to_owned(), body)
    };
    let id = format!("blake3:{}", "ab".repeat(32));
    for (path, body, words) in [
        (format!("content/{id}?length=3&offset=0"), "abc".to_owned(), "is something else"),
        (format!("content/{id}?length=3&offset=2"), "c".to_owned(), "have arrived"),
        (format!("content/{id}?length=2&offset=0"), "abc".to_owned(), "longer than"),
        ("content/..%2F..%2Fx?length=3&offset=0".to_owned(), "abc".to_owned(), "no id"),
        ("runs".to_owned(), json!({ "record": id }).to_string(), "the store holds no"),
        ("wanted".to_owned(), "{}".to_owned(), "missing field `runs`"),
    ] {
        let (status, answer) = asked(&path, &body);
        assert!(status.starts_with('4') && answer.contains(words), "{path}: {status} {answer}");
    }
    assert_eq!(fs::read_dir(hub.path().join(".weft/arriving")).unwrap().count(), 0, "nothing of it is kept");
}
