//! Ids of new runs: `<pipeline>-<yyyymmdd>-<hhmmss>-<4 characters>`, in UTC.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::SystemTime;

use weft_pipeline::calendar::civil;

/// Crockford's base 32, whose characters cannot be taken for one another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of the pipeline's name that are kept, so that the id is a file name everywhere.
const MAX_NAME: usize = 80;

/// An id for a run of this pipeline that begins now.
pub fn new_run_id(pipeline: &str) -> String {
    // Its keys are random, differing between processes and calls.
    let random = RandomState::new().build_hasher().finish();
    compose(pipeline, now_ms(), random)
}

/// Milliseconds since the epoch.
pub(crate) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

fn compose(pipeline: &str, now_ms: i64, random: u64) -> String {
    let name = pipeline
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let name = &name[..name.len().min(MAX_NAME)];
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let name = if name.is_empty() { "run" } else { name };
    let suffix: String =
        (0..4).map(|i| char::from(ALPHABET[usize::try_from(random >> (5 * i) & 31).unwrap_or(0)])).collect();
    let ((year, month, day), (hour, minute, second)) = civil(now_ms);
    format!("{name}-{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_file_names_whatever_the_pipeline_is_called() {
        let id = |name: &str| compose(name, 1_767_323_045_678, 0x1234_5678);
        assert_eq!(id("penguins"), "penguins-20260102-030405-rkn8");
        assert_eq!(id("Kaggle: π / test "), "Kaggle-test-20260102-030405-rkn8");
        assert_eq!(id("../.."), "run-20260102-030405-rkn8");
        assert_eq!(id("日本"), "run-20260102-030405-rkn8");
        assert!(id(&"x".repeat(500)).len() < 128);
        assert_ne!(compose("a", 0, 1), compose("a", 0, 2));
    }
}
