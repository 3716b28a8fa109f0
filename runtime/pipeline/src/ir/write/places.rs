//! A pipeline without the places where it is written.

use crate::model::{Implementation, Location, Pipeline};

impl Pipeline {
    /// The same pipeline as if it stood in no file: two that mean the same are equal then, however they are laid out.
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
