//! Simple commands: assignments, and a function, a builtin or a utility with its arguments.

use std::collections::BTreeMap;
use std::io::Write;
use std::rc::Rc;

use crate::ast::{Assignment, Command, Redirect, Value, Word};
use crate::builtins::{self, Builtin};
use crate::parameters::quote_if_needed;
use crate::programs;
use crate::shell::{Flow, Run, Shell};
use crate::utilities;
use crate::variables::{Content, Variable};

impl Shell {
    pub fn simple(&mut self, assignments: &[Assignment], words: &[Word], redirects: &[Redirect]) -> Run {
        self.substituted = None;
        let arguments = self.command_arguments(words)?;
        // `exec` without a command changes the shell's own descriptors.
        let lasting = arguments.len() == 1 && arguments[0] == "exec";
        let saved = (!redirects.is_empty() && !lasting).then(|| self.descriptors.clone());
        let done = match self.redirect(redirects) {
            Ok(Ok(())) => self.assigned(assignments, &arguments),
            Ok(Err(message)) => {
                self.complain(&message);
                let special = arguments.first().is_some_and(|name| builtins::is_special(name));
                if special && !self.bash { Err(Flow::Exit(2)) } else { Ok(1) }
            }
            Err(flow) => Err(flow),
        };
        if let Some(saved) = saved {
            self.descriptors = saved;
        }
        done
    }

    /// Arguments of a command: those of `export` and its kin that assign are not split.
    fn command_arguments(&mut self, words: &[Word]) -> Run<Vec<String>> {
        let declares = words
            .first()
            .and_then(Word::bare)
            .is_some_and(|name| matches!(name, "export" | "readonly" | "local" | "declare" | "typeset"));
        if !declares {
            return self.arguments(words);
        }
        let mut arguments = Vec::new();
        for word in words {
            let assigns = matches!(word.parts.first(), Some(crate::ast::Part::Literal(text))
                if text.split_once('=').is_some_and(|(name, _)| crate::parser::is_name(name.trim_end_matches('+'))));
            if assigns {
                arguments.push(self.assigning_text(word)?);
            } else {
                self.argument(word, &mut arguments)?;
            }
        }
        Ok(arguments)
    }

    /// `name=~/x` as an argument: the tilde counts after the equals sign.
    fn assigning_text(&mut self, word: &Word) -> Run<String> {
        let mut value = word.clone();
        let mut name = String::new();
        if let Some(crate::ast::Part::Literal(text)) = value.parts.first_mut()
            && let Some(at) = text.find('=')
        {
            text[..=at].clone_into(&mut name);
            text.drain(..=at);
            if text.is_empty() {
                value.parts.remove(0);
            }
        }
        Ok(name + &self.text(&value)?)
    }

    fn assigned(&mut self, assignments: &[Assignment], arguments: &[String]) -> Run {
        let Some(name) = arguments.first() else {
            for assignment in assignments {
                self.assign(assignment)?;
            }
            return Ok(self.substituted.unwrap_or(0));
        };
        let is_array = |assignment: &&Assignment| matches!(assignment.value, Value::Array(_));
        if assignments.is_empty() {
            self.trace_command(arguments);
            return self.run_command(arguments);
        }
        // What stands before a command holds while that runs; the arrays of `declare x=(…)` are assigned after it.
        let mut hidden: Vec<(&str, Option<Variable>)> = Vec::new();
        let mut ready = Ok(());
        for assignment in assignments.iter().filter(|a| !is_array(a)) {
            hidden.push((&assignment.name, self.variables.save(&assignment.name)));
            ready = self.assign(assignment);
            self.variables.entry(&assignment.name).exported = true;
            if ready.is_err() {
                break;
            }
        }
        self.trace_command(arguments);
        let mut done = ready.and_then(|()| self.run_command(arguments));
        // A special builtin's assignments last, as POSIX has it and bash has not.
        if self.bash || !builtins::is_special(name) {
            for (name, saved) in hidden.into_iter().rev() {
                self.variables.restore(name, saved);
            }
        }
        for assignment in assignments.iter().filter(is_array) {
            done = done.and_then(|status| self.assign(assignment).map(|()| status));
        }
        done
    }

