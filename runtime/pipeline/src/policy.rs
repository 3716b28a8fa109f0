//! Policies: what an operator lets pipelines ask for. A policy is a YAML file; what a pipeline asks beyond it is told before the run, at the
//! line of the policy that does not have it.

mod check;
mod pattern;

use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{Location, Span};
use crate::step::Limits;
use crate::yaml::cursor::Fields;
use crate::yaml::node::{Kind, Node, load};
use crate::yaml::settings;

pub use check::{Host, violations};

/// The most items of one list.
const MAX_ITEMS: usize = 10_000;

/// A policy. What has a rule is bounded by it.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What may be granted. Grants that have no rule are refused.
    grants: Rule<GrantRules>,
    /// The most that a step may take, its own limits and the runtime's.
    limits: Option<Rule<LimitRules>>,
    /// The components that may run; all, if there is no such rule.
    components: Option<Rule<Vec<Rule<Allowed>>>>,
    /// Public keys, one of which must have signed each component; paths of their files.
    signers: Option<Rule<Vec<String>>>,
    /// Files and folders that may be imported; all, if there is no such rule. What is elsewhere only by its URI.
    imports: Option<Rule<Vec<Rule<String>>>>,
    /// Whether Python functions may run unsandboxed on the host.
    host_python: Rule<bool>,
}

/// Something that is written in a policy, and where.
#[derive(Debug, Clone)]
struct Rule<T> {
    what: T,
    at: Span,
}

#[derive(Debug, Clone, Default)]
struct GrantRules {
    clock: Option<Rule<bool>>,
    random: Option<Rule<bool>>,
    env: Option<Rule<Vec<Rule<String>>>>,
    net: Option<Rule<Vec<Rule<String>>>>,
    secrets: Option<Rule<Vec<Rule<String>>>>,
    directories: Option<Rule<Vec<Rule<Directory>>>>,
}

/// A directory of the host that may be granted, with all below it.
#[derive(Debug, Clone)]
struct Directory {
    host: String,
    write: bool,
}

#[derive(Debug, Clone, Default)]
struct LimitRules {
    memory: Option<Rule<u64>>,
    time: Option<Rule<Duration>>,
    output: Option<Rule<u64>>,
}

/// A component that may run.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    /// The one with this digest.
    Digest(String),
    /// A pre-built one, `weft:NAME`; all of them are `weft:*`.
    Prebuilt(String),
    /// The programs that run the containers of KFP's pipelines.
    Executors,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Everything that is wrong with how it is written.
    pub fn read(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut problems = Problems::default();
        let node = load(text, &mut problems);
        let policy = match &node {
            Some(node) if !node.is_null() => read(node, &mut problems).map_err(|problem| problems.push(problem)).ok(),
            _ => {
                problems.push(
                    Diagnostic::error("the policy is empty")
                        .hint("a policy that lets pipelines have no grants at all is `grants: {}`"),
                );
                None
            }
        };
        match policy {
            Some(policy) if !problems.any_error() => Ok(policy),
            _ => Err(problems.into_sorted()),
        }
    }

    /// The files of the public keys that may sign components, as written; none if components need no signature.
    pub fn signers(&self) -> Option<&[String]> {
        self.signers.as_ref().map(|rule| rule.what.as_slice())
    }

    /// Whether an importer may fetch what is at a URI elsewhere: it, or what it is below, must be named. Paths and `*` name no such thing, and
    /// a policy without `imports` lets nothing be fetched.
    pub fn allows_fetch(&self, uri: &str) -> bool {
        self.imports.iter().flat_map(|rule| &rule.what).any(|one| pattern::has_uri(&one.what, uri))
    }

    /// The limits of steps that name none: the runtime's own, or the policy's where those are lower.
    #[must_use]
    pub fn bounded(&self, limits: &Limits) -> Limits {
        let rules = self.limits.as_ref().map(|rule| &rule.what);
        let least = |own: Option<u64>, rule: Option<u64>| match (own, rule) {
            (Some(own), Some(rule)) => Some(own.min(rule)),
            (own, rule) => own.or(rule),
        };
        let time = rules.and_then(|rules| rules.time.as_ref()).map(|rule| rule.what);
        Limits {
            memory: least(limits.memory, rules.and_then(|rules| rules.memory.as_ref()).map(|rule| rule.what)),
            output: least(limits.output, rules.and_then(|rules| rules.output.as_ref()).map(|rule| rule.what)),
            time: match (limits.time, time) {
                (Some(own), Some(rule)) => Some(own.min(rule)),
                (own, rule) => own.or(rule),
            },
        }
    }
}

/// The place of a policy as a whole.
const BEGIN: Span = Span { at: Location { line: 1, column: 1 }, length: 1 };

fn read(node: &Node, problems: &mut Problems) -> Result<Policy, Diagnostic> {
    const KEYS: &[&str] = &["grants", "limits", "components", "signers", "imports", "host-python"];
    let fields = Fields::new(node, "a policy", KEYS, problems)?;
    let at = |key: &str| fields.get(key).map_or(BEGIN, |entry| entry.key);
    let grants = fields.read("grants", problems, grants).unwrap_or_default();
    let limits = fields.read("limits", problems, limits).map(|what| Rule { what, at: at("limits") });
    let components =
        fields.read("components", problems, |node, problems| list(node, "digests of components", problems, component));
    let signers = fields.read("signers", problems, |node, problems| {
        let keys = list(node, "files of public keys", problems, |node| {
            Ok(node.string("the file of a public key")?.to_owned())
        })?;
        Ok(keys.into_iter().map(|key| key.what).collect())
    });
    let imports = fields.read("imports", problems, |node, problems| {
        list(node, "files and folders", problems, |node| {
            Ok(node.string("a path on the host, `*`, or the URI of what is elsewhere")?.to_owned())
        })
    });
    let host_python = fields.read("host-python", problems, |node, _| node.boolean("`host-python`")).unwrap_or_default();
    Ok(Policy {
        grants: Rule { what: grants, at: at("grants") },
        limits,
        components: components.map(|what| Rule { what, at: at("components") }),
        signers: signers.map(|what| Rule { what, at: at("signers") }),
        imports: imports.map(|what| Rule { what, at: at("imports") }),
        host_python: Rule { what: host_python, at: at("host-python") },
    })
}

