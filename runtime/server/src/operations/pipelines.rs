//! Operations on uploaded pipelines and their versions.

use std::collections::BTreeMap;

use weft::metadata::control::{ListQuery, Listed, PipelineEntry, Spec, VersionEntry};

use crate::error::{Error, Kind, Result};
use crate::ids;
use crate::operations::runs::check_text;
use crate::server::Server;
use crate::time::rfc3339;

/// The longest name.
const MAX_NAME: usize = 255;
/// The longest description.
const MAX_DESCRIPTION: usize = 64 << 10;
/// Labels that a pipeline may have, and bytes of each, as in KFP.
const MAX_TAGS: usize = 20;
const MAX_TAG: usize = 63;

/// A pipeline to upload.
#[derive(Debug, Clone, Default)]
pub struct NewPipeline {
    /// Its name; that of the spec if empty.
    pub name: String,
    /// Its name for people; its name if empty.
    pub display_name: String,
    /// What it is about.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
}

/// A version of a pipeline to upload.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// Its name; made of that of the pipeline and the time if empty.
    pub name: String,
    /// Its name for people; its name if empty.
    pub display_name: String,
    /// What it is about.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// Where its source code lies.
    pub code_source_url: Option<String>,
    /// The pipeline itself.
    pub spec: Spec,
}

impl Server {
    /// Makes a pipeline, with its first version if one is given.
    ///
    /// # Errors
    /// The name is missing, too long or taken, or the version is no pipeline.
    pub fn create_pipeline(&self, new: NewPipeline, version: Option<NewVersion>) -> Result<PipelineEntry> {
        let NewPipeline { name, display_name, description, tags } = new;
        let spec_name = version.as_ref().map(|version| self.read_spec(&version.spec)).transpose()?;
        let spec_name = spec_name.map(|file| file.pipeline.name).unwrap_or_default();
        // Either name stands for the other.
        let name = [name, display_name.clone(), spec_name].into_iter().find(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| Error::invalid("a pipeline needs a name"))?;
        let display_name = if display_name.trim().is_empty() { name.clone() } else { display_name };
        check_about(&name, &display_name, &description, &tags)?;
        let now = self.now_ms();
        let pipeline = PipelineEntry { id: ids::uuid()?, name, display_name, description, tags, created_ms: now };
        let version = version.map(|version| self.version_entry(&pipeline, version, true)).transpose()?;
        self.metadata().transaction(|tx| {
            tx.create_pipeline(&pipeline)?;
            version.as_ref().map_or(Ok(()), |version| tx.create_version(version))
        })?;
        Ok(pipeline)
    }

    /// A part of the list of pipelines.
    ///
    /// # Errors
    /// A field that pipelines cannot be filtered or ordered by.
    pub fn pipelines(&self, query: &ListQuery) -> Result<Listed<PipelineEntry>> {
        Ok(self.store().metadata.pipelines(query)?)
    }

