//! Placeholders in the parameters of recurring runs, as KFP's controller fills them in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::go_time;

/// What is filled in.
#[derive(Debug, Clone, Copy)]
pub struct Firing<'a> {
    /// `[[RunUUID]]`: the run's id.
    pub run: &'a str,
    /// `[[ScheduledTime]]`: when it was due, in milliseconds since the epoch.
    pub due_ms: i64,
    /// `[[CurrentTime]]`: when it is put into the queue.
    pub now_ms: i64,
    /// `[[Index]]`: which of the recurring run's runs it is, from 1.
    pub index: i64,
    /// More placeholders by name, of a trigger. `[[Body.ref.0]]` is a part of the value `Body`.
    pub more: Option<&'a BTreeMap<String, Value>>,
}

/// The format of a time that none is asked for.
const DEFAULT_FORMAT: &str = "20060102150405";

impl Firing<'_> {
    /// Parameters with the placeholders in their texts filled in, also inside of lists and objects.
    pub fn parameters(&self, parameters: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        parameters.iter().map(|(name, value)| (name.clone(), self.value(value))).collect()
    }

    /// A value with the placeholders in its texts filled in. A text that is one placeholder becomes what that stands for, of any type.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let alone = text.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]"));
                alone.and_then(|name| self.given(name)).cloned().unwrap_or_else(|| Value::String(self.text(text)))
            }
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), self.value(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("[[") {
            let Some(end) = rest[start..].find("]]").map(|end| start + end) else { break };
            out.push_str(&rest[..start]);
            match self.placeholder(&rest[start + 2..end]) {
                Some(filled) => out.push_str(&filled),
                None => out.push_str(&rest[start..end + 2]),
            }
            rest = &rest[end + 2..];
        }
        out + rest
    }

    /// What a trigger gives by a name, or a part of it.
    fn given(&self, name: &str) -> Option<&Value> {
        let mut parts = name.split('.');
        let found = self.more?.get(parts.next()?)?;
        parts.try_fold(found, |value, part| match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            other => other.get(part),
        })
    }

    fn placeholder(&self, name: &str) -> Option<String> {
        if let Some(given) = self.given(name) {
            return Some(given.as_str().map_or_else(|| given.to_string(), str::to_owned));
        }
        let (name, format) = name.split_once('.').unwrap_or((name, DEFAULT_FORMAT));
        let time = |ms: i64| {
            let time = Timestamp::from_millisecond(ms).ok()?.to_zoned(TimeZone::UTC);
            Some(go_time::format(&time, format))
        };
        match name {
            "ScheduledTime" => time(self.due_ms),
            "CurrentTime" => time(self.now_ms),
            "Index" => Some(self.index.to_string()),
            "RunUUID" => Some(self.run.to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_filled_in_as_kfp_does() {
        // What the tests of KFP's parameter_formatter.go expect for 1970-01-01T00:00:25Z and :26Z, and index 27.
        let firing = Firing { run: "run-uuid", due_ms: 25_000, now_ms: 26_000, index: 27, more: None };
        for (text, filled) in [
            ("text", "text"),
            ("[[ScheduledTime]]", "19700101000025"),
            ("[[CurrentTime]]", "19700101000026"),
            ("[[Index]]", "27"),
            ("[[RunUUID]]", "run-uuid"),
            ("[[ScheduledTime.15-04-05]]", "00-00-25"),
            ("a[[CurrentTime.2006-01-02]]b[[Index]]", "a1970-01-01b27"),
            ("[[Other]] [[Index", "[[Other]] [[Index"),
        ] {
            assert_eq!(firing.text(text), filled);
        }
        let given = BTreeMap::from([("p".to_owned(), json!({"list": ["[[Index]]", 1]}))]);
        assert_eq!(firing.parameters(&given)["p"], json!({"list": ["27", 1]}));
    }

    #[test]
    fn what_a_trigger_gives_keeps_its_type() {
        let more = BTreeMap::from([("Body".to_owned(), json!({"ref": "main", "commits": [{"id": 7}]}))]);
        let firing = Firing { run: "r", due_ms: 0, now_ms: 0, index: 1, more: Some(&more) };
        for (text, filled) in [
            ("[[Body.commits.0.id]]", json!(7)),
            ("[[Body.commits]]", json!([{"id": 7}])),
            ("at [[Body.ref]], [[Body.commits.0.id]]", json!("at main, 7")),
            ("[[Body.other]]", json!("[[Body.other]]")),
            ("[[Index]]", json!("1")),
        ] {
            assert_eq!(firing.value(&json!(text)), filled);
        }
    }
}
