//! The state of a running shell. A subshell is a clone of it.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::ast::Command;
use crate::stream::{Appetite, Descriptors, Output};
use crate::variables::Variables;

/// Compound commands, functions, `eval`s, subshells and substitutions that run inside of each other: the stack of the sandbox holds
/// twice this.
pub const MAX_DEPTH: u32 = 300;

/// What ends more than one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Break(u32),
    Continue(u32),
    Return(i32),
    Exit(i32),
}

/// A command's exit status, or what it broke off.
pub type Run<T = i32> = Result<T, Flow>;

/// What `set` sets.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// `-e`
    pub errexit: bool,
    /// `-u`
    pub nounset: bool,
    /// `-x`
    pub xtrace: bool,
    /// `-f`
    pub noglob: bool,
    /// `-n`
    pub noexec: bool,
    /// `-a`
    pub allexport: bool,
    /// `-v`
    pub verbose: bool,
    /// `-C`
    pub noclobber: bool,
    pub pipefail: bool,
    pub nullglob: bool,
}

#[derive(Clone)]
pub struct Shell {
    /// `$0`
    pub name: String,
    /// `$1` and on.
    pub parameters: Vec<String>,
    pub variables: Variables,
    pub functions: HashMap<String, Rc<Command>>,
    pub options: Options,
    /// The current folder: there is none outside of this program.
    pub cwd: String,
    /// `$?`
    pub status: i32,
    pub descriptors: Descriptors,
    /// Commands for `EXIT` and `ERR`.
    pub traps: HashMap<&'static str, String>,
    /// The line of the command that runs.
    pub line: u32,
    /// The status of the last command substitution, which is that of a command without a name.
    pub substituted: Option<i32>,
    /// Statuses of commands that were started by `&`: they ran at once.
    pub background: Vec<i32>,
    /// The statuses of the last pipeline's commands.
    pub pipe_statuses: Vec<i32>,
    /// Acts as bash where that and POSIX differ.
    pub bash: bool,
    pub depth: u32,
    /// Set when `depth` got too large, for all subshells: nothing more runs, or what calls itself twice would go on for ever.
    pub exhausted: Rc<Cell<bool>>,
    pub loops: u32,
    pub functions_running: u32,
    /// Above zero where a failure is looked at, so that `set -e` does not end the shell.
    pub unchecked: u32,
    /// Where `getopts` stands inside of an argument.
    pub option_at: usize,
}

impl Shell {
    /// A shell with the program's own environment and streams.
    pub fn new(name: &str, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut variables = Variables::default();
        for (name, text) in environment {
            if crate::parser::is_name(&name) {
                let variable = variables.entry(&name);
                variable.content = crate::variables::Content::Text(text);
                variable.exported = true;
            }
        }
        let cwd = std::env::current_dir().ok().and_then(|cwd| cwd.into_os_string().into_string().ok());
        let cwd = cwd.filter(|cwd| cwd.starts_with('/')).unwrap_or_else(|| "/".to_owned());
        for (name, text) in [("IFS", " \t\n"), ("OPTIND", "1"), ("PS4", "+ ")] {
            variables.entry(name).content = crate::variables::Content::Text(text.to_owned());
        }
        for (name, text) in [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/"), ("PWD", cwd.as_str())] {
            if variables.get(name).is_none() || name == "PWD" {
                let variable = variables.entry(name);
                variable.content = crate::variables::Content::Text(text.to_owned());
                variable.exported = name == "PWD" || variable.exported;
            }
        }
        Self {
            name: name.to_owned(),
            parameters: Vec::new(),
            variables,
            functions: HashMap::new(),
            options: Options::default(),
            cwd,
            status: 0,
            descriptors: Descriptors::standard(),
            traps: HashMap::new(),
            line: 1,
            substituted: None,
            background: Vec::new(),
            pipe_statuses: Vec::new(),
            bash: false,
            depth: 0,
            exhausted: Rc::default(),
            loops: 0,
            functions_running: 0,
            unchecked: 0,
            option_at: 0,
        }
    }

