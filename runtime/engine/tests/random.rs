//! Random DAGs with failures, flakes, skips and interruptions come out as their tasks say, whatever the interleaving.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::*;
use proptest::prelude::*;
use weft_metadata::RunState;
use weft_pipeline::model::Pipeline;
use weft_pipeline::model::TaskState::{self, Complete, Failed, New, Skipped};

/// A task of a random DAG; it refers to earlier ones by number.
#[derive(Debug, Clone)]
struct Plan {
    reads: Vec<Read>,
    after: Option<usize>,
    /// The task whose `n` is asked for, and whether the condition then holds.
    when: Option<(usize, bool)>,
    failures: u32,
    retries: u32,
    absent: bool,
    micros: u64,
}

#[derive(Debug, Clone)]
struct Read {
    task: usize,
    optional: bool,
    /// Reads the output that may be absent.
    maybe: bool,
}

fn plan(number: usize) -> BoxedStrategy<Plan> {
    let earlier = 0..number.max(1);
    let read = (earlier.clone(), any::<bool>(), prop::bool::weighted(0.3)).prop_map(|(task, optional, maybe)| Read {
        task,
        optional,
        maybe,
    });
    let some = |chance: f64| match number {
        0 => Just(None).boxed(),
        _ => prop::option::weighted(chance, earlier.clone()).boxed(),
    };
    let reads = prop::collection::vec(read, if number == 0 { 0..1 } else { 0..4 });
    let when = (some(0.25), prop::bool::weighted(0.7)).prop_map(|(on, holds)| on.map(|on| (on, holds)));
    let failures = prop_oneof![6 => Just((0, 0)), 1 => Just((1, 0)), 1 => Just((1, 2)), 1 => Just((3, 2))];
    (reads, some(0.2), when, failures, prop::bool::weighted(0.3), 0u64..300)
        .prop_map(|(reads, after, when, (failures, retries), absent, micros)| Plan {
            reads,
            after,
            when,
            failures,
            retries,
            absent,
            micros,
        })
        .boxed()
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    (1usize..14).prop_flat_map(|tasks| (0..tasks).map(plan).collect::<Vec<_>>())
}

fn name(number: usize) -> String {
    format!("t{number}")
}

fn build(plans: &[Plan]) -> Pipeline {
    // Written last to first: the order in the file means nothing.
    pipeline(plans.iter().enumerate().rev().map(|(number, plan)| {
        let mut step = step().retry(plan.retries, Duration::from_micros(plan.micros));
        for (index, read) in plan.reads.iter().enumerate() {
            let wire = from_output(&name(read.task), if read.maybe { "maybe" } else { "out" });
            step = step.input(&format!("in{index}"), input(dataset(), read.optional), wire);
        }
        if let Some(after) = plan.after {
            step = step.after(&name(after));
        }
        if let Some((on, holds)) = plan.when {
            step = step.when(&format!("{}.n {} 0", name(on), if holds { ">=" } else { "<" }));
        }
        (name(number), step)
    }))
}

fn runner(place: &Place, plans: &[Plan]) -> Fake {
    let mut fake = Fake::new(place);
    for (number, plan) in plans.iter().enumerate() {
        let takes = Duration::from_micros(plan.micros);
        fake = fake.with(
            &name(number),
            Behaviour { failures: plan.failures, absent: plan.absent, takes, ..Behaviour::default() },
        );
    }
    fake
}

/// What each task must come to, and after how many attempts: found by plain recursion over the order of numbers.
fn expected(plans: &[Plan]) -> Vec<(TaskState, u32)> {
    let mut results: Vec<(TaskState, u32)> = Vec::new();
    for plan in plans {
        let state = |on: usize| results[on].0;
        let mut on: Vec<usize> = plan.reads.iter().map(|read| read.task).collect();
        on.extend(plan.after);
        on.extend(plan.when.map(|(on, _)| on));
        let comes_to_nothing =
            |read: &Read| !read.optional && (state(read.task) == Skipped || (read.maybe && plans[read.task].absent));
        let result = if on.iter().any(|on| matches!(state(*on), Failed | New)) {
            (New, 0)
        } else if plan.after.is_some_and(|on| state(on) == Skipped) {
            (Skipped, 0)
        } else if plan.when.is_some_and(|(on, _)| state(on) == Skipped) {
            (Failed, 0)
        } else if plan.when.is_some_and(|(_, holds)| !holds) || plan.reads.iter().any(comes_to_nothing) {
            (Skipped, 0)
        } else if plan.failures > plan.retries {
            (Failed, plan.retries + 1)
        } else {
            (Complete, plan.failures + 1)
        };
        results.push(result);
    }
    results
}

