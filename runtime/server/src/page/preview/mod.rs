//! What an artifact's content looks like: by its type, and by what it is.
//!
//! Only the beginning of large content is read. All of it is text of others: nothing here makes markup of it, save what the readers of
//! Markdown and CSV build themselves.

mod csv;
mod markdown;
pub(super) mod media;

use maud::{Markup, html};
use serde_json::Value;
use weft::artifacts::{BlobReader, TreeReader};
use weft::metadata::ArtifactRecord;
use weft::words::bytes;

use super::content::read;
use super::words::{encoded, grouped, plain, short};
use crate::error::Result;

/// Bytes that are read of a file.
const MAX_BYTES: u64 = 512 << 10;
/// Characters of text that are shown.
const MAX_TEXT: usize = 60_000;
/// Entries of a directory that are listed.
const MAX_ENTRIES: usize = 500;

/// What a file is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Empty,
    Image,
    Html,
    Markdown,
    Csv(u8),
    Json,
    Text,
    Binary,
}

/// Decides by the artifact's type, the file's name, and what it begins with.
fn form(kind: &str, name: &str, start: &[u8], is_whole: bool) -> Form {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    if start.is_empty() {
        return Form::Empty;
    }
    if media::image(start, name).is_some() {
        return Form::Image;
    }
    let Some(text) = media::text(start, is_whole) else { return Form::Binary };
    match (kind, extension.as_str()) {
        ("system.HTML", _) | (_, "html" | "htm") => Form::Html,
        ("system.Markdown", _) | (_, "md" | "markdown") => Form::Markdown,
        (_, "csv") => Form::Csv(b','),
        (_, "tsv") => Form::Csv(b'\t'),
        (_, "json") => Form::Json,
        _ if text.trim_start().starts_with(['{', '['])
            && (!is_whole || serde_json::from_str::<Value>(text).is_ok()) =>
        {
            Form::Json
        }
        _ => csv::delimiter(text).map_or(Form::Text, Form::Csv),
    }
}

/// The file's content. `query` names a file in a directory.
pub(super) fn file(record: &ArtifactRecord, file: &BlobReader, path: Option<&str>) -> Result<Markup> {
    let start = read(file, 0, MAX_BYTES)?;
    let is_whole = start.len() as u64 == file.len();
    let name = path.or(record.artifact.name.as_deref()).unwrap_or_default();
    let id = record.artifact.id.unwrap_or_default();
    let at = |what: &str| match path {
        Some(path) => format!("/artifacts/{id}/{what}?path={}", encoded(path)),
        None => format!("/artifacts/{id}/{what}"),
    };
    let text = || String::from_utf8_lossy(&start).into_owned();
    let cut = html! {
        @if !is_whole { p class="dim" { "The first " (bytes::size(start.len() as u64)) " of " (bytes::size(file.len())) "." } }
    };
    Ok(match form(&record.artifact.kind.0, name, &start, is_whole) {
        Form::Empty => html! { p class="dim" { "It has no content; what there is to say stands in its properties." } },
        Form::Image => {
            html! { div class="picture" { img src=(at("image")) alt={ "The image " (plain(name)) } loading="lazy"; } }
        }
        Form::Html => html! {
            iframe class="frame" src=(at("frame")) sandbox="" title="The document, without scripts" loading="lazy" {}
            p class="dim" { "Scripts in it do not run, and it fetches nothing. " a href=(at("download")) { "Download" } " it to see all of it." }
        },
        Form::Markdown => html! { div class="prose" { (markdown::rendered(&text())) } (cut) },
        Form::Csv(delimiter) => html! { (csv::table(&start, is_whole, delimiter)) },
        Form::Json => {
            let shown = serde_json::from_slice::<Value>(&start).map_or_else(|_| text(), |value| format!("{value:#}"));
            html! { (preformatted(&shown)) (cut) }
        }
        Form::Text => html! { (preformatted(&text())) (cut) },
        Form::Binary => html! { (dump(&start)) p class="dim" { "The first bytes of " (bytes::size(file.len())) "." } },
    })
}

fn preformatted(text: &str) -> Markup {
    let end = text.char_indices().nth(MAX_TEXT).map(|(end, _)| end);
    html! {
        pre class="code" tabindex="0" { (plain(&text[..end.unwrap_or(text.len())])) @if end.is_some() { "…" } }
    }
}

