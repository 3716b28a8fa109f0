//! What each protection of a step costs: the same step with it and without it, in turns, the best of some rounds of each.
//!
//! `cargo bench -p weft-cli --bench protections --profile dev`; needs the guests (`bash guest-examples/build.sh`, and
//! `bash guest-examples/build.sh tests/benches/guest`). Only development builds can leave a wall out; what is compiled from a component is the same in
//! both.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::time::{Duration, Instant};

use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Config, Engine, Store};
use weft_pipeline::step::{ComponentRef, DirectoryGrant, PortValues, StepRequest};
use weft_sandbox::{Options, Wall};

#[path = "../../runtime/sandbox/tests/common/mod.rs"]
mod sandbox;

use sandbox::{Fixture, a, component, p};

/// The best counts, as everything else is the machine's.
const ROUNDS: usize = 7;
const MIB: u64 = 1 << 20;

/// The time of one of `times` calls.
fn each(times: u32, mut call: impl FnMut()) -> Duration {
    let started = Instant::now();
    for _ in 0..times {
        call();
    }
    started.elapsed() / times
}

/// Measures both in turns, so that what else the machine does meets both.
#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn row(protection: &str, what: &str, times: u32, mut with: impl FnMut(), mut without: impl FnMut()) {
    let mut best = [Duration::MAX; 2];
    // The first of each loads and compiles.
    with();
    without();
    for _ in 0..ROUNDS {
        best[0] = best[0].min(each(times, &mut with));
        best[1] = best[1].min(each(times, &mut without));
    }
    let [with, without] = best.map(|time| time.as_secs_f64() * 1e6);
    println!("| {protection} | {what} | {with:.1} us | {without:.1} us | {:.2} |", with / without);
}

/// A step in a sandbox, and in one that differs in its options.
fn step(protection: &str, what: &str, times: u32, change: fn(&mut Options), run: impl Fn(&Fixture)) {
    let (with, without) = (Fixture::default(), Fixture::with(change));
    row(protection, what, times, || run(&with), || run(&without));
}

fn generate(fixture: &Fixture) {
    fixture.trivial("generate", &[("bytes", p(8 * MIB)), ("seed", p(1))]);
}

fn second_wall() {
    let unconfined = |options: &mut Options| options.unconfined = true;
    step("second wall", "a step that does nothing", 200, unconfined, |fixture| drop(fixture.trivial("noop", &[])));
    step("second wall", "8 MiB written", 20, unconfined, generate);
    let granted = [Fixture::default(), Fixture::with(unconfined)].map(|mut fixture| {
        let host = fixture.folder.path().join("granted");
        std::fs::create_dir_all(&host).unwrap();
        let host = host.display().to_string();
        fixture.grants.directories = [("/host".to_owned(), DirectoryGrant { host, write: true })].into();
        fixture
    });
    row(
        "second wall",
        "8 MiB written, with a directory granted",
        20,
        || generate(&granted[0]),
        || generate(&granted[1]),
    );
}

/// The bounds inside of the host, each at the step that meets it most.
fn walls() {
    let copy = |fixture: &Fixture| {
        let input = fixture.dataset(&vec![7; 1 << 23]);
        fixture.trivial("copy", &[("input", a(&input))]);
    };
    step("inputs are read-only", "8 MiB copied", 20, |options| options.without = Some(Wall::ReadOnlyInputs), copy);
    let noop = |fixture: &Fixture| drop(fixture.trivial("noop", &[]));
    step("limits of tables", "a step that does nothing", 200, |options| options.without = Some(Wall::Tables), noop);
    let print = |fixture: &Fixture| {
        fixture.run("intruder", "print-times", &[("times", p(1000)), ("bytes", p(100))]).unwrap();
    };
    step("length of the log", "1,000 lines", 20, |options| options.without = Some(Wall::Log), print);
    let log = |fixture: &Fixture| {
        fixture.run("intruder", "log-times", &[("times", p(500)), ("text", p("a line"))]).unwrap();
    };
    step("number of messages", "500 messages", 20, |options| options.without = Some(Wall::Messages), log);
    let answer = |fixture: &Fixture| drop(fixture.run("hostile", "long-result", &[("bytes", p(MIB))]).unwrap());
    step("size of a parameter", "1 MiB given back", 20, |options| options.without = Some(Wall::Parameters), answer);
    let fail = |fixture: &Fixture| drop(fixture.run("intruder", "say", &[("text", p("x".repeat(1000)))]).unwrap_err());
    step("length of an error", "a step that fails", 100, |options| options.without = Some(Wall::FailureText), fail);
}

