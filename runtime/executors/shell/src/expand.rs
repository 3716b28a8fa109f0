//! From words to arguments: substitution, splitting, file names, in the order POSIX gives.

use std::io::Write;

use crate::arithmetic;
use crate::ast::{List, Part, Word};
use crate::pattern;
use crate::shell::{Flow, Run, Shell};
use crate::stream::{TEMPORARY, random};

/// How many words braces may make.
const MAX_BRACES: usize = 100_000;

/// A piece of a word that was substituted.
#[derive(Debug)]
pub enum Piece {
    /// Text; if it is `quoted` it is neither split nor a pattern, if it is `split` it came from a substitution outside of quotes.
    Text { text: String, quoted: bool, split: bool },
    /// A field ends here: between the elements of `$@`.
    Break,
    /// Quotes with nothing in them, which make an empty argument.
    Empty,
    /// `"$@"` without parameters: no argument, even though it is quoted.
    Nothing,
}

/// An argument in the making: text and whether it is quoted.
#[derive(Default)]
struct Field {
    pieces: Vec<(String, bool)>,
    started: bool,
}

impl Field {
    fn push(&mut self, text: &str, quoted: bool) {
        self.started = true;
        match self.pieces.last_mut() {
            Some((last, was)) if *was == quoted => last.push_str(text),
            _ => self.pieces.push((text.to_owned(), quoted)),
        }
    }

    fn text(&self) -> String {
        self.pieces.iter().map(|(text, _)| text.as_str()).collect()
    }

    fn pattern(&self) -> String {
        let mut all = String::new();
        for (text, quoted) in &self.pieces {
            if *quoted { pattern::quote(text, &mut all) } else { all.push_str(text) }
        }
        all
    }
}

impl Shell {
    /// The arguments that words become.
    pub fn arguments(&mut self, words: &[Word]) -> Run<Vec<String>> {
        let mut arguments = Vec::new();
        for word in words {
            self.argument(word, &mut arguments)?;
        }
        Ok(arguments)
    }

    /// The arguments that one word becomes: none, one or several.
    pub fn argument(&mut self, word: &Word, to: &mut Vec<String>) -> Run<()> {
        // The commonest words by far need none of this.
        if let Some(text) = word.bare()
            && !text.starts_with('~')
            && !text.contains(['*', '?', '[', '{', '\\'])
        {
            to.push(text.to_owned());
            return Ok(());
        }
        if let Some(words) = self.braces(word)? {
            for word in &words {
                self.fields_of(word, to)?;
            }
            return Ok(());
        }
        self.fields_of(word, to)
    }

    fn fields_of(&mut self, word: &Word, to: &mut Vec<String>) -> Run<()> {
        let pieces = self.pieces(word, false)?;
        for field in self.split(pieces) {
            if !self.options.noglob
                && field.pieces.iter().any(|(text, quoted)| !quoted && text.contains(['*', '?', '[']))
            {
                let pattern = field.pattern();
                if pattern::is_pattern(&pattern) {
                    let found = pattern::files(&pattern, &self.cwd);
                    if !found.is_empty() || self.options.nullglob {
                        to.extend(found);
                        continue;
                    }
                }
            }
            to.push(field.text());
        }
        Ok(())
    }

