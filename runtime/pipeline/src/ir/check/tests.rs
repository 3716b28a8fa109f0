use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::ir::read::read_pipeline;
use crate::link::{LinkedStep, link};
use crate::testing::{draw, processor_time, signature};

/// Components that the pipelines below are made of, and the file around them; tasks stand at a place of their own, in YAML.
fn with_tasks(tasks: &str, outputs: &str) -> String {
    let indented = |text: &str| text.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n");
    let (tasks, outputs) = (indented(tasks), indented(outputs));
    format!(
        r#"pipelineInfo: {{ name: n }}
schemaVersion: 2.1.0
components:
  comp-make:
    executorLabel: exec-make
    inputDefinitions:
      parameters:
        size: {{ parameterType: NUMBER_INTEGER }}
        words: {{ parameterType: LIST, isOptional: true }}
        mode: {{ parameterType: STRING, isOptional: true, literals: [fast, exact] }}
    outputDefinitions:
      artifacts:
        data: {{ artifactType: {{ schemaTitle: system.Dataset }} }}
      parameters:
        count: {{ parameterType: NUMBER_INTEGER }}
        text: {{ parameterType: STRING }}
        table: {{ parameterType: STRUCT }}
  comp-use:
    executorLabel: exec-use
    inputDefinitions:
      artifacts:
        data: {{ artifactType: {{ schemaTitle: system.Model }} }}
      parameters:
        label: {{ parameterType: STRING, isOptional: true }}
        status: {{ parameterType: TASK_FINAL_STATUS, isOptional: true }}
  comp-inner:
    dag:
      tasks:
        make:
          componentRef: {{ name: comp-make }}
          inputs: {{ parameters: {{ size: {{ componentInputParameter: item }} }} }}
      outputs:
        artifacts: {{ data: {{ artifactSelectors: [{{ producerSubtask: make, outputArtifactKey: data }}] }} }}
    inputDefinitions:
      parameters: {{ item: {{ parameterType: STRING }} }}
    outputDefinitions:
      artifacts: {{ data: {{ artifactType: {{ schemaTitle: system.Dataset }}, isArtifactList: true }} }}
deploymentSpec:
  executors:
    exec-make: {{ container: {{ image: x, command: [sh], args: ["{{{{$.inputs.parameters['size']}}}}", "{{{{$.outputs.artifacts['data'].path}}}}"] }} }}
    exec-use: {{ container: {{ image: x, command: [sh], args: ["{{{{$}}}}"] }} }}
root:
  inputDefinitions:
    parameters:
      size: {{ parameterType: NUMBER_INTEGER, defaultValue: 3.0 }}
      text: {{ parameterType: STRING }}
      items: {{ parameterType: LIST }}
  dag:
    outputs:
{outputs}
    tasks:
{tasks}
"#
    )
}

fn problems(text: &str) -> String {
    let read = read_pipeline(text).unwrap_or_else(|problems| panic!("{}", draw(text, &problems)));
    draw(text, &check(&read.pipeline))
}

const MAKE: &str = "make: { componentRef: { name: comp-make }, inputs: { parameters: { size: { componentInputParameter: size } } } }\n";

#[test]
fn a_right_pipeline_has_no_problems() {
    let tasks = MAKE.to_owned()
        + r#"
use:
  componentRef: { name: comp-use }
  dependentTasks: [make]
  inputs:
    artifacts: { data: { taskOutputArtifact: { producerTask: make, outputArtifactKey: data } } }
    parameters:
      label: { taskOutputParameter: { producerTask: make, outputParameterKey: count } }
      status: { taskFinalStatus: { producerTask: make } }
inner:
  componentRef: { name: comp-inner }
  parameterIterator: { itemInput: item, items: { raw: '[1, 2]' } }
given:
  componentRef: { name: comp-inner }
  inputs: { parameters: { all: { componentInputParameter: items } } }
  parameterIterator: { itemInput: item, items: { inputParameter: all } }
  triggerPolicy: { condition: "inputs.parameter_values['all'] != ''" }
"#;
    let outputs = "artifacts: { data: { artifactSelectors: [{ producerSubtask: inner, outputArtifactKey: data }] } }";
    assert_eq!(problems(&with_tasks(&tasks, outputs)), "");
}

