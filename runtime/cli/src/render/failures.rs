//! Failed steps by their causes: a loop whose every item fails for one reason has one cause, however many items there are.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use weft::metadata::RunRecord;
use weft::{component_of, imported_by};

use super::{count, problem, text};

/// Causes that are shown, so that they stand on one screen; the rest are counted.
const MOST_CAUSES: usize = 6;
/// Where there are several causes, lines and characters of a message that are shown.
const MOST_LINES: usize = 4;
const MOST_CHARACTERS: usize = 400;
/// Messages that are shown besides the first, where those of a group differ.
const MOST_OTHERS: usize = 2;
/// Files that are named which a step was given.
const MOST_FILES: usize = 4;
/// Places in the pipeline that are named.
const MOST_PLACES: usize = 4;

/// A failed step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// The step; an iteration of a loop is called `loop[3]`, what is in it `loop[3]/train`.
    pub task: &'a str,
    /// Why it failed.
    pub message: &'a str,
    /// What to do about it.
    pub hint: Option<&'a str>,
    /// Whether there is a log.
    pub log: bool,
}

/// Failures with the same cause, in the order of the steps. There is at least one.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause<'a>(Vec<Failure<'a>>);

impl<'a> Cause<'a> {
    /// The failure that stands for all.
    pub fn first(&self) -> &Failure<'a> {
        &self.0[0]
    }
}

/// Failures grouped by cause, in the order of their first steps. DAGs and loops that failed only because something in them did are
/// left out. Messages that differ in nothing but numbers, digests, and what they quote have the same cause.
pub fn by_cause<'a>(failures: impl IntoIterator<Item = Failure<'a>>) -> Vec<Cause<'a>> {
    let failures: Vec<_> = failures.into_iter().collect();
    let around = enclosing(failures.iter().map(|failure| failure.task));
    let mut known: HashMap<(String, Option<String>), usize> = HashMap::new();
    let mut causes: Vec<Cause<'a>> = Vec::new();
    for failure in failures.into_iter().filter(|failure| !around.contains(failure.task)) {
        let at = *known.entry((pattern(failure.message), failure.hint.map(pattern))).or_insert(causes.len());
        match causes.get_mut(at) {
            Some(cause) => cause.0.push(failure),
            None => causes.push(Cause(vec![failure])),
        }
    }
    causes
}

/// The causes for people, a block of lines each, by what the run recorded of its steps.
pub fn render(run: &str, causes: &[Cause<'_>], record: Option<&RunRecord>) -> Vec<String> {
    blocks(run, causes, |task| record.map(|record| about(record, task)).unwrap_or_default())
}

/// What a step calls, and the files that it was given.
fn about(record: &RunRecord, task: &str) -> Vec<(String, String)> {
    let component = component_of(record, task).map(|component| ("component".to_owned(), component));
    component.into_iter().chain(imported_by(record, task).into_iter().take(MOST_FILES)).collect()
}

/// `about` tells more of a step: a title and a value a line.
fn blocks(run: &str, causes: &[Cause<'_>], about: impl Fn(&str) -> Vec<(String, String)>) -> Vec<String> {
    let shown = &causes[..causes.len().min(MOST_CAUSES)];
    let mut blocks: Vec<String> = shown.iter().map(|cause| block(run, cause, causes.len() > 1, &about)).collect();
    let left: usize = causes[shown.len()..].iter().map(|cause| cause.0.len()).sum();
    if left > 0 {
        let (steps, causes) =
            (count(left, "step", "steps"), count(causes.len() - shown.len(), "other cause", "other causes"));
        blocks.push(problem(
            &format!("{steps} failed for {causes}"),
            &[],
            Some(&format!("`weft runs show {run} --json` tells all")),
        ));
    }
    blocks
}

fn block(run: &str, cause: &Cause<'_>, short: bool, about: impl Fn(&str) -> Vec<(String, String)>) -> String {
    let Failure { task, message, hint, log } = *cause.first();
    let message = message.trim_end();
    let message = if short { shortened(message) } else { Cow::Borrowed(message) };
    let title = match cause.0.len() {
        1 => format!("step `{task}` failed: {message}"),
        n => format!("{n} steps failed: {message}"),
    };
    let mut out = problem(&title, &[], None);
    if cause.0.len() > 1 {
        // Writing to a string does not fail.
        _ = write!(out, "\n  steps: {}", text::one_line(&places(cause)));
        let mut differing = HashSet::from([cause.first().message]);
        let others: Vec<_> = cause.0.iter().filter(|failure| differing.insert(failure.message)).collect();
        for other in others.iter().take(MOST_OTHERS) {
            let words = text::one_line(other.message);
            _ = write!(out, "\n  so too `{}`: {}", text::one_line(other.task), text::shorten(&words, 120));
        }
    }
    for (title, value) in about(task) {
        _ = write!(out, "\n  {}: {}", text::printable(&title), text::printable(&value));
    }
    if log {
        _ = write!(out, "\n  log: weft logs {run} {}", text::printable(task));
    }
    if let Some(hint) = hint {
        _ = write!(out, "\n{}", super::hint(hint));
    }
    out
}

/// The tasks around these: DAGs and loops that failed only because something in them did, if these are all that failed.
pub fn enclosing<'a>(failed: impl IntoIterator<Item = &'a str>) -> HashSet<&'a str> {
    failed.into_iter().flat_map(around).collect()
}

