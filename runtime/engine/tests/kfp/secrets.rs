//! Secrets: who reads which is recorded, and another value is another step.

use std::collections::BTreeMap;

use serde_json::json;
use weft_engine::StepRunner;
use weft_metadata::RunState;
use weft_pipeline::model::TaskState::{Cached, Complete, Failed};
use weft_pipeline::model::{Binding, Secret};
use weft_pipeline::step::{SecretGrant, SecretKind, StepFailure, StepObserver, StepOutput, StepRequest};

use super::commands::command;
use crate::common::*;

/// The fake runner with values of secrets, of which the digest is their first byte.
struct WithSecrets<'a> {
    fake: &'a Fake,
    value: &'a str,
}

impl StepRunner for WithSecrets<'_> {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        self.fake.run(request, observer)
    }

    fn secrets_digest(&self, _secrets: &BTreeMap<String, SecretGrant>) -> Result<[u8; 32], Box<StepFailure>> {
        Ok([self.value.as_bytes()[0]; 32])
    }
}

fn reads(mut step: Step, name: Binding) -> Step {
    let key = Some("token".to_owned());
    step.task.secrets.push(Secret { to: "TOKEN".to_owned(), kind: SecretKind::Secret, name, key, optional: true });
    step
}

#[test]
fn a_changed_secret_is_a_cache_miss() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let read = || reads(command(&["sh"]), Binding::Literal(json!("api")));
    let demo = pipeline(named([("read", read())]));
    let state = |run: &str, value| {
        let runner = WithSecrets { fake: &fake, value };
        let outcome = place.session(&runner, 1).start(run, &demo, &json!({}));
        report(&outcome, "read").state
    };
    assert_eq!(state("a", "one"), Complete);
    assert_eq!(state("b", "one"), Cached);
    let seed = fake.request("read").identity;
    assert_eq!(state("c", "two"), Complete);
    assert_eq!(state("d", "one"), Cached);
    // What a value is, is no part of what seeds the step's randomness: it is the same in every store.
    assert_eq!(fake.request("read").identity, seed);
    let granted =
        SecretGrant { kind: SecretKind::Secret, name: "api".into(), key: Some("token".into()), optional: true };
    assert_eq!(place.steps("a")["read"].grants.secrets["TOKEN"], granted);
    assert_eq!(fake.request("read").grants.secrets["TOKEN"], granted);
}

#[test]
fn a_secret_may_be_named_by_another_step() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let runner = WithSecrets { fake: &fake, value: "x" };
    let named_by = |output| {
        named([
            ("name", step().value(Binding::Literal(json!("api")))),
            ("read", reads(command(&["sh"]), from_output("name", output).from)),
        ])
    };
    let outcome = place.session(&runner, 1).start("r", &pipeline(named_by("value")), &json!({}));
    let request = fake.request("read");
    assert_eq!(outcome.state, RunState::Complete, "{:?}", outcome.tasks);
    let given = value(&report(&outcome, "name").outputs, "value").clone();
    assert_eq!(json!(request.grants.secrets["TOKEN"].name), given);

    let outcome = place.session(&runner, 1).start("s", &pipeline(named_by("n")), &json!({}));
    let failed = report(&outcome, "read");
    let message = failed.message.as_deref().unwrap();
    assert_eq!((failed.state, message), (Failed, "the name of the secret at TOKEN is not a string"));
}

#[test]
fn a_runner_without_secrets_refuses_them() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let demo = pipeline(named([("read", reads(command(&["sh"]), Binding::Literal(json!("api"))))]));
    let outcome = place.session(&fake, 1).start("r", &demo, &json!({}));
    let failed = report(&outcome, "read");
    assert_eq!(failed.state, Failed);
    assert!(failed.message.as_deref().unwrap().contains("`api`"), "{:?}", failed.message);
}
