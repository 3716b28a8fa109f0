use std::collections::BTreeMap;

use proptest::prelude::*;
use weft_pipeline::step::DirectoryGrant;
use weft_pipeline::types::{ParameterType, PortType};

use super::*;

/// The identity of a step that is not strict.
fn step(component: &ComponentRef, command: Option<&Command>, inputs: &PortValues, grants: &Grants) -> Identity {
    super::step(component, command, inputs, grants, false)
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((".{0,3}", inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn artifact() -> impl Strategy<Value = Artifact> {
    let properties = proptest::collection::btree_map("[a-c]{1,2}", json_value(), 0..3);
    (any::<Option<i64>>(), "system\\.[A-C]", "blake3:[0-9a-f]{4}", proptest::option::of("[a-z]{0,3}"), properties)
        .prop_map(|(id, kind, uri, name, properties)| Artifact { id, kind: ArtifactType(kind), uri, name, properties })
}

fn inputs() -> impl Strategy<Value = PortValues> {
    let value = prop_oneof![
        json_value().prop_map(PortValue::Parameter),
        proptest::collection::vec(artifact(), 0..3).prop_map(PortValue::Artifacts),
    ];
    proptest::collection::btree_map("[a-c]{1,2}", value, 0..4).prop_map(|values| values.into_iter().collect())
}

fn component() -> ComponentRef {
    ComponentRef { digest: "blake3:00".into(), function: "train".into() }
}

/// The same JSON with the fields of every object inserted in the opposite order.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(reversed).collect(),
        Value::Object(fields) => fields.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect(),
        other => other.clone(),
    }
}

/// What distinguishes inputs: parameters by value, artifacts by what a step can observe.
fn seen(inputs: &PortValues) -> BTreeMap<String, Value> {
    inputs.iter().map(|(port, value)| (port.clone(), port_value(value, by_value))).collect()
}

proptest! {
    #[test]
    fn order_of_keys_and_rows_do_not_matter(inputs in inputs()) {
        let mut other = inputs.clone();
        for value in other.values_mut() {
            match value {
                PortValue::Parameter(value) => *value = reversed(value),
                PortValue::Artifacts(artifacts) => {
                    for artifact in artifacts {
                        artifact.id = artifact.id.map_or(Some(7), |_| None);
                        artifact.properties.values_mut().for_each(|value| *value = reversed(value));
                    }
                }
            }
        }
        let grants = Grants::default();
        prop_assert_eq!(step(&component(), None, &inputs, &grants), step(&component(), None, &other, &grants));
    }

    #[test]
    fn inputs_are_equal_exactly_when_identities_are(one in inputs(), other in inputs()) {
        let grants = Grants::default();
        let same = step(&component(), None, &one, &grants) == step(&component(), None, &other, &grants);
        prop_assert_eq!(same, seen(&one) == seen(&other));
    }

    #[test]
    fn any_change_of_an_artifact_changes_it(artifact in artifact(), which in 0usize..5) {
        let mut changed = artifact.clone();
        match which {
            0 => changed.kind.0.push('x'),
            1 => changed.uri.push('0'),
            2 => changed.name = Some(changed.name.map_or(String::new(), |name| name + "x")),
            3 => { changed.properties.insert("new".into(), Value::Null); }
            _ => {
                changed.properties.entry("a".into()).and_modify(|value| *value = json!([value])).or_insert(json!(1));
            }
        }
        let inputs = |artifact: &Artifact| {
            PortValues::from([("data".to_owned(), PortValue::Artifacts(vec![artifact.clone()]))])
        };
        let grants = Grants::default();
        prop_assert_ne!(
            step(&component(), None, &inputs(&artifact), &grants),
            step(&component(), None, &inputs(&changed), &grants)
        );
        prop_assert_ne!(import(&artifact), import(&changed));
    }

    #[test]
    fn canonical_json_is_json(value in json_value()) {
        let mut text = String::new();
        canonical(&value, &mut text);
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}

#[test]
fn component_function_grants_and_port_matter() {
    let inputs = |port: &str| PortValues::from([(port.to_owned(), PortValue::Parameter(json!(1)))]);
    let other_function = ComponentRef { function: "evaluate".into(), ..component() };
    let other_digest = ComponentRef { digest: "blake3:01".into(), ..component() };
    let grants = |change: fn(&mut Grants)| {
        let mut grants = Grants::default();
        change(&mut grants);
        grants
    };
    let host = |host: &str, write| {
        let mut grants = Grants::default();
        grants.directories.insert("/data".into(), DirectoryGrant { host: host.into(), write });
        grants
    };
    let none = Grants::default();
    let all = [
        step(&component(), None, &inputs("a"), &none),
        step(&component(), None, &inputs("b"), &none),
        super::step(&component(), None, &inputs("a"), &none, true),
        step(&component(), None, &PortValues::new(), &none),
        step(&component(), None, &PortValues::from([("a".into(), PortValue::Artifacts(vec![]))]), &none),
        step(&other_function, None, &inputs("a"), &none),
        step(&other_digest, None, &inputs("a"), &none),
        step(&component(), None, &inputs("a"), &grants(|grants| grants.clock = true)),
        step(&component(), None, &inputs("a"), &grants(|grants| grants.random = true)),
        step(&component(), None, &inputs("a"), &grants(|grants| grants.env.push("HOME".into()))),
        step(&component(), None, &inputs("a"), &host("/x", false)),
        step(&component(), None, &inputs("a"), &host("/x", true)),
        step(&component(), None, &inputs("a"), &host("/y", true)),
    ];
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn a_parameter_counts_by_value_a_property_by_form() {
    let parameter = |value| PortValues::from([("rate".into(), PortValue::Parameter(value))]);
    let property = |value: Value| {
        let properties = BTreeMap::from([("rows".to_owned(), value)]);
        let kind = ArtifactType("system.Dataset".into());
        PortValues::from([(
            "data".to_owned(),
            PortValue::Artifacts(vec![Artifact { id: None, kind, uri: "blake3:0".into(), name: None, properties }]),
        )])
    };
    let of = |inputs| step(&component(), None, &inputs, &Grants::default());
    assert_eq!(of(parameter(json!(1))), of(parameter(json!(1.0))));
    assert_ne!(of(parameter(json!(0.0))), of(parameter(json!(-0.0))));
    assert_ne!(of(parameter(json!(1))), of(parameter(json!(true))));
    assert_ne!(of(property(json!(1))), of(property(json!(1.0))));
}

#[test]
fn a_command_is_all_that_it_is_called_with() {
    let command = |change: &dyn Fn(&mut Command)| {
        let mut command = Command { argv: vec!["sh".into(), "-c".into()], ..Command::default() };
        change(&mut command);
        command
    };
    let of = |command: &Command, value: Value| {
        let inputs = PortValues::from([("x".to_owned(), PortValue::Parameter(value))]);
        step(&component(), Some(command), &inputs, &Grants::default())
    };
    let env = |pairs: [(&str, &str); 2]| pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let optional = |optional| {
        let ty = PortType::Parameter(ParameterType::String);
        [("out".to_owned(), Port { ty, optional })].into_iter().collect()
    };
    let plain = command(&|_| ());
    let all = [
        step(&component(), None, &PortValues::from([("x".into(), PortValue::Parameter(json!(1)))]), &Grants::default()),
        of(&plain, json!(1)),
        // A command can print the number.
        of(&plain, json!(1.0)),
        of(&command(&|command| command.argv.push(String::new())), json!(1)),
        of(&command(&|command| command.argv = vec!["sh-c".into()]), json!(1)),
        of(&command(&|command| command.env = env([("A", "1"), ("B", "$(A)")])), json!(1)),
        of(&command(&|command| command.env = env([("B", "$(A)"), ("A", "1")])), json!(1)),
        of(&command(&|command| command.outputs = optional(false)), json!(1)),
        of(&command(&|command| command.outputs = optional(true)), json!(1)),
        of(&command(&|command| _ = command.packages.insert("a.whl".into(), "blake3:0".into())), json!(1)),
        of(&command(&|command| _ = command.programs.insert("python3".into(), "blake3:0".into())), json!(1)),
        of(&plain, json!("NaN")),
        of(&command(&|command| _ = command.non_finite.insert("x".into())), json!("NaN")),
    ];
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

/// A cache outlives versions of the program, so this changes only together with the version of the format.
#[test]
fn the_format_is_pinned() {
    let inputs = PortValues::from([("b".into(), PortValue::Parameter(json!({ "y": 1, "x": [0.5, "é\n"] })))]);
    let identity = step(&component(), None, &inputs, &Grants::default());
    assert_eq!(
        blake3::Hash::from(identity).to_hex().as_str(),
        "e8b32092000dc67f800bb27db30c28656809b19ec1fa0b8d0ed55f445da9fad0"
    );
}
