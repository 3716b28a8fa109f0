//! The manifest of a component: standard metadata, and weft's own settings.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tools;
use crate::{Error, Language, Result};

/// Standard metadata of a component. Fields that the manifest does not have are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The component's name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// A description for users.
    pub description: Option<String>,
    /// An SPDX licence expression.
    pub licence: Option<String>,
    /// URL of its source.
    pub source: Option<String>,
    /// URL of its home page.
    pub homepage: Option<String>,
    /// The authors.
    pub authors: Vec<String>,
}

/// A component's manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) metadata: Metadata,
    /// The world to build, if there are several.
    pub(crate) world: Option<String>,
    /// The entry point: a Python module, a JavaScript file, the target of a cargo package.
    pub(crate) entry: Option<String>,
}

/// Reads the manifest of a folder.
pub(crate) fn read(dir: &Path, language: Language, host: &tools::Host) -> Result<Manifest> {
    let path = dir.join(language.manifest());
    let manifest = match language {
        Language::Rust => rust(&path, &cargo_metadata(&path, host)?)?,
        Language::Python => python(&path, &text(&path)?)?,
        Language::JavaScript => javascript(&path, &text(&path)?)?,
        Language::C => c(&text(&path)?),
    };
    let name = &manifest.metadata.name;
    if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
        return Err(Error::Manifest {
            path,
            why: if name.is_empty() {
                "it does not say the component's name".into()
            } else {
                format!("`{name}` is no file name")
            },
            hint: Some("the component is written to build/NAME.wasm".to_owned()),
        });
    }
    Ok(manifest)
}

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))
}

