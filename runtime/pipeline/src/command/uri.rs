//! URIs of artifacts: texts that lead to the same content inside of a step and outside of it.
//!
//! A command sees an artifact's content at its URI, which is a path: KFP's SDK takes paths as they are.
//!
//! - `/in/blake3-HEX` is content, known by its digest: what inputs are called. `/in/blake3-tree-HEX/part` is a part of a directory.
//! - `/out/HEX/NAME` is an output of the step of that identity. It is known before there is any content; the metadata store
//!   keeps what became of it.
//! - `gs://bucket/name` and the like are names in another system, which a command gave an output. Where the SDK has a local path for
//!   one, the content is there.
//!
//! None of them says anything of a run.

use std::borrow::Cow;

use serde_json::Value;

use super::layout::is_plain;

/// The property of an artifact that holds the URI in another system which its command gave it (`gs://..`). It is shown to commands as
/// the artifact's URI and not among its metadata.
pub const REMOTE_URI: &str = "kfp_uri";

/// Where content is seen.
const CONTENT: &str = "/in/blake3-";
/// What follows that for a directory.
const TREE: &str = "tree-";
/// Where a step's outputs are seen.
const OUTPUT: &str = "/out/";
/// Digits of a digest.
const DIGITS: usize = 64;
/// Schemes for which KFP's SDK has local paths, and where these begin.
const MOUNTED: [(&str, &str); 4] =
    [("gs://", "/gcs/"), ("s3://", "/s3/"), ("minio://", "/minio/"), ("oci://", "/oci/")];

/// What a URI of ours leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Content.
    Content {
        /// The URI without what follows.
        uri: &'a str,
        /// A path in it, if it is a directory; else empty.
        inside: &'a str,
    },
    /// An output of a step, or something in it: the URI is the longest beginning at a slash that is known.
    Output(&'a str),
}

/// The URI of content whose digest is written as the store has it: `blake3:HEX`, `blake3-tree:HEX`.
pub fn of_content(id: &str) -> String {
    format!("/in/{}", id.replacen(':', "-", 1))
}

/// The directory of the outputs of the step with this identity.
pub fn of_outputs(identity: &[u8; 32]) -> String {
    let mut uri = String::from(OUTPUT);
    for byte in identity {
        // Two digits each.
        uri.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
    }
    uri
}

/// The digest of a URI of content, as the store has it.
pub fn content_id(uri: &str) -> Option<String> {
    match target(uri)? {
        Target::Content { uri: whole, inside: "" } if whole == uri => {
            let digits = uri.len() - DIGITS;
            Some(format!("{}:{}", &uri["/in/".len()..digits - 1], &uri[digits..]))
        }
        _ => None,
    }
}

/// Whether a text is a digest of content as the store has it, `blake3:HEX` or `blake3-tree:HEX`.
pub fn is_content_id(text: &str) -> bool {
    let digits = text.strip_prefix("blake3:").or_else(|| text.strip_prefix("blake3-tree:"));
    digits.and_then(self::digits) == Some("")
}

/// What a text leads to that is a URI of ours and nothing else.
pub fn target(text: &str) -> Option<Target<'_>> {
    let text = text.strip_prefix("file://").unwrap_or(text);
    let mention = mention_at(text)?;
    let end = match mention {
        Target::Content { uri, inside } => uri.len() + if inside.is_empty() { 0 } else { inside.len() + 1 },
        Target::Output(uri) => uri.len(),
    };
    // What stands alone may have any characters in it.
    Some(match mention {
        _ if end == text.len() => mention,
        Target::Content { uri, .. } => {
            Target::Content { uri, inside: text[uri.len()..].strip_prefix('/')?.trim_end_matches('/') }
        }
        Target::Output(_) => Target::Output(text.trim_end_matches('/')),
    })
}

/// Calls with each URI of content in a text.
pub fn each_content<'t>(text: &'t str, found: &mut dyn FnMut(&'t str)) {
    let mut rest = text;
    while let Some(at) = rest.find(CONTENT) {
        rest = &rest[at..];
        match mention_at(rest) {
            Some(Target::Content { uri, .. }) => {
                found(uri);
                rest = &rest[uri.len()..];
            }
            _ => rest = &rest[CONTENT.len()..],
        }
    }
}

