//! Python packages that components of KFP install at run time, and that are fetched ahead here: one folder of wheels in the store for
//! each set that is installed together, so that pip decides which versions go with each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use indexmap::IndexMap;
use weft_pipeline::executor::{ExecutorKind, Requirement, native, stack};
use weft_pipeline::suggest;

use crate::error::{Error, Result};
use crate::publish;

/// The executor that packages are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// The one for Python.
    Python,
    /// The one with the scientific stack, whose packages are not fetched.
    Science,
    /// The same with LightGBM and XGBoost.
    Boosting,
}

impl Target {
    /// The packages of an executor for Python.
    pub(crate) fn of(executor: &ExecutorKind) -> Self {
        match executor {
            ExecutorKind::Science => Self::Science,
            ExecutorKind::Boosting => Self::Boosting,
            _ => Self::Python,
        }
    }

    /// Whether its executor brings packages, which are not fetched.
    pub(crate) fn is_scientific(self) -> bool {
        self != Self::Python
    }

    /// Names and versions of what its executor brings.
    fn stack(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        stack(match self {
            Self::Python => &ExecutorKind::Python,
            Self::Science => &ExecutorKind::Science,
            Self::Boosting => &ExecutorKind::Boosting,
        })
    }

    /// The version of Python that it is.
    fn python(self) -> &'static str {
        match self {
            Self::Python => "3.14",
            Self::Science | Self::Boosting => "3.15",
        }
    }

    /// The folder of a set of packages.
    fn folder(self, packages: &Path, requirements: &[Requirement]) -> PathBuf {
        let set = set(requirements);
        packages.join(match self {
            Self::Python => set,
            Self::Science => format!("{set}-science"),
            Self::Boosting => format!("{set}-boosting"),
        })
    }
}

/// Makes wheels without contents, of which only the version is asked: pip then leaves the stack's packages as they are, and takes of
/// others only what goes with them. Arguments: the folder, then `NAME==VERSION`.
const EMPTY_WHEELS: &str = "\
import sys, zipfile
folder, *packages = sys.argv[1:]
for package in packages:
    name, version = package.split('==')
    stem = name.replace('-', '_') + '-' + version
    with zipfile.ZipFile(f'{folder}/{stem}-py3-none-any.whl', 'w') as wheel:
        wheel.writestr(f'{stem}.dist-info/METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n')
        wheel.writestr(f'{stem}.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr(f'{stem}.dist-info/RECORD', '')
";

/// The folder in a store where the wheels lie.
pub(crate) fn folder(store: &Path) -> PathBuf {
    store.join("packages")
}

/// Wheels that were fetched for packages: paths and digests. None if they were not fetched yet.
pub(crate) fn vendored(
    packages: &Path,
    requirements: &[Requirement],
    target: Target,
) -> Result<Option<IndexMap<String, String>>> {
    let folder = target.folder(packages, requirements);
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
pub(crate) fn fetch(packages: &Path, requirements: &[Requirement], target: Target, python: &Path) -> Result<Fetched> {
    let folder = target.folder(packages, requirements);
    if folder.is_dir() {
        return Ok(Fetched { wheels: wheels_in(&folder)?, known: true });
    }
    if let Some(refusal) = refusal(requirements) {
        return Err(refusal);
    }
    publish::folder(&folder, ".fetching", |work| download(work, requirements, target, python))?;
    Ok(Fetched { wheels: wheels_in(&folder)?, known: false })
}

/// Has pip put wheels into a folder, and notes there what for.
fn download(work: &Path, requirements: &[Requirement], target: Target, python: &Path) -> Result<()> {
    let there = tempfile::tempdir().map_err(|source| Error::io("create a folder in", &std::env::temp_dir(), source))?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--only-binary=:all:"])
        .args(["--implementation", "py", "--abi", "none", "--platform", "any", "--python-version", target.python()]);
    if target.is_scientific() {
        keep_stack(target, there.path(), python, &mut pip)?;
    }
    let output = pip
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
    if target.is_scientific() {
        remove_stack(target, work)?;
    }
    let lines: Vec<&str> = requirements.iter().map(|requirement| requirement.0.as_str()).collect();
    let note = lines.join("\n") + "\n";
    let note_path = work.join("requirements.txt");
    fs::write(&note_path, note).map_err(|source| Error::io("write", &note_path, source))
}

/// Has pip take the stack's packages, in their versions, for what it finds in a folder.
fn keep_stack(target: Target, folder: &Path, python: &Path, pip: &mut Command) -> Result<()> {
    let pinned: Vec<String> = target.stack().map(|(name, version)| format!("{name}=={version}")).collect();
    let made = Command::new(python).args(["-c", EMPTY_WHEELS]).arg(folder).args(&pinned).output();
    let made = made.map_err(|source| Error::io("run", python, source))?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr);
        return Err(Error::request(format!("`{}` failed: {}", python.display(), said.trim())));
    }
    let constraints = folder.join("constraints.txt");
    fs::write(&constraints, pinned.join("\n") + "\n").map_err(|source| Error::io("write", &constraints, source))?;
    pip.arg("--find-links").arg(folder).arg("--constraint").arg(&constraints);
    Ok(())
}

/// Removes the wheels of the stack's packages, which the executor has itself.
fn remove_stack(target: Target, folder: &Path) -> Result<()> {
    let stems: Vec<String> =
        target.stack().map(|(name, version)| format!("{}-{version}-", name.replace('-', "_"))).collect();
    for path in wheels_in(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if stems.iter().any(|stem| name.starts_with(stem)) {
            fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
        }
    }
    Ok(())
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
        let refused =
            fetch(folder.path(), &[Requirement("numpy<2".to_owned())], Target::Python, Path::new("/no/python"))
                .map(|_| ());
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("`numpy<2` needs native code"), "{message}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
