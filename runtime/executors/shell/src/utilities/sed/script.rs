//! The language of `sed`: from its text to commands.

use std::collections::HashMap;

use regex::bytes::Regex;

use crate::regexes::{Syntax, compile};

#[derive(Debug)]
pub enum Address {
    Line(u64),
    /// `first~step`
    Step(u64, u64),
    Last,
    Match(Regex),
    /// `addr,+N`
    Plus(u64),
}

#[derive(Debug)]
pub struct Command {
    pub from: Option<Address>,
    pub to: Option<Address>,
    pub negated: bool,
    pub action: Action,
}

#[derive(Debug)]
pub enum Action {
    /// `{`: where its `}` is.
    Block(usize),
    /// `}`, and labels and comments.
    Nothing,
    Substitute {
        pattern: Regex,
        replacement: Vec<Piece>,
        which: u64,
        all: bool,
        print: bool,
        file: Option<String>,
    },
    Translate(HashMap<char, char>),
    Append(String),
    Insert(String),
    Change(String),
    Jump {
        label: String,
        only_after_change: Option<bool>,
    },
    Read(String),
    Write(String),
    Quit(i32, bool),
    Simple(char),
}

/// A part of a replacement.
#[derive(Debug)]
pub enum Piece {
    Text(String),
    Group(usize),
    /// `\U`, `\L`, `\u`, `\l`, `\E`
    Case(char),
}

pub struct Parser<'s> {
    pub rest: &'s str,
    pub extended: bool,
    /// An empty pattern is the last one that was read.
    pub last: Option<Regex>,
}

