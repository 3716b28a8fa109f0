//! Programs that are components of their own and that the host runs: Python. Natively, where the tests run, there are none.

use std::io::Write;

use crate::shell::Shell;

/// The name by which the host knows Python.
const PYTHON: &str = "python3";

/// What the host runs for a command: `python` and `python3.12` are `python3`, and `pip` is `python3 -m pip`.
fn known_as(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "python" | PYTHON => Some(&[PYTHON]),
        "pip" | "pip3" => Some(&[PYTHON, "-m", "pip"]),
        _ => name.strip_prefix("python3.").filter(|minor| minor.parse::<u8>().is_ok()).map(|_| [PYTHON].as_slice()),
    }
}

/// Whether the host runs the program of this name.
pub fn is_there(name: &str) -> bool {
    known_as(name).is_some() && names().iter().any(|name| name == PYTHON)
}

/// Runs a program of the host on the shell's streams, environment and folder. Nothing if there is none of this name.
pub fn run(shell: &Shell, name: &str, arguments: &[String]) -> Option<i32> {
    if !is_there(name) {
        return None;
    }
    let input = shell.descriptors.input(0);
    let given = match input.read_all() {
        Ok(given) => given,
        Err(error) => {
            shell.complain(&format!("{name}: its input cannot be read: {error}"));
            return Some(1);
        }
    };
    // What the shell wrote before comes before.
    let _ = shell.stdout().flush();
    let known = known_as(name).unwrap_or_default().iter().map(|word| (*word).to_owned());
    let argv: Vec<String> = known.chain(arguments.iter().cloned()).collect();
    let environment: Vec<(String, String)> =
        shell.variables.exported().into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let ended = start(&argv, &environment, &given);
    // Who reads after it gets what it left, as from a stream that processes share.
    let consumed = usize::try_from(ended.consumed).unwrap_or(usize::MAX).min(given.len());
    input.put_back(given[consumed..].to_vec());
    // Whoever reads its output may be gone, as with any program.
    let _ = shell.stdout().write_all(&ended.output);
    let _ = shell.stderr().write_all(&ended.error);
    Some(i32::from(ended.status))
}

/// How a program ended.
#[cfg(not(target_family = "wasm"))]
struct Ended {
    status: u8,
    output: Vec<u8>,
    error: Vec<u8>,
    consumed: u64,
}

#[cfg(not(target_family = "wasm"))]
fn names() -> Vec<String> {
    Vec::new()
}

#[cfg(not(target_family = "wasm"))]
fn start(_: &[String], _: &[(String, String)], _: &[u8]) -> Ended {
    Ended { status: 127, output: Vec::new(), error: Vec::new(), consumed: 0 }
}

#[cfg(target_family = "wasm")]
use weft_executor_programs::{names, run as start};
