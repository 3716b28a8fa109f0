//! Checking that everything in a store is as it was written.

use weft_artifacts::{ContentId, Repair};

use crate::error::Result;
use crate::store::Store;

/// What a check of the store found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Bytes that were read and compared with the digests that they are named by.
    pub bytes: u64,
    /// What is damaged.
    pub damage: Vec<String>,
    /// Content that the metadata refers to and the store does not hold, and what it is.
    pub missing: Vec<(String, String)>,
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
    /// The store cannot be read or changed.
    pub fn fsck(&self, repair: bool, progress: &mut dyn FnMut(u64, u64)) -> Result<Checked> {
        // No content may go away or be moved while others look at it.
        let _lock = if repair { self.artifacts.lock_exclusive()? } else { self.artifacts.lock_shared()? };
        let mut bytes = 0;
        for object in self.artifacts.list()? {
            // One that cannot be listed is what the check below tells of.
            bytes += object.map_or(0, |(id, size)| if id.is_tree() { 0 } else { size });
        }
        let repair = if repair { Repair::Quarantine } else { Repair::None };
        let damage = self.artifacts.fsck(repair, &mut |done| progress(done, bytes))?;
        let damage = damage.iter().map(ToString::to_string).collect();
        Ok(Checked { bytes, damage, missing: self.missing()? })
    }

    fn missing(&self) -> Result<Vec<(String, String)>> {
        let mut missing = Vec::new();
        for uri in self.metadata.referenced_uris()? {
            let Ok(id) = uri.parse::<ContentId>() else { continue };
            if self.artifacts.contains(&id)? {
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
