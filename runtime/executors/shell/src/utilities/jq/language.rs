//! jq's language: jaq's, with jq's way to write numbers, and the functions that jaq has not or that belong to a process.

use std::io::Write;

use jaq_all::jaq_core::compile::Compiler;
use jaq_all::jaq_core::load::{Arena, File, Loader, parse, parse::Def};
use jaq_all::jaq_core::native::{Filter as Native, Fun, bome, run, v};
use jaq_all::jaq_core::{self, DataT, Filter, Lut, RunPtr, data};
use jaq_all::jaq_std::input::Inputs;
use jaq_all::json::{self, Error, Num, Val, read};
use jaq_all::load::{FileReports, FileReportsDisp};

use super::rewrite::{needs_rewriting, rewrite};
use super::too_deep;
use crate::stream::Output;

/// What functions see of the run.
pub struct Data<'a> {
    pub lut: &'a Lut<Language>,
    pub inputs: Inputs<'a, Val>,
    pub errors: Output,
    pub environment: Val,
    /// What `input_filename` gives.
    pub file: Val,
}

pub struct Language;

impl DataT for Language {
    type V<'a> = Val;
    type Data<'a> = &'a Data<'a>;
}

impl<'a> data::HasLut<'a, Language> for &'a Data<'a> {
    fn lut(&self) -> &'a Lut<Language> {
        self.lut
    }
}

/// What is defined in jq's own language: jq's functions that jaq has not, and those that write numbers.
const DEFINITIONS: &str = include_str!("definitions.jq");

/// The longest filter: what stands in each other in it is read recursively.
const MAX_LENGTH: usize = 64 << 10;
const MAX_BRACKETS: usize = 100;

/// A filter; an error says what is wrong with it.
pub fn compile(filter: &str, variables: &[String]) -> Result<Filter<Language>, String> {
    if filter.len() > MAX_LENGTH || brackets(filter) > MAX_BRACKETS {
        return Err(format!(
            "it is longer than {MAX_LENGTH} bytes, or more than {MAX_BRACKETS} brackets stand in each other"
        ));
    }
    let shown = |reports: Vec<FileReports>| -> String {
        reports.iter().map(|report| FileReportsDisp::new(report).to_string()).collect()
    };
    let definitions = || jaq_all::defs().chain(parse(DEFINITIONS, |parser| parser.defs()).unwrap_or_default());
    let as_it_is = jaq_all::compile_with(filter, definitions(), functions(), variables).map_err(shown)?;
    let Some(tree) = parse(filter, |parser| parser.term()).filter(needs_rewriting) else { return Ok(as_it_is) };
    let main = Def { name: "__main", args: Vec::new(), body: rewrite(tree) };
    let names: Vec<String> = variables.iter().map(|name| format!("${name}")).collect();
    let arena = Arena::default();
    let modules = Loader::new(definitions().map(shorter).chain([main])).load(&arena, File { path: (), code: "__main" });
    let compiler = Compiler::default().with_funs(functions()).with_global_vars(names.iter().map(String::as_str));
    let rewritten = modules.ok().and_then(|modules| compiler.compile(modules).ok());
    rewritten.ok_or_else(|| "its assignments cannot be compiled".to_owned())
}

/// As long-lived as a filter is.
fn shorter<'s>(def: Def<&'static str>) -> Def<&'s str> {
    def
}

fn brackets(filter: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in filter.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn functions() -> impl Iterator<Item = Fun<Language>> {
    let own = own();
    let replaced: Vec<&str> = own.iter().map(|(name, ..)| *name).collect();
    jaq_core::funs::<Language>()
        .chain(jaq_all::jaq_std::funs::<Language>())
        .chain(json::funs::<Language>())
        .filter(move |(name, ..)| !replaced.contains(name))
        .chain(own.into_vec().into_iter().map(run::<Language>))
}

fn own() -> Box<[Native<RunPtr<Language>>]> {
    Box::new([
        ("plain", v(0), |cv| bome(Ok(plain(&cv.1)))),
        ("tojson", v(0), |cv| bome(Ok(Val::from(plain(&cv.1).to_string())))),
        ("fromjson", v(0), |cv| {
            let Val::TStr(text) = &cv.1 else {
                return bome(Err(Error::str(format!("{} cannot be parsed as JSON", cv.1))));
            };
            let value = too_deep(text).and_then(|()| read::parse_single(text).map_err(|error| error.to_string()));
            bome(
                value.map_err(|error| {
                    Error::str(format!("{error} (while parsing '{}')", String::from_utf8_lossy(text)))
                }),
            )
        }),
        ("inputs", v(0), |cv| {
            let inputs = cv.0.data().inputs;
            Box::new(inputs.map(|input| input.map_err(|message| Error::str(message).into())))
        }),
        ("input", v(0), |cv| {
            let mut inputs = cv.0.data().inputs;
            let input = inputs.next().unwrap_or_else(|| Err("No more inputs".to_owned()));
            bome(input.map_err(Error::str))
        }),
        ("env", v(0), |cv| bome(Ok(cv.0.data().environment.clone()))),
        ("input_filename", v(0), |cv| bome(Ok(cv.0.data().file.clone()))),
        ("debug_empty", v(0), |cv| {
            let _ = writeln!(cv.0.data().errors.clone(), "[\"DEBUG:\",{}]", plain(&cv.1));
            Box::new(std::iter::empty())
        }),
        ("stderr_empty", v(0), |cv| {
            let mut errors = cv.0.data().errors.clone();
            let _ = match &cv.1 {
                Val::TStr(text) => errors.write_all(text),
                value => write!(errors, "{}", plain(value)),
            };
            Box::new(std::iter::empty())
        }),
    ])
}

/// An error as jq says it: a text as it is, other values as JSON.
pub fn message(error: Error) -> String {
    match error.into_val() {
        Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
        value => format!("{} (not a string)", plain(&value)),
    }
}

/// A value as jq would write it: jaq tells `2.0` from `2`, and writes `NaN`.
pub fn plain(value: &Val) -> Val {
    match value {
        Val::Num(Num::Float(number)) => plain_number(*number),
        Val::Num(Num::Dec(digits)) => digits.parse().map_or_else(|_| value.clone(), plain_number),
        Val::Arr(items) => items.iter().map(plain).collect(),
        Val::Obj(entries) => Val::obj(entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        other => other.clone(),
    }
}

/// As jq writes numbers: with an exponent if they are small or would end in many noughts; what is infinite is the largest number.
fn plain_number(number: f64) -> Val {
    if number.is_nan() {
        return Val::Null;
    }
    let number = number.clamp(f64::MIN, f64::MAX);
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    let noughts = exponent - i32::try_from(count).unwrap_or(0);
    let text = if exponent < -4 || noughts >= 15 {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    } else {
        format!("{number}")
    };
    Val::Num(Num::Dec(text.into()))
}
