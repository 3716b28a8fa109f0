//! The grammar of commands, by recursive descent over the text. Words are read in `words`.
//!
//! Nothing here is taken on trust: whatever the text is, the answer is a tree or an error with a line, in time proportional to the
//! text's length, and nesting is bounded so that the stack is too.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

use crate::ast::{Item, List, Operator, Pipeline, Redirect, RedirectKind, Word};

/// Commands inside of commands. Real scripts stay below 20; the stack of the sandbox holds several times this.
pub const MAX_NESTING: u32 = 100;

/// Why a text is no script.
#[derive(Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub line: u32,
    pub message: String,
}

pub(crate) type Parsed<T> = Result<T, SyntaxError>;

/// A here-document whose body has not been met yet.
#[derive(Clone)]
pub(crate) struct Pending {
    pub(crate) delimiter: String,
    /// The delimiter was quoted, so the body is taken as it is.
    pub(crate) quoted: bool,
    /// `<<-`
    pub(crate) strip_tabs: bool,
    pub(crate) body: Rc<OnceCell<Word>>,
}

pub(crate) struct Parser<'s> {
    pub(crate) text: &'s str,
    pub(crate) at: usize,
    pub(crate) depth: u32,
    first_line: u32,
    pub(crate) pending: Vec<Pending>,
    /// A position and the number of line ends before it, so that lines are counted once.
    counted: (usize, u32),
    /// Where `((` was found not to begin an expression: looking again each time would cost time exponential in the nesting.
    pub(crate) no_expression: HashSet<usize>,
}

/// Reads a whole script.
pub fn parse(text: &str) -> Parsed<List> {
    Parser::new(text, 1, 0).whole()
}

/// Words that end a list of commands when they stand where a command would.
const CLOSERS: [&str; 8] = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];

impl<'s> Parser<'s> {
    pub(crate) fn new(text: &'s str, first_line: u32, depth: u32) -> Self {
        Self { text, at: 0, depth, first_line, pending: Vec::new(), counted: (0, 0), no_expression: HashSet::new() }
    }

    /// The commands up to the end of a line: what a shell runs before it looks at the next one. None at the end of the text.
    pub(crate) fn next_line(&mut self) -> Parsed<Option<List>> {
        self.newlines()?;
        if self.at >= self.text.len() {
            return Ok(None);
        }
        let list = self.items(false)?;
        if self.peek() == Some(b'\n') {
            self.at += 1;
            self.here_documents()?;
        } else if self.at < self.text.len() {
            return Err(self.unexpected());
        }
        Ok(Some(list))
    }

    pub(crate) fn whole(mut self) -> Parsed<List> {
        let list = self.list()?;
        if self.at < self.text.len() {
            return Err(self.unexpected());
        }
        Ok(list)
    }

    // ---- the text ----

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(crate) fn looking_at(&self, prefix: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(prefix.as_bytes())
    }

