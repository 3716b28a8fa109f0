//! The files that the interpreter has while it starts, and what of them its programs have later.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::scripts::scripts;
use crate::wheel;

/// The archive of the library, as it is called among a program's packages.
pub(crate) const LIBRARY: &str = "python315.zip";

/// The folder of matplotlib's fonts and styles, which it reads as files.
pub(crate) const FONTS: &str = "mpl-data";

/// Where a program's packages lie.
const PACKAGES: &str = "packages";

/// Where the interpreter looks for its library when it starts.
const STANDARD: &str = "usr/local/lib";

/// Where packages lie that the interpreter keeps in memory.
pub(crate) const SITE: &str = "site";

/// Lays out the files below a folder that becomes `/`.
pub(crate) fn lay_out(packages: &Path, root: &Path) -> Result<()> {
    let write = |path: &Path, bytes: &[u8]| {
        let parent = path.parent().unwrap_or(root);
        fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
        fs::write(path, bytes).map_err(|source| Error::io("write", path, source))
    };
    let library = wheel::library(packages)?;
    // The interpreter finds it at the one place while it starts, its programs at the other.
    write(&root.join(STANDARD).join(LIBRARY), &library)?;
    write(&root.join(PACKAGES).join(LIBRARY), &library)?;
    for (name, text) in scripts() {
        write(&root.join("app").join(name), text.as_bytes())?;
    }
    copy(&packages.join("kfp"), &root.join(SITE).join("kfp"))
}

/// Moves what programs see of it into the executor's folder.
pub(crate) fn take_library(root: &Path, folder: &Path) -> Result<()> {
    for name in [LIBRARY, FONTS] {
        let from = root.join(PACKAGES).join(name);
        fs::rename(&from, folder.join(name)).map_err(|source| Error::io("move", &from, source))?;
    }
    Ok(())
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(|source| Error::io("create", to, source))?;
    let entries = fs::read_dir(from).map_err(|source| Error::io("read", from, source))?;
    for entry in entries {
        let path = entry.map_err(|source| Error::io("read", from, source))?.path();
        let Some(name) = path.file_name() else { continue };
        let to = to.join(name);
        if path.is_dir() {
            copy(&path, &to)?;
        } else {
            fs::copy(&path, &to).map_err(|source| Error::io("copy", &path, source))?;
        }
    }
    Ok(())
}
