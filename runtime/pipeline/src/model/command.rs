//! Commands: what KFP runs in containers runs here as programs for WASI in the sandbox.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::step::Limits;

/// A container of KFP. Its texts may hold KFP's placeholders, among them the structures `{"Concat": [..]}` and
/// `{"IfPresent": {..}}` as JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CommandStep {
    /// The image as written. It tells the program if it names a file; else only what is recorded.
    pub image: String,
    /// The command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// What follows the command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment variables, which may refer to others as `$(NAME)`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, String>,
    /// Directories that are there, empty, when it starts: absolute paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<String>,
    /// What it may use, where its task says nothing else.
    #[serde(default)]
    pub limits: Limits,
    /// Who runs it. Filled in when linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
}

/// Who runs a command, and how it is called there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Path of the command component; relative ones are resolved against the pipeline file's folder. Empty for a program of the host.
    pub path: String,
    /// `blake3:<hex>` of its binary; for a program of the host, what it is: `host-python:<version>`.
    pub digest: String,
    /// What it is called with, its own name first. May hold placeholders.
    pub argv: Vec<String>,
    /// Wheels that it needs, vendored ahead: paths and digests of the files.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub packages: IndexMap<String, String>,
}

/// What is done with a volume: a directory in the runtime's state that tasks can mount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Makes or removes it.
    pub action: VolumeAction,
}

/// Which of KFP's two components for volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeAction {
    /// `createpvc`: inputs `pvc_name` or `pvc_name_suffix`; output `name`.
    Create,
    /// `deletepvc`: input `pvc_name`.
    Delete,
}
