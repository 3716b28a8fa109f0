//! Shared parts of the tests: stores in a temporary directory, builders of small pipelines, and a runner whose steps
//! are plain functions.

#![allow(dead_code, clippy::unwrap_used, clippy::missing_panics_doc, reason = "shared by tests that use parts of it")]

pub mod plans;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weft_engine::{Engine, Event, Fetch, Fetched, NewRun, Options, RunOutcome, StepRunner, TaskReport};
use weft_metadata::StepRecord;
use weft_pipeline::model::{
    Binding, Component, Condition, ConditionVariables, Dag, Implementation, Input, Items, Iteration, Location,
    Pipeline, Retry, Task, TaskState, Trigger, WasmStep, Wire,
};
use weft_pipeline::signature::Port;
use weft_pipeline::step::{
    Artifact, FailureKind, LogLevel, PortValue, PortValues, StepFailure, StepObserver, StepOutput, StepRequest,
    StepTrace,
};
use weft_pipeline::types::{ArtifactType, ParameterType, PortType};

/// How long a step waits for what never comes; the test fails then.
const PATIENCE: Duration = Duration::from_mins(5);

/// Stores in a directory.
pub struct Place {
    pub dir: PathBuf,
    pub artifacts: weft_artifacts::Store,
    pub metadata: weft_metadata::Store,
    _temporary: Option<tempfile::TempDir>,
}

impl Place {
    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let place = Self::at(temporary.path().to_owned());
        Self { _temporary: Some(temporary), ..place }
    }

    pub fn at(dir: PathBuf) -> Self {
        let artifacts = weft_artifacts::Store::open(dir.join("artifacts")).unwrap();
        let metadata = weft_metadata::Store::open(dir.join("metadata.db")).unwrap();
        let mut blob = artifacts.create(None).unwrap();
        blob.append(COMPONENT).unwrap();
        blob.finish().unwrap();
        Self::of(dir, artifacts, metadata)
    }

    pub fn of(dir: PathBuf, artifacts: weft_artifacts::Store, metadata: weft_metadata::Store) -> Self {
        Self { dir, artifacts, metadata, _temporary: None }
    }

    /// Length of the metadata's files.
    pub fn bytes_of_metadata(&self) -> u64 {
        let files = std::fs::read_dir(&self.dir).unwrap().map(Result::unwrap);
        let ours = files.filter(|file| file.file_name().to_string_lossy().starts_with("metadata.db"));
        ours.map(|file| file.metadata().unwrap().len()).sum()
    }

    pub fn locks(&self) -> PathBuf {
        self.dir.join("runs")
    }

    pub fn volumes(&self) -> PathBuf {
        self.dir.join("volumes")
    }

    pub fn session<'a>(&'a self, runner: &'a dyn StepRunner, jobs: usize) -> Session<'a> {
        let (locks, volumes) = (self.locks(), self.volumes());
        let (cache, group_commit) = (true, Options::default().group_commit);
        Session { place: self, runner, locks, volumes, jobs, cache, group_commit, interrupt: AtomicBool::new(false) }
    }

    pub fn steps(&self, run: &str) -> BTreeMap<String, StepRecord> {
        let steps = self.metadata.run(run).unwrap().steps;
        let count = steps.len();
        let by_task: BTreeMap<_, _> = steps.into_iter().map(|step| (step.task.clone(), step)).collect();
        assert_eq!(by_task.len(), count, "a task has more than one execution");
        by_task
    }

    pub fn counts(&self) -> BTreeMap<String, i64> {
        counts(&self.dir)
    }

    pub fn fsck_clean(&self) -> bool {
        self.metadata
            .referenced_uris()
            .unwrap()
            .iter()
            .all(|uri| self.artifacts.contains(&uri.parse().unwrap()).unwrap())
    }
}

