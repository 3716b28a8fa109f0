//! Where commands read from and write to. There are no processes, so a pipe is a buffer that one command fills before the next
//! one reads it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufRead, BufReader, BufWriter, Cursor, Read, Write};
use std::path::PathBuf;
use std::rc::Rc;

/// Where temporary files go: WASI has no other word for it.
pub const TEMPORARY: &str = "/tmp";
/// What a pipe holds in memory; the rest goes to a file in `/tmp`.
const PIPE_MEMORY: usize = 4 << 20;
/// What goes through a pipe at most: a command that writes without end is stopped here.
const PIPE_LIMIT: u64 = 256 << 20;
/// What other systems' pipes hold: a command may write this much even if the reader wants less.
const PIPE_SLACK: u64 = 64 << 10;

/// An open source of bytes. Clones share one position, as descriptors do.
#[derive(Clone)]
pub struct Input(Rc<RefCell<Box<dyn BufRead>>>);

impl Input {
    pub fn new(reader: impl BufRead + 'static) -> Self {
        Self(Rc::new(RefCell::new(Box::new(reader))))
    }

    pub fn empty() -> Self {
        Self::new(io::empty())
    }

    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self::new(Cursor::new(bytes))
    }

    pub fn file(file: File) -> Self {
        Self::new(BufReader::new(file))
    }

    pub fn stdin() -> Self {
        Self::new(BufReader::new(io::stdin()))
    }

    pub fn zeros() -> Self {
        Self::new(BufReader::new(io::repeat(0)))
    }

    pub fn random() -> Self {
        Self::new(BufReader::new(Random))
    }

    /// Appends a line with its end; nothing at the end of the input.
    pub fn read_line(&self, to: &mut Vec<u8>) -> io::Result<usize> {
        self.read_until(b'\n', to)
    }

    pub fn read_until(&self, end: u8, to: &mut Vec<u8>) -> io::Result<usize> {
        self.0.borrow_mut().read_until(end, to)
    }

    /// Gives back what was read but not used: it is read before all else.
    pub fn put_back(&self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            let rest = self.0.replace(Box::new(io::empty()));
            *self.0.borrow_mut() = Box::new(Cursor::new(bytes).chain(rest));
        }
    }

    pub fn read_all(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.borrow_mut().read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

/// Random bytes: the hasher's keys are the one randomness that std gives out, and the sandbox seeds it.
struct Random;

impl Read for Random {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&random().to_le_bytes()[..chunk.len()]);
        }
        Ok(buffer.len())
    }
}

/// A random number.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// An open target of bytes. Clones share one target and position.
#[derive(Clone)]
pub struct Output(Rc<RefCell<Sink>>);

enum Sink {
    Stdout,
    Stderr,
    Null,
    File(File),
    Pipe(Pipe),
}

impl Output {
    fn new(sink: Sink) -> Self {
        Self(Rc::new(RefCell::new(sink)))
    }

    pub fn stdout() -> Self {
        Self::new(Sink::Stdout)
    }

    pub fn stderr() -> Self {
        Self::new(Sink::Stderr)
    }

    pub fn null() -> Self {
        Self::new(Sink::Null)
    }

    pub fn file(file: File) -> Self {
        Self::new(Sink::File(file))
    }

    /// A pipe, and how much its reader wants.
    pub fn pipe(appetite: Appetite) -> Self {
        Self::new(Sink::Pipe(Pipe { appetite, ..Pipe::default() }))
    }

