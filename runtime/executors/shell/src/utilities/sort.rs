//! `sort`, `uniq`, `comm` and `shuf`.

use std::cmp::Ordering;
use std::io::Write;

use super::{Failure, Io, Options, Outcome, next_line, options};
use crate::stream::random;

/// How lines are compared: by a key's fields, and in which way.
#[derive(Clone, Debug, Default)]
struct Key {
    /// Field and character, from 1.
    start: (usize, usize),
    end: Option<(usize, usize)>,
    ways: String,
}

fn key(text: &str) -> Result<Key, Failure> {
    let wrong = || Failure::new(format!("invalid key '{text}'"));
    let place = |part: &str| -> Result<((usize, usize), String), Failure> {
        let digits = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let (field, char) = digits.split_once('.').unwrap_or((digits, ""));
        let field = field.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
        let char = if char.is_empty() { 0 } else { char.parse().map_err(|_| wrong())? };
        Ok(((field, char), part[digits.len()..].to_owned()))
    };
    let (start, end) = text.split_once(',').map_or((text, None), |(start, end)| (start, Some(end)));
    let (start, mut ways) = place(start)?;
    let end = end.map(place).transpose()?;
    let end = end.map(|(end, more)| {
        ways.push_str(&more);
        end
    });
    Ok(Key { start, end, ways })
}

impl Key {
    /// The part of a line that this key is about.
    fn of<'l>(&self, line: &'l str, separator: Option<char>) -> &'l str {
        if self.start == (0, 0) {
            return line;
        }
        let bounds = fields(line, separator);
        let Some(&(start, start_end)) = bounds.get(self.start.0 - 1) else { return "" };
        let advance = |from: usize, to: usize, chars: usize| {
            line[from..to].char_indices().nth(chars).map_or(to, |(at, _)| from + at)
        };
        let start = if self.start.1 > 1 { advance(start, start_end, self.start.1 - 1) } else { start };
        let end = match self.end {
            None => line.len(),
            Some((field, char)) => match bounds.get(field - 1) {
                None => line.len(),
                Some(&(_, end)) if char == 0 => end,
                Some(&(from, end)) => advance(from, end, char),
            },
        };
        line.get(start..end.max(start)).unwrap_or("")
    }
}

/// Where fields begin and end: blanks belong to the field after them unless a separator is given.
fn fields(line: &str, separator: Option<char>) -> Vec<(usize, usize)> {
    let (mut bounds, mut start) = (Vec::new(), 0);
    let mut blank = true;
    for (at, c) in line.char_indices() {
        match separator {
            Some(separator) if c == separator => {
                bounds.push((start, at));
                start = at + c.len_utf8();
            }
            Some(_) => {}
            None => {
                let is_blank = matches!(c, ' ' | '\t');
                if is_blank && !blank {
                    bounds.push((start, at));
                    start = at;
                }
                blank = is_blank;
            }
        }
    }
    bounds.push((start, line.len()));
    bounds
}

fn compare(left: &str, right: &str, ways: &str) -> Ordering {
    let trimmed = |text: &str| if ways.contains('b') { text.trim_start().to_owned() } else { text.to_owned() };
    let order = if ways.contains('n') {
        leading_number(left).total_cmp(&leading_number(right))
    } else if ways.contains('g') {
        let number = |text: &str| text.trim().parse().unwrap_or(f64::NEG_INFINITY);
        number(left).total_cmp(&number(right))
    } else if ways.contains('h') {
        human(left).total_cmp(&human(right))
    } else if ways.contains('V') {
        version(left, right)
    } else if ways.contains('f') {
        trimmed(left).to_uppercase().cmp(&trimmed(right).to_uppercase())
    } else if ways.contains('b') {
        left.trim_start().cmp(right.trim_start())
    } else {
        left.cmp(right)
    };
    if ways.contains('r') { order.reverse() } else { order }
}

fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = usize::from(text.starts_with('-'));
    let mut dot = false;
    for c in text[end..].chars() {
        if c == '.' && !dot {
            dot = true;
        } else if !c.is_ascii_digit() {
            break;
        }
        end += 1;
    }
    // -0 and 0 are one number.
    text[..end].trim_end_matches('.').parse::<f64>().unwrap_or(0.0) + 0.0
}

fn human(text: &str) -> f64 {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let power =
        text[digits.len()..].chars().next().and_then(|c| "KMGTPE".find(c.to_ascii_uppercase())).map_or(0, |at| at + 1);
    leading_number(digits) * 1024_f64.powi(i32::try_from(power).unwrap_or(0))
}

