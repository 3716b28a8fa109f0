//! Commands: programs that KFP runs in containers, and this runtime as WASI programs in the sandbox.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::step::Limits;

/// A container of KFP. Its texts may hold KFP's placeholders, including the structures `{"Concat": [..]}` and
/// `{"IfPresent": {..}}` as JSON text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CommandStep {
    /// The image as written. If it names a component file, that is run; otherwise it is only recorded.
    pub image: String,
    /// The command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The arguments, which follow the command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment variables, in order. They may refer to others as `$(NAME)`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub env: IndexMap<String, String>,
    /// Absolute paths of empty directories that exist when it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<String>,
    /// Limits, used where its task has none.
    #[serde(default)]
    pub limits: Limits,
    /// The bytes of memory that it may use as text, where a parameter decides that: a placeholder of an input of its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<String>,
    /// Who runs it. Filled in when linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
}

/// The executor of a command: what runs it, and with which arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Path of the executor's component. Relative paths are resolved against the pipeline file's folder. Empty for a
    /// program of the host.
    pub path: String,
    /// `blake3:<hex>` of its binary; for a program of the host `host-python:<version>`.
    pub digest: String,
    /// Arguments, the program's own name first. They may hold placeholders.
    pub argv: Vec<String>,
    /// Vendored wheels that it needs: digests of the files by path.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub packages: IndexMap<String, String>,
    /// The program that it calls by the name of `python3`, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<CalledProgram>,
}

/// A program that another one calls: a component that is a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalledProgram {
    /// Path of the component. Relative paths are resolved against the pipeline file's folder.
    pub path: String,
    /// `blake3:<hex>` of its binary.
    pub digest: String,
}

/// Creates or deletes a volume: a persistent directory that tasks can mount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// What is done.
    pub action: VolumeAction,
}

/// The action of KFP's two components for volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeAction {
    /// `createpvc`: inputs `pvc_name` or `pvc_name_suffix`; output `name`.
    Create,
    /// `deletepvc`: input `pvc_name`.
    Delete,
}
