//! Host functions with arbitrary arguments: a component that calls them as the bytes say, with any numbers for pointers,
//! lengths and handles, and with what earlier calls returned.

#![no_main]

mod caller;

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use weft_artifacts::Store;
use weft_pipeline::step::{
    Artifact, ComponentRef, FailureKind, Grants, Limits, PortValue, SilentObserver, StepRequest,
};
use weft_pipeline::types::ArtifactType;
use weft_sandbox::{Options, Sandbox};

struct Bench {
    _folder: tempfile::TempDir,
    sandbox: Sandbox,
    component: ComponentRef,
    input: Artifact,
}

fn blob(store: &Store, bytes: &[u8]) -> String {
    let mut blob = store.create(None).expect("a blob");
    blob.append(bytes).expect("room for it");
    blob.finish().expect("it is kept").to_string()
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path().join("store")).expect("a store");
    let sandbox = Sandbox::new(store.clone(), Options::default()).expect("a sandbox");
    let binary = caller::component();
    let loaded = sandbox.load("caller", &binary).expect("it is a component");
    blob(&store, &binary);
    let component = ComponentRef { digest: loaded.digest().to_owned(), function: "call".to_owned() };
    let (kind, uri) = (ArtifactType("system.Dataset".to_owned()), blob(&store, b"a,b\n1,2\n"));
    let input = Artifact { id: None, kind, uri, name: None, properties: [].into() };
    Bench { _folder: folder, sandbox, component, input }
});

fuzz_target!(|bytes: &[u8]| {
    let Bench { sandbox, component, input, .. } = &*BENCH;
    let calls: Vec<serde_json::Value> = bytes.iter().map(|byte| (*byte).into()).collect();
    let request = StepRequest {
        strict: false,
        command: None,
        task: "fuzzed".to_owned(),
        component: component.clone(),
        inputs: [
            ("data".to_owned(), PortValue::Artifacts(vec![input.clone()])),
            ("calls".to_owned(), PortValue::Parameter(calls.into())),
        ]
        .into(),
        grants: Grants::default(),
        limits: Limits { time: Some(Duration::from_secs(5)), ..Limits::default() },
        identity: [7; 32],
    };
    if let Err(failure) = sandbox.run(&request, &SilentObserver) {
        // A guest can fail, but never be the cause of a failure of the host.
        assert_ne!(failure.kind, FailureKind::Host, "{}", failure.message);
    }
});
