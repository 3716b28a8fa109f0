//! What the library is given of the machine that it runs on. It never looks for any of it itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::policy::PolicyFile;
use crate::registry::Registry;
use crate::remote::Remote;
use crate::science;

pub use weft_sandbox::StepLimits;

/// The machine, as far as runs may use it. Plain data: the program that embeds the library decides.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// Folder for compiled components and virtual environments, which must belong to this user alone: what lies there is
    /// loaded as machine code. Without one, components are compiled in each process.
    pub cache: Option<PathBuf>,
    /// Folders that are searched, in this order, for `python.wasm`, `shell.wasm` and the executor with the scientific stack, which run the
    /// containers of KFP's pipelines. The last is where that one is installed if the others cannot be written to.
    pub executors: Vec<PathBuf>,
    /// Folders that are searched, in this order, for pre-built components, which pipelines name as `weft:NAME`.
    pub components: Vec<PathBuf>,
    /// Folder of vendored packages; that of the store if none is named.
    pub packages: Option<PathBuf>,
    /// How registries are reached. Without it, pipelines that name components in registries are refused.
    pub registry: Option<Registry>,
    /// How importers reach what is elsewhere, and a store the bucket that keeps its artifacts. Without it, nothing is fetched.
    pub remote: Option<Remote>,
    /// The bucket that is to keep the store's artifacts, `s3://BUCKET/PREFIX`; without one, that which the store was given before, if any.
    pub artifacts: Option<String>,
    /// Environment variables that pipelines may grant to their steps, by name.
    pub variables: BTreeMap<String, String>,
    /// Folder of the secrets and config maps that pipelines may grant to their steps: a folder for each, in it a file for each key.
    /// For variables that it has no value for, `variables` are looked at.
    pub secrets: Option<PathBuf>,
    /// Limits of steps that name none.
    pub limits: StepLimits,
    /// What pipelines may ask for; without one, anything.
    pub policy: Option<Arc<PolicyFile>>,
    /// Runs steps without the second wall around them, the system's; see [`crate::second_wall`].
    pub unconfined: bool,
    /// Runs what was compiled ahead for no machine in particular, which is interpreted; in builds that do so.
    pub interpreted: bool,
}

impl Host {
    /// The component that runs containers of one sort: `python`, `science`, `boosting` or `shell`. Where it should be, if there is none.
    pub(crate) fn executor_file(&self, name: &str) -> PathBuf {
        let mut file = PathBuf::from(format!("{name}.wasm"));
        if let Some(stack) = science::stack(name) {
            file = PathBuf::from(science::folder_name(stack)).join(file);
        }
        let found = self.executors.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
        found.unwrap_or_else(|| self.executors.first().map_or_else(|| PathBuf::from(&file), |first| first.join(&file)))
    }
}
