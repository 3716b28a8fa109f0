//! A pipeline that is run on the simulated disk, by processes that come to harm, until one ends undisturbed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use weft_engine::{Event, StepRunner};
use weft_metadata::RunState;
use weft_pipeline::model::{Pipeline, TaskState};
use weft_pipeline::step::{FailureKind, PortValue, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace};

use super::common::plans::Plan;
use super::common::{COMPONENT, Fake, Place, counts, essence};
use super::disk::{Fault, Files, Kind, Simulated};
use super::sqlite::disk;

/// What is run.
pub struct Subject {
    pub pipeline: Pipeline,
    /// A runner for each process, without a store.
    pub fake: Box<dyn Fn() -> Fake>,
    /// Whether tasks look at failures, and may therefore run again when what failed does.
    pub looks_at_failures: bool,
}

impl Subject {
    pub fn new(plans: &[Plan]) -> Self {
        let owned = plans.to_vec();
        Self {
            pipeline: super::common::plans::build(plans),
            fake: Box::new(move || super::common::plans::runner_without_store(&owned)),
            looks_at_failures: super::common::plans::looks_at_failures(plans),
        }
    }
}

/// One process: what happens to it, and by how much the clock has jumped when it starts.
#[derive(Debug, Clone, Copy)]
pub struct Process {
    pub fault: Option<Fault>,
    pub clock: i64,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    pub state: Option<RunState>,
    pub steps: Vec<Value>,
    pub rows: BTreeMap<String, i64>,
}

impl Ending {
    /// In what this is not as it should be. `mild` says that nothing failed but what failed with the process: then no log may be missing, and
    /// there is no row of an attempt that came to nothing.
    pub fn difference(&self, wanted: &Self, mild: bool) -> Option<String> {
        if self.state != wanted.state || self.steps.len() != wanted.steps.len() {
            return Some(format!("{:?} with {} steps instead of {wanted:#?}", self.state, self.steps.len()));
        }
        for (found, wanted) in self.steps.iter().zip(&wanted.steps) {
            for (key, value) in wanted.as_object().unwrap() {
                let excused = key == "log" && !mild && found[key].is_null();
                if found[key] != *value && !excused {
                    return Some(format!("`{key}` of {}: {} instead of {value}", wanted["task"], found[key]));
                }
            }
        }
        (mild && self.rows != wanted.rows).then(|| format!("{:?} instead of {:?}", self.rows, wanted.rows))
    }
}

/// Seconds by which the simulated clock differs from a fixed time.
static CLOCK: AtomicI64 = AtomicI64::new(0);

