//! awk's own functions.

use std::fmt::Write;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Interpreter;
use super::ast::Expression;
use super::separator::Fields;
use super::statements::Stop;
use super::value::{Value, from_bytes, leading_number};
use crate::utilities::{printf, time};

impl<'s> Interpreter<'s> {
    pub fn builtin(&mut self, name: &str, arguments: &'s [Expression]) -> Result<Value, Stop> {
        let wrong = || Stop::from(format!("{name} does not take {} arguments", arguments.len()));
        match (name, arguments) {
            ("length", [Expression::Variable(array)]) if self.variables.is_array(array) => {
                let array = self.variables.array(array)?;
                let length = array.borrow().len();
                Ok(Value::count(length))
            }
            ("length", []) => Ok(Value::count(self.variables.field(0.0)?.to_text("%.6g").chars().count())),
            ("split", [text, Expression::Variable(array), separator @ ..]) => {
                self.split(text, array, separator.first())
            }
            ("sub" | "gsub", [pattern, replacement, target @ ..]) => {
                self.substitute(name == "gsub", pattern, replacement, target.first())
            }
            ("gensub", [pattern, replacement, which, target @ ..]) => {
                self.generic(pattern, replacement, which, target.first())
            }
            ("match", [text, pattern, array @ ..]) => self.find(text, pattern, array.first()),
            ("sprintf", [_, ..]) => Ok(Value::text(self.formatted(arguments)?)),
            ("asort" | "asorti", [Expression::Variable(source), target @ ..]) => {
                let source = self.variables.array(source)?;
                let mut values: Vec<Value> = if name == "asort" {
                    source.borrow().values().cloned().collect()
                } else {
                    source.borrow().keys().map(|key| Value::Text(key.clone())).collect()
                };
                // Numbers come before texts.
                values.sort_by(|a, b| {
                    let text = |value: &Value| matches!(value, Value::Text(_));
                    text(a).cmp(&text(b)).then_with(|| a.compare(b, "%.6g").unwrap_or(std::cmp::Ordering::Equal))
                });
                let target = match target.first() {
                    Some(Expression::Variable(name)) => self.variables.array(name)?,
                    _ => source,
                };
                let count = values.len();
                *target.borrow_mut() =
                    values.into_iter().enumerate().map(|(at, value)| ((at + 1).to_string().into(), value)).collect();
                Ok(Value::count(count))
            }
            _ => {
                let values: Vec<Value> =
                    arguments.iter().map(|argument| self.evaluate(argument)).collect::<Result<_, _>>()?;
                self.of_values(name, &values)?.ok_or_else(wrong)
            }
        }
    }

    /// Functions of plain values; nothing if there is none of that name and number of arguments.
    fn of_values(&mut self, name: &str, values: &[Value]) -> Result<Option<Value>, Stop> {
        let format = self.variables.convfmt.clone();
        let text = |at: usize| values.get(at).cloned().unwrap_or_default().to_text(&format);
        let number = |at: usize| values.get(at).map_or(0.0, Value::number);
        let result = match (name, values.len()) {
            ("length", 1) => Value::count(text(0).chars().count()),
            ("substr", 2 | 3) => {
                Value::text(part(&text(0), number(1), if values.len() == 3 { number(2) } else { f64::INFINITY }))
            }
            ("index", 2) => {
                let text_0 = text(0);
                Value::count(text_0.find(&*text(1)).map_or(0, |at| text_0[..at].chars().count() + 1))
            }
            ("tolower", 1) => Value::text(text(0).to_lowercase()),
            ("toupper", 1) => Value::text(text(0).to_uppercase()),
            ("int", 1) => Value::Number(number(0).trunc()),
            ("sqrt", 1) => Value::Number(number(0).sqrt()),
            ("exp", 1) => Value::Number(number(0).exp()),
            ("log", 1) => Value::Number(number(0).ln()),
            ("sin", 1) => Value::Number(number(0).sin()),
            ("cos", 1) => Value::Number(number(0).cos()),
            ("atan2", 2) => Value::Number(number(0).atan2(number(1))),
            ("rand", 0) => Value::Number(self.next_random()),
            ("srand", 0 | 1) => {
                let before = self.seed;
                self.seed = if values.is_empty() { now() } else { number(0) };
                self.random = self.seed.to_bits();
                Value::Number(before)
            }
            ("system", 1) => Value::Number(f64::from(self.streams.system(&text(0))?)),
            ("close", 1 | 2) => {
                self.streams.flush()?;
                Value::Number(f64::from(self.streams.close(&text(0))?))
            }
            ("fflush", 0 | 1) => {
                self.streams.flush()?;
                Value::Number(0.0)
            }
            ("systime", 0) => Value::Number(now()),
            ("strftime", 0..=3) => {
                let template = if values.is_empty() { "%a %b %e %H:%M:%S %Z %Y".into() } else { text(0) };
                let seconds = if values.len() > 1 { number(1) } else { now() };
                Value::text(time::format_seconds(&template, whole(seconds)))
            }
            ("mktime", 1 | 2) => {
                let parts: Vec<i64> = text(0).split_whitespace().filter_map(|part| part.parse().ok()).collect();
                Value::Number(time::seconds_of(&parts).map_or(-1.0, lossless))
            }
            ("and", 2..) => fold(values, |a, b| a & b),
            ("or", 2..) => fold(values, |a, b| a | b),
            ("xor", 2..) => fold(values, |a, b| a ^ b),
            ("compl", 1) => Value::Number(lossless(!whole(number(0)) & ((1 << 53) - 1))),
            ("lshift", 2) => Value::Number(lossless(whole(number(0)).checked_shl(shift(number(1))).unwrap_or(0))),
            ("rshift", 2) => Value::Number(lossless(whole(number(0)).checked_shr(shift(number(1))).unwrap_or(0))),
            ("strtonum", 1) => {
                let digits = text(0).trim().to_lowercase();
                let radix = |digits, radix| i64::from_str_radix(digits, radix).map_or(0.0, lossless);
                Value::Number(match (digits.strip_prefix("0x"), digits.strip_prefix('0')) {
                    (Some(hex), _) => radix(hex, 16),
                    (_, Some(octal)) if !octal.is_empty() && octal.bytes().all(|b| b.is_ascii_digit()) => {
                        radix(octal, 8)
                    }
                    _ => leading_number(&digits).0,
                })
            }
            _ => return Ok(None),
        };
        Ok(Some(result))
    }

