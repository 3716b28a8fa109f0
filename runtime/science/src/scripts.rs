//! The Python that runs while the interpreter starts and in its processes: the Python executor's package, and what is this executor's own.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use crate::{Stack, boosting, patch, usual, wheel};

/// Changes with the way in which the component is made, as far as nothing else that goes into [`key`] tells.
const REVISION: &str = "1";

macro_rules! scripts {
    ($($folder:literal: $($name:literal)*;)*) => {
        [$($((concat!($folder, $name), include_str!(concat!("../../executors/", $folder, $name))),)*)*]
    };
}

/// Paths below `runtime/executors`, and texts.
const FILES: [(&str, &str); 41] = scripts! {
    "python/app/weft_python/": "__init__.py" "absent.py" "command.py" "identity.py" "kfp_function.py" "library.py" "missing.py" "native.py" "notebook.py" "null.py"
        "process.py" "warm.py";
    "science/": "science.py" "start.py";
    "science/app/": "integers.py";
    "science/app/weft_foreign/": "__init__.py" "memory.py" "packages.py";
    "science/app/weft_parquet/": "__init__.py" "arrays.py" "arrow.py" "bits.py" "codecs.py" "elements.py" "encodings.py" "engine.py" "errors.py" "filters.py"
        "flat.py" "frame.py" "infer.py" "kinds.py" "objects.py" "pages.py" "reader.py" "schema.py" "snappy.py" "tables.py"
        "thrift.py" "writer.py" "zstandard.py";
};

/// The scripts by their paths below the folder that is searched for them.
pub(crate) fn scripts() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.into_iter().map(|(path, text)| {
        let name = ["python/app/", "science/app/", "science/"].iter().find_map(|folder| path.strip_prefix(folder));
        let name = name.unwrap_or(path);
        (name, text)
    })
}

/// A name for what this version of weft builds: equal ones are built of the same.
pub fn key(stack: Stack) -> &'static str {
    match stack {
        Stack::Science => &SCIENCE,
        Stack::Boosting => &BOOSTING,
    }
}

/// Worked out once: they are asked for with each component of a pipeline, and the patch is long.
static SCIENCE: LazyLock<String> = LazyLock::new(|| {
    let built_of = [
        ("patch", patch::INTEGERS),
        ("usual", usual::LIST),
        ("wheels", wheel::REQUIREMENTS),
        ("revision", REVISION),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    digest(FILES.into_iter().chain(built_of))
});

static BOOSTING: LazyLock<String> = LazyLock::new(|| {
    let built_of = [("science", SCIENCE.as_str()), ("compiler", boosting::COMPILER), ("sources", boosting::SOURCES)];
    digest(boosting::FILES.into_iter().chain(built_of))
});

/// Of names and texts.
fn digest<'a>(of: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut digest = Sha256::new();
    for part in of.flat_map(|(name, text)| [name, text]) {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    wheel::hex(&digest.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_lie_where_python_looks_for_them() {
        let names: Vec<&str> = scripts().map(|(name, _)| name).collect();
        assert!(
            names.contains(&"weft_python/process.py") && names.contains(&"start.py") && names.contains(&"integers.py"),
            "{names:?}"
        );
        assert_eq!(key(Stack::Science).len(), 16);
        assert_ne!(key(Stack::Science), key(Stack::Boosting));
    }
}
