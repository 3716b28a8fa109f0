//! Parameter expansion: `$x`, `"$@"`, `${x:-y}`, `${x##*/}` and the rest.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ast::{Index, Modifier, Parameter, Word};
use crate::expand::Piece;
use crate::pattern;
use crate::shell::{Flow, Run, Shell};
use crate::stream::random;
use crate::variables::Content;

/// What a parameter holds.
enum Held {
    Unset,
    One(String),
    /// `$@`, `${x[@]}`; `joined` for `$*` and `${x[*]}`.
    Many {
        items: Vec<String>,
        joined: bool,
    },
}

impl Shell {
    /// The pieces that a parameter stands for.
    pub fn parameter(&mut self, parameter: &Parameter, quoted: bool, to: &mut Vec<Piece>) -> Run<()> {
        match &parameter.modifier {
            Modifier::Keys => {
                let items = self.keys(&parameter.name);
                let joined = matches!(parameter.index, Some(Index::Joined));
                self.push(Held::Many { items, joined }, quoted, to);
                return Ok(());
            }
            Modifier::Names => {
                let names = self.variables.names().into_iter().filter(|name| name.starts_with(&parameter.name));
                let items = names.map(str::to_owned).collect();
                self.push(Held::Many { items, joined: false }, quoted, to);
                return Ok(());
            }
            Modifier::Length => {
                let length = match self.held(parameter)? {
                    Held::Unset => {
                        self.check_set(parameter)?;
                        0
                    }
                    Held::One(text) => text.chars().count(),
                    Held::Many { items, .. } => items.len(),
                };
                to.push(Piece::Text { text: length.to_string(), quoted, split: !quoted });
                return Ok(());
            }
            _ => {}
        }
        let held = if parameter.indirect { self.indirect(parameter)? } else { self.held(parameter)? };
        if let Modifier::Unset { kind, null, word } = &parameter.modifier {
            return self.default(parameter, held, *kind, *null, word, quoted, to);
        }
        if let (Held::Unset, false) = (&held, matches!(parameter.name.as_str(), "@" | "*")) {
            self.check_set(parameter)?;
        }
        let held = match &parameter.modifier {
            Modifier::Slice { offset, length } => self.slice(held, parameter, offset, length.as_ref())?,
            Modifier::None => held,
            modifier => self.change(held, modifier)?,
        };
        self.push(held, quoted, to);
        Ok(())
    }

    /// `set -u`: what is unset is a mistake.
    fn check_set(&self, parameter: &Parameter) -> Run<()> {
        if self.options.nounset && !matches!(parameter.index, Some(Index::All | Index::Joined)) {
            let what = if self.bash { "unbound variable" } else { "parameter not set" };
            return Err(self.fatal(&format!("{}: {what}", parameter.name)));
        }
        Ok(())
    }

    fn push(&self, held: Held, quoted: bool, to: &mut Vec<Piece>) {
        match held {
            Held::Unset => {}
            Held::One(text) => to.push(Piece::Text { text, quoted, split: !quoted }),
            Held::Many { items, joined: true } if quoted => {
                let separator = match self.variables.get("IFS") {
                    None => " ".to_owned(),
                    Some(ifs) => ifs.chars().next().map(String::from).unwrap_or_default(),
                };
                to.push(Piece::Text { text: items.join(&separator), quoted, split: false });
            }
            Held::Many { items, .. } => {
                if items.is_empty() && quoted {
                    to.push(Piece::Nothing);
                }
                for (i, text) in items.into_iter().enumerate() {
                    if i > 0 {
                        to.push(Piece::Break);
                    }
                    if quoted && text.is_empty() {
                        to.push(Piece::Empty);
                    } else {
                        to.push(Piece::Text { text, quoted, split: !quoted });
                    }
                }
            }
        }
    }

