//! Utilities that pass lines or bytes on: `cat`, `wc`, `cut`, `paste`, `tee` and their like.

use std::io::{Read, Write};

use super::{Failure, Io, Outcome, next_line, options};
use crate::stream::Input;

pub fn cat(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(
        arguments,
        "nbsAETuvet",
        &[("number", 'n'), ("number-nonblank", 'b'), ("show-all", 'A'), ("squeeze-blank", 's')],
    )?;
    let ends = options.has('E') || options.has('A') || options.has('e');
    let tabs = options.has('T') || options.has('A') || options.has('t');
    let (all, filled, squeeze) = (options.has('n'), options.has('b'), options.has('s'));
    if !(ends || tabs || all || filled || squeeze) {
        return io.each_input(&options.operands, |io, input, _| {
            std::io::copy(&mut input.clone(), &mut io.out)?;
            Ok(())
        });
    }
    let (mut count, mut blank) = (0_u64, false);
    io.each_line(&options.operands, |io, line| {
        if squeeze && blank && line.is_empty() {
            return Ok(());
        }
        blank = line.is_empty();
        if (all && !filled) || (filled && !blank) {
            count += 1;
            write!(io.out, "{count:6}\t")?;
        }
        if tabs {
            for byte in line {
                io.out.write_all(if *byte == b'\t' { b"^I" } else { std::slice::from_ref(byte) })?;
            }
        } else {
            io.out.write_all(line)?;
        }
        io.line(if ends { b"$" } else { b"" })
    })
}

pub fn tac(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "", &[])?;
    io.each_input(&options.operands, |io, input, _| {
        let all = input.read_all()?;
        for line in all.split_inclusive(|b| *b == b'\n').rev() {
            io.out.write_all(line)?;
        }
        Ok(())
    })
}

pub fn rev(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "", &[])?;
    io.each_line(&options.operands, |io, line| {
        let line: String = String::from_utf8_lossy(line).chars().rev().collect();
        io.line(line.as_bytes())
    })
}

pub fn wc(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [("lines", 'l'), ("words", 'w'), ("bytes", 'c'), ("chars", 'm'), ("max-line-length", 'L')];
    let options = options(arguments, "lwcmL", &long)?;
    let mut wanted: Vec<char> = "lwmcL".chars().filter(|letter| options.has(*letter)).collect();
    if wanted.is_empty() {
        wanted = vec!['l', 'w', 'c'];
    }
    let mut rows: Vec<(Vec<u64>, String)> = Vec::new();
    let status = io.each_input(&options.operands, |_, input, name| {
        let counts = count(input)?;
        let row = wanted.iter().map(|letter| counts["lwmcL".find(*letter).unwrap_or(0)]).collect();
        rows.push((row, name.to_owned()));
        Ok(())
    })?;
    if options.operands.len() > 1 {
        let total = (0..wanted.len()).map(|i| rows.iter().map(|(row, _)| row[i]).sum()).collect();
        rows.push((total, "total".to_owned()));
    }
    // A single number stands alone; several line up, as GNU's do.
    let largest = rows.iter().flat_map(|(row, _)| row.iter()).max().copied().unwrap_or(0);
    let single = wanted.len() == 1 && rows.len() == 1;
    let least = if options.operands.is_empty() { 7 } else { 1 };
    let width = if single { 1 } else { largest.to_string().len().max(least) };
    for (row, name) in rows {
        let numbers: Vec<String> = row.iter().map(|n| format!("{n:>width$}")).collect();
        let name = if options.operands.is_empty() { String::new() } else { format!(" {name}") };
        writeln!(io.out, "{}{name}", numbers.join(" "))?;
    }
    Ok(status)
}

/// Lines, words, characters, bytes, and the longest line's characters.
fn count(input: &Input) -> Result<[u64; 5], Failure> {
    let (mut counts, mut buffer) = ([0_u64; 5], vec![0; 32 << 10]);
    let (mut in_word, mut width) = (false, 0);
    let mut input = input.clone();
    loop {
        let n = input.read(&mut buffer)?;
        if n == 0 {
            counts[4] = counts[4].max(width);
            return Ok(counts);
        }
        counts[3] += n as u64;
        for &byte in &buffer[..n] {
            let blank = byte.is_ascii_whitespace() || byte == 11;
            counts[1] += u64::from(!blank && !in_word);
            in_word = !blank;
            let starts = byte & 0xc0 != 0x80;
            counts[2] += u64::from(starts);
            if byte == b'\n' {
                counts[0] += 1;
                counts[4] = counts[4].max(width);
                width = 0;
            } else {
                width += u64::from(starts);
            }
        }
    }
}

