//! Lists: filtered, ordered and cut into pages by the database.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::Value;

use super::types::{Comparison, Cursor, Field, ListQuery, Listed, Predicate};
use crate::error::{Error, Result};

/// A list that can be asked for.
pub(super) struct List {
    /// What its entries are called, for errors.
    pub name: &'static str,
    /// A table, or a query in parentheses.
    pub from: &'static str,
    /// The columns that it can be filtered and ordered by.
    pub columns: &'static [(Field, &'static str)],
    /// The columns that [`Self::page`] hands over, of which the first is the id.
    pub select: &'static str,
}

/// A part of an SQL text, with the values for its question marks.
#[derive(Default)]
struct Clause {
    text: String,
    values: Vec<Sql>,
}

impl Clause {
    fn and(&mut self, text: &str, values: impl IntoIterator<Item = Sql>) {
        self.text.push_str(if self.text.is_empty() { " WHERE " } else { " AND " });
        self.text.push_str(text);
        self.values.extend(values);
    }
}

impl List {
    /// The entries that the query asks for. `only` is one more condition: a column of the list, and its value.
    pub(super) fn page<T>(
        &self,
        conn: &Connection,
        query: &ListQuery,
        only: Option<(&str, &str)>,
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Listed<T>> {
        let mut clause = Clause::default();
        if let Some((column, value)) = only {
            clause.and(&format!("{column} = ?"), [Sql::Text(value.to_owned())]);
        }
        for predicate in &query.filter {
            self.condition(&mut clause, predicate)?;
        }
        let from = self.from;
        let total: i64 = conn
            .prepare_cached(&format!("SELECT count(*) FROM {from}{}", clause.text))?
            .query_row(params_from_iter(&clause.values), |row| row.get(0))?;

        // Rows without a value come last: for SQLite, any text is greater than any number.
        let key = format!("ifnull({}, '')", self.column(query.sort.unwrap_or(Field::CreatedAt))?);
        let id = self.column(Field::Id)?;
        let (order, beyond) = if query.descending { ("DESC", "<") } else { ("ASC", ">") };
        if let Some(Cursor { value, id: after }) = &query.after {
            let value = sql(value);
            clause.and(&format!("({key}, {id}) {beyond} (?, ?)"), [value, Sql::Text(after.clone())]);
        }
        let limit = query.limit.max(1);
        clause.values.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1));
        let mut statement = conn.prepare_cached(&format!(
            "SELECT {}, {key} AS sort_key FROM {from}{} ORDER BY {key} {order}, {id} {order} LIMIT ?",
            self.select, clause.text
        ))?;
        let mut rows = statement.query(params_from_iter(&clause.values))?;
        let (mut entries, mut last, mut next) = (Vec::new(), None, None);
        while let Some(row) = rows.next()? {
            if entries.len() == limit {
                next = last;
                break;
            }
            entries.push(read(row)?);
            last = Some(Cursor { value: json(row.get("sort_key")?), id: row.get(0)? });
        }
        Ok(Listed { entries, total: u64::try_from(total).unwrap_or(0), next })
    }

    fn column(&self, field: Field) -> Result<&'static str> {
        let found = self.columns.iter().find(|(known, _)| *known == field);
        found.map(|(_, column)| *column).ok_or(Error::NoSuchField { list: self.name, field })
    }

    /// Texts are compared whichever case their letters have, as KFP's server does.
    fn condition(&self, clause: &mut Clause, predicate: &Predicate) -> Result<()> {
        let Predicate { field, comparison, values } = predicate;
        let column = self.column(*field)?;
        let text = values.iter().all(Value::is_string);
        let (column, mark) = if text { (format!("lower({column})"), "lower(?)") } else { (column.to_owned(), "?") };
        let values: Vec<Sql> = values.iter().map(sql).collect();
        let operator = match comparison {
            Comparison::Equals => "=",
            // What has no value is not the value.
            Comparison::NotEquals => "IS NOT",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::In => {
                let marks = vec![mark; values.len()].join(", ");
                clause.and(&format!("{column} IN ({marks})"), values);
                return Ok(());
            }
            Comparison::Substring => {
                clause.and(&format!("instr({column}, {mark}) > 0"), values.into_iter().take(1));
                return Ok(());
            }
        };
        clause.and(&format!("{column} {operator} {mark}"), values.into_iter().take(1));
        Ok(())
    }
}

fn sql(value: &Value) -> Sql {
    match value {
        Value::String(text) => Sql::Text(text.clone()),
        Value::Bool(value) => Sql::Integer(i64::from(*value)),
        Value::Number(number) => match number.as_i64() {
            Some(value) => Sql::Integer(value),
            None => Sql::Real(number.as_f64().unwrap_or_default()),
        },
        _ => Sql::Null,
    }
}

fn json(value: Sql) -> Value {
    match value {
        Sql::Integer(value) => value.into(),
        Sql::Real(value) => value.into(),
        Sql::Text(value) => value.into(),
        Sql::Null | Sql::Blob(_) => Value::Null,
    }
}
