//! The grammar of words: quotes, parameters, substitutions.

use std::rc::Rc;

use crate::ast::{Index, Modifier, Parameter, Part, Word};
use crate::parser::{Parsed, Parser, is_meta};

/// Parts of a word as they are read: bare text that follows bare text is one part.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn literal(&mut self, c: char) {
        if let Some(Part::Literal(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Part::Literal(c.to_string()));
        }
    }

    fn quoted(&mut self, c: char) {
        if let Some(Part::Quoted(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Part::Quoted(c.to_string()));
        }
    }

    fn word(self) -> Word {
        Word { parts: self.0 }
    }
}

impl Parser<'_> {
    /// Whether a word begins here.
    pub(crate) fn at_word(&self) -> bool {
        self.looking_at("<(") || self.text[self.at..].chars().next().is_some_and(|c| !is_meta(c))
    }

    /// A word, which must be there.
    pub(crate) fn word(&mut self) -> Parsed<Word> {
        if self.at_word() { self.maybe_word() } else { Err(self.unexpected()) }
    }

    /// A word, which may be empty, as after `name=`.
    pub(crate) fn maybe_word(&mut self) -> Parsed<Word> {
        let mut parts = Parts::default();
        if self.eat("<(") {
            parts.0.push(Part::Process(self.command_list()?));
        } else if self.looking_at(">(") {
            return Err(self.error("`>(…)` is not there in this shell"));
        }
        while let Some(c) = self.text[self.at..].chars().next() {
            if is_meta(c) {
                break;
            }
            self.piece(c, &mut parts)?;
        }
        Ok(parts.word())
    }

    /// The right side of `=~`: parentheses and bars belong to it, and blanks inside of parentheses.
    pub(crate) fn regex_word(&mut self) -> Parsed<Word> {
        let mut parts = Parts::default();
        let mut open = 0_u32;
        while let Some(c) = self.text[self.at..].chars().next() {
            match c {
                '(' => open += 1,
                ')' if open == 0 => break,
                ')' => open -= 1,
                '|' | '<' | '>' => {}
                ' ' | '\t' | '&' | ';' if open > 0 => {}
                c if is_meta(c) => break,
                _ => {
                    self.piece(c, &mut parts)?;
                    continue;
                }
            }
            self.at += 1;
            parts.literal(c);
        }
        if parts.0.is_empty() { Err(self.unexpected()) } else { Ok(parts.word()) }
    }

    /// One piece of a bare word: a quoted or substituted part, or a character.
    fn piece(&mut self, c: char, parts: &mut Parts) -> Parsed<()> {
        match c {
            '\\' => {
                self.at += 1;
                match self.next_char() {
                    Some('\n') => {}
                    Some(c) => parts.quoted(c),
                    None => parts.quoted('\\'),
                }
            }
            '\'' => {
                self.at += 1;
                parts.0.push(Part::Quoted(self.single_quoted()?));
            }
            '"' => {
                self.at += 1;
                let inner = self.nested(Self::double_quoted)?;
                parts.0.push(Part::Double(inner));
            }
            '$' if self.peek_at(1) == Some(b'\'') => {
                self.at += 2;
                parts.0.push(Part::Quoted(self.ansi_quoted()?));
            }
            '$' if self.peek_at(1) == Some(b'"') => self.at += 1,
            '$' | '`' => self.substitution(parts, false)?,
            c => {
                self.at += c.len_utf8();
                parts.literal(c);
            }
        }
        Ok(())
    }

    fn single_quoted(&mut self) -> Parsed<String> {
        let rest = &self.text[self.at..];
        let Some(end) = rest.find('\'') else { return Err(self.error("a `'` is not closed")) };
        self.at += end + 1;
        Ok(rest[..end].to_owned())
    }

    fn ansi_quoted(&mut self) -> Parsed<String> {
        let start = self.at;
        loop {
            match self.next_char() {
                Some('\'') => break,
                Some('\\') => {
                    self.next_char();
                }
                Some(_) => {}
                None => return Err(self.error("a `$'` is not closed")),
            }
        }
        Ok(crate::escapes::unescape(&self.text[start..self.at - 1], crate::escapes::Style::Quoted).text())
    }

    fn double_quoted(&mut self) -> Parsed<Vec<Part>> {
        let mut parts = Parts::default();
        loop {
            match self.text[self.at..].chars().next() {
                None => return Err(self.error("a `\"` is not closed")),
                Some('"') => {
                    self.at += 1;
                    return Ok(parts.0);
                }
                Some(c) => self.quoted_piece(c, &mut parts, b"$`\"\\")?,
            }
        }
    }

    /// A piece inside of double quotes or a here-document; `escapable` says what a backslash takes its meaning from.
    fn quoted_piece(&mut self, c: char, parts: &mut Parts, escapable: &[u8]) -> Parsed<()> {
        match c {
            '\\' => {
                self.at += 1;
                match self.peek() {
                    Some(b'\n') => self.at += 1,
                    Some(b) if escapable.contains(&b) => {
                        self.at += 1;
                        parts.literal(char::from(b));
                    }
                    _ => parts.literal('\\'),
                }
            }
            '$' | '`' => self.substitution(parts, true)?,
            c => {
                self.at += c.len_utf8();
                parts.literal(c);
            }
        }
        Ok(())
    }

    /// The body of a here-document, which is the parser's whole text.
    pub(crate) fn here_body(mut self) -> Parsed<Word> {
        let mut parts = Parts::default();
        while let Some(c) = self.text[self.at..].chars().next() {
            self.quoted_piece(c, &mut parts, b"$`\\")?;
        }
        Ok(Word { parts: vec![Part::Double(parts.0)] })
    }

    /// What begins with `$` or a backquote.
    fn substitution(&mut self, parts: &mut Parts, quoted: bool) -> Parsed<()> {
        if self.eat("`") {
            parts.0.push(self.backquoted(quoted)?);
            return Ok(());
        }
        self.at += 1;
        let part = match self.peek() {
            Some(b'(') => {
                if let Some(word) = self.double_parentheses()? {
                    Part::Arithmetic(word)
                } else {
                    self.at += 1;
                    Part::Command(self.command_list()?)
                }
            }
            Some(b'{') => {
                self.at += 1;
                Part::Parameter(Box::new(self.nested(|parser| parser.braced(quoted))?))
            }
            Some(b) if b == b'_' || b.is_ascii_alphabetic() => Part::Parameter(Box::new(plain(self.name()))),
            Some(b) if b.is_ascii_digit() || b"@*#?-$!".contains(&b) => {
                self.at += 1;
                Part::Parameter(Box::new(plain(char::from(b).to_string())))
            }
            _ => {
                parts.literal('$');
                return Ok(());
            }
        };
        parts.0.push(part);
        Ok(())
    }

    fn command_list(&mut self) -> Parsed<Rc<crate::ast::List>> {
        let list = self.nested(Self::list)?;
        if self.eat(")") { Ok(Rc::new(list)) } else { Err(self.unexpected()) }
    }

    fn backquoted(&mut self, quoted: bool) -> Parsed<Part> {
        let line = self.line();
        let mut script = String::new();
        loop {
            match self.next_char() {
                None => return Err(self.error("a backquote is not closed")),
                Some('`') => break,
                Some('\\') => match self.next_char() {
                    Some(c @ ('`' | '\\' | '$')) => script.push(c),
                    Some('"') if quoted => script.push('"'),
                    Some(c) => {
                        script.push('\\');
                        script.push(c);
                    }
                    None => script.push('\\'),
                },
                Some(c) => script.push(c),
            }
        }
        let depth = self.depth;
        let list = self.nested(|_| Parser::new(&script, line, depth + 1).whole())?;
        Ok(Part::Command(Rc::new(list)))
    }

    /// An expression up to `end`, which is passed over; none if its parentheses close before that.
    pub(crate) fn arithmetic(&mut self, end: &str) -> Parsed<Option<Word>> {
        let mut parts = Parts::default();
        let mut open = 0_u32;
        loop {
            if open == 0 && self.eat(end) {
                return Ok(Some(parts.word()));
            }
            match self.text[self.at..].chars().next() {
                None => return Ok(None),
                Some('\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
                Some('"') => self.at += 1,
                Some(c @ ('$' | '`')) => {
                    let before = self.at;
                    self.nested(|parser| parser.quoted_piece(c, &mut parts, b"$`\\"))?;
                    debug_assert!(self.at > before);
                }
                Some(c) => {
                    match c {
                        '(' => open += 1,
                        ')' if open == 0 => return Ok(None),
                        ')' => open -= 1,
                        _ => {}
                    }
                    self.at += c.len_utf8();
                    parts.literal(c);
                }
            }
        }
    }

    /// A subscript up to its closing bracket, which is passed over.
    pub(crate) fn subscript(&mut self) -> Parsed<Word> {
        let mut parts = Parts::default();
        let mut open = 0_u32;
        loop {
            match self.text[self.at..].chars().next() {
                None | Some('\n') => return Err(self.error("a `[` is not closed")),
                Some(']') if open == 0 => {
                    self.at += 1;
                    return Ok(parts.word());
                }
                Some(c) => {
                    match c {
                        '[' => open += 1,
                        ']' => open -= 1,
                        _ => {}
                    }
                    self.nested(|parser| parser.piece(c, &mut parts))?;
                }
            }
        }
    }

    fn name(&mut self) -> String {
        let rest = &self.text[self.at..];
        let end = rest.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
        self.at += end;
        rest[..end].to_owned()
    }

    // ---- ${…} ----

    fn braced(&mut self, quoted: bool) -> Parsed<Parameter> {
        let is_parameter =
            |b: Option<u8>| b.is_some_and(|b| b == b'_' || b.is_ascii_alphanumeric() || b"@*#?-$!".contains(&b));
        // `${#}` is a number of parameters, `${#name}` a length; `${#-x}` and its like are too rare to be told apart by more.
        let length = self.peek() == Some(b'#')
            && is_parameter(self.peek_at(1))
            && !matches!(self.peek_at(2), Some(b'}') if self.peek_at(1) == Some(b'#'));
        if length {
            self.at += 1;
        }
        let indirect = !length
            && self.peek() == Some(b'!')
            && (self.looking_at("!#}") || self.peek_at(1).is_some_and(|b| b == b'_' || b.is_ascii_alphanumeric()));
        if indirect {
            self.at += 1;
        }
        let name = match self.peek() {
            Some(b) if b.is_ascii_digit() => {
                let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
                let name = self.text[self.at..self.at + digits].to_owned();
                self.at += digits;
                name
            }
            Some(b) if b == b'_' || b.is_ascii_alphabetic() => self.name(),
            Some(b) if is_parameter(Some(b)) => {
                self.at += 1;
                char::from(b).to_string()
            }
            _ => return Err(self.error("bad substitution")),
        };
        let index = if self.peek() == Some(b'[') {
            self.at += 1;
            Some(if self.eat("@]") {
                Index::All
            } else if self.eat("*]") {
                Index::Joined
            } else {
                Index::At(self.subscript()?)
            })
        } else {
            None
        };
        let mut parameter = Parameter { name, index, indirect, modifier: Modifier::None };
        if length {
            parameter.modifier = Modifier::Length;
        } else if indirect && matches!(parameter.index, Some(Index::All | Index::Joined)) {
            parameter.modifier = Modifier::Keys;
            parameter.indirect = false;
        } else if indirect && (self.looking_at("*}") || self.looking_at("@}")) {
            self.at += 1;
            parameter.modifier = Modifier::Names;
            parameter.indirect = false;
        } else {
            parameter.modifier = self.modifier(quoted)?;
        }
        if self.eat("}") { Ok(parameter) } else { Err(self.error("bad substitution")) }
    }

    fn modifier(&mut self, quoted: bool) -> Parsed<Modifier> {
        let Some(b) = self.peek() else { return Err(self.error("a `${` is not closed")) };
        let colon = b == b':';
        let operator = if colon { self.peek_at(1) } else { Some(b) };
        if let Some(kind @ (b'-' | b'=' | b'?' | b'+')) = operator {
            self.at += 1 + usize::from(colon);
            return Ok(Modifier::Unset { kind, null: colon, word: self.braced_word(quoted, "")? });
        }
        Ok(match b {
            b':' => {
                self.at += 1;
                let offset = self.braced_word(true, ":")?;
                let length = if self.eat(":") { Some(self.braced_word(true, "")?) } else { None };
                Modifier::Slice { offset, length }
            }
            b'#' | b'%' => {
                self.at += 1;
                let longest = self.peek() == Some(b);
                self.at += usize::from(longest);
                Modifier::Trim { suffix: b == b'%', longest, pattern: self.braced_word(false, "")? }
            }
            b'/' => {
                self.at += 1;
                let place = match self.peek() {
                    Some(b'/') => b'g',
                    Some(b @ (b'#' | b'%')) => b,
                    _ => b'/',
                };
                self.at += usize::from(place != b'/');
                let pattern = self.braced_word(false, "/")?;
                let replacement = if self.eat("/") { self.braced_word(false, "")? } else { Word::default() };
                Modifier::Replace { place, pattern, replacement }
            }
            b'^' | b',' => {
                self.at += 1;
                let all = self.peek() == Some(b);
                self.at += usize::from(all);
                Modifier::Case { upper: b == b'^', all }
            }
            b'@' => {
                self.at += 1;
                let Some(kind @ (b'Q' | b'U' | b'L' | b'u')) = self.peek() else {
                    return Err(self.error("bad substitution"));
                };
                self.at += 1;
                Modifier::Transform(kind)
            }
            _ => Modifier::None,
        })
    }

    /// A word inside of braces, up to the closing one or a character of `stops`. Inside of double quotes a `'` is a character.
    fn braced_word(&mut self, quoted: bool, stops: &str) -> Parsed<Word> {
        let mut parts = Parts::default();
        loop {
            match self.text[self.at..].chars().next() {
                None => return Err(self.error("a `${` is not closed")),
                Some(c) if c == '}' || stops.contains(c) => return Ok(parts.word()),
                Some('\'') if quoted => {
                    self.at += 1;
                    parts.literal('\'');
                }
                Some('\\') if quoted => {
                    self.at += 1;
                    match self.next_char() {
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '"' | '\\' | '}')) => parts.quoted(c),
                        Some(c) => {
                            parts.literal('\\');
                            parts.literal(c);
                        }
                        None => parts.literal('\\'),
                    }
                }
                Some(c) => self.piece(c, &mut parts)?,
            }
        }
    }
}

fn plain(name: String) -> Parameter {
    Parameter { name, index: None, indirect: false, modifier: Modifier::None }
}
