//! Whole runs, with a runner of plain functions.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::*;
use serde_json::json;
use weft_engine::{Error, Event};
use weft_metadata::{ExecutionKind, RunState};
use weft_pipeline::model::TaskState::{Cached, Canceled, Complete, Failed, New, Skipped};
use weft_pipeline::model::{Binding, Implementation, Importer, Latest};
use weft_pipeline::step::{FailureKind, PortValue};
use weft_pipeline::types::ParameterType;

#[test]
fn data_flows_along_the_wires() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let mut demo = pipeline(named([
        ("a", step().input("rate", input(parameter(ParameterType::F64), false), from_input("rate"))),
        ("b", step().reads("a").literal("seed", json!(7))),
        ("c", step().reads("a").reads("b")),
    ]));
    demo.root.inputs.insert("rate".to_owned(), input(parameter(ParameterType::F64), false));
    if let Implementation::Dag(dag) = &mut demo.root.implementation {
        dag.outputs.insert("best".to_owned(), from_output("c", "out").from);
        dag.outputs.insert("count".to_owned(), from_output("c", "n").from);
        dag.outputs.insert("rate".to_owned(), from_input("rate").from);
    }
    let mut events = Vec::new();
    let session = place.session(&fake, 2);
    let outcome =
        session.start_observed("r1", &demo, &json!({"rate": 0.5}), &mut |event| events.push(event.clone())).unwrap();
    assert_eq!(outcome.state, RunState::Complete);
    assert!(outcome.tasks.iter().all(|task| task.state == Complete && task.attempts == 1));
    assert_eq!(outcome.outputs["count"], PortValue::Parameter(json!(2)));
    assert_eq!(outcome.outputs["rate"], PortValue::Parameter(json!(0.5)));
    assert_eq!(outcome.outputs["best"], report(&outcome, "c").outputs["out"]);

    let record = place.metadata.run("r1").unwrap();
    assert_eq!(record.summary.state, RunState::Complete);
    assert_eq!(record.outputs, outcome.outputs);
    let steps = place.steps("r1");
    // The input is the recorded row of the output.
    assert_eq!(steps["b"].inputs["from-a"], steps["a"].outputs["out"]);
    assert_eq!(steps["b"].inputs["seed"], PortValue::Parameter(json!(7)));
    assert!(steps["b"].component.is_some() && steps["b"].identity.is_some());

    let Event::RunStarted { tasks, finished: 0, .. } = &events[0] else { panic!("{:?}", events[0]) };
    assert_eq!(tasks, &["a", "b", "c"]);
    assert!(matches!(events.last(), Some(Event::RunFinished { state: RunState::Complete, .. })));
    let finished = |name: &str| {
        events.iter().position(|event| matches!(event, Event::TaskFinished(report) if report.task == name)).unwrap()
    };
    let started = |name: &str| {
        events.iter().position(|event| matches!(event, Event::TaskStarted { task, .. } if task == name)).unwrap()
    };
    assert!(started("a") < finished("a") && finished("a") < started("b") && finished("b") < started("c"));
    assert!(!place.locks().join("r1.lock").exists());
}

#[test]
fn independent_steps_run_at_the_same_time() {
    let place = Place::new();
    for (run, jobs) in [("wide", 4), ("narrow", 2)] {
        let mut fake = Fake::new(&place);
        for name in ["a", "b", "c", "d"] {
            fake = fake.with(name, Behaviour { company: jobs, ..Behaviour::default() });
        }
        let mut session = place.session(&fake, jobs);
        session.cache = false;
        let steps = named([("a", step()), ("b", step()), ("c", step()), ("d", step())]);
        session.start(run, &pipeline(steps), &json!({}));
        assert_eq!(fake.most_at_work.load(Ordering::SeqCst), jobs);
    }
}

