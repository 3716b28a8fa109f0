//! Opening the store, and transactions.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::{Error, Result, is_busy, is_half_written, is_without_log};
use crate::schema;
use crate::write::Tx;

/// The maximum time that a write waits for that of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// The size of the cache of prepared statements; more than this crate has.
const STATEMENTS: usize = 96;
/// The page size of a new file, in bytes. A recorded step changes thirty to fifty pages in a row or two each, and the
/// log contains whole pages: with half of `SQLite`'s default size a step costs nearly half the time.
const PAGE_SIZE: u32 = 2048;
/// The number of pages in the write-ahead log before it is written back. The same pages change again and again, so that
/// a longer log (16 MiB) means much less to write back in total.
const CHECKPOINT_PAGES: u32 = 8192;
/// The maximum memory for pages of the file. Long runs write to all parts of its indexes.
const CACHE_KIB: i64 = 32 << 10;

/// The metadata store: one file, which several threads and several processes may use at the same time.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    clock: fn() -> SystemTime,
    inner: Mutex<Inner>,
    /// The number of threads that wait for `inner`.
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Inner {
    connection: Connection,
    types: Types,
}

/// The rows of the types that were used so far.
pub(crate) type Types = HashMap<(TypeKind, String), i64>;

/// The kind of a type, with the numbers of MLMD's `type_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TypeKind {
    Execution = 0,
    Artifact = 1,
    Context = 2,
}

impl Store {
    /// Opens the store in this file. The file is created if it does not exist, its folder is not.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = connect(path, flags)?;
        let failed = |source| Error::Open { path: path.into(), source };
        // Checked first, so that a file that is not a store is not changed.
        let ready = schema::check(&connection, path);
        if ready.is_err() {
            // It has no effect on a file that has tables.
            connection.pragma_update(None, "page_size", PAGE_SIZE).map_err(failed)?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
            schema::create(&transaction, path).map_err(|error| error.opening(path))?;
            transaction.commit().map_err(failed)?;
        }
        schema::complete(&connection).map_err(failed)?;
        write_ahead(&connection).map_err(failed)?;
        // A power cut may lose the last transactions, but never part of one. Killing a process loses nothing.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(failed)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(failed)?;
        // MLMD has no foreign keys.
        connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
        Ok(Self::new(path, connection))
    }

    /// Takes the times that it records from here instead of the system's clock. For simulations.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> SystemTime) -> Self {
        Self { clock, ..self }
    }

    /// Opens an existing store read-only. On a read-only file system, where `SQLite` cannot make what readers and writers of a write-ahead log share,
    /// the file is read as it is, without looking for writers.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        let checked = match schema::check(&connection, path) {
            Err(error) if is_without_log(&error) => {
                if has_log(path) {
                    return Err(Error::UnreadableLog { path: path.into() });
                }
                connection = connect_immutable(path)?;
                schema::check(&connection, path)
            }
            // Whoever made the file, or wrote to it where there is no write-ahead log, was killed at it: who may write takes that back.
            Err(error) if is_half_written(&error) => {
                let writing = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
                _ = schema::check(&writing, path);
                schema::check(&connection, path)
            }
            checked => checked,
        };
        checked.map_err(|error| error.opening(path))?;
        Ok(Self::new(path, connection))
    }

    fn new(path: &Path, connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Self {
            path: path.into(),
            clock: SystemTime::now,
            inner: Mutex::new(Inner { connection, types: Types::new() }),
            waiting: AtomicUsize::new(0),
        }
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes in one transaction: everything is recorded, or nothing if `work` fails.
    ///
    /// `work` must not call the functions of the store, which is locked until it returns. [`Tx`] has the queries that
    /// it may need.
    pub fn transaction<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let at = |error: Error| error.at(&self.path);
        let mut inner = self.lock();
        let Inner { connection, types } = &mut *inner;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| at(error.into()))?;
        let mut tx = Tx::new(&transaction, types, self.now_ms(), &self.waiting);
        let result = work(&mut tx).map_err(at)?;
        // The types of a transaction are valid only after its commit.
        let new_types = tx.into_new_types();
        transaction.commit().map_err(|error| at(error.into()))?;
        types.extend(new_types);
        Ok(result)
    }

    /// A number that is another one than before if, and only if, another connection has written meanwhile: this process's own, or another
    /// process's.
    pub fn data_version(&self) -> Result<i64> {
        let inner = self.lock();
        let version = inner.connection.pragma_query_value(None, "data_version", |row| row.get(0));
        version.map_err(|error| Error::from(error).at(&self.path))
    }

    /// Reads a consistent snapshot: writes of others during `work` are not visible.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let at = |error: Error| error.at(&self.path);
        let inner = self.lock();
        let transaction = inner.connection.unchecked_transaction().map_err(|error| at(error.into()))?;
        let result = work(&transaction).map_err(at)?;
        transaction.commit().map_err(|error| at(error.into()))?;
        Ok(result)
    }

    /// Milliseconds since the epoch.
    fn now_ms(&self) -> i64 {
        let since = (self.clock)().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    /// After a panic in another thread its transaction is rolled back, and the connection can be used.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        inner
    }
}

/// Whether there are transactions that are only in the write-ahead log yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// A file that nobody can change.
fn connect_immutable(path: &Path) -> Result<Connection> {
    // What has a meaning in a URI.
    let name = path.to_str().unwrap_or_default().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let uri = format!("file:{name}?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    connect(Path::new(&uri), flags).map_err(|error| match error {
        Error::Open { source, .. } => Error::Open { path: path.into(), source },
        other => other,
    })
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let failed = |source| Error::Open { path: path.into(), source };
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    // Else a cached statement whose parameter is compared with a column of a partial index is compiled again each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    Ok(connection)
}

/// Switches the file to a write-ahead log. `SQLite` does not wait for locks there, hence the retries.
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
            // File systems without shared memory do not support it. The store then works with a rollback journal, more
            // slowly.
            outcome => return outcome,
        }
    }
}
