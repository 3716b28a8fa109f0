//! `sed`: addresses, `s`, `y`, `p`, `d`, `q`, `a`, `i`, `c`, `n`, `N`, `D`, `P`, `h`, `H`, `g`, `G`, `x`, `=`, `w`, `r`, labels and blocks.

use std::collections::HashMap;
use std::io::{BufWriter, Write};

use regex::bytes::Regex;

use super::{Failure, Io, Outcome, options};
use crate::redirect::say;
use crate::regexes::{Syntax, compile};
use crate::stream::{Input, Output};

#[derive(Debug)]
enum Address {
    Line(u64),
    /// `first~step`
    Step(u64, u64),
    Last,
    Match(Regex),
    /// `addr,+N`
    Plus(u64),
}

#[derive(Debug)]
struct Command {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    action: Action,
}

#[derive(Debug)]
enum Action {
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
enum Piece {
    Text(String),
    Group(usize),
    /// `\U`, `\L`, `\u`, `\l`, `\E`
    Case(char),
}

struct Parser<'s> {
    rest: &'s str,
    extended: bool,
    /// An empty pattern is the last one that was read.
    last: Option<Regex>,
}

type Parsed<T> = Result<T, String>;

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

    fn script(&mut self) -> Parsed<Vec<Command>> {
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
        let regex = compile(pattern, Syntax { extended: self.extended, ignore_case })?;
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

fn replacement(text: &str) -> Vec<Piece> {
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

/// The lines of all files, one ahead, so that the last one is known.
struct Source {
    inputs: Vec<Input>,
    ahead: Option<Vec<u8>>,
    line: u64,
    /// Whether the line that was given last had an end.
    ended: bool,
}

impl Source {
    fn new(mut inputs: Vec<Input>) -> Result<Self, Failure> {
        inputs.reverse();
        let mut source = Self { inputs, ahead: None, line: 0, ended: true };
        source.ahead = source.read()?;
        Ok(source)
    }

    fn read(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        while let Some(input) = self.inputs.last() {
            let mut line = Vec::new();
            if input.read_line(&mut line)? > 0 {
                return Ok(Some(line));
            }
            self.inputs.pop();
        }
        Ok(None)
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(mut line) = self.ahead.take() else { return Ok(None) };
        self.ended = line.last() == Some(&b'\n');
        if self.ended {
            line.pop();
        }
        self.line += 1;
        self.ahead = self.read()?;
        Ok(Some(line))
    }
}

pub fn sed(io: &mut Io, arguments: &[String]) -> Outcome {
    // `-i` may have a suffix glued to it and takes no other argument.
    let mut suffix = None;
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| match argument.strip_prefix("-i").or_else(|| argument.strip_prefix("--in-place=")) {
            Some(glued) if !argument.starts_with("--in-place") || argument.contains('=') => {
                let flags = !glued.is_empty() && glued.chars().all(|c| "nErsz".contains(c)) && !argument.contains('=');
                suffix = Some(if flags { String::new() } else { glued.to_owned() });
                if flags { format!("-i{glued}") } else { "-i".to_owned() }
            }
            _ => argument.clone(),
        })
        .collect();
    let long = [
        ("quiet", 'n'),
        ("silent", 'n'),
        ("expression", 'e'),
        ("file", 'f'),
        ("in-place", 'i'),
        ("regexp-extended", 'E'),
        ("separate", 's'),
    ];
    let mut options = options(&arguments, "ne:f:iErsu", &long)?;
    let mut script = String::new();
    for part in options.values('e') {
        script.push_str(part);
        script.push('\n');
    }
    for name in options.values('f') {
        script.push_str(&String::from_utf8_lossy(&io.open(name)?.read_all()?));
        script.push('\n');
    }
    if !options.has('e') && !options.has('f') {
        if options.operands.is_empty() {
            return Err(Failure::new("a script is missing"));
        }
        script = options.operands.remove(0);
    }
    let mut parser = Parser { rest: &script, extended: options.has('E') || options.has('r'), last: None };
    let commands = parser.script().map_err(|message| Failure::new(format!("-e expression #1: {message}")))?;
    let quiet = options.has('n') || script.starts_with("#n\n");
    for command in &commands {
        if let Action::Jump { label, only_after_change: Some(_) } = &command.action
            && !label.is_empty()
            && find_label(&commands, label).is_none()
        {
            return Err(Failure::new(format!("can't find label for jump to `{label}`")));
        }
    }
    if options.has('i') || suffix.is_some() {
        let mut status = 0;
        for name in &options.operands {
            match in_place(io, &commands, quiet, name, suffix.as_deref().unwrap_or("")) {
                Ok(done) => status = status.max(done),
                Err(Failure::Message(message, _)) => {
                    io.complain(&message);
                    status = 4;
                }
                Err(failure) => return Err(failure),
            }
        }
        return Ok(status);
    }
    let mut inputs = Vec::new();
    let mut status = 0;
    for name in &options.operands {
        match io.open(name) {
            Ok(input) => inputs.push(input),
            Err(Failure::Message(message, _)) => {
                io.complain(&format!("can't read {message}"));
                status = 2;
            }
            Err(failure) => return Err(failure),
        }
    }
    if options.operands.is_empty() {
        inputs.push(io.open("-")?);
    }
    let out = io.shell.stdout();
    let done = run(io, &commands, quiet, inputs, out)?;
    Ok(if done == 0 { status } else { done })
}

fn in_place(io: &mut Io, commands: &[Command], quiet: bool, name: &str, suffix: &str) -> Outcome {
    let failure = |error: &std::io::Error| Failure::new(format!("can't read {}", say(name, error)));
    let path = io.path(name);
    let old = std::fs::read(&path).map_err(|error| failure(&error))?;
    if !suffix.is_empty() {
        let kept = if suffix.contains('*') { suffix.replace('*', name) } else { format!("{name}{suffix}") };
        std::fs::write(io.path(&kept), &old).map_err(|error| Failure::new(say(&kept, &error)))?;
    }
    let file = std::fs::File::create(&path).map_err(|error| Failure::new(say(name, &error)))?;
    run(io, commands, quiet, vec![Input::bytes(old)], Output::file(file))
}

fn find_label(commands: &[Command], label: &str) -> Option<usize> {
    commands.iter().position(|c| matches!(&c.action, Action::Jump { label: l, only_after_change: None } if l == label))
}

/// What a command does next.
enum Next {
    Go,
    To(usize),
    /// The cycle ends, with or without printing.
    End {
        print: bool,
    },
    /// The cycle begins again without reading a line.
    Again,
    Quit {
        status: i32,
        print: bool,
    },
}

struct Machine<'a> {
    commands: &'a [Command],
    quiet: bool,
    source: Source,
    out: BufWriter<Output>,
    files: HashMap<String, Output>,
    pattern: Vec<u8>,
    hold: Vec<u8>,
    changed: bool,
    /// Of each range, where it ends, if it is open.
    ranges: Vec<Option<u64>>,
    appended: Vec<u8>,
    /// Whether a line without an end was written, so that more would need one first.
    unended: bool,
}