pub type Parsed<T> = Result<T, String>;

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    pub fn script(&mut self) -> Parsed<Vec<Command>> {
        let mut commands: Vec<Command> = Vec::new();
        let mut open = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', ';']);
            if self.rest.is_empty() {
                break;
            }
            if let Some(rest) = self.rest.strip_prefix('#') {
                self.rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            let from = self.address()?;
            self.blanks();
            let mut to = None;
            if from.is_some() && self.rest.starts_with(',') {
                self.next();
                self.blanks();
                to = Some(if let Some(rest) = self.rest.strip_prefix('+') {
                    self.rest = rest;
                    Address::Plus(self.number().unwrap_or(0))
                } else {
                    self.address()?.ok_or("an address is missing after `,`")?
                });
            }
            self.blanks();
            let mut negated = false;
            while self.rest.starts_with('!') {
                self.next();
                negated = true;
                self.blanks();
            }
            let Some(name) = self.next() else { return Err("a command is missing".to_owned()) };
            let at = commands.len();
            let action = match name {
                '{' => {
                    open.push(at);
                    Action::Block(at)
                }
                '}' => {
                    let start: usize = open.pop().ok_or("unexpected `}`")?;
                    commands[start].action = Action::Block(at);
                    Action::Nothing
                }
                name => self.action(name)?,
            };
            commands.push(Command { from, to, negated, action });
            if !matches!(name, '{' | 'a' | 'i' | 'c') {
                self.blanks();
                match self.peek() {
                    None | Some('\n' | ';' | '}' | '#') => {}
                    Some(c) => return Err(format!("extra characters after command: `{c}`")),
                }
            }
        }
        if !open.is_empty() {
            return Err("a `{` is not closed".to_owned());
        }
        Ok(commands)
    }

    fn number(&mut self) -> Option<u64> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest[..digits].parse().ok();
        self.rest = &self.rest[digits..];
        number
    }

    fn address(&mut self) -> Parsed<Option<Address>> {
        match self.peek() {
            Some('0'..='9') => {
                let line = self.number().ok_or("a line number is too large")?;
                if self.rest.starts_with('~') {
                    self.next();
                    return Ok(Some(Address::Step(line, self.number().unwrap_or(0))));
                }
                Ok(Some(Address::Line(line)))
            }
            Some('$') => {
                self.next();
                Ok(Some(Address::Last))
            }
            Some('/') => {
                self.next();
                self.match_address('/')
            }
            Some('\\') => {
                self.next();
                let delimiter = self.next().ok_or("a delimiter is missing")?;
                self.match_address(delimiter)
            }
            _ => Ok(None),
        }
    }

    fn match_address(&mut self, delimiter: char) -> Parsed<Option<Address>> {
        let pattern = self.delimited(delimiter, true)?;
        let ignore_case = self.rest.starts_with('I');
        if ignore_case {
            self.next();
        }
        Ok(Some(Address::Match(self.regex(&pattern, ignore_case)?)))
    }

    fn regex(&mut self, pattern: &str, ignore_case: bool) -> Parsed<Regex> {
        if pattern.is_empty() {
            return self.last.clone().ok_or_else(|| "no previous regular expression".to_owned());
        }
        let regex = compile(pattern, Syntax { extended: self.extended, ignore_case, escapes: false })?;
        self.last = Some(regex.clone());
        Ok(regex)
    }

    /// Text up to a delimiter, which a backslash makes a character; other escapes stay.
    fn delimited(&mut self, delimiter: char, regex: bool) -> Parsed<String> {
        let (mut text, mut in_bracket) = (String::new(), false);
        loop {
            let c = self.next().ok_or_else(|| format!("`{delimiter}` is missing"))?;
            match c {
                '\\' => match self.next() {
                    Some(c) if c == delimiter => text.push(c),
                    Some('n') if regex && delimiter != 'n' => text.push_str("\\n"),
                    Some(c) => {
                        text.push('\\');
                        text.push(c);
                    }
                    None => text.push('\\'),
                },
                c if c == delimiter && !in_bracket => return Ok(text),
                c => {
                    // A delimiter in brackets is a character, for POSIX; `[]` and `[^]` begin with one.
                    if regex && c == '[' && !in_bracket {
                        in_bracket = true;
                        text.push(c);
                        for first in ['^', ']'] {
                            if self.rest.starts_with(first) {
                                text.push(first);
                                self.next();
                            }
                        }
                        // A class's own bracket does not close this one.
                        continue;
                    }
                    if regex
                        && in_bracket
                        && c == '['
                        && self.rest.starts_with(':')
                        && let Some(end) = self.rest.find(":]")
                    {
                        text.push('[');
                        text.push_str(&self.rest[..end + 2]);
                        self.rest = &self.rest[end + 2..];
                        continue;
                    }
                    in_bracket &= c != ']';
                    text.push(c);
                }
            }
        }
    }

    fn word(&mut self) -> String {
        self.blanks();
        let end = self.rest.find(['\n', ';', '}']).unwrap_or(self.rest.len());
        let word = self.rest[..end].trim_end().to_owned();
        self.rest = &self.rest[end..];
        word
    }

    fn file(&mut self) -> String {
        self.blanks();
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let name = self.rest[..end].to_owned();
        self.rest = &self.rest[end..];
        name
    }

    fn action(&mut self, name: char) -> Parsed<Action> {
        Ok(match name {
            's' => return self.substitute(),
            'y' => {
                let delimiter = self.next().ok_or("`y` needs a delimiter")?;
                let (from, to) = (self.delimited(delimiter, false)?, self.delimited(delimiter, false)?);
                let plain =
                    |text: String| -> Vec<char> { text.replace("\\n", "\n").replace("\\\\", "\\").chars().collect() };
                let (from, to) = (plain(from), plain(to));
                if from.len() != to.len() {
                    return Err("both texts of `y` must have the same length".to_owned());
                }
                Action::Translate(from.into_iter().zip(to).collect())
            }
            'a' | 'i' | 'c' => {
                let text = self.text();
                match name {
                    'a' => Action::Append(text),
                    'i' => Action::Insert(text),
                    _ => Action::Change(text),
                }
            }
            ':' => {
                let label = self.word();
                Action::Jump { label, only_after_change: None }
            }
            'b' => Action::Jump { label: self.word(), only_after_change: Some(false) },
            't' => Action::Jump { label: self.word(), only_after_change: Some(true) },
            'r' => Action::Read(self.file()),
            'w' => Action::Write(self.file()),
            'q' | 'Q' => {
                self.blanks();
                let status = self.number().and_then(|n| i32::try_from(n).ok()).unwrap_or(0);
                Action::Quit(status, name == 'q')
            }
            'p' | 'd' | 'n' | 'N' | 'D' | 'P' | 'h' | 'H' | 'g' | 'G' | 'x' | '=' | 'l' => Action::Simple(name),
            name => return Err(format!("unknown command: `{name}`")),
        })
    }

    /// The text of `a`, `i` and `c`: on this line, or after a backslash on the next ones.
    fn text(&mut self) -> String {
        self.blanks();
        if let Some(rest) = self.rest.strip_prefix('\\') {
            self.rest = rest.trim_start_matches([' ', '\t']);
            self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
        }
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '\\' => text.extend(self.next()),
                '\n' => break,
                c => text.push(c),
            }
        }
        text.push('\n');
        text
    }

    fn substitute(&mut self) -> Parsed<Action> {
        let delimiter = self.next().filter(|c| *c != '\n' && *c != '\\').ok_or("`s` needs a delimiter")?;
        let pattern = self.delimited(delimiter, true)?;
        let text = self.raw_replacement(delimiter)?;
        let (mut which, mut all, mut print, mut ignore_case, mut file) = (1, false, false, false, None);
        loop {
            match self.peek() {
                Some('g') => all = true,
                Some('p') => print = true,
                Some('i' | 'I') => ignore_case = true,
                Some('m' | 'M' | 'e') => return Err("the flags `m` and `e` of `s` are not there".to_owned()),
                Some('w') => {
                    self.next();
                    file = Some(self.file());
                    break;
                }
                Some('1'..='9') => {
                    which = self.number().ok_or("a number is too large")?;
                    continue;
                }
                _ => break,
            }
            self.next();
        }
        let pattern = self.regex(&pattern, ignore_case)?;
        let replacement = replacement(&text);
        let groups = pattern.captures_len();
        if let Some(group) = replacement
            .iter()
            .find_map(|p| if let Piece::Group(n) = p { Some(*n).filter(|n| *n >= groups) } else { None })
        {
            return Err(format!("invalid reference \\{group} on `s` command's right side"));
        }
        Ok(Action::Substitute { pattern, replacement, which, all, print, file })
    }

    /// A replacement with its escapes, but for that of the delimiter.
    fn raw_replacement(&mut self, delimiter: char) -> Parsed<String> {
        let mut text = String::new();
        loop {
            match self.next().ok_or_else(|| format!("`{delimiter}` is missing"))? {
                '\\' => match self.next() {
                    Some(c) if c == delimiter && !"&123456789".contains(c) => text.push(c),
                    Some(c) => {
                        text.push('\\');
                        text.push(c);
                    }
                    None => return Err(format!("`{delimiter}` is missing")),
                },
                c if c == delimiter => return Ok(text),
                c => text.push(c),
            }
        }
    }
}

