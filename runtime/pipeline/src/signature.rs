//! A component's interface: the inputs and outputs that its WIT signature declares.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::types::PortType;

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
