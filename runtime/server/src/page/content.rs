//! Bytes of others: logs, and the content of artifacts. Each answer says itself that nothing in it may run.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use weft::artifacts::{BlobReader, Content};
use weft::metadata::{ArtifactRecord, StepRecord};
use weft::words::bytes;

use super::preview::{self, media};
use super::request::{Fields, problem};
use super::run::Run;
use super::words;
use crate::error::{Error, Result};
use crate::live::LiveTask;
use crate::router::blocking;
use crate::server::Server;

/// Bytes of a log on a step's panel, its last ones, and in one answer.
const LOG_TAIL: u64 = 32 << 10;
const LOG_RANGE: u64 = 256 << 10;
/// Bytes of an HTML document that is shown in a frame, and of an image.
const MAX_FRAME: u64 = 16 << 20;
const MAX_IMAGE: u64 = 64 << 20;
/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;

/// For what is shown as it is: it is in an origin of its own, and no script runs and nothing is fetched.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; media-src data:; \
    frame-ancestors 'self'; form-action 'none'; base-uri 'none'";
/// For what is saved.
const NOTHING: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

fn fields(content_type: &str, policy: &'static str) -> [(HeaderName, String); 4] {
    [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        // Content has its digest for a name in the store, but artifacts are named by number, and a store can be replaced.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ]
}

/// Reads so many bytes from an offset, fewer at the end.
pub(super) fn read(reader: &BlobReader, offset: u64, most: u64) -> Result<Vec<u8>> {
    let length = reader.len().saturating_sub(offset).min(most);
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(1 << 30)];
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read_at(offset + filled as u64, &mut buffer[filled..]).map_err(weft::Error::from)? {
            0 => break,
            count => filled += count,
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

/// The log of a step: what it has told so far while it runs here, else the end of what is recorded.
pub(super) fn log_part(server: &Server, run: &Run, step: &StepRecord, live: Option<&LiveTask>) -> Result<Markup> {
    if let Some(live) = live {
        return Ok(html! {
            h3 { "Log" }
            @if live.lines.is_empty() { p class="dim" { "Nothing so far." } }
            @else { pre class="log" id="log" tabindex="0" data-follow { (words::log(&live.lines.join("\n"))) } }
        });
    }
    let log = match server.store().log(step) {
        Ok(Some(log)) => log,
        Ok(None) => return Ok(html! { h3 { "Log" } p class="dim" { "It wrote none." } }),
        Err(error) => {
            return Ok(html! { h3 { "Log" } p class="note" { (words::plain(&error.to_string())) } });
        }
    };
    let from = log.len().saturating_sub(LOG_TAIL);
    let tail = read(&log, from, LOG_TAIL)?;
    let href = format!("/runs/{}/log?step={}", words::encoded(&run.id), words::encoded(&step.task));
    Ok(html! {
        h3 { "Log" span class="dim" { " " (bytes::size(log.len())) } a class="aside" href=(href) { "Open" } }
        @if from > 0 {
            p { button type="button" class="button" data-earlier=(href) data-from=(from) hidden { "Show what is before" } }
        }
        pre class="log" id="log" tabindex="0" { (words::log(&String::from_utf8_lossy(&tail))) }
    })
}

/// `/runs/{id}/log?step=..`: the log as plain text. With `from` and `to` that range of its bytes.
pub(super) async fn log(State(server): State<Server>, Path(id): Path<String>, asked: Fields) -> Response {
    let work = move |server: &Server| {
        let task = asked.get("step").ok_or_else(|| Error::invalid("`step` is missing: whose log?"))?;
        let step = server.store().metadata.step(&id, task)?;
        let step = step.ok_or_else(|| Error::not_found(format!("run `{id}` has no step `{task}`")))?;
        let log = server.store().log(&step)?;
        let log = log.ok_or_else(|| Error::not_found(format!("step `{task}` wrote no log")))?;
        let number = |name: &str, other: u64| asked.get(name).and_then(|text| text.parse().ok()).unwrap_or(other);
        let (from, to) = (number("from", 0).min(log.len()), number("to", log.len()).min(log.len()));
        // The nearest to the end that fits into an answer.
        let most = if asked.get("to").is_some() { LOG_RANGE } else { u64::MAX };
        let from = from.max(to.saturating_sub(most));
        Ok((log, from, to))
    };
    match blocking(&server, work).await {
        Ok((log, from, to)) => {
            let range = (HeaderName::from_static("x-range-from"), from.to_string());
            let text = fields("text/plain; charset=utf-8", NOTHING);
            ([range], text, stream(log, from, to)).into_response()
        }
        Err(error) => problem(&error),
    }
}

/// The bytes of a blob as the body of an answer, read as they are sent.
fn stream(reader: BlobReader, from: u64, to: u64) -> Body {
    let chunks = futures_util::stream::unfold((reader, from), move |(reader, at)| async move {
        if at >= to {
            return None;
        }
        let length = (to - at).min(CHUNK as u64);
        let result = tokio::task::spawn_blocking(move || {
            let chunk = read(&reader, at, length);
            (reader, chunk)
        })
        .await;
        match result {
            Ok((reader, Ok(chunk))) if !chunk.is_empty() => {
                let next = at + chunk.len() as u64;
                Some((Ok(chunk), (reader, next)))
            }
            // The connection breaks off, so that nobody takes a part for the whole.
            Ok((reader, Ok(_))) => {
                Some((Err(std::io::Error::other("the content is shorter than it was")), (reader, to)))
            }
            Ok((reader, Err(error))) => Some((Err(std::io::Error::other(error.to_string())), (reader, to))),
            Err(_) => None,
        }
    });
    Body::from_stream(chunks)
}

/// An artifact by its number, and the file in it that is meant by `path`.
pub(super) fn find(server: &Server, id: &str, path: Option<&str>) -> Result<(ArtifactRecord, Option<BlobReader>)> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::not_found(format!("there is no artifact `{}`", words::short(id, 60))));
    }
    let record = server.store().metadata.artifact(id)?;
    if record.artifact.id.map(|id| id.to_string()).as_deref() != Some(id) {
        return Err(Error::not_found(format!("there is no artifact {id}")));
    }
    let gone = |_| Error::not_found("the content of this artifact is not in the store any more");
    let file = match (server.store().content(&record).map_err(gone)?, path) {
        (Content::File(blob), None) => Some(blob),
        (Content::Tree(_), None) => None,
        (Content::File(_), Some(_)) => return Err(Error::not_found("this artifact is a file, not a directory")),
        (Content::Tree(tree), Some(path)) => {
            tree.find(path)
                .ok_or_else(|| Error::not_found(format!("there is no file `{}` in it", words::short(path, 120))))?;
            Some(tree.open(path).map_err(weft::Error::from)?)
        }
    };
    Ok((record, file))
}

