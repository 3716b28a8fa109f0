//! A graph: nodes in an order in which each finds its inputs, and the values that go between them.

use std::collections::HashMap;

use super::{Attributes, constants, qualified};
use crate::error::{Done, Error, Problem, Result, refuse};
use crate::operators;
use crate::proto::{GraphProto, NodeProto};
use crate::tensor::{Maps, Tensor, Value};

/// What a node does: from its inputs to its outputs.
pub(crate) type Operator = Box<dyn Fn(&Inputs<'_>) -> Done<Vec<Value>> + Send + Sync>;

/// Versions of the operator sets that a model imports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    /// That of the default domain; the newest if a model has no operator of it.
    pub opset: i64,
}

impl Scope {
    pub(crate) fn new(opsets: &[(String, i64)]) -> Self {
        let default = opsets.iter().find(|(domain, _)| domain == "ai.onnx");
        Self { opset: default.map_or(i64::MAX, |(_, version)| *version) }
    }
}

/// The inputs of a node.
pub(crate) struct Inputs<'a> {
    values: Vec<Option<&'a Value>>,
}

impl<'a> Inputs<'a> {
    /// How many there are, left out ones within them too.
    pub(crate) fn count(&self) -> usize {
        self.values.len()
    }

    /// A value that must be there.
    pub(crate) fn value(&self, at: usize) -> Done<&'a Value> {
        match self.values.get(at) {
            Some(Some(value)) => Ok(value),
            _ => refuse!("input {at} is missing"),
        }
    }

    /// A tensor that must be there.
    pub(crate) fn tensor(&self, at: usize) -> Done<&'a Tensor> {
        match self.value(at)? {
            Value::Tensor(tensor) => Ok(tensor),
            Value::Maps(_) => refuse!("input {at} is a sequence of maps, and a tensor is needed"),
        }
    }

    /// A tensor that may be left out.
    pub(crate) fn optional(&self, at: usize) -> Done<Option<&'a Tensor>> {
        match self.values.get(at) {
            Some(Some(_)) => self.tensor(at).map(Some),
            _ => Ok(None),
        }
    }

    /// Maps that must be there.
    pub(crate) fn maps(&self, at: usize) -> Done<&'a Maps> {
        match self.value(at)? {
            Value::Maps(maps) => Ok(maps),
            Value::Tensor(tensor) => refuse!("input {at} is {}, and maps are needed", tensor.describe()),
        }
    }

    /// All inputs, which must be tensors.
    pub(crate) fn tensors(&self) -> Done<Vec<&'a Tensor>> {
        (0..self.count()).map(|at| self.tensor(at)).collect()
    }

    /// Values that a graph within the node takes from around it.
    pub(crate) fn from(&self, at: usize) -> Vec<Option<&'a Value>> {
        self.values.iter().skip(at).copied().collect()
    }
}

struct Node {
    name: String,
    operator: String,
    run: Operator,
    inputs: Vec<Option<usize>>,
    outputs: Vec<Option<usize>>,
    /// Values that nobody needs afterwards.
    done: Vec<usize>,
    input_names: Vec<String>,
}

/// A graph, ready to run.
pub(crate) struct Graph {
    nodes: Vec<Node>,
    constants: Vec<(usize, Value)>,
    inputs: Vec<(String, usize)>,
    /// Names that it takes from the graph around it, in the order of [`Self::captured`].
    captures: Vec<usize>,
    captured: Vec<String>,
    outputs: Vec<(String, usize)>,
    slots: usize,
}

/// A value that lies in a slot.
enum Held<'a> {
    Borrowed(&'a Value),
    Owned(Value),
}

impl Held<'_> {
    fn value(&self) -> &Value {
        match self {
            Self::Borrowed(value) => value,
            Self::Owned(value) => value,
        }
    }
}

