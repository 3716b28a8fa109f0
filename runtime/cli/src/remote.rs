//! Servers that commands ask: `weft serve`, by KFP's REST API.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use weft::artifacts::{ContentId, Digest};
use weft::metadata::RunStamp;
use weft::{CarriedRun, SyncTarget, send_pieces};

use crate::error::{Error, Result};

/// How long a server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(150);
/// Bytes of an answer.
const MAX_ANSWER: u64 = 64 << 20;

/// Which server to ask, and how.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The server, such as `http://localhost:8888`
    #[arg(long, value_name = "URL", env = "WEFT_SERVER", hide_env_values = true, value_hint = ValueHint::Url)]
    pub server: Option<String>,
    /// A file with the token that the server wants to see [default: server.token in the store]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,
}

/// A server.
pub struct Server {
    agent: ureq::Agent,
    url: String,
    token: Option<String>,
}

impl ServerArgs {
    /// The server, if one is named. Its token is looked for in the store if no file is named.
    pub fn server(&self, store: &Path) -> Result<Option<Server>> {
        let Some(url) = &self.server else { return Ok(None) };
        if !url.starts_with("http://") {
            return Err(Error::advised(
                format!("`{url}` is no server that can be asked"),
                "write it as http://HOST:PORT; there is no TLS here, so use a tunnel to a server that is not on this network",
            ));
        }
        let token = match &self.token_file {
            Some(file) => Some(std::fs::read_to_string(file).map_err(|source| Error::io("read", file, source))?),
            None => std::fs::read_to_string(store.join(crate::commands::serve::TOKEN)).ok(),
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_WITHIN))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        let token = token.map(|token| token.trim().to_owned());
        Ok(Some(Server { agent: config.into(), url: url.trim_end_matches('/').to_owned(), token }))
    }
}

impl Server {
    /// The answer to a request for what lies at a path.
    pub fn get(&self, path: &str) -> Result<Value> {
        let request = self.agent.get(format!("{}{path}", self.url));
        self.answer(self.with_token(request).call())
    }

    /// The answer to a document that is sent to a path.
    pub fn post(&self, path: &str, document: &Value) -> Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        self.answer(self.with_token(request).send(document.to_string()))
    }

    /// The answer to a file that is sent to a path.
    pub fn send_file(&self, path: &str, file: &Path) -> Result<Value> {
        let content = std::fs::File::open(file).map_err(|source| Error::io("read", file, source))?;
        self.send_bytes(path, content)
    }

    /// The answer to bytes that are sent to a path.
    pub fn send_bytes(&self, path: &str, bytes: impl ureq::AsSendBody) -> Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("content-type", "application/octet-stream");
        self.answer(self.with_token(request).send(bytes))
    }

    fn with_token<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn answer(&self, answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value> {
        let unreachable = |error: ureq::Error| {
            Error::advised(
                format!("the server {} cannot be asked: {error}", self.url),
                "see whether `weft serve` runs there; `--server` names another",
            )
        };
        let mut answer = answer.map_err(unreachable)?;
        let text = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_string().map_err(unreachable)?;
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let status = answer.status();
        if status.is_success() {
            return Ok(document);
        }
        let why = document["message"].as_str().unwrap_or("it does not say why");
        let message = format!("the server {} refuses it ({}): {why}", self.url, status.as_u16());
        if status.as_u16() == 401 {
            return Err(Error::advised(message, "name the file with its token: `--token-file FILE`"));
        }
        Err(Error::request(message))
    }
}

/// The store of a server, as `weft sync` sends to it.
impl SyncTarget for Server {
    fn wanted(&self, runs: &[RunStamp], whole: bool) -> weft::Result<Vec<String>> {
        let answer = self.post("/apis/weft/v1/sync/wanted", &json!({ "runs": runs, "whole": whole }))?;
        texts(&answer["runs"])
    }

    fn absent(&self, files: &[ContentId]) -> weft::Result<Vec<ContentId>> {
        let files: Vec<String> = files.iter().map(ContentId::to_string).collect();
        let answer = self.post("/apis/weft/v1/sync/absent", &json!({ "files": files }))?;
        texts(&answer["files"])?.iter().map(|file| Ok(file.parse()?)).collect()
    }

    fn arrived(&self, file: ContentId) -> weft::Result<u64> {
        let answer = self.get(&format!("/apis/weft/v1/sync/content/{}", escaped(&file.to_string())))?;
        answer["arrived"].as_u64().ok_or_else(unexpected)
    }

    fn take(&self, file: ContentId, length: u64, offset: u64, piece: &[u8]) -> weft::Result<()> {
        let path = format!("/apis/weft/v1/sync/content/{}?length={length}&offset={offset}", escaped(&file.to_string()));
        self.send_bytes(&path, piece)?;
        Ok(())
    }

    /// What is recorded of a run goes like a file: there may be much of it, and the line may be cut.
    fn record(&self, run: &CarriedRun) -> weft::Result<()> {
        let record = serde_json::to_vec(run).map_err(|error| weft::Error::request(error.to_string()))?;
        let id = ContentId::Blob(Digest::of(&record));
        if !self.absent(&[id])?.is_empty() {
            send_pieces(self, id, record.len() as u64, Cursor::new(&record), &mut |_| ControlFlow::Continue(()))?;
        }
        self.post("/apis/weft/v1/sync/runs", &json!({ "record": id.to_string() }))?;
        Ok(())
    }
}

/// The library hears why as of a store in a folder.
impl From<Error> for weft::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Weft(error) => *error,
            other => weft::Error::request(other.to_string()),
        }
    }
}

/// The texts in a part of a server's answer.
fn texts(part: &Value) -> weft::Result<Vec<String>> {
    let texts = part.as_array().ok_or_else(unexpected)?.iter();
    texts.map(|text| text.as_str().map(str::to_owned).ok_or_else(unexpected)).collect()
}

fn unexpected() -> weft::Error {
    weft::Error::advised("the server does not answer as this version of weft expects", "see whether it is as new")
}

/// What has no meaning in a path or a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A part of a path or a query, with what has a meaning there escaped.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_url_is_escaped() {
        assert_eq!(escaped("created_at desc"), "created_at%20desc");
        assert_eq!(escaped("a/b?c=d&é"), "a%2Fb%3Fc%3Dd%26%C3%A9");
    }
}
