//! URIs of what can be fetched.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// What speaks to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Amazon's S3, and what speaks its language.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure's blobs.
    Azure,
    /// HTTP, with TLS or without.
    Web,
}

/// A URI, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub scheme: Scheme,
    /// As written before `://`, in small letters.
    pub prefix: String,
    /// The bucket or container, or host and port.
    pub authority: String,
    /// What follows, without the slash before it: a key or a prefix, empty for a whole bucket. Of HTTP with what follows a `?`.
    pub key: String,
}

/// Whether there is a way to fetch what a URI leads to.
pub fn is_fetchable(uri: &str) -> bool {
    split(uri).is_some()
}

fn split(uri: &str) -> Option<(Scheme, String, &str)> {
    let (prefix, rest) = uri.split_once("://")?;
    let prefix = prefix.to_ascii_lowercase();
    let scheme = match prefix.as_str() {
        "s3" => Scheme::S3,
        "gs" => Scheme::Google,
        "az" | "abfs" | "abfss" => Scheme::Azure,
        "http" | "https" => Scheme::Web,
        _ => return None,
    };
    Some((scheme, prefix, rest))
}

impl FromStr for Location {
    type Err = Error;

    fn from_str(uri: &str) -> Result<Self, Error> {
        let odd = |why: &'static str| Error::Uri { uri: without_secrets(uri), why };
        let (scheme, prefix, rest) =
            split(uri).ok_or_else(|| odd("only s3://, gs://, az://, abfs://, http:// and https:// are fetched"))?;
        if uri.chars().any(char::is_control) {
            return Err(odd("there are control characters in it"));
        }
        let (authority, key) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.is_empty() {
            return Err(odd("what should follow `://` is missing"));
        }
        if scheme == Scheme::Web {
            if authority.contains('@') {
                return Err(odd("a user and password in it would be recorded with the run"));
            }
            if key.contains('#') {
                return Err(odd("what follows a `#` means nothing to a server"));
            }
            let path = key.split('?').next().unwrap_or_default();
            if path.split('/').any(is_dots) {
                return Err(odd("it has `.` or `..` between slashes"));
            }
        } else {
            let account = prefix.starts_with("abfs");
            let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || (account && "@$".contains(c));
            if !authority.chars().all(is_name) {
                return Err(odd("there is no bucket of such a name"));
            }
            let inner = key.strip_prefix('/').unwrap_or(key);
            let inner = inner.strip_suffix('/').unwrap_or(inner);
            if !inner.is_empty() && inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
                return Err(odd("it has `.`, `..` or nothing between slashes"));
            }
        }
        let key = if scheme == Scheme::Web { key } else { key.strip_prefix('/').unwrap_or(key) };
        Ok(Self { scheme, prefix, authority: authority.to_owned(), key: key.to_owned() })
    }
}

/// Whether a segment of a path is `.` or `..`, however it is written.
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    matches!(plain.as_str(), "." | "..")
}

/// A URI without user, password and what follows a `?`: what may be shown.
fn without_secrets(uri: &str) -> String {
    let Some((prefix, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let is_web = prefix.to_ascii_lowercase().starts_with("http");
    let (host, path) = if is_web {
        (authority.rsplit('@').next().unwrap_or_default(), path.split('?').next().unwrap_or_default())
    } else {
        (authority, path)
    };
    format!("{prefix}://{host}{path}")
}

impl fmt::Display for Location {
    /// What may be shown: what follows a `?` may be a key to what is there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::Web => {
                let path = self.key.split('?').next().unwrap_or_default();
                write!(f, "{}://{}{path}", self.prefix, self.authority)
            }
            _ => write!(f, "{}://{}/{}", self.prefix, self.authority, self.key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read() {
        for (uri, scheme, authority, key) in [
            ("s3://bucket/a/b.csv", Scheme::S3, "bucket", "a/b.csv"),
            ("s3://bucket/what?#x y", Scheme::S3, "bucket", "what?#x y"),
            ("S3://bucket/dir/", Scheme::S3, "bucket", "dir/"),
            ("gs://my.bucket_1", Scheme::Google, "my.bucket_1", ""),
            ("az://container/x", Scheme::Azure, "container", "x"),
            (
                "abfss://container@account.dfs.core.windows.net/x",
                Scheme::Azure,
                "container@account.dfs.core.windows.net",
                "x",
            ),
            ("http://localhost:8000/x/y.csv?a=1", Scheme::Web, "localhost:8000", "/x/y.csv?a=1"),
            ("https://host?a=b", Scheme::Web, "host", "?a=b"),
        ] {
            let location: Location = uri.parse().unwrap();
            assert_eq!(
                (location.scheme, location.authority.as_str(), location.key.as_str()),
                (scheme, authority, key),
                "{uri}"
            );
            assert!(is_fetchable(uri));
        }
    }

    #[test]
    fn odd_uris_are_refused_without_their_secrets() {
        for (uri, shown, why) in [
            ("minio://b/x", "minio://b/x", "only s3://"),
            ("s3:///x", "s3:///x", "is missing"),
            ("s3://user:pass@b/x", "s3://user:pass@b/x", "no bucket"),
            ("s3://b/../x", "s3://b/../x", "between slashes"),
            ("s3://b//x", "s3://b//x", "between slashes"),
            ("s3://b/a\nb", "s3://b/a\nb", "control characters"),
            ("https://user:secret@host/x?sig=secret", "https://host/x", "would be recorded"),
            ("https://host/a/%2E./x?sig=secret", "https://host/a/%2E./x", "between slashes"),
            ("https://host/a#b", "https://host/a#b", "`#`"),
        ] {
            let error = uri.parse::<Location>().unwrap_err().to_string();
            assert!(error.contains(why) && error.contains(&format!("`{shown}`")), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let shown = "https://host/x?sig=secret".parse::<Location>().unwrap().to_string();
        assert_eq!(shown, "https://host/x");
    }
}
