//! Values of parameters: whether a JSON value is of a type, and its canonical form.
//!
//! The canonical form represents equal values as equal JSON, of which a step's identity is computed:
//! - integers are JSON integers (`3.0` becomes `3`), floats JSON floats (`3` becomes `3.0`);
//! - an `f32` is the shortest decimal number that rounds to it (`0.1`, not `0.10000000149011612`);
//! - absent options of a record are left out, flags are in declaration order, a case without payload is a string;
//! - inside [`ParameterType::Json`] a value stays as it was written.

use std::fmt;

use serde_json::{Map, Number, Value};

use super::ParameterType;
use crate::model::Format;
use crate::suggest;

/// A value that is not of the expected type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mismatch {
    /// The path inside the value, such as `.rows[2].name`; empty for the value itself.
    pub path: String,
    /// The type expected there, in WIT's syntax or that of [`Mismatch::in_terms_of`].
    pub expected: String,
    /// The value found there, shortened.
    pub found: String,
    /// Why it does not fit, if the type alone does not show it.
    pub why: Option<String>,
}

impl fmt::Display for Mismatch {
    /// ``expected u8, found 300: the range is 0 to 255``
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at `{}`: ", self.path.trim_start_matches('.'))?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)?;
        match &self.why {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}

impl Mismatch {
    pub(super) fn new(ty: &ParameterType, found: &Value, why: Option<String>) -> Self {
        Self { path: String::new(), expected: ty.to_string(), found: describe(found), why }
    }

    /// The same with the type of the value itself as a pipeline of this format writes it.
    #[must_use]
    pub fn in_terms_of(mut self, format: Format, ty: &ParameterType) -> Self {
        if self.path.is_empty() && format == Format::Kfp {
            ty.kfp().python().clone_into(&mut self.expected);
        }
        self
    }

    fn inside(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}

/// A short description of a value.
fn describe(value: &Value) -> String {
    let text = match value {
        Value::Array(items) if items.len() > 4 => return format!("a list of {} items", items.len()),
        Value::Object(fields) if fields.len() > 4 => return format!("a mapping of {} entries", fields.len()),
        value => value.to_string(),
    };
    if text.chars().count() > 60 { text.chars().take(57).collect::<String>() + "..." } else { text }
}

impl ParameterType {
    /// Checks that `value` is of this type.
    ///
    /// # Errors
    /// The path inside the value, and why it does not fit.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        self.coerce(value.clone()).map(drop)
    }

    /// Converts `value` into canonical form.
    ///
    /// Integers are accepted as floats, and floats without a fraction as integers, since KFP passes integers as
    /// doubles.
    ///
    /// # Errors
    /// The path inside the value, and why it does not fit.
    pub fn coerce(&self, value: Value) -> Result<Value, Mismatch> {
        if let Some(range) = self.integer_range() {
            return self.coerce_integer(&value, range);
        }
        match (self, value) {
            (Self::Bool, value @ Value::Bool(_))
            | (Self::String, value @ Value::String(_))
            | (Self::Option(_), value @ Value::Null)
            | (Self::Json, value) => Ok(value),
            (Self::Option(inner), value) => inner.coerce(value),
            (Self::F32 | Self::F64, value @ (Value::Number(_) | Value::String(_))) => self.coerce_float(&value),
            (Self::Char, Value::String(text)) if text.chars().count() == 1 => Ok(Value::String(text)),
            (Self::Enum(cases), value @ Value::String(_)) => self.coerce_case(cases, value),
            (Self::Flags(names), Value::Array(given)) => self.coerce_flags(names, &given),
            (Self::List(item), Value::Array(given)) => {
                let items = given.into_iter().enumerate();
                let items = items.map(|(i, value)| item.coerce(value).map_err(|m| m.inside(&format!("[{i}]"))));
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            (Self::Tuple(types), Value::Array(given)) => {
                if types.len() != given.len() {
                    let why = format!("it has {} items, not {}", given.len(), types.len());
                    return Err(Mismatch::new(self, &Value::Array(given), Some(why)));
                }
                let items = types.iter().zip(given).enumerate();
                let items = items.map(|(i, (ty, value))| ty.coerce(value).map_err(|m| m.inside(&format!("[{i}]"))));
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            (Self::Record(fields), Value::Object(given)) => self.coerce_record(fields, given),
            (Self::Variant(cases), value @ (Value::String(_) | Value::Object(_))) => self.coerce_variant(cases, &value),
            (Self::Map(ty), Value::Object(given)) => {
                let entries = given.into_iter().map(|(key, value)| {
                    let value = ty.coerce(value).map_err(|m| m.inside(&format!(".{key}")))?;
                    Ok((key, value))
                });
                Ok(Value::Object(entries.collect::<Result<_, _>>()?))
            }
            (Self::Map(ty), Value::Array(pairs)) => self.coerce_pairs(ty, pairs),
            (_, value) => Err(Mismatch::new(self, &value, self.advice(&value))),
        }
    }

    /// A hint about a likely mistake that the type alone does not show.
    fn advice(&self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Bool, Value::String(text))
                if matches!(text.to_lowercase().as_str(), "yes" | "no" | "on" | "off") =>
            {
                Some("write `true` or `false`".into())
            }
            (Self::String, Value::Number(_) | Value::Bool(_)) => Some("put it in quotes".into()),
            (Self::Char, Value::String(_)) => Some("a character is a string of exactly one".into()),
            (_, Value::Null) => Some("only an option may be null".into()),
            _ => None,
        }
    }