    /// A word as one text, neither split nor matched with files: what is assigned, or a redirection's target.
    pub fn text(&mut self, word: &Word) -> Run<String> {
        let pieces = self.pieces(word, true)?;
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text { text: part, .. } => text.push_str(&part),
                Piece::Break => text.push(' '),
                Piece::Empty | Piece::Nothing => {}
            }
        }
        Ok(text)
    }

    /// A word as a pattern: what was quoted in it stands for itself.
    pub fn pattern(&mut self, word: &Word) -> Run<String> {
        let mut all = String::new();
        for piece in self.pieces(word, true)? {
            match piece {
                Piece::Text { text, quoted: true, .. } => pattern::quote(&text, &mut all),
                Piece::Text { text, .. } => all.push_str(&text),
                Piece::Break => all.push(' '),
                Piece::Empty | Piece::Nothing => {}
            }
        }
        Ok(all)
    }

    /// A word as a regular expression: what was quoted in it stands for itself.
    pub fn regex(&mut self, word: &Word) -> Run<String> {
        let mut all = String::new();
        for piece in self.pieces(word, true)? {
            match piece {
                Piece::Text { text, quoted: true, .. } => all.push_str(&regex::escape(&text)),
                Piece::Text { text, .. } => all.push_str(&text),
                _ => {}
            }
        }
        Ok(all)
    }

    /// The value of an expression.
    pub fn number(&mut self, word: &Word) -> Run<i64> {
        let text = self.text(word)?;
        self.evaluate(&text)
    }

    pub fn evaluate(&mut self, text: &str) -> Run<i64> {
        arithmetic::evaluate(text, self).map_err(|message| self.fatal(&message))
    }

    /// The pieces of a word; `whole` if it will not be split, as in an assignment, where each colon may be followed by a tilde.
    pub fn pieces(&mut self, word: &Word, whole: bool) -> Run<Vec<Piece>> {
        let mut pieces = Vec::new();
        for (i, part) in word.parts.iter().enumerate() {
            if let Part::Literal(text) = part
                && text.contains('~')
            {
                let text = self.tildes(text, i == 0, i + 1 == word.parts.len(), whole);
                pieces.push(Piece::Text { text, quoted: false, split: false });
                continue;
            }
            self.part(part, false, &mut pieces)?;
        }
        Ok(pieces)
    }

    fn part(&mut self, part: &Part, quoted: bool, to: &mut Vec<Piece>) -> Run<()> {
        match part {
            Part::Literal(text) => to.push(Piece::Text { text: text.clone(), quoted, split: false }),
            Part::Quoted(text) if text.is_empty() => to.push(Piece::Empty),
            Part::Quoted(text) => to.push(Piece::Text { text: text.clone(), quoted: true, split: false }),
            Part::Double(parts) => {
                let before = to.len();
                for part in parts {
                    self.part(part, true, to)?;
                }
                if !to[before..].iter().any(|piece| matches!(piece, Piece::Nothing)) {
                    to.push(Piece::Empty);
                }
            }
            Part::Parameter(parameter) => self.parameter(parameter, quoted, to)?,
            Part::Command(list) => {
                let text = self.substitute(list)?;
                to.push(Piece::Text { text, quoted, split: !quoted });
            }
            Part::Arithmetic(word) => {
                let value = self.number(word)?;
                to.push(Piece::Text { text: value.to_string(), quoted, split: !quoted });
            }
            Part::Process(list) => {
                let path = self.process(list)?;
                to.push(Piece::Text { text: path, quoted: true, split: false });
            }
        }
        Ok(())
    }

    /// A word inside of `${…}`, whose pieces become pieces of the word around it.
    pub fn inner(&mut self, word: &Word, quoted: bool, to: &mut Vec<Piece>) -> Run<()> {
        for (i, part) in word.parts.iter().enumerate() {
            match part {
                Part::Literal(text) if !quoted => {
                    let text = self.tildes(text, i == 0, i + 1 == word.parts.len(), false);
                    to.push(Piece::Text { text, quoted: false, split: true });
                }
                _ => self.part(part, quoted, to)?,
            }
        }
        Ok(())
    }

    /// `~` at the start of a bare word, and after each colon of an assignment.
    fn tildes(&self, text: &str, first: bool, last: bool, whole: bool) -> String {
        let home = self.variables.get("HOME").unwrap_or("/");
        let mut all = String::new();
        let parts: Vec<&str> = if whole { text.split(':').collect() } else { vec![text] };
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                all.push(':');
            }
            let begins = i > 0 || first;
            let ends = part.len() > 1 || i + 1 < parts.len() || last;
            match part.strip_prefix('~') {
                Some(rest) if begins && ends && (rest.is_empty() || rest.starts_with('/')) => {
                    all.push_str(home.trim_end_matches('/'));
                    if rest.is_empty() && home == "/" {
                        all.push('/');
                    }
                    all.push_str(rest);
                }
                _ => all.push_str(part),
            }
        }
        all
    }

    /// What commands write, without the ends of lines at its end.
    fn substitute(&mut self, list: &List) -> Run<String> {
        let (bytes, status) = self.capture(|shell| shell.list(list))?;
        self.substituted = Some(status);
        Ok(captured_text(bytes))
    }

    /// `<(commands)`: what they write, as a file.
    fn process(&mut self, list: &List) -> Run<String> {
        let (bytes, _) = self.capture(|shell| shell.list(list))?;
        let path = std::path::PathBuf::from(format!("{TEMPORARY}/process-{:016x}", random()));
        let written = std::fs::File::create_new(&path).and_then(|mut file| file.write_all(&bytes));
        written.map_err(|error| self.fatal(&format!("<(…): {error}")))?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// Divides what came from substitutions at the characters of `IFS`.
    fn split(&self, pieces: Vec<Piece>) -> Vec<Field> {
        let ifs = self.variables.get("IFS").unwrap_or(" \t\n").to_owned();
        let mut fields = Vec::new();
        let mut field = Field::default();
        let mut nothing = false;
        // Blanks have ended a field: a separator that is none, coming after them, is part of the same end.
        let mut ended_by_blank = false;
        for piece in pieces {
            match piece {
                Piece::Empty => field.push("", true),
                Piece::Nothing => nothing = true,
                Piece::Break => {
                    if field.started {
                        fields.push(std::mem::take(&mut field));
                    }
                    ended_by_blank = false;
                }
                Piece::Text { text, quoted, split: false } => {
                    field.push(&text, quoted);
                    ended_by_blank = false;
                }
                Piece::Text { text, .. } => {
                    let mut start = 0;
                    for (at, c) in text.char_indices().filter(|(_, c)| ifs.contains(*c)) {
                        if at > start {
                            field.push(&text[start..at], false);
                            ended_by_blank = false;
                        }
                        start = at + c.len_utf8();
                        if c.is_ascii_whitespace() {
                            if field.started {
                                fields.push(std::mem::take(&mut field));
                                ended_by_blank = true;
                            }
                        } else if ended_by_blank {
                            ended_by_blank = false;
                        } else {
                            field.started = true;
                            fields.push(std::mem::take(&mut field));
                        }
                    }
                    if text.len() > start {
                        field.push(&text[start..], false);
                        ended_by_blank = false;
                    }
                }
            }
        }
        if field.started && !(nothing && field.text().is_empty()) {
            fields.push(field);
        }
        fields
    }

    /// `{a,b}` and `{1..3}`, which bash has and POSIX has not.
    fn braces(&mut self, word: &Word) -> Run<Option<Vec<Word>>> {
        if !self.bash || !word.parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains('{'))) {
            return Ok(None);
        }
        let mut words = vec![word.clone()];
        let mut done = Vec::new();
        while let Some(word) = words.pop() {
            match crate::braces::expand_first(&word) {
                None => done.push(word),
                Some(more) => {
                    if more.len() + words.len() + done.len() > MAX_BRACES {
                        return Err(self.fatal(&format!("braces make more than {MAX_BRACES} words")));
                    }
                    words.extend(more.into_iter().rev());
                }
            }
        }
        Ok(Some(done))
    }
}

