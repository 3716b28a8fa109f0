use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::link::wasm_references;
use crate::model::{Binding, Dag, Implementation, Location, Pipeline, Task};
use crate::testing::{PENGUINS, draw};
use crate::types::ParameterType;
use crate::yaml::schema::Schema;

fn dag(pipeline: &Pipeline) -> &Dag {
    match &pipeline.root.implementation {
        Implementation::Dag(dag) => dag,
        other => panic!("{other:?}"),
    }
}

fn task<'p>(pipeline: &'p Pipeline, name: &str) -> &'p Task {
    &dag(pipeline).tasks[name]
}

/// The problems of a wrong pipeline, drawn.
fn problems(text: &str) -> String {
    match read_pipeline(text) {
        Ok(pipeline) => panic!("it is right: {pipeline:?}"),
        Err(problems) => draw(text, &problems),
    }
}

#[test]
fn pipeline_is_read_whole() {
    let pipeline = read_pipeline(PENGUINS).unwrap();
    insta::assert_snapshot!(to_yaml(&serde_json::to_value(&pipeline).unwrap()));
    // What was read can be kept and taken up again, but for its places in the file.
    let kept = serde_json::to_string(&pipeline).unwrap();
    assert_eq!(serde_json::from_str::<Pipeline>(&kept).unwrap(), pipeline.without_places());
}

#[test]
fn steps_that_call_the_same_function_share_its_component() {
    let text = "name: p\nsteps:\n  a: { component: p.wasm#f }\n  b: { component: p.wasm#g }\n  c: { component: p.wasm#f }\n  \
                d: { import: x, type: dataset }\n  e: { import: x, type: dataset }\n";
    let pipeline = read_pipeline(text).unwrap();
    let components: Vec<_> = dag(&pipeline).tasks.values().map(|task| task.component.as_str()).collect();
    assert_eq!(components, ["comp-a", "comp-b", "comp-a", "comp-d", "comp-e"]);
    assert_eq!(pipeline.components.len(), 4);
    // Each of them is told where it stands, if the component is not there.
    let references = wasm_references(&pipeline);
    let told: Vec<_> = references.iter().map(|told| (told.component, told.task, told.at.unwrap().at.line)).collect();
    assert_eq!(told, [("comp-a", Some("a"), 3), ("comp-a", Some("c"), 5), ("comp-b", Some("b"), 4)]);
}

#[test]
fn places_are_where_things_stand() {
    let pipeline = read_pipeline(PENGUINS).unwrap();
    let text_at = |at: Location, length: usize| {
        let line = PENGUINS.lines().nth(at.line as usize - 1).unwrap();
        line.chars().skip(at.column as usize - 1).take(length).collect::<String>()
    };
    assert_eq!(text_at(task(&pipeline, "train").at, 5), "train");
    assert_eq!(text_at(task(&pipeline, "train").inputs["data"].at, 14), "${split.train}");
    for (path, text) in [
        ("steps.split.component", "components/penguins.wasm#split"),
        ("steps.split.with.seed", "\"${params.seed}\""),
        ("steps.push.after.evaluate", "evaluate"),
        ("parameters.seed", "seed"),
        ("outputs.model", "${push.model}"),
    ] {
        let span = pipeline.places[path];
        assert_eq!(text_at(span.at, span.length as usize), text, "{path}");
    }
}

