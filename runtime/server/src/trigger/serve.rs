//! Looking at what triggers wait for, and putting runs into the queue for it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use weft::metadata::control::{LocalSpec, Origin, Spec, Submission, TriggerState};

use super::definition::{self, ArtifactMatch, Definition, Home, On, Secret};
use super::files::{self, Contents, Watched};
use super::{Delivery, artifacts, webhook};
use crate::error::{Error, Kind, Result};
use crate::operations::runs::NewRun;
use crate::schedule::Firing;
use crate::server::{Server, lock_of};

/// The shortest pause between two looks; after a long look it is longer.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A look takes at most this share of the time.
const SHARE: u32 = 10;
/// Artifacts that are read at once.
const ARTIFACTS_AT_ONCE: usize = 100;
/// Attempts to put a run into the queue while others do so for the same trigger.
const ATTEMPTS: usize = 20;
/// The longest time that events of webhooks with a time in them are remembered for.
const REMEMBERED: Duration = Duration::from_hours(1);

/// The triggers of a server.
pub(crate) struct Triggers {
    /// Files, and folders of files. Absolute.
    paths: Vec<PathBuf>,
    /// Folders whose files triggers of the page may wait for. Absolute.
    watched: Vec<PathBuf>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Those of files.
    definitions: Vec<Arc<Definition>>,
    /// Those that were made on the page.
    made: Vec<Arc<Definition>>,
    stamps: Vec<(PathBuf, Option<(u64, SystemTime)>)>,
    /// What keeps triggers from working, by name; that of a file that cannot be read, by its path.
    problems: BTreeMap<String, String>,
}

/// How far a trigger has been served, as the store has it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mark {
    /// These files have been seen.
    Files { folder: PathBuf, matching: Option<String>, contents: Contents },
    /// Artifacts up to this one have been seen.
    Artifact(i64),
    /// It only waits.
    Webhook,
}

/// What a run is started for.
#[derive(Debug)]
pub(super) struct Happened {
    /// In words, which no other event of the trigger has.
    pub event: String,
    /// What placeholders of the trigger stand for.
    pub values: BTreeMap<String, Value>,
    mark: String,
}

impl Triggers {
    /// Reads the triggers at these paths.
    ///
    /// # Errors
    /// One of them is wrong.
    pub fn read(paths: &[PathBuf], watched: &[PathBuf]) -> Result<Self> {
        let absolute = |path: &PathBuf| {
            std::path::absolute(path).map_err(|error| Error::invalid(format!("{}: {error}", path.display())))
        };
        let paths = paths.iter().map(absolute).collect::<Result<Vec<_>>>()?;
        let stamps = definition::stamps(&paths);
        let definitions = definition::read_all(&paths)?.into_iter().map(Arc::new).collect();
        let watched = watched.iter().map(absolute).collect::<Result<Vec<_>>>()?;
        for (at, folder) in watched.iter().enumerate() {
            if folder.file_name().is_none() || watched[..at].iter().any(|other| other.file_name() == folder.file_name())
            {
                let why = "a folder to watch is called by the last part of its path, and no two may be called the same";
                return Err(Error::invalid(format!("{}: {why}", folder.display())));
            }
        }
        let known = Known { definitions, stamps, ..Known::default() };
        Ok(Self { paths, watched, known: Mutex::new(known) })
    }

    /// The names of the folders whose files triggers of the page may wait for.
    pub fn watched(&self) -> Vec<String> {
        let name = |folder: &PathBuf| folder.file_name().map(|name| name.to_string_lossy().into_owned());
        self.watched.iter().filter_map(name).collect()
    }

    /// Takes those that were made on the page, by name and as JSON.
    pub fn take_made(&self, made: Vec<(String, String)>) {
        let mut known = lock_of(&self.known);
        known.made.clear();
        for (name, definition) in made {
            let document = serde_json::from_str(&definition).map_err(|error| error.to_string());
            match document.and_then(|document| definition::of_page(document, &self.watched)) {
                Ok(read) => known.made.push(Arc::new(read)),
                Err(why) => _ = known.problems.insert(name, why),
            }
        }
    }

