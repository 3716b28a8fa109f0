//! Expressions.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use regex::bytes::Regex;

use super::ast::{Expression, Operator};
use super::statements::Stop;
use super::streams::Way;
use super::value::Value;
use super::variables::{Array, Cell};
use super::{Interpreter, MAX_DEPTH};
use crate::utilities::Failure;

/// What can be assigned to.
enum Place<'s> {
    Variable(&'s str),
    Field(f64),
    Element(Array, Rc<str>),
}

impl<'s> Interpreter<'s> {
    pub fn evaluate(&mut self, expression: &'s Expression) -> Result<Value, Stop> {
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Regex(pattern) => truth(self.record_matches(pattern)?),
            Expression::Variable(name) => self.variables.get(name)?,
            Expression::Group(inner) => self.evaluate(inner)?,
            Expression::List(_) => return Err("a list stands where a value should".to_owned().into()),
            Expression::Field(_) | Expression::Element { .. } => {
                let place = self.place(expression)?;
                self.read(&place)?
            }
            Expression::Binary(left, operator, right) => self.binary(left, *operator, right)?,
            Expression::Concatenation(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&self.text(part)?);
                }
                Value::text(text)
            }
            Expression::Not(inner) => truth(!self.evaluate(inner)?.is_true()),
            Expression::Negative(inner) => Value::Number(-self.evaluate(inner)?.number()),
            Expression::Positive(inner) => Value::Number(self.evaluate(inner)?.number()),
            Expression::Assign { target, operator, value } => {
                let mut value = self.evaluate(value)?;
                let place = self.place(target)?;
                if let Some(operator) = operator {
                    value = Value::Number(calculate(self.read(&place)?.number(), *operator, value.number())?);
                }
                self.assign(&place, value.clone())?;
                value
            }
            Expression::Step { target, by, after } => {
                let place = self.place(target)?;
                let before = self.read(&place)?.number();
                self.assign(&place, Value::Number(before + by))?;
                Value::Number(if *after { before } else { before + by })
            }
            Expression::Choice(condition, first, second) => {
                let chosen = if self.evaluate(condition)?.is_true() { first } else { second };
                self.evaluate(chosen)?
            }
            Expression::Call { name, arguments } => self.call(name, arguments)?,
            Expression::In { key, array } => {
                let key = self.key(key)?;
                let array = self.variables.array(array)?;
                let there = array.borrow().contains_key(&key);
                truth(there)
            }
            Expression::Match { text, pattern, negated } => {
                let text = self.text(text)?;
                let regex = self.pattern(pattern)?;
                truth(regex.is_match(text.as_bytes()) != *negated)
            }
            Expression::Getline { target, from } => self.getline(target.as_deref(), from.as_ref())?,
        })
    }

    pub fn text(&mut self, expression: &'s Expression) -> Result<Rc<str>, Stop> {
        let value = self.evaluate(expression)?;
        Ok(value.to_text(&self.variables.convfmt))
    }

    /// A regular expression, as such or as a text.
    pub fn pattern(&mut self, expression: &'s Expression) -> Result<Rc<Regex>, Stop> {
        match expression {
            Expression::Regex(pattern) => self.regex(pattern),
            Expression::Group(inner) => self.pattern(inner),
            _ => {
                let pattern = self.text(expression)?;
                self.regex(&pattern)
            }
        }
    }

    pub fn key(&mut self, indices: &'s [Expression]) -> Result<Rc<str>, Stop> {
        if let [index] = indices {
            return self.text(index);
        }
        let parts: Vec<Rc<str>> = indices.iter().map(|index| self.text(index)).collect::<Result<_, _>>()?;
        Ok(parts.join(&*self.variables.subsep).into())
    }

    fn binary(&mut self, left: &'s Expression, operator: Operator, right: &'s Expression) -> Result<Value, Stop> {
        let value = self.evaluate(left)?;
        match operator {
            Operator::And => return Ok(truth(value.is_true() && self.evaluate(right)?.is_true())),
            Operator::Or => return Ok(truth(value.is_true() || self.evaluate(right)?.is_true())),
            _ => {}
        }
        let other = self.evaluate(right)?;
        let compared =
            |holds: fn(Ordering) -> bool| truth(value.compare(&other, &self.variables.convfmt).is_some_and(holds));
        Ok(match operator {
            Operator::Less => compared(Ordering::is_lt),
            Operator::LessOrEqual => compared(Ordering::is_le),
            Operator::Greater => compared(Ordering::is_gt),
            Operator::GreaterOrEqual => compared(Ordering::is_ge),
            Operator::Equal => compared(Ordering::is_eq),
            Operator::NotEqual => truth(value.compare(&other, &self.variables.convfmt) != Some(Ordering::Equal)),
            operator => Value::Number(calculate(value.number(), operator, other.number())?),
        })
    }

    fn place(&mut self, expression: &'s Expression) -> Result<Place<'s>, Stop> {
        Ok(match expression {
            Expression::Variable(name) => Place::Variable(name),
            Expression::Field(index) => Place::Field(self.evaluate(index)?.number()),
            Expression::Element { array, key } => {
                let key = self.key(key)?;
                Place::Element(self.variables.array(array)?, key)
            }
            Expression::Group(inner) => self.place(inner)?,
            _ => return Err("a value cannot be assigned to".to_owned().into()),
        })
    }

    /// An element that is read is there from then on.
    fn read(&mut self, place: &Place) -> Result<Value, Stop> {
        Ok(match place {
            Place::Variable(name) => self.variables.get(name)?,
            Place::Field(index) => self.variables.field(*index)?,
            Place::Element(array, key) => array.borrow_mut().entry(key.clone()).or_default().clone(),
        })
    }

    fn assign(&mut self, place: &Place, value: Value) -> Result<(), Stop> {
        match place {
            Place::Variable(name) => self.variables.set(name, value)?,
            Place::Field(index) => self.variables.set_field(*index, value)?,
            Place::Element(array, key) => {
                array.borrow_mut().insert(key.clone(), value);
            }
        }
        Ok(())
    }

    pub fn assign_to(&mut self, target: &'s Expression, value: Value) -> Result<(), Stop> {
        let place = self.place(target)?;
        self.assign(&place, value)
    }

    /// 1 for a record, 0 at the end, -1 for what cannot be read.
    fn getline(
        &mut self,
        target: Option<&'s Expression>,
        from: Option<&'s (Way, Box<Expression>)>,
    ) -> Result<Value, Stop> {
        let record = match from {
            None => self.next_record()?,
            Some((way, name)) => {
                let name = self.text(name)?;
                match self.streams.getline(*way, &name, &self.variables.records) {
                    Ok(record) => record,
                    Err(Failure::Message(..)) => return Ok(Value::Number(-1.0)),
                    Err(failure) => return Err(failure.into()),
                }
            }
        };
        let Some(record) = record else { return Ok(Value::Number(0.0)) };
        if matches!(from, Some((Way::Command, _))) {
            self.variables.nr += 1.0;
        }
        match target {
            Some(target) => self.assign_to(target, Value::input(&record))?,
            None => self.variables.set_record(&record),
        }
        Ok(Value::Number(1.0))
    }

    fn call(&mut self, name: &'s str, arguments: &'s [Expression]) -> Result<Value, Stop> {
        let Some(function) = self.functions.get(name).copied() else { return self.builtin(name, arguments) };
        if arguments.len() > function.parameters.len() {
            return Err(format!(
                "the function {name} takes {} arguments, not {}",
                function.parameters.len(),
                arguments.len()
            )
            .into());
        }
        if self.variables.depth() >= MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} functions call each other").into());
        }
        let mut frame = HashMap::new();
        for (at, parameter) in function.parameters.iter().enumerate() {
            let cell = match arguments.get(at) {
                None => Cell::Free(Array::default()),
                Some(Expression::Variable(name)) => self.variables.argument(name)?,
                Some(expression) => Cell::Scalar(self.evaluate(expression)?),
            };
            frame.insert(parameter.clone(), cell);
        }
        self.variables.enter(frame);
        let done = self.block(&function.body);
        self.variables.leave();
        match done {
            Ok(()) => Ok(Value::Unset),
            Err(Stop::Return(value)) => Ok(value),
            Err(stop) => Err(stop),
        }
    }
}

pub fn truth(holds: bool) -> Value {
    Value::Number(f64::from(u8::from(holds)))
}

fn calculate(left: f64, operator: Operator, right: f64) -> Result<f64, String> {
    Ok(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide | Operator::Remainder if right == 0.0 => return Err("division by zero".to_owned()),
        Operator::Divide => left / right,
        Operator::Remainder => left % right,
        _ => left.powf(right),
    })
}
