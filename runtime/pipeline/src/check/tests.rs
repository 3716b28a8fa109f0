use std::fmt::Write;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::diagnostic::MAX_DIAGNOSTICS;
use crate::link::{LinkedStep, link, wasm_references};
use crate::model::{Format, WasmStep};
use crate::parameters;
use crate::testing::{PENGUINS, draw, linked, penguins, processor_time, signature};
use crate::yaml::{GivenParameter, read_pipeline};

/// The problems of a pipeline that can be read, drawn.
fn problems(text: &str) -> String {
    draw(text, &check(&linked(text)))
}

/// A pipeline with a split dataset, and the given steps.
fn with_steps(steps: &str) -> String {
    let head =
        "name: n\nparameters: { csv: x.csv, seed: 7, rate: { type: float }, word: hi, maybe: { type: option<int> } }\n";
    let use_all = "  used: { import: x, type: html, when: 'params == params' }\n";
    let raw = "  raw: { import: '${params.csv}', type: dataset }\n";
    let split = "  split:\n    component: p.wasm#split\n    with: { penguins: '${raw}', seed: 1, fraction: 0.5 }\n";
    format!("{head}steps:\n{use_all}{raw}{split}{steps}")
}

#[test]
fn a_right_pipeline_has_no_problems() {
    assert_eq!(problems(PENGUINS), "");
    let pipeline = linked(PENGUINS);
    let names: Vec<_> = pipeline.root.outputs.iter().map(|(name, port)| format!("{name}: {}", port.ty)).collect();
    assert_eq!(names, ["model: model", "accuracy: f64"]);
}

#[test]
fn conditions_compare_what_can_be_compared() {
    let head = "name: n\nparameters: { word: hi, count: 3, on: true, maybe: { type: option<int> }, many: { type: list<string> }, any: { type: json, default: 1 } }\n\
        steps:\n  used: { import: x, type: html, when: 'params == params' }\n  raw: { import: x.csv, type: dataset }\n  \
        split: { component: 'p.wasm#split', with: { penguins: '${raw}', seed: 1, fraction: 0.5 } }\n  train: { component: 'p.wasm#train', with: { data: '${split.train}' } }\n  \
        evaluate: { component: 'p.wasm#evaluate', with: { model: '${train}', data: '${split.test}' } }\n";
    let with = |when: &str| problems(&format!("{head}  page: {{ import: x, type: html, when: '{when}' }}\n"));
    for right in [
        "evaluate.accuracy > 0.9 && params.on",
        "evaluate.accuracy * 100 >= params.count || !params.on",
        "has(evaluate.accuracy) && evaluate.accuracy != null",
        "params.maybe == null || params.maybe > 3",
        r#"params.word + "!" == "hi!" && params.word.startsWith("h")"#,
        r#""a" in params.many && size(params.many) > 1 && params.many[0] == "a""#,
        r#"params.many.exists(one, one == "a")"#,
        r#"params.any == 1 || params.any == "a""#,
        "train.model.metadata.version == 3 || train.model.uri != split.train.uri",
        "(params.on ? params.count : 7) > 3",
        "params.on == (1 < 2)",
        "int(params.word) > 3 && double(params.count) / 2 < 3.5",
        "-params.count < 0",
    ] {
        assert_eq!(with(right), "", "{right}");
    }
    let wrong = [
        r#"evaluate.accuracy > "0.9""#,
        "params.word > 3",
        "params.word == 3",
        "params.on == 1",
        "params.count && params.on",
        "!params.count",
        "params.count",
        "params.word - 1 > 0",
        "-params.word < 0",
        r#"params.count + "1" == "31""#,
        "params.count in 7",
        "params.word in [params.many < 3]",
        "train.model > 3",
        "train.model.uri == 3",
        "evaluate > 0.9",
        "params.count ? true : false",
        r#"params.maybe == "3""#,
    ];
    insta::assert_snapshot!(wrong.map(with).join("=====\n"));
}

