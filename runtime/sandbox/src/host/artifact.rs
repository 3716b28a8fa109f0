//! Artifact handles: their state, and the implementation of their common methods.

use std::collections::BTreeMap;

use wasmtime::component::Resource;
use weft_artifacts::{BlobReader, BlobWriter, Content, ContentId, TreeWriter};
use weft_pipeline::step;

use super::State;
use super::error::{Entry, Error, Result};
use super::file::File;
use super::mount::OutputFolder;
use super::property::{Properties, Value};

/// The maximum number of bytes of one read, as they are held in the host's memory.
pub(super) const MAX_READ: u64 = 64 << 20;

/// The maximum length of a display name, in bytes.
const MAX_NAME: usize = 1024;

/// The state of a handle.
pub(crate) enum Artifact {
    /// An input of the step.
    Input(Box<Input>),
    /// Created by the step.
    Output(Box<Output>),
}

/// An input artifact.
pub(crate) struct Input {
    pub(super) artifact: step::Artifact,
    pub(super) id: ContentId,
    /// Its content, opened at the first read.
    content: Option<Content>,
    /// Its path for the guest, once requested.
    pub(super) path: Option<String>,
    pub(super) port: String,
}

/// An artifact that is being written.
pub(crate) struct Output {
    pub(super) kind: u32,
    pub(super) name: Option<String>,
    pub(super) properties: Properties,
    pub(super) body: Body,
    /// Its path for the guest and its folder, once requested.
    pub(super) folder: Option<(String, OutputFolder)>,
    /// The finished files of a directory.
    pub(super) finished: BTreeMap<String, (u64, ContentId)>,
    /// The handles of its open files, by name.
    pub(super) files: BTreeMap<String, u32>,
    /// The error of a file that could not be finished. The artifact then cannot be finished either.
    pub(super) broken: Option<Error>,
}

/// A kind's payload, a display name and properties.
pub(super) type Described = (u32, Option<String>, BTreeMap<String, serde_json::Value>);

/// The content of an output that is being written.
#[derive(Default)]
pub(super) enum Body {
    #[default]
    Empty,
    File(Box<BlobWriter>),
    Tree(TreeWriter),
}

impl Artifact {
    pub(crate) fn input(artifact: step::Artifact, port: &str) -> std::result::Result<Self, weft_artifacts::Error> {
        let id = artifact.uri.parse()?;
        Ok(Self::Input(Box::new(Input { artifact, id, content: None, path: None, port: port.to_owned() })))
    }

    pub(super) fn output(kind: u32) -> Self {
        Self::Output(Box::new(Output {
            kind,
            name: None,
            properties: Properties::default(),
            body: Body::Empty,
            folder: None,
            finished: BTreeMap::new(),
            files: BTreeMap::new(),
            broken: None,
        }))
    }

    pub(super) fn close(&mut self) {
        if let Self::Input(input) = self {
            input.content = None;
        }
    }

    pub(super) fn writable(&mut self) -> Result<&mut Output> {
        match self {
            Self::Output(output) => Ok(output),
            Self::Input(_) => Err(Error::ReadOnly),
        }
    }

    pub(super) fn uri(&self) -> Option<String> {
        match self {
            Self::Input(input) => Some(input.artifact.uri.clone()),
            Self::Output(_) => None,
        }
    }

    pub(super) fn display_name(&self) -> Option<String> {
        match self {
            Self::Input(input) => input.artifact.name.clone(),
            Self::Output(output) => output.name.clone(),
        }
    }

    pub(super) fn property(&self, name: &str) -> Option<Value> {
        self.values().get(name).and_then(Value::from_json)
    }

    pub(super) fn properties(&self) -> Vec<(String, Value)> {
        self.values().iter().filter_map(|(name, value)| Some((name.clone(), Value::from_json(value)?))).collect()
    }

    fn values(&self) -> &BTreeMap<String, serde_json::Value> {
        match self {
            Self::Input(input) => &input.artifact.properties,
            Self::Output(output) => output.properties.values(),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        match self {
            Self::Input(input) => input.id.is_tree(),
            Self::Output(output) => matches!(output.body, Body::Tree(_)),
        }
    }
}

impl Output {
    pub(super) fn set_name(&mut self, name: String) -> Result<()> {
        if name.len() > MAX_NAME {
            return Err(Error::Invalid(format!("a display name has at most {MAX_NAME} bytes")));
        }
        self.name = Some(name);
        Ok(())
    }

