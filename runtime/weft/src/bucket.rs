//! Stores whose artifacts are kept in a bucket: which one it is, who else uses it, and what of it is looked after.

use std::collections::HashSet;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::ErrorKind;
use std::ops::ControlFlow;

use weft_artifacts::{ContentId, Digest};
use weft_remote::{Bucket, Collected, Settings, User};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::notice::{Notice, Notify};
use crate::store::Store;

/// What tells this store from its copies on the same machine, in a file of its own.
const USER: &str = "bucket.user";
/// Digits of a user's id.
const ID: usize = 32;

impl Store {
    /// Puts the bucket below the store that it keeps its artifacts in, if it does: the one that it was given before, or [`Host::artifacts`], which is
    /// remembered. Nothing is reached yet. Without [`Host::remote`], or offline, only what is in the store's folder can be read.
    ///
    /// # Errors
    /// It is given another one than before, or none that there could be.
    pub fn over_bucket(mut self, host: &Host) -> Result<Self> {
        let remembered = self.metadata.bucket()?;
        let (settings, offline) = match &host.remote {
            Some(remote) => (remote.settings.clone(), remote.offline),
            None => (Settings::default(), true),
        };
        let open = |uri: &str| Bucket::new(uri, settings.clone(), offline).map_err(Error::bucket);
        let asked = host.artifacts.as_deref().map(open).transpose()?;
        let bucket = match (remembered, asked) {
            (None, None) => return Ok(self),
            (Some(before), Some(asked)) if asked.uri() != before => {
                return Err(Error::advised(
                    format!("this store keeps its artifacts in `{before}`, not in `{}`", asked.uri()),
                    "leave `--artifacts` and WEFT_ARTIFACTS out, or name another store with `--store`",
                ));
            }
            (Some(before), _) => open(&before)?,
            (None, Some(asked)) => {
                // What is here already is brought there before the next run.
                self.artifacts.set_behind()?;
                self.metadata.transaction(|tx| tx.set_bucket(&asked.uri()))?;
                asked
            }
        };
        self.artifacts.set_backing(Box::new(bucket.clone()));
        self.bucket = Some(bucket);
        self.offline = offline;
        Ok(self)
    }

    /// The bucket, if there is one and it may be reached.
    pub(crate) fn reached_bucket(&self) -> Option<&Bucket> {
        self.bucket.as_ref().filter(|_| !self.offline)
    }

    /// Makes sure that the bucket can be written to, that its other users know of this one, and that all is there that should be.
    pub(crate) fn enter_bucket(&self, notify: &Notify<'_>, cancel: &Cancel) -> Result<()> {
        let Some(bucket) = self.reached_bucket() else { return Ok(()) };
        bucket.enter(&self.user()?).map_err(Error::bucket)?;
        if self.artifacts.is_behind() && self.artifacts.list()?.next().is_some() {
            notify(Notice::CatchingUp { bucket: bucket.uri() });
        }
        let mut go_on = |_, _| if cancel.is_canceled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        match self.artifacts.catch_up(&mut go_on) {
            Err(weft_artifacts::Error::Interrupted { .. }) => Ok(()),
            caught_up => Ok(caught_up?),
        }
    }

    /// Removes the objects from the bucket that are not to be kept, unless other stores use it.
    pub(crate) fn collect_bucket(&self, keep: &HashSet<ContentId>, dry_run: bool) -> Result<Option<Collected>> {
        let Some(bucket) = self.reached_bucket() else { return Ok(None) };
        let user = if dry_run && !self.root().join(USER).exists() {
            // It has left no note yet.
            User { id: String::new(), place: self.place()? }
        } else {
            self.user()?
        };
        Ok(Some(bucket.collect(&user, keep, dry_run).map_err(Error::bucket)?))
    }

    /// Fails if what this store keeps in a bucket cannot be seen: what only seems to be unneeded would be removed.
    pub(crate) fn demand_bucket(&self) -> Result<()> {
        match self.metadata.bucket()? {
            Some(uri) if self.reached_bucket().is_none() => Err(Error::advised(
                format!("`{uri}`, which keeps this store's artifacts, is not reached"),
                "do it online",
            )),
            _ => Ok(()),
        }
    }

    /// This store as a user of its bucket. A copy of it in another folder or on another machine is another user.
    fn user(&self) -> Result<User> {
        let path = self.root().join(USER);
        let failed = |action| {
            let path = path.clone();
            move |source| Error::io(action, &path, source)
        };
        let secret = match fs::read_to_string(&path) {
            Ok(secret) => secret,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let random = || RandomState::new().build_hasher().finish();
                // Another process may do the same: whose file is there counts.
                let part = self.root().join(format!("{USER}.{}", std::process::id()));
                fs::write(&part, format!("{:016x}{:016x}\n", random(), random())).map_err(failed("write"))?;
                let linked = fs::hard_link(&part, &path);
                _ = fs::remove_file(&part);
                linked
                    .or_else(|error| match error.kind() {
                        ErrorKind::AlreadyExists => Ok(()),
                        _ => Err(error),
                    })
                    .map_err(failed("create"))?;
                fs::read_to_string(&path).map_err(failed("read"))?
            }
            Err(error) => return Err(failed("read")(error)),
        };
        let place = self.place()?;
        let mut id = Digest::of(format!("{secret}\n{place}").as_bytes()).to_string();
        id.truncate(ID);
        Ok(User { id, place })
    }

    /// `HOST:/FOLDER`
    fn place(&self) -> Result<String> {
        let folder = std::path::absolute(self.root()).map_err(|source| Error::io("find", self.root(), source))?;
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Ok(format!("{}:{}", host.trim(), folder.display()))
    }
}
