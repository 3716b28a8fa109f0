//! Random DAGs with failures, retries, skips, loops, nested DAGs, exit handlers and interruptions: the states must be
//! those of a simple model, for every interleaving.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use common::plans::*;
use common::*;
use proptest::prelude::*;
use weft_metadata::RunState;
use weft_pipeline::model::TaskState::{Complete, New, Skipped};

fn assert_settled(place: &Place, run: &str, results: &Results) -> Result<(), TestCaseError> {
    let steps = place.steps(run);
    for (path, (state, _)) in results {
        let recorded = steps.get(path).map_or(New, |step| step.state);
        prop_assert_eq!(recorded, *state, "{}", path);
    }
    prop_assert!(steps.keys().all(|path| results.contains_key(path)));
    prop_assert_eq!(place.metadata.run(run).unwrap().summary.state, run_state(results));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_dag_settles_as_its_tasks_say(plans in plans(2, 10), jobs in 1usize..5) {
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
        let reported: BTreeMap<_, _> = outcome.tasks.iter().map(|task| (task.task.as_str(), task.state)).collect();
        prop_assert_eq!(reported.len(), results.len());
        for (path, (state, count)) in &results {
            prop_assert_eq!(reported.get(path.as_str()), Some(state), "{}", path);
            prop_assert_eq!(attempts.get(path).copied().unwrap_or_default(), *count, "{}", path);
        }
        assert_settled(&place, "r", &results)?;
        // Reported again, it is the same.
        if outcome.state == RunState::Complete {
            let again = session.resume("r");
            let told = |outcome: &weft_engine::RunOutcome| -> Vec<_> {
                outcome.tasks.iter().map(|task| (task.task.clone(), task.state, task.outputs.clone())).collect()
            };
            prop_assert_eq!(told(&again), told(&outcome));
        }
    }

    #[test]
    fn stopped_anywhere_and_resumed_it_comes_out_the_same(
        plans in plans(2, 10),
        jobs in 1usize..4,
        stops in prop::collection::vec((1usize..30, any::<bool>()), 1..4),
    ) {
        // The runner counts attempts per process, so flaky steps are left out.
        let plans = lasting(plans, 0);
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
                    // Equivalent to being killed between two transactions, or interrupted there.
                    stop_here(crash);
                    session.interrupt.store(true, Ordering::Relaxed);
                }
            };
            let before: BTreeSet<String> = match place.metadata.run("r") {
                Ok(_) => place.steps("r").into_iter()
                    .filter(|(_, step)| matches!(step.state, Complete | Skipped))
                    .map(|(task, _)| task).collect(),
                Err(_) => BTreeSet::new(),
            };
            let ended = catch_unwind(AssertUnwindSafe(|| {
                if attempt == 0 {
                    session.start_observed("r", &demo, &serde_json::json!({}), &mut observer)
                } else {
                    session.engine().resume("r", &mut observer, &session.interrupt)
                }
            }));
            if let Ok(ended) = ended {
                ended.unwrap();
            }
            let again: Vec<_> = fake.attempts().into_keys().filter(|task| before.contains(task)).collect();
            prop_assert!(looks_at_failures(&plans) || again.is_empty(), "finished, and executed again: {again:?}");
        }
        prop_assert!(finished.iter().all(|task| place.steps("r").contains_key(task)));
        assert_settled(&place, "r", &results)?;
        prop_assert_eq!(essence(&place, "r"), essence(&undisturbed, "r"));
        if !looks_at_failures(&plans) {
            prop_assert_eq!(place.counts(), undisturbed.counts());
        }
        prop_assert!(place.fsck_clean());
    }
}
