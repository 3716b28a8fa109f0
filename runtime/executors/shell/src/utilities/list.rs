//! `ls`, `stat` and `du`.

use std::fs::Metadata;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use super::time::{format, moment};
use super::{Failure, Io, Options, Outcome, options};
use crate::redirect::{reason, say};

struct Entry {
    name: String,
    metadata: Metadata,
}

impl Entry {
    fn modified(&self) -> SystemTime {
        self.metadata.modified().unwrap_or(UNIX_EPOCH)
    }
}

pub fn ls(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("all", 'a'),
        ("almost-all", 'A'),
        ("directory", 'd'),
        ("recursive", 'R'),
        ("reverse", 'r'),
        ("human-readable", 'h'),
        ("classify", 'F'),
        ("color", 'K'),
    ];
    let options = options(arguments, "lahAdR1rtSFpksnoGgiUK", &long)?;
    let (mut files, mut folders, mut status) = (Vec::new(), Vec::new(), 0);
    let here = [".".to_owned()];
    for name in if options.operands.is_empty() { &here[..] } else { &options.operands } {
        match io.path(name).metadata() {
            Ok(metadata) if metadata.is_dir() && !options.has('d') => folders.push(name.clone()),
            Ok(metadata) => files.push(Entry { name: name.clone(), metadata }),
            Err(error) => {
                io.complain(&format!("cannot access '{name}': {}", reason(&error)));
                status = 2;
            }
        }
    }
    let titled = options.operands.len() > 1 || options.has('R');
    sort(&mut files, &options);
    show(io, &files, &options)?;
    let mut first = files.is_empty();
    folders.sort();
    folders.reverse();
    while let Some(folder) = folders.pop() {
        let mut entries = Vec::new();
        let names = match super::files::names_in(&io.path(&folder)) {
            Ok(names) => names,
            Err(error) => {
                io.complain(&format!("cannot open directory '{folder}': {}", reason(&error)));
                status = 2;
                continue;
            }
        };
        let dots = if options.has('a') { vec![".".to_owned(), "..".to_owned()] } else { Vec::new() };
        for name in dots.into_iter().chain(names) {
            if name.starts_with('.') && !options.has('a') && !options.has('A') {
                continue;
            }
            if let Ok(metadata) = io.path(&format!("{folder}/{name}")).metadata() {
                entries.push(Entry { name, metadata });
            }
        }
        sort(&mut entries, &options);
        if titled {
            writeln!(io.out, "{}{folder}:", if first { "" } else { "\n" })?;
        }
        first = false;
        if options.has('l') {
            writeln!(io.out, "total {}", entries.iter().map(|entry| entry.metadata.len().div_ceil(1024)).sum::<u64>())?;
        }
        show(io, &entries, &options)?;
        if options.has('R') {
            let inner =
                entries.iter().filter(|entry| entry.metadata.is_dir() && !matches!(entry.name.as_str(), "." | ".."));
            folders.extend(inner.rev().map(|entry| format!("{}/{}", folder.trim_end_matches('/'), entry.name)));
        }
    }
    Ok(status)
}

fn sort(entries: &mut [Entry], options: &Options) {
    if options.has('U') {
        return;
    }
    entries.sort_by(|a, b| {
        let order = if options.has('t') {
            b.modified().cmp(&a.modified())
        } else if options.has('S') {
            b.metadata.len().cmp(&a.metadata.len())
        } else {
            std::cmp::Ordering::Equal
        };
        order.then_with(|| a.name.cmp(&b.name))
    });
    if options.has('r') {
        entries.reverse();
    }
}

fn show(io: &mut Io, entries: &[Entry], options: &Options) -> Result<(), Failure> {
    let size =
        |entry: &Entry| if options.has('h') { human(entry.metadata.len()) } else { entry.metadata.len().to_string() };
    let width = entries.iter().map(|entry| size(entry).len()).max().unwrap_or(0);
    for entry in entries {
        let mark = if (options.has('F') || options.has('p')) && entry.metadata.is_dir() { "/" } else { "" };
        if options.has('l') {
            let kind = if entry.metadata.is_dir() { "drwxr-xr-x" } else { "-rw-r--r--" };
            let date = format("%b %e %H:%M", &moment(entry.modified()));
            writeln!(io.out, "{kind} 1 root root {:>width$} {date} {}{mark}", size(entry), entry.name)?;
        } else {
            writeln!(io.out, "{}{mark}", entry.name)?;
        }
    }
    Ok(())
}

