//! `awk`, as POSIX has it, with the functions of GNU's that scripts use.

mod ast;
mod expressions;
mod functions;
mod lexer;
mod parser;
mod separator;
mod statements;
mod streams;
mod value;
mod variables;

use std::collections::HashMap;

use self::ast::{Function, Pattern, Program, Rule};
use self::separator::expression;
use self::statements::Stop;
use self::streams::{Reader, Streams};
use self::value::Value;
use self::variables::Variables;
use super::{Failure, Io, Outcome};
use crate::escapes::{Style, unescape};

/// Levels of a program's tree, and functions that call each other: what the stack of the sandbox holds.
const MAX_DEPTH: usize = 200;

pub fn awk(io: &mut Io, arguments: &[String]) -> Outcome {
    let wrong = |message: String| Failure::Message(message, 2);
    let (mut source, mut assignments) = (None::<String>, Vec::new());
    let mut separator = None;
    let mut rest = arguments;
    while let Some((first, more)) = rest.split_first() {
        let Some(option) = first.strip_prefix('-').filter(|option| !option.is_empty()) else { break };
        rest = more;
        if option == "-" {
            break;
        }
        let (letter, glued) = match option {
            "-version" | "V" => return Err(Failure::Message("awk of the sandbox's shell".to_owned(), 0)),
            _ => match option
                .strip_prefix('-')
                .map(|long| long.split_once('=').map_or((long, ""), |(name, value)| (name, value)))
            {
                None => option.split_at(option.chars().next().map_or(0, char::len_utf8)),
                Some(("field-separator", value)) => ("F", value),
                Some(("assign", value)) => ("v", value),
                Some(("file", value)) => ("f", value),
                Some(_) => return Err(wrong(format!("unknown option {first}"))),
            },
        };
        let value = if glued.is_empty() {
            let Some((value, more)) = rest.split_first() else {
                return Err(wrong(format!("option {first} takes a value")));
            };
            rest = more;
            value
        } else {
            glued
        };
        match letter {
            "F" => separator = Some(if value == "t" { "\t".to_owned() } else { unescape(value, Style::Format).text() }),
            "v" => assignments.push(assignment(value).ok_or_else(|| wrong(format!("{value}: not an assignment")))?),
            "f" => {
                let text = io.read(value).map_err(|failure| failure.with_status(2))?;
                let source = source.get_or_insert_default();
                source.push_str(&String::from_utf8_lossy(&text));
                source.push('\n');
            }
            _ => return Err(wrong(format!("unknown option {first}"))),
        }
    }
    let source = if let Some(source) = source {
        source
    } else {
        let Some((program, more)) = rest.split_first() else {
            return Err(wrong("usage: awk [-F SEPARATOR] [-v NAME=VALUE] PROGRAM [FILE]...".to_owned()));
        };
        rest = more;
        program.clone()
    };
    let program = parser::parse(&source).map_err(wrong)?;
    let mut interpreter = Interpreter::new(io, &program);
    interpreter.prepare(io, separator, assignments, rest).map_err(wrong)?;
    let status = interpreter.run();
    let closed = interpreter.streams.close_all();
    let status = status?;
    closed?;
    Ok(status)
}

/// `name=value`, as among the operands.
fn assignment(text: &str) -> Option<(String, Value)> {
    let (name, value) = text.split_once('=')?;
    crate::parser::is_name(name).then(|| (name.to_owned(), Value::input(&unescape(value, Style::Format).text())))
}

struct Interpreter<'s> {
    program: &'s Program,
    functions: HashMap<&'s str, &'s Function>,
    variables: Variables,
    streams: Streams<'s>,
    /// The operand that is read.
    input: Option<Reader>,
    /// The next operand in `ARGV`.
    operand: f64,
    any_file: bool,
    /// Of each rule with a range, whether it is inside.
    inside: Vec<bool>,
    expressions: HashMap<String, std::rc::Rc<regex::bytes::Regex>>,
    random: u64,
    seed: f64,
    /// What could not be read on the way.
    status: i32,
}

impl<'s> Interpreter<'s> {
    fn new(io: &Io<'s>, program: &'s Program) -> Self {
        Self {
            program,
            functions: program.functions.iter().map(|function| (function.name.as_str(), function)).collect(),
            variables: Variables::new(),
            streams: Streams::new(io.shell),
            input: None,
            operand: 1.0,
            any_file: false,
            inside: vec![false; program.rules.len()],
            expressions: HashMap::new(),
            random: 0,
            seed: 0.0,
            status: 0,
        }
    }

    fn prepare(
        &mut self,
        io: &Io,
        separator: Option<String>,
        assignments: Vec<(String, Value)>,
        operands: &[String],
    ) -> Result<(), String> {
        if let Some(separator) = separator {
            self.variables.set("FS", Value::text(separator))?;
        }
        for (name, value) in assignments {
            self.variables.set(&name, value)?;
        }
        let environment = self.variables.array("ENVIRON")?;
        for (name, text) in io.shell.variables.exported() {
            environment.borrow_mut().insert(name.into(), Value::input(text));
        }
        let arguments = self.variables.array("ARGV")?;
        arguments.borrow_mut().insert("0".into(), Value::text("awk"));
        for (at, operand) in operands.iter().enumerate() {
            arguments.borrow_mut().insert((at + 1).to_string().into(), Value::input(operand));
        }
        self.variables.set("ARGC", Value::count(operands.len() + 1))?;
        self.variables.set("RLENGTH", Value::Number(-1.0))
    }

