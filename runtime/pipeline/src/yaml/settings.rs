//! The settings of a step: retries, limits, grants.

use std::time::Duration;

use serde_json::Value;

use super::cursor::Fields;
use super::node::{Kind, Node};
use super::quantity::{parse_duration, parse_size};
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{Binding, Retry, Secret};
use crate::network::Destination;
use crate::secrets::{is_key as is_secret_key, is_name as is_secret_name};
use crate::step::{DirectoryGrant, Grants, Limits, SecretKind};

/// The maximum number of retries: more are certainly a mistake.
const MAX_RETRIES: u32 = 1_000;

/// `retry: 3` or `retry: { max: 3, backoff: 1s, factor: 2, max-backoff: 1m }`
pub(crate) fn retry(node: &Node, problems: &mut Problems) -> Result<Retry, Diagnostic> {
    let mut retry = Retry::default();
    if let Kind::Scalar { .. } = node.kind {
        retry.max = attempts(node)?;
        return Ok(retry);
    }
    let fields = Fields::new(node, "`retry`", &["max", "backoff", "factor", "max-backoff"], problems)?;
    match fields.read("max", problems, |node, _| attempts(node)) {
        Some(max) => retry.max = max,
        None if fields.get("max").is_none() => {
            let problem = Diagnostic::error("`retry` says nothing without `max`").at(node.span);
            problems.push(problem.hint("`max` is the number of attempts after the first"));
        }
        None => {}
    }
    if let Some(backoff) = fields.read("backoff", problems, |node, _| duration(node)) {
        retry.backoff = backoff;
    }
    if let Some(longest) = fields.read("max-backoff", problems, |node, _| duration(node)) {
        retry.max_backoff = longest;
    }
    if let Some(factor) = fields.read("factor", problems, |node, _| match node.scalar().and_then(|v| v.as_f64()) {
        Some(factor) if (1.0..=1_000.0).contains(&factor) => Ok(factor),
        _ => Err(Diagnostic::error("`factor` is a number from 1 to 1000").at(node.span)),
    }) {
        retry.factor = factor;
    }
    Ok(retry)
}

fn attempts(node: &Node) -> Result<u32, Diagnostic> {
    let Some(Value::Number(number)) = node.scalar() else {
        return Err(node.wanted("the number of attempts after the first"));
    };
    number.as_u64().and_then(|max| u32::try_from(max).ok()).filter(|max| *max <= MAX_RETRIES).ok_or_else(|| {
        let problem = format!("the number of attempts after the first is a whole number from 0 to {MAX_RETRIES}");
        Diagnostic::error(problem).at(node.span)
    })
}

fn duration(node: &Node) -> Result<Duration, Diagnostic> {
    let text = node.string("a duration such as `90s`")?;
    parse_duration(text).map_err(|why| Diagnostic::error(format!("`{text}` is no duration")).at(node.span).hint(why))
}

fn size(node: &Node) -> Result<u64, Diagnostic> {
    let text = node.string("a size such as `512MiB`")?;
    match parse_size(text) {
        Ok(0) => Err(Diagnostic::error("a limit of nothing lets no step run").at(node.span)),
        Ok(bytes) => Ok(bytes),
        Err(why) => Err(Diagnostic::error(format!("`{text}` is no size")).at(node.span).hint(why)),
    }
}

/// `limits: { memory: 512MiB, time: 10m, output: 2GiB }`
pub(crate) fn limits(node: &Node, problems: &mut Problems) -> Result<Limits, Diagnostic> {
    let fields = Fields::new(node, "`limits`", &["memory", "time", "output"], problems)?;
    Ok(Limits {
        memory: fields.read("memory", problems, |node, _| size(node)),
        output: fields.read("output", problems, |node, _| size(node)),
        time: fields.read("time", problems, |node, _| match duration(node)? {
            Duration::ZERO => Err(Diagnostic::error("a limit of nothing lets no step run").at(node.span)),
            time => Ok(time),
        }),
    })
}