/// `(table, rows)` of all of MLMD's tables, of the metadata in a directory.
pub fn counts(dir: &Path) -> BTreeMap<String, i64> {
    let connection = rusqlite::Connection::open(dir.join("metadata.db")).unwrap();
    let tables =
        ["Artifact", "Execution", "Context", "Event", "EventPath", "Association", "Attribution", "ParentContext"];
    let count = |table: &str| -> i64 {
        connection.query_row(&format!("SELECT count(*) FROM `{table}`"), [], |row| row.get(0)).unwrap()
    };
    tables.into_iter().map(|table| (table.to_owned(), count(table))).collect()
}

pub const COMPONENT: &[u8] = b"\0asm: not really";

/// An engine with its settings.
pub struct Session<'a> {
    place: &'a Place,
    runner: &'a dyn StepRunner,
    locks: PathBuf,
    volumes: PathBuf,
    jobs: usize,
    pub cache: bool,
    pub group_commit: Duration,
    pub interrupt: AtomicBool,
}

impl Session<'_> {
    pub fn engine(&self) -> Engine<'_> {
        Engine {
            artifacts: &self.place.artifacts,
            metadata: &self.place.metadata,
            runner: self.runner,
            locks: &self.locks,
            volumes: &self.volumes,
            slots: None,
            options: Options {
                jobs: NonZeroUsize::new(self.jobs).unwrap(),
                cache: self.cache,
                group_commit: self.group_commit,
                ..Options::default()
            },
        }
    }

    pub fn start(&self, id: &str, pipeline: &Pipeline, parameters: &Value) -> RunOutcome {
        self.start_observed(id, pipeline, parameters, &mut |_| ()).unwrap()
    }

    pub fn start_observed(
        &self,
        id: &str,
        pipeline: &Pipeline,
        parameters: &Value,
        observer: &mut dyn FnMut(&Event),
    ) -> weft_engine::Result<RunOutcome> {
        let parameters = parameters.as_object().cloned().unwrap_or_default().into_iter().collect();
        let base_dir = self.place.dir.clone();
        let new = NewRun { id: id.to_owned(), pipeline, parameters, artifacts: BTreeMap::new(), base_dir, file: None };
        self.engine().start(new, observer, &self.interrupt)
    }

    pub fn resume(&self, id: &str) -> RunOutcome {
        self.engine().resume(id, &mut |_| (), &self.interrupt).unwrap()
    }
}

pub fn states(outcome: &RunOutcome) -> BTreeMap<&str, TaskState> {
    outcome.tasks.iter().map(|report| (report.task.as_str(), report.state)).collect()
}

pub fn report<'o>(outcome: &'o RunOutcome, task: &str) -> &'o TaskReport {
    outcome.tasks.iter().find(|report| report.task == task).unwrap()
}

/// The behaviour of a task's step, in addition to its outputs.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Fails in this many attempts.
    pub failures: u32,
    pub kind: Option<FailureKind>,
    /// Leaves the optional output out.
    pub absent: bool,
    /// Takes this long, or until it is interrupted.
    pub takes: Duration,
    /// Goes on only when this many steps have been at work at the same time, or when it is interrupted.
    pub company: usize,
    /// Goes on only when this was raised, or when it is interrupted.
    pub until: Option<Arc<AtomicBool>>,
    /// Logs this line.
    pub log: Option<String>,
    pub panics: bool,
    /// The URI that `out` has, in another system or as its own.
    pub uri: Option<String>,
    /// Adds so many bytes to its datasets.
    pub filler: usize,
    /// Warn of this.
    pub warning: Option<String>,
}