fn grants(node: &Node, problems: &mut Problems) -> Result<GrantRules, Diagnostic> {
    const KEYS: &[&str] = &["clock", "random", "env", "net", "secrets", "directories"];
    let fields = Fields::new(node, "`grants`", KEYS, problems)?;
    let at = |key: &str| fields.get(key).map_or(node.span, |entry| entry.key);
    let texts = |key: &str, what: &str, one: &str, problems: &mut Problems| {
        let read =
            |node: &Node, problems: &mut Problems| list(node, what, problems, |node| Ok(node.string(one)?.to_owned()));
        fields.read(key, problems, read).map(|what| Rule { what, at: at(key) })
    };
    let flag = |key: &str, problems: &mut Problems| {
        let read = |node: &Node, _: &mut Problems| node.boolean(&format!("`{key}`"));
        fields.read(key, problems, read).map(|what| Rule { what, at: at(key) })
    };
    let net = texts("net", "hosts with their ports", "a host and a port, such as `*.example.org:443`", problems);
    for pattern in net.iter().flat_map(|rule| &rule.what) {
        if !pattern::is_destination(&pattern.what) {
            let problem = format!("`{}` is no place to connect to", pattern.what);
            problems.push(Diagnostic::error(problem).at(pattern.at).hint(
                "write a host and a port; `*` stands for any: `data.example.org:443`, `*.example.org:443`, `192.0.2.1:*`",
            ));
        }
    }
    let directories = fields
        .read("directories", problems, |node, problems| list(node, "directories of the host", problems, directory));
    Ok(GrantRules {
        clock: flag("clock", problems),
        random: flag("random", problems),
        env: texts("env", "names of environment variables", "the name of an environment variable, or `*`", problems),
        net,
        secrets: texts(
            "secrets",
            "names of secrets",
            "the name of a secret, `api`, or of its key, `api/token`",
            problems,
        ),
        directories: directories.map(|what| Rule { what, at: at("directories") }),
    })
}

fn limits(node: &Node, problems: &mut Problems) -> Result<LimitRules, Diagnostic> {
    let read = settings::limits(node, problems)?;
    let Kind::Mapping(entries) = &node.kind else { return Ok(LimitRules::default()) };
    let at = |key: &str| entries.get(key).map_or(node.span, |entry| entry.key);
    Ok(LimitRules {
        memory: read.memory.map(|what| Rule { what, at: at("memory") }),
        time: read.time.map(|what| Rule { what, at: at("time") }),
        output: read.output.map(|what| Rule { what, at: at("output") }),
    })
}

fn component(node: &Node) -> Result<Allowed, Diagnostic> {
    const HINT: &str = "name a component by its digest, as `weft inspect` shows it, a pre-built one as `weft:NAME`, all of them as `weft:*`, and what \
         runs KFP's containers as `executors`";
    let text = node.string("the digest of a component")?;
    let is_digest = |hex: &str| hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if text == "executors" {
        Ok(Allowed::Executors)
    } else if text.strip_prefix("blake3:").is_some_and(is_digest) {
        Ok(Allowed::Digest(text.to_owned()))
    } else if text.starts_with("weft:") {
        Ok(Allowed::Prebuilt(text.to_owned()))
    } else {
        Err(Diagnostic::error(format!("`{text}` names no component")).at(node.span).hint(HINT))
    }
}

/// `/srv/reference`, or `{ host: /srv/work, write: true }`
fn directory(node: &Node) -> Result<Directory, Diagnostic> {
    if let Kind::Scalar { .. } = node.kind {
        return Ok(Directory { host: node.string("a path on the host")?.to_owned(), write: false });
    }
    let mut problems = Problems::default();
    let fields = Fields::new(node, "a directory", &["host", "write"], &mut problems)?;
    let host = match fields.get("host") {
        Some(entry) => entry.node.string("a path on the host")?.to_owned(),
        None => return Err(Diagnostic::error("`host`, the path on the host, is missing").at(node.span)),
    };
    let write = fields.read("write", &mut problems, |node, _| node.boolean("`write`")).unwrap_or_default();
    match problems.into_sorted().into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(Directory { host, write }),
    }
}

fn list<T>(
    node: &Node,
    what: &str,
    problems: &mut Problems,
    read: impl Fn(&Node) -> Result<T, Diagnostic>,
) -> Result<Vec<Rule<T>>, Diagnostic> {
    let items = node.sequence(&format!("a list of {what}"))?;
    if items.len() > MAX_ITEMS {
        return Err(Diagnostic::error(format!("a list has at most {MAX_ITEMS} items")).at(node.span));
    }
    let mut rules = Vec::new();
    for item in items {
        match read(item) {
            Ok(what) => rules.push(Rule { what, at: item.span }),
            Err(problem) => problems.push(problem),
        }
    }
    Ok(rules)
}

/// A path of a policy or a pipeline, resolved.
type Resolved = PathBuf;

#[cfg(test)]
mod tests;
