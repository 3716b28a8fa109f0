//! Steps are handed out, taken back and handed out again, with workers that are threads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;
use weft_artifacts::Store;
use weft_engine::StepRunner;
use weft_pipeline::step::{
    ComponentRef, FailureKind, Grants, HOST_PYTHON, Limits, LogLevel, PortValue, PortValues, SilentObserver,
    StepFailure, StepObserver, StepOutput, StepRequest, StepTrace,
};
use weft_workers::{Cluster, Error, Pilot, PilotState, RemoteOptions, RemoteRunner, Spool, WorkerOptions, work};

/// What a worker does that is started.
#[derive(Clone, Copy, PartialEq)]
enum Behaviour {
    /// Works.
    Works,
    /// Claims a batch, and is gone.
    Deserts,
    /// Works, and is told to end soon after it began, as by an engine whose time for it is over.
    IsStopped,
    /// Is gone before it begins.
    Fails,
}

/// An engine of threads.
struct Threads {
    spool: PathBuf,
    artifacts: Store,
    /// What the workers do, one after the other; all others work.
    behaviours: Vec<Behaviour>,
    workers: BTreeMap<String, JoinHandle<()>>,
    started: Arc<AtomicU32>,
}

impl Cluster for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn submit(&mut self, pilot: &Pilot) -> Result<String, Error> {
        let (spool, artifacts, worker) = (self.spool.clone(), self.artifacts.clone(), pilot.worker.clone());
        let at = self.started.fetch_add(1, Ordering::Relaxed) as usize;
        let behaviour = self.behaviours.get(at).copied().unwrap_or(Behaviour::Works);
        let thread = thread::spawn(move || match behaviour {
            Behaviour::Works => {
                work(spool, &worker, &Doubles, &artifacts, WorkerOptions::default(), &AtomicBool::new(false)).unwrap();
            }
            Behaviour::IsStopped => {
                let stop = AtomicBool::new(false);
                thread::scope(|scope| {
                    scope.spawn(|| {
                        thread::sleep(Duration::from_millis(300));
                        stop.store(true, Ordering::Relaxed);
                    });
                    work(spool, &worker, &Doubles, &artifacts, WorkerOptions::default(), &stop).unwrap();
                });
            }
            Behaviour::Deserts => {
                let spool = Spool::enlist(spool, &worker).unwrap().unwrap();
                while spool.wants(&worker) && spool.claim(&worker).unwrap().is_none() {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            Behaviour::Fails => {}
        });
        self.workers.insert(pilot.worker.clone(), thread);
        Ok(pilot.worker.clone())
    }

    fn states(&mut self) -> Result<BTreeMap<String, PilotState>, Error> {
        let there = self.workers.iter().filter(|(_, thread)| !thread.is_finished());
        Ok(there.map(|(worker, _)| (worker.clone(), PilotState::Running)).collect())
    }

    fn end_of(&mut self, _: &str) -> Option<String> {
        Some("it ended".to_owned())
    }

    fn cancel(&mut self, _: &[String]) {}

    fn cancel_all(&mut self) {
        for (_, thread) in std::mem::take(&mut self.workers) {
            thread.join().unwrap();
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(20)
    }
}

/// Doubles its input `n`, and says so. Fails for 13, and takes forever for 0.
struct Doubles;

impl StepRunner for Doubles {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        let Some(PortValue::Parameter(n)) = request.inputs.get("n") else { panic!("no input") };
        let n = n.as_i64().unwrap();
        observer.log(&request.task, LogLevel::Info, &format!("doubling {n}"));
        assert!(request.limits.memory.is_some(), "a worker has no defaults of the scheduler");
        let trace =
            StepTrace { log: format!("{n}\n").into_bytes(), peak_memory: 5, duration: Duration::from_micros(9) };
        if n == 0 {
            while !observer.interrupted() {
                thread::sleep(Duration::from_millis(1));
            }
            let message = "stopped".to_owned();
            return Err(Box::new(StepFailure { kind: FailureKind::Interrupted, message, hint: None, trace }));
        }
        if n == 13 {
            let message = "unlucky".to_owned();
            return Err(Box::new(StepFailure { kind: FailureKind::Returned, message, hint: None, trace }));
        }
        let outputs = PortValues::from([("twice".to_owned(), PortValue::Parameter(json!(2 * n)))]);
        Ok(StepOutput { outputs, trace, ..StepOutput::default() })
    }
}

/// The runner for what stays with the scheduler.
struct Here;

impl StepRunner for Here {
    fn run(&self, _: &StepRequest, _: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        Ok(StepOutput { warnings: vec!["here".to_owned()], ..StepOutput::default() })
    }
}

fn request(n: i64) -> StepRequest {
    StepRequest {
        task: format!("each[{n}]"),
        component: ComponentRef { digest: "blake3:00".to_owned(), function: "double".to_owned() },
        command: None,
        inputs: PortValues::from([("n".to_owned(), PortValue::Parameter(json!(n)))]),
        grants: Grants::default(),
        limits: Limits::default(),
        strict: false,
        identity: [0; 32],
    }
}

/// Runs a test with a runner on threads. Gives the number of workers that were started.
fn with(behaviours: &[Behaviour], workers: usize, test: impl FnOnce(&RemoteRunner<'_>)) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = Store::open(folder.path().join("artifacts")).unwrap();
    let spool = folder.path().join("engine/run");
    let started = Arc::new(AtomicU32::new(0));
    let cluster = Box::new(Threads {
        spool: spool.clone(),
        artifacts: artifacts.clone(),
        behaviours: behaviours.to_vec(),
        workers: BTreeMap::new(),
        started: Arc::clone(&started),
    });
    let options = RemoteOptions {
        cluster,
        workers: NonZeroUsize::new(workers).unwrap(),
        spool: spool.clone(),
        program: PathBuf::from("weft"),
        arguments: Vec::new(),
        limits: Limits { memory: Some(1), time: None, output: None },
        local_jobs: NonZeroUsize::MIN,
    };
    let runner = RemoteRunner::new(options, &Here, artifacts);
    test(&runner);
    drop(runner);
    assert!(!spool.exists(), "the spool is left");
    started.load(Ordering::Relaxed)
}

fn twice(output: &StepOutput) -> i64 {
    let Some(PortValue::Parameter(value)) = output.outputs.get("twice") else { panic!("no output: {output:?}") };
    value.as_i64().unwrap()
}

/// Runs many steps at the same time.
fn run_all(runner: &RemoteRunner<'_>, steps: std::ops::Range<i64>) {
    thread::scope(|scope| {
        for n in steps {
            scope.spawn(move || assert_eq!(twice(&runner.run(&request(n), &SilentObserver).unwrap()), 2 * n));
        }
    });
}

#[test]
fn many_steps_come_back_each_with_its_own_result() {
    let started = with(&[], 3, |runner| run_all(runner, 100..400));
    assert!((1..=3).contains(&started), "{started} workers");
}

#[test]
fn failures_logs_and_messages_come_back() {
    #[derive(Default)]
    struct Hears(Mutex<Vec<String>>);
    impl StepObserver for Hears {
        fn log(&self, task: &str, _: LogLevel, message: &str) {
            self.0.lock().unwrap().push(format!("{task}: {message}"));
        }
        fn progress(&self, _: &str, _: u64, _: u64) {}
        fn interrupted(&self) -> bool {
            false
        }
    }
    with(&[], 1, |runner| {
        let hears = Hears::default();
        let failure = runner.run(&request(13), &hears).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Returned, "unlucky"));
        assert_eq!((failure.trace.log.as_slice(), failure.trace.peak_memory), (&b"13\n"[..], 5));
        assert_eq!(*hears.0.lock().unwrap(), ["each[13]: doubling 13"]);
    });
}

