//! Utilities that make, move and remove files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::options::number;
use super::{Failure, Io, Options, Outcome, options};
use crate::redirect::{reason, say};
use crate::stream::random;

/// The names in a folder.
pub fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Does something to each operand, going on after a failure.
fn each(io: &mut Io, names: &[String], verb: &str, mut run: impl FnMut(&mut Io, &str) -> io::Result<()>) -> Outcome {
    if names.is_empty() {
        return Err(Failure::new("missing operand"));
    }
    let mut status = 0;
    for name in names {
        if let Err(error) = run(io, name) {
            io.complain(&format!("cannot {verb} '{name}': {}", reason(&error)));
            status = 1;
        }
    }
    Ok(status)
}

pub fn mkdir(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "pm:v", &[("parents", 'p'), ("mode", 'm'), ("verbose", 'v')])?;
    each(io, &options.operands, "create directory", |io, name| {
        let path = io.path(name);
        if name.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        if options.has('p') {
            if path.is_dir() { Ok(()) } else { fs::create_dir_all(path) }
        } else if path.exists() {
            Err(io::ErrorKind::AlreadyExists.into())
        } else {
            fs::create_dir(path)
        }
    })
}

pub fn rmdir(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "p", &[("parents", 'p'), ("ignore-fail-on-non-empty", 'i')])?;
    each(io, &options.operands, "remove", |io, name| {
        let path = io.path(name);
        fs::remove_dir(&path)?;
        let mut parent = Path::new(name).parent();
        while let Some(above) = parent.filter(|above| options.has('p') && !above.as_os_str().is_empty()) {
            fs::remove_dir(io.path(&above.to_string_lossy()))?;
            parent = above.parent();
        }
        Ok(())
    })
}

pub fn rm(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "rRfdvi", &[("recursive", 'r'), ("force", 'f'), ("dir", 'd'), ("verbose", 'v')])?;
    let recursive = options.has('r') || options.has('R');
    if options.operands.is_empty() && options.has('f') {
        return Ok(0);
    }
    each(io, &options.operands, "remove", |io, name| {
        let path = io.path(name);
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && options.has('f') => Ok(()),
            Err(error) => Err(error),
            Ok(metadata) if metadata.is_dir() => {
                if path == Path::new("/") || matches!(name.rsplit('/').next(), Some("." | "..")) {
                    return Err(io::Error::other("it is the root, or holds the current folder"));
                }
                if recursive {
                    remove_all(&path)
                } else if options.has('d') {
                    fs::remove_dir(path)
                } else {
                    Err(io::ErrorKind::IsADirectory.into())
                }
            }
            Ok(_) => fs::remove_file(path),
        }
    })
}

