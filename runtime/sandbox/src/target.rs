//! What components are compiled for.

#[cfg(feature = "compiler")]
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Serialize;
use wasmtime::{Config, Engine};

use crate::error::{Error, Result};

/// Counts changes of the engine's settings that code depends on and that wasmtime does not find when it loads it.
const SETTINGS: u32 = 1;

/// Whether this build compiles. One for small hosts does not: it runs what was compiled for them elsewhere.
pub const COMPILES: bool = cfg!(feature = "compiler");

/// A kind of machine that code is compiled for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// This machine, with all that its processor can do.
    #[default]
    Native,
    /// Every machine with a processor of this architecture, however old, and this system.
    Portable,
    /// Every machine with words of 64 bits: byte code for Pulley, wasmtime's interpreter.
    Pulley,
}

impl Target {
    /// Has an engine compile for it, or read what was compiled for it.
    pub(crate) fn set(self, config: &mut Config) -> Result<()> {
        let triple = match self {
            Self::Native => return Ok(()),
            Self::Portable => portable_triple(),
            Self::Pulley => "pulley64".to_owned(),
        };
        config.target(&triple).map_err(|error| Error::Engine(format!("{error:#}"))).map(drop)
    }

    /// What tells code for it from all other: the version and the settings of the compiler, and what it needs of a processor.
    pub(crate) fn identity(self, engine: &Engine, strict: bool) -> u64 {
        #[cfg(feature = "compiler")]
        if self == Self::Native {
            let mut hasher = DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            return hasher.finish();
        }
        let on = match self {
            Self::Pulley => "pulley64".to_owned(),
            Self::Native if engine.is_pulley() => "pulley64".to_owned(),
            Self::Native | Self::Portable => portable_triple(),
        };
        let text = format!("weft {} {SETTINGS} {on} {strict}", env!("CARGO_PKG_VERSION"));
        // FNV-1a: hosts compare it with what another build wrote.
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

/// This architecture and system, in the form that compilers name it, and nothing of the processor beyond.
fn portable_triple() -> String {
    let system = match std::env::consts::OS {
        "macos" => "apple-darwin",
        "windows" => "pc-windows-msvc",
        _ => "unknown-linux-gnu",
    };
    format!("{}-{system}", std::env::consts::ARCH)
}