/// A runner all of whose steps do the same: `out` is a dataset that names all inputs, `maybe` the same as an optional
/// one, `n` the number of inputs, `value` the input `value`, if there is one. It checks that no step runs before the
/// tasks that it has to wait for.
#[derive(Default)]
pub struct Fake {
    pub artifacts: Option<weft_artifacts::Store>,
    pub behaviours: HashMap<String, Behaviour>,
    pub dependencies: HashMap<String, BTreeSet<String>>,
    /// Attempts by task.
    pub attempts: Mutex<BTreeMap<String, u32>>,
    succeeded: Mutex<BTreeSet<String>>,
    /// Tasks whose steps started before their dependencies had ended.
    pub early: Mutex<Vec<String>>,
    at_work: AtomicUsize,
    pub most_at_work: AtomicUsize,
    /// The requests.
    pub requests: Mutex<Vec<StepRequest>>,
    /// What is elsewhere: a digest and a tag by URI. Nothing is reached for if it is empty.
    pub elsewhere: Mutex<BTreeMap<String, (String, String)>>,
    /// The tags that were known when it was asked for something.
    pub known: Mutex<Vec<Option<String>>>,
}

impl Fake {
    pub fn new(place: &Place) -> Self {
        Self { artifacts: Some(place.artifacts.clone()), ..Self::default() }
    }

    pub fn with(mut self, task: &str, behaviour: Behaviour) -> Self {
        self.behaviours.insert(task.to_owned(), behaviour);
        self
    }

    pub fn attempts(&self) -> BTreeMap<String, u32> {
        self.attempts.lock().unwrap().clone()
    }

    pub fn total(&self) -> u32 {
        self.attempts().values().sum()
    }

    /// The request for a task.
    pub fn request(&self, task: &str) -> StepRequest {
        let requests = self.requests.lock().unwrap();
        requests.iter().find(|request| request.task == task).unwrap_or_else(|| panic!("{task} was not run")).clone()
    }