/// Captured output as text: other shells drop NUL too, and variables here hold UTF-8.
pub fn captured_text(mut bytes: Vec<u8>) -> String {
    bytes.retain(|b| *b != 0);
    while bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

impl arithmetic::Variables for Shell {
    fn get(&mut self, name: &str, index: Option<&str>) -> Result<Option<String>, String> {
        let text = match index {
            None if name == "RANDOM" || name == "LINENO" || name == "SECONDS" => self.special(name),
            None => self.variables.get(name).map(str::to_owned),
            Some(index) => self.element(name, index)?,
        };
        if text.is_none() && self.options.nounset {
            return Err(format!("{name}: unbound variable"));
        }
        Ok(text)
    }

    fn set(&mut self, name: &str, index: Option<&str>, value: i64) -> Result<(), String> {
        match index {
            None => self.variables.set(name, value.to_string()),
            Some(index) => self.set_element(name, index, value.to_string()),
        }
    }
}

impl Shell {
    /// An element by its subscript's text.
    pub fn element(&mut self, name: &str, index: &str) -> Result<Option<String>, String> {
        use crate::variables::Content;
        if let Some(Content::Keyed(items)) = self.variables.variable(name).map(|v| &v.content) {
            return Ok(items.get(index).cloned());
        }
        let at = self.index(name, index)?;
        Ok(match self.variables.variable(name).map(|v| &v.content) {
            Some(Content::Indexed(items)) => items.get(&at).cloned(),
            Some(Content::Text(text)) if at == 0 => Some(text.clone()),
            _ => None,
        })
    }

    pub fn set_element(&mut self, name: &str, index: &str, text: String) -> Result<(), String> {
        if self.variables.is_keyed(name) {
            return self.variables.set_key(name, index.to_owned(), text);
        }
        let at = self.index(name, index)?;
        self.variables.set_at(name, at, text)
    }

    /// A subscript's number; a negative one counts from the end.
    pub fn index(&mut self, name: &str, index: &str) -> Result<usize, String> {
        use crate::variables::Content;
        let value = arithmetic::evaluate(index, self)?;
        let end = match self.variables.variable(name).map(|v| &v.content) {
            Some(Content::Indexed(items)) => items.keys().next_back().map_or(0, |last| last + 1),
            Some(Content::Text(_)) => 1,
            _ => 0,
        };
        let at = if value < 0 { value + i64::try_from(end).unwrap_or(i64::MAX) } else { value };
        usize::try_from(at).map_err(|_| format!("{name}[{index}]: bad array subscript"))
    }

    /// A failure of a check, as the flow that ends the shell.
    pub fn or_fatal<T>(&self, result: Result<T, String>) -> Result<T, Flow> {
        result.map_err(|message| self.fatal(&message))
    }
}
