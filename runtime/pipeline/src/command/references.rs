//! What the texts of a command refer to, for those who check them before anything runs.

use std::collections::BTreeSet;

use super::placeholder::{Piece, PlaceholderKind, pieces};
use super::structure::{Element, element};
use super::task_context::refusal;

/// What a text refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Input parameters, by name.
    pub parameters: BTreeSet<String>,
    /// Input artifacts, by name.
    pub artifacts: BTreeSet<String>,
    /// Inputs of either sort whose presence is asked for, by name.
    pub present: BTreeSet<String>,
    /// Output parameters, by name.
    pub output_parameters: BTreeSet<String>,
    /// Output artifacts, by name.
    pub output_artifacts: BTreeSet<String>,
    /// What it wants to know of the run and the task, as KFP names it: `pipeline_job_name`.
    pub context: BTreeSet<&'static str>,
    /// Whether it refers to all inputs and outputs at once: `{{$}}`.
    pub everything: bool,
    /// Placeholders that can never be filled in, with why.
    pub problems: Vec<String>,
}

/// What a text of a command, or a template, refers to.
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