    /// A pipeline.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn pipeline(&self, id: &str) -> Result<PipelineEntry> {
        self.store().metadata.pipeline(id)?.ok_or_else(|| missing("pipeline", id))
    }

    /// The pipeline of a name.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn pipeline_named(&self, name: &str) -> Result<PipelineEntry> {
        self.store().metadata.pipeline_named(name)?.ok_or_else(|| missing("pipeline", name))
    }

    /// Changes what people read about a pipeline.
    ///
    /// # Errors
    /// There is none of this id, or a text is too long.
    pub fn update_pipeline(&self, changed: &PipelineEntry) -> Result<PipelineEntry> {
        check_about(&changed.name, &changed.display_name, &changed.description, &changed.tags)?;
        if self.metadata().transaction(|tx| tx.update_pipeline(changed))? {
            self.pipeline(&changed.id)
        } else {
            Err(missing("pipeline", &changed.id))
        }
    }

    /// Forgets a pipeline, with its versions if `cascade`; without, it must have none.
    ///
    /// # Errors
    /// There is none of this id, or it has versions.
    pub fn delete_pipeline(&self, id: &str, cascade: bool) -> Result<()> {
        let pipeline = self.pipeline(id)?;
        let versions = self.metadata().transaction(|tx| {
            let versions = tx.count_versions(id)?;
            if versions == 0 || cascade {
                tx.delete_pipeline(id)?;
                return Ok(0);
            }
            Ok(versions)
        })?;
        if versions == 0 {
            return Ok(());
        }
        let name = pipeline.name;
        let why = format!("pipeline `{name}` has {versions} versions; delete them first, or say `cascade=true`");
        Err(Error::new(Kind::FailedPrecondition, why))
    }

    /// Adds a version to a pipeline.
    ///
    /// # Errors
    /// There is no such pipeline, the name is taken, or it is no pipeline.
    pub fn create_version(&self, pipeline: &str, new: NewVersion) -> Result<VersionEntry> {
        let pipeline = self.pipeline(pipeline)?;
        self.read_spec(&new.spec)?;
        let version = self.version_entry(&pipeline, new, false)?;
        self.metadata().transaction(|tx| tx.create_version(&version))?;
        Ok(version)
    }

    fn version_entry(&self, pipeline: &PipelineEntry, new: NewVersion, first: bool) -> Result<VersionEntry> {
        let NewVersion { name, display_name, description, tags, code_source_url, spec } = new;
        let now = self.now_ms();
        let name = [name, display_name.clone()].into_iter().find(|name| !name.trim().is_empty());
        // As KFP, the first version is called like the pipeline.
        let name = name.unwrap_or_else(|| {
            if first { pipeline.name.clone() } else { format!("{} {}", pipeline.name, rfc3339(now)) }
        });
        let display_name = if display_name.trim().is_empty() { name.clone() } else { display_name };
        check_about(&name, &display_name, &description, &tags)?;
        if let Some(url) = &code_source_url {
            check_text("URL of the source code", url, 2048)?;
        }
        let pipeline = pipeline.id.clone();
        let code_source_url = code_source_url.filter(|url| !url.is_empty());
        Ok(VersionEntry {
            id: ids::uuid()?,
            pipeline,
            name,
            display_name,
            description,
            tags,
            code_source_url,
            created_ms: now,
            spec,
        })
    }

    /// A part of the list of a pipeline's versions.
    ///
    /// # Errors
    /// There is no such pipeline, or a field that versions cannot be filtered or ordered by.
    pub fn versions(&self, pipeline: &str, query: &ListQuery) -> Result<Listed<VersionEntry>> {
        self.pipeline(pipeline)?;
        Ok(self.store().metadata.versions(pipeline, query)?)
    }

    /// A version of a pipeline.
    ///
    /// # Errors
    /// The pipeline has none of this id.
    pub fn version(&self, pipeline: &str, id: &str) -> Result<VersionEntry> {
        let found = self.store().metadata.version(id)?.filter(|version| version.pipeline == pipeline);
        found.ok_or_else(|| missing("pipeline version", id))
    }

    /// Changes what people read about a version.
    ///
    /// # Errors
    /// There is none of this id, or a text is too long.
    pub fn update_version(&self, changed: &VersionEntry) -> Result<VersionEntry> {
        check_about(&changed.name, &changed.display_name, &changed.description, &changed.tags)?;
        if self.metadata().transaction(|tx| tx.update_version(changed))? {
            self.version(&changed.pipeline, &changed.id)
        } else {
            Err(missing("pipeline version", &changed.id))
        }
    }

    /// Forgets a version.
    ///
    /// # Errors
    /// The pipeline has none of this id.
    pub fn delete_version(&self, pipeline: &str, id: &str) -> Result<()> {
        self.version(pipeline, id)?;
        self.metadata().transaction(|tx| tx.delete_version(id))?;
        Ok(())
    }
}

fn check_about(name: &str, display: &str, description: &str, tags: &BTreeMap<String, String>) -> Result<()> {
    check_text("name", name, MAX_NAME)?;
    check_text("display name", display, MAX_NAME)?;
    check_text("description", description, MAX_DESCRIPTION)?;
    if tags.len() > MAX_TAGS {
        return Err(Error::invalid(format!("there are {} tags, at most {MAX_TAGS} are possible", tags.len())));
    }
    tags.iter().try_for_each(|(key, value)| {
        check_text("name of a tag", key, MAX_TAG)?;
        check_text("value of a tag", value, MAX_TAG)
    })
}

pub(crate) fn missing(what: &str, id: &str) -> Error {
    Error::not_found(format!("there is no {what} `{}`", id.chars().take(MAX_NAME).collect::<String>()))
}