/// A text in which URIs of outputs are replaced by those of their content, `blake3:HEX`, which `content` knows or not.
pub fn settled<'t>(text: &'t str, content: &mut dyn FnMut(&str) -> Option<String>) -> Cow<'t, str> {
    let mut out = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = text[at..].find(OUTPUT) {
        let start = at + found;
        at = start + OUTPUT.len();
        let Some(Target::Output(uri)) = mention_at(&text[start..]) else { continue };
        if let Some((uri, id)) = longest_known(uri, content) {
            out.push_str(&text[done..start]);
            out.push_str(&of_content(&id));
            done = start + uri.len();
            at = done;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// The longest beginning of an output's URI that `content` knows, and the digest of what is there.
pub fn longest_known<'t>(uri: &'t str, content: &mut dyn FnMut(&str) -> Option<String>) -> Option<(&'t str, String)> {
    let shortest = OUTPUT.len() + DIGITS + 1;
    let mut uri = uri;
    loop {
        if let Some(id) = content(uri) {
            return Some((uri, id));
        }
        // A sentence may end behind it.
        let shorter = uri.strip_suffix('.').or_else(|| uri.rsplit_once('/').map(|(parent, _)| parent))?;
        if shorter.len() <= shortest {
            return None;
        }
        uri = shorter;
    }
}

/// Whether there may be URIs of ours in a value.
pub fn is_in(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(CONTENT) || text.contains(OUTPUT) || text.contains("://"),
        Value::Array(items) => items.iter().any(is_in),
        Value::Object(fields) => fields.values().any(is_in),
        _ => false,
    }
}

/// Calls with each text in a value.
pub fn each_text<'v>(value: &'v Value, found: &mut dyn FnMut(&'v str)) {
    match value {
        Value::String(text) => found(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| each_text(field, found)),
        _ => {}
    }
}

/// Replaces texts in a value, where `map` has something else for them.
pub fn map_texts(value: &mut Value, map: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(other) = map(text) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| map_texts(item, map)),
        Value::Object(fields) => fields.values_mut().for_each(|field| map_texts(field, map)),
        _ => {}
    }
}

/// Whether a text is a URI with a scheme, such as `gs://bucket/name`: a name in another system.
pub fn is_remote(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme && !rest.is_empty() && !scheme.eq_ignore_ascii_case("file")
}

/// Whether a URI in another system is one that an importer can fetch: an object or a prefix in S3, Google Cloud Storage or Azure's blobs, a
/// file of a web server.
pub fn is_fetchable(uri: &str) -> bool {
    const SCHEMES: [&str; 7] = ["s3", "gs", "az", "abfs", "abfss", "http", "https"];
    let scheme = uri.split_once("://").map_or("", |(scheme, _)| scheme);
    SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme))
}

/// A URI as it may be shown: what follows a `?` in one of a web server is often a key to what is there.
pub fn shown(uri: &str) -> &str {
    let is_web = uri.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("http"));
    if is_web { uri.split('?').next().unwrap_or(uri) } else { uri }
}

/// The path at which KFP's SDK looks for the content of a URI in another system, if it is one that there can be.
pub fn mounted(uri: &str) -> Option<String> {
    let (rest, at) = MOUNTED.iter().find_map(|(scheme, at)| Some((uri.strip_prefix(scheme)?, at)))?;
    let rest = if *at == "/oci/" { Cow::Owned(rest.replace('/', "_")) } else { Cow::Borrowed(rest) };
    let rest = rest.trim_end_matches('/');
    let is_name = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('\0') && name.len() <= 255;
    rest.split('/').all(is_name).then(|| format!("{at}{rest}"))
}

/// The URI of ours that a text begins with.
fn mention_at(text: &str) -> Option<Target<'_>> {
    if let Some(rest) = text.strip_prefix(CONTENT) {
        let digits = digits(rest.strip_prefix(TREE).unwrap_or(rest))?;
        let end = text.len() - digits.len();
        return Some(Target::Content { uri: &text[..end], inside: digits.strip_prefix('/').map_or("", path) });
    }
    let rest = text.strip_prefix(OUTPUT)?;
    let below = path(digits(rest)?.strip_prefix('/')?);
    let end = OUTPUT.len() + DIGITS + 1 + below.len();
    (!below.is_empty()).then(|| Target::Output(&text[..end]))
}

/// What follows the digits of a digest.
fn digits(text: &str) -> Option<&str> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let (digits, rest) = text.split_at_checked(DIGITS)?;
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
    (ends && digits.as_bytes().iter().all(is_digit)).then_some(rest)
}

