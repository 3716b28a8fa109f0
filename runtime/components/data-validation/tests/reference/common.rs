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
    let differences = differences(name, expected, found);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Where messages differ as text, numbers by more than 1e-6 of them.
pub fn differences<M: Described>(name: &str, expected: &M, found: &M) -> Vec<String> {
    let (expected, found) = (to_text(expected), to_text(found));
    let (lines, found_lines) = (expected.lines().count(), found.lines().count());
    if lines != found_lines {
        let at = expected.lines().zip(found.lines()).position(|(expected, found)| !alike(expected, found));
        let at = at.unwrap_or(lines.min(found_lines));
        let [expected, found] = [expected, found].map(|text| text.lines().nth(at).unwrap_or_default().to_owned());
        return vec![format!("{name}, line {} and later:\n  expected {expected}\n  found    {found}", at + 1)];
    }
    let mut place = Vec::new();
    let mut differences = Vec::new();
    for (line, (expected, found)) in expected.lines().zip(found.lines()).enumerate() {
        if let Some(opened) = expected.trim().strip_suffix('{') {
            place.push(opened.trim().to_owned());
        } else if expected.trim() == "}" {
            place.pop();
        }
        if !alike(expected, found) {
            differences
                .push(format!("{name}, line {} in {place:?}:\n  expected {expected}\n  found    {found}", line + 1));
        }
    }
    differences
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
