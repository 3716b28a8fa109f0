//! A component whose imports and exports are known. Nothing of it is compiled before a step runs.

use weft_pipeline::link::LinkedStep;
use weft_signature::{ImportItem, Interface, NotAStep, StepFunction};

/// A component, as its signature shows it.
#[derive(Debug)]
pub struct LoadedComponent {
    digest: String,
    imports: Vec<String>,
    pub(crate) interface: Interface,
    /// Whether it imports WASI's file system, without which paths are of no use to it.
    pub(crate) has_files: bool,
}

impl LoadedComponent {
    pub(crate) fn new(digest: String, interface: Interface) -> Self {
        let imports: Vec<String> = interface
            .imports
            .iter()
            .filter(|import| matches!(import.item, ImportItem::Interface { .. }))
            .map(|import| import.name.clone())
            .collect();
        let has_files = imports.iter().any(|name| name.starts_with("wasi:filesystem/preopens@"));
        Self { digest, imports, interface, has_files }
    }

    /// `blake3:<hex>` of the binary.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The functions that can be steps, in the order of the component's exports.
    pub fn steps(&self) -> &[StepFunction] {
        &self.interface.steps
    }

    /// Exported functions that cannot be steps, with reasons.
    pub fn others(&self) -> &[NotAStep] {
        &self.interface.others
    }

    /// Names of the interfaces that it imports.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Whether it is a program of its own, a command of WASI 0.2: it exports `wasi:cli/run`.
    pub fn is_command(&self) -> bool {
        self.interface.command.is_some()
    }

    /// Whether models can be served with it: it exports `weft:serving/server`.
    pub fn is_server(&self) -> bool {
        self.interface.server.is_some()
    }

    /// What linking a pipeline needs to know of the step function of this name (see [`Self::step`]).
    pub fn linked(&self, name: Option<&str>) -> Option<LinkedStep> {
        let StepFunction { name, signature, .. } = self.step(name)?;
        Some(LinkedStep { digest: self.digest.clone(), function: name.clone(), signature: signature.clone() })
    }

    /// The step function of this name; `_` stands for `-`. Without a name, the only one there is.
    pub fn step(&self, name: Option<&str>) -> Option<&StepFunction> {
        self.position(name).map(|at| &self.steps()[at])
    }

    /// Where in [`Self::steps`] that function is.
    pub(crate) fn position(&self, name: Option<&str>) -> Option<usize> {
        let at = |name: &str| self.steps().iter().position(|step| step.name == name);
        match name {
            Some(name) => at(name).or_else(|| at(&name.replace('_', "-"))),
            None => (self.steps().len() == 1).then_some(0),
        }
    }
}
