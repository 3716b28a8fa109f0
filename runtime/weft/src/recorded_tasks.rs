//! The pipeline of a recorded run, of which only those tasks are read that are asked for: to read all of 25,000 takes longer than to tell why one of them ran.

use std::borrow::{Borrow, Cow};
use std::cell::OnceCell;
use std::collections::HashMap;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use weft_metadata::RecordedSpec;
use weft_pipeline::model::{Component, Task};

use crate::origin::Tasks;

/// A recorded pipeline. Its components are read, the tasks at its top are texts at first.
#[derive(Deserialize)]
pub(crate) struct RecordedTasks<'t> {
    #[serde(borrow)]
    root: Root<'t>,
    components: IndexMap<String, Component>,
}

#[derive(Deserialize)]
struct Root<'t> {
    #[serde(borrow)]
    implementation: Implementation<'t>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Implementation<'t> {
    #[serde(borrow)]
    Dag(Dag<'t>),
}

#[derive(Deserialize)]
struct Dag<'t> {
    #[serde(borrow)]
    tasks: HashMap<Name<'t>, RecordedTask<'t>>,
}

/// A name that is copied only if it is written with escapes.
#[derive(PartialEq, Eq, Hash, Deserialize)]
struct Name<'t>(#[serde(borrow)] Cow<'t, str>);

impl Borrow<str> for Name<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct RecordedTask<'t> {
    #[serde(borrow)]
    text: &'t RawValue,
    /// Behind a pointer, as few of thousands are read: the memory of all others would take longer to get than these to read.
    #[serde(skip)]
    task: OnceCell<Option<Box<Task>>>,
}

impl<'t> RecordedTasks<'t> {
    /// What a run recorded; none if it cannot be read.
    pub fn of(spec: &'t RecordedSpec) -> Option<Self> {
        spec.read().ok()
    }
}

impl Tasks for RecordedTasks<'_> {
    fn at_top(&self, name: &str) -> Option<&Task> {
        let Implementation::Dag(dag) = &self.root.implementation;
        let recorded = dag.tasks.get(name)?;
        recorded.task.get_or_init(|| serde_json::from_str(recorded.text.get()).ok()).as_deref()
    }

    fn component(&self, name: &str) -> Option<&Component> {
        self.components.get(name)
    }
}
