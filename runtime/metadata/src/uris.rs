//! Where URIs lead: those of content say it, the others are kept here.

use rusqlite::{Connection, OptionalExtension};
use weft_pipeline::command::uri::{self, Target};

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
}

impl Store {
    /// What a URI leads to: a digest, a URI of content, of a step's output or of something in them, or a name in another system that a
    /// step gave an output. None if nobody gave it.
    pub fn resolve_uri(&self, uri: &str) -> Result<Option<Resolved>> {
        self.read(|conn| resolve(conn, uri))
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
}

pub(crate) fn resolve(conn: &Connection, uri: &str) -> Result<Option<Resolved>> {
    if uri::is_content_id(uri) {
        return Ok(Some(Resolved { content: uri.to_owned(), inside: String::new() }));
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
            return Ok(uri::content_id(uri).map(|content| Resolved { content, inside: inside.to_owned() }));
        }
        Some(Target::Output(uri)) => uri::longest_known(uri, &mut known).map(|(known, content)| (uri, known, content)),
        None if uri::is_remote(uri) => parents(uri).find_map(|parent| Some((uri, parent, known(parent)?))),
        None => None,
    };
    if let Some(error) = failed {
        return Err(error);
    }
    Ok(found.map(|(uri, known, content)| Resolved { content, inside: uri[known.len()..].trim_matches('/').to_owned() }))
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

/// Forgets URIs whose content no artifact of any run has any more.
pub(crate) fn forget(conn: &Connection, deleted: i64) -> Result<()> {
    conn.execute(
        "DELETE FROM weft_uri WHERE NOT EXISTS \
            (SELECT 1 FROM Artifact WHERE Artifact.uri = weft_uri.content AND state IS NOT ?1)",
        [deleted],
    )?;
    Ok(())
}
