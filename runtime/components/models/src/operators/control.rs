//! Graphs within nodes.

use super::{Context, Table, index};
use crate::error::{Done, Problem, refuse};
use crate::onnx::{Graph, Operator};
use crate::tensor::{Tensor, Value, Walk, axis, strides};

pub(super) const TABLE: Table = &[("If", choose), ("Scan", scan)];

/// Reads a graph of the node, and notes what it takes from around it.
fn inner(context: &mut Context<'_>, name: &str) -> Done<Graph> {
    let proto = context.attributes.graph(name)?;
    let graph = Graph::load(proto, context.scope, context.seen)
        .map_err(|error| Problem(format!("in its graph `{name}`: {error}")))?;
    context.captured.extend_from_slice(graph.captured());
    Ok(graph)
}

fn choose(context: &mut Context<'_>) -> Done<Operator> {
    let then = inner(context, "then_branch")?;
    let captured = then.captured().len();
    let otherwise = inner(context, "else_branch")?;
    Ok(Box::new(move |inputs| {
        let condition = super::logic::truths(inputs.tensor(0)?)?;
        let [condition] = condition else { refuse!("one truth value is needed, and there are {}", condition.len()) };
        let around = inputs.from(1);
        let (own, rest) = around.split_at(captured.min(around.len()));
        let done = if *condition { then.run_within(vec![], own) } else { otherwise.run_within(vec![], rest) };
        done.map_err(|error| Problem(error.to_string()))
    }))
}

/// Runs a graph for each element along an axis: states go from one to the next, the other outputs are stacked.
fn scan(context: &mut Context<'_>) -> Done<Operator> {
    if context.scope.opset < 9 {
        refuse!("`Scan` of opset 8 is not here; convert the model to a later opset");
    }
    let count = context.attributes.int("num_scan_inputs", 0);
    let Some(scanned) = usize::try_from(count).ok().filter(|count| *count > 0) else {
        refuse!("it scans {count} inputs")
    };
    let list = |name: &str| context.attributes.ints(name).unwrap_or_default().to_vec();
    let (in_axes, out_axes) = (list("scan_input_axes"), list("scan_output_axes"));
    let (in_turned, out_turned) = (list("scan_input_directions"), list("scan_output_directions"));
    let turned = |list: &[i64], at: usize| list.get(at) == Some(&1);
    let before = context.captured.len();
    let body = inner(context, "body")?;
    let captured = context.captured.len() - before;
    Ok(Box::new(move |inputs| {
        let own = inputs.count() - captured;
        let Some(states) = own.checked_sub(scanned) else { refuse!("it has {own} inputs and scans {scanned}") };
        let mut state: Vec<Value> = (0..states).map(|at| inputs.value(at).cloned()).collect::<Done<_>>()?;
        let mut length = None;
        let mut sources = Vec::with_capacity(scanned);
        for at in 0..scanned {
            let tensor = inputs.tensor(states + at)?;
            let along = axis(in_axes.get(at).copied().unwrap_or(0), tensor.shape().len())?;
            let size = tensor.shape()[along];
            if *length.get_or_insert(size) != size {
                refuse!("the scanned inputs differ in length");
            }
            sources.push((tensor, along));
        }
        let length = length.unwrap_or(0);
        let around = inputs.from(own);
        let mut stacks: Vec<Vec<Tensor>> = Vec::new();
        for step in 0..length {
            let mut given = std::mem::take(&mut state);
            for (at, (tensor, along)) in sources.iter().enumerate() {
                let place = if turned(&in_turned, at) { length - 1 - step } else { step };
                given.push(element(tensor, *along, place)?.into());
            }
            let mut outputs = body.run_within(given, &around).map_err(|error| Problem(error.to_string()))?;
            if outputs.len() < states {
                refuse!("its graph gives {} outputs, and there are {states} states", outputs.len());
            }
            let rest = outputs.split_off(states);
            state = outputs;
            stacks.resize_with(rest.len(), Vec::new);
            for (stack, value) in stacks.iter_mut().zip(rest) {
                match value {
                    Value::Tensor(tensor) => stack.push(tensor),
                    Value::Maps(_) => refuse!("maps cannot be stacked"),
                }
            }
        }
        if length == 0 {
            refuse!("the scanned inputs are empty, so that the shapes of the outputs are not known");
        }
        for (at, mut stack) in stacks.into_iter().enumerate() {
            if turned(&out_turned, at) {
                stack.reverse();
            }
            let along = out_axes.get(at).copied().unwrap_or(0);
            let stack = stack.into_iter().map(|tensor| stretched(tensor, along)).collect::<Done<Vec<_>>>()?;
            state.push(index::joined(&stack.iter().collect::<Vec<_>>(), along)?.into());
        }
        Ok(state)
    }))
}

/// One element along an axis, which is dropped.
fn element(tensor: &Tensor, along: usize, place: usize) -> Done<Tensor> {
    let mut steps = strides(tensor.shape());
    let offset = place * steps.remove(along);
    let mut shape = tensor.shape().to_vec();
    shape.remove(along);
    let walk = Walk::new(&shape, &steps, offset);
    Tensor::of(shape, tensor.data().at(walk))
}

/// A tensor with a further axis of size 1.
fn stretched(tensor: Tensor, along: i64) -> Done<Tensor> {
    let mut shape = tensor.shape().to_vec();
    let at = axis(along, shape.len() + 1)?;
    shape.insert(at, 1);
    Tensor::of(shape, tensor.into_data())
}
