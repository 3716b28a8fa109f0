//! Signatures that are read from binaries: ports, kinds, and why a function cannot be a step.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Fixture, component};
use weft_pipeline::types::{ParameterType, PortType};

#[test]
fn ports_have_their_declared_types() {
    let fixture = Fixture::default();
    let loaded = fixture.sandbox.load_file(&component("penguins")).unwrap();
    assert!(loaded.others().is_empty(), "{:?}", loaded.others());
    let train = &loaded.step(Some("train")).unwrap().signature;
    let PortType::Artifact { kind, list: false } = &train.inputs["data"].ty else { panic!("{train:?}") };
    assert_eq!(kind.0, "system.Dataset");
    assert!(!train.inputs["data"].optional);
    assert!(train.inputs["regularisation"].optional);
    assert_eq!(train.inputs["regularisation"].ty, PortType::Parameter(ParameterType::F64));
    let split = &loaded.step(Some("split")).unwrap().signature;
    assert_eq!(split.outputs.keys().collect::<Vec<_>>(), ["train", "test"]);
    let trivial = fixture.sandbox.load_file(&component("trivial")).unwrap();
    let typed = |step: &str, port: &str| trivial.step(Some(step)).unwrap().signature.inputs[port].ty.clone();
    assert_eq!(typed("measure", "values"), PortType::Parameter(ParameterType::Map(Box::new(ParameterType::F64))));
    let colours = ["red", "green", "dark-blue"].map(String::from).to_vec();
    assert_eq!(typed("echo", "an-enum"), PortType::Parameter(ParameterType::Enum(colours)));
}

#[test]
fn a_function_is_found_by_its_name_or_as_the_only_one() {
    let fixture = Fixture::default();
    let loaded = fixture.sandbox.load_file(&component("trivial")).unwrap();
    assert!(loaded.step(None).is_none());
    assert_eq!(loaded.step(Some("write_text")).unwrap().name, "write-text");
    assert!(loaded.step(Some("nothing-of-this-name")).is_none());
}

#[test]
fn functions_that_are_no_steps_say_why() {
    let fixture = Fixture::default();
    let loaded = fixture.sandbox.load_file(&component("odd")).unwrap();
    let steps: Vec<&str> = loaded.steps().iter().map(|step| step.name.as_str()).collect();
    for name in ["plain", "bare", "bare-dataset", "bare-result", "help"] {
        assert!(steps.contains(&name), "{name} is not in {steps:?}");
    }
    let why = |name: &str| loaded.others().iter().find(|other| other.name == name).unwrap().why.clone();
    assert!(why("nested-output").contains("inside another type"), "{}", why("nested-output"));
    assert!(why("nested-input").contains("inside another type"), "{}", why("nested-input"));
    assert!(why("file-input").contains("not an artifact kind"), "{}", why("file-input"));
    assert!(why("nested-result").contains("result"), "{}", why("nested-result"));
    let bare = &loaded.step(Some("bare")).unwrap().signature;
    assert_eq!(bare.outputs.keys().collect::<Vec<_>>(), ["output"]);
}
