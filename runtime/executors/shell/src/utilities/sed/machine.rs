//! What runs `sed`'s commands on line after line.

use std::collections::HashMap;
use std::io::{BufWriter, Write};

use super::script::{Action, Address, Command};
use super::substitute::substituted;
use crate::redirect::say;
use crate::stream::{Input, Output};
use crate::utilities::{Failure, Io, Outcome};

/// The lines of all files, one ahead, so that the last one is known.
pub struct Source {
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

/// What a command does next.
pub enum Next {
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

pub struct Machine<'a> {
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

pub fn run(io: &mut Io, commands: &[Command], quiet: bool, inputs: Vec<Input>, out: Output) -> Outcome {
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

/// Where a label is.
pub fn find_label(commands: &[Command], label: &str) -> Option<usize> {
    commands.iter().position(|c| matches!(&c.action, Action::Jump { label: l, only_after_change: None } if l == label))
}