    /// All of them, by name. Where a file has the name of one that was made on the page, it is the file's.
    pub fn all(&self) -> Vec<Arc<Definition>> {
        let known = lock_of(&self.known);
        let mut all = known.definitions.clone();
        let is_free = |one: &&Arc<Definition>| !known.definitions.iter().any(|other| other.name == one.name);
        all.extend(known.made.iter().filter(is_free).cloned());
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// What keeps triggers from working, by name, or by the file that cannot be read.
    pub fn problems(&self) -> BTreeMap<String, String> {
        lock_of(&self.known).problems.clone()
    }

    /// The folders that pipelines of triggers lie in.
    pub fn folders(&self) -> Vec<PathBuf> {
        let folder = |one: &Arc<Definition>| match &one.home {
            Home::File { pipeline, .. } => pipeline.parent().map(Path::to_owned),
            Home::Page { .. } => None,
        };
        lock_of(&self.known).definitions.iter().filter_map(folder).chain(self.watched.iter().cloned()).collect()
    }

    fn named(&self, name: &str) -> Option<Arc<Definition>> {
        self.all().into_iter().find(|one| one.name == name)
    }

    /// Reads the files again if one of them was changed. What cannot be read leaves the triggers as they were.
    fn reload(&self) {
        let stamps = definition::stamps(&self.paths);
        if lock_of(&self.known).stamps == stamps {
            return;
        }
        let read = definition::read_all(&self.paths);
        let mut known = lock_of(&self.known);
        known.stamps = stamps;
        known.problems.clear();
        match read {
            Ok(definitions) => known.definitions = definitions.into_iter().map(Arc::new).collect(),
            Err(error) => {
                tracing::warn!(%error, "triggers stay as they were");
                known.problems.insert("the files of triggers".to_owned(), error.message);
            }
        }
    }

    /// Keeps what came of a look, and tells the log of a problem once.
    fn note(&self, name: &str, result: Result<()>) {
        let mut known = lock_of(&self.known);
        match result {
            Ok(()) => _ = known.problems.remove(name),
            Err(error) => {
                if known.problems.get(name) != Some(&error.message) {
                    tracing::warn!(trigger = name, %error, "a trigger cannot be served");
                }
                known.problems.insert(name.to_owned(), error.message);
            }
        }
    }
}

impl Server {
    /// The triggers, each with how far it has been served.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn triggers(&self) -> Result<Vec<(Arc<Definition>, Option<TriggerState>)>> {
        let with_state = |one: Arc<Definition>| {
            let state = self.store().metadata.trigger(&one.name)?;
            Ok((one, state))
        };
        self.0.triggers.all().into_iter().map(with_state).collect()
    }

    /// Switches a trigger on or off. What happens while it is off is passed over.
    ///
    /// # Errors
    /// There is none of this name.
    pub(crate) fn enable_trigger(&self, name: &str, enabled: bool) -> Result<()> {
        if self.metadata().transaction(|tx| tx.enable_trigger(name, enabled))? {
            Ok(())
        } else {
            Err(Error::not_found(format!("there is no trigger `{name}`")))
        }
    }

    /// Makes a trigger of what a form of the page has, written as the file of one, but for what [`definition::of_page`] tells. A webhook gets a
    /// secret, which is given back and told nowhere else.
    ///
    /// # Errors
    /// Something is wrong with it, its name is taken, or there is no such pipeline.
    pub(crate) fn make_trigger(&self, mut document: Value) -> Result<(String, Option<String>)> {
        let mut made = None;
        if let Some(webhook) = document.pointer_mut("/on/webhook") {
            let secret = webhook::new_secret()?;
            webhook["secret"] = secret.as_str().into();
            made = Some(secret);
        }
        let triggers = &self.0.triggers;
        let definition = definition::of_page(document.clone(), &triggers.watched).map_err(Error::invalid)?;
        if let Home::Page { pipeline } = &definition.home {
            self.pipeline(pipeline)?;
        }
        if triggers.named(&definition.name).is_some() {
            let name = definition.name;
            return Err(Error::new(Kind::AlreadyExists, format!("there is already a trigger called `{name}`")));
        }
        let now = self.now_ms();
        self.metadata().transaction(|tx| tx.make_trigger(&definition.name, &document.to_string(), now))?;
        triggers.take_made(self.metadata().made_triggers()?);
        Ok((definition.name, made))
    }

