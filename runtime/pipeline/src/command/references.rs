//! The references of a command's texts, for checks before anything runs.

use std::collections::BTreeSet;

use super::placeholder::{Piece, PlaceholderKind, pieces};
use super::structure::{Element, element};
use super::task_context::refusal;

/// The references of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Input parameters, by name.
    pub parameters: BTreeSet<String>,
    /// Input artifacts, by name.
    pub artifacts: BTreeSet<String>,
    /// Inputs of either kind whose presence is tested, by name.
    pub present: BTreeSet<String>,
    /// Output parameters, by name.
    pub output_parameters: BTreeSet<String>,
    /// Output artifacts, by name.
    pub output_artifacts: BTreeSet<String>,
    /// Values of the run and the task, by KFP's name: `pipeline_job_name`.
    pub context: BTreeSet<&'static str>,
    /// Whether it refers to all inputs and outputs at once: `{{$}}`.
    pub everything: bool,
    /// Why some placeholders can never be filled in.
    pub problems: Vec<String>,
}

/// The references of a command's text, or of a template.
pub fn references(text: &str) -> References {
    let mut all = References::default();
    all.add(&element(text));
    all
}

impl References {
    fn add(&mut self, element: &Element) {
        match element {
            Element::Text(text) => self.add_text(text),
            Element::Concat(items) => items.iter().for_each(|item| self.add(item)),
            Element::IfPresent { input, then, otherwise } => {
                self.present.insert(input.clone());
                then.iter().chain(otherwise).for_each(|item| self.add(item));
            }
        }
    }

    fn add_text(&mut self, text: &str) {
        for piece in pieces(text) {
            let Piece::Placeholder(placeholder) = piece else { continue };
            match &placeholder.kind {
                PlaceholderKind::Everything => self.everything = true,
                PlaceholderKind::Context(name) => _ = self.context.insert(name),
                PlaceholderKind::InputParameter(name) => _ = self.parameters.insert(name.clone()),
                PlaceholderKind::InputArtifact(name, _) => _ = self.artifacts.insert(name.clone()),
                PlaceholderKind::OutputParameter(name) => _ = self.output_parameters.insert(name.clone()),
                PlaceholderKind::OutputArtifact(name, _) => _ = self.output_artifacts.insert(name.clone()),
                PlaceholderKind::OutputFile | PlaceholderKind::Unknown { ours: false } => {}
                other => self.problems.push(refusal(other, placeholder.raw)),
            }
        }
    }
}
