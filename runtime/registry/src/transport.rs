//! HTTP to registries: with TLS or without, with time limits, and with who asks.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, SendBody};

use crate::auth::{Challenge, Credentials, Login};
use crate::error::{Error, Result};
use crate::manifest::MAX_DOCUMENT;
use crate::reference::is_loopback;

/// How long connecting may take, and how long a registry may be silent.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
const SILENT_FOR: Duration = Duration::from_mins(1);
/// How long a body may take beside what its size asks for, and how many bytes of it a second must bring.
const BODY_WITHIN: Duration = Duration::from_mins(2);
const SLOWEST: u64 = 16 << 10;
/// Times that what changes nothing is asked, and how long is waited before the second.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// How registries are spoken to. Plain data: the program decides where it is from.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Who asks.
    pub credentials: Credentials,
    /// Whether plain HTTP is spoken, to whichever registry. To loopback it is where TLS is not.
    pub plain_http: bool,
    /// The certificates that are trusted, as PEM. Read when TLS is spoken first.
    pub certificates: Option<PathBuf>,
    /// The proxy for all but loopback, as a URL.
    pub proxy: Option<String>,
    /// The hosts that it is not for, parted by commas.
    pub no_proxy: Option<String>,
}

/// One request.
pub(crate) struct Call<'a> {
    pub method: &'static str,
    /// What follows the host, or a whole URL that a registry gave.
    pub target: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Content<'a>,
    /// What is asked for, for messages.
    pub what: String,
    /// `repository:NAME:ACTIONS`
    pub scope: String,
    /// Bytes that the answer's body may have.
    pub expected: u64,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    None,
    Bytes(&'a [u8]),
    /// A file, or a part of it: where it begins, how many bytes.
    File(&'a Path, u64, u64),
}

/// All connections.
pub(crate) struct Transport {
    settings: Settings,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

/// One registry.
struct Host {
    name: String,
    /// `https://HOST`
    base: String,
    agent: Agent,
    /// What `Authorization` says, by scope.
    known: Mutex<HashMap<String, String>>,
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, hosts: Mutex::default() }
    }

    /// The answer to a request, which is a success or one of these statuses.
    pub(crate) fn call(&self, host: &str, call: &Call<'_>, also: &[u16]) -> Result<Response<Body>> {
        let host = self.host(host)?;
        let repeatable = matches!(call.method, "GET" | "HEAD");
        let mut attempt = 1;
        loop {
            let answer = self.authorized(&host, call);
            let again = match &answer {
                Ok(answer) => answer.status().as_u16() == 429 || answer.status().is_server_error(),
                Err(Error::Unreachable { .. }) => true,
                Err(_) => false,
            };
            if again && repeatable && attempt < ATTEMPTS {
                std::thread::sleep(PAUSE * attempt);
                attempt += 1;
                continue;
            }
            let answer = answer?;
            let status = answer.status();
            if status.is_success() || also.contains(&status.as_u16()) {
                return Ok(answer);
            }
            return Err(refusal(&host, call, answer));
        }
    }

    /// Asks, and says who asks if the registry wants to know.
    fn authorized(&self, host: &Host, call: &Call<'_>) -> Result<Response<Body>> {
        let known = host.known.lock().unwrap_or_else(PoisonError::into_inner).get(&call.scope).cloned();
        let answer = host.run(call, known.as_deref())?;
        if answer.status().as_u16() != 401 {
            return Ok(answer);
        }
        let challenges = answer.headers().get_all("www-authenticate");
        let challenge = challenges.iter().find_map(|header| Challenge::read(header.to_str().ok()?));
        let Some(challenge) = challenge else { return Ok(answer) };
        let login = self.settings.credentials.of(&host.name)?;
        let denied = |why: &str| Error::Denied {
            host: host.name.clone(),
            what: call.what.clone(),
            why: why.to_owned(),
            known: login.is_some(),
        };
        let authorization = match (challenge, &login) {
            (Challenge::Basic, Some(Login::Basic { user, password })) => basic(user, password),
            (Challenge::Basic, _) => return Err(denied("it wants a name and a password")),
            (Challenge::Bearer { .. }, Some(Login::Token(token))) => format!("Bearer {token}"),
            (Challenge::Bearer { realm, service, scope }, _) => {
                let scope = scope.unwrap_or_else(|| call.scope.clone());
                let token = host.token(&realm, service.as_deref(), &scope, login.as_ref());
                format!("Bearer {}", token.map_err(|why| denied(&why))?)
            }
        };
        if known.as_ref() == Some(&authorization) {
            return Ok(answer);
        }
        host.known.lock().unwrap_or_else(PoisonError::into_inner).insert(call.scope.clone(), authorization.clone());
        host.run(call, Some(&authorization))
    }

    fn host(&self, name: &str) -> Result<Arc<Host>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(name) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(self.connect(name)?);
        hosts.insert(name.to_owned(), Arc::clone(&host));
        Ok(host)
    }

    /// Finds out how a registry is spoken to.
    fn connect(&self, name: &str) -> Result<Host> {
        // Docker's own registry is called by another name than it has.
        let real = if name == "docker.io" { "registry-1.docker.io" } else { name };
        let host = |scheme: &str, agent: Agent| Host {
            name: name.to_owned(),
            base: format!("{scheme}://{real}"),
            agent,
            known: Mutex::default(),
        };
        if self.settings.plain_http {
            return Ok(host("http", self.agent(real, false)?));
        }
        let secure = host("https", self.agent(real, true)?);
        let url = format!("{}/v2/", secure.base);
        let Err(error) = secure.agent.get(&url).call() else { return Ok(secure) };
        let speaks_no_tls = matches!(tls_failure(&error), Some(rustls::Error::InvalidMessage(_)));
        match (tls_failure(&error), is_loopback(name)) {
            (Some(_), true) if speaks_no_tls => Ok(host("http", self.agent(real, false)?)),
            (Some(_), _) if speaks_no_tls => {
                Err(Error::NoTls { host: name.to_owned(), why: "it answers with something else".to_owned() })
            }
            _ => Err(unreachable(name, &error)),
        }
    }

    fn agent(&self, name: &str, secure: bool) -> Result<Agent> {
        let mut config = Agent::config_builder()
            .https_only(secure)
            .http_status_as_error(false)
            .max_redirects(5)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_resolve(Some(CONNECT_WITHIN))
            .timeout_per_read(Some(SILENT_FOR))
            .timeout_per_write(Some(SILENT_FOR))
            .proxy(None);
        if secure {
            let tls = TlsConfig::builder()
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .root_certs(RootCerts::Specific(Arc::new(self.certificates()?)))
                .build();
            config = config.tls_config(tls);
        }
        if let Some(proxy) = self.settings.proxy.as_ref().filter(|_| !is_loopback(name)) {
            let exempt = self.settings.no_proxy.as_deref().unwrap_or_default().split(',').map(str::trim);
            let bare = name.split(':').next().unwrap_or(name);
            let is_exempt = exempt.filter(|one| !one.is_empty()).any(|one| {
                let one = one.trim_start_matches('.');
                one == "*" || bare == one || bare.strip_suffix(one).is_some_and(|before| before.ends_with('.'))
            });
            if !is_exempt {
                let proxy = ureq::Proxy::new(proxy).map_err(|error| Error::Unreachable {
                    host: name.to_owned(),
                    why: format!("the proxy cannot be used: {error}"),
                })?;
                config = config.proxy(Some(proxy));
            }
        }
        Ok(config.build().into())
    }

    fn certificates(&self) -> Result<Vec<Certificate<'static>>> {
        let Some(path) = &self.settings.certificates else { return Ok(Vec::new()) };
        let text = std::fs::read(path).map_err(|source| Error::io("read the certificates in", path, source))?;
        // What is none of them is passed over, as OpenSSL does: one odd entry must not close all doors.
        let certificates = parse_pem(&text).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        Ok(certificates.collect())
    }
}

