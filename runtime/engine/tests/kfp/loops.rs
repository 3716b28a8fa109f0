//! Loops.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use weft_engine::{Event, RunOutcome};
use weft_metadata::RunState;
use weft_pipeline::model::TaskState::{self, Complete, Failed, New, Skipped};
use weft_pipeline::model::{Format, Implementation, Items, Pipeline};
use weft_pipeline::types::{ParameterType, PortType};

use crate::commands::command;
use crate::common::*;

/// `loop` over `items`, each through `first`, which returns the item, and `second`; `all` reads the outputs of `first`.
fn looped(items: Items) -> Pipeline {
    let mut demo = pipeline(named([
        ("loop", other(Implementation::default()).each(items)),
        (
            "all",
            step().value(from_output("loop", "value")).input(
                "data",
                input(dataset(), false),
                from_output("loop", "data"),
            ),
        ),
    ]));
    let steps = named([("first", step().value(from_input("value"))), ("second", step().reads("first"))]);
    nest(&mut demo, "loop", steps, &[("value", "first", "value"), ("data", "second", "out")]);
    demo
}

fn tasks(outcome: &RunOutcome) -> Vec<(&str, TaskState)> {
    outcome.tasks.iter().map(|task| (task.task.as_str(), task.state)).collect()
}

#[test]
fn each_item_has_an_iteration_and_all_are_collected_in_order() {
    let place = Place::new();
    // The first iteration takes longest.
    let slow = Behaviour { takes: Duration::from_millis(60), ..Behaviour::default() };
    let fake = Fake::new(&place).with("loop[0]/first", slow);
    let demo = looped(items([json!(3), json!({"a": 1}), json!("x")]));
    let outcome = place.session(&fake, 3).start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Complete);
    let names: Vec<_> = tasks(&outcome).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "loop",
        "loop[0]",
        "loop[0]/first",
        "loop[0]/second",
        "loop[1]",
        "loop[1]/first",
        "loop[1]/second",
        "loop[2]",
        "loop[2]/first",
        "loop[2]/second",
        "all",
    ];
    assert_eq!(names, expected);
    assert!(outcome.tasks.iter().all(|task| task.state == Complete));
    let all = fake.request("all").inputs;
    assert_eq!(value(&all, "value").to_string(), r#"[3,{"a":1},"x"]"#, "integers stay integers");
    let data: Vec<_> = artifacts(&all, "data").iter().map(|one| &one.uri).collect();
    let made: Vec<_> =
        (0..3).map(|i| &artifacts(&report(&outcome, &format!("loop[{i}]/second")).outputs, "out")[0].uri).collect();
    assert_eq!(data, made);
    // Resuming a complete run reports the same.
    let again = place.session(&fake, 3).resume("r");
    assert_eq!(tasks(&again), tasks(&outcome));
    assert_eq!(report(&again, "loop").outputs, report(&outcome, "loop").outputs);
}

#[test]
fn a_text_that_is_no_number_is_told_with_where_it_may_come_from() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let mut demo = pipeline(named([("loop", other(Implementation::default()).each(items([json!("1")])))]));
    let takes = input(PortType::Parameter(ParameterType::S64), false);
    let steps = named([("first", command(&["sh"]).input("n", takes, from_input("value")))]);
    nest(&mut demo, "loop", steps, &[]);
    demo.format = Format::Kfp;
    let outcome = place.session(&fake, 1).start("r", &demo, &json!({}));
    let failed = report(&outcome, "loop[0]/first");
    assert_eq!(failed.message.as_deref(), Some("its input `n`: expected int, found \"1\""));
    let hint = failed.hint.as_deref().unwrap();
    assert!(hint.contains("bare `list`") && hint.contains("`List[int]`"), "{hint}");
}

#[test]
fn a_step_can_be_repeated_itself() {
    let place = Place::new();
    let fake = Fake::new(&place).with("work[1]", Behaviour { absent: true, ..Behaviour::default() });
    let demo = pipeline(named([
        ("work", step().literal("shared", json!("s")).each(items([json!(1), json!(2), json!(3)]))),
        ("all", step().value(from_output("work", "value"))),
        ("some", step().input("data", input(dataset(), false), from_output("work", "maybe"))),
    ]));
    let outcome = place.session(&fake, 2).start("r", &demo, &json!({}));
    assert_eq!(value(&fake.request("all").inputs, "value"), &json!([1, 2, 3]));
    assert_eq!(value(&fake.request("work[2]").inputs, "shared"), &json!("s"));
    assert_eq!(artifacts(&fake.request("some").inputs, "data").len(), 2, "what an iteration did not give is left out");
    assert_eq!(value(&report(&outcome, "work").outputs, "n"), &json!([2, 2, 2]));
}

