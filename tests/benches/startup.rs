//! What starting costs in each language: compiling a component once for this machine, reading it back, and a warm call.
//!
//! `cargo bench -p weft --bench startup`; needs the guests of all languages (`bash guest-examples/polyglot/build.sh`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::time::{Duration, Instant};

use serde_json::json;
use weft_artifacts::Store;
use weft_pipeline::step::{Artifact, ComponentRef, Grants, Limits, LogLevel, PortValue, StepObserver, StepRequest};
use weft_pipeline::types::ArtifactType;
use weft_sandbox::{Options, Sandbox};

#[path = "../common/paths.rs"]
mod paths;

const WARM: u32 = 50;

struct Silent;

impl StepObserver for Silent {
    fn log(&self, _: &str, _: LogLevel, _: &str) {}
    fn progress(&self, _: &str, _: u64, _: u64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

/// A table so small that it is the start that takes the time.
const TABLE: &str = "x,y,class\n1,2,a\n2,1,b\n3,5,a\n4,0,b\n";

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{:<16} {:>10} {:>12} {:>12} {:>12}",
        "component", "size KiB", "compile ms", "read back ms", "warm step ms"
    );
    for name in ["trainer-rust", "trainer-c", "trainer-python", "trainer-js"] {
        let binary = std::fs::read(paths::component(name)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("artifacts")).unwrap();
        let options = || Options { compiled: Some(folder.path().join("compiled")), ..Options::default() };

        let timed = |sandbox: &Sandbox| {
            let started = Instant::now();
            let loaded = sandbox.load(name, &binary).unwrap();
            (started.elapsed(), loaded)
        };
        let (compile, _) = timed(&Sandbox::new(store.clone(), options()).unwrap());
        let sandbox = Sandbox::new(store.clone(), options()).unwrap();
        let (read_back, loaded) = timed(&sandbox);

        let mut writer = store.create(None).unwrap();
        writer.append(TABLE.as_bytes()).unwrap();
        let data = Artifact {
            id: None,
            kind: ArtifactType("system.Dataset".into()),
            uri: writer.finish().unwrap().to_string(),
            name: None,
            properties: std::collections::BTreeMap::new(),
        };
        let parameter = |name: &str, value: serde_json::Value| (name.to_owned(), PortValue::Parameter(value));
        let request = StepRequest {
            command: None,
            task: name.into(),
            component: ComponentRef { digest: loaded.digest().to_owned(), function: "train".into() },
            inputs: [
                ("data".to_owned(), PortValue::Artifacts(vec![data])),
                parameter("label", json!("class")),
                parameter("positive", json!("a")),
                parameter("learning-rate", json!(0.5)),
                parameter("epochs", json!(1)),
            ]
            .into(),
            grants: Grants::default(),
            limits: Limits::default(),
            identity: [0; 32],
        };
        sandbox.run(&request, &Silent).unwrap();
        let started = Instant::now();
        for _ in 0..WARM {
            sandbox.run(&request, &Silent).unwrap();
        }
        let warm = started.elapsed() / WARM;
        println!(
            "{name:<16} {:>10} {:>12.1} {:>12.2} {:>12.2}",
            binary.len() >> 10,
            millis(compile),
            millis(read_back),
            millis(warm)
        );
    }
}
