//! Where awk reads from and writes to: its operands, files, and commands, which run at once or when their input is complete.

use std::collections::HashMap;
use std::io::Write;

use super::separator::Records;
use super::value::from_bytes;
use crate::redirect::say;
use crate::shell::Shell;
use crate::stream::{Appetite, Descriptor, Input, Output};
use crate::utilities::Failure;

/// How `print` names what it writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    File { append: bool },
    Command,
}

enum Target {
    File(std::io::BufWriter<Output>),
    /// What a command will read.
    Command(Output),
}

pub struct Streams<'s> {
    shell: &'s Shell,
    pub out: std::io::BufWriter<Output>,
    targets: HashMap<String, Target>,
    /// In the order in which they were opened: so they run at the end.
    commands: Vec<String>,
    sources: HashMap<String, Reader>,
}

/// An input, a record at a time.
pub struct Reader {
    input: Input,
    /// All of it, and how much was used, for separators that are not one byte.
    ahead: Option<(Vec<u8>, usize)>,
}

impl Reader {
    pub fn new(input: Input) -> Self {
        Self { input, ahead: None }
    }

    /// The next record without its end; nothing at the end of the input.
    pub fn record(&mut self, records: &Records) -> std::io::Result<Option<String>> {
        let Some(end) = records.single() else {
            let (bytes, used) = match &mut self.ahead {
                Some(ahead) => ahead,
                None => self.ahead.insert((self.input.read_all()?, 0)),
            };
            let Some((record, next)) = records.first(&bytes[*used..]) else { return Ok(None) };
            let record = from_bytes(&bytes[*used..][record]);
            *used += next;
            return Ok(Some(record));
        };
        if let Some((bytes, used)) = self.ahead.take() {
            // The separator changed: what was read comes first.
            self.input = Input::bytes(bytes[used..].to_vec());
        }
        let mut record = Vec::new();
        if self.input.read_until(end, &mut record)? == 0 {
            return Ok(None);
        }
        if record.last() == Some(&end) {
            record.pop();
        }
        Ok(Some(from_bytes(&record)))
    }
}

impl<'s> Streams<'s> {
    pub fn new(shell: &'s Shell) -> Self {
        Self {
            shell,
            out: std::io::BufWriter::new(shell.stdout()),
            targets: HashMap::new(),
            commands: Vec::new(),
            sources: HashMap::new(),
        }
    }

    pub fn open(&self, name: &str) -> Result<Input, Failure> {
        if name == "-" {
            return Ok(self.shell.descriptors.input(0));
        }
        self.shell.open_input(name).map_err(|error| Failure::Message(format!("cannot open {}", say(name, &error)), 2))
    }

    pub fn complain(&mut self, message: &str) {
        let _ = self.out.flush();
        let _ = writeln!(self.shell.stderr(), "awk: {message}");
    }

    pub fn write(&mut self, to: Option<(Way, &str)>, bytes: &[u8]) -> Result<(), Failure> {
        let Some((way, name)) = to else { return Ok(self.out.write_all(bytes)?) };
        if way != Way::Command && matches!(name, "/dev/stdout" | "-") {
            return Ok(self.out.write_all(bytes)?);
        }
        if !self.targets.contains_key(name) {
            let target = match way {
                Way::File { append } => {
                    let file = self.shell.open_output(name, append);
                    let file =
                        file.map_err(|error| Failure::Message(format!("cannot open {}", say(name, &error)), 2))?;
                    Target::File(std::io::BufWriter::new(file))
                }
                Way::Command => {
                    self.commands.push(name.to_owned());
                    Target::Command(Output::pipe(Appetite::default()))
                }
            };
            self.targets.insert(name.to_owned(), target);
        }
        match self.targets.get_mut(name) {
            Some(Target::File(file)) => {
                file.write_all(bytes)?;
                // Messages come when they are written.
                if name.starts_with("/dev/") {
                    self.out.flush()?;
                    file.flush()?;
                }
            }
            Some(Target::Command(pipe)) => pipe.write_all(bytes)?,
            None => {}
        }
        Ok(())
    }

    /// The next record of a file or of what a command writes; `Err` is for what cannot be opened.
    pub fn getline(&mut self, way: Way, name: &str, records: &Records) -> Result<Option<String>, Failure> {
        if !self.sources.contains_key(name) {
            let input = if way == Way::Command { self.output_of(name)? } else { self.open(name)? };
            self.sources.insert(name.to_owned(), Reader::new(input));
        }
        let Some(reader) = self.sources.get_mut(name) else { return Ok(None) };
        Ok(reader.record(records)?)
    }

    fn output_of(&mut self, command: &str) -> Result<Input, Failure> {
        self.flush()?;
        let pipe = Output::pipe(Appetite::default());
        self.run(command, None, Some(pipe.clone()));
        Ok(pipe.drain())
    }

    pub fn system(&mut self, command: &str) -> Result<i32, Failure> {
        self.flush()?;
        Ok(self.run(command, None, None))
    }

    fn run(&self, command: &str, input: Option<Input>, output: Option<Output>) -> i32 {
        let mut shell = self.shell.subshell();
        if let Some(input) = input {
            shell.descriptors.set(0, Descriptor::In(input));
        }
        if let Some(output) = output {
            shell.descriptors.set(1, Descriptor::Out(output));
        }
        let done = shell.deeper(|shell| shell.run_text(command, "awk"));
        shell.finish(done)
    }

    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush()?;
        for target in self.targets.values_mut() {
            if let Target::File(file) = target {
                file.flush()?;
            }
        }
        Ok(())
    }

    /// Closes what was opened by a name, and runs a command on what was written for it. -1 if there was none.
    pub fn close(&mut self, name: &str) -> Result<i32, Failure> {
        let source = self.sources.remove(name).is_some();
        Ok(match self.targets.remove(name) {
            Some(Target::File(mut file)) => {
                file.flush()?;
                0
            }
            Some(Target::Command(pipe)) => {
                self.commands.retain(|command| command != name);
                self.run(name, Some(pipe.drain()), None)
            }
            None if source => 0,
            None => -1,
        })
    }

    /// At the end commands come before what `print` has not written yet, as elsewhere where standard output is no terminal.
    pub fn close_all(&mut self) -> Result<(), Failure> {
        for command in std::mem::take(&mut self.commands) {
            self.close(&command)?;
        }
        self.flush()
    }
}