    /// A shell of its own with this one's state, as a process that forked would have.
    pub fn subshell(&self) -> Self {
        let mut shell = self.clone();
        shell.traps.clear();
        shell.loops = 0;
        shell.background.clear();
        shell
    }

    pub fn stdout(&self) -> Output {
        self.descriptors.output(1)
    }

    pub fn stderr(&self) -> Output {
        self.descriptors.output(2)
    }

    /// Says what is wrong on standard error, in the shell's name.
    pub fn complain(&self, message: &str) {
        let line = if self.line > 0 { format!("line {}: ", self.line) } else { String::new() };
        let _ = writeln!(self.stderr(), "{}: {line}{message}", self.name);
    }

    /// A mistake that ends a shell which nobody sits at.
    pub fn fatal(&self, message: &str) -> Flow {
        self.complain(message);
        Flow::Exit(if self.bash { 1 } else { 2 })
    }

    /// A path as the system takes it, from one as a script gives it.
    pub fn path(&self, name: &str) -> PathBuf {
        resolve(&self.cwd, name)
    }

    /// A variable that the shell sets itself; that it is read-only is the script's will.
    pub fn remember(&mut self, name: &str, text: &str) {
        let _ = self.variables.set(name, text);
    }

    /// Runs something one level deeper.
    pub fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Run<T>) -> Run<T> {
        if self.exhausted.get() {
            return Err(Flow::Exit(2));
        }
        if self.depth >= MAX_DEPTH {
            self.exhausted.set(true);
            self.complain(&format!(
                "more than {MAX_DEPTH} functions, subshells and substitutions run inside of each other"
            ));
            return Err(Flow::Exit(2));
        }
        self.depth += 1;
        let done = run(self);
        self.depth -= 1;
        done
    }

    /// What a subshell comes to, whatever ended it.
    pub fn finish(&mut self, done: Run) -> i32 {
        let mut status = match done {
            Ok(status) | Err(Flow::Return(status) | Flow::Exit(status)) => status,
            Err(Flow::Break(_) | Flow::Continue(_)) => 0,
        };
        if self.exhausted.get() {
            return 2;
        }
        if let Some(trap) = self.traps.remove("EXIT") {
            self.status = status;
            if let Err(Flow::Exit(exit)) = self.run_text(&trap, "trap") {
                status = exit;
            }
        }
        status
    }

    /// Runs something in a subshell and gives what it wrote to standard output.
    pub fn capture(&mut self, run: impl FnOnce(&mut Self) -> Run) -> Run<(Vec<u8>, i32)> {
        self.deeper(|shell| {
            let pipe = Output::pipe(Appetite::default());
            let mut subshell = shell.subshell();
            subshell.descriptors.set(1, crate::stream::Descriptor::Out(pipe.clone()));
            let done = run(&mut subshell);
            let status = subshell.finish(done);
            let bytes = pipe.drain().read_all().map_err(|error| shell.fatal(&error.to_string()))?;
            Ok((bytes, status))
        })
    }
}

/// A path from the current folder, with `.` and `..` resolved by their text: what a preopened folder holds is reached by plain paths.
pub fn resolve(cwd: &str, name: &str) -> PathBuf {
    let mut path = PathBuf::from("/");
    for part in Path::new(cwd).join(name).components() {
        match part {
            std::path::Component::Normal(part) => path.push(part),
            std::path::Component::ParentDir => {
                path.pop();
            }
            _ => {}
        }
    }
    // What has to be a folder keeps its slash: `> x/` is an error.
    if name.len() > 1 && name.ends_with('/') {
        path.push("");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve_by_their_text() {
        for (cwd, name, expected) in [
            ("/a/b", "c", "/a/b/c"),
            ("/a", "../../x", "/x"),
            ("/a", "/b/./c", "/b/c"),
            ("/", "", "/"),
            ("/a", "b/", "/a/b/"),
        ] {
            assert_eq!(resolve(cwd, name), PathBuf::from(expected), "{cwd} {name}");
        }
    }
}
