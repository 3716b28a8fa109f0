use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::signature::Port;
use crate::step::Artifact;
use crate::types::{ArtifactType, PortType};

fn inputs() -> PortValues {
    let model = Artifact {
        id: None,
        kind: ArtifactType("system.Model".into()),
        uri: "blake3:00".into(),
        name: Some("m".into()),
        properties: [("accuracy".to_owned(), json!(0.5))].into_iter().collect(),
    };
    [
        ("pipelinechannel--flip-Output", PortValue::Parameter(json!("heads"))),
        ("count", PortValue::Parameter(json!(3))),
        ("rate", PortValue::Parameter(json!(0.5))),
        ("on", PortValue::Parameter(json!(true))),
        ("large", PortValue::Parameter(json!(9_007_199_254_740_993_i64))),
        ("text", PortValue::Parameter(json!("{\"a\": {\"b\": [1, 2.5]}}"))),
        ("names", PortValue::Parameter(json!(["a", "b"]))),
        ("model", PortValue::Artifacts(vec![model])),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

fn evaluate(expression: &str) -> Result<bool, ConditionError> {
    evaluate_inputs(expression, &inputs(), &IndexMap::new())
}

#[test]
fn conditions_as_the_compiler_writes_them() {
    for (expression, answer) in [
        ("inputs.parameter_values['pipelinechannel--flip-Output'] == 'heads'", true),
        ("!(inputs.parameter_values['pipelinechannel--flip-Output'] == 'heads')", false),
        ("int(inputs.parameter_values['count']) > 2", true),
        ("int(inputs.parameter_values[\"count\"]) == 3 && double(inputs.parameter_values['rate']) <= 0.5", true),
        ("double(inputs.parameter_values['count']) == 3.0 && inputs.parameter_values['count'] == 3", true),
        ("3 < int(inputs.parameter_values['count'])", false),
        ("inputs.parameter_values['on'] == true && inputs.parameter_values['on'] != false", true),
        ("string(inputs.parameter_values['count']) == '3' && string(inputs.parameter_values['rate']) == '0.5'", true),
        ("inputs.parameter_values['large'] == 9007199254740993", true),
        ("'b' in inputs.parameter_values['names'] && !('x' in inputs.parameter_values)", true),
        ("parseJson(inputs.parameter_values['text'])['a']['b'][1] == 2.5", true),
        ("parseJson(inputs.parameter_values['text']).a.b[0] == 1", true),
        ("inputs.artifacts['model'].artifacts[0].uri == '/in/blake3-00'", true),
        ("inputs.artifacts['model'].artifacts[0].metadata['accuracy'] < 0.9", true),
        ("inputs.parameters['pipelinechannel--flip-Output'].string_value == 'heads'", true),
        ("inputs.parameters['count'].int_value == 3 && inputs.parameters['rate'].double_value == 0.5", true),
    ] {
        assert_eq!(evaluate(expression), Ok(answer), "{expression}");
    }
}

#[test]
fn an_else_after_many_branches_is_answered() {
    let branch = |i: usize| format!("!(inputs.parameter_values['pipelinechannel--flip-Output'] == 'side {i}')");
    let expression = (0..60).map(branch).collect::<Vec<_>>().join(" && ");
    assert_eq!(evaluate(&expression), Ok(true));
}

#[test]
fn conditions_without_an_answer_say_why() {
    let say = |expression: &str| format!("{expression}\n    {}", evaluate(expression).unwrap_err());
    let expressions = [
        "inputs.parameter_values['missing'] == 'heads'",
        "inputs.artifacts['missing'].artifacts[0].uri == ''",
        "inputs.artifacts['count'].artifacts[0].uri == ''",
        "inputs.parameter_values['model'] == ''",
        "inputs.artifacts['model'].artifacts[1].uri == ''",
        "inputs.artifacts['model'].artifacts[0].metadata['loss'] > 1",
        "inputs.parameter_values['count'] < 'x'",
        "int(inputs.parameter_values['pipelinechannel--flip-Output']) > 1",
        "parseJson(inputs.parameter_values['pipelinechannel--flip-Output'])['a'] == 1",
        "inputs.parameter_values['count']",
        "evaluate.accuracy > 1",
        "inputs.parameter_values['count' == 1",
        "",
    ];
    insta::assert_snapshot!(expressions.map(say).join("\n"));
}

/// What is not a number in one type is a text in another.
#[test]
fn texts_that_look_like_floats_are_texts() {
    let port = |ty: &str| Input::from(Port::required(PortType::Parameter(ty.parse().unwrap())));
    let declared: IndexMap<String, Input> = [
        ("text", port("string")),
        ("number", port("float")),
        ("numbers", port("list<option<float>>")),
        ("parts", port("dict")),
    ]
    .map(|(name, input)| (name.to_owned(), input))
    .into();
    let value = |value: Json| PortValue::Parameter(value);
    let inputs: PortValues = [
        ("text", value(json!("NaN"))),
        ("number", value(json!("NaN"))),
        ("numbers", value(json!(["-Infinity", 1, null]))),
        ("parts", value(json!({"a": "Infinity"}))),
        ("undeclared", value(json!("Infinity"))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for (expression, answer) in [
        ("inputs.parameter_values['text'] == 'NaN'", true),
        ("inputs.parameter_values['number'] == inputs.parameter_values['number']", false),
        ("inputs.parameter_values['numbers'][0] < -1.0", true),
        ("inputs.parameter_values['parts'].a == 'Infinity'", true),
        ("inputs.parameter_values['undeclared'] == 'Infinity'", true),
        ("inputs.parameters['number'].double_value < 1.0 || inputs.parameters['text'].string_value == 'NaN'", true),
    ] {
        assert_eq!(evaluate_inputs(expression, &inputs, &declared), Ok(answer), "{expression}");
    }
}

#[test]
fn selectors_take_values_apart() {
    for (expression, value, selected) in [
        ("parseJson(string_value)[\"a\"]", json!({"a": 3.0, "b": 1}), json!(3)),
        (
            "parseJson(string_value)[\"a\"]",
            json!("{\"a\": {\"x\": [1, 2.5, null, true]}}"),
            json!({"x": [1, 2.5, null, true]}),
        ),
        ("parseJson(string_value)['a']['b']", json!({"a": {"b": "text"}}), json!("text")),
        ("parseJson(string_value)[1]", json!([1, 2]), json!(2)),
        ("string_value", json!("as it is"), json!("as it is")),
        ("string_value", json!([1, "x"]), json!("[1,\"x\"]")),
    ] {
        assert_eq!(select(expression, &value), Ok(selected), "{expression}");
    }
    let why = |expression: &str, value: Json| select(expression, &value).unwrap_err().to_string();
    assert_eq!(
        why("parseJson(string_value)[\"c\"]", json!({"a": 1})),
        "`parseJson(string_value)[\"c\"]` is absent: the value that it selects from has no `c`"
    );
    assert!(why("parseJson(string_value)[\"c\"]", json!("{")).contains("the text is no JSON"));
    assert!(why("parseJson(string_value)", json!("[18446744073709551616]")).contains("is beyond 64 bits"));
}

#[test]
fn the_inputs_that_a_condition_reads_are_known() {
    let read = |name: &str, artifact| InputRead { name: name.to_owned(), artifact };
    assert_eq!(
        inputs_read("int(inputs.parameter_values['a']) > 1 && inputs.artifacts['m'].artifacts[0].metadata['p'] == 1"),
        Ok(vec![read("a", false), read("m", true)])
    );
    assert!(inputs_read("outputs.x == 1").unwrap_err().to_string().contains("`outputs.x` is nothing here"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn deep_nesting_is_answered(parts in prop::collection::vec(prop::sample::select(vec![
        ("(", ")"), ("!(", ")"), ("[", "]"), ("{1: ", "}"), ("int(", ")"), ("-", ""), ("!", ""), ("1 + ", ""),
        ("true && ", ""), ("true ? 1 : ", ""), ("", ".a"), ("", "[0]"), ("[1].map(x, ", ")"),
    ]), 0..900)) {
        let mut text = "inputs.parameter_values['count']".to_owned();
        for (before, after) in parts {
            text = format!("{before}{text}{after}");
        }
        let _ = evaluate(&text);
        let _ = select(&text, &json!({"count": 1}));
    }

    #[test]
    fn deep_nesting_of_one_sort_is_answered(
        (before, after) in prop::sample::select(vec![
            ("(", ")"), ("!(", ")"), ("[", "]"), ("{1: ", "}"), ("int(", ")"), ("-", ""), ("!", ""), ("1 + ", ""),
            ("true && ", ""), ("true ? 1 : ", ""), ("", ".a"), ("", "[0]"), ("[1].map(x, ", ")"), ("1 - (", ")"),
        ]),
        depth in 400_usize..2_050,
    ) {
        let text = format!("{}1{}", before.repeat(depth), after.repeat(depth));
        let _ = evaluate(&text);
    }
}
