//! Lists: filtered, ordered and cut into pages by the database.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use serde_json::Value;

use super::types::{Comparison, Cursor, Field, ListQuery, Listed, Predicate};
use crate::error::{Error, Result};

/// A list that can be asked for. Its entries come from one table, or from several that have none in common.
pub(super) struct List {
    /// What its entries are called, for errors.
    pub name: &'static str,
    pub sources: &'static [Source],
}

/// Where entries of a list come from.
pub(super) struct Source {
    /// The table, and which of its rows, as `FROM` has it: `t`, or `t WHERE ..`.
    pub from: &'static str,
    /// The expressions that it can be filtered and ordered by, none of which is ever null.
    pub columns: &'static [(Field, &'static str)],
}

/// A part of an SQL text, with the values for its question marks.
struct Clause {
    text: String,
    values: Vec<Sql>,
}

impl Clause {
    /// No condition yet but that of the source.
    fn over(from: &str) -> Self {
        Self {
            text: if from.contains(" WHERE ") { String::new() } else { " WHERE true".to_owned() },
            values: Vec::new(),
        }
    }

    fn and(&mut self, text: &str, values: impl IntoIterator<Item = Sql>) {
        self.text.push_str(" AND ");
        self.text.push_str(text);
        self.values.extend(values);
    }
}

impl List {
    /// The entries that the query asks for, read by their ids. `only` is one more condition: a field, and its value.
    ///
    /// Only ids and what they are ordered by go through the sorting: of ten thousand runs, those on the page are read.
    pub(super) fn page<T>(
        &self,
        conn: &Connection,
        query: &ListQuery,
        only: Option<(Field, &str)>,
        read: impl Fn(&str) -> Result<Option<T>>,
    ) -> Result<Listed<T>> {
        let (order, beyond) = if query.descending { ("DESC", "<") } else { ("ASC", ">") };
        let limit = query.limit.max(1);
        let sql_limit = Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1);
        let (mut total, mut parts, mut values) = (0, Vec::new(), Vec::new());
        for source in self.sources {
            let mut clause = Clause::over(source.from);
            if let Some((field, value)) = only {
                clause.and(&format!("{} = ?", self.column(source, field)?), [Sql::Text(value.to_owned())]);
            }
            for predicate in &query.filter {
                self.condition(source, &mut clause, predicate)?;
            }
            let from = source.from;
            let count = format!("SELECT count(*) FROM {from}{}", clause.text);
            total +=
                conn.prepare_cached(&count)?.query_row(params_from_iter(&clause.values), |row| row.get::<_, i64>(0))?;
            let key = self.column(source, query.sort.unwrap_or(Field::CreatedAt))?;
            let id = self.column(source, Field::Id)?;
            if let Some(Cursor { value, id: after }) = &query.after {
                clause.and(&format!("({key}, {id}) {beyond} (?, ?)"), [sql(value), Sql::Text(after.clone())]);
            }
            parts.push(format!(
                "SELECT * FROM (SELECT {id} AS id, {key} AS key FROM {from}{} ORDER BY {key} {order}, {id} {order} LIMIT ?)",
                clause.text
            ));
            values.extend(clause.values);
            values.push(sql_limit.clone());
        }
        values.push(sql_limit);
        let text = format!("{} ORDER BY key {order}, id {order} LIMIT ?", parts.join(" UNION ALL "));
        let mut statement = conn.prepare_cached(&text)?;
        let mut rows = statement.query(params_from_iter(&values))?;
        let (mut entries, mut last, mut next) = (Vec::new(), None, None);
        let mut count = 0;
        while let Some(row) = rows.next()? {
            if count == limit {
                next = last;
                break;
            }
            count += 1;
            let id: String = row.get(0)?;
            entries.extend(read(&id)?);
            last = Some(Cursor { value: json(row.get(1)?), id });
        }
        Ok(Listed { entries, total: u64::try_from(total).unwrap_or(0), next })
    }

    fn column(&self, source: &Source, field: Field) -> Result<&'static str> {
        let found = source.columns.iter().find(|(known, _)| *known == field);
        found.map(|(_, column)| *column).ok_or(Error::NoSuchField { list: self.name, field })
    }

    /// Texts are compared whichever case their letters have, as KFP's server does.
    fn condition(&self, source: &Source, clause: &mut Clause, predicate: &Predicate) -> Result<()> {
        let Predicate { field, comparison, values } = predicate;
        let column = self.column(source, *field)?;
        let text = values.iter().all(Value::is_string);
        let (column, mark) = if text { (format!("lower({column})"), "lower(?)") } else { (column.to_owned(), "?") };
        let values: Vec<Sql> = values.iter().map(sql).collect();
        let operator = match comparison {
            Comparison::Equals => "=",
            Comparison::NotEquals => "<>",
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