fn clock() -> SystemTime {
    let seconds = 1_700_000_000 + CLOCK.load(Ordering::Relaxed);
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

/// A directory in memory, if the system has such, and the disk.
pub struct World {
    directory: tempfile::TempDir,
    disk: &'static Simulated,
    /// Tasks of whose end somebody was told, and which therefore must not be lost.
    told: BTreeSet<String>,
    /// Whether somebody was told that the run is complete.
    complete: bool,
}

impl World {
    /// Where there is a store already, as mostly there is.
    pub fn new() -> Self {
        static MADE: OnceLock<Files> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            let world = Self::empty();
            drop(weft_metadata::Store::open(world.directory.path().join("metadata.db")).unwrap());
            world.disk.files(&world.name())
        });
        let world = Self::empty();
        drop(weft_artifacts::Store::open(world.artifacts()).unwrap());
        world.disk.begin_with(made, &world.name());
        world
    }

    fn name(&self) -> String {
        self.directory.path().to_str().unwrap().to_owned()
    }

    /// With nothing in it but the files of the pipeline.
    pub fn empty() -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let directory = tempfile::tempdir_in(place).unwrap();
        std::fs::write(directory.path().join("fake.wasm"), COMPONENT).unwrap();
        std::fs::write(directory.path().join("data.csv"), "a,b\n1,2\n").unwrap();
        disk().begin_with(&Files::new(), "");
        Self { directory, disk: disk(), told: BTreeSet::new(), complete: false }
    }

    fn artifacts(&self) -> PathBuf {
        self.directory.path().join("artifacts")
    }

    /// Runs one process. Whether its fault happened, and how many operations it has made.
    pub fn process(&mut self, subject: &Subject, process: Process) -> Result<(bool, u32), String> {
        CLOCK.store(process.clock, Ordering::Relaxed);
        self.disk.begin(process.fault);
        let ended = self.work(subject);
        let (happened, operations) = self.disk.end(&self.artifacts());
        let lost_power = happened && process.fault.is_some_and(|fault| fault.kind == Kind::PowerCut);
        if lost_power && !self.complete {
            // What was told before everything was flushed may be gone, and runs again then.
            self.told.clear();
        }
        match ended {
            Err(End::Wrong(what)) => Err(what),
            Err(End::Failed(error)) if !happened => Err(format!("without a fault: {error}")),
            Err(End::Failed(_)) | Ok(()) => Ok((happened, operations)),
        }
    }

    fn work(&mut self, subject: &Subject) -> Result<(), End> {
        let dir = self.directory.path().to_owned();
        let artifacts = weft_artifacts::Store::open_on(self.artifacts(), std::sync::Arc::new(self.disk.clone()))
            .map_err(End::failed)?;
        let metadata = weft_metadata::Store::open(dir.join("metadata.db")).map_err(End::failed)?.with_clock(clock);
        let mut fake = (subject.fake)();
        fake.artifacts = Some(artifacts.clone());
        let place = Place::of(dir, artifacts, metadata);
        let recorded = match place.metadata.run("r") {
            Ok(run) => Some(run),
            Err(weft_metadata::Error::RunNotFound { .. }) => None,
            Err(error) => return Err(End::failed(error)),
        };
        // What looks at failures runs again after them, and may be at work when the next harm comes.
        for task in self.told.iter().filter(|_| !subject.looks_at_failures) {
            let record = recorded.iter().flat_map(|run| &run.steps).find(|step| step.task == *task);
            if !record.is_some_and(|step| is_settled(step.state)) {
                return Err(End::Wrong(format!("{task} was told as finished, and its record is {record:?}")));
            }
        }
        let runner = Careful { fake, place: &place, wrong: Mutex::default() };
        let mut session = place.session(&runner, 1);
        session.cache = false;
        session.group_commit = Duration::from_hours(1);
        let (told, complete) = (&mut self.told, &mut self.complete);
        let mut again = None;
        let mut observer = |event: &Event| match event {
            Event::TaskStarted { task, .. } if told.contains(task) && !subject.looks_at_failures => {
                again = Some(format!("{task} had finished, and runs again"));
            }
            Event::TaskFinished(report) if is_settled(report.state) => _ = told.insert(report.task.clone()),
            Event::RunFinished { state, .. } => *complete = *state == RunState::Complete,
            _ => {}
        };
        let ended = if recorded.is_some() {
            session.engine().resume("r", &mut observer, &session.interrupt)
        } else {
            session.start_observed("r", &subject.pipeline, &json!({}), &mut observer)
        };
        drop(session);
        let wrong = runner.wrong.into_inner().unwrap().or(again);
        wrong.map_or(Ok(()), |what| Err(End::Wrong(what)))?;
        ended.map(|_| ()).map_err(End::failed)
    }

    /// What has come of the run, once a process has ended undisturbed. All that the record names must be whole.
    pub fn ending(&self) -> Result<Ending, String> {
        let dir = self.directory.path().to_owned();
        let artifacts = weft_artifacts::Store::open(self.artifacts()).map_err(told)?;
        let metadata = weft_metadata::Store::open(dir.join("metadata.db")).map_err(told)?;
        let place = Place::of(dir.clone(), artifacts, metadata);
        let run = place.metadata.run("r").ok();
        // The log of an attempt that failed before the power was cut, and was made again since, may be gone.
        for step in run.iter().flat_map(|run| &run.steps) {
            let artifacts = step.outputs.values().flat_map(PortValue::artifacts);
            for uri in artifacts.map(|artifact| &artifact.uri).chain(&step.log) {
                place.artifacts.verify(&uri.parse().unwrap()).map_err(told)?;
            }
        }
        let state = run.map(|run| run.summary.state);
        let steps = essence(&place, "r");
        drop(place);
        Ok(Ending { state, steps, rows: counts(&dir) })
    }
}

fn is_settled(state: TaskState) -> bool {
    matches!(state, TaskState::Complete | TaskState::Skipped)
}

/// How a process ends.
enum End {
    /// With an error, which is right if something happened to it.
    Failed(String),
    /// With what must never be.
    Wrong(String),
}

impl End {
    fn failed(error: impl std::error::Error) -> Self {
        Self::Failed(told(error))
    }
}

/// An error with its causes.
fn told(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Runs steps that read what they are given.
struct Careful<'a> {
    fake: Fake,
    place: &'a Place,
    wrong: Mutex<Option<String>>,
}

impl StepRunner for Careful<'_> {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        for (port, value) in &request.inputs {
            let PortValue::Artifacts(artifacts) = value else { continue };
            for artifact in artifacts {
                if let Err(error) = self.place.artifacts.verify(&artifact.uri.parse().unwrap()) {
                    let message = format!("`{port}` of {}: {}", request.task, told(error));
                    *self.wrong.lock().unwrap() = Some(message.clone());
                    let (kind, trace) = (FailureKind::Host, StepTrace::default());
                    return Err(Box::new(StepFailure { kind, message, hint: None, trace }));
                }
            }
        }
        self.fake.run(request, observer)
    }
}
