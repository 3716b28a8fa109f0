use std::path::PathBuf;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{ResourceType, Type};
use weft_pipeline::step::SilentObserver;
use weft_pipeline::types::{ParameterType, PortType};
use weft_signature::{Outputs, Slot as Passed, StepFunction};

use super::*;
use crate::{compile, engine};

fn target(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target").join(path)
}

fn loader() -> Loader {
    Loader::new(engine::start(false).unwrap(), Some(&target("compiled")), CompileLimits::default(), Walls::default())
        .unwrap()
}

/// What the tests and the examples are built to.
fn components() -> Vec<PathBuf> {
    let folders = ["components", "executors"].map(target);
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    assert!(paths.len() > 3, "the guests are not built: `bash guest-examples/build.sh`");
    paths
}

/// Whether wasmtime's type is what the signature says.
fn is(ty: &Type, read: &ParameterType) -> bool {
    use ParameterType as P;
    match (ty, read) {
        (Type::Bool, P::Bool)
        | (Type::S8, P::S8)
        | (Type::U8, P::U8)
        | (Type::S16, P::S16)
        | (Type::U16, P::U16)
        | (Type::S32, P::S32)
        | (Type::U32, P::U32)
        | (Type::S64, P::S64)
        | (Type::U64, P::U64)
        | (Type::Float32, P::F32)
        | (Type::Float64, P::F64)
        | (Type::Char, P::Char)
        | (Type::String, P::String) => true,
        (Type::Enum(ty), P::Enum(read)) => ty.names().eq(read.iter().map(String::as_str)),
        (Type::Flags(ty), P::Flags(read)) => ty.names().eq(read.iter().map(String::as_str)),
        (Type::Option(ty), P::Option(read)) => is(&ty.ty(), read),
        (Type::List(ty), P::List(read)) => is(&ty.ty(), read),
        (Type::List(ty), P::Map(read)) => match ty.ty() {
            Type::Tuple(pair) => {
                let pair: Vec<Type> = pair.types().collect();
                matches!(pair[0], Type::String) && pair.len() == 2 && is(&pair[1], read)
            }
            _ => false,
        },
        (Type::Tuple(ty), P::Tuple(read)) => {
            ty.types().len() == read.len() && ty.types().zip(read).all(|(ty, read)| is(&ty, read))
        }
        (Type::Record(ty), P::Record(read)) => {
            ty.fields().len() == read.len()
                && ty.fields().zip(read).all(|(field, (name, read))| field.name == name && is(&field.ty, read))
        }
        (Type::Variant(ty), P::Variant(read)) => {
            ty.cases().len() == read.len()
                && ty.cases().zip(read).all(|(case, (name, read))| {
                    case.name == name
                        && match (&case.ty, read) {
                            (Some(ty), Some(read)) => is(ty, read),
                            (None, None) => true,
                            _ => false,
                        }
                })
        }
        _ => false,
    }
}

#[track_caller]
fn assert_passed(ty: &Type, slot: &Passed) {
    let inner = match ty {
        Type::Option(inner) if slot.port.optional => inner.ty(),
        ty => ty.clone(),
    };
    let same = match &slot.port.ty {
        PortType::Parameter(read) => is(&inner, read),
        PortType::Artifact { list, .. } => {
            let handle = match &inner {
                Type::List(items) if *list => items.ty(),
                ty => ty.clone(),
            };
            let kind = ResourceType::host_dynamic(slot.kind.try_into().unwrap());
            matches!(handle, Type::Own(resource) | Type::Borrow(resource) if resource == kind)
        }
    };
    assert!(same, "{}: {ty:?} is not {:?}", slot.name, slot.port);
}

