//! The languages of components.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::{Error, Result};

/// A language in which components can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// cargo and wit-bindgen.
    Rust,
    /// componentize-py.
    Python,
    /// jco.
    JavaScript,
    /// zig or wasi-sdk, and wit-bindgen's C output.
    C,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rust, Self::Python, Self::JavaScript, Self::C];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "js",
            Self::C => "c",
        }
    }

    /// The manifest: a file that a folder of this language has, with the metadata of the component.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Python => "pyproject.toml",
            Self::JavaScript => "package.json",
            Self::C => "Makefile",
        }
    }

    /// The setting of the manifest that selects a world.
    pub(crate) fn world_setting(self, world: &str) -> String {
        match self {
            Self::Rust => format!("`[package.metadata.weft]` with `world = \"{world}\"` in Cargo.toml"),
            Self::Python => format!("`[tool.weft]` with `world = \"{world}\"` in pyproject.toml"),
            Self::JavaScript => format!("`\"weft\": {{ \"world\": \"{world}\" }}` in package.json"),
            Self::C => format!("`WORLD := {world}` in the Makefile"),
        }
    }

    /// The language of a folder, by its manifest. A Makefile counts only if there is no other manifest, as any folder
    /// may have one.
    ///
    /// # Errors
    ///
    /// There is no manifest, or several.
    pub fn detect(dir: &Path) -> Result<Self> {
        let found: Vec<Self> =
            Self::ALL.into_iter().filter(|language| dir.join(language.manifest()).is_file()).collect();
        match found.as_slice() {
            [one] | [one, Self::C] => Ok(*one),
            [] => Err(Error::NoProject { dir: dir.to_owned() }),
            many => Err(Error::Ambiguous { dir: dir.to_owned(), languages: many.to_vec() }),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::C => "C",
        })
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "rust" | "rs" => Self::Rust,
            "python" | "py" => Self::Python,
            "js" | "javascript" => Self::JavaScript,
            "c" => Self::C,
            _ => return Err("the languages are rust, python, js and c".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_told_by_its_manifest() {
        let dir = tempfile::tempdir().unwrap();
        let has = |names: &[&str]| {
            for language in Language::ALL {
                _ = std::fs::remove_file(dir.path().join(language.manifest()));
            }
            for name in names {
                std::fs::write(dir.path().join(name), "").unwrap();
            }
            Language::detect(dir.path())
                .map_err(|error| error.to_string().replace(&*dir.path().to_string_lossy(), "DIR"))
        };
        assert_eq!(has(&["Cargo.toml"]), Ok(Language::Rust));
        assert_eq!(has(&["pyproject.toml"]), Ok(Language::Python));
        assert_eq!(has(&["package.json"]), Ok(Language::JavaScript));
        assert_eq!(has(&["Makefile"]), Ok(Language::C));
        assert_eq!(has(&["Makefile", "package.json"]), Ok(Language::JavaScript));
        assert_eq!(has(&["pyproject.toml", "package.json"]), Err("DIR could be Python or JavaScript".to_owned()));
        assert_eq!(has(&[]), Err("there is no component to build in DIR".to_owned()));
    }

    #[test]
    fn names_and_aliases_are_read() {
        for language in Language::ALL {
            assert_eq!(language.name().parse(), Ok(language));
        }
        assert_eq!("Py".parse(), Ok(Language::Python));
        assert_eq!("javascript".parse(), Ok(Language::JavaScript));
        assert!("cobol".parse::<Language>().is_err());
    }
}