    pub(crate) fn eat(&mut self, prefix: &str) -> bool {
        let found = self.looking_at(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    /// The character here, passed over.
    pub(crate) fn next_char(&mut self) -> Option<char> {
        let c = self.text.get(self.at..)?.chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(crate) fn line(&mut self) -> u32 {
        let (from, lines) = if self.counted.0 <= self.at { self.counted } else { (0, 0) };
        let more = self.text.as_bytes()[from..self.at].iter().filter(|b| **b == b'\n').count();
        self.counted = (self.at, lines + u32::try_from(more).unwrap_or(u32::MAX));
        self.first_line + self.counted.1
    }

    pub(crate) fn error(&mut self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { line: self.line(), message: message.into() }
    }

    pub(crate) fn unexpected(&mut self) -> SyntaxError {
        let rest = &self.text[self.at..];
        let token: String = match rest.chars().next() {
            None => return self.error("unexpected end of file"),
            Some('\n') => return self.error("unexpected end of line"),
            Some(c) if is_meta(c) => {
                let double = rest.get(..2).filter(|two| [";;", "&&", "||", "<<", ">>", "|&", ";&"].contains(two));
                double.map_or_else(|| c.to_string(), str::to_owned)
            }
            Some(_) => rest.chars().take_while(|c| !is_meta(*c)).take(40).collect(),
        };
        self.error(format!("unexpected `{token}`"))
    }

    /// Runs a reader one level deeper.
    pub(crate) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return Err(self.error(format!("more than {MAX_NESTING} commands and expansions inside of each other")));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// Passes over blanks, continued lines and a comment.
    pub(crate) fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => {
                    let rest = &self.text[self.at..];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Passes over blanks and ends of lines, reading the here-documents that begin after them.
    pub(crate) fn newlines(&mut self) -> Parsed<()> {
        loop {
            self.blanks();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.at += 1;
            self.here_documents()?;
        }
    }

    pub(crate) fn here_documents(&mut self) -> Parsed<()> {
        for pending in std::mem::take(&mut self.pending) {
            let first_line = self.line();
            let mut body = String::new();
            loop {
                if self.at >= self.text.len() {
                    break; // like other shells: the end of the script ends the document too
                }
                let rest = &self.text[self.at..];
                let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
                let mut line = &rest[..end];
                self.at += end;
                if pending.strip_tabs {
                    line = line.trim_start_matches('\t');
                }
                if line.strip_suffix('\n').unwrap_or(line) == pending.delimiter {
                    break;
                }
                body.push_str(line);
            }
            let word = if pending.quoted {
                Word { parts: vec![crate::ast::Part::Quoted(body)] }
            } else {
                Parser::new(&body, first_line, self.depth).here_body()?
            };
            // Set once: each document is pending once.
            let _ = pending.body.set(word);
        }
        Ok(())
    }

    /// Whether this reserved word stands here, as a word of its own.
    pub(crate) fn at_reserved(&self, word: &str) -> bool {
        self.looking_at(word)
            && self.text[self.at + word.len()..].chars().next().is_none_or(|c| is_meta(c) || c.is_whitespace())
    }

    pub(crate) fn eat_reserved(&mut self, word: &str) -> bool {
        let found = self.at_reserved(word);
        if found {
            self.at += word.len();
        }
        found
    }

    pub(crate) fn expect_reserved(&mut self, word: &str) -> Parsed<()> {
        self.newlines()?;
        if self.eat_reserved(word) {
            return Ok(());
        }
        Err(self.expected(word))
    }

    pub(crate) fn expect(&mut self, token: &str) -> Parsed<()> {
        self.blanks();
        if self.eat(token) {
            return Ok(());
        }
        Err(self.expected(token))
    }

    pub(crate) fn expected(&mut self, token: &str) -> SyntaxError {
        let SyntaxError { line, message } = self.unexpected();
        SyntaxError { line, message: format!("{message} (expecting `{token}`)") }
    }

    // ---- lists ----

    pub(crate) fn at_list_end(&self) -> bool {
        self.at >= self.text.len()
            || self.looking_at(")")
            || self.looking_at(";;")
            || self.looking_at(";&")
            || CLOSERS.iter().any(|word| self.at_reserved(word))
    }

    /// Commands up to something that cannot begin one.
    pub(crate) fn list(&mut self) -> Parsed<List> {
        self.items(true)
    }

    pub(crate) fn items(&mut self, across_lines: bool) -> Parsed<List> {
        let mut list = List::new();
        loop {
            if across_lines {
                self.newlines()?;
            } else {
                self.blanks();
                if self.peek() == Some(b'\n') {
                    return Ok(list);
                }
            }
            if self.at_list_end() {
                return Ok(list);
            }
            let mut item = self.and_or()?;
            self.blanks();
            let more = match self.peek() {
                Some(b'&') => {
                    self.at += 1;
                    item.background = true;
                    true
                }
                Some(b';') if !matches!(self.peek_at(1), Some(b';' | b'&')) => {
                    self.at += 1;
                    true
                }
                Some(b'\n') => true,
                _ => false,
            };
            list.push(item);
            if !more {
                return Ok(list);
            }
        }
    }

    /// A list that must not be empty, as between `then` and `fi`.
    pub(crate) fn body(&mut self) -> Parsed<List> {
        let list = self.list()?;
        if list.is_empty() { Err(self.unexpected()) } else { Ok(list) }
    }

    pub(crate) fn and_or(&mut self) -> Parsed<Item> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let operator = if self.eat("&&") {
                Operator::And
            } else if self.eat("||") {
                Operator::Or
            } else {
                return Ok(Item { first, rest, background: false });
            };
            self.newlines()?;
            rest.push((operator, self.pipeline()?));
        }
    }

    pub(crate) fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut negated = false;
        self.blanks();
        while self.eat_reserved("!") {
            negated = !negated;
            self.blanks();
        }
        let mut commands = vec![self.command()?];
        loop {
            self.blanks();
            if self.looking_at("||") || !self.eat("|") {
                return Ok(Pipeline { negated, commands });
            }
            if self.eat("&")
                && let Some(command) = commands.last_mut()
            {
                let kind = RedirectKind::Duplicate { output: true, target: Word::literal("1") };
                command.redirects.push(Redirect { fd: Some(2), kind });
            }
            self.newlines()?;
            commands.push(self.command()?);
        }
    }
}

/// Characters that end a bare word.
pub(crate) fn is_meta(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '|' | '&' | ';' | '(' | ')' | '<' | '>')
}

/// Whether a variable can be called so.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

/// Whether `test` knows this as an operator on one operand.
pub fn is_unary(text: &str) -> bool {
    matches!(text.as_bytes(), [b'-', letter] if b"abcdefghknoprstuvwxzGLNORS".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::Kind;

    fn error(text: &str) -> String {
        parse(text).map_or_else(|error| format!("{}: {}", error.line, error.message), |_| "none".to_owned())
    }

    #[test]
    fn mistakes_have_a_line_and_a_name() {
        assert_eq!(error("a\nb )"), "2: unexpected `)`");
        assert_eq!(error("if a; then b\n"), "2: unexpected end of file (expecting `fi`)");
        assert_eq!(error("a && && b"), "1: unexpected `&&`");
        assert_eq!(error("x=$(a\n'"), "2: a `'` is not closed");
        assert_eq!(error("while a; do done"), "1: unexpected `done`");
    }

    #[test]
    fn lines_are_read_one_at_a_time_with_their_here_documents() {
        let mut parser = Parser::new("cat <<A; b\nbody\nA\nc; d\n", 1, 0);
        let mut sizes = Vec::new();
        while let Some(list) = parser.next_line().unwrap() {
            sizes.push((list.len(), list[0].first.commands[0].line));
        }
        assert_eq!(sizes, [(2, 1), (2, 4)]);
    }

    #[test]
    fn two_parentheses_are_an_expression_or_two_subshells() {
        let kind = |text: &str| match &parse(text).unwrap()[0].first.commands[0].kind {
            Kind::Arithmetic(_) => "expression",
            Kind::Subshell(_) => "subshell",
            _ => "other",
        };
        assert_eq!((kind("((1+2))"), kind("( (a) )"), kind("((a); b)")), ("expression", "subshell", "subshell"));
    }
}
