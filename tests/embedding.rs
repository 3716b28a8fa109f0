//! The library as another program embeds it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use weft::metadata::RunState;
use weft::pipeline::model::TaskState;
use weft::{Cancel, Host, PrepareOptions, RunOptions, Store, Weft, silent};

#[path = "../runtime/weft/examples/penguins.rs"]
#[allow(dead_code, reason = "its `main` is for people")]
mod example;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Compiled components are kept, as by whoever embeds the library.
fn host(folder: &Path) -> Host {
    let components = vec![project("target/components")];
    Host { cache: Some(folder.join("cache")), components, variables: BTreeMap::new(), ..Host::default() }
}

#[test]
fn the_example_trains_and_reads_its_metric() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = project("guest-examples/penguins/pipeline.yaml");
    let root = folder.path().join("store");
    let accuracy = example::accuracy(&pipeline, &root, host(folder.path())).unwrap().unwrap();
    assert!(accuracy > 0.9 && accuracy < 1.0, "{accuracy}");
    // What it did can be asked of the store.
    let store = Store::read(&root).unwrap();
    let run = store.metadata.run("latest").unwrap();
    assert_eq!(run.summary.state, RunState::Complete);
    let model = store.artifact("latest/model").unwrap();
    assert!(store.size(&model).unwrap() > 100);
    assert_eq!(store.fsck(weft::CheckOptions::default(), &mut |_, _| {}).unwrap().damage, Vec::<String>::new());
    let preview = store.gc_preview(&weft::Retention::default()).unwrap();
    assert_eq!((preview.runs.len(), preview.objects), (0, 0));
}

#[test]
fn a_canceled_run_is_resumed_and_watched() {
    let folder = tempfile::tempdir().unwrap();
    let component = project("target/components/penguins.wasm");
    let text = format!(
        "name: two\nsteps:\n  raw: {{ import: \"{}\", type: dataset }}\n  split: {{ component: \"{}#split\", with: {{ data: \"${{raw}}\", seed: 7, test-fraction: 0.25 }} }}\n",
        project("guest-examples/penguins/data/penguins.csv").canonicalize().unwrap().display(),
        component.canonicalize().unwrap().display()
    );
    let file = folder.path().join("two.yaml");
    std::fs::write(&file, text).unwrap();
    let weft = Weft::open(&folder.path().join("store"), host(folder.path())).unwrap();
    let prepared = weft.prepare(weft::read(&file).unwrap(), &PrepareOptions::default(), &silent).unwrap();
    let cancel = Cancel::default();
    cancel.cancel();
    let options = RunOptions { id: Some("r".to_owned()), ..RunOptions::default() };
    let outcome = weft.run(&prepared, &options, &mut |_| {}, &silent, &cancel).unwrap();
    assert_eq!(outcome.state, RunState::Canceled);
    let outcome = weft.resume("r", &RunOptions::default(), &mut |_| {}, &silent, &Cancel::default()).unwrap();
    assert_eq!(outcome.state, RunState::Complete);
    let mut looks = 0;
    let record = weft
        .store()
        .watch("r", Duration::from_millis(1), &mut |_| {
            looks += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(looks, 1, "it has ended");
    assert!(record.steps.iter().all(|step| step.state == TaskState::Complete));
    // A request that cannot be met says what to do.
    let error = weft.resume("s", &RunOptions::default(), &mut |_| {}, &silent, &Cancel::default()).unwrap_err();
    assert!(error.is_request(), "{error}");
}
