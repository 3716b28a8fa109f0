use std::time::Duration;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::signature::Port;
use crate::step::{Artifact, Command, PortValue, PortValues};
use crate::testing::processor_time;
use crate::types::{ArtifactType, ParameterType, PortType};

fn inputs() -> PortValues {
    let artifact = Artifact {
        id: Some(3),
        kind: ArtifactType("system.Dataset".into()),
        uri: format!("blake3:{}", "0".repeat(64)),
        name: Some("penguins".into()),
        properties: [("rows".to_owned(), json!(344)), ("of".to_owned(), json!({"k": ["a", "ü"]}))].into(),
    };
    [
        ("text", json!("a \"b\"")),
        ("whole", json!(3.0)),
        ("part", json!(0.25)),
        ("large", json!(1e21)),
        ("integer", json!(3)),
        ("flag", json!(true)),
        ("list", json!([1, "two", null])),
        ("map", json!({"b": [1], "a": {"c": 2.5}})),
        ("tricky", json!("{{$.inputs.parameters['text']}} $(VAR)")),
        ("nothing", Value::Null),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), PortValue::Parameter(value)))
    .chain([("data".to_owned(), PortValue::Artifacts(vec![artifact]))])
    .collect()
}

/// Of the step that the tests call.
const IDENTITY: [u8; 32] = [0xab; 32];

/// Its outputs.
fn out(name: &str) -> String {
    format!("/out/{}/{name}", "ab".repeat(32))
}

/// The artifact among its inputs.
fn data() -> String {
    format!("/in/blake3-{}", "0".repeat(64))
}

