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
#[derive(Debug)]
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
}

enum Operands {
    Files,
    Texts,
    Json,
}

pub fn parse(io: &Io, arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        filter: String::new(),
        files: Vec::new(),
        named: Vec::new(),
        positional: Vec::new(),
        null_input: false,
        raw_input: false,
        slurp: false,
        raw_output: None,
        sort_keys: false,
        color: false,
        exit_status: false,
        indent: Some("  ".to_owned()),
    };
    let mut filter = None;
    let mut filter_file = false;
    let mut operands = Operands::Files;
    let mut plain = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().cloned().ok_or_else(|| wrong(&format!("{argument} takes more arguments")));
        if plain || !argument.starts_with('-') || argument == "-" {
            match operands {
                _ if filter.is_none() => filter = Some(argument.clone()),
                Operands::Files => options.files.push(argument.clone()),
                Operands::Texts => options.positional.push(Val::from(argument.clone())),
                Operands::Json => options.positional.push(json(argument.as_bytes())?),
            }
            continue;
        }
        let letters: String = match argument.strip_prefix("--") {
            None => argument[1..].to_owned(),
            Some(long) => match long {
                "" => {
                    plain = true;
                    continue;
                }
                "arg" => {
                    let (name, text) = (value()?, value()?);
                    options.named.push((name, Val::from(text)));
                    continue;
                }
                "argjson" => {
                    let (name, text) = (value()?, value()?);
                    options.named.push((name, json(text.as_bytes())?));
                    continue;
                }
                "slurpfile" | "rawfile" => {
                    let (name, file) = (value()?, value()?);
                    let bytes = io.open(&file).and_then(|input| Ok(input.read_all()?));
                    let bytes = bytes.map_err(|failure| match failure {
                        Failure::Message(message, _) => wrong(&message),
                        failure => failure,
                    })?;
                    let value = if long == "rawfile" { Val::utf8_str(bytes) } else { values(&bytes)? };
                    options.named.push((name, value));
                    continue;
                }
                "args" => {
                    operands = Operands::Texts;
                    continue;
                }
                "jsonargs" => {
                    operands = Operands::Json;
                    continue;
                }
                "indent" => {
                    let width = value()?.parse().ok().filter(|width| *width <= 7);
                    let width = width.ok_or_else(|| wrong("--indent takes a number up to 7"))?;
                    options.indent = (width > 0).then(|| " ".repeat(width));
                    continue;
                }
                "tab" => {
                    options.indent = Some("\t".to_owned());
                    continue;
                }
                "raw-output0" => {
                    options.raw_output = Some(Raw::Zero);
                    continue;
                }
                "unbuffered" => continue,
                _ => match LONG.iter().find(|(name, _)| *name == long) {
                    Some((_, letter)) => letter.to_string(),
                    None => return Err(wrong(&format!("unknown option {argument}"))),
                },
            },
        };
        for letter in letters.chars() {
            match letter {
                'n' => options.null_input = true,
                'R' => options.raw_input = true,
                's' => options.slurp = true,
                'r' => options.raw_output = options.raw_output.or(Some(Raw::Lines)),
                'j' => options.raw_output = Some(Raw::Joined),
                'a' | 'M' => {}
                'c' => options.indent = None,
                'S' => options.sort_keys = true,
                'C' => options.color = true,
                'e' => options.exit_status = true,
                'f' => filter_file = true,
                'h' => return Err(Failure::Message("usage: jq [OPTIONS] FILTER [FILE]...".to_owned(), 0)),
                'V' => return Err(Failure::Message("the language of jaq 3".to_owned(), 0)),
                _ => return Err(wrong(&format!("unknown option -{letter}"))),
            }
        }
    }
    options.filter = filter.unwrap_or_else(|| ".".to_owned());
    if filter_file {
        let program = io.open(&options.filter).and_then(|input| Ok(input.read_all()?));
        let program = program.map_err(|failure| match failure {
            Failure::Message(message, _) => wrong(&message),
            failure => failure,
        })?;
        options.filter = String::from_utf8_lossy(&program).into_owned();
    }
    Ok(options)
}

const LONG: &[(&str, char)] = &[
    ("ascii-output", 'a'),
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
