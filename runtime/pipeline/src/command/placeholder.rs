//! Placeholders in a text: `{{$}}`, `{{$.inputs.parameters['x']}}` and so on.

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// What stands for itself.
    Text(&'a str),
    /// What something else is put in place of.
    Placeholder(Placeholder<'a>),
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder<'a> {
    /// As it is written.
    pub(super) raw: &'a str,
    /// What it stands for.
    pub(super) kind: PlaceholderKind,
    /// How many times the value is escaped for a JSON string around it: `.json_escape[1]`.
    pub(super) escapes: u32,
}

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlaceholderKind {
    /// The whole `ExecutorInput`.
    Everything,
    /// Something about the run or the task, by its name: `pipeline_job_name`.
    Context(&'static str),
    /// An input parameter's value.
    InputParameter(String),
    /// Something of an input artifact.
    InputArtifact(String, ArtifactField),
    /// Path of the file for an output parameter.
    OutputParameter(String),
    /// Something of an output artifact.
    OutputArtifact(String, ArtifactField),
    /// Path of the file for the `ExecutorOutput`.
    OutputFile,
    /// Only Vertex AI can say.
    Vertex,
    /// Nothing that KFP defines. If it begins as KFP's do (`inputs`, `outputs`, `pipeline_`) somebody mistyped it; else it belongs to
    /// another language: Go templates have `{{$.Values.x}}` too.
    Unknown {
        /// Whether it begins as KFP's do.
        ours: bool,
    },
}

/// What is asked of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ArtifactField {
    /// All of them, as a JSON list.
    List,
    /// Its URI, which is its path here.
    Uri,
    /// Its path.
    Path,
    /// Its name.
    Name,
    /// Its metadata: all of it, or what these keys lead to.
    Metadata(Vec<String>),
}

/// The facts that there are, as KFP names them.
pub(super) const CONTEXT_FIELDS: [&str; 9] = [
    "pipeline_job_name",
    "pipeline_job_resource_name",
    "pipeline_job_uuid",
    "pipeline_task_name",
    "pipeline_task_uuid",
    "pipeline_root",
    "pipeline_job_create_time_utc",
    "pipeline_job_schedule_time_utc",
    "workspace_path",
];

/// Each escape can double the length of what is escaped.
const MAX_ESCAPES: u32 = 4;

/// How far the end of a name is looked for, in bytes: a text of many beginnings without an end must not take long.
const MAX_NAME: usize = 1024;

/// Cuts a text into what stands for itself and placeholders.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find("{{$") {
        let start = at + found;
        let Some(placeholder) = placeholder(&text[start..]) else {
            at = start + 3;
            continue;
        };
        if start > done {
            pieces.push(Piece::Text(&text[done..start]));
        }
        done = start + placeholder.raw.len();
        at = done;
        pieces.push(Piece::Placeholder(placeholder));
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

/// The placeholder that a text begins with, if it does.
fn placeholder(text: &str) -> Option<Placeholder<'_>> {
    let mut rest = text.strip_prefix("{{$")?;
    let mut path = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix("}}") {
            let raw = &text[..text.len() - end.len()];
            let (kind, escapes) = parse_path(&path);
            return Some(Placeholder { raw, kind, escapes });
        }
        let Some((step, after)) = step(rest) else {
            // Mistyped, if it begins as one of KFP's: it reaches as far as the next braces.
            let first = path.first().copied().unwrap_or_default();
            let end = within(text).find("}}")? + 2;
            let unknown = PlaceholderKind::Unknown { ours: true };
            return is_ours(first).then_some(Placeholder { raw: &text[..end], kind: unknown, escapes: 0 });
        };
        path.push(step);
        rest = after;
    }
}

fn is_ours(first: &str) -> bool {
    matches!(first, "inputs" | "outputs") || first.starts_with("pipeline_")
}

/// One step of a path: `.name`, `['name']`, `["name"]`, `[1]`. Quotes may be doubled, as YAML doubles them.
fn step(text: &str) -> Option<(&str, &str)> {
    if let Some(name) = text.strip_prefix('.') {
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
        return (end > 0).then(|| name.split_at(end));
    }
    let inside = text.strip_prefix('[')?;
    for quote in ["''", "'", "\""] {
        if let Some(quoted) = inside.strip_prefix(quote) {
            let close = format!("{quote}]");
            let end = within(quoted).find(&close)?;
            return Some((&quoted[..end], &quoted[end + close.len()..]));
        }
    }
    let end = within(inside).find(']')?;
    let digits = &inside[..end];
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| (digits, &inside[end + 1..]))
}

fn within(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_NAME)]
}

/// What a path means, and how often the value is escaped.
fn parse_path(path: &[&str]) -> (PlaceholderKind, u32) {
    if let [before @ .., "json_escape", times] = path {
        return match times.parse() {
            Ok(times) if times <= MAX_ESCAPES => (placeholder_kind(before), times),
            _ => (PlaceholderKind::Unknown { ours: true }, 0),
        };
    }
    (placeholder_kind(path), 0)
}

fn placeholder_kind(path: &[&str]) -> PlaceholderKind {
    let name = |name: &str| name.to_owned();
    match path {
        [] => PlaceholderKind::Everything,
        ["inputs", "parameters", port] | ["inputs", "parameters", port, "value"] => {
            PlaceholderKind::InputParameter(name(port))
        }
        ["inputs", "artifacts", port, of @ ..] => part(of)
            .map_or(PlaceholderKind::Unknown { ours: true }, |what| PlaceholderKind::InputArtifact(name(port), what)),
        ["outputs", "artifacts", port, of @ ..] => part(of)
            .map_or(PlaceholderKind::Unknown { ours: true }, |what| PlaceholderKind::OutputArtifact(name(port), what)),
        ["outputs", "parameters", port, "output_file" | "outputFile"] => PlaceholderKind::OutputParameter(name(port)),
        ["outputs", "output_file" | "outputFile"] | ["outputMetadataUri"] => PlaceholderKind::OutputFile,
        [field] if CONTEXT_FIELDS.contains(field) => CONTEXT_FIELDS
            .iter()
            .find(|known| *known == field)
            .map_or(PlaceholderKind::Unknown { ours: true }, |field| PlaceholderKind::Context(field)),
        [field] if field.starts_with("pipeline_google_cloud_") || *field == "pipeline_service_account" => {
            PlaceholderKind::Vertex
        }
        [first, ..] => PlaceholderKind::Unknown { ours: is_ours(first) },
    }
}

fn part(path: &[&str]) -> Option<ArtifactField> {
    Some(match path {
        [] => ArtifactField::List,
        ["uri"] => ArtifactField::Uri,
        ["path"] => ArtifactField::Path,
        ["name"] => ArtifactField::Name,
        ["metadata", keys @ ..] => ArtifactField::Metadata(keys.iter().map(|key| (*key).to_owned()).collect()),
        _ => return None,
    })
}
