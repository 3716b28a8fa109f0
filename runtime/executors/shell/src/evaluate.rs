//! Walks the tree: lists, pipelines and compound commands.

use std::rc::Rc;

use crate::ast::{Arm, ArmEnd, Command, Condition, Item, Kind, List, Operator, Pipeline, Word};
use crate::parser::Parser;
use crate::pattern;
use crate::shell::{Flow, Run, Shell};
use crate::stream::{Appetite, Descriptor, Output};

impl Shell {
    /// Reads and runs a text as part of this shell, a line at a time: a mistake further down does not keep what is before it from
    /// running, nor does it matter after an `exit`. `what` says in errors where the text came from.
    pub fn run_text(&mut self, text: &str, what: &str) -> Run {
        self.deeper(|shell| {
            let mut parser = Parser::new(text, 1, 0);
            let mut done = false;
            loop {
                match parser.next_line() {
                    Ok(Some(list)) => {
                        shell.list(&list)?;
                        done = true;
                    }
                    Ok(None) if done => return Ok(shell.status),
                    Ok(None) => return Ok(0),
                    Err(error) => {
                        shell.line = 0;
                        shell.complain(&format!("{what}: line {}: syntax error: {}", error.line, error.message));
                        return Err(Flow::Exit(2));
                    }
                }
            }
        })
    }

    pub fn list(&mut self, list: &List) -> Run {
        for item in list {
            if item.background {
                // There is nothing to run beside: it runs now, and `wait` gives its status.
                let done = self.deeper(|shell| {
                    let mut subshell = shell.subshell();
                    let done = subshell.item(item);
                    Ok(subshell.finish(done))
                })?;
                self.background.push(done);
                self.status = 0;
            } else {
                self.item(item)?;
            }
        }
        Ok(self.status)
    }

    fn item(&mut self, item: &Item) -> Run {
        let last = item.rest.len();
        self.checked_pipeline(&item.first, last == 0)?;
        for (i, (operator, pipeline)) in item.rest.iter().enumerate() {
            if (*operator == Operator::And) == (self.status == 0) {
                self.checked_pipeline(pipeline, i + 1 == last)?;
            }
        }
        Ok(self.status)
    }

    /// Runs a pipeline; if it is the last of its list, its failure counts for `set -e`.
    fn checked_pipeline(&mut self, pipeline: &Pipeline, last: bool) -> Run<()> {
        let counts = last && !pipeline.negated;
        if counts {
            self.pipeline(pipeline)?;
        } else {
            self.unchecked(|shell| shell.pipeline(pipeline))?;
        }
        if pipeline.negated {
            self.status = i32::from(self.status == 0);
        }
        let simple = !matches!(
            pipeline.commands.as_slice(),
            [Command {
                kind: Kind::Group(_)
                    | Kind::If { .. }
                    | Kind::While { .. }
                    | Kind::For { .. }
                    | Kind::Count { .. }
                    | Kind::Case { .. },
                ..
            }]
        );
        if counts && simple && self.status != 0 && self.unchecked == 0 {
            if let Some(trap) = self.traps.get("ERR").cloned() {
                let status = self.status;
                self.unchecked(|shell| shell.run_text(&trap, "trap"))?;
                self.status = status;
            }
            if self.options.errexit {
                return Err(Flow::Exit(self.status));
            }
        }
        Ok(())
    }

