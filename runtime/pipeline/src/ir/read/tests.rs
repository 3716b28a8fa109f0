use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;

use super::*;
use crate::ir::check::check;
use crate::model::{Binding, Dag};
use crate::testing::draw;
use crate::types::{KfpType, PortType};
use crate::yaml;

mod robust;

const EVERYTHING: &str = include_str!("tests/everything.yaml");

fn read_right(text: &str) -> Read {
    read_pipeline(text).unwrap_or_else(|problems| panic!("{}", draw(text, &problems)))
}

fn dag(read: &Read) -> &Dag {
    match &read.pipeline.root.implementation {
        Implementation::Dag(dag) => dag,
        other => panic!("{other:?}"),
    }
}

/// A pipeline of one component with these parts, as JSON.
fn one_task(executor: &Value, component: &Value, task: &Value) -> String {
    let mut component = component.clone();
    component["executorLabel"] = json!("exec-work");
    let mut task = task.clone();
    task["componentRef"] = json!({ "name": "comp-work" });
    json!({
        "pipelineInfo": { "name": "one" },
        "schemaVersion": "2.1.0",
        "components": { "comp-work": component },
        "deploymentSpec": { "executors": { "exec-work": executor } },
        "root": { "dag": { "tasks": { "work": task } } },
    })
    .to_string()
}

fn shell() -> Value {
    json!({ "container": { "image": "alpine", "command": ["sh"] } })
}

#[test]
fn a_pipeline_is_read_whole() {
    let read = read_right(EVERYTHING);
    assert_eq!(draw(EVERYTHING, &check(&read.pipeline)), "");
    let pipeline = Pipeline { places: BTreeMap::new(), ..read.pipeline };
    insta::assert_snapshot!(serde_json::to_string_pretty(&pipeline).unwrap());
}

#[test]
fn what_is_not_honoured_is_told_with_its_place() {
    let read = read_right(EVERYTHING);
    assert!(read.warnings.iter().all(|warning| !warning.is_error() && warning.at.is_some()));
    insta::assert_snapshot!(draw(EVERYTHING, &read.warnings));
}

#[test]
fn the_format_is_told_by_its_fields() {
    for text in [
        "schemaVersion: 2.1.0\n",
        "# x\n\"pipelineInfo\":\n",
        "{\"pipeline_spec\": {}}",
        "pipeline_spec:\n",
        " {\"pipelineInfo\":1}",
        "\u{feff}pipelineInfo: {}",
        EVERYTHING,
    ] {
        assert!(looks_like_ir(text), "{text}");
    }
    for text in ["name: n\nsteps:\n", "", "steps:\n  schemaVersion: {}\n", "{\"steps\": {}}", "schemaVersion"] {
        assert!(!looks_like_ir(text), "{text}");
    }
}

#[test]
fn every_form_of_a_file_says_the_same() {
    let plain = read_right(EVERYTHING);
    let pipeline = |text: &str| read_right(text).pipeline.without_places();
    let mut expected = plain.pipeline.clone().without_places();
    let (spec, platform) = EVERYTHING.split_once("---\n").unwrap();
    let (spec, platform) = (yaml::value(spec).unwrap(), yaml::value(platform).unwrap());

    let rest = json!({ "pipeline_spec": spec, "platform_spec": platform });
    for text in [rest.to_string(), serde_json::to_string_pretty(&rest).unwrap().replace("  ", "\t")] {
        assert_eq!(pipeline(&text), expected);
    }
    let job = json!({ "displayName": "x", "pipelineSpec": spec, "platformSpec": platform });
    assert_eq!(pipeline(&job.to_string()), expected);
    assert_eq!(pipeline(&format!("{spec}\n---\n{platform}\n")), expected);
    assert_eq!(pipeline(&format!("{platform}\n---\n---\n{spec}\n")), expected);
    assert_eq!(pipeline(&EVERYTHING.replace('\n', "\r\n")), expected);

    // Fields by their other names; what is no field keeps its own.
    let snake = snake_case(&spec);
    let mut other = pipeline(&format!("{snake}\n---\n{platform}\n"));
    for pipeline in [&mut other, &mut expected] {
        // It is kept as it was written.
        pipeline.components.values_mut().for_each(|component| component.unhonoured.clear());
    }
    assert_eq!(other, expected);
}

