//! The grammar of commands, by recursive descent over the text. Words are read in `words`.
//!
//! Nothing here is taken on trust: whatever the text is, the answer is a tree or an error with a line, in time proportional to the
//! text's length, and nesting is bounded so that the stack is too.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

use crate::ast::{
    Arm, ArmEnd, Assignment, Command, Condition, Item, Kind, List, Operator, Pipeline, Redirect, RedirectKind, Value,
    Word,
};

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
struct Pending {
    delimiter: String,
    /// The delimiter was quoted, so the body is taken as it is.
    quoted: bool,
    /// `<<-`
    strip_tabs: bool,
    body: Rc<OnceCell<Word>>,
}

pub(crate) struct Parser<'s> {
    pub(crate) text: &'s str,
    pub(crate) at: usize,
    pub(crate) depth: u32,
    first_line: u32,
    pending: Vec<Pending>,
    /// A position and the number of line ends before it, so that lines are counted once.
    counted: (usize, u32),
    /// Where `((` was found not to begin an expression: looking again each time would cost time exponential in the nesting.
    no_expression: HashSet<usize>,
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

    fn here_documents(&mut self) -> Parsed<()> {
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
    fn at_reserved(&self, word: &str) -> bool {
        self.looking_at(word)
            && self.text[self.at + word.len()..].chars().next().is_none_or(|c| is_meta(c) || c.is_whitespace())
    }

    fn eat_reserved(&mut self, word: &str) -> bool {
        let found = self.at_reserved(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn expect_reserved(&mut self, word: &str) -> Parsed<()> {
        self.newlines()?;
        if self.eat_reserved(word) {
            return Ok(());
        }
        Err(self.expected(word))
    }

    fn expect(&mut self, token: &str) -> Parsed<()> {
        self.blanks();
        if self.eat(token) {
            return Ok(());
        }
        Err(self.expected(token))
    }

    fn expected(&mut self, token: &str) -> SyntaxError {
        let SyntaxError { line, message } = self.unexpected();
        SyntaxError { line, message: format!("{message} (expecting `{token}`)") }
    }

    // ---- lists ----

    fn at_list_end(&self) -> bool {
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

    fn items(&mut self, across_lines: bool) -> Parsed<List> {
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
    fn body(&mut self) -> Parsed<List> {
        let list = self.list()?;
        if list.is_empty() { Err(self.unexpected()) } else { Ok(list) }
    }

    fn and_or(&mut self) -> Parsed<Item> {
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

    fn pipeline(&mut self) -> Parsed<Pipeline> {
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

    // ---- commands ----

    fn command(&mut self) -> Parsed<Command> {
        self.nested(|parser| {
            parser.blanks();
            let line = parser.line();
            let Some(kind) = parser.compound()? else { return parser.simple(line) };
            let mut redirects = Vec::new();
            parser.blanks();
            while let Some(redirect) = parser.redirect()? {
                redirects.push(redirect);
                parser.blanks();
            }
            Ok(Command { line, kind, redirects })
        })
    }

    fn compound(&mut self) -> Parsed<Option<Kind>> {
        if self.looking_at("(") {
            if let Some(expression) = self.double_parentheses()? {
                return Ok(Some(Kind::Arithmetic(expression)));
            }
            self.at += 1;
            let list = self.body()?;
            self.expect(")")?;
            return Ok(Some(Kind::Subshell(list)));
        }
        let kind = if self.eat_reserved("{") {
            let list = self.body()?;
            self.expect_reserved("}")?;
            Kind::Group(list)
        } else if self.eat_reserved("if") {
            self.if_clause()?
        } else if self.eat_reserved("while") {
            self.while_clause(false)?
        } else if self.eat_reserved("until") {
            self.while_clause(true)?
        } else if self.eat_reserved("for") {
            self.for_clause()?
        } else if self.eat_reserved("case") {
            self.case_clause()?
        } else if self.eat_reserved("[[") {
            let condition = self.condition_or()?;
            self.expect_reserved("]]")?;
            Kind::Condition(condition)
        } else if self.eat_reserved("function") {
            self.blanks();
            let word = self.word()?;
            let Some(name) = word.bare().map(str::to_owned) else { return Err(self.unexpected()) };
            self.blanks();
            if self.eat("(") {
                self.expect(")")?;
            }
            self.function(name)?
        } else if self.at_reserved("select") || self.at_reserved("coproc") {
            return Err(self.error("`select` and `coproc` are not there in this shell"));
        } else if self.at_list_end() {
            return Err(self.unexpected());
        } else {
            return Ok(None);
        };
        Ok(Some(kind))
    }

    /// `((expression))`, if it is one: otherwise two subshells begin here, or a substitution that begins with one.
    pub(crate) fn double_parentheses(&mut self) -> Parsed<Option<Word>> {
        if !self.looking_at("((") || self.no_expression.contains(&self.at) {
            return Ok(None);
        }
        let (start, pending) = (self.at, self.pending.clone());
        self.at += 2;
        let word = self.arithmetic("))")?;
        if word.is_none() {
            self.no_expression.insert(start);
            (self.at, self.pending) = (start, pending);
        }
        Ok(word)
    }

    fn if_clause(&mut self) -> Parsed<Kind> {
        let mut branches = Vec::new();
        loop {
            let condition = self.body()?;
            self.expect_reserved("then")?;
            branches.push((condition, self.body()?));
            self.newlines()?;
            if self.eat_reserved("elif") {
                continue;
            }
            let otherwise = if self.eat_reserved("else") { Some(self.body()?) } else { None };
            self.expect_reserved("fi")?;
            return Ok(Kind::If { branches, otherwise });
        }
    }

    fn do_group(&mut self) -> Parsed<List> {
        self.expect_reserved("do")?;
        let body = self.body()?;
        self.expect_reserved("done")?;
        Ok(body)
    }

    fn while_clause(&mut self, until: bool) -> Parsed<Kind> {
        let condition = self.body()?;
        Ok(Kind::While { until, condition, body: self.do_group()? })
    }

    fn for_clause(&mut self) -> Parsed<Kind> {
        self.blanks();
        if self.eat("((") {
            let mut parts = Vec::new();
            for end in [";", ";", "))"] {
                let Some(part) = self.arithmetic(end)? else { return Err(self.unexpected()) };
                parts.push(part);
            }
            self.blanks();
            self.eat(";");
            let (step, condition, start) =
                (parts.pop().unwrap_or_default(), parts.pop().unwrap_or_default(), parts.pop().unwrap_or_default());
            return Ok(Kind::Count { start, condition, step, body: self.do_group()? });
        }
        let word = self.word()?;
        let Some(name) = word.bare().filter(|name| is_name(name)).map(str::to_owned) else {
            return Err(self.error("`for` needs a variable's name"));
        };
        self.newlines()?;
        let words = if self.eat_reserved("in") {
            let mut words = Vec::new();
            loop {
                self.blanks();
                if !self.at_word() {
                    break;
                }
                words.push(self.word()?);
            }
            Some(words)
        } else {
            None
        };
        self.blanks();
        self.eat(";");
        Ok(Kind::For { name, words, body: self.do_group()? })
    }

    fn case_clause(&mut self) -> Parsed<Kind> {
        self.blanks();
        let word = self.word()?;
        self.expect_reserved("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.eat_reserved("esac") {
                return Ok(Kind::Case { word, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            self.expect(")")?;
            let body = self.list()?;
            self.newlines()?;
            let end = if self.eat(";;&") {
                ArmEnd::TestNext
            } else if self.eat(";;") {
                ArmEnd::Stop
            } else if self.eat(";&") {
                ArmEnd::FallThrough
            } else {
                arms.push(Arm { patterns, body, end: ArmEnd::Stop });
                self.expect_reserved("esac")?;
                return Ok(Kind::Case { word, arms });
            };
            arms.push(Arm { patterns, body, end });
        }
    }

    fn function(&mut self, name: String) -> Parsed<Kind> {
        self.newlines()?;
        let body = Rc::new(self.command()?);
        Ok(Kind::Function { name, body })
    }

    // ---- [[ ]] ----

    fn condition_or(&mut self) -> Parsed<Condition> {
        let mut left = self.condition_and()?;
        loop {
            self.newlines()?;
            if !self.eat("||") {
                return Ok(left);
            }
            left = Condition::Or(Box::new(left), Box::new(self.condition_and()?));
        }
    }

    fn condition_and(&mut self) -> Parsed<Condition> {
        let mut left = self.condition()?;
        loop {
            self.newlines()?;
            if !self.eat("&&") {
                return Ok(left);
            }
            left = Condition::And(Box::new(left), Box::new(self.condition()?));
        }
    }

    fn condition(&mut self) -> Parsed<Condition> {
        self.nested(|parser| {
            parser.newlines()?;
            if parser.eat_reserved("!") {
                return Ok(Condition::Not(Box::new(parser.condition()?)));
            }
            if parser.eat("(") {
                let inner = parser.condition_or()?;
                parser.expect(")")?;
                return Ok(inner);
            }
            if parser.at_reserved("]]") {
                return Err(parser.unexpected());
            }
            let left = parser.word()?;
            parser.blanks();
            if let Some(operator) = left.bare().filter(|text| is_unary(text)).map(str::to_owned)
                && parser.at_word()
                && !parser.at_reserved("]]")
                && !parser.at_reserved("==")
                && !parser.at_reserved("=")
            {
                return Ok(Condition::Unary(operator, parser.word()?));
            }
            for operator in
                ["==", "=~", "!=", "=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"]
            {
                if parser.at_reserved(operator)
                    || (operator.len() == 1 && operator != "=" && parser.looking_at(operator))
                {
                    parser.at += operator.len();
                    parser.blanks();
                    let right = if operator == "=~" { parser.regex_word()? } else { parser.word()? };
                    return Ok(Condition::Binary(left, operator.to_owned(), right));
                }
            }
            Ok(Condition::Word(left))
        })
    }

    // ---- simple commands ----

    fn simple(&mut self, line: u32) -> Parsed<Command> {
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
    fn function_after(&mut self, word: &Word, line: u32) -> Parsed<Command> {
        let Some(name) = word.bare().map(str::to_owned) else { return Err(self.unexpected()) };
        self.at += 1;
        self.expect(")")?;
        Ok(Command { line, kind: self.function(name)?, redirects: Vec::new() })
    }

    /// `name=value`, `name+=value`, `name[index]=value`, `name=(values)`; with `arrays_only` just the last.
    fn assignment(&mut self, arrays_only: bool) -> Parsed<Option<Assignment>> {
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

    fn array(&mut self) -> Parsed<Vec<(Option<Word>, Word)>> {
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

    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
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

    fn target(&mut self) -> Parsed<Word> {
        self.blanks();
        if self.at_word() { self.word() } else { Err(self.unexpected()) }
    }

    fn here(&mut self, strip_tabs: bool) -> Parsed<RedirectKind> {
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
