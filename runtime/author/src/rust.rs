//! Building Rust: cargo with the target `wasm32-wasip2`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::build::Job;
use crate::explain;
use crate::tools::{self, Event, Host, Report};
use crate::{Error, Language, Result};

const TARGET: &str = "wasm32-wasip2";
/// The script for machines on which rustup cannot add the target.
const TOOLCHAIN: &str = include_str!("../../../guest-examples/toolchain.sh");

/// Builds the component. Returns its bytes.
pub(crate) fn build(job: &Job<'_>, report: Report<'_>) -> Result<Vec<u8>> {
    let rustc = compiler(job.host, job.install, report)?;
    let mut cargo = Command::new(&job.host.cargo);
    cargo.current_dir(job.dir).args(["build", "--target", TARGET, "--message-format", "json-diagnostic-rendered-ansi"]);
    if !job.debug {
        cargo.arg("--release");
    }
    if let Some(rustc) = rustc {
        cargo.env("RUSTC", rustc);
    }
    let release = if job.debug { "" } else { " --release" };
    report(Event::Tool(&format!("cargo build{release} --target {TARGET}")));
    let target = job.manifest.entry.as_deref().unwrap_or_default();
    let mut made: Option<PathBuf> = None;
    let mut explained = Vec::new();
    let ended = tools::run_with(&mut cargo, &mut |is_stdout, line| {
        let Some(message) = Some(line).filter(|_| is_stdout).and_then(|line| serde_json::from_str::<Value>(line).ok())
        else {
            report(Event::Line(line));
            return;
        };
        if let Some(rendered) = message["message"]["rendered"].as_str() {
            report(Event::Line(rendered.trim_end()));
            let plain = words(&message["message"]);
            for note in explain::notes(job.interface, Language::Rust, &plain) {
                if !explained.contains(&note) {
                    report(Event::Line(&note));
                    explained.push(note);
                }
            }
        }
        if message["reason"] == "compiler-artifact" && message["target"]["name"] == target {
            let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            made = files
                .map(PathBuf::from)
                .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
                .or(made.take());
        }
    });
    let ended = ended.map_err(|source| Error::io("start", Path::new("cargo"), source))?;
    ended.check("cargo")?;
    let made = made.ok_or_else(|| Error::Component {
        tool: "cargo",
        why: "there is no .wasm file among what it built".to_owned(),
        hint: Some("its Cargo.toml needs `crate-type = [\"cdylib\"]` under `[lib]`".to_owned()),
    })?;
    std::fs::read(&made).map_err(|source| Error::io("read", &made, source))
}

/// The text of a message, without the code that it shows.
fn words(message: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each = |key: &str| message[key].as_array().into_iter().flatten();
    let labels = each("spans").map(|span| text(&span["label"]));
    let children = each("children").map(words);
    std::iter::once(text(&message["message"])).chain(labels).chain(children).collect::<Vec<_>>().join("\n")
}

/// The compiler to use instead of that on the PATH, if that has no standard library for the target.
fn compiler(host: &Host, install: bool, report: Report<'_>) -> Result<Option<OsString>> {
    let libraries = tools::output_of(Command::new(&host.rustc).args(["--print", "target-libdir", "--target", TARGET]));
    let Some(libraries) = libraries else {
        return Err(Error::Missing {
            tool: "rustc",
            why: "it builds components in Rust".to_owned(),
            install: "install Rust: `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`".to_owned(),
        });
    };
    if has_std(Path::new(&libraries)) {
        return Ok(None);
    }
    if let Some(assembled) = assembled(host) {
        return Ok(Some(assembled.into_os_string()));
    }
    if !install {
        return Err(Error::Missing {
            tool: "Rust's standard library for wasm32-wasip2",
            why: "rustc cannot build components without it".to_owned(),
            install: format!("`rustup target add {TARGET}` installs it, and so does `weft build --install`"),
        });
    }
    add_target(host, report)?;
    Ok(assembled(host).map(PathBuf::into_os_string))
}

fn has_std(libraries: &Path) -> bool {
    let files = std::fs::read_dir(libraries).into_iter().flatten().flatten();
    files.into_iter().any(|file| {
        let name = file.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// The compiler of a toolchain that the script assembled.
fn assembled(host: &Host) -> Option<PathBuf> {
    let folders = std::fs::read_dir(host.tools.join("rust")).ok()?.flatten();
    let mut whole: Vec<PathBuf> =
        folders.map(|folder| folder.path()).filter(|path| path.join("complete").is_file()).collect();
    whole.sort();
    whole.pop().map(|path| path.join("bin/rustc"))
}

fn add_target(host: &Host, report: Report<'_>) -> Result<()> {
    let mut command = if cfg!(unix) {
        let script = host.tools.join("toolchain.sh");
        std::fs::create_dir_all(&host.tools).map_err(|source| Error::io("create", &host.tools, source))?;
        std::fs::write(&script, TOOLCHAIN).map_err(|source| Error::io("write", &script, source))?;
        let mut bash = Command::new("bash");
        bash.arg(script).env("WEFT_GUEST_TOOLCHAIN_FOLDER", host.tools.join("rust"));
        bash
    } else {
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", TARGET]);
        rustup
    };
    report(Event::Tool(&format!("rustup target add {TARGET}, or else a toolchain of Debian's packages")));
    let ended = tools::run_with(&mut command, &mut |is_stdout, line| {
        // Standard output has shell commands for scripts.
        if !is_stdout {
            report(Event::Line(line));
        }
    });
    let failed = || Error::Install {
        tool: "Rust's standard library for wasm32-wasip2",
        hint: format!("with network access, `rustup target add {TARGET}` installs it"),
    };
    if ended.is_ok_and(|ended| ended.success) { Ok(()) } else { Err(failed()) }
}
