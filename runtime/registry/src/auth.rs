//! Who asks: credentials as docker's configuration has them, and what registries ask for.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::manifest::MAX_DOCUMENT;

/// How long a credential helper may take: it may ask someone.
const HELPER_WITHIN: Duration = Duration::from_mins(1);
/// What docker's own registry is called in its configuration.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// The user name with which a helper says that the secret is a token.
const TOKEN_USER: &str = "<token>";

/// Where credentials are found. Nothing is read before a registry asks.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// What lies in the variable `DOCKER_AUTH_CONFIG`: a `config.json` with `auths`, which goes before the file.
    pub inline: Option<String>,
    /// Docker's `config.json`. It need not exist.
    pub file: Option<PathBuf>,
}

/// What someone is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Login {
    /// A name and a password.
    Basic { user: String, password: String },
    /// A token that another is given for.
    Identity(String),
    /// A token that is shown as it is.
    Token(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: HashMap<String, Entry>,
    cred_helpers: HashMap<String, String>,
    creds_store: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl Credentials {
    /// What a registry is told; nothing if nothing is known.
    pub(crate) fn of(&self, host: &str) -> Result<Option<Login>> {
        if let Some(text) = &self.inline {
            let config = parse("DOCKER_AUTH_CONFIG", text)?;
            if let Some(login) = from_entries(&config, host)? {
                return Ok(Some(login));
            }
        }
        let Some(path) = &self.file else { return Ok(None) };
        let shown = path.display().to_string();
        let text = match std::fs::File::open(path) {
            Ok(file) => {
                let mut text = String::new();
                let read = file.take(MAX_DOCUMENT).read_to_string(&mut text);
                read.map_err(|error| Error::Credentials(format!("{shown} cannot be read: {error}")))?;
                text
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::Credentials(format!("{shown} cannot be read: {error}"))),
        };
        let config = parse(&shown, &text)?;
        let helper = names(host).into_iter().find_map(|name| config.cred_helpers.get(&name));
        let helper = helper.or(Some(&config.creds_store)).filter(|name| !name.is_empty());
        if let Some(helper) = helper
            && let Some(login) = ask(helper, host)?
        {
            return Ok(Some(login));
        }
        from_entries(&config, host)
    }
}

fn parse(shown: &str, text: &str) -> Result<Config> {
    serde_json::from_str(text).map_err(|error| Error::Credentials(format!("{shown} is none: {error}")))
}

/// What a registry may be called in the configuration.
fn names(host: &str) -> Vec<String> {
    if host == "docker.io" {
        return [DOCKER_HUB, "index.docker.io", "docker.io"].map(str::to_owned).to_vec();
    }
    let with = |before: &str, after: &str| format!("{before}{host}{after}");
    [
        ("", ""),
        ("https://", ""),
        ("http://", ""),
        ("https://", "/v1/"),
        ("https://", "/v2/"),
        ("https://", "/"),
        ("http://", "/"),
    ]
    .iter()
    .map(|(before, after)| with(before, after))
    .collect()
}

fn from_entries(config: &Config, host: &str) -> Result<Option<Login>> {
    let Some(entry) = names(host).iter().find_map(|name| config.auths.get(name)) else { return Ok(None) };
    if !entry.identitytoken.is_empty() {
        return Ok(Some(Login::Identity(entry.identitytoken.clone())));
    }
    if !entry.registrytoken.is_empty() {
        return Ok(Some(Login::Token(entry.registrytoken.clone())));
    }
    if entry.auth.is_empty() {
        let Entry { username, password, .. } = entry;
        let known = !username.is_empty();
        return Ok(known.then(|| Login::Basic { user: username.clone(), password: password.clone() }));
    }
    let decoded = BASE64_STANDARD.decode(entry.auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.trim_end_matches('\0').split_once(':'));
    match pair {
        Some((user, password)) => Ok(Some(Login::Basic { user: user.to_owned(), password: password.to_owned() })),
        None => Err(Error::Credentials(format!("what it has for {host} is no base64 of NAME:PASSWORD"))),
    }
}

/// Asks a credential helper.
fn ask(helper: &str, host: &str) -> Result<Option<Login>> {
    let program = format!("docker-credential-{helper}");
    let failed = |why: String| Error::Credentials(format!("{program} does not say who asks {host}: {why}"));
    if !helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
        return Err(failed("it is no helper's name".to_owned()));
    }
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let server = if host == "docker.io" { DOCKER_HUB } else { host };
    if let Some(mut stdin) = child.stdin.take() {
        // Who does not read what it is asked says so by how it ends.
        _ = stdin.write_all(server.as_bytes());
    }
    let stdout = child.stdout.take();
    let reading = std::thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(stdout) = stdout {
            _ = stdout.take(MAX_DOCUMENT).read_to_end(&mut said);
        }
        said
    });
    let succeeded = wait(&mut child).map_err(failed)?;
    let said = reading.join().unwrap_or_default();
    if !succeeded {
        // It knows nothing of the registry, which is no failure.
        return Ok(None);
    }
    let found: Helped = serde_json::from_slice(&said).map_err(|error| failed(error.to_string()))?;
    Ok(Some(match found.username.as_str() {
        TOKEN_USER => Login::Identity(found.secret),
        _ => Login::Basic { user: found.username, password: found.secret },
    }))
}