/// What is done once for a component and not for each step: a new sandbox loads one, and runs a step that does nothing.
fn loading() {
    let first = |change: fn(&mut Options)| move || drop(Fixture::with(change).trivial("noop", &[]));
    let others = first(|options| options.without = Some(Wall::PrivateCache));
    row("the cache is the user's alone", "220 KB, compiled before", 20, first(|_| {}), others);
    let bounded = first(|options| options.compiled = None);
    let unbounded = first(|options| {
        options.compiled = None;
        options.without = Some(Wall::CompileBounds);
    });
    row("bounds of compiling", "220 KB, compiled", 1, bounded, unbounded);
    let binary = std::fs::read(component("trivial")).unwrap();
    let stored = |change: fn(&mut Options)| {
        let binary = &binary;
        move || {
            let fixture = Fixture::with(change);
            let digest = fixture.dataset(binary).uri;
            let request = StepRequest {
                strict: false,
                command: None,
                task: "the-step".into(),
                component: ComponentRef { digest, function: "noop".into() },
                inputs: PortValues::new(),
                grants: fixture.grants.clone(),
                limits: fixture.limits,
                identity: fixture.identity,
            };
            fixture.sandbox.run(&request, &*fixture.observer).unwrap();
        }
    };
    let unseen = stored(|options| options.without = Some(Wall::StoredDigest));
    row("digests of components", "220 KB from the store", 20, stored(|_| {}), unseen);
}

/// All of it together: a step that computes, beside the same function in plain wasmtime, which nothing ends, bounds, watches or records.
fn all() {
    let fixture = Fixture::default();
    let plain = |name: &'static str, size: u32| {
        let mut config = Config::new();
        // Steps are to give the same on each machine, which is no matter of protection.
        config.concurrency_support(false).relaxed_simd_deterministic(true);
        let engine = Engine::new(&config).unwrap();
        let component = Component::from_file(&engine, component("bench")).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let instance = linker.instantiate_pre(&component).unwrap();
        let export = component.get_export_index(None, "kernel").unwrap();
        move || {
            let mut store = Store::new(&engine, ());
            let function = instance.instantiate(&mut store).unwrap().get_func(&mut store, export).unwrap();
            let mut results = [Val::Bool(false)];
            function.call(&mut store, &[Val::String(name.into()), Val::U32(size), Val::U64(1)], &mut results).unwrap();
        }
    };
    let step = |name: &'static str, size: u32| {
        let fixture = &fixture;
        move || drop(fixture.run("bench", "kernel", &[("name", p(name)), ("size", p(size)), ("seed", p(1))]).unwrap())
    };
    for (name, size) in [
        ("column-statistics", 50_000),
        ("logistic-regression", 20_000),
        ("dot-product", 100_000),
        ("boosted-trees", 10_000),
        ("csv-parsing", 20_000),
        ("matrix-product", 256),
    ] {
        row("all of it, time limit included", name, 1, step(name, size), plain(name, size));
    }
}

/// What is asked for by `--strict-determinism`.
fn strict() {
    let run = |strict| {
        let fixture = Fixture { strict, ..Fixture::default() };
        fixture.dataset(&std::fs::read(component("bench")).unwrap());
        move || {
            let with = [("name", p("logistic-regression")), ("size", p(20_000)), ("seed", p(1))];
            fixture.run("bench", "kernel", &with).unwrap();
        }
    };
    row("equal NaNs (`--strict-determinism`)", "logistic-regression", 3, run(true), run(false));
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    println!("second wall: {}\n", weft_sandbox::second_wall().told);
    println!("| protection | step | with | without | times |\n| --- | --- | ---: | ---: | ---: |");
    second_wall();
    all();
    walls();
    loading();
    strict();
}
