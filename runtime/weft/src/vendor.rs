//! Fetching the Python packages of a pipeline ahead.

use std::path::{Path, PathBuf};

use weft_pipeline::executor::{ExecutorKind, Requirement, choose_executor, to_fetch};
use weft_pipeline::model::{Implementation, Pipeline};

use crate::error::Result;
use crate::notice::{Notice, Notify};
use crate::packages::{self, Fetched, Target};
use crate::store::Store;

/// Packages that are installed together, and their wheels.
#[derive(Debug, Clone)]
pub struct VendoredSet {
    /// The packages as the pipeline names them.
    pub packages: Vec<String>,
    /// The wheels of these and of all that they need.
    pub wheels: Vec<PathBuf>,
    /// Whether they were there already.
    pub known: bool,
}

/// Fetches the wheels of all packages that components of a pipeline install into the store at `root`, which is made if any are needed. `python`
/// is the interpreter whose pip fetches.
///
/// # Errors
/// Packages with native code, and whatever pip says.
pub fn vendor(root: &Path, pipeline: &Pipeline, python: &Path, notify: &Notify<'_>) -> Result<Vec<VendoredSet>> {
    let mut sets: Vec<(Target, Vec<Requirement>)> = Vec::new();
    for component in pipeline.components.values() {
        let Implementation::Command(step) = &component.implementation else { continue };
        // What no executor can run is told when the pipeline is checked.
        let Ok(call) = choose_executor(step) else { continue };
        let kind = call.any_python().unwrap_or(&ExecutorKind::Python);
        let set = (Target::of(kind), to_fetch(kind, &call.packages));
        if !set.1.is_empty() && !sets.contains(&set) {
            sets.push(set);
        }
    }
    if !sets.is_empty() {
        // Makes the store, with what keeps it out of version control.
        Store::create(root)?;
    }
    let folder = vendor_folder(root);
    let mut vendored = Vec::new();
    for (target, requirements) in &sets {
        let packages: Vec<String> = requirements.iter().map(|requirement| requirement.0.clone()).collect();
        let Fetched { wheels, known } = packages::fetch(&folder, requirements, *target, python)?;
        if !known {
            notify(Notice::Fetched { packages: packages.clone(), wheels: wheels.len() });
        }
        vendored.push(VendoredSet { packages, wheels, known });
    }
    Ok(vendored)
}

/// Where the wheels lie in the store at `root`.
pub fn vendor_folder(root: &Path) -> PathBuf {
    packages::folder(root)
}
