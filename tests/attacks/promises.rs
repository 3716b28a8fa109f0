//! `SECURITY.md` against the tests: each test that it names is there, and each promise names one.

use std::collections::BTreeSet;

use crate::sandbox::project;

#[test]
fn each_promise_names_tests_that_are_there() {
    let page = std::fs::read_to_string(project().join("SECURITY.md")).unwrap();
    let mut named = BTreeSet::new();
    let mut rows = 0;
    let mut in_promises = false;
    for line in page.lines() {
        if line.starts_with('|') {
            if line.ends_with("| tests |") {
                in_promises = true;
            } else if in_promises && !line.starts_with("| ---") {
                rows += 1;
                assert!(line.contains(".rs#"), "this promise names no test: {line}");
            }
        } else {
            in_promises = false;
        }
        named.extend(line.split('`').filter(|part| part.contains(".rs#")).map(str::to_owned));
    }
    assert!(rows >= 15, "{rows} promises");
    for test in &named {
        let (file, name) = test.split_once('#').unwrap();
        let source = std::fs::read_to_string(project().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        // A function, or a row of a table of attempts.
        let is_there = source.contains(&format!("fn {name}(")) || source.contains(&format!("    {name}: \""));
        assert!(is_there, "{test} is not there");
    }
    assert!(named.len() >= 30, "{} tests", named.len());
}
