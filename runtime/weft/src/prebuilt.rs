//! Pre-built components, which pipelines name rather than lead to: `component: weft:statistics-gen`.

use std::path::{Path, PathBuf};

use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::suggest;

use crate::host::Host;

/// What a name begins with.
const PREFIX: &str = "weft:";

/// A pre-built component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prebuilt {
    /// What pipelines call it, `weft:` and all.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
}

/// All pre-built components of a host, by name. A folder goes before those after it.
#[must_use]
pub fn prebuilt(host: &Host) -> Vec<Prebuilt> {
    let mut found: Vec<Prebuilt> = Vec::new();
    for folder in &host.components {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
            if path.extension().is_some_and(|extension| extension == "wasm") && is_name(name) && path.is_file() {
                let name = format!("{PREFIX}{name}");
                if found.iter().all(|known| known.name != name) {
                    found.push(Prebuilt { name, path });
                }
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The file of a component as a pipeline writes it: a pre-built one's, or a path that begins at `folder`.
pub(crate) fn locate(host: &Host, folder: &Path, written: &str) -> PathBuf {
    match name(written) {
        None => folder.join(written),
        Some(name) => {
            let file = format!("{name}.wasm");
            let found = host.components.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
            // Where it should be, so that what is missing is told.
            found.unwrap_or_else(|| {
                host.components.first().map_or_else(|| PathBuf::from(written), |first| first.join(&file))
            })
        }
    }
}

/// The name of a pre-built component; none if this is a path. Names are no paths, so that they lead out of no folder.
pub(crate) fn name(written: &str) -> Option<&str> {
    written.strip_prefix(PREFIX).filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What to say of a pre-built component that is not there.
pub(crate) fn missing(host: &Host, name: &str) -> Diagnostic {
    let known = prebuilt(host);
    let problem = Diagnostic::error(format!("there is no pre-built component `{PREFIX}{name}`"));
    let names: Vec<&str> = known.iter().filter_map(|known| known.name.strip_prefix(PREFIX)).collect();
    problem.hint(match suggest::nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{PREFIX}{near}`?"),
        None if names.is_empty() => {
            let folders: Vec<String> = host.components.iter().map(|folder| folder.display().to_string()).collect();
            format!("there are none in {}: are they built?", folders.join(", "))
        }
        None => "`weft components` lists them".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(folders: &[&Path]) -> Host {
        Host { components: folders.iter().map(|folder| (*folder).to_owned()).collect(), ..Host::default() }
    }

    #[test]
    fn names_are_looked_up_in_folders_in_order_and_paths_are_not() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(second.path().join("a.wasm"), "").unwrap();
        std::fs::write(second.path().join("b.wasm"), "").unwrap();
        std::fs::write(first.path().join("b.wasm"), "").unwrap();
        std::fs::write(first.path().join("b.txt"), "").unwrap();
        let host = host(&[first.path(), second.path()]);
        assert_eq!(locate(&host, Path::new("/p"), "weft:a"), second.path().join("a.wasm"));
        assert_eq!(locate(&host, Path::new("/p"), "weft:b"), first.path().join("b.wasm"));
        assert_eq!(locate(&host, Path::new("/p"), "weft:c"), first.path().join("c.wasm"));
        assert_eq!(locate(&host, Path::new("/p"), "b.wasm"), Path::new("/p/b.wasm"));
        // No name: a file of that odd name beside the pipeline.
        assert_eq!(locate(&host, Path::new("/p"), "weft:../b"), Path::new("/p/weft:../b"));
        let names: Vec<String> = prebuilt(&host).into_iter().map(|known| known.name).collect();
        assert_eq!(names, ["weft:a", "weft:b"]);
    }

    #[test]
    fn what_is_missing_is_told_with_what_is_near() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&[folder.path()]);
        let hint = |name: &str| missing(&host, name).hint.unwrap_or_default();
        assert!(hint("statistics-gen").starts_with("there are none in "));
        std::fs::write(folder.path().join("statistics-gen.wasm"), "").unwrap();
        assert_eq!(hint("statistic-gen"), "did you mean `weft:statistics-gen`?");
        assert_eq!(hint("trainer"), "`weft components` lists them");
    }
}
