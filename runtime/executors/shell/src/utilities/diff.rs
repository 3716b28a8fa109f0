//! `diff` and `cmp`.

use std::io::Write;

use similar::{Algorithm, ChangeTag, DiffOp, TextDiff, capture_diff_slices};

use super::{Failure, Io, Outcome, options};

fn trouble(failure: Failure) -> Failure {
    failure.with_status(2)
}

pub fn cmp(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "sl", &[("silent", 's'), ("quiet", 's'), ("verbose", 'l')]).map_err(trouble)?;
    let (Some(left), right) = (options.operands.first(), options.operands.get(1).map_or("-", String::as_str)) else {
        return Err(Failure::Message("missing operand".to_owned(), 2));
    };
    let (a, b) = (io.open(left).map_err(trouble)?.read_all()?, io.open(right).map_err(trouble)?.read_all()?);
    match a.iter().zip(&b).position(|(a, b)| a != b) {
        Some(at) => {
            if !options.has('s') {
                let line = a[..at].iter().filter(|b| **b == b'\n').count() + 1;
                writeln!(io.out, "{left} {right} differ: byte {}, line {line}", at + 1)?;
            }
            Ok(1)
        }
        None if a.len() == b.len() => Ok(0),
        None => {
            if !options.has('s') {
                let shorter = if a.len() < b.len() { left } else { right };
                io.complain(&format!("EOF on {shorter} after byte {}", a.len().min(b.len())));
            }
            Ok(1)
        }
    }
}

pub fn diff(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("unified", 'u'),
        ("brief", 'q'),
        ("recursive", 'r'),
        ("ignore-case", 'i'),
        ("ignore-space-change", 'b'),
        ("ignore-all-space", 'w'),
        ("report-identical-files", 's'),
        ("new-file", 'N'),
    ];
    let options = options(arguments, "uqribwsNaU:", &long).map_err(trouble)?;
    let [left, right] = options.operands.as_slice() else {
        return Err(Failure::Message("two files are needed".to_owned(), 2));
    };
    let mut stack = vec![(left.clone(), right.clone())];
    let (mut status, recursive) = (0, io.path(left).is_dir() && io.path(right).is_dir());
    while let Some((left, right)) = stack.pop() {
        let (a, b) = (io.path(&left), io.path(&right));
        if left != "-" && right != "-" && a.is_dir() && b.is_dir() {
            let names = |path| super::files::names_in(path).map_err(|error| trouble(error.into()));
            let (ours, theirs) = (names(&a)?, names(&b)?);
            for name in ours.iter().filter(|name| !theirs.contains(name)) {
                writeln!(io.out, "Only in {left}: {name}")?;
                status = 1;
            }
            for name in theirs.iter().filter(|name| !ours.contains(name)) {
                writeln!(io.out, "Only in {right}: {name}")?;
                status = 1;
            }
            for name in ours.iter().rev().filter(|name| theirs.contains(name)) {
                if options.has('r') || !a.join(name).is_dir() {
                    stack.push((format!("{left}/{name}"), format!("{right}/{name}")));
                }
            }
            continue;
        }
        // A file beside a folder is compared with the file of its name in there.
        let base = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let left = if left != "-" && a.is_dir() { format!("{left}/{}", base(&right)) } else { left };
        let right = if right != "-" && b.is_dir() { format!("{right}/{}", base(&left)) } else { right };
        let (a, b) = (io.open(&left).map_err(trouble)?.read_all()?, io.open(&right).map_err(trouble)?.read_all()?);
        let normal = |bytes: &[u8]| -> Vec<String> {
            String::from_utf8_lossy(bytes)
                .lines()
                .map(|line| normalized(line, options.has('i'), options.has('b'), options.has('w')))
                .collect()
        };
        let (compared_a, compared_b) = (normal(&a), normal(&b));
        let same = a == b || (compared_a == compared_b && (options.has('i') || options.has('b') || options.has('w')));
        if same {
            if options.has('s') {
                writeln!(io.out, "Files {left} and {right} are identical")?;
            }
            continue;
        }
        status = 1;
        let text = std::str::from_utf8(&a).ok().zip(std::str::from_utf8(&b).ok());
        if options.has('q') {
            writeln!(io.out, "Files {left} and {right} differ")?;
            continue;
        }
        let Some((a, b)) = text else {
            writeln!(io.out, "Binary files {left} and {right} differ")?;
            continue;
        };
        if recursive {
            writeln!(io.out, "diff{} {left} {right}", if options.has('u') { " -u" } else { "" })?;
        }
        if options.has('u') || options.has('U') {
            let context = usize::try_from(options.number('U')?.unwrap_or(3)).unwrap_or(3);
            unified(io, (&left, a), (&right, b), context)?;
        } else {
            normal_diff(io, (a, &compared_a), (b, &compared_b))?;
        }
    }
    Ok(status)
}