#[test]
fn a_failure_stops_what_depends_on_it_and_nothing_else() {
    let place = Place::new();
    let broken = Behaviour { failures: 9, log: Some("oh no".to_owned()), ..Behaviour::default() };
    let fake = Fake::new(&place).with("a", broken);
    let demo = pipeline(named([
        ("a", step()),
        ("b", step().reads("a")),
        ("c", step().after("b")),
        ("d", step()),
        ("e", step().reads("d")),
    ]));
    let outcome = place.session(&fake, 2).start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Failed);
    assert_eq!(states(&outcome), [("a", Failed), ("b", New), ("c", New), ("d", Complete), ("e", Complete)].into());
    let failed = report(&outcome, "a");
    assert_eq!((failed.message.as_deref(), failed.hint.as_deref()), (Some("it went wrong"), Some("mend it")));
    assert_eq!(report(&outcome, "c").message.as_deref(), Some("not run: `a` failed"));
    assert_eq!(place.steps("r").into_keys().collect::<Vec<_>>(), ["a", "d", "e"]);
    assert_eq!(place.metadata.run("r").unwrap().summary.error.as_deref(), Some("`a`: it went wrong"));

    // Its log is kept.
    let log = place.steps("r")["a"].log.clone().unwrap();
    assert_eq!(failed.log.as_ref(), Some(&log));
    assert_eq!(place.artifacts.size(&log.parse().unwrap()).unwrap(), 6);

    // After the cause is fixed, the rest is executed, and nothing else.
    let mended = Fake::new(&place);
    let outcome = place.session(&mended, 2).resume("r");
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!(mended.attempts().into_keys().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(place.steps("r")["a"].error, None);
}

#[test]
fn equal_steps_are_taken_from_the_cache() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let demo = |seed| {
        pipeline(named([
            ("a", step()),
            ("b", step().reads("a").literal("seed", json!(seed))),
            ("c", step().reads("b")),
            ("d", step().reads("a").uncached()),
            ("e", step().reads("a")),
        ]))
    };
    let session = place.session(&fake, 2);
    session.start("one", &demo(1), &json!({}));
    assert_eq!(fake.total(), 5);
    let two = session.start("two", &demo(1), &json!({}));
    assert_eq!(fake.total(), 6, "only the uncached one");
    assert_eq!(states(&two), [("a", Cached), ("b", Cached), ("c", Cached), ("d", Complete), ("e", Cached)].into());
    let (one, two) = (place.steps("one"), place.steps("two"));
    assert_eq!(one["c"].outputs, two["c"].outputs);
    assert_eq!(two["c"].cached_from, Some(one["c"].execution));

    // A changed parameter re-runs the steps that depend on it.
    let three = session.start("three", &demo(2), &json!({}));
    assert_eq!(
        states(&three),
        [("a", Cached), ("b", Complete), ("c", Complete), ("d", Complete), ("e", Cached)].into()
    );

    // Content that was removed is produced again.
    let uri = match &one["a"].outputs["out"] {
        PortValue::Artifacts(artifacts) => artifacts[0].uri.clone(),
        PortValue::Parameter(_) => unreachable!(),
    };
    let hex = uri.strip_prefix("blake3:").unwrap();
    std::fs::remove_file(place.dir.join("artifacts/blobs").join(&hex[..2]).join(hex)).unwrap();
    let four = session.start("four", &demo(2), &json!({}));
    assert_eq!(report(&four, "a").state, Complete);
    assert_eq!(report(&four, "b").state, Cached, "its input is the same as before");
    assert!(place.fsck_clean());

    let mut fresh = place.session(&fake, 2);
    fresh.cache = false;
    let five = fresh.start("five", &demo(2), &json!({}));
    assert!(five.tasks.iter().all(|task| task.state == Complete));
}

#[test]
fn a_step_with_grants_is_executed_each_time() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let demo = || {
        let mut granted = step();
        granted.task.grants.clock = true;
        pipeline(named([("a", granted)]))
    };
    let session = place.session(&fake, 1);
    session.start("one", &demo(), &json!({}));
    assert_eq!(report(&session.start("two", &demo(), &json!({})), "a").state, Complete);
    assert!(place.steps("two")["a"].grants.clock);
}