    fn coerce_integer(&self, value: &Value, (min, max): (i128, i128)) -> Result<Value, Mismatch> {
        let Value::Number(number) = value else {
            let quoted = value.as_str().is_some_and(|text| text.trim().parse::<f64>().is_ok());
            let why = if quoted { Some("take off the quotes".into()) } else { self.advice(value) };
            return Err(Mismatch::new(self, value, why));
        };
        let integer = if let Some(small) = number.as_i64() {
            i128::from(small)
        } else if let Some(large) = number.as_u64() {
            i128::from(large)
        } else {
            let float = number.as_f64().unwrap_or(f64::NAN);
            if float.fract() != 0.0 {
                return Err(Mismatch::new(self, value, Some("it is not a whole number".into())));
            }
            // Every integral double in the range of 64 bits is exact in 128 bits. Beyond, the cast saturates, and the
            // value is refused.
            #[expect(clippy::cast_possible_truncation, reason = "saturates, which the range check below refuses")]
            let integer = float as i128;
            integer
        };
        if integer < min || integer > max {
            return Err(Mismatch::new(self, value, Some(format!("the range is {min} to {max}"))));
        }
        let number = i64::try_from(integer).map(Number::from).or_else(|_| u64::try_from(integer).map(Number::from));
        number.map(Value::Number).map_err(|_| Mismatch::new(self, value, None))
    }

    fn coerce_float(&self, value: &Value) -> Result<Value, Mismatch> {
        let number = match value {
            Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
                return Ok(value.clone());
            }
            Value::String(text) => {
                let why = if text.trim().parse::<f64>().is_ok() { "take off the quotes" } else { "it is not a number" };
                return Err(Mismatch::new(self, value, Some(why.into())));
            }
            value => value.as_f64().unwrap_or(f64::NAN),
        };
        let number = if *self == Self::F32 {
            #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is what is asked for")]
            let narrow = number as f32;
            if narrow.is_infinite() {
                return Err(Mismatch::new(self, value, Some("it is beyond the largest f32".into())));
            }
            // The shortest decimal that rounds to it, so that a literal 0.1 and a computed one are the same value.
            narrow.to_string().parse().unwrap_or_else(|_| f64::from(narrow))
        } else {
            number
        };
        Number::from_f64(number).map(Value::Number).ok_or_else(|| Mismatch::new(self, value, None))
    }

    fn coerce_case(&self, cases: &[String], value: Value) -> Result<Value, Mismatch> {
        match value.as_str() {
            Some(text) if cases.iter().any(|case| case == text) => Ok(value),
            text => {
                let hint = suggest::hint(text.unwrap_or_default(), cases.iter().map(String::as_str), "cases");
                Err(Mismatch::new(self, &value, hint))
            }
        }
    }

    fn coerce_flags(&self, names: &[String], given: &[Value]) -> Result<Value, Mismatch> {
        for (i, flag) in given.iter().enumerate() {
            if !names.iter().any(|name| flag.as_str() == Some(name)) {
                let hint = suggest::hint(flag.as_str().unwrap_or_default(), names.iter().map(String::as_str), "flags");
                return Err(Mismatch::new(self, flag, hint).inside(&format!("[{i}]")));
            }
        }
        let set = names.iter().filter(|name| given.iter().any(|flag| flag.as_str() == Some(name)));
        Ok(Value::Array(set.map(|name| Value::String(name.clone())).collect()))
    }