/// Removes a folder with all it holds, without a call a level.
fn remove_all(path: &Path) -> io::Result<()> {
    let mut stack = vec![(path.to_owned(), false)];
    while let Some((path, emptied)) = stack.pop() {
        if emptied {
            fs::remove_dir(path)?;
        } else if path.symlink_metadata()?.is_dir() {
            stack.push((path.clone(), true));
            stack.extend(names_in(&path)?.iter().map(|name| (path.join(name), false)));
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Copies a file or, if asked to, a folder.
fn copy(from: &Path, to: &Path, recursive: bool) -> io::Result<()> {
    let mut stack = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = stack.pop() {
        if from.metadata()?.is_dir() {
            if !recursive {
                return Err(io::Error::other("-r not specified; omitting directory"));
            }
            if to.starts_with(&from) && to != from {
                return Err(io::Error::other("cannot copy a directory into itself"));
            }
            // Names first: a copy that lands in its own source must not find itself.
            let names = names_in(&from)?;
            if !to.is_dir() {
                fs::create_dir(&to)?;
            }
            stack.extend(names.iter().map(|name| (from.join(name), to.join(name))));
        } else {
            if from == to {
                return Err(io::Error::other("source and target are the same file"));
            }
            // Not `fs::copy`: a target must not become read-only like its source in a read-only folder.
            let mut source = fs::File::open(&from)?;
            let mut target = fs::File::create(&to)?;
            io::copy(&mut source, &mut target)?;
        }
    }
    Ok(())
}

/// The sources and the target of `cp`, `mv` and `ln`: whether the target is a folder to put them in.
fn sources(io: &Io, options: &Options) -> Result<(Vec<String>, String, bool), Failure> {
    let mut names = options.operands.clone();
    if let Some(folder) = options.value('t') {
        return Ok((names, folder.to_owned(), true));
    }
    let Some(target) = names.pop() else { return Err(Failure::new("missing file operand")) };
    if names.is_empty() {
        return Err(Failure::new(format!("missing destination file operand after '{target}'")));
    }
    let into = io.path(&target).is_dir() && !options.has('T');
    if names.len() > 1 && !into {
        return Err(Failure::new(format!("target '{target}' is not a directory")));
    }
    Ok((names, target, into))
}

fn target_of(io: &Io, name: &str, target: &str, into: bool) -> PathBuf {
    let path = io.path(target);
    match io.path(name).file_name() {
        Some(base) if into => path.join(base),
        _ => path,
    }
}

pub fn cp(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("recursive", 'r'),
        ("archive", 'a'),
        ("force", 'f'),
        ("no-clobber", 'n'),
        ("target-directory", 't'),
        ("no-target-directory", 'T'),
        ("verbose", 'v'),
        ("preserve", 'p'),
        ("update", 'u'),
        ("parents", 'P'),
    ];
    let options = options(arguments, "rRafnt:TvpudLPHi", &long)?;
    let (names, target, into) = sources(io, &options)?;
    let recursive = ['r', 'R', 'a'].into_iter().any(|letter| options.has(letter));
    each(io, &names, "copy", |io, name| {
        // `cp -r x/. y` copies what x holds.
        let to = if into && name.ends_with("/.") { io.path(&target) } else { target_of(io, name, &target, into) };
        if options.has('n') && to.exists() {
            return Ok(());
        }
        if name.ends_with('/') || !to.to_string_lossy().ends_with('/') {
            copy(&io.path(name), &to, recursive)
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    })
}

pub fn mv(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("force", 'f'),
        ("no-clobber", 'n'),
        ("target-directory", 't'),
        ("no-target-directory", 'T'),
        ("verbose", 'v'),
    ];
    let options = options(arguments, "fnt:Tvui", &long)?;
    let (names, target, into) = sources(io, &options)?;
    each(io, &names, "move", |io, name| {
        let (from, to) = (io.path(name), target_of(io, name, &target, into));
        if options.has('n') && to.exists() {
            return Ok(());
        }
        if to.starts_with(&from) && to != from {
            return Err(io::Error::other("cannot move a directory into itself"));
        }
        fs::rename(&from, &to).or_else(|error| {
            // Between preopened folders a rename is not possible.
            if error.kind() == io::ErrorKind::NotFound {
                return Err(error);
            }
            copy(&from, &to, true)?;
            remove_all(&from)
        })
    })
}

/// Links are copies: a sandbox's files are stored by their content, which copies share.
pub fn ln(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [
        ("symbolic", 's'),
        ("force", 'f'),
        ("no-dereference", 'n'),
        ("target-directory", 't'),
        ("no-target-directory", 'T'),
    ];
    let mut options = options(arguments, "sfnrvt:T", &long)?;
    if options.operands.len() == 1 {
        options.operands.push(".".to_owned());
    }
    let (names, target, into) = sources(io, &options)?;
    each(io, &names, "link", |io, name| {
        let to = target_of(io, name, &target, into);
        if to.exists() {
            if !options.has('f') {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            remove_all(&to)?;
        }
        // A symbolic link's target is relative to where the link is.
        let from = match to.parent() {
            Some(folder) if options.has('s') => crate::shell::resolve(&folder.to_string_lossy(), name),
            _ => io.path(name),
        };
        copy(&from, &to, true)
    })
}

pub fn touch(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "acmd:t:r:", &[("no-create", 'c'), ("date", 'd'), ("reference", 'r')])?;
    each(io, &options.operands, "touch", |io, name| {
        let path = io.path(name);
        if path.exists() {
            // Where times cannot be set, that the file is there is what matters.
            if let Ok(file) = fs::File::options().append(true).open(&path) {
                let _ = file.set_modified(std::time::SystemTime::now());
            }
            return Ok(());
        }
        if options.has('c') {
            return Ok(());
        }
        fs::File::options().create(true).append(true).open(path).map(drop)
    })
}

pub fn truncate(io: &mut Io, arguments: &[String]) -> Outcome {
    let options = options(arguments, "s:c", &[("size", 's'), ("no-create", 'c')])?;
    let Some(size) = options.value('s') else { return Err(Failure::new("a size is needed: -s")) };
    let size = number(size)?;
    each(io, &options.operands, "open", |io, name| {
        fs::File::options().write(true).create(!options.has('c')).truncate(false).open(io.path(name))?.set_len(size)
    })
}

/// Files have no permissions in a sandbox, so there is nothing to do but to see that they are there.
pub fn chmod(io: &mut Io, arguments: &[String]) -> Outcome {
    let operands: Vec<String> = arguments
        .iter()
        .filter(|a| !matches!(a.as_str(), "-R" | "-f" | "-v" | "-c" | "--recursive" | "--"))
        .cloned()
        .collect();
    if operands.len() < 2 {
        return Err(Failure::new("missing operand"));
    }
    each(io, &operands[1..], "access", |io, name| io.path(name).metadata().map(drop))
}

pub fn mktemp(io: &mut Io, arguments: &[String]) -> Outcome {
    let long = [("directory", 'd'), ("dry-run", 'u'), ("tmpdir", 'p'), ("quiet", 'q'), ("suffix", 's')];
    let options = options(arguments, "dup:qts:", &long)?;
    let folder = options.value('p').filter(|folder| !folder.is_empty()).map(str::to_owned);
    let temporary = || io.shell.variables.get("TMPDIR").filter(|t| !t.is_empty()).unwrap_or("/tmp").to_owned();
    let template = options.operands.first().map_or("tmp.XXXXXXXXXX", String::as_str);
    let named = !options.operands.is_empty() && !options.has('t') && folder.is_none();
    let template = if named { template.to_owned() } else { format!("{}/{template}", folder.unwrap_or_else(temporary)) };
    let Some(end) = template.rfind("XXX").map(|at| at + 3) else {
        return Err(Failure::new(format!("too few X's in template '{template}'")));
    };
    let start = template[..end].trim_end_matches('X').len();
    for _ in 0..100 {
        let mut seed = random();
        let mut letters = String::new();
        for _ in start..end {
            const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
            letters.push(char::from(LETTERS[usize::try_from(seed % 62).unwrap_or(0)]));
            seed = if seed < 62 { random() } else { seed / 62 };
        }
        let name = format!("{}{letters}{}{}", &template[..start], &template[end..], options.value('s').unwrap_or(""));
        let path = io.path(&name);
        let made = if options.has('u') {
            Ok(())
        } else if options.has('d') {
            fs::create_dir(path)
        } else {
            fs::File::create_new(path).map(drop)
        };
        match made {
            Ok(()) => {
                io.line(name.as_bytes())?;
                return Ok(0);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Failure::new(format!("failed to create via template '{template}': {}", reason(&error))));
            }
        }
    }
    Err(Failure::new(say(&template, &io::ErrorKind::AlreadyExists.into())))
}
