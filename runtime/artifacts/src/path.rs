//! Paths inside of trees: validity and order.

use std::cmp::Ordering;

use crate::error::{Error, Result};

/// The maximum length of an entry's path, in bytes. It is well below the limits of systems, so that it fits below any
/// directory.
pub const MAX_PATH: usize = 1024;
/// The maximum length of a path component, in bytes: the limit of common file systems.
pub const MAX_NAME: usize = 255;

/// Checks that a path is relative and consists of plain names between single `/`.
pub(crate) fn check(path: &str) -> Result<()> {
    let refuse = |reason| Err(Error::InvalidPath { path: path.chars().take(100).collect(), reason });
    if path.is_empty() {
        return refuse("it is empty");
    }
    if path.len() > MAX_PATH {
        return refuse("it is longer than 1024 bytes");
    }
    if path.contains('\0') {
        return refuse("it holds a NUL character");
    }
    if path.starts_with('/') {
        return refuse("it is absolute; names are relative to the directory");
    }
    for name in path.split('/') {
        match name {
            "" => return refuse("it holds an empty name; use single `/` and none at the end"),
            "." | ".." => return refuse("`.` and `..` are not allowed"),
            _ if name.len() > MAX_NAME => return refuse("a name in it is longer than 255 bytes"),
            _ => {}
        }
    }
    Ok(())
}

/// Checks a path component.
pub(crate) fn check_name(name: &str) -> Result<()> {
    check(name)?;
    if name.contains('/') {
        let path = name.chars().take(100).collect();
        return Err(Error::InvalidPath { path, reason: "a single name is wanted here" });
    }
    Ok(())
}

/// The order of entries in a manifest: component by component, each by its bytes. Everything below a directory thus
/// follows directly after the position of a file with the name of that directory, so that conflicts are between
/// neighbours.
pub(crate) fn order(a: &str, b: &str) -> Ordering {
    // The same as comparing component by component: `/` sorts before any other byte of a name, as NUL is not allowed.
    let rank = |byte: u8| if byte == b'/' { 0 } else { byte };
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}

/// Whether `path` lies below `dir`.
pub(crate) fn is_below(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

/// A path as a key, in the order of manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) String);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long_name = "n".repeat(256);
        let long_path = "a/".repeat(512) + "a";
        for path in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "a\0b", "/", &long_name, &long_path] {
            assert!(matches!(check(path), Err(Error::InvalidPath { .. })), "{path:?}");
        }
        let deep = "a/".repeat(511) + "ab";
        for path in ["a", "a/b", "..a", "a..", "ä b/ç", "a\\b", &"n".repeat(255), &deep] {
            assert!(check(path).is_ok(), "{path:?}");
        }
        assert!(check_name("a").is_ok());
        assert!(check_name("a/b").is_err());
    }

    proptest::proptest! {
        #[test]
        fn the_order_is_that_of_names(a in "[a\u{1}/.0]{0,6}", b in "[a\u{1}/.0]{0,6}") {
            proptest::prop_assert_eq!(order(&a, &b), a.split('/').cmp(b.split('/')));
        }
    }

    #[test]
    fn what_lies_below_follows_at_once() {
        let mut paths = ["a.b", "a", "b", "a/z", "a/b/c", "a-b"];
        paths.sort_by(|a, b| order(a, b));
        assert_eq!(paths, ["a", "a/b/c", "a/z", "a-b", "a.b", "b"]);
        assert!(is_below("a/b", "a") && !is_below("ab", "a") && !is_below("a", "a"));
    }
}