/// Texts with numbers in them: numbers compare as numbers.
fn version(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left, right);
    loop {
        let cut = |text: &str, digits: bool| text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
        let (text_a, text_b) = (cut(a, false), cut(b, false));
        let order = a[..text_a].cmp(&b[..text_b]);
        (a, b) = (&a[text_a..], &b[text_b..]);
        if order.is_ne() || (a.is_empty() && b.is_empty()) {
            return order;
        }
        let (number_a, number_b) = (cut(a, true), cut(b, true));
        let strip = |text: &str| text.trim_start_matches('0').to_owned();
        let (x, y) = (strip(&a[..number_a]), strip(&b[..number_b]));
        let order = x.len().cmp(&y.len()).then_with(|| x.cmp(&y));
        (a, b) = (&a[number_a..], &b[number_b..]);
        if order.is_ne() {
            return order;
        }
    }
}

/// Bytes that are no text are compared, and written, as what stands for them would be; so they are kept beside it.
fn read_lines(io: &mut Io, names: &[String]) -> Result<Vec<Vec<u8>>, Failure> {
    let mut lines = Vec::new();
    let status = io.each_line(names, |_, line| {
        lines.push(line.to_vec());
        Ok(())
    })?;
    if status != 0 { Err(Failure::Message("not all files could be read".to_owned(), 2)) } else { Ok(lines) }
}

pub fn sort(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("key", 'k'),
        ("field-separator", 't'),
        ("numeric-sort", 'n'),
        ("general-numeric-sort", 'g'),
        ("human-numeric-sort", 'h'),
        ("version-sort", 'V'),
        ("reverse", 'r'),
        ("unique", 'u'),
        ("ignore-case", 'f'),
        ("ignore-leading-blanks", 'b'),
        ("stable", 's'),
        ("check", 'c'),
        ("output", 'o'),
        ("random-sort", 'R'),
    ];
    let options = options(arguments, "k:t:nghVrufbdsco:RmzS:T:", &long)?;
    let ways: String = "nghVrfb".chars().filter(|way| options.has(*way)).collect();
    let mut keys: Vec<Key> = options.values('k').map(key).collect::<Result<_, _>>()?;
    for key in &mut keys {
        if key.ways.is_empty() {
            key.ways.clone_from(&ways);
        }
    }
    let whole = keys.is_empty();
    if whole {
        keys.push(Key { ways: ways.clone(), ..Key::default() });
    }
    let separator = options
        .value('t')
        .and_then(|text| crate::escapes::unescape(text, crate::escapes::Style::Format).text().chars().next());
    let mut lines: Vec<(String, Vec<u8>)> = read_lines(io, &options.operands)?
        .into_iter()
        .map(|line| match String::from_utf8(line) {
            Ok(text) => (text, Vec::new()),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), error.into_bytes()),
        })
        .collect();
    let by_keys = |a: &str, b: &str| {
        keys.iter()
            .map(|key| compare(key.of(a, separator), key.of(b, separator), &key.ways))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    let (stable, unique) = (options.has('s'), options.has('u'));
    let full = |a: &(String, Vec<u8>), b: &(String, Vec<u8>)| {
        by_keys(&a.0, &b.0).then_with(|| {
            if stable || unique {
                Ordering::Equal
            } else if ways.contains('r') {
                b.0.cmp(&a.0)
            } else {
                a.0.cmp(&b.0)
            }
        })
    };
    if options.has('c') {
        let wrong = lines.windows(2).position(|pair| full(&pair[0], &pair[1]).is_gt());
        return match wrong {
            None => Ok(0),
            Some(at) => Err(Failure::new(format!("-:{}: disorder: {}", at + 2, lines[at + 1].0))),
        };
    }
    if options.has('R') {
        shuffle(&mut lines);
    } else {
        lines.sort_by(full);
    }
    if unique {
        lines.dedup_by(|a, b| by_keys(&a.0, &b.0).is_eq());
    }
    let mut out: Box<dyn Write> = match options.value('o') {
        Some(name) => {
            let file =
                io.shell.open_output(name, false).map_err(|error| Failure::new(crate::redirect::say(name, &error)))?;
            Box::new(std::io::BufWriter::new(file))
        }
        None => Box::new(&mut io.out),
    };
    for (text, bytes) in lines {
        out.write_all(if bytes.is_empty() { text.as_bytes() } else { &bytes })?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(0)
}

fn shuffle<T>(items: &mut [T]) {
    for i in (1..items.len()).rev() {
        let j = usize::try_from(random() % (i as u64 + 1)).unwrap_or(0);
        items.swap(i, j);
    }
}

pub fn shuf(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "n:ei:", &[("head-count", 'n'), ("echo", 'e'), ("input-range", 'i')])?;
    let mut lines = if options.has('e') {
        options.operands.iter().map(|line| line.clone().into_bytes()).collect()
    } else if let Some(range) = options.value('i') {
        let bounds = range.split_once('-').and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)));
        let Some((low, high)) = bounds else { return Err(Failure::new(format!("invalid input range: '{range}'"))) };
        (low..=high).map(|n| n.to_string().into_bytes()).collect()
    } else {
        read_lines(io, &options.operands)?
    };
    shuffle(&mut lines);
    let count = options.number('n')?.unwrap_or(u64::MAX);
    for line in lines.iter().take(usize::try_from(count).unwrap_or(usize::MAX)) {
        io.line(line)?;
    }
    Ok(0)
}

