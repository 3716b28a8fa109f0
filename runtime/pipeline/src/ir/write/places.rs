//! Removal of places from a pipeline.

use crate::model::{Implementation, Location, Pipeline};

impl Pipeline {
    /// The pipeline without places, so that pipelines can be compared independently of the layout of their files.
    #[must_use]
    pub fn without_places(mut self) -> Self {
        self.places.clear();
        for component in self.components.values_mut().chain([&mut self.root]) {
            let Implementation::Dag(dag) = &mut component.implementation else { continue };
            for task in dag.tasks.values_mut() {
                task.at = Location::default();
                task.inputs.values_mut().for_each(|wire| wire.at = Location::default());
                if let Some(when) = &mut task.when {
                    when.at = Location::default();
                }
            }
        }
        self
    }
}
