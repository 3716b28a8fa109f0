//! Schemas: inferred from statistics, and held against what a pipeline expects.

use std::fmt;

use serde::Serialize;

use crate::statistics::{Statistics, Values, number};
use crate::table::Table;

/// Not more than so many words make a domain; a column with more holds free text.
const LARGEST_DOMAIN: usize = 50;
/// Not more than so many wrong values are named.
const NAMED: usize = 3;

/// What a table's columns hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Schema {
    pub columns: Vec<Column>,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    /// Share of values that are missing.
    pub missing: f64,
    /// Least and greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// The words that occur.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Number,
    Category,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "numbers",
            Self::Category => "categories",
        })
    }
}

/// What a pipeline expects of a table.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// The columns that must be there, and what they must hold.
    pub columns: Vec<(String, Kind)>,
    /// The words that a column may hold.
    pub domains: Vec<(String, Vec<String>)>,
    /// The share of values that may be missing.
    pub max_missing: f64,
}

pub fn infer(statistics: &Statistics) -> Schema {
    let columns = statistics.columns.iter().map(|column| {
        let (kind, range, domain) = match &column.values {
            Values::Number(numbers) => (Kind::Number, Some((numbers.min, numbers.max)), None),
            Values::Category { counts } => {
                let domain = (counts.len() <= LARGEST_DOMAIN).then(|| counts.keys().cloned().collect());
                (Kind::Category, None, domain)
            }
        };
        let missing = f64::from(column.missing) / f64::from(statistics.rows.max(1));
        Column { name: column.name.clone(), kind, missing, range, domain }
    });
    Schema { columns: columns.collect() }
}

/// Holds a table and its schema against expectations: what is odd, or an error that lists everything that is wrong.
pub fn validate(table: &Table, schema: &Schema, expected: &Expectations) -> Result<Vec<String>, String> {
    if !(0.0..=1.0).contains(&expected.max_missing) {
        return Err(format!("`max-missing` is {}; it is a share, from 0 to 1", expected.max_missing));
    }
    let (mut wrong, mut odd) = (Vec::new(), Vec::new());
    for (name, kind) in &expected.columns {
        let Some(column) = schema.columns.iter().find(|column| column.name == *name) else {
            wrong.push(format!("there is no column `{name}`"));
            continue;
        };
        // Numbers can serve as categories (a year, a code), but words cannot serve as numbers.
        if *kind == Kind::Number && column.kind != Kind::Number {
            let examples = offenders(table, name, |value| number(value).is_none())?;
            wrong.push(format!("column `{name}` should hold {kind}{examples}"));
        }
        if column.missing > 0.0 {
            let percent = column.missing * 100.0;
            let message = format!("column `{name}` lacks {percent:.1} % of its values");
            if column.missing > expected.max_missing {
                wrong.push(format!("{message}; at most {:.1} % may be missing", expected.max_missing * 100.0));
            } else {
                odd.push(message);
            }
        }
    }
    for (name, domain) in &expected.domains {
        if schema.columns.iter().any(|column| column.name == *name) {
            let examples = offenders(table, name, |value| !domain.iter().any(|word| word == value))?;
            if !examples.is_empty() {
                wrong.push(format!("column `{name}` should hold one of {}{examples}", domain.join(", ")));
            }
        } else {
            wrong.push(format!("there is no column `{name}`, for which a domain is given"));
        }
    }
    for column in &schema.columns {
        if !expected.columns.iter().any(|(name, _)| *name == column.name) {
            odd.push(format!("nobody expected the column `{}`", column.name));
        }
    }
    if wrong.is_empty() {
        Ok(odd)
    } else {
        Err(format!("the table is not what this pipeline expects:\n- {}", wrong.join("\n- ")))
    }
}

/// The first wrong values of a column with their lines, as the end of a sentence.
fn offenders(table: &Table, name: &str, is_wrong: impl Fn(&str) -> bool) -> Result<String, String> {
    let column = table.column(name)?;
    let wrong = table
        .rows
        .iter()
        .filter_map(|row| row.get(column).filter(|value| is_wrong(value)).map(|value| (row.line, value)));
    let wrong: Vec<String> = wrong.map(|(line, value)| format!("`{value}` in line {line}")).collect();
    Ok(match wrong.len() {
        0 => String::new(),
        1..=NAMED => format!(", but there is {}", wrong.join(", ")),
        many => format!(", but there is {} and {} more", wrong[..NAMED].join(", "), many - NAMED),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::penguins;

    fn expectations() -> Expectations {
        Expectations {
            columns: vec![
                ("species".into(), Kind::Category),
                ("island".into(), Kind::Category),
                ("body_mass_g".into(), Kind::Number),
                ("sex".into(), Kind::Category),
            ],
            domains: vec![("island".into(), vec!["Biscoe".into(), "Dream".into(), "Torgersen".into()])],
            max_missing: 0.05,
        }
    }

    fn check(table: &Table, expected: &Expectations) -> Result<Vec<String>, String> {
        validate(table, &infer(&Statistics::of(table)), expected)
    }

    #[test]
    fn the_schema_of_the_penguins() {
        let schema = infer(&Statistics::of(&penguins()));
        let island = &schema.columns[1];
        assert_eq!((island.kind, island.domain.as_ref().map(Vec::len)), (Kind::Category, Some(3)));
        assert_eq!(schema.columns[5].range, Some((2700.0, 6300.0)));
        assert!((schema.columns[6].missing - 11.0 / 344.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_odd_is_told_and_passes() {
        let odd = check(&penguins(), &expectations()).unwrap();
        assert!(odd.contains(&"column `sex` lacks 3.2 % of its values".to_owned()), "{odd:?}");
        assert!(odd.contains(&"nobody expected the column `year`".to_owned()), "{odd:?}");
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_lines() {
        let mut table = penguins();
        table.rows[1].values[1] = "Tokyo".into();
        table.rows[2].values[5] = "heavy".into();
        let mut expected = expectations();
        expected.columns.push(("age".into(), Kind::Number));
        expected.max_missing = 0.01;
        assert_eq!(
            check(&table, &expected).unwrap_err(),
            "the table is not what this pipeline expects:\n\
             - column `body_mass_g` should hold numbers, but there is `heavy` in line 4\n\
             - column `sex` lacks 3.2 % of its values; at most 1.0 % may be missing\n\
             - there is no column `age`\n\
             - column `island` should hold one of Biscoe, Dream, Torgersen, but there is `Tokyo` in line 3"
        );
        expected.max_missing = 5.0;
        assert!(check(&table, &expected).unwrap_err().contains("from 0 to 1"));
    }
}
