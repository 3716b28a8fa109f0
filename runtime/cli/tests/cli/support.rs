//! A folder to run `weft` in, and text without what differs from run to run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A component that `guest-examples/build.sh` built.
pub fn component(name: &str) -> String {
    let path = workspace().join(format!("target/components/{name}.wasm"));
    assert!(path.exists(), "{} is missing: run `bash guest-examples/build.sh`", path.display());
    path.display().to_string()
}

/// A folder in which `weft` runs.
pub struct Folder(tempfile::TempDir);

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Default for Folder {
    fn default() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Folder {
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file; `@name` stands for the path of a component, which is copied beside it: paths as long as the
    /// workspace's would make drawings differ from machine to machine.
    pub fn write(&self, name: &str, text: &str) {
        let mut text = text.to_owned();
        for known in ["trivial", "hostile", "odd"] {
            if text.contains(&format!("@{known}")) {
                let copy = format!("{known}.wasm");
                std::fs::copy(component(known), self.path().join(&copy)).unwrap();
                text = text.replace(&format!("@{known}"), &copy);
            }
        }
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// The binary with these arguments, separated by spaces.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weft"));
        for name in ["WEFT_STORE", "NO_COLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE", "COLUMNS", "TERM"] {
            command.env_remove(name);
        }
        command
            .args(arguments.split_whitespace())
            .current_dir(self.path())
            .env("WEFT_CACHE", workspace().join("target/compiled"))
            .stdin(Stdio::null());
        command
    }

    pub fn weft(&self, arguments: &str) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command that must end with success.
    pub fn ok(&self, arguments: &str) -> Ended {
        let ended = self.weft(arguments);
        assert_eq!(ended.code, Some(0), "weft {arguments}\n{}\n{}", ended.stdout, ended.stderr);
        ended
    }

    /// Standard output of a command, read as one JSON document.
    pub fn json(&self, arguments: &str) -> Value {
        let ended = self.weft(arguments);
        serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("weft {arguments}: {error}\n{}", ended.stdout))
    }

    /// Everything that a command printed, without what differs from run to run.
    pub fn seen(&self, arguments: &str) -> String {
        self.redact(&self.weft(arguments))
    }

    pub fn redact(&self, ended: &Ended) -> String {
        let Ended { code, stdout, stderr } = ended;
        let text = format!("-- exit code {}\n-- stdout\n{stdout}-- stderr\n{stderr}", code.unwrap_or(-1));
        let text = text.replace(&workspace().display().to_string(), "WORKSPACE");
        let text = text.replace(&self.path().canonicalize().unwrap().display().to_string(), "FOLDER");
        let text = text.replace(&self.path().display().to_string(), "FOLDER");
        // Whether a component must still be compiled depends on what ran before.
        let compiling = |line: &&str| line.starts_with("Compiling ") && line.ends_with(" for this machine, once");
        text.lines().filter(|line| !compiling(line)).map(redact_line).collect::<Vec<_>>().join("\n")
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Digests become `DIGEST`, ids of runs `RUN`, times `TIME`, sizes `SIZE`, and columns are two spaces apart.
fn redact_line(line: &str) -> String {
    // A line of a file, drawn with marks below it.
    if line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|') {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start().len();
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let gaps = gaps(line.trim_start());
    let mut out = line[..indent].to_owned();
    let mut i = 0;
    while i < words.len() {
        let next = words.get(i + 1).copied().unwrap_or_default();
        let bare = next.trim_end_matches([':', ',', ')', ';']);
        let (text, taken) = match (words[i].trim_start_matches('('), bare) {
            (number, "ms" | "s") if is_number(number) => (format!("TIME{}", &next[bare.len()..]), 2),
            (number, "B" | "KiB" | "MiB") if is_number(number) => ("SIZE".to_owned(), 2),
            ("TIME", "ago") | ("just", "now") => ("TIME".to_owned(), 2),
            // `< 1 ms`
            ("<", "1") => (String::new(), 1),
            (date, _) if date.len() == 10 && date.split('-').all(is_number) => ("TIME".to_owned(), 3),
            _ => (redact_word(words[i]), 1),
        };
        out.push_str(&text);
        i += taken;
        if i < words.len() && !text.is_empty() {
            out.push_str(if gaps[i - 1] > 1 { "  " } else { " " });
        }
    }
    out.replace("TIME ago", "TIME")
}

/// Spaces behind each word.
fn gaps(line: &str) -> Vec<usize> {
    let mut gaps = Vec::new();
    let mut rest = line;
    while let Some(end) = rest.find(' ') {
        let tail = rest[end..].trim_start_matches(' ');
        gaps.push(rest.len() - end - tail.len());
        rest = tail;
    }
    gaps.push(0);
    gaps
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

fn redact_word(word: &str) -> String {
    let is_hex = |c: char| c.is_ascii_hexdigit();
    if word.len() == 64 && word.chars().all(is_hex) {
        return "DIGEST".to_owned();
    }
    for scheme in ["blake3:", "blake3-tree:"] {
        if let Some((before, digest)) = word.split_once(scheme) {
            return format!("{before}{scheme}DIGEST{}", digest.trim_start_matches(is_hex).trim_start_matches('…'));
        }
    }
    redact_run(word)
}

/// `name-20260102-030405-rk5j` becomes `RUN`, with whatever stands around it.
fn redact_run(word: &str) -> String {
    let parts: Vec<&str> = word.split('-').collect();
    let is_date = |part: &&str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
    match parts.iter().position(is_date) {
        Some(at) if at > 0 && parts.len() > at + 2 => format!("RUN{}", &parts[at + 2][4..]),
        _ => word.to_owned(),
    }
}