#[test]
fn conditions_and_absent_outputs_skip() {
    let place = Place::new();
    let fake = Fake::new(&place).with("a", Behaviour { absent: true, ..Behaviour::default() });
    let optional = |task, output| step().input("x", input(dataset(), true), from_output(task, output));
    let required = |task, output| step().input("x", input(dataset(), false), from_output(task, output));
    let mut demo = pipeline(named([
        ("a", step().literal("one", json!(1))),
        ("yes", step().when("a.n == 1 && params.go")),
        ("no", step().when("a.n > 1")),
        ("needs-no", required("no", "out")),
        ("takes-no", optional("no", "out")),
        ("after-no", step().after("no")),
        ("needs-maybe", required("a", "maybe")),
        ("takes-maybe", optional("a", "maybe")),
        ("guarded", step().when("has(no.n) ? false : true")),
        ("careless", step().when("no.n > 1")),
        ("after-careless", step().after("careless")),
    ]));
    let mut go = input(parameter(ParameterType::Bool), false);
    go.default = Some(json!(true));
    demo.root.inputs.insert("go".to_owned(), go);
    let outcome = place.session(&fake, 2).start("r", &demo, &json!({}));
    let expected = [
        ("a", Complete),
        ("yes", Complete),
        ("no", Skipped),
        ("needs-no", Skipped),
        ("takes-no", Complete),
        ("after-no", Skipped),
        ("needs-maybe", Skipped),
        ("takes-maybe", Complete),
        ("guarded", Complete),
        ("careless", Failed),
        ("after-careless", New),
    ];
    assert_eq!(states(&outcome), expected.into());
    let message = |task| report(&outcome, task).message.clone().unwrap();
    assert_eq!(message("no"), "its condition does not hold: a.n > 1");
    assert_eq!(message("needs-no"), "its input `x` comes from `no`, which was skipped");
    assert_eq!(message("needs-maybe"), "its input `x` comes from the output `maybe` of `a`, which was absent");
    assert_eq!(message("after-no"), "it comes after `no`, which was skipped");
    assert!(message("careless").contains("`no.n`"), "{}", message("careless"));
    assert!(report(&outcome, "careless").hint.as_ref().unwrap().contains("has(no.n)"));
    let steps = place.steps("r");
    assert_eq!(steps["no"].skipped.as_deref(), Some("its condition does not hold: a.n > 1"));
    assert!(steps["takes-no"].inputs.is_empty());
    assert!(!steps.contains_key("after-careless"));
}

#[test]
fn failures_are_tried_again_after_a_pause() {
    let place = Place::new();
    let flaky = Behaviour { failures: 2, kind: Some(FailureKind::Trapped), ..Behaviour::default() };
    let hopeless = Behaviour { failures: 9, ..Behaviour::default() };
    let fake = Fake::new(&place).with("flaky", flaky).with("hopeless", hopeless);
    let demo = pipeline(named([
        ("flaky", step().retry(3, Duration::from_millis(60))),
        ("hopeless", step().retry(2, Duration::ZERO)),
        ("other", step()),
    ]));
    let mut events = Vec::new();
    let began = Instant::now();
    let outcome = place
        .session(&fake, 1)
        .start_observed("r", &demo, &json!({}), &mut |event| events.push(event.clone()))
        .unwrap();
    assert!(began.elapsed() >= Duration::from_millis(60 + 120));
    assert_eq!(fake.attempts(), [("flaky".into(), 3), ("hopeless".into(), 3), ("other".into(), 1)].into());
    let flaky = report(&outcome, "flaky");
    assert_eq!((flaky.state, flaky.attempts), (Complete, 3));
    assert_eq!(report(&outcome, "hopeless").attempts, 3);
    assert_eq!((place.steps("r")["flaky"].attempts, place.steps("r")["hopeless"].attempts), (3, 3));
    assert!(events.iter().any(|event| {
        matches!(event, Event::TaskRetry { task, attempt: 2, pause, .. }
            if task == "flaky" && *pause == Duration::from_millis(120))
    }));
}

