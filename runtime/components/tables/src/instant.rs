//! Dates and times of the proleptic Gregorian calendar, without time zones.

use std::fmt::Write;

/// Days from 1970-01-01 to a date; none if there is no such date.
#[must_use]
pub fn days(year: i64, month: u32, day: u32) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > length(year, month) || year.abs() > 1_000_000 {
        return None;
    }
    // Years begin in March, so that the day that leap years have is their last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// The days of a month.
fn length(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The date that is so many days after 1970-01-01: year, month and day.
#[must_use]
pub fn date(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let small = |value: i64| u32::try_from(value).unwrap_or(0);
    (era * 400 + year + i64::from(month <= 2), small(month), small(day))
}

/// A date as text: `2024-02-29`.
#[must_use]
pub fn date_text(at: i64) -> String {
    let (year, month, day) = date(at);
    if year < 0 { format!("-{:04}-{month:02}-{day:02}", -year) } else { format!("{year:04}-{month:02}-{day:02}") }
}

/// A time as text, `2024-02-29T12:30:00.25`, with as many digits of a second as it needs. `units` are those of a second: 1, a thousand, a
/// million or a thousand million.
#[must_use]
pub fn time_text(at: i64, units: i64) -> String {
    let day = units * 86_400;
    let (date, rest) = (at.div_euclid(day), at.rem_euclid(day));
    let (second, fraction) = (rest / units, rest % units);
    let mut text = date_text(date);
    _ = write!(text, "T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    if fraction > 0 {
        let width = units.ilog10() as usize;
        let digits = format!("{fraction:0width$}");
        _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
    text
}

/// A date with a time of day, as parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Seconds of that day.
    pub second: i64,
}

impl Instant {
    /// Reads `2024-02-29`, `2024-02-29T12:30`, `2024-02-29 12:30:05.25`, each with `Z` or without. Fractions of a second are left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = text.as_bytes();
        let number = |range: std::ops::Range<usize>| {
            let part = text.get(range)?;
            if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse::<u32>().ok() } else { None }
        };
        if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
            return None;
        }
        let day = days(number(0..4)?.into(), number(5..7)?, number(8..10)?)?;
        let rest = text.get(10..)?;
        let rest = rest.strip_suffix('Z').unwrap_or(rest);
        if rest.is_empty() {
            return Some(Self { day, second: 0 });
        }
        if !matches!(bytes[10], b'T' | b' ') || bytes.get(13) != Some(&b':') {
            return None;
        }
        let (hour, minute) = (number(11..13)?, number(14..16)?);
        let second = match rest.get(6..) {
            None | Some("") => 0,
            Some(rest) => {
                let (whole, fraction) = rest.strip_prefix(':')?.split_once('.').unwrap_or((&rest[1..], ""));
                if whole.len() != 2 || !(whole.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                whole.parse().ok()?
            }
        };
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(Self { day, second: i64::from(hour * 3600 + minute * 60 + second) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2024, 2, 29), Some(19_782));
        assert_eq!(days(1600, 3, 1), Some(-135_080));
        assert_eq!((days(2023, 2, 29), days(2024, 13, 1), days(2024, 1, 0)), (None, None, None));
        for day in (-800_000..800_000).step_by(997) {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), Some(day));
        }
    }

    #[test]
    fn texts_are_those_of_iso_8601() {
        assert_eq!(date_text(19_782), "2024-02-29");
        assert_eq!(time_text(1_709_209_800_250, 1000), "2024-02-29T12:30:00.25");
        assert_eq!(time_text(-1, 1_000_000), "1969-12-31T23:59:59.999999");
        let parsed = Instant::parse("2024-02-29T12:30:05.25Z").unwrap();
        assert_eq!(parsed, Instant { day: 19_782, second: 45_005 });
        assert_eq!(Instant::parse("2024-02-29 00:01"), Some(Instant { day: 19_782, second: 60 }));
        for wrong in [
            "",
            "2024-2-29",
            "2023-02-29",
            "2024-02-29T25:00",
            "2024-02-29T12:30:5",
            "2024-02-29 12:30:00+01",
            "20240229",
        ] {
            assert_eq!(Instant::parse(wrong), None, "{wrong}");
        }
    }
}
