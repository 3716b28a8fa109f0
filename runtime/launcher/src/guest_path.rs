//! Resolution of paths that a command reports or that its outputs have.

use cap_std::fs::Dir;
use weft_artifacts::{Budget, ContentId};

use crate::error::{Error, ErrorContext, Result};
use crate::work_dir::WorkDir;

/// The maximum length of a chain of symbolic links.
const MAX_LINKS: usize = 8;

/// A path of a command's view of its files, resolved to the directory handle that it is beneath.
pub(crate) struct GuestPath<'a> {
    /// The directory that it is beneath.
    pub(crate) dir: &'a Dir,
    /// Its path in there; never empty, without `.` and `..`.
    pub(crate) path: String,
    /// Its absolute path in the command's view; equal for equal files.
    pub(crate) shown: String,
    /// Whether only this command can write there, so that the file may be moved into the store.
    own: bool,
}

impl WorkDir {
    /// Resolves a path of the command. Relative ones start at the root, which is the command's working directory.
    pub(crate) fn guest_path(&self, port: &str, path: &str) -> Result<GuestPath<'_>> {
        let refuse =
            |why: &str| Error::output(format!("its output `{port}` is said to be at `{}`, {why}", shorten(path)));
        let inside = match path.strip_prefix(&self.layout.root) {
            Some(inside) if inside.is_empty() || inside.starts_with('/') || self.layout.root.is_empty() => inside,
            _ if path.starts_with('/') => {
                return Err(refuse("which is outside of the command's own files"));
            }
            _ => path,
        };
        if inside.contains('\0') {
            return Err(refuse("which is no path"));
        }
        let mut names: Vec<&str> = Vec::new();
        for name in inside.split('/') {
            match name {
                "" | "." => {}
                ".." => _ = names.pop(),
                name => names.push(name),
            }
        }
        let shown = format!("/{}", names.join("/"));
        let whole = || refuse("which is a whole directory of the system");
        if shown == "/in" || self.granted.iter().any(|(mount, _)| *mount == shown) {
            return Err(whole());
        }
        let below = |mount: &str| shown.strip_prefix(mount)?.strip_prefix('/').map(str::to_owned);
        let granted = self.granted.iter().filter_map(|(mount, dir)| Some((mount.len(), dir, below(mount)?)));
        let location = if let Some((_, dir, path)) = granted.max_by_key(|(length, ..)| *length) {
            GuestPath { dir, path, shown, own: false }
        } else if let Some(path) = below("/in") {
            GuestPath { dir: &self.scratch.inputs, path, shown, own: false }
        } else {
            GuestPath { dir: &self.scratch.root, path: shown[1..].to_owned(), shown, own: !self.is_host }
        };
        if location.path.is_empty() { Err(whole()) } else { Ok(location) }
    }

    /// Stores the file or directory at a path: moved where only this command can write, else (or if `copy`) copied. `None`
    /// if it does not exist.
    pub(crate) fn store_output(
        &self,
        port: &str,
        location: &GuestPath<'_>,
        copy: bool,
        budget: &Budget,
    ) -> Result<Option<ContentId>> {
        let refuse =
            |why: String| Error::output(format!("its output `{port}` at `{}` {why}", shorten(&location.shown)));
        let mut path = location.path.clone();
        for _ in 0..MAX_LINKS {
            match location.dir.symlink_metadata(&path) {
                Err(error) if is_absent(&error) => return Ok(None),
                Err(error) => return Err(refuse(format!("cannot be read: {error}"))),
                Ok(meta) if !meta.is_symlink() => {
                    let (parent, name) = path.rsplit_once('/').unwrap_or((".", &path));
                    let parent = location.dir.open_dir(parent).context(|| format!("its output `{port}`"))?;
                    let taken = if copy || !location.own {
                        self.store.copy_from(&parent, name, Some(budget))
                    } else {
                        self.store.adopt(&parent, name, Some(budget))
                    };
                    return taken.map(Some).map_err(|error| Error::of_content(port, error));
                }
                Ok(_) => {
                    // Resolved beneath the directory handle: a link that leads out is an error.
                    path = match location.dir.canonicalize(&path) {
                        Ok(target) => target.to_str().map(str::to_owned).unwrap_or_default(),
                        Err(error) if is_absent(&error) => return Ok(None),
                        Err(error) => {
                            return Err(refuse(format!("is a symbolic link that leads out of its files: {error}")));
                        }
                    };
                    if path.is_empty() {
                        return Err(refuse("is a symbolic link to what cannot be stored".to_owned()));
                    }
                }
            }
        }
        Err(refuse("is a symbolic link that leads nowhere".to_owned()))
    }
}

/// Whether an error means that the path does not exist.
pub(crate) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// A text cut to 200 characters, for messages.
pub(crate) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(200).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
