//! Watching the files of a component for changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Folders with generated files.
const BUILD_OUTPUTS: &[&str] = &["build", "target", "node_modules", "__pycache__", "dist"];
/// The maximum number of files that are watched. A larger folder is not that of a component.
const MAX_FILES: usize = 20_000;

/// The state of a folder's files at the last scan.
#[derive(Debug)]
pub struct Watch {
    dir: PathBuf,
    seen: Snapshot,
}

type Snapshot = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

impl Watch {
    /// Scans a folder for the first time.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), seen: scan(dir) }
    }

    /// The files that were changed, added or removed since the last scan.
    pub fn changes(&mut self) -> Vec<PathBuf> {
        let now = scan(&self.dir);
        let new = now.iter().filter(|(path, state)| self.seen.get(*path) != Some(state)).map(|(path, _)| path);
        let removed = self.seen.keys().filter(|path| !now.contains_key(*path));
        let changes = new.chain(removed).cloned().collect();
        self.seen = now;
        changes
    }
}

/// The modification time and the length of each file, except hidden and generated ones.
fn scan(dir: &Path) -> Snapshot {
    let mut seen = Snapshot::new();
    let mut queue = vec![dir.to_owned()];
    while let Some(next) = queue.pop() {
        // A folder that was removed in the meantime has no files.
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let Ok(metadata) = entry.metadata() else { continue };
            // Lock files are written by the tools.
            if name.starts_with('.') || name.ends_with('~') || name == "Cargo.lock" || name == "package-lock.json" {
                continue;
            }
            if metadata.is_dir() {
                if !BUILD_OUTPUTS.contains(&&*name) {
                    queue.push(entry.path());
                }
            } else if seen.len() < MAX_FILES {
                seen.insert(entry.path(), (metadata.modified().ok(), metadata.len()));
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_seen_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        std::fs::create_dir(file("src")).unwrap();
        std::fs::create_dir(file("build")).unwrap();
        std::fs::write(file("src/lib.rs"), "a").unwrap();
        let mut watch = Watch::new(dir.path());
        assert!(watch.changes().is_empty());
        std::fs::write(file("src/lib.rs"), "ab").unwrap();
        std::fs::write(file("build/out.wasm"), "made").unwrap();
        std::fs::write(file(".hidden"), "").unwrap();
        assert_eq!(watch.changes(), [file("src/lib.rs")]);
        assert!(watch.changes().is_empty());
        std::fs::remove_file(file("src/lib.rs")).unwrap();
        std::fs::write(file("src/new.rs"), "").unwrap();
        assert_eq!(watch.changes(), [file("src/new.rs"), file("src/lib.rs")]);
    }
}
