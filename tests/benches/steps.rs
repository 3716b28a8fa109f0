//! What a durable step costs, beside a floor measured in the same run: instantiating and calling the same component with
//! plain wasmtime, and one SQLite transaction with the same rows. What each protection costs is in `protections.rs`.
//!
//! `cargo bench -p weft --bench steps`; needs the guests (`bash guest-examples/build.sh`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value;
use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Config, Engine as Wasmtime, InstanceAllocationStrategy, Store};
use weft_engine::{Engine, NewRun, Options, StepRunner};
use weft_metadata::RunState;
use weft_pipeline::link::link;
use weft_pipeline::step::{StepFailure, StepObserver, StepOutput, StepRequest};
use weft_pipeline::yaml::read_pipeline;
use weft_sandbox::Sandbox;

#[path = "../common/paths.rs"]
mod paths;

const STEPS: u32 = 1000;
/// Each is measured so often; the best counts, as everything else is the machine's.
const ROUNDS: usize = 5;

struct Runner(Sandbox);

impl StepRunner for Runner {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        self.0.run(request, observer)
    }
}

fn component() -> PathBuf {
    paths::component("trivial")
}

/// `add` after `add`, each on the sum before it.
fn chain() -> String {
    let mut text = format!(
        "name: chain\nsteps:\n  s0: {{ component: \"{}#add\", with: {{ a: 0, b: 1 }} }}\n",
        component().display()
    );
    for step in 1..STEPS {
        let before = step - 1;
        let _ = writeln!(
            text,
            "  s{step}: {{ component: \"{}#add\", with: {{ a: \"${{s{before}}}\", b: 1 }} }}",
            component().display()
        );
    }
    text
}

fn parallel() -> String {
    let mut text = String::from("name: parallel\nsteps:\n");
    for step in 0..STEPS {
        let _ = writeln!(
            text,
            "  s{step}: {{ component: \"{}#add\", with: {{ a: {step}, b: 1 }} }}",
            component().display()
        );
    }
    text
}

/// Runs a pipeline in a new store, and gives the time of a step and the store's metadata file.
fn run(text: &str) -> (Duration, tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = weft_artifacts::Store::open(folder.path().join("artifacts")).unwrap();
    let file = folder.path().join("metadata.sqlite");
    let metadata = weft_metadata::Store::open(&file).unwrap();
    let sandbox = Sandbox::new(artifacts.clone(), weft_sandbox::Options::default()).unwrap();
    let loaded = sandbox.load_file(&component()).unwrap();
    let mut pipeline = read_pipeline(text).unwrap();
    link(&mut pipeline, &|step| loaded.linked(step.function.as_deref()));
    assert!(weft_pipeline::check::check(&pipeline).iter().all(|problem| !problem.is_error()));
    let runner: &dyn StepRunner = &Runner(sandbox);
    let engine = Engine {
        artifacts: &artifacts,
        metadata: &metadata,
        runner,
        locks: &folder.path().join("locks"),
        volumes: &folder.path().join("volumes"),
        slots: None,
        options: Options::default(),
    };
    let new = NewRun {
        id: "bench".into(),
        pipeline: &pipeline,
        parameters: std::collections::BTreeMap::new(),
        artifacts: std::collections::BTreeMap::new(),
        base_dir: folder.path().to_owned(),
        file: None,
    };
    let started = Instant::now();
    let outcome = engine.start(new, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    let took = started.elapsed();
    assert_eq!(outcome.state, RunState::Complete);
    (took / STEPS, folder, file)
}

/// Plain wasmtime, with the settings that the sandbox has.
fn plain_wasm() -> Duration {
    let mut config = Config::new();
    config.concurrency_support(false).allocation_strategy(InstanceAllocationStrategy::pooling());
    let engine = Wasmtime::new(&config).unwrap();
    let component = Component::from_file(&engine, component()).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let instance = linker.instantiate_pre(&component).unwrap();
    let export = component.get_export_index(None, "add").unwrap();
    let started = Instant::now();
    for step in 0..STEPS {
        let mut store = Store::new(&engine, ());
        let add = instance.instantiate(&mut store).unwrap().get_func(&mut store, export).unwrap();
        let mut results = [Val::Bool(false)];
        add.call(&mut store, &[Val::S64(i64::from(step)), Val::S64(1)], &mut results).unwrap();
    }
    started.elapsed() / STEPS
}

/// A table's rows that belong to a step's execution.
const ROWS: [(&str, &str); 5] = [
    ("Execution", "id = ?"),
    ("ExecutionProperty", "execution_id = ?"),
    ("Association", "execution_id = ?"),
    ("Event", "execution_id = ?"),
    ("weft_step", "execution = ?"),
];

/// The rows of a run's steps, written again into a database of the same schema and settings, a transaction a step.
fn plain_sqlite(file: &Path) -> Duration {
    let source = Connection::open(file).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = Connection::open(folder.path().join("floor.sqlite")).unwrap();
    let page: i64 = source.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
    target.pragma_update(None, "page_size", page).unwrap();
    target.pragma_update(None, "journal_mode", "WAL").unwrap();
    target.pragma_update(None, "synchronous", "NORMAL").unwrap();
    let mut schema =
        source.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'").unwrap();
    for statement in schema.query_map([], |row| row.get::<_, String>(0)).unwrap() {
        target.execute_batch(&statement.unwrap()).unwrap();
    }
    let mut executions = source.prepare("SELECT execution FROM weft_step ORDER BY execution").unwrap();
    let executions: Vec<i64> = executions.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let steps: Vec<Vec<(String, Vec<Value>)>> = executions
        .iter()
        .map(|execution| {
            let mut rows = Vec::new();
            for (table, condition) in ROWS {
                let mut select = source.prepare_cached(&format!("SELECT * FROM {table} WHERE {condition}")).unwrap();
                let columns = select.column_count();
                let marks = vec!["?"; columns].join(", ");
                let found = select
                    .query_map([execution], |row| (0..columns).map(|at| row.get(at)).collect::<Result<Vec<Value>, _>>())
                    .unwrap();
                rows.extend(found.map(|row| (format!("INSERT INTO {table} VALUES ({marks})"), row.unwrap())));
            }
            rows
        })
        .collect();
    assert_eq!(steps.len(), STEPS as usize);
    target.set_prepared_statement_cache_capacity(64);
    let started = Instant::now();
    for rows in &steps {
        let transaction = target.unchecked_transaction().unwrap();
        for (insert, row) in rows {
            transaction.prepare_cached(insert).unwrap().execute(rusqlite::params_from_iter(row)).unwrap();
        }
        transaction.commit().unwrap();
    }
    started.elapsed() / STEPS
}

fn best(mut measure: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| measure()).min().unwrap()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (chain, parallel) = (chain(), parallel());
    let wasm = best(plain_wasm);
    let (_, _folder, file) = run(&chain);
    let sqlite = best(|| plain_sqlite(&file));
    let floor = wasm + sqlite;
    println!(
        "floor: wasmtime {:.1} us + SQLite {:.1} us = {:.1} us a step",
        micros(wasm),
        micros(sqlite),
        micros(floor)
    );
    for (name, text) in [("chain of 1,000 steps", &chain), ("1,000 steps in parallel", &parallel)] {
        let time = best(|| run(text).0);
        println!("{name}: {:.1} us a step, {:.2} times the floor", micros(time), micros(time) / micros(floor));
    }
}
