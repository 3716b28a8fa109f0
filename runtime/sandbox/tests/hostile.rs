//! Hostile steps: each ends with a clear failure or is refused something, and the host is not affected.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::{Fixture, a, artifact, p, parameter};
use serde_json::json;
use weft_pipeline::step::{
    ComponentRef, FailureKind, PortValue, PortValues, SecretGrant, SecretKind, StepFailure, StepRequest,
};

/// What never returned would never be done within this, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

fn quick() -> Fixture {
    let fixture = Fixture::default();
    // Compiling is not what is timed.
    let _ = fixture.run("hostile", "env", &[]).unwrap();
    fixture
}

#[track_caller]
fn expect(failure: &StepFailure, kind: FailureKind, words: &[&str]) {
    assert_eq!(failure.kind, kind, "{failure:?}");
    for word in words {
        assert!(failure.message.contains(word), "{word:?} is not in {:?}", failure.message);
    }
    assert!(failure.message.len() < 20_000, "the message is {} bytes long", failure.message.len());
    assert!(!failure.message.contains("wasm backtrace"), "{}", failure.message);
}

/// Asserts that failed steps left no damaged or unfinished content in the store.
fn assert_whole(fixture: &Fixture) {
    let report = fixture.store.fsck(weft_artifacts::Repair::None, &mut |_| {}).unwrap();
    assert!(report.is_empty(), "{report:?}");
}

#[test]
fn panics_name_their_message() {
    let fixture = quick();
    expect(
        &fixture.hostile("trap", &[("message", p("no penguins here"))]),
        FailureKind::Trapped,
        &["no penguins here"],
    );
    // Depending on its libc, `exit` ends the component or recurses until its stack overflows.
    expect(&fixture.hostile("exit", &[("code", p(3))]), FailureKind::Trapped, &[]);
    expect(&fixture.hostile("trap-while-writing", &[("bytes", p(1_000_000))]), FailureKind::Trapped, &[]);
    assert_whole(&fixture);
}

#[test]
fn what_never_returns_is_stopped() {
    let mut fixture = quick();
    fixture.limits.time = Some(Duration::from_millis(300));
    let data = fixture.dataset(b"x");
    for (function, inputs) in
        [("spin", vec![]), ("spin-in-host", vec![("input", a(&data))]), ("flood-log", vec![]), ("flood-stdout", vec![])]
    {
        let started = Instant::now();
        let failure = fixture.hostile(function, &inputs);
        expect(&failure, FailureKind::LimitReached, &["time limit of 300ms"]);
        assert!(started.elapsed() < PATIENCE, "{function} took {:?}", started.elapsed());
        assert!(failure.trace.log.len() < 2 << 20);
    }
    fixture.grants.clock = true;
    expect(&fixture.hostile("sleep-forever", &[]), FailureKind::LimitReached, &["time limit"]);
    fixture.limits.time = None;
    expect(&fixture.hostile("deep-recursion", &[]), FailureKind::Trapped, &["too deep"]);
}

#[test]
fn an_interrupted_step_ends_at_once() {
    let fixture = quick();
    let interrupt = {
        let observer = fixture.observer.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            observer.interrupt.store(true, std::sync::atomic::Ordering::Relaxed);
        })
    };
    let started = Instant::now();
    expect(&fixture.hostile("spin", &[]), FailureKind::Interrupted, &[]);
    assert!(started.elapsed() < PATIENCE, "it took {:?}", started.elapsed());
    interrupt.join().unwrap();
}

#[test]
fn memory_is_bounded() {
    let mut fixture = quick();
    let hundred_gigabytes = p(100_000_000_000u64);
    let failure = fixture.hostile("hog", &[("bytes", hundred_gigabytes.clone())]);
    expect(&failure, FailureKind::LimitReached, &["out of memory"]);
    assert!(failure.hint.is_some());
    fixture.limits.memory = Some(64 << 20);
    let failure = fixture.hostile("hog", &[("bytes", p(1_000_000_000u64))]);
    expect(&failure, FailureKind::LimitReached, &["memory", "64 MiB"]);
    let failure = fixture.hostile("hog-slowly", &[("bytes", hundred_gigabytes.clone())]);
    expect(&failure, FailureKind::LimitReached, &["memory", "64 MiB"]);
    assert!(failure.trace.peak_memory <= 64 << 20);
    let asked = fixture.run("hostile", "ask", &[("bytes", hundred_gigabytes)]).unwrap();
    assert!(asked.trace.peak_memory <= 64 << 20, "an allocation that fails is no reason to die");
}

