//! Creating the folder of a new component, or of a pipeline for Kubeflow Pipelines.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use heck::ToSnakeCase as _;

use crate::templates::{self, INTERFACE, INTERFACE_FOLDER, KFP, PIPELINE};
use crate::{Error, Language, Result};

/// Keywords of the languages and of WIT.
const KEYWORDS: &str = "\
    abstract alignas alignof alloc and as assert async auto await become bool borrow box break build case catch \
    char class component const constructor continue core crate def default deps del do double dyn elif else enum \
    error-context except export extends extern f32 f64 false final finally flags float fn for from func function \
    future gen global goto if impl import imports in include inline instanceof int interface is lambda let list \
    long loop macro map match mod move mut new none nonlocal not null option or override own package pass priv \
    proc-macro pub raise record ref register resource restrict result return s16 s32 s64 s8 self short signed \
    sizeof static std stream string struct super switch table target test this throw trait true try tuple type \
    typedef typeof u16 u32 u64 u8 union unsafe unsized unsigned use var variant virtual void volatile weft where \
    while with world yield";

/// The line of the README about the sample pipeline.
const PIPELINE_LINE: &str = "weft run pipeline.yaml      # the same as a pipeline\n";

/// What a new folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Project {
    /// A component in this language.
    Component(Language),
    /// A pipeline of Python functions for the Kubeflow Pipelines SDK.
    Kfp,
}

impl fmt::Display for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component(language) => write!(f, "a component in {language}"),
            Self::Kfp => f.write_str("a pipeline for Kubeflow Pipelines"),
        }
    }
}

impl FromStr for Project {
    type Err = String;

    /// A language by its name, or `kfp`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("kfp") {
            return Ok(Self::Kfp);
        }
        text.parse()
            .map(Self::Component)
            .map_err(|known: String| format!("{known}; kfp is a pipeline of Python functions"))
    }
}

/// The request to create a component or a pipeline.
#[derive(Debug, Clone)]
pub struct ScaffoldRequest {
    /// The new folder; its last part is the name.
    pub path: PathBuf,
    /// What it holds.
    pub project: Project,
    /// Whether to add a sample pipeline to a component.
    pub pipeline: bool,
}

/// The new folder.
#[derive(Debug)]
pub struct Scaffold {
    /// The component's or pipeline's name.
    pub name: String,
    /// The folder.
    pub path: PathBuf,
    /// Its files, except those of the runtime's interface.
    pub files: Vec<&'static str>,
}

/// Creates a new folder, completely or not at all.
///
/// # Errors
///
/// The name is invalid, the folder exists, or the system returned an error.
pub fn scaffold(wanted: &ScaffoldRequest) -> Result<Scaffold> {
    let ScaffoldRequest { path, project, pipeline } = wanted;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    check_name(&name)?;
    if path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: path.clone() });
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
    let made = tempfile::Builder::new()
        .prefix(".weft-new-")
        .tempdir_in(parent)
        .map_err(|source| Error::io("create a folder in", parent, source))?;
    let inside = made.path().join("new");

    let run = if *pipeline { PIPELINE_LINE } else { "" };
    let snake = name.to_snake_case();
    let values = [("name", name.as_str()), ("snake", snake.as_str()), ("run", run)];
    let templates: Vec<templates::File> = match project {
        Project::Component(language) => {
            let samples: &[templates::File] = if *pipeline { PIPELINE } else { &[] };
            templates::component(*language).chain(samples.iter().copied()).collect()
        }
        Project::Kfp => KFP.to_vec(),
    };
    let mut files = Vec::new();
    for (file, template) in templates {
        write(&inside.join(file), &templates::render(template, &values))?;
        files.push(file);
    }
    if matches!(project, Project::Component(_)) {
        vendor(&inside)?;
    }
    // Fails if another process has created the folder in the meantime, unless it is empty.
    std::fs::rename(&inside, path).map_err(|source| Error::io("create", path, source))?;
    Ok(Scaffold { name, path: path.clone(), files })
}

/// Writes the runtime's interface to where the language's tools expect it.
pub(crate) fn vendor(dir: &Path) -> Result<()> {
    for (name, text) in INTERFACE {
        write(&dir.join(INTERFACE_FOLDER).join(name), text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
    }
    std::fs::write(path, text).map_err(|source| Error::io("write", path, source))
}

/// Checks that a name is valid in WIT and in all languages.
fn check_name(name: &str) -> Result<()> {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > 64 {
        "it is longer than 64 characters"
    } else if !name.split('-').all(is_word) {
        "it is not in kebab-case"
    } else if KEYWORDS.split(' ').any(|word| word == name) {
        "WIT or one of the languages uses this word itself"
    } else {
        return Ok(());
    };
    Err(Error::Name { name: name.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(dir: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut queue = vec![dir.to_owned()];
        while let Some(next) = queue.pop() {
            for entry in std::fs::read_dir(&next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    queue.push(path);
                } else {
                    found.push(path.strip_prefix(dir).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    fn c(path: &Path) -> ScaffoldRequest {
        ScaffoldRequest { path: path.to_owned(), project: Project::Component(Language::C), pipeline: false }
    }

    #[test]
    fn a_pipeline_for_kfp_has_no_interface() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plant-heights");
        scaffold(&ScaffoldRequest { path: path.clone(), project: "KFP".parse().unwrap(), pipeline: false }).unwrap();
        assert_eq!(files(&path), [".gitignore", "README.md", "data/plants.csv", "pipeline.py", "requirements.txt"]);
        let text = std::fs::read_to_string(path.join("pipeline.py")).unwrap();
        assert!(text.contains("@dsl.pipeline(name=\"plant-heights\")"), "{text}");
        assert!("cobol".parse::<Project>().unwrap_err().contains("kfp"));
    }

    #[test]
    fn every_language_has_a_folder_of_its_own_form() {
        for language in Language::ALL {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("steps/row-filter");
            let made = scaffold(&ScaffoldRequest {
                path: path.clone(),
                project: Project::Component(language),
                pipeline: true,
            })
            .unwrap();
            assert_eq!(made.name, "row-filter");
            let found = files(&path);
            assert_eq!(found.len(), made.files.len() + INTERFACE.len(), "{found:?}");
            for file in &found {
                let text = std::fs::read_to_string(path.join(file)).unwrap();
                assert!(!text.contains("{{"), "{language} {file} has a variable left");
            }
            assert_eq!(Language::detect(&path).unwrap(), language);
            insta::assert_snapshot!(format!("{}_files", language.name()), found.join("\n"));
            assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        }
    }

    #[test]
    fn a_world_of_every_template_is_sound() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("row-filter");
        scaffold(&c(&path)).unwrap();
        let interface = crate::interface::read(&path, Language::C, None).unwrap();
        let (steps, problems) = interface.check();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(steps[0].name, "filter");
    }

    #[test]
    fn what_exists_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        std::fs::write(&path, "mine").unwrap();
        let refused = scaffold(&c(&path)).unwrap_err();
        assert!(matches!(refused, Error::Exists { .. }));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn names_are_kebab_case_and_no_keywords() {
        for name in ["a", "row-filter", "a1-b2"] {
            check_name(name).unwrap();
        }
        for name in ["", "Row", "row_filter", "-a", "a-", "1a", "a--b", "a-1", "ä", "list", "match", "test"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
