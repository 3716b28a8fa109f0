//! Grants that open the network, each no further than it says; and policies, which bound what pipelines may ask for.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;
use weft_pipeline::step::FailureKind;

use crate::common::Folder;
use crate::intruder::{Cage, assert_ended};
use crate::sandbox::p;

/// A server on this machine that greets back each line, or says nothing at all. It ends with the test's process.
fn server(answers: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming().flatten() {
            if answers {
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).unwrap();
                (&stream).write_all(format!("you said {line}").as_bytes()).unwrap();
            } else {
                kept.push(stream);
            }
        }
    });
    port
}

fn granted(to: &[String]) -> Cage {
    let mut cage = Cage::default();
    cage.fixture.grants.net = to.to_vec();
    cage
}

fn call(cage: &Cage, call: &str, host: &str, port: u16) -> Option<String> {
    cage.attempt("net-call", &[("call", p(call)), ("host", p(host)), ("port", p(port))])
}

#[test]
fn what_is_granted_by_its_address_is_reached() {
    let port = server(true);
    let cage = granted(&[format!("127.0.0.1:{port}")]);
    assert_eq!(call(&cage, "tcp-talk", "127.0.0.1", port).as_deref(), Some("you said hello\n"));
}

#[test]
fn what_is_granted_by_its_name_is_reached_once_it_is_looked_up() {
    let port = server(true);
    let cage = granted(&[format!("localhost:{port}")]);
    assert_eq!(call(&cage, "tcp-talk", "localhost", port).as_deref(), Some("you said hello\n"));
    assert!(call(&cage, "lookup", "LOCALHOST", 0).is_some_and(|found| found.contains("127.0.0.1")));
    // Another step asks anew.
    assert_eq!(call(&cage, "tcp-connect", "127.0.0.1", port), None);
}

#[test]
fn what_is_not_granted_stays_closed() {
    let (port, other) = (server(true), server(true));
    let cage = granted(&[format!("127.0.0.1:{port}"), "data.example.org:443".to_owned()]);
    assert_eq!(call(&cage, "tcp-connect", "127.0.0.1", other), None);
    assert_eq!(call(&cage, "tcp-connect", "127.0.0.2", port), None);
    assert_eq!(call(&cage, "tcp-connect", "::1", port), None);
    assert_eq!(call(&cage, "tcp-listen", "127.0.0.1", 0), None);
    assert_eq!(call(&cage, "udp-send", "127.0.0.1", port), None);
    for name in ["localhost", "example.org", "other.example.org", "data.example.org.evil.example", "127.0.0.2"] {
        assert_eq!(call(&cage, "lookup", name, 0), None, "{name}");
    }
}

#[test]
fn a_server_that_never_answers_ends_with_the_time_limit() {
    let port = server(false);
    let mut cage = granted(&[format!("127.0.0.1:{port}")]);
    cage.fixture.limits.time = Some(Duration::from_millis(500));
    let started = Instant::now();
    let result = cage.run("net-call", &[("call", p("tcp-talk")), ("host", p("127.0.0.1")), ("port", p(port))]);
    assert_ended(result, FailureKind::LimitReached, "time limit");
    assert!(started.elapsed() < Duration::from_mins(2));
}

/// A pipeline whose step asks for much.
fn asks() -> String {
    json!({
        "name": "asks",
        "steps": {
            "plain": { "component": "@trivial#noop" },
            "fetch": {
                "component": "@trivial#nothing",
                "grants": { "net": ["data.example.org:443"], "clock": true, "env": ["HOME?"] },
                "limits": { "memory": "2GiB" },
            },
        },
    })
    .to_string()
}

#[test]
fn what_each_step_may_touch_is_told_before_anything_runs() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &asks());
    let told = folder.ok("check pipeline.yaml").stdout;
    for words in [
        "step `fetch` connects to data.example.org:443",
        "step `fetch` reads this machine's clock",
        "step `fetch` reads the environment variable HOME, if it is set",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("`plain`"), "{told}");
    let access = folder.json("check pipeline.yaml --json")["access"].clone();
    let of = |name: &str| access.as_array().unwrap().iter().find(|task| task["step"] == name).unwrap().clone();
    assert_eq!(of("fetch")["grants"]["net"], json!(["data.example.org:443"]));
    assert_eq!(of("plain")["touches"], json!([]));
}

