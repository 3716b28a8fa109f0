//! Statements, and what leaves them early.

use super::Interpreter;
use super::ast::{Expression, Statement};
use super::streams::Way;
use super::value::{Value, to_bytes};
use crate::utilities::Failure;

/// Why a statement was left.
pub enum Stop {
    Break,
    Continue,
    Next,
    NextFile,
    Exit(Option<i32>),
    Return(Value),
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Failure(Failure::Message(message, 2))
    }
}

impl<'s> Interpreter<'s> {
    pub fn block(&mut self, statements: &'s [Statement]) -> Result<(), Stop> {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    /// One round of a loop; false if it was left.
    fn round(&mut self, body: &'s Statement) -> Result<bool, Stop> {
        match self.statement(body) {
            Ok(()) | Err(Stop::Continue) => Ok(true),
            Err(Stop::Break) => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    fn statement(&mut self, statement: &'s Statement) -> Result<(), Stop> {
        match statement {
            Statement::Expression(expression) => self.evaluate(expression).map(|_| ()),
            Statement::Print { arguments, to } => self.print(arguments, to.as_ref()),
            Statement::Printf { arguments, to } => {
                let text = self.formatted(arguments)?;
                self.write(to.as_ref(), &text)
            }
            Statement::If { condition, then, otherwise } => {
                if self.evaluate(condition)?.is_true() {
                    self.statement(then)
                } else if let Some(otherwise) = otherwise {
                    self.statement(otherwise)
                } else {
                    Ok(())
                }
            }
            Statement::While { condition, body } => {
                while self.evaluate(condition)?.is_true() && self.round(body)? {}
                Ok(())
            }
            Statement::DoWhile { body, condition } => {
                while self.round(body)? && self.evaluate(condition)?.is_true() {}
                Ok(())
            }
            Statement::For { start, condition, step, body } => {
                if let Some(start) = start {
                    self.statement(start)?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.evaluate(condition)?.is_true()
                    {
                        return Ok(());
                    }
                    if !self.round(body)? {
                        return Ok(());
                    }
                    if let Some(step) = step {
                        self.statement(step)?;
                    }
                }
            }
            Statement::ForIn { variable, array, body } => {
                let array = self.variables.array(array)?;
                let keys: Vec<_> = array.borrow().keys().cloned().collect();
                for key in keys {
                    // What the loop deleted is gone.
                    if !array.borrow().contains_key(&key) {
                        continue;
                    }
                    self.variables.set(variable, Value::input(&key))?;
                    if !self.round(body)? {
                        break;
                    }
                }
                Ok(())
            }
            Statement::Block(statements) => self.block(statements),
            Statement::Break => Err(Stop::Break),
            Statement::Continue => Err(Stop::Continue),
            Statement::Next => Err(Stop::Next),
            Statement::NextFile => Err(Stop::NextFile),
            Statement::Exit(code) => {
                let code = code.as_ref().map(|code| self.evaluate(code)).transpose()?;
                Err(Stop::Exit(code.map(|code| status(code.number()))))
            }
            Statement::Return(value) => {
                let value = value.as_ref().map(|value| self.evaluate(value)).transpose()?;
                Err(Stop::Return(value.unwrap_or_default()))
            }
            Statement::Delete { array, key } => {
                let array = self.variables.array(array)?;
                if key.is_empty() {
                    array.borrow_mut().clear();
                } else {
                    let key = self.key(key)?;
                    array.borrow_mut().swap_remove(&key);
                }
                Ok(())
            }
        }
    }

    pub fn print(&mut self, arguments: &'s [Expression], to: Option<&'s (Way, Expression)>) -> Result<(), Stop> {
        let mut line = String::new();
        if arguments.is_empty() {
            line.push_str(&self.variables.field(0.0)?.to_text("%.6g"));
        }
        for (at, argument) in arguments.iter().enumerate() {
            if at > 0 {
                line.push_str(&self.variables.ofs);
            }
            let value = self.evaluate(argument)?;
            line.push_str(&value.to_text(&self.variables.ofmt));
        }
        line.push_str(&self.variables.ors);
        self.write(to, &line)
    }

    fn write(&mut self, to: Option<&'s (Way, Expression)>, text: &str) -> Result<(), Stop> {
        let to = match to {
            None => None,
            Some((way, name)) => Some((*way, self.text(name)?)),
        };
        Ok(self.streams.write(to.as_ref().map(|(way, name)| (*way, &**name)), &to_bytes(text))?)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a status has eight bits")]
fn status(number: f64) -> i32 {
    (number as i64 & 0xff) as i32
}