/// The fields of messages in their other spelling. Names that the pipeline gives have no capitals, or are values.
fn snake_case(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(snake_case).collect(),
        Value::Object(fields) => {
            let field = |name: &String| {
                if ["InputName", "Output", "MODE"].contains(&name.as_str()) || name.contains("{{") {
                    return name.clone();
                }
                let mut snake = String::new();
                for c in name.chars() {
                    if c.is_uppercase() {
                        snake.push('_');
                    }
                    snake.extend(c.to_lowercase());
                }
                snake
            };
            fields.iter().map(|(name, value)| (field(name), snake_case(value))).collect()
        }
        plain => plain.clone(),
    }
}

#[test]
fn json_is_read_with_all_its_escapes() {
    let text = r#"{"pipelineInfo":{"name":"a\/b \ud83e\uddad \\ud83e\\uddad \u00e9","description":"\ud83e"},"schemaVersion":"2.1.0","root":{"dag":{}}}"#;
    let wrong = read_pipeline(text).unwrap_err();
    assert!(wrong[0].message.starts_with("this is not JSON"), "{wrong:?}");
    let read = read_right(&text.replace(",\"description\":\"\\ud83e\"", ""));
    assert_eq!(read.pipeline.name, "a/b 🦭 \\ud83e\\uddad é");
}

#[test]
fn unquoted_values_are_what_they_are_to_the_sdk() {
    let input = |text: &str| dag(&read_right(text)).tasks["t"].inputs["x"].from.clone();
    let yaml = |value: &str| {
        input(&format!(
            "pipelineInfo:\n  name: n\nroot:\n  dag:\n    tasks:\n      t:\n        componentRef:\n          name: c\n        inputs:\n          parameters:\n            x:\n              runtimeValue:\n                constant: {value}\nschemaVersion: 2.1.0\n"
        ))
    };
    let json = |value: &str| {
        input(&format!(
            r#"{{"pipelineInfo":{{"name":"n"}},"schemaVersion":"2.1.0","root":{{"dag":{{"tasks":{{"t":{{"componentRef":{{"name":"c"}},"inputs":{{"parameters":{{"x":{{"runtimeValue":{{"constant":{value}}}}}}}}}}}}}}}}}}}"#
        ))
    };
    for (text, value) in [
        ("1e3", json!("1e3")),
        ("0o17", json!("0o17")),
        ("'1e3'", json!("1e3")),
        ("1.0e+3", json!(1000)),
        ("017", json!(15)),
        ("yes", json!(true)),
        ("'yes'", json!("yes")),
        ("1:30", json!(90)),
        ("2024-01-31", json!("2024-01-31")),
    ] {
        assert_eq!(yaml(text), Binding::Literal(value), "{text}");
    }
    for (text, value) in [("1e3", json!(1000)), ("\"1e3\"", json!("1e3")), ("1.5", json!(1.5)), ("true", json!(true))] {
        assert_eq!(json(text), Binding::Literal(value), "{text}");
    }
}

