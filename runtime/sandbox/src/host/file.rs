//! The resource `file`: one file of an artifact that is a directory.

use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use weft_artifacts::{BlobReader, BlobWriter};

use super::State;
use super::artifact::{Artifact, read, read_blob};
use super::error::{Error, Result};

/// The state of a handle on a file.
pub(crate) enum File {
    /// A file of an input, or a finished one of an output.
    Read(BlobReader),
    /// A file that is being written.
    Write {
        writer: Box<BlobWriter>,
        /// The handle of its artifact.
        artifact: u32,
        name: String,
    },
}

impl File {
    fn len(&self) -> u64 {
        match self {
            Self::Read(reader) => reader.len(),
            Self::Write { writer, .. } => writer.len(),
        }
    }

    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        match self {
            Self::Read(reader) => read_blob(reader, offset, length),
            Self::Write { writer, .. } => read(writer.len(), offset, length, |buffer| writer.read_at(offset, buffer)),
        }
    }

    fn writer(&mut self) -> Result<&mut BlobWriter> {
        match self {
            Self::Read(_) => Err(Error::ReadOnly),
            Self::Write { writer, .. } => Ok(writer),
        }
    }
}

type Store<'a> = StoreContextMut<'a, State>;
type This = Resource<File>;

pub(super) fn add(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("file", ResourceType::host::<File>(), |mut store, handle| {
        let state = store.data_mut();
        let file = state.table.delete(Resource::<File>::new_own(handle))?;
        state.finish_file(file);
        Ok(())
    })?;
    instance.func_wrap("[method]file.length", |store: Store<'_>, (this,): (This,)| {
        Ok((store.data().table.get(&this)?.len(),))
    })?;
    instance.func_wrap("[method]file.read", |store: Store<'_>, (this, offset, length): (This, u64, u64)| {
        Ok((store.data().table.get(&this)?.read(offset, length),))
    })?;
    instance.func_wrap("[method]file.append", |mut store: Store<'_>, (this, bytes): (This, Vec<u8>)| {
        let file = store.data_mut().table.get_mut(&this)?;
        let result = file.writer().and_then(|writer| Ok(writer.append(&bytes)?));
        store.data_mut().write_result(result)
    })?;
    instance.func_wrap("[method]file.write", |mut store: Store<'_>, (this, offset, bytes): (This, u64, Vec<u8>)| {
        let file = store.data_mut().table.get_mut(&this)?;
        let result = file.writer().and_then(|writer| Ok(writer.write_at(offset, &bytes)?));
        store.data_mut().write_result(result)
    })
}

impl State {
    /// Finishes a file whose handle was dropped, and adds it to its directory.
    pub(super) fn finish_file(&mut self, file: File) {
        let File::Write { writer, artifact, name } = file else { return };
        // The artifact may have been dropped before, with its files.
        let Ok(Artifact::Output(output)) = self.table.get_mut(&Resource::new_borrow(artifact)) else { return };
        output.files.remove(&name);
        let length = writer.len();
        let finish = || -> Result<_> {
            let id = writer.finish()?;
            output.tree(&self.step)?.add(&name, &id)?;
            Ok(id)
        };
        match finish() {
            Ok(id) => {
                output.finished.insert(name, (length, id));
            }
            Err(error) => output.broken = Some(error),
        }
    }
}
