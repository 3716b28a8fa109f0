//! What a pipeline asks beyond a policy.

use super::{Allowed, Policy, Resolved, Rule, pattern};
use crate::access::{Access, Work};
use crate::command::uri;
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::Span;
use crate::network::Destination;
use crate::step::HOST_PYTHON;

/// What a policy has to be told of the machine, as nothing here looks for itself.
pub struct Host<'h> {
    /// The absolute path that a path in the policy stands for, symbolic links followed as far as there is something.
    pub policy_path: &'h dyn Fn(&str) -> Resolved,
    /// The same of a path in the pipeline.
    pub pipeline_path: &'h dyn Fn(&str) -> Resolved,
    /// Whether one of the policy's signers has signed the component at this path, which has this digest.
    pub is_signed: &'h dyn Fn(&str, &str) -> bool,
}

/// Everything that tasks ask for and the policy does not allow, each at its line of the policy.
pub fn violations(policy: &Policy, tasks: &[Access<'_>], host: &Host<'_>) -> Vec<Diagnostic> {
    let mut problems = Problems::default();
    for task in tasks {
        let mut check = Check { policy, task, host, problems: &mut problems };
        check.grants();
        check.limits();
        check.work();
    }
    problems.into_sorted()
}

/// Whether a path names a pre-built component. What only begins like one is a file.
fn is_prebuilt(path: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    path.strip_prefix("weft:").is_some_and(|name| !name.is_empty() && is_name(name))
}

struct Check<'c, 'p> {
    policy: &'c Policy,
    task: &'c Access<'p>,
    host: &'c Host<'c>,
    problems: &'c mut Problems,
}

impl Check<'_, '_> {
    fn refuse(&mut self, at: Span, asks: &str, instead: &str) {
        let name = &self.task.task;
        let message = format!("the policy does not allow what the step `{name}` asks for: {asks}");
        let line = self.task.at.line;
        let written = if line > 0 { format!("; the step is at line {line} of the pipeline") } else { String::new() };
        self.problems.push(Diagnostic::error(message).task(name.as_str()).at(at).hint(format!("{instead}{written}")));
    }

    /// Asks for one of a list; `any` is whether something in the list allows it.
    fn one_of<T>(&mut self, rule: Option<&Rule<Vec<Rule<T>>>>, any: impl Fn(&T) -> bool, asks: &str) {
        if !rule.is_some_and(|rule| rule.what.iter().any(|one| any(&one.what))) {
            let at = rule.map_or(self.policy.grants.at, |rule| rule.at);
            self.refuse(at, asks, "take it out of the step's `grants`, or have the policy allow it");
        }
    }

    fn grants(&mut self) {
        let (grants, rules) = (self.task.grants, &self.policy.grants.what);
        for (asked, rule, what) in [
            (grants.clock, &rules.clock, "this machine's clock (`clock`)"),
            (grants.random, &rules.random, "this machine's randomness (`random`)"),
        ] {
            if asked && !rule.as_ref().is_some_and(|rule| rule.what) {
                let at = rule.as_ref().map_or(self.policy.grants.at, |rule| rule.at);
                self.refuse(at, what, "take it out of the step's `grants`, or have the policy allow it");
            }
        }
        for name in grants.names() {
            let asks = format!("the environment variable `{name}`");
            self.one_of(rules.env.as_ref(), |known| pattern::matches(known, name), &asks);
        }
        for to in &grants.net {
            let destination = to.parse::<Destination>();
            let has = |pattern: &String| {
                destination.as_ref().is_ok_and(|destination| pattern::has_destination(pattern, destination))
            };
            self.one_of(rules.net.as_ref(), has, &format!("a connection to `{to}`"));
        }
        for secret in &self.task.secrets {
            let asked = match (&secret.name, secret.key) {
                (Some(name), Some(key)) => format!("{name}/{key}"),
                (Some(name), None) => name.clone(),
                (None, _) => String::new(),
            };
            let has = |pattern: &String| match &secret.name {
                // What is not known yet may be any.
                None => pattern == "*",
                Some(name) => pattern::matches(pattern, &asked) || pattern::matches(pattern, name),
            };
            let asks = match &secret.name {
                Some(_) => format!("the {} `{asked}`", secret.kind),
                None => format!("a {} that is named when it runs", secret.kind),
            };
            self.one_of(rules.secrets.as_ref(), has, &asks);
        }
        for directory in grants.directories.values() {
            let asked = (self.host.pipeline_path)(&directory.host);
            let host = self.host;
            let has = |rule: &super::Directory| {
                (rule.write || !directory.write) && asked.starts_with((host.policy_path)(&rule.host))
            };
            let how = if directory.write { ", to write" } else { "" };
            self.one_of(rules.directories.as_ref(), has, &format!("the directory `{}`{how}", directory.host));
        }
    }

    fn limits(&mut self) {
        let Some(rules) = &self.policy.limits else { return };
        let (rules, own) = (&rules.what, self.task.limits);
        let size = |bytes: u64| format!("{bytes} bytes");
        for (own, rule, what) in [(own.memory, &rules.memory, "memory"), (own.output, &rules.output, "output")] {
            if let (Some(own), Some(rule)) = (own, rule)
                && own > rule.what
            {
                let asks = format!("{} of {what}; at most {} are allowed", size(own), size(rule.what));
                self.refuse(rule.at, &asks, "lower the step's `limits`, or raise the policy's");
            }
        }
        if let (Some(own), Some(rule)) = (own.time, &rules.time)
            && own > rule.what
        {
            let asks = format!("{own:?} of time; at most {:?} are allowed", rule.what);
            self.refuse(rule.at, &asks, "lower the step's `limits`, or raise the policy's");
        }
    }

    fn work(&mut self) {
        let policy = self.policy;
        match &self.task.work {
            Work::Component { path, digest } => {
                if let Some(rule) = &policy.components {
                    let has = |allowed: &Rule<Allowed>| match &allowed.what {
                        Allowed::Digest(known) => Some(known.as_str()) == *digest,
                        Allowed::Prebuilt(known) => is_prebuilt(path) && pattern::matches(known, path),
                        Allowed::Executors => false,
                    };
                    if !rule.what.iter().any(has) {
                        let asks = format!("the component `{path}` ({})", digest.unwrap_or("not linked"));
                        self.refuse(
                            rule.at,
                            &asks,
                            "use an allowed one, or add its digest to the policy's `components`",
                        );
                    }
                }
                // What is shipped with the runtime is as trusted as the runtime.
                if let Some(rule) = policy.signers.as_ref().filter(|_| !is_prebuilt(path))
                    && !digest.is_some_and(|digest| (self.host.is_signed)(path, digest))
                {
                    let asks = format!("the component `{path}`, which none of the signers has signed");
                    self.refuse(
                        rule.at,
                        &asks,
                        "have it signed: the signature lies beside it, with `.sig` behind its name",
                    );
                }
            }
            Work::Container { image, programs } => {
                if programs.iter().any(|digest| digest.starts_with(HOST_PYTHON)) && !policy.host_python.what {
                    let asks = "to run unsandboxed on this machine's Python".to_owned();
                    self.refuse(policy.host_python.at, &asks, "leave `--executor host-python` out");
                }
                if let Some(rule) = &policy.components {
                    let has = |digest: &str| {
                        rule.what.iter().any(|allowed| match &allowed.what {
                            Allowed::Digest(known) => known == digest,
                            Allowed::Executors => !digest.starts_with(HOST_PYTHON),
                            Allowed::Prebuilt(_) => false,
                        }) || digest.starts_with(HOST_PYTHON) && policy.host_python.what
                    };
                    if programs.is_empty() || !programs.iter().all(|digest| has(digest)) {
                        let asks = format!("what runs the container `{image}`");
                        self.refuse(rule.at, &asks, "add `executors` to the policy's `components`");
                    }
                }
            }
            Work::Import(Some(source)) if uri::is_fetchable(source) => {
                if !policy.allows_fetch(source) {
                    let at = policy.imports.as_ref().map_or(policy.grants.at, |rule| rule.at);
                    let asks = format!("to import `{}` from the network", uri::shown(source));
                    self.refuse(at, &asks, "name it, or what it is below, in the policy's `imports`");
                }
            }
            Work::Import(source) => {
                let Some(rule) = &policy.imports else { return };
                let host = self.host;
                let has = |allowed: &Rule<String>| {
                    allowed.what == "*"
                        || source.as_ref().is_some_and(|source| {
                            (host.pipeline_path)(source).starts_with((host.policy_path)(&allowed.what))
                        })
                };
                if !rule.what.iter().any(has) {
                    let asks = match source {
                        Some(source) => format!("to import `{source}`"),
                        None => "to import what is named when it runs".to_owned(),
                    };
                    self.refuse(rule.at, &asks, "import from where the policy's `imports` allow it");
                }
            }
            Work::Store => {}
        }
    }
}
