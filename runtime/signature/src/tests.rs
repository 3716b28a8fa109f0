use wasm_encoder::{
    CodeSection, Component, ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentTypeRef,
    ComponentTypeSection, ComponentValType, FunctionSection, InstanceType, Module, ModuleSection, PrimitiveValType,
    TypeBounds, TypeSection,
};
use weft_pipeline::types::ParameterType;

use super::*;

const U8: ComponentValType = ComponentValType::Primitive(PrimitiveValType::U8);

/// A component that imports and exports again functions that each take the last of these types.
fn passing_on(types: &mut ComponentTypeSection, last: u32, functions: u32) -> Vec<u8> {
    types.function().params([("x", ComponentValType::Type(last))]).result(None);
    let (mut imports, mut exports) = (ComponentImportSection::new(), ComponentExportSection::new());
    for nth in 0..functions {
        imports.import(&*format!("in{nth}"), ComponentTypeRef::Func(last + 1));
        exports.export(&*format!("out{nth}"), ComponentExportKind::Func, nth, None);
    }
    let mut component = Component::new();
    component.section(types).section(&imports).section(&exports);
    component.finish()
}

/// A component around a module with one function whose body is this.
fn around(body: &[u8]) -> Vec<u8> {
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    functions.function(0);
    code.raw(body);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

#[test]
fn code_is_passed_over() {
    // No instruction of any standard: nobody looks.
    let interface = read(&around(&[0, 0xff, 0xff, 0xff])).unwrap();
    assert!(interface.steps.is_empty() && interface.imports.is_empty());
}

#[test]
fn a_file_cut_off_anywhere_is_no_component() {
    let mut types = ComponentTypeSection::new();
    types.defined_type().list(U8);
    let whole = passing_on(&mut types, 0, 3);
    assert_eq!(read(&whole).unwrap().steps.len(), 3);
    let whole = around(&[0, 0x0b]);
    for length in 0..whole.len() {
        let cut = read(&whole[..length]);
        // What ends after a section is whole, as far as one can tell.
        assert!(cut.is_err() || length == 8, "{length} of {} bytes are taken", whole.len());
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        let _ = read(&damaged);
    }
}

#[test]
fn what_is_plainly_none_is_told_by_what_it_is() {
    let why = |bytes: &[u8]| read(bytes).unwrap_err().0;
    assert_eq!(why(b""), "the file is empty");
    assert!(why(b"#!/bin/sh").starts_with("the file does not start"));
    assert!(why(b"\0asm\x01\0\0\0").contains("core module"));
    assert!(why(b"\0asm\x0d\0\x01\0garbage").contains("offset"));
}

#[test]
fn types_that_multiply_are_refused_in_a_moment() {
    let mut types = ComponentTypeSection::new();
    types.defined_type().tuple([U8, U8]);
    for below in 0..15 {
        types.defined_type().tuple([ComponentValType::Type(below); 2]);
    }
    let interface = read(&passing_on(&mut types, 15, 3)).unwrap();
    // 131,071 parts each: the first alone is too many.
    assert_eq!((interface.steps.len(), interface.others.len()), (0, 3));
    assert!(interface.others.iter().all(|other| other.why.contains("too large")));

    let mut types = ComponentTypeSection::new();
    types.defined_type().list(U8);
    for below in 0..49 {
        types.defined_type().list(ComponentValType::Type(below));
    }
    assert_eq!(read(&passing_on(&mut types, 49, 1)).unwrap().others.len(), 0);
}

#[test]
fn maps_are_lists_of_pairs_with_text_first() {
    let mut types = ComponentTypeSection::new();
    types.defined_type().tuple([ComponentValType::Primitive(PrimitiveValType::String), U8]);
    types.defined_type().list(ComponentValType::Type(0));
    types.defined_type().tuple([U8, U8]);
    types.defined_type().list(ComponentValType::Type(2));
    types.defined_type().tuple([ComponentValType::Type(1), ComponentValType::Type(3)]);
    let interface = read(&passing_on(&mut types, 4, 1)).unwrap();
    let step = &interface.steps[0];
    assert_eq!(step.signature.inputs["x"].ty.to_string(), {
        let pairs = ParameterType::List(Box::new(ParameterType::Tuple(vec![ParameterType::U8, ParameterType::U8])));
        let ty = ParameterType::Tuple(vec![ParameterType::Map(Box::new(ParameterType::U8)), pairs]);
        weft_pipeline::types::PortType::Parameter(ty).to_string()
    });
    assert_eq!(interface.imports[0].item, ImportItem::Other);
}

#[test]
fn resources_of_imports_are_kinds_of_artifacts_or_say_why_not() {
    let mut types = ComponentTypeSection::new();
    for _ in 0..2 {
        let mut instance = InstanceType::new();
        instance.export("embedding-index", ComponentTypeRef::Type(TypeBounds::SubResource));
        instance.export("dataset", ComponentTypeRef::Type(TypeBounds::SubResource));
        types.instance(&instance);
    }
    let mut imports = ComponentImportSection::new();
    imports.import("acme:types/types@1.0.0", ComponentTypeRef::Instance(0));
    imports.import("weft:component/artifacts@0.1.0", ComponentTypeRef::Instance(1));
    imports.import("wasi:io/error@0.2.6", ComponentTypeRef::Instance(0));
    let mut component = Component::new();
    component.section(&types).section(&imports);
    let interface = read(&component.finish()).unwrap();
    let kinds = |at: usize| match &interface.imports[at].item {
        ImportItem::Interface { resources, .. } => {
            resources.iter().map(|resource| resource.kind.map(|kind| interface.kinds[kind].title.0.as_str())).collect()
        }
        _ => Vec::new(),
    };
    assert_eq!(kinds(0), [Some("acme.EmbeddingIndex"), Some("acme.Dataset")]);
    assert_eq!(kinds(1), [None, Some("system.Dataset")]);
    assert_eq!(kinds(2), [None, None]);
}