#[test]
fn short_and_long_forms_mean_what_they_say() {
    let text = "
name: n
parameters:
  a: 1
  b: 1.5
  c: [1, 2.5]
  d: { default: { x: [true] } }
  e: 18446744073709551615
  f: { type: list<u8>, default: [1.0, 2] }
  g: '1'
  h: []
  i: .inf
  j: { type: option<int> }
  k: &anchor { type: int, default: 3 }
  l: { <<: *anchor, default: 4 }
steps:
  s:
    component: x.wasm
    with: { price: '$${not a reference}', list: ['$${x', 2], shared: &v {a: [1]}, again: *v, plain: $5, nothing: ~ }
";
    let pipeline = read_pipeline(text).unwrap_or_else(|problems| panic!("{}", draw(text, &problems)));
    let shown: Vec<String> = pipeline
        .root
        .inputs
        .iter()
        .map(|(name, input)| {
            let default = input.default.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{name}: {}{} = {default}", input.port.ty, if input.port.optional { "?" } else { "" })
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
    let with = &task(&pipeline, "s").inputs;
    let literal = |name: &str| match &with[name].from {
        Binding::Literal(value) => value.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(literal("price"), json!("${not a reference}"));
    assert_eq!(literal("list"), json!(["${x", 2]));
    assert_eq!(literal("again"), json!({"a": [1]}));
    assert_eq!(literal("plain"), json!("$5"));
    assert_eq!(literal("nothing"), Value::Null);
}

#[test]
fn a_list_of_references_is_the_list_of_what_they_give() {
    let text = "name: n
parameters: { loss: 0.5 }
steps:
  s:
    component: x.wasm
    with: { scores: ['${a.loss}', ' ${b} ', '${params.loss}'], none: [], plain: ['$${a', b] }
";
    let pipeline = read_pipeline(text).unwrap_or_else(|problems| panic!("{}", draw(text, &problems)));
    let task = task(&pipeline, "s");
    let output = |task: &str, output: &str| Binding::Output { task: task.into(), output: output.into() };
    let gathered = vec![output("a", "loss"), output("b", ""), Binding::Input("loss".into())];
    assert_eq!(task.inputs["scores"].from, Binding::Gather(gathered));
    assert_eq!(task.inputs["none"].from, Binding::Literal(json!([])));
    assert_eq!(task.inputs["plain"].from, Binding::Literal(json!(["${a", "b"])));
    assert_eq!(task.dependencies().into_iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn settings_are_read() {
    let pipeline = read_pipeline(PENGUINS).unwrap();
    let train = task(&pipeline, "train");
    assert_eq!((train.retry.max, train.retry.backoff), (3, Duration::from_secs(1)));
    assert_eq!(train.retry.max_backoff, Duration::from_mins(1));
    assert_eq!(train.limits.memory, Some(512 << 20));
    assert_eq!(train.limits.time, Some(Duration::from_mins(10)));
    assert!(!train.cache && train.grants.clock && train.grants.directories["/ref"].write);
    assert_eq!(train.grants.env, ["HOME", "PATH"]);
    assert_eq!(task(&pipeline, "evaluate").retry.max, 2);
    assert!(task(&pipeline, "evaluate").after.contains("split") && task(&pipeline, "evaluate").cache);
    assert_eq!(
        task(&pipeline, "push").dependencies().into_iter().collect::<Vec<_>>(),
        ["deployed", "evaluate", "foreign", "train"]
    );
}

#[test]
fn wrong_files_are_explained() {
    let steps = |step: &str| format!("name: n\nsteps:\n{step}");
    let files = [
        String::new(),
        "# nothing but a comment".into(),
        "just text".into(),
        "- a\n- list".into(),
        "name: n\nstep:\n  a: {component: x.wasm}\n".into(),
        "name: [n]\nname: m\nsteps: 7".into(),
        "name: n\nsteps:\n  a: {component: x.wasm\n".into(),
        "name: n\nsteps:\n\ta: 1".into(),
        steps("  a: { component: x.wasm, with: { x: ${params.y} } }\n"),
        steps("  a: { component: x.wasm, wth: {} }\n  b: { import: x, type: datset }\n  b: { import: x, type: model }\n"),
        steps("  params: { component: x.wasm }\n  1st: { component: x.wasm }\n  steps: { import: a, type: html }\n"),
        steps("  a: {}\n  b: { componnet: x.wasm }\n  c: { component: x.wasm, import: y }\n  d: 7\n  e:\n"),
        steps("  a: { component: '#f' }\n  b: { component: 'x.wasm#' }\n  c: { component: '${params.x}' }\n  d: { component: [x] }\n"),
        steps("  a:\n    component: x.wasm\n    with:\n      p: dir/${params.x}\n      q: ${params.x.y}\n      r: ${a b}\n      s: ${open\n      t: [1, '${b.c}']\n      u: ${params}\n      v: ${}\n"),
        steps("  a: { import: '${b.c}', type: dataset }\n  b: { import: x }\n  c: { latest: push, type: model }\n  d: { latest: a.b }\n  e: { import: [], type: model }\n"),
        steps("  a:\n    component: x.wasm\n    retry: { max: -1, backoff: soon, factor: 0.5, tries: 3 }\n    limits: { memory: lots, time: 5 years, output: 0 }\n    cache: maybe\n"),
        steps("  a:\n    component: x.wasm\n    retry: {}\n    after: [1, [b]]\n    grants: { network: true, clock: 1, env: HOME, net: [data.example.org, 'http://x:80', ok.example:443], directories: { ref: ./ref, /up/../..: ./x, /y: { write: true } } }\n"),
        steps("  a: { component: x.wasm, when: 'a.x >' }\n  b: { component: x.wasm, when: true and false }\n  c: { component: x.wasm, when: [] }\n"),
        "name: n\nparameters:\n  a:\n  b: { type: int, default: x }\n  c: { typ: int }\n  d: { type: lst }\n  e: ${params.a}\n  f: { default: ~ }\n  9: 1\n  h: { x: 1 }\nsteps: {}\n".into(),
        "name: n\nsteps: {}\noutputs:\n  a: 7\n  b: ${x.y} and more\n  c d: ${x}\n".into(),
        "name: n\nsteps: {}\n---\nname: m\n".into(),
        "name: !custom n\nsteps: {}\n".into(),
        "name: n\nsteps: *nothing\n".into(),
        "name: n\nsteps: &s\n  a: *s\n".into(),
        "name: n\nsteps:\n  ? [a]\n  : x\n".into(),
        "name: n\nparameters:\n  a: { <<: 7 }\nsteps: {}\n".into(),
    ];
    let drawn: Vec<String> =
        files.iter().map(|file| format!("{file}\n-- {}", problems(file).replace('\n', "\n-- "))).collect();
    insta::assert_snapshot!(drawn.join("\n=====\n"));
}

#[test]
fn problems_are_bounded() {
    let text = format!("name: n\nsteps:\n{}", (0..500).map(|i| format!("  s{i}: {{}}\n")).collect::<Vec<_>>().concat());
    assert_eq!(read_pipeline(&text).unwrap_err().len(), crate::diagnostic::MAX_DIAGNOSTICS);
}

#[test]
fn hostile_files_are_refused_at_once() {
    let bomb =
        (0..40).map(|i| format!("  a{}: &a{} [*a{i}, *a{i}, *a{i}]\n", i + 1, i + 1)).collect::<Vec<_>>().concat();
    let long = "x".repeat(1 << 20);
    let aliases = ", *t".repeat(10_000);
    for (text, message) in [
        (format!("x:\n  a0: &a0 [1]\n{bomb}"), "values, aliases included"),
        (format!("x: &t {long}\ny: [1{aliases}]"), "values, aliases included"),
        ("[".repeat(100_000), "nested more than 64 deep"),
        ("{a: ".repeat(100_000), "nested more than 64 deep"),
        ("- ".repeat(100_000), "nested more than 64 deep"),
        ("a".repeat(MAX_BYTES + 1), "at most 4194304 are read"),
        (format!("x: [{}]", "1, ".repeat(900_000)), "values, aliases included"),
    ] {
        let problems = read_pipeline(&text).unwrap_err();
        assert!(problems.iter().any(|p| p.message.contains(message)), "{message}: {problems:?}");
    }
    // Many keys are no trouble.
    let many = (0..50_000).map(|i| format!("k{i}: {i}\n")).collect::<Vec<_>>().concat();
    assert_eq!(value(&many).unwrap().as_object().unwrap().len(), 50_000);
}

#[test]
fn scalars_follow_the_core_schema() {
    let text =
        "[1, -1, 0x1F, 0o17, 1.5, 1e3, .5, .nan, -.inf, true, No, ~, null, '', \"1\", 1.2.3, 1-2, +7, !!str 7, 00:30]";
    assert_eq!(
        value(text).unwrap(),
        json!([
            1,
            -1,
            31,
            15,
            1.5,
            1000.0,
            0.5,
            "NaN",
            "-Infinity",
            true,
            "No",
            null,
            null,
            "",
            "1",
            "1.2.3",
            "1-2",
            7,
            "7",
            "00:30"
        ])
    );
}

#[test]
fn parameter_files_are_read() {
    let given = parse_parameters_file("seed: 8\nnames: [a]\n").unwrap();
    let GivenParameter::Value(value, Some(span)) = &given["names"] else { panic!("{given:?}") };
    assert_eq!((value, span.at.line), (&json!(["a"]), 2));
    assert_eq!(parse_parameters_file("{\"seed\": 8}").unwrap().len(), 1);
    assert_eq!(parse_parameters_file("# none\n").unwrap().len(), 0);
    assert_eq!(
        parse_parameters_file("[1]").unwrap_err()[0].message,
        "expected a mapping from parameters to values, found a list"
    );
    assert_eq!(parse_parameters_file("a: 1\na: 2").unwrap_err()[0].at, Some(Location { line: 2, column: 1 }));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,200}", yamlish in r#"([a-z]{1,6}|: |\n|\n  |- |\[|\]|\{|\}|, |"|'|\$\{|&a |\*a|<<: |!!str |\||>|#|[0-9]{1,3}){0,60}"#) {
        let _ = read_pipeline(&text);
        let _ = read_pipeline(&yamlish);
        let _ = parse_parameters_file(&yamlish);
    }

    #[test]
    fn a_damaged_pipeline_is_read_or_refused(at in 0..PENGUINS.len(), cut in 0..40_usize, put in r#"[-\n :{}\[\]$"'a-z#&*|>!]{0,6}"#) {
        prop_assume!(PENGUINS.is_char_boundary(at));
        let end = (at + cut).min(PENGUINS.len());
        let text = format!("{}{put}{}", &PENGUINS[..at], &PENGUINS[end..]);
        match read_pipeline(&text) {
            Ok(pipeline) => drop(crate::check::check(&pipeline)),
            // Each problem is at a place that the text has.
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                let lines = text.lines().count() + 1;
                for at in problems.iter().filter_map(|problem| problem.at) {
                    prop_assert!((1..=lines).contains(&(at.line as usize)), "{at:?} in {text}");
                }
            }
        }
    }

    #[test]
    fn written_yaml_reads_back(value in crate::types::tests::value_of(&ParameterType::List(Box::new(ParameterType::Map(Box::new(ParameterType::Tuple(vec![ParameterType::String, ParameterType::F64, ParameterType::Char, ParameterType::Json, ParameterType::List(Box::new(ParameterType::Bool))])))))), word in ".{0,12}|[-+0-9_.:eExXobn~=<yT ]{1,10}") {
        let value = json!({ "value": value, "word": word, word.as_str(): [[], {}, [word.as_str()], [[1], {"a": {"b": [2]}}]] });
        let text = to_yaml(&value);
        // By whatever schema it is read.
        let mut problems = Problems::default();
        let python = super::node::load_documents(&text, Schema::PyYaml, 1, &mut problems).unwrap();
        prop_assert_eq!(python[0].value(), Ok(value.clone()), "{}", text);
        prop_assert_eq!(super::value(&text), Ok(value), "{}", text);
    }
}

#[test]
fn input_artifacts_are_read() {
    let text = "name: a\ninputs:\n  data: dataset\n  models: { type: list<model>, optional: true, description: To compare }\n\
                steps:\n  train: { component: a.wasm, with: { data: '${inputs.data}', models: '${inputs.models}' } }\n";
    let pipeline = read_pipeline(text).unwrap();
    let inputs = &pipeline.root.inputs;
    let ports: Vec<_> = inputs.values().map(|input| (input.port.ty.to_string(), input.port.optional)).collect();
    assert_eq!(ports, [("dataset".to_owned(), false), ("list<model>".to_owned(), true)]);
    assert_eq!(pipeline.root.inputs["models"].description.as_deref(), Some("To compare"));
    assert_eq!(task(&pipeline, "train").inputs["data"].from, Binding::Input("data".to_owned()));
    for (wrong, told) in [
        ("inputs: { data: datset }", "unknown kind `datset`"),
        ("inputs: { data: { optional: true } }", "needs `type:`"),
        ("parameters: { data: 1 }\ninputs: { data: dataset }", "both a parameter and an input artifact"),
    ] {
        let told_is = problems(&format!("name: a\n{wrong}\nsteps: {{}}\n"));
        assert!(told_is.contains(told), "{told_is}");
    }
}
