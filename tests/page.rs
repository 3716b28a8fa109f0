//! The page of the real server over a store with real runs, in a real browser: `tests/page/drive.mjs` looks at every page, as a person
//! would. Where Chromium or Node.js is not installed nothing is tested, and said so.
//!
//! `WEFT_TEST_IMAGES=docs/images` has it take the pictures of the documentation.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::served::Served;
use common::{Ended, Folder, kfp, project};
use serde_json::{Value, json};

/// What takes longer hangs.
const PATIENCE_MS: u64 = 120_000;

/// Markup, scripts and formulas wherever a name or a text can stand.
const HOSTILE_PAGE: &str = "<!doctype html><title>owned</title><script>globalThis.owned = 1; top.owned = 1</script>\
    <body onload='globalThis.owned = 1'><img src=x onerror='globalThis.owned = 1'><p>A page</p>\
    <form action='https://elsewhere.example/'><input name=x></form><iframe src='https://elsewhere.example/'></iframe>";
const HOSTILE_NOTE: &str = "# A note\n\n<script>globalThis.owned = 1</script>\n\n<img src=x onerror='globalThis.owned = 1'>\n\n\
    [a link](javascript:globalThis.owned=1) ![a picture](https://elsewhere.example/x.png)\n";
const HOSTILE_TABLE: &str = "name,<script>globalThis.owned = 1</script>,=1+1\n\"<img src=x onerror='globalThis.owned = 1'>\",1,@SUM(A1)\n\
    =HYPERLINK(\"https://elsewhere.example\"),2,\u{202e}txt\n";
const HOSTILE_PICTURE: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='80' height='40' onload='globalThis.owned = 1'>\
    <script>globalThis.owned = 1</script><image href='https://elsewhere.example/x.png'/><rect width='80' height='40' fill='#0969da'/></svg>";
const HOSTILE_JSON: &str =
    r#"{"</script><script>globalThis.owned = 1</script>": "<img src=x onerror='globalThis.owned = 1'>"}"#;

#[test]
fn every_page_does_what_a_person_wants_of_it() {
    let Some(node) = node() else { return };
    let folder = Folder::default();
    let mut plan = filled(&folder);
    let served = Served::with(&folder, &["--no-auth", "--watch", "incoming"]);
    std::fs::create_dir_all(folder.path().join("incoming")).unwrap();
    plan["incoming"] = folder.path().join("incoming").display().to_string().into();
    upload(&served);
    // A store in which nothing ran yet, and which asks who is there.
    let empty = Folder::default();
    let guarded = Served::start(&empty);
    plan["guarded"] = guarded.url().into();
    plan["token"] = guarded.token.as_str().into();
    let release = folder.path().join("watched");
    plan["base"] = served.url().into();
    plan["modules"] = node.modules.display().to_string().into();
    plan["browser"] = node.browser.into();
    plan["patience"] = PATIENCE_MS.into();
    plan["release"] = "/watched/go".into();
    plan["releaseFile"] = release.join("go").display().to_string().into();
    if let Some(images) = std::env::var_os("WEFT_TEST_IMAGES") {
        plan["images"] = project().join(images).display().to_string().into();
    }
    let file = folder.file("plan.json", &plan.to_string());
    let script = project().join("tests/page/drive.mjs");
    let ended = Ended::from(Command::new("node").arg(script).arg(file).stdin(Stdio::null()).output().unwrap());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
}

/// Uploads a pipeline of KFP, which triggers that are made on the page can start.
fn upload(served: &Served) {
    let spec = json!({
        "pipelineInfo": {"name": "arrived", "description": "Says which file has arrived"},
        "schemaVersion": "2.1.0",
        "root": {
            "inputDefinitions": {"parameters": {"file": {"parameterType": "STRING"}}},
            "dag": {"tasks": {"say": {
                "taskInfo": {"name": "say"}, "componentRef": {"name": "say"}, "cachingOptions": {},
                "inputs": {"parameters": {"file": {"componentInputParameter": "file"}}},
            }}},
        },
        "components": {"say": {"executorLabel": "say", "inputDefinitions": {"parameters": {"file": {"parameterType": "STRING"}}}}},
        "deploymentSpec": {"executors": {"say": {"container": {
            "image": "alpine", "command": ["sh", "-c", "echo \"$0\""], "args": ["{{$.inputs.parameters['file']}}"],
        }}}},
    });
    let post = |path: &str, body: Value| {
        let head = format!("POST /apis/v2beta1/{path} HTTP/1.1\r\nhost: {}", served.address);
        let (head, answer) = served.request(&head, &body.to_string());
        assert_eq!(common::served::status(&head), "200", "{answer}");
    };
    post(
        "pipelines/create",
        json!({
            "pipeline": {"display_name": "arrived"},
            "pipeline_version": {"display_name": "first", "pipeline_spec": spec},
        }),
    );
    post(
        "recurringruns",
        json!({
            "display_name": "every working day", "pipeline_spec": spec, "mode": "ENABLE", "max_concurrency": 1,
            "runtime_config": {"parameters": {"file": "[[ScheduledTime]]"}},
            "trigger": {"cron_schedule": {"cron": "0 0 9 ? * MON-FRI"}},
        }),
    );
}

struct Node {
    modules: PathBuf,
    browser: &'static str,
}

/// What drives the browser, or none with a word about what is not installed.
fn node() -> Option<Node> {
    let runs =
        |program: &str| Command::new(program).arg("--version").output().is_ok_and(|ended| ended.status.success());
    let modules = project().join("target/page-tests");
    let missing = [
        ("chromium", runs("chromium")),
        ("node", runs("node")),
        ("playwright-core", modules.join("node_modules").is_dir()),
    ]
    .into_iter()
    .find(|(_, there)| !there);
    if let Some((name, _)) = missing {
        eprintln!(
            "PASSED OVER: {name} is not installed: the page is not looked at; `bash tests/run.sh` fetches what npm has"
        );
        return None;
    }
    let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].into_iter().find(|path| Path::new(path).exists());
    Some(Node { modules, browser: browser.expect("chromium is where Debian puts it") })
}