    fn run(&mut self) -> Outcome {
        let begin = |rule: &&Rule| matches!(rule.pattern, Pattern::Begin);
        let rules = &self.program.rules;
        let mut done = self.rules(begin);
        if done.is_ok() && rules.iter().any(|rule| !begin(&rule)) {
            done = self.records();
        }
        let mut code = 0;
        if let Err(Stop::Exit(status)) = &done {
            code = status.unwrap_or(0);
        }
        if matches!(done, Ok(()) | Err(Stop::Exit(_))) {
            done = self.rules(|rule| matches!(rule.pattern, Pattern::End));
        }
        match done {
            Err(Stop::Exit(status)) => Ok(status.unwrap_or(code)),
            Err(Stop::Failure(failure)) => Err(failure),
            _ => Ok(if code == 0 { self.status } else { code }),
        }
    }

    fn rules(&mut self, which: impl Fn(&&'s Rule) -> bool) -> Result<(), Stop> {
        let program = self.program;
        program.rules.iter().filter(which).flat_map(|rule| &rule.action).try_for_each(|action| self.block(action))
    }

    /// All records of all operands.
    fn records(&mut self) -> Result<(), Stop> {
        while let Some(record) = self.next_record()? {
            self.variables.set_record(&record);
            match self.one_record() {
                Ok(()) | Err(Stop::Next) => {}
                Err(Stop::NextFile) => self.input = None,
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    fn one_record(&mut self) -> Result<(), Stop> {
        let program = self.program;
        for (at, rule) in program.rules.iter().enumerate() {
            let applies = match &rule.pattern {
                Pattern::Begin | Pattern::End => false,
                Pattern::Always => true,
                Pattern::Expression(condition) => self.evaluate(condition)?.is_true(),
                Pattern::Range(start, end) => {
                    let inside = self.inside[at] || self.evaluate(start)?.is_true();
                    self.inside[at] = inside && !self.evaluate(end)?.is_true();
                    inside
                }
            };
            if !applies {
                continue;
            }
            match &rule.action {
                Some(action) => self.block(action)?,
                None => self.print(&[], None)?,
            }
        }
        Ok(())
    }

    fn record_matches(&mut self, pattern: &str) -> Result<bool, Stop> {
        let regex = self.regex(pattern)?;
        let record = self.variables.field(0.0)?.to_text("%.6g");
        Ok(regex.is_match(record.as_bytes()))
    }

    fn regex(&mut self, pattern: &str) -> Result<std::rc::Rc<regex::bytes::Regex>, Stop> {
        if let Some(regex) = self.expressions.get(pattern) {
            return Ok(regex.clone());
        }
        // Expressions that are made of data are not kept without end.
        if self.expressions.len() >= 500 {
            self.expressions.clear();
        }
        let regex = expression(pattern)?;
        self.expressions.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }

    /// The next record of the operands: files, `-`, and assignments on the way.
    fn next_record(&mut self) -> Result<Option<String>, Stop> {
        loop {
            if self.input.is_none() && !self.next_file()? {
                return Ok(None);
            }
            let Some(reader) = &mut self.input else { return Ok(None) };
            if let Some(record) = reader.record(&self.variables.records).map_err(Failure::from)? {
                self.variables.nr += 1.0;
                self.variables.fnr += 1.0;
                return Ok(Some(record));
            }
            self.input = None;
        }
    }

    fn next_file(&mut self) -> Result<bool, Stop> {
        loop {
            let count = self.variables.get("ARGC")?.number();
            let operand = if self.operand < count {
                let arguments = self.variables.array("ARGV")?;
                let operand =
                    arguments.borrow().get(self.operand.to_string().as_str()).map(|name| name.to_text("%.6g"));
                self.operand += 1.0;
                match operand {
                    Some(operand) if !operand.is_empty() => operand,
                    _ => continue,
                }
            } else if self.any_file {
                return Ok(false);
            } else {
                "-".into()
            };
            if let Some((name, value)) = assignment(&operand) {
                self.variables.set(&name, value)?;
                continue;
            }
            self.any_file = true;
            match self.streams.open(&operand) {
                Ok(input) => self.input = Some(Reader::new(input)),
                Err(Failure::Message(message, _)) => {
                    self.streams.complain(&message);
                    self.status = 2;
                    continue;
                }
                Err(failure) => return Err(failure.into()),
            }
            self.variables.fnr = 0.0;
            self.variables.set("FILENAME", Value::text(if &*operand == "-" { "" } else { &operand }))?;
            return Ok(true);
        }
    }
}