#[test]
fn wrong_pipelines_are_explained() {
    let use_with = |parameters: &str| {
        format!(
            "{MAKE}use:\n  componentRef: {{ name: comp-use }}\n  inputs:\n    artifacts: {{ data: {{ taskOutputArtifact: {{ producerTask: make, outputArtifactKey: data }} }} }}\n    parameters: {{ {parameters} }}\n"
        )
    };
    let make_with = |parameters: &str| {
        format!("make: {{ componentRef: {{ name: comp-make }}, inputs: {{ parameters: {{ {parameters} }} }} }}\n")
    };
    let inner_with = |rest: &str| format!("inner: {{ componentRef: {{ name: comp-inner }}, {rest} }}\n");
    let tasks = [
        // Names.
        "make: { componentRef: { name: comp-mkae } }\n".into(),
        "make: { componentRef: { name: comp-make } }\n".into(),
        make_with("sise: { componentInputParameter: size }"),
        make_with("size: { componentInputParameter: sise }"),
        use_with("label: { taskOutputParameter: { producerTask: mkae, outputParameterKey: text } }"),
        use_with("label: { taskOutputParameter: { producerTask: make, outputParameterKey: txet } }"),
        use_with("status: { taskFinalStatus: { producerTask: loop } }"),
        format!("{MAKE}use: {{ componentRef: {{ name: comp-inner }}, dependentTasks: [mkae], inputs: {{ parameters: {{ item: {{ componentInputParameter: text }} }} }} }}\n"),
        // Sorts and types.
        use_with("label: { taskOutputParameter: { producerTask: make, outputParameterKey: data } }"),
        make_with("size: { componentInputParameter: text }"),
        make_with("size: { componentInputParameter: size }, words: { componentInputParameter: size }"),
        make_with("size: { runtimeValue: { constant: big } }"),
        make_with("size: { runtimeValue: { constant: 1.5 } }"),
        make_with("size: { runtimeValue: { constant: 1 } }, mode: { runtimeValue: { constant: slow } }"),
        format!("{MAKE}more: {{ componentRef: {{ name: comp-make }}, inputs: {{ parameters: {{ size: {{ taskOutputParameter: {{ producerTask: make, outputParameterKey: text }} }} }} }} }}\n"),
        // Placeholders and selectors.
        make_with("size: { runtimeValue: { constant: \"{{$.inputs.parameters['x']}}\" } }"),
        make_with("size: { runtimeValue: { constant: \"{{$.inputs.parameters['size']}}\" } }"),
        make_with("size: { runtimeValue: { constant: \"{{$.pipeline_google_cloud_project_id}}\" } }"),
        make_with("size: { runtimeValue: { constant: \"{{$.workspace_path}}\" } }"),
        make_with("size: { componentInputParameter: text, parameterExpressionSelector: 'parseJson(string_value' }"),
        make_with("size: { componentInputParameter: text, parameterExpressionSelector: 'value.x' }"),
        // Conditions.
        inner_with("inputs: { parameters: { item: { componentInputParameter: text } } }, triggerPolicy: { condition: \"inputs.parameter_values['itm'] == 'x'\" }"),
        inner_with("inputs: { parameters: { item: { componentInputParameter: text } } }, triggerPolicy: { condition: \"inputs.artifacts['item'].artifacts[0].uri == 'x'\" }"),
        inner_with("inputs: { parameters: { item: { componentInputParameter: text } } }, triggerPolicy: { condition: \"inputs.parameter_values['item' == 'x'\" }"),
        inner_with("inputs: { parameters: { item: { componentInputParameter: text } } }, triggerPolicy: { condition: \"tasks.make.count > 3\" }"),
        // Loops.
        inner_with("parameterIterator: { itemInput: itme, items: { raw: '[1]' } }"),
        inner_with("parameterIterator: { itemInput: item, items: { inputParameter: all } }"),
        inner_with("artifactIterator: { itemInput: item, items: { inputArtifact: all } }, inputs: { parameters: { all: { componentInputParameter: items } } }"),
        "make: { componentRef: { name: comp-make }, parameterIterator: { itemInput: size, items: { raw: '[1, 2, \"x\"]' } } }\n".into(),
        // Cycles.
        "a: { componentRef: { name: comp-inner }, dependentTasks: [b], inputs: { parameters: { item: { componentInputParameter: text } } } }\nb: { componentRef: { name: comp-inner }, dependentTasks: [a], inputs: { parameters: { item: { componentInputParameter: text } } } }\n".into(),
        "a: { componentRef: { name: comp-inner }, inputs: { parameters: { item: { taskFinalStatus: { producerTask: a } } } } }\n".into(),
    ];
    let mut drawn = String::new();
    for tasks in tasks {
        let text = with_tasks(&tasks, "");
        let _ = writeln!(drawn, "{}{}", problems(&text), "-".repeat(20));
    }
    let outputs = "parameters: { a: { valueFromParameter: { producerSubtask: mkae, outputParameterKey: count } }, b: { valueFromParameter: { producerSubtask: make, outputParameterKey: cuont } } }";
    let _ = writeln!(drawn, "{}{}", problems(&with_tasks(MAKE, outputs)), "-".repeat(20));
    insta::assert_snapshot!(drawn);
}