/// A component whose step `throw` throws exceptions without end. Those that are `kept` each hold the one before.
fn thrower(kept: bool) -> Vec<u8> {
    use wasm_encoder::{
        BlockType, CanonicalFunctionSection, Catch, CodeSection, Component, ComponentAliasSection, ComponentExportKind,
        ComponentExportSection, ComponentTypeSection, ExportKind, ExportSection, Function, FunctionSection,
        InstanceSection, Module, ModuleArg, ModuleSection, RefType, TagKind, TagSection, TagType, TypeSection, ValType,
    };
    let exception = ValType::Ref(RefType::EXNREF);
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([exception], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut tags = TagSection::new();
    tags.tag(TagType { kind: TagKind::Exception, func_type_idx: 1 });
    let mut exports = ExportSection::new();
    exports.export("throw", ExportKind::Func, 0);
    let mut throw = Function::new([(1, exception)]);
    let mut code = throw.instructions();
    code.loop_(BlockType::Empty).block(BlockType::Result(exception));
    code.try_table(BlockType::Empty, [Catch::AllRef { label: 0 }]).local_get(0).throw(0).end().unreachable().end();
    if kept {
        code.local_set(0);
    } else {
        code.drop();
    }
    code.br(0).end().end();
    let mut codes = CodeSection::new();
    codes.function(&throw);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&tags).section(&exports).section(&codes);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    let mut instances = InstanceSection::new();
    instances.instantiate(0, std::iter::empty::<(&str, ModuleArg)>());
    let mut aliases = ComponentAliasSection::new();
    aliases.alias(wasm_encoder::Alias::CoreInstanceExport { instance: 0, kind: ExportKind::Func, name: "throw" });
    let mut signatures = ComponentTypeSection::new();
    signatures.function().params::<[(&str, wasm_encoder::ComponentValType); 0], _>([]).result(None);
    let mut lifted = CanonicalFunctionSection::new();
    lifted.lift(0, 0, []);
    let mut exported = ComponentExportSection::new();
    exported.export("throw", ComponentExportKind::Func, 0, None);
    component.section(&instances).section(&aliases).section(&signatures).section(&lifted).section(&exported);
    component.finish()
}

#[test]
fn exceptions_are_bounded_in_memory_and_time() {
    let mut fixture = quick();
    fixture.limits.memory = Some(64 << 20);
    let mut run = |kept, time| {
        fixture.limits.time = Some(time);
        let binary = thrower(kept);
        let loaded = fixture.sandbox.load("thrower", &binary).unwrap();
        fixture.dataset(&binary);
        let request = StepRequest {
            strict: false,
            command: None,
            task: "the-step".into(),
            component: ComponentRef { digest: loaded.digest().to_owned(), function: "throw".to_owned() },
            inputs: PortValues::new(),
            grants: fixture.grants.clone(),
            limits: fixture.limits,
            identity: fixture.identity,
        };
        fixture.sandbox.run(&request, &*fixture.observer).map(drop).unwrap_err()
    };
    let failure = run(true, Duration::from_mins(10));
    expect(&failure, FailureKind::LimitReached, &["memory", "64 MiB"]);
    assert!(failure.trace.peak_memory <= 64 << 20);
    // What nothing holds any more is collected.
    expect(&run(false, Duration::from_secs(2)), FailureKind::LimitReached, &["time"]);
}

#[test]
fn output_is_bounded_however_it_is_written() {
    let mut fixture = quick();
    fixture.limits.output = Some(50 << 20);
    for (function, inputs) in [("flood", vec![("chunk", p(1 << 20))]), ("flood-path", vec![])] {
        let failure = fixture.hostile(function, &inputs);
        assert!(
            failure.message.contains("50 MiB") || failure.message.contains("52428800"),
            "{function}: {}",
            failure.message
        );
    }
    let failure = fixture.hostile("flood-far", &[("offset", p(1u64 << 50))]);
    assert!(failure.message.contains("output-limit"), "{}", failure.message);
    let failure = fixture.hostile("flood-path-far", &[("offset", p(1u64 << 40))]);
    assert!(!failure.message.is_empty());
    assert_whole(&fixture);
}

#[test]
fn handles_names_and_results_are_bounded() {
    let mut fixture = quick();
    fixture.limits.time = Some(Duration::from_secs(2));
    for (function, inputs) in [
        ("many-handles", vec![]),
        ("many-dropped", vec![]),
        ("many-entries", vec![]),
        ("many-files", vec![]),
        ("many-properties", vec![]),
        ("flood-progress", vec![]),
        ("long-property", vec![("bytes", p(50 << 20))]),
        ("long-result", vec![("bytes", p(50 << 20))]),
        ("long-error", vec![("bytes", p(50 << 20))]),
    ] {
        let started = Instant::now();
        let failure = fixture.hostile(function, &inputs);
        expect(&failure, failure.kind, &[]);
        assert!(started.elapsed() < PATIENCE, "{function} took {:?}", started.elapsed());
    }
    fixture.limits.time = None;
    let many = fixture.run("hostile", "many-outputs", &[("count", p(1000))]).unwrap();
    assert!(matches!(&many.outputs["parts"], PortValue::Artifacts(parts) if parts.len() == 1000));
    assert_whole(&fixture);
}

