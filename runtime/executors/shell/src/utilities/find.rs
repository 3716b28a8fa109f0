//! `find` and `xargs`, which run other commands and so are given the shell itself.

use std::fs::Metadata;
use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

use super::Failure;
use super::options::options_before;
use crate::pattern;
use crate::shell::{Run, Shell};

#[derive(Debug)]
enum Test {
    Name { pattern: String, ignore_case: bool },
    Path(String),
    Kind(char),
    Empty,
    Size { order: char, bytes: u64, unit: u64 },
    Newer(SystemTime),
    Minutes { order: char, count: u64 },
    True,
    False,
    Print(&'static str),
    Format(String),
    Delete,
    Prune,
    Quit,
    Execute { command: Vec<String>, together: bool },
    Not(Box<Test>),
    And(Vec<Test>),
    Or(Vec<Test>),
}

const MAX_DEPTH: u32 = 50;

struct Parser<'a> {
    shell: &'a Shell,
    rest: &'a [String],
    depth: u32,
    acts: bool,
    max: usize,
    min: usize,
}

type Parsed<T> = Result<T, String>;

impl<'a> Parser<'a> {
    fn next(&mut self, of: &str) -> Parsed<&'a str> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| format!("missing argument to '{of}'"))?;
        self.rest = rest;
        Ok(first)
    }

    fn or(&mut self) -> Parsed<Test> {
        let mut tests = vec![self.and()?];
        while self.rest.first().is_some_and(|token| token == "-o" || token == "-or") {
            self.rest = &self.rest[1..];
            tests.push(self.and()?);
        }
        Ok(Test::Or(tests))
    }

    fn and(&mut self) -> Parsed<Test> {
        let mut tests = Vec::new();
        while let Some(token) = self.rest.first() {
            match token.as_str() {
                "-o" | "-or" | ")" => break,
                "-a" | "-and" => self.rest = &self.rest[1..],
                _ => tests.push(self.test()?),
            }
        }
        Ok(Test::And(tests))
    }

    fn test(&mut self) -> Parsed<Test> {
        if self.depth >= MAX_DEPTH {
            return Err("the expression is too deep".to_owned());
        }
        self.depth += 1;
        let test = self.primary();
        self.depth -= 1;
        test
    }

    fn count(&mut self, of: &str) -> Parsed<usize> {
        let text = self.next(of)?;
        text.parse().map_err(|_| format!("{of}: '{text}' is no number"))
    }

    /// `+5`, `-5` or `5`, and a unit.
    fn ordered(text: &str) -> Option<(char, u64, u64)> {
        let order = text.chars().next().filter(|c| "+-".contains(*c));
        let rest = &text[order.map_or(0, char::len_utf8)..];
        let digits = rest.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &rest[digits.len()..] {
            "c" => 1,
            "" | "b" => 512,
            "k" => 1 << 10,
            "M" => 1 << 20,
            "G" => 1 << 30,
            _ => return None,
        };
        Some((order.unwrap_or('='), digits.parse().ok()?, unit))
    }

    fn primary(&mut self) -> Parsed<Test> {
        let token = self.next("")?;
        Ok(match token {
            "(" => {
                let test = self.or()?;
                if self.next("(").ok() != Some(")") {
                    return Err("a ')' is missing".to_owned());
                }
                test
            }
            "!" | "-not" => Test::Not(Box::new(self.test()?)),
            "-name" => Test::Name { pattern: self.next(token)?.to_owned(), ignore_case: false },
            "-iname" => Test::Name { pattern: self.next(token)?.to_lowercase(), ignore_case: true },
            "-path" | "-wholename" => Test::Path(self.next(token)?.to_owned()),
            "-type" => Test::Kind(self.next(token)?.chars().next().unwrap_or('f')),
            "-empty" => Test::Empty,
            "-size" => {
                let text = self.next(token)?;
                let (order, bytes, unit) =
                    Self::ordered(text).ok_or_else(|| format!("invalid argument '{text}' to '-size'"))?;
                Test::Size { order, bytes, unit }
            }
            "-newer" => {
                let name = self.next(token)?;
                let modified = self.shell.path(name).metadata().and_then(|m| m.modified());
                Test::Newer(modified.map_err(|error| crate::redirect::say(name, &error))?)
            }
            "-mmin" | "-mtime" => {
                let text = self.next(token)?;
                let (order, count, _) =
                    Self::ordered(text).ok_or_else(|| format!("invalid argument '{text}' to '{token}'"))?;
                Test::Minutes { order, count: if token == "-mtime" { count.saturating_mul(24 * 60) } else { count } }
            }
            "-maxdepth" => {
                self.max = self.count(token)?;
                Test::True
            }
            "-mindepth" => {
                self.min = self.count(token)?;
                Test::True
            }
            "-true" | "-depth" | "-xdev" | "-follow" | "-mount" => Test::True,
            "-false" => Test::False,
            "-prune" => Test::Prune,
            "-quit" => Test::Quit,
            "-print" | "-print0" | "-printf" | "-delete" | "-exec" | "-ok" => {
                self.acts = true;
                match token {
                    "-print" => Test::Print("\n"),
                    "-print0" => Test::Print("\0"),
                    "-printf" => Test::Format(self.next(token)?.to_owned()),
                    "-delete" => Test::Delete,
                    _ => {
                        let mut command = Vec::new();
                        let together = loop {
                            match self.next(token)? {
                                ";" => break false,
                                "+" if command.last().is_some_and(|last| last == "{}") => break true,
                                word => command.push(word.to_owned()),
                            }
                        };
                        Test::Execute { command, together }
                    }
                }
            }
            other => return Err(format!("unknown predicate '{other}'")),
        })
    }
}