impl Graph {
    /// Reads a graph. `outer` are the names that a graph within a node may take from around it.
    pub(crate) fn load(proto: &GraphProto, scope: Scope, outer: &[String]) -> Result<Self> {
        let mut slots: HashMap<String, usize> = HashMap::new();
        let mut graph = Self {
            nodes: Vec::with_capacity(proto.node.len()),
            constants: Vec::new(),
            inputs: Vec::new(),
            captures: Vec::new(),
            captured: Vec::new(),
            outputs: Vec::new(),
            slots: 0,
        };
        for tensor in &proto.initializer {
            let value = constants::tensor(tensor)
                .map_err(|problem| Error::Format(format!("initializer `{}`: {}", tensor.name, problem.0)))?;
            let slot = graph.slot(&tensor.name, &mut slots);
            graph.constants.push((slot, value.into()));
        }
        for input in &proto.input {
            if !slots.contains_key(&input.name) {
                let slot = graph.slot(&input.name, &mut slots);
                graph.inputs.push((input.name.clone(), slot));
            }
        }
        for node in &proto.node {
            graph.add(node, scope, outer, &mut slots)?;
        }
        for output in &proto.output {
            let Some(slot) = graph.find(&output.name, outer, &mut slots) else {
                return Err(Error::Format(format!("no node gives the output `{}`", output.name)));
            };
            graph.outputs.push((output.name.clone(), slot));
        }
        graph.free();
        Ok(graph)
    }

    /// What a graph within a node takes from around it.
    pub(crate) fn captured(&self) -> &[String] {
        &self.captured
    }

    fn slot(&mut self, name: &str, slots: &mut HashMap<String, usize>) -> usize {
        slots.insert(name.to_owned(), self.slots);
        self.slots += 1;
        self.slots - 1
    }

    /// The slot of a name, which may stand around this graph.
    fn find(&mut self, name: &str, outer: &[String], slots: &mut HashMap<String, usize>) -> Option<usize> {
        if let Some(slot) = slots.get(name) {
            return Some(*slot);
        }
        if !outer.iter().any(|known| known == name) {
            return None;
        }
        let slot = self.slot(name, slots);
        self.captures.push(slot);
        self.captured.push(name.to_owned());
        Some(slot)
    }

    fn add(
        &mut self,
        node: &NodeProto,
        scope: Scope,
        outer: &[String],
        slots: &mut HashMap<String, usize>,
    ) -> Result<()> {
        let name = if node.name.is_empty() { node.output.first() } else { Some(&node.name) };
        let name = name.cloned().unwrap_or_default();
        let operator = qualified(&node.domain, &node.op_type);
        let wrong = |problem: Problem| Error::Node {
            node: name.clone(),
            operator: operator.clone(),
            inputs: String::new(),
            problem: problem.0,
        };
        let mut input_names = node.input.clone();
        // Graphs within this node see all that stands before it, and what this graph sees.
        let mut seen: Vec<String> = Vec::new();
        if node.attribute.iter().any(|attribute| attribute.g.is_some()) {
            seen.extend(slots.keys().cloned());
            seen.extend_from_slice(outer);
            seen.sort_unstable();
        }
        let built = operators::build(&operator, &Attributes::new(&node.attribute), scope, &seen, node.output.len());
        let built = built.map_err(&wrong)?;
        input_names.extend(built.captured);
        let mut inputs = Vec::with_capacity(input_names.len());
        for (at, input) in input_names.iter().enumerate() {
            if input.is_empty() {
                inputs.push(None);
                continue;
            }
            match self.find(input, outer, slots) {
                Some(slot) => inputs.push(Some(slot)),
                None => {
                    return Err(wrong(Problem(format!(
                        "its input {at}, `{input}`, is no input of the model and no node before gives it"
                    ))));
                }
            }
        }
        let outputs = node.output.iter().map(|output| (!output.is_empty()).then(|| self.slot(output, slots))).collect();
        self.nodes.push(Node { name, operator, run: built.run, inputs, outputs, done: Vec::new(), input_names });
        Ok(())
    }

