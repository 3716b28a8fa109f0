//! The working directory of a command: its inputs and packages are staged here before it runs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use indexmap::IndexMap;
use weft_artifacts::{ContentId, Existing, Store, Usage, disk_usage};
use weft_pipeline::command::{Call, Layout, call, uri};
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
        identity: &[u8; 32],
    ) -> Result<WorkDir> {
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let same = idle.iter().rposition(|scratch| scratch.laid == command.packages);
            same.or(idle.len().checked_sub(1)).map(|at| idle.swap_remove(at))
        };
        let idle = idle.and_then(|mut scratch| scratch.make_room(&command.packages).then_some(scratch));
        let scratch = idle.map_or_else(|| ScratchRoot::new(&self.store, true), Ok)?;
        WorkDir::for_sandbox(&self.store, scratch, Layout::new(identity), command, inputs, grants)
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
        mut scratch: ScratchRoot,
        layout: Layout,
        command: &Command,
        inputs: &PortValues,
        grants: &BTreeMap<String, DirectoryGrant>,
    ) -> Result<Self> {
        scratch.make_outputs(&layout)?;
        for path in &command.directories {
            let mut at = None;
            for name in path.split('/').filter(|name| !matches!(*name, "" | "." | "..")) {
                at = Some(subdir(at.as_ref().unwrap_or(&scratch.root), name)?);
            }
        }
        let mount = |name: &str, inside: String, write| Mount { host: scratch.path.join(name), inside, write };
        let mut mounts = vec![mount("root", "/".to_owned(), true), mount("in", "/in".to_owned(), false)];
        let mut copied = false;
        for (path, Shown { id, port }) in shown(command, inputs, &layout)? {
            let failed = || format!("its input `{port}` could not be laid out");
            if let Some(name) = path.strip_prefix("/in/") {
                store.materialize(&id, &scratch.inputs, name).context(failed)?;
            } else {
                // Among the command's own files, where links to the store's would be in its hands.
                let (parent, _) = path[1..].rsplit_once('/').unwrap_or_default();
                scratch.root.create_dir_all(parent).context(failed)?;
                store.export(&id, scratch.path.join("root").join(&path[1..]), Existing::Keep).context(failed)?;
                copied = true;
            }
        }
        let given = if copied { used(&scratch)? } else { 0 };
        if !command.packages.is_empty() {
            if scratch.laid != command.packages {
                each_package(command, |id, name| store.materialize(id, &scratch.packages, name))?;
                scratch.laid.clone_from(&command.packages);
            }
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
        Ok(Self { scratch, granted, store: store.clone(), layout, is_host: false, given, mounts })
    }

    /// Stages the files of a command that runs on the host. Its inputs are copies, as it can write to them.
    pub(crate) fn for_host(store: &Store, command: &Command, inputs: &PortValues, identity: &[u8; 32]) -> Result<Self> {
        let scratch = ScratchRoot::new(store, false)?;
        let path = scratch.path.join("root");
        let layout = Layout::new(identity)
            .below(path.to_str().ok_or_else(|| Error::Placeholder(format!("`{}` is not UTF-8", path.display())))?);
        scratch.make_outputs(&layout)?;
        let export = |id: &ContentId, at: PathBuf| store.export(id, at, Existing::Keep);
        for (at, Shown { id, port }) in shown(command, inputs, &layout)? {
            export(&id, PathBuf::from(at)).context(|| format!("its input `{port}` could not be laid out"))?;
        }
        each_package(command, |id, name| export(id, path.join("packages").join(name)))?;
        let given = used(&scratch)?;
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
        call(command, &self.rooted(command, inputs), &self.layout, granted).map_err(Error::Placeholder)
    }

    /// The inputs with the URIs in their texts as the command finds what they lead to: on the host that is below its own directory.
    fn rooted<'i>(&self, command: &Command, inputs: &'i PortValues) -> Cow<'i, PortValues> {
        if !self.is_host || command.linked.is_empty() {
            return Cow::Borrowed(inputs);
        }
        let mut inputs = inputs.clone();
        for value in inputs.values_mut() {
            let PortValue::Parameter(value) = value else { continue };
            uri::map_texts(value, &mut |text| {
                let location = |text: String, uri: &String| text.replace(uri, &format!("{}{uri}", self.layout.root));
                let ours = command.linked.keys().filter(|uri| !uri::is_remote(uri));
                Some(ours.fold(text.to_owned(), location))
            });
        }
        Cow::Owned(inputs)
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

/// Content that a command sees.
#[derive(Clone, Copy)]
struct Shown<'a> {
    id: ContentId,
    /// The input that it is shown for.
    port: &'a str,
}

/// The content that a command sees, by the path at which it does, each path once.
///
/// # Errors
/// Two inputs that have one URI in another system, but not one content.
fn shown<'a>(command: &'a Command, inputs: &'a PortValues, layout: &Layout) -> Result<BTreeMap<String, Shown<'a>>> {
    let parsed = |port: &'a str, content: &str| -> Result<Shown<'a>> {
        let id = content.parse::<ContentId>().context(|| format!("its input `{port}`"))?;
        Ok(Shown { id, port })
    };
    let mut all: BTreeMap<String, Shown<'a>> = BTreeMap::new();
    for (port, value) in inputs {
        let PortValue::Artifacts(artifacts) = value else { continue };
        for artifact in artifacts {
            let new = parsed(port, &artifact.uri)?;
            let known = all.entry(layout.input(artifact)).or_insert(new);
            if known.id != new.id {
                let what =
                    format!("its inputs `{}` and `{port}` have the same URI, but not the same content", known.port);
                return Err(Error::Placeholder(format!("{what}; give each artifact a URI of its own")));
            }
        }
    }
    for (name, content) in &command.linked {
        let path = match uri::mounted(name) {
            Some(path) if layout.root.is_empty() => path,
            None if !uri::is_remote(name) => format!("{}{name}", layout.root),
            _ => continue,
        };
        // What an input brings with it goes before what its name led to last.
        all.entry(path).or_insert(parsed(name, content)?);
    }
    Ok(all)
}

/// Bytes below a command's root.
fn used(scratch: &ScratchRoot) -> Result<u64> {
    let most = Usage { bytes: u64::MAX, entries: u64::MAX };
    Ok(disk_usage(&scratch.root, &most).context(|| "its files could not be laid out".to_owned())?.bytes)
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
