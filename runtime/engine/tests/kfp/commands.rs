//! Commands, and KFP's importers.

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Value, json};
use weft_metadata::RunState;
use weft_pipeline::model::TaskState::{Cached, Complete, Failed};
use weft_pipeline::model::{Binding, CommandStep, Implementation, Importer, Program};
use weft_pipeline::step::{COMMAND_FUNCTION, Limits};
use weft_pipeline::types::ParameterType;

use crate::common::*;

/// A command of the fake runner.
pub fn command(argv: &[&str]) -> Step {
    let mut step = step();
    let Implementation::Wasm(wasm) = &step.component.implementation else { unreachable!() };
    let program = Program {
        path: "fake.wasm".to_owned(),
        digest: wasm.digest.clone().unwrap(),
        argv: argv.iter().map(|&text| text.to_owned()).collect(),
        packages: IndexMap::new(),
        python: None,
    };
    step.component.implementation = Implementation::Command(CommandStep {
        image: "python:3.11".to_owned(),
        program: Some(program),
        ..CommandStep::default()
    });
    step
}

pub fn step_of(step: &mut Step) -> &mut CommandStep {
    match &mut step.component.implementation {
        Implementation::Command(command) => command,
        _ => unreachable!("it is a command"),
    }
}

#[test]
fn a_command_is_called_with_what_is_known_of_run_and_task() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let mut work = command(&["sh", "-c", "{{$.pipeline_job_name}} {{$.inputs.parameters['value']}}", "{{$}}"]);
    step_of(&mut work).env =
        [("TASK".to_owned(), "{{$.pipeline_task_name}}".to_owned()), ("B".to_owned(), "$(TASK)".to_owned())].into();
    step_of(&mut work).limits = Limits { memory: Some(1 << 30), time: Some(Duration::from_mins(1)), output: None };
    let mut work = work.each(items([json!("x")]));
    work.task.limits.time = Some(Duration::from_secs(5));
    let outcome = place.session(&fake, 1).start("r1", &pipeline(named([("work", work)])), &json!({}));
    assert_eq!(outcome.state, RunState::Complete);
    let request = fake.request("work[0]");
    assert_eq!(request.component.function, COMMAND_FUNCTION);
    let limits = Limits { memory: Some(1 << 30), time: Some(Duration::from_secs(5)), output: None };
    assert_eq!(request.limits, limits);
    let command = request.command.unwrap();
    assert_eq!(command.argv, ["sh", "-c", "demo-r1 {{$.inputs.parameters['value']}}", "{{$}}"]);
    assert_eq!(
        command.env.into_iter().collect::<Vec<_>>(),
        [("TASK".into(), "work".into()), ("B".into(), "$(TASK)".into())]
    );
    assert_eq!(command.outputs.keys().collect::<Vec<_>>(), ["out", "maybe", "n", "value"]);
}

#[test]
fn a_commands_identity_is_how_it_is_called() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 1);
    let mut number = 0;
    let mut state = |change: &dyn Fn(&mut Step)| {
        let mut work = command(&["sh", "-c", "true"]);
        change(&mut work);
        number += 1;
        let outcome = session.start(&format!("r{number}"), &pipeline(named([("work", work)])), &json!({}));
        report(&outcome, "work").state
    };
    let environment = |value: &str| [("A".to_owned(), value.to_owned())].into();
    assert_eq!(state(&|_| ()), Complete);
    assert_eq!(state(&|_| ()), Cached);
    assert_eq!(state(&|step| step_of(step).image = "another".to_owned()), Cached, "nothing of it runs");
    assert_eq!(state(&|step| step_of(step).limits.memory = Some(1)), Cached);
    assert_eq!(state(&|step| step_of(step).env = environment("1")), Complete);
    assert_eq!(state(&|step| step_of(step).env = environment("1")), Cached);
    assert_eq!(state(&|step| step_of(step).env = environment("2")), Complete);
    assert_eq!(state(&|step| step_of(step).program.as_mut().unwrap().argv.push("x".to_owned())), Complete);
    assert_eq!(state(&|step| _ = step.component.outputs.shift_remove("maybe")), Complete);
    // A command that contains the id of its run has another identity in each.
    let knows =
        |step: &mut Step| step_of(step).program.as_mut().unwrap().argv.push("{{$.pipeline_job_uuid}}".to_owned());
    assert_eq!((state(&knows), state(&knows)), (Complete, Complete));
    let host = |step: &mut Step| step_of(step).program.as_mut().unwrap().digest = "host-python:3.11.2".to_owned();
    assert_eq!((state(&host), state(&host)), (Complete, Complete), "outside of the sandbox nothing is sure");
}