impl Host {
    fn run(&self, call: &Call<'_>, authorization: Option<&str>) -> Result<Response<Body>> {
        let url =
            if call.target.starts_with('/') { format!("{}{}", self.base, call.target) } else { call.target.clone() };
        let is_own = url.strip_prefix(&self.base).is_some_and(|rest| rest.starts_with('/'));
        if !is_own && self.base.starts_with("https:") && !url.starts_with("https:") {
            return Err(Error::malformed(
                format!("where the registry {} leads", self.name),
                "it is not secured by TLS",
            ));
        }
        let mut request = Request::builder().method(call.method).uri(&url);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(authorization) = authorization.filter(|_| is_own) {
            request = request.header("authorization", authorization);
        }
        let odd = |error: ureq::http::Error| Error::malformed(format!("where the registry {} leads", self.name), error);
        let failed = |error: ureq::Error| unreachable(&self.name, &error);
        match call.body {
            Content::None => {
                let request = self.timed(request.body(SendBody::none()).map_err(odd)?, 0, call.expected);
                self.agent.run(request).map_err(failed)
            }
            Content::Bytes(bytes) => {
                let request = self.timed(request.body(bytes).map_err(odd)?, bytes.len() as u64, call.expected);
                self.agent.run(request).map_err(failed)
            }
            Content::File(path, start, length) => {
                let mut file = File::open(path).map_err(|source| Error::io("read", path, source))?;
                file.seek(SeekFrom::Start(start)).map_err(|source| Error::io("read", path, source))?;
                let mut part = file.take(length);
                let request = request.header("content-length", length);
                let request = request.body(SendBody::from_reader(&mut part)).map_err(odd)?;
                self.agent.run(self.timed(request, length, call.expected)).map_err(failed)
            }
        }
    }

