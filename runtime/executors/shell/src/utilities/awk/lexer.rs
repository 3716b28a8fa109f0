//! The words of an awk program.

use super::value::from_bytes;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Newline,
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    /// A name with a parenthesis right behind it.
    Call(String),
    Keyword(&'static str),
    Symbol(&'static str),
    End,
}

const KEYWORDS: &[&str] = &[
    "BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "break", "continue", "next", "nextfile",
    "exit", "return", "delete", "in", "getline", "print", "printf",
];

/// The longer ones first.
const SYMBOLS: &[&str] = &[
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "==", "<=", ">=", ">>", "!=", "!~", "{",
    "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":", "~", "$", "=",
];

/// The tokens with their lines.
pub fn tokens(source: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut tokens: Vec<(Token, usize)> = Vec::new();
    let mut line = 1;
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let wrong = |what: &str| format!("line {line}: {what}");
        let token = if matches!(c, ' ' | '\t' | '\r') {
            rest = &rest[1..];
            continue;
        } else if c == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        } else if let Some(after) = rest.strip_prefix("\\\n").or_else(|| rest.strip_prefix("\\\r\n")) {
            rest = after;
            line += 1;
            continue;
        } else if c == '\n' {
            rest = &rest[1..];
            line += 1;
            tokens.push((Token::Newline, line - 1));
            continue;
        } else if c == '"' {
            let (text, after) = text(&rest[1..]).ok_or_else(|| wrong("a text is not closed"))?;
            rest = after;
            Token::Text(text)
        } else if c == '/' && !ends_operand(tokens.last()) {
            let (regex, after) = regex(&rest[1..]).ok_or_else(|| wrong("a regular expression is not closed"))?;
            rest = after;
            Token::Regex(regex)
        } else if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let hex = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X"));
            let digits = hex.map_or(0, |hex| hex.bytes().take_while(u8::is_ascii_hexdigit).count());
            let (number, length) = match hex {
                Some(hex) if digits > 0 => {
                    let value = hex[..digits].chars().filter_map(|c| c.to_digit(16));
                    (value.fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit)), digits + 2)
                }
                _ => super::value::leading_number(rest),
            };
            rest = &rest[length..];
            Token::Number(number)
        } else if c.is_ascii_alphabetic() || c == '_' {
            let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            let name = &rest[..length];
            rest = &rest[length..];
            match KEYWORDS.iter().find(|keyword| **keyword == name) {
                Some(keyword) => Token::Keyword(keyword),
                None if rest.starts_with('(') => Token::Call(name.to_owned()),
                None => Token::Name(name.to_owned()),
            }
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            rest = &rest[symbol.len()..];
            Token::Symbol(match *symbol {
                "**" => "^",
                "**=" => "^=",
                symbol => symbol,
            })
        } else {
            return Err(wrong(&format!("`{c}` has no meaning here")));
        };
        tokens.push((token, line));
    }
    tokens.push((Token::Newline, line));
    tokens.push((Token::End, line));
    Ok(tokens)
}

/// Whether a slash after a token divides.
fn ends_operand(token: Option<&(Token, usize)>) -> bool {
    match token {
        Some((Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Name(_), _)) => true,
        Some((Token::Symbol(symbol), _)) => matches!(*symbol, ")" | "]" | "$" | "++" | "--"),
        _ => false,
    }
}

/// What stands up to the closing quote, and what follows it. An escape that is none keeps its backslash.
fn text(source: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    let mut rest = source;
    loop {
        let at = rest.find(['"', '\\', '\n'])?;
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let found = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match found {
            b'"' => return Some((from_bytes(&bytes), rest)),
            b'\n' => return None,
            _ => {}
        }
        let digits = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        if digits > 0 {
            let code = u32::from_str_radix(&rest[..digits], 8).unwrap_or(0);
            bytes.push((code & 0xff) as u8);
            rest = &rest[digits..];
            continue;
        }
        let escaped = rest.chars().next()?;
        match escaped {
            '"' | '\\' | '/' => bytes.push(escaped as u8),
            '\n' => {}
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            'r' => bytes.push(b'\r'),
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'v' => bytes.push(11),
            other => {
                bytes.push(b'\\');
                bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = &rest[escaped.len_utf8()..];
    }
}

/// What stands up to the closing slash, which counts for nothing in brackets.
fn regex(source: &str) -> Option<(String, &str)> {
    let mut pattern = String::new();
    let mut bracket: Option<usize> = None;
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => return None,
            '\\' => match chars.next()?.1 {
                '/' => pattern.push('/'),
                c => pattern.extend(['\\', c]),
            },
            '/' if bracket.is_none() => return Some((pattern, &source[at + 1..])),
            _ => {
                match (c, bracket) {
                    ('[', None) => bracket = Some(pattern.len()),
                    // The first one in brackets is a character.
                    (']', Some(start)) if !matches!(&pattern[start..], "[" | "[^") => bracket = None,
                    _ => {}
                }
                pattern.push(c);
            }
        }
    }
    None
}
