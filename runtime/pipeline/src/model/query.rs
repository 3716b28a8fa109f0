//! Queries for artifacts of earlier runs, as TFX's resolvers make them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::ArtifactType;

/// A resolver with a query for each of its outputs. An output is the latest artifact of the pipeline's earlier runs that its query holds for,
/// and absent if there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Resolver {
    /// Queries by output.
    pub queries: IndexMap<String, ArtifactQuery>,
}

/// What an artifact must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactQuery {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// Metadata properties that it has, with these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
    /// Where it is named: it is the one that is meant there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Naming>,
}

/// A property of an input artifact that names another artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    /// The input.
    pub input: String,
    /// The property.
    pub property: String,
}