    fn step(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        self.requests.lock().unwrap().push(request.clone());
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            let attempt = attempts.entry(request.task.clone()).or_insert(0);
            *attempt += 1;
            *attempt
        };
        if let Some(on) = self.dependencies.get(&request.task)
            && !on.is_subset(&self.succeeded.lock().unwrap())
        {
            self.early.lock().unwrap().push(request.task.clone());
        }
        let behaviour = self.behaviours.get(&request.task).cloned().unwrap_or_default();
        let mut trace = StepTrace { log: Vec::new(), peak_memory: 65536, duration: Duration::from_micros(1) };
        if let Some(line) = &behaviour.log {
            observer.log(&request.task, LogLevel::Info, line);
            trace.log = format!("{line}\n").into_bytes();
        }
        assert!(!behaviour.panics, "{} panics", request.task);
        let fail = |kind, message: &str, trace| {
            let hint = Some("mend it".to_owned());
            Err(Box::new(StepFailure { kind, message: message.to_owned(), hint, trace }))
        };
        let waits = || {
            let is_alone = self.most_at_work.load(Ordering::SeqCst) < behaviour.company;
            is_alone || behaviour.until.as_ref().is_some_and(|raised| !raised.load(Ordering::SeqCst))
        };
        let began = Instant::now();
        while began.elapsed() < behaviour.takes || (waits() && began.elapsed() < PATIENCE) {
            if observer.interrupted() {
                return fail(FailureKind::Interrupted, "interrupted", trace);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        if attempt <= behaviour.failures {
            return fail(behaviour.kind.unwrap_or(FailureKind::Returned), "it went wrong", trace);
        }
        let (mut outputs, mut uris) = (PortValues::new(), BTreeMap::new());
        outputs.insert("n".to_owned(), PortValue::Parameter(json!(request.inputs.len())));
        if let Some(value) = request.inputs.get("value") {
            outputs.insert("value".to_owned(), value.clone());
        }
        if let Some(artifacts) = &self.artifacts {
            let seen = request.inputs.iter().map(|(port, value)| match value {
                PortValue::Parameter(value) => format!("{port}={value}"),
                PortValue::Artifacts(all) => {
                    format!("{port}={:?}", all.iter().map(|one| &one.uri).collect::<Vec<_>>())
                }
            });
            let content = format!("{} {}", request.component.function, seen.collect::<Vec<_>>().join(" "));
            let stored = artifacts.create(None).and_then(|mut blob| {
                blob.append(content.as_bytes())?;
                blob.append(&vec![b'x'; behaviour.filler])?;
                blob.finish()
            });
            let uri = match stored {
                Ok(id) => id.to_string(),
                Err(error) => return fail(FailureKind::Host, &error.to_string(), trace),
            };
            let mut properties = BTreeMap::from([("rows".to_owned(), json!(request.inputs.len()))]);
            if let Some(name) = behaviour.uri {
                if name.contains("://") {
                    properties.insert(weft_pipeline::command::REMOTE_URI.to_owned(), json!(name));
                } else {
                    uris.insert(name, uri.clone());
                }
            }
            let dataset = Artifact { id: None, kind: dataset_type(), uri, name: None, properties };
            outputs.insert("out".to_owned(), PortValue::Artifacts(vec![dataset.clone()]));
            if !behaviour.absent {
                outputs.insert("maybe".to_owned(), PortValue::Artifacts(vec![dataset]));
            }
        }
        self.succeeded.lock().unwrap().insert(request.task.clone());
        Ok(StepOutput { outputs, uris, warnings: behaviour.warning.into_iter().collect(), trace, fetched: None })
    }
}

impl StepRunner for Fake {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        let at_work = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_work.fetch_max(at_work, Ordering::SeqCst);
        let answer = self.step(request, observer);
        self.at_work.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    fn fetch(&self, fetch: &Fetch<'_>, _: &dyn StepObserver) -> Result<Fetched, Box<StepFailure>> {
        let elsewhere = self.elsewhere.lock().unwrap();
        let Some((content, tag)) = elsewhere.get(fetch.uri).cloned() else { return refuse_to_fetch(fetch) };
        self.known.lock().unwrap().push(fetch.known.map(str::to_owned));
        let is_known = fetch.known == Some(tag.as_str());
        Ok(Fetched { content: (!is_known).then_some(content), tag: Some(tag) })
    }
}

/// What a runner does that says nothing of fetching.
fn refuse_to_fetch(fetch: &Fetch<'_>) -> Result<Fetched, Box<StepFailure>> {
    struct Mute;
    impl StepRunner for Mute {
        fn run(&self, _: &StepRequest, _: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
            unreachable!("it is only asked to fetch")
        }
    }
    Mute.fetch(fetch, &weft_pipeline::step::SilentObserver)
}

pub fn dataset_type() -> ArtifactType {
    ArtifactType("system.Dataset".to_owned())
}

pub fn dataset() -> PortType {
    PortType::Artifact { kind: dataset_type(), list: false }
}

pub fn parameter(ty: ParameterType) -> PortType {
    PortType::Parameter(ty)
}

pub fn input(ty: PortType, optional: bool) -> Input {
    Input { port: Port { ty, optional }, default: None, literals: Vec::new(), description: None }
}

pub fn from_output(task: &str, output: &str) -> Wire {
    Wire::from(Binding::Output { task: task.to_owned(), output: output.to_owned() })
}

pub fn literal(value: Value) -> Wire {
    Wire::from(Binding::Literal(value))
}

pub fn from_input(name: &str) -> Wire {
    Wire::from(Binding::Input(name.to_owned()))
}

/// A task and its component, for building pipelines.
pub struct Step {
    pub task: Task,
    pub component: Component,
}

/// A step of the fake runner.
pub fn step() -> Step {
    let digest = weft_artifacts::ContentId::Blob(weft_artifacts::Digest::of(COMPONENT)).to_string();
    let wasm = WasmStep { path: "fake.wasm".to_owned(), function: Some("run".to_owned()), digest: Some(digest) };
    let outputs = [
        ("out".to_owned(), Port::required(dataset())),
        ("maybe".to_owned(), Port::optional(dataset())),
        ("n".to_owned(), Port::required(parameter(ParameterType::U64))),
        ("value".to_owned(), Port::optional(parameter(ParameterType::Json))),
    ];
    Step {
        task: Task::default(),
        component: Component {
            inputs: [].into(),
            outputs: outputs.into_iter().collect(),
            implementation: Implementation::Wasm(wasm),
            ..Component::default()
        },
    }
}

pub fn other(implementation: Implementation) -> Step {
    let outputs = [("artifact".to_owned(), Port::optional(dataset()))];
    let outputs = outputs.into_iter().collect();
    Step {
        task: Task::default(),
        component: Component { inputs: [].into(), outputs, implementation, ..Component::default() },
    }
}

impl Step {
    pub fn input(mut self, port: &str, input: Input, wire: Wire) -> Self {
        self.component.inputs.insert(port.to_owned(), input);
        self.task.inputs.insert(port.to_owned(), wire);
        self
    }

