//! `grep`, `egrep` and `fgrep`.

use std::io::Write;

use regex::bytes::Regex;

use super::{Failure, Io, Options, Outcome, next_line, options};
use crate::redirect::say;
use crate::regexes::{Syntax, build, compile};
use crate::stream::Input;

const LONG: &[(&str, char)] = &[
    ("extended-regexp", 'E'),
    ("fixed-strings", 'F'),
    ("basic-regexp", 'G'),
    ("perl-regexp", 'P'),
    ("regexp", 'e'),
    ("file", 'f'),
    ("ignore-case", 'i'),
    ("invert-match", 'v'),
    ("word-regexp", 'w'),
    ("line-regexp", 'x'),
    ("count", 'c'),
    ("files-with-matches", 'l'),
    ("files-without-match", 'L'),
    ("max-count", 'm'),
    ("only-matching", 'o'),
    ("quiet", 'q'),
    ("silent", 'q'),
    ("no-messages", 's'),
    ("with-filename", 'H'),
    ("no-filename", 'h'),
    ("line-number", 'n'),
    ("recursive", 'r'),
    ("after-context", 'A'),
    ("before-context", 'B'),
    ("context", 'C'),
    ("include", 'I'),
    ("text", 'a'),
    ("color", 'K'),
    ("colour", 'K'),
];

pub fn grep(io: &mut Io, arguments: &[String]) -> Outcome {
    run(io, arguments, 'G')
}

pub fn egrep(io: &mut Io, arguments: &[String]) -> Outcome {
    run(io, arguments, 'E')
}

pub fn fgrep(io: &mut Io, arguments: &[String]) -> Outcome {
    run(io, arguments, 'F')
}

struct Search {
    options: Options,
    pattern: Regex,
    titled: bool,
    limit: u64,
    before: usize,
    after: u64,
}

fn run(io: &mut Io, arguments: &[String], kind: char) -> Outcome {
    let wrong = |failure| match failure {
        Failure::Message(message, _) => Failure::Message(message, 2),
        Failure::Unread => Failure::Unread,
    };
    let mut options = options(arguments, "EFGPe:f:ivwyxclLm:oqsHhnrRA:B:C:I:aK", LONG).map_err(wrong)?;
    let mut patterns: Vec<String> = options.values('e').map(str::to_owned).collect();
    for name in options.values('f') {
        let all = io.open(name).map_err(wrong)?.read_all()?;
        patterns.extend(String::from_utf8_lossy(&all).lines().map(str::to_owned));
    }
    if !options.has('e') && !options.has('f') {
        if options.operands.is_empty() {
            return Err(Failure::Message("a pattern is missing".to_owned(), 2));
        }
        patterns.push(options.operands.remove(0));
    }
    let kind = options.last_of("EFGP").unwrap_or(kind);
    let pattern = matcher(&patterns, kind, &options).map_err(|message| Failure::Message(message, 2))?;
    let recursive = options.has('r') || options.has('R');
    let context = options.number('C').map_err(wrong)?.unwrap_or(0);
    let mut search = Search {
        titled: (options.operands.len() > 1 || recursive || options.has('H')) && !options.has('h'),
        limit: options.number('m').map_err(wrong)?.unwrap_or(u64::MAX),
        before: usize::try_from(options.number('B').map_err(wrong)?.unwrap_or(context)).unwrap_or(usize::MAX),
        after: options.number('A').map_err(wrong)?.unwrap_or(context),
        options,
        pattern,
    };
    let mut names = std::mem::take(&mut search.options.operands);
    if names.is_empty() {
        names.push(if recursive { ".".to_owned() } else { "-".to_owned() });
    }
    let (mut found, mut failed) = (false, false);
    // A folder's files come next, in their order, not by calls of this function: folders may be deep.
    let mut stack: Vec<String> = names.into_iter().rev().collect();
    while let Some(name) = stack.pop() {
        if name != "-" && io.path(&name).is_dir() {
            if recursive {
                let mut inner = super::files::names_in(&io.path(&name)).unwrap_or_default();
                inner.sort_by(|a, b| b.cmp(a));
                stack.extend(inner.into_iter().map(|inner| format!("{}/{inner}", name.trim_end_matches('/'))));
            } else if !search.options.has('s') {
                io.complain(&format!("{name}: Is a directory"));
            }
            continue;
        }
        let base = name.rsplit('/').next().unwrap_or_default();
        if recursive && search.options.has('I') && !search.options.values('I').any(|p| crate::pattern::matches(p, base))
        {
            continue;
        }
        let input = if name == "-" { Ok(io.shell.descriptors.input(0)) } else { io.shell.open_input(&name) };
        match input {
            Ok(input) => {
                found |= search.input(io, &input, &name)?;
                if found && search.options.has('q') {
                    return Ok(0);
                }
            }
            Err(error) => {
                failed = true;
                if !search.options.has('s') {
                    io.complain(&say(&name, &error));
                }
            }
        }
    }
    Ok(if failed && !(found && search.options.has('q')) { 2 } else { i32::from(!found) })
}

