//! Resources of a container, as limits of the sandbox.

use indexmap::IndexMap;
use serde_json::Value;

use super::message::{Message, Notes};
use super::unhonoured;
use super::values::value;
use crate::diagnostic::Diagnostic;
use crate::step::Limits;
use crate::yaml::node::Node;
use crate::yaml::parse_size;

const FIELDS: [&str; 9] = [
    "cpuLimit",
    "memoryLimit",
    "cpuRequest",
    "memoryRequest",
    "resourceCpuLimit",
    "resourceMemoryLimit",
    "resourceCpuRequest",
    "resourceMemoryRequest",
    "accelerator",
];

/// The maximum memory of a step: its addresses have 32 bits.
const MAX_MEMORY: u64 = 4 << 30;

/// The limits that a container's resources stand for. A step uses one thread and takes memory as it needs it, so that only an upper
/// bound of the memory is set, and only what cannot be had is told. A bound of the memory that a parameter decides is known when the
/// step runs: its text with placeholders is the second.
pub(super) fn read(
    node: &Node,
    asked: &mut IndexMap<String, Value>,
    notes: &mut Notes,
) -> Option<(Limits, Option<String>)> {
    let read = Message::new(node, "`resources`", &FIELDS, notes);
    let message = notes.take(read)?;
    let mut limits = Limits::default();
    let text = message.get("resourceMemoryLimit").and_then(|entry| entry.node.text());
    let template = text.filter(|text| text.contains("{{$")).map(str::to_owned);
    if template.is_none()
        && let Some((bytes, field)) = memory(&message, "resourceMemoryLimit", "memoryLimit", asked, notes)
    {
        if bytes == 0 {
            let span = message.get(field).map(|entry| entry.node.span);
            notes.error(Diagnostic::error("a limit of nothing lets no step run").at(span));
        } else {
            // More than the maximum is no limit.
            limits.memory = Some(bytes);
        }
    }
    if let Some((bytes, field)) = memory(&message, "resourceMemoryRequest", "memoryRequest", asked, notes)
        && bytes > MAX_MEMORY
    {
        refuse(&message, field, asked, notes);
    }
    if let Some((cores, field)) = cores(&message, "resourceCpuLimit", "cpuLimit", asked, notes)
        && cores < 1.0
    {
        refuse(&message, field, asked, notes);
    }
    if let Some((cores, field)) = cores(&message, "resourceCpuRequest", "cpuRequest", asked, notes)
        && cores > 1.0
    {
        refuse(&message, field, asked, notes);
    }
    if message.get("accelerator").is_some() {
        refuse(&message, "accelerator", asked, notes);
    }
    Some((limits, template))
}

/// Reports a field that is not supported.
fn refuse(message: &Message<'_>, field: &str, asked: &mut IndexMap<String, Value>, notes: &mut Notes) {
    if let Some(entry) = message.get(field) {
        let written = notes.take(value(&entry.node)).unwrap_or_default();
        unhonoured(&format!("resources.{field}"), written, entry.key, asked, notes);
    }
}

/// The bytes of a field or of its deprecated form, in gigabytes, and which of both it was. `None` for the value of a
/// parameter, which is not known before the run.
fn memory(
    message: &Message<'_>,
    field: &'static str,
    deprecated: &'static str,
    asked: &mut IndexMap<String, Value>,
    notes: &mut Notes,
) -> Option<(u64, &'static str)> {
    if let Some(text) = message.text(field, "an amount of memory", notes).filter(|text| !text.is_empty()) {
        if text.contains("{{$") {
            refuse(message, field, asked, notes);
            return None;
        }
        let span = message.get(field).map(|entry| entry.node.span);
        let size = parse_size(text)
            .map_err(|why| Diagnostic::error(format!("`{text}` is no amount of memory: {why}")).at(span));
        return notes.take(size).map(|bytes| (bytes, field));
    }
    let gigabytes = message.number(deprecated, notes).filter(|gigabytes| *gigabytes > 0.0)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; positive")]
    Some(((gigabytes * 1e9).round() as u64, deprecated))
}

/// The same for processor cores: `2`, `0.5`, `500m`.
fn cores(
    message: &Message<'_>,
    field: &'static str,
    deprecated: &'static str,
    asked: &mut IndexMap<String, Value>,
    notes: &mut Notes,
) -> Option<(f64, &'static str)> {
    if let Some(text) = message.text(field, "a number of processor cores", notes).filter(|text| !text.is_empty()) {
        if text.contains("{{$") {
            refuse(message, field, asked, notes);
            return None;
        }
        let cores = match text.strip_suffix('m') {
            Some(milli) => milli.parse::<f64>().map(|milli| milli / 1e3),
            None => text.parse(),
        };
        let span = message.get(field).map(|entry| entry.node.span);
        let cores = cores.map_err(|_| Diagnostic::error(format!("`{text}` is no number of processor cores")).at(span));
        return notes.take(cores).map(|cores| (cores, field));
    }
    message.number(deprecated, notes).filter(|cores| *cores > 0.0).map(|cores| (cores, deprecated))
}