    fn held(&mut self, parameter: &Parameter) -> Run<Held> {
        let name = parameter.name.as_str();
        if matches!(name, "@" | "*") {
            return Ok(Held::Many { items: self.parameters.clone(), joined: name == "*" });
        }
        match &parameter.index {
            Some(index @ (Index::All | Index::Joined)) => {
                let items = match self.variables.variable(name).map(|v| &v.content) {
                    Some(Content::Text(text)) => vec![text.clone()],
                    Some(Content::Indexed(items)) => items.values().cloned().collect(),
                    Some(Content::Keyed(items)) => items.values().cloned().collect(),
                    _ if name == "PIPESTATUS" => self.pipe_statuses.iter().map(ToString::to_string).collect(),
                    _ => Vec::new(),
                };
                Ok(Held::Many { items, joined: matches!(index, Index::Joined) })
            }
            Some(Index::At(word)) => {
                let index = self.text(word)?;
                if name == "PIPESTATUS" {
                    let at = self.evaluate(&index)?;
                    let status = usize::try_from(at).ok().and_then(|at| self.pipe_statuses.get(at));
                    return Ok(status.map_or(Held::Unset, |status| Held::One(status.to_string())));
                }
                let element = self.element(name, &index);
                Ok(self.or_fatal(element)?.map_or(Held::Unset, Held::One))
            }
            None => Ok(self.value(name).map_or(Held::Unset, Held::One)),
        }
    }

    /// `${!name}`
    fn indirect(&mut self, parameter: &Parameter) -> Run<Held> {
        let Held::One(target) = self.held(parameter)? else { return Ok(Held::Unset) };
        if let Some((name, index)) = target.strip_suffix(']').and_then(|target| target.split_once('[')) {
            let index = match index {
                "@" => Index::All,
                "*" => Index::Joined,
                index => Index::At(Word::literal(index)),
            };
            return self.held(&Parameter {
                name: name.to_owned(),
                index: Some(index),
                indirect: false,
                modifier: Modifier::None,
            });
        }
        Ok(self.value(&target).map_or(Held::Unset, Held::One))
    }