    /// Notes after which node each value is needed no more.
    fn free(&mut self) {
        let mut last: Vec<Option<usize>> = vec![None; self.slots];
        for (at, node) in self.nodes.iter().enumerate() {
            for slot in node.inputs.iter().chain(&node.outputs).flatten() {
                last[*slot] = Some(at);
            }
        }
        for (_, slot) in &self.outputs {
            last[*slot] = None;
        }
        for (slot, last) in last.iter().enumerate() {
            if let Some(at) = last {
                self.nodes[*at].done.push(slot);
            }
        }
    }

    /// Runs the graph on inputs of the names that it declares.
    pub(crate) fn run(&self, inputs: Vec<(String, Value)>) -> Result<Vec<Value>> {
        let mut ordered = Vec::with_capacity(self.inputs.len());
        let mut given: HashMap<String, Value> = inputs.into_iter().collect();
        for (name, _) in &self.inputs {
            match given.remove(name) {
                Some(value) => ordered.push(value),
                None => {
                    return Err(Error::Input { input: name.clone(), problem: "it is not given".to_owned() });
                }
            }
        }
        self.run_within(ordered, &[])
    }

    /// Runs the graph on its inputs in order, and on what it takes from around it.
    pub(crate) fn run_within(&self, inputs: Vec<Value>, captured: &[Option<&Value>]) -> Result<Vec<Value>> {
        let mut held: Vec<Option<Held<'_>>> = (0..self.slots).map(|_| None).collect();
        for (slot, value) in &self.constants {
            held[*slot] = Some(Held::Borrowed(value));
        }
        for (slot, value) in self.captures.iter().zip(captured) {
            held[*slot] = value.map(Held::Borrowed);
        }
        for ((_, slot), value) in self.inputs.iter().zip(inputs) {
            held[*slot] = Some(Held::Owned(value));
        }
        for node in &self.nodes {
            let values: Vec<Option<&Value>> =
                node.inputs.iter().map(|slot| slot.and_then(|slot| held[slot].as_ref()).map(Held::value)).collect();
            let inputs = Inputs { values };
            let outputs = (node.run)(&inputs).map_err(|problem| node.wrong(&inputs, problem))?;
            if outputs.len() < node.outputs.len() {
                let given = outputs.len();
                return Err(node.wrong(&inputs, Problem(format!("it gives {given} outputs, and more are named"))));
            }
            for (slot, value) in node.outputs.iter().zip(outputs) {
                if let Some(slot) = slot {
                    held[*slot] = Some(Held::Owned(value));
                }
            }
            for slot in &node.done {
                held[*slot] = None;
            }
        }
        let mut outputs = Vec::with_capacity(self.outputs.len());
        for (name, slot) in &self.outputs {
            // An output may be named twice.
            let again = self.outputs.iter().filter(|(_, other)| other == slot).count() > 1;
            let value = match held[*slot].take() {
                Some(Held::Owned(value)) if again => {
                    held[*slot] = Some(Held::Owned(value.clone()));
                    value
                }
                Some(Held::Owned(value)) => value,
                Some(Held::Borrowed(value)) => {
                    held[*slot] = Some(Held::Borrowed(value));
                    value.clone()
                }
                None => return Err(Error::Format(format!("the output `{name}` has no value"))),
            };
            outputs.push(value);
        }
        Ok(outputs)
    }
}

impl Node {
    fn wrong(&self, inputs: &Inputs<'_>, problem: Problem) -> Error {
        let described = self.input_names.iter().zip(&inputs.values).map(|(name, value)| match value {
            Some(value) => format!("`{name}` {}", value.describe()),
            None => "nothing".to_owned(),
        });
        let described: Vec<String> = described.take(8).collect();
        Error::Node {
            node: self.name.clone(),
            operator: self.operator.clone(),
            inputs: format!(" of {}", described.join(", ")),
            problem: problem.0,
        }
    }
}
