//! Files, by the methods of `wasi:filesystem`.

use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, NewTimestamp, OpenFlags, PathFlags};

use crate::{Dataset, OneDataset};

type Answer = Result<String, String>;

const BOTH: DescriptorFlags = DescriptorFlags::READ.union(DescriptorFlags::WRITE);
const CHANGE: DescriptorFlags = DescriptorFlags::READ.union(DescriptorFlags::MUTATE_DIRECTORY);

fn refused(error: ErrorCode) -> String {
    error.name().to_owned()
}

/// The mounted directory of this name.
fn mount(name: &str) -> Result<Descriptor, String> {
    get_directories()
        .into_iter()
        .find_map(|(descriptor, at)| (at.trim_matches('/') == name).then_some(descriptor))
        .ok_or_else(|| format!("nothing is mounted at {name}"))
}

pub fn mounted() -> String {
    let mut names: Vec<String> = get_directories().into_iter().map(|(_, name)| name).collect();
    names.sort();
    names.join(" ")
}

/// A directory for an output, with a few things in it, and its path as seen from `/out`.
fn own(output: &Dataset) -> Result<Descriptor, String> {
    let path = output.path().ok_or("it has no path")?;
    let path = path.strip_prefix("/out/").unwrap_or(&path).to_owned();
    let out = mount("out").or_else(|_| mount(""))?;
    let made = (|| {
        out.create_directory_at(&path)?;
        let own = out.open_at(PathFlags::empty(), &path, OpenFlags::DIRECTORY, CHANGE)?;
        own.create_directory_at("sub")?;
        own.create_directory_at("empty")?;
        for name in ["file", "sub/file"] {
            let file = own.open_at(PathFlags::empty(), name, OpenFlags::CREATE, BOTH)?;
            file.write(b"own", 0)?;
        }
        own.symlink_at("../../..", "up")?;
        Ok(own)
    })();
    made.map_err(|error: ErrorCode| format!("preparing: {}", refused(error)))
}

/// What begins at `own` and at the mounted directories.
fn begin(at: &str, own: &Descriptor, own_path: &str) -> Result<Descriptor, String> {
    match at {
        // Another handle on the same directory.
        "own" => own.open_at(PathFlags::empty(), ".", OpenFlags::DIRECTORY, CHANGE).map_err(refused),
        "input" => {
            let (folder, _) = own_path.rsplit_once('/').ok_or("the input has no folder")?;
            let folder = folder.strip_prefix("/in/").unwrap_or(folder);
            mount("in")?
                .open_at(PathFlags::empty(), folder, OpenFlags::DIRECTORY, DescriptorFlags::READ)
                .map_err(refused)
        }
        at => mount(at).or_else(|_| mount("")),
    }
}

pub fn call(input: &Dataset, call: &str, (at, path): (&str, &str), (into, to): (&str, &str)) -> Answer {
    let output = Dataset::new();
    let own = own(&output)?;
    let shown = input.path().unwrap_or_default();
    let base = begin(at, &own, &shown)?;
    let other = || begin(into, &own, &shown);
    let done = |result: Result<(), ErrorCode>| result.map(|()| String::new()).map_err(refused);
    let follow = PathFlags::SYMLINK_FOLLOW;
    match call {
        "read" => read(&base, follow, path),
        "read-link-itself" => read(&base, PathFlags::empty(), path),
        "write" => {
            done(base.open_at(follow, path, OpenFlags::CREATE, BOTH).and_then(|file| file.write(b"mine", 0).map(drop)))
        }
        "truncate" => done(base.open_at(follow, path, OpenFlags::TRUNCATE, BOTH).map(drop)),
        "set-size" => done(
            base.open_at(follow, path, OpenFlags::empty(), DescriptorFlags::READ).and_then(|file| file.set_size(0)),
        ),
        "create-new" => done(base.open_at(follow, path, OpenFlags::CREATE | OpenFlags::EXCLUSIVE, BOTH).map(drop)),
        "open-directory-to-change" => done(
            base.open_at(follow, path, OpenFlags::DIRECTORY, CHANGE)
                .and_then(|directory| directory.create_directory_at("made")),
        ),
        "create-directory" => done(base.create_directory_at(path)),
        "list" => list(&base, path),
        "stat" => base.stat_at(follow, path).map(|stat| stat.size.to_string()).map_err(refused),
        "metadata-hash" => base.metadata_hash_at(follow, path).map(|_| String::new()).map_err(refused),
        "set-times" => done(base.set_times_at(follow, path, NewTimestamp::NoChange, NewTimestamp::Now)),
        "link" => done(base.link_at(PathFlags::empty(), path, &other()?, to)),
        "link-followed" => done(base.link_at(follow, path, &other()?, to)),
        // The output's file would then be another name of the other file.
        "link-and-write" => {
            base.link_at(PathFlags::empty(), path, &other()?, to).map_err(refused)?;
            done(
                other()?
                    .open_at(follow, to, OpenFlags::TRUNCATE, BOTH)
                    .and_then(|file| file.write(b"mine", 0).map(drop)),
            )
        }
        "rename" => done(base.rename_at(path, &other()?, to)),
        "symlink" => done(base.symlink_at(path, to)),
        "symlink-and-read" => {
            base.symlink_at(path, to).map_err(refused)?;
            read(&base, follow, to)
        }
        "symlink-and-list" => {
            base.symlink_at(path, to).map_err(refused)?;
            list(&base, to)
        }
        "symlink-and-write" => {
            base.symlink_at(path, to).map_err(refused)?;
            done(base.open_at(follow, to, OpenFlags::CREATE, BOTH).and_then(|file| file.write(b"mine", 0).map(drop)))
        }
        "read-link" => base.readlink_at(path).map_err(refused),
        "unlink" => done(base.unlink_file_at(path)),
        "remove-directory" => done(base.remove_directory_at(path)),
        other => Err(format!("there is no call {other}")),
    }
}