/// A file that was found.
struct Found {
    /// As it is shown.
    name: String,
    path: PathBuf,
    metadata: Metadata,
    depth: usize,
    prune: bool,
}

struct Walk<'s> {
    shell: &'s mut Shell,
    /// For `-exec … {} +`: what each command is run with at the end.
    together: Vec<(Vec<String>, Vec<String>)>,
    status: i32,
    quit: bool,
}

pub fn find(shell: &mut Shell, arguments: &[String]) -> Run {
    let is_expression = |a: &String| a.starts_with('-') || a == "(" || a == "!" || a == ")";
    let start = arguments.iter().position(is_expression).unwrap_or(arguments.len());
    let mut parser =
        Parser { shell: &shell.clone(), rest: &arguments[start..], depth: 0, acts: false, max: usize::MAX, min: 0 };
    let parsed = parser.or();
    let test = match (parsed, parser.rest.first()) {
        (Ok(test), None) => test,
        (Ok(_), Some(token)) => return Ok(wrong(shell, &format!("unexpected '{token}'"))),
        (Err(message), _) => return Ok(wrong(shell, &message)),
    };
    let (acts, max, min) = (parser.acts, parser.max, parser.min);
    let test = if acts { test } else { Test::And(vec![test, Test::Print("\n")]) };
    let deletes = contains_delete(&test);
    let mut roots: Vec<String> = arguments[..start].to_vec();
    if roots.is_empty() {
        roots.push(".".to_owned());
    }
    let mut walk = Walk { shell, together: Vec::new(), status: 0, quit: false };
    for root in roots {
        let path = walk.shell.path(&root);
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                walk.status = wrong(walk.shell, &format!("'{root}': {}", crate::redirect::reason(&error)));
                continue;
            }
        };
        // An explicit stack: folders may be deep. With `-delete`, what a folder holds comes before it.
        let mut stack = vec![(Found { name: root, path, metadata, depth: 0, prune: false }, false)];
        while let Some((mut found, seen)) = stack.pop() {
            if walk.quit {
                break;
            }
            let folder = found.metadata.is_dir();
            if (!deletes || seen || !folder) && found.depth >= min {
                walk.holds(&test, &mut found)?;
            }
            if !folder || seen || found.prune || found.depth >= max {
                continue;
            }
            let names = match super::files::names_in(&found.path) {
                Ok(names) => names,
                Err(error) => {
                    walk.status = wrong(walk.shell, &format!("'{}': {}", found.name, crate::redirect::reason(&error)));
                    continue;
                }
            };
            let (base, path, depth) = (found.name.clone(), found.path.clone(), found.depth + 1);
            if deletes {
                stack.push((found, true));
            }
            for name in names.into_iter().rev() {
                let path = path.join(&name);
                if let Ok(metadata) = path.symlink_metadata() {
                    let name = if base.ends_with('/') { format!("{base}{name}") } else { format!("{base}/{name}") };
                    stack.push((Found { name, path, metadata, depth, prune: false }, false));
                }
            }
        }
    }
    for (command, names) in std::mem::take(&mut walk.together) {
        let mut words = command;
        words.pop();
        words.extend(names);
        if walk.shell.run_builtin_or_utility(&words)? != 0 {
            walk.status = 1;
        }
    }
    Ok(walk.status)
}

fn wrong(shell: &Shell, message: &str) -> i32 {
    let _ = writeln!(shell.stderr(), "find: {message}");
    1
}