pub fn nl(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(
        arguments,
        "b:w:s:v:i:n:",
        &[("body-numbering", 'b'), ("number-width", 'w'), ("number-separator", 's')],
    )?;
    let all = options.value('b') == Some("a");
    let width = usize::try_from(options.number('w')?.unwrap_or(6)).unwrap_or(6).min(1000);
    let separator = options.value('s').unwrap_or("\t").to_owned();
    let (mut count, step) = (options.number('v')?.unwrap_or(1), options.number('i')?.unwrap_or(1));
    io.each_line(&options.operands, |io, line| {
        if all || !line.is_empty() {
            match options.value('n') {
                Some("ln") => write!(io.out, "{count:<width$}{separator}")?,
                Some("rz") => write!(io.out, "{count:0width$}{separator}")?,
                _ => write!(io.out, "{count:width$}{separator}")?,
            }
            count = count.saturating_add(step);
        } else {
            write!(io.out, "{:width$}", "", width = width + separator.len())?;
        }
        io.line(line)
    })
}

/// `1,3-5,7-`: ranges of places, from 1.
fn ranges(list: &str) -> Result<Vec<(usize, usize)>, Failure> {
    let wrong = || Failure::new(format!("invalid range '{list}'"));
    list.split([',', ' '])
        .map(|part| {
            let place = |text: &str| text.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(wrong);
            match part.split_once('-') {
                None => place(part).map(|n| (n, n)),
                Some(("", "")) => Err(wrong()),
                Some(("", end)) => Ok((1, place(end)?)),
                Some((start, "")) => Ok((place(start)?, usize::MAX)),
                Some((start, end)) => Ok((place(start)?, place(end)?)),
            }
        })
        .collect()
}

pub fn cut(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("fields", 'f'),
        ("delimiter", 'd'),
        ("characters", 'c'),
        ("bytes", 'b'),
        ("only-delimited", 's'),
        ("output-delimiter", 'o'),
        ("complement", 'C'),
    ];
    let options = options(arguments, "f:d:c:b:sno:C", &long)?;
    let list = options.value('f').or(options.value('c')).or(options.value('b'));
    let Some(list) = list else { return Err(Failure::new("you must specify a list of bytes, characters, or fields")) };
    let ranges = ranges(list)?;
    let complement = options.has('C');
    let chosen = |place: usize| ranges.iter().any(|(start, end)| (*start..=*end).contains(&place)) != complement;
    let fields = options.has('f');
    let delimiter = options.value('d').unwrap_or("\t").as_bytes().to_vec();
    let joiner = options.value('o').map_or_else(|| delimiter.clone(), |text| text.as_bytes().to_vec());
    if delimiter.is_empty() {
        return Err(Failure::new("the delimiter must be a single character"));
    }
    io.each_line(&options.operands, |io, line| {
        if !fields {
            if options.has('b') {
                let kept: Vec<u8> = line.iter().enumerate().filter(|(i, _)| chosen(i + 1)).map(|(_, b)| *b).collect();
                return io.line(&kept);
            }
            let text = String::from_utf8_lossy(line);
            let kept: String = text.chars().enumerate().filter(|(i, _)| chosen(i + 1)).map(|(_, c)| c).collect();
            return io.line(kept.as_bytes());
        }
        let parts = split(line, &delimiter);
        if parts.len() == 1 {
            return if options.has('s') { Ok(()) } else { io.line(line) };
        }
        let kept: Vec<&[u8]> =
            parts.into_iter().enumerate().filter(|(i, _)| chosen(i + 1)).map(|(_, part)| part).collect();
        io.line(&kept.join(joiner.as_slice()))
    })
}

fn split<'l>(line: &'l [u8], delimiter: &[u8]) -> Vec<&'l [u8]> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while at + delimiter.len() <= line.len() {
        if line[at..].starts_with(delimiter) {
            parts.push(&line[start..at]);
            at += delimiter.len();
            start = at;
        } else {
            at += 1;
        }
    }
    parts.push(&line[start..]);
    parts
}

pub fn paste(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "d:s", &[("delimiters", 'd'), ("serial", 's')])?;
    let delimiters = crate::escapes::unescape(options.value('d').unwrap_or("\t"), crate::escapes::Style::Format).text();
    let delimiters: Vec<char> = if delimiters.is_empty() { vec!['\0'] } else { delimiters.chars().collect() };
    let join = |io: &mut Io, i: usize| match delimiters[i % delimiters.len()] {
        '\0' => Ok(()),
        c => write!(io.out, "{c}"),
    };
    let stdin = ["-".to_owned()];
    let names = if options.operands.is_empty() { &stdin[..] } else { &options.operands };
    let inputs: Vec<Input> = names.iter().map(|name| io.open(name)).collect::<Result<_, _>>()?;
    let mut line = Vec::new();
    if options.has('s') {
        for input in inputs {
            let mut i = 0;
            while next_line(&input, &mut line)? {
                if i > 0 {
                    join(io, i - 1)?;
                }
                io.out.write_all(&line)?;
                i += 1;
            }
            io.line(b"")?;
        }
        return Ok(0);
    }
    loop {
        let mut row: Vec<Option<Vec<u8>>> = Vec::new();
        for input in &inputs {
            row.push(next_line(input, &mut line)?.then(|| std::mem::take(&mut line)));
        }
        if row.iter().all(Option::is_none) {
            return Ok(0);
        }
        for (i, part) in row.into_iter().enumerate() {
            if i > 0 {
                join(io, i - 1)?;
            }
            io.out.write_all(&part.unwrap_or_default())?;
        }
        io.line(b"")?;
    }
}

