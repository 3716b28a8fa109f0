//! Resolution of bindings.

use serde_json::{Value, json};
use weft_metadata::RunState;
use weft_pipeline::model::TaskState::{Complete, Failed, Skipped};
use weft_pipeline::model::{Binding, Format, Pipeline, Wire};
use weft_pipeline::types::ParameterType;

use crate::common::*;

fn template(text: &str) -> Wire {
    Wire::from(Binding::Template(text.to_owned()))
}

fn selected(from: Wire, select: &str) -> Wire {
    Wire { select: Some(select.to_owned()), ..from }
}

fn kfp(mut pipeline: Pipeline) -> Pipeline {
    pipeline.format = Format::Kfp;
    pipeline
}

/// The input `value` of a task in a run of its own.
fn given(step: Step) -> Result<Value, String> {
    let place = Place::new();
    let fake = Fake::new(&place);
    let demo = kfp(pipeline(named([("a", common_source()), ("t", step)])));
    let outcome = place.session(&fake, 1).start("r", &demo, &json!({}));
    let report = report(&outcome, "t");
    match report.state {
        Complete => Ok(value(&report.outputs, "value").clone()),
        _ => Err(report.message.clone().unwrap()),
    }
}

/// Returns `{"key": [1, 2.0], "text": "b"}` as text.
fn common_source() -> Step {
    step().value(literal(json!(r#"{"key": [1, 2.0], "text": "b"}"#)))
}

#[test]
fn templates_are_filled_with_the_other_wires() {
    let text = |text: &str| {
        let step = step()
            .wire("count", literal(json!(3.0)))
            .wire("list", literal(json!([1, "x"])))
            .wire("composed", template("<{{$.inputs.parameters['count']}}>"))
            .value(template(text));
        given(step)
    };
    assert_eq!(text("no placeholder"), Ok(json!("no placeholder")));
    assert_eq!(text("n={{$.inputs.parameters['count']}}"), Ok(json!("n=3")));
    // A template of one placeholder has the value and type of its parameter.
    assert_eq!(text("{{$.inputs.parameters['list']}}"), Ok(json!([1, "x"])));
    assert_eq!(text("{{$.inputs.parameters['composed']}}!"), Ok(json!("<3>!")));
    assert_eq!(text("{{$.pipeline_job_uuid}} {{$.pipeline_task_name}}"), Ok(json!("r t")));
    assert_eq!(text("{{$.pipeline_job_name}}"), Ok(json!("demo-r")));
    let circle =
        step().wire("x", template("{{$.inputs.parameters['value']}}")).value(template("{{$.inputs.parameters['x']}}"));
    assert_eq!(given(circle), Err("its inputs `x`, `value` are made of each other".to_owned()));
    assert!(text("{{$.outputs.parameters['x'].output_file}}").unwrap_err().starts_with("its input `value`: "));
}

#[test]
fn a_template_knows_the_defaults_of_inputs_that_are_left_out() {
    let mut greeting = input(parameter(ParameterType::String), true);
    greeting.default = Some(json!("hello"));
    let mut greet = step().value(template("{{$.inputs.parameters['greeting']}} you"));
    greet.component.inputs.insert("greeting".to_owned(), greeting);
    assert_eq!(given(greet), Ok(json!("hello you")));
}

#[test]
fn selectors_take_a_part_of_a_value() {
    let from = || from_output("a", "value");
    let select = |expression| given(step().value(selected(from(), expression)));
    assert_eq!(select(r#"parseJson(string_value)["key"]"#), Ok(json!([1, 2])));
    assert_eq!(select(r#"parseJson(string_value)["text"]"#), Ok(json!("b")));
    assert!(select(r#"parseJson(string_value)["nothing"]"#).unwrap_err().contains("`value`: its selector"));
    assert!(select("parseJson(").unwrap_err().contains("its selector `parseJson(` gives nothing"));
    let of_artifact = step().value(selected(from_output("a", "out"), "string_value"));
    assert!(given(of_artifact).unwrap_err().contains("from an artifact"));
}

#[test]
fn the_first_of_several_is_the_branch_that_was_taken() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let branch = |task: &str| from_output(task, "value").from;
    let first = |tasks: &[&str]| Wire::from(Binding::FirstOf(tasks.iter().map(|task| branch(task)).collect()));
    let mut demo = pipeline(named([
        ("yes", step().value(literal(json!("yes")))),
        ("no", step().value(literal(json!("no"))).when("1 > 2")),
        ("nor", step().value(literal(json!("nor"))).when("1 > 2")),
        ("takes", step().value(first(&["no", "yes"]))),
        ("cannot", step().value(first(&["no", "nor"]))),
        ("can", step().input("value", input(parameter(ParameterType::Json), true), first(&["no", "nor"]))),
    ]));
    root(&mut demo).outputs.insert("answer".to_owned(), first(&["no", "nor", "yes"]).from);
    let session = place.session(&fake, 2);
    let outcome = session.start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Complete);
    assert_eq!(value(&outcome.outputs, "answer"), &json!("yes"));
    assert_eq!(value(&report(&outcome, "takes").outputs, "value"), &json!("yes"));
    let message = "its input `value` comes from one of `no`, `nor`, of which none gave it";
    assert_eq!(
        (report(&outcome, "cannot").state, report(&outcome, "cannot").message.as_deref()),
        (Skipped, Some(message))
    );
    assert_eq!(report(&outcome, "can").state, Complete);

    // As in KFP, it is required of a DAG: the root, and a nested one.
    root(&mut demo).outputs.insert("answer".to_owned(), first(&["no", "nor"]).from);
    let outcome = session.start("s", &demo, &json!({}));
    assert_eq!((outcome.state, outcome.outputs.len()), (RunState::Failed, 0));
    let error = place.metadata.run("s").unwrap().summary.error.unwrap();
    assert_eq!(error, "the pipeline: its output `answer` comes from one of `no`, `nor`, of which none gave it");
    assert_eq!(session.resume("s").state, RunState::Failed);

    let mut demo = pipeline(named([("inner", other(weft_pipeline::model::Implementation::default()))]));
    nest(&mut demo, "inner", named([("no", step().when("1 > 2"))]), &[("answer", "no", "n")]);
    if let weft_pipeline::model::Implementation::Dag(dag) = &mut demo.components["comp-inner"].implementation {
        dag.outputs.insert("answer".to_owned(), Binding::FirstOf(vec![from_output("no", "n").from]));
    }
    let outcome = session.start("t", &demo, &json!({}));
    assert_eq!((outcome.state, report(&outcome, "inner").state), (RunState::Failed, Failed));
    assert!(report(&outcome, "inner").hint.is_some());
    assert!(place.metadata.run("t").unwrap().summary.error.unwrap().starts_with("`inner`: its output `answer`"));
}

#[test]
fn gathered_are_those_that_there_are() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let all = |output: &str| {
        Binding::Gather(["a", "no", "b"].into_iter().map(|task| from_output(task, output).from).collect())
    };
    let demo = pipeline(named([
        ("a", step().literal("x", json!(1))),
        ("no", step().when("1 > 2")),
        ("b", step().literal("x", json!(2))),
        ("all", step().input("data", input(dataset(), false), Wire::from(all("out")))),
    ]));
    let outcome = place.session(&fake, 2).start("r", &demo, &json!({}));
    let uri = |task| artifacts(&report(&outcome, task).outputs, "out")[0].uri.clone();
    let request = fake.request("all");
    let got: Vec<_> = artifacts(&request.inputs, "data").iter().map(|one| one.uri.clone()).collect();
    assert_eq!(got, [uri("a"), uri("b")]);
}

#[test]
fn values_take_the_form_of_the_input() {
    let typed = |ty, literal: Value| {
        let mut step = step().value(Wire::from(Binding::Literal(literal)));
        step.component.inputs.insert("value".to_owned(), input(parameter(ty), false));
        given(step)
    };
    let same = |ty, from: Value, to: Value| {
        let given = typed(ty, from).unwrap();
        assert_eq!(given.to_string(), to.to_string());
    };
    same(ParameterType::S64, json!(3.0), json!(3));
    same(ParameterType::F64, json!(3), json!(3.0));
    same(ParameterType::Json, json!({"a": [1.0, 1, 2.5]}), json!({"a": [1.0, 1, 2.5]}));
    // KFP accepts any value for a string.
    same(ParameterType::String, json!(3.0), json!("3"));
    same(ParameterType::String, json!(true), json!("true"));
    same(ParameterType::String, json!([1, "x"]), json!(r#"[1,"x"]"#));
    assert!(typed(ParameterType::S64, json!("3")).unwrap_err().starts_with("its input `value`: expected s64"));

    let place = Place::new();
    let fake = Fake::new(&place);
    let mut text = step().value(literal(json!(3)));
    text.component.inputs.insert("value".to_owned(), input(parameter(ParameterType::String), false));
    let outcome = place.session(&fake, 1).start("r", &pipeline(named([("t", text)])), &json!({}));
    assert_eq!(report(&outcome, "t").state, Failed, "weft's own pipelines are strict");
}

#[test]
fn nulls_are_as_good_as_nothing() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let mut with_default = input(parameter(ParameterType::S64), true);
    with_default.default = Some(json!(7));
    let mut null_default = input(parameter(ParameterType::S64), true);
    null_default.default = Some(Value::Null);
    let demo = kfp(pipeline(named([(
        "t",
        step()
            .input("a", input(parameter(ParameterType::S64), true), literal(Value::Null))
            .input("b", with_default, literal(Value::Null))
            .input("c", null_default, literal(Value::Null)),
    )])));
    place.session(&fake, 1).start("r", &demo, &json!({}));
    let inputs = fake.request("t").inputs;
    assert_eq!((inputs.len(), value(&inputs, "b")), (1, &json!(7)));
}

#[test]
fn only_the_values_that_an_input_lists_are_taken() {
    let with = |given: Value| {
        let mut step = step().value(Wire::from(Binding::Literal(given)));
        let mut limited = input(parameter(ParameterType::S64), false);
        limited.literals = vec![json!(1.0), json!(2)];
        step.component.inputs.insert("value".to_owned(), limited);
        step
    };
    assert_eq!(given(with(json!(1))), Ok(json!(1)));
    assert_eq!(given(with(json!(2.0))), Ok(json!(2)));
    assert_eq!(given(with(json!(3))), Err("its input `value` may not be 3".to_owned()));
    let place = Place::new();
    let fake = Fake::new(&place);
    let outcome = place.session(&fake, 1).start("r", &pipeline(named([("t", with(json!(3)))])), &json!({}));
    assert_eq!(report(&outcome, "t").hint.as_deref(), Some("give it one of 1.0, 2"));
}

#[test]
fn wires_that_no_input_takes_are_no_part_of_the_step() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let demo = |extra: Value| {
        let t = step().wire("extra", Wire::from(Binding::Literal(extra))).value(literal(json!(1)));
        pipeline(named([("t", t.when_inputs("int(inputs.parameter_values['extra']) > 0"))]))
    };
    let session = place.session(&fake, 1);
    let outcome = session.start("r", &demo(json!(1)), &json!({}));
    assert_eq!(report(&outcome, "t").state, Complete);
    assert_eq!(fake.request("t").inputs.len(), 1);
    assert_eq!(place.steps("r")["t"].inputs.len(), 1);
    let outcome = session.start("s", &demo(json!(2)), &json!({}));
    assert_eq!(report(&outcome, "t").state, weft_pipeline::model::TaskState::Cached);
    let outcome = session.start("t", &demo(json!(0)), &json!({}));
    assert_eq!(report(&outcome, "t").state, Skipped);
    let outcome = session.start("u", &demo(json!("many")), &json!({}));
    assert_eq!(report(&outcome, "t").state, Failed);
    assert!(report(&outcome, "t").message.as_ref().unwrap().contains("has no answer"));
}
