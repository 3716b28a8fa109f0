//! Where things are in the project's folder, seen from any crate of the workspace.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::{Path, PathBuf};

/// The project's folder.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A component that `tests/run.sh` built.
pub fn component(name: &str) -> PathBuf {
    let path = project().join(format!("target/components/{name}.wasm"));
    assert!(path.exists(), "{} is missing: run `bash tests/run.sh`, which builds it", path.display());
    path
}

/// Where the compiled forms of components are kept between test programs.
pub fn compiled() -> PathBuf {
    project().join("target/compiled")
}
