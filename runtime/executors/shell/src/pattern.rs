//! Patterns of `case`, `${x#…}`, `[[ == ]]` and file names: `*`, `?`, `[…]`, and a backslash before what counts as itself.

use std::fs;
use std::path::Path;

/// Escapes what would have a meaning in a pattern.
pub fn quote(text: &str, to: &mut String) {
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '-' | '!' | '^') {
            to.push('\\');
        }
        to.push(c);
    }
}

/// Whether a pattern stands for anything but itself.
pub fn is_pattern(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

/// A pattern's text if its escapes are taken away.
pub fn unquote(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            text.extend(chars.next());
        } else {
            text.push(c);
        }
    }
    text
}

/// Whether a pattern stands for a whole text. Time is at most the product of their lengths.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    matches_chars(&pattern, &text)
}

/// Where the text may go on after the last `*`, should what follows not fit: looking further back is never needed.
pub fn matches_chars(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            p += 1;
            retry = Some((p, t));
            continue;
        }
        if t == text.len() && p == pattern.len() {
            return true;
        }
        if t < text.len()
            && let Some(length) = one(&pattern[p..], text[t])
        {
            p += length;
            t += 1;
            continue;
        }
        match retry {
            Some((star, from)) if from < text.len() => {
                (p, t) = (star, from + 1);
                retry = Some((star, from + 1));
            }
            _ => return false,
        }
    }
}

/// The length of the pattern's first element, if it stands for a character.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        [] => None,
        ['?', ..] => Some(1),
        ['\\', escaped, ..] => (*escaped == c).then_some(2),
        ['[', rest @ ..] => match bracket(rest, c) {
            Some((length, found)) => found.then_some(length + 1),
            None => (c == '[').then_some(1),
        },
        [literal, ..] => (*literal == c).then_some(1),
    }
}

/// What follows a `[`: its length with the closing bracket, and whether the character is in it. None if it is not closed.
fn bracket(pattern: &[char], c: char) -> Option<(usize, bool)> {
    let negated = matches!(pattern.first(), Some('!' | '^'));
    let mut at = usize::from(negated);
    let mut found = false;
    let mut first = true;
    loop {
        let mut low = *pattern.get(at)?;
        if low == ']' && !first {
            return Some((at + 1, found != negated));
        }
        first = false;
        if low == '[' && pattern.get(at + 1) == Some(&':') {
            let name: String = pattern[at + 2..].iter().take_while(|c| c.is_ascii_lowercase()).collect();
            if pattern[at + 2 + name.len()..].starts_with(&[':', ']']) {
                found |= in_class(&name, c);
                at += name.len() + 4;
                continue;
            }
        }
        if low == '\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        at += 1;
        let mut high = low;
        if pattern.get(at) == Some(&'-') && pattern.get(at + 1).is_some_and(|c| *c != ']') {
            at += 1;
            high = *pattern.get(at)?;
            if high == '\\' {
                at += 1;
                high = *pattern.get(at)?;
            }
            at += 1;
        }
        found |= (low..=high).contains(&c);
    }
}

/// `[:alpha:]` and its like.
pub fn in_class(name: &str, c: char) -> bool {
    match name {
        "alpha" => c.is_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_alphanumeric(),
        "upper" => c.is_uppercase(),
        "lower" => c.is_lowercase(),
        "space" => c.is_whitespace(),
        "blank" => matches!(c, ' ' | '\t'),
        "punct" => c.is_ascii_punctuation(),
        "print" => !c.is_control(),
        "graph" => !c.is_control() && !c.is_whitespace(),
        "cntrl" => c.is_control(),
        "xdigit" => c.is_ascii_hexdigit(),
        _ => false,
    }
}

/// File names that a pattern stands for, sorted; the pattern is relative to `cwd` if it does not begin with a slash.
pub fn files(pattern: &str, cwd: &str) -> Vec<String> {
    let (mut found, rest) = match pattern.strip_prefix('/') {
        Some(rest) => (vec!["/".to_owned()], rest.trim_start_matches('/')),
        None => (vec![String::new()], pattern),
    };
    let parts: Vec<&str> = rest.split('/').collect();
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len();
        let mut next = Vec::new();
        for base in &found {
            if part.is_empty() {
                // A slash at the end asks for folders, and is kept; two slashes are one.
                if last && Path::new(cwd).join(base).is_dir() {
                    next.push(base.clone());
                }
                continue;
            }
            if is_pattern(part) {
                next.extend(entries(base, part, cwd));
            } else {
                let name = format!("{base}{}", unquote(part));
                if Path::new(cwd).join(&name).symlink_metadata().is_ok() {
                    next.push(name);
                }
            }
        }
        if !last {
            next.retain(|name| Path::new(cwd).join(name).is_dir());
            for name in &mut next {
                name.push('/');
            }
        }
        found = next;
    }
    found.sort();
    found
}

fn entries(base: &str, part: &str, cwd: &str) -> Vec<String> {
    let folder = if base.is_empty() {
        cwd.to_owned()
    } else {
        format!("{}/{base}", if base.starts_with('/') { "" } else { cwd })
    };
    let pattern: Vec<char> = part.chars().collect();
    let hidden = pattern.first() == Some(&'.') || pattern.starts_with(&['\\', '.']);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| hidden == name.starts_with('.') && matches_chars(&pattern, &name.chars().collect::<Vec<_>>()))
        .map(|name| format!("{base}{name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("?", "é", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]", "b", false),
            ("[]a]", "]", true),
            ("[[:digit:]]*", "4x", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[", "[", true),
            ("[a\\-c]", "b", false),
            ("*.txt", "a.txt", true),
            ("*a*b*", "xxaxxbxx", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!matches(&"*a".repeat(50), &"b".repeat(5_000)));
        assert!(!matches(&format!("{}b", "*a".repeat(30)), &"a".repeat(5_000)));
    }
}
