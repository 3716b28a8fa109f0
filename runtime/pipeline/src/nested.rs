//! JSON that nests deeper than JSON that is read usually may.
//!
//! What a step gives may nest as deep as `serde_json` reads, 128 levels. Recorded, it has some levels more around it, and must be read all the same.

use serde::Deserialize;
use serde::de::Error as _;

/// The most levels: those of a value, and what is around it in a record of a run, with room to spare. A stack has room for many more.
const MAX_LEVELS: usize = 192;

/// Reads JSON of up to 192 levels.
///
/// # Errors
/// It is not what is asked for, or nests deeper.
pub fn from_nested_json<'t, T: Deserialize<'t>>(text: &'t str) -> serde_json::Result<T> {
    match serde_json::from_str(text) {
        Err(error) if error.is_syntax() && levels(text) > 127 => {
            if levels(text) > MAX_LEVELS {
                return Err(serde_json::Error::custom(format!("it nests more than {MAX_LEVELS} levels deep")));
            }
            let mut reader = serde_json::Deserializer::from_str(text);
            reader.disable_recursion_limit();
            let value = T::deserialize(&mut reader)?;
            reader.end()?;
            Ok(value)
        }
        read => read,
    }
}

/// How deep lists and objects nest.
fn levels(text: &str) -> usize {
    let (mut now, mut most, mut is_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' if !is_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn values_are_read_with_what_is_around_them() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for levels in [1, 127, 128, 192] {
            let text = nested(levels);
            assert_eq!(from_nested_json::<Value>(&text).unwrap().to_string(), text);
        }
        for levels in [193, 100_000] {
            let error = from_nested_json::<Value>(&nested(levels)).unwrap_err();
            assert!(error.to_string().contains("more than 192 levels"), "{error}");
        }
        let closed = format!("{} 1", nested(150));
        assert!(from_nested_json::<Value>(&closed).is_err());
        assert_eq!(levels(r#"{"a[[[": "\"[[", "b": [{}]}"#), 3);
    }
}