#[test]
fn programs_and_packages_are_taken_into_the_store() {
    let place = Place::new();
    let fake = Fake::new(&place);
    write(place.dir.join("tool.wasm"), "a program");
    write(place.dir.join("dep-1.0-py3-none-any.whl"), "a wheel");
    let id = |text: &str| weft_artifacts::ContentId::Blob(weft_artifacts::Digest::of(text.as_bytes())).to_string();
    let demo = |program: &str| {
        let mut work = command(&["python3"]);
        let linked = step_of(&mut work).program.as_mut().unwrap();
        (linked.path, linked.digest) = ("tool.wasm".to_owned(), id(program));
        linked.packages = [("dep-1.0-py3-none-any.whl".to_owned(), id("a wheel"))].into();
        pipeline(named([("work", work)]))
    };
    let session = place.session(&fake, 1);
    session.start("r", &demo("a program"), &json!({}));
    let packages = fake.request("work").command.unwrap().packages;
    assert_eq!(packages, [("dep-1.0-py3-none-any.whl".to_owned(), id("a wheel"))].into());
    for content in ["a program", "a wheel"] {
        assert!(place.artifacts.contains(&id(content).parse().unwrap()).unwrap());
    }
    let refused = session.start_observed("s", &demo("another"), &json!({}), &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("changed while"), "{refused}");
    let mut unlinked = command(&[]);
    step_of(&mut unlinked).program = None;
    let refused =
        session.start_observed("t", &pipeline(named([("work", unlinked)])), &json!({}), &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("`comp-work` (python:3.11) is not linked"), "{refused}");
}

/// An importer with inputs of its own.
pub fn importer(uri: Value, properties: &Value) -> Step {
    let source = Binding::Template("{{$.inputs.parameters['uri']}}".to_owned());
    let properties = properties.as_object().unwrap().clone().into_iter().collect();
    let mut importer = other(Implementation::Import(Importer { source, kind: dataset_type(), properties }));
    for (name, value) in [("uri", uri), ("rows", json!(3)), ("which", json!("origin"))] {
        importer = importer.input(name, input(parameter(ParameterType::Json), false), literal(value));
    }
    importer
}

#[test]
fn importers_know_their_own_inputs_and_fetch_nothing() {
    let place = Place::new();
    let fake = Fake::new(&place);
    write(place.dir.join("some data.csv"), "a\n1\n");
    let properties = json!({
        "rows": "{{$.inputs.parameters['rows']}}",
        "{{$.inputs.parameters['which']}}": {"list": ["from {{$.inputs.parameters['uri']}}", 1]},
    });
    let session = place.session(&fake, 2);
    let file = format!("file://{}/some%20data.csv", place.dir.display());
    let demo = pipeline(named([("file", importer(json!(file), &properties))]));
    let outcome = session.start("r", &demo, &json!({}));
    let imported = &artifacts(&report(&outcome, "file").outputs, "artifact")[0];
    assert_eq!(imported.properties["rows"], json!(3));
    assert_eq!(imported.properties["origin"], json!({"list": [format!("from {file}"), 1]}));

    let outcome = session.start(
        "s",
        &pipeline(named([("away", importer(json!("gs://bucket/data.csv"), &json!({})))])),
        &json!({}),
    );
    let away = report(&outcome, "away");
    assert_eq!(away.state, Failed);
    let message = "`gs://bucket/data.csv` is not a file of this host, and nothing is fetched over the network";
    assert_eq!(away.message.as_deref(), Some(message));
    assert!(away.hint.as_ref().unwrap().contains("give the path"));

    // Imported again without a change, it is another artifact.
    let again = |fresh: bool| {
        let mut step = importer(json!("some data.csv"), &json!({}));
        step.task.cache = !fresh;
        let outcome = session.start(if fresh { "new" } else { "known" }, &pipeline(named([("i", step)])), &json!({}));
        (report(&outcome, "i").state, artifacts(&report(&outcome, "i").outputs, "artifact")[0].id)
    };
    let first =
        session.start("first", &pipeline(named([("i", importer(json!("some data.csv"), &json!({})))])), &json!({}));
    let first = artifacts(&report(&first, "i").outputs, "artifact")[0].id;
    assert_eq!(again(false), (Cached, first));
    let (state, id) = again(true);
    assert!(state == Complete && id != first);
}
