//! The grammar of commands made of commands: `if`, loops, `case`, functions, `[[ ]]`.

use std::rc::Rc;

use crate::ast::{Arm, ArmEnd, Command, Condition, Kind, List, Word};
use crate::parser::{Parsed, Parser, is_name, is_unary};

impl Parser<'_> {
    pub(crate) fn command(&mut self) -> Parsed<Command> {
        self.nested(|parser| {
            parser.blanks();
            let line = parser.line();
            let Some(kind) = parser.compound()? else { return parser.simple(line) };
            let mut redirects = Vec::new();
            parser.blanks();
            while let Some(redirect) = parser.redirect()? {
                redirects.push(redirect);
                parser.blanks();
            }
            Ok(Command { line, kind, redirects })
        })
    }

    pub(crate) fn compound(&mut self) -> Parsed<Option<Kind>> {
        if self.looking_at("(") {
            if let Some(expression) = self.double_parentheses()? {
                return Ok(Some(Kind::Arithmetic(expression)));
            }
            self.at += 1;
            let list = self.body()?;
            self.expect(")")?;
            return Ok(Some(Kind::Subshell(list)));
        }
        let kind = if self.eat_reserved("{") {
            let list = self.body()?;
            self.expect_reserved("}")?;
            Kind::Group(list)
        } else if self.eat_reserved("if") {
            self.if_clause()?
        } else if self.eat_reserved("while") {
            self.while_clause(false)?
        } else if self.eat_reserved("until") {
            self.while_clause(true)?
        } else if self.eat_reserved("for") {
            self.for_clause()?
        } else if self.eat_reserved("case") {
            self.case_clause()?
        } else if self.eat_reserved("[[") {
            let condition = self.condition_or()?;
            self.expect_reserved("]]")?;
            Kind::Condition(condition)
        } else if self.eat_reserved("function") {
            self.blanks();
            let word = self.word()?;
            let Some(name) = word.bare().map(str::to_owned) else { return Err(self.unexpected()) };
            self.blanks();
            if self.eat("(") {
                self.expect(")")?;
            }
            self.function(name)?
        } else if self.at_reserved("select") || self.at_reserved("coproc") {
            return Err(self.error("`select` and `coproc` are not there in this shell"));
        } else if self.at_list_end() {
            return Err(self.unexpected());
        } else {
            return Ok(None);
        };
        Ok(Some(kind))
    }

    /// `((expression))`, if it is one: otherwise two subshells begin here, or a substitution that begins with one.
    pub(crate) fn double_parentheses(&mut self) -> Parsed<Option<Word>> {
        if !self.looking_at("((") || self.no_expression.contains(&self.at) {
            return Ok(None);
        }
        let (start, pending) = (self.at, self.pending.clone());
        self.at += 2;
        let word = self.arithmetic("))")?;
        if word.is_none() {
            self.no_expression.insert(start);
            (self.at, self.pending) = (start, pending);
        }
        Ok(word)
    }

    pub(crate) fn if_clause(&mut self) -> Parsed<Kind> {
        let mut branches = Vec::new();
        loop {
            let condition = self.body()?;
            self.expect_reserved("then")?;
            branches.push((condition, self.body()?));
            self.newlines()?;
            if self.eat_reserved("elif") {
                continue;
            }
            let otherwise = if self.eat_reserved("else") { Some(self.body()?) } else { None };
            self.expect_reserved("fi")?;
            return Ok(Kind::If { branches, otherwise });
        }
    }

    pub(crate) fn do_group(&mut self) -> Parsed<List> {
        self.expect_reserved("do")?;
        let body = self.body()?;
        self.expect_reserved("done")?;
        Ok(body)
    }

    pub(crate) fn while_clause(&mut self, until: bool) -> Parsed<Kind> {
        let condition = self.body()?;
        Ok(Kind::While { until, condition, body: self.do_group()? })
    }

    pub(crate) fn for_clause(&mut self) -> Parsed<Kind> {
        self.blanks();
        if self.eat("((") {
            let mut parts = Vec::new();
            for end in [";", ";", "))"] {
                let Some(part) = self.arithmetic(end)? else { return Err(self.unexpected()) };
                parts.push(part);
            }
            self.blanks();
            self.eat(";");
            let (step, condition, start) =
                (parts.pop().unwrap_or_default(), parts.pop().unwrap_or_default(), parts.pop().unwrap_or_default());
            return Ok(Kind::Count { start, condition, step, body: self.do_group()? });
        }
        let word = self.word()?;
        let Some(name) = word.bare().filter(|name| is_name(name)).map(str::to_owned) else {
            return Err(self.error("`for` needs a variable's name"));
        };
        self.newlines()?;
        let words = if self.eat_reserved("in") {
            let mut words = Vec::new();
            loop {
                self.blanks();
                if !self.at_word() {
                    break;
                }
                words.push(self.word()?);
            }
            Some(words)
        } else {
            None
        };
        self.blanks();
        self.eat(";");
        Ok(Kind::For { name, words, body: self.do_group()? })
    }

    pub(crate) fn case_clause(&mut self) -> Parsed<Kind> {
        self.blanks();
        let word = self.word()?;
        self.expect_reserved("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.eat_reserved("esac") {
                return Ok(Kind::Case { word, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            self.expect(")")?;
            let body = self.list()?;
            self.newlines()?;
            let end = if self.eat(";;&") {
                ArmEnd::TestNext
            } else if self.eat(";;") {
                ArmEnd::Stop
            } else if self.eat(";&") {
                ArmEnd::FallThrough
            } else {
                arms.push(Arm { patterns, body, end: ArmEnd::Stop });
                self.expect_reserved("esac")?;
                return Ok(Kind::Case { word, arms });
            };
            arms.push(Arm { patterns, body, end });
        }
    }

    pub(crate) fn function(&mut self, name: String) -> Parsed<Kind> {
        self.newlines()?;
        let body = Rc::new(self.command()?);
        Ok(Kind::Function { name, body })
    }

    // ---- [[ ]] ----

    pub(crate) fn condition_or(&mut self) -> Parsed<Condition> {
        let mut left = self.condition_and()?;
        loop {
            self.newlines()?;
            if !self.eat("||") {
                return Ok(left);
            }
            left = Condition::Or(Box::new(left), Box::new(self.condition_and()?));
        }
    }

    pub(crate) fn condition_and(&mut self) -> Parsed<Condition> {
        let mut left = self.condition()?;
        loop {
            self.newlines()?;
            if !self.eat("&&") {
                return Ok(left);
            }
            left = Condition::And(Box::new(left), Box::new(self.condition()?));
        }
    }

    pub(crate) fn condition(&mut self) -> Parsed<Condition> {
        self.nested(|parser| {
            parser.newlines()?;
            if parser.eat_reserved("!") {
                return Ok(Condition::Not(Box::new(parser.condition()?)));
            }
            if parser.eat("(") {
                let inner = parser.condition_or()?;
                parser.expect(")")?;
                return Ok(inner);
            }
            if parser.at_reserved("]]") {
                return Err(parser.unexpected());
            }
            let left = parser.word()?;
            parser.blanks();
            if let Some(operator) = left.bare().filter(|text| is_unary(text)).map(str::to_owned)
                && parser.at_word()
                && !parser.at_reserved("]]")
                && !parser.at_reserved("==")
                && !parser.at_reserved("=")
            {
                return Ok(Condition::Unary(operator, parser.word()?));
            }
            for operator in
                ["==", "=~", "!=", "=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"]
            {
                if parser.at_reserved(operator)
                    || (operator.len() == 1 && operator != "=" && parser.looking_at(operator))
                {
                    parser.at += operator.len();
                    parser.blanks();
                    let right = if operator == "=~" { parser.regex_word()? } else { parser.word()? };
                    return Ok(Condition::Binary(left, operator.to_owned(), right));
                }
            }
            Ok(Condition::Word(left))
        })
    }
}
