//! Compiled components that travel: so that a host without time, memory or a network need not compile.

use std::path::{Path, PathBuf};

use weft_sandbox::{Target, Transferred};

use crate::error::{Error, Result};

/// Writes the compiled forms of component files, or all of the folder for compiled components, to a file for machines of the same kind.
///
/// # Errors
/// A component cannot be read or is not compiled, or the system refuses.
pub fn export_compiled(cache: &Path, components: &[PathBuf], file: &Path) -> Result<Transferred> {
    if components.is_empty() {
        return Ok(weft_sandbox::export_compiled(cache, Target::Native, false, None, file)?);
    }
    let mut digests = Vec::with_capacity(components.len());
    for path in components {
        digests.push(weft_sandbox::digest_of_file(path).map_err(|source| Error::io("read", path, source))?);
    }
    let written = weft_sandbox::export_compiled(cache, Target::Native, false, Some(&digests), file)?;
    if written.components == 0 {
        let what = components.first().map(|path| path.display().to_string()).unwrap_or_default();
        return Err(Error::advised(format!("`{what}` is not compiled yet"), "run a pipeline with it first"));
    }
    Ok(written)
}

/// Takes compiled components out of such a file. Their code runs outside of the sandbox: whoever made the file is trusted with this user's
/// rights.
///
/// # Errors
/// The file is damaged, or is for another version of weft or another kind of processor.
pub fn import_compiled(cache: &Path, file: &Path) -> Result<Transferred> {
    Ok(weft_sandbox::import_compiled(cache, file)?)
}