    /// Runs something whose failure is looked at.
    fn unchecked<T>(&mut self, run: impl FnOnce(&mut Self) -> Run<T>) -> Run<T> {
        self.unchecked += 1;
        let done = run(self);
        self.unchecked -= 1;
        done
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Run<()> {
        if let [only] = pipeline.commands.as_slice() {
            self.status = self.command(only)?;
            self.pipe_statuses.clear();
            self.pipe_statuses.push(self.status);
            return Ok(());
        }
        let statuses = self.deeper(|shell| shell.piped(&pipeline.commands))?;
        let last = statuses.last().copied().unwrap_or(0);
        let failed = statuses.iter().rev().copied().find(|status| *status != 0).unwrap_or(0);
        self.status = if self.options.pipefail { failed } else { last };
        self.pipe_statuses = statuses;
        Ok(())
    }

    /// Each command in a subshell of its own, one after the other; what one wrote the next one reads.
    fn piped(&mut self, commands: &[Command]) -> Run<Vec<i32>> {
        let mut statuses = Vec::with_capacity(commands.len());
        let mut input = self.descriptors.get(0).cloned();
        for (i, command) in commands.iter().enumerate() {
            let mut subshell = self.subshell();
            match input.take() {
                Some(input) => subshell.descriptors.set(0, input),
                None => subshell.descriptors.close(0),
            }
            let pipe = commands.get(i + 1).map(|next| Output::pipe(appetite(next)));
            if let Some(pipe) = &pipe {
                subshell.descriptors.set(1, Descriptor::Out(pipe.clone()));
            }
            let done = subshell.command(command);
            let status = subshell.finish(done);
            statuses.push(status);
            input = pipe.map(|pipe| Descriptor::In(pipe.drain()));
        }
        Ok(statuses)
    }

    pub fn command(&mut self, command: &Command) -> Run {
        if self.exhausted.get() {
            return Err(Flow::Exit(2));
        }
        self.line = command.line;
        if let Kind::Simple { assignments, words } = &command.kind {
            return self.simple(assignments, words, &command.redirects);
        }
        if command.redirects.is_empty() {
            return self.deeper(|shell| shell.compound(&command.kind));
        }
        let saved = self.descriptors.clone();
        let done = match self.redirect(&command.redirects) {
            Ok(Ok(())) => self.deeper(|shell| shell.compound(&command.kind)),
            Ok(Err(message)) => {
                self.complain(&message);
                Ok(1)
            }
            Err(flow) => Err(flow),
        };
        self.descriptors = saved;
        done
    }

    fn compound(&mut self, kind: &Kind) -> Run {
        match kind {
            Kind::Simple { .. } => Ok(0), // not here: `command` runs it
            Kind::Group(list) => self.list(list),
            Kind::Subshell(list) => self.deeper(|shell| {
                let mut subshell = shell.subshell();
                let done = subshell.list(list);
                Ok(subshell.finish(done))
            }),
            Kind::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.unchecked(|shell| shell.list(condition))? == 0 {
                        return self.list(body);
                    }
                }
                match otherwise {
                    Some(body) => self.list(body),
                    None => Ok(0),
                }
            }
            Kind::While { until, condition, body } => self.looping(|shell| {
                let go = (shell.unchecked(|shell| shell.list(condition))? == 0) != *until;
                Ok(go.then_some(body))
            }),
            Kind::For { name, words, body } => self.for_loop(name, words.as_deref(), body),
            Kind::Count { start, condition, step, body } => {
                self.number(start)?;
                let mut first = true;
                self.looping(|shell| {
                    if !std::mem::take(&mut first) {
                        shell.number(step)?;
                    }
                    let go = condition.parts.is_empty() || blank(condition) || shell.number(condition)? != 0;
                    Ok(go.then_some(body))
                })
            }
            Kind::Case { word, arms } => self.case(word, arms),
            Kind::Function { name, body } => {
                self.functions.insert(name.clone(), Rc::clone(body));
                Ok(0)
            }
            Kind::Arithmetic(word) => {
                let text = self.text(word)?;
                match crate::arithmetic::evaluate(&text, self) {
                    Ok(value) => Ok(i32::from(value == 0)),
                    Err(message) => {
                        self.complain(&message);
                        Ok(1)
                    }
                }
            }
            Kind::Condition(condition) => {
                let holds = self.condition(condition)?;
                if self.options.xtrace {
                    self.trace("[[ … ]]");
                }
                Ok(i32::from(!holds))
            }
        }
    }

    /// Runs what `next` gives until it gives nothing more, minding `break` and `continue`.
    fn looping<'a>(&mut self, mut next: impl FnMut(&mut Self) -> Run<Option<&'a List>>) -> Run {
        self.loops += 1;
        let mut status = 0;
        let done = loop {
            let body = match next(self) {
                Ok(Some(body)) => body,
                Ok(None) => break Ok(status),
                Err(Flow::Break(1)) => break Ok(0),
                Err(Flow::Continue(1)) => continue,
                Err(Flow::Break(n)) => break Err(Flow::Break(n - 1)),
                Err(Flow::Continue(n)) => break Err(Flow::Continue(n - 1)),
                Err(flow) => break Err(flow),
            };
            match self.list(body) {
                Ok(done) => status = done,
                Err(Flow::Break(1)) => break Ok(0),
                Err(Flow::Continue(1)) => status = 0,
                Err(Flow::Break(n)) => break Err(Flow::Break(n - 1)),
                Err(Flow::Continue(n)) => break Err(Flow::Continue(n - 1)),
                Err(flow) => break Err(flow),
            }
        };
        self.loops -= 1;
        done
    }

    fn for_loop(&mut self, name: &str, words: Option<&[Word]>, body: &List) -> Run {
        let values = match words {
            Some(words) => self.arguments(words)?,
            None => self.parameters.clone(),
        };
        let mut values = values.into_iter();
        self.looping(|shell| match values.next() {
            None => Ok(None),
            Some(value) => {
                let set = shell.variables.set(name, value);
                shell.or_fatal(set)?;
                Ok(Some(body))
            }
        })
    }

    fn case(&mut self, word: &Word, arms: &[Arm]) -> Run {
        let text = self.text(word)?;
        let mut status = 0;
        let mut falling = false;
        for arm in arms {
            if !falling && !self.fits(&text, &arm.patterns)? {
                continue;
            }
            status = if arm.body.is_empty() { 0 } else { self.list(&arm.body)? };
            match arm.end {
                ArmEnd::Stop => return Ok(status),
                ArmEnd::FallThrough => falling = true,
                ArmEnd::TestNext => falling = false,
            }
        }
        Ok(status)
    }

    fn fits(&mut self, text: &str, patterns: &[Word]) -> Run<bool> {
        for pattern in patterns {
            let pattern = self.pattern(pattern)?;
            if pattern::matches(&pattern, text) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn condition(&mut self, condition: &Condition) -> Run<bool> {
        Ok(match condition {
            Condition::Not(inner) => !self.condition(inner)?,
            Condition::And(left, right) => self.condition(left)? && self.condition(right)?,
            Condition::Or(left, right) => self.condition(left)? || self.condition(right)?,
            Condition::Word(word) => !self.text(word)?.is_empty(),
            Condition::Unary(operator, word) => {
                let text = self.text(word)?;
                let holds = crate::test::unary(self, operator, &text);
                self.or_fatal(holds)?
            }
            Condition::Binary(left, operator, right) => {
                let left = self.text(left)?;
                match operator.as_str() {
                    "=" | "==" | "!=" => {
                        let pattern = self.pattern(right)?;
                        pattern::matches(&pattern, &left) == (operator != "!=")
                    }
                    "=~" => {
                        let pattern = self.regex(right)?;
                        return self.matches_regex(&left, &pattern);
                    }
                    "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                        let right = self.text(right)?;
                        let (left, right) = (self.evaluate(&left)?, self.evaluate(&right)?);
                        crate::test::compare(operator, left, right)
                    }
                    _ => {
                        let right = self.text(right)?;
                        let holds = crate::test::binary(self, &left, operator, &right);
                        self.or_fatal(holds)?
                    }
                }
            }
        })
    }

    /// `=~`, which leaves what its groups matched in `BASH_REMATCH`.
    fn matches_regex(&mut self, text: &str, pattern: &str) -> Run<bool> {
        let regex = crate::regexes::compile(pattern, crate::regexes::Syntax { extended: true, ..Default::default() });
        let regex = self.or_fatal(regex)?;
        let groups = regex.captures(text.as_bytes()).map(|found| {
            let group = |m: Option<regex::bytes::Match>| m.map(|m| String::from_utf8_lossy(m.as_bytes()).into_owned());
            found.iter().map(|m| group(m).unwrap_or_default()).enumerate().collect()
        });
        let holds = groups.is_some();
        let content = crate::variables::Content::Indexed(groups.unwrap_or_default());
        let set = self.variables.set_content("BASH_REMATCH", content);
        self.or_fatal(set)?;
        Ok(holds)
    }
}

fn blank(word: &Word) -> bool {
    word.bare().is_some_and(|text| text.trim().is_empty())
}

/// How much a command reads at most, as far as its words tell. Such a command ends others that would write for ever.
fn appetite(command: &Command) -> Appetite {
    let Kind::Simple { words, .. } = &command.kind else { return Appetite::default() };
    let words: Option<Vec<String>> = words.iter().map(Word::fixed).collect();
    let Some([name, arguments @ ..]) = words.as_deref() else { return Appetite::default() };
    let nothing = Appetite { lines: Some(0), bytes: Some(0) };
    match name.rsplit('/').next().unwrap_or_default() {
        "head" => crate::utilities::head::appetite(arguments),
        // `sed 3q`
        "sed" => match arguments {
            [script] => Appetite { lines: script.strip_suffix('q').and_then(|line| line.parse().ok()), bytes: None },
            _ => Appetite::default(),
        },
        "read" => Appetite { lines: Some(1), bytes: None },
        "true" | "false" | ":" | "echo" | "printf" | "exit" => nothing,
        _ => Appetite::default(),
    }
}