#[test]
fn placeholders_of_commands_speak_of_what_there_is() {
    let text = with_tasks(MAKE, "").replace(
        "args: [\"{{$}}\"]",
        "env: [{ name: X, value: \"{{$.inputs.parameters['data']}}\" }], args: [\"{{$.inputs.parameters['lable']}}\", \"{{$.outputs.artifacts['model'].uri}}\", '{\"IfPresent\": {\"InputName\": \"x\", \"Then\": \"{{$.workspace_path}}\"}}', \"{{$.pipeline_job_nam}}\"]",
    );
    insta::assert_snapshot!(problems(&text));
}

/// A file in which each component has so many tasks of the next.
fn nested(depth: usize, width: usize, last: &Value) -> String {
    let tasks = |name: &str| {
        let task = json!({ "componentRef": { "name": name } });
        json!({ "dag": { "tasks": (0..width).map(|i| (format!("t{i}"), task.clone())).collect::<serde_json::Map<_, _>>() } })
    };
    let mut components: serde_json::Map<String, Value> =
        (0..depth).map(|i| (format!("c{i}"), tasks(&format!("c{}", i + 1)))).collect();
    components.insert(format!("c{depth}"), last.clone());
    json!({
        "pipelineInfo": { "name": "nested" }, "schemaVersion": "2.1.0",
        "components": components,
        "deploymentSpec": { "executors": { "e": { "container": { "image": "x", "command": ["sh"] } } } },
        "root": tasks("c0"),
    })
    .to_string()
}

