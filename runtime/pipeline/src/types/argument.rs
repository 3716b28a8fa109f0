//! Parsing of parameter values that are given as text, as on a command line.

use serde_json::Value;

use super::{Mismatch, ParameterType};
use crate::yaml;

impl ParameterType {
    /// Parses a value into canonical form. Strings, characters and enum cases are taken as they are, without quotes;
    /// numbers and booleans in the usual spellings; lists and structures as JSON or YAML (`[1, 2]`, `{rows: 3}`);
    /// `null` or an empty text for an option without value.
    ///
    /// # Errors
    /// What is expected, and what was found.
    pub fn parse(&self, text: &str) -> Result<Value, Mismatch> {
        let trimmed = text.trim();
        match self {
            Self::String | Self::Char | Self::Enum(_) => self.coerce(Value::String(text.to_owned())),
            Self::Option(_) if trimmed == "null" => Ok(Value::Null),
            Self::Option(inner) if trimmed.is_empty() && **inner != Self::String => Ok(Value::Null),
            Self::Option(inner) => inner.parse(text),
            Self::Bool => match trimmed.to_ascii_lowercase().as_str() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => self.refuse(text, "write `true` or `false`"),
            },
            Self::F32 | Self::F64 => match trimmed.to_ascii_lowercase().trim_start_matches('+') {
                "nan" | ".nan" => Ok("NaN".into()),
                "inf" | "infinity" | ".inf" => Ok("Infinity".into()),
                "-inf" | "-infinity" | "-.inf" => Ok("-Infinity".into()),
                _ => match trimmed.parse::<f64>() {
                    Ok(number) if number.is_finite() => self.coerce(number.into()),
                    Ok(_) => self.refuse(text, "it is beyond the largest number"),
                    Err(_) => self.refuse(text, "it is not a number"),
                },
            },
            simple if simple.integer_range().is_some() => self.parse_integer(text, trimmed),
            _ => match yaml::value(text) {
                Ok(value) => self.coerce(value),
                Err(problem) => self.refuse(text, &problem.message),
            },
        }
    }

    fn parse_integer(&self, text: &str, trimmed: &str) -> Result<Value, Mismatch> {
        if let Ok(integer) = trimmed.parse::<i64>() {
            self.coerce(integer.into())
        } else if let Ok(integer) = trimmed.parse::<u64>() {
            self.coerce(integer.into())
        } else {
            match trimmed.parse::<f64>() {
                Ok(number) if number.is_finite() => self.coerce(number.into()),
                Ok(_) => self.refuse(text, "it is not a whole number"),
                Err(_) => self.refuse(text, "it is not a number"),
            }
        }
    }

    fn refuse(&self, text: &str, why: &str) -> Result<Value, Mismatch> {
        Err(Mismatch::new(self, &Value::String(text.to_owned()), Some(why.to_owned())))
    }
}