    /// The generator xorshift64*; the numbers are the same in every run with the same seed.
    fn next_random(&mut self) -> f64 {
        let mut state = self.random ^ 0x9e37_79b9_7f4a_7c15;
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        self.random = state ^ 0x9e37_79b9_7f4a_7c15;
        lossless((state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11).cast_signed()) / lossless(1 << 53)
    }

    fn split(&mut self, text: &'s Expression, array: &str, separator: Option<&'s Expression>) -> Result<Value, Stop> {
        let text = self.text(text)?;
        let separator = match separator {
            None => self.variables.fields_separator().clone(),
            Some(Expression::Regex(pattern)) => Fields::Expression(self.regex(pattern)?),
            Some(separator) => Fields::new(&self.text(separator)?)?,
        };
        let fields = separator.split(&text, false);
        let count = fields.len();
        let array = self.variables.array(array)?;
        *array.borrow_mut() =
            fields.into_iter().enumerate().map(|(at, field)| ((at + 1).to_string().into(), field)).collect();
        Ok(Value::count(count))
    }

    fn substitute(
        &mut self,
        all: bool,
        pattern: &'s Expression,
        replacement: &'s Expression,
        target: Option<&'s Expression>,
    ) -> Result<Value, Stop> {
        let regex = self.pattern(pattern)?;
        let replacement = self.text(replacement)?;
        let text = match target {
            Some(target) => self.text(target)?,
            None => self.variables.field(0.0)?.to_text("%.6g"),
        };
        let (result, count) = replaced(&regex, &text, &replacement, if all { None } else { Some(1) }, false);
        if count > 0 {
            match target {
                // A target that is a value is not kept.
                Some(target) if target.is_place() => self.assign_to(target, Value::text(result))?,
                Some(_) => {}
                None => self.variables.set_field(0.0, Value::text(result))?,
            }
        }
        Ok(Value::count(count))
    }

    fn generic(
        &mut self,
        pattern: &'s Expression,
        replacement: &'s Expression,
        which: &'s Expression,
        target: Option<&'s Expression>,
    ) -> Result<Value, Stop> {
        let regex = self.pattern(pattern)?;
        let replacement = self.text(replacement)?;
        let which = self.text(which)?;
        let text = match target {
            Some(target) => self.text(target)?,
            None => self.variables.field(0.0)?.to_text("%.6g"),
        };
        let which = if which.starts_with(['g', 'G']) { None } else { Some(which.parse().unwrap_or(1)) };
        Ok(Value::text(replaced(&regex, &text, &replacement, which, true).0))
    }

    fn find(
        &mut self,
        text: &'s Expression,
        pattern: &'s Expression,
        groups: Option<&'s Expression>,
    ) -> Result<Value, Stop> {
        let text = self.text(text)?;
        let regex = self.pattern(pattern)?;
        let captures = regex.captures(text.as_bytes());
        let chars = |range: &[u8]| from_bytes(range).chars().count();
        let found = captures.as_ref().and_then(|captures| captures.get(0));
        let (start, length) = found.map_or((0, -1.0), |found| {
            (chars(&text.as_bytes()[..found.start()]) + 1, Value::count(chars(found.as_bytes())).number())
        });
        if let Some(Expression::Variable(name)) = groups {
            let array = self.variables.array(name)?;
            let mut array = array.borrow_mut();
            array.clear();
            for (at, group) in captures.iter().flat_map(|captures| captures.iter().enumerate()) {
                if let Some(group) = group {
                    let key: Rc<str> = at.to_string().into();
                    array.insert(key.clone(), Value::input(&from_bytes(group.as_bytes())));
                    let (from, length) = (chars(&text.as_bytes()[..group.start()]) + 1, chars(group.as_bytes()));
                    array.insert(format!("{key}\x1cstart").into(), Value::count(from));
                    array.insert(format!("{key}\x1clength").into(), Value::count(length));
                }
            }
        }
        self.variables.set("RSTART", Value::count(start))?;
        self.variables.set("RLENGTH", Value::Number(length))?;
        Ok(Value::count(start))
    }