#[test]
fn a_pause_holds_no_worker() {
    let place = Place::new();
    let fake = Fake::new(&place).with("flaky", Behaviour { failures: 1, ..Behaviour::default() });
    let demo = pipeline(named([("flaky", step().retry(1, Duration::from_mins(10))), ("other", step())]));
    let session = place.session(&fake, 1);
    let outcome = session
        .start_observed("r", &demo, &json!({}), &mut |event| {
            if matches!(event, Event::TaskFinished(report) if report.task == "other") {
                session.interrupt.store(true, Ordering::Relaxed);
            }
        })
        .unwrap();
    assert_eq!(states(&outcome), [("flaky", Canceled), ("other", Complete)].into());
    assert_eq!(fake.attempts(), [("flaky".into(), 1), ("other".into(), 1)].into());
}

#[test]
fn an_interrupted_run_ends_soon_and_can_be_resumed() {
    let place = Place::new();
    let fake = Fake::new(&place)
        .with("long", Behaviour { takes: Duration::from_mins(10), ..Behaviour::default() })
        .with("flaky", Behaviour { failures: 1, ..Behaviour::default() });
    let demo = pipeline(named([
        ("quick", step()),
        ("long", step().reads("quick")),
        ("flaky", step().retry(1, Duration::from_mins(10))),
        ("next", step().reads("long")),
    ]));
    let session = place.session(&fake, 3);
    let began = Instant::now();
    let outcome = session
        .start_observed("r", &demo, &json!({}), &mut |event| {
            if matches!(event, Event::TaskStarted { task, .. } if task == "long") {
                session.interrupt.store(true, Ordering::Relaxed);
            }
        })
        .unwrap();
    assert!(began.elapsed() < Duration::from_mins(1));
    assert_eq!(outcome.state, RunState::Canceled);
    let expected = [("quick", Complete), ("long", Canceled), ("flaky", Canceled), ("next", New)];
    assert_eq!(states(&outcome), expected.into());
    assert_eq!(place.metadata.run("r").unwrap().summary.state, RunState::Canceled);
    assert!(place.locks().join("r.lock").exists());

    let swift = Fake::new(&place);
    let outcome = place.session(&swift, 3).resume("r");
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!(swift.attempts().into_keys().collect::<Vec<_>>(), ["flaky", "long", "next"]);

    // Resuming a complete run reports its result and executes nothing.
    let idle = Fake::new(&place);
    let again = place.session(&idle, 3).resume("r");
    assert_eq!((idle.total(), again.state), (0, RunState::Complete));
    let told = |outcome: &weft_engine::RunOutcome| {
        outcome.tasks.iter().map(|task| (task.task.clone(), task.state, task.outputs.clone())).collect::<Vec<_>>()
    };
    assert_eq!(told(&again), told(&outcome));
}

#[test]
fn a_run_at_work_cannot_be_resumed_elsewhere() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let demo = pipeline(named([("a", step())]));
    let session = place.session(&fake, 1);
    session
        .start_observed("r", &demo, &json!({}), &mut |event| {
            if matches!(event, Event::TaskStarted { .. }) {
                assert!(weft_engine::is_alive(&place.locks(), "r"));
                let refused = session.engine().resume("r", &mut |_| (), &session.interrupt);
                assert!(matches!(refused, Err(Error::RunIsAlive { run }) if run == "r"));
            }
        })
        .unwrap();
    assert!(!weft_engine::is_alive(&place.locks(), "r"));
    let again = session.start_observed("r", &demo, &json!({}), &mut |_| ());
    assert!(matches!(again, Err(Error::Metadata(weft_metadata::Error::RunExists { .. }))), "{again:?}");
}

#[test]
fn a_runner_that_panics_fails_its_step() {
    let place = Place::new();
    let fake = Fake::new(&place).with("a", Behaviour { panics: true, ..Behaviour::default() });
    let outcome = place.session(&fake, 2).start("r", &pipeline(named([("a", step()), ("b", step())])), &json!({}));
    assert_eq!(report(&outcome, "a").state, Failed);
    assert!(report(&outcome, "a").message.as_ref().unwrap().contains("a panics"));
    assert_eq!(report(&outcome, "b").state, Complete);
}

fn importer(source: Binding) -> Step {
    let properties = [("licence".to_owned(), json!("CC0"))].into_iter().collect();
    other(Implementation::Import(Importer { source, kind: dataset_type(), properties }))
}

