//! Registries on the command line: what of this machine decides how they are reached, and the arguments about them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use weft::provenance::{Key, PublicKey};
use weft::{Host, Registry, Remote, elsewhere, oci};

use crate::error::{Error, Result};
use crate::host::cache_dir;

/// Where systems keep the certificates that they trust.
const CERTIFICATES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/openssl/cert.pem",
];

/// Under which help lists what runs may do about registries.
pub const HEADING: &str = "Components in registries";

/// How registries are reached.
#[derive(Debug, Clone, Default, Args)]
pub struct ConnectionArgs {
    /// Speak plain HTTP to registries; to one on this machine it is spoken anyway, if it has no TLS
    #[arg(long)]
    pub plain_http: bool,
}

/// What a run may do about references to registries.
#[derive(Debug, Clone, Default, Args)]
pub struct LockArgs {
    /// Refuse what is not in weft.lock
    #[arg(long, help_heading = HEADING)]
    pub locked: bool,
    /// Reach for no network: what is not here is refused
    #[arg(long, help_heading = HEADING)]
    pub offline: bool,
    /// Demand that components from registries, or a bundle, are signed by this public key; may be repeated, and then one of them must be
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath, help_heading = HEADING)]
    pub verify: Vec<PathBuf>,
    /// Speak plain HTTP to registries; to one on this machine it is spoken anyway, if it has no TLS
    #[arg(long, help_heading = HEADING)]
    pub plain_http: bool,
}

impl LockArgs {
    /// A host on which registries are reached like this.
    pub fn host(&self, host: Host) -> Result<Host> {
        let registry = Registry {
            locked: self.locked,
            offline: self.offline,
            signers: public_keys(&self.verify)?,
            ..ConnectionArgs { plain_http: self.plain_http }.registry()?
        };
        Ok(Host { registry: Some(registry), ..self.fetching(host) })
    }

    /// A host on which importers fetch what is elsewhere, unless nothing may be reached.
    pub fn fetching(&self, host: Host) -> Host {
        let remote = host.remote.map(|remote| Remote { offline: self.offline, ..remote });
        Host { remote, ..host }
    }
}

impl ConnectionArgs {
    /// How registries are reached.
    pub fn registry(&self) -> Result<Registry> {
        let settings = oci::Settings {
            credentials: oci::Credentials { inline: text("DOCKER_AUTH_CONFIG"), file: docker_config() },
            plain_http: self.plain_http,
            certificates: certificates(),
            proxy: proxy(),
            no_proxy: no_proxy(),
        };
        let cache = cache_dir()?.join("registry");
        Ok(Registry { settings, cache, locked: false, offline: false, signers: Vec::new() })
    }
}

/// A host on which registries are reached.
pub fn online(host: Host) -> Result<Host> {
    LockArgs::default().host(host)
}

/// Registries for a server, which reaches for none: what is in the cache and named by its digest can be used.
pub fn of_a_server() -> Result<Registry> {
    Ok(Registry { locked: true, offline: true, ..ConnectionArgs::default().registry()? })
}

/// How importers reach what is elsewhere: as the clouds' own tools do.
pub fn remote() -> Remote {
    const OTHERS: [&str; 2] = ["STORAGE_EMULATOR_HOST", "SERVICE_ACCOUNT"];
    let is_of_cloud = |name: &str| {
        ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|begin| name.starts_with(begin)) || OTHERS.contains(&name)
    };
    let mut variables = crate::host::variables();
    variables.retain(|name, _| is_of_cloud(name));
    let settings = elsewhere::Settings {
        variables,
        home: text("HOME").or_else(|| text("USERPROFILE")).map(PathBuf::from),
        certificates: certificates(),
        proxy: proxy(),
        no_proxy: no_proxy(),
    };
    Remote { settings, offline: false, listed_only: false }
}

fn proxy() -> Option<String> {
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().find_map(text)
}

fn no_proxy() -> Option<String> {
    ["NO_PROXY", "no_proxy"].into_iter().find_map(text)
}

fn text(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}

/// Docker's configuration: `$DOCKER_CONFIG/config.json`, else that in the home directory.
fn docker_config() -> Option<PathBuf> {
    let folder =
        text("DOCKER_CONFIG").map(PathBuf::from).or_else(|| text("HOME").map(|home| Path::new(&home).join(".docker")));
    folder.map(|folder| folder.join("config.json"))
}

/// The file of certificates that are trusted: `$SSL_CERT_FILE`, else the system's.
fn certificates() -> Option<PathBuf> {
    let known = || CERTIFICATES.iter().map(PathBuf::from).find(|path| path.is_file());
    text("SSL_CERT_FILE").map(PathBuf::from).or_else(known)
}

/// Reads public keys.
pub fn public_keys(paths: &[PathBuf]) -> Result<Vec<PublicKey>> {
    paths.iter().map(|path| PublicKey::from_pem(&read(path)?).map_err(|error| about(path, &error))).collect()
}

/// Reads a private key.
pub fn private_key(path: &Path) -> Result<Key> {
    Key::from_pem(&read(path)?).map_err(|error| about(path, &error))
}

fn about(path: &Path, error: &weft::provenance::Error) -> Error {
    Error::advised(
        format!("{}: {error}", path.display()),
        "`weft attest --key FILE` makes a key, and its public part beside it as FILE.pub; so does openssl",
    )
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))
}

/// Reads a reference.
pub fn reference(text: &str) -> Result<oci::Reference, String> {
    text.parse().map_err(|error: oci::Error| error.to_string())
}
