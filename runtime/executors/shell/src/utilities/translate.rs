//! `tr`.

use std::io::{Read, Write};

use super::{Failure, Io, Outcome, options};
use crate::escapes::{Style, unescape};
use crate::pattern::in_class;

/// The characters of a set: ranges, classes, escapes, `[x*n]`.
fn set(text: &str, fill: usize) -> Result<Vec<char>, Failure> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(class) = rest.strip_prefix("[:")
            && let Some((name, after)) = class.split_once(":]")
        {
            out.extend((0..=127_u8).map(char::from).filter(|c| in_class(name, *c)));
            rest = after;
            continue;
        }
        let c = next(&mut rest);
        if c == '['
            && let Some((inner, after)) = rest.split_once(']')
            && let Some((repeated, count)) = inner.split_once('*')
            && repeated.chars().count() == 1
        {
            let count = if count.is_empty() { fill.saturating_sub(out.len()) } else { count.parse().unwrap_or(0) };
            out.extend(std::iter::repeat_n(repeated.chars().next().unwrap_or(' '), count.min(1 << 16)));
            rest = after;
            continue;
        }
        if rest.len() > 1 && rest.starts_with('-') {
            rest = &rest[1..];
            let end = next(&mut rest);
            if end < c {
                return Err(Failure::new(format!("range-endpoints of '{c}-{end}' are in reverse order")));
            }
            out.extend(c..=end);
        } else {
            out.push(c);
        }
    }
    Ok(out)
}

/// A character, or what an escape stands for.
fn next(rest: &mut &str) -> char {
    let mut chars = rest.chars();
    let c = chars.next().unwrap_or_default();
    if c != '\\' {
        *rest = chars.as_str();
        return c;
    }
    let length = match chars.clone().next() {
        Some('0'..='7') => 1 + chars.clone().take(3).take_while(|c| c.is_digit(8)).count(),
        Some(c) => 1 + c.len_utf8(),
        None => 1,
    };
    let escape = &rest[..length];
    *rest = &rest[length..];
    let text = unescape(escape, Style::Format).text();
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        // If it is no known escape, the character itself.
        (Some('\\'), Some(c)) | (Some(c), _) => c,
        (None, _) => '\\',
    }
}

pub fn tr(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [("delete", 'd'), ("squeeze-repeats", 's'), ("complement", 'c'), ("truncate-set1", 't')];
    let options = options(arguments, "dscCt", &long)?;
    let (delete, squeeze) = (options.has('d'), options.has('s'));
    let complement = options.has('c') || options.has('C');
    let Some(first) = options.operands.first() else { return Err(Failure::new("missing operand")) };
    let first = set(first, 0)?;
    let second = options.operands.get(1).map(|text| set(text, first.len())).transpose()?;
    if second.is_none() && !delete && !squeeze {
        return Err(Failure::new("missing operand after the first set"));
    }
    let translates = second.is_some() && !delete;
    let second = second.unwrap_or_default();
    if translates && second.is_empty() {
        return Err(Failure::new("when not truncating set1, string2 must be non-empty"));
    }
    let last = second.last().copied();
    let squeezed: &[char] = if second.is_empty() { &first } else { &second };
    let squeezed_is_first = second.is_empty();
    let mut previous = None;
    let mut text = Vec::new();
    let mut input = io.open("-")?;
    let mut buffer = vec![0; 32 << 10];
    loop {
        let n = input.read(&mut buffer)?;
        text.extend_from_slice(&buffer[..n]);
        // A character may be cut at the buffer's end; at the input's end what is left is no character.
        let whole = match std::str::from_utf8(&text) {
            Err(error) if error.error_len().is_none() && n > 0 => error.valid_up_to(),
            _ => text.len(),
        };
        let mut out = String::with_capacity(whole);
        let mut raw = Vec::with_capacity(whole);
        for chunk in text[..whole].utf8_chunks() {
            for c in chunk.valid().chars() {
                let place = first.iter().position(|f| *f == c);
                let hit = place.is_some() != complement;
                let c = if hit && delete {
                    continue;
                } else if hit && translates {
                    let place = if complement { usize::MAX } else { place.unwrap_or(0) };
                    second.get(place).copied().or(last).unwrap_or(c)
                } else {
                    c
                };
                if squeeze && previous == Some(c) {
                    let among = squeezed.contains(&c);
                    if if squeezed_is_first { among != complement } else { among } {
                        continue;
                    }
                }
                previous = Some(c);
                out.push(c);
            }
            raw.extend_from_slice(out.as_bytes());
            out.clear();
            // Bytes that are no characters are in no set: they belong to a complement.
            if !(complement && delete) {
                raw.extend_from_slice(chunk.invalid());
            }
        }
        io.out.write_all(&raw)?;
        text.drain(..whole);
        if n == 0 {
            return Ok(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let text = |set_text: &str| set(set_text, 4).unwrap().into_iter().collect::<String>();
        assert_eq!(text("a-cx"), "abcx");
        assert_eq!(text("[:digit:]-"), "0123456789-");
        assert_eq!(text("\\n\\\\\\060"), "\n\\0");
        assert_eq!(text("a[x*]"), "axxx");
        assert_eq!(text("\\"), "\\");
        assert!(set("z-a", 0).is_err());
    }
}