/// Each wrong name is compared with all steps, to say which may have been meant.
#[test]
fn many_wrong_names_take_no_time() {
    let mut text = "name: n\nsteps:\n".to_owned();
    for n in 0..20_000 {
        let _ = writeln!(text, "  s{n}: {{ component: 'p.wasm#push', with: {{ model: '${{parameters.a}}' }} }}");
    }
    let pipeline = linked(&text);
    let (found, took) = processor_time(|| check(&pipeline));
    assert_eq!(found.len(), MAX_DIAGNOSTICS);
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn an_error_after_many_warnings_is_told() {
    let train = |n, from: &str| format!("  t{n}: {{ component: 'p.wasm#train', with: {{ data: '${{{from}}}' }} }}\n");
    let warned: String = (0..60).map(|n| train(n, "old")).collect();
    let before = format!("  old: {{ latest: split.train, type: dataset }}\n{warned}");
    let right = check(&linked(&with_steps(&format!("{before}{}", train(60, "split.train")))));
    assert!(right.len() == MAX_DIAGNOSTICS && right.iter().all(|found| !found.is_error()));
    let text = with_steps(&format!("{before}{}", train(60, "nothing.at-all")));
    let found = check(&linked(&text));
    assert_eq!(found.len(), MAX_DIAGNOSTICS);
    assert!(found.iter().any(Diagnostic::is_error));
}

#[test]
fn linking_gives_names_and_values_their_one_form() {
    let pipeline = linked(PENGUINS);
    let Implementation::Dag(dag) = &pipeline.root.implementation else { panic!() };
    let train = &dag.tasks["train"];
    assert_eq!(train.inputs.keys().collect::<Vec<_>>(), ["data", "learning-rate", "depth"]);
    let text = |name: &str| match &train.inputs[name].from {
        Binding::Literal(value) => value.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!((text("learning-rate").as_str(), text("depth").as_str()), ("1.0", "3"));
    let from = |task: &str, input: &str| dag.tasks[task].inputs[input].from.clone();
    assert_eq!(from("split", "penguins"), Binding::Output { task: "raw".into(), output: "artifact".into() });
    assert_eq!(from("evaluate", "model"), Binding::Output { task: "train".into(), output: "model".into() });

    let references = wasm_references(&pipeline);
    let shown: Vec<_> = references.iter().map(|r| (r.component, r.task, r.at.map(|span| span.at.line))).collect();
    assert_eq!(shown[0], ("comp-split", Some("split"), Some(15)));
    assert_eq!(shown.len(), 4);
}

#[test]
fn names_in_conditions_become_those_of_the_tasks() {
    let text = with_steps(
        "  my-step: { component: 'p.wasm#train', with: { data: '${split.train}' } }\n  x: { component: 'p.wasm#push', with: { model: '${my-step}' }, when: has(my_step.model) }\n",
    );
    let pipeline = linked(&text);
    let Implementation::Dag(dag) = &pipeline.root.implementation else { panic!() };
    assert!(dag.tasks["x"].when.as_ref().unwrap().tasks.contains("my-step"));
    assert_eq!(problems(&text), "");
}

#[test]
fn each_item_of_a_list_is_checked() {
    let train = "  train: { component: 'p.wasm#train', with: { data: '${split.train}' } }\n";
    let push = |with: &str| {
        problems(&with_steps(&format!("{train}  x: {{ component: 'p.wasm#push', with: {{ {with} }} }}\n")))
    };
    assert_eq!(push("model: '${train}', others: ['${split.train}', '${train}']"), "");
    let told = |with: &str, words: &str| assert!(push(with).contains(words), "{}", push(with));
    told("model: '${train}', others: ['${split.train}', '${params.rate}']", "but `rate` is a parameter");
    told("model: '${train}', others: ['${split.trian}']", "did you mean `train`?");
    told("model: ['${train}']", "the input `model` takes a model, not a list of values");
}

#[test]
fn wrong_wiring_is_explained() {
    let train = "  train: { component: 'p.wasm#train', with: { data: '${split.train}' } }\n";
    let pipelines = [
        // Names.
        "  train: { component: 'p.wasm#train', with: { dta: '${split.train}' } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${splt.train}' } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${split.trian}' } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${split}' } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${csv}' } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${split.train}', learning-rate: '${params.rte}' }, after: [spilt] }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${split.train}', learning-rate: 1, learning_rate: 2 } }\n",
        // Kinds and types.
        "  train: { component: 'p.wasm#train', with: { data: data.csv } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${params.csv}' } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${split.train}', base: '${split.test}' } }\n",
        "  page: { import: x.html, type: html }\n  train: { component: 'p.wasm#train', with: { data: '${page}' } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${split.train}', depth: 256, learning-rate: fast } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${split.train}', depth: '${split.test}' } }\n",
        "  train: { component: 'p.wasm#train', with: { data: '${split.train}', depth: '${params.word}' } }\n",
        "  s2: { component: 'p.wasm#split', with: { penguins: '${raw}', seed: '${params.maybe}', fraction: '${params.rate}' } }\n",
        // Conditions.
        "  page: { import: x, type: html, when: 'split.train.rows > 3 && splt.x && split.x > 1 && params.sed > 1' }\n",
        "  my-page: { import: x, type: html }\n  page: { import: x, type: html, when: my-page.artifact == 1 || rate > 1 }\n",
        "  page: { import: x, type: html, when: size(steps) > 1 }\n",
        // Cycles.
        "  a: { component: 'p.wasm#push', with: { model: '${b}' } }\n  b: { component: 'p.wasm#push', with: { model: '${c}' } }\n  c: { component: 'p.wasm#push', with: { model: '${a}' } }\n",
        "  a: { import: x, type: html, after: [b] }\n  b: { import: x, type: html, when: has(a.artifact) }\n  c: { import: x, type: html, after: [c] }\n",
        // Importers and resolvers.
        "  a: { import: '${params.seed}', type: html }\n  b: { import: '${params.cvs}', type: html }\n",
        "  a: { latest: split.train, type: model }\n  b: { latest: split.trai, type: dataset }\n  c: { latest: splitt.train, type: dataset }\n  d: { latest: who.knows, type: dataset, pipeline: other }\n",
        "  old: { latest: split.train, type: dataset }\n  train: { component: 'p.wasm#train', with: { data: '${old}' } }\n",
    ];
    let mut drawn: Vec<String> = pipelines.iter().map(|steps| problems(&with_steps(steps))).collect();
    drawn.push(problems(&with_steps(
        "  e: { component: 'p.wasm#evaluate', with: { model: '${split.train}', mode: exakt } }\noutputs: { a: '${e.roc}', b: '${e}', c: '${f.x}', d: '${params.sed}' }\n",
    )));
    drawn.push(problems("name: n\nparameters: { depth: 300, unused: 1 }\nsteps:\n  raw: { import: x, type: dataset }\n  train: { component: 'p.wasm#train', with: { data: '${raw}', depth: '${params.depth}' } }\n"));
    insta::assert_snapshot!(drawn.join("=====\n"));
    assert_eq!(problems(&with_steps(train)), "");
}

#[test]
fn components_that_were_not_linked_are_passed_over() {
    let text = with_steps(
        "  x: { component: other.wasm, with: { data: '${split.train}', rate: '${params.rate}' } }\n  y: { component: 'p.wasm#push', with: { model: '${x.anything}' }, when: x.accuracy > 1 }\n",
    );
    assert_eq!(problems(&text), "");
}

#[test]
fn parameters_get_their_values() {
    let pipeline = linked(PENGUINS);
    let text = |given: &[(&str, &str)]| {
        let given = given.iter().map(|(name, text)| ((*name).to_owned(), GivenParameter::Text((*text).to_owned())));
        parameters::resolve(&pipeline, &given.collect())
    };
    let values = text(&[("threshold", "1"), ("seed", "9")]).unwrap();
    assert_eq!(
        serde_json::to_string(&values).unwrap(),
        r#"{"csv":"data/penguins.csv","seed":9,"sizes":[1,2],"threshold":1.0}"#
    );
    assert_eq!(text(&[("threshold", "1"), ("note", "x"), ("sizes", "[3]")]).unwrap()["sizes"], json!([3]));
    assert!(!text(&[("threshold", "1"), ("note", "null")]).unwrap().contains_key("note"));
    // A text of KFP's is the word.
    let kfp = Pipeline { format: Format::Kfp, ..pipeline.clone() };
    let given = [("threshold", "1"), ("note", "null")];
    let given = given.map(|(name, text)| (name.to_owned(), GivenParameter::Text(text.to_owned())));
    assert_eq!(parameters::resolve(&kfp, &given.into_iter().collect()).unwrap()["note"], json!("null"));

    let wrong = text(&[("sed", "1"), ("seed", "-1"), ("sizes", "[a]")]).unwrap_err();
    insta::assert_snapshot!(wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn parameters_must_fit_where_they_go() {
    let text = "name: n\nparameters: { depth: 3 }\nsteps:\n  raw: { import: x, type: dataset }\n  train: { component: 'p.wasm#train', with: { data: '${raw}', depth: '${params.depth}' } }\n";
    let pipeline = linked(text);
    assert_eq!(check(&pipeline), []);
    let given = |value: Value| [("depth".to_owned(), GivenParameter::Value(value, None))].into_iter().collect();
    assert_eq!(parameters::resolve(&pipeline, &given(json!(4.0))).unwrap()["depth"], json!(4));
    let wrong = parameters::resolve(&pipeline, &given(json!(300))).unwrap_err();
    assert_eq!(
        wrong[0].to_string(),
        "error in step train: the parameter `depth` does not fit the input `depth`: expected u8, found 300: the range is 0 to 255"
    );
}

/// A random DAG of the steps `s0`, `s1`, ...: each takes outputs of earlier ones.
#[derive(Debug, Clone)]
struct Steps(Vec<Step>);

#[derive(Debug, Clone)]
struct Step {
    /// An earlier step whose `data` it reads; the import if there is none.
    data: Option<usize>,
    /// An earlier step whose `score` it reads, or a literal.
    score: Option<usize>,
    after: Option<usize>,
    when: Option<usize>,
}

fn steps() -> impl Strategy<Value = Steps> {
    let earlier = || prop::option::of(any::<prop::sample::Index>());
    prop::collection::vec((earlier(), earlier(), earlier(), earlier()), 1..12).prop_map(|steps| {
        let steps = steps.into_iter().enumerate().map(|(i, (data, score, after, when))| {
            let pick = |index: Option<prop::sample::Index>| index.filter(|_| i > 0).map(|index| index.index(i));
            Step { data: pick(data), score: pick(score), after: pick(after), when: pick(when) }
        });
        Steps(steps.collect())
    })
}

impl Steps {
    fn text(&self) -> String {
        let mut text = "name: n\nsteps:\n  raw: { import: x, type: dataset }\n".to_owned();
        for (i, step) in self.0.iter().enumerate() {
            let data = step.data.map_or("raw".to_owned(), |from| format!("s{from}.data"));
            let score = step.score.map_or("0.5".to_owned(), |from| format!("'${{s{from}.score}}'"));
            let _ = write!(
                text,
                "  s{i}:\n    component: x.wasm#f\n    with:\n      data: ${{{data}}}\n      score: {score}\n"
            );
            if let Some(after) = step.after {
                let _ = writeln!(text, "    after: [s{after}]");
            }
            if let Some(when) = step.when {
                let _ = writeln!(text, "    when: has(s{when}.score) && s{when}.score > 0.1");
            }
        }
        text
    }
}

fn any_step() -> LinkedStep {
    let signature = signature(
        &[("data", "dataset"), ("score", "f64")],
        &[("data", "dataset"), ("score", "f64"), ("model", "model")],
    );
    LinkedStep { digest: "blake3:00".into(), function: "f".into(), signature }
}

fn checked(text: &str) -> Vec<Diagnostic> {
    let mut pipeline = read_pipeline(text).unwrap_or_else(|problems| panic!("{}", draw(text, &problems)));
    link(&mut pipeline, &|_| Some(any_step()));
    check(&pipeline)
}

proptest! {
    #[test]
    fn right_dags_pass_and_each_slip_is_found(steps in steps(), which in any::<prop::sample::Index>()) {
        let text = steps.text();
        prop_assert_eq!(checked(&text), vec![]);
        let i = which.index(steps.0.len());
        let head = format!("  s{i}:\n    component: x.wasm#f\n    with:\n");
        let found = |text: String, message: &str| {
            let problems = checked(&text);
            let right = problems.iter().any(|problem| problem.message.contains(message) && problem.at.is_some());
            prop_assert!(right, "{message}: {problems:?}\n{text}");
            Ok(())
        };
        // An input is missing.
        let (before, after) = text.split_once(&head).unwrap();
        let (_, rest) = after.split_once('\n').unwrap();
        found(format!("{before}{head}{rest}"), "needs the input `data` (dataset)")?;
        // A kind is wrong.
        found(format!("{before}  other: {{ import: x, type: model }}\n{head}      data: ${{other}}\n{rest}"), "takes a dataset, but `other.artifact` is a model")?;
        // A value is wrong.
        found(format!("{before}{head}      data: 3\n{rest}"), "takes a dataset, not a value")?;
        // An edge leads back: all steps stand in a chain, and step `i` reads the last one.
        let mut chain = steps.clone();
        for (j, step) in chain.0.iter_mut().enumerate() {
            step.after = j.checked_sub(1);
        }
        let last = steps.0.len() - 1;
        chain.0[i].data = Some(last);
        let message = if last == i { "waits for itself" } else { "these steps wait for each other" };
        found(chain.text(), message)?;
    }
}

#[test]
fn inner_dags_are_checked_too() {
    let mut pipeline =
        linked("name: n\nsteps:\n  raw: { import: x, type: dataset }\n  in: { import: x, type: model }\n");
    let port = |text: &str| Input::from(crate::testing::port(text));
    let wire = |from: Binding| crate::model::Wire { from, select: None, at: Location::default() };
    let output = |task: &str, output: &str| Binding::Output { task: task.into(), output: output.into() };
    let inner = Dag {
        tasks: [(
            "again".to_owned(),
            Task {
                component: "comp-in".into(),
                inputs: [("nothing".to_owned(), wire(Binding::Input("depth".into())))].into_iter().collect(),
                ..Task::default()
            },
        )]
        .into_iter()
        .collect(),
        outputs: [("model".to_owned(), output("again", ""))].into_iter().collect(),
    };
    let component = Component {
        inputs: [("data".to_owned(), port("dataset")), ("depth".to_owned(), port("u8"))].into_iter().collect(),
        implementation: Implementation::Dag(inner),
        ..Component::default()
    };
    pipeline.components.insert("inner".into(), component);
    let Implementation::Dag(root) = &mut pipeline.root.implementation else { panic!() };
    let inputs =
        [("data".to_owned(), wire(output("in", ""))), ("depth".to_owned(), wire(Binding::Literal(json!(3.0))))];
    let task = Task { component: "inner".into(), inputs: inputs.into_iter().collect(), ..Task::default() };
    root.tasks.insert("sub".into(), task);
    root.outputs.insert("m".into(), output("sub", "model"));
    link(&mut pipeline, &penguins);
    let problems: Vec<String> = check(&pipeline).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(problems.join("\n"));
    // What the inner DAG gives is known from its task.
    assert_eq!(pipeline.components["inner"].outputs["model"], crate::testing::port("model"));
}

#[test]
fn the_tests_components_are_known() {
    let step = |function: &str| WasmStep { path: "p.wasm".into(), function: Some(function.into()), digest: None };
    assert!(penguins(&step("train")).is_some() && penguins(&step("nothing")).is_none());
}

#[test]
fn a_type_in_the_place_of_a_default_is_pointed_out() {
    let text = "name: n\nparameters: { count: u8 }\nsteps:\n  x: { import: '${params.count}', type: dataset }\n";
    let problems = check(&linked(text));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(!problems[0].is_error());
    assert_eq!(problems[0].hint.as_deref(), Some("if that is its type, write `count: { type: u8 }`"));
}

#[test]
fn input_artifacts_are_checked() {
    let with = |inputs: &str, from: &str| {
        let step =
            format!("split: {{ component: p.wasm#split, with: {{ penguins: '{from}', seed: 1, fraction: 0.5 }} }}");
        problems(&format!(
            "name: n\nparameters: {{ csv: x.csv }}\ninputs: {{ {inputs} }}\nsteps:\n  {step}\n  raw: {{ import: '${{params.csv}}', type: dataset }}\n"
        ))
    };
    assert_eq!(with("data: dataset", "${inputs.data}"), "");
    for (inputs, from, told) in [
        ("data: model", "${inputs.data}", "takes a dataset, but `inputs.data` is a model"),
        (
            "data: { type: dataset, optional: true }",
            "${inputs.data}",
            "may be left out, but the input `penguins` is needed",
        ),
        ("data: dataset", "${inputs.dta}", "there is no parameter or input artifact `dta`"),
        ("data: dataset", "${data}", "`data` is an input artifact: write `${inputs.data}`"),
        ("data: dataset", "${raw}", "nothing uses the input artifact `data`"),
    ] {
        let said = with(inputs, from);
        assert!(said.contains(told), "{said}");
    }
}
