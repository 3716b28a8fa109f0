//! Lists: `filter`, `sort_by`, `page_size` and `page_token`.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use weft::metadata::control::{Comparison, Cursor, Field, ListQuery, Listed, Predicate, Status};

use super::message::Message;
use super::write::object;
use crate::error::{Error, Result};

/// The entries of a page if nothing is said, and at most, as in KFP.
const DEFAULT_PAGE: usize = 20;
const MAX_PAGE: usize = 200;
/// Conditions of a filter.
const MAX_PREDICATES: usize = 100;
/// Values of a condition.
const MAX_VALUES: usize = 1000;
/// How far parts of lists that are made whole go.
const MAX_OFFSET: usize = 1_000_000;
/// The longest token that is looked at.
const MAX_TOKEN: usize = 64 << 10;

/// A query of a URL.
pub(super) type Params = HashMap<String, String>;

/// The names by which a list can be filtered and ordered.
pub(super) type Names = &'static [(&'static str, Field)];

/// What a page token stands for: the list goes on behind an entry, with the same filter and order.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    filter: Vec<Predicate>,
    sort: Option<Field>,
    descending: bool,
    after: Cursor,
}

/// A part of a list that is made whole: its token is the number of entries before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub offset: usize,
    pub size: usize,
}

impl Part {
    /// What the query of a URL asks for.
    pub fn of(params: &Params) -> Result<Self> {
        let offset = match params.get("page_token").map(String::as_str).unwrap_or_default() {
            "" => 0,
            token => token.parse::<usize>().ok().filter(|offset| *offset <= MAX_OFFSET).ok_or_else(unknown_token)?,
        };
        Ok(Self { offset, size: page_size(params)? })
    }

    /// The part of a list, and the token of the part behind it; empty if there is none.
    pub fn cut<T>(self, all: Vec<T>) -> (Vec<T>, String) {
        let end = self.offset + self.size;
        let next = if all.len() > end { end.to_string() } else { String::new() };
        (all.into_iter().skip(self.offset).take(self.size).collect(), next)
    }
}

/// The entries of a page.
fn page_size(params: &Params) -> Result<usize> {
    match params.get("page_size").map(String::as_str).unwrap_or_default() {
        "" => Ok(DEFAULT_PAGE),
        size => match size.parse::<i64>() {
            Ok(0) => Ok(DEFAULT_PAGE),
            Ok(size) if size > 0 => Ok(usize::try_from(size).unwrap_or(MAX_PAGE).min(MAX_PAGE)),
            _ => {
                let size = shown(size);
                Err(Error::invalid(format!("`page_size` is `{size}`; it is a number from 1 to {MAX_PAGE}")))
            }
        },
    }
}

/// What the query of a URL asks for.
pub(super) fn query(params: &Params, names: Names) -> Result<ListQuery> {
    let text = |name: &str| params.get(name).map(String::as_str).unwrap_or_default();
    let limit = page_size(params)?;
    let filter = filter(text("filter"), names)?;
    let (sort, descending) = order(text("sort_by"), names)?;
    let mut query = ListQuery { filter, sort, descending, after: None, limit };
    let token = text("page_token");
    if !token.is_empty() {
        let token = read_token(token)?;
        let asked = !text("filter").is_empty() || !text("sort_by").is_empty();
        let same =
            token.filter.starts_with(&query.filter) && token.sort == query.sort && token.descending == query.descending;
        if asked && !same {
            return Err(Error::invalid("`page_token` belongs to a list with another filter or order"));
        }
        query = ListQuery {
            filter: token.filter,
            sort: token.sort,
            descending: token.descending,
            after: Some(token.after),
            limit,
        };
    }
    Ok(query)
}

/// The answer with a page.
pub(super) fn page<T>(name: &str, listed: Listed<T>, query: ListQuery, write: impl FnMut(T) -> Value) -> Value {
    let next = listed.next.map(|after| {
        let token = Token { filter: query.filter, sort: query.sort, descending: query.descending, after };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
    });
    object([
        (name, listed.entries.into_iter().map(write).collect()),
        ("total_size", i32::try_from(listed.total).unwrap_or(i32::MAX).into()),
        ("next_page_token", next.into()),
    ])
}

