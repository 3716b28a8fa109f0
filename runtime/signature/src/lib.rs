//! Reads what a component imports and exports from the types in its binary: the signature is the specification.
//!
//! Nothing is compiled. Types are validated as wasmtime validates them; the bodies of functions are passed over unread,
//! so the time goes with the size of the file and not with what compiling it would cost, and memory is bounded by it.

mod binary;
mod imports;
mod steps;
mod types;

use thiserror::Error;
use weft_pipeline::signature::{Port, Signature};
use weft_pipeline::types::ArtifactType;

/// The names of all that a component imports and exports, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Its imports: interfaces, and types that its world uses.
    pub imports: Vec<String>,
    /// Its exports.
    pub exports: Vec<String>,
}

/// The names of all that a component imports and exports, whether or not a pipeline can make use of it.
///
/// # Errors
/// It is no component.
pub fn names(binary: &[u8]) -> Result<Names, NotAComponent> {
    let (imports, exports) = binary::validate(binary)?.into_names();
    Ok(Names { imports, exports })
}

/// What a component imports and exports.
#[derive(Debug, Clone, PartialEq)]
pub struct Interface {
    /// Its imports, in order.
    pub imports: Vec<Import>,
    /// The artifact types that its imports declare; [`Slot::kind`] and [`Resource::kind`] are indices into it.
    /// [`weft_pipeline::types::BUILTIN_KINDS`] come first, whether imported or not.
    pub kinds: Vec<Kind>,
    /// The exported functions that can be steps, in order.
    pub steps: Vec<StepFunction>,
    /// The exported functions that cannot.
    pub others: Vec<NotAStep>,
    /// The interface whose `run` starts it, if it is a program: `wasi:cli/run@0.2.x`.
    pub command: Option<String>,
    /// The interface by which it is asked for predictions, if it can be: `weft:serving/server@0.1.x`. Its functions are no steps.
    pub server: Option<String>,
}

/// The interface of components that answer requests, without its version.
pub const SERVER: &str = "weft:serving/server@";

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its name: `wasi:cli/exit@0.2.6`.
    pub name: String,
    /// What it is.
    pub item: ImportItem,
}

/// What an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportItem {
    /// An interface.
    Interface {
        /// Names of its functions; those of methods are `[method]dataset.read`.
        functions: Vec<String>,
        /// Its resource types.
        resources: Vec<Resource>,
    },
    /// A type that the world uses, which is the one of the interface that it comes from.
    Type,
    /// A resource type that no interface holds.
    Resource,
    /// A function, a module, a component or a value on its own.
    Other,
}

/// A resource type in an imported interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its name there.
    pub name: String,
    /// Whether it is declared there, and not taken over from an interface before.
    pub declared: bool,
    /// The artifact type that it is.
    pub kind: Option<usize>,
}

/// A resource type that stands for a kind of artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Its schema title.
    pub title: ArtifactType,
}

/// A function of a component that can be a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepFunction {
    /// How pipelines name it: the function's name, led by its interface's (`acme:steps/training#train`) where the name
    /// alone would be ambiguous.
    pub name: String,
    /// Its inputs and outputs.
    pub signature: Signature,
    /// The interface that exports it; none if the component itself does.
    pub interface: Option<String>,
    /// Its name there.
    pub function: String,
    /// How the inputs are passed.
    pub inputs: Vec<Slot>,
    /// How the outputs come out.
    pub outputs: Outputs,
    /// Whether the result is a `result<.., E>`.
    pub fallible: bool,
}

/// A port and how its value is passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The port's name.
    pub name: String,
    /// Its type.
    pub port: Port,
    /// The artifact type's index in [`Interface::kinds`]; 0 for a parameter.
    pub kind: usize,
}

/// How outputs come out of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Outputs {
    /// It returns nothing.
    None,
    /// The result is the one output.
    Single(Slot),
    /// The outputs are the fields of a record.
    Record(Vec<Slot>),
}

/// An exported function that cannot be a step, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAStep {
    /// The export's full name: `acme:steps/training#train`.
    pub name: String,
    /// The interface that exports it; none if the component itself does.
    pub interface: Option<String>,
    /// Its name there.
    pub function: String,
    /// The reason.
    pub why: String,
}

/// Why a binary is no component.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct NotAComponent(pub String);

/// Reads a component's binary.
///
/// # Errors
///
/// What the bytes are if they are plainly no component, and the first place at which its types are invalid.
pub fn read(binary: &[u8]) -> Result<Interface, NotAComponent> {
    let component = binary::validate(binary)?;
    Ok(interface(&component.view()?))
}

fn interface(view: &binary::View<'_>) -> Interface {
    let resources = imports::resources(view);
    let (steps, others) = steps::read(view, &resources);
    // `wasi:cli/run` is the start of a program in any 0.2 version.
    let exported =
        |start: &str| view.exports.iter().find(|(name, _)| name.starts_with(start)).map(|(name, _)| (*name).to_owned());
    let (command, server) = (exported("wasi:cli/run@0.2."), exported(SERVER));
    Interface { imports: resources.imports, kinds: resources.kinds, steps, others, command, server }
}

#[cfg(test)]
mod tests;