#[test]
fn schema_2_0_0_is_read_too() {
    let text = r#"
pipelineInfo: { name: old }
schemaVersion: 2.0.0
components:
  comp-a:
    executorLabel: exec-a
    inputDefinitions:
      parameters: { n: { type: INT }, x: { type: DOUBLE }, s: { type: STRING } }
    outputDefinitions:
      artifacts: { model: { artifactType: { instanceSchema: "title: kfp.Model\ntype: object\n" } } }
      parameters: { count: { type: INT } }
  comp-i:
    executorLabel: exec-i
    outputDefinitions: { artifacts: { artifact: { artifactType: { schemaTitle: system.Artifact } } } }
deploymentSpec:
  executors:
    exec-a: { container: { image: python:3.7, command: [python3], args: [] } }
    exec-i:
      importer:
        artifactUri: { constantValue: { stringValue: data.csv } }
        properties: { rows: { constantValue: { intValue: '3' } } }
        typeSchema: { schemaTitle: system.Dataset }
root:
  dag:
    tasks:
      a:
        componentRef: { name: comp-a }
        taskInfo: { name: a }
        inputs:
          parameters:
            n: { runtimeValue: { constantValue: { intValue: '3' } } }
            x: { runtimeValue: { constantValue: { doubleValue: 2 } } }
            s: { runtimeValue: { runtimeParameter: text } }
        triggerPolicy: { condition: "inputs.parameters['n'].int_value == 3" }
      i: { componentRef: { name: comp-i } }
  inputDefinitions:
    parameters: { text: { type: STRING } }
"#;
    let read = read_right(text);
    assert_eq!((read.warnings.as_slice(), draw(text, &check(&read.pipeline)).as_str()), ([].as_slice(), ""));
    let a = &dag(&read).tasks["a"];
    assert_eq!(a.inputs["n"].from, Binding::Literal(json!(3)));
    assert_eq!(a.inputs["s"].from, Binding::Input("text".into()));
    let component = &read.pipeline.components["comp-a"];
    assert_eq!(component.outputs["model"].ty.to_string(), "model");
    let kfp = |name: &str| match &component.inputs[name].port.ty {
        PortType::Parameter(ty) => ty.kfp(),
        PortType::Artifact { .. } => panic!("{name} is an artifact"),
    };
    assert_eq!((kfp("n"), kfp("x"), kfp("s")), (KfpType::NumberInteger, KfpType::NumberDouble, KfpType::String));
    let Implementation::Import(importer) = &read.pipeline.components["comp-i"].implementation else { panic!() };
    assert_eq!((&importer.source, &importer.properties["rows"]), (&Binding::Literal(json!("data.csv")), &json!(3)));
}

#[test]
fn images_tell_who_does_the_work() {
    let sort = |container: Value| {
        let text = one_task(&json!({ "container": container }), &json!({}), &json!({}));
        match &read_right(&text).pipeline.components["comp-work"].implementation {
            Implementation::Wasm(step) => format!("wasm {} {}", step.path, step.function.as_deref().unwrap_or("-")),
            Implementation::Command(step) => format!("command {} {:?} {:?}", step.image, step.command, step.args),
            Implementation::Volume(volume) => format!("volume {:?}", volume.action),
            other => panic!("{other:?}"),
        }
    };
    let containers = [
        json!({ "image": "tool.wasm" }),
        json!({ "image": "file:tool.wasm#train" }),
        json!({ "image": "file:///abs/tool#train", "args": ["--executor_input", "{{$}}"] }),
        json!({ "image": "tool.wasm", "args": ["--executor-input", "{{$}}"] }),
        json!({ "image": "tool.wasm", "args": ["x"] }),
        json!({ "image": "tool.wasm", "command": ["tool"] }),
        json!({ "image": "oci://localhost:5000/me/tool:1.2#train" }),
        json!({ "image": "oci://localhost:5000/me/tool:1.2", "command": ["tool"] }),
        json!({ "image": "argostub/createpvc" }),
        json!({ "image": "argostub/deletepvc:latest" }),
        json!({ "image": "python:3.11", "command": ["python3"], "args": [{ "Concat": ["a", "b"] }, "7"] }),
    ];
    insta::assert_snapshot!(containers.map(sort).join("\n"));
    let text = one_task(&json!({ "container": { "image": "oci:example.com/x" } }), &json!({}), &json!({}));
    assert!(read_pipeline(&text).unwrap_err()[0].message.contains("names no registry"));
}

