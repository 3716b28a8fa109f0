//! Whole numbers in JSON that would be rounded when it is read.

/// The first whole number in a JSON text that is beyond 64 bits: `serde_json` makes a double of it, which is another number.
pub fn beyond_64_bits(json: &str) -> Option<&str> {
    let bytes = json.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let end = at + bytes[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                let number = &json[at..end];
                if is_beyond_64_bits(number) {
                    return Some(number);
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    None
}

/// Whether a text is a whole number, and neither an `i64` nor a `u64`.
pub fn is_beyond_64_bits(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.len() > 18
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<i64>().is_err()
        && text.parse::<u64>().is_err()
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// The place after the string that begins here.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_beyond_64_bits_are_found() {
        for (json, found) in [
            ("[1, -9223372036854775808, 18446744073709551615, 1e300, 12345678901234567890123.0]", None),
            (
                r#"{"a": "1180591620717411303425", "b\"": 1180591620717411303425, "c": 0}"#,
                Some("1180591620717411303425"),
            ),
            ("[[-9223372036854775809]]", Some("-9223372036854775809")),
            ("18446744073709551616", Some("18446744073709551616")),
            ("\"\\\\\" 18446744073709551616", Some("18446744073709551616")),
            ("\"18446744073709551616", None),
            ("\"\\", None),
            ("ä", None),
        ] {
            assert_eq!(beyond_64_bits(json), found, "{json}");
        }
    }
}
