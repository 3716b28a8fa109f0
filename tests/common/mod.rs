//! What the whole-program tests share: the real binary in a folder of its own, and pipelines of real components.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The project's folder.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A component that `tests/run.sh` built.
pub fn component(name: &str) -> PathBuf {
    let path = project().join(format!("target/components/{name}.wasm"));
    assert!(path.exists(), "{} is missing: run `bash guest-examples/build.sh`", path.display());
    path
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

impl Folder {
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file. `COMPONENTS` stands for the folder of the built components.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        let components = project().join("target/components");
        std::fs::write(&path, text.replace("COMPONENTS", &components.display().to_string())).unwrap();
        path
    }

    /// The binary with these arguments, about to start.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weft"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("WEFT_STORE")
            .env_remove("RUST_BACKTRACE")
            .env("WEFT_CACHE", project().join("target/compiled"))
            .stdin(Stdio::null());
        command
    }

    pub fn weft(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command that must succeed, and reads the JSON that it prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.weft(arguments);
        assert_eq!(ended.code, Some(0), "weft {arguments:?}: {}\n{}", ended.stderr, ended.stdout);
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
    }

    /// The store has no damage.
    #[track_caller]
    pub fn assert_whole(&self) {
        let ended = self.weft(&["fsck"]);
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
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

/// State of each task of a run, from what `weft run --json` printed.
pub fn states(outcome: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    outcome["tasks"].as_array().unwrap().iter().map(|task| (text(&task["task"]), text(&task["state"]))).collect()
}

/// One task of a run.
pub fn task<'a>(outcome: &'a Value, name: &str) -> &'a Value {
    outcome["tasks"].as_array().unwrap().iter().find(|task| task["task"] == name).unwrap()
}

/// Bytes of the largest resident set that a process had so far.
#[cfg(target_os = "linux")]
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}
