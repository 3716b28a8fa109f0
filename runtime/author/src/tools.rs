//! Calling tools, and finding those that are installed for weft.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};

use crate::{Error, Result};

/// The tools and folders of this machine.
#[derive(Debug, Clone)]
pub struct Host {
    /// The folder where tools are installed on request.
    pub tools: PathBuf,
    /// The Rust compiler: `RUSTC`, or `rustc`.
    pub rustc: OsString,
    /// cargo: `CARGO`, or `cargo`.
    pub cargo: OsString,
    /// The folder of wasi-sdk, if it is set.
    pub wasi_sdk: Option<PathBuf>,
}

/// An event of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A tool starts.
    Tool(&'a str),
    /// A line of a tool's output.
    Line(&'a str),
}

/// The receiver of events.
pub(crate) type Report<'a> = &'a mut dyn FnMut(Event<'_>);

/// The result of a tool.
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) code: Option<i32>,
    /// Its output, both streams together.
    pub(crate) said: String,
}

impl Finished {
    /// The error, if it failed.
    pub(crate) fn check(self, tool: &str) -> Result<String> {
        if self.success {
            Ok(self.said)
        } else {
            Err(Error::Tool { tool: tool.to_owned(), code: self.code, hint: None })
        }
    }
}

/// Runs a tool, and reports each line of its output.
pub(crate) fn run(command: &mut Command, report: Report<'_>) -> std::io::Result<Finished> {
    run_with(command, &mut |_, line| report(Event::Line(line)))
}

/// Runs a tool, and passes on each line, with whether it is from standard output.
pub(crate) fn run_with(command: &mut Command, line: &mut dyn FnMut(bool, &str)) -> std::io::Result<Finished> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (sender, lines) = channel();
    let mut said = String::new();
    std::thread::scope(|scope| {
        if let Some(stdout) = child.stdout.take() {
            let sender = sender.clone();
            scope.spawn(move || forward(stdout, true, &sender));
        }
        if let Some(stderr) = child.stderr.take() {
            scope.spawn(move || forward(stderr, false, &sender));
        }
        for (is_stdout, text) in lines {
            line(is_stdout, &text);
            said.push_str(&text);
            said.push('\n');
        }
    });
    let status = child.wait()?;
    Ok(Finished { success: status.success(), code: status.code(), said })
}

fn forward(stream: impl Read, is_stdout: bool, to: &Sender<(bool, String)>) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while matches!(stream.read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line);
        if to.send((is_stdout, text.trim_end_matches(['\n', '\r']).to_owned())).is_err() {
            break;
        }
        line.clear();
    }
}

/// The output of a program; `None` if it does not start or fails.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A program in a virtual environment of Python.
pub(crate) fn in_venv(venv: &Path, program: &str) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts").join(format!("{program}.exe")) } else { venv.join("bin").join(program) }
}

/// The environment of a `PyPI` package below the tools' folder, if it is complete.
pub(crate) fn python_package(host: &Host, package: &str, version: &str) -> Option<PathBuf> {
    let venv = host.tools.join(format!("{package}-{version}"));
    venv.join("complete").is_file().then_some(venv)
}

/// Installs such a package.
pub(crate) fn install_python_package(
    host: &Host,
    package: &'static str,
    version: &str,
    report: Report<'_>,
) -> Result<PathBuf> {
    let venv = host.tools.join(format!("{package}-{version}"));
    report(Event::Tool(&format!("pip install {package}=={version}, into {}", venv.display())));
    let failed = |hint: &str| Error::Install { tool: package, hint: hint.to_owned() };
    let python = python().ok_or_else(no_python)?;
    // The rest of an interrupted installation.
    _ = std::fs::remove_dir_all(&venv);
    let made = run(Command::new(python).args(["-m", "venv"]).arg(&venv), report);
    if !made.is_ok_and(|ended| ended.success) {
        return Err(failed("Python's module `venv` is needed; on Debian it is in the package python3-venv"));
    }
    let mut pip = Command::new(in_venv(&venv, "python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).arg(format!("{package}=={version}"));
    let installed = run(&mut pip, report).map_err(|source| Error::io("start", &venv, source))?;
    if !installed.success {
        return Err(failed("what pip says is above; it needs the network"));
    }
    let complete = venv.join("complete");
    std::fs::write(&complete, "").map_err(|source| Error::io("write", &complete, source))?;
    Ok(venv)
}

/// A Python that starts.
pub(crate) fn python() -> Option<&'static str> {
    const CHECK: [&str; 2] = ["-c", "import sys; assert sys.version_info >= (3, 9)"];
    ["python3", "python"].into_iter().find(|name| output_of(Command::new(name).args(CHECK)).is_some())
}

pub(crate) fn no_python() -> Error {
    Error::Missing {
        tool: "Python",
        why: "no Python 3.9 or later is on the PATH".to_owned(),
        install: "install it from https://www.python.org or your system's packages".to_owned(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn both_streams_are_told_line_by_line() {
        let mut told = Vec::new();
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo one; echo two >&2; printf three; exit 3"]);
        let ended = run_with(&mut shell, &mut |is_stdout, line| told.push((is_stdout, line.to_owned()))).unwrap();
        told.sort();
        assert_eq!(told, [(false, "two".to_owned()), (true, "one".to_owned()), (true, "three".to_owned())]);
        assert_eq!((ended.success, ended.code), (false, Some(3)));
        assert_eq!(ended.check("sh").unwrap_err().to_string(), "sh failed with exit code 3");
    }
}
