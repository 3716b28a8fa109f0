use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::step::{Artifact, PortValue};
use crate::types::{ArtifactType, ParameterType, PortType};

/// Evaluates over two tasks that ran, `evaluate` and `my-step`, and one that was skipped, `baseline`.
fn eval(expression: &str) -> Result<bool, ConditionError> {
    let parameter = |value: Value| PortValue::Parameter(value);
    let artifact = |name: Option<&str>| Artifact {
        id: None,
        kind: ArtifactType("system.Model".into()),
        uri: "blake3:00".into(),
        name: name.map(str::to_owned),
        properties: [("version".to_owned(), json!(3))].into_iter().collect(),
    };
    let evaluate: PortValues = [
        ("accuracy", parameter(json!(0.95))),
        ("count", parameter(json!(3))),
        ("total", parameter(json!(4))),
        ("large", parameter(json!(9_007_199_254_740_993_u64))),
        ("label", parameter(json!("Adelie"))),
        ("worst", parameter(json!("NaN"))),
        ("names", parameter(json!(["a", "b"]))),
        ("nested", parameter(json!({"a": {"b": 1}}))),
        ("model", PortValue::Artifacts(vec![artifact(Some("m"))])),
        ("models", PortValue::Artifacts(vec![artifact(None), artifact(None)])),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect();
    let dashed: PortValues = [("roc-auc".to_owned(), parameter(json!(0.5)))].into_iter().collect();
    let none = PortValues::new();
    let params =
        [("threshold".to_owned(), json!(0.9)), ("max-count".to_owned(), json!(5)), ("on".to_owned(), json!(true))];
    let ports: IndexMap<String, Port> =
        [("worst".to_owned(), Port::required(PortType::Parameter(ParameterType::F64)))].into();
    let scope = ConditionScope {
        params: &params.into_iter().collect(),
        declared: None,
        tasks: [
            ("evaluate", TaskScope { state: TaskState::Complete, outputs: &evaluate, ports: Some(&ports) }),
            ("my-step", TaskScope { state: TaskState::Cached, outputs: &dashed, ports: None }),
            ("baseline", TaskScope { state: TaskState::Skipped, outputs: &none, ports: None }),
        ]
        .into_iter()
        .collect(),
    };
    evaluate_in(expression, &scope)
}

fn evaluate_in(expression: &str, scope: &ConditionScope<'_>) -> Result<bool, ConditionError> {
    super::evaluate(expression, scope)
}

#[test]
fn conditions_that_hold() {
    for expression in [
        "evaluate.accuracy > 0.9",
        "evaluate.accuracy > params.threshold",
        "evaluate.accuracy < 1",
        "evaluate.count == 3 && evaluate.count == 3.0 && evaluate.count >= 2.5",
        "evaluate.count < params.max_count",
        "evaluate.count < params['max-count']",
        "evaluate.count / evaluate.total == 0.75",
        "evaluate.count + 1 > 3 && 1 + evaluate.count * 2 == 7 && evaluate.count - 1 == 2",
        "evaluate.count % 2 == 1",
        "-evaluate.count < 0",
        "evaluate.count in [1, 2, 3]",
        "int(evaluate.count) == 3 && double(evaluate.count) == 3.0 && string(evaluate.count) == '3'",
        "evaluate.large == 9007199254740993 && evaluate.large != 9007199254740992",
        "evaluate.label == 'Adelie' && evaluate.label.startsWith('Ad') && evaluate.label + '!' == \"Adelie!\"",
        "evaluate.label.contains('el') && evaluate.label.endsWith('ie') && size(evaluate.label) == 6",
        "'a' in evaluate.names && size(evaluate.names) + 1 == 3 && evaluate.names[0] == 'a'",
        "evaluate.names.exists(name, name == 'b') && evaluate.names.all(name, size(name) == 1)",
        "evaluate.nested.a.b == 1 && has(evaluate.nested.a) && !has(evaluate.nested.c)",
        "evaluate.model.uri == 'blake3:00' && evaluate.model.type == 'system.Model' && evaluate.model.name == 'm'",
        "evaluate.model.metadata.version > 2",
        "size(evaluate.models) == 2 && evaluate.models[1].metadata.version == 3",
        "my_step.roc_auc == 0.5 && steps['my-step']['roc-auc'] == 0.5 && steps.my_step.roc_auc == 0.5",
        "has(evaluate.accuracy) && !has(baseline.accuracy)",
        "!has(baseline.accuracy) || evaluate.accuracy > baseline.accuracy",
        "params.on",
        "has(params.on) && !has(params.off)",
        "params.on ? evaluate.accuracy > 0.9 : false",
        "(evaluate.accuracy > 0.9) == true",
        "  evaluate.accuracy\n> 0.9  ",
    ] {
        assert_eq!(eval(expression), Ok(true), "{expression}");
    }
    for expression in ["evaluate.accuracy > 0.96", "!params.on", "has(baseline.accuracy)", "evaluate.count > 3"] {
        assert_eq!(eval(expression), Ok(false), "{expression}");
    }
}

#[test]
fn conditions_without_an_answer_say_why() {
    let say = |expression: &str| {
        let wrong = eval(expression).unwrap_err();
        let hint = wrong.hint().map(|hint| format!("  [{hint}]")).unwrap_or_default();
        format!("{expression}\n    {wrong}{hint}")
    };
    let expressions = [
        "evaluate.accuracy > baseline.accuracy",
        "evaluate.acuracy > 0.9",
        "evaluate.nested.c == 1",
        "params.off",
        "nothing.x > 1",
        "evaluate.accuracy",
        "evaluate.label",
        "evaluate.names",
        "evaluate.label > 3",
        "evaluate.label + 3 == ''",
        "evaluate.count % 0 == 1",
        "1 / 0 == 1",
        "!evaluate.count",
        "evaluate.worst > 0.5",
        "evaluate.names[7] == 'a'",
        "evaluate.label.matches('A.*')",
        "frobnicate(1)",
        "",
        "evaluate.accuracy >",
        "evaluate.accuracy = 0.9",
        "evaluate.accuracy > 0.9 and params.on",
        "params.on & params.on",
        "'open",
        "${evaluate.accuracy} > 0.9",
        "has(evaluate)",
        "99999999999999999999 > 1",
        "(((",
    ];
    insta::assert_snapshot!(expressions.map(say).join("\n"));
}

#[test]
fn references_are_found() {
    let tasks = |expression: &str| {
        let parsed = parse(expression).unwrap();
        (
            parsed.tasks.into_iter().collect::<Vec<_>>().join(" "),
            parsed.references.iter().map(Reference::text).collect::<Vec<_>>().join(" "),
        )
    };
    for (expression, names, references) in [
        ("a.x > b.y && params.p", "a b", "a.x b.y params.p"),
        ("!has(a.x) || a.x > 1", "a", "a.x"),
        ("steps['my-step'].x == 1", "my-step", "steps[\"my-step\"].x"),
        ("a['roc-auc'].metadata.k == 1", "a", "a[\"roc-auc\"].metadata.k"),
        ("a.list.all(x, x > b.limit)", "a b", "a.list b.limit"),
        ("a.list.exists(a2, a2.f == 1)", "a", "a.list"),
        ("type(a.x) == int", "a", "a.x"),
        ("a.x[b.i] == {'k': c.v}['k'] && [d.w][0] == 1", "a b c d", "a.x b.i c.v d.w"),
        ("true", "", ""),
    ] {
        assert_eq!(tasks(expression), (names.to_owned(), references.to_owned()), "{expression}");
    }
}

#[test]
fn conditions_beyond_the_bounds_are_refused_at_once() {
    let n = 100_000;
    for expression in [
        "(".repeat(n),
        format!("{}true{}", "(".repeat(n), ")".repeat(n)),
        format!("{}true", "!".repeat(n)),
        format!("true{}", " && true".repeat(n)),
        format!("a{}", ".a".repeat(n)),
        format!("1{} == 1", "+1".repeat(n)),
        format!("'{}'", "x".repeat(n)),
        format!("{}1", "true ? 1 : ".repeat(n)),
    ] {
        assert!(matches!(parse(&expression), Err(ConditionError::Syntax { .. })));
        assert!(matches!(eval(&expression), Err(ConditionError::Syntax { .. })));
    }
    let list: Vec<u32> = (0..5_000).collect();
    let params = [("l".to_owned(), json!(list))].into_iter().collect();
    let scope = ConditionScope { params: &params, declared: None, tasks: BTreeMap::new() };
    assert_eq!(evaluate_in("params.l.all(x, x >= 0)", &scope), Ok(true));
    let nested = evaluate_in("params.l.all(x, params.l.all(y, x + y >= 0))", &scope).unwrap_err();
    assert_eq!(nested.to_string(), "its loops, 2 deep over 5000 items, would take too long");
}

#[test]
fn deepest_conditions_within_the_bounds_do_not_overflow_the_stack() {
    for expression in [
        format!("{}true{}", "(".repeat(128), ")".repeat(128)),
        format!("{}true{}", "!(".repeat(128), ")".repeat(128)),
        format!("{}true", "!".repeat(512)),
        format!("true{}", " && true".repeat(256)),
        format!("true{}", " || !true".repeat(170)),
        format!("1{} == 512", "+1".repeat(510)),
        format!("{}1{} == 1", "[".repeat(127), "][0]".repeat(60)),
        format!("evaluate{}", ".a".repeat(512)),
        format!("{}true", "true ? true : ".repeat(128)),
        format!("{}1{}", "{1:".repeat(128), "}".repeat(128)),
        format!("{}evaluate.names{} == 2", "size(".repeat(128), ")".repeat(128)),
        format!("evaluate.names{}", ".map(x, x)".repeat(60)),
    ] {
        let _ = parse(&expression);
        let _ = eval(&expression);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_answered(
        text in ".{0,80}",
        celish in r#"([a-z]{1,3}|[0-9]{1,3}|[-+*/%!<>=&|.,:?(){}\[\]'"\\]| |params|has|in|\.all\(x, |evaluate){0,24}"#,
    ) {
        let _ = eval(&text);
        let _ = eval(&celish);
    }

    #[test]
    fn deep_nesting_is_answered(parts in prop::collection::vec(prop::sample::select(vec![
        ("(", ")"), ("!(", ")"), ("[", "]"), ("{1: ", "}"), ("size(", ")"), ("-", ""), ("1 + ", ""), ("true && ", ""),
        ("true ? 1 : ", ""), ("", ".a"), ("", "[0]"), ("[1].map(x, ", ")"), ("has(", ")"), ("'", "'"),
    ]), 0..200)) {
        let mut text = "evaluate.count".to_owned();
        for (before, after) in parts {
            text = format!("{before}{text}{after}");
        }
        let _ = eval(&text);
    }
}
