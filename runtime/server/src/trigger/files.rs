//! The files of a folder, known by their content: that a file was touched or copied over itself is no change.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::definition::{Definition, On};

/// The most files that a trigger looks at.
const MAX_FILES: usize = 10_000;
/// The deepest folder below that of the trigger.
const MAX_DEPTH: usize = 16;
/// How much of a digest is kept: enough to tell one content from another.
const DIGITS: usize = 32;
/// Files that are named in what is told of an event.
const MAX_NAMED: usize = 3;

/// Digests of content by the paths in the folder.
pub(super) type Contents = BTreeMap<String, String>;

/// What is known of a folder between two looks.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// As it was at the last look, and since when.
    last: Option<(Stats, Instant)>,
    /// Digests of files as they were.
    digests: BTreeMap<String, ((u64, SystemTime), String)>,
}

type Stats = BTreeMap<String, (u64, SystemTime)>;

impl Watched {
    /// The content of the folder, once it has stayed the same for `settle`; none before. A folder that is not there is empty.
    pub fn look(&mut self, trigger: &Definition, now: Instant) -> io::Result<Option<Contents>> {
        let On::Files { folder, matching, settle } = &trigger.on else { return Ok(None) };
        let mut stats = Stats::new();
        walk(folder, folder, matching.as_ref(), 0, &mut stats)?;
        match &self.last {
            Some((last, since)) if *last == stats => {
                if now.duration_since(*since) < *settle {
                    return Ok(None);
                }
            }
            // The first look of a server: what was there before need not be waited for, if it has been there for long enough.
            None if are_older(&stats, *settle) => self.last = Some((stats.clone(), now)),
            _ => {
                self.last = Some((stats, now));
                return Ok(None);
            }
        }
        self.digests.retain(|path, (stat, _)| stats.get(path) == Some(stat));
        for (path, stat) in &stats {
            if !self.digests.contains_key(path) {
                let digest = match digest(&folder.join(path)) {
                    Ok(digest) => digest,
                    // It went away meanwhile: the next look tells.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(error),
                };
                self.digests.insert(path.clone(), (*stat, digest));
            }
        }
        Ok(Some(self.digests.iter().map(|(path, (_, digest))| (path.clone(), digest.clone())).collect()))
    }
}

/// What appeared and what changed from one content to another.
pub(super) fn changed(before: &Contents, after: &Contents) -> Vec<String> {
    after.iter().filter(|(path, digest)| before.get(*path) != Some(digest)).map(|(path, _)| path.clone()).collect()
}

/// In words: `a.csv, b.csv and 3 more files`.
pub(super) fn told(changed: &[String]) -> String {
    let named = changed.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match changed.len().saturating_sub(MAX_NAMED) {
        0 => named,
        1 => format!("{named} and another file"),
        more => format!("{named} and {more} more files"),
    }
}

fn are_older(stats: &Stats, than: Duration) -> bool {
    let now = SystemTime::now();
    stats.values().all(|(_, modified)| now.duration_since(*modified).is_ok_and(|age| age >= than))
}

fn walk(
    root: &Path,
    folder: &Path,
    matching: Option<&glob::Pattern>,
    depth: usize,
    found: &mut Stats,
) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(named(folder, &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| named(folder, &error))?;
        let path = entry.path();
        // What is being written under another name, and what editors leave.
        if entry.file_name().to_str().is_none_or(|name| name.starts_with('.')) {
            continue;
        }
        let Ok(stat) = std::fs::metadata(&path) else { continue };
        if stat.is_dir() {
            // A link to a folder may lead back up.
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if depth < MAX_DEPTH && !is_link {
                walk(root, &path, matching, depth + 1, found)?;
            }
            continue;
        }
        let Some(inside) = inside(root, &path) else { continue };
        if !stat.is_file() || matching.is_some_and(|pattern| !pattern.matches(&inside)) {
            continue;
        }
        if found.len() == MAX_FILES {
            return Err(io::Error::other(format!("there are more than {MAX_FILES} files in {}", root.display())));
        }
        found.insert(inside, (stat.len(), stat.modified()?));
    }
    Ok(())
}

fn inside(root: &Path, path: &Path) -> Option<String> {
    path.strip_prefix(root).ok()?.to_str().map(str::to_owned)
}

fn digest(path: &PathBuf) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut file = std::fs::File::open(path).map_err(|error| named(path, &error))?;
    io::copy(&mut file, &mut hasher).map_err(|error| named(path, &error))?;
    let mut digits = hasher.finalize().to_hex().to_string();
    digits.truncate(DIGITS);
    Ok(digits)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_by_name() {
        let contents = |pairs: &[(&str, &str)]| -> Contents {
            pairs.iter().map(|(path, digest)| ((*path).to_owned(), (*digest).to_owned())).collect()
        };
        let before = contents(&[("a", "1"), ("b", "2"), ("gone", "3")]);
        let after = contents(&[("a", "1"), ("b", "4"), ("new", "5")]);
        assert_eq!(changed(&before, &after), ["b", "new"]);
        assert!(changed(&after, &contents(&[("a", "1")])).is_empty());
        let many: Vec<String> = (0..5).map(|n| format!("{n}.csv")).collect();
        assert_eq!(told(&many), "0.csv, 1.csv, 2.csv and 2 more files");
        assert_eq!(told(&many[..4]), "0.csv, 1.csv, 2.csv and another file");
        assert_eq!(told(&many[..1]), "0.csv");
    }
}
