//! Operations on experiments.

use weft::metadata::control::{Experiment, ListQuery, Listed};

use crate::error::{Error, Kind, Result};
use crate::ids;
use crate::operations::runs::check_text;
use crate::server::Server;

/// The longest name, as in KFP.
const MAX_NAME: usize = 128;
/// The longest description.
const MAX_DESCRIPTION: usize = 64 << 10;

impl Server {
    /// Makes an experiment.
    ///
    /// # Errors
    /// The name is empty, too long or taken.
    pub fn create_experiment(&self, name: &str, description: &str) -> Result<Experiment> {
        if name.trim().is_empty() {
            return Err(Error::invalid("an experiment needs a name: `display_name` is empty"));
        }
        check_text("name", name, MAX_NAME)?;
        check_text("description", description, MAX_DESCRIPTION)?;
        let new = Experiment {
            id: ids::uuid()?,
            name: name.to_owned(),
            description: description.to_owned(),
            created_ms: self.now_ms(),
            last_run_ms: None,
            archived: false,
        };
        self.metadata().transaction(|tx| tx.create_experiment(&new))?;
        Ok(new)
    }

    /// The id of the experiment of a name, which is made if there is none.
    pub(crate) fn experiment_named(&self, name: &str) -> Result<String> {
        match self.metadata().experiment_named(name)? {
            Some(found) => Ok(found.id),
            None => Ok(self.create_experiment(name, "")?.id),
        }
    }

    /// A part of the list of experiments.
    ///
    /// # Errors
    /// A field that experiments cannot be filtered or ordered by.
    pub fn experiments(&self, query: &ListQuery) -> Result<Listed<Experiment>> {
        Ok(self.store().metadata.experiments(query)?)
    }

    /// An experiment.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn experiment(&self, id: &str) -> Result<Experiment> {
        self.store().metadata.experiment(id)?.ok_or_else(|| no_experiment(id))
    }

    /// The experiment of runs that name none.
    pub fn default_experiment(&self) -> &str {
        &self.0.default_experiment
    }

    /// The id of an experiment that exists and is not put away; that of the default one if none is named.
    pub(crate) fn known_experiment(&self, id: Option<String>) -> Result<String> {
        let Some(id) = id.filter(|id| !id.is_empty()) else { return Ok(self.0.default_experiment.clone()) };
        let found = self.metadata().experiment(&id)?.ok_or_else(|| no_experiment(&id))?;
        if found.archived {
            let why = format!("experiment `{}` is archived; take it back first", found.name);
            return Err(Error::new(Kind::FailedPrecondition, why));
        }
        Ok(id)
    }

    /// Puts an experiment and its runs away, or takes it back.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn archive_experiment(&self, id: &str, archived: bool) -> Result<()> {
        if self.metadata().transaction(|tx| tx.archive_experiment(id, archived))? {
            Ok(())
        } else {
            Err(no_experiment(id))
        }
    }

    /// Forgets an experiment. Its runs go to the default one.
    ///
    /// # Errors
    /// There is none of this id, or it is the default one.
    pub fn delete_experiment(&self, id: &str) -> Result<()> {
        let default = &self.0.default_experiment;
        if id == default {
            return Err(Error::new(Kind::FailedPrecondition, "the default experiment cannot be deleted"));
        }
        if self.metadata().transaction(|tx| tx.delete_experiment(id, default))? {
            Ok(())
        } else {
            Err(no_experiment(id))
        }
    }
}

fn no_experiment(id: &str) -> Error {
    Error::not_found(format!("there is no experiment `{}`", id.chars().take(MAX_NAME).collect::<String>()))
}