    fn file(&mut self, step: &super::Step) -> Result<&mut BlobWriter> {
        if matches!(self.body, Body::Empty) {
            self.body = Body::File(Box::new(step.store.create(Some(&step.budget))?));
        }
        match &mut self.body {
            Body::File(writer) => Ok(writer),
            _ => Err(Error::Conflict("the artifact is a directory, its bytes belong to its files".into())),
        }
    }

    pub(super) fn tree(&mut self, step: &super::Step) -> Result<&mut TreeWriter> {
        if matches!(self.body, Body::Empty) {
            self.body = Body::Tree(step.store.create_tree(Some(&step.budget))?);
        }
        match &mut self.body {
            Body::Tree(writer) => Ok(writer),
            _ => Err(Error::Conflict("the artifact is a file and has bytes already; it cannot hold files".into())),
        }
    }
}

impl State {
    /// The schema title: for an input its own, which may be a subtype of the declared one.
    pub(super) fn type_name(&mut self, handle: u32) -> wasmtime::Result<String> {
        let (artifact, step) = self.artifact(handle)?;
        Ok(match artifact {
            Artifact::Input(input) => input.artifact.kind.0.clone(),
            Artifact::Output(output) => step.title(output.kind).0,
        })
    }

    /// The content of an input, opened if it is not.
    fn content(&mut self, handle: u32) -> wasmtime::Result<Result<Option<&Content>>> {
        let (artifact, step) = self.artifact(handle)?;
        if let Artifact::Input(input) = artifact
            && input.content.is_none()
        {
            match step.store.open_content(&input.id) {
                Ok(content) => input.content = Some(content),
                Err(error) => return Ok(Err(error.into())),
            }
            self.opened(handle);
        }
        Ok(Ok(match self.artifact(handle)?.0 {
            Artifact::Input(input) => input.content.as_ref(),
            Artifact::Output(_) => None,
        }))
    }

    pub(super) fn length(&mut self, handle: u32) -> wasmtime::Result<u64> {
        if let (Artifact::Output(output), _) = self.artifact(handle)? {
            return Ok(match &output.body {
                Body::Empty => 0,
                Body::File(writer) => writer.len(),
                Body::Tree(_) => output.finished.values().map(|(length, _)| length).sum(),
            });
        }
        match self.content(handle)? {
            Ok(content) => Ok(content.map_or(0, Content::len)),
            Err(error) => Err(wasmtime::Error::msg(error.to_string())),
        }
    }

    pub(super) fn read(&mut self, handle: u32, offset: u64, length: u64) -> wasmtime::Result<Result<Vec<u8>>> {
        if let (Artifact::Output(output), _) = self.artifact(handle)? {
            return Ok(match &output.body {
                Body::Empty => read(0, offset, length, |_| Ok(0)),
                Body::File(writer) => read(writer.len(), offset, length, |buffer| writer.read_at(offset, buffer)),
                Body::Tree(_) => Err(is_directory()),
            });
        }
        Ok(match self.content(handle)? {
            Ok(Some(Content::File(reader))) => read_blob(reader, offset, length),
            Ok(_) => Err(is_directory()),
            Err(error) => Err(error),
        })
    }

    pub(super) fn append(&mut self, handle: u32, bytes: &[u8]) -> wasmtime::Result<Result<()>> {
        let (artifact, step) = self.artifact(handle)?;
        Ok((|| Ok(artifact.writable()?.file(step)?.append(bytes)?))())
    }

    pub(super) fn write(&mut self, handle: u32, offset: u64, bytes: &[u8]) -> wasmtime::Result<Result<()>> {
        let (artifact, step) = self.artifact(handle)?;
        Ok((|| Ok(artifact.writable()?.file(step)?.write_at(offset, bytes)?))())
    }

