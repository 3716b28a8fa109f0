//! The arguments of `jq`.

use jaq_all::json::{Val, read};

use super::super::{Failure, Io};
use super::{WRONG_USE, too_deep};

/// How texts are written as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw {
    Lines,
    Joined,
    Zero,
}

#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(Debug, Default)]
pub struct Options {
    pub filter: String,
    pub files: Vec<String>,
    /// `$name` and its value.
    pub named: Vec<(String, Val)>,
    /// What follows `--args` and `--jsonargs`.
    pub positional: Vec<Val>,
    pub null_input: bool,
    pub raw_input: bool,
    pub slurp: bool,
    pub raw_output: Option<Raw>,
    pub sort_keys: bool,
    pub color: bool,
    pub exit_status: bool,
    /// What a level is indented by; nothing is for output on one line.
    pub indent: Option<String>,
    /// `-f`: what stands for the filter names its file.
    filter_file: bool,
    operands: Operands,
}

#[derive(Clone, Copy, Debug, Default)]
enum Operands {
    #[default]
    Files,
    Texts,
    Json,
}

pub fn parse(io: &Io, arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options { indent: Some("  ".to_owned()), ..Options::default() };
    let mut filter = None;
    let mut rest = arguments.iter();
    let mut only_operands = false;
    while let Some(argument) = rest.next() {
        if only_operands || !argument.starts_with('-') || argument == "-" {
            match options.operands {
                _ if filter.is_none() => filter = Some(argument.clone()),
                Operands::Files => options.files.push(argument.clone()),
                Operands::Texts => options.positional.push(Val::from(argument.clone())),
                Operands::Json => options.positional.push(json(argument.as_bytes())?),
            }
        } else if argument == "--" {
            only_operands = true;
        } else if let Some(long) = argument.strip_prefix("--") {
            match LONG.iter().find(|(name, _)| *name == long) {
                Some((_, letter)) => options.letter(*letter)?,
                None => options.long(io, long, &mut rest)?,
            }
        } else {
            argument.chars().skip(1).try_for_each(|letter| options.letter(letter))?;
        }
    }
    options.filter = filter.unwrap_or_else(|| ".".to_owned());
    if options.filter_file {
        options.filter = String::from_utf8_lossy(&read_file(io, &options.filter)?).into_owned();
    }
    Ok(options)
}

impl Options {
    fn letter(&mut self, letter: char) -> Result<(), Failure> {
        match letter {
            'n' => self.null_input = true,
            'R' => self.raw_input = true,
            's' => self.slurp = true,
            'r' => self.raw_output = self.raw_output.or(Some(Raw::Lines)),
            'j' => self.raw_output = Some(Raw::Joined),
            'M' => self.color = false,
            'c' => self.indent = None,
            'S' => self.sort_keys = true,
            'C' => self.color = true,
            'e' => self.exit_status = true,
            'f' => self.filter_file = true,
            'h' => return Err(Failure::Message("usage: jq [OPTIONS] FILTER [FILE]...".to_owned(), 0)),
            'V' => return Err(Failure::Message("the language of jaq 3".to_owned(), 0)),
            _ => return Err(wrong(&format!("unknown option -{letter}"))),
        }
        Ok(())
    }

    /// Options that have no letter; some take arguments.
    fn long(&mut self, io: &Io, name: &str, rest: &mut std::slice::Iter<String>) -> Result<(), Failure> {
        let mut value = || rest.next().cloned().ok_or_else(|| wrong(&format!("--{name} takes more arguments")));
        match name {
            "arg" => self.named.push((value()?, Val::from(value()?))),
            "argjson" => self.named.push((value()?, json(value()?.as_bytes())?)),
            "rawfile" => self.named.push((value()?, Val::utf8_str(read_file(io, &value()?)?))),
            "slurpfile" => self.named.push((value()?, values(&read_file(io, &value()?)?)?)),
            "args" => self.operands = Operands::Texts,
            "jsonargs" => self.operands = Operands::Json,
            "indent" => {
                let width = value()?.parse().ok().filter(|width| *width <= 7);
                let width = width.ok_or_else(|| wrong("--indent takes a number up to 7"))?;
                self.indent = (width > 0).then(|| " ".repeat(width));
            }
            "tab" => self.indent = Some("\t".to_owned()),
            "raw-output0" => self.raw_output = Some(Raw::Zero),
            "unbuffered" => {}
            _ => return Err(wrong(&format!("unknown option --{name}"))),
        }
        Ok(())
    }
}

fn read_file(io: &Io, name: &str) -> Result<Vec<u8>, Failure> {
    io.read(name).map_err(|failure| failure.with_status(WRONG_USE))
}

const LONG: &[(&str, char)] = &[
    ("color-output", 'C'),
    ("compact-output", 'c'),
    ("exit-status", 'e'),
    ("from-file", 'f'),
    ("help", 'h'),
    ("join-output", 'j'),
    ("monochrome-output", 'M'),
    ("null-input", 'n'),
    ("raw-input", 'R'),
    ("raw-output", 'r'),
    ("slurp", 's'),
    ("sort-keys", 'S'),
    ("version", 'V'),
];

fn wrong(message: &str) -> Failure {
    Failure::Message(format!("error: {message}"), WRONG_USE)
}

fn json(text: &[u8]) -> Result<Val, Failure> {
    too_deep(text).map_err(|message| Failure::Message(message, WRONG_USE))?;
    read::parse_single(text).map_err(|error| wrong(&format!("{}: {error}", String::from_utf8_lossy(text))))
}

fn values(text: &[u8]) -> Result<Val, Failure> {
    too_deep(text).map_err(|message| Failure::Message(message, WRONG_USE))?;
    read::parse_many(text).collect::<Result<Val, _>>().map_err(|error| wrong(&error.to_string()))
}