    fn keys(&self, name: &str) -> Vec<String> {
        match self.variables.variable(name).map(|v| &v.content) {
            Some(Content::Text(_)) => vec!["0".to_owned()],
            Some(Content::Indexed(items)) => items.keys().map(ToString::to_string).collect(),
            Some(Content::Keyed(items)) => items.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// The text of a variable or special parameter.
    pub fn value(&mut self, name: &str) -> Option<String> {
        if let Ok(number) = name.parse::<usize>() {
            return match number {
                0 => Some(self.name.clone()),
                n => self.parameters.get(n - 1).cloned(),
            };
        }
        match name {
            "@" | "*" => Some(self.parameters.join(" ")),
            "#" => Some(self.parameters.len().to_string()),
            "?" => Some(self.status.to_string()),
            // One process, always the same number: what a run gives must not depend on where it ran.
            "$" | "BASHPID" => Some("1".to_owned()),
            "PPID" => Some("0".to_owned()),
            "!" => (!self.background.is_empty()).then(|| (self.background.len() + 1).to_string()),
            "-" => Some(self.option_letters()),
            "RANDOM" | "LINENO" | "SECONDS" | "BASH_VERSION" | "UID" | "EUID" | "HOSTNAME" => {
                self.variables.get(name).map(str::to_owned).or_else(|| self.special(name))
            }
            name => self.variables.get(name).map(str::to_owned),
        }
    }

    /// Variables that the shell makes up.
    pub fn special(&self, name: &str) -> Option<String> {
        match name {
            "RANDOM" if self.bash => Some((random() & 0x7fff).to_string()),
            "LINENO" => Some(self.line.to_string()),
            "SECONDS" if self.bash => {
                Some(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()).to_string())
            }
            "BASH_VERSION" if self.bash => Some("5.2.0(1)-weft".to_owned()),
            "UID" | "EUID" if self.bash => Some("0".to_owned()),
            "HOSTNAME" if self.bash => Some("sandbox".to_owned()),
            _ => None,
        }
    }

    fn option_letters(&self) -> String {
        let options = self.options;
        [
            (options.allexport, 'a'),
            (options.errexit, 'e'),
            (options.noglob, 'f'),
            (options.nounset, 'u'),
            (options.verbose, 'v'),
            (options.xtrace, 'x'),
            (options.noclobber, 'C'),
        ]
        .into_iter()
        .filter_map(|(on, letter)| on.then_some(letter))
        .collect()
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one `${name:-word}`")]
    fn default(
        &mut self,
        parameter: &Parameter,
        held: Held,
        kind: u8,
        null: bool,
        word: &Word,
        quoted: bool,
        to: &mut Vec<Piece>,
    ) -> Run<()> {
        let there = match &held {
            Held::Unset => false,
            Held::One(text) => !null || !text.is_empty(),
            Held::Many { items, .. } => match items.as_slice() {
                [] => false,
                [only] => !null || !only.is_empty(),
                _ => true,
            },
        };
        match (kind, there) {
            (b'+', true) | (b'-', false) => {
                if quoted && word.parts.is_empty() {
                    return Ok(());
                }
                self.inner(word, quoted, to)
            }
            (b'+', false) => Ok(()),
            (b'=', false) => {
                let text = self.text(word)?;
                let set = match &parameter.index {
                    Some(Index::At(index)) => {
                        let index = self.text(index)?;
                        self.set_element(&parameter.name, &index, text.clone())
                    }
                    _ if crate::parser::is_name(&parameter.name) => self.variables.set(&parameter.name, text.clone()),
                    _ => Err(format!("${}: cannot assign in this way", parameter.name)),
                };
                self.or_fatal(set)?;
                self.push(Held::One(text), quoted, to);
                Ok(())
            }
            (b'?', false) => {
                let mut message = self.text(word)?;
                if message.is_empty() {
                    message.push_str(if null { "parameter null or not set" } else { "parameter not set" });
                }
                let _ = writeln!(self.stderr(), "{}: line {}: {}: {message}", self.name, self.line, parameter.name);
                Err(Flow::Exit(if self.bash { 127 } else { 2 }))
            }
            _ => {
                self.push(held, quoted, to);
                Ok(())
            }
        }
    }

    /// Each of the held texts, changed.
    fn change(&mut self, held: Held, modifier: &Modifier) -> Run<Held> {
        let (pattern, replacement) = match modifier {
            Modifier::Trim { pattern, .. } => (self.pattern(pattern)?, String::new()),
            Modifier::Replace { pattern, replacement, .. } => (self.pattern(pattern)?, self.text(replacement)?),
            _ => (String::new(), String::new()),
        };
        let pattern: Vec<char> = pattern.chars().collect();
        let one = |text: String| match modifier {
            Modifier::Trim { suffix, longest, .. } => trim(&text, &pattern, *suffix, *longest),
            Modifier::Replace { place, .. } => replace(&text, &pattern, &replacement, *place),
            Modifier::Case { upper, all } => change_case(&text, *upper, *all),
            Modifier::Transform(b'U') => text.to_uppercase(),
            Modifier::Transform(b'L') => text.to_lowercase(),
            Modifier::Transform(b'u') => change_case(&text, true, false),
            Modifier::Transform(_) => quote_for_shell(&text),
            _ => text,
        };
        Ok(match held {
            Held::Unset => Held::Unset,
            Held::One(text) => Held::One(one(text)),
            Held::Many { items, joined } => Held::Many { items: items.into_iter().map(one).collect(), joined },
        })
    }

    fn slice(&mut self, held: Held, parameter: &Parameter, offset: &Word, length: Option<&Word>) -> Run<Held> {
        let offset = self.number(offset)?;
        let length = length.map(|length| self.number(length)).transpose()?;
        let bounds = |count: usize| -> Result<(usize, usize), String> {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let start = if offset < 0 { count.saturating_add(offset) } else { offset };
            if start < 0 || start > count {
                return Ok((0, 0));
            }
            let end = match length {
                None => count,
                Some(length) if length < 0 => count.saturating_add(length),
                Some(length) => start.saturating_add(length).min(count),
            };
            if end < start {
                return Err(format!("{}: substring expression < 0", length.unwrap_or(0)));
            }
            Ok((usize::try_from(start).unwrap_or(0), usize::try_from(end).unwrap_or(0)))
        };
        Ok(match held {
            Held::Unset => Held::Unset,
            Held::One(text) => {
                let (start, end) = self.or_fatal(bounds(text.chars().count()))?;
                Held::One(text.chars().skip(start).take(end - start).collect())
            }
            Held::Many { mut items, joined } => {
                // `$@` counts from 1; its element 0 is the shell's name.
                if matches!(parameter.name.as_str(), "@" | "*") {
                    items.insert(0, self.name.clone());
                }
                let (start, end) = self.or_fatal(bounds(items.len()))?;
                Held::Many { items: items.drain(start..end).collect(), joined }
            }
        })
    }
}

fn trim(text: &str, pattern: &[char], suffix: bool, longest: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let count = chars.len();
    let fits = |length: &usize| {
        let part = if suffix { &chars[count - length..] } else { &chars[..*length] };
        pattern::matches_chars(pattern, part)
    };
    let length = if longest { (0..=count).rev().find(fits) } else { (0..=count).find(fits) };
    match length {
        None => text.to_owned(),
        Some(length) if suffix => chars[..count - length].iter().collect(),
        Some(length) => chars[length..].iter().collect(),
    }
}

/// `${x/pattern/replacement}`: the longest match counts.
fn replace(text: &str, pattern: &[char], replacement: &str, place: u8) -> String {
    let chars: Vec<char> = text.chars().collect();
    if pattern.is_empty() && matches!(place, b'/' | b'g') {
        return text.to_owned();
    }
    // Fixed text is looked for quickly: only patterns need every end to be tried.
    let fixed: Option<Vec<char>> = (!pattern.iter().any(|c| matches!(c, '*' | '?' | '[')))
        .then(|| pattern::unquote(&pattern.iter().collect::<String>()).chars().collect());
    let match_at = |start: usize| -> Option<usize> {
        match &fixed {
            Some(fixed) => chars[start..].starts_with(fixed).then(|| start + fixed.len()),
            None => (start..=chars.len()).rev().find(|end| pattern::matches_chars(pattern, &chars[start..*end])),
        }
    };
    match place {
        b'#' => match match_at(0) {
            Some(end) => replacement.chars().chain(chars[end..].iter().copied()).collect(),
            None => text.to_owned(),
        },
        b'%' => match (0..=chars.len()).find(|start| pattern::matches_chars(pattern, &chars[*start..])) {
            Some(start) => chars[..start].iter().copied().chain(replacement.chars()).collect(),
            None => text.to_owned(),
        },
        _ => {
            let (mut out, mut at) = (String::new(), 0);
            while at < chars.len() {
                match match_at(at) {
                    Some(end) if end > at => {
                        out.push_str(replacement);
                        at = end;
                        if place == b'/' {
                            break;
                        }
                    }
                    _ => {
                        out.push(chars[at]);
                        at += 1;
                    }
                }
            }
            out.extend(&chars[at..]);
            out
        }
    }
}

fn change_case(text: &str, upper: bool, all: bool) -> String {
    let change = |c: char| -> String { if upper { c.to_uppercase().collect() } else { c.to_lowercase().collect() } };
    let mut chars = text.chars();
    if all {
        return chars.map(change).collect();
    }
    chars.next().map(change).unwrap_or_default() + chars.as_str()
}

/// A text as it would be written in a script.
pub fn quote_for_shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A text as it would be written in a script, bare where that will do.
pub fn quote_if_needed(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quote_for_shell(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trimming_and_replacing() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(trim("a/b/c", &chars("*/"), false, true), "c");
        assert_eq!(trim("a/b/c", &chars("*/"), false, false), "b/c");
        assert_eq!(trim("a.tar.gz", &chars(".*"), true, true), "a");
        assert_eq!(trim("a.tar.gz", &chars(".*"), true, false), "a.tar");
        assert_eq!(replace("banana", &chars("a"), "o", b'g'), "bonono");
        assert_eq!(replace("banana", &chars("a*n"), "o", b'/'), "boa");
        assert_eq!(replace("banana", &chars("b?"), "", b'#'), "nana");
        assert_eq!(replace("banana", &chars("a"), "!", b'%'), "banan!");
        assert_eq!(change_case("éa", true, false), "Éa");
    }
}
