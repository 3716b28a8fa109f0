//! The host side of the interface: the functions and resources that a guest imports.

mod artifact;
mod error;
mod file;
mod imports;
mod kinds;
mod metrics;
mod mount;
mod network;
mod output;
mod programs;
mod property;
mod run;
mod state;
mod wasi;

use wasmtime::Engine;
use wasmtime::component::Linker;
use weft_pipeline::types::{ARTIFACT_METHODS, BUILTIN_KINDS};

pub(crate) use error::{Error as GuestError, with_causes};
pub(crate) use imports::{check, define_custom_types};
pub(crate) use mount::Mounts;
pub(crate) use network::Network;
pub(crate) use programs::Programs;
pub(crate) use property::size as json_size;
pub(crate) use state::{State, Step};
pub(crate) use wasi::{Clock, Stopped};

/// The version of `weft:component` that this runtime provides.
const VERSION: &str = "0.1.0";

/// Links everything that a component may import: WASI 0.2, `weft:component`, and what executors call other programs by.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasi::add(&mut linker)?;
    linker.instance(&format!("weft:component/types@{VERSION}"))?;
    run::add(&mut linker.instance(&format!("weft:component/run@{VERSION}"))?)?;
    programs::add(&mut linker.instance(&format!("weft:executors/programs@{VERSION}"))?)?;
    let mut artifacts = linker.instance(&format!("weft:component/artifacts@{VERSION}"))?;
    file::add(&mut artifacts)?;
    for (kind, (resource, _)) in (0u32..).zip(BUILTIN_KINDS) {
        kinds::resource(&mut artifacts, resource, kind)?;
        for method in ARTIFACT_METHODS.iter().chain(kinds::extra(resource)) {
            kinds::method(&mut artifacts, resource, kind, method)?;
        }
    }
    Ok(linker)
}
