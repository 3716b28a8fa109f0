//! Files that blow up while they are looked at: types that grow with each line, deep nesting, thousands of everything, lies about lengths.
//! Looking compiles nothing, so what is refused is refused before a run.

use std::fmt::Write as _;
use wasm_encoder::{Component, ComponentTypeSection, ComponentValType, NestedComponentSection, PrimitiveValType};

use crate::sandbox::{Fixture, processor_time};

/// Looks at a component, which takes no time to speak of; whether it was refused.
#[track_caller]
fn refused(binary: &[u8]) -> Option<String> {
    let fixture = Fixture::default();
    let (loaded, time) = processor_time(|| fixture.sandbox.load("made", binary).map(drop));
    assert!(time.as_secs() < 20, "looking at {} bytes took {time:?}", binary.len());
    loaded.err().map(|error| error.to_string()).inspect(|error| assert!(error.len() < 20_000, "{} bytes", error.len()))
}

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn types_that_double_with_each_line() {
    let mut binary = String::from("(component (type $t0 (tuple u8 u8))");
    for n in 1..60 {
        _ = write!(binary, "(type $t{n} (tuple $t{} $t{}))", n - 1, n - 1);
    }
    binary.push_str(r#"(import "host" (instance $host (export "f" (func (param "x" u8)))))"#);
    binary.push_str(r#"(core module $m (func (export "go") (param i32)) (memory (export "memory") 1) (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
        (core instance $main (instantiate $m))
        (func (export "go") (param "x" $t59) (canon lift (core func $main "go") (memory (core memory $main "memory")) (realloc (core func $main "realloc")))))"#);
    assert!(refused(&text(&binary)).is_some());
}

#[test]
fn types_in_types() {
    let mut types = ComponentTypeSection::new();
    types.defined_type().list(PrimitiveValType::U8);
    for depth in 0..5_000 {
        types.defined_type().list(ComponentValType::Type(depth));
    }
    let mut component = Component::new();
    component.section(&types);
    // What nothing uses does no harm; what a step would take is bounded.
    let _ = refused(&component.finish());
}

#[test]
fn components_in_components() {
    let mut component = Component::new();
    for _ in 0..5_000 {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&component));
        component = outer;
    }
    // Nobody goes down all the way: it is nothing but a component without steps.
    let _ = refused(&component.finish());
}

#[test]
fn thousands_of_exports() {
    let mut binary = String::from(
        r#"(component (core module $m (func (export "go"))) (core instance $main (instantiate $m)) (func $f (canon lift (core func $main "go")))"#,
    );
    for n in 0..50_000 {
        _ = write!(binary, r#"(export "go-x{n}" (func $f))"#);
    }
    binary.push(')');
    let _ = refused(&text(&binary));
}

#[test]
fn thousands_of_imports() {
    let mut binary = String::from("(component");
    for n in 0..20_000 {
        _ = write!(binary, r#"(import "test:x/i{n}" (instance (export "r" (type (sub resource)))))"#);
    }
    binary.push(')');
    assert!(refused(&text(&binary)).is_some());
}

#[test]
fn thousands_of_artifact_types() {
    let mut binary = String::from(r#"(component (import "test:x/kinds" (instance"#);
    for n in 0..1_000 {
        _ = write!(binary, r#" (export "kind-x{n}" (type (sub resource)))"#);
    }
    binary.push_str(")))");
    assert!(refused(&text(&binary)).is_some());
}

#[test]
fn thousands_of_functions() {
    let functions = "(func)".repeat(300_000);
    let _ = refused(&text(&format!("(component (core module {functions}))")));
}

#[test]
fn a_name_of_megabytes() {
    let name = "x".repeat(4 << 20);
    let binary = text(&format!(
        r#"(component (core module $m (func (export "go"))) (core instance $main (instantiate $m)) (func (export "{name}") (canon lift (core func $main "go"))))"#
    ));
    let _ = refused(&binary);
}

#[test]
fn sections_that_lie_about_their_length() {
    let header = b"\0asm\x0d\0\x01\0";
    for lie in [
        &b"\x01\xff\xff\xff\xff\x0f"[..],
        b"\x00\xff\xff\xff\x7f\x04name",
        b"\x07\x05\xff\xff\xff\xff\x0f",
        b"\x01\x80\x80\x80\x80\x80\x80\x80",
    ] {
        assert!(refused(&[header, lie].concat()).is_some());
    }
    assert!(refused(&vec![0; 1 << 20]).is_some());
}

#[test]
fn an_import_that_the_host_has_in_name_only() {
    let binary =
        text(r#"(component (import "wasi:filesystem/types@0.2.12" (instance (export "remove-everything" (func)))))"#);
    assert!(refused(&binary).is_some_and(|why| why.contains("does not offer")));
}

#[test]
fn an_import_of_the_host_with_another_type() {
    let fixture = Fixture::default();
    let binary = text(
        r#"(component (import "wasi:cli/environment@0.2.12" (instance $e (export "get-environment" (func (result u64)))))
        (core func $f (canon lower (func $e "get-environment")))
        (core module $m (func (import "e" "f") (result i64)) (func (export "go") (drop (call 0))))
        (core instance $main (instantiate $m (with "e" (instance (export "f" (func $f))))))
        (func (export "go") (canon lift (core func $main "go"))))"#,
    );
    let result = crate::made::run(&fixture, &binary, "go", &[]);
    assert!(result.is_err(), "{result:?}");
}
