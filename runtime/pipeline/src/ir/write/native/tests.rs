use super::*;
use crate::ir::{check, read, write};
use crate::testing::{PENGUINS, draw, linked};

fn lowered(text: &str) -> Lowered {
    let pipeline = linked(text);
    let problems = crate::check::check(&pipeline);
    assert!(!problems.iter().any(Diagnostic::is_error), "{}", draw(text, &problems));
    to_kfp(&pipeline, &Options::default()).unwrap_or_else(|problems| panic!("{}", draw(text, &problems)))
}

/// The whole pipeline of the tests, without what KFP cannot do.
fn penguins() -> String {
    PENGUINS.replace(", directories: { /ref: { host: ./ref, write: true }, /x: ./x }", "")
}

/// What is written is read as the same pipeline, and is right.
fn assert_sound(lowered: &Lowered) {
    let text = write::write(&lowered.pipeline).to_yaml();
    let read = read::read_pipeline(&text).unwrap_or_else(|problems| panic!("{}\n{text}", draw(&text, &problems)));
    assert_eq!(write::write(&read.pipeline).to_yaml(), text);
    let problems = check::check(&read.pipeline);
    assert!(!problems.iter().any(Diagnostic::is_error), "{}\n{text}", draw(&text, &problems));
}

#[test]
fn a_native_pipeline_becomes_one_of_kfp() {
    let text = penguins();
    let lowered = lowered(&text);
    assert_sound(&lowered);
    insta::assert_snapshot!(write::write(&lowered.pipeline).to_yaml());
    insta::assert_snapshot!("warnings", draw(&text, &lowered.warnings));
}

#[test]
fn directories_of_the_host_have_no_counterpart() {
    let problems = to_kfp(&linked(PENGUINS), &Options::default()).unwrap_err();
    insta::assert_snapshot!(draw(PENGUINS, &problems));
}

#[test]
fn names_are_such_as_kfp_takes() {
    let lowered = lowered(
        r#"
name: My Pipeline!
parameters: { a-b: 1, a_b: 2, C: x.csv }
steps:
  condition-1: { import: "${params.C}", type: dataset }
  My_Split:
    component: penguins.wasm#split
    with: { penguins: "${condition-1}", seed: "${params.a-b}", fraction: 0.5 }
  my-split:
    component: penguins.wasm#split
    when: params.a_b > 1
    with: { penguins: "${condition-1}", seed: "${params.a_b}", fraction: 0.5 }
  my-pipeline:
    component: penguins.wasm#train
    with: { data: "${my-split.train}" }
outputs: { the-model: "${my-pipeline.model}", other: "${My_Split.test}" }
"#,
    );
    assert_sound(&lowered);
    let spec = write::write(&lowered.pipeline).spec;
    assert_eq!(spec["pipelineInfo"]["name"], "my-pipeline");
    let inputs = &spec["root"]["inputDefinitions"]["parameters"];
    assert_eq!(inputs["a_b"]["defaultValue"], 2);
    assert_eq!(inputs["a_b_2"]["defaultValue"], 1);
    let tasks = &spec["root"]["dag"]["tasks"];
    assert_eq!(tasks["my-split"]["taskInfo"]["name"], "My_Split");
    assert_eq!(tasks["my-split"]["inputs"]["parameters"]["seed"]["componentInputParameter"], "a_b_2");
    // The step `condition-1` keeps its name.
    assert_eq!(
        tasks["condition-2"]["triggerPolicy"]["condition"],
        "int(inputs.parameter_values['pipelinechannel--a_b']) > 1"
    );
    assert_eq!(spec["components"]["comp-condition-2"]["dag"]["tasks"]["my-split-2"]["taskInfo"]["name"], "my-split");
    // The SDK would take a component that is called like the pipeline for the pipeline.
    assert_eq!(tasks["my-pipeline"]["componentRef"]["name"], "comp-my-pipeline-2");
    assert!(spec["root"]["outputDefinitions"]["artifacts"]["the_model"].is_object());
}