#[test]
fn importers_take_in_files_and_know_them_again() {
    let place = Place::new();
    let fake = Fake::new(&place);
    write(place.dir.join("data.csv"), "a,b\n1,2\n");
    std::fs::create_dir(place.dir.join("folder")).unwrap();
    write(place.dir.join("folder/x.txt"), "x");
    let mut demo = pipeline(named([
        ("file", importer(from_input("path").from)),
        ("folder", importer(literal(json!("folder")).from)),
        ("use", step().input("x", input(dataset(), false), from_output("file", "artifact"))),
    ]));
    demo.root.inputs.insert("path".to_owned(), input(parameter(ParameterType::String), false));
    let session = place.session(&fake, 2);
    let one = session.start("one", &demo, &json!({"path": "data.csv"}));
    assert_eq!(states(&one), [("file", Complete), ("folder", Complete), ("use", Complete)].into());
    let PortValue::Artifacts(file) = &report(&one, "file").outputs["artifact"] else { panic!() };
    assert_eq!((file[0].uri.len(), &file[0].properties["licence"]), ("blake3:".len() + 64, &json!("CC0")));
    let PortValue::Artifacts(folder) = &report(&one, "folder").outputs["artifact"] else { panic!() };
    assert!(folder[0].uri.starts_with("blake3-tree:"));
    let record = &place.steps("one")["file"];
    assert_eq!(
        (record.kind, &record.inputs["source"]),
        (ExecutionKind::Importer, &PortValue::Parameter(json!("data.csv")))
    );

    // The same content under another name is the same artifact.
    std::fs::copy(place.dir.join("data.csv"), place.dir.join("copy.csv")).unwrap();
    let two = session.start("two", &demo, &json!({"path": "copy.csv"}));
    assert_eq!(states(&two), [("file", Cached), ("folder", Cached), ("use", Cached)].into());
    assert_eq!(report(&two, "file").outputs, report(&one, "file").outputs);

    write(place.dir.join("data.csv"), "a,b\n1,3\n");
    let three = session.start("three", &demo, &json!({"path": "data.csv"}));
    assert_eq!(states(&three), [("file", Complete), ("folder", Cached), ("use", Complete)].into());

    let four = session.start("four", &demo, &json!({"path": "nothing.csv"}));
    assert_eq!(states(&four), [("file", Failed), ("folder", Cached), ("use", New)].into());
    let resolved = place.dir.join("nothing.csv");
    assert_eq!(
        report(&four, "file").message.as_deref().unwrap(),
        format!("there is no file or directory `nothing.csv` (that is {})", resolved.display())
    );
    assert_eq!(place.steps("four")["file"].kind, ExecutionKind::Importer);
}

#[test]
fn resolvers_find_what_an_earlier_run_gave() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let demo = |seed: u64, go: bool| {
        let latest = Latest { pipeline: None, task: "push".into(), output: "out".into(), kind: dataset_type() };
        pipeline(named([
            ("deployed", other(Implementation::Latest(latest))),
            ("train", step().literal("seed", json!(seed))),
            (
                "compare",
                step().reads("train").input("old", input(dataset(), true), from_output("deployed", "artifact")),
            ),
            ("push", step().reads("train").when(if go { "compare.n > 0" } else { "compare.n < 0" })),
        ]))
    };
    let session = place.session(&fake, 2);
    let one = session.start("one", &demo(1, true), &json!({}));
    assert_eq!(report(&one, "deployed").state, Complete);
    assert!(report(&one, "deployed").outputs.is_empty());
    let two = session.start("two", &demo(2, true), &json!({}));
    assert_eq!(report(&two, "deployed").state, Cached, "an execution of the first run made it");
    assert_eq!(report(&two, "deployed").outputs["artifact"], report(&one, "push").outputs["out"]);
    assert_eq!(report(&two, "compare").outputs["n"], PortValue::Parameter(json!(2)));
    let three = session.start("three", &demo(2, false), &json!({}));
    assert_eq!(report(&three, "deployed").outputs["artifact"], report(&two, "push").outputs["out"]);
    let four = session.start("four", &demo(2, false), &json!({}));
    assert_eq!(report(&four, "deployed").state, Cached);
    assert_eq!(place.steps("four")["deployed"].kind, ExecutionKind::Resolver);
    assert_eq!(states(&four), [("deployed", Cached), ("train", Cached), ("compare", Cached), ("push", Skipped)].into());
}

