//! The reference: tables, and TFDV's answers for them.

use std::path::PathBuf;

use data_validation::proto::Described;
use data_validation::statistics::{self, Options, Statistics, Table};
use data_validation::text::to_text;

/// A file of the reference.
pub fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tfdv").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Statistics of a table of the reference.
pub fn table(name: &str) -> Statistics {
    described(name, &Options::default())
}

/// Statistics of a table of the reference.
pub fn described(name: &str, options: &Options) -> Statistics {
    let text = read(&format!("{name}.csv"));
    statistics::describe(&[Table::of(name, text.as_bytes())], options).unwrap()
}

/// Compares messages as text, numbers to a relative difference of 1e-6.
pub fn assert_alike<M: Described>(name: &str, expected: &M, found: &M) {
    let (expected, found) = (to_text(expected), to_text(found));
    let mut place = Vec::new();
    for (line, (expected, found)) in expected.lines().zip(found.lines()).enumerate() {
        if let Some(opened) = expected.trim().strip_suffix('{') {
            place.push(opened.trim().to_owned());
        } else if expected.trim() == "}" {
            place.pop();
        }
        assert!(
            alike(expected, found),
            "{name}, line {} in {place:?}:\n  expected {expected}\n  found    {found}",
            line + 1
        );
    }
    assert_eq!(expected.lines().count(), found.lines().count(), "{name}: the lengths differ");
}

fn alike(expected: &str, found: &str) -> bool {
    if expected == found {
        return true;
    }
    let number = |line: &str| {
        line.split_once(": ").and_then(|(name, value)| Some((name.to_owned(), value.parse::<f64>().ok()?)))
    };
    match (number(expected), number(found)) {
        (Some((a, x)), Some((b, y))) => a == b && (x - y).abs() <= 1e-6 * x.abs().max(y.abs()),
        _ => false,
    }
}