    /// Reads another task's dataset.
    pub fn reads(self, task: &str) -> Self {
        let port = format!("from-{task}");
        self.input(&port, input(dataset(), false), from_output(task, "out"))
    }

    pub fn literal(self, port: &str, value: Value) -> Self {
        self.input(port, input(parameter(ParameterType::Json), false), literal(value))
    }

    pub fn after(mut self, task: &str) -> Self {
        self.task.after.insert(task.to_owned());
        self
    }

    pub fn when(mut self, expression: &str) -> Self {
        self.task.when = Some(Box::new(Condition::parse(expression).unwrap()));
        self
    }

    pub fn retry(mut self, max: u32, backoff: Duration) -> Self {
        self.task.retry = Retry { max, backoff, ..Retry::default() };
        self
    }

    /// Has an input `value`, which it returns.
    pub fn value(self, wire: impl Into<Wire>) -> Self {
        self.input("value", input(parameter(ParameterType::Json), false), wire.into())
    }

    /// A wire without an input of the component.
    pub fn wire(mut self, name: &str, wire: impl Into<Wire>) -> Self {
        self.task.inputs.insert(name.to_owned(), wire.into());
        self
    }

    /// Makes it a loop, whose items are its input `value`.
    pub fn each(mut self, over: Items) -> Self {
        self.component.inputs.insert("value".to_owned(), input(parameter(ParameterType::Json), false));
        self.task.each = Some(Box::new(Iteration { over, item: "value".to_owned(), parallelism: None }));
        self
    }

    pub fn parallelism(mut self, limit: u32) -> Self {
        self.task.each.as_mut().unwrap().parallelism = Some(limit);
        self
    }

    /// Adds a condition over its own inputs.
    pub fn when_inputs(mut self, expression: &str) -> Self {
        let (expression, at) = (expression.to_owned(), Location::default());
        self.task.when =
            Some(Box::new(Condition { expression, tasks: BTreeSet::new(), variables: ConditionVariables::Inputs, at }));
        self
    }

    /// Sets the trigger of exit handlers.
    pub fn in_any_case(mut self) -> Self {
        self.task.trigger = Trigger::AllCompleted;
        self
    }

    /// Grants it what makes it more than a function of its inputs.
    pub fn granted(mut self) -> Self {
        self.task.grants.random = true;
        self
    }