#[test]
fn the_compiler_may_hand_on_a_loops_item_too_early() {
    let text = r"
pipelineInfo: { name: slip }
schemaVersion: 2.1.0
components:
  comp-outer:
    dag: { tasks: { inner: { componentRef: { name: comp-inner }, inputs: { parameters: { p--loop-item-param-1: { componentInputParameter: p--loop-item-param-1 } } } } } }
    inputDefinitions: { parameters: { p--loop-item-param-1: { parameterType: STRING } } }
  comp-inner:
    dag: { tasks: {} }
    inputDefinitions: { parameters: { p--loop-item-param-1: { parameterType: STRING } } }
root:
  dag: { tasks: { outer: { componentRef: { name: comp-outer }, inputs: { parameters: { p--loop-item-param-1: { componentInputParameter: loop-item-param-1 } } } } } }
";
    let read = read_right(text);
    assert_eq!(draw(text, &check(&read.pipeline)), "");
    assert!(dag(&read).tasks["outer"].inputs.is_empty());
    assert!(read.pipeline.components["comp-inner"].inputs["p--loop-item-param-1"].port.optional);
}

#[test]
fn wrong_files_are_explained() {
    let head = "pipelineInfo: { name: n }\nschemaVersion: 2.1.0\n";
    let task = |rest: &str| {
        format!("{head}root: {{ dag: {{ tasks: {{ t: {{ componentRef: {{ name: c }}, {rest} }} }} }} }}\n")
    };
    let component = |rest: &str| {
        format!(
            "{head}components: {{ c: {{ executorLabel: e, {rest} }} }}\ndeploymentSpec: {{ executors: {{ e: {{ container: {{ image: x, command: [sh] }} }} }} }}\nroot: {{ dag: {{ tasks: {{ t: {{ componentRef: {{ name: c }} }} }} }} }}\n"
        )
    };
    let executor = |rest: &str| {
        format!(
            "{head}components: {{ c: {{ executorLabel: e }} }}\ndeploymentSpec: {{ executors: {{ e: {{ {rest} }} }} }}\nroot: {{ dag: {{ tasks: {{ t: {{ componentRef: {{ name: c }} }} }} }} }}\n"
        )
    };
    let files = [
        String::new(),
        "# nothing\n".into(),
        "[1, 2]".into(),
        "platforms: { kubernetes: {} }\n".into(),
        head.into(),
        "schemaVersion: 2.1.0\nroot: { dag: {} }\n".into(),
        "pipelineInfo: { name: n }\nschemaVersion: 1.0.0\nroot: { dag: {} }\n".into(),
        "pipelineInfo: { name: n }\nschemaVersion: 2.1\nroot: { dag: {} }\n".into(),
        "pipelineInfo: { name: n }\nroot: { dag: {} }\n".into(),
        format!(
            "{head}root: {{ executorLabel: e }}\ndeploymentSpec: {{ executors: {{ e: {{ container: {{ image: x }} }} }} }}\n"
        ),
        format!("{head}root: {{ dag: {{}} }}\nrot: 1\n---\n{head}root: {{ dag: {{}} }}\n"),
        format!("{head}pipeline_info: {{ name: m }}\nroot: {{ dag: {{}} }}\n"),
        format!("{head}root: {{ dag: {{ tasks: [1] }} }}\n"),
        format!("{head}root: {{ dag: {{ tasks: {{ t: {{}}, u: 3 }} }} }}\n"),
        // What a task reads.
        task("inputs: { parameters: { x: {} } }"),
        task(
            "inputs: { parameters: { x: { componentInputParameter: a, taskOutputParameter: { producerTask: b, outputParameterKey: c } } } }",
        ),
        task("inputs: { parameters: { x: { taskOutputParameter: { producerTask: b } } } }"),
        task("inputs: { parameters: { x: { runtimeValue: {} } } }"),
        task("inputs: { parameters: { x: { taskFinalStatus: {} } } }"),
        task("inputs: { artifacts: { x: { componentInputParameter: a } } }"),
        task(
            "inputs: { parameters: { x: { componentInputParameter: a } }, artifacts: { x: { componentInputArtifact: a } } }",
        ),
        // When and how often it runs.
        task("triggerPolicy: { strategy: ALL_UPSTREAM_TASKS_SUCCEDED }"),
        task("triggerPolicy: { condition: [x] }"),
        task("triggerPolicy: { condition: 3 }"),
        task("parameterIterator: { itemInput: x, items: { raw: '[1, 2' } }"),
        task("parameterIterator: { itemInput: x, items: { raw: '{}' } }"),
        task("parameterIterator: { items: { raw: '[]', inputParameter: y } }"),
        task("parameterIterator: { itemInput: x }"),
        task("iteratorPolicy: { parallelismLimit: -1 }, parameterIterator: { itemInput: x, items: { raw: '[]' } }"),
        task("retryPolicy: { maxRetryCount: 5000, backoffDuration: soon }"),
        task("retryPolicy: { maxRetryCount: 1.5 }"),
        // Components and their executors.
        component("inputDefinitions: { parameters: { x: { parameterType: INTEGER } } }"),
        component("inputDefinitions: { parameters: { x: { parameterType: NUMBER_INTEGER, defaultValue: word } } }"),
        component("inputDefinitions: { parameters: { x: { parameterType: STRING } }, artifacts: { x: {} } }"),
        component("dag: {}"),
        format!(
            "{head}components: {{ c: {{ executorLabel: exec }}, d: {{}} }}\ndeploymentSpec: {{ executors: {{ exec-c: {{ container: {{ image: x }} }} }} }}\nroot: {{ dag: {{}} }}\n"
        ),
        executor("resolver: {}"),
        executor("resolver: { outputArtifactQueries: { artifact: { filter: state=LIVE } } }"),
        executor("customJob: {}"),
        executor(""),
        executor("container: { command: [sh] }"),
        executor("container: { image: x, resources: { resourceMemoryLimit: lots, resourceCpuLimit: many } }"),
        executor("container: { image: x, env: [{ value: y }] }"),
        executor("container: { image: x, command: [sleep, 3], env: [{ name: CI, value: yes }] }"),
        executor("importer: { artifactUri: { constant: 3 } }"),
        executor("importer: {}"),
        format!(
            "{}---\nplatforms: {{ kubernetes: {{ deploymentSpec: {{ executors: {{ e: {{ pvcMount: [{{ mountPath: data, constant: x }}, {{ mountPath: /data }}, {{ mountPath: /d, subPath: ../x, constant: x }}] }} }} }} }} }}\n",
            executor("container: { image: x, command: [sh] }")
        ),
        // Outputs.
        format!(
            "{head}root: {{ dag: {{ tasks: {{}}, outputs: {{ parameters: {{ x: {{}} }}, artifacts: {{ y: {{ artifactSelectors: [] }} }} }} }} }}\n"
        ),
        // JSON that ends too early or too late.
        "{\"pipelineInfo\": {\"name\": \"n\"".into(),
        "{\"pipelineInfo\": {\"name\": \"n\"}, \"root\": {\"dag\": {}}} x".into(),
        "{\"pipelineInfo\": {\"name\": \"n\"}, \"root\": {\"dag\": {}}}}".into(),
    ];
    let mut drawn = String::new();
    for text in files {
        let problems = read_pipeline(&text).expect_err(&text);
        let _ = writeln!(drawn, "{}{}", draw(&text, &problems), "-".repeat(20));
    }
    insta::assert_snapshot!(drawn);
}