/// The first bytes, as hexadecimal digits and as characters.
fn dump(start: &[u8]) -> Markup {
    let lines = start.chunks(16).take(16).enumerate().map(|(at, line)| {
        let digits: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let characters: String = line
            .iter()
            .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' })
            .collect();
        format!("{:08x}  {:<47}  {characters}", at * 16, digits.join(" "))
    });
    html! { pre class="code" tabindex="0" { (lines.collect::<Vec<_>>().join("\n")) } }
}

/// The files of a directory.
pub(super) fn directory(id: i64, tree: &TreeReader) -> Markup {
    let entries = tree.entries();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Files" {
            table {
                thead { tr { th scope="col" { "File" } th class="right" scope="col" { "Size" } th scope="col" { span class="unseen" { "Download" } } } }
                tbody {
                    @for entry in entries.iter().take(MAX_ENTRIES) {
                        tr {
                            td { a href={ "/artifacts/" (id) "?path=" (encoded(&entry.path)) } { (short(&entry.path, 160)) } }
                            td class="right number" { (bytes::size(entry.size)) }
                            td class="right" { a href={ "/artifacts/" (id) "/download?path=" (encoded(&entry.path)) } { "Download" } }
                        }
                    }
                }
            }
        }
        @if entries.len() > MAX_ENTRIES { p class="dim" { "The first " (MAX_ENTRIES) " of " (grouped(entries.len() as u64)) "." } }
    }
}

/// The name under which a file is saved.
pub(super) fn file_name(record: &ArtifactRecord, path: Option<&str>, start: &[u8]) -> String {
    let own = path.and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    let given = own.or_else(|| record.artifact.name.clone()).unwrap_or_else(|| record.artifact.kind.short().to_owned());
    let clean: String =
        given.chars().map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c }).take(120).collect();
    let clean = clean.trim_start_matches('.').trim().to_owned();
    let clean = if clean.is_empty() { "artifact".to_owned() } else { clean };
    if clean.contains('.') {
        return clean;
    }
    let extension = match form(&record.artifact.kind.0, "", start, false) {
        Form::Image => media::image(start, "").and_then(|known| known.split(['/', '+']).nth(1)).unwrap_or("bin"),
        Form::Html => "html",
        Form::Markdown => "md",
        Form::Csv(b'\t') => "tsv",
        Form::Csv(_) => "csv",
        Form::Json => "json",
        Form::Text => "txt",
        Form::Empty | Form::Binary => "bin",
    };
    format!("{clean}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft::metadata::ArtifactState;
    use weft::pipeline::step::Artifact;
    use weft::pipeline::types::ArtifactType;

    #[test]
    fn content_is_known_by_type_name_and_beginning() {
        let known = |kind: &str, name: &str, text: &str| form(kind, name, text.as_bytes(), true);
        assert_eq!(known("system.HTML", "", "<p>x"), Form::Html);
        assert_eq!(known("system.Markdown", "", "# x"), Form::Markdown);
        assert_eq!(known("system.Dataset", "", "a,b\n1,2\n3,4\n"), Form::Csv(b','));
        assert_eq!(known("system.Dataset", "x.tsv", "a\tb\n"), Form::Csv(b'\t'));
        assert_eq!(known("system.Model", "", "{\"a\": 1}"), Form::Json);
        assert_eq!(known("system.Model", "", "{not json"), Form::Text);
        assert_eq!(known("system.Artifact", "", "just words"), Form::Text);
        assert_eq!(form("system.HTML", "", &[0, 1, 2, 0xff], true), Form::Binary);
        assert_eq!(form("system.Artifact", "", b"\x89PNG\r\n\x1a\nxxxx", true), Form::Image);
        assert_eq!(form("system.Artifact", "", b"", true), Form::Empty);
    }

    #[test]
    fn files_are_saved_under_harmless_names() {
        let record = |name: &str| ArtifactRecord {
            artifact: Artifact {
                id: Some(1),
                kind: ArtifactType("system.Dataset".into()),
                uri: String::new(),
                name: Some(name.to_owned()),
                properties: std::collections::BTreeMap::new(),
            },
            state: ArtifactState::Live,
            created_ms: 0,
            producer: None,
        };
        assert_eq!(file_name(&record("../../etc/\r\npasswd"), None, b"x"), "_.._etc___passwd");
        assert_eq!(file_name(&record("train"), None, b"a,b\n1,2\n"), "train.csv");
        assert_eq!(file_name(&record("x"), Some("dir/part-0.parquet"), b"PAR1"), "part-0.parquet");
        assert_eq!(file_name(&record("..."), None, &[0, 159]), "artifact.bin");
    }
}
