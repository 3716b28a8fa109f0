//! `date` and `sleep`, by the sandbox's clock, in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Failure, Io, Outcome, options};

/// The longest sleep: the sandbox's clock may be virtual, its time limits are not.
const MAX_SLEEP: f64 = 3600.0;

/// A point in time, in the calendar of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    seconds: i64,
    nanoseconds: u32,
    year: i64,
    month: u32,
    day: u32,
}

/// The furthest that is shown, some 30,000 years either way.
const FURTHEST: i64 = 1_000_000_000_000;

impl Moment {
    pub fn of(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self::at(i64::try_from(since.as_secs()).unwrap_or(FURTHEST), since.subsec_nanos()),
            Err(error) => Self::at(-i64::try_from(error.duration().as_secs()).unwrap_or(FURTHEST), 0),
        }
    }

    /// From seconds since 1970. The calendar by Howard Hinnant's algorithm `civil_from_days`.
    fn at(seconds: i64, nanoseconds: u32) -> Self {
        let seconds = seconds.clamp(-FURTHEST, FURTHEST);
        let days = seconds.div_euclid(86400) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |n: i64| u32::try_from(n).unwrap_or(0);
        Self { seconds, nanoseconds, year, month: small(month), day: small(day) }
    }

    fn days(self) -> i64 {
        self.seconds.div_euclid(86400)
    }

    /// From Sunday.
    fn weekday(self) -> i64 {
        (self.days() + 4).rem_euclid(7)
    }

    fn of_day(self) -> i64 {
        self.seconds.rem_euclid(86400)
    }

    /// From 1.
    fn day_of_year(self) -> i64 {
        self.days() - days_from_civil(self.year, 1, 1) + 1
    }

    /// The ISO week and its year.
    fn week(self) -> (i64, i64) {
        let weekday = (self.weekday() + 6).rem_euclid(7);
        let thursday = Self::at((self.days() - weekday + 3) * 86400, 0);
        ((thursday.day_of_year() - 1) / 7 + 1, thursday.year)
    }
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment as `date +FORMAT` writes it.
pub fn format(template: &str, moment: &Moment) -> String {
    let (hour, minute, second) = (moment.of_day() / 3600, moment.of_day() / 60 % 60, moment.of_day() % 60);
    let day_name = DAYS[usize::try_from(moment.weekday()).unwrap_or(0)];
    let month_name = MONTHS[usize::try_from(moment.month.clamp(1, 12) - 1).unwrap_or(0)];
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        // `%-d` has no nought before it, `%_d` a blank; `%3N` has three digits, `%:z` a colon.
        let flag = chars.next_if(|c| matches!(c, '-' | '_' | '0' | '^' | ':'));
        let mut digits = None;
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            digits = Some((digits.unwrap_or(0) * 10 + (digit as usize - '0' as usize)).min(9));
        }
        let number = |n: i64, width: usize, fill: char| match (flag, fill) {
            (Some('-'), _) => n.to_string(),
            (Some('_'), _) | (None, ' ') => format!("{n:width$}"),
            _ => format!("{n:0width$}"),
        };
        let Some(conversion) = chars.next() else {
            out.push('%');
            break;
        };
        let text = match conversion {
            'Y' => moment.year.to_string(),
            'C' => number(moment.year / 100, 2, '0'),
            'y' => number(moment.year.rem_euclid(100), 2, '0'),
            'm' => number(i64::from(moment.month), 2, '0'),
            'd' => number(i64::from(moment.day), 2, '0'),
            'e' => number(i64::from(moment.day), 2, ' '),
            'H' => number(hour, 2, '0'),
            'k' => number(hour, 2, ' '),
            'I' => number(half, 2, '0'),
            'l' => number(half, 2, ' '),
            'M' => number(minute, 2, '0'),
            'S' => number(second, 2, '0'),
            's' => moment.seconds.to_string(),
            'N' => format!("{:09}", moment.nanoseconds)[..digits.unwrap_or(9)].to_owned(),
            'j' => number(moment.day_of_year(), 3, '0'),
            'u' => if moment.weekday() == 0 { 7 } else { moment.weekday() }.to_string(),
            'w' => moment.weekday().to_string(),
            'V' => number(moment.week().0, 2, '0'),
            'G' => moment.week().1.to_string(),
            'U' => number((moment.day_of_year() + 6 - moment.weekday()) / 7, 2, '0'),
            'W' => number((moment.day_of_year() + 6 - (moment.weekday() + 6) % 7) / 7, 2, '0'),
            'a' => day_name[..3].to_owned(),
            'A' => day_name.to_owned(),
            'b' | 'h' => month_name[..3].to_owned(),
            'B' => month_name.to_owned(),
            'p' => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            'P' => if hour < 12 { "am" } else { "pm" }.to_owned(),
            'F' => format("%Y-%m-%d", moment),
            'D' | 'x' => format("%m/%d/%y", moment),
            'T' | 'X' => format("%H:%M:%S", moment),
            'R' => format("%H:%M", moment),
            'r' => format("%I:%M:%S %p", moment),
            'c' => format("%a %b %e %H:%M:%S %Y", moment),
            'z' => if flag == Some(':') { "+00:00" } else { "+0000" }.to_owned(),
            'Z' => "UTC".to_owned(),
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        };
        out.push_str(&if flag == Some('^') { text.to_uppercase() } else { text });
    }
    out
}