/// All patterns as one.
fn matcher(patterns: &[String], kind: char, options: &Options) -> Result<Regex, String> {
    let ignore_case = options.has('i') || options.has('y');
    let mut all = Vec::new();
    for pattern in patterns.iter().flat_map(|pattern| pattern.split('\n')) {
        let one = match kind {
            'F' => regex::escape(pattern),
            'P' => pattern.to_owned(),
            kind => {
                compile(pattern, Syntax { extended: kind == 'E', ignore_case, escapes: false })?.as_str().to_owned()
            }
        };
        all.push(format!("(?:{one})"));
    }
    let mut whole = all.join("|");
    if patterns.is_empty() {
        whole.push_str("[^\\s\\S]"); // no pattern at all matches nothing
    }
    if options.has('x') {
        whole = format!("^(?:{whole})$");
    } else if options.has('w') {
        whole = format!("(?-u:\\b{{start-half}})(?:{whole})(?-u:\\b{{end-half}})");
    }
    build(&whole, ignore_case).map_err(|_| format!("{}: not a regular expression", patterns.join("\n")))
}

impl Search {
    /// Searches one input; whether anything was selected.
    fn input(&self, io: &mut Io, input: &Input, name: &str) -> Result<bool, Failure> {
        let name = if name == "-" { "(standard input)" } else { name };
        let has = |letter| self.options.has(letter);
        let quiet = has('q') || has('c') || has('l') || has('L');
        let (mut line, mut number, mut count) = (Vec::new(), 0_u64, 0_u64);
        let mut earlier: std::collections::VecDeque<(u64, Vec<u8>)> = std::collections::VecDeque::new();
        let (mut following, mut shown) = (0, 0);
        while (count < self.limit || following > 0) && next_line(input, &mut line)? {
            number += 1;
            let selected = count < self.limit && self.pattern.is_match(&line) != has('v');
            if selected {
                count += 1;
                if has('q') || has('l') || has('L') {
                    break;
                }
            }
            if quiet {
                continue;
            }
            if selected && has('o') {
                for found in self.pattern.find_iter(&line).filter(|m| !m.is_empty() && !has('v')) {
                    self.show(io, name, number, ':', found.as_bytes())?;
                }
            } else if selected {
                let first = earlier.front().map_or(number, |(n, _)| *n);
                if (self.before > 0 || self.after > 0) && shown > 0 && first > shown + 1 {
                    io.line(b"--")?;
                }
                for (n, line) in earlier.drain(..) {
                    self.show(io, name, n, '-', &line)?;
                }
                self.show(io, name, number, ':', &line)?;
                (following, shown) = (self.after, number);
            } else if following > 0 {
                self.show(io, name, number, '-', &line)?;
                following -= 1;
                shown = number;
            } else if self.before > 0 {
                if earlier.len() >= self.before {
                    earlier.pop_front();
                }
                earlier.push_back((number, line.clone()));
            }
        }
        if has('q') {
            return Ok(count > 0);
        }
        if has('l') || has('L') {
            if (count > 0) == has('l') {
                io.line(name.as_bytes())?;
            }
        } else if has('c') {
            let title = if self.titled { format!("{name}:") } else { String::new() };
            io.line(format!("{title}{count}").as_bytes())?;
        }
        Ok(count > 0)
    }

    fn show(&self, io: &mut Io, name: &str, number: u64, mark: char, line: &[u8]) -> Result<(), Failure> {
        if self.titled {
            write!(io.out, "{name}{mark}")?;
        }
        if self.options.has('n') {
            write!(io.out, "{number}{mark}")?;
        }
        io.line(line)
    }
}