/// Reads it through cargo, which resolves settings that are inherited from a workspace.
fn cargo_metadata(path: &Path, host: &tools::Host) -> Result<Value> {
    let mut command = Command::new(&host.cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(path);
    let output = command.output().map_err(|_| Error::Missing {
        tool: "cargo",
        why: "it builds components in Rust".to_owned(),
        install: "install Rust: `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`".to_owned(),
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::manifest(path, said.trim().trim_start_matches("error: ")));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::manifest(path, format!("cargo's answer cannot be read: {error}")))
}

fn rust(path: &Path, answer: &Value) -> Result<Manifest> {
    let here = std::path::absolute(path).map_err(|source| Error::io("find", path, source))?;
    let is_here = |package: &&Value| {
        let manifest = package["manifest_path"].as_str().map(Path::new);
        manifest.is_some_and(|manifest| same_file(manifest, &here))
    };
    let package = answer["packages"].as_array().into_iter().flatten().find(is_here).ok_or_else(|| Error::Manifest {
        path: path.to_owned(),
        why: "it is a workspace and no package".to_owned(),
        hint: Some("give the folder of one component".to_owned()),
    })?;
    let makes_components =
        |target: &&Value| target["crate_types"].as_array().is_some_and(|types| types.iter().any(|ty| ty == "cdylib"));
    let target =
        package["targets"].as_array().into_iter().flatten().find(makes_components).ok_or_else(|| Error::Manifest {
            path: path.to_owned(),
            why: "cargo would make no component of it".to_owned(),
            hint: Some("add `[lib]` with `crate-type = [\"cdylib\"]`".to_owned()),
        })?;
    let string = |key: &str| package[key].as_str().map(str::to_owned).filter(|text| !text.is_empty());
    Ok(Manifest {
        metadata: Metadata {
            name: string("name").unwrap_or_default(),
            version: string("version"),
            description: string("description"),
            licence: string("license"),
            source: string("repository"),
            homepage: string("homepage"),
            authors: strings(&package["authors"]),
        },
        world: package["metadata"]["weft"]["world"].as_str().map(str::to_owned),
        entry: target["name"].as_str().map(str::to_owned),
    })
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn strings(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

fn python(path: &Path, text: &str) -> Result<Manifest> {
    let document: toml::Table =
        toml::from_str(text).map_err(|error| Error::manifest(path, error.to_string().trim_end()))?;
    let project = document.get("project").and_then(toml::Value::as_table).ok_or_else(|| Error::Manifest {
        path: path.to_owned(),
        why: "it has no table `[project]`".to_owned(),
        hint: Some("it holds the component's name, version and description".to_owned()),
    })?;
    let string = |key: &str| project.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let licence = match project.get("license") {
        Some(toml::Value::Table(table)) => table.get("text").and_then(toml::Value::as_str).map(str::to_owned),
        _ => string("license"),
    };
    let url = |names: &[&str]| {
        let urls = project.get("urls")?.as_table()?;
        let (_, url) = urls.iter().find(|(name, _)| names.contains(&name.to_ascii_lowercase().as_str()))?;
        url.as_str().map(str::to_owned)
    };
    let person = |person: &toml::Value| {
        let get = |key: &str| person.get(key).and_then(toml::Value::as_str);
        contact(get("name"), get("email"))
    };
    let authors = project.get("authors").and_then(toml::Value::as_array);
    let setting = |key: &str| document.get("tool")?.get("weft")?.get(key)?.as_str().map(str::to_owned);
    Ok(Manifest {
        metadata: Metadata {
            name: string("name").unwrap_or_default(),
            version: string("version"),
            description: string("description"),
            licence,
            source: url(&["source", "source code", "repository", "github", "code"]),
            homepage: url(&["homepage", "home"]),
            authors: authors.into_iter().flatten().filter_map(person).collect(),
        },
        world: setting("world"),
        entry: setting("module"),
    })
}

fn javascript(path: &Path, text: &str) -> Result<Manifest> {
    let document: Value = serde_json::from_str(text).map_err(|error| Error::manifest(path, error.to_string()))?;
    let string = |value: &Value| value.as_str().map(str::to_owned).filter(|text| !text.is_empty());
    let person = |person: &Value| match person {
        Value::String(text) => Some(text.clone()),
        _ => contact(person["name"].as_str(), person["email"].as_str()),
    };
    let others = document["contributors"].as_array().into_iter().flatten();
    let repository = &document["repository"];
    let name = document["name"].as_str().unwrap_or_default();
    Ok(Manifest {
        metadata: Metadata {
            // The file name of `@scope/name` is the part after the scope.
            name: name.rsplit('/').next().unwrap_or(name).to_owned(),
            version: string(&document["version"]),
            description: string(&document["description"]),
            // npm's word for proprietary software.
            licence: string(&document["license"]).filter(|licence| licence != "UNLICENSED"),
            source: string(repository).or_else(|| string(&repository["url"])).map(|url| repository_url(&url)),
            homepage: string(&document["homepage"]),
            authors: std::iter::once(&document["author"]).chain(others).filter_map(person).collect(),
        },
        world: string(&document["weft"]["world"]),
        entry: string(&document["main"]),
    })
}

/// npm's short forms: `git+https://..`, `github:owner/name`, `owner/name`.
fn repository_url(text: &str) -> String {
    let text = text.strip_prefix("git+").unwrap_or(text);
    let github = text.strip_prefix("github:").or_else(|| Some(text).filter(|text| !text.contains(':')));
    match github {
        Some(path) => format!("https://github.com/{path}"),
        None => text.strip_prefix("git://").map_or_else(|| text.to_owned(), |rest| format!("https://{rest}")),
    }
}

fn contact(name: Option<&str>, email: Option<&str>) -> Option<String> {
    match (name, email) {
        (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// The variables of a Makefile with plain assignments.
fn c(text: &str) -> Manifest {
    let variable = |wanted: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.trim_end().trim_end_matches([':', '?']).trim();
            let value = value.split(" #").next().unwrap_or_default().trim();
            (name == wanted && !value.is_empty()).then(|| value.to_owned())
        })
    };
    let authors = variable("AUTHORS").unwrap_or_default();
    Manifest {
        metadata: Metadata {
            name: variable("NAME").unwrap_or_default(),
            version: variable("VERSION"),
            description: variable("DESCRIPTION"),
            licence: variable("LICENSE").or_else(|| variable("LICENCE")),
            source: variable("SOURCE"),
            homepage: variable("HOMEPAGE"),
            authors: authors.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        },
        world: variable("WORLD"),
        entry: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn full() -> Metadata {
        Metadata {
            name: "row-filter".into(),
            version: Some("1.2.0".into()),
            description: Some("Keeps rows".into()),
            licence: Some("MIT OR Apache-2.0".into()),
            source: Some("https://github.com/acme/row-filter".into()),
            homepage: Some("https://acme.example".into()),
            authors: vec!["A B <a@b.example>".into(), "C".into()],
        }
    }

    #[test]
    fn all_manifests_say_the_same() {
        let path = Path::new("/x/Cargo.toml");
        let cargo = json!({ "packages": [{
            "manifest_path": "/x/Cargo.toml", "name": "row-filter", "version": "1.2.0", "description": "Keeps rows",
            "license": "MIT OR Apache-2.0", "repository": "https://github.com/acme/row-filter", "homepage": "https://acme.example",
            "authors": ["A B <a@b.example>", "C"], "metadata": { "weft": { "world": "w" } },
            "targets": [{ "crate_types": ["cdylib", "rlib"], "name": "row_filter" }],
        }]});
        let read = rust(path, &cargo).unwrap();
        assert_eq!(
            (read.metadata, read.world.as_deref(), read.entry.as_deref()),
            (full(), Some("w"), Some("row_filter"))
        );

        let read = python(path, "[project]\nname='row-filter'\nversion='1.2.0'\ndescription='Keeps rows'\nlicense={text='MIT OR Apache-2.0'}\nauthors=[{name='A B',email='a@b.example'},{name='C'}]\n[project.urls]\nHomepage='https://acme.example'\nRepository='https://github.com/acme/row-filter'\n[tool.weft]\nworld='w'\nmodule='m'\n").unwrap();
        assert_eq!((read.metadata, read.world.as_deref(), read.entry.as_deref()), (full(), Some("w"), Some("m")));

        let read = javascript(path, r#"{"name":"@acme/row-filter","version":"1.2.0","description":"Keeps rows","license":"MIT OR Apache-2.0","author":{"name":"A B","email":"a@b.example"},"contributors":["C"],"repository":"github:acme/row-filter","homepage":"https://acme.example","main":"m.js","weft":{"world":"w"}}"#).unwrap();
        assert_eq!((read.metadata, read.world.as_deref(), read.entry.as_deref()), (full(), Some("w"), Some("m.js")));

        let read = c(
            "NAME := row-filter\nVERSION = 1.2.0\nDESCRIPTION ?= Keeps rows\nLICENSE := MIT OR Apache-2.0 # both\nSOURCE := https://github.com/acme/row-filter\nHOMEPAGE:=https://acme.example\nAUTHORS := A B <a@b.example>, C\nWORLD := w\nCFLAGS += -O2\n",
        );
        assert_eq!((read.metadata, read.world.as_deref()), (full(), Some("w")));
    }

    #[test]
    fn what_is_missing_is_named() {
        let path = Path::new("/x/Cargo.toml");
        let why = |result: Result<Manifest>| result.unwrap_err().to_string();
        assert_eq!(why(rust(path, &json!({ "packages": [] }))), "/x/Cargo.toml: it is a workspace and no package");
        let library =
            json!({ "packages": [{ "manifest_path": "/x/Cargo.toml", "targets": [{ "crate_types": ["lib"] }] }] });
        assert_eq!(why(rust(path, &library)), "/x/Cargo.toml: cargo would make no component of it");
        assert_eq!(why(python(path, "")), "/x/Cargo.toml: it has no table `[project]`");
        assert!(why(python(path, "[project")).contains("line 1"));
        assert!(why(javascript(path, "{")).contains("line 1"));
        assert_eq!(repository_url("git+https://x.example/a.git"), "https://x.example/a.git");
    }
}