pub fn uniq(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("count", 'c'),
        ("repeated", 'd'),
        ("unique", 'u'),
        ("ignore-case", 'i'),
        ("skip-fields", 'f'),
        ("skip-chars", 's'),
    ];
    let options = options(arguments, "cduif:s:w:", &long)?;
    let skip = |letter| -> Result<usize, Failure> {
        Ok(usize::try_from(options.number(letter)?.unwrap_or(0)).unwrap_or(usize::MAX))
    };
    let (skip_fields, skip_chars) = (skip('f')?, skip('s')?);
    let width = options.number('w')?.map_or(usize::MAX, |w| usize::try_from(w).unwrap_or(usize::MAX));
    let input = io.open(options.operands.first().map_or("-", String::as_str))?;
    let comparable = |line: &[u8]| -> String {
        let text = String::from_utf8_lossy(line);
        let mut rest: &str = &text;
        for _ in 0..skip_fields.min(rest.len()) {
            rest = rest.trim_start();
            rest = &rest[rest.find(char::is_whitespace).unwrap_or(rest.len())..];
        }
        let part: String = rest.chars().skip(skip_chars).take(width).collect();
        if options.has('i') { part.to_lowercase() } else { part }
    };
    let mut out = match options.operands.get(1) {
        Some(name) => {
            Some(io.shell.open_output(name, false).map_err(|error| Failure::new(crate::redirect::say(name, &error)))?)
        }
        None => None,
    };
    let mut current: Option<(Vec<u8>, String, u64)> = None;
    let mut line = Vec::new();
    loop {
        let more = next_line(&input, &mut line)?;
        if more {
            let text = comparable(&line);
            if let Some((_, _, count)) = current.as_mut().filter(|(_, seen, _)| *seen == text) {
                *count += 1;
                continue;
            }
            if let Some(group) = current.replace((line.clone(), text, 1)) {
                show_group(io, out.as_mut(), &options, &group)?;
            }
        } else {
            if let Some(group) = current {
                show_group(io, out.as_mut(), &options, &group)?;
            }
            return Ok(0);
        }
    }
}

fn show_group(
    io: &mut Io,
    out: Option<&mut crate::stream::Output>,
    options: &Options,
    (line, _, count): &(Vec<u8>, String, u64),
) -> Result<(), Failure> {
    if (options.has('d') && *count < 2) || (options.has('u') && *count > 1) {
        return Ok(());
    }
    let mut text = if options.has('c') { format!("{count:7} ").into_bytes() } else { Vec::new() };
    text.extend_from_slice(line);
    text.push(b'\n');
    match out {
        Some(out) => out.write_all(&text)?,
        None => io.out.write_all(&text)?,
    }
    Ok(())
}

pub fn comm(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "123", &[])?;
    let [left, right] = options.operands.as_slice() else { return Err(Failure::new("two files are needed")) };
    let (left, right) = (io.open(left)?, io.open(right)?);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let mut has_a = next_line(&left, &mut a)?;
    let mut has_b = next_line(&right, &mut b)?;
    while has_a || has_b {
        let order = match (has_a, has_b) {
            (true, true) => a.cmp(&b),
            (true, false) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let (column, line) = match order {
            Ordering::Less => ('1', &a),
            Ordering::Greater => ('2', &b),
            Ordering::Equal => ('3', &a),
        };
        if !options.has(column) {
            let tabs = "123".chars().take_while(|c| *c != column).filter(|c| !options.has(*c)).count();
            io.out.write_all("\t".repeat(tabs).as_bytes())?;
            io.line(line)?;
        }
        if order.is_le() {
            has_a = next_line(&left, &mut a)?;
        }
        if order.is_ge() {
            has_b = next_line(&right, &mut b)?;
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_ways() {
        let key = key("2.2,2nr").unwrap();
        assert_eq!((key.start, key.end, key.ways.as_str()), ((2, 2), Some((2, 0)), "nr"));
        assert_eq!(key.of("a:bcd:e", Some(':')), "cd");
        assert_eq!(key.of("a", Some(':')), "");
        assert_eq!(compare("10", "9", "n"), Ordering::Greater);
        assert_eq!(compare("2K", "1M", "h"), Ordering::Less);
        assert_eq!(compare("a1.10", "a1.9", "V"), Ordering::Greater);
        assert_eq!(compare("B", "a", "f"), Ordering::Greater);
        for wrong in ["", "0", "x", "1,", "1.2.3"] {
            assert!(super::key(wrong).is_err(), "{wrong}");
        }
    }
}
