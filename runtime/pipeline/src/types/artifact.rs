//! Artifact types: their schema titles, and which of them an input accepts.

use std::fmt;

use super::{ArtifactType, BUILTIN_KINDS, PortType, known};
use crate::suggest;

/// The title of the kind that accepts every artifact.
const ANY: &str = "system.Artifact";

impl ArtifactType {
    /// The type of a resource in a WIT package: `acme:types@1.2.0` and `embedding-index` give `acme.EmbeddingIndex`.
    /// The resources of `weft:component` are KFP's kinds: `system.Dataset` and so on.
    pub fn from_wit(package: &str, resource: &str) -> Self {
        let package = package.split('@').next().unwrap_or(package);
        if package == "weft:component"
            && let Some((_, title)) = BUILTIN_KINDS.iter().find(|(name, _)| *name == resource)
        {
            return Self((*title).to_owned());
        }
        let namespace = package.split(':').next().unwrap_or(package);
        let name: String = resource
            .split('-')
            .map(|word| {
                let mut chars = word.chars();
                chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
            })
            .collect();
        Self(format!("{namespace}.{name}"))
    }

    /// Parses a kind as written in a pipeline: a built-in name (`dataset`) or a full title (`acme.EmbeddingIndex`).
    ///
    /// # Errors
    /// What is expected, with the nearest built-in name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let folded = text.replace('_', "-").to_lowercase();
        if let Some((_, title)) = BUILTIN_KINDS.iter().find(|(name, _)| *name == folded) {
            return Ok(Self((*title).to_owned()));
        }
        let well_formed = |part: &str| {
            part.chars().next().is_some_and(char::is_alphabetic)
                && part.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        };
        match text.split_once('.') {
            Some(("system", _)) if !BUILTIN_KINDS.iter().any(|(_, title)| *title == text) => {
                Err(suggest::hint(text, BUILTIN_KINDS.map(|(_, title)| title), "kinds").unwrap_or_default())
            }
            Some((namespace, name)) if well_formed(namespace) && name.split('.').all(well_formed) => {
                let known = known::of_namespace(namespace).unwrap_or_default();
                match suggest::nearest(text, known.iter().copied()).filter(|near| *near != text) {
                    Some(near) => Err(format!("did you mean `{near}`?")),
                    None => Ok(Self(text.to_owned())),
                }
            }
            _ => Err(suggest::nearest(text, BUILTIN_KINDS.map(|(name, _)| name)).map_or_else(
                || {
                    let names = suggest::list(&BUILTIN_KINDS.map(|(name, _)| name));
                    format!("the kinds are {names}; one of your own is written in full, like `acme.EmbeddingIndex`")
                },
                |near| format!("did you mean `{near}`?"),
            )),
        }
    }

    /// Whether an input of this type accepts an artifact of that type: `system.Artifact` accepts every kind, the others
    /// only their own.
    pub fn accepts(&self, other: &Self) -> bool {
        self.0 == ANY || self == other
    }

    /// The short name of a built-in kind, or the full title.
    pub fn short(&self) -> &str {
        BUILTIN_KINDS.iter().find(|(_, title)| *title == self.0).map_or(&self.0, |(name, _)| name)
    }
}

impl fmt::Display for ArtifactType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PortType {
    /// `u32`, `dataset`, `list<model>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(ty) => ty.fmt(f),
            Self::Artifact { kind, list: false } => f.write_str(kind.short()),
            Self::Artifact { kind, list: true } => write!(f, "list<{}>", kind.short()),
        }
    }
}