fn read(base: &Descriptor, flags: PathFlags, path: &str) -> Answer {
    let file = base.open_at(flags, path, OpenFlags::empty(), DescriptorFlags::READ).map_err(refused)?;
    let (bytes, _) = file.read(1000, 0).map_err(refused)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn names(directory: &Descriptor) -> Result<Vec<String>, ErrorCode> {
    let entries = directory.read_directory()?;
    let mut names = Vec::new();
    while let Some(entry) = entries.read_directory_entry()? {
        names.push(entry.name);
    }
    names.sort();
    Ok(names)
}

fn list(base: &Descriptor, path: &str) -> Answer {
    let follow = PathFlags::SYMLINK_FOLLOW;
    let directory = base.open_at(follow, path, OpenFlags::DIRECTORY, DescriptorFlags::READ).map_err(refused)?;
    names(&directory).map(|names| names.join(" ")).map_err(refused)
}

pub fn leave_behind(input: &Dataset) -> Answer {
    let _ = input.path();
    let file = mount("out")?.open_at(PathFlags::empty(), "message", OpenFlags::CREATE, BOTH).map_err(refused)?;
    file.write(b"for the next", 0).map(|_| String::new()).map_err(refused)
}

pub fn look_around(input: &Dataset) -> Answer {
    let _ = input.path();
    let mut found = Vec::new();
    for name in ["in", "out"] {
        let mut waiting = vec![(mount(name)?, name.to_owned())];
        while let Some((directory, at)) = waiting.pop() {
            for name in names(&directory).map_err(refused)? {
                let at = format!("{at}/{name}");
                let flags = OpenFlags::DIRECTORY;
                if let Ok(below) = directory.open_at(PathFlags::empty(), &name, flags, DescriptorFlags::READ) {
                    waiting.push((below, at));
                } else {
                    found.push(at);
                }
            }
        }
    }
    found.sort();
    Ok(found.join(" "))
}

pub fn read_after_descriptor(input: &Dataset) -> Answer {
    let path = input.path().ok_or("it has no path")?;
    let path = path.strip_prefix("/in/").unwrap_or(&path).to_owned();
    let directory = mount("in")?;
    let file =
        directory.open_at(PathFlags::empty(), &path, OpenFlags::empty(), DescriptorFlags::READ).map_err(refused)?;
    let stream = file.read_via_stream(0).map_err(refused)?;
    drop(file);
    drop(directory);
    let bytes = stream.blocking_read(100).map_err(|error| format!("{error:?}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub fn drop_mounts(input: &Dataset) -> Answer {
    for (descriptor, _) in get_directories() {
        // SAFETY: it forges handles on purpose; the host is to refuse what it should not do.
        drop(unsafe { Descriptor::from_handle(descriptor.handle()) });
        std::mem::forget(descriptor);
    }
    let path = input.path().ok_or("it has no path")?;
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

pub fn open_many(count: u32) -> Answer {
    let out = mount("out")?;
    let mut kept = Vec::new();
    for number in 0..count {
        match out.open_at(PathFlags::empty(), ".", OpenFlags::DIRECTORY, DescriptorFlags::READ) {
            Ok(descriptor) => kept.push(descriptor),
            Err(error) => return Err(format!("after {number}: {}", refused(error))),
        }
    }
    Ok(kept.len().to_string())
}

pub fn nest(depth: u32) -> Result<OneDataset, String> {
    let data = Dataset::new();
    let mut directory = own(&data)?;
    for _ in 0..depth {
        directory.create_directory_at("d").map_err(refused)?;
        directory = directory.open_at(PathFlags::empty(), "d", OpenFlags::DIRECTORY, CHANGE).map_err(refused)?;
    }
    Ok(OneDataset { data })
}
