//! Secrets and config maps: how they may be called, and which of them a pipeline needs.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::model::{Binding, Component, Implementation, Location, Pipeline, Task};
use crate::step::SecretGrant;

/// The longest name, as in Kubernetes.
const MAX_NAME: usize = 253;

/// DAGs that are gone through. One that holds others several times over can be larger than anything; what is beyond is told when its
/// step runs.
const MAX_DAGS: usize = 10_000;

/// Whether a secret or config map may be called so. Such a name leads nowhere else when it is taken for that of a folder.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && has_plain_characters(name)
}

/// Whether a key of a secret or config map may be called so. Those with two dots before them are Kubernetes' own when it mounts one.
pub fn is_key(key: &str) -> bool {
    !key.is_empty() && key != "." && !key.starts_with("..") && has_plain_characters(key)
}

fn has_plain_characters(name: &str) -> bool {
    name.len() <= MAX_NAME && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// A secret or config map that a task reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The task; inside a nested pipeline `outer/inner`.
    pub task: String,
    /// Where the task is written.
    pub at: Location,
    /// Where the step finds it: the name of an environment variable, or the absolute path of a directory.
    pub to: String,
    /// Which it is.
    pub grant: SecretGrant,
}

/// The secrets and config maps that tasks of a pipeline read, in the order of the tasks. Those that are named by an output of a task or
/// an item of a loop are known only when their steps run, and left out. `parameters` are the values of the pipeline's parameters.
pub fn needed(pipeline: &Pipeline, parameters: &BTreeMap<String, Value>) -> Vec<Need> {
    let mut search = Search { pipeline, needs: Vec::new(), left: MAX_DAGS, enclosing: HashSet::new() };
    if reads_secrets(pipeline) {
        search.dag(&pipeline.root, "", parameters);
    }
    search.needs
}

fn reads_secrets(pipeline: &Pipeline) -> bool {
    pipeline.components.values().chain([&pipeline.root]).any(|component| match &component.implementation {
        Implementation::Dag(dag) => dag.tasks.values().any(|task| !task.secrets.is_empty()),
        _ => false,
    })
}

struct Search<'p> {
    pipeline: &'p Pipeline,
    needs: Vec<Need>,
    left: usize,
    /// Components around the one that is gone through: none holds itself.
    enclosing: HashSet<&'p str>,
}

impl<'p> Search<'p> {
    /// `known` are the values of the component's inputs, as far as they are known before the run.
    fn dag(&mut self, component: &'p Component, path: &str, known: &BTreeMap<String, Value>) {
        let Implementation::Dag(dag) = &component.implementation else { return };
        self.left = self.left.saturating_sub(1);
        for (name, task) in &dag.tasks {
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            self.task(task, &path, component, known);
            let Some(inner) = self.pipeline.components.get(&task.component) else { continue };
            if !matches!(inner.implementation, Implementation::Dag(_)) || self.left == 0 {
                continue;
            }
            let item = task.each.as_ref().map(|each| each.item.as_str());
            let mut inside = BTreeMap::new();
            for input in inner.inputs.keys().filter(|input| Some(input.as_str()) != item) {
                let wire = task.inputs.get(input);
                let value = match wire {
                    Some(wire) if wire.select.is_none() => value(&wire.from, component, known),
                    Some(_) => None,
                    None => inner.inputs[input].default.as_ref(),
                };
                inside.extend(value.map(|value| (input.clone(), value.clone())));
            }
            if self.enclosing.insert(&task.component) {
                self.dag(inner, &path, &inside);
                self.enclosing.remove(task.component.as_str());
            }
        }
    }

    fn task(&mut self, task: &Task, path: &str, component: &Component, known: &BTreeMap<String, Value>) {
        for secret in &task.secrets {
            if let Some(Value::String(name)) = value(&secret.name, component, known) {
                let (task, at, to) = (path.to_owned(), task.at, secret.to.clone());
                self.needs.push(Need { task, at, to, grant: secret.grant(name.clone()) });
            }
        }
    }
}

