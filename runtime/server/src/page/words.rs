//! Text of others, and numbers, as the page shows them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use weft::words::text::{printable, shorten};

/// Text of others for the page: control characters, and those that turn the direction of writing, are replaced. Markup is escaped where
/// it is put into the page.
pub(super) fn plain(text: &str) -> String {
    printable(text).into_owned()
}

/// The same on one line, cut to so many characters.
pub(super) fn short(text: &str, most: usize) -> String {
    shorten(&weft::words::text::one_line(text), most).into_owned()
}

/// A log without the sequences that colour it on a terminal.
pub(super) fn log(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\x1b[") {
        out.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        // Parameters and intermediate characters, and then one final character.
        let end = after.find(|c: char| !matches!(c, '\u{20}'..='\u{3f}')).unwrap_or(after.len());
        let last = after[end..].chars().next().filter(|c| matches!(c, '\u{40}'..='\u{7e}'));
        rest = &after[end + last.map_or(0, char::len_utf8)..];
    }
    out.push_str(rest);
    // A line that was overwritten, such as a progress bar, is shown as it was at last.
    let lines: Vec<&str> =
        out.split('\n').map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or(line)).collect();
    plain(&lines.join("\n"))
}

/// A number of a metric: four digits behind the point, or as many as it takes for four that count.
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let json = serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), serde_json::Value::Number);
    weft::words::value::parameter(&json)
}

/// A count with its noun.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(n as u64)) }
}

/// `1,234,567`
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What may stand in a part of a path or a query as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A part of a path or a query, with everything escaped that could end it.
pub(super) fn encoded(part: &str) -> String {
    utf8_percent_encode(part, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_lose_what_is_meant_for_terminals() {
        assert_eq!(log("\x1b[1;31mred\x1b[0m\n10 %\r50 %\r100 %\r\nend\x1b["), "red\n100 %\nend");
        assert_eq!(log("a\x07b\u{202e}c"), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.976_744_186, 3.0, 1e-7, 1234.5, f64::NAN].map(number);
        assert_eq!(shown, ["0.9767", "3", "1.000e-7", "1234.5", "NaN"]);
        assert_eq!([1, 999, 1_000, 1_234_567].map(grouped), ["1", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn nothing_ends_a_part_of_a_path() {
        assert_eq!(encoded("a/b?c=&d#é\"<"), "a%2Fb%3Fc%3D%26d%23%C3%A9%22%3C");
    }
}
