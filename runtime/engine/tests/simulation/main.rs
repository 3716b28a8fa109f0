//! Crashes, simulated: engine, artifact store and metadata on one disk, of which any operation may be the last, may
//! fail, or may find the disk full, and which forgets what was not flushed when the power is cut. Whatever happens, the
//! run is resumed to the end of an undisturbed one; nothing of whose end somebody was told is lost or runs again.
//!
//! All is decided by a seed: one thread of the run is at work at a time. `tests/simulation.sh` tries many seeds, and
//! one that fails is printed with the least that still fails.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Mutex, MutexGuard, PoisonError};

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod sqlite;
mod world;

use common::plans::{Plan, at_once, plans};
use common::*;
use disk::{Fault, Kind};
use proptest::prelude::*;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::json;
use weft_pipeline::model::{Implementation, Importer};
use world::{Process, Subject, World};

/// How many crashes the test of random runs makes.
const CRASHES: &str = "WEFT_TEST_CRASHES";
const CRASHES_IN_TESTS: u64 = 500;
/// The first seed that it tries.
const SEED: &str = "WEFT_TEST_SEED";

/// The disk is the process's own, so that its tests take turns where they are not run in processes of their own.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// 20 steps: an import, two chains that meet, a retry, a skip, a loop of two, steps that may share a transaction and steps that may not.
fn twenty_steps() -> Subject {
    let import = Importer { source: literal(json!("data.csv")).from, kind: dataset_type(), properties: [].into() };
    let mut steps = vec![("import".to_owned(), other(Implementation::Import(import)))];
    for chain in 0..2 {
        for link in 0..6 {
            let step = match link {
                0 => step().input("data", input(dataset(), false), from_output("import", "artifact")),
                _ => step().reads(&format!("c{chain}-{}", link - 1)),
            };
            let step = if link % 2 == chain { step.granted() } else { step };
            steps.push((format!("c{chain}-{link}"), step.retry(2, std::time::Duration::ZERO)));
        }
    }
    steps.push(("skipped".to_owned(), step().when(r#"steps["c0-2"].n > 100"#)));
    steps.push(("join".to_owned(), step().reads("c0-5").reads("c1-5")));
    let items = items((0..2).map(|item| json!(item)));
    steps.push(("loop".to_owned(), other(Implementation::default()).each(items).after("c0-1")));
    let mut pipeline = pipeline(steps);
    let inside = named([("one", step().value(from_input("value"))), ("two", step().reads("one"))]);
    nest(&mut pipeline, "loop", inside, &[("data", "two", "out")]);
    let fake = || {
        let large = Behaviour { filler: 70_000, log: Some("large".to_owned()), ..Behaviour::default() };
        let flaky = Behaviour { failures: 1, ..Behaviour::default() };
        Fake::default().with("c0-3", large).with("c1-2", flaky)
    };
    Subject { pipeline, fake: Box::new(fake), looks_at_failures: false }
}

const UNDISTURBED: Process = Process { fault: None, clock: 0 };

/// Has one process come to harm at each of its operations, and the next resume the run to the end. If `WEFT_TEST_CRASHES` asks for
/// many, each operation meets every kind of harm, else every fourth one of them.
fn each_operation(subject: &Subject, place: fn() -> World) {
    let _alone = alone();
    let mut world = place();
    let (_, operations) = world.process(subject, UNDISTURBED).unwrap();
    let wanted = world.ending().unwrap();
    println!("{operations} operations");
    let all = number(CRASHES, CRASHES_IN_TESTS) > CRASHES_IN_TESTS;
    let (mut tried, mut harmed) = (0, 0);
    for at in 1..=operations {
        for (index, kind) in (0..).zip(Kind::ALL) {
            if !all && (at % 4 != 0 || at / 4 % 4 != index) {
                continue;
            }
            let fault = Fault { kind, at, luck: u64::from(at) };
            let mut world = place();
            let ended = (|| {
                let (happened, _) = world.process(subject, Process { fault: Some(fault), clock: 0 })?;
                world.process(subject, UNDISTURBED)?;
                let found = world.ending()?;
                found.difference(&wanted, kind == Kind::Kill).map_or(Ok(happened), Err)
            })();
            match ended {
                Ok(happened) => {
                    tried += 1;
                    harmed += u32::from(happened || kind == Kind::Full);
                }
                Err(what) => panic!("{fault:?}: {what}"),
            }
        }
    }
    // Where the machine stands still for a while, more or fewer steps share a transaction, and the last operations are not come to.
    assert!(harmed * 4 > tried * 3, "of {tried} processes only {harmed} came to harm");
}

#[test]
fn each_operation_of_a_run_may_be_the_one_that_goes_wrong() {
    each_operation(&twenty_steps(), World::new);
}

#[test]
fn each_operation_that_makes_a_store_may_be_the_one_that_goes_wrong() {
    let pipeline = pipeline(named([("only", step())]));
    each_operation(&Subject { pipeline, fake: Box::new(Fake::default), looks_at_failures: false }, World::empty);
}

/// A pipeline, and processes that run and resume it and come to harm. The process after them does not.
type Case = (Vec<Plan>, Vec<Process>);

fn cases() -> impl Strategy<Value = Case> {
    let kind = prop::sample::select(&Kind::ALL[..]);
    let at = prop_oneof![1u32..40, 1u32..400, 100u32..160];
    let fault = (kind, at, any::<u64>()).prop_map(|(kind, at, luck)| Fault { kind, at, luck });
    let clock = prop_oneof![3 => Just(0), 1 => -3_000_000_000i64..3_000_000_000];
    let process = (fault, clock).prop_map(|(fault, clock)| Process { fault: Some(fault), clock });
    (plans(2, 8).prop_map(at_once), prop::collection::vec(process, 1..40))
}

/// How often something happened in a case, or what is wrong.
fn run(plans: &[Plan], processes: &[Process]) -> Result<u64, String> {
    let subject = Subject::new(plans);
    let mut undisturbed = World::new();
    undisturbed.process(&subject, UNDISTURBED)?;
    let wanted = undisturbed.ending()?;
    let mut world = World::new();
    let mut crashes = 0;
    for process in processes {
        crashes += u64::from(world.process(&subject, *process)?.0);
    }
    world.process(&subject, UNDISTURBED)?;
    let killed = processes.iter().all(|process| process.fault.is_none_or(|fault| fault.kind == Kind::Kill));
    let mild = killed && !subject.looks_at_failures;
    world.ending()?.difference(&wanted, mild).map_or(Ok(crashes), Err)
}

#[test]
fn random_runs_survive_what_happens_to_them() {
    let _alone = alone();
    let (wanted, first) = (number(CRASHES, CRASHES_IN_TESTS), number(SEED, 1));
    let (mut crashes, mut seed) = (0, first);
    while crashes < wanted {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = Config { failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let case = cases().new_tree(&mut runner).unwrap();
        let made = std::cell::Cell::new(0);
        let ended = runner.run_one(case, |(plans, processes)| {
            made.set(run(&plans, &processes).map_err(TestCaseError::fail)?);
            Ok(())
        });
        match ended {
            Ok(_) => crashes += made.get(),
            Err(TestError::Fail(what, (plans, processes))) => {
                panic!("{SEED}={seed} {CRASHES}=1 fails, at the least with {plans:#?}\n{processes:#?}\n{what}")
            }
            Err(TestError::Abort(what)) => panic!("{what}"),
        }
        seed += 1;
    }
    println!("{crashes} crashes, seeds {first} to {}", seed - 1);
}