/// Whether a helper succeeded. One that takes too long is ended.
fn wait(child: &mut Child) -> Result<bool, String> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if begun.elapsed() > HELPER_WITHIN => {
                _ = child.kill();
                _ = child.wait();
                return Err("it does not end".to_owned());
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// What a registry asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A name and a password.
    Basic,
    /// A token of another server.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

impl Challenge {
    /// Reads `WWW-Authenticate`; none if it asks for what is not known here.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut parameters = parameters(rest);
        Some(Self::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
            scope: parameters.remove("scope"),
        })
    }
}

/// `a="b",c=d`
fn parameters(text: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',']).to_ascii_lowercase();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.insert(name, value.trim().to_owned());
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: &str, host: &str) -> Result<Option<Login>> {
        Credentials { inline: Some(config.to_owned()), file: None }.of(host)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is what is compared with")]
    fn basic(user: &str, password: &str) -> Option<Login> {
        Some(Login::Basic { user: user.to_owned(), password: password.to_owned() })
    }

    #[test]
    fn entries_are_found_by_any_of_their_names() {
        // echo -n me:se:cret | base64
        let entry = r#"{"auth": "bWU6c2U6Y3JldA=="}"#;
        for name in ["h:5", "https://h:5", "http://h:5", "https://h:5/v2/"] {
            assert_eq!(
                of(&format!(r#"{{"auths": {{"{name}": {entry}}}}}"#), "h:5").unwrap(),
                basic("me", "se:cret"),
                "{name}"
            );
        }
        assert_eq!(of(&format!(r#"{{"auths": {{"h": {entry}}}}}"#), "h:5").unwrap(), None);
        let hub = format!(r#"{{"auths": {{"{DOCKER_HUB}": {entry}}}}}"#);
        assert_eq!(of(&hub, "docker.io").unwrap(), basic("me", "se:cret"));
        assert_eq!(
            of(r#"{"auths": {"h": {"identitytoken": "t", "auth": "x"}}}"#, "h").unwrap(),
            Some(Login::Identity("t".into()))
        );
        assert_eq!(of(r#"{"auths": {"h": {"username": "a", "password": "b"}}}"#, "h").unwrap(), basic("a", "b"));
        assert_eq!(of(r#"{"auths": {"h": {}}, "other": [1]}"#, "h").unwrap(), None);
        for wrong in [r#"{"auths": {"h": {"auth": "!"}}}"#, "7", "{"] {
            assert!(matches!(of(wrong, "h"), Err(Error::Credentials(_))), "{wrong}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_knows_nobody() {
        let credentials = Credentials { inline: None, file: Some("/no/such/config.json".into()) };
        assert_eq!(credentials.of("h").unwrap(), None);
    }

    #[test]
    fn challenges_are_read() {
        let text = r#"Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push""#;
        let read = Challenge::read(text);
        assert_eq!(
            read,
            Some(Challenge::Bearer {
                realm: "https://auth.example/token".into(),
                service: Some("r.example".into()),
                scope: Some("repository:a/b:pull,push".into()),
            })
        );
        assert_eq!(Challenge::read(r#"Basic realm="x""#), Some(Challenge::Basic));
        assert_eq!(Challenge::read("bearer realm=x, service=y").map(|_| ()), Some(()));
        for text in ["", "Digest realm=x", "Bearer", "Bearer service=\"x\"", "Bearer realm"] {
            assert_eq!(Challenge::read(text), None, "{text}");
        }
    }
}
