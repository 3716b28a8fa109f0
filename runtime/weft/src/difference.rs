//! How two executions of a task differ: in what goes into their identities, one thing each.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use weft_engine::identity;
use weft_metadata::{StepKey, StepRecord};
use weft_pipeline::step::{Artifact, Grants, PortValue, PortValues};

/// An execution with all that is kept of its identity.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Its row.
    pub step: StepRecord,
    /// What is kept beside that.
    pub key: StepKey,
}

/// One thing in which the later of two executions of a task differs from the earlier.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "differs", rename_all = "kebab-case")]
pub enum Difference {
    /// Another build of its component, or another component.
    Component {
        /// The digest before.
        before: Option<String>,
        /// The digest now.
        after: Option<String>,
    },
    /// Another function of the component.
    Function {
        /// The function before.
        before: Option<String>,
        /// The function now.
        after: Option<String>,
    },
    /// Another value of a parameter.
    Parameter {
        /// The input.
        input: String,
        /// The value before.
        before: Value,
        /// The value now.
        after: Value,
    },
    /// Artifacts of other content.
    Content {
        /// The input.
        input: String,
        /// Digests before.
        before: Vec<String>,
        /// Digests now.
        after: Vec<String>,
    },
    /// Artifacts of the same content with another type, name or metadata, which a step can read as well.
    Metadata {
        /// The input.
        input: String,
        /// What of it: `type`, `name`, or the name of a property.
        what: String,
    },
    /// An input that it did not have before.
    Added {
        /// The input.
        input: String,
    },
    /// An input that it no longer has.
    Removed {
        /// The input.
        input: String,
    },
    /// A part of the command of its container: `command`, `environment`, `packages`, `programs`, `outputs`, or `content` that its texts name.
    Command {
        /// The part.
        part: String,
        /// The part before.
        before: Value,
        /// The part now.
        after: Value,
    },
    /// Other grants.
    Grants {
        /// The grants before.
        before: Grants,
        /// The grants now.
        after: Grants,
    },
    /// Compiled to compute the same on each architecture, or no longer.
    Strict {
        /// Whether it was before.
        before: bool,
        /// Whether it is now.
        after: bool,
    },
    /// Other values of secrets. They are not kept, only that they are others.
    Secrets,
}

impl Difference {
    /// The input that differs, if it is one.
    pub fn input(&self) -> Option<&str> {
        match self {
            Self::Parameter { input, .. }
            | Self::Content { input, .. }
            | Self::Metadata { input, .. }
            | Self::Added { input }
            | Self::Removed { input } => Some(input),
            _ => None,
        }
    }
}

/// Whether an execution was strict, which its identity alone tells.
fn is_strict(execution: &Execution) -> bool {
    let Execution { step, key } = execution;
    let strict = |component| identity(component, key.command.as_ref(), &step.inputs, &step.grants, true);
    step.identity.is_some() && step.identity == step.component.as_ref().map(strict)
}

/// All differences between what two executions were given. Empty if their identities are equal.
pub fn differences(before: &Execution, after: &Execution) -> Vec<Difference> {
    let mut found = Vec::new();
    let (old, new) = (&before.step, &after.step);
    if old.identity.is_some() && old.identity == new.identity {
        return found;
    }
    let digest = |step: &StepRecord| step.component.as_ref().map(|component| component.digest.clone());
    let function = |step: &StepRecord| step.component.as_ref().map(|component| component.function.clone());
    if digest(old) != digest(new) {
        found.push(Difference::Component { before: digest(old), after: digest(new) });
    }
    if function(old) != function(new) {
        found.push(Difference::Function { before: function(old), after: function(new) });
    }
    inputs(&old.inputs, &new.inputs, &mut found);
    command(&before.key, &after.key, &mut found);
    if old.grants != new.grants {
        found.push(Difference::Grants { before: old.grants.clone(), after: new.grants.clone() });
    }
    let (was, is) = (is_strict(before), is_strict(after));
    if was != is {
        found.push(Difference::Strict { before: was, after: is });
    }
    let are_known = old.identity.is_some() && new.identity.is_some();
    if found.is_empty() && are_known && !new.grants.secrets.is_empty() {
        found.push(Difference::Secrets);
    }
    found
}

fn inputs(old: &PortValues, new: &PortValues, found: &mut Vec<Difference>) {
    let ports: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for port in ports {
        let input = port.clone();
        match (old.get(port), new.get(port)) {
            (Some(PortValue::Parameter(before)), Some(PortValue::Parameter(after))) => {
                if before != after {
                    found.push(Difference::Parameter { input, before: before.clone(), after: after.clone() });
                }
            }
            (Some(PortValue::Artifacts(before)), Some(PortValue::Artifacts(after))) => {
                let digests = |all: &[Artifact]| all.iter().map(|one| one.uri.clone()).collect::<Vec<_>>();
                let (before_digests, after_digests) = (digests(before), digests(after));
                if before_digests != after_digests {
                    found.push(Difference::Content { input, before: before_digests, after: after_digests });
                } else if let Some(what) = before.iter().zip(after).find_map(|(before, after)| metadata(before, after))
                {
                    found.push(Difference::Metadata { input, what });
                }
            }
            (None, Some(_)) => found.push(Difference::Added { input }),
            (Some(_), None) => found.push(Difference::Removed { input }),
            (Some(PortValue::Parameter(before)), Some(PortValue::Artifacts(after))) => {
                let after = Value::from(after.iter().map(|one| one.uri.clone()).collect::<Vec<_>>());
                found.push(Difference::Parameter { input, before: before.clone(), after });
            }
            (Some(PortValue::Artifacts(before)), Some(PortValue::Parameter(after))) => {
                let before = Value::from(before.iter().map(|one| one.uri.clone()).collect::<Vec<_>>());
                found.push(Difference::Parameter { input, before, after: after.clone() });
            }
            (None, None) => {}
        }
    }
}

/// In what two artifacts of equal content differ.
fn metadata(before: &Artifact, after: &Artifact) -> Option<String> {
    if before.kind != after.kind {
        return Some("type".to_owned());
    }
    if before.name != after.name {
        return Some("name".to_owned());
    }
    let names: BTreeSet<&String> = before.properties.keys().chain(after.properties.keys()).collect();
    names.into_iter().find(|name| before.properties.get(*name) != after.properties.get(*name)).cloned()
}

fn command(before: &StepKey, after: &StepKey, found: &mut Vec<Difference>) {
    // Earlier versions of weft kept none.
    let (Some(before), Some(after)) = (&before.command, &after.command) else { return };
    let parts: [(&str, Value, Value); 7] = [
        ("command", json(&before.argv), json(&after.argv)),
        ("environment", json(&before.env), json(&after.env)),
        ("directories", json(&before.directories), json(&after.directories)),
        ("outputs", json(&before.outputs), json(&after.outputs)),
        ("packages", json(&before.packages), json(&after.packages)),
        ("programs", json(&before.programs), json(&after.programs)),
        ("content", json(&before.linked), json(&after.linked)),
    ];
    for (part, before, after) in parts {
        if before != after {
            found.push(Difference::Command { part: part.to_owned(), before, after });
        }
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
