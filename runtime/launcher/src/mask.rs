//! Hides the values of secrets in what a step says.

use aho_corasick::{AhoCorasick, MatchKind};

/// What stands for a value.
const HIDDEN: &str = "***";
/// The shortest value that is hidden, in bytes: one like `1` would take the sense out of every log.
const SHORTEST: usize = 4;
/// The shortest line of a value with several.
const SHORTEST_LINE: usize = 8;
/// Bytes around a gap in a log that are left out with it, so that no part of a value stands there.
const MOST_AROUND_GAP: usize = 8 << 10;

/// Hides values, and the lines of those with several. What a step makes of a value is not known: its encoding in Base64 is not hidden.
#[derive(Debug, Default)]
pub struct Mask {
    values: Option<AhoCorasick>,
    longest: usize,
}

impl Mask {
    /// For these values.
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut all: Vec<&[u8]> = Vec::new();
        for value in values {
            let value = value.trim_ascii();
            let mut lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).peekable();
            all.push(value);
            all.extend(lines.by_ref().filter(|line| line.len() >= SHORTEST_LINE));
        }
        all.retain(|value| value.len() >= SHORTEST);
        all.sort_unstable();
        all.dedup();
        if all.is_empty() {
            return Self::default();
        }
        let longest = all.iter().map(|value| value.len()).max().unwrap_or_default();
        // Too many to be searched for at once is beyond what secrets may hold.
        let values = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(all).ok();
        Self { values, longest }
    }

    /// Bytes without the values.
    pub fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.values {
            Some(values) if values.is_match(&bytes) => {
                let mut masked = Vec::with_capacity(bytes.len());
                values.replace_all_with_bytes(&bytes, &mut masked, |_, _, into| {
                    into.extend_from_slice(HIDDEN.as_bytes());
                    true
                });
                masked
            }
            _ => bytes,
        }
    }

    /// A text without the values.
    pub fn text(&self, text: String) -> String {
        match String::from_utf8(self.bytes(text.into_bytes())) {
            Ok(text) => text,
            // A value that is no text of itself cut a character.
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    /// The end of a log, from which something before it `is_cut` off.
    pub fn end(&self, end: &[u8], is_cut: bool) -> Vec<u8> {
        let mut end = self.bytes(end.to_vec());
        if is_cut {
            // Whole values are hidden already, so no part of one is left behind the cut.
            end.drain(..self.cut(end.len()));
        }
        end
    }

    /// Bytes that can be part of a value of which the rest is missing.
    fn cut(&self, length: usize) -> usize {
        self.longest.min(MOST_AROUND_GAP).min(length)
    }

    /// A log of which only both ends were kept, with a line that says how many bytes were lost between them; none if it is
    /// whole. A few more are left out where part of a value might stand.
    pub fn log(&self, mut start: Vec<u8>, lost: u64, end: &[u8]) -> Vec<u8> {
        if lost == 0 {
            start.extend_from_slice(end);
            return self.bytes(start);
        }
        let mut log = self.bytes(start);
        log.truncate(log.len() - self.cut(log.len()));
        log.extend_from_slice(format!("\n... {lost} bytes left out ...\n").as_bytes());
        log.extend(self.end(end, true));
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(values: &[&str]) -> Mask {
        Mask::new(values.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn values_and_their_lines_are_hidden() {
        let mask = mask(&["hunter2!\n", "-----BEGIN KEY-----\nabcdefghij\n{\n", "hunter2!-long", "1"]);
        assert_eq!(mask.text("x hunter2! y hunter2!-long 1".to_owned()), "x *** y *** 1");
        assert_eq!(mask.text("abcdefghij { -----BEGIN KEY-----".to_owned()), "*** { ***");
        assert_eq!(mask.text("nothing of it".to_owned()), "nothing of it");
        assert_eq!(super::Mask::default().bytes(b"all \xff stays".to_vec()), b"all \xff stays");
    }

    #[test]
    fn no_part_of_a_value_is_left_beside_a_gap() {
        let mask = mask(&["secret-value"]);
        let log = mask.log(b"say secret-va".to_vec(), 100, b"lue and secret-value at the end");
        let log = String::from_utf8(log).unwrap();
        assert_eq!(log, "s\n... 100 bytes left out ...\nat the end");
        assert_eq!(mask.log(b"secret-".to_vec(), 0, b"value"), b"***");
        assert_eq!(Mask::default().log(b"a".to_vec(), 5, b"b"), b"a\n... 5 bytes left out ...\nb");
    }

    #[test]
    fn bytes_that_are_no_text_are_hidden_too() {
        let mask = Mask::new([&b"\xc3\xa4\xff\xfe\x01"[..], "wörd".as_bytes()].into_iter());
        assert_eq!(mask.bytes(b"a\xc3\xa4\xff\xfe\x01b".to_vec()), b"a***b");
        assert_eq!(mask.text("a wörd b".to_owned()), "a *** b");
    }
}