/// `grants: { clock: true, random: true, env: [HOME], net: [data.example.org:443], secrets: { TOKEN: api/token }, directories: { /ref: ./ref } }`
pub(crate) fn grants(node: &Node, problems: &mut Problems) -> Result<(Grants, Vec<Secret>), Diagnostic> {
    let fields = Fields::new(node, "`grants`", &["clock", "random", "env", "net", "secrets", "directories"], problems)?;
    let mut grants = Grants {
        clock: fields.read("clock", problems, |node, _| node.boolean("`clock`")).unwrap_or_default(),
        random: fields.read("random", problems, |node, _| node.boolean("`random`")).unwrap_or_default(),
        ..Grants::default()
    };
    fields.read("env", problems, |node, problems| {
        for item in node.sequence("a list of names of environment variables")? {
            match item.string("the name of an environment variable") {
                Ok(name) if !is_variable(name) => problems.push(
                    Diagnostic::error(format!("`{name}` is no name of an environment variable"))
                        .at(item.span)
                        .hint("a grant names the variable only; its value comes from the host"),
                ),
                Ok(name) if grants.env.iter().any(|known| known == name) => {}
                Ok(name) => grants.env.push(name.to_owned()),
                Err(problem) => problems.push(problem),
            }
        }
        Ok(())
    });
    // The order of granted names has no meaning, so it must not change the step's identity.
    grants.env.sort();
    grants.net = fields.read("net", problems, destinations).unwrap_or_default();
    fields.read("directories", problems, |node, problems| {
        for (guest, entry) in node.mapping("a mapping from a path in the sandbox to one on the host")? {
            if !is_place(guest) {
                problems.push(
                    Diagnostic::error(format!("`{guest}` is no place for a directory in the sandbox"))
                        .at(entry.key)
                        .hint("give an absolute path below `/`, such as `/ref`"),
                );
            }
            match directory(&entry.node, problems) {
                Ok(grant) => {
                    grants.directories.insert(guest.clone(), grant);
                }
                Err(problem) => problems.push(problem),
            }
        }
        Ok(())
    });
    let secrets = fields.read("secrets", problems, secrets).unwrap_or_default();
    Ok((grants, secrets))
}

/// `[data.example.org:443, 192.0.2.1:80]`, in one form and in order, as their order has no meaning.
fn destinations(node: &Node, problems: &mut Problems) -> Result<Vec<String>, Diagnostic> {
    let mut all = Vec::new();
    for item in node.sequence("a list of hosts with their ports, such as `[data.example.org:443]`")? {
        match item.string("a host with its port, such as `data.example.org:443`") {
            Ok(written) => match written.parse::<Destination>() {
                Ok(destination) => all.push(destination.to_string()),
                Err(why) => problems.push(
                    Diagnostic::error(format!("`{written}` is no place to connect to: {why}"))
                        .at(item.span)
                        .hint("write the host and the port alone, such as `data.example.org:443`, one for each that is to be reached"),
                ),
            },
            Err(problem) => problems.push(problem),
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// Whether a directory can be shown to a step at this path.
pub(crate) fn is_place(path: &str) -> bool {
    path.starts_with('/') && !path.trim_matches('/').is_empty() && !path.split('/').any(|part| part == "..")
}

/// Whether an environment variable can have this name.
pub(crate) fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

/// `TOKEN: api/token` gives a variable the value of a secret's key, `/etc/api: api` shows all keys as files in a directory. A `?` at the
/// end says that it may be missing.
fn secrets(node: &Node, problems: &mut Problems) -> Result<Vec<Secret>, Diagnostic> {
    const FORM: &str = "a variable gets one key, `TOKEN: api/token`, a directory all of them, `/etc/api: api`";
    let mut secrets = Vec::new();
    for (to, entry) in node.mapping("a mapping from variables and directories to secrets")? {
        let written = match entry.node.string("the name of a secret") {
            Ok(written) => written,
            Err(problem) => {
                problems.push(problem.hint(FORM));
                continue;
            }
        };
        let (named, optional) = match written.strip_suffix('?') {
            Some(named) => (named, true),
            None => (written, false),
        };
        let (name, key) = match named.split_once('/') {
            Some((name, key)) => (name, Some(key.to_owned())),
            None => (named, None),
        };
        let is_directory = to.starts_with('/');
        if if is_directory { !is_place(to) } else { !is_variable(to) } {
            problems.push(Diagnostic::error(format!("a secret cannot be given as `{to}`")).at(entry.key).hint(FORM));
        } else if is_directory == key.is_some() || !is_secret_name(name) || !key.as_deref().is_none_or(is_secret_key) {
            problems.push(
                Diagnostic::error(format!("`{written}` does not name what `{to}` gets of a secret"))
                    .at(entry.node.span)
                    .hint(FORM),
            );
        } else {
            let name = Binding::Literal(name.into());
            secrets.push(Secret { to: to.clone(), kind: SecretKind::Secret, name, key, optional });
        }
    }
    Ok(secrets)
}

/// `./ref`, or `{ host: ./ref, write: false }`
fn directory(node: &Node, problems: &mut Problems) -> Result<DirectoryGrant, Diagnostic> {
    if let Kind::Scalar { .. } = node.kind {
        return Ok(DirectoryGrant { host: node.string("a path on the host")?.to_owned(), write: false });
    }
    let fields = Fields::new(node, "a directory's grant", &["host", "write"], problems)?;
    let host = match fields.get("host") {
        Some(entry) => entry.node.string("a path on the host")?.to_owned(),
        None => return Err(Diagnostic::error("`host`, the path on the host, is missing").at(node.span)),
    };
    let write = fields.read("write", problems, |node, _| node.boolean("`write`")).unwrap_or_default();
    Ok(DirectoryGrant { host, write })
}
