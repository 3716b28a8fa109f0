//! POSIX regular expressions, basic and extended, by way of the regex crate's: linear in time, so without back-references.

use regex::bytes::{Regex, RegexBuilder};

/// How an expression is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Syntax {
    /// `-E`: groups and counts are written without backslashes.
    pub extended: bool,
    pub ignore_case: bool,
    /// A backslash in brackets is not a character but takes the next one's meaning away, as awk has it.
    pub escapes: bool,
}

/// Compiles an expression; an error says what is wrong with it.
pub fn compile(pattern: &str, syntax: Syntax) -> Result<Regex, String> {
    let translated = translate(pattern, syntax)?;
    build(&translated, syntax.ignore_case).map_err(|_| format!("{pattern}: not a regular expression"))
}

/// Compiles an expression of the regex crate's own syntax.
pub fn build(pattern: &str, ignore_case: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(ignore_case).size_limit(4 << 20).nest_limit(100).build()
}

/// An expression in the regex crate's syntax.
fn translate(pattern: &str, Syntax { extended, escapes, .. }: Syntax) -> Result<String, String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    // Where `*` and, in basic syntax, `^` stand for themselves and for a start.
    let mut starting = true;
    while let Some(&c) = chars.get(at) {
        at += 1;
        let was_starting = std::mem::take(&mut starting);
        match c {
            '\\' => {
                let Some(&escaped) = chars.get(at) else { return Err("a backslash stands at the end".to_owned()) };
                at += 1;
                match escaped {
                    '(' | '|' if !extended => {
                        out.push(escaped);
                        starting = true;
                    }
                    ')' | '{' | '}' | '+' | '?' if !extended => out.push(escaped),
                    '1'..='9' => return Err(format!("\\{escaped}: back-references are not there in this shell")),
                    '<' => out.push_str("(?-u:\\b{start})"),
                    '>' => out.push_str("(?-u:\\b{end})"),
                    'b' => out.push_str("(?-u:\\b)"),
                    'B' => out.push_str("(?-u:\\B)"),
                    'w' => out.push_str("[0-9A-Za-z_]"),
                    'W' => out.push_str("[^0-9A-Za-z_]"),
                    's' => out.push_str("[ \\t\\n\\r\\f\\v]"),
                    'S' => out.push_str("[^ \\t\\n\\r\\f\\v]"),
                    'd' => out.push_str("[0-9]"),
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    '`' => out.push_str("\\A"),
                    '\'' => out.push_str("\\z"),
                    c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
                }
            }
            '[' => at = bracket(&chars, at, escapes, &mut out)?,
            '*' if was_starting => out.push_str("\\*"),
            '^' if extended || was_starting => {
                out.push('^');
                starting = true;
            }
            '^' => out.push_str("\\^"),
            '$' if extended
                || at == chars.len()
                || chars[at..].starts_with(&['\\', ')'])
                || chars[at..].starts_with(&['\\', '|']) =>
            {
                out.push('$');
            }
            '$' => out.push_str("\\$"),
            '(' | '|' if extended => {
                out.push(c);
                starting = true;
            }
            '{' if extended && !counts(&chars[at..]) => out.push_str("\\{"),
            ')' | '{' | '}' | '+' | '?' if extended => out.push(c),
            '.' | '*' => out.push(c),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(out)
}

/// Whether `3}`, `3,}` or `3,4}` follows.
fn counts(rest: &[char]) -> bool {
    let inside: String = rest.iter().take_while(|c| **c != '}').collect();
    inside.len() < rest.len()
        && inside.starts_with(|c: char| c.is_ascii_digit())
        && inside.chars().all(|c| c.is_ascii_digit() || c == ',')
}

/// `[…]`, in which a backslash is a character, unlike in the regex crate's.
fn bracket(chars: &[char], mut at: usize, escapes: bool, out: &mut String) -> Result<usize, String> {
    out.push('[');
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let mut first = true;
    loop {
        let Some(&c) = chars.get(at) else { return Err("a `[` is not closed".to_owned()) };
        at += 1;
        match c {
            ']' if !first => {
                out.push(']');
                return Ok(at);
            }
            '[' if matches!(chars.get(at), Some(':' | '.' | '=')) => {
                let kind = chars[at];
                let name: String = chars[at + 1..].iter().take_while(|c| **c != kind).collect();
                at += name.chars().count() + 3;
                if chars.get(at - 1) != Some(&']') {
                    return Err("a `[` is not closed".to_owned());
                }
                if kind == ':' {
                    out.extend(["[:", name.as_str(), ":]"]);
                } else {
                    out.push_str(&regex::escape(&name));
                }
            }
            // Sequences that GNU's commands know in brackets too.
            '\\' if matches!(chars.get(at), Some('n' | 't')) => {
                out.push('\\');
                out.push(chars[at]);
                at += 1;
            }
            '\\' if escapes && chars.get(at).is_some_and(|c| !c.is_ascii_alphanumeric()) => {
                out.push_str(&regex::escape(chars[at].encode_utf8(&mut [0; 4])));
                at += 1;
            }
            '-' if !first && chars.get(at).is_some_and(|c| *c != ']') => out.push('-'),
            '\\' | '[' | ']' | '^' | '-' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, extended: bool, text: &str) -> Option<String> {
        let regex = compile(pattern, Syntax { extended, ..Syntax::default() }).unwrap();
        regex.find(text.as_bytes()).map(|m| String::from_utf8_lossy(m.as_bytes()).into_owned())
    }

    #[test]
    fn basic_and_extended() {
        for (pattern, extended, text, expected) in [
            ("a+", false, "aa+", Some("a+")),
            ("a\\+", false, "aa+", Some("aa")),
            ("a+", true, "aa+", Some("aa")),
            ("\\(ab\\)*c", false, "ababc", Some("ababc")),
            ("(ab){2}", true, "ababab", Some("abab")),
            ("*x", false, "*x", Some("*x")),
            ("a|b", false, "a|b", Some("a|b")),
            ("[]^-]", false, "x-", Some("-")),
            ("[[:digit:]]\\{2\\}", false, "a12", Some("12")),
            ("[\\.]", false, "\\", Some("\\")),
            ("a{x", true, "a{x", Some("a{x")),
            ("^a$", false, "a", Some("a")),
            ("a^b$c", false, "a^b$c", Some("a^b$c")),
            ("é.", true, "éß", Some("éß")),
            ("\\bfoo\\b", true, "a foo b", Some("foo")),
            ("\\<foo\\>", false, "afoo foo", Some("foo")),
        ] {
            assert_eq!(found(pattern, extended, text).as_deref(), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn errors_are_no_panics() {
        for pattern in ["\\", "[", "[[:alpha", "(", "a\\1", "[b-a]", "x{99999999}", &"(".repeat(10_000), "[["] {
            assert!(compile(pattern, Syntax { extended: true, ..Syntax::default() }).is_err(), "{pattern:.20}");
        }
    }
}
