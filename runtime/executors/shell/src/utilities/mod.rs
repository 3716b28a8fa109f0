//! The utilities: what would be programs of their own elsewhere. Each is a function of its streams and arguments.

mod awk;
mod diff;
mod files;
pub mod find;
mod grep;
mod hash;
pub mod head;
mod jq;
mod lines;
mod list;
mod numbers;
mod options;
pub mod printf;
mod sed;
mod sort;
mod system;
mod time;
mod translate;

pub use options::{Options, options, options_before};
pub use time::duration;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::redirect::{reason, say};
use crate::shell::Shell;
use crate::stream::{Input, Output};

/// A utility's exit status, or why it stopped.
pub type Outcome = Result<i32, Failure>;

pub type Utility = fn(&mut Io, &[String]) -> Outcome;

#[derive(Debug)]
pub enum Failure {
    /// Whoever reads its output is gone: it ends without a word.
    Unread,
    /// What to say, and the exit status.
    Message(String, i32),
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into(), 1)
    }

    /// The same with another status.
    pub fn with_status(self, status: i32) -> Self {
        if let Self::Message(message, _) = self { Self::Message(message, status) } else { self }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Unread } else { Self::new(reason(&error)) }
    }
}

/// The status of a command whose reader is gone: what 128 and the number of SIGPIPE make.
pub const UNREAD: i32 = 141;

/// What a utility works with.
pub struct Io<'s> {
    pub name: &'s str,
    pub shell: &'s Shell,
    pub out: BufWriter<Output>,
}

impl Io<'_> {
    /// A file to read; `-` is standard input.
    pub fn open(&self, name: &str) -> Result<Input, Failure> {
        if name == "-" {
            return Ok(self.shell.descriptors.input(0));
        }
        self.shell.open_input(name).map_err(|error| Failure::new(say(name, &error)))
    }

    /// All of a file.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        Ok(self.open(name)?.read_all()?)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.shell.path(name)
    }

    /// Says what is wrong and goes on; output so far comes first.
    pub fn complain(&mut self, message: &str) {
        let _ = self.out.flush();
        let _ = writeln!(self.shell.stderr(), "{}: {message}", self.name);
    }

    /// Runs something on each file named, or on standard input if none is. One that cannot be read is skipped, with a message and
    /// status 1.
    pub fn each_input(
        &mut self,
        names: &[String],
        mut run: impl FnMut(&mut Self, &Input, &str) -> Result<(), Failure>,
    ) -> Outcome {
        let stdin = ["-".to_owned()];
        let mut status = 0;
        for name in if names.is_empty() { &stdin } else { names } {
            match self.open(name) {
                Ok(input) => run(self, &input, name)?,
                Err(Failure::Message(message, _)) => {
                    self.complain(&message);
                    status = 1;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(status)
    }

    /// All lines of the files named, one at a time, without their ends.
    pub fn each_line(
        &mut self,
        names: &[String],
        mut run: impl FnMut(&mut Self, &[u8]) -> Result<(), Failure>,
    ) -> Outcome {
        self.each_input(names, |io, input, _| {
            let mut line = Vec::new();
            while next_line(input, &mut line)? {
                run(io, &line)?;
            }
            Ok(())
        })
    }

    pub fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.out.write_all(line)?;
        self.out.write_all(b"\n")?;
        Ok(())
    }
}

/// The next line without its end; false at the end of the input.
pub fn next_line(input: &Input, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    if input.read_line(line)? == 0 {
        return Ok(false);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(true)
}

/// Runs a utility with the shell's streams.
pub fn run(shell: &Shell, name: &str, utility: Utility, arguments: &[String]) -> i32 {
    let mut io = Io { name, shell, out: BufWriter::new(shell.stdout()) };
    let done = utility(&mut io, arguments);
    let flushed = io.out.flush();
    match done.and_then(|status| flushed.map(|()| status).map_err(Failure::from)) {
        Ok(status) => status,
        Err(Failure::Unread) => UNREAD,
        Err(Failure::Message(message, status)) => {
            io.complain(&message);
            status
        }
    }
}

/// By name, sorted.
const ALL: &[(&str, Utility)] = &[
    ("arch", system::arch),
    ("awk", awk::awk),
    ("base64", hash::base64),
    ("basename", system::basename),
    ("cat", lines::cat),
    ("chgrp", files::chmod),
    ("chmod", files::chmod),
    ("chown", files::chmod),
    ("cmp", diff::cmp),
    ("comm", sort::comm),
    ("cp", files::cp),
    ("cut", lines::cut),
    ("date", time::date),
    ("diff", diff::diff),
    ("dirname", system::dirname),
    ("du", list::du),
    ("egrep", grep::egrep),
    ("expr", numbers::expr),
    ("fgrep", grep::fgrep),
    ("fold", lines::fold),
    ("gawk", awk::awk),
    ("grep", grep::grep),
    ("head", head::head),
    ("hostname", system::hostname),
    ("id", system::id),
    ("jq", jq::jq),
    ("ln", files::ln),
    ("ls", list::ls),
    ("mawk", awk::awk),
    ("md5sum", hash::md5sum),
    ("mkdir", files::mkdir),
    ("mktemp", files::mktemp),
    ("mv", files::mv),
    ("nl", lines::nl),
    ("nproc", system::nproc),
    ("paste", lines::paste),
    ("printenv", system::printenv),
    ("readlink", system::realpath),
    ("realpath", system::realpath),
    ("rev", lines::rev),
    ("rm", files::rm),
    ("rmdir", files::rmdir),
    ("sed", sed::sed),
    ("seq", numbers::seq),
    ("sha1sum", hash::sha1sum),
    ("sha256sum", hash::sha256sum),
    ("sha512sum", hash::sha512sum),
    ("shuf", sort::shuf),
    ("sleep", time::sleep),
    ("sort", sort::sort),
    ("split", lines::split_file),
    ("stat", list::stat),
    ("sync", system::nothing),
    ("tac", lines::tac),
    ("tail", head::tail),
    ("tee", lines::tee),
    ("touch", files::touch),
    ("tr", translate::tr),
    ("truncate", files::truncate),
    ("uname", system::uname),
    ("uniq", sort::uniq),
    ("unlink", files::rm),
    ("wc", lines::wc),
    ("whoami", system::whoami),
    ("yes", lines::yes),
];

pub fn find(name: &str) -> Option<Utility> {
    ALL.binary_search_by_key(&name, |(name, _)| name).ok().map(|at| ALL[at].1)
}

/// What there is, for someone who asked for something else.
pub fn summary() -> String {
    let mut names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
    names.extend(["bash", "sh", "env", "find", "xargs", "timeout", "printf", "echo", "test"]);
    names.sort_unstable();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(ALL.is_sorted_by_key(|(name, _)| name));
        assert!(find("cat").is_some() && find("python3").is_none());
    }
}
