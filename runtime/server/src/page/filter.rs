//! What people write to find runs: `penguins accuracy > 0.9 seed=7`.

use weft::metadata::{Comparison, Operator};

/// The most characters that are looked at.
const MAX_CHARS: usize = 400;

/// A filter, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filter<'t> {
    /// Texts that the id or the pipeline's name has.
    pub texts: Vec<&'t str>,
    /// What holds of metrics and parameters.
    pub comparisons: Vec<Comparison<'t>>,
    /// What could not be read.
    pub problem: Option<String>,
}

/// Reads a filter. Words between blanks are texts, unless an operator stands behind one; `and` between is passed over.
pub(super) fn parse(text: &str) -> Filter<'_> {
    let text = text.char_indices().nth(MAX_CHARS).map_or(text, |(end, _)| &text[..end]);
    let mut filter = Filter::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, behind) = word(rest, true);
        let after = behind.trim_start();
        let Some((operator, length)) = operator(after) else {
            if name.is_empty() {
                filter.problem =
                    Some(format!("`{rest}` is no filter: write a text, or a comparison like accuracy > 0.9"));
                break;
            }
            if !name.eq_ignore_ascii_case("and") {
                filter.texts.push(name);
            }
            rest = after;
            continue;
        };
        let (value, behind) = word(after[length..].trim_start(), false);
        if name.is_empty() || value.is_empty() {
            let what = if name.is_empty() { "a name before" } else { "a value behind" };
            filter.problem = Some(format!("{what} `{}` is missing: write accuracy > 0.9", &after[..length]));
            break;
        }
        filter.comparisons.push(Comparison { name, operator, value });
        rest = behind.trim_start();
    }
    filter
}

/// The word at the beginning, in quotes or without, and what is behind it. A name ends at an operator.
fn word(text: &str, is_name: bool) -> (&str, &str) {
    if let Some(quoted) = text.strip_prefix('"')
        && let Some((word, behind)) = quoted.split_once('"')
    {
        return (word, behind);
    }
    let ends = |c: char| c.is_whitespace() || (is_name && matches!(c, '<' | '>' | '=' | '!'));
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn operator(text: &str) -> Option<(Operator, usize)> {
    use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Unequal};
    let known = [
        ("==", Equal),
        ("!=", Unequal),
        ("<=", LessOrEqual),
        (">=", GreaterOrEqual),
        ("=", Equal),
        ("<", Less),
        (">", Greater),
    ];
    known.into_iter().find(|(sign, _)| text.starts_with(sign)).map(|(sign, operator)| (operator, sign.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_comparisons_are_told_apart() {
        let filter = parse(r#" penguins accuracy>0.9 and "test loss" <= 1e-3 seed == 7 kind!="a b" 2026"#);
        assert_eq!(filter.texts, ["penguins", "2026"]);
        let shown: Vec<_> = filter.comparisons.iter().map(|c| (c.name, c.operator, c.value)).collect();
        assert_eq!(
            shown,
            [
                ("accuracy", Operator::Greater, "0.9"),
                ("test loss", Operator::LessOrEqual, "1e-3"),
                ("seed", Operator::Equal, "7"),
                ("kind", Operator::Unequal, "a b"),
            ]
        );
        assert_eq!(filter.problem, None);
    }

    #[test]
    fn what_is_missing_is_told() {
        assert!(parse("accuracy >").problem.unwrap().contains("a value behind `>`"));
        assert!(parse("> 3").problem.unwrap().contains("a name before `>`"));
        assert!(parse("! x").problem.unwrap().contains("is no filter"));
        assert_eq!(parse(""), Filter::default());
        assert_eq!(parse(&"é".repeat(5000)).texts[0].chars().count(), MAX_CHARS);
    }
}
