//! Deploying: from what a user names to a version that can be started, which the store remembers.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use weft_artifacts::ContentId;
use weft_metadata::control::{NewModelVersion, Rollout, ServingSettings};
use weft_pipeline::step::{Artifact, FailureKind, StepFailure};
use weft_pipeline::types::ArtifactType;
use weft_sandbox::{ModelDescription, ModelToServe, Sandbox, StepLimits};

use super::pool::{Pool, PoolSettings};
use crate::components;
use crate::error::{Error, Result};
use crate::run::Weft;
use crate::run_id::now_ms;

/// The component that serves models of which nothing else is said.
const COMPONENT: &str = "weft:onnx";
/// Memory of an instance, if nothing else is said.
const MEMORY: u64 = 1 << 30;
/// Time of an answer, if nothing else is said.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long a model may take to be loaded.
const LOAD_WITHIN: Duration = Duration::from_mins(2);
/// Rows of several requests that are answered by one call, if nothing else is said.
const ROWS: u32 = 256;
/// Letters of a deployment's name.
const MOST_NAME: usize = 63;
/// Instances of a version.
const MOST_INSTANCES: u32 = 64;
/// The largest percentage.
pub const MAX_PERCENT: u8 = 100;

/// Where a model or a transform graph comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServedSource {
    /// A file or a folder. Of a folder with a folder for each version, as `weft:pusher` makes it, the highest version is meant.
    Path(PathBuf),
    /// An artifact of the store, by what a user calls it.
    Artifact(String),
    /// Content of the store.
    Content(ContentId),
}

impl ServedSource {
    /// A path if there is one of this name, else an artifact.
    #[must_use]
    pub fn named(text: &str) -> Self {
        if Path::new(text).exists() { Self::Path(text.into()) } else { Self::Artifact(text.to_owned()) }
    }
}

/// What a version is made of.
#[derive(Debug, Clone)]
pub struct DeployFrom {
    /// The model.
    pub model: ServedSource,
    /// The transform graph that runs in front of it.
    pub transform: Option<ServedSource>,
    /// The component that runs it, a file or a pre-built one; `weft:onnx` if it is left out.
    pub component: Option<String>,
    /// What the record calls the source, if that is not what it says itself.
    pub source: Option<String>,
    /// How it is served.
    pub settings: ServingSettings,
}

/// What is deployed.
#[derive(Debug, Clone)]
pub struct NewDeployment {
    /// The version, with its content in the store.
    pub version: NewModelVersion,
    /// The number that it has elsewhere, such as in the folder of a pusher.
    pub wanted: Option<u64>,
    _kept: Arc<weft_artifacts::LockGuard>,
}

impl Weft {
    /// Brings a model and what belongs to it into the store.
    ///
    /// # Errors
    /// The name is none, something is not there, or the component is none that answers requests.
    pub fn prepare_deployment(&self, name: &str, from: &DeployFrom) -> Result<NewDeployment> {
        check_name(name)?;
        check_settings(&from.settings)?;
        let kept = Arc::new(self.store().artifacts.lock_shared()?);
        let model = self.bring(&from.model)?;
        let transform = from.transform.as_ref().map(|source| self.bring(source)).transpose()?;
        let written = from.component.as_deref().unwrap_or(COMPONENT);
        let component = components::load_one(&self.linker().sandbox, self.linker().host(), Path::new(written))?;
        if !component.is_server() {
            return Err(Error::advised(
                format!("`{written}` answers no requests: it does not export `weft:serving/server`"),
                "leave `--component` out for ONNX, XGBoost and LightGBM; docs/serving.md tells how to write one",
            ));
        }
        self.import_component(&self.linker().file_of(Path::new(written)), component.digest(), written)?;
        let version = NewModelVersion {
            model: model.content,
            transform: transform.map(|graph| graph.content),
            component: component.digest().to_owned(),
            source: from.source.clone().unwrap_or(model.name),
            artifact: model.artifact,
            settings: from.settings.clone(),
        };
        Ok(NewDeployment { version, wanted: model.version, _kept: kept })
    }

