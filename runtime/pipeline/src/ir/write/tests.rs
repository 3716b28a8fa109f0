use std::time::Duration;

use serde_json::json;

use super::*;
use crate::model::{
    Binding, CommandStep, Condition, ConditionVariables, Dag, Format, Importer, Input, Items, Iteration, Latest, Mount,
    Retry, Task, Trigger, Volume, VolumeAction, WasmStep, Wire,
};
use crate::step::{Grants, Limits};
use crate::testing::port;
use crate::types::ArtifactType;

fn from(task: &str, output: &str) -> Binding {
    Binding::Output { task: task.into(), output: output.into() }
}

fn component(inputs: &[(&str, &str)], outputs: &[(&str, &str)], implementation: Implementation) -> Component {
    Component {
        inputs: inputs.iter().map(|(name, ty)| ((*name).to_owned(), Input::from(port(ty)))).collect(),
        outputs: outputs.iter().map(|(name, ty)| ((*name).to_owned(), port(ty))).collect(),
        implementation,
        ..Component::default()
    }
}

fn task<const N: usize>(component: &str, wires: [(&str, Binding); N]) -> Task {
    Task {
        component: component.into(),
        inputs: wires.into_iter().map(|(name, binding)| (name.to_owned(), Wire::from(binding))).collect(),
        ..Task::default()
    }
}

