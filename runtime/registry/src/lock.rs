//! `weft.lock`: what the references of the pipelines in a folder lead to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::reference::Reference;

const HEAD: &str = "\
# What the references of the pipelines in this folder lead to. weft writes it; `weft update` moves it. Keep it under version control.
version = 1
";

/// A lock file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    pinned: BTreeMap<String, Digest>,
}

/// A reference, and the digest of its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pinned {
    /// As pipelines write it, without a function.
    pub reference: String,
    /// The manifest's digest.
    pub digest: Digest,
}

/// A reference that leads elsewhere than it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// As pipelines write it.
    pub reference: String,
    /// Where it led; nowhere if it is new.
    pub from: Option<Digest>,
    /// Where it leads; nowhere if no pipeline names it any more.
    pub to: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    reference: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    digest: Digest,
}

impl Lock {
    /// Reads one. `what` names it in errors.
    ///
    /// # Errors
    /// It is none, is of a newer version, or says two things of one reference.
    pub fn read(what: &str, text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|error| Error::malformed(what, error.message()))?;
        if file.version != 1 {
            return Err(Error::malformed(
                what,
                format!("it is of version {}, which a newer weft writes", file.version),
            ));
        }
        let mut pinned = BTreeMap::new();
        for Entry { name, digest } in file.reference {
            let reference: Reference = name.parse()?;
            if pinned.insert(reference.written(), digest).is_some() {
                return Err(Error::malformed(what, format!("it has `{name}` twice")));
            }
        }
        Ok(Self { pinned })
    }

    /// Its text, the same for the same content.
    pub fn to_text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (name, digest) in &self.pinned {
            // References hold nothing that would have to be escaped.
            _ = write!(text, "\n[[reference]]\nname = \"{name}\"\ndigest = \"{digest}\"\n");
        }
        text
    }

    /// What a reference leads to, if that is known. One that names a digest itself leads there.
    pub fn get(&self, reference: &Reference) -> Option<Digest> {
        reference.digest.or_else(|| self.pinned.get(&reference.written()).copied())
    }

    /// Pins a reference; tells if that is a change. One that names a digest needs no entry.
    pub fn pin(&mut self, reference: &Reference, digest: Digest) -> Option<Moved> {
        if reference.digest.is_some() {
            return None;
        }
        let from = self.pinned.insert(reference.written(), digest);
        (from != Some(digest)).then(|| Moved { reference: reference.written(), from, to: Some(digest) })
    }

    /// All that it pins, in order.
    pub fn pinned(&self) -> Vec<Pinned> {
        self.pinned.iter().map(|(reference, digest)| Pinned { reference: reference.clone(), digest: *digest }).collect()
    }

    /// Those of these references.
    #[must_use]
    pub fn only(&self, references: &[Reference]) -> Self {
        let of = |one: &Reference| Some((one.written(), *self.pinned.get(&one.written())?));
        Self { pinned: references.iter().filter_map(of).collect() }
    }

    /// Whether it pins nothing.
    pub fn is_empty(&self) -> bool {
        self.pinned.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pinned_comes_back() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let reference: Reference = "oci://h.example/b:1".parse().unwrap();
        let mut lock = Lock::default();
        assert_eq!(
            lock.pin(&reference, one),
            Some(Moved { reference: reference.written(), from: None, to: Some(one) })
        );
        assert_eq!(lock.pin(&reference, one), None);
        lock.pin(&"h.example/a".parse().unwrap(), two);
        assert_eq!(lock.pin(&reference.at(two), two), None, "what names its digest needs no lock");
        let text = lock.to_text();
        assert!(text.find("h.example/a:latest") < text.find("h.example/b:1"), "{text}");
        let read = Lock::read("it", &text).unwrap();
        assert_eq!((read.clone(), read.to_text()), (lock, text));
        assert_eq!((read.get(&reference), read.get(&reference.at(two))), (Some(one), Some(two)));
        assert_eq!(read.only(&[reference]).pinned().len(), 1);
    }

    #[test]
    fn what_is_no_lock_is_told() {
        let entry = format!("[[reference]]\nname = \"h.example/a:1\"\ndigest = \"{}\"\n", Digest::of(b""));
        for (text, why) in [
            (String::new(), "version"),
            ("version = 2\n".to_owned(), "newer"),
            (format!("version = 1\n{entry}{entry}"), "twice"),
            (format!("version = 1\nmore = 1\n{entry}"), "unknown field"),
            (format!("version = 1\n{}", entry.replace("sha256:e", "sha256:")), "hexadecimal"),
            (format!("version = 1\n{}", entry.replace("h.example/", "")), "names no registry"),
            ("version =".to_owned(), ""),
        ] {
            let said = Lock::read("weft.lock", &text).unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
