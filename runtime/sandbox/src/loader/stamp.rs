//! Whether a file is as it was when it was last read, told without reading it.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Two changes less apart than this may leave the same times; no file system in use keeps them more coarsely.
const GRAIN: Duration = Duration::from_secs(2);

/// What changes with each change of a file: where it lies, its size, when its bytes and when anything about it last changed. The last cannot
/// be set by programs, so that a file that was written and given its old time again has another stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// None where the system keeps no such times.
    #[cfg_attr(unix, expect(clippy::unnecessary_wraps, reason = "other systems keep no such times"))]
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            Some(Self {
                device: metadata.dev(),
                inode: metadata.ino(),
                size: metadata.size(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
            })
        }
        #[cfg(not(unix))]
        {
            let _ = metadata;
            None
        }
    }

    /// Whether a change of the file from `now` on gives it another stamp for certain.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, nanoseconds) = self.changed;
        let changed = u64::try_from(seconds).unwrap_or(0);
        Duration::new(changed, u32::try_from(nanoseconds).unwrap_or(0)) + GRAIN < now
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;

    use super::*;

    fn stamp(path: &Path) -> Stamp {
        Stamp::of(&fs::metadata(path).unwrap()).unwrap()
    }

    #[test]
    fn a_file_that_was_changed_has_another_stamp_even_if_its_time_is_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("component.wasm");
        fs::write(&path, "before").unwrap();
        let before = stamp(&path);
        assert_eq!(stamp(&path), before);
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        // Until the clock of the file system ticks, a change leaves no trace: what `is_settled` is for.
        while stamp(&path) == before {
            fs::write(&path, "behind").unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        }
        let other = folder.path().join("other.wasm");
        fs::write(&other, "behind").unwrap();
        let behind = stamp(&path);
        fs::rename(&other, &path).unwrap();
        assert_ne!(stamp(&path), behind);
    }

    #[test]
    fn a_file_that_has_just_changed_may_change_again_unseen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("component.wasm");
        fs::write(&path, "new").unwrap();
        let stamp = stamp(&path);
        let changed = UNIX_EPOCH + Duration::new(stamp.changed.0.try_into().unwrap(), 0);
        assert!(!stamp.is_settled(changed));
        assert!(!stamp.is_settled(UNIX_EPOCH));
        assert!(stamp.is_settled(changed + GRAIN + Duration::from_secs(2)));
    }
}