fn contains_delete(test: &Test) -> bool {
    match test {
        Test::Delete => true,
        Test::Not(inner) => contains_delete(inner),
        Test::And(tests) | Test::Or(tests) => tests.iter().any(contains_delete),
        _ => false,
    }
}

fn compares(order: char, value: u64, to: u64) -> bool {
    match order {
        '+' => value > to,
        '-' => value < to,
        _ => value == to,
    }
}

impl Walk<'_> {
    fn holds(&mut self, test: &Test, found: &mut Found) -> Run<bool> {
        let base = found.name.trim_end_matches('/').rsplit('/').next().filter(|base| !base.is_empty()).unwrap_or("/");
        Ok(match test {
            Test::And(tests) => {
                for test in tests {
                    if !self.holds(test, found)? {
                        return Ok(false);
                    }
                }
                true
            }
            Test::Or(tests) => {
                for test in tests {
                    if self.holds(test, found)? {
                        return Ok(true);
                    }
                }
                false
            }
            Test::Not(inner) => !self.holds(inner, found)?,
            Test::Name { pattern, ignore_case: false } => pattern::matches(pattern, base),
            Test::Name { pattern, ignore_case: true } => pattern::matches(pattern, &base.to_lowercase()),
            Test::Path(pattern) => pattern::matches(pattern, &found.name),
            Test::Kind(kind) => match kind {
                'f' => found.metadata.is_file(),
                'd' => found.metadata.is_dir(),
                'l' => found.metadata.is_symlink(),
                _ => false,
            },
            Test::Empty if found.metadata.is_dir() => {
                super::files::names_in(&found.path).is_ok_and(|names| names.is_empty())
            }
            Test::Empty => found.metadata.len() == 0,
            Test::Size { order, bytes, unit } => compares(*order, found.metadata.len().div_ceil(*unit), *bytes),
            Test::Newer(than) => found.metadata.modified().is_ok_and(|modified| modified > *than),
            Test::Minutes { order, count } => {
                let age =
                    found.metadata.modified().ok().and_then(|modified| modified.elapsed().ok()).unwrap_or_default();
                compares(*order, age.as_secs() / 60, *count)
            }
            Test::True => true,
            Test::False => false,
            Test::Print(end) => {
                let _ = write!(self.shell.stdout(), "{}{end}", found.name);
                true
            }
            Test::Format(format) => {
                let _ = self.shell.stdout().write_all(&formatted(format, found, base));
                true
            }
            Test::Delete => {
                let removed = if found.metadata.is_dir() {
                    std::fs::remove_dir(&found.path)
                } else {
                    std::fs::remove_file(&found.path)
                };
                if let Err(error) = removed {
                    self.status = wrong(
                        self.shell,
                        &format!("cannot delete '{}': {}", found.name, crate::redirect::reason(&error)),
                    );
                }
                self.status == 0
            }
            Test::Prune => {
                found.prune = true;
                true
            }
            Test::Quit => {
                self.quit = true;
                true
            }
            Test::Execute { command, together: true } => {
                match self.together.iter_mut().find(|(known, _)| known == command) {
                    Some((_, names)) => names.push(found.name.clone()),
                    None => self.together.push((command.clone(), vec![found.name.clone()])),
                }
                true
            }
            Test::Execute { command, together: false } => {
                let words: Vec<String> = command.iter().map(|word| word.replace("{}", &found.name)).collect();
                self.shell.run_builtin_or_utility(&words)? == 0
            }
        })
    }
}

fn formatted(format: &str, found: &Found, base: &str) -> Vec<u8> {
    let mut text = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('p') => text.push_str(&found.name),
            Some('f') => text.push_str(base),
            Some('h') => text.push_str(found.name.rsplit_once('/').map_or(".", |(folder, _)| folder)),
            Some('s') => text.push_str(&found.metadata.len().to_string()),
            Some('d') => text.push_str(&found.depth.to_string()),
            Some('y') => text.push(if found.metadata.is_dir() { 'd' } else { 'f' }),
            Some('P') => text.push_str(found.name.split_once('/').map_or("", |(_, rest)| rest)),
            Some(c) => text.push(c),
            None => {}
        }
    }
    crate::escapes::unescape(&text, crate::escapes::Style::Format).bytes
}