    pub fn assign(&mut self, assignment: &Assignment) -> Run<()> {
        let name = assignment.name.as_str();
        match &assignment.value {
            Value::Array(items) => {
                let mut content = match self.variables.variable(name).map(|v| v.content.clone()) {
                    Some(Content::Keyed(old)) => {
                        Content::Keyed(if assignment.append { old } else { BTreeMap::default() })
                    }
                    Some(Content::Indexed(old)) if assignment.append => Content::Indexed(old),
                    Some(Content::Text(old)) if assignment.append => Content::Indexed([(0, old)].into()),
                    _ => Content::Indexed(BTreeMap::default()),
                };
                for (key, word) in items {
                    let key = key.as_ref().map(|key| self.text(key)).transpose()?;
                    match &mut content {
                        Content::Keyed(all) => {
                            if let Some(key) = key {
                                all.insert(key, self.text(word)?);
                            }
                        }
                        Content::Indexed(all) => {
                            if let Some(key) = key {
                                let at = usize::try_from(self.evaluate(&key)?).unwrap_or(0);
                                all.insert(at, self.text(word)?);
                                continue;
                            }
                            let next = all.keys().next_back().map_or(0, |last| last + 1);
                            let mut texts = Vec::new();
                            self.argument(word, &mut texts)?;
                            all.extend((next..).zip(texts));
                        }
                        _ => {}
                    }
                }
                let set = self.variables.set_content(name, content);
                self.or_fatal(set)?;
            }
            Value::Scalar(word) => {
                let mut text = self.text(word)?;
                let index = assignment.index.as_ref().map(|index| self.text(index)).transpose()?;
                let integer = self.variables.variable(name).is_some_and(|variable| variable.integer);
                if assignment.append {
                    let old = match &index {
                        Some(index) => {
                            let element = self.element(name, index);
                            self.or_fatal(element)?
                        }
                        None => self.variables.get(name).map(str::to_owned),
                    };
                    let old = old.unwrap_or_default();
                    text = if integer { format!("({old})+({text})") } else { old + &text };
                }
                if integer {
                    text = self.evaluate(&text)?.to_string();
                }
                if self.options.xtrace {
                    self.trace(&format!("{name}={}", quote_if_needed(&text)));
                }
                let set = match index {
                    Some(index) => self.set_element(name, &index, text),
                    None => self.variables.set(name, text),
                };
                self.or_fatal(set)?;
            }
        }
        if self.options.allexport {
            self.variables.entry(name).exported = true;
        }
        Ok(())
    }

    fn trace_command(&self, arguments: &[String]) {
        if self.options.xtrace {
            let words: Vec<String> = arguments.iter().map(|word| quote_if_needed(word)).collect();
            self.trace(&words.join(" "));
        }
    }

    /// `set -x`: what runs, on standard error.
    pub fn trace(&self, text: &str) {
        let prompt = self.variables.get("PS4").unwrap_or("+ ");
        let _ = writeln!(self.stderr(), "{prompt}{text}");
    }

    /// Runs a command by its name: a function, a builtin, a utility, or a script.
    pub fn run_command(&mut self, arguments: &[String]) -> Run {
        let Some(name) = arguments.first() else { return Ok(0) };
        if let Some(function) = self.functions.get(name) {
            let function = Rc::clone(function);
            return self.call(&function, &arguments[1..]);
        }
        self.run_builtin_or_utility(arguments)
    }

