//! The files that a command sees, before it runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use indexmap::IndexMap;
use weft_artifacts::{ContentId, Existing, Scratch, Store, Usage, disk_usage};
use weft_pipeline::command::{Call, Layout, call};
use weft_pipeline::step::{Command, DirectoryGrant, PortValue, PortValues};

use crate::error::{Doing, Error, Result};

/// Files and folders that a command may make, so that watching over them stays quick.
const MAX_ENTRIES: u64 = 1_000_000;

/// The files of one command, removed with all that is in them when dropped.
pub struct Directory {
    // Field order is drop order: the handles go before what they are in.
    /// What the command sees as `/`.
    pub(crate) root: Dir,
    /// What it sees as `/in`.
    pub(crate) inputs: Dir,
    /// Granted directories of the host, by where the command sees them.
    pub(crate) granted: Vec<(String, Dir)>,
    /// Removes them all when it goes.
    _scratch: Scratch,
    pub(crate) store: Store,
    pub(crate) layout: Layout,
    /// Whether the command may still have hands on its files when it has ended.
    pub(crate) is_host: bool,
    mounts: Vec<Mount>,
}

/// A directory of the host that the sandbox shows to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is on the host.
    pub host: PathBuf,
    /// Where the command sees it.
    pub inside: String,
    /// Whether the command may write there.
    pub write: bool,
}

impl Directory {
    /// The files for a command in the sandbox, which must show it nothing but [`Directory::mounts`]: inputs and packages are links to
    /// the store's own files, and must not be written to.
    pub fn for_sandbox(
        store: &Store,
        command: &Command,
        inputs: &PortValues,
        grants: &BTreeMap<String, DirectoryGrant>,
    ) -> Result<Self> {
        let scratch = store.scratch().doing(|| "no directory for its files could be made".to_owned())?;
        let Some(path) = scratch.path().map(Path::to_owned) else {
            return Err(Error::Placeholder("the artifact store was opened without its path".to_owned()));
        };
        let layout = Layout::default();
        let (root, shown) = (subdir(scratch.dir(), "root")?, subdir(scratch.dir(), "in")?);
        make_parents(&root)?;
        let mut mounts = vec![
            Mount { host: path.join("root"), inside: "/".to_owned(), write: true },
            Mount { host: path.join("in"), inside: "/in".to_owned(), write: false },
        ];
        each_input(inputs, &layout, |id, port, [folder, index, name]| {
            let at = subdir(&subdir(&shown, folder)?, index)?;
            store.materialize(id, &at, name).doing(|| format!("its input `{port}` could not be laid out"))
        })?;
        if !command.packages.is_empty() {
            let packages = subdir(scratch.dir(), "packages")?;
            each_package(command, |id, name| store.materialize(id, &packages, name))?;
            mounts.push(Mount { host: path.join("packages"), inside: layout.packages(), write: false });
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
        Ok(Self {
            root,
            inputs: shown,
            granted,
            _scratch: scratch,
            store: store.clone(),
            layout,
            is_host: false,
            mounts,
        })
    }

    /// The files for a command that runs on the host as any other program does: its inputs are copies, as nothing keeps it from
    /// writing to them.
    pub(crate) fn for_host(store: &Store, command: &Command, inputs: &PortValues) -> Result<Self> {
        let scratch = store.scratch().doing(|| "no directory for its files could be made".to_owned())?;
        let Some(path) = scratch.path().map(|path| path.join("root")) else {
            return Err(Error::Placeholder("the artifact store was opened without its path".to_owned()));
        };
        let layout = Layout::below(
            path.to_str().ok_or_else(|| Error::Placeholder(format!("`{}` is not UTF-8", path.display())))?,
        );
        let root = subdir(scratch.dir(), "root")?;
        make_parents(&root)?;
        let shown = subdir(&root, "in")?;
        let export = |id: &ContentId, at: PathBuf| store.export(id, at, Existing::Keep);
        each_input(inputs, &layout, |id, port, [folder, index, name]| {
            subdir(&subdir(&shown, folder)?, index)?;
            let at = path.join("in").join(folder).join(index).join(name);
            export(id, at).doing(|| format!("its input `{port}` could not be laid out"))
        })?;
        if !command.packages.is_empty() {
            subdir(&root, "packages")?;
            each_package(command, |id, name| export(id, path.join("packages").join(name)))?;
        }
        let granted = Vec::new();
        Ok(Self {
            root,
            inputs: shown,
            granted,
            _scratch: scratch,
            store: store.clone(),
            layout,
            is_host: true,
            mounts: Vec::new(),
        })
    }

    /// How the command is called: its arguments and environment. `granted` are the variables that it has besides its own.
    pub fn call(&self, command: &Command, inputs: &PortValues, granted: &IndexMap<String, String>) -> Result<Call> {
        call(command, inputs, &self.layout, granted).map_err(Error::Placeholder)
    }

    /// What the sandbox shows to the command, and nothing else.
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// Whether the command has written more than it may.
    pub fn exceeds(&self, bytes: u64) -> bool {
        let most = Usage { bytes, entries: MAX_ENTRIES };
        // What cannot be looked at cannot be bounded either.
        disk_usage(&self.root, &most).map_or(true, |usage| usage.exceeds(&most))
    }
}

fn subdir(dir: &Dir, name: &str) -> Result<Dir> {
    let made = match dir.create_dir(name) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    };
    made.and_then(|()| dir.open_dir(name)).doing(|| format!("the directory `{name}` could not be made"))
}

/// The directories that its outputs go into, and `/tmp`.
fn make_parents(root: &Dir) -> Result<()> {
    ["out", "tmp", "tmp/kfp", "tmp/kfp/outputs", "tmp/kfp_outputs"]
        .iter()
        .try_for_each(|name| root.create_dir(name))
        .doing(|| "the directories for its outputs could not be made".to_owned())
}

/// Calls with the content, the port, and the names between slashes below `/in` of each input artifact.
fn each_input(
    inputs: &PortValues,
    layout: &Layout,
    mut lay: impl FnMut(&ContentId, &str, [&str; 3]) -> Result<()>,
) -> Result<()> {
    for (port, value) in inputs {
        let PortValue::Artifacts(artifacts) = value else { continue };
        for (index, artifact) in artifacts.iter().enumerate() {
            let id = artifact.uri.parse::<ContentId>().doing(|| format!("its input `{port}`"))?;
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
        let id = digest.parse::<ContentId>().doing(|| format!("the package `{name}`"))?;
        lay(&id, name).doing(|| format!("the package `{name}` could not be laid out"))?;
    }
    Ok(())
}

fn open_granted(grant: &DirectoryGrant) -> Result<Dir> {
    Dir::open_ambient_dir(&grant.host, ambient_authority())
        .doing(|| format!("it was granted the directory {}, which cannot be opened", grant.host))
}

/// The path with a slash before and none behind.
fn absolute(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}
