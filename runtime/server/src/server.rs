//! The server itself: the open store, what is at work, and what it is told.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::watch;
use weft::metadata::control::Experiment;
use weft::{Cancel, Host, Prepared, Slots, Store, Weft};

use crate::error::{Error, Kind, Result};
use crate::ids;
use crate::inference::Models;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::schedule;
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use crate::trigger::Triggers;

pub use crate::live::LiveTask;
pub use crate::operations::{NewPipeline, NewRecurringRun, NewRun, NewVersion, RunDetail};

/// The experiment of runs that name none.
pub(crate) const DEFAULT_EXPERIMENT: &str = "Default";
/// Connections for queries, so that those of several clients do not wait for one another.
const READERS: usize = 4;
/// How often it looks whether another process has written to the store.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A server over an open store. Clones are the same server.
#[derive(Clone)]
pub struct Server(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub weft: Weft,
    readers: Vec<Store>,
    next_reader: AtomicUsize,
    pub settings: Settings,
    pub zone: TimeZone,
    pub default_experiment: String,
    pub slots: Arc<Slots>,
    pub metrics: Metrics,
    pub triggers: Triggers,
    /// What a collector is told, if one is named.
    pub telemetry: Option<Arc<Telemetry>>,
    pub models: Models,
    /// The runs that this process executes.
    pub active: Mutex<HashMap<String, Active>>,
    /// Told whenever a run leaves `active`.
    pub ended: Condvar,
    /// Pipelines of queued runs that were prepared when they were submitted.
    pub prepared: Mutex<HashMap<String, Prepared>>,
    /// Whether the dispatcher has something to look at.
    woken: Mutex<bool>,
    wake: Condvar,
    pub stopping: AtomicBool,
    changes: watch::Sender<u64>,
    /// Held as long as the server lives: a store has one server.
    _lock: File,
}

/// A run at work.
pub(crate) struct Active {
    pub cancel: Cancel,
    pub live: Arc<Live>,
}

impl Server {
    /// Opens the store in a folder, and makes it if there is none. Runs begin with [`Self::start`].
    ///
    /// # Errors
    /// The store cannot be opened, another server has it, or a setting is wrong.
    pub fn open(root: &Path, host: Host, settings: Settings) -> Result<Self> {
        let zone = schedule::time_zone(&settings.time_zone).map_err(Error::invalid)?;
        let triggers = Triggers::read(&settings.triggers, &settings.watched)?;
        let telemetry = settings.collector.clone().map(Telemetry::new).transpose()?.map(Arc::new);
        let weft = Weft::open(root, host)?;
        let lock = lock(root)?;
        let reader = |_| Store::read(root)?.over_bucket(weft.linker().host());
        let readers = (0..READERS).map(reader).collect::<weft::Result<_>>()?;
        let default_experiment = default_experiment(&weft, &settings)?;
        triggers.take_made(weft.store().metadata.made_triggers()?);
        let inner = Inner {
            weft,
            readers,
            next_reader: AtomicUsize::new(0),
            slots: Arc::new(Slots::new(settings.steps)),
            settings,
            zone,
            default_experiment,
            metrics: Metrics::default(),
            triggers,
            telemetry,
            models: Models::start(root),
            active: Mutex::default(),
            ended: Condvar::new(),
            prepared: Mutex::default(),
            woken: Mutex::new(true),
            wake: Condvar::new(),
            stopping: AtomicBool::new(false),
            changes: watch::Sender::new(0),
            _lock: lock,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The store, for queries: artifacts, logs, lineage, sizes.
    pub fn store(&self) -> &Store {
        let next = self.0.next_reader.fetch_add(1, Ordering::Relaxed);
        &self.0.readers[next % self.0.readers.len()]
    }

    /// Changes whenever something in the store did, by this process or another.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// What the running steps of a run have told so far, by task. Empty unless this server executes it.
    pub fn live(&self, run: &str) -> BTreeMap<String, LiveTask> {
        let live = lock_of(&self.0.active).get(run).map(|active| Arc::clone(&active.live));
        live.map(|live| live.tasks()).unwrap_or_default()
    }

    /// Whether this process has claimed a run and not yet recorded its end.
    pub fn executes(&self, run: &str) -> bool {
        lock_of(&self.0.active).contains_key(run)
    }

    /// The number of runs that this process executes.
    pub fn runs_at_work(&self) -> usize {
        lock_of(&self.0.active).len()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.0.settings.clock.now_ms()
    }

    /// The metadata, for writing.
    pub(crate) fn metadata(&self) -> &weft::metadata::Store {
        &self.0.weft.store().metadata
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// Has the dispatcher look at the queue and at what is due. To be called when the clock of the settings was set, too.
    pub fn wake(&self) {
        *lock_of(&self.0.woken) = true;
        self.0.wake.notify_all();
    }

    /// Waits until it is woken, or so long.
    pub(crate) fn sleep(&self, at_most: Duration) {
        let woken = lock_of(&self.0.woken);
        let waited = self.0.wake.wait_timeout_while(woken, at_most, |woken| !*woken);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }

    /// Tells [`Self::changes`] of what other connections write, until the server ends.
    pub(crate) fn look_for_changes(&self) {
        let Some(reader) = self.0.readers.first() else { return };
        let mut before = None;
        while !self.is_stopping() {
            match reader.metadata.data_version() {
                Ok(version) if before.replace(version) != Some(version) => {
                    self.0.changes.send_modify(|count| *count += 1);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the store cannot be looked at"),
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// A lock whatever became of who held it: what is guarded here is whole after each statement.
pub(crate) fn lock_of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock that makes this the only server of the store. The system releases it when the process ends in any way.
fn lock(root: &Path) -> Result<File> {
    let failed = |error: std::io::Error| Error::new(Kind::Internal, format!("the store cannot be locked: {error}"));
    let path = root.join("server.lock");
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::new(
            Kind::FailedPrecondition,
            "another server has this store; end it, or name another store with `--store`",
        )),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The id of the default experiment, which is made if there is none.
fn default_experiment(weft: &Weft, settings: &Settings) -> Result<String> {
    let metadata = &weft.store().metadata;
    if let Some(found) = metadata.experiment_named(DEFAULT_EXPERIMENT)? {
        return Ok(found.id);
    }
    let new = Experiment {
        id: ids::uuid()?,
        name: DEFAULT_EXPERIMENT.to_owned(),
        description: "Runs that name no experiment.".to_owned(),
        created_ms: settings.clock.now_ms(),
        last_run_ms: None,
        archived: false,
    };
    metadata.transaction(|tx| tx.create_experiment(&new))?;
    Ok(new.id)
}