/// The path that a text begins with, of names such as outputs have.
fn path(text: &str) -> &str {
    let end = text.find(|c: char| !is_plain(c) && c != '%' && c != '/').unwrap_or(text.len());
    text[..end].trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn content_has_a_uri_and_back() {
        for id in [format!("blake3:{HEX}"), format!("blake3-tree:{HEX}")] {
            let uri = of_content(&id);
            assert_eq!(content_id(&uri), Some(id.clone()), "{uri}");
            assert_eq!(target(&format!("file://{uri}")), Some(Target::Content { uri: &uri, inside: "" }));
            let part = format!("{uri}/a b/c.csv");
            assert_eq!(target(&part), Some(Target::Content { uri: &uri, inside: "a b/c.csv" }));
            assert_eq!(content_id(&part), None);
            assert!(is_content_id(&id) && !is_content_id(&uri) && !is_content_id(&id.replace(':', "-")));
        }
        let short = format!("/in/blake3-{}", &HEX[1..]);
        let odd =
            [format!("/in/blake3-{HEX}x"), format!("/in/blake3-{HEX}.joblib"), format!("/x/in/blake3-{HEX}"), short];
        for text in odd.iter().map(String::as_str).chain(["/in", "/in/blake3-", "/in/blake3-tree-", "", "/out/"]) {
            assert_eq!(content_id(text), None, "{text}");
        }
    }

    #[test]
    fn outputs_have_uris_that_are_found_in_texts() {
        let dir = of_outputs(&[0xab; 32]);
        assert_eq!(dir, format!("/out/{}", "ab".repeat(32)));
        let mut known = |uri: &str| (uri == format!("{dir}/model")).then(|| format!("blake3-tree:{HEX}"));
        let content = format!("/in/blake3-tree-{HEX}");
        for (text, expected) in [
            ("<>", "{}"),
            ("at <>.", "at {}."),
            ("<>/part-0,<>/", "{}/part-0,{}/"),
            ("(\"<>\", 'x')", "(\"{}\", 'x')"),
            ("<>.joblib <>x", "<>.joblib <>x"),
            ("<>/../other", "{}/../other"),
            ("/out/x <", "/out/x <"),
        ] {
            let text = text.replace("<>", &format!("{dir}/model"));
            let expected = expected.replace("{}", &content).replace("<>", &format!("{dir}/model"));
            assert_eq!(settled(&text, &mut known), expected);
        }
        assert_eq!(target(&format!("{dir}/a b")), Some(Target::Output(&format!("{dir}/a b"))));
        assert_eq!(target(&dir), None);
    }

    #[test]
    fn content_is_found_in_texts() {
        let uri = format!("/in/blake3-{HEX}");
        let text = format!("{{\"a\": \"{uri}\", \"b\": \"{uri}/x\"}} {uri}. {uri}0 /in/blake3-");
        let mut found = Vec::new();
        each_content(&text, &mut |uri| found.push(uri));
        assert_eq!(found, [uri.as_str(); 3]);
    }

    #[test]
    fn paths_of_other_systems_are_the_sdks() {
        // What `Artifact.path` of kfp 2.17.3 gives.
        for (uri, path) in [
            ("gs://b/x/y", Some("/gcs/b/x/y")),
            ("minio://mlpipeline/x", Some("/minio/mlpipeline/x")),
            ("s3://b/x", Some("/s3/b/x")),
            ("oci://registry/model:tag", Some("/oci/registry_model:tag")),
            ("https://h/x", None),
            ("gs://", None),
            ("gs://b/../../x", None),
            ("gs://b//x", None),
            ("/gcs/b/x", None),
        ] {
            assert_eq!(mounted(uri).as_deref(), path, "{uri}");
        }
        assert!(is_remote("https://h/x") && is_remote("hf://m"));
        assert!(!is_remote("/in/x") && !is_remote("file:///x") && !is_remote("a b://c") && !is_remote("model.txt"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in r"(/in/blake3-|tree-|/out/|[0-9a-f]{64}|/|\.|é|a){0,12}") {
            let _ = (target(&text), content_id(&text), settled(&text, &mut |_| None));
            each_content(&text, &mut |_| {});
            let _ = settled(&text, &mut |_| Some(format!("blake3:{HEX}")));
        }
    }
}
