//! What engines that take a line of a shell are given.

use std::ffi::OsStr;
use std::path::Path;

use crate::cluster::Pilot;
use crate::error::{Error, Result};

/// The line that becomes a worker.
pub(crate) fn command(pilot: &Pilot) -> Result<String> {
    let mut line = "exec".to_owned();
    for word in std::iter::once(pilot.program.as_os_str()).chain(pilot.arguments.iter().map(AsRef::as_ref)) {
        line.push(' ');
        line.push_str(&quoted(unicode(word)?));
    }
    Ok(line)
}

/// The name of a run's jobs. Another store may have a run of the same id.
pub(crate) fn job_name(run: &str, spool: &Path) -> String {
    let digest = blake3::hash(spool.as_os_str().as_encoded_bytes()).to_hex();
    format!("weft-{run}-{}", &digest[..8])
}

/// A word that can be written.
pub(crate) fn unicode(word: &OsStr) -> Result<&str> {
    word.to_str().ok_or_else(|| Error::NotUnicode { path: word.into() })
}

/// A word as the shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn words_reach_the_program_through_the_shell() {
        let words = ["plain", "with space", "it's", "$HOME `x` \\", ""];
        let script = words.map(quoted).join(" ");
        let output = Command::new("sh").args(["-c", &format!("printf '<%s>' {script}")]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), words.map(|word| format!("<{word}>")).concat());
    }
}
