//! Passing artifacts to a step as handles, and taking returned handles as its output artifacts.

use wasmtime::component::Resource;
use weft_pipeline::step;

use super::State;
use super::artifact::Artifact;
use super::error::Result;

impl State {
    /// A handle for an input artifact.
    pub(crate) fn lend_input(&mut self, artifact: step::Artifact, port: &str) -> std::result::Result<u32, String> {
        let input = Artifact::input(artifact, port).map_err(|error| error.to_string())?;
        Ok(self.table.push(input).map_err(|error| error.to_string())?.rep())
    }

    /// Finishes and stores an artifact that the step returned. A returned input is passed on as it is.
    pub(crate) fn take_output(&mut self, handle: u32) -> Result<step::Artifact> {
        let gone = |error: wasmtime::component::ResourceTableError| super::error::Error::Io(error.to_string());
        let files = match self.table.get(&Resource::<Artifact>::new_borrow(handle)).map_err(gone)? {
            Artifact::Output(output) => output.files.values().copied().collect(),
            Artifact::Input(_) => Vec::new(),
        };
        for file in files {
            let file = self.table.delete(Resource::new_own(file)).map_err(gone)?;
            self.finish_file(file);
        }
        match self.table.delete(Resource::<Artifact>::new_own(handle)).map_err(gone)? {
            Artifact::Input(input) => Ok(input.artifact),
            Artifact::Output(output) => {
                let (id, (kind, name, properties)) = self.publish(*output)?;
                Ok(step::Artifact { id: None, kind: self.step.title(kind), uri: id.to_string(), name, properties })
            }
        }
    }

    /// Closes the open files of an artifact that was dropped instead of returned.
    pub(super) fn discard(&mut self, artifact: &Artifact) {
        if let Artifact::Output(output) = artifact {
            for file in output.files.values() {
                let _ = self.table.delete::<super::file::File>(Resource::new_own(*file));
            }
        }
    }
}