/// The tasks around a task: `a`, `a/b` and `a/b[3]` for `a/b[3]/c`.
pub fn around(task: &str) -> impl Iterator<Item = &str> {
    task.char_indices().filter(|(at, c)| *at > 0 && matches!(c, '/' | '[')).map(|(at, _)| &task[..at])
}

/// What messages with the same cause have in common: without numbers, digests and what is quoted.
fn pattern(message: &str) -> String {
    let mut pattern = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        if word > 0 {
            let (this, behind) = rest.split_at(word);
            pattern.push_str(if this.chars().any(|c| c.is_ascii_digit()) { "#" } else { this });
            rest = behind;
            continue;
        }
        rest = &rest[first.len_utf8()..];
        pattern.push(first);
        // An apostrophe within a word quotes nothing.
        let within = first == '\'' && pattern.chars().rev().nth(1).is_some_and(char::is_alphanumeric);
        if matches!(first, '"' | '\'' | '`')
            && !within
            && let Some(end) = rest.find(first).filter(|end| !rest[..*end].contains('\n'))
        {
            pattern.push('…');
            pattern.push(first);
            rest = &rest[end + first.len_utf8()..];
        }
    }
    pattern
}

/// Where in the pipeline the steps of a cause are: `loop[0-99]/train`, `a, b`.
fn places(cause: &Cause<'_>) -> String {
    let mut places: Vec<(String, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for Failure { task, .. } in &cause.0 {
        let (place, iteration) = place(task);
        let at = *known.entry(place.clone()).or_insert(places.len());
        if at == places.len() {
            places.push((place, Vec::new()));
        }
        places[at].1.extend(iteration);
    }
    let more = places.len().saturating_sub(MOST_PLACES);
    let mut named: Vec<String> = places
        .into_iter()
        .take(MOST_PLACES)
        .map(|(place, mut iterations)| {
            iterations.sort_unstable();
            place.replacen("[]", &format!("[{}]", ranges(&iterations)), 1)
        })
        .collect();
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    named.join(", ")
}

/// A task without the number of its innermost iteration, and that number: `outer[1]/inner[]/train` and 3.
fn place(task: &str) -> (String, Option<usize>) {
    let parts = || {
        let open = task.rfind('[')?;
        let close = open + task[open..].find(']')?;
        Some((&task[..open], task[open + 1..close].parse().ok()?, &task[close + 1..]))
    };
    match parts() {
        Some((before, iteration, behind)) => (format!("{before}[]{behind}"), Some(iteration)),
        None => (task.to_owned(), None),
    }
}

/// Numbers in order, those in a row by their ends: `0-4, 7, 9-11`. Of many only the first.
fn ranges(numbers: &[usize]) -> String {
    const MOST: usize = 8;
    let runs: Vec<&[usize]> = numbers.chunk_by(|one, next| next.saturating_sub(*one) <= 1).collect();
    let shown = runs.iter().take(MOST).map(|run| match run {
        [first, .., last] if first != last => format!("{first}-{last}"),
        [only, ..] => only.to_string(),
        [] => String::new(),
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if runs.len() > MOST {
        text.push_str(", …");
    }
    text
}

fn shortened(message: &str) -> Cow<'_, str> {
    let end = message.match_indices('\n').nth(MOST_LINES - 1).map_or(message.len(), |(at, _)| at);
    let cut = text::shorten(&message[..end], MOST_CHARACTERS);
    if end < message.len() { Cow::Owned(format!("{cut}\n…")) } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure<'a>(task: &'a str, message: &'a str) -> Failure<'a> {
        Failure { task, message, hint: None, log: false }
    }

    /// As plain text.
    fn shown(failures: &[Failure<'_>]) -> String {
        let about = |_: &str| vec![("component".to_owned(), "comp.wasm#f".to_owned())];
        let blocks = blocks("r-1", &by_cause(failures.iter().copied()), about);
        anstream::adapter::strip_str(&blocks.join("\n\n")).to_string()
    }

    #[test]
    fn a_loop_that_fails_for_one_reason_has_one_cause() {
        let names: Vec<[String; 4]> = (0..100)
            .map(|i| {
                let at = format!("for-loop-1[{i}]");
                [at.clone(), format!("{at}/sub"), format!("{at}/sub/make"), format!("ValueError: bad row {i}")]
            })
            .collect();
        let mut failures = vec![failure("for-loop-1", "its task `for-loop-1[0]/sub/make` failed")];
        for [iteration, sub, make, message] in &names {
            failures.push(failure(iteration, "its task `for-loop-1[0]/sub/make` failed"));
            failures.push(failure(sub, "its task `for-loop-1[0]/sub/make` failed"));
            failures.push(Failure { hint: Some("look at the log"), log: true, ..failure(make, message) });
        }
        insta::assert_snapshot!(shown(&failures), @r"
        error: 100 steps failed: ValueError: bad row 0
          steps: for-loop-1[0-99]/sub/make
          so too `for-loop-1[1]/sub/make`: ValueError: bad row 1
          so too `for-loop-1[2]/sub/make`: ValueError: bad row 2
          component: comp.wasm#f
          log: weft logs r-1 for-loop-1[0]/sub/make
        hint: look at the log
        ");
    }

    #[test]
    fn a_step_alone_is_shown_with_its_whole_message() {
        let message = (0..30).map(|i| format!("line {i}")).collect::<Vec<_>>().join("\n");
        let failures = [failure("outer", "its task `outer/a` failed"), failure("outer/a", &message)];
        let shown = shown(&failures);
        assert!(shown.starts_with("error: step `outer/a` failed: line 0\nline 1\n"), "{shown}");
        assert!(shown.contains("line 29"), "{shown}");
    }

    #[test]
    fn causes_are_told_apart_and_cut_to_a_screen() {
        let long = "x\n".repeat(500);
        let words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"];
        let messages: Vec<String> = words.iter().map(|word| format!("{word} is missing\n{long}")).collect();
        let failures: Vec<_> = words.iter().zip(&messages).map(|(task, message)| failure(task, message)).collect();
        assert_eq!(by_cause(failures.iter().copied()).len(), words.len());
        let shown = shown(&failures);
        assert!(shown.lines().count() < 60, "{shown}");
        assert!(
            shown.ends_with("error: 4 steps failed for 4 other causes\nhint: `weft runs show r-1 --json` tells all"),
            "{shown}"
        );
    }

    #[test]
    fn no_failure_is_lost() {
        let messages = ["no column 'a'", "no column 'b'", "no row 7", "it's late", "it's gone", "no column 'c"];
        let names: Vec<String> = (0..messages.len()).map(|i| format!("t[{i}]")).collect();
        let failures: Vec<_> = names.iter().zip(messages).map(|(task, message)| failure(task, message)).collect();
        let causes = by_cause(failures.iter().copied());
        let mut sizes: Vec<usize> = causes.iter().map(|cause| cause.0.len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), failures.len());
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 1, 1, 1, 2]);
        assert!(by_cause([]).is_empty());
        // A task whose name only begins like another's is not in it.
        assert_eq!(by_cause([failure("a", "x"), failure("ab", "y"), failure("a-1/c", "z")]).len(), 3);
    }

    #[test]
    fn iterations_are_named_by_ranges() {
        let names = ["a[0]/b[1]/c", "a[0]/b[2]/c", "a[1]/b[5]/c", "a[0]/b[9]/c", "plain", "odd[x]"];
        let failures: Vec<_> = names.iter().map(|task| failure(task, "no")).collect();
        let causes = by_cause(failures);
        assert_eq!(places(&causes[0]), "a[0]/b[1-2, 9]/c, a[1]/b[5]/c, plain, odd[x]");
        assert_eq!(ranges(&(0..100).map(|i| i * 2).collect::<Vec<_>>()), "0, 2, 4, 6, 8, 10, 12, 14, …");
    }

    #[test]
    fn patterns_keep_what_tells_causes_apart() {
        let same = |one: &str, other: &str| pattern(one) == pattern(other);
        assert!(same("bad row 1", "bad row 22"));
        assert!(same("cannot open `a b.csv`", "cannot open `c.csv`"));
        assert!(same("blake3:ab12 is gone", "blake3:9f00 is gone"));
        assert!(!same("it's a 'x'", "it's b 'x'"));
        assert!(!same("a 'x' b", "a 'x' c"));
        assert!(!same("", "a"));
        assert_eq!(pattern("ä 'ö' ü \"open"), "ä '…' ü \"open");
    }
}
