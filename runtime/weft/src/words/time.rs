//! Points in time and durations as people read them. All times are UTC, as those in the ids of runs are.

use std::time::Duration;

use weft_pipeline::calendar::civil;

/// `< 1 ms`, `12 ms`, `0.41 s`, `41.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let whole = (duration + Duration::from_millis(500)).as_secs();
    match seconds {
        s if s < 0.001 => "< 1 ms".to_owned(),
        s if s < 0.0995 => format!("{:.0} ms", s * 1000.0),
        s if s < 9.995 => format!("{s:.2} s"),
        s if s < 59.95 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{} min {} s", whole / 60, whole % 60),
        s if s < 86_400.0 => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// How long ago a time is, given in milliseconds since the epoch: `just now`, `3 min ago`, `2 days ago`
pub fn ago(then_ms: i64, now_ms: i64) -> String {
    let seconds = (now_ms - then_ms) / 1000;
    match seconds {
        ..5 => "just now".to_owned(),
        5..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        86_400..172_800 => "1 day ago".to_owned(),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// `2026-01-02 03:04:05 UTC`, of milliseconds since the epoch.
pub fn stamp(ms: i64) -> String {
    let ((year, month, day), (hour, minute, second)) = civil(ms);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_what_matters() {
        let shown =
            [0, 400, 12_345, 99_600, 414_000, 9_999_000, 59_960_000, 185_000_000, 7_800_000_000, 273_600_000_000]
                .map(|us| duration(Duration::from_micros(us)));
        assert_eq!(
            shown,
            [
                "< 1 ms",
                "< 1 ms",
                "12 ms",
                "0.10 s",
                "0.41 s",
                "10.0 s",
                "1 min 0 s",
                "3 min 5 s",
                "2 h 10 min",
                "3 d 4 h"
            ]
        );
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(stamp(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(stamp(951_782_399_000), "2000-02-28 23:59:59 UTC");
        assert_eq!(stamp(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(stamp(4_107_542_400_000), "2100-03-01 00:00:00 UTC");
        assert_eq!(stamp(-1), "1969-12-31 23:59:59 UTC");
    }

    #[test]
    fn ages_are_rough() {
        let shown = [-5_000, 4_999, 42_000, 180_000, 7_200_000, 90_000_000, 999_000_000].map(|ms| ago(0, ms));
        assert_eq!(shown, ["just now", "just now", "42 s ago", "3 min ago", "2 h ago", "1 day ago", "11 days ago"]);
    }
}
