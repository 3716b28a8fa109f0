//! Opening the file, and transactions on it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::{Error, Result, is_busy};
use crate::schema;
use crate::write::Tx;

/// How long a write waits for another process's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Statements kept compiled; more than there are in this crate.
const STATEMENTS: usize = 96;
/// Bytes of a page in a new file. A recorded step touches thirty to fifty pages, a row or two on each, and the log takes
/// each page whole: with half of `SQLite`'s usual size a step costs nearly half the time.
const PAGE_SIZE: u32 = 2048;
/// Pages in the write-ahead log before it is written back. It is the same pages again and again, so that a longer log
/// (16 MiB) means much less to write back in all.
const CHECKPOINT_PAGES: u32 = 8192;
/// Memory for pages of the file, taken as it is needed: long runs write all over its indexes.
const CACHE_KIB: i64 = 32 << 10;

/// The metadata store: one file, usable from several threads and, at the same time, from several processes.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    connection: Connection,
    types: Types,
}

/// Rows of the types met so far.
pub(crate) type Types = HashMap<(TypeKind, String), i64>;

/// What a type describes; the numbers are MLMD's `type_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TypeKind {
    Execution = 0,
    Artifact = 1,
    Context = 2,
}

impl Store {
    /// Opens the store in this file, and makes it if there is none. The folder must exist.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = connect(path, flags)?;
        let failed = |source| Error::Open { path: path.into(), source };
        // Looked at first, so that a file that is no store of ours stays as it is.
        let ready = schema::check(&connection, path);
        if ready.is_err() {
            // Without effect on a file that has tables.
            connection.pragma_update(None, "page_size", PAGE_SIZE).map_err(failed)?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
            schema::create(&transaction, path).map_err(|error| error.opening(path))?;
            transaction.commit().map_err(failed)?;
        }
        write_ahead(&connection).map_err(failed)?;
        // A power cut may lose the last transactions, but never tears one; a killed process loses nothing.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(failed)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(failed)?;
        // MLMD declares no foreign keys.
        connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
        Ok(Self::new(path, connection))
    }

    /// Opens the store in this file for reading. It must exist.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        schema::check(&connection, path).map_err(|error| error.opening(path))?;
        Ok(Self::new(path, connection))
    }

    fn new(path: &Path, connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Self { path: path.into(), inner: Mutex::new(Inner { connection, types: Types::new() }) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes in one transaction: all of it is recorded, or, if `work` fails, nothing.
    ///
    /// `work` must not call the store's own functions: it holds the store until it returns. What it may need to look
    /// up, [`Tx`] offers.
    pub fn transaction<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let at = |error: Error| error.at(&self.path);
        let mut inner = self.lock();
        let Inner { connection, types } = &mut *inner;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| at(error.into()))?;
        let mut tx = Tx::new(&transaction, types);
        let result = work(&mut tx).map_err(at)?;
        // Types made in a transaction count only once it is committed.
        let new_types = tx.into_new_types();
        transaction.commit().map_err(|error| at(error.into()))?;
        types.extend(new_types);
        Ok(result)
    }

    /// Reads a consistent state: no other writes are seen between the first look and the last.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let at = |error: Error| error.at(&self.path);
        let inner = self.lock();
        let transaction = inner.connection.unchecked_transaction().map_err(|error| at(error.into()))?;
        let result = work(&transaction).map_err(at)?;
        transaction.commit().map_err(|error| at(error.into()))?;
        Ok(result)
    }

    /// A panic in another thread rolled its transaction back; the connection is sound.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let failed = |source| Error::Open { path: path.into(), source };
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    Ok(connection)
}

/// Switches the file to a write-ahead log. `SQLite` does not wait for others when it does so, hence the patience here.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let mut waited = Duration::ZERO;
    loop {
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        if mode.eq_ignore_ascii_case("wal") {
            return Ok(());
        }
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())) {
            Err(error) if is_busy(&error) && waited < BUSY_TIMEOUT => {
                let pause = Duration::from_millis(5);
                std::thread::sleep(pause);
                waited += pause;
            }
            // On file systems without shared memory it stays as it was, which is slower but as sound.
            outcome => return outcome,
        }
    }
}
