//! The grammar of simple commands: assignments, words, redirections.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::ast::{Assignment, Command, Kind, Redirect, RedirectKind, Value, Word};
use crate::parser::{Parsed, Parser, Pending, is_name};

impl Parser<'_> {
    pub(crate) fn simple(&mut self, line: u32) -> Parsed<Command> {
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            // `declare -a x=(1 2)` and its kin assign in their arguments.
            let declares = words.first().is_some_and(|word: &Word| {
                matches!(word.bare(), Some("declare" | "typeset" | "local" | "export" | "readonly"))
            });
            if (words.is_empty() || declares)
                && let Some(assignment) = self.assignment(declares)?
            {
                if declares {
                    // The declaration itself, with the flags before it, makes the variable; then it gets its value.
                    words.push(Word::literal(&assignment.name));
                    assignments.push(assignment);
                } else {
                    assignments.push(assignment);
                }
                continue;
            }
            if !self.at_word() {
                break;
            }
            words.push(self.word()?);
            if words.len() == 1 && assignments.is_empty() && redirects.is_empty() {
                self.blanks();
                if self.looking_at("(") {
                    return self.function_after(&words[0], line);
                }
            }
        }
        if words.is_empty() && assignments.is_empty() && redirects.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command { line, kind: Kind::Simple { assignments, words }, redirects })
    }

    /// The rest of `name () command`.
    pub(crate) fn function_after(&mut self, word: &Word, line: u32) -> Parsed<Command> {
        let Some(name) = word.bare().map(str::to_owned) else { return Err(self.unexpected()) };
        self.at += 1;
        self.expect(")")?;
        Ok(Command { line, kind: self.function(name)?, redirects: Vec::new() })
    }

    /// `name=value`, `name+=value`, `name[index]=value`, `name=(values)`; with `arrays_only` just the last.
    pub(crate) fn assignment(&mut self, arrays_only: bool) -> Parsed<Option<Assignment>> {
        let start = self.at;
        let name: String =
            self.text[self.at..].chars().take_while(|c| *c == '_' || c.is_ascii_alphanumeric()).collect();
        if !is_name(&name) {
            return Ok(None);
        }
        self.at += name.len();
        let index = if self.peek() == Some(b'[') {
            self.at += 1;
            if let Ok(index) = self.subscript() {
                Some(index)
            } else {
                self.at = start;
                return Ok(None);
            }
        } else {
            None
        };
        let append = self.eat("+");
        if !self.eat("=") || (arrays_only && !self.looking_at("(")) {
            self.at = start;
            return Ok(None);
        }
        let value = if self.eat("(") { Value::Array(self.array()?) } else { Value::Scalar(self.maybe_word()?) };
        Ok(Some(Assignment { name, index, append, value }))
    }

    pub(crate) fn array(&mut self) -> Parsed<Vec<(Option<Word>, Word)>> {
        let mut items = Vec::new();
        loop {
            self.newlines()?;
            if self.eat(")") {
                return Ok(items);
            }
            let start = self.at;
            let key = if self.eat("[") { self.subscript().ok().filter(|_| self.eat("=")) } else { None };
            if key.is_none() {
                self.at = start;
                if !self.at_word() {
                    return Err(self.unexpected());
                }
            }
            items.push((key, self.maybe_word()?));
        }
    }

    pub(crate) fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let start = self.at;
        let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        let fd = if digits > 0 {
            let number = self.text[self.at..self.at + digits].parse().ok();
            self.at += digits;
            if number.is_none() || !matches!(self.peek(), Some(b'<' | b'>')) {
                self.at = start;
                return Ok(None);
            }
            number
        } else {
            None
        };
        if fd.is_none() && (self.looking_at("<(") || self.looking_at(">(")) {
            return Ok(None);
        }
        let kind = if fd.is_none() && self.eat("&>>") {
            RedirectKind::Both { append: true, target: self.target()? }
        } else if fd.is_none() && self.eat("&>") {
            RedirectKind::Both { append: false, target: self.target()? }
        } else if self.eat("<<<") {
            RedirectKind::HereString(self.target()?)
        } else if self.eat("<<-") {
            self.here(true)?
        } else if self.eat("<<") {
            self.here(false)?
        } else if self.eat("<&") {
            RedirectKind::Duplicate { output: false, target: self.target()? }
        } else if self.eat("<>") {
            RedirectKind::ReadWrite(self.target()?)
        } else if self.eat("<") {
            RedirectKind::Read(self.target()?)
        } else if self.eat(">>") {
            RedirectKind::Append(self.target()?)
        } else if self.eat(">&") {
            RedirectKind::Duplicate { output: true, target: self.target()? }
        } else if self.eat(">|") || self.eat(">") {
            RedirectKind::Write(self.target()?)
        } else {
            return Ok(None);
        };
        Ok(Some(Redirect { fd, kind }))
    }

    pub(crate) fn target(&mut self) -> Parsed<Word> {
        self.blanks();
        if self.at_word() { self.word() } else { Err(self.unexpected()) }
    }

    pub(crate) fn here(&mut self, strip_tabs: bool) -> Parsed<RedirectKind> {
        let word = self.target()?;
        let quoted = word.bare().is_none();
        let Some(delimiter) = word.fixed() else {
            return Err(self.error("the end of a here-document has to be plain text"));
        };
        let body = Rc::new(OnceCell::new());
        self.pending.push(Pending { delimiter, quoted, strip_tabs, body: Rc::clone(&body) });
        Ok(RedirectKind::Here(body))
    }
}
