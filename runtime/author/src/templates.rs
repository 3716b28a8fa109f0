//! The files of new components from `templates/`, and the runtime's interface from `wit/`.

use crate::Language;

/// A file: its path in the new folder, and its text.
pub(crate) type File = (&'static str, &'static str);

macro_rules! files {
    ($($path:literal: $template:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../templates/", $template)))),*]
    };
}

/// The files of every component.
const COMMON: &[File] = files!["wit/world.wit": "common/world.wit", "data/plants.csv": "common/plants.csv"];

const RUST: &[File] = files![
    "Cargo.toml": "rust/Cargo.toml.in",
    "src/lib.rs": "rust/src/lib.rs",
    "src/table.rs": "rust/src/table.rs",
    "README.md": "rust/README.md",
    ".gitignore": "rust/gitignore",
];

const PYTHON: &[File] = files![
    "pyproject.toml": "python/pyproject.toml",
    "component.py": "python/component.py",
    "table.py": "python/table.py",
    "tests/__init__.py": "python/tests/__init__.py",
    "tests/test_table.py": "python/tests/test_table.py",
    "README.md": "python/README.md",
    ".gitignore": "python/gitignore",
];

const JAVASCRIPT: &[File] = files![
    "package.json": "js/package.json",
    "jsconfig.json": "js/jsconfig.json",
    "src/component.js": "js/src/component.js",
    "src/table.js": "js/src/table.js",
    "test/table.test.js": "js/test/table.test.js",
    "README.md": "js/README.md",
    ".gitignore": "js/gitignore",
];

const C: &[File] = files![
    "Makefile": "c/Makefile",
    "compile_flags.txt": "c/compile_flags.txt",
    "src/component.c": "c/src/component.c",
    "src/table.h": "c/src/table.h",
    "src/table.c": "c/src/table.c",
    "test/table_test.c": "c/test/table_test.c",
    "README.md": "c/README.md",
    ".gitignore": "c/gitignore",
];

/// The files of a pipeline for Kubeflow Pipelines.
pub(crate) const KFP: &[File] = files![
    "pipeline.py": "kfp/pipeline.py",
    "requirements.txt": "kfp/requirements.txt",
    "data/plants.csv": "common/plants.csv",
    "README.md": "kfp/README.md",
    ".gitignore": "kfp/gitignore",
];

/// A sample pipeline.
pub(crate) const PIPELINE: &[File] = files!["pipeline.yaml": "common/pipeline.yaml"];

macro_rules! interface {
    ($($name:literal),*) => {
        &[$(($name, include_str!(concat!("../../../wit/", $name)))),*]
    };
}

/// The package `weft:component`.
pub(crate) const INTERFACE: &[File] = interface!["artifacts.wit", "package.wit", "run.wit", "types.wit"];

/// The folder where tools expect it, relative to that of the component.
pub(crate) const INTERFACE_FOLDER: &str = "wit/deps/weft-component";

/// The files of a new component in a language.
pub(crate) fn component(language: Language) -> impl Iterator<Item = File> {
    let own = match language {
        Language::Rust => RUST,
        Language::Python => PYTHON,
        Language::JavaScript => JAVASCRIPT,
        Language::C => C,
    };
    COMMON.iter().chain(own).copied()
}

/// A template with its variables filled in: `{{key}}` becomes the value of the key.
pub(crate) fn render(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (key, value)| text.replace(&format!("{{{{{key}}}}}"), value))
}