#[test]
fn items_come_from_parameters_and_artifacts() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 2);
    let over = |value: Value| {
        let mut demo = looped(Items::Parameter("list".to_owned()));
        let dag = root(&mut demo);
        dag.tasks["loop"].inputs.insert("list".to_owned(), literal(value));
        demo
    };
    let loop_of = |run: &str, value: Value| {
        let outcome = session.start(run, &over(value), &json!({}));
        let report = report(&outcome, "loop").clone();
        match report.state {
            Complete => Ok(report.outputs["value"].clone()),
            _ => Err(report.message.unwrap()),
        }
    };
    let list = |value: Value| Ok(weft_pipeline::step::PortValue::Parameter(value));
    assert_eq!(loop_of("list", json!([1, "b"])), list(json!([1, "b"])));
    assert_eq!(loop_of("text", json!("[1, 2.5]")), list(json!([1, 2.5])));
    assert_eq!(loop_of("number", json!(3)), Err("what it goes over, `list`, is no list: 3".to_owned()));
    assert_eq!(loop_of("word", json!("many")), Err("what it goes over, `list`, is no list: \"many\"".to_owned()));
    assert_eq!(loop_of("object", json!("{}")), Err("what it goes over, `list`, is no list: \"{}\"".to_owned()));

    // Artifacts of another loop.
    let mut each = step().input("value", input(dataset(), false), literal(json!(null)));
    each.task.inputs.clear();
    let mut each = each.each(Items::Artifacts("several".to_owned())).wire("several", from_output("make", "out"));
    each.component.inputs.insert("value".to_owned(), input(dataset(), false));
    let demo = pipeline(named([("make", step().each(items([json!(1), json!(2)]))), ("each", each)]));
    let outcome = session.start("artifacts", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Complete);
    for i in 0..2 {
        let made = &artifacts(&report(&outcome, "make").outputs, "out")[i..=i];
        assert_eq!(artifacts(&fake.request(&format!("each[{i}]")).inputs, "value"), made);
    }
}

#[test]
fn items_are_fitted_to_the_input_that_gets_them() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let mut work = step().each(items([json!(1.0), json!("two"), json!(3)]));
    work.component.inputs.insert("value".to_owned(), input(parameter(ParameterType::S64), false));
    let outcome = place.session(&fake, 2).start("r", &pipeline(named([("work", work)])), &json!({}));
    assert_eq!(
        states(&outcome),
        [("work", Failed), ("work[0]", Complete), ("work[1]", Failed), ("work[2]", Complete)].into()
    );
    assert_eq!(value(&fake.request("work[0]").inputs, "value").to_string(), "1");
    assert!(report(&outcome, "work[1]").message.as_ref().unwrap().contains("expected s64, found \"two\""));
}

#[test]
fn a_loop_over_nothing_gives_nothing() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let outcome = place.session(&fake, 2).start("r", &looped(items([])), &json!({}));
    assert_eq!(tasks(&outcome), [("loop", Complete), ("all", Complete)]);
    let all = fake.request("all").inputs;
    assert_eq!((value(&all, "value"), artifacts(&all, "data").len()), (&json!([]), 0));
    let again = place.session(&fake, 2).resume("r");
    assert_eq!(tasks(&again), tasks(&outcome));
}

#[test]
fn loops_in_loops_nest_parameters_and_flatten_artifacts() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let mut demo = pipeline(named([("outer", other(Implementation::default()).each(items([json!("a"), json!("b")])))]));
    let inner = step().each(items([json!(1), json!(2)])).input(
        "around",
        input(parameter(ParameterType::String), false),
        from_input("value"),
    );
    nest(&mut demo, "outer", named([("inner", inner)]), &[("value", "inner", "value"), ("data", "inner", "out")]);
    root(&mut demo).outputs.insert("value".to_owned(), from_output("outer", "value").from);
    root(&mut demo).outputs.insert("data".to_owned(), from_output("outer", "data").from);
    let outcome = place.session(&fake, 3).start("r", &demo, &json!({}));
    assert_eq!(value(&outcome.outputs, "value"), &json!([[1, 2], [1, 2]]));
    assert_eq!(artifacts(&outcome.outputs, "data").len(), 4);
    assert_eq!(value(&fake.request("outer[1]/inner[0]").inputs, "around"), &json!("b"));
}