    /// Forgets a trigger that was made on the page; the runs that it started stay.
    ///
    /// # Errors
    /// There is none of this name that was made on the page.
    pub(crate) fn delete_trigger(&self, name: &str) -> Result<()> {
        let deleted = self.metadata().transaction(|tx| tx.delete_trigger(name))?;
        self.0.triggers.take_made(self.metadata().made_triggers()?);
        lock_of(&self.0.triggers.known).problems.remove(name);
        if deleted {
            Ok(())
        } else {
            Err(Error::not_found(format!("there is no trigger `{name}` that was made on the page")))
        }
    }

    /// Serves the triggers until the server ends.
    pub(crate) fn watch_triggers(&self) {
        let mut watched: HashMap<String, Watched> = HashMap::new();
        while !self.is_stopping() {
            let begun = Instant::now();
            self.0.triggers.reload();
            for trigger in self.0.triggers.all() {
                let result = self.look(&trigger, watched.entry(trigger.name.clone()).or_default());
                self.0.triggers.note(&trigger.name, result);
            }
            std::thread::sleep(LOOK_EVERY.max(begun.elapsed() * SHARE));
        }
    }

    fn look(&self, trigger: &Definition, watched: &mut Watched) -> Result<()> {
        let state = self.metadata().trigger(&trigger.name)?;
        match &trigger.on {
            On::Files { folder, matching, .. } => {
                let read = |error| Error::new(Kind::Internal, format!("its files cannot be read: {error}"));
                let Some(contents) = watched.look(trigger, Instant::now()).map_err(read)? else { return Ok(()) };
                let mark = Mark::Files {
                    folder: folder.clone(),
                    matching: matching.as_ref().map(|pattern| pattern.as_str().to_owned()),
                    contents,
                };
                self.serve_files(trigger, state, &mark)
            }
            On::Artifact(wanted) => self.serve_artifacts(trigger, state, wanted),
            On::Webhook { .. } => match state {
                Some(_) => Ok(()),
                None => self.keep(trigger, &Mark::Webhook),
            },
        }
    }

    fn keep(&self, trigger: &Definition, mark: &Mark) -> Result<()> {
        let mark = text(mark)?;
        Ok(self.metadata().transaction(|tx| tx.keep_trigger(&trigger.name, &mark))?)
    }

    fn serve_files(&self, trigger: &Definition, state: Option<TriggerState>, now: &Mark) -> Result<()> {
        // What is there when a trigger is first seen is where it begins.
        let Some(state) = state else { return self.keep(trigger, now) };
        let Mark::Files { folder, matching, contents } = now else { return Ok(()) };
        let mark = text(now)?;
        if mark == state.mark {
            return Ok(());
        }
        let changed = match serde_json::from_str(&state.mark) {
            Ok(Mark::Files { folder: was, matching: matched, contents: before })
                if was == *folder && matched == *matching =>
            {
                files::changed(&before, contents)
            }
            // It looks elsewhere than before.
            _ => Vec::new(),
        };
        if changed.is_empty() || !state.enabled {
            self.metadata().transaction(|tx| tx.pass_trigger(&state, &mark))?;
            return Ok(());
        }
        if state.unfinished >= trigger.max_concurrency {
            return Ok(());
        }
        let paths: Vec<String> = changed.iter().map(|path| folder.join(path).display().to_string()).collect();
        let values = BTreeMap::from([
            ("Folder".to_owned(), folder.display().to_string().into()),
            ("File".to_owned(), paths.last().cloned().into()),
            ("Files".to_owned(), paths.into()),
        ]);
        let event = format!("{}: {}", state.fired + 1, files::told(&changed));
        self.fire(trigger, &state, &Happened { event, values, mark })?;
        Ok(())
    }

