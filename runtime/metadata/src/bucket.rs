//! Where the store keeps the content of its artifacts, beside its own directory.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;
use crate::schema;
use crate::store::Store;
use crate::write::Tx;

impl Store {
    /// The URI of the bucket that keeps the content of artifacts; none if the directory alone does.
    pub fn bucket(&self) -> Result<Option<String>> {
        self.read(bucket)
    }
}

impl Tx<'_> {
    /// Records the bucket. One that was recorded before stays.
    pub fn set_bucket(&mut self, uri: &str) -> Result<()> {
        self.conn
            .execute("INSERT INTO weft_bucket (uri) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM weft_bucket)", [uri])?;
        Ok(())
    }
}

fn bucket(conn: &Connection) -> Result<Option<String>> {
    // A store that is only read may be from before there was the table.
    if !schema::has_table(conn, "weft_bucket")? {
        return Ok(None);
    }
    Ok(conn.query_row("SELECT uri FROM weft_bucket", [], |row| row.get(0)).optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bucket_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metadata.sqlite");
        let store = Store::open(&path).unwrap();
        assert_eq!(store.bucket().unwrap(), None);
        for uri in ["s3://one", "s3://two"] {
            store.transaction(|tx| tx.set_bucket(uri)).unwrap();
            assert_eq!(store.bucket().unwrap().as_deref(), Some("s3://one"));
        }
        assert_eq!(Store::open_read_only(&path).unwrap().bucket().unwrap().as_deref(), Some("s3://one"));
        // A store from before there was such a table.
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("DROP TABLE weft_bucket").unwrap();
        assert_eq!(Store::open_read_only(&path).unwrap().bucket().unwrap(), None);
        assert_eq!(Store::open(&path).unwrap().bucket().unwrap(), None);
    }
}