    /// Starts a pool of a version, with its first instance.
    ///
    /// # Errors
    /// The model cannot be served, with the reason.
    pub fn start_pool(&self, name: &str, version: &NewModelVersion, instances: usize) -> Result<Pool> {
        let settings = PoolSettings {
            instances: version.settings.instances.map_or(instances, |instances| instances as usize),
            rows: version.settings.batch.unwrap_or(ROWS).into(),
        };
        self.bring_model(version)?;
        let (sandbox, what) = (Arc::clone(&self.linker().sandbox), self.to_serve(name, version));
        Pool::start(settings, move || sandbox.serve(&what)).map_err(|failure| not_served(name, &failure))
    }

    /// Deploys a version without a server: it is started once to see that it can be, and recorded. Gives its number, and what it takes and gives.
    ///
    /// # Errors
    /// The model cannot be served, or the store cannot be written to.
    pub fn deploy(&self, name: &str, new: &NewDeployment, rollout: Rollout) -> Result<(u64, ModelDescription)> {
        let sandbox: &Sandbox = &self.linker().sandbox;
        self.bring_model(&new.version)?;
        let what = self.to_serve(name, &new.version);
        let served = sandbox.serve(&what).map_err(|failure| not_served(name, &failure))?;
        let number = self.record_deployment(name, new, rollout)?;
        Ok((number, served.description().clone()))
    }

    /// Records a version that was started. Gives its number.
    ///
    /// # Errors
    /// The store cannot be written to.
    pub fn record_deployment(&self, name: &str, new: &NewDeployment, rollout: Rollout) -> Result<u64> {
        let ids = content_of(&new.version);
        if let Err(error) = self.store().artifacts.keep(&ids, &mut |_, _| ControlFlow::Continue(())) {
            // The store remembers, and the next run tries again.
            tracing::warn!(%error, "the model is only here yet");
        }
        let metadata = &self.store().metadata;
        Ok(metadata.transaction(|tx| tx.deploy(name, new.wanted, &new.version, rollout, now_ms()))?)
    }

    /// Has all that a version needs in the store's folder: where it is served, no network is reached.
    fn bring_model(&self, version: &NewModelVersion) -> Result<()> {
        Ok(self.store().artifacts.bring(&content_of(version), &mut |_, _| ControlFlow::Continue(()))?)
    }

    fn to_serve(&self, name: &str, version: &NewModelVersion) -> ModelToServe {
        let artifact = |uri: &String, kind: &str| Artifact {
            id: None,
            kind: ArtifactType(kind.into()),
            uri: uri.clone(),
            name: None,
            properties: std::collections::BTreeMap::new(),
        };
        let host = self.linker().host().limits;
        let settings = &version.settings;
        ModelToServe {
            name: name.to_owned(),
            component: version.component.clone(),
            model: artifact(&version.model, "system.Model"),
            transform: version.transform.as_ref().map(|graph| artifact(graph, "tfx.TransformGraph")),
            features: settings.features.clone(),
            limits: StepLimits {
                memory: settings.memory.unwrap_or(MEMORY.min(host.memory)),
                time: settings.time_ms.map_or(ANSWER_WITHIN, Duration::from_millis),
                ..host
            },
            load_within: LOAD_WITHIN,
        }
    }

    /// Content of the store, with what is known of it.
    fn bring(&self, source: &ServedSource) -> Result<Brought> {
        let store = self.store();
        match source {
            ServedSource::Path(path) => {
                let (path, version) = pushed(path)?;
                let content = store.artifacts.import(&path, &mut |_| ControlFlow::Continue(()))?;
                let name = path.display().to_string();
                Ok(Brought { content: content.to_string(), name, artifact: None, version })
            }
            ServedSource::Artifact(selector) => {
                let record = store.artifact(selector)?;
                // So that what is damaged is told now.
                drop(store.content(&record)?);
                let version =
                    record.artifact.properties.get("pushed_version").and_then(|version| version.as_str()?.parse().ok());
                Ok(Brought {
                    content: record.artifact.uri.clone(),
                    name: selector.clone(),
                    artifact: record.artifact.id,
                    version,
                })
            }
            ServedSource::Content(id) => {
                if !store.artifacts.contains(id)? {
                    return Err(Error::request(format!("the store has no content `{id}`")));
                }
                Ok(Brought { content: id.to_string(), name: id.to_string(), artifact: None, version: None })
            }
        }
    }
}

