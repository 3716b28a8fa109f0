//! References: `HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::digest::Digest;
use crate::error::Error;

/// What a reference in a pipeline begins with.
const SCHEME: &str = "oci://";
/// What is meant where no tag is written.
const LATEST: &str = "latest";
/// Bytes of a repository's name and its host, as registries bound them.
const LONGEST: usize = 255;
const LONGEST_TAG: usize = 128;

/// Something in a registry. It is displayed and parsed without `oci://`, which may lead it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// `localhost:5000`, `ghcr.io`
    pub host: String,
    /// `me/train`
    pub repository: String,
    /// `1.2`; `latest` if neither it nor a digest is written.
    pub tag: Option<String>,
    /// The digest of its manifest.
    pub digest: Option<Digest>,
}

impl Reference {
    /// The same repository at a digest.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }

    /// What names the manifest in a request: the digest, else the tag.
    pub fn name(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => LATEST.to_owned(),
        }
    }

    /// As a pipeline writes it.
    pub fn written(&self) -> String {
        format!("{SCHEME}{self}")
    }

    /// The last part of the repository, which a file may be called after.
    pub fn short_name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// Whether the registry is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// Whether a host, with or without a port, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let shown: String = text.chars().take(LONGEST + LONGEST_TAG).collect();
        let wrong = |why: &str| Error::Reference { text: shown.clone(), why: why.to_owned() };
        let rest = text.strip_prefix(SCHEME).unwrap_or(text);
        if rest.contains("://") {
            return Err(wrong("write it as HOST/NAME:TAG; which protocol is spoken is found out"));
        }
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>().map_err(|why| wrong(&why))?)),
            None => (rest, None),
        };
        let Some((host, path)) = rest.split_once('/') else {
            return Err(wrong("it names no registry: write HOST/NAME:TAG, such as ghcr.io/me/train:1.2"));
        };
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        if !(host.contains(['.', ':']) || host == "localhost") || !is_host(host) {
            return Err(wrong(&format!(
                "`{host}` is no registry: it begins with a host, such as ghcr.io or localhost:5000"
            )));
        }
        if host.len() + repository.len() > LONGEST || !repository.split('/').all(is_part) {
            return Err(wrong(&format!(
                "`{repository}` cannot be a repository: lower-case letters and digits, parted by `.`, `_`, `-` and `/`"
            )));
        }
        match tag {
            Some(tag) if tag.contains('+') => {
                return Err(wrong(&format!("registries take no `+` in a tag: write `{}`", tag.replace('+', "-"))));
            }
            Some(tag) if !is_tag(tag) => {
                return Err(wrong(&format!(
                    "`{tag}` cannot be a tag: letters, digits, `_`, `.` and `-`, at most {LONGEST_TAG}"
                )));
            }
            _ => {}
        }
        let tag = tag.map(str::to_owned).or_else(|| digest.is_none().then(|| LATEST.to_owned()));
        Ok(Self { host: host.to_owned(), repository: repository.to_owned(), tag, digest })
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", port.strip_prefix(':')),
            _ => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let is_name = !name.is_empty()
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    is_name && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// A part of a repository's name: words of lower-case letters and digits, parted by `.`, `_`, `__` or any number of `-`.
fn is_part(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends = |end: Option<&u8>| end.copied().is_some_and(is_word);
    if !(ends(bytes.first()) && ends(bytes.last())) {
        return false;
    }
    let mut separator = String::new();
    for &byte in bytes {
        if is_word(byte) {
            let is_separator =
                matches!(separator.as_str(), "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-');
            if !is_separator {
                return false;
            }
            separator.clear();
        } else if matches!(byte, b'.' | b'_' | b'-') {
            separator.push(char::from(byte));
        } else {
            return false;
        }
    }
    true
}

fn is_tag(tag: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=LONGEST_TAG).contains(&tag.len())
        && tag.bytes().all(|byte| is_plain(byte) || matches!(byte, b'.' | b'-'))
        && tag.bytes().next().is_some_and(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Reference {
        text.parse().unwrap()
    }

    #[test]
    fn references_are_taken_apart() {
        let digest = Digest::of(b"");
        let one = parsed("oci://localhost:5000/me/train:1.2");
        assert_eq!(
            (one.host.as_str(), one.repository.as_str(), one.tag.as_deref()),
            ("localhost:5000", "me/train", Some("1.2"))
        );
        assert_eq!(
            (one.to_string(), one.written()),
            ("localhost:5000/me/train:1.2".into(), "oci://localhost:5000/me/train:1.2".into())
        );
        assert_eq!((one.name(), one.short_name(), one.is_loopback()), ("1.2".into(), "train", true));
        assert_eq!(parsed("ghcr.io/me/train").name(), "latest");
        let pinned = parsed(&format!("ghcr.io/me/train@{digest}"));
        assert_eq!((pinned.tag.clone(), pinned.name()), (None, digest.to_string()));
        assert_eq!(parsed(&format!("ghcr.io/a__b/c--d.e:v1@{digest}")).name(), digest.to_string());
        assert!(!pinned.is_loopback());
        for host in ["127.0.0.1:5000", "127.9.9.9", "[::1]:80", "localhost"] {
            assert!(parsed(&format!("{host}/a")).is_loopback(), "{host}");
        }
        assert!(!parsed("localhost.evil.org/a").is_loopback());
    }

    #[test]
    fn what_is_none_is_told() {
        for (text, why) in [
            ("train", "names no registry"),
            ("me/train:1", "is no registry"),
            ("https://ghcr.io/me/train", "which protocol"),
            ("ghcr.io/Me/train", "cannot be a repository"),
            ("ghcr.io/../train", "cannot be a repository"),
            ("ghcr.io/a/", "cannot be a repository"),
            ("ghcr.io/a:1.0+b", "write `1.0-b`"),
            ("ghcr.io/a:", "cannot be a tag"),
            ("ghcr.io/a:-x", "cannot be a tag"),
            ("ghcr.io/a@sha256:00", "64 lower-case"),
            ("ghcr.io/a@sha512:00", "no SHA-256"),
            ("a b.c/x", "is no registry"),
            ("h:99999/x", "is no registry"),
            ("evil.org@x/y", "digest"),
            ("a.b/x?y", "cannot be a repository"),
        ] {
            let said = text.parse::<Reference>().unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
