//! Corrections of known defects in files of KFP's compiler.

use std::collections::HashSet;

use crate::model::{Binding, Component, Dag, Implementation, Pipeline};

/// Removes wires that pass the item of a loop to the DAGs *around* the loop, where it does not exist. The compiler
/// writes them for a text inside the loop that is composed of the item and of a value from outside. The inputs that
/// these wires have are declared as required, and never read.
pub(super) fn loop_items(pipeline: &mut Pipeline) {
    let mut vain: Vec<(String, String)> = Vec::new();
    let inputs_of = |component: &Component| component.inputs.keys().cloned().collect::<HashSet<_>>();
    let mut sweep = |inputs: HashSet<String>, dag: &mut Dag| {
        for task in dag.tasks.values_mut() {
            let component = &task.component;
            task.inputs.retain(|name, wire| match &wire.from {
                Binding::Input(source) if source.contains("loop-item-param") && !inputs.contains(source) => {
                    vain.push((component.clone(), name.clone()));
                    false
                }
                _ => true,
            });
        }
    };
    for component in pipeline.components.values_mut().chain([&mut pipeline.root]) {
        let inputs = inputs_of(component);
        if let Implementation::Dag(dag) = &mut component.implementation {
            sweep(inputs, dag);
        }
    }
    // From component to component, each input once.
    while let Some((name, input)) = vain.pop() {
        let Some(component) = pipeline.components.get_mut(&name) else { continue };
        let Implementation::Dag(dag) = &component.implementation else { continue };
        let Some(declared) = component.inputs.get_mut(&input).filter(|declared| !declared.port.optional) else {
            continue;
        };
        declared.port.optional = true;
        for task in dag.tasks.values() {
            let passed_on = task.inputs.iter().filter(|(_, wire)| wire.from == Binding::Input(input.clone()));
            vain.extend(passed_on.map(|(name, _)| (task.component.clone(), name.clone())));
        }
    }
}