/// `outer` runs `first` and `second` (which reads `first` and the outer input `data`), and returns `second`'s dataset
/// as `best`.
fn nested(first: Step) -> weft_pipeline::model::Pipeline {
    let outer_step = other(Implementation::default());
    let mut demo = pipeline(named([
        ("a", step()),
        ("outer", outer_step.input("data", input(dataset(), false), from_output("a", "out"))),
        ("b", step().input("x", input(dataset(), false), from_output("outer", "best"))),
    ]));
    let second = step().reads("first").input("data", input(dataset(), false), from_input("data"));
    let mut inner = dag(&mut demo, "outer-", named([("first", first), ("second", second)]));
    inner.outputs.insert("best".to_owned(), from_output("second", "out").from);
    demo.components["comp-outer"].implementation = Implementation::Dag(inner);
    demo
}

#[test]
fn dags_run_within_dags() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 2);
    let outcome = session.start("r", &nested(step()), &json!({}));
    let tasks: Vec<_> = outcome.tasks.iter().map(|task| (task.task.as_str(), task.state)).collect();
    let complete = Complete;
    assert_eq!(
        tasks,
        [("a", complete), ("outer", complete), ("outer/first", complete), ("outer/second", complete), ("b", complete)]
    );
    assert_eq!(report(&outcome, "outer").outputs["best"], report(&outcome, "outer/second").outputs["out"]);
    let steps = place.steps("r");
    assert_eq!(steps["outer"].kind, ExecutionKind::Dag);
    assert_eq!(steps["b"].inputs["x"], steps["outer/second"].outputs["out"]);
    // Resuming the complete run reports everything again.
    let again = session.resume("r");
    assert_eq!(again.tasks.iter().map(|task| (task.task.as_str(), task.state)).collect::<Vec<_>>(), tasks);
    // In a second run the steps are cached. The DAG itself is not, as its state follows from its tasks.
    let second = session.start("s", &nested(step()), &json!({}));
    assert_eq!(report(&second, "outer/second").state, Cached);
    assert_eq!(report(&second, "b").state, Cached);
}

#[test]
fn a_failure_within_a_dag_is_the_dags_failure() {
    let place = Place::new();
    let fake = Fake::new(&place).with("outer/first", Behaviour { failures: 9, ..Behaviour::default() });
    let session = place.session(&fake, 2);
    let outcome = session.start("r", &nested(step()), &json!({}));
    let expected = [("a", Complete), ("outer", Failed), ("outer/first", Failed), ("outer/second", New), ("b", New)];
    assert_eq!(states(&outcome), expected.into());
    assert_eq!(report(&outcome, "outer").message.as_deref(), Some("its task `outer/first` failed"));
    assert_eq!(report(&outcome, "b").message.as_deref(), Some("not run: `outer/first` failed"));

    let mended = Fake::new(&place);
    let outcome = place.session(&mended, 2).resume("r");
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!(mended.attempts().into_keys().collect::<Vec<_>>(), ["b", "outer/first", "outer/second"]);

    // A skipped inner task has no output outside.
    let skipping = nested(step().when("1 > 2"));
    let outcome = place.session(&mended, 2).start("s", &skipping, &json!({}));
    let second = "its input `from-first` comes from `first`, which was skipped";
    assert_eq!(report(&outcome, "outer/second").message.as_deref(), Some(second));
    assert_eq!((report(&outcome, "outer").state, report(&outcome, "b").state), (Complete, Skipped));
}