#[test]
fn an_iteration_that_a_condition_skips_gives_nothing() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let mut demo = looped(items([json!(1), json!(2), json!(3)]));
    if let Implementation::Dag(dag) = &mut demo.components["comp-loop"].implementation {
        let when = step().when_inputs("int(inputs.parameter_values['value']) != 2").task.when;
        dag.tasks["first"].when = when;
    }
    let outcome = place.session(&fake, 2).start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!((report(&outcome, "loop[1]").state, report(&outcome, "loop[1]/second").state), (Complete, Skipped));
    assert_eq!(value(&fake.request("all").inputs, "value"), &json!([1, 3]));

    let mut demo = looped(items([json!(1)]));
    root(&mut demo).tasks["loop"].when = step().when("1 > 2").task.when;
    let outcome = place.session(&fake, 2).start("s", &demo, &json!({}));
    assert_eq!(tasks(&outcome), [("loop", Skipped), ("all", Skipped)]);
}

#[test]
fn a_failed_iteration_fails_the_loop_when_all_have_run() {
    let place = Place::new();
    let fake = Fake::new(&place).with("loop[1]/first", Behaviour { failures: 9, ..Behaviour::default() });
    let demo = looped(items([json!(1), json!(2), json!(3)]));
    let outcome = place.session(&fake, 1).start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Failed);
    let states = states(&outcome);
    assert_eq!(
        (states["loop[1]"], states["loop[1]/second"], states["loop"], states["all"]),
        (Failed, New, Failed, New)
    );
    assert_eq!((states["loop[0]/second"], states["loop[2]/second"]), (Complete, Complete));
    assert_eq!(report(&outcome, "loop").message.as_deref(), Some("its task `loop[1]/first` failed"));

    let mended = Fake::new(&place);
    let outcome = place.session(&mended, 1).resume("r");
    assert_eq!(outcome.state, RunState::Complete);
    let run: Vec<_> = mended.attempts().into_keys().collect();
    assert_eq!(run, ["all", "loop[1]/first", "loop[1]/second"]);
    assert_eq!(value(&mended.request("all").inputs, "value"), &json!([1, 2, 3]));
}

#[test]
fn iterations_are_cached_and_tried_again_like_any_task() {
    let place = Place::new();
    let fake = Fake::new(&place).with("work[1]", Behaviour { failures: 1, ..Behaviour::default() });
    let demo = |over: &[u32]| {
        let work = step().each(items(over.iter().map(|item| json!(item)))).retry(1, Duration::from_millis(1));
        pipeline(named([("work", work)]))
    };
    let session = place.session(&fake, 2);
    let one = session.start("one", &demo(&[1, 2]), &json!({}));
    assert_eq!((one.state, report(&one, "work[1]").attempts), (RunState::Complete, 2));
    let two = session.start("two", &demo(&[2, 3]), &json!({}));
    assert_eq!(states(&two)["work[0]"], TaskState::Cached);
    assert_eq!(states(&two)["work[1]"], Complete);
}

#[test]
fn no_more_iterations_are_at_work_than_may_be() {
    let place = Place::new();
    let work = || step().each(items((0..12).map(|item| json!(item))));
    for (run, work, most) in [("r", work().parallelism(3), 3), ("s", work(), 8)] {
        let mut fake = Fake::new(&place);
        for i in 0..12 {
            fake = fake.with(&format!("work[{i}]"), Behaviour { company: most, ..Behaviour::default() });
        }
        let mut session = place.session(&fake, 8);
        session.cache = false;
        session.start(run, &pipeline(named([("work", work)])), &json!({}));
        assert_eq!(fake.most_at_work.load(Ordering::SeqCst), most);
    }
}

#[test]
fn stopped_anywhere_in_a_loop_it_goes_on_there() {
    let demo = looped(items((0..6).map(|item| json!(item))));
    let undisturbed = Place::new();
    let fake = Fake::new(&undisturbed);
    undisturbed.session(&fake, 1).start("r", &demo, &json!({}));
    let wanted = essence(&undisturbed, "r");
    for crash in [false, true] {
        for stop in 1..40 {
            let place = Place::new();
            let fake = Fake::new(&place);
            let session = place.session(&fake, 2);
            let mut seen = 0;
            _ = catch_unwind(AssertUnwindSafe(|| {
                session.start_observed("r", &demo, &json!({}), &mut |_| {
                    seen += 1;
                    if seen == stop {
                        stop_here(crash);
                        session.interrupt.store(true, Ordering::Relaxed);
                    }
                })
            }));
            let settled: Vec<_> =
                place.steps("r").into_iter().filter(|(_, step)| step.state == Complete).map(|(task, _)| task).collect();
            let rest = Fake::new(&place);
            let outcome = place.session(&rest, 2).resume("r");
            assert_eq!(outcome.state, RunState::Complete, "stop {stop}");
            assert!(rest.attempts().into_keys().all(|task| !settled.contains(&task)), "stop {stop}");
            assert_eq!(essence(&place, "r"), wanted, "stop {stop}");
            assert_eq!(place.counts(), undisturbed.counts(), "stop {stop}");
        }
    }
}

