//! Artifacts as files: two directories of the step's own, `/in` to read and `/out` to write, in which an artifact appears
//! when its handle is asked for its path, each in a folder for itself.

use cap_std::fs::Dir;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use weft_artifacts::{ContentId, Scratch, Store, Usage, disk_usage};

use super::State;
use super::artifact::{Artifact, Body};
use super::error::{Error, Result, with_causes};

/// Name of an output's content inside its folder.
const CONTENT: &str = "data";

/// Files and folders that a step may make under its outputs, so that watching over them stays quick.
const MAX_ENTRIES: u64 = 1_000_000;

/// A step's directories.
pub(crate) struct Mounts {
    // Field order is drop order: the handles go before what they are in.
    inputs: Dir,
    outputs: Dir,
    scratch: Scratch,
    /// Folders made so far.
    used: u32,
}

/// An output's folder.
pub(crate) struct OutputFolder(Dir);

impl Mounts {
    pub(crate) fn new(store: &Store) -> std::result::Result<Self, weft_artifacts::Error> {
        let scratch = store.scratch()?;
        Ok(Self { inputs: scratch.subdir("in")?, outputs: scratch.subdir("out")?, scratch, used: 0 })
    }

    /// Shows the two directories to the guest.
    pub(crate) fn preopen(&self, wasi: &mut WasiCtxBuilder) -> wasmtime::Result<()> {
        let Some(path) = self.scratch.path() else { return Ok(()) };
        wasi.preopened_dir(path.join("in"), "/in", FsPerms::ReadOnly)?;
        wasi.preopened_dir(path.join("out"), "/out", FsPerms::ReadWrite)?;
        Ok(())
    }

    /// Whether they are as they were made, so that another step may have them.
    pub(crate) fn is_unused(&self) -> bool {
        self.used == 0 && self.outputs.entries().is_ok_and(|mut entries| entries.next().is_none())
    }

    /// Whether the guest has written more than it may.
    pub(crate) fn exceeds(&self, bytes: u64) -> bool {
        let most = Usage { bytes, entries: MAX_ENTRIES };
        // What cannot be looked at cannot be bounded either.
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
    /// Where the guest finds an artifact among its files. A failure of the host's traps: there is no error to return.
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

    /// Ends the writing of an artifact, which is then in the store.
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
