//! Times in the layouts of Go, in which KFP's placeholders are written: `2006-01-02T15:04:05Z07:00` is the time that every layout shows.

use jiff::Zoned;

/// The elements of a layout with their `strftime` forms. Of two that fit, the first counts.
const ELEMENTS: &[(&str, &str)] = &[
    ("January", "%B"),
    ("Jan", "%b"),
    ("Monday", "%A"),
    ("Mon", "%a"),
    ("MST", "%Z"),
    ("2006", "%Y"),
    ("002", "%j"),
    ("01", "%m"),
    ("02", "%d"),
    ("03", "%I"),
    ("04", "%M"),
    ("05", "%S"),
    ("06", "%y"),
    ("15", "%H"),
    ("PM", "%p"),
    ("pm", "%P"),
    ("_2", "%e"),
    (".000000000", ".%9f"),
    (".000000", ".%6f"),
    (".000", ".%3f"),
    ("-07:00", "%:z"),
    ("-0700", "%z"),
    // Times are in UTC here.
    ("Z07:00", "Z"),
    ("Z0700", "Z"),
    ("1", "%-m"),
    ("2", "%-d"),
    ("3", "%-I"),
    ("4", "%-M"),
    ("5", "%-S"),
];

/// A time in a layout.
pub(super) fn format(time: &Zoned, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some((element, form)) = ELEMENTS.iter().find(|(element, _)| rest.starts_with(element)) {
            out.push_str(&time.strftime(form).to_string());
            rest = &rest[element.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn layouts_are_those_of_go() {
        let time = Timestamp::from_millisecond(1_767_323_045_678).unwrap().to_zoned(TimeZone::UTC);
        // Go's own names for layouts: RFC3339, RFC1123, Kitchen, ANSIC, StampMilli, DateTime.
        for (layout, text) in [
            ("2006-01-02T15:04:05Z07:00", "2026-01-02T03:04:05Z"),
            ("Mon, 02 Jan 2006 15:04:05 MST", "Fri, 02 Jan 2026 03:04:05 UTC"),
            ("3:04PM", "3:04AM"),
            ("Mon Jan _2 15:04:05 2006", "Fri Jan  2 03:04:05 2026"),
            ("Jan _2 15:04:05.000", "Jan  2 03:04:05.678"),
            ("2006-01-02 15:04:05", "2026-01-02 03:04:05"),
            ("Monday, January 2, '06", "Friday, January 2, '26"),
            ("1/2/2006 -0700", "1/2/2026 +0000"),
            ("é", "é"),
        ] {
            assert_eq!(format(&time, layout), text);
        }
    }
}