/// `Client.create_run_from_pipeline_package(.., enable_caching=False)` turns it off for the root's tasks only.
#[test]
fn a_cache_turned_off_at_submission_is_told_where_it_stays_on() {
    let pipeline = |work: &str, each: &str| {
        format!(
            r"
pipelineInfo: {{ name: submitted }}
schemaVersion: 2.1.0
deploymentSpec: {{ executors: {{ e: {{ container: {{ image: alpine, command: [sh] }} }} }} }}
components:
  comp-work: {{ executorLabel: e }}
  comp-for-loop-1:
    dag: {{ tasks: {{ inner: {{ componentRef: {{ name: comp-work }}, cachingOptions: {{ enableCache: true }} }} }} }}
    inputDefinitions: {{ parameters: {{ i: {{ parameterType: STRING }} }} }}
root:
  dag:
    tasks:
      work: {{ componentRef: {{ name: comp-work }}{work} }}
      for-loop-1:
        componentRef: {{ name: comp-for-loop-1 }}{each}
        parameterIterator: {{ itemInput: i, items: {{ raw: '[1]' }} }}
"
        )
    };
    let warnings = |text: &str| draw(text, &read_right(text).warnings);
    insta::assert_snapshot!(warnings(&pipeline(", cachingOptions: {}", "\n        cachingOptions: {}")), @r"
    warning: the cache is off for the pipeline's own tasks, as `enable_caching=False` writes it, and on for 1 task in its loops, conditions and nested pipelines
     13 |       work: { componentRef: { name: comp-work }, cachingOptions: {} }
        |                                                  ^^^^^^^^^^^^^^
        = `weft run --no-cache` executes those too
    ");
    // A task's own option: its compiler writes none for loops.
    assert_eq!(warnings(&pipeline(", cachingOptions: {}", "")), "");
    assert_eq!(warnings(&pipeline(", cachingOptions: { enableCache: true }", "")), "");
}

/// The compiler writes `2**53 + 1` as `9007199254740992.0`.
#[test]
fn numbers_that_the_compiler_may_have_rounded_are_told() {
    let text = |ty: &str, value: &str| {
        format!(
            "pipelineInfo: {{ name: n }}\nschemaVersion: 2.1.0\nroot:\n  dag: {{ tasks: {{}} }}\n  inputDefinitions: {{ parameters: {{ p: {{ parameterType: {ty}, defaultValue: {value} }} }} }}\n"
        )
    };
    let warnings = |ty: &str, value: &str| read_right(&text(ty, value)).warnings.len();
    assert_eq!(warnings("NUMBER_INTEGER", "9007199254740992.0"), 1);
    assert_eq!(warnings("STRUCT", "{ a: [1.8014398509481984e+16] }"), 1);
    assert_eq!(warnings("NUMBER_INTEGER", "9007199254740991.0"), 0);
    assert_eq!(warnings("NUMBER_DOUBLE", "9007199254740992.0"), 0);
    assert_eq!(warnings("LIST", "[1.0e+30, 0.5]"), 0);
}

fn wire<'r>(read: &'r Read, component: Option<&str>, task: &str, input: &str) -> &'r crate::model::Wire {
    let component = component.map_or(&read.pipeline.root, |name| &read.pipeline.components[name]);
    let Implementation::Dag(dag) = &component.implementation else { panic!() };
    &dag.tasks[task].inputs[input]
}