#[test]
fn a_step_that_only_asks_goes_on_where_others_are_skipped() {
    let lowered = lowered(
        r#"
name: p
parameters: { go: true }
steps:
  raw: { import: x.csv, type: dataset }
  split: { component: c.wasm#split, with: { penguins: "${raw}", seed: 1, fraction: 0.5 } }
  first: { component: c.wasm#train, when: params.go, with: { data: "${split.train}" } }
  # Optional: it trains from nothing where there is no base.
  second: { component: c.wasm#train, after: [raw], with: { data: "${split.test}", base: "${first}" } }
  # Needed: it is skipped with the first one.
  third: { component: c.wasm#push, with: { model: "${first}" } }
  fourth: { component: c.wasm#push, when: "!has(first.model)", with: { model: "${second}" } }
"#,
    );
    assert_sound(&lowered);
    let spec = write::write(&lowered.pipeline).spec;
    let tasks = &spec["root"]["dag"]["tasks"];
    assert_eq!(
        tasks["condition-2"]["triggerPolicy"],
        json!({
            "condition": "'pipelinechannel--split-test' in inputs.artifacts && 'pipelinechannel--raw-artifact' in inputs.artifacts",
            "strategy": "ALL_UPSTREAM_TASKS_COMPLETED",
        })
    );
    assert_eq!(tasks["third"].get("triggerPolicy"), None);
    assert_eq!(
        tasks["condition-3"]["triggerPolicy"]["condition"],
        "'pipelinechannel--second-model' in inputs.artifacts && (!('pipelinechannel--first-model' in inputs.artifacts))"
    );
    assert_eq!(tasks["condition-3"]["dependentTasks"], json!(["condition-1", "condition-2"]));
}

#[test]
fn conditions_beyond_kfp_are_refused_by_step() {
    let text = "
name: p
parameters: { sizes: [1, 2] }
steps:
  raw: { import: x.csv, type: dataset, when: 'params.sizes.exists(n, n > 1)' }
  split: { component: c.wasm#split, with: { penguins: '${raw}', seed: 1, fraction: 0.5 } }
outputs: { x: '${split.train}' }
";
    let problems = to_kfp(&linked(text), &Options::default()).unwrap_err();
    insta::assert_snapshot!(draw(text, &problems));
}

#[test]
fn lists_of_what_several_steps_give_have_no_counterpart() {
    let text = "
name: p
steps:
  raw: { import: x.csv, type: dataset }
  split: { component: c.wasm#split, with: { penguins: '${raw}', seed: 1, fraction: 0.5 } }
  train: { component: c.wasm#train, with: { data: '${split.train}' } }
  push: { component: c.wasm#push, with: { model: '${train}', others: ['${split.train}', '${split.test}'] } }
";
    let problems = to_kfp(&linked(text), &Options::default()).unwrap_err();
    let wanted = "KFP makes no list of what several steps give: the input `others` of the step `push`";
    assert!(problems.iter().any(|problem| problem.message == wanted), "{}", draw(text, &problems));
}

#[test]
fn components_can_be_images_of_a_registry() {
    let image = |step: &WasmStep| Some(format!("registry/{}", step.path.replace(".wasm", "")));
    let path = |path: &str| format!("../{path}");
    let text = "{ name: p, parameters: { csv: data.csv }, steps: { raw: { import: '${params.csv}', type: dataset }, split: { component: c.wasm#split, with: { penguins: '${raw}', seed: 1, fraction: 0.5 } } } }";
    let pipeline = linked(text);
    let of = |options: Options<'_>| write::write(&to_kfp(&pipeline, &options).unwrap().pipeline).spec;
    let spec = of(Options { image: &image, path: &path });
    let container = &spec["deploymentSpec"]["executors"]["exec-split"]["container"];
    assert_eq!(
        *container,
        json!({ "image": "registry/c", "args": ["--function", "split", "--executor-input", "{{$}}"] })
    );
    assert_eq!(spec["root"]["inputDefinitions"]["parameters"]["csv"]["defaultValue"], "../data.csv");
    let spec = of(Options { path: &path, ..Options::default() });
    assert_eq!(spec["deploymentSpec"]["executors"]["exec-split"]["container"]["image"], "file:../c.wasm#split");
}