fn command(argv: &[&str]) -> Command {
    let artifact = PortType::Artifact { kind: ArtifactType("system.Model".into()), list: false };
    Command {
        argv: argv.iter().map(|text| (*text).to_owned()).collect(),
        env: [("VAR", "value"), ("OTHER", "$(VAR)/$$(VAR)/$(NONE)/{{$.inputs.parameters['integer']}}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        outputs: [
            ("count".to_owned(), Port::required(PortType::Parameter(ParameterType::S64))),
            ("model".to_owned(), Port::required(artifact)),
        ]
        .into(),
        packages: std::collections::BTreeMap::new(),
        ..Command::default()
    }
}

fn argv(texts: &[&str]) -> Result<Vec<String>, String> {
    call(&command(texts), &inputs(), &Layout::new(&IDENTITY), &IndexMap::new()).map(|call| call.argv)
}

#[track_caller]
fn filled(text: &str) -> String {
    argv(&[text]).unwrap().concat()
}

#[test]
fn values_are_printed_as_kfp_does() {
    for (name, text) in [
        ("text", "a \"b\""),
        ("whole", "3"),
        ("part", "0.25"),
        ("large", "1000000000000000000000"),
        ("integer", "3"),
        ("flag", "true"),
        ("list", r#"[1,"two",null]"#),
        ("map", r#"{"a":{"c":2.5},"b":[1]}"#),
        ("nothing", "null"),
        ("absent", "null"),
    ] {
        assert_eq!(filled(&format!("<{{{{$.inputs.parameters['{name}']}}}}>")), format!("<{text}>"));
    }
    assert_eq!(filled(r#"{{$.inputs.parameters["integer"]}}{{$.inputs.parameters['integer'].value}}"#), "33");
    assert_eq!(filled("{{$.inputs.parameters[''integer'']}}"), "3");
}

#[test]
fn artifacts_and_outputs_have_paths() {
    assert_eq!(filled("{{$.inputs.artifacts['data'].uri}}"), data());
    assert_eq!(filled("{{$.inputs.artifacts['data'].path}}"), data());
    assert_eq!(filled("{{$.inputs.artifacts['data'].metadata['rows']}}"), "344");
    assert_eq!(filled("{{$.inputs.artifacts['data'].metadata}}"), r#"{"of":{"k":["a","ü"]},"rows":344}"#);
    assert_eq!(filled("{{$.inputs.artifacts['data'].metadata['of']['k'][1]}}"), "ü");
    assert_eq!(filled("{{$.inputs.artifacts['data'].metadata['none']['k']}}"), "null");
    let list: Value = serde_json::from_str(&filled("{{$.inputs.artifacts['data']}}")).unwrap();
    assert_eq!((&list[0]["name"], &list[0]["type"]["schemaTitle"]), (&json!("penguins"), &json!("system.Dataset")));
    assert_eq!(filled("{{$.outputs.artifacts['model'].path}}.pkl"), out("model.pkl"));
    assert_eq!(filled("{{$.outputs.artifacts['model'].uri}}"), out("model"));
    assert_eq!(filled("{{$.outputs.parameters['count'].output_file}}"), "/tmp/kfp/outputs/count");
    assert_eq!(filled("{{$.outputs.output_file}}"), out("executor_output.json"));
    assert_eq!(filled("{{$.outputMetadataUri}}"), out("executor_output.json"));
    let host = Layout::new(&IDENTITY).below("/work dir");
    let call = call(&command(&["{{$.outputs.artifacts['model'].uri}}"]), &inputs(), &host, &IndexMap::new()).unwrap();
    assert_eq!(call.argv, [format!("/work dir{}", out("model"))]);
}

#[test]
fn the_executor_input_is_kfps() {
    let value: Value = serde_json::from_str(&filled("{{$}}")).unwrap();
    assert_eq!(value["inputs"]["parameterValues"]["integer"], json!(3));
    assert!(value["inputs"]["parameterValues"].get("nothing").is_none());
    assert_eq!(
        value["inputs"]["artifacts"]["data"]["artifacts"][0],
        json!({
            "name": "penguins", "uri": data(), "metadata": {"rows": 344, "of": {"k": ["a", "ü"]}},
            "type": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"},
        })
    );
    assert_eq!(
        value["outputs"],
        json!({
            "outputFile": out("executor_output.json"),
            "parameters": {"count": {"outputFile": "/tmp/kfp/outputs/count"}},
            "artifacts": {"model": {"artifacts": [{
                "name": "model", "uri": out("model"), "metadata": {},
                "type": {"schemaTitle": "system.Model", "schemaVersion": "0.0.1"},
            }]}},
        })
    );
    let escaped = filled("{{$.json_escape[1]}}");
    let back: String = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&back).unwrap(), value);
}

/// As Python reads them; a text of the same letters is a text.
#[test]
fn floats_that_are_not_finite_are_bare() {
    let value = |text: &str| PortValue::Parameter(json!(text));
    let inputs: PortValues = [("a", value("NaN")), ("b", value("-Infinity")), ("c", value("NaN"))]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    let command = Command { non_finite: ["a".to_owned(), "b".to_owned()].into(), ..command(&["{{$}}"]) };
    let call = call(&command, &inputs, &Layout::new(&IDENTITY), &IndexMap::new()).unwrap();
    assert!(call.argv[0].contains(r#""parameterValues":{"a":NaN,"b":-Infinity,"c":"NaN"}"#), "{}", call.argv[0]);
}

#[test]
fn structures_become_any_number_of_arguments() {
    let present = r#"{"IfPresent": {"InputName": "text", "Then": ["--text", "{{$.inputs.parameters['text']}}"]}}"#;
    let absent = r#"{"IfPresent": {"InputName": "absent", "Then": ["--absent"]}}"#;
    let otherwise = r#"{"IfPresent": {"InputName": "nothing", "Then": "yes", "Else": {"Concat": ["n", "o"]}}}"#;
    let concat = r#"{"Concat": ["{\"a\": \"", "{{$.inputs.parameters['text'].json_escape[1]}}", "\"}", {"IfPresent": {"InputName": "absent", "Then": "x"}}]}"#;
    let arguments = argv(&["tool", present, absent, otherwise, concat]).unwrap();
    assert_eq!(arguments, ["tool", "--text", "a \"b\"", "no", r#"{"a": "a \"b\""}"#]);
    // What only looks like one is a text.
    for text in [r#"{"Concat": 3}"#, r#"{"Concat": ["a"], "b": 1}"#, r#"{"Concat": ["a""#, r#"{"a": 1}"#] {
        assert_eq!(argv(&[text]).unwrap(), [text]);
    }
}

#[test]
fn what_is_filled_in_is_not_looked_at_again() {
    assert_eq!(filled("{{$.inputs.parameters['tricky']}}"), "{{$.inputs.parameters['text']}} $(VAR)");
}

#[test]
fn variables_are_expanded_as_kubernetes_does() {
    let granted = IndexMap::from([("VAR".to_owned(), "granted".to_owned()), ("G".to_owned(), "g".to_owned())]);
    let command = command(&["$(VAR)", "$$(VAR)", "$(date) $$ $(", "$(G)$(OTHER)"]);
    let call = call(&command, &inputs(), &Layout::new(&IDENTITY), &granted).unwrap();
    assert_eq!(call.argv, ["value", "$(VAR)", "$(date) $$ $(", "gvalue/$(VAR)/$(NONE)/3"]);
    assert_eq!(call.env["VAR"], "value");
}

#[test]
fn what_cannot_be_filled_in_says_why() {
    for (text, words) in [
        ("{{$.inputs.parameters['data']}}", "`data` is an artifact"),
        ("{{$.inputs.artifacts['text'].uri}}", "`text` is a parameter"),
        ("{{$.outputs.artifacts['none'].uri}}", "which there is not"),
        ("{{$.outputs.artifacts['count'].uri}}", "`count` is a parameter"),
        ("{{$.pipeline_google_cloud_project_id}}", "Vertex AI"),
        ("{{$.workspace_path}}", "workspace"),
        ("{{$.pipeline_job_nam}}", "no placeholder that KFP defines"),
        ("{{$.inputs.parameters['x}}", "no placeholder that KFP defines"),
        ("{{$.inputs.artifacts['data'].value}}", "no placeholder that KFP defines"),
    ] {
        let why = argv(&[text]).unwrap_err();
        assert!(why.contains(words), "{text}: {why}");
    }
    for text in ["{{$x := 1}}", "{{$.Values.image}}", "{{ $ }}", "{{$", "{{$.", "{{$[}}"] {
        assert_eq!(filled(text), text);
    }
}

#[test]
fn facts_are_filled_in_first() {
    let context = TaskContext {
        job_name: "job \"1\"".into(),
        task_name: "train".into(),
        workspace: Some(WORKSPACE.into()),
        ..TaskContext::default()
    };
    assert_eq!(
        fill_task_context("{{$.workspace_path}}/a {{$.pipeline_task_name}}", &context),
        "/kfp-workspace/a train"
    );
    assert_eq!(fill_task_context("{{$}}{{$.inputs.parameters['a']}}", &context), "{{$}}{{$.inputs.parameters['a']}}");
    let structure =
        fill_task_context(r#"{"Concat": ["{{$.pipeline_job_name}}", "{{$.inputs.parameters['integer']}}"]}"#, &context);
    assert_eq!(filled(&structure), "job \"1\"3");
    assert_eq!(fill_task_context("{{$.pipeline_job_name.json_escape[1]}}", &context), r#"job \"1\""#);
    assert_eq!(fill_task_context("{{$.workspace_path}}", &TaskContext::default()), "{{$.workspace_path}}");
}

#[test]
fn a_template_of_one_parameter_keeps_its_type() {
    let fill = |text| fill_template(text, &inputs(), &TaskContext { job_name: "job".into(), ..TaskContext::default() });
    assert_eq!(fill("{{$.inputs.parameters['list']}}"), Ok(json!([1, "two", null])));
    assert_eq!(fill("{{$.inputs.parameters['absent']}}"), Ok(Value::Null));
    assert_eq!(fill("{{$.inputs.parameters['whole']}}-{{$.pipeline_job_name}}"), Ok(json!("3-job")));
    assert_eq!(fill("{{$.inputs.artifacts['data'].metadata['rows']}}"), Ok(json!("344")));
    assert_eq!(fill("plain"), Ok(json!("plain")));
    assert!(fill("{{$.outputs.output_file}}").is_err());
}

#[test]
fn references_are_told() {
    let found = references(
        r#"{"IfPresent": {"InputName": "a", "Then": ["{{$.inputs.parameters['b']}}{{$}}", "{{$.outputs.artifacts['c'].uri}}"], "Else": "{{$.inputs.artifacts['d'].path}}{{$.pipeline_root}}{{$.outputs.parameters['e'].output_file}}{{$.pipeline_x}}"}}"#,
    );
    let set = |name: &str| [name.to_owned()].into();
    assert_eq!((found.present, found.parameters, found.output_artifacts), (set("a"), set("b"), set("c")));
    assert_eq!((found.artifacts, found.output_parameters), (set("d"), set("e")));
    assert!(found.everything && found.context.contains("pipeline_root"));
    assert_eq!(found.problems.len(), 1);
}

#[test]
fn odd_names_stay_inside() {
    let layout = Layout::new(&IDENTITY);
    for name in
        ["..", "../../etc", "", "a/b", ".hidden", "a\0b", &"x".repeat(5000), "%41", "a b", "executor_output.json", "a."]
    {
        let path = layout.output(name);
        let last = path.strip_prefix(&out("")).unwrap();
        assert!(!last.is_empty() && !last.contains('/') && !last.starts_with('.') && last.len() <= 200, "{path}");
        assert_ne!(path, layout.executor_output());
        assert!(last.chars().all(|c| c.is_alphanumeric() || "%-_.".contains(c)), "{path}");
    }
    assert_eq!(layout.output("größe-1"), out("größe-1"));
    assert_ne!(layout.output(&"x".repeat(5000)), layout.output(&"x".repeat(5001)));
    assert_ne!(layout.output("a/b"), layout.output("%a%2fb"));
}

#[test]
fn many_beginnings_take_no_time() {
    let ((), took) = processor_time(|| {
        for part in ["{{$.inputs['", "{{$.inputs[", "{{$", "$(", "{{$.inputs."] {
            let text = part.repeat(1_000_000 / part.len()) + ")}}";
            assert_eq!(filled(&text.replace("}}", "")), text.replace("}}", ""));
            let _ = references(&text);
        }
    });
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn the_whole_is_bounded() {
    let long = "x".repeat(1 << 20);
    let inputs: PortValues = [("long".to_owned(), PortValue::Parameter(json!(long)))].into();
    let texts = ["{{$.inputs.parameters['long']}}".repeat(100)];
    let command = Command { argv: texts.to_vec(), ..Command::default() };
    let why = call(&command, &inputs, &Layout::new(&IDENTITY), &IndexMap::new()).unwrap_err();
    assert!(why.contains("64 MiB"), "{why}");
    assert!(fill_template(&texts[0], &inputs, &TaskContext::default()).is_err());
}

proptest! {
    #[test]
    fn no_text_panics(text in r#"(\{\{\$|\}\}|\.|inputs|outputs|parameters|artifacts|\['|'\]|text|data|uri|metadata|json_escape|\[1\]|\{"Concat": \[|\{"IfPresent": \{"InputName": "text", "Then": |\]|\}|"|\$\(|\)|VAR|[^a]){0,30}"#) {
        let _ = argv(&[&text]);
        let _ = references(&text);
        let _ = fill_template(&text, &inputs(), &TaskContext::default());
        let filled = fill_task_context(&text, &TaskContext::default());
        if !text.contains("{{$") {
            prop_assert_eq!(filled, text);
        }
    }

    #[test]
    fn a_parameter_arrives_as_it_is(value in any::<String>()) {
        let inputs: PortValues = [("x".to_owned(), PortValue::Parameter(json!(value)))].into();
        let command = Command { argv: vec!["<{{$.inputs.parameters['x']}}>".into()], ..Command::default() };
        let call = call(&command, &inputs, &Layout::new(&IDENTITY), &IndexMap::new()).unwrap();
        prop_assert_eq!(&call.argv[0], &format!("<{value}>"));
    }
}