/// `1.5K`
fn human(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
    let mut value = bytes as f64;
    for unit in ["", "K", "M", "G", "T"] {
        if value < 1024.0 || unit == "T" {
            return if unit.is_empty() || value >= 10.0 {
                format!("{:.0}{unit}", value.ceil())
            } else {
                format!("{:.1}{unit}", (value * 10.0).ceil() / 10.0)
            };
        }
        value /= 1024.0;
    }
    String::new()
}

pub fn stat(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "c:tLf", &[("format", 'c'), ("printf", 'c'), ("dereference", 'L')])?;
    let mut status = 0;
    for name in &options.operands {
        let metadata = match io.path(name).metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                io.complain(&format!("cannot stat '{name}': {}", reason(&error)));
                status = 1;
                continue;
            }
        };
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        let kind = if metadata.is_dir() { "directory" } else { "regular file" };
        let mut text = String::new();
        let mut chars = options.value('c').unwrap_or("  File: %n\n  Size: %s\t%F\nModify: %y").chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some('n') => text.push_str(name),
                Some('s') => text.push_str(&metadata.len().to_string()),
                Some('F') => text.push_str(kind),
                Some('Y' | 'X' | 'Z') => text.push_str(&format("%s", &moment(modified))),
                Some('y' | 'x' | 'z') => text.push_str(&format("%F %T %z", &moment(modified))),
                Some('a') => text.push_str(if metadata.is_dir() { "755" } else { "644" }),
                Some('A') => text.push_str(if metadata.is_dir() { "drwxr-xr-x" } else { "-rw-r--r--" }),
                Some('U' | 'G') => text.push_str("root"),
                Some('u' | 'g') => text.push('0'),
                Some('h') => text.push('1'),
                Some(c) => text.push(c),
                None => text.push('%'),
            }
        }
        io.line(text.as_bytes())?;
    }
    Ok(status)
}

pub fn du(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(
        arguments,
        "shkmbacd:x",
        &[("summarize", 's'), ("human-readable", 'h'), ("bytes", 'b'), ("all", 'a'), ("max-depth", 'd')],
    )?;
    let here = [".".to_owned()];
    let mut status = 0;
    for root in if options.operands.is_empty() { &here[..] } else { &options.operands } {
        // Each folder's own files first, then added to the folders above it.
        let mut sizes: Vec<(String, usize, u64, bool)> = Vec::new();
        let mut stack = vec![(root.clone(), 0_usize)];
        while let Some((name, depth)) = stack.pop() {
            let path = io.path(&name);
            match path.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => {
                    sizes.push((name.clone(), depth, 0, true));
                    let names = super::files::names_in(&path).unwrap_or_default();
                    stack.extend(
                        names
                            .into_iter()
                            .rev()
                            .map(|inner| (format!("{}/{inner}", name.trim_end_matches('/')), depth + 1)),
                    );
                }
                Ok(metadata) => sizes.push((name, depth, metadata.len(), false)),
                Err(error) => {
                    io.complain(&say(&name, &error));
                    status = 1;
                }
            }
        }
        let mut sums: Vec<u64> = Vec::new();
        let most = options.number('d')?.unwrap_or(u64::MAX);
        let mut lines = Vec::new();
        // From the last to the first, what is deeper is known before what holds it.
        for (name, depth, size, folder) in sizes.into_iter().rev() {
            sums.resize(sums.len().max(depth + 2), 0);
            let total = size + std::mem::take(&mut sums[depth + 1]);
            sums[depth] += total;
            let shown = depth == 0 || (!options.has('s') && depth as u64 <= most && (folder || options.has('a')));
            if shown {
                let text = if options.has('b') {
                    total.to_string()
                } else if options.has('h') {
                    human(total)
                } else {
                    total.div_ceil(if options.has('m') { 1 << 20 } else { 1 << 10 }).to_string()
                };
                lines.push(format!("{text}\t{name}"));
            }
        }
        for line in lines {
            io.line(line.as_bytes())?;
        }
    }
    Ok(status)
}
