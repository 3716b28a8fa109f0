//! Problems of a pipeline, drawn with the lines that they are about.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use weft::pipeline::diagnostic::Diagnostic;
use weft::{Finding, Source};

use crate::render::{count, text};

/// A mistake in an author's files as a finding.
pub fn finding(problem: &weft_author::Problem) -> Finding {
    let weft_author::Source { shown, text } = problem.source.as_ref();
    let source = Arc::new(Source { shown: shown.clone(), text: text.clone() });
    Finding::new(&source, problem.diagnostic.clone())
}

/// Problems that are drawn: about a screen of them. Many have one cause, and who has mended the first asks again.
const MOST_DRAWN: usize = 8;

/// Problems one after the other, each with its place, its line and its hint. Of many only the first are drawn, errors before warnings, and how many more there are.
pub fn render(findings: &[Finding]) -> String {
    let renderer = Renderer::styled();
    let mut shown: Vec<&Finding> = findings.iter().collect();
    if shown.len() > MOST_DRAWN {
        shown.sort_by_key(|finding| !finding.diagnostic.is_error());
    }
    let draw = |finding: &&Finding| renderer.render(&[group(&printable(finding))]);
    let mut drawn: Vec<String> = shown.iter().take(MOST_DRAWN).map(draw).collect();
    let more = findings.len() - drawn.len();
    if more > 0 {
        drawn.push(format!("and {}; `--json` tells all", count(more, "more problem", "more problems")));
    }
    let mut text = drawn.join("\n\n");
    text.push('\n');
    text
}

/// The same, fit for a terminal: files and names of others must not steer it. Each character stays one, so that places stay as they are.
fn printable(finding: &Finding) -> Finding {
    let text = |text: &str| text::printable(text).into_owned();
    let Finding { source, diagnostic } = finding;
    let diagnostic = Diagnostic {
        message: text(&diagnostic.message),
        hint: diagnostic.hint.as_deref().map(text),
        ..diagnostic.clone()
    };
    let source = Source { shown: text(&source.shown), text: text(&source.text) };
    Finding { source: Arc::new(source), diagnostic }
}

fn group(finding: &Finding) -> Group<'_> {
    let Finding { source, diagnostic } = finding;
    let level = if diagnostic.is_error() { Level::ERROR } else { Level::WARNING };
    let title = level.primary_title(diagnostic.message.as_str());
    let place: Element<'_> = match span(&source.text, diagnostic) {
        Some(span) => {
            let mark = AnnotationKind::Primary.span(span).label(diagnostic.hint.as_deref());
            Snippet::source(source.text.as_str()).path(source.shown.as_str()).annotation(mark).into()
        }
        None => Origin::path(source.shown.as_str()).into(),
    };
    let group = title.element(place);
    match &diagnostic.hint {
        // Without a line to stand beside.
        Some(hint) if diagnostic.at.is_none() => group.element(Level::HELP.message(hint.as_str())),
        _ => group,
    }
}

/// The bytes of the text that a problem is about.
fn span(text: &str, diagnostic: &Diagnostic) -> Option<Range<usize>> {
    let at = diagnostic.at?;
    let (line, column, length) = (index(at.line)?, index(at.column)?, diagnostic.length.max(1));
    let start_of_line = if line == 0 { 0 } else { text.match_indices('\n').nth(line - 1)?.0 + 1 };
    let rest = &text[start_of_line..];
    let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let offset = |characters: usize| rest.char_indices().nth(characters).map_or(rest.len(), |(offset, _)| offset);
    let start = offset(column);
    let end = offset(column + usize::try_from(length).unwrap_or(1));
    Some(start_of_line + start..start_of_line + end)
}

fn index(from_one: u32) -> Option<usize> {
    usize::try_from(from_one.checked_sub(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft::pipeline::model::{Location, Span};

    fn source() -> Arc<Source> {
        let text = "name: p\nsteps:\n  träin:\n    component: train.wasm\n".to_owned();
        Arc::new(Source { shown: "p.yaml".to_owned(), text })
    }

    fn at(line: u32, column: u32, length: u32) -> Span {
        Span { at: Location { line, column }, length }
    }

    #[test]
    fn places_are_counted_in_characters() {
        let source = source();
        let marked = |span: Span| {
            let range = self::span(&source.text, &Diagnostic::error("x").at(span)).unwrap();
            source.text[range].to_owned()
        };
        assert_eq!(marked(at(1, 1, 4)), "name");
        assert_eq!(marked(at(3, 3, 5)), "träin");
        assert_eq!(marked(at(4, 16, 99)), "train.wasm");
        assert_eq!(marked(at(4, 99, 1)), "");
        assert!(self::span(&source.text, &Diagnostic::error("x").at(at(99, 1, 1))).is_none());
    }

    #[test]
    fn problems_are_drawn_with_their_lines() {
        let source = source();
        let findings = [
            Finding::new(
                &source,
                Diagnostic::error("there is no `trian`").at(at(3, 3, 5)).hint("did you mean `train`?"),
            ),
            Finding::new(&source, Diagnostic::warning("nothing uses it").at(at(99, 1, 1))),
            Finding::new(&source, Diagnostic::error("`seed` is not given").hint("give it with `-p seed=...`")),
        ];
        let drawn = anstream::adapter::strip_str(&render(&findings)).to_string();
        insta::assert_snapshot!(drawn);
    }

    #[test]
    fn of_many_problems_the_first_errors_are_drawn() {
        let source = source();
        let warnings = (0..20).map(|number| Diagnostic::warning(format!("warning {number}")));
        let errors = (0..3).map(|number| Diagnostic::error(format!("error {number}")));
        let findings: Vec<Finding> =
            warnings.chain(errors).map(|diagnostic| Finding::new(&source, diagnostic)).collect();
        let drawn = anstream::adapter::strip_str(&render(&findings)).to_string();
        let titles: Vec<&str> = drawn.lines().filter(|line| line.contains(": ") || line.contains("more")).collect();
        assert_eq!(titles.len(), MOST_DRAWN + 1, "{drawn}");
        assert!(titles[0].ends_with("error 0") && titles[3].ends_with("warning 0"), "{drawn}");
        assert_eq!(titles[MOST_DRAWN], "and 15 more problems; `--json` tells all");
    }
}