    /// What `printf` writes.
    pub fn formatted(&mut self, arguments: &'s [Expression]) -> Result<String, Stop> {
        let Some((format, arguments)) = arguments.split_first() else { return Ok(String::new()) };
        let format = self.text(format)?;
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.evaluate(argument)?);
        }
        let convfmt = self.variables.convfmt.clone();
        let mut values = values.into_iter();
        let mut out = String::new();
        let mut rest: &str = &format;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let mut spec = "%".to_owned();
            loop {
                let Some(c) = rest.chars().next() else {
                    out.push_str(&spec);
                    break;
                };
                rest = &rest[c.len_utf8()..];
                match c {
                    '*' => {
                        let _ = write!(spec, "{}", whole(values.next().unwrap_or_default().number()));
                    }
                    '-' | '+' | ' ' | '#' | '.' | '0'..='9' => spec.push(c),
                    'l' | 'h' | 'L' | 'q' => {}
                    _ => {
                        spec.push(c);
                        out.push_str(&converted(&spec, c, &mut values, &convfmt)?);
                        break;
                    }
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn converted(
    spec: &str,
    conversion: char,
    values: &mut impl Iterator<Item = Value>,
    format: &str,
) -> Result<String, String> {
    if conversion == '%' {
        return Ok("%".to_owned());
    }
    if !"diouxXeEfFgGaAcs".contains(conversion) {
        return Ok(spec.to_owned());
    }
    let value = values.next().ok_or_else(|| "printf: there are fewer values than the format has places".to_owned())?;
    let argument = match (conversion, &value) {
        ('c', Value::Number(code)) => {
            char::from_u32(whole(*code).unsigned_abs().try_into().unwrap_or(0)).unwrap_or_default().to_string()
        }
        ('c' | 's', _) => value.to_text(format).to_string(),
        ('d' | 'i' | 'o' | 'u' | 'x' | 'X', _) if value.number().abs() < 9e18 => {
            format!("{:.0}", value.number().trunc())
        }
        ('d' | 'i', _) => {
            return Ok(printf::format(&spec.replace(conversion, ".0f"), &[format!("{:e}", value.number())]).text());
        }
        _ => format!("{:e}", value.number()),
    };
    Ok(printf::format(spec, &[argument]).text())
}

/// `substr`: some characters from a place on, both rounded; what begins before the text begins with it, as GNU's and mawk have it.
fn part(text: &str, start: f64, length: f64) -> String {
    let start = start.round_ties_even().max(1.0);
    let end = if length.is_finite() { start + length.round_ties_even() } else { f64::INFINITY };
    let inside = |at: usize| {
        let place = Value::count(at + 1).number();
        place >= start && place < end
    };
    text.chars().enumerate().filter(|(at, _)| inside(*at)).map(|(_, c)| c).collect()
}

/// A text with matches replaced, all or the n-th, and how many were. `&` is the match, and, if groups count, `\1` a group.
fn replaced(
    regex: &regex::bytes::Regex,
    text: &str,
    replacement: &str,
    which: Option<usize>,
    groups: bool,
) -> (String, usize) {
    let mut out = Vec::new();
    let (mut last, mut count) = (0, 0);
    for (at, captures) in regex.captures_iter(text.as_bytes()).enumerate() {
        let Some(found) = captures.get(0) else { continue };
        if which.is_some_and(|which| at + 1 < which) {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[last..found.start()]);
        last = found.end();
        count += 1;
        let mut chars = replacement.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '&' => out.extend_from_slice(found.as_bytes()),
                '\\' => match chars.peek().copied() {
                    Some(c @ ('&' | '\\')) => {
                        chars.next();
                        out.push(c as u8);
                    }
                    Some(digit) if groups && digit.is_ascii_digit() => {
                        chars.next();
                        let group = captures.get(digit as usize - '0' as usize);
                        out.extend_from_slice(group.map_or(b"", |group| group.as_bytes()));
                    }
                    _ => out.push(b'\\'),
                },
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if which.is_some() {
            break;
        }
    }
    out.extend_from_slice(&text.as_bytes()[last..]);
    (from_bytes(&out), count)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64().floor())
}

#[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
fn whole(number: f64) -> i64 {
    number as i64
}

#[expect(clippy::cast_precision_loss, reason = "awk has no other numbers")]
fn lossless(number: i64) -> f64 {
    number as f64
}

fn shift(number: f64) -> u32 {
    u32::try_from(whole(number)).unwrap_or(64)
}

fn fold(values: &[Value], with: fn(i64, i64) -> i64) -> Value {
    Value::Number(values.iter().map(|value| whole(value.number())).reduce(with).map_or(0.0, lossless))
}
