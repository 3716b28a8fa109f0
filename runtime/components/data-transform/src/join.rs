//! A fitted graph in front of a model that learned from its features: one ONNX file that takes columns as they are.

use onnx_file::{Attribute, FLOAT, Graph as File, INT64, Model, STRING, Tensor};
use prost::Message as _;

use crate::export::{VERSION, VERSION_OF_ML};
use crate::graph::{Fitted, Graph, Source};
use crate::{Error, Result};

/// What the names inside of the model begin with in the file of both. Those of the graph begin with `weft/`.
const INSIDE: &str = "model/";

impl Graph {
    /// A model of `weft:trainer` with the features that it takes in front: its inputs are the columns, numbers of double precision and texts; what it gives and the
    /// properties in it are the model's. A missing value is to the model what it was when it learned.
    ///
    /// # Errors
    /// The model was not written by weft, takes what is no feature, or takes a feature that no operators of ONNX make.
    pub fn join(&self, model: &[u8]) -> Result<Vec<u8>> {
        let model = Model::decode(model).map_err(|error| Error::Model(format!("it is no ONNX file: {error}")))?;
        if model.producer_name != "weft" {
            return Err(Error::Model(format!(
                "it was written by `{}`, and only models of `weft:trainer` can be joined; `onnx.compose.merge_models` joins others with what `to-onnx` gives",
                model.producer_name
            )));
        }
        let inner = model.graph.unwrap_or_default();
        let mut features: Vec<&Fitted> = Vec::new();
        for input in &inner.input {
            let feature = self.feature_of(&input.name)?;
            if !features.iter().any(|known| known.name == feature.name) {
                features.push(feature);
            }
        }
        let mut joined = self.written(&features)?;
        let outputs = std::mem::take(&mut joined.output);
        if let Some(output) = inner.output.iter().find(|output| self.sources.contains_key(&output.name)) {
            return Err(Error::Model(format!("it gives `{0}`, and there is a column `{0}`", output.name)));
        }
        "features and model".clone_into(&mut joined.name);
        for input in &inner.input {
            let name = self.output_name(&input.name);
            let given = outputs.iter().find(|output| output.name == name).and_then(kind).unwrap_or(FLOAT);
            let wanted = kind(input).unwrap_or(FLOAT);
            if (given == STRING) != (wanted == STRING) {
                let what = |kind| if kind == STRING { "texts" } else { "numbers" };
                let problem = format!("the model takes {}, and the feature is {}", what(wanted), what(given));
                return Err(Error::of(&input.name, problem));
            }
            self.connect(&mut joined, &input.name, &name, given)?;
        }
        append(&mut joined, inner);
        let set =
            |domain: &str| model.opset_import.iter().find(|set| set.domain == domain).map_or(1, |set| set.version);
        let properties: Vec<(&str, String)> =
            model.metadata_props.iter().map(|property| (property.key.as_str(), property.value.clone())).collect();
        let (version, ml) = (VERSION.max(set("")), VERSION_OF_ML.max(set(onnx_file::ML)));
        Ok(Model::new(joined, version, ml, &properties).encode_to_vec())
    }

    /// The feature that a column of features belongs to.
    fn feature_of(&self, column: &str) -> Result<&Fitted> {
        let is_it = |feature: &&Fitted| feature.name == column || feature.names().iter().any(|name| name == column);
        let found = self.features.iter().find(is_it);
        found.ok_or_else(|| Error::Model(format!("it takes `{column}`, which is no feature of the graph")))
    }

    /// Gives the model's input what the feature's output has. Integers have a number for what is missing, and the model learned it as missing.
    fn connect(&self, joined: &mut File, input: &str, output: &str, given: i32) -> Result<()> {
        let inside = format!("{INSIDE}{input}");
        if given != INT64 {
            joined.add("Identity", &[output], &inside, Vec::new());
            return Ok(());
        }
        let feature = self.feature_of(input)?;
        let to_float = vec![Attribute::int("to", FLOAT.into())];
        let (None, [column]) = (&feature.fill, feature.origin.of.as_slice()) else {
            joined.add("Cast", &[output], &inside, to_float);
            return Ok(());
        };
        let [cast, missing, nothing] = ["cast", "missing", "nothing"].map(|part| format!("weft/join/{input}/{part}"));
        joined.add("Cast", &[output], &cast, to_float);
        if self.sources.get(column).copied().unwrap_or(Source::Text) == Source::Text {
            let empty = format!("weft/join/{input}/empty");
            joined.initializer.push(Tensor::text(&empty, ""));
            joined.add("Equal", &[column, &empty], &missing, Vec::new());
        } else {
            joined.add("IsNaN", &[column], &missing, Vec::new());
        }
        joined.initializer.push(Tensor::floats(&nothing, &[1, 1], &[f32::NAN]));
        joined.add("Where", &[&missing, &nothing, &cast], &inside, Vec::new());
        Ok(())
    }
}

/// The type of a tensor's elements.
fn kind(value: &onnx_file::ValueInfo) -> Option<i32> {
    Some(value.r#type.as_ref()?.tensor_type.as_ref()?.elem_type)
}

/// Puts a model's nodes behind what is there, with names of their own but for what it gives.
fn append(joined: &mut File, inner: File) {
    let given: Vec<String> = inner.output.iter().map(|output| output.name.clone()).collect();
    let rename = |name: &mut String| {
        if !name.is_empty() && !given.contains(name) {
            name.insert_str(0, INSIDE);
        }
    };
    for mut tensor in inner.initializer {
        rename(&mut tensor.name);
        joined.initializer.push(tensor);
    }
    for mut node in inner.node {
        node.input.iter_mut().chain(&mut node.output).for_each(rename);
        node.name.insert_str(0, INSIDE);
        joined.node.push(node);
    }
    joined.output = inner.output;
}