    pub fn uncached(mut self) -> Self {
        self.task.cache = false;
        self
    }
}

/// A pipeline `demo` of these steps, each with a component of its own.
pub fn pipeline(steps: impl IntoIterator<Item = (String, Step)>) -> Pipeline {
    let mut pipeline = Pipeline { name: "demo".to_owned(), ..Pipeline::default() };
    let dag = dag(&mut pipeline, "", steps);
    pipeline.root.implementation = Implementation::Dag(dag);
    pipeline
}

/// A DAG whose components are added to a pipeline, with this prefix to their names.
pub fn dag(pipeline: &mut Pipeline, prefix: &str, steps: impl IntoIterator<Item = (String, Step)>) -> Dag {
    let mut dag = Dag::default();
    for (name, Step { mut task, mut component }) in steps {
        // Each step calls a function of its own. Otherwise equal ones would be cached within a run.
        if let Implementation::Wasm(wasm) = &mut component.implementation {
            wasm.function = Some(format!("{prefix}{name}"));
        }
        task.component = format!("comp-{prefix}{name}");
        pipeline.components.insert(task.component.clone(), component);
        dag.tasks.insert(name, task);
    }
    dag
}

/// Makes the task's component a nested pipeline. Its outputs are those of its tasks: `(name, task, output)`.
pub fn nest(
    pipeline: &mut Pipeline,
    component: &str,
    steps: impl IntoIterator<Item = (String, Step)>,
    outputs: &[(&str, &str, &str)],
) {
    let dag = dag(pipeline, &format!("{component}-"), steps);
    pipeline.components[&format!("comp-{component}")].implementation = Implementation::Dag(dag);
    give(pipeline, component, outputs);
}

/// Adds outputs of its tasks to a nested pipeline.
pub fn give(pipeline: &mut Pipeline, component: &str, outputs: &[(&str, &str, &str)]) {
    let component = format!("comp-{component}");
    for (name, task, output) in outputs {
        let Implementation::Dag(dag) = &mut pipeline.components[&component].implementation else { unreachable!() };
        dag.outputs.insert((*name).to_owned(), from_output(task, output).from);
        let inner = dag.tasks[*task].component.clone();
        let port = pipeline.components[&inner].outputs[*output].clone();
        pipeline.components[&component].outputs.insert((*name).to_owned(), port);
    }
}

/// The DAG of the root.
pub fn root(pipeline: &mut Pipeline) -> &mut Dag {
    match &mut pipeline.root.implementation {
        Implementation::Dag(dag) => dag,
        _ => unreachable!("the root is a DAG"),
    }
}

pub fn items(items: impl IntoIterator<Item = Value>) -> Items {
    Items::Literal(items.into_iter().collect())
}

/// The value of an output parameter.
pub fn value<'v>(values: &'v PortValues, port: &str) -> &'v Value {
    match &values[port] {
        PortValue::Parameter(value) => value,
        PortValue::Artifacts(_) => panic!("{port} holds artifacts"),
    }
}

/// The artifacts of an output.
pub fn artifacts<'v>(values: &'v PortValues, port: &str) -> &'v [Artifact] {
    match &values[port] {
        PortValue::Artifacts(artifacts) => artifacts,
        PortValue::Parameter(_) => panic!("{port} holds a parameter"),
    }
}

pub fn named<const N: usize>(steps: [(&str, Step); N]) -> impl Iterator<Item = (String, Step)> {
    steps.into_iter().map(|(name, step)| (name.to_owned(), step))
}

/// Ends an observer as a crash would, silently, if that is wanted.
pub fn stop_here(crash: bool) {
    if crash {
        std::panic::resume_unwind(Box::new("stop here"));
    }
}

/// The part of a run's record that must not depend on how the run went: no rows, times or numbers of attempts.
pub fn essence(place: &Place, run: &str) -> Vec<Value> {
    let strip = |values: &PortValues| {
        let mut values = values.clone();
        for value in values.values_mut() {
            if let PortValue::Artifacts(artifacts) = value {
                for artifact in artifacts {
                    artifact.id = None;
                }
            }
        }
        json!(values)
    };
    let steps = place.steps(run).into_values();
    steps
        .map(|step| {
            json!({
                "task": step.task, "state": step.state, "kind": step.kind, "identity": step.identity,
                "inputs": strip(&step.inputs), "outputs": strip(&step.outputs), "log": step.log,
                "skipped": step.skipped, "error": step.error,
            })
        })
        .collect()
}

pub fn write(path: impl AsRef<Path>, text: &str) {
    std::fs::write(path, text).unwrap();
}
