//! Policies: what an operator lets pipelines ask for, held against them before a run.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use weft_metadata::RecordedSpec;
use weft_pipeline::access::{Access, Work, access};
use weft_pipeline::command::uri;
use weft_pipeline::executor::is_registry_reference;
use weft_pipeline::input_artifacts::InputArtifacts;
use weft_pipeline::model::{Location, Pipeline};
use weft_pipeline::policy::{Host as PolicyHost, Policy, violations};
use weft_pipeline::step::{Grants, Limits};
use weft_provenance::PublicKey;

use crate::error::{Error, Result};
use crate::finding::{self, Finding, Source};
use crate::host::StepLimits;
use crate::prebuilt;
use crate::prepare::Linker;
use crate::read::{read_source, refused};
use crate::recorded::recorded_folder;
use crate::registry;

/// What stands behind the name of a component's file for its signature.
const SIGNATURE: &str = "sig";
/// More bytes than a signature has.
const MAX_SIGNATURE: u64 = 4096;

/// A policy that was read from a file.
pub struct PolicyFile {
    source: Arc<Source>,
    policy: Policy,
    /// The folder at which its paths begin. Absolute.
    folder: PathBuf,
    signers: Vec<PublicKey>,
}

impl fmt::Debug for PolicyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyFile({})", self.source.shown)
    }
}

/// Reads a policy, and the public keys that it names.
///
/// # Errors
/// [`Error::Pipeline`] with everything that is wrong with how it is written, or a key cannot be read.
pub fn read_policy(path: &Path) -> Result<PolicyFile> {
    let source = read_source(path)?;
    let policy = Policy::read(&source.text).map_err(|problems| refused(&source, problems))?;
    let absolute = std::path::absolute(path).map_err(|cause| Error::io("find", path, cause))?;
    let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
    let key = |file: &String| {
        let file = folder.join(file);
        let text = std::fs::read_to_string(&file).map_err(|cause| Error::io("read the key", &file, cause))?;
        PublicKey::from_pem(&text).map_err(Error::from)
    };
    let signers = policy.signers().unwrap_or_default().iter().map(key).collect::<Result<_>>()?;
    Ok(PolicyFile { source, policy, folder, signers })
}

impl PolicyFile {
    /// Limits of steps that name none: these, or the policy's where those are lower.
    pub(crate) fn bounded(&self, limits: StepLimits) -> StepLimits {
        let own = Limits { memory: Some(limits.memory), time: Some(limits.time), output: Some(limits.output) };
        let bounded = self.policy.bounded(&own);
        StepLimits {
            memory: bounded.memory.unwrap_or(limits.memory),
            time: bounded.time.unwrap_or(limits.time),
            output: bounded.output.unwrap_or(limits.output),
        }
    }

    /// Whether an importer may fetch what is at a URI elsewhere.
    pub(crate) fn allows_fetch(&self, uri: &str) -> bool {
        self.policy.allows_fetch(uri)
    }

    /// Whether one of the signers has signed the component in a file, which has this digest.
    fn has_signed(&self, file: &Path, digest: &str) -> bool {
        let mut beside = file.as_os_str().to_owned();
        beside.push(format!(".{SIGNATURE}"));
        let small = std::fs::metadata(&beside).is_ok_and(|metadata| metadata.len() <= MAX_SIGNATURE);
        let Some(signature) = std::fs::read(&beside).ok().filter(|_| small) else { return false };
        // What is signed is what runs, not what has come to lie there since.
        let is_it = |bytes: &Vec<u8>| weft_sandbox::digest_of(bytes) == digest;
        let Some(bytes) = std::fs::read(file).ok().filter(is_it) else { return false };
        self.signers.iter().any(|key| key.has_signed(&bytes, &signature))
    }
}

impl Linker {
    /// What a pipeline asks for beyond the host's policy, if there is one: findings in the policy's file. `folder` is where its paths begin.
    pub(crate) fn beyond_policy(
        &self,
        pipeline: &Pipeline,
        parameters: &BTreeMap<String, Value>,
        artifacts: &InputArtifacts,
        folder: &Path,
    ) -> Vec<Finding> {
        let Some(file) = &self.host.policy else { return Vec::new() };
        let nothing = Grants::default();
        let mut tasks = access(pipeline, parameters);
        // What the run is given is imported as well.
        let given = artifacts.iter().flat_map(|(name, all)| all.iter().map(move |one| (name, &one.uri)));
        tasks.extend(given.map(|(name, uri)| Access {
            task: name.clone(),
            at: Location::default(),
            work: Work::Import(Some(uri.clone())),
            grants: &nothing,
            secrets: Vec::new(),
            volumes: Vec::new(),
            limits: Limits::default(),
        }));
        // What the store has by a URI is no file of this machine.
        let is_here = |source: &str| weft_engine::is_uri(source) && !uri::is_fetchable(source);
        tasks.retain(|task| !matches!(&task.work, Work::Import(Some(source)) if is_here(source)));
        let host = PolicyHost {
            policy_path: &|path| resolved(&file.folder, path),
            pipeline_path: &|path| resolved(folder, &weft_engine::local_path(path)),
            is_signed: &|path, digest| {
                if is_registry_reference(path) {
                    registry::has_signed(&self.host, folder, path, digest, &file.signers)
                } else {
                    file.has_signed(&prebuilt::locate(&self.host, folder, path), digest)
                }
            },
        };
        finding::all(&file.source, violations(&file.policy, &tasks, &host)).collect()
    }

    /// Refuses a pipeline that asks for more than the host's policy allows.
    pub(crate) fn admit(
        &self,
        pipeline: &Pipeline,
        parameters: &BTreeMap<String, Value>,
        artifacts: &InputArtifacts,
        folder: &Path,
    ) -> Result<()> {
        let findings = self.beyond_policy(pipeline, parameters, artifacts, folder);
        if findings.is_empty() { Ok(()) } else { Err(Error::Pipeline(findings)) }
    }

    /// Refuses a recorded pipeline likewise, for what goes on with it.
    pub(crate) fn admit_recorded(
        &self,
        pipeline: &Pipeline,
        spec: &RecordedSpec,
        parameters: &BTreeMap<String, Value>,
    ) -> Result<()> {
        // The record of a long run takes a while to read.
        if self.host.policy.is_none() {
            return Ok(());
        }
        let folder = recorded_folder(spec).unwrap_or_else(|| "/".into());
        self.admit(pipeline, parameters, &InputArtifacts::new(), &folder)
    }
}

/// An absolute path with symbolic links followed as far as there is something, and with no `..` left.
fn resolved(folder: &Path, path: &str) -> PathBuf {
    let whole = folder.join(path);
    let mut found = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = found.pop(),
            part => {
                found.push(part);
                if let Ok(real) = found.canonicalize() {
                    found = real;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_are_followed_before_two_dots() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::os::unix::fs::symlink("a/b", root.join("link")).unwrap();
        assert_eq!(resolved(&root, "link/../x"), root.join("a/x"));
        assert_eq!(resolved(&root, "./a/../new/./file"), root.join("new/file"));
        assert_eq!(resolved(&root, "../../../../../../../../../../x"), Path::new("/x"));
        assert_eq!(resolved(&root, "/etc/../x"), Path::new("/x"));
    }
}
