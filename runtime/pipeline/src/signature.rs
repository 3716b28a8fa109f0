//! A component's interface: the inputs and outputs that its WIT signature declares.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::suggest;
use crate::types::PortType;

/// Name of the output of a function whose result is a single value rather than a record.
pub const SINGLE_OUTPUT: &str = "output";

/// Inputs and outputs of a step function, in the order in which they are declared.
///
/// Port names are the WIT names (`learning-rate`); [`Signature::input`] and [`Signature::output`] take `_` for `-`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Inputs by name.
    pub inputs: IndexMap<String, Port>,
    /// Outputs by name.
    pub outputs: IndexMap<String, Port>,
}

/// One input or output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// What flows through it. The `option<..>` of an optional port is taken off.
    #[serde(rename = "type")]
    pub ty: PortType,
    /// Declared as `option<T>`: an input that may be left out, an output that may be absent.
    #[serde(default)]
    pub optional: bool,
}

impl Signature {
    /// The input of that name with its WIT name; `_` is taken for `-`.
    pub fn input(&self, name: &str) -> Option<(&str, &Port)> {
        find(&self.inputs, name)
    }

    /// The output of that name with its WIT name; `_` is taken for `-`.
    pub fn output(&self, name: &str) -> Option<(&str, &Port)> {
        find(&self.outputs, name)
    }

    /// What to say about an input that does not exist: the nearest one, or which there are.
    pub fn suggest_input(&self, name: &str) -> Option<String> {
        suggest::hint(name, self.inputs.keys().map(String::as_str), "inputs")
    }

    /// What to say about an output that does not exist: the nearest one, or which there are.
    pub fn suggest_output(&self, name: &str) -> Option<String> {
        suggest::hint(name, self.outputs.keys().map(String::as_str), "outputs")
    }
}

impl Port {
    /// A port that must be given or is always there.
    pub fn required(ty: PortType) -> Self {
        Self { ty, optional: false }
    }

    /// A port that may be left out or be absent.
    pub fn optional(ty: PortType) -> Self {
        Self { ty, optional: true }
    }
}

/// The entry of that name, taking `_` for `-`, with the name under which it stands.
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