fn read_token(token: &str) -> Result<Token> {
    if token.len() > MAX_TOKEN {
        return Err(unknown_token());
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| unknown_token())?;
    serde_json::from_slice(&bytes).map_err(|_| unknown_token())
}

fn unknown_token() -> Error {
    Error::invalid("`page_token` is none that this server gave")
}

fn order(text: &str, names: Names) -> Result<(Option<Field>, bool)> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let (name, descending) = match words[..] {
        [] => return Ok((None, false)),
        [name] | [name, "asc"] => (name, false),
        [name, "desc"] => (name, true),
        _ => return Err(Error::invalid(format!("`sort_by` is `{}`; write it as `created_at desc`", shown(text)))),
    };
    Ok((Some(field(name, names, "ordered")?), descending))
}

fn field(name: &str, names: Names, what: &str) -> Result<Field> {
    let found = names.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
    found.ok_or_else(|| {
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        Error::invalid(format!("this list cannot be {what} by `{}`; it can by {}", shown(name), known.join(", ")))
    })
}

/// A filter: JSON, which may be URL-encoded once more than the query is.
fn filter(text: &str, names: Names) -> Result<Vec<Predicate>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let message = if text.trim_start().starts_with('{') {
        Message::from_text("filter", text)
    } else {
        Message::from_text("filter", &percent_encoding::percent_decode_str(text).decode_utf8_lossy())
    }?;
    let predicates = message.messages("predicates")?;
    if predicates.len() > MAX_PREDICATES {
        return Err(Error::invalid(format!("a filter has at most {MAX_PREDICATES} predicates")));
    }
    predicates.iter().map(|predicate| self::predicate(predicate, names)).collect()
}

fn predicate(message: &Message, names: Names) -> Result<Predicate> {
    let operation = match message.case("operation")? {
        Some(operation) => operation,
        // The name in KFP's first API.
        None => message.case("op")?.unwrap_or_default(),
    };
    let comparison = match operation.as_str() {
        "1" | "EQUALS" => Comparison::Equals,
        "2" | "NOT_EQUALS" => Comparison::NotEquals,
        "3" | "GREATER_THAN" => Comparison::Greater,
        "5" | "GREATER_THAN_EQUALS" => Comparison::GreaterOrEqual,
        "6" | "LESS_THAN" => Comparison::Less,
        "7" | "LESS_THAN_EQUALS" => Comparison::LessOrEqual,
        "8" | "IN" => Comparison::In,
        "9" | "IS_SUBSTRING" => Comparison::Substring,
        other => {
            return Err(Error::invalid(format!(
                "a predicate has the operation `{}`, which there is none of",
                shown(other)
            )));
        }
    };
    let field = field(&message.text("key")?, names, "filtered")?;
    let (values, list) = values(message)?;
    match comparison {
        Comparison::In if !list => {
            Err(Error::invalid("IN takes a list: `string_values`, `int_values` or `long_values`"))
        }
        Comparison::In => Ok(()),
        _ if list => Err(Error::invalid(format!("{operation} takes one value, not a list"))),
        Comparison::Substring if !values[0].is_string() => Err(Error::invalid("IS_SUBSTRING takes a `string_value`")),
        _ => Ok(()),
    }?;
    let predicate = Predicate { field, comparison, values };
    Ok(if field == Field::State { by_state(&predicate) } else { predicate })
}

