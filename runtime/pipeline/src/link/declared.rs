//! Interfaces that a pipeline in KFP's format declares for its Wasm components, compared with their signatures.

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::model::{Component, Input};
use crate::signature::{Port, Signature, find};
use crate::suggest;
use crate::types::{ArtifactType, PortType, may_fit};

/// The kind that KFP's format has for kinds that it does not know.
const ANY: &str = "system.Artifact";

/// Gives a component the names and types of its signature. Declared defaults, literals and optionality are kept. Each
/// problem has the path of its place below the component's, such as `parameters.seed`.
pub(super) fn adopt(component: &mut Component, signature: Signature) -> Vec<(String, Diagnostic)> {
    let mut problems = Vec::new();
    let mut inputs = IndexMap::new();
    for (name, declared) in std::mem::take(&mut component.inputs) {
        let path = format!("parameters.{name}");
        let Some((actual, port)) = signature.input(&name) else {
            let problem = Diagnostic::error(format!("the component's function has no input `{name}`"));
            problems.push((path, problem.hint(signature.suggest_input(&name))));
            inputs.insert(name, declared);
            continue;
        };
        let (input, found) = input(&name, declared, port);
        problems.extend(found.map(|problem| (path.clone(), problem)));
        if inputs.insert(actual.to_owned(), input).is_some() {
            problems.push((
                path,
                Diagnostic::error(format!("the input `{actual}` is declared twice, with `-` and with `_`")),
            ));
        }
    }
    for (name, port) in signature.inputs {
        if inputs.contains_key(&name) {
            continue;
        }
        if !port.optional {
            let problem =
                format!("the component's function needs the input `{name}` ({}), which is not declared", port.ty);
            let hint = "write the component anew with `weft inspect --format kfp`";
            problems.push((String::new(), Diagnostic::error(problem).hint(hint)));
        }
        inputs.insert(name, Input::from(port));
    }
    component.inputs = inputs;
    for (name, declared) in &component.outputs {
        let path = format!("outputs.{name}");
        match find(&signature.outputs, name) {
            None => {
                let known = signature.outputs.keys().map(String::as_str);
                let problem = Diagnostic::error(format!("the component's function has no output `{name}`"));
                problems.push((path, problem.hint(suggest::hint(name, known, "outputs"))));
            }
            Some((_, port)) => {
                if let Err(why) = flows(&port.ty, &declared.ty) {
                    let problem = format!("the output `{name}` is declared as {}, but it is {}", declared.ty, port.ty);
                    problems.push((path, Diagnostic::error(problem).hint(why)));
                }
            }
        }
    }
    component.outputs = signature.outputs;
    problems
}

/// An input with the type of its port, and the problem of its declaration.
fn input(name: &str, declared: Input, port: &Port) -> (Input, impl Iterator<Item = Diagnostic> + use<>) {
    let mut problems = Vec::new();
    let mut input = Input { port: Port { ty: port.ty.clone(), ..declared.port }, ..declared };
    if let Err(why) = flows(&declared.port.ty, &port.ty) {
        let problem =
            format!("the input `{name}` is declared as {}, but the component takes {}", declared.port.ty, port.ty);
        problems.push(Diagnostic::error(problem).hint(why));
        return (input, problems.into_iter());
    }
    if input.port.optional && !port.optional && input.default.is_none() {
        let problem = format!("the input `{name}` is declared as one that may be left out, but the component needs it");
        problems.push(Diagnostic::error(problem).hint("give it a default, or take `isOptional` off"));
    }
    if let PortType::Parameter(ty) = &port.ty {
        for value in input.default.iter_mut().chain(&mut input.literals).filter(|value| !value.is_null()) {
            match ty.coerce(value.clone()) {
                Ok(canonical) => *value = canonical,
                Err(mismatch) => {
                    let problem = format!("a value declared for the input `{name}` does not fit it: {mismatch}");
                    problems.push(Diagnostic::error(problem));
                }
            }
        }
    }
    (input, problems.into_iter())
}

/// Whether a declared type is compatible with that of the signature: KFP's types are wider.
fn flows(from: &PortType, to: &PortType) -> Result<(), String> {
    let any = |kind: &ArtifactType| kind.0 == ANY;
    match (from, to) {
        (PortType::Parameter(from), PortType::Parameter(to)) => may_fit(from, to),
        (PortType::Artifact { kind: from, list: many }, PortType::Artifact { kind: to, list }) if many == list => {
            let fits = any(from) || to.accepts(from);
            if fits { Ok(()) } else { Err(format!("a {} is not a {}", from.short(), to.short())) }
        }
        _ => from.assignable_to(to),
    }
}
