//! The cache of compiled code, which is native code without any check: it is read only from where nobody else can write.

use std::fs;
use std::path::{Path, PathBuf};

use crate::made;
use crate::sandbox::Fixture;

fn with_cache(cache: &Path) -> Fixture {
    Fixture::with(|options| options.compiled = Some(cache.to_owned()))
}

/// A cache with one compiled component, and that component.
fn filled(cache: &Path) -> (PathBuf, Vec<u8>) {
    let binary = made::function("", "nop");
    made::run(&with_cache(cache), &binary, "go", &[]).unwrap();
    let engine = fs::read_dir(cache).unwrap().next().unwrap().unwrap().path();
    let mut compiled = fs::read_dir(engine).unwrap().map(|entry| entry.unwrap().path());
    let file = compiled.find(|path| path.extension().is_some_and(|extension| extension == "cwasm")).unwrap();
    (file, binary)
}

#[test]
fn garbage_in_place_of_compiled_code() {
    let cache = tempfile::tempdir().unwrap();
    let (file, binary) = filled(cache.path());
    for garbage in [&b""[..], b"\x7fELF garbage", &vec![0; 100_000]] {
        fs::write(&file, garbage).unwrap();
        made::run(&with_cache(cache.path()), &binary, "go", &[]).unwrap();
    }
}

#[test]
fn compiled_code_that_was_cut() {
    let cache = tempfile::tempdir().unwrap();
    let (file, binary) = filled(cache.path());
    let whole = fs::read(&file).unwrap();
    for length in [10, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..length]).unwrap();
        made::run(&with_cache(cache.path()), &binary, "go", &[]).unwrap();
    }
}

#[test]
fn compiled_code_of_another_engine() {
    let cache = tempfile::tempdir().unwrap();
    let (file, binary) = filled(cache.path());
    let mut bytes = fs::read(&file).unwrap();
    // The engine's version, behind its length; any other is another engine.
    let version = b"\x0248";
    let at = bytes.windows(version.len()).position(|window| window == version).unwrap();
    bytes[at + 2] = b'7';
    fs::write(&file, &bytes).unwrap();
    made::run(&with_cache(cache.path()), &binary, "go", &[]).unwrap();
}

#[cfg(unix)]
#[test]
fn a_cache_in_which_others_may_write() {
    use std::os::unix::fs::PermissionsExt as _;
    let cache = tempfile::tempdir().unwrap();
    let store = weft_artifacts::Store::open(cache.path().join("store")).unwrap();
    let compiled = cache.path().join("compiled");
    fs::create_dir(&compiled).unwrap();
    for mode in [0o777, 0o775, 0o722] {
        fs::set_permissions(&compiled, fs::Permissions::from_mode(mode)).unwrap();
        let options = weft_sandbox::Options { compiled: Some(compiled.clone()), ..weft_sandbox::Options::default() };
        let error = weft_sandbox::Sandbox::new(store.clone(), options).map(drop).unwrap_err();
        assert!(error.to_string().contains("other users may write"), "{error}");
    }
}

#[test]
fn compiled_components_from_a_file_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compiled");
    for bytes in [&b""[..], b"weft compiled components 1\n", &[0; 1000]] {
        fs::write(&file, bytes).unwrap();
        assert!(weft_sandbox::import_compiled(&folder.path().join("cache"), &file).is_err());
    }
}
