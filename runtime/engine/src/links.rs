//! Artifacts that a step is given by their URIs, in texts among its parameters, rather than by a port.
//!
//! A URI of content is all that is needed to read it, inside of a step as outside: who knows a digest of 256 bits was told it by
//! someone who had the content. So the step sees what its texts name, and what it sees is part of its identity.

use std::collections::BTreeMap;

use serde_json::Value;
use weft_artifacts::Store;
use weft_metadata::Tx;
use weft_pipeline::command::uri;
use weft_pipeline::step::{PortValue, PortValues, StepFailure};

use crate::worker::{hinted_failure, host_failure};

/// URIs in the texts of one step.
const MAX_URIS: usize = 10_000;

/// The digests of the content that texts among a step's inputs name, by URI. URIs of outputs in parameters are replaced by those of their
/// content: these say of themselves what they lead to, so that equal inputs stay equal from run to run. What is not in the store is
/// text like any other.
pub fn link(tx: &Tx<'_>, store: &Store, inputs: &mut PortValues) -> Result<BTreeMap<String, String>, Box<StepFailure>> {
    let mut links = Links { tx, store, found: BTreeMap::new(), left: MAX_URIS, error: None };
    for value in inputs.values_mut() {
        match value {
            PortValue::Parameter(value) if uri::is_in(value) => {
                uri::map_texts(value, &mut |text| {
                    let settled = uri::settled(text, &mut |uri| links.content_at(uri));
                    (settled != text).then(|| settled.into_owned())
                });
                links.add(value);
            }
            PortValue::Parameter(_) => {}
            PortValue::Artifacts(artifacts) => {
                let properties = artifacts.iter().flat_map(|artifact| &artifact.properties);
                let told = properties.filter(|(name, value)| *name != uri::REMOTE_URI && uri::is_in(value));
                told.for_each(|(_, value)| links.add(value));
            }
        }
    }
    match links.error {
        None => Ok(links.found),
        Some(failure) => Err(failure.into()),
    }
}

struct Links<'a> {
    tx: &'a Tx<'a>,
    store: &'a Store,
    found: BTreeMap<String, String>,
    left: usize,
    error: Option<StepFailure>,
}

impl Links<'_> {
    fn add(&mut self, value: &Value) {
        uri::each_text(value, &mut |text| {
            uri::each_content(text, &mut |uri| {
                if let Some(content) = uri::content_id(uri) {
                    self.keep(uri, content);
                }
            });
            if uri::mounted(text).is_some()
                && let Some(content) = self.content_at(text)
            {
                self.keep(text, content);
            }
        });
    }

    fn keep(&mut self, uri: &str, content: String) {
        if self.error.is_some() || self.found.contains_key(uri) {
            return;
        }
        match content.parse().and_then(|id| self.store.contains(&id)) {
            Ok(true) => _ = self.found.insert(uri.to_owned(), content),
            Ok(false) => {}
            Err(error) => self.error = Some(host_failure(format!("`{uri}` cannot be looked up: {error}"), None)),
        }
        if self.found.len() > MAX_URIS {
            self.too_many();
        }
    }

    fn content_at(&mut self, uri: &str) -> Option<String> {
        if self.error.is_some() {
            return None;
        }
        let Some(left) = self.left.checked_sub(1) else {
            self.too_many();
            return None;
        };
        self.left = left;
        self.tx.content_at(uri).unwrap_or_else(|error| {
            self.error = Some(host_failure(format!("`{uri}` cannot be looked up: {error}"), None));
            None
        })
    }

    fn too_many(&mut self) {
        self.error = Some(hinted_failure(
            format!("the texts among its inputs name more than {MAX_URIS} artifacts by their URIs"),
            "give it a list of artifacts as an input, or one artifact that is a directory",
        ));
    }
}