/// The values of a predicate, and whether they are a list.
fn values(message: &Message) -> Result<(Vec<Value>, bool)> {
    if message.value("string_value").is_some() {
        return Ok((vec![message.text("string_value")?.into()], false));
    }
    for name in ["int_value", "long_value"] {
        if let Some(value) = message.int(name)? {
            return Ok((vec![value.into()], false));
        }
    }
    if let Some(time) = message.time("timestamp_value")? {
        return Ok((vec![time.into()], false));
    }
    for name in ["string_values", "int_values", "long_values"] {
        let Some(list) = message.message(name)? else { continue };
        let Some(Value::Array(values)) = list.value("values") else {
            return Err(Error::invalid(format!("`{name}` has to be an object with a list `values`")));
        };
        if values.len() > MAX_VALUES {
            return Err(Error::invalid(format!("a predicate has at most {MAX_VALUES} values")));
        }
        let one = |value: &Value| match value {
            Value::String(text) if name != "string_values" => text.parse::<i64>().ok().map(Value::from),
            Value::String(_) if name == "string_values" => Some(value.clone()),
            Value::Number(number) if name != "string_values" => number.as_i64().map(Value::from),
            _ => None,
        };
        let values: Option<Vec<Value>> = values.iter().map(one).collect();
        let values = values.ok_or_else(|| Error::invalid(format!("the values of `{name}` are of another kind")))?;
        return Ok((values, true));
    }
    Err(Error::invalid("a predicate has no value"))
}

/// States go by other names in the store: a condition on KFP's names becomes the set of states for which it holds.
fn by_state(predicate: &Predicate) -> Predicate {
    let holds = |status: &Status| {
        let name = kfp_state(*status);
        let values: Vec<String> =
            predicate.values.iter().map(|value| value.as_str().unwrap_or_default().to_uppercase()).collect();
        let first = values.first().map(String::as_str).unwrap_or_default();
        match predicate.comparison {
            Comparison::Equals => name == first,
            Comparison::NotEquals => name != first,
            Comparison::Greater => name > first,
            Comparison::GreaterOrEqual => name >= first,
            Comparison::Less => name < first,
            Comparison::LessOrEqual => name <= first,
            Comparison::In => values.iter().any(|value| value == name),
            Comparison::Substring => name.contains(first),
        }
    };
    let all = [Status::Queued, Status::Running, Status::Canceling, Status::Complete, Status::Failed, Status::Canceled];
    let values = all.iter().filter(|status| holds(status)).map(|status| status.name().into()).collect();
    Predicate { field: Field::State, comparison: Comparison::In, values }
}

/// KFP's name of a run's state.
pub(super) const fn kfp_state(status: Status) -> &'static str {
    match status {
        Status::Queued => "PENDING",
        Status::Running => "RUNNING",
        Status::Canceling => "CANCELING",
        Status::Complete => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::Canceled => "CANCELED",
    }
}

