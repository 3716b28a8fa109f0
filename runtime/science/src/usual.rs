//! The functions of the interpreter that programs usually call. They are compiled at first, the others when a step needs one:
//! of a hundred megabytes of code most programs call a small part, and compiling all takes minutes.
//!
//! `runtime/executors/science/usual.txt` lists them; `usual/trace.rs` says how it is made.

use wasm_encoder::Encode as _;

use crate::error::{Error, Result};
use crate::sections::Parts;

pub(crate) const LIST: &str = include_str!("../../executors/science/usual.txt");

/// The list as the sandbox reads it ([`weft_sandbox::USUAL_FUNCTIONS`]), for the module with these parts, whose last functions are `library` ones of a
/// library, and `added` functions after all others, which are usual as well.
pub(crate) fn section(parts: &Parts<'_>, library: usize, added: usize) -> Result<Vec<u8>> {
    let mut runs = read(LIST).ok_or_else(|| Error::module("the list of its usual functions cannot be read"))?;
    let listed: usize = runs.iter().sum();
    let others = parts.functions.len().checked_sub(listed + library);
    let Some(after) = others.filter(|_| runs.len().is_multiple_of(2)) else {
        return Err(Error::module("the list of its usual functions is that of another module"));
    };
    runs.extend([after, library + added]);
    let mut section = Vec::new();
    (parts.functions.len() + added).encode(&mut section);
    for run in runs {
        run.encode(&mut section);
    }
    Ok(section)
}

/// Lengths of runs of functions that are not listed and that are, in turn, out of a text of numbers. Lines that begin with `#` are
/// comments.
fn read(text: &str) -> Option<Vec<usize>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(|run| run.parse().ok()).collect()
}

#[cfg(test)]
mod trace;
