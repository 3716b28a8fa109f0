//! The interface of a component: the inputs and outputs that its WIT signature declares.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::suggest;
use crate::types::PortType;

/// The name of the output of a function whose result is a single value instead of a record.
pub const SINGLE_OUTPUT: &str = "output";

/// The inputs and outputs of a step function, in the order of their declaration.
///
/// Port names are the WIT names (`learning-rate`). [`Signature::input`] and [`Signature::output`] accept `_` for `-`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Inputs by name.
    pub inputs: IndexMap<String, Port>,
    /// Outputs by name.
    pub outputs: IndexMap<String, Port>,
}

/// An input or output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Its type; of an optional port the type inside of the `option<..>`.
    #[serde(rename = "type")]
    pub ty: PortType,
    /// Whether it is declared as `option<T>`: an input that may be omitted, an output that may be absent.
    #[serde(default)]
    pub optional: bool,
}

impl Signature {
    /// The input of that name, with its WIT name. `_` is accepted for `-`.
    pub fn input(&self, name: &str) -> Option<(&str, &Port)> {
        find(&self.inputs, name)
    }

    /// The output of that name, with its WIT name. `_` is accepted for `-`.
    pub fn output(&self, name: &str) -> Option<(&str, &Port)> {
        find(&self.outputs, name)
    }

    /// A hint about an unknown input: the nearest name, or the list of names.
    pub fn suggest_input(&self, name: &str) -> Option<String> {
        suggest::hint(name, self.inputs.keys().map(String::as_str), "inputs")
    }

    /// A hint about an unknown output: the nearest name, or the list of names.
    pub fn suggest_output(&self, name: &str) -> Option<String> {
        suggest::hint(name, self.outputs.keys().map(String::as_str), "outputs")
    }
}

impl Port {
    /// A required port.
    pub fn required(ty: PortType) -> Self {
        Self { ty, optional: false }
    }

    /// An optional port.
    pub fn optional(ty: PortType) -> Self {
        Self { ty, optional: true }
    }
}

/// The entry of that name, accepting `_` for `-`, with its own name.
pub(crate) fn find<'a, T>(ports: &'a IndexMap<String, T>, name: &str) -> Option<(&'a str, &'a T)> {
    if let Some((key, port)) = ports.get_key_value(name) {
        return Some((key, port));
    }
    let wanted = name.replace('_', "-");
    ports.iter().find(|(key, _)| key.replace('_', "-") == wanted).map(|(key, port)| (key.as_str(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ArtifactType, ParameterType};

    #[test]
    fn ports_are_found_by_either_spelling() {
        let port = Port::required(PortType::Parameter(ParameterType::F64));
        let model = Port::required(PortType::Artifact { kind: ArtifactType("system.Model".into()), list: false });
        let signature = Signature {
            inputs: [("learning-rate".to_owned(), port.clone())].into_iter().collect(),
            outputs: [("best_model".to_owned(), model.clone())].into_iter().collect(),
        };
        assert_eq!(signature.input("learning_rate"), Some(("learning-rate", &port)));
        assert_eq!(signature.input("learning-rate"), Some(("learning-rate", &port)));
        assert_eq!(signature.output("best-model"), Some(("best_model", &model)));
        assert_eq!(signature.input("rate2"), None);
        assert_eq!(signature.suggest_input("learnin-rate").as_deref(), Some("did you mean `learning-rate`?"));
    }
}
