//! ONNX files: from bytes to a graph that runs.

mod attributes;
mod constants;
mod graph;

use std::collections::{BTreeMap, HashMap};

use prost::Message;

pub(crate) use attributes::Attributes;
pub(crate) use graph::{Graph, Inputs, Operator, Scope};

use crate::error::{Error, Result};
use crate::proto::{GraphProto, ModelProto, TypeProto, type_proto};
use crate::tensor::{Data, Kind, Value};

/// What a name of the model's inputs or outputs stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The kind of its elements; none for maps.
    pub kind: Option<Kind>,
    /// Sizes of its axes, as far as they are fixed; none if nothing is known of them.
    pub shape: Option<Vec<Option<usize>>>,
    /// Names of what its columns are, if the model knows them.
    pub columns: Vec<String>,
}

/// An ONNX model, checked and ready to run.
pub(crate) struct Onnx {
    graph: Graph,
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
    pub producer: String,
    pub opsets: Vec<(String, i64)>,
    pub operators: BTreeMap<String, usize>,
    /// The classes of the one classifier in the graph.
    pub classes: Option<Data>,
}

impl Onnx {
    pub(crate) fn load(bytes: &[u8]) -> Result<Self> {
        let model = ModelProto::decode(bytes).map_err(|error| Error::Format(format!("damaged ONNX: {error}")))?;
        let Some(graph) = &model.graph else {
            return Err(Error::Format("it has no graph, so it is no ONNX model".to_owned()));
        };
        if let Some(function) = model.functions.first() {
            return Err(Error::Format(format!(
                "it brings functions of its own (`{}`), which are not read; export it with functions inlined (`onnx.inliner.inline_local_functions`)",
                function.name
            )));
        }
        if !graph.sparse_initializer.is_empty() {
            return Err(Error::Format("it has sparse initializers, which are not read; make them dense".to_owned()));
        }
        let opsets: Vec<(String, i64)> =
            model.opset_import.iter().map(|opset| (domain(&opset.domain).to_owned(), opset.version)).collect();
        let scope = Scope::new(&opsets);
        let mut operators = BTreeMap::new();
        count(graph, 0, &mut operators)?;
        let missing = operators.keys().filter(|name| !crate::operators::known(name));
        let (left_out, missing): (Vec<&String>, Vec<&String>) =
            missing.partition(|name| crate::operators::NETWORKS.contains(&name.as_str()));
        let listed = |names: &[&String]| {
            let names = names.iter().map(|name| format!("`{name}` ({} times)", operators[*name]));
            names.collect::<Vec<_>>().join(", ")
        };
        if !missing.is_empty() {
            return Err(Error::Operators(listed(&missing)));
        }
        if !left_out.is_empty() {
            return Err(Error::Networks(listed(&left_out)));
        }
        let loaded = Graph::load(graph, scope, &[])?;
        let initialized: Vec<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        let inputs = graph
            .input
            .iter()
            .filter(|input| !initialized.contains(&input.name.as_str()))
            .map(|input| port(&input.name, input.r#type.as_ref()))
            .collect::<Result<_>>()?;
        let outputs =
            graph.output.iter().map(|output| port(&output.name, output.r#type.as_ref())).collect::<Result<_>>()?;
        Ok(Self {
            inputs,
            outputs,
            classes: classes(graph),
            graph: loaded,
            producer: format!("{} {}", model.producer_name, model.producer_version).trim().to_owned(),
            opsets,
            operators,
        })
    }

    /// Runs the graph. Inputs are checked against what the model declares.
    pub(crate) fn run(&self, given: Vec<(String, Value)>) -> Result<Vec<(String, Value)>> {
        let mut given: HashMap<String, Value> = given.into_iter().collect();
        let mut checked = Vec::with_capacity(self.inputs.len());
        for port in &self.inputs {
            let wrong = |problem: String| Error::Input { input: port.name.clone(), problem };
            let Some(value) = given.remove(&port.name) else {
                return Err(wrong("it is not given".to_owned()));
            };
            if let (Some(kind), Value::Tensor(tensor)) = (port.kind, &value)
                && kind != tensor.kind()
            {
                return Err(wrong(format!("it takes {kind}, and {} is given", tensor.describe())));
            }
            if let (Some(shape), Value::Tensor(tensor)) = (&port.shape, &value) {
                let fits = shape.len() == tensor.shape().len()
                    && shape
                        .iter()
                        .zip(tensor.shape())
                        .all(|(wanted, size)| wanted.is_none_or(|wanted| wanted == *size));
                if !fits {
                    return Err(wrong(format!(
                        "it has the shape {}, and {} is given",
                        sizes(shape),
                        tensor.describe()
                    )));
                }
            }
            checked.push((port.name.clone(), value));
        }
        let outputs = self.graph.run(checked)?;
        Ok(self.outputs.iter().map(|port| port.name.clone()).zip(outputs).collect())
    }
}

/// Reads a tensor as onnx's files have them (`TensorProto`), and its name.
///
/// # Errors
/// The bytes are no tensor, or one of a type that is not here.
pub fn tensor(bytes: &[u8]) -> Result<(String, crate::tensor::Tensor)> {
    let proto =
        crate::proto::TensorProto::decode(bytes).map_err(|error| Error::Format(format!("damaged tensor: {error}")))?;
    let tensor = constants::tensor(&proto)
        .map_err(|problem| Error::Format(format!("tensor `{}`: {}", proto.name, problem.0)))?;
    Ok((proto.name, tensor))
}

/// `[?, 20]`.
pub(crate) fn sizes(shape: &[Option<usize>]) -> String {
    let sizes: Vec<String> =
        shape.iter().map(|size| size.map_or_else(|| "?".to_owned(), |size| size.to_string())).collect();
    format!("[{}]", sizes.join(", "))
}

/// The name of a domain: the default one has two.
pub(crate) fn domain(name: &str) -> &str {
    if name.is_empty() { "ai.onnx" } else { name }
}

/// What an operator is called in tables and messages: with its domain, unless that is the default one.
pub(crate) fn qualified(domain_name: &str, operator: &str) -> String {
    match domain(domain_name) {
        "ai.onnx" => operator.to_owned(),
        other => format!("{other}.{operator}"),
    }
}

/// Counts operators, those of graphs within nodes too.
fn count(graph: &GraphProto, depth: usize, into: &mut BTreeMap<String, usize>) -> Result<()> {
    if depth > 8 {
        return Err(Error::Format("graphs lie more than 8 deep in one another".to_owned()));
    }
    for node in &graph.node {
        *into.entry(qualified(&node.domain, &node.op_type)).or_insert(0) += 1;
        for inner in node.attribute.iter().filter_map(|attribute| attribute.g.as_ref()) {
            count(inner, depth + 1, into)?;
        }
    }
    Ok(())
}

/// The classes that the classifier of a graph names; none if there are several classifiers that differ, or none.
fn classes(graph: &GraphProto) -> Option<Data> {
    let mut found: Option<Data> = None;
    for attribute in graph.node.iter().flat_map(|node| &node.attribute) {
        let here: Data = match attribute.name.as_str() {
            "classlabels_ints" | "classlabels_int64s" if !attribute.ints.is_empty() => attribute.ints.clone().into(),
            "classlabels_strings" if !attribute.strings.is_empty() => {
                let texts = attribute.strings.iter().map(|text| String::from_utf8_lossy(text).into_owned());
                texts.collect::<Vec<_>>().into()
            }
            _ => continue,
        };
        if found.as_ref().is_some_and(|found| *found != here) {
            return None;
        }
        found = Some(here);
    }
    found
}

fn port(name: &str, declared: Option<&TypeProto>) -> Result<Port> {
    let mut port = Port { name: name.to_owned(), kind: None, shape: None, columns: Vec::new() };
    if let Some(type_proto::Value::TensorType(tensor)) = declared.and_then(|declared| declared.value.as_ref()) {
        port.kind = Some(
            constants::kind(tensor.elem_type)
                .map_err(|problem| Error::Input { input: name.to_owned(), problem: problem.0 })?,
        );
        port.shape = tensor.shape.as_ref().map(|shape| {
            let size = |dimension: &crate::proto::tensor_shape_proto::Dimension| match dimension.value {
                Some(crate::proto::tensor_shape_proto::dimension::Value::DimValue(size)) if size > 0 => {
                    usize::try_from(size).ok()
                }
                _ => None,
            };
            shape.dim.iter().map(size).collect()
        });
    }
    Ok(port)
}
