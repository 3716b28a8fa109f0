//! Parsing of durations (`1h30m`) and sizes (`512MiB`).

use std::time::Duration;

const DURATION: &str = "write a duration like `250ms`, `90s`, `10m` or `1h30m`";
const SIZE: &str = "write a size like `512MiB`, `2GB` or a number of bytes";

/// The maximum duration, a hundred years: far below the overflow of clock arithmetic.
const MAX_SECONDS: f64 = 100.0 * 366.0 * 86_400.0;

/// A duration: numbers with the units `ms`, `s`, `m`, `h` or `d`, one after the other. A number without unit is in
/// seconds.
///
/// # Errors
/// The expected form.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    let alone = rest.parse::<f64>().is_ok();
    while !rest.is_empty() {
        let (number, unit, after) = split(rest).ok_or(DURATION)?;
        seconds += number
            * match unit {
                "ms" => 0.001,
                "s" | "sec" => 1.0,
                "" if alone => 1.0,
                "m" | "min" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                "" => return Err(format!("a unit is missing; {DURATION}")),
                other => return Err(format!("`{other}` is no unit of time; {DURATION}")),
            };
        rest = after;
    }
    if text.trim().is_empty() {
        return Err(DURATION.to_owned());
    }
    if seconds > MAX_SECONDS {
        return Err("that is more than a hundred years".to_owned());
    }
    Duration::try_from_secs_f64(seconds)
        // Decimal fractions are not exact in binary. The rounding removes the nanoseconds of that error.
        .map(|exact| Duration::from_micros(u64::try_from((exact.as_nanos() + 500) / 1_000).unwrap_or(u64::MAX)))
        .map_err(|_| DURATION.to_owned())
}

/// A number of bytes: `512MiB`, `2GB`, `1.5 GiB`, `4096`. As in Kubernetes, `Mi` and `M` are units too.
///
/// # Errors
/// The expected form.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    if let Ok(bytes) = text.parse::<u64>() {
        return Ok(bytes);
    }
    let (number, unit, rest) = split(text).ok_or(SIZE)?;
    if !rest.is_empty() {
        return Err(SIZE.to_owned());
    }
    let factor = match unit.to_ascii_lowercase().trim_end_matches('b') {
        "" => 1_u64,
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        "t" => 1_000_000_000_000,
        "ki" => 1 << 10,
        "mi" => 1 << 20,
        "gi" => 1 << 30,
        "ti" => 1 << 40,
        _ => return Err(format!("`{unit}` is no unit of size; {SIZE}")),
    };
    #[expect(clippy::cast_precision_loss, reason = "factors are exact doubles")]
    let bytes = number * factor as f64;
    // 2^63 bytes exceed any host, and the cast below is exact in range up to there.
    if bytes >= 9_223_372_036_854_775_808.0 {
        return Err("that is more than any host has".to_owned());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked; part of a byte is cut off")]
    let bytes = bytes as u64;
    Ok(bytes)
}

/// The number and the unit at the start, and the rest.
fn split(text: &str) -> Option<(f64, &str, &str)> {
    let text = text.trim_start();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let after = text[digits..].trim_start();
    let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
    Some((number, &after[..letters], after[letters..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, millis) in [
            ("250ms", 250),
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1h 30m 5s", 5_405_000),
            ("1.5s", 1_500),
            ("0.1s", 100),
            ("2d", 172_800_000),
            ("7", 7_000),
            ("0", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for wrong in ["", "s", "5 parsecs", "1h30", "-5s", "1..2s", "99999999999d", "NaN", "inf", "é", "5s é"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("512MiB", 512 << 20),
            ("2GB", 2_000_000_000),
            ("1.5 GiB", 3 << 29),
            ("4096", 4096),
            ("64Ki", 64 << 10),
            ("10 kB", 10_000),
            ("7b", 7),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "MiB", "5 bananas", "-1", "1MiB 2", "99999999999999999999999 TiB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