    /// Gives a request the time that what is sent and received asks for.
    fn timed<S: ureq::AsSendBody>(&self, request: Request<S>, sent: u64, expected: u64) -> Request<S> {
        let of = |bytes: u64| Some(BODY_WITHIN + Duration::from_secs(bytes / SLOWEST));
        self.agent.configure_request(request).timeout_send_body(of(sent)).timeout_recv_body(of(expected)).build()
    }

    /// A token of the server that a registry names.
    fn token(&self, realm: &str, service: Option<&str>, scope: &str, login: Option<&Login>) -> Result<String, String> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            token: String,
            #[serde(default)]
            access_token: String,
        }
        if !(realm.starts_with("https://") || (self.base.starts_with("http:") && realm.starts_with("http://"))) {
            return Err(format!("its token server {realm} is not secured by TLS"));
        }
        let mut fields = vec![("scope", scope)];
        fields.extend(service.map(|service| ("service", service)));
        let answer = match login {
            Some(Login::Identity(token)) => {
                fields.extend([("grant_type", "refresh_token"), ("client_id", "weft"), ("refresh_token", token)]);
                self.agent.post(realm).header("content-type", "application/x-www-form-urlencoded").send(form(&fields))
            }
            login => {
                let separator = if realm.contains('?') { '&' } else { '?' };
                let mut request = self.agent.get(format!("{realm}{separator}{}", form(&fields)));
                if let Some(Login::Basic { user, password }) = login {
                    request = request.header("authorization", basic(user, password));
                }
                request.call()
            }
        };
        let mut answer = answer.map_err(|error| format!("its token server {realm} cannot be asked: {error}"))?;
        let status = answer.status();
        let text = text(answer.body_mut());
        if !status.is_success() {
            return Err(format!("its token server answers {}: {}", status.as_u16(), one_line(&text)));
        }
        let answer: Answer =
            serde_json::from_str(&text).map_err(|error| format!("its token server's answer is none: {error}"))?;
        let token = if answer.token.is_empty() { answer.access_token } else { answer.token };
        let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        is_plain.then_some(token).ok_or_else(|| "its token server gives no token".to_owned())
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// `a=b&c=d`, escaped.
fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                out.push(char::from(byte));
            } else {
                _ = std::fmt::Write::write_fmt(&mut out, format_args!("%{byte:02X}"));
            }
            out
        })
    };
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

/// The text of an answer, as much of it as is looked at.
fn text(body: &mut Body) -> String {
    let mut bytes = Vec::new();
    _ = body.with_config().limit(MAX_DOCUMENT).reader().take(MAX_DOCUMENT).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a registry says of why it refuses: JSON as the specification has it, or text.
fn refusal(host: &Host, call: &Call<'_>, mut answer: Response<Body>) -> Error {
    #[derive(Deserialize)]
    struct Said {
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let text = text(answer.body_mut());
    let why = match serde_json::from_str::<Said>(&text).map(|said| said.errors) {
        Ok(errors) if !errors.is_empty() => {
            let words =
                errors.iter().map(|one| if one.message.is_empty() { one.code.clone() } else { one.message.clone() });
            one_line(&words.collect::<Vec<_>>().join("; "))
        }
        _ if text.trim().is_empty() => "it does not say why".to_owned(),
        _ => one_line(&text),
    };
    let (name, what) = (host.name.clone(), call.what.clone());
    match answer.status().as_u16() {
        404 => Error::NotFound { host: name, what },
        401 | 403 => {
            let known = host.known.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&call.scope);
            Error::Denied { host: name, what, why, known }
        }
        status => Error::Refused { host: name, what, status, why },
    }
}

fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.trim().to_owned()
}

/// What is wrong with TLS, if that is what is wrong.
fn tls_failure(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

fn unreachable(host: &str, error: &ureq::Error) -> Error {
    let why = match (tls_failure(error), error) {
        (Some(error), _) => error.to_string(),
        (None, ureq::Error::Io(error)) => error.to_string(),
        (None, error) => error.to_string(),
    };
    Error::Unreachable { host: host.to_owned(), why: one_line(&why) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_form_is_escaped() {
        assert_eq!(
            form(&[("scope", "repository:a/b:pull,push"), ("x", "ä")]),
            "scope=repository%3Aa%2Fb%3Apull%2Cpush&x=%C3%A4"
        );
    }
}
