//! The arguments and the environment of a command, with all placeholders filled in.

use indexmap::IndexMap;
use serde_json::Value;

use super::input::{artifact_uri, executor_input, input_artifacts, metadata, output_artifact};
use super::layout::Layout;
use super::placeholder::{ArtifactField, Piece, Placeholder, PlaceholderKind, pieces};
use super::structure::{Element, element};
use super::task_context::{escaped, refusal};
use super::text;
use crate::step::{Command, PortValue, PortValues};
use crate::types::PortType;

/// The maximum size of all arguments and variables together, in bytes: a placeholder may have a value of megabytes.
const MAX_BYTES: usize = 64 << 20;

/// The maximum length of a variable's name, in bytes.
const MAX_VARIABLE: usize = 1024;

/// The call of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Arguments, the program's own name first.
    pub argv: Vec<String>,
    /// Environment variables.
    pub env: IndexMap<String, String>,
}

/// Fills in the placeholders of a command. `granted` are additional variables; the command's own take precedence.
///
/// A reference `$(NAME)` in arguments and in later variables is replaced by the value of the variable; `$$(NAME)` is
/// `$(NAME)`, and a reference to an unknown variable stays as it is. In a text, an absent input is `null`, as in KFP's
/// local runner.
///
/// # Errors
/// Which placeholder cannot be filled in, and why.
pub fn call(
    command: &Command,
    inputs: &PortValues,
    layout: &Layout,
    granted: &IndexMap<String, String>,
) -> Result<Call, String> {
    let mut filler = Filler { command, inputs, layout, env: granted.clone(), left: MAX_BYTES };
    for (name, value) in &command.env {
        let mut value = filler.elements(value)?;
        let value = if value.len() == 1 { value.remove(0) } else { value.concat() };
        filler.env.insert(name.clone(), value);
    }
    let mut argv = Vec::with_capacity(command.argv.len());
    for argument in &command.argv {
        argv.extend(filler.elements(argument)?);
    }
    Ok(Call { argv, env: filler.env })
}

struct Filler<'a> {
    command: &'a Command,
    inputs: &'a PortValues,
    layout: &'a Layout,
    env: IndexMap<String, String>,
    left: usize,
}

