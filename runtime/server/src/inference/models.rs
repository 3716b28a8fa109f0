//! Which versions answer, and their pools. The store says what is deployed; this follows it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use weft::metadata::control::{Canary, Deployment, ModelVersion};
use weft::serving::Pool;

use super::log::{Bounds, PredictionLog};
use crate::error::{Error, Kind, Result};
use crate::server::{Server, lock_of};

/// How often it looks whether something else is deployed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long it waits before it tries a version again that could not be loaded.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// How long a version is kept that answers no requests but those that name it.
const KEPT_FOR: Duration = Duration::from_mins(5);
/// Requests that threads of the server answer themselves, at the same time.
const MOST_TURNS: usize = 8;
/// How many such versions a deployment has at once.
const MOST_OTHERS: usize = 4;

/// The models of a server.
pub(crate) struct Models {
    served: RwLock<HashMap<String, Arc<Served>>>,
    /// Held by who changes what is served. What was started for a deployment that is not yet seen waits here.
    changing: Mutex<HashMap<(String, u64), Arc<Pool>>>,
    loaded: AtomicBool,
    /// Requests that threads of the server answer themselves.
    turns: AtomicUsize,
    pub log: PredictionLog,
}

/// The right to answer a request on a thread of the server.
pub(super) struct Turn<'m>(&'m AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A deployment, and the versions of it that are loaded.
pub(super) struct Served {
    pub deployment: Deployment,
    current: Option<Loaded>,
    canary: Option<Loaded>,
    others: Mutex<HashMap<u64, (Loaded, Instant)>>,
    /// Why versions are not loaded.
    pub problems: BTreeMap<u64, String>,
    tried: Instant,
    /// Requests that named no version.
    asked: AtomicU64,
    /// All requests, for the share that is logged.
    logged: AtomicU64,
}

/// A version that answers.
#[derive(Clone)]
pub(super) struct Loaded {
    pub record: ModelVersion,
    pub pool: Arc<Pool>,
}

impl Models {
    /// The models of the store in this folder, which are loaded by [`Server::serve_models`].
    pub fn start(root: &Path) -> Self {
        let log = PredictionLog::start(root.join("predictions"), Bounds::default());
        Self {
            served: RwLock::default(),
            changing: Mutex::default(),
            loaded: AtomicBool::new(false),
            turns: AtomicUsize::new(0),
            log,
        }
    }

    /// The right to answer a request on this thread; few have it at once, as a model may take its time.
    pub(super) fn turn(&self) -> Option<Turn<'_>> {
        let turn = Turn(&self.turns);
        (self.turns.fetch_add(1, Ordering::Relaxed) < MOST_TURNS).then_some(turn)
    }

    /// Whether all that was deployed when the server began has been loaded, as far as it can be.
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }

    /// A deployment.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Served>> {
        self.served.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn all(&self) -> HashMap<String, Arc<Served>> {
        self.served.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether the request of this number, from 0, is one of so many of a hundred: evenly, and of each hundred exactly so many.
fn is_of_share(number: u64, percent: u8) -> bool {
    let before = |number: u64| (number % 100) * u64::from(percent.min(100)) / 100;
    let after = (number % 100 + 1) * u64::from(percent.min(100)) / 100;
    after > before(number)
}

impl Served {
    /// The version that answers the next request.
    pub fn next(&self) -> Option<&Loaded> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        match (&self.canary, self.deployment.canary) {
            (Some(canary), Some(Canary { percent, .. })) if is_of_share(number, percent) => Some(canary),
            _ => self.current.as_ref(),
        }
    }

    /// The version that answers requests that name none.
    pub fn current(&self) -> Option<&Loaded> {
        self.current.as_ref()
    }

    /// Whether this request is to be logged.
    pub fn is_logged(&self, loaded: &Loaded) -> bool {
        let percent = loaded.record.spec.settings.log_percent.unwrap_or(0);
        percent > 0 && is_of_share(self.logged.fetch_add(1, Ordering::Relaxed), percent)
    }

    /// A version, if it is loaded.
    pub fn version(&self, version: u64) -> Option<Loaded> {
        let of = |loaded: &&Loaded| loaded.record.version == version;
        if let Some(found) = self.current.iter().chain(&self.canary).find(of) {
            return Some(found.clone());
        }
        let mut others = lock_of(&self.others);
        let (loaded, used) = others.get_mut(&version)?;
        *used = Instant::now();
        Some(loaded.clone())
    }

    /// A version as it was loaded, if this is the very same.
    fn same(&self, record: &ModelVersion) -> Option<Arc<Pool>> {
        let loaded = self.version(record.version)?;
        (loaded.record == *record).then_some(loaded.pool)
    }

    fn drop_unused(&self) {
        lock_of(&self.others).retain(|_, (_, used)| used.elapsed() < KEPT_FOR);
    }

    /// Whether there is nothing to do about it.
    fn is_settled(&self, deployment: &Deployment) -> bool {
        self.deployment == *deployment && (self.problems.is_empty() || self.tried.elapsed() < TRY_AGAIN)
    }
}

