//! Volumes: persistent directories that steps mount, in place of KFP's persistent volume claims.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use weft_pipeline::model::VolumeAction;
use weft_pipeline::step::{PortValue, PortValues, StepFailure, StepOutput};

use crate::worker::{hinted_failure, host_failure};

/// The maximum length of a name, so that every file system accepts it.
const MAX_NAME: usize = 200;

/// A volume to create or delete.
#[derive(Debug)]
pub struct VolumeChange {
    /// What to do.
    pub action: VolumeAction,
    /// Its name.
    pub name: String,
    /// Its directory on the host.
    pub directory: PathBuf,
    /// The inputs of the task.
    pub inputs: PortValues,
}

/// The name of a task's volume: `pvc_name`, or for a new one the run's id followed by `pvc_name_suffix`.
pub fn name(action: VolumeAction, inputs: &PortValues, run: &str) -> Result<String, Box<StepFailure>> {
    let text = |input: &str| match inputs.get(input) {
        Some(PortValue::Parameter(Value::String(text))) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    let name = match (action, text("pvc_name"), text("pvc_name_suffix")) {
        (_, Some(name), _) => name.to_owned(),
        (VolumeAction::Create, None, Some(suffix)) => format!("{run}{suffix}"),
        (VolumeAction::Create, None, None) => {
            return Err(
                hinted_failure("it has neither a `pvc_name` nor a `pvc_name_suffix`", "give it one of them").into()
            );
        }
        (VolumeAction::Delete, None, _) => {
            return Err(hinted_failure("it has no `pvc_name`", "give it a volume's name").into());
        }
    };
    check_name(&name)?;
    Ok(name)
}

/// Checks the name of a volume, which becomes the name of a directory.
pub fn check_name(name: &str) -> Result<(), Box<StepFailure>> {
    let fits = name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if fits {
        return Ok(());
    }
    let short: String = name.chars().take(60).collect();
    Err(hinted_failure(
        format!("`{short}` cannot be a volume's name"),
        format!("use up to {MAX_NAME} letters, digits, `-`, `_` and `.`, beginning with a letter or digit"),
    )
    .into())
}

/// The name of the workspace volume of a run. [`check_name`] refuses it for other volumes.
pub fn workspace(run: &str) -> String {
    format!(".workspace-{run}")
}

/// The run that a workspace volume of this name belongs to; `None` for other volumes.
pub fn workspace_of(name: &str) -> Option<&str> {
    name.strip_prefix(".workspace-")
}

/// The directory of a volume, or a subdirectory of it; created if it does not exist. Symbolic links are not followed, as
/// a step may have made one that leads out of the volume.
pub fn directory(volumes: &Path, name: &str, sub_path: Option<&str>) -> Result<PathBuf, Box<StepFailure>> {
    let mut path = std::path::absolute(volumes.join(name)).map_err(|error| failed("find", volumes, &error))?;
    fs::create_dir_all(&path).map_err(|error| failed("make", &path, &error))?;
    for part in Path::new(sub_path.unwrap_or_default()).components() {
        match part {
            Component::CurDir => continue,
            Component::Normal(part) => path.push(part),
            _ => {
                let sub_path = sub_path.unwrap_or_default();
                return Err(hinted_failure(
                    format!("`{sub_path}` leads out of the volume `{name}`"),
                    "name a directory inside of it, without `..` and not beginning with `/`",
                )
                .into());
            }
        }
        match fs::create_dir(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made.map_err(|error| failed("make", &path, &error))?,
        }
        let found = fs::symlink_metadata(&path).map_err(|error| failed("open", &path, &error))?;
        if !found.is_dir() {
            let message = format!("{} is not a directory, so it cannot be mounted", path.display());
            return Err(hinted_failure(message, "name a directory of the volume, or none").into());
        }
    }
    Ok(path)
}

/// Creates or deletes a volume. Creating one that exists or deleting one that does not is no error, so that the job can
/// be repeated when a run is resumed.
pub fn execute(change: &VolumeChange) -> Result<StepOutput, Box<StepFailure>> {
    let VolumeChange { action, name, directory, .. } = change;
    let mut outputs = PortValues::new();
    match action {
        VolumeAction::Create => {
            fs::create_dir_all(directory).map_err(|error| failed("make", directory, &error))?;
            outputs.insert("name".to_owned(), PortValue::Parameter(name.clone().into()));
        }
        VolumeAction::Delete => {
            remove(directory).map_err(|error| failed("remove", directory, &error))?;
        }
    }
    Ok(StepOutput { outputs, ..StepOutput::default() })
}

/// Removes a volume, if it exists.
pub fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn failed(what: &str, path: &Path, error: &io::Error) -> StepFailure {
    host_failure(format!("the host could not {what} the volume's directory {}: {error}", path.display()), None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for name in ["data", "r-2026-data", "A.b_c-1", &"a".repeat(200)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "a\0", "ä", &"a".repeat(201)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_new_volume_is_called_by_its_name_or_by_the_run() {
        let inputs = |entries: &[(&str, &str)]| -> PortValues {
            entries.iter().map(|(name, value)| ((*name).to_owned(), PortValue::Parameter(json!(value)))).collect()
        };
        let name = |action, entries: &[(&str, &str)]| name(action, &inputs(entries), "r").map_err(|f| f.message);
        assert_eq!(name(VolumeAction::Create, &[("pvc_name", "data")]), Ok("data".to_owned()));
        assert_eq!(
            name(VolumeAction::Create, &[("pvc_name_suffix", "-data"), ("pvc_name", "")]),
            Ok("r-data".to_owned())
        );
        assert!(name(VolumeAction::Create, &[]).unwrap_err().contains("neither"));
        assert!(name(VolumeAction::Delete, &[("pvc_name_suffix", "-data")]).unwrap_err().contains("`pvc_name`"));
        assert!(name(VolumeAction::Delete, &[("pvc_name", "../x")]).unwrap_err().contains("cannot be"));
    }

    #[test]
    fn a_sub_path_stays_inside() {
        let place = tempfile::tempdir().unwrap();
        let made = directory(place.path(), "v", Some("a/./b")).unwrap();
        assert_eq!(made, place.path().join("v/a/b"));
        assert!(made.is_dir());
        for out in ["..", "a/../../..", "/etc", "../v2"] {
            assert!(directory(place.path(), "v", Some(out)).unwrap_err().message.contains("leads out"), "{out}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(place.path(), place.path().join("v/link")).unwrap();
            assert!(directory(place.path(), "v", Some("link/other")).unwrap_err().message.contains("not a directory"));
            assert!(!place.path().join("other").exists());
        }
        remove(&place.path().join("v")).unwrap();
        remove(&place.path().join("v")).unwrap();
        assert!(!place.path().join("v").exists());
    }
}