#[test]
fn a_long_loop_costs_what_its_results_cost() {
    let place = Place::new();
    let mut fake = Fake::new(&place);
    fake.artifacts = None;
    let over = |count: usize| {
        let mut demo = looped(Items::Parameter("list".to_owned()));
        // Declared, as by KFP's compiler: every iteration could read it.
        let list = input(parameter(ParameterType::Json), false);
        demo.components["comp-loop"].inputs.insert("list".to_owned(), list);
        let list = literal((0..count).map(|item| json!(item)).collect());
        let dag = root(&mut demo);
        dag.tasks["loop"].inputs.insert("list".to_owned(), list);
        dag.tasks.shift_remove("all");
        if let Implementation::Dag(dag) = &mut demo.components["comp-loop"].implementation {
            dag.tasks.shift_remove("second");
            dag.outputs.shift_remove("data");
        }
        demo
    };
    let outcome = place.session(&fake, 2).start("r", &over(3000), &json!({}));
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!(outcome.tasks.len(), 1 + 2 * 3000);
    let expected: Vec<_> = (0..3000).collect();
    assert_eq!(value(&report(&outcome, "loop").outputs, "value"), &json!(expected));
    // 26 MB in all. If the list were copied for each iteration, its record alone would be 80 MB.
    let bytes = place.bytes_of_metadata();
    assert!(bytes < 50_000_000, "{bytes} bytes are recorded");
    let one = &place.steps("r")["loop[7]"];
    assert_eq!(one.inputs.keys().collect::<Vec<_>>(), ["value"]);
}

#[test]
fn too_many_iterations_fail_the_loop_and_nothing_else() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 2);
    let mut demo = looped(Items::Parameter("list".to_owned()));
    let list = literal(Value::Array(vec![json!(1); 100_001]));
    root(&mut demo).tasks["loop"].inputs.insert("list".to_owned(), list);
    let outcome = session.start("r", &demo, &json!({}));
    assert_eq!(tasks(&outcome), [("loop", Failed), ("all", New)]);
    assert_eq!(place.steps("r").len(), 1, "no iteration was begun");
    let message = "it goes over 100001 items; a loop may have at most 100000";
    assert_eq!(report(&outcome, "loop").message.as_deref(), Some(message));

    // With literal items, nothing runs at all.
    let literal = looped(items(vec![json!(1); 100_001]));
    let refused = session.start_observed("s", &literal, &json!({}), &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("task `loop`: it goes over 100001 items"), "{refused}");

    // A thousand times a thousand: the inner loops fail.
    let thousand = || items((0..1000).map(|item| json!(item)));
    let mut demo = pipeline(named([("outer", other(Implementation::default()).each(thousand()).parallelism(1))]));
    let mut inner = step().each(thousand());
    inner.component.inputs.insert("value".to_owned(), input(parameter(ParameterType::Bool), false));
    nest(&mut demo, "outer", named([("inner", inner)]), &[]);
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let outcome = session.start_observed("t", &demo, &json!({}), &mut |event| {
        if let Event::TaskFinished(report) = event
            && report.task.ends_with("/inner")
        {
            seen.insert(report.task.clone(), report.message.clone().unwrap());
            session.interrupt.store(seen.len() > 1, Ordering::Relaxed);
        }
    });
    // The total is not known in advance, so the first ones run.
    assert!(outcome.is_ok());
    assert!(seen["outer[0]/inner"].contains("`outer[0]/inner[0]` failed"), "{seen:?}");
}

#[test]
fn a_pipeline_that_doubles_at_each_level_is_refused() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 1);
    let levels = |depth: usize| {
        let mut demo = pipeline(named([("a", step())]));
        demo.components.clear();
        let leaf = step();
        demo.components.insert("level-0".to_owned(), leaf.component);
        for level in 1..=depth {
            let mut dag = weft_pipeline::model::Dag::default();
            for name in ["one", "two"] {
                let component = format!("level-{}", level - 1);
                dag.tasks.insert(name.to_owned(), weft_pipeline::model::Task { component, ..Default::default() });
            }
            let implementation = Implementation::Dag(dag);
            demo.components.insert(
                format!("level-{level}"),
                weft_pipeline::model::Component { implementation, ..Default::default() },
            );
        }
        root(&mut demo).tasks["a"].component = format!("level-{depth}");
        demo
    };
    let refused = |depth| session.start_observed("r", &levels(depth), &json!({}), &mut |_| ()).unwrap_err().to_string();
    assert!(refused(60).contains("more than 1000000 tasks"));
    assert!(refused(2000).contains("nested more than 100 deep"));
    assert_eq!(session.start("s", &levels(6), &json!({})).tasks.len(), 127);
}