impl Server {
    /// Loads what is deployed, and follows what changes until the server ends.
    pub(crate) fn serve_models(&self) {
        let changes = self.changes();
        let mut seen = None;
        while !self.is_stopping() {
            let now = *changes.borrow();
            let try_again =
                self.0.models.all().values().any(|one| !one.problems.is_empty() && one.tried.elapsed() > TRY_AGAIN);
            if seen != Some(now) || try_again {
                match self.refresh_models() {
                    Ok(()) => seen = Some(now),
                    Err(error) => tracing::warn!(%error, "what is deployed cannot be read"),
                }
            }
            for served in self.0.models.all().values() {
                served.drop_unused();
            }
            self.0.models.log.rotate();
            std::thread::sleep(LOOK_EVERY);
        }
        self.0.models.log.close();
    }

    /// Takes over what the store says is deployed. A version takes over once it is loaded; until then, and if it cannot be, the one before answers.
    pub(crate) fn refresh_models(&self) -> Result<()> {
        let models = &self.0.models;
        let mut started = lock_of(&models.changing);
        let before = models.all();
        let mut served = HashMap::new();
        for deployment in self.metadata().deployments()? {
            let old = before.get(&deployment.name);
            let one = match old {
                Some(old) if old.is_settled(&deployment) => Arc::clone(old),
                _ => Arc::new(self.load(deployment, old.map(AsRef::as_ref), &mut started)),
            };
            served.insert(one.deployment.name.clone(), one);
        }
        // What was started for a version that answers nothing any more.
        started.clear();
        *models.served.write().unwrap_or_else(PoisonError::into_inner) = served;
        models.loaded.store(true, Ordering::Release);
        Ok(())
    }

    fn load(
        &self,
        deployment: Deployment,
        old: Option<&Served>,
        started: &mut HashMap<(String, u64), Arc<Pool>>,
    ) -> Served {
        let mut problems = BTreeMap::new();
        let mut load = |version: u64| {
            let record = deployment.versions.iter().find(|known| known.version == version)?.clone();
            let known = started.remove(&(deployment.name.clone(), version)).or_else(|| old?.same(&record));
            let pool = match known {
                Some(pool) => pool,
                None => match self.0.weft.start_pool(&deployment.name, &record.spec, self.instances()) {
                    Ok(pool) => Arc::new(pool),
                    Err(error) => {
                        let problem = Error::from(error).message;
                        tracing::warn!(deployment = deployment.name, version, problem, "a model cannot be served");
                        problems.insert(version, self.text_without_paths(&problem));
                        return None;
                    }
                },
            };
            Some(Loaded { record, pool })
        };
        let current = load(deployment.current).or_else(|| old?.current.clone());
        let canary = deployment.canary.and_then(|canary| load(canary.version));
        Served {
            current,
            canary,
            others: Mutex::default(),
            problems,
            tried: Instant::now(),
            asked: AtomicU64::new(0),
            logged: AtomicU64::new(0),
            deployment,
        }
    }

    /// Keeps a pool that was started for a version, until that is seen in the store, which is at once.
    pub(super) fn take_over(&self, name: &str, version: u64, pool: Pool) -> Result<()> {
        lock_of(&self.0.models.changing).insert((name.to_owned(), version), Arc::new(pool));
        self.refresh_models()
    }

    /// Loads a version that answers only requests that name it.
    pub(super) fn load_other(&self, name: &str, version: u64) -> Result<Loaded> {
        let missing = || Error::not_found(format!("there is no version {version} of the model `{name}`"));
        // One at a time: clients may name many.
        let _alone = lock_of(&self.0.models.changing);
        let served = self.0.models.get(name).ok_or_else(missing)?;
        if let Some(loaded) = served.version(version) {
            return Ok(loaded);
        }
        let record = served.deployment.versions.iter().find(|known| known.version == version).ok_or_else(missing)?;
        let pool = self.0.weft.start_pool(name, &record.spec, self.instances())?;
        let loaded = Loaded { record: record.clone(), pool: Arc::new(pool) };
        let mut others = lock_of(&served.others);
        if others.len() >= MOST_OTHERS
            && let Some(oldest) = others.iter().min_by_key(|(_, (_, used))| *used).map(|(version, _)| *version)
        {
            others.remove(&oldest);
        }
        others.insert(version, (loaded.clone(), Instant::now()));
        Ok(loaded)
    }

    /// Instances of a version that says nothing of it.
    pub(super) fn instances(&self) -> usize {
        self.settings().steps.get()
    }

    /// A deployment that answers.
    pub(super) fn served(&self, name: &str) -> Result<Arc<Served>> {
        self.0.models.get(name).ok_or_else(|| {
            if self.0.models.is_loaded() {
                Error::not_found(format!("there is no model `{}`", name.chars().take(80).collect::<String>()))
            } else {
                Error::new(Kind::Unavailable, "the models are being loaded")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_of_share;

    #[test]
    fn of_each_hundred_requests_exactly_the_share_is_taken_and_evenly() {
        for percent in 0..=100 {
            let taken: Vec<u64> = (700..800).filter(|number| is_of_share(*number, percent)).collect();
            assert_eq!(taken.len(), usize::from(percent));
            let most = 100_u64.div_ceil(u64::from(percent.max(1)));
            assert!(taken.windows(2).all(|pair| pair[1] - pair[0] <= most), "{percent}: {taken:?}");
        }
    }
}