/// Fills the store with runs of each sort, and tells their ids.
fn filled(folder: &Folder) -> Value {
    let penguins = project().join("guest-examples/penguins/pipeline.yaml").display().to_string();
    let ran = |arguments: &[&str]| folder.weft(arguments).json()["run"].as_str().unwrap().to_owned();
    let first = ran(&["run", &penguins, "--json"]);
    let second = ran(&["run", &penguins, "--json", "-p", "regularisation=10"]);
    let third = ran(&["run", &penguins, "--json", "-p", "seed=11"]);
    let mut spare = Vec::new();
    for at in 0..3 {
        spare.push(ran(&[
            "run",
            &penguins,
            "--json",
            "-p",
            &format!("seed={at}"),
            "-p",
            &format!("regularisation={}", 0.3 + f64::from(at)),
        ]));
    }

    kfp::compile(folder, LOOPS);
    let loops = ran(&["run", "pipeline.yaml", "--json"]);

    folder.file("failing.yaml", FAILING);
    let failed = ran(&["run", "failing.yaml", "--json"]);

    for (name, text) in [
        ("page.html", HOSTILE_PAGE),
        ("note.md", HOSTILE_NOTE),
        ("table.csv", HOSTILE_TABLE),
        ("picture.svg", HOSTILE_PICTURE),
        ("data.json", HOSTILE_JSON),
    ] {
        folder.file(name, text);
    }
    folder.file("hostile.yaml", &hostile());
    let hostile_run = ran(&["run", "hostile.yaml", "--json"]);

    std::fs::create_dir_all(folder.path().join("watched")).unwrap();
    std::fs::write(folder.path().join("watched/at-first"), "").unwrap();
    folder.file("waiting.yaml", WAITING);
    let waiting = ran(&["run", "waiting.yaml", "--json", "-p", "path=/watched/at-first"]);

    // A model with two versions, and a share for one of them.
    folder.file("model.txt", "answer");
    let served = common::component("served").display().to_string();
    let deploy = ["deploy", "model.txt", "--name", "answers", "--component", &served];
    folder.ok(&deploy);
    folder.ok(&[&deploy[..], &["--canary", "20"]].concat());

    folder.file("large.yaml", &large());
    let large = ran(&["run", "large.yaml", "--json"]);
    json!({
        "penguins": [first, second, third], "curves": "roc", "loops": loops, "failed": failed, "waiting": waiting, "large": large,
        "hostileRun": hostile_run, "spare": &spare[..2],
        "hostile": {"page": "artifact", "note": "artifact", "table": "artifact", "picture": "artifact", "data": "artifact", "named": "data"},
    })
}

/// Loops in loops, with something said by each step.
const LOOPS: &str = r#"
from typing import List
from kfp import compiler, dsl

@dsl.component
def square(x: int, y: int) -> int:
    print(f"{x} and {y}")
    return x * y

@dsl.component
def total(numbers: List[int]) -> int:
    return sum(numbers)

@dsl.pipeline(name="loops")
def pipeline():
    with dsl.ParallelFor([1, 2, 3]) as x:
        with dsl.ParallelFor([10, 20]) as y:
            square(x=x, y=y)
    total(numbers=[1, 2])
"#;

const FAILING: &str = r#"
name: failing
steps:
  fine: { component: "@trivial#add", with: { a: 1, b: 2 } }
  worse: { component: "@trivial#fail", with: { message: "<b>it broke</b> \u0007" }, after: [fine] }
  never: { component: "@trivial#add", with: { a: 1, b: 2 }, after: [worse] }
"#;

/// A step that waits for a file, for as long as the test wants to see it at work.
const WAITING: &str = r#"
name: waiting
parameters:
  path: { type: string, description: What to wait for }
  count: { type: s64, default: 2, description: A number }
steps:
  wait:
    component: "@trivial#await-file"
    with: { path: "${params.path}" }
    grants: { clock: true, directories: { /watched: { host: watched } } }
  after: { component: "@trivial#add", with: { a: "${params.count}", b: 1 }, after: [wait] }
outputs:
  sum: ${after.sum}
"#;

fn hostile() -> String {
    let mut text = "name: 'hostile <script>globalThis.owned = 1</script>'\nsteps:\n".to_owned();
    for (step, file, kind) in [
        ("page", "page.html", "html"),
        ("note", "note.md", "markdown"),
        ("table", "table.csv", "dataset"),
        ("picture", "picture.svg", "artifact"),
        ("data", "data.json", "artifact"),
    ] {
        writeln!(text, "  {step}: {{ import: {file}, type: {kind} }}").unwrap();
    }
    let markup = "<img src=x onerror='globalThis.owned = 1'>\\u202e\\u0007\\n";
    writeln!(
        text,
        "  named: {{ component: \"@trivial#annotate\", with: {{ name: \"{markup}\", int: 1, double: 0.5, text: \"{markup}\", truth: true, \
         items: \"[]\", fields: \"{{}}\" }} }}"
    )
    .unwrap();
    text
}

/// A thousand steps, ten beside each other.
fn large() -> String {
    let mut text = "name: large\nsteps:\n".to_owned();
    for at in 0..1000 {
        let after = if at < 10 { String::new() } else { format!(", after: [s-{}]", at - 10) };
        writeln!(text, "  s-{at}: {{ component: \"@trivial#nothing\"{after} }}").unwrap();
    }
    text
}