    pub(super) fn entries(&mut self, handle: u32) -> wasmtime::Result<Vec<Entry>> {
        if let (Artifact::Output(output), _) = self.artifact(handle)? {
            let entry = |(name, (length, _)): (&String, &(u64, _))| Entry { name: name.clone(), length: *length };
            return Ok(output.finished.iter().map(entry).collect());
        }
        match self.content(handle)? {
            Ok(Some(Content::Tree(tree))) => {
                Ok(tree.entries().iter().map(|entry| Entry { name: entry.path.clone(), length: entry.size }).collect())
            }
            Ok(_) => Ok(Vec::new()),
            Err(error) => Err(wasmtime::Error::msg(error.to_string())),
        }
    }

    pub(super) fn open(&mut self, handle: u32, name: &str) -> wasmtime::Result<Result<Resource<File>>> {
        let (artifact, step) = self.artifact(handle)?;
        let not_found = || Error::NotFound(name.chars().take(200).collect());
        let reader = match artifact {
            Artifact::Output(output) => match output.finished.get(name) {
                Some((_, id)) => step.store.open_blob(&id.digest()).map_err(Error::from),
                None => Err(not_found()),
            },
            Artifact::Input(_) => match self.content(handle)? {
                Ok(Some(Content::Tree(tree))) => tree.open(name).map_err(Error::from),
                Ok(_) => Err(not_found()),
                Err(error) => Err(error),
            },
        };
        match reader {
            Ok(reader) => Ok(Ok(self.table.push(File::Read(reader))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    pub(super) fn create(&mut self, handle: u32, name: String) -> wasmtime::Result<Result<Resource<File>>> {
        let (artifact, step) = self.artifact(handle)?;
        let mut create = || -> Result<BlobWriter> {
            let output = artifact.writable()?;
            // Two open files of the same name would conflict when they are finished.
            if output.files.contains_key(&name) {
                return Err(Error::Conflict(format!("`{name}` is being written already")));
            }
            Ok(output.tree(step)?.entry(&name)?)
        };
        let writer = match create() {
            Ok(writer) => writer,
            Err(error) => return Ok(Err(error)),
        };
        let file = self.table.push(File::Write { writer: Box::new(writer), artifact: handle, name: name.clone() })?;
        if let (Artifact::Output(output), _) = self.artifact(handle)? {
            output.files.insert(name, file.rep());
        }
        Ok(Ok(file))
    }
}

impl State {
    /// The text of a document.
    pub(super) fn text(&mut self, handle: u32) -> wasmtime::Result<Result<String>> {
        Ok(self.read(handle, 0, u64::MAX)?.and_then(|bytes| {
            String::from_utf8(bytes).map_err(|_| Error::Invalid("the document is not UTF-8 text".into()))
        }))
    }

    /// Replaces the text of a document.
    pub(super) fn set_text(&mut self, handle: u32, text: &str) -> wasmtime::Result<Result<()>> {
        let (artifact, step) = self.artifact(handle)?;
        let mut set = || -> Result<()> {
            let output = artifact.writable()?;
            if let Body::File(_) = output.body {
                output.body = Body::Empty;
            }
            Ok(output.file(step)?.append(text.as_bytes())?)
        };
        Ok(set())
    }
}

fn is_directory() -> Error {
    Error::Invalid("the artifact is a directory; open one of its files".into())
}

pub(super) fn read_blob(reader: &BlobReader, offset: u64, length: u64) -> Result<Vec<u8>> {
    read(reader.len(), offset, length, |buffer| reader.read_at(offset, buffer))
}

/// Reads `length` bytes at `offset`, cut to the end at `total`.
pub(super) fn read(
    total: u64,
    offset: u64,
    length: u64,
    fill: impl FnOnce(&mut [u8]) -> weft_artifacts::Result<usize>,
) -> Result<Vec<u8>> {
    let Some(rest) = total.checked_sub(offset) else { return Err(Error::OutOfRange((offset, total))) };
    let length = rest.min(length);
    let Some(length) = usize::try_from(length).ok().filter(|_| length <= MAX_READ) else {
        return Err(Error::TooLarge(MAX_READ));
    };
    let mut bytes = vec![0; length];
    let read = fill(&mut bytes)?;
    if read < length {
        return Err(Error::Io(format!("the content ended after {read} of {length} bytes")));
    }
    Ok(bytes)
}
