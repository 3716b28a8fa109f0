//! HTTP, for all that is fetched: connections, time limits, and what `object_store` asks.

use std::fmt;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt as _;
use object_store::ClientOptions;
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use ureq::http::request::Parts;
use ureq::http::{Request, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, SendBody};

use crate::error::{Error, Result, one_line};
use crate::transfer::PART;
use crate::{CONNECTIONS, Settings};

/// How long connecting may take, and how long a server may be silent.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
const SILENT_FOR: Duration = Duration::from_secs(30);
/// The same for services beside the machine, which are there at once or not at all.
const METADATA_WITHIN: Duration = Duration::from_secs(1);
/// Where clouds have services that tell a machine its credentials.
const METADATA: [&str; 4] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal", "metadata"];
/// Bytes of an answer that are read: a part, or a page of a listing.
const MAX_ANSWER: u64 = 2 * PART;

/// A failure between this machine and a server, or on the way there.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub why: String,
    /// It was a service that would have told the machine its credentials.
    pub of_credentials: bool,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Trouble {}

/// What an agent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Servers that get credentials, with TLS.
    Secure,
    /// The same, with TLS or without.
    Plain,
    /// Servers that a pipeline names and that get no credentials. Redirects are followed by who asks.
    Anonymous,
    /// Services that tell the machine its credentials.
    Metadata,
}

/// Connections for a purpose. `host` is who is asked, to know whether a proxy is.
pub(crate) fn agent(settings: &Settings, purpose: Purpose, host: &str) -> Result<Agent, Trouble> {
    let connect = if purpose == Purpose::Metadata { METADATA_WITHIN } else { CONNECT_WITHIN };
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(certificates(settings.certificates.as_ref())?)))
        .build();
    let mut config = Agent::config_builder()
        .https_only(purpose == Purpose::Secure)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(2 * CONNECTIONS)
        .max_idle_connections_per_host(CONNECTIONS)
        .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(connect))
        .timeout_resolve(Some(connect))
        .timeout_recv_response(Some(SILENT_FOR))
        .timeout_per_read(Some(SILENT_FOR))
        .timeout_per_write(Some(SILENT_FOR))
        .tls_config(tls)
        .proxy(None);
    if purpose != Purpose::Metadata
        && !is_loopback(host)
        && !is_exempt(settings.no_proxy.as_deref().unwrap_or_default(), host)
        && let Some(proxy) = &settings.proxy
    {
        let proxy = ureq::Proxy::new(proxy)
            .map_err(|error| Trouble { why: format!("the proxy cannot be used: {error}"), of_credentials: false })?;
        config = config.proxy(Some(proxy));
    }
    let resolver = Guarded {
        inner: DefaultResolver::default(),
        link: purpose != Purpose::Anonymous,
        // A name may lead anywhere, and so may a redirect: this machine is meant only by who names it.
        loopback: purpose != Purpose::Anonymous || is_loopback(host),
    };
    Ok(Agent::with_parts(config.build(), DefaultConnector::default(), resolver))
}

fn certificates(path: Option<&PathBuf>) -> Result<Vec<Certificate<'static>>, Trouble> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = std::fs::read(path).map_err(|error| Trouble {
        why: format!("the certificates in `{}` cannot be read: {error}", path.display()),
        of_credentials: false,
    })?;
    let certificates = parse_pem(&text).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    Ok(certificates.collect())
}

/// The host of `HOST:PORT`.
pub(crate) fn bare(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.split(':').next().unwrap_or(authority),
    }
}

pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = bare(authority);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_exempt(no_proxy: &str, authority: &str) -> bool {
    let host = bare(authority);
    no_proxy.split(',').map(str::trim).filter(|one| !one.is_empty()).any(|one| {
        let one = one.trim_start_matches('.');
        one == "*" || host == one || host.strip_suffix(one).is_some_and(|before| before.ends_with('.'))
    })
}

/// Looks names up, and has a pipeline's own URIs lead to no service that would tell the machine's credentials to whoever asks.
#[derive(Debug)]
struct Guarded {
    inner: DefaultResolver,
    /// Whether addresses of the machine's own link may be asked.
    link: bool,
    /// Whether this machine may.
    loopback: bool,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let denied = |why| Err(ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why)));
        if !self.link && found.iter().any(|address| is_link_local(address.ip())) {
            return denied("addresses of this machine's own link, where clouds tell credentials, are not asked");
        }
        if !self.loopback
            && found.iter().any(|address| address.ip().to_canonical().is_loopback() || address.ip().is_unspecified())
        {
            return denied("it leads to this machine, which only a URI of `localhost` or its address may");
        }
        Ok(found)
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.is_link_local(),
            // Amazon's service has an address of its own.
            None => address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0x0ec2],
        },
    }
}