/// What a binding comes to in a component, if that is known before the run.
fn value<'a>(binding: &'a Binding, component: &'a Component, known: &'a BTreeMap<String, Value>) -> Option<&'a Value> {
    match binding {
        Binding::Literal(value) => Some(value),
        Binding::Input(input) => {
            known.get(input).or_else(|| component.inputs.get(input)?.default.as_ref()).filter(|value| !value.is_null())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::read::read_pipeline;
    use crate::yaml;

    const NESTED: &str = r#"
schemaVersion: 2.1.0
pipelineInfo: { name: nested }
deploymentSpec:
  executors:
    exec-a: { container: { image: alpine, command: [echo] } }
    exec-b: { container: { image: alpine, command: [echo] } }
components:
  comp-a: { executorLabel: exec-a }
  comp-b: { executorLabel: exec-b }
  comp-inner:
    inputDefinitions: { parameters: { login: { parameterType: STRING }, other: { parameterType: STRING, defaultValue: fallback } } }
    dag: { tasks: { a: { componentRef: { name: comp-a } } } }
  comp-loop:
    inputDefinitions: { parameters: { login: { parameterType: STRING }, other: { parameterType: STRING } } }
    dag: { tasks: { a: { componentRef: { name: comp-a } } } }
root:
  inputDefinitions: { parameters: { secret: { parameterType: STRING, defaultValue: by-default } } }
  dag:
    tasks:
      b: { componentRef: { name: comp-b } }
      first:
        componentRef: { name: comp-inner }
        inputs: { parameters: { login: { componentInputParameter: secret } } }
      second:
        componentRef: { name: comp-inner }
        inputs: { parameters: { login: { runtimeValue: { constant: written } } } }
      loop:
        componentRef: { name: comp-loop }
        inputs: { parameters: { other: { runtimeValue: { constant: shared } } } }
        parameterIterator: { itemInput: login, items: { raw: '["x", "y"]' } }
---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-a:
          secretAsEnv: [{ secretNameParameter: { componentInputParameter: login }, keyToEnv: [{ secretKey: k, envVar: V }] }]
          configMapAsVolume: [{ configMapNameParameter: { componentInputParameter: other }, mountPath: /c, optional: true }]
        exec-b:
          secretAsVolume: [{ secretName: old, mountPath: /s }]
"#;

    fn shown(pipeline: &Pipeline, parameters: &[(&str, &str)]) -> Vec<String> {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let show = |Need { task, to, grant, .. }: &Need| {
            let SecretGrant { kind, name, key, optional } = grant;
            format!(
                "{task}: {kind} {name}/{} as {to}{}",
                key.as_deref().unwrap_or("*"),
                if *optional { "?" } else { "" }
            )
        };
        needed(pipeline, &parameters).iter().map(show).collect()
    }

    #[test]
    fn names_are_followed_as_far_as_they_are_known() {
        let pipeline = read_pipeline(NESTED).unwrap().pipeline;
        let mut wanted = [
            "b: secret old/* as /s",
            "first/a: config map fallback/* as /c?",
            "first/a: secret by-default/k as V",
            "loop/a: config map shared/* as /c?",
            "second/a: config map fallback/* as /c?",
            "second/a: secret written/k as V",
        ]
        .map(str::to_owned);
        let sorted = |mut found: Vec<String>| {
            found.sort();
            found
        };
        assert_eq!(sorted(shown(&pipeline, &[])), wanted);
        wanted[2] = "first/a: secret given/k as V".into();
        assert_eq!(sorted(shown(&pipeline, &[("secret", "given")])), wanted);
    }

    #[test]
    fn a_native_step_is_granted_secrets() {
        let text = "
name: n
steps:
  a:
    component: a.wasm
    grants: { secrets: { TOKEN: api/token, PROXY: net/proxy?, /etc/api: api } }
";
        let pipeline = yaml::read_pipeline(text).unwrap();
        let wanted = ["a: secret api/token as TOKEN", "a: secret net/proxy as PROXY?", "a: secret api/* as /etc/api"];
        assert_eq!(shown(&pipeline, &[]), wanted);
        let wrong = "
name: n
steps:
  a:
    component: a.wasm
    grants: { secrets: { TOKEN: api, /etc/api: api/token, A: ../x/y, B: x/.., C: [1], /: api, /a/../b: api, 'D=': x/y } }
";
        assert_eq!(yaml::read_pipeline(wrong).unwrap_err().len(), 8);
    }

    #[test]
    fn what_multiplies_is_not_expanded() {
        let mut pipeline = read_pipeline(NESTED).unwrap().pipeline;
        let task = |component: &str| Task { component: component.to_owned(), ..Task::default() };
        for level in 0..30 {
            let tasks = (0..10).map(|at| (format!("t{at}"), task(&format!("level-{}", level + 1)))).collect();
            let dag = crate::model::Dag { tasks, ..Default::default() };
            let component = Component { implementation: Implementation::Dag(dag), ..Component::default() };
            pipeline.components.insert(format!("level-{level}"), component);
        }
        let Implementation::Dag(root) = &mut pipeline.root.implementation else { panic!() };
        root.tasks.insert("tower".into(), task("level-0"));
        assert_eq!(needed(&pipeline, &BTreeMap::new()).len(), 6);
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert!(["api", "my-login", "a.b", "A_1"].into_iter().all(is_name));
        assert!(!["", ".", "..", ".x", "a/b", "a\\b", "ä", "-a", &"a".repeat(254)].into_iter().any(is_name));
        assert!(["token", ".dockerconfigjson", "tls.crt", "_a-1"].into_iter().all(is_key));
        assert!(!["", ".", "..", "..data", "..2024_01", "a/b", "a b"].into_iter().any(is_key));
    }
}