pub fn fold(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "w:sb", &[("width", 'w'), ("spaces", 's'), ("bytes", 'b')])?;
    let width = usize::try_from(options.number('w')?.unwrap_or(80)).unwrap_or(usize::MAX);
    if width == 0 {
        return Err(Failure::new("the width must not be 0"));
    }
    io.each_line(&options.operands, |io, line| {
        let chars: Vec<char> = String::from_utf8_lossy(line).chars().collect();
        let mut rest = chars.as_slice();
        while rest.len() > width {
            let blank =
                if options.has('s') { rest[..width].iter().rposition(|c| *c == ' ').map(|at| at + 1) } else { None };
            let (part, more) = rest.split_at(blank.unwrap_or(width));
            io.line(part.iter().collect::<String>().as_bytes())?;
            rest = more;
        }
        io.line(rest.iter().collect::<String>().as_bytes())
    })
}

pub fn tee(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "ai", &[("append", 'a')])?;
    let mut status = 0;
    let mut targets = Vec::new();
    for name in &options.operands {
        match io.shell.open_output(name, options.has('a')) {
            Ok(output) => targets.push(output),
            Err(error) => {
                io.complain(&crate::redirect::say(name, &error));
                status = 1;
            }
        }
    }
    let mut input = io.open("-")?;
    let mut buffer = vec![0; 32 << 10];
    loop {
        let n = input.read(&mut buffer)?;
        if n == 0 {
            return Ok(status);
        }
        for target in &mut targets {
            target.write_all(&buffer[..n])?;
        }
        io.out.write_all(&buffer[..n])?;
    }
}

pub fn split_name(n: usize, length: usize, numeric: bool) -> String {
    let radix = if numeric { 10 } else { 26 };
    let mut digits = Vec::new();
    let mut n = n;
    while digits.len() < length {
        let digit = u8::try_from(n % radix).unwrap_or(0);
        digits.push(char::from(if numeric { b'0' + digit } else { b'a' + digit }));
        n /= radix;
    }
    digits.iter().rev().collect()
}

/// `split [-l lines | -b bytes] [file [prefix]]`
pub fn split_file(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [("lines", 'l'), ("bytes", 'b'), ("numeric-suffixes", 'd'), ("suffix-length", 'a')];
    let options = options(arguments, "l:b:da:", &long)?;
    let length = usize::try_from(options.number('a')?.unwrap_or(2)).unwrap_or(2).clamp(1, 20);
    let input = io.open(options.operands.first().map_or("-", String::as_str))?;
    let prefix = options.operands.get(1).map_or("x", String::as_str);
    let (lines, bytes) = (options.number('l')?.unwrap_or(1000), options.number('b')?);
    if lines == 0 || bytes == Some(0) {
        return Err(Failure::new("the size of a part must not be 0"));
    }
    for n in 0.. {
        let mut part = Vec::new();
        match bytes {
            Some(bytes) => {
                input.clone().take(bytes).read_to_end(&mut part)?;
            }
            None => {
                for _ in 0..lines {
                    if input.read_line(&mut part)? == 0 {
                        break;
                    }
                }
            }
        }
        if part.is_empty() {
            break;
        }
        let name = format!("{prefix}{}", split_name(n, length, options.has('d')));
        std::fs::write(io.path(&name), part).map_err(|error| Failure::new(crate::redirect::say(&name, &error)))?;
    }
    Ok(0)
}

pub fn yes(io: &mut Io, arguments: &[String]) -> Outcome {
    let mut line = if arguments.is_empty() { "y".to_owned() } else { arguments.join(" ") };
    line.push('\n');
    let block = line.repeat((8 << 10) / line.len() + 1);
    loop {
        io.out.write_all(block.as_bytes())?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_places() {
        assert_eq!(ranges("1,3-4,-2,5-").unwrap(), [(1, 1), (3, 4), (1, 2), (5, usize::MAX)]);
        for wrong in ["", "0", "-", "a", "1-b"] {
            assert!(ranges(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_of_parts() {
        assert_eq!(
            (split_name(0, 2, false), split_name(27, 2, false), split_name(7, 3, true)),
            ("aa".into(), "bb".into(), "007".into())
        );
    }
}