impl Filler<'_> {
    /// The arguments that result from a text: one, or for a structure any number.
    fn elements(&mut self, text: &str) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        self.element(&element(text), &mut all)?;
        Ok(all)
    }

    fn element(&mut self, element: &Element, all: &mut Vec<String>) -> Result<(), String> {
        match element {
            Element::Text(text) => {
                let text = self.text(text)?;
                all.push(text);
            }
            Element::Concat(items) => {
                let mut parts = Vec::new();
                for item in items {
                    self.element(item, &mut parts)?;
                }
                all.push(parts.concat());
            }
            Element::IfPresent { input, then, otherwise } => {
                let present = !matches!(self.inputs.get(input), None | Some(PortValue::Parameter(Value::Null)));
                for item in if present { then } else { otherwise } {
                    self.element(item, all)?;
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        for piece in pieces(text) {
            let part = match piece {
                Piece::Text(text) => expand(text, &self.env),
                Piece::Placeholder(placeholder) => escaped(self.value(&placeholder)?, placeholder.escapes),
            };
            self.left = self.left.checked_sub(part.len()).ok_or_else(|| {
                format!("with its placeholders filled in, the command is longer than {} MiB", MAX_BYTES >> 20)
            })?;
            filled.push_str(&part);
        }
        Ok(filled)
    }

    fn value(&self, placeholder: &Placeholder<'_>) -> Result<String, String> {
        let raw = placeholder.raw;
        match &placeholder.kind {
            PlaceholderKind::Everything => Ok(executor_input(self.command, self.inputs, self.layout)),
            PlaceholderKind::InputParameter(name) => match self.inputs.get(name) {
                None => Ok(text::plain(&Value::Null)),
                Some(PortValue::Parameter(value)) => Ok(text::plain(value)),
                Some(PortValue::Artifacts(_)) => {
                    Err(format!("`{raw}` asks for a parameter, but the input `{name}` is an artifact"))
                }
            },
            PlaceholderKind::InputArtifact(name, part) => self.input_artifact(raw, name, part),
            PlaceholderKind::OutputParameter(name) => match self.command.outputs.get(name).map(|port| &port.ty) {
                Some(PortType::Parameter(_)) => Ok(self.layout.parameter(name)),
                Some(PortType::Artifact { .. }) => {
                    Err(format!("`{raw}` asks for a parameter, but the output `{name}` is an artifact"))
                }
                None => Err(format!("`{raw}` asks for the output `{name}`, which there is not")),
            },
            PlaceholderKind::OutputArtifact(name, part) => self.output_artifact(raw, name, part),
            PlaceholderKind::OutputFile => Ok(self.layout.executor_output()),
            PlaceholderKind::Unknown { ours: false } => Ok(raw.to_owned()),
            other => Err(refusal(other, raw)),
        }
    }

    fn input_artifact(&self, raw: &str, name: &str, part: &ArtifactField) -> Result<String, String> {
        let artifacts = match self.inputs.get(name) {
            None => return Ok(text::plain(&Value::Null)),
            Some(PortValue::Artifacts(artifacts)) => artifacts,
            Some(PortValue::Parameter(_)) => {
                return Err(format!("`{raw}` asks for an artifact, but the input `{name}` is a parameter"));
            }
        };
        if let ArtifactField::List = part {
            return Ok(text::json(&input_artifacts(name, artifacts, self.layout).into()));
        }
        let first = artifacts.first().ok_or_else(|| format!("`{raw}`: the list of artifacts `{name}` is empty"))?;
        Ok(match part {
            ArtifactField::Uri => artifact_uri(first, &self.layout.root),
            ArtifactField::Path => self.layout.input(first),
            ArtifactField::Name => first.name.clone().unwrap_or_else(|| name.to_owned()),
            ArtifactField::Metadata(keys) => text::plain(&metadata(Some(first), keys)),
            ArtifactField::List => String::new(),
        })
    }

    fn output_artifact(&self, raw: &str, name: &str, part: &ArtifactField) -> Result<String, String> {
        let kind = match self.command.outputs.get(name).map(|port| &port.ty) {
            Some(PortType::Artifact { kind, .. }) => kind,
            Some(PortType::Parameter(_)) => {
                return Err(format!("`{raw}` asks for an artifact, but the output `{name}` is a parameter"));
            }
            None => return Err(format!("`{raw}` asks for the output `{name}`, which there is not")),
        };
        Ok(match part {
            ArtifactField::List => text::json(&Value::Array(vec![output_artifact(name, kind, self.layout)])),
            ArtifactField::Uri | ArtifactField::Path => self.layout.output(name),
            ArtifactField::Name => name.to_owned(),
            ArtifactField::Metadata(keys) if keys.is_empty() => "{}".to_owned(),
            ArtifactField::Metadata(_) => text::plain(&Value::Null),
        })
    }
}

/// Replaces references to variables, as Kubernetes does in the command of a container.
fn expand(text: &str, env: &IndexMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("$(") {
        let escaped = rest[..at].ends_with('$');
        let inside = &rest[at + 2..];
        let Some(end) = inside[..inside.floor_char_boundary(MAX_VARIABLE)].find(')') else {
            out.push_str(&rest[..at + 2]);
            rest = inside;
            continue;
        };
        match env.get(&inside[..end]) {
            Some(value) if !escaped => {
                out.push_str(&rest[..at]);
                out.push_str(value);
                rest = &inside[end + 1..];
            }
            known => {
                // Only escapes of known variables are replaced: the `$$(` of a shell stays.
                let kept = if escaped && known.is_some() { at - 1 } else { at };
                out.push_str(&rest[..kept]);
                out.push_str("$(");
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    out
}
