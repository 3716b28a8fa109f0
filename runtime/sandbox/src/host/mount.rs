//! Artifacts as files: a step has a directory `/in` to read and a directory `/out` to write. An artifact gets a folder in
//! one of them when the guest asks its handle for a path.

use cap_std::fs::Dir;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use weft_artifacts::{ContentId, Scratch, Store, Usage, disk_usage};

use super::State;
use super::artifact::{Artifact, Body};
use super::error::{Error, Result, with_causes};
use crate::walls::{Wall, Walls};

/// The name of an output's content in its folder.
const CONTENT: &str = "data";

/// The maximum number of files and folders that a step may create, so that checking its disk usage stays fast.
const MAX_ENTRIES: u64 = 1_000_000;

/// The directories of a step.
pub(crate) struct Mounts {
    // Fields are dropped in this order: the handles must be closed before the directory is removed.
    inputs: Dir,
    outputs: Dir,
    scratch: Scratch,
    /// The number of folders created.
    used: u32,
}

/// The folder of an output.
pub(crate) struct OutputFolder(Dir);

impl Mounts {
    pub(crate) fn new(store: &Store) -> std::result::Result<Self, weft_artifacts::Error> {
        let scratch = store.scratch()?;
        Ok(Self { inputs: scratch.subdir("in")?, outputs: scratch.subdir("out")?, scratch, used: 0 })
    }

    /// Mounts the two directories for the guest.
    pub(crate) fn preopen(&self, wasi: &mut WasiCtxBuilder, walls: Walls) -> wasmtime::Result<()> {
        let Some(path) = self.scratch.path() else { return Ok(()) };
        let inputs = if walls.stand(Wall::ReadOnlyInputs) { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
        wasi.preopened_dir(path.join("in"), "/in", inputs)?;
        wasi.preopened_dir(path.join("out"), "/out", FsPerms::ReadWrite)?;
        Ok(())
    }

    /// Whether they are still empty, so that another step can use them.
    pub(crate) fn is_unused(&self) -> bool {
        self.used == 0 && self.outputs.entries().is_ok_and(|mut entries| entries.next().is_none())
    }

    /// Whether the guest has written more than `bytes` or [`MAX_ENTRIES`].
    pub(crate) fn exceeds(&self, bytes: u64) -> bool {
        let most = Usage { bytes, entries: MAX_ENTRIES };
        // Usage that cannot be measured cannot be bounded, so it counts as exceeded.
        disk_usage(&self.outputs, &most).map_or(true, |usage| usage.exceeds(&most))
    }

    fn folder(&mut self, parent: &str) -> std::result::Result<(String, Dir), String> {
        let name = self.used.to_string();
        self.used += 1;
        let directory = if parent == "in" { &self.inputs } else { &self.outputs };
        directory
            .create_dir(&name)
            .and_then(|()| directory.open_dir(&name))
            .map(|dir| (name, dir))
            .map_err(|error| format!("no folder for the artifact could be made: {error}"))
    }

    fn stage_input(&mut self, store: &Store, id: &ContentId, port: &str) -> std::result::Result<String, String> {
        let (folder, dir) = self.folder("in")?;
        let name = if port.is_empty() { CONTENT } else { port };
        store.materialize(id, &dir, name).map_err(|error| with_causes(&error))?;
        Ok(format!("/in/{folder}/{name}"))
    }
}

impl State {
    /// The path of an artifact for the guest. A failure of the host traps, as the interface has no error for it.
    pub(super) fn path(&mut self, handle: u32) -> wasmtime::Result<Option<String>> {
        let (artifact, step) = self.artifact(handle)?;
        let Some(mounts) = &mut step.mounts else { return Ok(None) };
        match artifact {
            Artifact::Input(input) => {
                if input.path.is_none() {
                    let path = mounts.stage_input(&step.store, &input.id, &input.port).map_err(wasmtime::Error::msg)?;
                    input.path = Some(path);
                }
                Ok(input.path.clone())
            }
            Artifact::Output(output) => {
                if output.folder.is_none() {
                    let (folder, dir) = mounts.folder("out").map_err(wasmtime::Error::msg)?;
                    output.folder = Some((format!("/out/{folder}/{CONTENT}"), OutputFolder(dir)));
                }
                Ok(output.folder.as_ref().map(|(path, _)| path.clone()))
            }
        }
    }

    /// Finishes an artifact and stores its content.
    pub(super) fn publish(
        &mut self,
        output: super::artifact::Output,
    ) -> Result<(ContentId, super::artifact::Described)> {
        if let Some(error) = output.broken {
            return Err(error);
        }
        let store = &self.step.store;
        let budget = Some(&self.step.budget);
        let by_path = output.folder.as_ref().filter(|(_, OutputFolder(dir))| dir.symlink_metadata(CONTENT).is_ok());
        let id = match (output.body, by_path) {
            (Body::Empty, Some((_, OutputFolder(dir)))) => store.adopt(dir, CONTENT, budget)?,
            (Body::Empty, None) => store.create(budget)?.finish()?,
            (_, Some((path, _))) => {
                return Err(Error::Conflict(format!(
                    "an artifact was written both through its handle and at its path {path}; choose one of the two"
                )));
            }
            (Body::File(writer), None) => writer.finish()?,
            (Body::Tree(writer), None) => writer.finish()?,
        };
        Ok((id, (output.kind, output.name, output.properties.into_values())))
    }
}
