//! The modules that a function's source imports, as far as its lines tell: which executor it needs where no package is named for it.

use super::stack::is_boosting;

/// Modules that the science executor has and the small one for Python has not, though a container's image may hold them.
const OF_STACK: [&str; 11] = [
    "PIL",
    "lxml",
    "matplotlib",
    "mpl_toolkits",
    "numpy",
    "pandas",
    "regex",
    "scipy",
    "seaborn",
    "sklearn",
    "statsmodels",
];

/// Modules that the science executor does without, and their packages, which are called the same: pandas reads and writes Parquet there by
/// itself.
pub(super) const DONE_WITHOUT: [&str; 2] = ["fastparquet", "pyarrow"];

/// Whether the science executor has a module that the small one lacks.
pub(super) fn is_of_stack(module: &str) -> bool {
    OF_STACK.contains(&module)
}

/// The first of the modules that pandas does without and that nothing in the sandbox has.
pub fn missing(imports: &[String]) -> Option<&str> {
    imports.iter().map(String::as_str).find(|module| DONE_WITHOUT.contains(module))
}

/// The modules, without what is below them, that a source imports and that decide who runs it, in the order in which they are written.
///
/// What is imported below a `try` that an `except` follows, or below `if TYPE_CHECKING`, may not be needed, and is left out.
pub(super) fn deciding(source: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // Lines that open a block in which nothing counts, by their indentation.
    let mut optional: Vec<usize> = Vec::new();
    for line in without_texts(source).lines() {
        let statement = line.trim_start();
        if statement.trim_end().is_empty() {
            continue;
        }
        let indentation = line.len() - statement.len();
        while optional.last().is_some_and(|open| indentation <= *open) {
            optional.pop();
        }
        let opens = statement.trim_end();
        if opens == "try:" || (opens.starts_with("if ") && opens.contains("TYPE_CHECKING")) {
            optional.push(indentation);
        }
        if !optional.is_empty() {
            continue;
        }
        for module in statement.split(';').flat_map(modules) {
            let decides = is_of_stack(module) || is_boosting(module) || DONE_WITHOUT.contains(&module);
            if decides && !found.iter().any(|known| known == module) {
                found.push(module.to_owned());
            }
        }
    }
    found
}

/// The modules that a statement imports: `import a.b as c, d`, `from a.b import c`.
fn modules(statement: &str) -> Vec<&str> {
    let statement = statement.trim();
    let listed = if let Some(rest) = statement.strip_prefix("from ") {
        rest.split_once(" import ").map_or("", |(module, _)| module)
    } else {
        statement.strip_prefix("import ").unwrap_or("")
    };
    listed
        .split(',')
        .filter_map(|one| one.split_whitespace().next())
        .map(|path| path.split('.').next().unwrap_or_default())
        .filter(|module| !module.is_empty())
        .collect()
}

/// A source without its comments and without what is between quotes, as texts may hold lines that look like imports. Lines that a backslash or
/// a text goes on over stay lines of their own or become one: neither makes an import of what is none.
fn without_texts(source: &str) -> String {
    let mut kept = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if c == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if matches!(c, '\'' | '"') {
            let triple = if c == '"' { "\"\"\"" } else { "'''" };
            let quote = if rest.starts_with(triple) { triple } else { &triple[..1] };
            rest = behind_text(&rest[quote.len()..], quote);
            kept.push_str("''");
        } else {
            kept.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    kept
}

/// What follows a text that a quote ends. A text of one line that is not ended there ends with the line.
fn behind_text<'a>(text: &'a str, quote: &str) -> &'a str {
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if text[at..].starts_with(quote) {
            return &text[at + quote.len()..];
        } else if c == '\n' && quote.len() == 1 {
            return &text[at..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_where_python_would_run_them() {
        let source = "\nimport kfp\nfrom kfp import dsl\n\ndef f(x: int):\n    \"\"\"Runs.\n    import scipy\n    \"\"\"\n    import os, numpy.linalg as la\n    \
                      if x:\n        from sklearn.tree import (\n            DecisionTreeClassifier)\n    text = 'import seaborn'  # import PIL\n    import json; import pandas as pd\n    \
                      print(\"\\\"\", 'it''s'); import statsmodels.api\n    import pandas\n";
        assert_eq!(deciding(source), ["numpy", "sklearn", "pandas", "statsmodels"]);
    }

    #[test]
    fn what_may_not_be_needed_does_not_count() {
        let source = "def f():\n    try:\n        import numpy\n    except ImportError:\n        numpy = None\n    if TYPE_CHECKING:\n        import pandas\n    \
                      import numpydoc\n    from . import scipy\n    important = 1\n    from_pandas = 2\n";
        assert_eq!(deciding(source), [] as [&str; 0]);
        assert_eq!(deciding("try:\n    import numpy\nfinally:\n    pass\nimport scipy\n"), ["scipy"]);
    }

    #[test]
    fn texts_that_do_not_end_do_no_harm() {
        assert_eq!(deciding("x = 'open\nimport numpy\n"), ["numpy"]);
        assert_eq!(deciding("x = '''open\nimport numpy\n"), [] as [&str; 0]);
        assert_eq!(deciding("x = '\\"), [] as [&str; 0]);
        assert_eq!(deciding("ä = \"ö\\ü\"\nimport numpy"), ["numpy"]);
    }

    #[test]
    fn packages_that_pandas_does_without_are_told_if_they_are_imported() {
        assert_eq!(missing(&deciding("import pandas\nimport pyarrow.parquet as pq\n")), Some("pyarrow"));
        assert_eq!(missing(&deciding("import pandas\n")), None);
    }
}