/// What is read from standard input, as arguments: quotes and backslashes count unless a delimiter is given.
fn items(bytes: &[u8], delimiter: Option<u8>, by_line: bool) -> Result<Vec<String>, String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if let Some(delimiter) = delimiter {
        let delimiter = char::from(delimiter);
        let whole = text.strip_suffix(delimiter).unwrap_or(&text);
        return Ok(if whole.is_empty() { Vec::new() } else { whole.split(delimiter).map(str::to_owned).collect() });
    }
    if by_line {
        return Ok(text.lines().map(|line| line.trim_start().to_owned()).filter(|line| !line.is_empty()).collect());
    }
    let (mut all, mut current) = (Vec::new(), None::<String>);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_ascii_whitespace() => all.extend(current.take()),
            '\\' => current.get_or_insert_default().extend(chars.next()),
            quote @ ('\'' | '"') => {
                let word = current.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(c) if c == quote => break,
                        Some(c) => word.push(c),
                        None => {
                            return Err(format!("unmatched {} quote", if quote == '"' { "double" } else { "single" }));
                        }
                    }
                }
            }
            c => current.get_or_insert_default().push(c),
        }
    }
    all.extend(current);
    Ok(all)
}

pub fn xargs(shell: &mut Shell, arguments: &[String]) -> Run {
    match run_xargs(shell, arguments) {
        Ok(done) => done,
        Err(message) => {
            let _ = writeln!(shell.stderr(), "xargs: {message}");
            Ok(1)
        }
    }
}

fn run_xargs(shell: &mut Shell, arguments: &[String]) -> Result<Run, String> {
    let long = [
        ("null", '0'),
        ("max-args", 'n'),
        ("no-run-if-empty", 'r'),
        ("delimiter", 'd'),
        ("replace", 'I'),
        ("max-procs", 'P'),
        ("verbose", 't'),
    ];
    let message = |failure| match failure {
        Failure::Message(message, _) => message,
        Failure::Unread => String::new(),
    };
    let options = options_before(arguments, "0n:rd:I:L:P:ts:", &long).map_err(message)?;
    let delimiter = match options.value('d') {
        Some(text) => crate::escapes::unescape(text, crate::escapes::Style::Format).bytes.first().copied(),
        None => options.has('0').then_some(0),
    };
    let placeholder = options.value('I').map(str::to_owned);
    let bytes = shell.descriptors.input(0).read_all().map_err(|error| error.to_string())?;
    let items = items(&bytes, delimiter, placeholder.is_some() || options.has('L'))?;
    let mut command = options.operands.clone();
    if command.is_empty() {
        command.push("echo".to_owned());
    }
    if items.is_empty() && (options.has('r') || placeholder.is_some()) {
        return Ok(Ok(0));
    }
    let at_most = options.number('n').map_err(message)?.or(options.number('L').map_err(message)?);
    let at_most = at_most.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)).max(1);
    let commands: Vec<Vec<String>> = match &placeholder {
        Some(placeholder) => items
            .iter()
            .map(|item| command.iter().map(|word| word.replace(placeholder.as_str(), item)).collect())
            .collect(),
        None if items.is_empty() => vec![command],
        None => {
            items.chunks(at_most.min(items.len())).map(|chunk| command.iter().chain(chunk).cloned().collect()).collect()
        }
    };
    let mut status = 0;
    for words in commands {
        if options.has('t') {
            let _ = writeln!(shell.stderr(), "{}", words.join(" "));
        }
        // Commands must not read what the arguments come from.
        let mut subshell = shell.subshell();
        subshell.descriptors.set(0, crate::stream::Descriptor::In(crate::stream::Input::empty()));
        let done = subshell.run_builtin_or_utility(&words);
        match subshell.finish(done) {
            0 => {}
            127 => return Ok(Ok(127)),
            255 => return Ok(Ok(124)),
            _ => status = 123,
        }
    }
    Ok(Ok(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_from_text() {
        assert_eq!(items(b"a 'b c' d\\ e\n\"\" f", None, false).unwrap(), ["a", "b c", "d e", "", "f"]);
        assert_eq!(items(b"a b\0c\0", Some(0), false).unwrap(), ["a b", "c"]);
        assert_eq!(items(b" a b\n\nc", None, true).unwrap(), ["a b", "c"]);
        assert!(items(b"'a", None, false).is_err());
    }

    #[test]
    fn expressions() {
        let shell = Shell::new("sh", []);
        let parse = |text: &str| {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let mut parser = Parser { shell: &shell, rest: &words, depth: 0, acts: false, max: 9, min: 0 };
            parser.or().is_ok() && parser.rest.is_empty()
        };
        assert!(parse("-name *.txt -o ( -type d ! -empty )") && parse("-exec echo {} ;") && parse("-exec echo {} +"));
        for wrong in ["-name", "( -empty", "-empty )", "-exec echo", "-what", "-size x"] {
            assert!(!parse(wrong), "{wrong}");
        }
        assert!(!parse(&vec!["("; 1000].join(" ")));
    }
}
