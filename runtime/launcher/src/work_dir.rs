//! The working directory of a command: its inputs and packages are staged here before it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use indexmap::IndexMap;
use weft_artifacts::{ContentId, Existing, Store, Usage, disk_usage};
use weft_pipeline::command::{Call, Layout, call};
use weft_pipeline::step::{Command, DirectoryGrant, PortValue, PortValues};

use crate::error::{Error, ErrorContext, Result};
use crate::scratch_root::{ScratchRoot, subdir};

/// The maximum number of files and folders that a command may create, so that checking its disk usage stays fast.
const MAX_ENTRIES: u64 = 1_000_000;

/// Provides working directories for commands in the sandbox. They are cleared and reused, as creating and removing
/// directories is slow on a busy disk.
pub struct WorkDirs {
    store: Store,
    idle: Mutex<Vec<ScratchRoot>>,
}

/// The working directory of one command, removed when dropped.
pub struct WorkDir {
    pub(crate) scratch: ScratchRoot,
    /// Granted directories of the host, by their path in the command's view.
    pub(crate) granted: Vec<(String, Dir)>,
    pub(crate) store: Store,
    pub(crate) layout: Layout,
    /// Whether the command runs on the host. Processes that it started may then still write to its files after it ended.
    pub(crate) is_host: bool,
    /// The bytes below the root before the command runs.
    given: u64,
    mounts: Vec<Mount>,
}

/// A directory of the host that the sandbox mounts for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its path on the host.
    pub host: PathBuf,
    /// Its path in the command's view.
    pub inside: String,
    /// Whether the command may write there.
    pub write: bool,
}

impl WorkDirs {
    /// Working directories for commands on the artifacts of this store.
    pub fn new(store: Store) -> Self {
        Self { store, idle: Mutex::default() }
    }

    /// Stages the files of a command in the sandbox. The sandbox must give it access to [`WorkDir::mounts`] only: inputs and
    /// packages are hard links to files of the store, which must not be written to.
    pub fn stage(
        &self,
        command: &Command,
        inputs: &PortValues,
        grants: &BTreeMap<String, DirectoryGrant>,
    ) -> Result<WorkDir> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let scratch = idle.map_or_else(|| ScratchRoot::new(&self.store, true), Ok)?;
        WorkDir::for_sandbox(&self.store, scratch, command, inputs, grants)
    }

    /// Takes back the directory of a command that has ended, after its outputs were collected.
    pub fn put_back(&self, directory: WorkDir) {
        if directory.scratch.clear() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(directory.scratch);
        }
    }
}

impl WorkDir {
    fn for_sandbox(
        store: &Store,
        scratch: ScratchRoot,
        command: &Command,
        inputs: &PortValues,
        grants: &BTreeMap<String, DirectoryGrant>,
    ) -> Result<Self> {
        let layout = Layout::default();
        for path in &command.directories {
            let mut at = None;
            for name in path.split('/').filter(|name| !matches!(*name, "" | "." | "..")) {
                at = Some(subdir(at.as_ref().unwrap_or(&scratch.root), name)?);
            }
        }
        let mount = |name: &str, inside: String, write| Mount { host: scratch.path.join(name), inside, write };
        let mut mounts = vec![mount("root", "/".to_owned(), true), mount("in", "/in".to_owned(), false)];
        each_input(inputs, &layout, |id, port, [folder, index, name]| {
            let at = subdir(&subdir(&scratch.inputs, folder)?, index)?;
            store.materialize(id, &at, name).context(|| format!("its input `{port}` could not be laid out"))
        })?;
        if !command.packages.is_empty() {
            each_package(command, |id, name| store.materialize(id, &scratch.packages, name))?;
            mounts.push(mount("packages", layout.packages(), false));
        }
        let mut granted = Vec::new();
        for (inside, grant) in grants {
            let inside = absolute(inside);
            if mounts.iter().any(|mount| mount.inside == inside) {
                let what = format!("it was granted a directory at {inside}, which is its own; choose another place");
                return Err(Error::Placeholder(what));
            }
            let dir = open_granted(grant)?;
            mounts.push(Mount { host: PathBuf::from(&grant.host), inside: inside.clone(), write: grant.write });
            granted.push((inside, dir));
        }
        Ok(Self { scratch, granted, store: store.clone(), layout, is_host: false, given: 0, mounts })
    }

