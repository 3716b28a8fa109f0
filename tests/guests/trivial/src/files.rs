//! Artifacts that are directories, and artifacts by path.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bytes::{Checksum, Random, chunks};
use crate::{Artifact, Dataset, Directory, Found, OneDataset, text};

pub fn make_dir(files: u32, bytes: u64) -> Result<OneDataset, String> {
    let data = Dataset::new();
    for index in 0..files {
        let file = data.create(&format!("part-{index:05}.bin")).map_err(text)?;
        let mut random = Random(u64::from(index));
        for (_, length) in chunks(bytes) {
            file.append(&random.bytes(length)).map_err(text)?;
        }
    }
    data.create("nested/deep/note.txt").map_err(text)?.append(b"a note").map_err(text)?;
    Ok(OneDataset { data })
}

pub fn sum_dir(input: &Dataset) -> Result<Directory, String> {
    let entries = input.entries();
    let mut checksum = Checksum::default();
    for entry in &entries {
        let file = input.open(&entry.name).map_err(text)?;
        if file.length() != entry.length {
            return Err(format!("{} is {} bytes long, not {}", entry.name, file.length(), entry.length));
        }
        for (offset, length) in chunks(file.length()) {
            checksum.update(&file.read(offset, length).map_err(text)?);
        }
    }
    let content = checksum.content();
    Ok(Directory {
        files: entries.len() as u64,
        bytes: content.bytes,
        checksum: content.checksum,
        names: entries.into_iter().map(|entry| entry.name).collect(),
    })
}

/// A path that the runtime gave, or the error that it gave none.
fn given(path: Option<String>) -> Result<PathBuf, String> {
    path.map(PathBuf::from).ok_or_else(|| "the artifact has no path".to_owned())
}

/// An I/O error with the path it was met at.
fn at(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

pub fn write_by_path(content: &str, as_directory: bool) -> Result<OneDataset, String> {
    let data = Dataset::new();
    let path = given(data.path())?;
    if as_directory {
        let sub = path.join("sub");
        fs::create_dir_all(&sub).map_err(at(&sub))?;
        for (file, content) in [(path.join("a.txt"), content.to_owned()), (sub.join("b.txt"), format!("{content}!"))] {
            fs::write(&file, content).map_err(at(&file))?;
        }
    } else {
        fs::write(&path, content).map_err(at(&path))?;
    }
    Ok(OneDataset { data })
}

pub fn read_by_path(input: &Artifact) -> Result<Found, String> {
    let path = given(input.path())?;
    let is_directory = path.is_dir();
    let mut files = Vec::new();
    if is_directory {
        walk(&path, &mut files)?;
    } else {
        files.push(path.clone());
    }
    files.sort();
    let mut found = Found { is_directory, names: Vec::new(), text: String::new() };
    for file in files {
        found.text += &fs::read_to_string(&file).map_err(at(&file))?;
        let name = if is_directory { file.strip_prefix(&path).unwrap_or(&file) } else { &file };
        found.names.push(name.display().to_string());
    }
    Ok(found)
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    for entry in fs::read_dir(directory).map_err(at(directory))? {
        let path = entry.map_err(at(directory))?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

pub fn copy_by_path(input: &Dataset) -> Result<OneDataset, String> {
    let data = Dataset::new();
    let (from, to) = (given(input.path())?, given(data.path())?);
    let mut source = fs::File::open(&from).map_err(at(&from))?;
    let mut target = fs::File::create(&to).map_err(at(&to))?;
    std::io::copy(&mut source, &mut target).map_err(at(&to))?;
    Ok(OneDataset { data })
}

pub fn write_both_ways(first: &str, second: &str, handle_first: bool) -> Result<OneDataset, String> {
    use std::io::Write;
    let data = Dataset::new();
    let path = given(data.path())?;
    let by_path = |content: &str| {
        let mut file = fs::File::options().append(true).create(true).open(&path).map_err(at(&path))?;
        file.write_all(content.as_bytes()).map_err(at(&path))
    };
    if handle_first {
        data.append(first.as_bytes()).map_err(text)?;
        by_path(second)?;
    } else {
        by_path(first)?;
        data.append(second.as_bytes()).map_err(text)?;
    }
    Ok(OneDataset { data })
}