    fn serve_artifacts(&self, trigger: &Definition, state: Option<TriggerState>, wanted: &ArtifactMatch) -> Result<()> {
        let Some(mut state) = state else {
            return self.keep(trigger, &Mark::Artifact(self.metadata().newest_artifact()?));
        };
        let Ok(Mark::Artifact(mut seen)) = serde_json::from_str(&state.mark) else {
            let newest = text(&Mark::Artifact(self.metadata().newest_artifact()?))?;
            self.metadata().transaction(|tx| tx.pass_trigger(&state, &newest))?;
            return Ok(());
        };
        let found = self.metadata().artifacts_after(seen, ARTIFACTS_AT_ONCE)?;
        for artifact in found {
            let id = artifact.artifact.id.unwrap_or(seen);
            let run = artifact.producer.as_ref().and_then(|producer| producer.run.as_deref());
            let pipeline = match run {
                Some(run) if wanted.pipeline.is_some() => {
                    self.metadata().run_without_steps(run).ok().map(|record| record.summary.pipeline)
                }
                _ => None,
            };
            if state.enabled && artifacts::matches(wanted, &artifact, pipeline.as_deref()) {
                if state.unfinished >= trigger.max_concurrency {
                    break;
                }
                let (event, values) = (format!("artifact {id}"), artifacts::values(&artifact));
                let mark = text(&Mark::Artifact(id))?;
                self.fire(trigger, &state, &Happened { event, values, mark })?;
                match self.metadata().trigger(&trigger.name)? {
                    Some(now) => state = now,
                    None => return Ok(()),
                }
            }
            seen = id;
        }
        let mark = text(&Mark::Artifact(seen))?;
        if mark != state.mark {
            self.metadata().transaction(|tx| tx.pass_trigger(&state, &mark))?;
        }
        Ok(())
    }

