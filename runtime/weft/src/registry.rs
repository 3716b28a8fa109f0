//! Registries: components that pipelines name as `oci://HOST/NAME:TAG`, and what is pushed and pulled.

use std::path::PathBuf;

use weft_provenance::PublicKey;
use weft_registry::{Blobs, Client, Settings};

mod evidence;
mod fetch;
mod lock_file;
mod pull;
mod push;
mod signatures;
mod update;

pub use fetch::FetchedComponent;
pub(crate) use fetch::{Found, component_layer, fetch, fetch_one};
pub(crate) use lock_file::LockFile;
pub(crate) use pull::publish;
pub use pull::{Kind, PullOptions, Pulled};
pub use push::{PushOptions, Pushed};
pub(crate) use push::{SIGNATURE_FILE, of_file};
pub use signatures::check_signatures;
pub(crate) use signatures::has_signed;
pub use update::{Updated, update};

/// How registries are reached, and what is kept of them.
#[derive(Debug, Clone)]
pub struct Registry {
    /// Credentials, certificates, and whether TLS can be done without.
    pub settings: Settings,
    /// The folder for what was fetched. What is there is asked of no registry again, and is checked whenever it is used.
    pub cache: PathBuf,
    /// Refuses what would change a lock file.
    pub locked: bool,
    /// Reaches for no network.
    pub offline: bool,
    /// Keys, one of which must have signed each component that comes from a registry. None is demanded if this is empty.
    pub signers: Vec<PublicKey>,
}

/// What a component is called by its reference: without the scheme.
pub(crate) fn shown(written: &str) -> &str {
    written.strip_prefix("oci://").unwrap_or(written)
}

impl Registry {
    pub(crate) fn client(&self) -> Client {
        Client::new(self.settings.clone())
    }

    pub(crate) fn blobs(&self) -> Blobs {
        Blobs::new(&self.cache)
    }
}