fn run(io: &mut Io, commands: &[Command], quiet: bool, inputs: Vec<Input>, out: Output) -> Outcome {
    io.out.flush()?;
    let mut machine = Machine {
        commands,
        quiet,
        source: Source::new(inputs)?,
        out: BufWriter::new(out),
        files: HashMap::new(),
        pattern: Vec::new(),
        hold: Vec::new(),
        changed: false,
        ranges: commands.iter().map(|_| None).collect(),
        appended: Vec::new(),
        unended: false,
    };
    let status = machine.cycles(io);
    machine.out.flush()?;
    status
}

impl Machine<'_> {
    fn cycles(&mut self, io: &mut Io) -> Outcome {
        let mut again = false;
        loop {
            if !again {
                match self.source.next()? {
                    Some(line) => self.pattern = line,
                    None => return Ok(0),
                }
            }
            again = false;
            self.changed = false;
            let mut at = 0;
            let mut quit = None;
            let mut print = true;
            while at < self.commands.len() {
                match self.step(io, at)? {
                    Next::Go => at += 1,
                    Next::To(next) => at = next,
                    Next::End { print: wanted } => {
                        print = wanted;
                        break;
                    }
                    Next::Again => {
                        again = true;
                        print = false;
                        break;
                    }
                    Next::Quit { status, print: wanted } => {
                        (quit, print) = (Some(status), wanted);
                        break;
                    }
                }
            }
            if print && !self.quiet {
                self.print_pattern()?;
            }
            self.flush_appended()?;
            if let Some(status) = quit {
                return Ok(status);
            }
        }
    }

    fn flush_appended(&mut self) -> Result<(), Failure> {
        if !self.appended.is_empty() {
            let text = std::mem::take(&mut self.appended);
            self.emit(&text)?;
        }
        Ok(())
    }

    fn emit(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if std::mem::take(&mut self.unended) {
            self.out.write_all(b"\n")?;
        }
        self.out.write_all(bytes)?;
        Ok(())
    }

    fn print_pattern(&mut self) -> Result<(), Failure> {
        let pattern = std::mem::take(&mut self.pattern);
        self.emit(&pattern)?;
        self.pattern = pattern;
        // The last line keeps what it was: with or without an end.
        if self.source.ended || self.source.ahead.is_some() {
            self.out.write_all(b"\n")?;
        } else {
            self.unended = true;
        }
        Ok(())
    }

    fn matches(&self, address: &Address) -> bool {
        match address {
            Address::Line(line) => self.source.line == *line,
            Address::Step(first, step) => {
                self.source.line >= *first
                    && (if *step == 0 {
                        self.source.line == *first
                    } else {
                        (self.source.line - first).is_multiple_of(*step)
                    })
            }
            Address::Last => self.source.ahead.is_none(),
            Address::Match(regex) => regex.is_match(&self.pattern),
            Address::Plus(_) => false,
        }
    }

    fn selected(&mut self, at: usize) -> bool {
        let command = &self.commands[at];
        let Some(from) = &command.from else { return !command.negated };
        let line = self.source.line;
        let hit = match &command.to {
            None => self.matches(from),
            Some(to) => {
                if let Some(end) = self.ranges[at] {
                    // A line number that is passed ends the range; a pattern is looked for on each line.
                    let done = match to {
                        Address::Line(_) | Address::Plus(_) => line >= end,
                        to => self.matches(to),
                    };
                    let inside = !matches!(to, Address::Line(_)) || line <= end;
                    if done {
                        self.ranges[at] = None;
                    }
                    inside
                } else {
                    let starts = self.matches(from) || matches!(from, Address::Line(0) if line == 1);
                    if starts {
                        // `0,/x/` looks for its end on the first line already.
                        let ends_here = matches!(from, Address::Line(0)) && self.matches(to);
                        let end = match to {
                            Address::Line(end) => *end,
                            Address::Plus(more) => line.saturating_add(*more),
                            _ => u64::MAX,
                        };
                        if end > line && !ends_here && self.source.ahead.is_some() {
                            self.ranges[at] = Some(end);
                        }
                    }
                    starts
                }
            }
        };
        hit != command.negated
    }

    #[expect(clippy::too_many_lines, reason = "one arm a command")]
    fn step(&mut self, io: &mut Io, at: usize) -> Result<Next, Failure> {
        let selected = self.selected(at);
        let commands = self.commands;
        let command = &commands[at];
        if !selected {
            return Ok(match command.action {
                Action::Block(end) => Next::To(end),
                _ => Next::Go,
            });
        }
        match &command.action {
            Action::Block(_) | Action::Nothing | Action::Jump { only_after_change: None, .. } => {}
            Action::Substitute { pattern, replacement, which, all, print, file } => {
                if let Some(new) = substituted(&self.pattern, pattern, replacement, *which, *all) {
                    self.pattern = new;
                    self.changed = true;
                    if *print {
                        self.print_pattern()?;
                    }
                    if let Some(file) = file {
                        self.write_file(io, file)?;
                    }
                }
            }
            Action::Translate(map) => {
                let text = String::from_utf8_lossy(&self.pattern)
                    .chars()
                    .map(|c| *map.get(&c).unwrap_or(&c))
                    .collect::<String>();
                self.pattern = text.into_bytes();
            }
            Action::Append(text) => self.appended.extend_from_slice(text.as_bytes()),
            Action::Insert(text) => self.emit(text.as_bytes())?,
            Action::Change(text) => {
                // For a range, once, at its end.
                if command.to.is_none() || command.negated || self.ranges[at].is_none() {
                    self.emit(text.as_bytes())?;
                }
                return Ok(Next::End { print: false });
            }
            Action::Jump { label, only_after_change: Some(only) } => {
                if !only || std::mem::take(&mut self.changed) {
                    let end = Next::To(commands.len());
                    return Ok(if label.is_empty() { end } else { find_label(commands, label).map_or(end, Next::To) });
                }
            }
            Action::Read(name) => {
                if let Ok(input) = io.shell.open_input(name) {
                    let text = input.read_all()?;
                    self.appended.extend_from_slice(&text);
                    if !text.is_empty() && text.last() != Some(&b'\n') {
                        self.appended.push(b'\n');
                    }
                }
            }
            Action::Write(name) => self.write_file(io, name)?,
            Action::Quit(status, print) => return Ok(Next::Quit { status: *status, print: *print }),
            Action::Simple(name) => match name {
                'p' => self.print_pattern()?,
                'P' => {
                    let end = self.pattern.iter().position(|b| *b == b'\n').unwrap_or(self.pattern.len());
                    let first = [&self.pattern[..end], b"\n"].concat();
                    self.emit(&first)?;
                }
                'd' => return Ok(Next::End { print: false }),
                'D' => match self.pattern.iter().position(|b| *b == b'\n') {
                    Some(end) => {
                        self.pattern.drain(..=end);
                        return Ok(Next::Again);
                    }
                    None => return Ok(Next::End { print: false }),
                },
                'n' => {
                    if self.source.ahead.is_none() {
                        return Ok(Next::Quit { status: 0, print: true });
                    }
                    if !self.quiet {
                        self.print_pattern()?;
                    }
                    self.flush_appended()?;
                    if let Some(line) = self.source.next()? {
                        self.pattern = line;
                    }
                }
                'N' => match self.source.next()? {
                    Some(line) => {
                        self.flush_appended()?;
                        self.pattern.push(b'\n');
                        self.pattern.extend_from_slice(&line);
                    }
                    None => return Ok(Next::Quit { status: 0, print: true }),
                },
                'h' => self.hold.clone_from(&self.pattern),
                'H' => {
                    self.hold.push(b'\n');
                    self.hold.extend_from_slice(&self.pattern);
                }
                'g' => self.pattern.clone_from(&self.hold),
                'G' => {
                    self.pattern.push(b'\n');
                    self.pattern.extend_from_slice(&self.hold);
                }
                'x' => std::mem::swap(&mut self.pattern, &mut self.hold),
                '=' => {
                    let number = format!("{}\n", self.source.line);
                    self.emit(number.as_bytes())?;
                }
                _ => {
                    let mut text = String::from_utf8_lossy(&self.pattern)
                        .escape_debug()
                        .to_string()
                        .replace("\\\"", "\"")
                        .replace("\\'", "'");
                    text.push_str("$\n");
                    self.emit(text.as_bytes())?;
                }
            },
        }
        Ok(Next::Go)
    }

    fn write_file(&mut self, io: &Io, name: &str) -> Result<(), Failure> {
        if name == "/dev/stdout" {
            return self.print_pattern();
        }
        if !self.files.contains_key(name) {
            let file = io.shell.open_output(name, false).map_err(|error| Failure::new(say(name, &error)))?;
            self.files.insert(name.to_owned(), file);
        }
        if let Some(file) = self.files.get_mut(name) {
            file.write_all(&[self.pattern.as_slice(), b"\n"].concat())?;
        }
        Ok(())
    }
}