/// `2024-02-03T04:05:06Z`, `@123`, `now`, `yesterday`, `2 days ago`, `+1 hour`.
fn parse(text: &str, now: Moment) -> Option<Moment> {
    let mut seconds = now.seconds;
    let mut nanoseconds = now.nanoseconds;
    // The `T` of ISO 8601 stands before an hour; other letters belong to words.
    let digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit());
    let separates = |at: usize| {
        digit(text.as_bytes().get(at + 1).copied()) && at > 0 && digit(text.as_bytes().get(at - 1).copied())
    };
    let text: String =
        text.char_indices().map(|(at, c)| if c == ',' || (c == 'T' && separates(at)) { ' ' } else { c }).collect();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let lower = word.to_lowercase();
        if let Some(epoch) = lower.strip_prefix('@') {
            (seconds, nanoseconds) = (epoch.split('.').next()?.parse().ok()?, 0);
            continue;
        }
        match lower.as_str() {
            "now" | "today" | "utc" | "z" | "gmt" | "+0000" | "+00:00" => {}
            "yesterday" => seconds = seconds.checked_sub(86400)?,
            "tomorrow" => seconds = seconds.checked_add(86400)?,
            _ => {
                let word = lower.strip_suffix('z').filter(|w| w.contains(':')).unwrap_or(&lower);
                if let Some((hour, rest)) = word.split_once(':') {
                    let (minute, second) = rest.split_once(':').unwrap_or((rest, "0"));
                    let second = second.split(['.', '+']).next()?;
                    let (hour, minute, second): (i64, i64, i64) =
                        (hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?);
                    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..61).contains(&second) {
                        return None;
                    }
                    (seconds, nanoseconds) =
                        (seconds.div_euclid(86400) * 86400 + hour * 3600 + minute * 60 + second, 0);
                } else if word.matches(['-', '/']).count() == 2 && word.starts_with(|c: char| c.is_ascii_digit()) {
                    let mut parts = word.split(['-', '/']).map(|part| part.parse::<i64>().ok());
                    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
                    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=30_000).contains(&year) {
                        return None;
                    }
                    (seconds, nanoseconds) = (days_from_civil(year, month, day) * 86400, 0);
                } else {
                    let (count, unit) = match word.parse::<i64>() {
                        Ok(count) => (count, words.next()?.to_lowercase()),
                        Err(_) => (
                            1,
                            if word == "next" || word == "last" { words.next()?.to_lowercase() } else { return None },
                        ),
                    };
                    let unit = match unit.trim_end_matches('s') {
                        "sec" | "second" => 1,
                        "min" | "minute" => 60,
                        "hour" => 3600,
                        "day" => 86400,
                        "week" => 7 * 86400,
                        "fortnight" => 14 * 86400,
                        _ => return None,
                    };
                    let ago = words.next_if(|word| *word == "ago").is_some() || word == "last";
                    seconds = seconds.checked_add(count.checked_mul(if ago { -unit } else { unit })?)?;
                }
            }
        }
    }
    Some(Moment::at(seconds, nanoseconds))
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
    let mut moment = Moment::of(SystemTime::now());
    if let Some(text) = options.value('d') {
        moment = parse(text, moment).ok_or_else(|| Failure::new(format!("invalid date '{text}'")))?;
    } else if let Some(name) = options.value('r') {
        let modified = io.path(name).metadata().and_then(|metadata| metadata.modified());
        moment = Moment::of(modified.map_err(|error| Failure::new(crate::redirect::say(name, &error)))?);
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
    io.line(format(template, &moment).as_bytes())?;
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

    #[test]
    fn the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 4 001 01"),
            (951_782_400, "2000-02-29 00:00:00 2 060 09"),
            (1_704_067_199, "2023-12-31 23:59:59 7 365 52"),
            (1_704_067_200, "2024-01-01 00:00:00 1 001 01"),
            (-1, "1969-12-31 23:59:59 3 365 01"),
        ] {
            assert_eq!(format("%F %T %u %j %V", &Moment::at(seconds, 0)), text);
        }
        assert_eq!(format("%-d %b %I %p %3N %:z %%", &Moment::at(0, 5_000_000)), "1 Jan 12 AM 005 +00:00 %");
        let _ = (format("%", &Moment::at(i64::MAX, 0)), format("%Q%5", &Moment::at(i64::MIN, 0)));
    }

    #[test]
    fn dates_as_text() {
        let now = Moment::at(1_704_067_200, 0);
        for (text, seconds) in [
            ("@5", 5),
            ("2024-01-02", 1_704_153_600),
            ("2024-01-01T01:00:00Z", 1_704_070_800),
            ("2024-01-01 00:00:01 UTC", 1_704_067_201),
            ("yesterday", 1_703_980_800),
            ("2 days ago", 1_703_894_400),
            ("+1 hour", 1_704_070_800),
        ] {
            assert_eq!(parse(text, now).map(|moment| moment.seconds), Some(seconds), "{text}");
        }
        for wrong in ["x", "2024-13-01", "25:00", "5", "9999999999999999999 days"] {
            assert_eq!(parse(wrong, now), None, "{wrong}");
        }
    }
}