/// A part of a request in a message.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// One more condition: a field is a value, if one is given.
pub(super) fn only(query: &mut ListQuery, field: Field, value: Option<&String>) {
    // A token has it already.
    if let Some(value) = value.filter(|value| !value.is_empty() && query.after.is_none()) {
        let values = vec![Value::String(value.clone())];
        query.filter.push(Predicate { field, comparison: Comparison::Equals, values });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAMES: Names = &[("name", Field::Name), ("created_at", Field::CreatedAt), ("state", Field::State)];

    fn params(pairs: &[(&str, &str)]) -> Params {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn filtered(predicate: &Value) -> Result<Vec<Predicate>> {
        filter(&json!({ "predicates": [predicate] }).to_string(), NAMES)
    }

    #[test]
    fn every_operation_is_read_by_number_and_name() {
        let all = [
            (1, "EQUALS", Comparison::Equals),
            (2, "NOT_EQUALS", Comparison::NotEquals),
            (3, "GREATER_THAN", Comparison::Greater),
            (5, "GREATER_THAN_EQUALS", Comparison::GreaterOrEqual),
            (6, "LESS_THAN", Comparison::Less),
            (7, "LESS_THAN_EQUALS", Comparison::LessOrEqual),
            (9, "IS_SUBSTRING", Comparison::Substring),
        ];
        for (number, name, comparison) in all {
            for operation in [json!(number), json!(name)] {
                let read = filtered(&json!({"operation": operation, "key": "name", "stringValue": "a"})).unwrap();
                assert_eq!(read, [Predicate { field: Field::Name, comparison, values: vec![json!("a")] }]);
            }
        }
        let read =
            filtered(&json!({"operation": "IN", "key": "name", "string_values": {"values": ["a", "b"]}})).unwrap();
        assert_eq!(read[0].values, [json!("a"), json!("b")]);
        let read = filtered(&json!({"operation": 3, "key": "created_at", "timestamp_value": "2026-01-02T03:04:05Z"}));
        assert_eq!(read.unwrap()[0].values, [json!(1_767_323_045_000_i64)]);
        let read = filtered(&json!({"operation": 8, "key": "created_at", "longValues": {"values": ["1", 2]}})).unwrap();
        assert_eq!(read[0].values, [json!(1), json!(2)]);
    }

    #[test]
    fn wrong_filters_are_refused() {
        for wrong in [
            json!({"operation": 1, "key": "name"}),
            json!({"operation": 4, "key": "name", "string_value": "a"}),
            json!({"key": "name", "string_value": "a"}),
            json!({"operation": 1, "key": "colour", "string_value": "a"}),
            json!({"operation": 1, "string_value": "a"}),
            json!({"operation": 8, "key": "name", "string_value": "a"}),
            json!({"operation": 1, "key": "name", "string_values": {"values": ["a"]}}),
            json!({"operation": 9, "key": "name", "int_value": 1}),
            json!({"operation": 8, "key": "name", "string_values": {"values": [1]}}),
        ] {
            assert!(filtered(&wrong).is_err(), "{wrong}");
        }
        assert!(filter("nonsense", NAMES).is_err());
    }

    #[test]
    fn a_filter_may_be_encoded_twice() {
        let text = json!({"predicates": [{"operation": 1, "key": "name", "stringValue": "a b%"}]}).to_string();
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        assert_eq!(filter(&text, NAMES).unwrap(), filter(&encoded, NAMES).unwrap());
    }

    #[test]
    fn states_are_filtered_by_kfps_names() {
        let states = |operation: u8, value: &str| {
            let read = filtered(&json!({"operation": operation, "key": "state", "string_value": value})).unwrap();
            read[0].values.iter().map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(states(1, "SUCCEEDED"), "COMPLETE");
        assert_eq!(states(1, "succeeded"), "COMPLETE");
        assert_eq!(states(9, "CANCEL"), "CANCELING CANCELED");
        assert_eq!(states(2, "FAILED"), "QUEUED RUNNING CANCELING COMPLETE CANCELED");
        assert_eq!(states(1, "PAUSED"), "");
    }

    #[test]
    fn pages_go_on_where_they_ended_with_the_same_filter() {
        let asked = params(&[("sort_by", "created_at desc"), ("page_size", "5"), ("filter", r#"{"predicates": []}"#)]);
        let query = super::query(&asked, NAMES).unwrap();
        assert_eq!((query.sort, query.descending, query.limit), (Some(Field::CreatedAt), true, 5));
        let after = Cursor { value: json!(7), id: "x".to_owned() };
        let listed = Listed { entries: vec![1, 2], total: 9, next: Some(after.clone()) };
        let answer = page("runs", listed, query, |entry| json!(entry));
        assert_eq!((&answer["runs"], &answer["total_size"]), (&json!([1, 2]), &json!(9)));
        let token = answer["next_page_token"].as_str().unwrap();
        let next = super::query(&params(&[("page_token", token)]), NAMES).unwrap();
        assert_eq!((next.after, next.descending), (Some(after), true));
        assert!(super::query(&params(&[("page_token", token), ("sort_by", "name")]), NAMES).is_err());
        assert!(super::query(&params(&[("page_token", "x")]), NAMES).is_err());
        for (size, limit) in [("0", 20), ("", 20), ("7", 7), ("99999", 200)] {
            assert_eq!(super::query(&params(&[("page_size", size)]), NAMES).unwrap().limit, limit);
        }
        assert!(super::query(&params(&[("page_size", "-1")]), NAMES).is_err());
        assert!(super::query(&params(&[("sort_by", "name upwards")]), NAMES).is_err());
    }
}
