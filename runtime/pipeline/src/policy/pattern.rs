//! Patterns: texts in which `*` stands for any characters.

use crate::network::{Destination, Host, is_guarded};

/// Whether a pattern matches a text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

/// Whether a pattern can match a destination.
pub(super) fn is_destination(pattern: &str) -> bool {
    let Some((host, port)) = pattern.rsplit_once(':') else { return false };
    let is_port = port == "*" || port.parse::<u16>().is_ok_and(|port| port > 0);
    is_port
        && (host.replace('*', "a").parse::<Host>().is_ok()
            || host.contains('*') && !host.contains(['/', '@', ' ', ':']))
}

/// Whether a pattern has a destination. This machine and what is as near to it is had only by a pattern that names it: `*` is not meant to.
pub(super) fn has_destination(pattern: &str, destination: &Destination) -> bool {
    let Some((host, port)) = pattern.rsplit_once(':') else { return false };
    if port != "*" && port.parse() != Ok(destination.port) {
        return false;
    }
    let is_near = match &destination.host {
        Host::Address(address) => is_guarded(*address),
        name @ Host::Name(_) => name.is_literal(),
    };
    match host.parse::<Host>() {
        Ok(host) => host == destination.host,
        Err(_) if is_near => false,
        Err(_) => matches(&host.to_ascii_lowercase(), &destination.host.to_string()),
    }
}

/// Whether a URI is the one of a pattern, or below it. `s3://*` has all buckets; no other star stands for anything, and no path has a URI.
pub(super) fn has_uri(pattern: &str, uri: &str) -> bool {
    let (Some((scheme, place)), Some((own_scheme, own))) = (pattern.split_once("://"), uri.split_once("://")) else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case(own_scheme) {
        return false;
    }
    let place = place.trim_end_matches('/');
    place == "*" || own.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text) in
            [("*", ""), ("*", "x"), ("a*", "a"), ("a*c", "abc"), ("*b*", "abc"), ("a*b*c", "aXbXc"), ("ab*ba", "abba")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "x"), ("a", "ab"), ("a*c", "ab"), ("ab*ba", "aba"), ("*b", "abc"), ("a*b*c", "acb")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_uri_is_had_with_what_is_below_it() {
        for (pattern, uri) in [
            ("s3://b", "s3://b/x"),
            ("s3://b/", "S3://b"),
            ("s3://b/x", "s3://b/x/y"),
            ("s3://*", "s3://any/x"),
            ("https://h/x", "https://h/x?a=1"),
        ] {
            assert!(has_uri(pattern, uri), "{pattern} {uri}");
        }
        for (pattern, uri) in [
            ("*", "s3://b/x"),
            ("./s3", "s3://b/x"),
            ("s3://b", "s3://bc/x"),
            ("s3://b/x", "s3://b/xy"),
            ("s3://b/*", "s3://b/x"),
            ("s3://*", "gs://b/x"),
            ("https://h", "https://h.example.org/x"),
            ("https://h", "https://h@example.org/x"),
            ("https://h", "http://h/x"),
        ] {
            assert!(!has_uri(pattern, uri), "{pattern} {uri}");
        }
    }

    #[test]
    fn this_machine_is_had_by_name_alone() {
        let has = |pattern: &str, destination: &str| has_destination(pattern, &destination.parse().unwrap());
        assert!(
            has("*:443", "example.org:443")
                && has("*.example.org:*", "a.example.org:1")
                && has("10.*:80", "10.0.0.1:80")
        );
        assert!(has("Example.ORG:443", "example.org:443") && has("127.0.0.1:*", "127.0.0.1:80"));
        assert!(has("[::1]:80", "[::1]:80") && has("localhost:80", "localhost:80"));
        assert!(!has("*:443", "example.org:80") && !has("*.example.org:443", "example.org:443"));
        assert!(!has("*.example.org:443", "evilexample.org:443"));
        for near in ["127.0.0.1:80", "localhost:80", "169.254.169.254:80", "[::1]:80", "a.localhost:80"] {
            assert!(!has("*:80", near) && !has("*:*", near), "{near}");
        }
        assert!(is_destination("*:*") && is_destination("*.a.org:1") && is_destination("[::1]:80"));
        assert!(
            !is_destination("*") && !is_destination("a:x") && !is_destination("http://*:80") && !is_destination("a:0")
        );
    }
}
