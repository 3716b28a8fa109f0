//! Parsing of placeholders in a text: `{{$}}`, `{{$.inputs.parameters['x']}}` and so on.

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Literal text.
    Text(&'a str),
    /// A placeholder.
    Placeholder(Placeholder<'a>),
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder<'a> {
    /// As it is written.
    pub(super) raw: &'a str,
    /// What it is replaced by.
    pub(super) kind: PlaceholderKind,
    /// How many times the value is escaped for an enclosing JSON string: `.json_escape[1]`.
    pub(super) escapes: u32,
}

/// What a placeholder is replaced by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlaceholderKind {
    /// The whole `ExecutorInput`.
    Everything,
    /// A value of the run or the task, by KFP's name: `pipeline_job_name`.
    Context(&'static str),
    /// An input parameter's value.
    InputParameter(String),
    /// A field of an input artifact.
    InputArtifact(String, ArtifactField),
    /// The path of the file for an output parameter.
    OutputParameter(String),
    /// A field of an output artifact.
    OutputArtifact(String, ArtifactField),
    /// The path of the file for the `ExecutorOutput`.
    OutputFile,
    /// A value that only Vertex AI has.
    Vertex,
    /// Not defined by KFP. If it begins like one of KFP's (`inputs`, `outputs`, `pipeline_`) it is a mistake. Otherwise
    /// it is of another language: Go templates have `{{$.Values.x}}` too.
    Unknown {
        /// Whether it begins like one of KFP's.
        ours: bool,
    },
}

/// A field of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ArtifactField {
    /// The list of all artifacts, as JSON.
    List,
    /// Its URI.
    Uri,
    /// Its path.
    Path,
    /// Its name.
    Name,
    /// The metadata: all of it, or the value at these keys.
    Metadata(Vec<String>),
}

/// KFP's names of the values of the run and the task.
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

/// The maximum number of escapes. Each can double the length of a text.
const MAX_ESCAPES: u32 = 4;

/// The maximum length of a name in bytes, which bounds the search for its end in a text with many beginnings.
const MAX_NAME: usize = 1024;

/// Splits a text into literal text and placeholders.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut at = 0;
    // Each placeholder ends with braces: behind the last ones none begins.
    let last = text.rfind("}}").unwrap_or_default();
    while let Some(found) = text.get(at..last).and_then(|rest| rest.find("{{$")) {
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

/// The placeholder at the start of a text, if there is one.
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
            // If it begins like one of KFP's it is a mistake, and extends to the next braces.
            let first = path.first().copied().unwrap_or_default();
            if !is_ours(first) {
                return None;
            }
            let end = within(text).find("}}")? + 2;
            let kind = PlaceholderKind::Unknown { ours: true };
            return Some(Placeholder { raw: &text[..end], kind, escapes: 0 });
        };
        path.push(step);
        rest = after;
    }
}

fn is_ours(first: &str) -> bool {
    matches!(first, "inputs" | "outputs") || first.starts_with("pipeline_")
}

/// One component of a path: `.name`, `['name']`, `["name"]`, `[1]`. Quotes may be doubled, as in YAML.
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

/// The kind of a placeholder by its path, and the number of escapes.
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
