//! A directory with a folder for each version of a model.

use std::fs::{self, File};
use std::path::Path;

use weft_guest::{Error, Result, bail};

/// The highest version that is there; 0 if there is none.
pub fn latest(folder: &Path) -> Result<u64> {
    let entries = fs::read_dir(folder).map_err(|error| problem(folder, &error))?;
    let mut highest = 0;
    for entry in entries {
        let name = entry.map_err(|error| problem(folder, &error))?.file_name();
        if let Some(version) = name.to_str().and_then(|name| name.parse().ok()) {
            highest = highest.max(version);
        }
    }
    Ok(highest)
}

/// Makes the folder of a version. It has this name only once it is filled, so that what serves from here never sees a part of it.
pub fn push(folder: &Path, version: u64, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let finished = folder.join(version.to_string());
    if finished.exists() {
        bail!("{} is there already: a version is never changed", finished.display());
    }
    let partial = folder.join(format!(".{version}.partial"));
    if partial.exists() {
        // What a step left that was killed.
        fs::remove_dir_all(&partial).map_err(|error| problem(&partial, &error))?;
    }
    fs::create_dir_all(&partial).map_err(|error| problem(&partial, &error))?;
    fill(&partial)?;
    fs::rename(&partial, &finished).map_err(|error| problem(&finished, &error))
}

/// Makes a file below a folder.
pub fn create(folder: &Path, name: &str) -> Result<File> {
    let path = folder.join(name);
    if let Some(above) = path.parent() {
        fs::create_dir_all(above).map_err(|error| problem(above, &error))?;
    }
    File::create(&path).map_err(|error| problem(&path, &error))
}

fn problem(path: &Path, error: &std::io::Error) -> Error {
    Error::new(format!(
        "{}: {error}; `destination` is a directory that the step's grants name, with `write: true`",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn versions_follow_one_another_and_are_whole_or_not_there() {
        let folder = std::env::temp_dir().join(format!("weft-pusher-{}", std::process::id()));
        fs::create_dir_all(folder.join("notes")).unwrap();
        assert_eq!(latest(&folder).unwrap(), 0);
        let fill = |into: &Path| Ok(create(into, "a/model.onnx")?.write_all(b"model")?);
        push(&folder, 9, fill).unwrap();
        push(&folder, 10, fill).unwrap();
        assert_eq!(latest(&folder).unwrap(), 10);
        assert_eq!(fs::read(folder.join("10/a/model.onnx")).unwrap(), b"model");
        let again = push(&folder, 10, fill).unwrap_err().to_string();
        assert!(again.ends_with("10 is there already: a version is never changed"), "{again}");

        let broken = |into: &Path| {
            fill(into)?;
            bail!("killed")
        };
        assert!(push(&folder, 11, broken).is_err());
        assert_eq!(latest(&folder).unwrap(), 10);
        push(&folder, 11, fill).unwrap();
        assert_eq!(fs::read_dir(folder.join("11")).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
        assert!(latest(&folder).unwrap_err().to_string().contains("`write: true`"));
    }
}