    /// The same without functions, as `command` asks for.
    pub fn run_builtin_or_utility(&mut self, arguments: &[String]) -> Run {
        let Some(name) = arguments.first() else { return Ok(0) };
        let rest = &arguments[1..];
        if let Some(builtin) = builtins::find(name) {
            return match builtin {
                Builtin::Shell(run) => run(self, rest),
                Builtin::Prefix(run) => self.deeper(|shell| run(shell, rest)),
            };
        }
        // A path to where systems keep their programs names the utility; any other path is a file.
        let (base, standard) = match name.rsplit_once('/') {
            Some((folder, base)) => {
                (base, matches!(folder, "/bin" | "/usr/bin" | "/usr/local/bin" | "/sbin" | "/usr/sbin"))
            }
            None => (name.as_str(), true),
        };
        if standard {
            if name.contains('/')
                && let Some(Builtin::Shell(run) | Builtin::Prefix(run)) =
                    builtins::find(base).filter(|_| !builtins::is_special(base))
            {
                return self.deeper(|shell| run(shell, rest));
            }
            if let Some(utility) = utilities::find(base) {
                return Ok(utilities::run(self, base, utility, rest));
            }
            if let Some(status) = programs::run(self, base, rest) {
                return Ok(status);
            }
        }
        if name.contains('/') && self.path(name).is_file() {
            return self.run_file(name, rest);
        }
        Ok(self.not_found(name))
    }

    fn call(&mut self, function: &Command, arguments: &[String]) -> Run {
        self.deeper(|shell| {
            let parameters = std::mem::replace(&mut shell.parameters, arguments.to_vec());
            let loops = std::mem::take(&mut shell.loops);
            shell.variables.enter_function();
            shell.functions_running += 1;
            let done = shell.command(function);
            shell.functions_running -= 1;
            shell.variables.leave_function();
            shell.loops = loops;
            shell.parameters = parameters;
            match done {
                Err(Flow::Return(status)) => Ok(status),
                done => done,
            }
        })
    }

    /// A script by its path, in a shell of its own.
    fn run_file(&mut self, name: &str, arguments: &[String]) -> Run {
        let Ok(text) = std::fs::read_to_string(self.path(name)) else {
            self.complain(&format!("{name}: it is no shell script; other programs need a WebAssembly component"));
            return Ok(126);
        };
        if let Some(interpreter) = text.lines().next().and_then(|line| line.strip_prefix("#!")) {
            let mut words = interpreter.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or_default());
            let program = words.find(|word| *word != "env" && !word.starts_with('-')).unwrap_or_default();
            if !matches!(program, "sh" | "bash" | "ash" | "dash") {
                let words: Vec<String> = std::iter::once(name.to_owned()).chain(arguments.iter().cloned()).collect();
                if let Some(status) = programs::run(self, program, &words) {
                    return Ok(status);
                }
                self.complain(&format!("{name}: it is a script for {program}, which this sandboxed shell has not"));
                return Ok(126);
            }
        }
        let name = name.to_owned();
        self.deeper(|shell| {
            let mut script = shell.script_shell(&name, arguments.to_vec());
            let done = script.run_text(&text, &name);
            Ok(script.finish(done))
        })
    }

    /// A new shell that begins with this one's exported variables, folder and streams, as a program that is started does.
    pub fn script_shell(&self, name: &str, arguments: Vec<String>) -> Self {
        let environment = self.variables.exported().into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut shell = Shell::new(name, environment);
        shell.cwd.clone_from(&self.cwd);
        shell.remember("PWD", &self.cwd);
        shell.descriptors = self.descriptors.clone();
        shell.parameters = arguments;
        shell.bash = self.bash;
        shell.depth = self.depth;
        shell.exhausted = Rc::clone(&self.exhausted);
        shell
    }

    fn not_found(&self, name: &str) -> i32 {
        if name.contains('/') {
            self.complain(&format!("{name}: No such file or directory"));
        } else {
            self.complain(&format!("{name}: not found"));
        }
        let _ = writeln!(
            self.stderr(),
            "this sandboxed shell has {}; any other program needs a WebAssembly component",
            utilities::summary()
        );
        127
    }
}
