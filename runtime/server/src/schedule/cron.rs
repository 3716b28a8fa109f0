//! Cron expressions as KFP's controller reads them: seconds first, and every instant whose local time fits.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// A cron expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Cron {
    zone: Option<TimeZone>,
    when: When,
}

#[derive(Debug, Clone, PartialEq)]
enum When {
    /// `@every`: so many seconds after the last time.
    Every(i64),
    Fields(Box<Fields>),
}

/// The values that each field takes, one bit each.
#[derive(Debug, Clone, PartialEq)]
struct Fields {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether day of month or weekday is not restricted: then both must fit, else one of them.
    both: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// The farthest that is looked ahead, in years.
const HORIZON: i16 = 5;

impl Cron {
    /// Reads an expression: five or six fields (the weekday may be left out), `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`,
    /// `@yearly`, `@annually` or `@every 1h30m`; `TZ=Area/City` or `CRON_TZ=Area/City` may stand in front.
    ///
    /// # Errors
    /// Says which field is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut text = text.trim();
        let mut zone = None;
        if let Some(rest) = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ=")) {
            let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            zone = Some(time_zone(name)?);
            text = rest.trim();
        }
        Ok(Self { zone, when: When::parse(text)? })
    }

    /// The first time after another, in milliseconds since the epoch: none within five years, none. `zone` is that of expressions that
    /// name none.
    pub fn next(&self, after_ms: i64, zone: &TimeZone) -> Option<i64> {
        let after = Timestamp::from_millisecond(after_ms).ok()?;
        match &self.when {
            When::Every(seconds) => after_ms.div_euclid(1000).checked_add(*seconds)?.checked_mul(1000),
            When::Fields(fields) => {
                let zone = self.zone.as_ref().unwrap_or(zone);
                fields.next(after, zone).map(Timestamp::as_millisecond)
            }
        }
    }
}

/// The time zone of a name of the IANA database.
///
/// # Errors
/// There is none of this name.
pub fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("there is no time zone `{name}`; zones are called like `Europe/Berlin`"))
}

impl When {
    fn parse(text: &str) -> Result<Self, String> {
        let fields = match text {
            "@yearly" | "@annually" => "0 0 0 1 1 *",
            "@monthly" => "0 0 0 1 * *",
            "@weekly" => "0 0 0 * * 0",
            "@daily" | "@midnight" => "0 0 0 * * *",
            "@hourly" => "0 0 * * * *",
            _ => {
                if let Some(every) = text.strip_prefix("@every ") {
                    return every_seconds(every.trim()).map(Self::Every);
                }
                if text.starts_with('@') {
                    return Err(format!(
                        "`{text}` is none of @hourly, @daily, @weekly, @monthly, @yearly, @every 1h30m"
                    ));
                }
                text
            }
        };
        let mut fields: Vec<&str> = fields.split_whitespace().collect();
        if fields.len() == 5 {
            fields.push("*");
        }
        let [seconds, minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(format!(
                "a cron expression has six fields (second, minute, hour, day of month, month, weekday), `{text}` has {}",
                text.split_whitespace().count()
            ));
        };
        let (days, any_day) = field("day of month", days, 1, 31, &[])?;
        let (weekdays, any_weekday) = field("weekday", weekdays, 0, 6, &WEEKDAYS)?;
        Ok(Self::Fields(Box::new(Fields {
            seconds: field("second", seconds, 0, 59, &[])?.0,
            minutes: field("minute", minutes, 0, 59, &[])?.0,
            hours: field("hour", hours, 0, 23, &[])?.0,
            days,
            months: field("month", months, 1, 12, &MONTHS)?.0,
            weekdays,
            both: any_day || any_weekday,
        })))
    }
}

