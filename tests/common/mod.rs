//! What the tests of the whole program share: the real binary in a folder of its own, pipelines of real components, and what it printed.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

mod agree;
pub mod kfp;
mod paths;
mod redact;
#[cfg(unix)]
pub mod registry;
#[cfg(unix)]
pub mod served;

pub use agree::differences;
pub use paths::{compiled, component, project};

/// Components that pipelines of tests are made of: `@trivial#add` in the text of a file.
const COMPONENTS: [&str; 4] = ["trivial", "hostile", "odd", "intruder"];

/// A command's arguments: a slice of words, or one text with the words separated by spaces.
pub trait Arguments {
    fn words(&self) -> Vec<&str>;
}

impl Arguments for str {
    fn words(&self) -> Vec<&str> {
        self.split_whitespace().collect()
    }
}

impl Arguments for String {
    fn words(&self) -> Vec<&str> {
        self.as_str().words()
    }
}

impl Arguments for [&str] {
    fn words(&self) -> Vec<&str> {
        self.to_vec()
    }
}

impl<const N: usize> Arguments for [&str; N] {
    fn words(&self) -> Vec<&str> {
        self.to_vec()
    }
}

impl Arguments for Vec<&str> {
    fn words(&self) -> Vec<&str> {
        self.clone()
    }
}

/// The binary in a folder, about to start; of the environment, nothing that changes what it does or prints.
pub fn command(folder: &Path, arguments: &(impl Arguments + ?Sized)) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weft"));
    for name in [
        "WEFT_STORE",
        "WEFT_ARTIFACTS",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "RUST_BACKTRACE",
        "COLUMNS",
        "TERM",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ] {
        command.env_remove(name);
    }
    command.args(arguments.words()).current_dir(folder).env("WEFT_CACHE", compiled()).stdin(Stdio::null());
    command
}

/// A folder in which `weft` runs.
pub struct Folder(tempfile::TempDir);

impl Default for Folder {
    fn default() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// Standard output, read as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

impl Folder {
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and the folders that it lies in. `@name` stands for a component, which is copied beside the file: paths as long as the project's own would make what
    /// is printed differ from machine to machine.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let mut text = text.to_owned();
        for known in COMPONENTS {
            if text.contains(&format!("@{known}")) {
                let copy = format!("{known}.wasm");
                std::fs::copy(component(known), self.path().join(&copy)).unwrap();
                text = text.replace(&format!("@{known}"), &copy);
            }
        }
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary with these arguments, about to start.
    pub fn command(&self, arguments: &(impl Arguments + ?Sized)) -> Command {
        command(self.path(), arguments)
    }

    pub fn weft(&self, arguments: &(impl Arguments + ?Sized)) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub fn ok(&self, arguments: &(impl Arguments + ?Sized)) -> Ended {
        let ended = self.weft(arguments);
        assert_eq!(ended.code, Some(0), "weft {:?}: {}\n{}", arguments.words(), ended.stderr, ended.stdout);
        ended
    }

    /// Runs a command that must succeed, and reads the JSON that it prints.
    #[track_caller]
    pub fn json(&self, arguments: &(impl Arguments + ?Sized)) -> Value {
        self.ok(arguments).json()
    }

    /// Runs a command that must not succeed, and reads the JSON that it prints.
    #[track_caller]
    pub fn json_of_failure(&self, arguments: &(impl Arguments + ?Sized)) -> Value {
        let ended = self.weft(arguments);
        assert!(!matches!(ended.code, None | Some(0)), "weft {:?}: {}", arguments.words(), ended.stdout);
        ended.json()
    }

    /// The store has no damage.
    #[track_caller]
    pub fn assert_whole(&self) {
        self.ok("fsck");
    }

    /// Runs one of `tests/python/` in an environment that `tests/run.sh` made, and gives what it printed.
    pub fn python(&self, environment: &str, script: &str, arguments: &[&str]) -> String {
        let python = project().join("target").join(environment).join("bin/python");
        assert!(python.exists(), "{} is missing: run `bash tests/run.sh`", python.display());
        let output = Command::new(python)
            .arg(project().join("tests/python").join(script))
            .args(arguments)
            .current_dir(self.path())
            .output()
            .unwrap();
        let ended = Ended::from(output);
        assert_eq!(ended.code, Some(0), "{script} {arguments:?}: {}\n{}", ended.stderr, ended.stdout);
        ended.stdout
    }
}

/// Each task of a run with its state, from what `weft run --json` printed.
pub fn states(outcome: &Value) -> Vec<(&str, &str)> {
    let tasks = outcome["tasks"].as_array().unwrap().iter();
    tasks.map(|task| (task["task"].as_str().unwrap(), task["state"].as_str().unwrap())).collect()
}

/// One task of a run.
pub fn task<'a>(outcome: &'a Value, name: &str) -> &'a Value {
    outcome["tasks"].as_array().unwrap().iter().find(|task| task["task"] == name).unwrap()
}

/// The time that a process was at work so far, itself and in the system: what else the machine does takes none of it.
#[cfg(target_os = "linux")]
pub fn processor_time(process: u32) -> Option<Duration> {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may hold anything: the state, ten other fields, and then both times in hundredths of a second.
    let fields = status.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let hundredths: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(10 * hundredths))
}

/// Bytes of the largest resident set that a process had so far.
#[cfg(target_os = "linux")]
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Waits until a process has ended, and tells the bytes of the largest resident set that it was seen with.
#[cfg(target_os = "linux")]
pub fn peak_until_end(child: &mut std::process::Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(peak_memory(child.id()).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(peak > 0, "nothing was seen of it");
    peak
}