/// The compiler passes on parts of a loop's item from outside of the loop, and nothing to DAGs in between.
#[test]
fn values_of_composed_texts_are_wired_from_where_they_are() {
    let text = r"
pipelineInfo: { name: composed }
schemaVersion: 2.1.0
deploymentSpec: { executors: { e: { container: { image: alpine, command: [sh] } } } }
components:
  comp-make: { executorLabel: e, outputDefinitions: { parameters: { out: { parameterType: LIST } } } }
  comp-say: { executorLabel: e, inputDefinitions: { parameters: { text: { parameterType: STRING } } } }
  comp-exit-handler-1:
    dag:
      tasks:
        for-loop-2:
          componentRef: { name: comp-for-loop-2 }
          inputs: { parameters: { pipelinechannel--items: { componentInputParameter: pipelinechannel--items } } }
          parameterIterator: { itemInput: pipelinechannel--items-loop-item, items: { inputParameter: pipelinechannel--items } }
    inputDefinitions: { parameters: { pipelinechannel--items-loop-item-subvar-who: { parameterType: STRING } } }
  comp-for-loop-2:
    dag:
      tasks:
        condition-3:
          componentRef: { name: comp-condition-3 }
          triggerPolicy: { condition: 'true' }
    inputDefinitions:
      parameters:
        pipelinechannel--items: { parameterType: LIST }
        pipelinechannel--items-loop-item: { parameterType: STRUCT }
  comp-condition-3:
    dag:
      tasks:
        say:
          componentRef: { name: comp-say }
          inputs:
            parameters:
              text: { runtimeValue: { constant: '{{$.inputs.parameters[''pipelinechannel--items-loop-item-subvar-who'']}} of {{channel:task=make;name=out;type=typing.List[str];}}' } }
              pipelinechannel--items-loop-item-subvar-who: { componentInputParameter: pipelinechannel--items-loop-item-subvar-who }
root:
  dag:
    tasks:
      exit-handler-1:
        componentRef: { name: comp-exit-handler-1 }
        inputs: { parameters: { pipelinechannel--items-loop-item-subvar-who: { componentInputParameter: items-loop-item-subvar-who } } }
      make: { componentRef: { name: comp-make } }
  inputDefinitions: { parameters: { items: { parameterType: LIST } } }
";
    let read = read_right(text);
    assert_eq!(draw(text, &check(&read.pipeline)), "");
    let part = wire(&read, Some("comp-condition-3"), "say", "pipelinechannel--items-loop-item-subvar-who");
    assert_eq!(part.from, Binding::Input("pipelinechannel--items-loop-item".to_owned()));
    assert_eq!(part.select.as_deref(), Some("parseJson(string_value)[\"who\"]"));
    let made = Binding::Output { task: "make".to_owned(), output: "out".to_owned() };
    assert_eq!(wire(&read, None, "exit-handler-1", "pipelinechannel--make-out").from, made);
    let items = wire(&read, None, "exit-handler-1", "pipelinechannel--items");
    assert_eq!(items.from, Binding::Input("items".to_owned()));
    // It waits for what it reads now.
    assert_eq!(dag(&read).tasks.keys().collect::<Vec<_>>(), ["make", "exit-handler-1"]);
    insta::assert_snapshot!(draw(text, &read.warnings));
}