#[test]
fn what_lost_workers_had_is_done_by_others() {
    use Behaviour::{Deserts, Works};
    let started = with(&[Deserts, Works, Deserts, Deserts, Works, Deserts], 3, |runner| run_all(runner, 20..60));
    assert!(started >= 3, "{started} workers");
}

#[test]
fn a_step_that_costs_worker_after_worker_fails() {
    let started = with(&[Behaviour::Deserts; 9], 1, |runner| {
        let failure = runner.run(&request(1), &SilentObserver).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Host);
        assert_eq!(failure.message, "5 workers were lost one after the other while they had it");
        assert!(failure.hint.is_some());
    });
    // Whoever came for the fifth had nothing to do.
    assert!((5..=6).contains(&started), "{started} workers");
}

#[test]
fn a_step_that_outlives_worker_after_worker_fails_and_its_neighbours_do_not() {
    with(&[Behaviour::IsStopped; 50], 1, |runner| {
        thread::scope(|scope| {
            let endless = scope.spawn(|| runner.run(&request(0), &SilentObserver).unwrap_err());
            run_all(runner, 20..30);
            assert_eq!(endless.join().unwrap().message, "5 workers were lost one after the other while they had it");
        });
    });
}

#[test]
fn workers_that_never_begin_end_the_run_with_the_cause() {
    let started = with(&[Behaviour::Fails; 9], 1, |runner| {
        let failure = runner.run(&request(1), &SilentObserver).unwrap_err();
        assert_eq!(failure.message, "no worker of threads begins; the last ended with: it ended");
        // So does what comes later.
        assert_eq!(runner.run(&request(2), &SilentObserver).unwrap_err().message, failure.message);
    });
    assert_eq!(started, 3);
}

