//! Where URIs lead: those of content say it, the others are kept here.

use rusqlite::{Connection, OptionalExtension};
use weft_pipeline::command::uri::{self, Target};
use weft_pipeline::step::FetchedObject;

use crate::error::Result;
use crate::schema;
use crate::store::Store;
use crate::write::Tx;

/// What a URI leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The digest of content, `blake3:HEX` or `blake3-tree:HEX`. Whether it is still in the artifact store is not known here.
    pub content: String,
    /// A path in it, if it is a directory; else empty.
    pub inside: String,
    /// It is known from an importer that fetched it, rather than from a step that gave it this name.
    pub fetched: bool,
}

impl Store {
    /// What a URI leads to: a digest, a URI of content, of a step's output or of something in them, or a name in another system that a
    /// step gave an output. None if nobody gave it.
    pub fn resolve_uri(&self, uri: &str) -> Result<Option<Resolved>> {
        self.read(|conn| resolve(conn, uri))
    }

    /// What an importer brought here from a URI last.
    pub fn fetched(&self, uri: &str) -> Result<Option<FetchedObject>> {
        self.read(|conn| fetched(conn, uri))
    }
}

impl Tx<'_> {
    /// [`Store::resolve_uri`] within the transaction.
    pub fn resolve_uri(&self, uri: &str) -> Result<Option<Resolved>> {
        resolve(self.conn, uri)
    }

    /// The digest of what is at exactly this URI of an output or name in another system.
    pub fn content_at(&self, uri: &str) -> Result<Option<String>> {
        content_at(self.conn, uri)
    }

    /// Records where URIs lead from now on, each with the digest of its content.
    pub fn put_uris<'u>(&mut self, uris: impl IntoIterator<Item = (&'u str, &'u str)>) -> Result<()> {
        let mut statement =
            self.conn.prepare_cached("INSERT OR REPLACE INTO weft_uri (uri, content) VALUES (?1, ?2)")?;
        for pair in uris {
            statement.execute(pair)?;
        }
        Ok(())
    }

    /// Records what an importer brought here.
    pub fn put_fetched(&mut self, FetchedObject { uri, content, tag }: &FetchedObject) -> Result<()> {
        let mut statement =
            self.conn.prepare_cached("INSERT OR REPLACE INTO weft_fetch (uri, content, tag) VALUES (?1, ?2, ?3)")?;
        statement.execute((uri, content, tag))?;
        Ok(())
    }
}

pub(crate) fn resolve(conn: &Connection, uri: &str) -> Result<Option<Resolved>> {
    if uri::is_content_id(uri) {
        return Ok(Some(Resolved { content: uri.to_owned(), inside: String::new(), fetched: false }));
    }
    let mut failed = None;
    let mut known = |uri: &str| {
        content_at(conn, uri).unwrap_or_else(|error| {
            failed = Some(error);
            None
        })
    };
    let found = match uri::target(uri) {
        Some(Target::Content { uri, inside }) => {
            let resolved = |content| Resolved { content, inside: inside.to_owned(), fetched: false };
            return Ok(uri::content_id(uri).map(resolved));
        }
        Some(Target::Output(uri)) => uri::longest_known(uri, &mut known).map(|(known, content)| (uri, known, content)),
        None if uri::is_remote(uri) => parents(uri).find_map(|parent| Some((uri, parent, known(parent)?))),
        None => None,
    };
    if let Some(error) = failed {
        return Err(error);
    }
    let Some((uri, known, content)) = found else { return Ok(None) };
    let is_fetched = fetched(conn, known)?.is_some_and(|fetched| fetched.content == content);
    Ok(Some(Resolved { content, inside: uri[known.len()..].trim_matches('/').to_owned(), fetched: is_fetched }))
}

/// A name in another system, and those of the directories that it is in.
fn parents(uri: &str) -> impl Iterator<Item = &str> {
    let shortest = uri.find("://").map_or(0, |at| at + 3);
    std::iter::successors(Some(uri), move |uri| {
        let (parent, _) = uri.rsplit_once('/')?;
        (parent.len() > shortest).then_some(parent)
    })
}

fn content_at(conn: &Connection, uri: &str) -> Result<Option<String>> {
    // A store that is only read may be from before there was the table.
    if !schema::has_table(conn, "weft_uri")? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached("SELECT content FROM weft_uri WHERE uri = ?1")?;
    Ok(statement.query_row([uri], |row| row.get(0)).optional()?)
}

fn fetched(conn: &Connection, uri: &str) -> Result<Option<FetchedObject>> {
    if !schema::has_table(conn, "weft_fetch")? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached("SELECT content, tag FROM weft_fetch WHERE uri = ?1")?;
    let read =
        |row: &rusqlite::Row<'_>| Ok(FetchedObject { uri: uri.to_owned(), content: row.get(0)?, tag: row.get(1)? });
    Ok(statement.query_row([uri], read).optional()?)
}

/// Forgets URIs whose content no artifact of any run has any more.
pub(crate) fn forget(conn: &Connection, deleted: i64) -> Result<()> {
    for table in ["weft_uri", "weft_fetch"] {
        let of_none = format!(
            "DELETE FROM {table} WHERE NOT EXISTS \
                (SELECT 1 FROM Artifact WHERE Artifact.uri = {table}.content AND state IS NOT ?1)"
        );
        conn.execute(&of_none, [deleted])?;
    }
    Ok(())
}
