//! `jq`: the language is jaq's; here are its options, its streams, and what makes its numbers look like jq's.

mod language;
mod options;
mod rewrite;

use std::io::Write;

use jaq_all::jaq_core::{Ctx, Vars};
use jaq_all::jaq_std::input::RcIter;
use jaq_all::json::write::{Pp, Styles};
use jaq_all::json::{Val, read, write};

use self::language::{Data, Language, plain};
use self::options::{Options, Raw};
use super::{Failure, Io, Outcome};

/// How deep JSON that is read may be nested: values are read, written and freed recursively.
const MAX_DEPTH: usize = 1000;

/// Statuses, as in jq's manual.
const WRONG_USE: i32 = 2;
const NOT_COMPILED: i32 = 3;
const NO_OUTPUT: i32 = 4;
const WRONG_VALUE: i32 = 5;

pub fn jq(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options::parse(io, arguments)?;
    let environment =
        object(io.shell.variables.exported().iter().map(|(name, text)| (*name, Val::from((*text).to_owned()))));
    let named = object(options.named.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let mut variables = options.named.clone();
    variables.push(("ENV".to_owned(), environment.clone()));
    variables.push((
        "ARGS".to_owned(),
        object([("positional", options.positional.iter().cloned().collect()), ("named", named)]),
    ));
    let (defined, values): (Vec<String>, Vec<Val>) = variables.into_iter().unzip();
    let filter = language::compile(&options.filter, &defined).map_err(|message| {
        Failure::Message(format!("error: the filter cannot be compiled\n{}", message.trim_end()), NOT_COMPILED)
    })?;

    let (text, unreadable) = text_of(io, &options.files)?;
    let inputs: Box<dyn Iterator<Item = Result<Val, String>>> = match (options.raw_input, options.slurp) {
        (true, true) => Box::new(std::iter::once(Ok(Val::utf8_str(text.clone())))),
        (true, false) => Box::new(lines(&text)),
        (false, slurp) => {
            too_deep(&text).map_err(|message| Failure::Message(message, WRONG_USE))?;
            let values = read::parse_many(&text).map(|value| value.map_err(|error| error.to_string()));
            if slurp { Box::new(std::iter::once(values.collect())) } else { Box::new(values) }
        }
    };
    let inputs = RcIter::new(inputs);
    let data = Data {
        lut: &filter.lut,
        inputs: &inputs,
        errors: io.shell.stderr(),
        environment,
        file: options.files.last().map_or(Val::Null, |name| Val::from(name.clone())),
    };
    let context = Ctx::<Language>::new(&data, Vars::new(values));
    let printer = Printer::new(&options);
    let mut status = if unreadable { WRONG_USE } else { 0 };
    let mut last = None;
    let null = std::iter::once(Ok(Val::Null));
    let given: Box<dyn Iterator<Item = Result<Val, String>>> =
        if options.null_input { Box::new(null) } else { Box::new(&inputs) };
    for input in given {
        let input = match input {
            Ok(input) => input,
            Err(message) => {
                // What stands after broken JSON cannot be told apart.
                io.complain(&format!("error: {message}"));
                return Ok(WRONG_USE);
            }
        };
        // The last input decides.
        status = if unreadable { WRONG_USE } else { 0 };
        for output in filter.id.run((context.clone(), input)) {
            match output {
                Ok(value) => {
                    printer.print(&mut io.out, &value)?;
                    last = Some(!matches!(value, Val::Null | Val::Bool(false)));
                }
                Err(exception) => match exception.get_halt() {
                    Ok(code) => return Ok(code),
                    Err(exception) => {
                        let error = exception.get_err().map_or_else(|_| "break".to_owned(), language::message);
                        io.complain(&format!("error: {error}"));
                        status = WRONG_VALUE;
                        break;
                    }
                },
            }
        }
    }
    Ok(match last {
        _ if status != 0 || !options.exit_status => status,
        Some(true) => 0,
        Some(false) => 1,
        None => NO_OUTPUT,
    })
}

fn object<'n>(entries: impl IntoIterator<Item = (&'n str, Val)>) -> Val {
    Val::obj(entries.into_iter().map(|(name, value)| (Val::from(name.to_owned()), value)).collect())
}

/// All inputs one after the other, and whether some could not be read.
fn text_of(io: &mut Io, files: &[String]) -> Result<(Vec<u8>, bool), Failure> {
    let mut text = Vec::new();
    let status = io.each_input(files, |_, input, _| {
        std::io::Read::read_to_end(&mut input.clone(), &mut text)?;
        Ok(())
    })?;
    Ok((text, status != 0))
}

fn lines(text: &[u8]) -> impl Iterator<Item = Result<Val, String>> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let empty = text.is_empty();
    text.split(|byte| *byte == b'\n').filter(move |_| !empty).map(|line| Ok(Val::utf8_str(line.to_vec())))
}

/// Whether JSON is nested deeper than can be read.
fn too_deep(text: &[u8]) -> Result<(), String> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("error: the JSON is nested deeper than {MAX_DEPTH}"));
        }
    }
    Ok(())
}

struct Printer {
    pretty: Pp,
    raw: Option<Raw>,
}

impl Printer {
    fn new(options: &Options) -> Self {
        let styles = if options.color { Styles::ansi() } else { Styles::default() };
        let pretty = Pp {
            indent: options.indent.clone(),
            sort_keys: options.sort_keys,
            styles,
            sep_space: options.indent.is_some(),
        };
        Self { pretty, raw: options.raw_output }
    }

    fn print(&self, out: &mut impl Write, value: &Val) -> std::io::Result<()> {
        match (value, self.raw) {
            (Val::TStr(text), Some(_)) => out.write_all(text)?,
            _ => write::write(out, &self.pretty, 0, &plain(value))?,
        }
        match self.raw {
            Some(Raw::Joined) => Ok(()),
            Some(Raw::Zero) => out.write_all(b"\0"),
            _ => out.write_all(b"\n"),
        }
    }
}
