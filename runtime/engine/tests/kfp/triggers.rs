//! Triggers and conditions.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use weft_engine::Event;
use weft_metadata::RunState;
use weft_pipeline::model::TaskState::{Canceled, Complete, Failed, New, Skipped};
use weft_pipeline::model::{Binding, Implementation, Wire};
use weft_pipeline::types::ParameterType;

use crate::common::*;

fn status_of(task: &str) -> Wire {
    Wire::from(Binding::FinalStatus { task: task.to_owned() })
}

fn broken() -> Behaviour {
    Behaviour { failures: 99, ..Behaviour::default() }
}

#[test]
fn an_exit_handler_runs_after_a_failure_and_does_not_mend_it() {
    let place = Place::new();
    let fake = Fake::new(&place).with("body/first", broken());
    let mut demo = pipeline(named([
        ("body", other(Implementation::default())),
        ("exit", step().value(status_of("body")).in_any_case()),
        ("later", step().after("exit")),
    ]));
    nest(&mut demo, "body", named([("first", step()), ("second", step().reads("first"))]), &[]);
    let outcome = place.session(&fake, 2).start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Failed);
    let expected =
        [("body", Failed), ("body/first", Failed), ("body/second", New), ("exit", Complete), ("later", Complete)];
    assert_eq!(states(&outcome), expected.into());
    let status = json!({
        "state": "FAILED", "pipelineJobResourceName": "r", "pipelineTaskName": "body",
        "error": {"code": 2, "message": "its task `body/first` failed"},
    });
    assert_eq!(value(&fake.request("exit").inputs, "value"), &status);
    assert_eq!(place.metadata.run("r").unwrap().summary.error.as_deref(), Some("`body/first`: it went wrong"));

    // On resume the failed task is retried, and the task that depends on its state runs again.
    let mended = Fake::new(&place);
    let outcome = place.session(&mended, 2).resume("r");
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!(value(&mended.request("exit").inputs, "value")["state"], "COMPLETE");
    let run: Vec<_> = mended.attempts().into_keys().collect();
    assert_eq!(run, ["body/first", "body/second", "exit"]);
    assert!(value(&place.steps("r")["exit"].inputs, "value").get("error").is_none());
    let told = states(&outcome).into_values().filter(|state| *state == Complete).count();
    assert_eq!(told + 1, 5, "`later` rests on what `exit` gave, and is found in the cache");
}

#[test]
fn who_ignores_failures_does_without_what_failed() {
    let place = Place::new();
    let fake = Fake::new(&place).with("a", broken());
    let optional = || input(dataset(), true);
    let mut with_default = input(parameter(ParameterType::U64), false);
    with_default.default = Some(json!(5));
    let demo = pipeline(named([
        ("a", step()),
        ("next", step().reads("a")),
        ("optional", step().input("x", optional(), from_output("a", "out")).in_any_case()),
        ("default", step().input("x", with_default, from_output("next", "n")).in_any_case()),
        ("needs", step().reads("a").in_any_case()),
        ("after-optional", step().reads("optional")),
    ]));
    let outcome = place.session(&fake, 2).start("r", &demo, &json!({}));
    let expected = [
        ("a", Failed),
        ("next", New),
        ("optional", Complete),
        ("default", Complete),
        ("needs", Failed),
        ("after-optional", Complete),
    ];
    assert_eq!(states(&outcome), expected.into());
    assert_eq!(value(&fake.request("default").inputs, "x"), &json!(5));
    let needs = report(&outcome, "needs");
    assert_eq!(needs.message.as_deref(), Some("its input `from-a` comes from `a`, which did not succeed"));
    assert!(needs.hint.is_some());
}

#[test]
fn a_task_can_ask_how_others_ended() {
    let place = Place::new();
    let fake = Fake::new(&place).with("bad", broken());
    let asks = |task: &str| step().value(status_of(task)).in_any_case();
    let demo = pipeline(named([
        ("good", step()),
        ("bad", step()),
        ("not", step().when("1 > 2")),
        ("lost", step().reads("bad")),
        ("ask-good", asks("good")),
        ("ask-bad", asks("bad")),
        ("ask-not", asks("not")),
        ("ask-lost", asks("lost")),
    ]));
    place.session(&fake, 2).start("r", &demo, &json!({}));
    let state = |task: &str| value(&fake.request(task).inputs, "value")["state"].clone();
    assert_eq!(
        [state("ask-good"), state("ask-bad"), state("ask-not"), state("ask-lost")],
        ["COMPLETE", "FAILED", "SKIPPED", "CANCELED"]
    );
    let lost = value(&fake.request("ask-lost").inputs, "value").clone();
    assert_eq!(lost["error"], json!({"code": 1, "message": "not run: `bad` failed"}));
}

#[test]
fn nothing_runs_in_any_case_once_the_run_is_interrupted() {
    let place = Place::new();
    let fake = Fake::new(&place).with("long", Behaviour { takes: Duration::from_mins(10), ..Behaviour::default() });
    let demo = pipeline(named([("long", step()), ("exit", step().value(status_of("long")).in_any_case())]));
    let session = place.session(&fake, 1);
    let outcome = session
        .start_observed("r", &demo, &json!({}), &mut |event| {
            if matches!(event, Event::TaskStarted { .. }) {
                session.interrupt.store(true, Ordering::Relaxed);
            }
        })
        .unwrap();
    assert_eq!(states(&outcome), [("long", Canceled), ("exit", New)].into());
    let swift = Fake::new(&place);
    let outcome = place.session(&swift, 1).resume("r");
    assert_eq!(states(&outcome), [("long", Complete), ("exit", Complete)].into());
}

#[test]
fn a_branch_that_is_not_taken_takes_along_what_needs_it() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let condition = |expression: &str| {
        other(Implementation::default()).wire("a-value", from_output("a", "value")).when_inputs(expression)
    };
    let value_of = |task: &str| from_output(task, "value");
    let mut demo = pipeline(named([
        ("a", step().value(literal(json!(5)))),
        ("small", condition("int(inputs.parameter_values['a-value']) < 3")),
        ("large", condition("!(int(inputs.parameter_values['a-value']) < 3)")),
        ("after-small", step().after("small")),
        ("needs-small", step().value(value_of("small"))),
        ("later", step().reads("needs-small")),
        ("can-do-without", step().input("value", input(parameter(ParameterType::Json), true), value_of("small"))),
        ("joins", step().value(Binding::FirstOf(vec![value_of("small").from, value_of("large").from]))),
    ]));
    for branch in ["small", "large"] {
        let work = step().value(literal(json!(branch)));
        nest(&mut demo, branch, named([("work", work)]), &[("value", "work", "value")]);
    }
    let outcome = place.session(&fake, 2).start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Complete);
    let expected = [
        ("a", Complete),
        ("small", Skipped),
        ("large", Complete),
        ("large/work", Complete),
        ("after-small", Skipped),
        ("needs-small", Skipped),
        ("later", Skipped),
        ("can-do-without", Complete),
        ("joins", Complete),
    ];
    assert_eq!(states(&outcome), expected.into());
    assert_eq!(value(&report(&outcome, "joins").outputs, "value"), &json!("large"));
    let skipped = place.steps("r")["small"].skipped.clone().unwrap();
    assert_eq!(skipped, "its condition does not hold: int(inputs.parameter_values['a-value']) < 3");
}
