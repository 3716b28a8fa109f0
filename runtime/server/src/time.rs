//! Times as the API writes them: RFC 3339 in UTC.

use jiff::Timestamp;

/// `2026-01-02T03:04:05Z`, with milliseconds if there are any.
pub fn rfc3339(ms: i64) -> String {
    let Ok(time) = Timestamp::from_millisecond(ms) else { return "1970-01-01T00:00:00Z".to_owned() };
    let format = if ms % 1000 == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%3fZ" };
    time.strftime(format).to_string()
}

/// Milliseconds since the epoch of a time with an offset.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    text.trim().parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        assert_eq!(rfc3339(1_767_323_045_000), "2026-01-02T03:04:05Z");
        assert_eq!(rfc3339(1_767_323_045_678), "2026-01-02T03:04:05.678Z");
        assert_eq!(parse_rfc3339("2026-01-02T03:04:05.678Z"), Some(1_767_323_045_678));
        assert_eq!(parse_rfc3339("2026-01-02T05:04:05+02:00"), Some(1_767_323_045_000));
        assert_eq!(parse_rfc3339("2026-01-02"), None);
    }
}
