//! What a trigger is, as its file or a form of the page has it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;
use weft::pipeline::yaml::parse_duration;

use crate::error::{Error, Result};

/// How the files of triggers in a folder end.
const ENDINGS: [&str; 2] = [".trigger.yaml", ".trigger.yml"];
/// Bytes of a trigger's file.
const MAX_FILE: u64 = 1 << 20;
/// The longest name of a trigger.
const MAX_NAME: usize = 63;
/// How long files must have stayed the same, unless a trigger says otherwise.
const SETTLE: Duration = Duration::from_secs(2);

/// A trigger.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    /// Its name, unique in the server: letters, digits, `-` and `_`.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Where it and its pipeline are from.
    pub home: Home,
    /// What starts a run.
    pub on: On,
    /// Values of parameters, with placeholders in texts.
    pub parameters: BTreeMap<String, Value>,
    /// Input artifacts, paths and URIs with placeholders in them.
    pub inputs: Vec<(String, String)>,
    /// The name of the experiment of its runs; the default one if not given.
    pub experiment: Option<String>,
    /// Runs of it that may be unfinished at the same time.
    pub max_concurrency: i64,
    /// Priority of its runs.
    pub priority: i64,
    /// Executes every step, whatever earlier runs gave.
    pub no_cache: bool,
}

/// Where a trigger and its pipeline are from.
#[derive(Debug, Clone)]
pub(crate) enum Home {
    /// A file of this host, with that of its pipeline.
    File { file: PathBuf, pipeline: PathBuf },
    /// The page, with the id of an uploaded pipeline, whose newest version it starts.
    Page { pipeline: String },
}

/// What starts a run.
#[derive(Debug, Clone)]
pub(crate) enum On {
    /// Files of a folder appear, or their content changes.
    Files {
        /// The folder.
        folder: PathBuf,
        /// Which files count, by their path in the folder.
        matching: Option<glob::Pattern>,
        /// How long they must have stayed the same.
        settle: Duration,
    },
    /// A run gives an artifact that was not there before.
    Artifact(ArtifactMatch),
    /// Someone who knows a secret asks for it.
    Webhook {
        /// What its senders know.
        secret: Secret,
        /// How requests are signed.
        scheme: Scheme,
    },
}

/// The secret of a webhook.
#[derive(Clone)]
pub(crate) enum Secret {
    /// `NAME/KEY` of the folder of secrets, or the name of a variable of the server's environment.
    Named(String),
    /// The secret itself, which the server made.
    Made(String),
}

impl std::fmt::Debug for Secret {
    /// A secret is not told.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => write!(f, "Named({name:?})"),
            Self::Made(_) => f.write_str("Made(..)"),
        }
    }
}

/// Which artifacts start a run. What is not given matches all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ArtifactMatch {
    /// The pipeline whose run gave it.
    pub pipeline: Option<String>,
    /// The output, as `step.output`.
    pub output: Option<String>,
    /// Its type, as `system.Model`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its name for people.
    pub name: Option<String>,
    /// Its metadata properties that must have these values.
    #[serde(default)]
    pub properties: BTreeMap<String, Value>,
}

/// How the requests of a webhook are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scheme {
    /// By the specification Standard Webhooks, 1.0.
    #[default]
    Standard,
    /// As GitHub does: `X-Hub-Signature-256` and `X-GitHub-Delivery`.
    Github,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    name: Option<String>,
    #[serde(default)]
    description: String,
    pipeline: PathBuf,
    on: WrittenOn,
    #[serde(default)]
    with: BTreeMap<String, Value>,
    #[serde(default)]
    inputs: BTreeMap<String, OneOrMore>,
    experiment: Option<String>,
    max_concurrency: Option<i64>,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    no_cache: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenOn {
    Files(WrittenFiles),
    Artifact(ArtifactMatch),
    Webhook(WrittenWebhook),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFiles {
    folder: PathBuf,
    #[serde(rename = "match")]
    matching: Option<String>,
    settle: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWebhook {
    secret: String,
    #[serde(default)]
    scheme: Scheme,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Reads the triggers at these paths: files, and folders with files that end in `.trigger.yaml`.
///
/// # Errors
/// A file that cannot be read or is no trigger, or two triggers of one name. The message names the file.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Definition>> {
    let mut found = Vec::new();
    for file in files(paths)? {
        found.push(read(&file)?);
    }
    let mut names = BTreeSet::new();
    match found.iter().find(|one| !names.insert(&one.name)) {
        None => Ok(found),
        Some(twice) => {
            let file = match &twice.home {
                Home::File { file, .. } => file.display().to_string(),
                Home::Page { .. } => String::new(),
            };
            Err(Error::invalid(format!("{file}: there is another trigger `{}`; give one a `name`", twice.name)))
        }
    }
}

/// The files of triggers, each with what tells whether it was changed.
pub(crate) fn stamps(paths: &[PathBuf]) -> Vec<(PathBuf, Option<(u64, SystemTime)>)> {
    let stamp = |path: &Path| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.len(), found.modified().ok()?))
    };
    files(paths)
        .unwrap_or_default()
        .into_iter()
        .map(|file| {
            let stamp = stamp(&file);
            (file, stamp)
        })
        .collect()
}

fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |error| Error::invalid(format!("{}: the folder cannot be read: {error}", path.display()));
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let is_one = entry.file_name().to_str().is_some_and(|name| ENDINGS.iter().any(|end| name.ends_with(end)));
            if is_one {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn read(file: &Path) -> Result<Definition> {
    let wrong = |why: String| Error::invalid(format!("{}: {why}", file.display()));
    let length = std::fs::metadata(file).map_err(|error| wrong(format!("the trigger cannot be read: {error}")))?.len();
    if length > MAX_FILE {
        return Err(wrong(format!("a trigger has at most {MAX_FILE} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("the trigger cannot be read: {error}")))?;
    let document = match weft::documents(&text).map_err(|error| wrong(Error::from(error).message))?.as_slice() {
        [one] => one.clone(),
        all => return Err(wrong(format!("a trigger is one document of YAML, and these are {}", all.len()))),
    };
    let written: Written = serde_json::from_value(document).map_err(|error| wrong(error.to_string()))?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let pipeline = folder.join(&written.pipeline);
    if !pipeline.is_file() {
        return Err(wrong(format!(
            "there is no pipeline `{}`; the path begins in the trigger's folder",
            pipeline.display()
        )));
    }
    let home = Home::File { file: file.to_owned(), pipeline };
    let within = |folder_of: &Path| Ok(folder.join(folder_of));
    definition(written, || stem(file), home, &within, Secret::Named).map_err(wrong)
}

/// What a trigger gives to the inputs of a pipeline that was uploaded: nothing else of this host can be named on the page.
const GIVEN: [&str; 3] = ["[[File]]", "[[Files]]", "[[ArtifactUri]]"];

/// Reads a trigger that was made on the page: written as a file is, but `pipeline` is the id of one that was uploaded, `folder` begins with
/// the name of one of the folders that may be watched, and the secret of a webhook is the secret itself.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn of_page(document: Value, watched: &[PathBuf]) -> Result<Definition, String> {
    let written: Written = serde_json::from_value(document).map_err(|error| error.to_string())?;
    let given = |inputs: &OneOrMore| match inputs {
        OneOrMore::One(text) => GIVEN.contains(&text.as_str()),
        OneOrMore::More(_) => false,
    };
    if let Some((name, _)) = written.inputs.iter().find(|(_, inputs)| !given(inputs)) {
        return Err(format!(
            "the input `{name}` can be given {} here",
            GIVEN.map(|text| format!("`{text}`")).join(", ")
        ));
    }
    let home = Home::Page { pipeline: written.pipeline.display().to_string() };
    let within = |folder: &Path| {
        let mut parts = folder.components();
        let first = parts.next().map(|part| part.as_os_str().to_owned()).unwrap_or_default();
        let base = watched.iter().find(|base| base.file_name() == Some(&first));
        let base =
            base.ok_or_else(|| format!("`{}` is in no folder that `weft serve --watch` names", folder.display()))?;
        if parts.clone().any(|part| !matches!(part, std::path::Component::Normal(_))) {
            return Err(format!("`{}` is no path inside of the folder", folder.display()));
        }
        Ok(base.join(parts.as_path()))
    };
    definition(written, String::new, home, &within, Secret::Made)
}

/// A trigger as it is written, checked.
fn definition(
    written: Written,
    unnamed: impl FnOnce() -> String,
    home: Home,
    within: &dyn Fn(&Path) -> Result<PathBuf, String>,
    secret: fn(String) -> Secret,
) -> Result<Definition, String> {
    let name = written.name.unwrap_or_else(unnamed);
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    {
        return Err(format!(
            "the name `{name}` is not one of a trigger: 1 to {MAX_NAME} letters, digits, `-` and `_`; give it by `name`"
        ));
    }
    let max_concurrency = written.max_concurrency.unwrap_or(1);
    if max_concurrency < 1 {
        return Err(format!("`max-concurrency` is {max_concurrency}; it is at least 1"));
    }
    let inputs = written.inputs.into_iter().flat_map(|(name, given)| {
        let all = match given {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        };
        all.into_iter().map(move |text| (name.clone(), text))
    });
    Ok(Definition {
        description: written.description,
        on: on(written.on, within, secret)?,
        home,
        parameters: written.with,
        inputs: inputs.collect(),
        experiment: written.experiment,
        max_concurrency,
        priority: written.priority,
        no_cache: written.no_cache,
        name,
    })
}

fn on(
    written: WrittenOn,
    within: &dyn Fn(&Path) -> Result<PathBuf, String>,
    named: fn(String) -> Secret,
) -> Result<On, String> {
    Ok(match written {
        WrittenOn::Files(WrittenFiles { folder, matching, settle }) => {
            let pattern = |text: String| {
                glob::Pattern::new(&text).map_err(|error| format!("`match: {text}` is no pattern: {error}"))
            };
            let settle =
                settle.map(|text| parse_duration(&text).map_err(|why| format!("`settle`: {why}"))).transpose()?;
            On::Files {
                folder: within(&folder)?,
                matching: matching.map(pattern).transpose()?,
                settle: settle.unwrap_or(SETTLE),
            }
        }
        WrittenOn::Artifact(wanted) => {
            if wanted.output.as_ref().is_some_and(|output| !output.contains('.')) {
                return Err("`output` is written `step.output`".to_owned());
            }
            On::Artifact(wanted)
        }
        WrittenOn::Webhook(WrittenWebhook { secret, scheme }) => On::Webhook { secret: named(secret), scheme },
    })
}

/// `retrain` of `retrain.trigger.yaml`.
fn stem(file: &Path) -> String {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let whole = ENDINGS.iter().find_map(|end| name.strip_suffix(end));
    whole.or_else(|| name.rsplit_once('.').map(|(stem, _)| stem)).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p.yaml"), "name: p\nsteps: {}\n").unwrap();
        std::fs::write(folder.path().join("t.trigger.yaml"), text).unwrap();
        let root = folder.path().display().to_string();
        match read_all(&[folder.path().to_owned()]) {
            Ok(found) => format!("{} triggers", found.len()),
            Err(error) => error.message.replace(&root, "."),
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_the_file() {
        assert_eq!(problem("pipeline: p.yaml\non: { files: { folder: in } }\n"), "1 triggers");
        for (text, told) in [
            ("on: { files: { folder: in } }\n", "./t.trigger.yaml: missing field `pipeline`"),
            ("pipeline: p.yaml\non: { fils: {} }\n", "./t.trigger.yaml: unknown variant `fils`"),
            ("pipeline: p.yaml\non: { files: { foldr: in } }\n", "./t.trigger.yaml: unknown field `foldr`"),
            ("pipeline: q.yaml\non: { artifact: {} }\n", "./t.trigger.yaml: there is no pipeline `./q.yaml`"),
            ("pipeline: p.yaml\non: { artifact: { output: x } }\n", "./t.trigger.yaml: `output` is written"),
            ("pipeline: p.yaml\nname: a b\non: { artifact: {} }\n", "./t.trigger.yaml: the name `a b` is not"),
            (
                "pipeline: p.yaml\nmax-concurrency: 0\non: { artifact: {} }\n",
                "./t.trigger.yaml: `max-concurrency` is 0",
            ),
            ("pipeline: p.yaml\non: { files: { folder: in, settle: soon } }\n", "./t.trigger.yaml: `settle`: "),
            (
                "pipeline: p.yaml\non: { files: { folder: in, match: '[' } }\n",
                "./t.trigger.yaml: `match: [` is no pattern",
            ),
        ] {
            let found = problem(text);
            assert!(found.starts_with(told), "{found}");
        }
    }

    #[test]
    fn one_that_is_made_on_the_page_names_nothing_of_the_host_but_what_may_be_watched() {
        let watched = [PathBuf::from("/data/incoming")];
        let read = |on: Value, inputs: Value| {
            let document = serde_json::json!({"name": "t", "pipeline": "an-id", "on": on, "inputs": inputs});
            of_page(document, &watched).map(|definition| definition.on)
        };
        let files = |folder: &str| serde_json::json!({"files": {"folder": folder}});
        let none = || serde_json::json!({});
        for (folder, path) in [("incoming", "/data/incoming"), ("incoming/a/b", "/data/incoming/a/b")] {
            match read(files(folder), serde_json::json!({"table": "[[File]]"})) {
                Ok(On::Files { folder, .. }) => assert_eq!(folder, Path::new(path)),
                other => panic!("{other:?}"),
            }
        }
        for folder in ["other", "/data/incoming", "../incoming", "incoming/../../etc", "", "."] {
            let told = read(files(folder), none()).unwrap_err();
            assert!(told.contains("is in no folder") || told.contains("is no path inside"), "{folder}: {told}");
        }
        for input in ["/etc/passwd", "[[Body.path]]", "in/[[File]]"] {
            let told = read(files("incoming"), serde_json::json!({"table": input})).unwrap_err();
            assert!(told.starts_with("the input `table` can be given `[[File]]`"), "{told}");
        }
        let webhook = read(serde_json::json!({"webhook": {"secret": "whsec_x"}}), none()).unwrap();
        assert!(matches!(&webhook, On::Webhook { secret: Secret::Made(_), .. }));
        assert!(!format!("{webhook:?}").contains("whsec"), "{webhook:?}");
    }
}