/// The tasks that must have succeeded before each step is called: those that it reads unless it can do without.
fn dependencies(plans: &[Plan], results: &[(TaskState, u32)]) -> BTreeMap<String, BTreeSet<String>> {
    let complete = |on: &usize| results[*on].0 == Complete;
    let all = plans.iter().enumerate().map(|(number, plan)| {
        let on = plan.reads.iter().map(|read| read.task).chain(plan.after).chain(plan.when.map(|(on, _)| on));
        (name(number), on.filter(complete).map(name).collect())
    });
    all.collect()
}

fn run_state(results: &[(TaskState, u32)]) -> RunState {
    let failed = results.iter().any(|(state, _)| *state == Failed);
    if failed { RunState::Failed } else { RunState::Complete }
}

fn assert_settled(place: &Place, run: &str, results: &[(TaskState, u32)]) -> Result<(), TestCaseError> {
    let steps = place.steps(run);
    for (number, (state, _)) in results.iter().enumerate() {
        let recorded = steps.get(&name(number)).map_or(New, |step| step.state);
        prop_assert_eq!(recorded, *state, "t{}", number);
    }
    prop_assert_eq!(place.metadata.run(run).unwrap().summary.state, run_state(results));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_dag_settles_as_its_tasks_say(plans in plans(), jobs in 1usize..5) {
        let place = Place::new();
        let results = expected(&plans);
        let mut fake = runner(&place, &plans);
        fake.dependencies = dependencies(&plans, &results).into_iter().collect();
        let mut session = place.session(&fake, jobs);
        session.cache = false;
        let outcome = session.start("r", &build(&plans), &serde_json::json!({}));
        prop_assert_eq!(fake.early.lock().unwrap().clone(), Vec::<String>::new());
        prop_assert!(fake.most_at_work.load(Ordering::SeqCst) <= jobs);
        let attempts = fake.attempts();
        for (number, (state, count)) in results.iter().enumerate() {
            prop_assert_eq!(report(&outcome, &name(number)).state, *state, "t{}", number);
            prop_assert_eq!(attempts.get(&name(number)).copied().unwrap_or_default(), *count, "t{}", number);
        }
        assert_settled(&place, "r", &results)?;
    }

    #[test]
    fn stopped_anywhere_and_resumed_it_comes_out_the_same(
        plans in plans(),
        jobs in 1usize..4,
        stops in prop::collection::vec((1usize..20, any::<bool>()), 1..4),
    ) {
        // Flakes count their attempts in the runner, not over processes: leave them out.
        let plans: Vec<_> = plans.into_iter().map(|plan| Plan {
            failures: if plan.failures > plan.retries { 99 } else { 0 }, retries: 0, ..plan
        }).collect();
        let results = expected(&plans);
        let demo = build(&plans);
        let undisturbed = Place::new();
        let fake = runner(&undisturbed, &plans);
        let mut session = undisturbed.session(&fake, jobs);
        session.cache = false;
        session.start("r", &demo, &serde_json::json!({}));

        let place = Place::new();
        let mut finished = BTreeSet::new();
        for (attempt, (events, crash)) in stops.into_iter().map(Some).chain([None]).enumerate()
            .map(|(attempt, stop)| (attempt, stop.unwrap_or((usize::MAX, false))))
        {
            let fake = runner(&place, &plans);
            let mut session = place.session(&fake, jobs);
            session.cache = false;
            let mut seen = 0;
            let mut observer = |event: &weft_engine::Event| {
                seen += 1;
                if let weft_engine::Event::TaskFinished(report) = event
                    && matches!(report.state, Complete | Skipped)
                {
                    finished.insert(report.task.clone());
                }
                if seen >= events {
                    // As good as killed between two transactions, or interrupted there.
                    assert!(!crash, "stop here");
                    session.interrupt.store(true, Ordering::Relaxed);
                }
            };
            let before: BTreeSet<String> = match place.metadata.run("r") {
                Ok(_) => place.steps("r").into_iter()
                    .filter(|(_, step)| matches!(step.state, Complete | Skipped))
                    .map(|(task, _)| task).collect(),
                Err(_) => BTreeSet::new(),
            };
            let hook = std::panic::take_hook();
            std::panic::set_hook(Box::new(|_| ()));
            let ended = catch_unwind(AssertUnwindSafe(|| {
                if attempt == 0 {
                    session.start_observed("r", &demo, &serde_json::json!({}), &mut observer)
                } else {
                    session.engine().resume("r", &mut observer, &session.interrupt)
                }
            }));
            std::panic::set_hook(hook);
            if let Ok(ended) = ended {
                ended.unwrap();
            }
            let again: Vec<_> = fake.attempts().into_keys().filter(|task| before.contains(task)).collect();
            prop_assert_eq!(again, Vec::<String>::new(), "recorded as finished, and executed again");
        }
        prop_assert!(finished.iter().all(|task| place.steps("r").contains_key(task)));
        assert_settled(&place, "r", &results)?;
        prop_assert_eq!(essence(&place, "r"), essence(&undisturbed, "r"));
        prop_assert_eq!(place.counts(), undisturbed.counts());
        prop_assert!(place.fsck_clean());
    }
}