#[test]
fn reads_out_of_range_are_errors() {
    let fixture = quick();
    let data = fixture.dataset(b"short");
    let failure = fixture.hostile("out-of-range", &[("input", a(&data))]);
    expect(&failure, FailureKind::Trapped, &["OutOfRange"]);
    let failure = fixture.hostile("out-of-range-told", &[("input", a(&data))]);
    expect(&failure, FailureKind::Returned, &["out-of-range"]);
    let _ = fixture.run("hostile", "huge-read", &[("input", a(&data))]).unwrap();
}

#[test]
fn inputs_cannot_be_changed() {
    let fixture = quick();
    let data = fixture.dataset(&vec![1; 100_000]);
    for function in ["write-input", "write-input-by-path"] {
        let allowed = fixture.run("hostile", function, &[("input", a(&data))]).unwrap().outputs;
        assert_eq!(parameter(&allowed, "methods"), &json!([]), "{function}");
    }
    assert!(fixture.bytes(&data) == vec![1; 100_000]);
    assert_whole(&fixture);
    let back = fixture.run("hostile", "return-input", &[("input", a(&data))]).unwrap().outputs;
    assert_eq!(artifact(&back, "data").uri, data.uri);
}

#[test]
fn bad_names_forms_and_numbers_are_refused() {
    let fixture = quick();
    let allowed = fixture.run("hostile", "nan-property", &[]).unwrap().outputs;
    assert_eq!(parameter(&allowed, "methods"), &json!([]));
    // Unusual names that do not lead outside are allowed.
    let allowed = fixture.run("hostile", "bad-name", &[]).unwrap().outputs;
    for name in parameter(&allowed, "methods").as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(
            !name.starts_with('/') && !name.split('/').any(|part| part.is_empty() || part.starts_with('.')),
            "{name:?}"
        );
    }
    let _ = fixture.run("hostile", "mixed-forms", &[]).unwrap();
}

#[test]
fn there_is_no_way_out() {
    let fixture = quick();
    let data = fixture.dataset(b"x");
    let tried = fixture.run("hostile", "escape", &[("input", a(&data))]).unwrap().outputs;
    assert_eq!(parameter(&tried, "breaches"), &json!([]), "{tried:?}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let tried = fixture.run("hostile", "network", &[("port", p(port))]).unwrap().outputs;
    assert_eq!(parameter(&tried, "breaches"), &json!([]), "{tried:?}");
    let seen = fixture.run("hostile", "env", &[]).unwrap().outputs;
    assert_eq!(parameter(&seen, "variables"), &json!({}));
    assert_eq!(parameter(&seen, "arguments"), &json!([]));
    let outcome = fixture.run("hostile", "leave-symlink", &[("target", p("/etc"))]);
    assert!(outcome.is_err(), "{outcome:?}");
}

#[test]
fn grants_open_what_they_name() {
    let mut fixture = quick();
    fixture.grants.env = vec!["GRANTED".into()];
    let seen = fixture.run("hostile", "env", &[]).unwrap().outputs;
    assert_eq!(parameter(&seen, "variables"), &json!({"GRANTED": "value"}));
    let api = SecretGrant { kind: SecretKind::Secret, name: "api".into(), key: Some("token".into()), optional: false };
    fixture.grants.secrets = [("TOKEN".to_owned(), api)].into();
    let seen = fixture.run("hostile", "env", &[]).unwrap().outputs;
    assert_eq!(parameter(&seen, "variables"), &json!({"GRANTED": "value", "TOKEN": "s3cret-token"}));
    fixture.grants.env = vec!["NOT_SET".into()];
    expect(&fixture.hostile("env", &[]), FailureKind::Host, &["NOT_SET"]);
}

#[test]
fn files_that_are_no_components_are_refused() {
    let fixture = Fixture::default();
    let load = |bytes: &[u8]| fixture.sandbox.load("it", bytes).map(|_| ()).unwrap_err().to_string();
    assert!(load(b"").contains("the file is empty"));
    assert!(load(b"#!/bin/sh").contains("is not a WebAssembly component"));
    assert!(load(b"\0asm\x01\0\0\0").contains("core module"));
    assert!(load(b"\0asm\x0d\0\x01\0garbage").contains("is not a WebAssembly component"));
}