/// `/artifacts/{id}/download`: the bytes, to be saved.
pub(super) async fn download(State(server): State<Server>, Path(id): Path<String>, asked: Fields) -> Response {
    let work = move |server: &Server| {
        let path = asked.get("path");
        let (record, file) = find(server, &id, path)?;
        let file = file.ok_or_else(|| Error::invalid("this artifact is a directory: download the files in it"))?;
        let start = read(&file, 0, 512)?;
        Ok((preview::file_name(&record, path, &start), file))
    };
    match blocking(&server, work).await {
        Ok((name, file)) => {
            let length = file.len();
            let disposition =
                format!("attachment; filename=\"{}\"; filename*=UTF-8''{}", ascii(&name), words::encoded(&name));
            let more = [(header::CONTENT_DISPOSITION, disposition), (header::CONTENT_LENGTH, length.to_string())];
            (fields("application/octet-stream", NOTHING), more, stream(file, 0, length)).into_response()
        }
        Err(error) => problem(&error),
    }
}

/// A name that can stand in quotes.
fn ascii(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect()
}

/// `/artifacts/{id}/image`: the bytes, if they are an image that browsers show.
pub(super) async fn image(State(server): State<Server>, Path(id): Path<String>, asked: Fields) -> Response {
    shown(server, id, asked, MAX_IMAGE, |start, name| {
        media::image(start, name).ok_or_else(|| Error::invalid("this artifact is no image"))
    })
    .await
}

/// `/artifacts/{id}/frame`: the bytes as HTML, for a frame.
pub(super) async fn frame(State(server): State<Server>, Path(id): Path<String>, asked: Fields) -> Response {
    shown(server, id, asked, MAX_FRAME, |_, _| Ok("text/html; charset=utf-8")).await
}

async fn shown(
    server: Server,
    id: String,
    asked: Fields,
    most: u64,
    content_type: fn(&[u8], &str) -> Result<&'static str>,
) -> Response {
    let work = move |server: &Server| {
        let path = asked.get("path");
        let (record, file) = find(server, &id, path)?;
        let file = file.ok_or_else(|| Error::invalid("this artifact is a directory"))?;
        if file.len() > most {
            return Err(Error::invalid(format!("this is larger than {}: download it", bytes::size(most))));
        }
        let start = read(&file, 0, 512)?;
        let name = path.map(str::to_owned).or(record.artifact.name).unwrap_or_default();
        Ok((content_type(&start, &name)?, file))
    };
    match blocking(&server, work).await {
        Ok((content_type, file)) => {
            let length = file.len();
            (fields(content_type, SANDBOX), stream(file, 0, length)).into_response()
        }
        Err(error) => problem(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_header() {
        assert_eq!(ascii("a\"; x=\r\ny/é.csv"), "a__ x___y__.csv");
    }
}