/// The values of a field, and whether it has a `*` or `?`.
fn field(what: &str, text: &str, min: u64, max: u64, names: &[&str]) -> Result<(u64, bool), String> {
    let wrong = |why: &str| format!("the {what} `{text}` of the cron expression {why}");
    let number = |text: &str| -> Result<u64, String> {
        let lower = text.to_ascii_lowercase();
        if let Some(at) = names.iter().position(|name| *name == lower) {
            return Ok(min + at as u64);
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("is no number"));
        }
        text.parse().map_err(|_| wrong("is too large"))
    };
    let (mut bits, mut any) = (0, false);
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step)?)),
            None => (part, None),
        };
        let (low, high) = match range.split_once('-') {
            None if matches!(range, "*" | "?") => {
                any = true;
                (min, max)
            }
            None => {
                let low = number(range)?;
                // `5/10` goes on to the end.
                (low, if step.is_some() { max } else { low })
            }
            Some((low, high)) => (number(low)?, number(high)?),
        };
        let step = step.unwrap_or(1);
        if low < min || high > max {
            return Err(wrong(&format!("is not between {min} and {max}")));
        }
        if low > high {
            return Err(wrong("ends before it begins"));
        }
        if step == 0 {
            return Err(wrong("has a step of 0"));
        }
        let mut value = low;
        while value <= high {
            bits |= 1_u64 << value;
            value = value.saturating_add(step);
        }
    }
    if bits == 0 { Err(wrong("is empty")) } else { Ok((bits, any)) }
}

/// Seconds of a duration as Go writes it: `1h30m`, `90s`; at least one.
fn every_seconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no duration; write it as `1h30m` or `90s`");
    let (mut rest, mut seconds) = (text, 0.0_f64);
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
        let unit_end = rest[end..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |at| end + at);
        let unit = match &rest[end..unit_end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return Err(wrong()),
        };
        seconds += number * unit;
        rest = &rest[unit_end..];
    }
    // Up to three centuries, as Go's durations.
    if !(0.0..9.2e9).contains(&seconds) {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, reason = "fractions of seconds are dropped, and it was bounded")]
    let whole = seconds as i64;
    Ok(whole.max(1))
}

impl Fields {
    /// The first whole second after a time whose local time fits.
    fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut at = Timestamp::from_second(after.as_second()).ok()?;
        at = at.checked_add(SignedDuration::from_secs(1)).ok()?;
        let last_year = at.to_zoned(zone.clone()).year() + HORIZON;
        loop {
            let local = at.to_zoned(zone.clone());
            if local.year() > last_year {
                return None;
            }
            let target = if !has(self.months, local.month()) {
                next_month(&local)?
            } else if !self.day_fits(&local) {
                local.tomorrow().ok()?.start_of_day().ok()?.timestamp()
            } else if !has(self.hours, local.hour()) {
                let passed = i64::from(local.minute()) * 60 + i64::from(local.second());
                at.checked_add(SignedDuration::from_secs(3600 - passed)).ok()?
            } else if !has(self.minutes, local.minute()) {
                at.checked_add(SignedDuration::from_secs(60 - i64::from(local.second()))).ok()?
            } else if has(self.seconds, local.second()) {
                return Some(at);
            } else {
                at.checked_add(SignedDuration::from_secs(1)).ok()?
            };
            // Where clocks are changed, the local time goes on elsewhere.
            let changed = zone.following(at).next().map(|transition| transition.timestamp());
            at = changed.map_or(target, |changed| target.min(changed));
        }
    }

    fn day_fits(&self, local: &Zoned) -> bool {
        let day = has(self.days, local.day());
        let weekday = has(self.weekdays, local.weekday().to_sunday_zero_offset());
        if self.both { day && weekday } else { day || weekday }
    }
}

fn has(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits >> value & 1 == 1)
}

/// The beginning of the next month.
fn next_month(local: &Zoned) -> Option<Timestamp> {
    let date = local.date().last_of_month().tomorrow().ok()?;
    Some(date.to_zoned(local.time_zone().clone()).ok()?.timestamp())
}

#[cfg(test)]
#[path = "cron_tests.rs"]
mod tests;
