//! Python packages that components of KFP install at run time, and that are fetched ahead here: one folder of wheels in the store for
//! each set that is installed together, so that pip decides which versions go with each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use indexmap::IndexMap;
use weft_pipeline::executor::{Requirement, native};
use weft_pipeline::suggest;

use crate::error::{Error, Result};
use crate::publish;

/// The version of Python that the executor is.
const PYTHON: &str = "3.14";

/// The folder in a store where the wheels lie.
pub(crate) fn folder(store: &Path) -> PathBuf {
    store.join("packages")
}

/// Wheels that were fetched for packages: paths and digests. None if they were not fetched yet.
pub(crate) fn vendored(packages: &Path, requirements: &[Requirement]) -> Result<Option<IndexMap<String, String>>> {
    let folder = packages.join(set(requirements));
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut wheels = IndexMap::new();
    for path in wheels_in(&folder)? {
        let bytes = fs::read(&path).map_err(|source| Error::io("read", &path, source))?;
        let path = std::path::absolute(&path).map_err(|source| Error::io("find", &path, source))?;
        let digest = weft_artifacts::ContentId::Blob(weft_artifacts::Digest::of(&bytes));
        wheels.insert(path.display().to_string(), digest.to_string());
    }
    wheels.sort_keys();
    Ok(Some(wheels))
}

/// What was fetched for a set of packages.
pub(crate) struct Fetched {
    /// The wheels' files.
    pub wheels: Vec<PathBuf>,
    /// Whether they lay there already.
    pub known: bool,
}

/// Fetches the wheels of packages and of all that they need, by pip. Only wheels without native code are taken.
pub(crate) fn fetch(packages: &Path, requirements: &[Requirement], python: &Path) -> Result<Fetched> {
    let target = packages.join(set(requirements));
    if target.is_dir() {
        return Ok(Fetched { wheels: wheels_in(&target)?, known: true });
    }
    if let Some(refusal) = refusal(requirements) {
        return Err(refusal);
    }
    publish::folder(&target, ".fetching", |work| download(work, requirements, python))?;
    Ok(Fetched { wheels: wheels_in(&target)?, known: false })
}

/// Has pip put wheels into a folder, and notes there what for.
fn download(work: &Path, requirements: &[Requirement], python: &Path) -> Result<()> {
    let output = Command::new(python)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--only-binary=:all:"])
        .args(["--implementation", "py", "--abi", "none", "--platform", "any", "--python-version", PYTHON])
        .arg("--dest")
        .arg(work)
        .arg("--")
        .args(requirements.iter().map(|requirement| requirement.0.as_str()))
        .output()
        .map_err(|source| Error::io("run", python, source))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().filter(|line| line.contains("ERROR")).collect();
        let why =
            lines.last().or(said.lines().last().as_ref()).map_or("it said nothing", |line| line.trim()).to_owned();
        return Err(Error::advised(
            format!("pip found no wheels without native code for {}: {why}", list(requirements)),
            native_code_hint(),
        ));
    }
    let lines: Vec<&str> = requirements.iter().map(|requirement| requirement.0.as_str()).collect();
    let note = lines.join("\n") + "\n";
    let note_path = work.join("requirements.txt");
    fs::write(&note_path, note).map_err(|source| Error::io("write", &note_path, source))
}

/// Why these packages cannot be had in the sandbox, where that is known by their names.
fn refusal(requirements: &[Requirement]) -> Option<Error> {
    let native = native(requirements);
    let first = native.first()?;
    Some(Error::advised(format!("`{first}` needs native code, which the sandbox does not run"), native_code_hint()))
}

/// What to do with a component whose packages need native code.
pub(crate) fn native_code_hint() -> &'static str {
    "run it with `--executor host-python` on this machine's own Python, unsandboxed, while developing; or write the step as a WebAssembly \
     component; or do without the package"
}

fn list(requirements: &[Requirement]) -> String {
    suggest::list(&requirements.iter().map(|requirement| requirement.0.as_str()).collect::<Vec<_>>())
}

fn wheels_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|source| Error::io("read", folder, source))?;
    let mut wheels = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| Error::io("read", folder, source))?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            wheels.push(path);
        }
    }
    wheels.sort();
    Ok(wheels)
}

/// The name of a set of packages: the same whatever order they are written in.
pub(crate) fn set(requirements: &[Requirement]) -> String {
    let mut lines: Vec<&str> = requirements.iter().map(|requirement| requirement.0.trim()).collect();
    lines.sort_unstable();
    lines.dedup();
    let digest = weft_artifacts::Digest::of(lines.join("\n").as_bytes()).to_string();
    digest.chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_the_same_in_any_order() {
        let of = |names: &[&str]| names.iter().map(|name| Requirement((*name).to_owned())).collect::<Vec<_>>();
        assert_eq!(set(&of(&["a", "b==1"])), set(&of(&["b==1", "a", "a"])));
        assert_ne!(set(&of(&["a"])), set(&of(&["a==1"])));
        assert!(set(&of(&["../x"])).chars().all(|c| c.is_ascii_hexdigit()));
    }

    #[test]
    fn native_packages_are_refused_before_anything_is_fetched() {
        let folder = tempfile::tempdir().unwrap();
        let refused = fetch(folder.path(), &[Requirement("numpy<2".to_owned())], Path::new("/no/python")).map(|_| ());
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("`numpy<2` needs native code"), "{message}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
