//! The Python packages that a component of KFP installs before its function runs.

use std::fmt;

/// A requirement in pip's syntax: `tabulate==0.9.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement(pub String);

/// Well-known packages whose wheels hold native code. Others are detected when they are downloaded.
const NATIVE: [&str; 63] = [
    "aiohttp",
    "bcrypt",
    "bokeh",
    "catboost",
    "cryptography",
    "cupy",
    "cython",
    "dask",
    "datasets",
    "deepspeed",
    "duckdb",
    "fastparquet",
    "gensim",
    "google-cloud-aiplatform",
    "google-cloud-bigquery",
    "google-cloud-storage",
    "grpcio",
    "h5py",
    "jax",
    "jaxlib",
    "jupyter",
    "keras",
    "librosa",
    "lightgbm",
    "lxml",
    "matplotlib",
    "mlflow",
    "numba",
    "numpy",
    "onnx",
    "onnxruntime",
    "opencv-python",
    "opencv-python-headless",
    "pandas",
    "pillow",
    "polars",
    "prophet",
    "psycopg2",
    "psycopg2-binary",
    "pyarrow",
    "pydantic",
    "pydantic-core",
    "pymongo",
    "pyspark",
    "ray",
    "safetensors",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "seaborn",
    "sentencepiece",
    "shap",
    "spacy",
    "statsmodels",
    "tensorboard",
    "tensorflow",
    "tensorflow-cpu",
    "tfx",
    "tokenizers",
    "torch",
    "torchvision",
    "transformers",
    "xgboost",
];

/// Packages whose part in running KFP's notebook components the executors for Python play themselves: a kernel of Jupyter's is a process
/// behind sockets.
const NOTEBOOKS: [&str; 4] = ["ipykernel", "jupyter-client", "nbclient", "nbformat"];

impl Requirement {
    /// The normalised name of the package: lower case, with `-` between words.
    pub fn name(&self) -> String {
        let end = self.0.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(self.0.len());
        self.0[..end].to_lowercase().replace(['_', '.'], "-")
    }

    /// What it says of versions, without extras and markers: `>=2,<3`.
    pub(super) fn specifiers(&self) -> &str {
        let end = self.0.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(self.0.len());
        let rest = self.0[end..].trim_start();
        let rest = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, rest)| rest);
        rest.split(';').next().unwrap_or_default().trim()
    }

    /// Whether something stands for it in the executors for Python, which need not fetch it.
    pub(super) fn has_stand_in(&self) -> bool {
        NOTEBOOKS.contains(&self.name().as_str())
    }

    /// Whether the Python executor has it built in.
    fn is_built_in(&self) -> bool {
        matches!(self.name().as_str(), "kfp" | "kfp-pipeline-spec" | "kfp-server-api")
            // KFP's SDK, installed from its repository.
            || (self.0.contains("kubeflow/pipelines") && self.0.contains("subdirectory=sdk/python"))
            // For versions of Python that the executor does not have: `typing-extensions>=3.7.4,<5;
            // python_version<"3.9"`.
            || self.0.split_once(';').is_some_and(|(_, marker)| marker.replace(' ', "").starts_with("python_version<\"3."))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The packages that are known to need native code.
pub fn native(packages: &[Requirement]) -> Vec<&Requirement> {
    packages.iter().filter(|package| NATIVE.contains(&package.name().as_str())).collect()
}

/// The packages that a script installs with `pip install`, except those that the executor has built in.
pub(super) fn of_script(script: &str) -> Vec<Requirement> {
    let mut found = Vec::new();
    for part in script.split("pip install").skip(1) {
        let mut words = words(part).into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "&&" | "||" | ";" => break,
                "--index-url" | "--extra-index-url" | "--trusted-host" | "-i" | "-r" | "--find-links" | "-f" => {
                    words.next();
                }
                option if option.starts_with('-') => {}
                _ => found.push(Requirement(word)),
            }
        }
    }
    found.retain(|requirement| !requirement.is_built_in());
    found.dedup();
    found
}

/// The words of a shell command up to the end of its line. Quotes keep words together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\n') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