/// A pipeline with everything that the model holds.
#[expect(clippy::too_many_lines, reason = "the model holds much")]
fn everything() -> Pipeline {
    let echo = CommandStep {
        image: "alpine".into(),
        command: vec!["sh".into(), "-c".into(), "echo {{$.inputs.parameters['text']}}".into()],
        args: vec![r#"{"Concat": ["a", "b"]}"#.into()],
        env: [("A".to_owned(), "b c".to_owned())].into_iter().collect(),
        ..CommandStep::default()
    };
    let mut work = component(&[("text", "string")], &[("said", "string")], Implementation::Command(echo));
    work.inputs[0].literals = vec![json!("a"), json!("b")];
    work.inputs[0].description = Some("What to say".into());
    work.unhonoured = [
        ("resources.accelerator".to_owned(), json!({ "resourceType": "nvidia", "resourceCount": "1" })),
        ("kubernetes.nodeSelector".to_owned(), json!({ "labels": { "a": "b" } })),
        ("taskConfigPassthroughs".to_owned(), json!([{ "field": "RESOURCES" }])),
    ]
    .into_iter()
    .collect();
    let notify = CommandStep { image: "alpine".into(), ..CommandStep::default() };
    let notify = component(&[("status", "string")], &[], Implementation::Command(notify));
    let train = WasmStep { path: "c/x.wasm".into(), function: Some("train".into()), digest: None };
    let train = component(
        &[("data", "dataset"), ("others", "list<model>?")],
        &[("model", "model")],
        Implementation::Wasm(train),
    );
    let import = Importer {
        source: Binding::Input("uri".into()),
        kind: ArtifactType("system.Dataset".into()),
        properties: [("rows".to_owned(), json!(3))].into_iter().collect(),
    };
    let import = component(&[("uri", "string")], &[("artifact", "dataset")], Implementation::Import(import));
    let latest = Latest {
        pipeline: None,
        task: "train".into(),
        output: "model".into(),
        kind: ArtifactType("system.Model".into()),
    };
    let latest = component(&[], &[("artifact", "model?")], Implementation::Latest(latest));
    let volume = component(
        &[("pvc_name", "string")],
        &[("name", "string")],
        Implementation::Volume(Volume { action: VolumeAction::Create }),
    );

    // A loop whose body has a condition.
    let mut say = task("comp-work", [("text", Binding::Input("item".into()))]);
    say.inputs[0].select = Some("parseJson(string_value)[\"key\"]".into());
    say.when = Some(Box::new(Condition {
        expression: "inputs.parameter_values['text'] != 'x'".into(),
        tasks: std::collections::BTreeSet::default(),
        variables: ConditionVariables::Inputs,
        at: crate::model::Location::default(),
    }));
    let body = Dag {
        tasks: [("say".to_owned(), say)].into_iter().collect(),
        outputs: [("said".to_owned(), Binding::FirstOf(vec![from("say", "said"), from("say", "said")]))]
            .into_iter()
            .collect(),
    };
    let body = component(&[("item", "dict")], &[("said", "string")], Implementation::Dag(body));
    let each = |over| Some(Box::new(Iteration { over, item: "item".into(), parallelism: Some(2) }));
    let mut literal = task("comp-body", []);
    literal.each = each(Items::Literal(vec![json!({ "key": 1 }), json!("b")]));
    let mut given = task("comp-body", [("items", Binding::Input("names".into()))]);
    given.each = each(Items::Parameter("items".into()));
    let mut trained = task("comp-train", [("data", from("raw", "artifact")), ("others", from("latest", "artifact"))]);
    trained.limits = Limits { memory: Some(512 << 20), time: Some(Duration::from_millis(1500)), output: None };
    trained.grants = Grants { variables: [("SEED".to_owned(), "7".to_owned())].into(), ..Grants::default() };
    trained.mounts = vec![Mount {
        path: "/data".into(),
        volume: from("volume", "name"),
        sub_path: Some("a".into()),
        read_only: true,
    }];
    trained.retry = Retry { max: 3, backoff: Duration::from_millis(250), ..Retry::default() };
    trained.display_name = Some("Train it".into());
    let mut again = task("comp-train", [("data", from("raw", "artifact"))]);
    again.cache = false;
    let mut exit = task("comp-notify", [("status", Binding::FinalStatus { task: "train".into() })]);
    exit.trigger = Trigger::AllCompleted;
    exit.after.insert("given".into());
    let dag = Dag {
        tasks: [
            (
                "raw",
                task(
                    "comp-import",
                    [
                        ("uri", Binding::Template("{{$.inputs.parameters['x']}}/data".into())),
                        ("x", Binding::Input("where".into())),
                    ],
                ),
            ),
            ("latest", task("comp-latest", [])),
            ("volume", task("comp-volume", [("pvc_name", Binding::Literal(json!("scratch")))])),
            ("train", trained),
            ("again", again),
            ("literal", literal),
            ("given", given),
            ("exit", exit),
        ]
        .into_iter()
        .map(|(name, task)| (name.to_owned(), task))
        .collect(),
        outputs: [("model".to_owned(), from("train", "model")), ("said".to_owned(), from("literal", "said"))]
            .into_iter()
            .collect(),
    };
    let mut root = component(
        &[("names", "list<string>"), ("where", "string")],
        &[("model", "model"), ("said", "list<string>")],
        Implementation::Dag(dag),
    );
    root.inputs[0].default = Some(json!(["a", "b"]));
    root.inputs[0].port.optional = true;
    root.unhonoured.insert("defaultPipelineRoot".into(), json!("gs://bucket"));
    root.unhonoured.insert("pipelineConfig.resourceTtlOnCompletion".into(), json!(60));
    let components = [
        ("comp-work", work),
        ("comp-notify", notify),
        ("comp-train", train),
        ("comp-import", import),
        ("comp-latest", latest),
        ("comp-volume", volume),
        ("comp-body", body),
    ];
    Pipeline {
        name: "everything".into(),
        description: Some("All of it\nin two lines".into()),
        format: Format::Kfp,
        components: components.into_iter().map(|(name, component)| (name.to_owned(), component)).collect(),
        workspace: true,
        root,
        ..Pipeline::default()
    }
}

#[test]
fn everything_in_the_model_is_written() {
    insta::assert_snapshot!(write(&everything()).to_yaml());
}

#[test]
fn json_has_both_documents_in_one() {
    let written = write(&everything());
    assert_eq!(written.to_json()["pipeline_spec"], written.spec);
    assert_eq!(Some(&written.to_json()["platform_spec"]), written.platforms.as_ref());
    let plain = Documents { platforms: None, ..written };
    assert_eq!(plain.to_json(), plain.spec);
}

#[test]
fn tasks_with_settings_of_their_own_get_executors_of_their_own() {
    let written = write(&everything());
    let executors = &written.spec["deploymentSpec"]["executors"];
    assert_eq!(written.spec["root"]["dag"]["tasks"]["train"]["componentRef"]["name"], "comp-train");
    assert_eq!(written.spec["root"]["dag"]["tasks"]["again"]["componentRef"]["name"], "comp-train-2");
    assert_eq!(executors["exec-train"]["container"]["resources"]["resourceMemoryLimit"], "512Mi");
    assert!(executors["exec-train-2"]["container"].get("resources").is_none());
    assert_eq!(executors["exec-train-2"]["container"]["image"], "file:c/x.wasm#train");
}

#[test]
fn a_description_of_many_lines_stays_a_comment() {
    let mut pipeline = everything();
    pipeline.description = Some("one\ntwo\r\n---\n\u{2028}components: {}\n\u{7}".into());
    let text = write(&pipeline).to_yaml();
    let head = text.split("components:\n").next().unwrap();
    assert!(head.lines().all(|line| line.starts_with("# ")), "{head}");
}

/// What the reader makes of what is written.
fn read_again(pipeline: &Pipeline) -> Pipeline {
    let text = write(pipeline).to_yaml();
    let read = crate::ir::read::read_pipeline(&text);
    read.unwrap_or_else(|problems| panic!("{problems:#?}\n{text}")).pipeline.without_places()
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let mut pipeline = read_again(&everything());
    assert_eq!(read_again(&pipeline), pipeline);
    let json = write(&pipeline).to_json().to_string();
    assert_eq!(crate::ir::read::read_pipeline(&json).unwrap().pipeline.without_places(), pipeline);
    // And what was read is what was there before, but for components that were split and what KFP does not know.
    assert_eq!(
        pipeline.components.shift_remove("comp-train-2").map(|component| component.inputs),
        everything().components.get("comp-train").map(|component| component.inputs.clone())
    );
    let Implementation::Dag(dag) = &pipeline.root.implementation else { panic!() };
    let Implementation::Dag(expected) = &everything().root.implementation else { panic!() };
    for (name, task) in &expected.tasks {
        let read = &dag.tasks[name];
        assert_eq!(
            (&read.inputs, &read.after, &read.when, &read.each),
            (&task.inputs, &task.after, &task.when, &task.each),
            "{name}"
        );
        assert_eq!(
            (read.trigger, read.cache, &read.display_name),
            (task.trigger, task.cache, &task.display_name),
            "{name}"
        );
        assert_eq!(read.retry, task.retry, "{name}");
        assert_eq!(read.grants, task.grants, "{name}");
    }
    assert_eq!(dag.outputs, expected.outputs);
    for (name, component) in &everything().components {
        let read = &pipeline.components[name];
        assert_eq!(read.implementation, component.implementation, "{name}");
        assert_eq!(read.unhonoured, component.unhonoured, "{name}");
        assert_eq!(read.inputs, component.inputs, "{name}");
    }
    assert_eq!(pipeline.root.unhonoured, everything().root.unhonoured);
    assert!(pipeline.workspace);
}
