//! What there is to know about the system, which is little and always the same, and about names of files.

use super::{Failure, Io, Outcome, options};

pub fn nothing(_: &mut Io, _: &[String]) -> Outcome {
    Ok(0)
}

pub fn whoami(io: &mut Io, _: &[String]) -> Outcome {
    io.line(b"root")?;
    Ok(0)
}

pub fn hostname(io: &mut Io, _: &[String]) -> Outcome {
    io.line(b"sandbox")?;
    Ok(0)
}

pub fn arch(io: &mut Io, _: &[String]) -> Outcome {
    io.line(b"wasm32")?;
    Ok(0)
}

pub fn nproc(io: &mut Io, _: &[String]) -> Outcome {
    io.line(b"1")?;
    Ok(0)
}

pub fn id(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "ugGnr", &[("user", 'u'), ("group", 'g'), ("groups", 'G'), ("name", 'n')])?;
    let one = options.has('u') || options.has('g') || options.has('G');
    io.line(match (one, options.has('n')) {
        (false, _) => b"uid=0(root) gid=0(root) groups=0(root)",
        (true, false) => b"0",
        (true, true) => b"root",
    })?;
    Ok(0)
}

pub fn uname(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("all", 'a'),
        ("kernel-name", 's'),
        ("nodename", 'n'),
        ("kernel-release", 'r'),
        ("machine", 'm'),
        ("operating-system", 'o'),
    ];
    let options = options(arguments, "asnrvmpio", &long)?;
    let parts = [
        ('s', "WASI"),
        ('n', "sandbox"),
        ('r', "0.2"),
        ('v', "weft"),
        ('m', "wasm32"),
        ('p', "wasm32"),
        ('i', "wasm32"),
        ('o', "WASI"),
    ];
    let any = arguments.iter().any(|a| a.starts_with('-'));
    let shown = |letter: char| {
        if options.has('a') { !"pi".contains(letter) } else { options.has(letter) || (!any && letter == 's') }
    };
    let words: Vec<&str> = parts.iter().filter(|(letter, _)| shown(*letter)).map(|(_, text)| *text).collect();
    io.line(words.join(" ").as_bytes())?;
    Ok(0)
}

pub fn printenv(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "0", &[("null", '0')])?;
    let all = io.shell.variables.exported();
    if options.operands.is_empty() {
        for (name, text) in all {
            io.line(format!("{name}={text}").as_bytes())?;
        }
        return Ok(0);
    }
    let mut status = 0;
    for wanted in &options.operands {
        match all.iter().find(|(name, _)| name == wanted) {
            Some((_, text)) => io.line(text.as_bytes())?,
            None => status = 1,
        }
    }
    Ok(status)
}

/// The last part of a name, as `basename` gives it.
pub fn base(name: &str) -> &str {
    let trimmed = name.trim_end_matches('/');
    if trimmed.is_empty() {
        return if name.is_empty() { "" } else { "/" };
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

/// What is before the last part of a name, as `dirname` gives it.
pub fn folder(name: &str) -> &str {
    let trimmed = name.trim_end_matches('/');
    if trimmed.is_empty() && !name.is_empty() {
        return "/";
    }
    match trimmed.rsplit_once('/') {
        None => ".",
        Some((folder, _)) => match folder.trim_end_matches('/') {
            "" => "/",
            folder => folder,
        },
    }
}

pub fn basename(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "as:z", &[("multiple", 'a'), ("suffix", 's')])?;
    let (names, suffix) = match (options.has('a') || options.has('s'), options.operands.as_slice()) {
        (_, []) => return Err(Failure::new("missing operand")),
        (true, names) => (names, options.value('s').unwrap_or("")),
        (false, [name]) => (std::slice::from_ref(name), ""),
        (false, [name, suffix]) => (std::slice::from_ref(name), suffix.as_str()),
        (false, [_, _, extra, ..]) => return Err(Failure::new(format!("extra operand '{extra}'"))),
    };
    for name in names {
        let base = base(name);
        io.line(base.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(base).as_bytes())?;
    }
    Ok(0)
}

pub fn dirname(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "z", &[])?;
    if options.operands.is_empty() {
        return Err(Failure::new("missing operand"));
    }
    for name in &options.operands {
        io.line(folder(name).as_bytes())?;
    }
    Ok(0)
}

/// `realpath`, and `readlink -f`: without links, a path's text says where it is.
pub fn realpath(io: &mut Io, arguments: &[String]) -> Outcome {
    let long =
        [("canonicalize", 'f'), ("canonicalize-existing", 'e'), ("canonicalize-missing", 'm'), ("no-symlinks", 's')];
    let options = options(arguments, "femsqn", &long)?;
    if options.operands.is_empty() {
        return Err(Failure::new("missing operand"));
    }
    let mut status = 0;
    for name in &options.operands {
        let path = io.path(name);
        let plain_readlink = io.name == "readlink" && !['f', 'e', 'm'].into_iter().any(|letter| options.has(letter));
        let must_exist = options.has('e');
        let folder_is_there = path.parent().is_none_or(std::path::Path::is_dir);
        if plain_readlink || (must_exist && !path.exists()) || (!options.has('m') && !folder_is_there) {
            if !plain_readlink && !options.has('q') {
                io.complain(&format!("{name}: No such file or directory"));
            }
            status = 1;
            continue;
        }
        // A link that the host's file system has is followed; where that cannot be asked, the path is the answer.
        let path = path.canonicalize().unwrap_or(path);
        let text = path.to_string_lossy();
        let text = if text.len() > 1 { text.trim_end_matches('/') } else { &text };
        io.line(text.as_bytes())?;
    }
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names() {
        for (name, in_folder, last) in [
            ("/a/b", "/a", "b"),
            ("a", ".", "a"),
            ("/", "/", "/"),
            ("a/b/", "a", "b"),
            ("/a", "/", "a"),
            ("", ".", ""),
            ("a//b", "a", "b"),
        ] {
            assert_eq!((folder(name), base(name)), (in_folder, last), "{name}");
        }
    }
}