#[test]
fn a_value_that_is_nowhere_is_told() {
    let text = r"
pipelineInfo: { name: nowhere }
schemaVersion: 2.1.0
deploymentSpec: { executors: { e: { container: { image: alpine, command: [sh] } } } }
components:
  comp-say: { executorLabel: e, inputDefinitions: { parameters: { text: { parameterType: STRING } } } }
root:
  dag:
    tasks:
      say:
        componentRef: { name: comp-say }
        inputs: { parameters: { text: { runtimeValue: { constant: '{{channel:task=gone;name=out;type=typing.List[str];}}' } } } }
";
    insta::assert_snapshot!(draw(text, &check(&read_right(text).pipeline)), @r"
    error[say]: the task `say`: a text is composed of `gone-out`, which the pipeline does not have here
     12 |         inputs: { parameters: { text: { runtimeValue: { constant: '{{channel:task=gone;name=out;type=typing.List[str];}}' } } } }
        |                                         ^
        = the SDK's compiler did not pass it on to where a text is composed with it: give the value to the task as an argument of its own, and compose the text in the component
    ");
    // What only looks like a reference is a text.
    for plain in [
        "{{channel:task=a;name=b}}",
        "{{channel:task=",
        "{{channel:task=a;name=;type=x;}}",
        "{{channel:task=a'b;name=c;type=x;}}",
    ] {
        let text = text.replace("{{channel:task=gone;name=out;type=typing.List[str];}}", &plain.replace('\'', "''"));
        let read = read_right(&text);
        assert_eq!(wire(&read, None, "say", "text").from, Binding::Literal(json!(plain)), "{plain}");
        assert!(read.warnings.is_empty());
    }
}
