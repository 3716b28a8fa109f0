//! `--list-commands`: what a script would call that is not here, found without running it. Names that depend on variables are not seen.

use std::collections::BTreeSet;

use crate::ast::{Command, Condition, Item, Kind, List, Modifier, Part, RedirectKind, Value, Word};
use crate::builtins;
use crate::utilities;

/// The names of commands that are neither defined in the script nor available, sorted.
pub fn missing(list: &List) -> BTreeSet<String> {
    let mut finder = Finder::default();
    finder.list(list);
    let Finder { called, defined } = finder;
    called.into_iter().filter(|name| !defined.contains(name) && !available(name)).collect()
}

fn available(name: &str) -> bool {
    let base = match name.rsplit_once('/') {
        Some(("/bin" | "/usr/bin" | "/usr/local/bin" | "/sbin" | "/usr/sbin", base)) => base,
        // A path of its own may be a script that the run brings.
        Some(_) => return true,
        None => name,
    };
    builtins::find(base).is_some() || utilities::find(base).is_some()
}

#[derive(Default)]
struct Finder {
    called: BTreeSet<String>,
    defined: BTreeSet<String>,
}

impl Finder {
    fn list(&mut self, list: &List) {
        for Item { first, rest, .. } in list {
            for pipeline in std::iter::once(first).chain(rest.iter().map(|(_, pipeline)| pipeline)) {
                for command in &pipeline.commands {
                    self.command(command);
                }
            }
        }
    }

    fn command(&mut self, command: &Command) {
        for redirect in &command.redirects {
            match &redirect.kind {
                RedirectKind::Here(body) => {
                    if let Some(word) = body.get() {
                        self.word(word);
                    }
                }
                RedirectKind::Read(word)
                | RedirectKind::Write(word)
                | RedirectKind::Append(word)
                | RedirectKind::ReadWrite(word)
                | RedirectKind::HereString(word)
                | RedirectKind::Duplicate { target: word, .. }
                | RedirectKind::Both { target: word, .. } => self.word(word),
            }
        }
        match &command.kind {
            Kind::Simple { assignments, words } => {
                for assignment in assignments {
                    match &assignment.value {
                        Value::Scalar(word) => self.word(word),
                        Value::Array(items) => {
                            for (_, word) in items {
                                self.word(word);
                            }
                        }
                    }
                }
                self.words(words);
                let fixed: Vec<Option<String>> = words.iter().map(Word::fixed).collect();
                self.called_by(&fixed);
            }
            Kind::Group(list) | Kind::Subshell(list) => self.list(list),
            Kind::If { branches, otherwise } => {
                for (condition, body) in branches {
                    self.list(condition);
                    self.list(body);
                }
                if let Some(list) = otherwise {
                    self.list(list);
                }
            }
            Kind::While { condition, body, .. } => {
                self.list(condition);
                self.list(body);
            }
            Kind::For { words, body, .. } => {
                self.words(words.as_deref().unwrap_or_default());
                self.list(body);
            }
            Kind::Count { body, .. } => self.list(body),
            Kind::Case { word, arms } => {
                self.word(word);
                for arm in arms {
                    self.list(&arm.body);
                }
            }
            Kind::Function { name, body } => {
                self.defined.insert(name.clone());
                self.command(body);
            }
            Kind::Arithmetic(word) => self.word(word),
            Kind::Condition(condition) => self.condition(condition),
        }
    }

    /// The command that words name, and the one that a command like `env` or `xargs` would run.
    fn called_by(&mut self, words: &[Option<String>]) {
        let Some(Some(name)) = words.first() else { return };
        if name.is_empty() {
            return;
        }
        self.called.insert(name.clone());
        let rest = &words[1..];
        let text = |word: &Option<String>| word.clone().unwrap_or_default();
        let skipped = match name.rsplit('/').next().unwrap_or_default() {
            "exec" | "nohup" | "time" | "command" | "builtin" => {
                let flags = rest.iter().take_while(|word| text(word).starts_with('-')).count();
                if rest.iter().take(flags).any(|word| matches!(text(word).as_str(), "-v" | "-V")) {
                    return;
                }
                flags
            }
            "env" => rest
                .iter()
                .take_while(|word| text(word).starts_with('-') || text(word).contains('=') || word.is_none())
                .count(),
            "timeout" => {
                let flags = rest.iter().take_while(|word| text(word).starts_with('-')).count();
                flags + 1
            }
            "sh" | "bash" | "ash" | "dash" => {
                // The script of `sh -c '…'` is one too.
                let flag = rest.iter().position(|word| text(word).starts_with('-') && text(word).ends_with('c'));
                if let Some(Some(script)) = flag.and_then(|at| rest.get(at + 1))
                    && let Ok(list) = crate::parser::parse(script)
                {
                    self.called.extend(missing(&list));
                }
                return;
            }
            _ => return,
        };
        if let Some(more) = rest.get(skipped..)
            && !more.is_empty()
        {
            self.called_by(more);
        }
    }

    fn words(&mut self, words: &[Word]) {
        for word in words {
            self.word(word);
        }
    }

    fn word(&mut self, word: &Word) {
        self.parts(&word.parts);
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Command(list) | Part::Process(list) => self.list(list),
                Part::Double(parts) => self.parts(parts),
                Part::Arithmetic(word) => self.word(word),
                Part::Parameter(parameter) => match &parameter.modifier {
                    Modifier::Unset { word, .. } | Modifier::Trim { pattern: word, .. } => self.word(word),
                    Modifier::Replace { pattern, replacement, .. } => {
                        self.word(pattern);
                        self.word(replacement);
                    }
                    _ => {}
                },
                Part::Literal(_) | Part::Quoted(_) => {}
            }
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Not(inner) => self.condition(inner),
            Condition::And(left, right) | Condition::Or(left, right) => {
                self.condition(left);
                self.condition(right);
            }
            Condition::Word(word) | Condition::Unary(_, word) => self.word(word),
            Condition::Binary(left, _, right) => {
                self.word(left);
                self.word(right);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str) -> Vec<String> {
        missing(&crate::parser::parse(script).unwrap()).into_iter().collect()
    }

    #[test]
    fn names_what_is_not_here() {
        assert!(of("set -e; mkdir -p \"$(dirname \"$0\")\"; f() { cat; }; f | sort > out").is_empty());
        assert_eq!(
            of("x=$(gsutil ls); if yq . a; then for i in \"`aws s3`\"; do /usr/bin/kubectl; done; fi"),
            ["/usr/bin/kubectl", "aws", "gsutil", "yq"]
        );
        assert_eq!(
            of("env A=1 python3 x.py; exec node y; sh -ec 'curl x'; timeout 5 wget z"),
            ["curl", "node", "python3", "wget"]
        );
        assert!(of("$0 \"$@\"; ./mine.sh; command -v curl").is_empty());
    }
}
