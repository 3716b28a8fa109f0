//! Checking that everything in a store is as it was written, here and in its bucket.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use weft_artifacts::{ContentId, Repair};
use weft_remote::Bucket;

use crate::error::{Error, Result};
use crate::store::Store;

/// How closely to look, and what to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckOptions {
    /// Moves what is damaged out of the way, removes it from the bucket, and puts there what is missing and here.
    pub repair: bool,
    /// Reads all bytes in the bucket, too. Else only what is there is asked for, and in which length.
    pub read_bucket: bool,
}

/// What a check of the store found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Bytes that were read and compared with the digests that they are named by.
    pub bytes: u64,
    /// Objects in the bucket that were looked at; none if there is no bucket.
    pub in_bucket: Option<u64>,
    /// What is damaged.
    pub damage: Vec<String>,
    /// Content that the metadata refers to and neither the store nor its bucket holds, and what it is.
    pub missing: Vec<(String, String)>,
    /// Results that were made from what was damaged and then repaired: they are not taken from the cache any more, as nobody knows what their
    /// steps have read.
    pub forgotten: usize,
}

impl Checked {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty() && self.missing.is_empty()
    }
}

impl Store {
    /// Reads every byte in the store and looks for everything that the metadata refers to. With `repair`, what is damaged is moved out of the
    /// way, so that the steps that made it are executed again when it is needed. `progress` gets the bytes read and those there are.
    ///
    /// # Errors
    /// The store or its bucket cannot be read or changed.
    pub fn fsck(&self, options: CheckOptions, progress: &mut dyn FnMut(u64, u64)) -> Result<Checked> {
        // No content may go away or be moved while others look at it.
        let _lock = if options.repair { self.artifacts.lock_exclusive()? } else { self.artifacts.lock_shared()? };
        let mut bytes = 0;
        for object in self.artifacts.list()? {
            // One that cannot be listed is what the check below tells of.
            bytes += object.map_or(0, |(id, size)| if id.is_tree() { 0 } else { size });
        }
        let repair = if options.repair { Repair::Quarantine } else { Repair::None };
        let damage = self.artifacts.fsck(repair, &mut |done| progress(done, bytes))?;
        let mut checked = Checked { bytes, ..Checked::default() };
        if options.repair && !damage.is_empty() {
            let contents: BTreeSet<String> =
                damage.iter().filter_map(|damage| Some(damage.content()?.to_string())).collect();
            checked.forgotten = self.metadata.transaction(|tx| {
                contents.iter().try_fold(0, |forgotten, content| Ok(forgotten + tx.forget_results_of(content)?))
            })?;
        }
        checked.damage = damage.iter().map(ToString::to_string).collect();
        if let Some(bucket) = self.reached_bucket() {
            self.check_bucket(bucket, options, &mut checked, progress)?;
        }
        checked.missing = self.missing()?;
        Ok(checked)
    }

    /// Looks at what the bucket holds of what the metadata refers to.
    fn check_bucket(
        &self,
        bucket: &Bucket,
        options: CheckOptions,
        checked: &mut Checked,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<()> {
        let there = bucket.list().map_err(Error::bucket)?;
        checked.in_bucket = Some(there.len() as u64);
        let files = self.referenced_files()?;
        let (mut bad, mut lacking) = (BTreeSet::new(), Vec::new());
        for (id, expected) in &files {
            let expected = expected.or_else(|| Some(self.artifacts.open_file(id).ok()?.1));
            match (there.get(id), expected) {
                (None, Some(_)) => lacking.push(*id),
                (Some(found), Some(expected)) if *found != expected => {
                    let uri = bucket.uri_of(id);
                    checked.damage.push(format!("{uri}: the object has {found} bytes, not {expected}"));
                    bad.insert(*id);
                }
                (None, None) | (Some(_), _) => {}
            }
        }
        if options.read_bucket {
            let total = there.values().sum();
            let mut done = 0;
            for (id, len) in &there {
                let sound = bucket.is_sound(id, &mut |read, _| {
                    progress(done + read, total);
                    ControlFlow::Continue(())
                });
                if !sound.map_err(Error::bucket)? && bad.insert(*id) {
                    checked
                        .damage
                        .push(format!("{}: the object has other bytes than its name says", bucket.uri_of(id)));
                }
                done += len;
            }
            checked.bytes += total;
        }
        if options.repair {
            bucket.remove(&bad.iter().copied().collect::<Vec<_>>()).map_err(Error::bucket)?;
        }
        let here: Vec<ContentId> = lacking.into_iter().filter(|id| self.artifacts.open_file(id).is_ok()).collect();
        for id in &here {
            checked.damage.push(format!("{}: the object is missing, it is only here", bucket.uri_of(id)));
        }
        if options.repair && (!here.is_empty() || !bad.is_empty()) {
            self.artifacts.set_behind()?;
            self.artifacts.catch_up(&mut |_, _| ControlFlow::Continue(()))?;
        }
        Ok(())
    }

    /// All files of content that the metadata refers to, with their lengths as far as a directory tells them.
    fn referenced_files(&self) -> Result<HashMap<ContentId, Option<u64>>> {
        let mut files = HashMap::new();
        for id in self.referenced()? {
            files.entry(id).or_insert(None);
            if !id.is_tree() {
                continue;
            }
            match self.artifacts.open_tree(&id.digest()) {
                Ok(tree) => {
                    files.extend(tree.entries().iter().map(|file| (ContentId::Blob(file.digest), Some(file.size))));
                }
                // What is wrong with it is told elsewhere.
                Err(
                    weft_artifacts::Error::NotFound { .. }
                    | weft_artifacts::Error::Damaged { .. }
                    | weft_artifacts::Error::Backing { .. },
                ) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(files)
    }

    fn missing(&self) -> Result<Vec<(String, String)>> {
        let mut missing = Vec::new();
        for uri in self.metadata.referenced_uris()? {
            let Ok(id) = uri.parse::<ContentId>() else { continue };
            // A manifest that cannot be used is as good as none.
            if matches!(self.artifacts.contains(&id), Ok(true)) {
                continue;
            }
            let what = match self.metadata.artifact(&uri) {
                Ok(record) => {
                    let name = record.artifact.name.unwrap_or_default();
                    let by = record.producer.map(|producer| {
                        let task = producer.task.unwrap_or_default();
                        format!(", made by step `{task}` of run {}", producer.run.unwrap_or_default())
                    });
                    format!("the {} `{name}`{}", record.artifact.kind.short(), by.unwrap_or_default())
                }
                Err(_) => "a component or a log".to_owned(),
            };
            missing.push((uri, what));
        }
        Ok(missing)
    }
}