#[test]
fn neither_recursion_nor_size_goes_beyond_bounds() {
    let leaf = json!({ "executorLabel": "e" });
    let say = |text: &str| {
        let (problems, took) = processor_time(|| check(&read_pipeline(text).unwrap().pipeline));
        assert!(took < Duration::from_secs(5), "{took:?}");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(say(&nested(90, 1, &leaf)), "");
    insta::assert_snapshot!(
        [
            say(&nested(5_000, 1, &leaf)),
            say(&nested(60, 10, &leaf)),
            say(&nested(3, 1, &json!({ "dag": { "tasks": { "again": { "componentRef": { "name": "c2" } } } } }))),
            say(&nested(0, 1, &json!({ "dag": { "tasks": { "again": { "componentRef": { "name": "c0" } } } } }))),
        ]
        .join("\n")
    );
    // Every condition another one.
    let conditions: serde_json::Map<String, Value> = (0..4_000)
        .map(|i| {
            let condition = format!("inputs.parameter_values['x'] == {i} && {}true{}", "(".repeat(80), ")".repeat(80));
            (format!("t{i}"), json!({ "componentRef": { "name": "c0" }, "triggerPolicy": { "condition": condition } }))
        })
        .collect();
    let mut text: Value = serde_json::from_str(&nested(0, 1, &leaf)).unwrap();
    text["root"]["dag"]["tasks"] = conditions.into();
    assert!(say(&text.to_string()).contains("the task does not have"));
}

#[test]
fn declared_interfaces_are_held_against_the_components() {
    let text = r#"pipelineInfo: { name: n }
schemaVersion: 2.1.0
components:
  comp-train:
    executorLabel: exec-train
    inputDefinitions:
      artifacts:
        data: { artifactType: { schemaTitle: system.Dataset } }
        extra: { artifactType: { schemaTitle: system.Artifact } }
      parameters:
        learning_rate: { parameterType: NUMBER_DOUBLE, defaultValue: 1.0, literals: [1.0, 2.0] }
        depth: { parameterType: NUMBER_INTEGER, defaultValue: 300.0 }
        name: { parameterType: NUMBER_INTEGER }
        seed: { parameterType: NUMBER_INTEGER, isOptional: true }
        dpth: { parameterType: NUMBER_INTEGER, isOptional: true }
    outputDefinitions:
      artifacts:
        best_model: { artifactType: { schemaTitle: system.Model } }
        model: { artifactType: { schemaTitle: system.Model } }
      parameters:
        accuracy: { parameterType: STRING }
deploymentSpec:
  executors: { exec-train: { container: { image: "file:p.wasm#train" } } }
root:
  inputDefinitions:
    artifacts: { data: { artifactType: { schemaTitle: system.Dataset } } }
    parameters: { text: { parameterType: STRING } }
  outputDefinitions:
    artifacts: { model: { artifactType: { schemaTitle: system.Model } } }
  dag:
    outputs: { artifacts: { model: { artifactSelectors: [{ producerSubtask: train, outputArtifactKey: best_model }] } } }
    tasks:
      train:
        componentRef: { name: comp-train }
        inputs:
          artifacts:
            data: { componentInputArtifact: data }
            extra: { componentInputArtifact: data }
          parameters:
            learning_rate: { runtimeValue: { constant: "{{$.inputs.parameters['name']}}" } }
            name: { componentInputParameter: text }
        triggerPolicy: { condition: "inputs.parameter_values['learning_rate'] == 1" }
"#;
    let mut pipeline = read_pipeline(text).unwrap().pipeline;
    let problems = link(&mut pipeline, &|_| {
        Some(LinkedStep {
            digest: "blake3:00".into(),
            function: "train".into(),
            signature: signature(
                &[
                    ("data", "dataset"),
                    ("extra", "acme.Special"),
                    ("learning-rate", "f32?"),
                    ("depth", "u8"),
                    ("name", "string"),
                    ("seed", "u64"),
                    ("needed", "bool"),
                    ("mode", "string?"),
                ],
                &[("best-model", "model"), ("accuracy", "f64"), ("more", "u8")],
            ),
        })
    });
    insta::assert_snapshot!(format!("{}{}", draw(text, &problems), draw(text, &check(&pipeline))));

    let component = &pipeline.components["comp-train"];
    let rate = &component.inputs["learning-rate"];
    assert_eq!((rate.port.ty.to_string().as_str(), rate.port.optional), ("f32", false));
    assert_eq!((rate.default.clone(), rate.literals.clone()), (Some(json!(1.0)), vec![json!(1.0), json!(2.0)]));
    assert_eq!(component.outputs.keys().collect::<Vec<_>>(), ["best-model", "accuracy", "more"]);
    let Implementation::Dag(dag) = &pipeline.root.implementation else { panic!() };
    assert_eq!(dag.outputs["model"], Binding::Output { task: "train".into(), output: "best-model".into() });
    let train = &dag.tasks["train"];
    assert!(train.inputs.contains_key("learning-rate"));
    assert!(train.when.as_ref().unwrap().expression.contains("['learning-rate']"));
    // Linked again, nothing changes.
    let before = pipeline.clone();
    link(&mut pipeline, &|_| None);
    assert_eq!(pipeline, before);
}