    fn coerce_record(&self, fields: &[(String, Self)], mut given: Map<String, Value>) -> Result<Value, Mismatch> {
        let mut record = Map::new();
        for (name, ty) in fields {
            let underscored = name.replace('-', "_");
            let value = given.remove(name).or_else(|| given.remove(&underscored));
            match (value, ty) {
                (None | Some(Value::Null), Self::Option(_)) => {}
                (None, _) => {
                    return Err(Mismatch::new(self, &Value::Object(given), Some(format!("`{name}` is missing"))));
                }
                (Some(value), ty) => {
                    let value = ty.coerce(value).map_err(|m| m.inside(&format!(".{name}")))?;
                    record.insert(name.clone(), value);
                }
            }
        }
        if let Some(unknown) = given.keys().next() {
            let hint = suggest::hint(unknown, fields.iter().map(|(name, _)| name.as_str()), "fields");
            let why = format!("unknown field `{unknown}`{}", hint.map(|hint| format!(", {hint}")).unwrap_or_default());
            return Err(Mismatch::new(self, &Value::Object(given), Some(why)));
        }
        Ok(Value::Object(record))
    }

    fn coerce_variant(&self, cases: &[(String, Option<Self>)], value: &Value) -> Result<Value, Mismatch> {
        let (case, payload) = match value {
            Value::String(case) => (case.clone(), Value::Null),
            Value::Object(one) if one.len() == 1 => {
                one.iter().next().map(|(case, payload)| (case.clone(), payload.clone())).unwrap_or_default()
            }
            _ => {
                let why = "a case is its name, or for one with a value `{name: value}`".to_owned();
                return Err(Mismatch::new(self, value, Some(why)));
            }
        };
        match cases.iter().find(|(name, _)| *name == case) {
            None => {
                let hint = suggest::hint(&case, cases.iter().map(|(name, _)| name.as_str()), "cases");
                Err(Mismatch::new(self, value, hint))
            }
            Some((_, None)) if payload.is_null() => Ok(Value::String(case)),
            Some((_, None)) => Err(Mismatch::new(self, value, Some(format!("the case `{case}` has no value")))),
            Some((_, Some(ty))) => {
                if value.is_string() && !matches!(ty, Self::Option(_)) {
                    let why = format!("the case `{case}` has a value: write `{{{case}: ...}}`");
                    return Err(Mismatch::new(self, value, Some(why)));
                }
                let payload = ty.coerce(payload).map_err(|m| m.inside(&format!(".{case}")))?;
                Ok(Value::Object(Map::from_iter([(case, payload)])))
            }
        }
    }

    fn coerce_pairs(&self, ty: &Self, pairs: Vec<Value>) -> Result<Value, Mismatch> {
        let mut map = Map::new();
        for (i, pair) in pairs.into_iter().enumerate() {
            let inside = |m: Mismatch| m.inside(&format!("[{i}]"));
            match pair {
                Value::Array(pair) if pair.len() == 2 && pair[0].is_string() => {
                    let mut pair = pair.into_iter();
                    let key = pair.next().and_then(|key| key.as_str().map(str::to_owned)).unwrap_or_default();
                    let value = ty.coerce(pair.next().unwrap_or_default()).map_err(inside)?;
                    if map.insert(key.clone(), value).is_some() {
                        let why = Some(format!("the key `{key}` is given twice"));
                        return Err(inside(Mismatch::new(self, &Value::String(key), why)));
                    }
                }
                other => return Err(inside(Mismatch::new(self, &other, Some("a pair is `[key, value]`".into())))),
            }
        }
        Ok(Value::Object(map))
    }
}

/// Converts integral floats to integers, as far as doubles are exact: in KFP's format every number is a double.
pub fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0 => {
                #[expect(clippy::cast_possible_truncation, reason = "integral and within 53 bits")]
                let integer = float as i64;
                Value::from(integer)
            }
            _ => Value::Number(number),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(whole_numbers).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(k, v)| (k, whole_numbers(v))).collect()),
        other => other,
    }
}
