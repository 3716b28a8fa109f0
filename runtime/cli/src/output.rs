//! Standard output: results, as text or as one JSON document.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::screen;

/// Writes text to standard output, with colours where those are wanted.
pub fn print(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Writes text to a file, or to standard output if none is named.
pub fn write(file: Option<&Path>, text: &str) -> Result<()> {
    match file {
        Some(file) => std::fs::write(file, text).map_err(|source| Error::io("write", file, source)),
        None => print(text),
    }
}

/// Writes a new file that only its owner can read.
pub fn write_secret(file: &Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(file).and_then(|mut opened| opened.write_all(text.as_bytes()));
    written.map_err(|source| Error::io("write", file, source))
}

/// Writes a JSON document to standard output.
pub fn print_json(document: &Value) -> Result<()> {
    // Standard output alone would be written line by line.
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, document).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Whether a file that is to be written has this extension.
pub fn has_extension(path: Option<&Path>, extension: &str) -> bool {
    path.and_then(Path::extension).is_some_and(|found| found == extension)
}

/// Writes a result for people: to standard output, or to standard error when standard output is a JSON document's.
pub fn print_for_people(text: &str, json: bool) -> Result<()> {
    if json {
        screen::say(text.trim_end_matches('\n'));
        Ok(())
    } else {
        print(text)
    }
}

/// Columns of the terminal that standard output is; none if it is not one, as lines need not be broken then.
pub fn width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0).max(40))
}

/// Whether standard output is a terminal, where control characters of others must not get to.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}