    /// What was written to a pipe, to read; the pipe takes no more.
    pub fn drain(&self) -> Input {
        let mut sink = self.0.borrow_mut();
        match std::mem::replace(&mut *sink, Sink::Null) {
            Sink::Pipe(pipe) => pipe.into_input(),
            other => {
                *sink = other;
                Input::empty()
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.0.borrow_mut() {
            Sink::Stdout => io::stdout().write(bytes),
            Sink::Stderr => {
                io::stdout().flush()?;
                io::stderr().write(bytes)
            }
            Sink::Null => Ok(bytes.len()),
            Sink::File(file) => file.write(bytes),
            Sink::Pipe(pipe) => pipe.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut *self.0.borrow_mut() {
            Sink::Stdout => io::stdout().flush(),
            _ => Ok(()),
        }
    }
}

/// How much the reader of a pipe takes before it goes away, as far as its command tells (`head -n 3`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appetite {
    pub lines: Option<u64>,
    pub bytes: Option<u64>,
}

#[derive(Default)]
struct Pipe {
    memory: Vec<u8>,
    spilled: Option<Spill>,
    appetite: Appetite,
    bytes: u64,
    lines: u64,
    /// Why nothing more is taken although the reader might want it.
    full: Option<String>,
}

struct Spill {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.full.is_some() || self.reader_is_gone() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if self.bytes >= PIPE_LIMIT {
            self.full = Some(format!("a pipe is full: more than {} MiB went through", PIPE_LIMIT >> 20));
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if let Err(error) = self.store(bytes) {
            self.full = Some(format!("a pipe is full: its buffer in /tmp cannot grow: {error}"));
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.bytes += bytes.len() as u64;
        if self.appetite.lines.is_some() {
            self.lines += bytes.iter().filter(|b| **b == b'\n').count() as u64;
        }
        Ok(bytes.len())
    }

    fn reader_is_gone(&self) -> bool {
        self.bytes >= PIPE_SLACK
            && (self.appetite.lines.is_some_and(|lines| self.lines >= lines)
                || self.appetite.bytes.is_some_and(|bytes| self.bytes >= bytes))
    }

    fn store(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.spilled.is_none() && self.memory.len() + bytes.len() > PIPE_MEMORY {
            let path = PathBuf::from(format!("{TEMPORARY}/.pipe-{:016x}", random()));
            self.spilled = Some(Spill { file: BufWriter::new(File::create_new(&path)?), path });
        }
        if let Some(spill) = &mut self.spilled {
            spill.file.write_all(bytes)
        } else {
            self.memory.extend_from_slice(bytes);
            Ok(())
        }
    }

    fn into_input(self) -> Input {
        let end = Cut { message: self.full };
        let Some(mut spill) = self.spilled else {
            return Input::new(BufReader::new(Cursor::new(self.memory).chain(end)));
        };
        let reopened = spill.file.flush().and_then(|()| File::open(&spill.path));
        match reopened {
            Ok(file) => {
                let file = Spilled { file, path: spill.path };
                Input::new(BufReader::with_capacity(64 << 10, Cursor::new(self.memory).chain(file).chain(end)))
            }
            Err(error) => {
                Input::new(BufReader::new(Cut { message: Some(format!("a pipe's buffer in /tmp is lost: {error}")) }))
            }
        }
    }
}

/// The end of a pipe: an error if it is not the end of what should have gone through.
struct Cut {
    message: Option<String>,
}

impl Read for Cut {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.message.take().map_or(Ok(0), |message| Err(io::Error::other(message)))
    }
}

/// A pipe's file, which goes with its reader.
struct Spilled {
    file: File,
    path: PathBuf,
}

impl Read for Spilled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// An open descriptor.
#[derive(Clone)]
pub enum Descriptor {
    In(Input),
    Out(Output),
    Both(Input, Output),
}

/// The open descriptors by number.
#[derive(Clone)]
pub struct Descriptors(BTreeMap<u32, Descriptor>);

impl Descriptors {
    /// Those of the program itself.
    pub fn standard() -> Self {
        Self(BTreeMap::from([
            (0, Descriptor::In(Input::stdin())),
            (1, Descriptor::Out(Output::stdout())),
            (2, Descriptor::Out(Output::stderr())),
        ]))
    }

    pub fn get(&self, number: u32) -> Option<&Descriptor> {
        self.0.get(&number)
    }

    pub fn set(&mut self, number: u32, descriptor: Descriptor) {
        self.0.insert(number, descriptor);
    }

    pub fn close(&mut self, number: u32) {
        self.0.remove(&number);
    }

    /// A descriptor to read; nothing comes from one that is closed.
    pub fn input(&self, number: u32) -> Input {
        match self.0.get(&number) {
            Some(Descriptor::In(input) | Descriptor::Both(input, _)) => input.clone(),
            _ => Input::empty(),
        }
    }

    /// A descriptor to write; what goes to one that is closed is lost.
    pub fn output(&self, number: u32) -> Output {
        match self.0.get(&number) {
            Some(Descriptor::Out(output) | Descriptor::Both(_, output)) => output.clone(),
            _ => Output::null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gives_back_what_went_in() {
        let mut pipe = Output::pipe(Appetite::default());
        pipe.write_all(b"one\ntwo\n").unwrap();
        let input = pipe.drain();
        let mut line = Vec::new();
        assert_eq!(input.read_line(&mut line).unwrap(), 4);
        assert_eq!(input.read_all().unwrap(), b"two\n");
    }

    #[test]
    fn a_large_pipe_spills_and_leaves_nothing_behind() {
        let mut pipe = Output::pipe(Appetite::default());
        let block: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
        for _ in 0..6 {
            pipe.write_all(&block).unwrap();
        }
        let path = match &*pipe.0.borrow() {
            Sink::Pipe(pipe) => pipe.spilled.as_ref().map(|spill| spill.path.clone()),
            _ => None,
        };
        let input = pipe.drain();
        let all = input.read_all().unwrap();
        assert_eq!(all.len(), 6 << 20);
        assert!(all.chunks(1 << 20).all(|chunk| chunk == block));
        drop(input);
        assert!(!path.unwrap().exists());
    }

    #[test]
    fn a_satisfied_reader_is_gone_after_what_a_pipe_holds() {
        let mut pipe = Output::pipe(Appetite { lines: Some(1), bytes: None });
        let mut written = 0;
        let error = loop {
            match pipe.write(b"y\n") {
                Ok(n) => written += n,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(written as u64, PIPE_SLACK);
        assert_eq!(pipe.drain().read_all().unwrap().len(), written, "what was written is read without an error");
    }
}
