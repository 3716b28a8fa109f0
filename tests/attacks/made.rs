//! Components that no compiler would make, written as text.

use weft_pipeline::step::{ComponentRef, PortValue, PortValues, StepFailure, StepOutput, StepRequest};
use weft_sandbox::Sandbox;

use crate::sandbox::Fixture;

/// A component around one module: its memories and tables, two functions or groups of them, and what the component exports of it.
pub fn component(memory: &str, first: &str, second: &str, exports: &str) -> Vec<u8> {
    let text = format!(
        r"(component
            (core module $m {memory} {first} {second})
            (core instance $main (instantiate $m))
            {exports})"
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A component with one function, without parameters and results, of this body.
pub fn function(module: &str, body: &str) -> Vec<u8> {
    component(
        module,
        &format!(r#"(func (export "go") {body})"#),
        "",
        r#"(func (export "go") (canon lift (core func $main "go")))"#,
    )
}

/// Runs a function of a component that is in the store.
pub fn run(
    fixture: &Fixture,
    binary: &[u8],
    function: &str,
    inputs: &[(&str, PortValue)],
) -> Result<StepOutput, StepFailure> {
    run_in(&fixture.sandbox, fixture, binary, function, inputs)
}

/// The same in another sandbox.
pub fn run_in(
    sandbox: &Sandbox,
    fixture: &Fixture,
    binary: &[u8],
    function: &str,
    inputs: &[(&str, PortValue)],
) -> Result<StepOutput, StepFailure> {
    let loaded = sandbox.load("made", binary).unwrap();
    fixture.dataset(binary);
    let request = request(fixture, loaded.digest(), function, inputs);
    sandbox.run(&request, &*fixture.observer).map_err(|failure| *failure)
}

pub fn request(fixture: &Fixture, digest: &str, function: &str, inputs: &[(&str, PortValue)]) -> StepRequest {
    StepRequest {
        strict: false,
        command: None,
        task: "the-step".into(),
        component: ComponentRef { digest: digest.to_owned(), function: function.to_owned() },
        inputs: inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<PortValues>(),
        grants: fixture.grants.clone(),
        limits: fixture.limits,
        identity: fixture.identity,
    }
}