    /// Stages the files of a command that runs on the host. Its inputs are copies, as it can write to them.
    pub(crate) fn for_host(store: &Store, command: &Command, inputs: &PortValues) -> Result<Self> {
        let scratch = ScratchRoot::new(store, false)?;
        let path = scratch.path.join("root");
        let layout = Layout::below(
            path.to_str().ok_or_else(|| Error::Placeholder(format!("`{}` is not UTF-8", path.display())))?,
        );
        let export = |id: &ContentId, at: PathBuf| store.export(id, at, Existing::Keep);
        each_input(inputs, &layout, |id, port, [folder, index, name]| {
            subdir(&subdir(&scratch.inputs, folder)?, index)?;
            let at = path.join("in").join(folder).join(index).join(name);
            export(id, at).context(|| format!("its input `{port}` could not be laid out"))
        })?;
        each_package(command, |id, name| export(id, path.join("packages").join(name)))?;
        let most = Usage { bytes: u64::MAX, entries: u64::MAX };
        let given = disk_usage(&scratch.root, &most).context(|| "its files could not be laid out".to_owned())?.bytes;
        Ok(Self {
            scratch,
            granted: Vec::new(),
            store: store.clone(),
            layout,
            is_host: true,
            given,
            mounts: Vec::new(),
        })
    }

    /// The arguments and the environment of the command. `granted` are variables that it has in addition to its own.
    pub fn call(&self, command: &Command, inputs: &PortValues, granted: &IndexMap<String, String>) -> Result<Call> {
        call(command, inputs, &self.layout, granted).map_err(Error::Placeholder)
    }

    /// The directories that the command has access to.
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// Whether the command has written more than `bytes` or [`MAX_ENTRIES`].
    pub fn exceeds(&self, bytes: u64) -> bool {
        let most = Usage { bytes: self.given.saturating_add(bytes), entries: MAX_ENTRIES };
        // Usage that cannot be measured cannot be bounded, so it counts as exceeded.
        disk_usage(&self.scratch.root, &most).map_or(true, |usage| usage.exceeds(&most))
    }
}

/// Calls `lay` for each input artifact with its content, its port, and the three components of its path below `/in`.
fn each_input(
    inputs: &PortValues,
    layout: &Layout,
    mut lay: impl FnMut(&ContentId, &str, [&str; 3]) -> Result<()>,
) -> Result<()> {
    for (port, value) in inputs {
        let PortValue::Artifacts(artifacts) = value else { continue };
        for (index, artifact) in artifacts.iter().enumerate() {
            let id = artifact.uri.parse::<ContentId>().context(|| format!("its input `{port}`"))?;
            let path = layout.input(port, index);
            // Names in a layout hold no slash.
            let mut names = path.rsplit('/');
            let (Some(name), Some(index), Some(folder)) = (names.next(), names.next(), names.next()) else { continue };
            lay(&id, port, [folder, index, name])?;
        }
    }
    Ok(())
}

fn each_package(command: &Command, mut lay: impl FnMut(&ContentId, &str) -> weft_artifacts::Result<()>) -> Result<()> {
    for (name, digest) in &command.packages {
        let id = digest.parse::<ContentId>().context(|| format!("the package `{name}`"))?;
        lay(&id, name).context(|| format!("the package `{name}` could not be laid out"))?;
    }
    Ok(())
}

fn open_granted(grant: &DirectoryGrant) -> Result<Dir> {
    Dir::open_ambient_dir(&grant.host, ambient_authority())
        .context(|| format!("it was granted the directory {}, which cannot be opened", grant.host))
}

/// The path with a leading slash and without a trailing one.
fn absolute(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}