/// A text with its matches replaced; none if there was none to replace.
fn substituted(text: &[u8], pattern: &Regex, replacement: &[Piece], which: u64, all: bool) -> Option<Vec<u8>> {
    let (mut out, mut copied, mut count, mut done) = (Vec::new(), 0, 0, false);
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        count += 1;
        if count < which {
            continue;
        }
        out.extend_from_slice(&text[copied..whole.start()]);
        let mut cases = Cases::default();
        for piece in replacement {
            match piece {
                Piece::Text(text) => cases.push(text.as_bytes(), &mut out),
                Piece::Group(n) => cases.push(found.get(*n).map_or(b"", |m| m.as_bytes()), &mut out),
                Piece::Case(case) => cases.set(*case),
            }
        }
        copied = whole.end();
        done = true;
        if !all {
            break;
        }
    }
    done.then(|| {
        out.extend_from_slice(&text[copied..]);
        out
    })
}

/// What `\U` and its like do to what follows.
#[derive(Default)]
struct Cases {
    all: Option<char>,
    one: Option<char>,
}

impl Cases {
    fn set(&mut self, case: char) {
        match case {
            'U' | 'L' => self.all = Some(case),
            'u' | 'l' => self.one = Some(case),
            _ => (self.all, self.one) = (None, None),
        }
    }

    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.all.is_none() && self.one.is_none() {
            out.extend_from_slice(bytes);
            return;
        }
        for c in String::from_utf8_lossy(bytes).chars() {
            let upper = match (self.one.take(), self.all) {
                (Some(one), _) => Some(one == 'u'),
                (None, Some(all)) => Some(all == 'U'),
                (None, None) => None,
            };
            let changed: String = match upper {
                Some(true) => c.to_uppercase().collect(),
                Some(false) => c.to_lowercase().collect(),
                None => c.to_string(),
            };
            out.extend_from_slice(changed.as_bytes());
        }
    }
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