pub fn replacement(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let piece = match c {
            '&' => Piece::Group(0),
            '\\' => match chars.next() {
                Some(digit @ '0'..='9') => Piece::Group(digit as usize - '0' as usize),
                Some(case @ ('U' | 'L' | 'u' | 'l' | 'E')) => Piece::Case(case),
                Some('n') => {
                    plain.push('\n');
                    continue;
                }
                Some('t') => {
                    plain.push('\t');
                    continue;
                }
                Some(c) => {
                    plain.push(c);
                    continue;
                }
                None => continue,
            },
            c => {
                plain.push(c);
                continue;
            }
        };
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(piece);
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(script: &str) -> Parsed<usize> {
        Parser { rest: script, extended: false, last: None }.script().map(|commands| commands.len())
    }

    #[test]
    fn scripts() {
        for (script, count) in [
            ("s/a/b/g", 1),
            ("1,3p;$d", 2),
            ("/x/{s,a,b,;p}", 4),
            ("a\\\nline one\\\ntwo\np", 2),
            ("s/[/]/x/", 1),
            (":a;N;$!ba;s/\\n/ /g", 4),
            ("# a comment\n0,/x/d", 1),
        ] {
            assert_eq!(parse(script), Ok(count), "{script}");
        }
        for wrong in
            ["s/a", "{p", "p}", "}", "k", "1,p", "s/a/\\1/", "y/ab/c/", "99999999999999999999p", "p x", "s/a/b/m"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
