//! Brace expansion: `{a,b}` and `{1..5}`.

use crate::ast::{Part, Word};

/// The words that the first brace of a word makes; none if no brace of it makes any.
pub fn expand_first(word: &Word) -> Option<Vec<Word>> {
    let mut from = (0, 0);
    while let Some(open) = find_open(word, from) {
        if let Some(words) = expand_at(word, open) {
            return Some(words);
        }
        from = (open.0, open.1 + 1);
    }
    None
}

type Place = (usize, usize);

fn find_open(word: &Word, from: Place) -> Option<Place> {
    word.parts.iter().enumerate().skip(from.0).find_map(|(i, part)| {
        let Part::Literal(text) = part else { return None };
        let start = if i == from.0 { from.1 } else { 0 };
        text.get(start..)?.find('{').map(|at| (i, start + at))
    })
}

/// The words that the brace at this place makes.
fn expand_at(word: &Word, open: Place) -> Option<Vec<Word>> {
    let (mut depth, mut cuts) = (0_u32, vec![open]);
    let mut close = None;
    'parts: for (i, part) in word.parts.iter().enumerate().skip(open.0) {
        let Part::Literal(text) = part else { continue };
        for (at, c) in text.char_indices().skip_while(|(at, _)| i == open.0 && *at < open.1) {
            match c {
                '{' => depth += 1,
                '}' if depth == 1 => {
                    close = Some((i, at));
                    break 'parts;
                }
                '}' => depth -= 1,
                ',' if depth == 1 => cuts.push((i, at)),
                _ => {}
            }
        }
    }
    let close = close?;
    let before = slice(word, (0, 0), open);
    let after = slice(word, (close.0, close.1 + 1), (word.parts.len(), 0));
    let middles: Vec<Word> = if cuts.len() > 1 {
        let ends = cuts.iter().skip(1).chain([&close]);
        cuts.iter().zip(ends).map(|(start, end)| slice(word, (start.0, start.1 + 1), *end)).collect()
    } else if open.0 == close.0
        && let Part::Literal(text) = &word.parts[open.0]
    {
        range(&text[open.1 + 1..close.1])?.iter().map(|text| Word::literal(text)).collect()
    } else {
        return None;
    };
    let join = |middle: Word| {
        let mut joined = Word { parts: Vec::new() };
        for part in [&before.parts, &middle.parts, &after.parts].into_iter().flatten() {
            match (joined.parts.last_mut(), part) {
                (Some(Part::Literal(last)), Part::Literal(text)) => last.push_str(text),
                _ => joined.parts.push(part.clone()),
            }
        }
        joined
    };
    Some(middles.into_iter().map(join).collect())
}

/// The part of a word between two places.
fn slice(word: &Word, from: Place, to: Place) -> Word {
    let mut parts = Vec::new();
    for (i, part) in word.parts.iter().enumerate().skip(from.0) {
        if i > to.0 || (i == to.0 && to.1 == 0) {
            break;
        }
        match part {
            Part::Literal(text) => {
                let start = if i == from.0 { from.1 } else { 0 };
                let end = if i == to.0 { to.1 } else { text.len() };
                if let Some(text) = text.get(start..end)
                    && !text.is_empty()
                {
                    parts.push(Part::Literal(text.to_owned()));
                }
            }
            part => parts.push(part.clone()),
        }
    }
    Word { parts }
}

/// `1..5`, `1..10..2`, `a..e`; numbers keep leading noughts.
fn range(text: &str) -> Option<Vec<String>> {
    let mut parts = text.split("..");
    let (start, end, step) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let step: i64 = step.map_or(Some(1), |step| step.parse().ok())?;
    let step = usize::try_from(step.unsigned_abs().max(1)).ok()?;
    let letter = |text: &str| text.chars().next().filter(|c| c.is_ascii_alphabetic() && text.len() == 1);
    if let (Some(start), Some(end)) = (letter(start), letter(end)) {
        let all: Vec<String> = if start <= end {
            (start..=end).step_by(step).map(String::from).collect()
        } else {
            (end..=start).rev().step_by(step).map(String::from).collect()
        };
        return Some(all);
    }
    let (low, high): (i64, i64) = (start.parse().ok()?, end.parse().ok()?);
    if low.checked_sub(high)?.unsigned_abs() > 1_000_000 {
        return None;
    }
    let padded = |text: &str| text.trim_start_matches('-').starts_with('0') && text.trim_start_matches('-').len() > 1;
    let width = if padded(start) || padded(end) { start.len().max(end.len()) } else { 0 };
    let write = |n: i64| format!("{n:0width$}");
    Some(if low <= high {
        (low..=high).step_by(step).map(write).collect()
    } else {
        (high..=low).rev().step_by(step).map(write).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Vec<String> {
        let (mut words, mut done) = (vec![Word::literal(text)], Vec::new());
        while let Some(word) = words.pop() {
            match expand_first(&word) {
                None => done.push(word.bare().unwrap_or_default().to_owned()),
                Some(more) => words.extend(more.into_iter().rev()),
            }
        }
        done
    }

    #[test]
    fn lists_ranges_and_what_is_neither() {
        assert_eq!(expanded("a{b,c}d"), ["abd", "acd"]);
        assert_eq!(expanded("{a,b{1..2}}{x,}"), ["ax", "a", "b1x", "b1", "b2x", "b2"]);
        assert_eq!(expanded("{08..10}"), ["08", "09", "10"]);
        assert_eq!(expanded("{5..1..2}"), ["5", "3", "1"]);
        assert_eq!(expanded("{c..a}"), ["c", "b", "a"]);
        for text in ["{}", "{a}", "{1..}", "{1..99999999999999999999}", "{1..9999999999}", "{a", "a}", "{{a}"] {
            assert_eq!(expanded(text), [text]);
        }
    }
}