    /// Starts a run for a webhook's request, and gives the run's id and whether it is new: a request that is sent again starts none.
    ///
    /// # Errors
    /// There is no such webhook, its sender has not shown that it knows the secret, it is off, or enough of its runs are unfinished.
    pub(crate) fn deliver(&self, name: &str, headers: &HeaderMap, body: &[u8]) -> Result<(String, bool)> {
        let trigger = self.0.triggers.named(name);
        let Some((trigger, On::Webhook { secret, scheme })) = trigger.as_ref().map(|one| (one, &one.on)) else {
            return Err(Error::not_found(format!("there is no webhook `{name}`")));
        };
        let secret = self.secret(secret)?;
        let delivery = Delivery::check(*scheme, &secret, headers, body, self.now_ms())?;
        let event = format!("delivery {}", delivery.id);
        let sent = serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into());
        let mark = text(&Mark::Webhook)?;
        let happened = Happened { event, values: BTreeMap::from([("Body".to_owned(), sent)]), mark };
        for _ in 0..ATTEMPTS {
            if let Some(run) = self.metadata().run_of_event(name, &happened.event)? {
                return Ok((run, false));
            }
            let Some(state) = self.metadata().trigger(name)? else {
                self.keep(trigger, &Mark::Webhook)?;
                continue;
            };
            if !state.enabled {
                return Err(Error::new(Kind::FailedPrecondition, format!("the trigger `{name}` is off")));
            }
            if state.unfinished >= trigger.max_concurrency {
                let why =
                    format!("{} runs of the trigger `{name}` are unfinished; send it again later", state.unfinished);
                return Err(Error::new(Kind::ResourceExhausted, why));
            }
            if *scheme == definition::Scheme::Standard {
                let before = self.now_ms().saturating_sub(i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX));
                self.metadata().transaction(|tx| tx.forget_events(name, before))?;
            }
            if let Some(run) = self.fire(trigger, &state, &happened)? {
                return Ok((run, true));
            }
        }
        Err(Error::new(Kind::Unavailable, format!("the trigger `{name}` is asked too often; send it again later")))
    }

    /// A webhook's secret: the file `NAME/KEY` in the folder of secrets, or a variable of the server's environment.
    fn secret(&self, secret: &Secret) -> Result<String> {
        let name = match secret {
            Secret::Named(name) => name,
            Secret::Made(secret) => return Ok(secret.clone()),
        };
        let host = self.0.weft.linker().host();
        let from_file = || {
            let (name, key) = name.split_once('/')?;
            let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '\\']);
            let file = host.secrets.as_ref().filter(|_| is_plain(name) && is_plain(key))?.join(name).join(key);
            std::fs::read_to_string(file).ok()
        };
        let found = from_file().or_else(|| host.variables.get(name).cloned());
        let unusable = |why: &str| {
            tracing::error!(secret = name, "the secret of a webhook {why}");
            Error::new(Kind::Internal, "this webhook has no secret that can be used; the server's log tells more")
        };
        let secret = found.ok_or_else(|| unusable("is neither in the folder of secrets nor a variable"))?;
        let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
        webhook::check_secret(&secret).map_err(unusable)?;
        Ok(secret)
    }

    /// Puts a run into the queue for what happened. Gives its id; none if the trigger was served otherwise meanwhile.
    fn fire(&self, trigger: &Definition, state: &TriggerState, happened: &Happened) -> Result<Option<String>> {
        let run = self.run_for(trigger, state.fired + 1, happened)?;
        let now = self.now_ms();
        let fired =
            self.metadata().transaction(|tx| tx.fire_trigger(state, &happened.mark, &happened.event, &run, now))?;
        if !fired {
            return Ok(None);
        }
        self.0.metrics.fired.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.wake();
        Ok(Some(run.id))
    }

    fn run_for(&self, trigger: &Definition, index: i64, happened: &Happened) -> Result<Submission> {
        let cannot = |error: &dyn std::fmt::Display| {
            Error::new(Kind::FailedPrecondition, format!("its pipeline cannot be read: {error}"))
        };
        let (spec, pipeline) = match &trigger.home {
            Home::File { pipeline, .. } => {
                let text = std::fs::read_to_string(pipeline).map_err(|error| cannot(&error))?;
                let local = LocalSpec { file: pipeline.display().to_string(), inputs: Vec::new() };
                (Some(Spec { text, local: Some(local) }), None)
            }
            Home::Page { pipeline } => (None, Some(pipeline.clone())),
        };
        let experiment = match &trigger.experiment {
            None => None,
            Some(name) => Some(self.experiment_named(name)?),
        };
        let new = NewRun {
            name: format!("{}-{index}", trigger.name),
            description: trigger.description.clone(),
            experiment,
            spec,
            pipeline,
            no_cache: trigger.no_cache,
            priority: trigger.priority,
            ..NewRun::default()
        };
        let origin = Origin::Trigger { id: trigger.name.clone(), event: happened.event.clone() };
        let (mut run, _) = self.submission(new, origin).map_err(|error| cannot(&error))?;
        let now_ms = self.now_ms();
        let firing = Firing { run: &run.id, due_ms: now_ms, now_ms, index, more: Some(&happened.values) };
        let folder = match &trigger.home {
            Home::File { file, .. } => file.parent(),
            Home::Page { .. } => None,
        };
        let folder = folder.unwrap_or(Path::new("/"));
        let inputs = trigger.inputs.iter().flat_map(|(name, text)| {
            let given = match firing.value(&Value::String(text.clone())) {
                Value::Array(all) => all,
                one => vec![one],
            };
            given.into_iter().map(|one| (name.clone(), located(folder, &one)))
        });
        let inputs: Vec<(String, String)> = inputs.collect();
        match &mut run.spec.local {
            Some(local) => local.inputs = inputs,
            None if inputs.is_empty() => {}
            none => *none = Some(LocalSpec { file: String::new(), inputs }),
        }
        run.parameters = firing.parameters(&trigger.parameters);
        Ok(run)
    }
}

/// An input as the run is given it: URIs and absolute paths as they are, other paths from the trigger's folder.
fn located(folder: &Path, given: &Value) -> String {
    let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
    let is_path = !text.contains("://") && !text.starts_with('{') && !text.starts_with("blake3");
    if is_path { folder.join(&text).display().to_string() } else { text }
}

fn text(mark: &Mark) -> Result<String> {
    serde_json::to_string(mark).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}
