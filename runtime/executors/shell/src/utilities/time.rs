//! `date` and `sleep`, by the sandbox's clock, in UTC.

use std::time::{Duration, SystemTime};

use jiff::fmt::strtime::{BrokenDownTime, Config, PosixCustom};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned, civil};

use super::{Failure, Io, Outcome, options};

/// The longest sleep: the sandbox's clock may be virtual, its time limits are not.
const MAX_SLEEP: f64 = 3600.0;

/// What a clock or a file tells; what lies beyond the year 9999 is its end.
pub fn moment(time: SystemTime) -> Zoned {
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC)
}

/// A time as `date +TEMPLATE` writes it; what is no conversion stays as it is.
pub fn format(template: &str, time: &Zoned) -> String {
    let config = Config::new().custom(PosixCustom::new()).lenient(true);
    BrokenDownTime::from(time).to_string_with_config(&config, template).unwrap_or_else(|_| template.to_owned())
}

/// The same for seconds since 1970.
pub fn format_seconds(template: &str, seconds: i64) -> String {
    let limit = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    format(template, &Timestamp::from_second(seconds).unwrap_or(limit).to_zoned(TimeZone::UTC))
}

/// Seconds since 1970 of a year, month, day, hour, minute and second.
pub fn seconds_of(parts: &[i64]) -> Option<i64> {
    let [year, month, day, hour, minute, second] = *parts.first_chunk()?;
    let start = civil::DateTime::new(year.try_into().ok()?, 1, 1, 0, 0, 0, 0).ok()?;
    // Months and days out of range count on.
    let span = jiff::Span::new().try_months(month - 1).ok()?.try_days(day - 1).ok()?;
    let span = span.try_hours(hour).ok()?.try_minutes(minute).ok()?.try_seconds(second).ok()?;
    Some(start.checked_add(span).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn parse(text: &str, now: &Zoned) -> Option<Zoned> {
    let parsed = parse_datetime::parse_datetime_at_date(now.clone(), text).ok()?.into_zoned()?;
    Some(parsed.with_time_zone(TimeZone::UTC))
}

pub fn date(io: &mut Io, arguments: &[String]) -> Outcome {
    // `-I` may have its precision glued to it.
    let mut iso = None;
    let arguments: Vec<String> = arguments
        .iter()
        .filter(|argument| match argument.strip_prefix("--iso-8601").or_else(|| argument.strip_prefix("-I")) {
            Some(precision) => {
                iso = Some(precision.trim_start_matches('=').to_owned());
                false
            }
            None => true,
        })
        .cloned()
        .collect();
    let long =
        [("utc", 'u'), ("universal", 'u'), ("date", 'd'), ("reference", 'r'), ("rfc-email", 'R'), ("rfc-3339", 'F')];
    let options = options(&arguments, "ud:r:RF:", &long)?;
    let mut time = moment(SystemTime::now());
    if let Some(text) = options.value('d') {
        time = parse(text, &time).ok_or_else(|| Failure::new(format!("invalid date '{text}'")))?;
    } else if let Some(name) = options.value('r') {
        let modified = io.path(name).metadata().and_then(|metadata| metadata.modified());
        time = moment(modified.map_err(|error| Failure::new(crate::redirect::say(name, &error)))?);
    }
    let template = match options.operands.as_slice() {
        [] if options.has('R') => "%a, %d %b %Y %H:%M:%S %z",
        [] if options.has('F') => {
            if options.value('F') == Some("date") {
                "%F"
            } else {
                "%F %T%:z"
            }
        }
        [] => match iso.as_deref() {
            None => "%a %b %e %H:%M:%S %Z %Y",
            Some("" | "date") => "%F",
            Some("h" | "hours") => "%FT%H%:z",
            Some("m" | "minutes") => "%FT%H:%M%:z",
            Some("ns") => "%FT%T,%N%:z",
            Some(_) => "%FT%T%:z",
        },
        [template] if template.starts_with('+') => &template[1..],
        _ => return Err(Failure::new("the clock cannot be set; a format begins with `+`")),
    };
    io.line(format(template, &time).as_bytes())?;
    Ok(0)
}

/// `1.5`, `2m`: seconds.
pub fn duration(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        "inf" | "infinity" if digits.is_empty() => return Some(MAX_SLEEP),
        _ => return None,
    };
    digits.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0).map(|n| n * unit)
}

pub fn sleep(io: &mut Io, arguments: &[String]) -> Outcome {
    if arguments.is_empty() {
        return Err(Failure::new("missing operand"));
    }
    let mut total = 0.0;
    for text in arguments {
        total += duration(text).ok_or_else(|| Failure::new(format!("invalid time interval '{text}'")))?;
    }
    std::io::Write::flush(&mut io.out)?;
    std::thread::sleep(Duration::from_secs_f64(total.min(MAX_SLEEP)));
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Zoned {
        Timestamp::from_second(seconds).unwrap().to_zoned(TimeZone::UTC)
    }

    #[test]
    fn the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 4 001 01"),
            (951_782_400, "2000-02-29 00:00:00 2 060 09"),
            (1_704_067_199, "2023-12-31 23:59:59 7 365 52"),
            (1_704_067_200, "2024-01-01 00:00:00 1 001 01"),
            (-1, "1969-12-31 23:59:59 3 365 01"),
        ] {
            assert_eq!(format("%F %T %u %j %V", &at(seconds)), text);
        }
        let time = Timestamp::from_millisecond(5).unwrap().to_zoned(TimeZone::UTC);
        assert_eq!(format("%-d %b %I %p %3N %:z %% %c", &time), "1 Jan 12 AM 005 +00:00 % Thu Jan  1 00:00:00 1970");
        for odd in ["%", "%Q%5", "%:", "%99999999999d", "%E"] {
            let _ = (format_seconds(odd, i64::MAX), format_seconds(odd, i64::MIN));
        }
    }

    #[test]
    fn dates_as_text() {
        let now = at(1_704_067_200);
        for (text, seconds) in [
            ("@5", 5),
            ("2024-01-02", 1_704_153_600),
            ("2024-01-01T01:00:00Z", 1_704_070_800),
            ("2024-01-01 00:00:01 UTC", 1_704_067_201),
            ("yesterday", 1_703_980_800),
            ("2 days ago", 1_703_894_400),
            ("+1 hour", 1_704_070_800),
        ] {
            assert_eq!(parse(text, &now).map(|time| time.timestamp().as_second()), Some(seconds), "{text}");
        }
        for wrong in ["nonsense", "2024-13-01", "25:00", "9999999999999999999 days"] {
            assert_eq!(parse(wrong, &now), None, "{wrong}");
        }
        assert_eq!(seconds_of(&[2024, 14, 31, 0, 0, 0]), Some(1_740_960_000));
        assert_eq!(seconds_of(&[1, 2]), None);
    }
}