/// Lets `object_store` ask through our agents.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub settings: Settings,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let is_plain = options.get_config_value(&ClientConfigKey::AllowHttp).as_deref() == Some("true");
        let purpose = if is_plain { Purpose::Plain } else { Purpose::Secure };
        let make = |purpose, host| {
            agent(&self.settings, purpose, host)
                .map_err(|trouble| object_store::Error::Generic { store: "HTTP", source: Box::new(trouble) })
        };
        Ok(HttpClient::new(Service {
            local: make(purpose, "localhost")?,
            proxied: make(purpose, "")?,
            metadata: make(Purpose::Metadata, "")?,
            no_proxy: self.settings.no_proxy.clone().unwrap_or_default(),
        }))
    }
}

/// Answers `object_store`. An answer is read whole: all that is asked for is small.
#[derive(Debug)]
struct Service {
    /// Without a proxy.
    local: Agent,
    /// With the proxy, if there is one.
    proxied: Agent,
    metadata: Agent,
    no_proxy: String,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let authority = request.uri().authority().map_or("", |authority| authority.as_str());
        let of_credentials = METADATA.contains(&bare(authority));
        let agent = if of_credentials {
            &self.metadata
        } else if is_loopback(authority) || is_exempt(&self.no_proxy, authority) {
            &self.local
        } else {
            &self.proxied
        };
        let agent = agent.clone();
        let (parts, body) = request.into_parts();
        // It is in memory, mostly as one piece, which is then not copied.
        let body = body.collect().await?.to_bytes();
        let asked = tokio::task::spawn_blocking(move || ask(&agent, parts, &body)).await;
        let answer = asked.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        answer.map_err(|error| {
            // A service that is not there now will not be there in a second.
            let kind = if of_credentials { HttpErrorKind::Unknown } else { kind(&error) };
            HttpError::new(kind, Trouble { why: words(&error), of_credentials })
        })
    }
}

fn ask(agent: &Agent, parts: Parts, body: &[u8]) -> Result<HttpResponse, ureq::Error> {
    let mut to_send = Request::builder().method(parts.method).uri(parts.uri);
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != ureq::http::header::CONTENT_LENGTH) {
        to_send = to_send.header(name, value);
    }
    let answer =
        if body.is_empty() { agent.run(to_send.body(SendBody::none())?)? } else { agent.run(to_send.body(body)?)? };
    let (parts, mut body) = answer.into_parts();
    // However it broke off, it may come whole the next time; what is too long will not become shorter.
    let announced = body.content_length().unwrap_or_default().min(MAX_ANSWER);
    // As long as it says, so that no part takes twice its room while it grows.
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
    body.with_config().limit(MAX_ANSWER).reader().read_to_end(&mut bytes).map_err(|error| {
        match ureq::Error::from(error) {
            error @ ureq::Error::BodyExceedsLimit(_) => error,
            error => std::io::Error::new(std::io::ErrorKind::UnexpectedEof, words(&error)).into(),
        }
    })?;
    Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(bytes)))
}

/// Whether it may help to ask again, in the words of `object_store`.
fn kind(error: &ureq::Error) -> HttpErrorKind {
    use std::io::ErrorKind;
    match error {
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
        ureq::Error::Io(error) if tls_error(error).is_none() => match error.kind() {
            ErrorKind::ConnectionRefused => HttpErrorKind::Connect,
            ErrorKind::PermissionDenied => HttpErrorKind::Unknown,
            _ => HttpErrorKind::Interrupted,
        },
        _ => HttpErrorKind::Unknown,
    }
}

/// Whether it may help to ask again.
pub(crate) fn is_transient(error: &ureq::Error) -> bool {
    kind(error) != HttpErrorKind::Unknown
}

fn tls_error(error: &std::io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// An error without what `ureq` says of itself.
pub(crate) fn words(error: &ureq::Error) -> String {
    one_line(&match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::HostNotFound => "no such host is known".to_owned(),
        error => error.to_string(),
    })
}

/// The same as an error of this crate.
pub(crate) fn unreachable(uri: &str, why: String) -> Error {
    Error::Unreachable { uri: uri.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_apart() {
        assert!(is_loopback("127.0.0.1:80") && is_loopback("localhost") && is_loopback("[::1]:80"));
        assert!(!is_loopback("localhost.example.org") && !is_loopback("10.0.0.1"));
        assert!(is_exempt("a.org, .b.org", "a.org:80") && is_exempt(".b.org", "x.b.org") && is_exempt("*", "y"));
        assert!(!is_exempt("b.org", "ab.org") && !is_exempt("", "a.org"));
        for address in ["169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254"] {
            assert!(is_link_local(address.parse().unwrap()), "{address}");
        }
        assert!(!is_link_local("10.0.0.1".parse().unwrap()) && !is_link_local("fd00::1".parse().unwrap()));
    }
}
