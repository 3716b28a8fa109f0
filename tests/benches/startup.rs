//! What starting costs in each language: reading a component's signature, a first step with compiling it once for this machine, one
//! with reading it back, and a warm one.
//!
//! `cargo bench -p weft --bench startup`; needs the guests of all languages (`bash guest-examples/polyglot/build.sh`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::time::{Duration, Instant};

use serde_json::json;
use weft_artifacts::Store;
use weft_pipeline::step::{Artifact, ComponentRef, Grants, Limits, PortValue, SilentObserver, StepRequest};
use weft_pipeline::types::ArtifactType;
use weft_sandbox::{Options, Sandbox};

#[path = "../common/paths.rs"]
mod paths;

const WARM: u32 = 50;

/// A table so small that it is the start that takes the time.
const TABLE: &str = "x,y,class\n1,2,a\n2,1,b\n3,5,a\n4,0,b\n";

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{:<16} {:>10} {:>12} {:>12} {:>12} {:>12}",
        "component", "size KiB", "look ms", "compile ms", "read back ms", "warm step ms"
    );
    for name in ["trainer-rust", "trainer-c", "trainer-python", "trainer-js"] {
        let path = paths::component(name);
        let size = std::fs::metadata(&path).unwrap().len();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("artifacts")).unwrap();
        let options = || Options { compiled: Some(folder.path().join("compiled")), ..Options::default() };

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
        let mut request = StepRequest {
            strict: false,
            command: None,
            task: name.into(),
            component: ComponentRef { digest: String::new(), function: "train".into() },
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
        let mut timed = || {
            let sandbox = Sandbox::new(store.clone(), options()).unwrap();
            let started = Instant::now();
            sandbox.load_file(&path).unwrap().digest().clone_into(&mut request.component.digest);
            let look = started.elapsed();
            sandbox.run(&request, &SilentObserver).unwrap();
            (look, started.elapsed().checked_sub(look).unwrap(), sandbox)
        };
        let (_, compile, _) = timed();
        let (look, read_back, sandbox) = timed();
        let started = Instant::now();
        for _ in 0..WARM {
            sandbox.run(&request, &SilentObserver).unwrap();
        }
        let warm = started.elapsed() / WARM;
        println!(
            "{name:<16} {:>10} {:>12.2} {:>12.1} {:>12.2} {:>12.2}",
            size >> 10,
            millis(look),
            millis(compile),
            millis(read_back),
            millis(warm)
        );
    }
}