#[test]
fn an_interrupted_run_does_not_wait_for_its_workers() {
    struct Stops;
    impl StepObserver for Stops {
        fn log(&self, _: &str, _: LogLevel, _: &str) {}
        fn progress(&self, _: &str, _: u64, _: u64) {}
        fn interrupted(&self) -> bool {
            true
        }
    }
    with(&[Behaviour::Deserts; 5], 1, |runner| {
        let begun = Instant::now();
        assert_eq!(runner.run(&request(1), &Stops).unwrap_err().kind, FailureKind::Interrupted);
        assert!(begun.elapsed() < Duration::from_secs(10));
        // The deserter ends once it has something to desert with.
        _ = runner.run(&request(2), &SilentObserver);
    });
}

#[test]
fn what_must_not_leave_stays() {
    let started = with(&[], 1, |runner| {
        let mut kept = Vec::new();
        let mut with_env = request(1);
        with_env.grants.env = vec!["TOKEN".to_owned()];
        kept.push(with_env);
        let mut with_secret = request(1);
        with_secret.grants.secrets = serde_json::from_value(json!({ "TOKEN": { "name": "t", "key": "k" } })).unwrap();
        kept.push(with_secret);
        let mut writes = request(1);
        writes.grants.directories =
            serde_json::from_value(json!({ "/d": { "host": "/data", "write": true } })).unwrap();
        kept.push(writes);
        let mut python = request(1);
        python.component.digest = format!("{HOST_PYTHON}3.11");
        kept.push(python);
        for request in kept {
            assert_eq!(runner.run(&request, &SilentObserver).unwrap().warnings, ["here"]);
        }
    });
    assert_eq!(started, 0, "nothing was to be handed out");
}

#[test]
fn a_batch_is_claimed_once_and_a_worker_begins_once() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::create(folder.path().join("s")).unwrap();
    spool.invite("a").unwrap();
    spool.invite("b").unwrap();
    let enlist = |name: &str| Spool::enlist(folder.path().join("s"), name).unwrap();
    let (a, b) = (enlist("a").unwrap(), enlist("b").unwrap());
    assert!(enlist("a").is_none(), "a second start of the same worker");
    assert!(enlist("stranger").is_none());
    for number in 0..200 {
        let steps = vec![weft_workers::Offer { id: number, request: std::borrow::Cow::Owned(request(1)) }];
        spool.offer(number, &weft_workers::Batch { format: weft_workers::FORMAT, steps }).unwrap();
    }
    let claim = |spool: &Spool, name: &str| {
        let mut claimed = BTreeSet::new();
        while let Some((number, batch)) = spool.claim(name).unwrap() {
            assert_eq!(batch.steps[0].id, number);
            claimed.insert(number);
        }
        claimed
    };
    let (by_a, by_b) = thread::scope(|scope| {
        let (a, b) = (scope.spawn(|| claim(&a, "a")), scope.spawn(|| claim(&b, "b")));
        (a.join().unwrap(), b.join().unwrap())
    });
    assert!(by_a.is_disjoint(&by_b));
    assert_eq!(by_a.len() + by_b.len(), 200);
    assert_eq!(spool.claims().unwrap().len(), 200);
    spool.settle(*by_a.iter().chain(&by_b).next().unwrap(), if by_a.is_empty() { "b" } else { "a" });
    assert_eq!(spool.claims().unwrap().len(), 199);
    spool.dismiss("a");
    assert!(!a.wants("a") && b.wants("b"));
}
