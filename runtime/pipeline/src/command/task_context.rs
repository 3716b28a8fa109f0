//! The values of placeholders about the run and the task.

use serde_json::Value;

use super::placeholder::{ArtifactField, Piece, Placeholder, PlaceholderKind, pieces};
use super::structure::{map_texts, structure};
use super::text;
use crate::step::{PortValue, PortValues};

/// The maximum length of a filled template in bytes: parameters are stored in the metadata.
const MAX_TEXT: usize = 16 << 20;

/// The values of placeholders about the run and the task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskContext {
    /// The name of the run, unique in its pipeline: `{{$.pipeline_job_name}}`.
    pub job_name: String,
    /// The full name of the run: `{{$.pipeline_job_resource_name}}`.
    pub job_resource_name: String,
    /// The id of the run: `{{$.pipeline_job_uuid}}`.
    pub job_id: String,
    /// The name of the task: `{{$.pipeline_task_name}}`.
    pub task_name: String,
    /// The id of the task's execution: `{{$.pipeline_task_uuid}}`.
    pub task_id: String,
    /// The root of artifacts: `{{$.pipeline_root}}`.
    pub root: String,
    /// When the run was created, in the form of RFC 3339: `{{$.pipeline_job_create_time_utc}}`.
    pub create_time: String,
    /// When the run was scheduled, in the same form: `{{$.pipeline_job_schedule_time_utc}}`.
    pub schedule_time: String,
    /// The path of the run's workspace, if it has one ([`super::WORKSPACE`]): `{{$.workspace_path}}`.
    pub workspace: Option<String>,
}

impl TaskContext {
    fn get(&self, name: &str) -> Option<&str> {
        Some(match name {
            "pipeline_job_name" => &self.job_name,
            "pipeline_job_resource_name" => &self.job_resource_name,
            "pipeline_job_uuid" => &self.job_id,
            "pipeline_task_name" => &self.task_name,
            "pipeline_task_uuid" => &self.task_id,
            "pipeline_root" => &self.root,
            "pipeline_job_create_time_utc" => &self.create_time,
            "pipeline_job_schedule_time_utc" => &self.schedule_time,
            "workspace_path" => return self.workspace.as_deref(),
            _ => return None,
        })
    }

    fn text(&self, placeholder: &Placeholder<'_>) -> Option<String> {
        let PlaceholderKind::Context(name) = placeholder.kind else { return None };
        Some(escaped(self.get(name)?.to_owned(), placeholder.escapes))
    }
}

/// Fills in the placeholders about the run and the task. All others stay. In a structure (`{"Concat": [..]}`) they are
/// filled in in its texts.
pub fn fill_task_context(text: &str, context: &TaskContext) -> String {
    if !text.contains("{{$") {
        return text.to_owned();
    }
    match structure(text) {
        Some(value) => map_texts(value, &|text| fill_plain(text, context)).to_string(),
        None => fill_plain(text, context),
    }
}

fn fill_plain(text: &str, context: &TaskContext) -> String {
    let mut filled = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Placeholder(placeholder) => match context.text(&placeholder) {
                Some(text) => filled.push_str(&text),
                None => filled.push_str(placeholder.raw),
            },
        }
    }
    filled
}

/// The value of a template ([`crate::model::Binding::Template`]). `inputs` are the values of the task's other wires. A
/// text that consists of one placeholder of a parameter has the value and the type of that parameter. Any other is a
/// string, in which an absent input is `null`.
///
/// # Errors
/// Which placeholder cannot be filled in.
pub fn fill_template(template: &str, inputs: &PortValues, context: &TaskContext) -> Result<Value, String> {
    let pieces = pieces(template);
    if let [Piece::Placeholder(Placeholder { kind: PlaceholderKind::InputParameter(name), escapes: 0, raw })] =
        pieces.as_slice()
    {
        return value(inputs, name, raw);
    }
    let mut filled = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Placeholder(placeholder) => {
                let text = match context.text(&placeholder) {
                    Some(text) => text,
                    None => escaped(of_input(&placeholder, inputs)?, placeholder.escapes),
                };
                filled.push_str(&text);
            }
        }
        if filled.len() > MAX_TEXT {
            return Err(format!("with its placeholders filled in, the text is longer than {} MiB", MAX_TEXT >> 20));
        }
    }
    Ok(Value::String(filled))
}

fn value(inputs: &PortValues, name: &str, raw: &str) -> Result<Value, String> {
    match inputs.get(name) {
        None => Ok(Value::Null),
        Some(PortValue::Parameter(value)) => Ok(value.clone()),
        Some(PortValue::Artifacts(_)) => Err(format!("`{raw}` asks for a parameter, but `{name}` is an artifact")),
    }
}

fn of_input(placeholder: &Placeholder<'_>, inputs: &PortValues) -> Result<String, String> {
    let raw = placeholder.raw;
    match &placeholder.kind {
        PlaceholderKind::InputParameter(name) => value(inputs, name, raw).map(|value| text::plain(&value)),
        PlaceholderKind::InputArtifact(name, part) => match inputs.get(name) {
            None => Ok(text::plain(&Value::Null)),
            Some(PortValue::Parameter(_)) => Err(format!("`{raw}` asks for an artifact, but `{name}` is a parameter")),
            Some(PortValue::Artifacts(artifacts)) => {
                let first = artifacts.first();
                match part {
                    ArtifactField::Uri => {
                        Ok(first.map_or_else(String::new, |artifact| super::input::artifact_uri(artifact, "")))
                    }
                    ArtifactField::Name => Ok(first.and_then(|artifact| artifact.name.clone()).unwrap_or_default()),
                    ArtifactField::Metadata(keys) => Ok(text::plain(&super::input::metadata(first, keys))),
                    ArtifactField::List | ArtifactField::Path => {
                        Err(format!("`{raw}` has a value only in the command that reads the artifact"))
                    }
                }
            }
        },
        PlaceholderKind::Unknown { ours: false } => Ok(raw.to_owned()),
        other => Err(refusal(other, raw)),
    }
}

/// Why a placeholder cannot be filled in.
pub(super) fn refusal(kind: &PlaceholderKind, raw: &str) -> String {
    match kind {
        PlaceholderKind::Vertex => format!("only Vertex AI can fill in `{raw}`: it is about Google Cloud"),
        PlaceholderKind::Context("workspace_path") => {
            format!(
                "`{raw}` is the run's shared directory, but the pipeline asks for none; set its `workspace` with `PipelineConfig`"
            )
        }
        PlaceholderKind::Unknown { .. } => format!("`{raw}` is no placeholder that KFP defines"),
        _ => format!("`{raw}` has no value here"),
    }
}

pub(super) fn escaped(mut text: String, times: u32) -> String {
    for _ in 0..times {
        text = text::escape(&text);
    }
    text
}
