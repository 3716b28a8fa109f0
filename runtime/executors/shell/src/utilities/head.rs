//! `head` and `tail`.

use std::collections::VecDeque;
use std::io::{Read, Write};

use super::options::{number, scaled};
use super::{Failure, Io, Outcome, options};
use crate::stream::{Appetite, Input};

/// `-5` is `-n 5`, as it was long ago and still is in scripts.
fn modern(arguments: &[String]) -> Vec<String> {
    let old = |argument: &String| {
        argument
            .strip_prefix('-')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut after_option = false;
    let convert = |argument: &String| {
        let converted = if old(argument) && !after_option { format!("-n{}", &argument[1..]) } else { argument.clone() };
        after_option = matches!(argument.as_str(), "-n" | "-c");
        converted
    };
    arguments.iter().map(convert).collect()
}

const LONG: &[(&str, char)] =
    &[("lines", 'n'), ("bytes", 'c'), ("quiet", 'q'), ("silent", 'q'), ("verbose", 'v'), ("follow", 'f')];

/// How much `head` with these arguments reads.
pub fn appetite(arguments: &[String]) -> Appetite {
    let Ok(options) = options(&modern(arguments), "n:c:qv", LONG) else { return Appetite::default() };
    if !options.operands.is_empty() {
        return Appetite { lines: Some(0), bytes: Some(0) };
    }
    let value = |letter| options.value(letter).and_then(scaled);
    match (options.value('c'), options.value('n')) {
        (Some(_), _) => Appetite { lines: None, bytes: value('c') },
        (None, Some(_)) => Appetite { lines: value('n'), bytes: None },
        (None, None) => Appetite { lines: Some(10), bytes: None },
    }
}

pub fn head(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(&modern(arguments), "n:c:qv", LONG)?;
    // A negative number is how much not to show, at the end.
    let amount = |text: &str| -> Result<(bool, u64), Failure> {
        Ok((text.starts_with('-'), number(text.trim_start_matches(['-', '+']))?))
    };
    let bytes = options.value('c').map(amount).transpose()?;
    let lines = amount(options.value('n').unwrap_or("10"))?;
    let titled = options.has('v') || (options.operands.len() > 1 && !options.has('q'));
    let mut first = true;
    io.each_input(&options.operands, |io, input, name| {
        title(io, titled, &mut first, name)?;
        match (bytes, lines) {
            (Some((false, count)), _) => {
                std::io::copy(&mut input.clone().take(count), &mut io.out)?;
            }
            (Some((true, count)), _) => {
                let all = input.read_all()?;
                let end = all.len().saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
                io.out.write_all(&all[..end])?;
            }
            (None, (false, count)) => {
                let mut line = Vec::new();
                for _ in 0..count {
                    line.clear();
                    if input.read_line(&mut line)? == 0 {
                        break;
                    }
                    io.out.write_all(&line)?;
                }
            }
            (None, (true, count)) => {
                let mut kept = VecDeque::new();
                let mut line = Vec::new();
                while input.read_line(&mut line)? > 0 {
                    kept.push_back(std::mem::take(&mut line));
                    if kept.len() as u64 > count
                        && let Some(line) = kept.pop_front()
                    {
                        io.out.write_all(&line)?;
                    }
                }
            }
        }
        Ok(())
    })
}

fn title(io: &mut Io, titled: bool, first: &mut bool, name: &str) -> Result<(), Failure> {
    if titled {
        let name = if name == "-" { "standard input" } else { name };
        writeln!(io.out, "{}==> {name} <==", if *first { "" } else { "\n" })?;
    }
    *first = false;
    Ok(())
}

pub fn tail(io: &mut Io, arguments: &[String]) -> Outcome {
    // `+5` begins at the fifth line.
    let arguments: Vec<String> = modern(arguments)
        .into_iter()
        .enumerate()
        .map(|(i, a)| if i == 0 && a.starts_with('+') && scaled(&a[1..]).is_some() { format!("-n{a}") } else { a })
        .collect();
    let options = options(&arguments, "n:c:qvfF", LONG)?;
    if options.has('f') || options.has('F') {
        return Err(Failure::new("nothing is added to a file while this waits: -f is not there"));
    }
    let amount = |text: &str| -> Result<(bool, usize), Failure> {
        let count = number(text.trim_start_matches(['-', '+']))?;
        Ok((text.starts_with('+'), usize::try_from(count).unwrap_or(usize::MAX)))
    };
    let bytes = options.value('c').map(amount).transpose()?;
    let lines = amount(options.value('n').unwrap_or("10"))?;
    let titled = options.has('v') || (options.operands.len() > 1 && !options.has('q'));
    let mut first = true;
    io.each_input(&options.operands, |io, input, name| {
        title(io, titled, &mut first, name)?;
        match (bytes, lines) {
            (Some((from_start, count)), _) => {
                let all = input.read_all()?;
                let start =
                    if from_start { count.saturating_sub(1).min(all.len()) } else { all.len().saturating_sub(count) };
                io.out.write_all(&all[start..])?;
                Ok(())
            }
            (None, (true, count)) => {
                let mut line = Vec::new();
                for _ in 1..count {
                    line.clear();
                    if input.read_line(&mut line)? == 0 {
                        return Ok(());
                    }
                }
                std::io::copy(&mut input.clone(), &mut io.out)?;
                Ok(())
            }
            (None, (false, count)) => last_lines(io, input, count),
        }
    })
}

fn last_lines(io: &mut Io, input: &Input, count: usize) -> Result<(), Failure> {
    let mut kept = VecDeque::new();
    let mut line = Vec::new();
    while input.read_line(&mut line)? > 0 {
        kept.push_back(std::mem::take(&mut line));
        if kept.len() > count {
            kept.pop_front();
        }
    }
    for line in kept {
        io.out.write_all(&line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_head_reads_is_known_before() {
        let of = |text: &str| appetite(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(of(""), Appetite { lines: Some(10), bytes: None });
        assert_eq!(of("-3"), Appetite { lines: Some(3), bytes: None });
        assert_eq!(of("-n 4"), Appetite { lines: Some(4), bytes: None });
        assert_eq!(of("-c 2K"), Appetite { lines: None, bytes: Some(2048) });
        assert_eq!(of("-n -4"), Appetite::default());
        assert_eq!(of("-z"), Appetite::default());
    }
}