fn normalized(line: &str, ignore_case: bool, ignore_change: bool, ignore_all: bool) -> String {
    let line = if ignore_all {
        line.split_whitespace().collect()
    } else if ignore_change {
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        line.to_owned()
    };
    if ignore_case { line.to_lowercase() } else { line }
}

fn unified(io: &mut Io, (left, a): (&str, &str), (right, b): (&str, &str), context: usize) -> Result<(), Failure> {
    writeln!(io.out, "--- {left}\n+++ {right}")?;
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_lines(a, b);
    for hunk in diff.unified_diff().context_radius(context).iter_hunks() {
        writeln!(io.out, "{}", hunk.header().to_string().trim_end())?;
        for change in hunk.iter_changes() {
            let mark = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            writeln!(io.out, "{mark}{}", change.value().strip_suffix('\n').unwrap_or(change.value()))?;
            if change.missing_newline() {
                writeln!(io.out, "\\ No newline at end of file")?;
            }
        }
    }
    Ok(())
}

/// `2c2`, `3a4,5`, `1d0`, and the lines.
fn normal_diff(
    io: &mut Io,
    (a, compared_a): (&str, &[String]),
    (b, compared_b): (&str, &[String]),
) -> Result<(), Failure> {
    let (lines_a, lines_b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let range = |start: usize, length: usize| match length {
        0 => start.to_string(),
        1 => (start + 1).to_string(),
        n => format!("{},{}", start + 1, start + n),
    };
    let show =
        |io: &mut Io, mark: char, lines: &[&str], whole: &str, total: usize, end: usize| -> Result<(), Failure> {
            for line in lines {
                writeln!(io.out, "{mark} {line}")?;
            }
            if !lines.is_empty() && end == total && !whole.ends_with('\n') {
                writeln!(io.out, "\\ No newline at end of file")?;
            }
            Ok(())
        };
    let mut operations = capture_diff_slices(Algorithm::Myers, compared_a, compared_b);
    // A last line that only lacks its end is a change too.
    if compared_a == compared_b {
        let (n, m) = (lines_a.len().saturating_sub(1), lines_b.len().saturating_sub(1));
        operations = vec![DiffOp::Replace {
            old_index: n,
            old_len: lines_a.len() - n,
            new_index: m,
            new_len: lines_b.len() - m,
        }];
    }
    for operation in operations {
        let (old, new) = (operation.old_range(), operation.new_range());
        let letter = match operation {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { .. } => 'd',
            DiffOp::Insert { .. } => 'a',
            DiffOp::Replace { .. } => 'c',
        };
        writeln!(io.out, "{}{letter}{}", range(old.start, old.len()), range(new.start, new.len()))?;
        show(io, '<', &lines_a[old.clone()], a, lines_a.len(), old.end)?;
        if letter == 'c' {
            io.line(b"---")?;
        }
        show(io, '>', &lines_b[new.clone()], b, lines_b.len(), new.end)?;
    }
    Ok(())
}