#[test]
fn what_looked_at_a_failure_looks_again_however_often_the_run_is_interrupted() {
    let place = Place::new();
    let reports = || step().input("seen", input(dataset(), true), from_output("a", "out"));
    let reports = reports().in_any_case().granted().each(items([json!(0), json!(1)]));
    let pipeline =
        pipeline(named([("a", step()), ("report", reports), ("last", step().reads("report").in_any_case())]));
    let fake = Fake::new(&place).with("a", Behaviour { failures: 9, ..Behaviour::default() });
    let outcome = place.session(&fake, 1).start("r", &pipeline, &json!({}));
    assert_eq!(outcome.state, RunState::Failed);
    let given = |task: &str| place.steps("r")[task].inputs.contains_key("seen");
    assert!(!given("report[0]") && !given("report[1]"));

    // It is mended, and ends before the second report.
    let mended = Fake::new(&place);
    let session = place.session(&mended, 1);
    let mut observer = |event: &Event| match event {
        Event::TaskFinished(report) if report.task == "a" => session.interrupt.store(true, Ordering::SeqCst),
        _ => {}
    };
    let outcome = session.engine().resume("r", &mut observer, &session.interrupt).unwrap();
    assert_eq!(outcome.state, RunState::Canceled);
    assert!(!mended.attempts().contains_key("report[1]"));

    let last = Fake::new(&place);
    let outcome = place.session(&last, 1).resume("r");
    assert_eq!(outcome.state, RunState::Complete);
    assert!(given("report[0]") && given("report[1]"));
    assert_eq!(last.attempts().into_keys().filter(|task| task == "a").count(), 0);
    assert!(last.attempts().contains_key("last"));
}

#[test]
fn what_comes_after_a_loop_without_items_does_not_run_again() {
    let place = Place::new();
    let none = other(Implementation::default()).each(items([]));
    let mut pipeline = pipeline(named([("none", none), ("after", step().after("none")), ("broken", step())]));
    nest(&mut pipeline, "none", named([("inner", step())]), &[]);
    let fake = Fake::new(&place).with("broken", Behaviour { failures: 9, ..Behaviour::default() });
    assert_eq!(place.session(&fake, 1).start("r", &pipeline, &json!({})).state, RunState::Failed);
    let mended = Fake::new(&place);
    assert_eq!(place.session(&mended, 1).resume("r").state, RunState::Complete);
    assert_eq!(mended.attempts().into_keys().collect::<Vec<_>>(), ["broken"]);
}

#[test]
fn what_cannot_run_is_refused_before_anything_is_recorded() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 1);
    let refused = |pipeline: &weft_pipeline::model::Pipeline, parameters| {
        let error = session.start_observed("r", pipeline, &parameters, &mut |_| ()).unwrap_err();
        assert!(place.metadata.run("r").is_err());
        error.to_string()
    };
    let circle = pipeline(named([("a", step().after("b")), ("b", step().after("a")), ("c", step())]));
    assert!(refused(&circle, json!({})).contains("task `a` waits for itself"));
    let unknown = pipeline(named([("a", step().after("zz"))]));
    assert!(refused(&unknown, json!({})).contains("`zz`"));
    let mut unlinked = step();
    if let Implementation::Wasm(wasm) = &mut unlinked.component.implementation {
        wasm.digest = None;
    }
    assert!(refused(&pipeline(named([("a", unlinked)])), json!({})).contains("not linked"));
    let mut demo = nested(step());
    if let Implementation::Dag(dag) = &mut demo.components["comp-outer"].implementation {
        dag.tasks["first"].component = "comp-outer".to_owned();
    }
    assert!(refused(&demo, json!({})).contains("contains itself"));
    let mut demo = pipeline(named([("a", step())]));
    demo.root.inputs.insert("rate".to_owned(), input(parameter(ParameterType::F64), false));
    assert!(refused(&demo, json!({})).contains("`rate` has no value"));
    assert!(refused(&demo, json!({"rate": 1, "rat": 2})).contains("no parameter `rat`"));
    let mut missing = step();
    if let Implementation::Wasm(wasm) = &mut missing.component.implementation {
        wasm.digest = Some(format!("blake3:{}", "0".repeat(64)));
    }
    let missing = pipeline(named([("a", missing)]));
    assert!(refused(&missing, json!({})).contains("fake.wasm"));
    write(place.dir.join("fake.wasm"), "another");
    assert!(refused(&missing, json!({})).contains("changed while"));
}