#[test]
fn a_policy_is_held_against_a_pipeline_before_it_runs() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &asks());
    folder.file("policy.yaml", "grants:\n  net: ['*.example.org:443']\n  env: [HOME]\nlimits:\n  memory: 1GiB\n");
    for command in ["check", "run"] {
        let ended = folder.weft(&format!("{command} pipeline.yaml --policy policy.yaml"));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        for words in ["policy.yaml:1", "policy.yaml:5", "`fetch`", "clock", "of memory"] {
            assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
        }
        assert!(!ended.stderr.contains("data.example.org"), "{}", ended.stderr);
    }
    assert!(folder.weft("runs --json").json().as_array().is_none_or(Vec::is_empty), "something ran");
    folder.file(
        "policy.yaml",
        "grants: { net: [data.example.org:443], env: ['*'], clock: true }\nlimits: { memory: 2GiB }\n",
    );
    folder.ok("check pipeline.yaml --policy policy.yaml");
    folder.ok("run pipeline.yaml --policy policy.yaml");
    // What was allowed then and is not now does not go on either.
    folder.file("policy.yaml", "grants: {}\n");
    let run = folder.json("runs --json")[0]["id"].as_str().unwrap().to_owned();
    let ended = folder.weft(&format!("rerun {run} --policy policy.yaml"));
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[test]
fn a_policy_bounds_steps_that_name_no_limit() {
    let folder = Folder::default();
    let steps = json!({ "hog": { "component": "@hostile#hog", "with": { "bytes": 200_000_000 } } });
    folder.file("pipeline.yaml", &json!({ "name": "hog", "steps": steps }).to_string());
    folder.file("policy.yaml", "limits: { memory: 64MiB }\n");
    let ended = folder.weft("run pipeline.yaml --policy policy.yaml");
    assert!(ended.code == Some(1) && ended.stderr.contains("64 MiB"), "{ended:?}");
}

#[test]
fn a_policy_names_who_may_have_made_a_component() {
    let openssl = |folder: &Folder, arguments: &str| {
        let output =
            std::process::Command::new("openssl").args(arguments.split(' ')).current_dir(folder.path()).output();
        output.is_ok_and(|output| output.status.success())
    };
    let folder = Folder::default();
    folder.file(
        "pipeline.yaml",
        &json!({ "name": "n", "steps": { "one": { "component": "@trivial#noop" } } }).to_string(),
    );
    if !openssl(&folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem") {
        eprintln!("PASSED OVER: openssl is not installed; nothing is signed");
        return;
    }
    assert!(openssl(&folder, "pkey -in key.pem -pubout -out key.pub"));
    folder.file("policy.yaml", "signers: [key.pub]\n");
    let unsigned = folder.weft("run pipeline.yaml --policy policy.yaml");
    assert!(unsigned.code == Some(2) && unsigned.stderr.contains("policy.yaml:1"), "{unsigned:?}");
    assert!(openssl(&folder, "dgst -sha256 -sign key.pem -out trivial.wasm.sig trivial.wasm"));
    folder.ok("run pipeline.yaml --policy policy.yaml");
    // Another's signature, and another file under this one, are none.
    assert!(openssl(&folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem"));
    assert!(openssl(&folder, "dgst -sha256 -sign other.pem -out trivial.wasm.sig trivial.wasm"));
    assert_eq!(folder.weft("run pipeline.yaml --policy policy.yaml").code, Some(2));
    let digest = folder.json("inspect trivial.wasm --json")["digest"].as_str().unwrap().to_owned();
    folder.file("policy.yaml", &format!("components: ['{digest}']\n"));
    folder.ok("run pipeline.yaml --policy policy.yaml");
    folder.file("policy.yaml", &format!("components: ['blake3:{}']\n", "0".repeat(64)));
    assert_eq!(folder.weft("run pipeline.yaml --policy policy.yaml").code, Some(2));
}

#[cfg(unix)]
#[test]
fn a_server_has_its_policy() {
    let folder = Folder::default();
    let container = json!({ "image": "alpine", "command": ["echo", "hello"] });
    let pipeline = json!({
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.14.0",
        "pipelineInfo": { "name": "container" },
        "root": { "dag": { "tasks": { "one": { "taskInfo": { "name": "one" }, "componentRef": { "name": "comp-one" } } } } },
        "components": { "comp-one": { "executorLabel": "exec-one" } },
        "deploymentSpec": { "executors": { "exec-one": { "container": container } } },
    });
    folder.file("pipeline.yaml", &pipeline.to_string());
    folder.file("policy.yaml", "components: ['weft:*']\n");
    let served = crate::common::served::Served::with(&folder, &["--no-auth", "--policy", "policy.yaml"]);
    let ended = folder.weft(&format!("submit pipeline.yaml --server {}", served.url()));
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("policy"), "{ended:?}");
}