struct Brought {
    content: String,
    name: String,
    artifact: Option<i64>,
    version: Option<u64>,
}

/// The content that a version is made of.
fn content_of(NewModelVersion { model, transform, component, .. }: &NewModelVersion) -> Vec<ContentId> {
    let digests = [Some(model), transform.as_ref(), Some(component)].into_iter().flatten();
    digests.filter_map(|digest| digest.parse().ok()).collect()
}

/// The folder of the highest version, if a folder holds versions as `weft:pusher` leaves them; else the path itself.
fn pushed(path: &Path) -> Result<(PathBuf, Option<u64>)> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u64>().ok();
    if !path.is_dir() {
        return Ok((path.to_owned(), None));
    }
    let mut highest = None;
    for entry in std::fs::read_dir(path).map_err(|source| Error::io("read", path, source))? {
        let entry = entry.map_err(|source| Error::io("read", path, source))?.path();
        if let Some(version) = number(&entry).filter(|_| entry.is_dir()) {
            highest = highest.max(Some((version, entry)));
        }
    }
    Ok(match highest {
        Some((version, folder)) => (folder, Some(version)),
        None => (path.to_owned(), number(path)),
    })
}

fn check_name(name: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty()
        || name.len() > MOST_NAME
        || !name.bytes().all(is_plain)
        || !name.as_bytes()[0].is_ascii_alphanumeric()
    {
        return Err(Error::advised(
            format!("`{}` is no name of a deployment", name.chars().take(80).collect::<String>()),
            format!("it has at most {MOST_NAME} letters, digits, `-`, `_` and `.`, and begins with a letter or digit"),
        ));
    }
    Ok(())
}

fn check_settings(settings: &ServingSettings) -> Result<()> {
    let positive = |what: &str, value: Option<u64>, most: u64| match value {
        Some(value) if !(1..=most).contains(&value) => Err(Error::request(format!("{what} must be from 1 to {most}"))),
        _ => Ok(()),
    };
    positive("the memory of an instance", settings.memory, 4 << 30)?;
    positive("the milliseconds of an answer", settings.time_ms, 3_600_000)?;
    positive("the number of instances", settings.instances.map(Into::into), MOST_INSTANCES.into())?;
    positive("the rows that are answered at once", settings.batch.map(Into::into), 1 << 20)?;
    if settings.log_percent.is_some_and(|percent| percent > MAX_PERCENT) {
        return Err(Error::request("the share of requests that are logged is at most 100 percent"));
    }
    Ok(())
}

fn not_served(name: &str, failure: &StepFailure) -> Error {
    let hint = match failure.kind {
        FailureKind::LimitReached => Some("raise `--memory` or `--time`".to_owned()),
        _ => failure.hint.clone(),
    };
    Error::Request { message: format!("`{name}` cannot be served: {}", failure.message), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_folder_with_versions_the_highest_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(pushed(folder.path()).unwrap(), (folder.path().to_owned(), None));
        for name in ["9", "10", ".11.partial", "notes"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        std::fs::write(at("12"), "a file").unwrap();
        assert_eq!(pushed(folder.path()).unwrap(), (at("10"), Some(10)));
        assert_eq!(pushed(&at("9")).unwrap(), (at("9"), Some(9)));
        assert_eq!(pushed(&at("12")).unwrap(), (at("12"), None));
    }

    #[test]
    fn names_are_plain() {
        assert!(["a", "penguins-2.x_y", "7"].iter().all(|name| check_name(name).is_ok()));
        assert!(["", "-a", ".a", "a/b", "a b", "ä", &"a".repeat(64)].iter().all(|name| check_name(name).is_err()));
        let settings = ServingSettings { instances: Some(0), ..ServingSettings::default() };
        assert_eq!(check_settings(&settings).unwrap_err().to_string(), "the number of instances must be from 1 to 64");
    }
}
