//! `weft:serving/server`: a model that is loaded once and asked many times.

use std::cell::RefCell;

use models::table::Choice;
use models::{Data, Format, Kind, Model as Loaded, Port as Declared, Tensor as Values, Value};
use tfx_artifacts::model_bytes;
use weft_guest::artifacts::Artifact;
use weft_guest::{Result, bail};

use crate::exports::weft::serving::server::{Description, Guest, Port, Tensor};
use crate::features::{Features, read_graph};
use crate::{Onnx, raw};

/// Elements of an input of one row that the model is tried with.
const MOST_TRIED: usize = 1 << 20;

thread_local! {
    static SERVED: RefCell<Option<Served>> = const { RefCell::new(None) };
}

struct Served {
    model: Loaded,
    features: Option<Features>,
}

impl Guest for Onnx {
    fn load(
        model: &Artifact,
        transform_graph: Option<&Artifact>,
        features: Option<Vec<String>>,
    ) -> Result<Description, String> {
        Ok(load(model, transform_graph, features)?)
    }

    fn infer(inputs: Vec<Tensor>) -> Result<Vec<Tensor>, String> {
        SERVED.with_borrow(|served| match served {
            Some(served) => Ok(served.infer(&inputs)?),
            None => Err("no model is loaded".to_owned()),
        })
    }
}

fn load(model: &Artifact, graph: Option<&Artifact>, features: Option<Vec<String>>) -> Result<Description> {
    let model = Loaded::load(&model_bytes(model)?)?;
    let choice = Choice { features, except: Vec::new() };
    let features = graph.map(|graph| Features::new(read_graph(graph)?, &model, &choice)).transpose()?;
    let served = Served { model, features };
    let description = served.description();
    SERVED.set(Some(served));
    Ok(description)
}

impl Served {
    fn infer(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut given = Vec::with_capacity(inputs.len());
        for input in inputs {
            given.push((input.name.clone(), raw::read(input)?));
        }
        let inputs = match &self.features {
            Some(features) => features.inputs(&given)?,
            None => self.checked(given)?,
        };
        let outputs = self.model.run(inputs)?;
        Ok(outputs.into_iter().map(|(name, value)| raw::write(name, value)).collect())
    }

    /// The inputs of a model without a graph. Those of one column may come without an axis for it.
    fn checked(&self, given: Vec<(String, Values)>) -> Result<Vec<(String, Value)>> {
        let mut inputs = Vec::with_capacity(given.len());
        for (name, tensor) in given {
            let Some(port) = self.model.inputs().iter().find(|port| port.name == name) else {
                let known: Vec<&str> = self.model.inputs().iter().take(20).map(|port| port.name.as_str()).collect();
                bail!("the model has no input `{name}`; it has {}", known.join(", "));
            };
            let is_column = port.shape.as_deref().is_some_and(|shape| matches!(shape, [_, Some(1)]));
            let tensor = match tensor.shape() {
                [rows] if is_column => {
                    let shape = vec![*rows, 1];
                    match Values::new(shape, tensor.into_data()) {
                        Some(tensor) => tensor,
                        None => bail!("input `{name}` has no values"),
                    }
                }
                _ => tensor,
            };
            inputs.push((name, Value::Tensor(tensor)));
        }
        Ok(inputs)
    }

    fn description(&self) -> Description {
        let platform = match self.model.format() {
            Format::Onnx { .. } => "onnx_onnxv1",
            Format::Booster { producer, .. } if producer.starts_with("XGBoost") => "xgboost",
            Format::Booster { .. } => "lightgbm",
            _ => "unknown",
        };
        let inputs = match &self.features {
            Some(features) => features.ports(),
            None => self.model.inputs().iter().map(port).collect(),
        };
        let rows = inputs.iter().all(|port| port.shape.first() == Some(&-1));
        Description { platform: platform.to_owned(), outputs: self.outputs(&inputs), inputs, rows }
    }

    /// What it gives. Converters declare shapes that are not so: what it gives for one row of zeros is believed rather, if it gives anything.
    fn outputs(&self, inputs: &[Port]) -> Vec<Port> {
        let classes = self.model.classes().unwrap_or_default();
        let found = zeros(inputs).and_then(|inputs| {
            let inputs = match &self.features {
                Some(features) => features.inputs(&inputs).ok()?,
                None => self.checked(inputs).ok()?,
            };
            self.model.run(inputs).ok()
        });
        let Some(found) = found else { return self.model.outputs().iter().map(port).collect() };
        let described = found.into_iter().map(|(name, value)| {
            let keys = match &value {
                Value::Maps(maps) => (0..maps.keys.len()).map(|at| maps.keys.text(at)).collect(),
                Value::Tensor(_) => Vec::new(),
            };
            let tensor = raw::write(name, value);
            let mut shape: Vec<i64> = tensor.shape.iter().map(|size| i64::try_from(*size).unwrap_or(-1)).collect();
            if let Some(rows) = shape.first_mut() {
                *rows = -1;
            }
            let is_scores =
                tensor.datatype.starts_with("FP") && shape.last() == i64::try_from(classes.len()).ok().as_ref();
            let classes = if keys.is_empty() && is_scores && shape.len() > 1 { classes.clone() } else { keys };
            Port { name: tensor.name, datatype: tensor.datatype, shape, classes }
        });
        described.collect()
    }
}

fn port(declared: &Declared) -> Port {
    let size = |size: &Option<usize>| size.and_then(|size| i64::try_from(size).ok()).unwrap_or(-1);
    Port {
        name: declared.name.clone(),
        // Maps of classes to scores.
        datatype: declared.kind.map_or("FP32", raw::datatype).to_owned(),
        shape: declared.shape.as_ref().map_or_else(|| vec![-1], |shape| shape.iter().map(size).collect()),
        classes: Vec::new(),
    }
}

/// One row of zeros and empty texts.
fn zeros(inputs: &[Port]) -> Option<Vec<(String, Values)>> {
    let zero = |port: &Port| {
        let shape: Vec<usize> = port.shape.iter().map(|size| usize::try_from(*size).unwrap_or(1)).collect();
        let count = shape.iter().try_fold(1_usize, |count, size| count.checked_mul(*size))?;
        if count > MOST_TRIED {
            return None;
        }
        let kind = [Kind::F32, Kind::F64, Kind::I64, Kind::I32, Kind::I16, Kind::I8, Kind::U8, Kind::Bool]
            .into_iter()
            .find(|kind| raw::datatype(*kind) == port.datatype);
        let data: Data = match kind {
            Some(Kind::F32) => vec![0.0_f32; count].into(),
            Some(Kind::F64) => vec![0.0_f64; count].into(),
            Some(Kind::I64) => vec![0_i64; count].into(),
            Some(Kind::I32) => vec![0_i32; count].into(),
            Some(Kind::I16) => vec![0_i16; count].into(),
            Some(Kind::I8) => vec![0_i8; count].into(),
            Some(Kind::U8) => vec![0_u8; count].into(),
            Some(Kind::Bool) => vec![false; count].into(),
            _ => vec![String::new(); count].into(),
        };
        Some((port.name.clone(), Values::new(shape, data)?))
    };
    inputs.iter().map(zero).collect()
}
