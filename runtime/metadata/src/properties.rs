//! JSON values as MLMD properties, in the form of KFP v2.
//!
//! Integers, doubles, strings and booleans have their own columns. A list becomes the struct `{"list": [..]}` and an
//! object the struct `{"struct": {..}}`, as KFP expects it for ROC curves and confusion matrices.

use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{CachedStatement, Connection, Row, params};
use serde_json::{Value, json};

use crate::error::Result;
use crate::proto_struct;

/// The columns of a property's value, in the order that [`read`] expects.
pub(crate) const COLUMNS: &str = "int_value, double_value, string_value, bool_value";

/// A property's value, by column.
#[derive(Debug, PartialEq)]
pub(crate) enum Property<'a> {
    Int(i64),
    Double(f64),
    Text(&'a str),
    /// The text of a struct, or a string that is made for the store.
    Made(String),
    Bool(bool),
}

impl<'a> Property<'a> {
    /// The property for a metadata value. `null` has none: MLMD has no empty properties.
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(number) => match number.as_i64() {
                Some(int) => Some(Self::Int(int)),
                None => number.as_f64().map(Self::Double),
            },
            // The library takes any string with this prefix for a struct, and then fails to read the row.
            Value::String(text) if text.starts_with(proto_struct::PREFIX) => Some(Self::wrapped("string", value)),
            Value::String(text) => Some(Self::Text(text)),
            Value::Array(_) => Some(Self::wrapped("list", value)),
            Value::Object(_) => Some(Self::wrapped("struct", value)),
        }
    }

    /// A struct property with these fields.
    pub(crate) fn fields<'b>(fields: impl IntoIterator<Item = (&'b str, &'b Value)>) -> Self {
        Self::Made(proto_struct::to_text(fields))
    }

    /// A string property, escaped if it could be taken for a struct.
    pub(crate) fn text(text: &'a str) -> Self {
        if text.starts_with(proto_struct::PREFIX) {
            return Self::wrapped("string", &Value::from(text));
        }
        Self::Text(text)
    }

    fn wrapped(key: &str, value: &Value) -> Self {
        Self::fields([(key, value)])
    }
}

/// Inserts custom properties of executions or artifacts, each with one statement.
pub(crate) struct Writer<'c> {
    statement: CachedStatement<'c>,
    owner: i64,
}

impl<'c> Writer<'c> {
    pub(crate) fn execution(conn: &'c Connection, owner: i64) -> Result<Self> {
        let statement = conn.prepare_cached(
            "INSERT OR REPLACE INTO ExecutionProperty \
             (execution_id, name, is_custom_property, int_value, double_value, string_value, bool_value) \
             VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6)",
        )?;
        Ok(Self { statement, owner })
    }

    pub(crate) fn artifact(conn: &'c Connection, owner: i64) -> Result<Self> {
        let statement = conn.prepare_cached(
            "INSERT OR REPLACE INTO ArtifactProperty \
             (artifact_id, name, is_custom_property, int_value, double_value, string_value, bool_value) \
             VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6)",
        )?;
        Ok(Self { statement, owner })
    }

    pub(crate) fn put(&mut self, name: &str, value: &Property<'_>) -> Result<()> {
        let none = || ToSqlOutput::from(rusqlite::types::Null);
        let mut columns = [none(), none(), none(), none()];
        let (column, held) = match value {
            Property::Int(value) => (0, value.to_sql()?),
            Property::Double(value) => (1, value.to_sql()?),
            Property::Text(value) => (2, value.to_sql()?),
            Property::Made(value) => (2, value.to_sql()?),
            Property::Bool(value) => (3, value.to_sql()?),
        };
        columns[column] = held;
        let [int, double, text, bool] = &columns;
        self.statement.execute(params![self.owner, name, int, double, text, bool])?;
        Ok(())
    }
}

/// A property's value from [`COLUMNS`], which start at column `first`. `None` for types that are never written.
pub(crate) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Value>> {
    if let Some(int) = row.get::<_, Option<i64>>(first)? {
        return Ok(Some(Value::from(int)));
    }
    if let Some(double) = row.get::<_, Option<f64>>(first + 1)? {
        return Ok(Some(Value::from(double)));
    }
    if let Some(text) = row.get::<_, Option<String>>(first + 2)? {
        return Ok(Some(unwrapped(text)));
    }
    Ok(row.get::<_, Option<bool>>(first + 3)?.map(Value::from))
}

/// The value that is read after this one is written.
pub(crate) fn as_read(value: &Value) -> Option<Value> {
    Some(match Property::of(value)? {
        Property::Int(value) => Value::from(value),
        Property::Double(value) => Value::from(value),
        Property::Bool(value) => Value::from(value),
        Property::Text(text) => Value::from(text),
        Property::Made(text) => unwrapped(text),
    })
}

/// The value of a string column: the text, or the struct in it without its wrapper.
fn unwrapped(text: String) -> Value {
    let Some(mut fields) = proto_struct::from_text(&text) else { return Value::String(text) };
    if fields.len() == 1 {
        let wrapper = [("list", json!([])), ("struct", json!({})), ("string", json!(""))];
        for (key, like) in wrapper {
            match fields.get_mut(key) {
                Some(value) if std::mem::discriminant(value) == std::mem::discriminant(&like) => return value.take(),
                _ => {}
            }
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(value: &Value) -> Option<Value> {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("schema.sql")).unwrap();
        if let Some(property) = Property::of(value) {
            Writer::artifact(&conn, 1).unwrap().put("x", &property).unwrap();
        }
        let sql = format!("SELECT {COLUMNS} FROM ArtifactProperty");
        let mut statement = conn.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        rows.next().unwrap().and_then(|row| read(row, 0).unwrap())
    }

    #[test]
    fn every_kind_of_value_comes_back() {
        for value in [
            json!(0),
            json!(i64::MIN),
            json!(1.5),
            json!(2.0),
            json!(true),
            json!(false),
            json!(""),
            json!("naïve"),
            json!("mlmd-struct::!!!"),
            json!("mlmd-struct::CgcKAWsSAiAB"),
            json!([]),
            json!([1, "two", null]),
            json!({}),
            json!({"list": [1]}),
            json!({"a": {"b": [0.5]}}),
        ] {
            assert_eq!(round_trip(&value).as_ref(), Some(&value));
            assert_eq!(as_read(&value), Some(value));
        }
        assert_eq!(round_trip(&Value::Null), None);
        assert_eq!(round_trip(&json!(u64::MAX)), Some(json!(18_446_744_073_709_551_615.0)));
    }
}
