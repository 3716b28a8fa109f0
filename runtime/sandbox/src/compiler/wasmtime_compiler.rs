//! The calls of wasmtime's compiler. A build for small hosts lacks it; there each of them fails.

use wasmtime::component::Component;
use wasmtime::{Engine, Module, Result};

#[cfg(feature = "compiler")]
mod calls {
    use super::{Component, Engine, Module, Result};

    pub(crate) fn component(engine: &Engine, binary: &[u8]) -> Result<Component> {
        Component::from_binary(engine, binary)
    }

    pub(crate) fn module(engine: &Engine, binary: &[u8]) -> Result<Module> {
        Module::new(engine, binary)
    }

    pub(crate) fn precompile(engine: &Engine, binary: &[u8]) -> Result<Vec<u8>> {
        engine.precompile_component(binary)
    }

    pub(crate) fn precompile_module(engine: &Engine, binary: &[u8]) -> Result<Vec<u8>> {
        engine.precompile_module(binary)
    }
}

#[cfg(not(feature = "compiler"))]
mod calls {
    use super::{Component, Engine, Module, Result};

    pub(crate) fn component(_: &Engine, _: &[u8]) -> Result<Component> {
        missing()
    }

    pub(crate) fn module(_: &Engine, _: &[u8]) -> Result<Module> {
        missing()
    }

    pub(crate) fn precompile(_: &Engine, _: &[u8]) -> Result<Vec<u8>> {
        missing()
    }

    pub(crate) fn precompile_module(_: &Engine, _: &[u8]) -> Result<Vec<u8>> {
        missing()
    }

    fn missing<T>() -> Result<T> {
        Err(wasmtime::Error::msg("it was not compiled ahead, and there is no compiler in this build"))
    }
}

pub(crate) use calls::{component, module, precompile, precompile_module};