#[track_caller]
fn assert_same(function: &ComponentFunc, step: &StepFunction) {
    assert_eq!(function.params().len(), step.inputs.len(), "{}", step.name);
    for ((name, ty), slot) in function.params().zip(&step.inputs) {
        assert_eq!(name, slot.name);
        assert_passed(&ty, slot);
    }
    let result = match function.results().next() {
        Some(Type::Result(result)) => {
            assert!(step.fallible);
            result.ok()
        }
        other => other,
    };
    match (&step.outputs, result) {
        (Outputs::None, None) => {}
        (Outputs::Single(slot), Some(ty)) => assert_passed(&ty, slot),
        (Outputs::Record(slots), Some(Type::Record(record))) => {
            assert_eq!(record.fields().len(), slots.len());
            for (field, slot) in record.fields().zip(slots) {
                assert_eq!(field.name, slot.name);
                assert_passed(&field.ty, slot);
            }
        }
        (outputs, result) => panic!("{}: {outputs:?} is not {result:?}", step.name),
    }
}

/// The exported functions that wasmtime sees, as the signature should.
fn exported(
    engine: &wasmtime::Engine,
    ty: &wasmtime::component::types::Component,
) -> Vec<(Option<String>, String, ComponentFunc)> {
    let mut found = Vec::new();
    for (name, export) in ty.exports(engine) {
        match export.ty {
            ComponentItem::ComponentFunc(function) => found.push((None, name.to_owned(), function)),
            ComponentItem::ComponentInstance(instance)
                if name != "exports" && !name.starts_with("wasi:") && !name.starts_with(weft_signature::SERVER) =>
            {
                for (function, item) in instance.exports(engine) {
                    if let ComponentItem::ComponentFunc(ty) = item.ty
                        && !function.starts_with('[')
                    {
                        found.push((Some(name.to_owned()), function.to_owned(), ty));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn signatures_are_what_wasmtime_reads_from_compiled_components() {
    let loader = loader();
    for path in components() {
        let shown = loader.load_file(&path, None).unwrap_or_else(|error| panic!("{error}"));
        let unread = || Err(Error::Stored { digest: String::new(), why: "it is not stored".to_owned() });
        let ready = loader
            .ready(shown.digest(), Extent::Whole, &unread, "a-task", &SilentObserver)
            .unwrap_or_else(|error| panic!("{error}"));
        let component = ready.instance.component();
        let mut linker = loader.linker.clone();
        host::define_custom_types(&mut linker, &shown.interface).unwrap();
        let ty = linker.substituted_component_type(component).unwrap();
        let mut functions = exported(&loader.compiler.engine, &ty);
        assert_eq!(functions.len(), shown.steps().len() + shown.others().len(), "{}", path.display());
        for other in shown.others() {
            functions.retain(|(interface, name, _)| (interface, name) != (&other.interface, &other.function));
        }
        for ((interface, name, function), step) in functions.iter().zip(shown.steps()) {
            assert_eq!((interface, name), (&step.interface, &step.function));
            assert_same(function, step);
        }
        let imports = component.component_type();
        let imports = imports.imports(&loader.compiler.engine);
        let names = imports.filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentInstance(_)));
        assert!(names.map(|(name, _)| name.to_owned()).eq(shown.imports().iter().cloned()), "{}", path.display());
    }
}

#[test]
fn what_is_too_large_to_compile_can_be_looked_at_and_is_refused_by_name_when_it_is_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    std::fs::write(&path, compile::tests::component([compile::tests::function(0, 5_000)])).unwrap();
    let loader = loader();
    let shown = loader.load_file(&path, None).unwrap();
    let unread = || Err(Error::Stored { digest: String::new(), why: "it is not stored".to_owned() });
    let refused =
        loader.ready(shown.digest(), Extent::Usual, &unread, "a-task", &SilentObserver).map(drop).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "its component large.wasm is not compiled: its function 1 has 5000 loops; at most 4096 are compiled"
    );
    let failure = crate::failure::Failure::from(refused);
    assert!(failure.kind == weft_pipeline::step::FailureKind::LimitReached && failure.hint.is_some());
}
