//! Buckets: S3, Google Cloud Storage, Azure's blobs.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::ClientConfigKey;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, RetryConfig,
};
use weft_artifacts::Store;

use crate::error::{Error, Result, one_line};
use crate::http::{Connector, Trouble, bare, is_loopback};
use crate::location::{Location, Scheme};
use crate::transfer::{self, Entry, IN_FLIGHT, MAX_OBJECTS};
use crate::{Fetched, Meter, Settings, aws};

/// Fetches an object, or all objects below a prefix.
pub(crate) async fn fetch(
    settings: &Settings,
    location: &Location,
    known: Option<&str>,
    store: &Store,
    meter: &Meter,
) -> Result<Fetched> {
    let bucket = Cloud::open(settings, location)?;
    let key = location.key.trim_end_matches('/');
    let path = Path::parse(key).map_err(|error| refused(location, &error.to_string()))?;
    // A slash at the end, or no key: all that is below.
    let object = if key.len() == location.key.len() && !key.is_empty() {
        bucket.head(&path, &location.to_string()).await?
    } else {
        None
    };
    let (objects, is_directory) = match object {
        Some(object) => (vec![object], false),
        None => (bucket.below(&path).await?, true),
    };
    let tag = tag(&objects, is_directory);
    if tag.is_some() && tag.as_deref() == known {
        return Ok(Fetched { content: None, tag });
    }
    meter.total.set(objects.iter().map(|object| object.size).sum());
    let parts = objects.iter().flat_map(|object| transfer::parts(object.size).map(move |range| (object, range)));
    let pieces = stream::iter(parts).map(|(object, range)| bucket.part(object, range)).buffered(IN_FLIGHT);
    let content = if let ([object], false) = (&objects[..], is_directory) {
        transfer::object(store, location, Some(object.size), pieces, meter).await?
    } else {
        let inside = |object: &ObjectMeta| {
            let name = object.location.as_ref().strip_prefix(path.as_ref()).unwrap_or(object.location.as_ref());
            Entry { path: name.trim_start_matches('/').to_owned(), size: object.size }
        };
        let entries: Vec<Entry> = objects.iter().map(inside).collect();
        transfer::directory(store, location, &entries, pieces, meter).await?
    };
    Ok(Fetched { content: Some(content), tag })
}

/// What stands for the state of objects: of one what its server calls it, of a directory a digest of all.
fn tag(objects: &[ObjectMeta], is_directory: bool) -> Option<String> {
    if let ([object], false) = (objects, is_directory) {
        return strong(object).map(str::to_owned);
    }
    let mut hasher = blake3::Hasher::new();
    for object in objects {
        hasher.update(format!("{}\n{}\n{}\n", object.location, object.size, strong(object)?).as_bytes());
    }
    Some(format!("all:{}", hasher.finalize().to_hex()))
}

/// The tag of an object that changes with any of its bytes.
fn strong(object: &ObjectMeta) -> Option<&str> {
    object.e_tag.as_deref().filter(|tag| !tag.starts_with("W/"))
}

/// What was to be done when something failed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Doing {
    Read,
    Write,
    Remove,
}

impl Doing {
    fn done(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "written",
            Self::Remove => "removed",
        }
    }
}

/// A bucket, and who asks.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub store: Arc<dyn ObjectStore>,
    location: Location,
    /// Which credentials are used, without their values.
    who: String,
}

impl Cloud {
    pub(crate) fn open(settings: &Settings, location: &Location) -> Result<Self> {
        let (store, who) = match location.scheme {
            Scheme::S3 => s3(settings, location)?,
            Scheme::Google => google(settings, location)?,
            Scheme::Azure | Scheme::Web => azure(settings, location)?,
        };
        Ok(Self { store, location: location.clone(), who })
    }

    /// The object of this name, if there is one.
    pub(crate) async fn head(&self, path: &Path, uri: &str) -> Result<Option<ObjectMeta>> {
        let failed = |error| self.failure(uri, Doing::Read, &error);
        match self.store.head(path).await {
            Ok(meta) => Ok(Some(meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) if trouble(&error).is_some() => Err(failed(error)),
            // The answer to a `HEAD` has no words; that to a `GET` has.
            Err(error) => {
                let options = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
                match self.store.get_opts(path, options).await {
                    Ok(_) => Err(failed(error)),
                    Err(error) => Err(failed(error)),
                }
            }
        }
    }

    /// All objects below a prefix, in the order of their names.
    async fn below(&self, path: &Path) -> Result<Vec<ObjectMeta>> {
        let prefix = (!path.as_ref().is_empty()).then_some(path);
        let mut listed = self.store.list(prefix);
        let mut objects: Vec<ObjectMeta> = Vec::new();
        while let Some(object) = listed.next().await {
            let object = object.map_err(|error| self.failure(&self.location.to_string(), Doing::Read, &error))?;
            // An object of the prefix's own name marks a directory, where consoles make one.
            if object.location != *path {
                objects.push(object);
            }
            if objects.len() > MAX_OBJECTS {
                return Err(transfer::too_many(&self.location));
            }
        }
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        objects.dedup_by(|a, b| a.location == b.location);
        // So does an empty one with others below it.
        let is_marker = |object: &ObjectMeta, next: Option<&ObjectMeta>| {
            object.size == 0 && next.is_some_and(|next| next.location.prefix_matches(&object.location))
        };
        let kept: Vec<bool> =
            (0..objects.len()).map(|index| !is_marker(&objects[index], objects.get(index + 1))).collect();
        let mut kept = kept.into_iter();
        objects.retain(|_| kept.next().unwrap_or(true));
        if objects.is_empty() {
            let why = "there is no such object, and none below it".to_owned();
            return Err(Error::NotFound { uri: self.location.to_string(), why });
        }
        Ok(objects)
    }

    /// The first bytes of an object, at most so many, and what they are a part of.
    pub(crate) async fn begin(&self, path: &Path, uri: &str, most: u64) -> Result<(ObjectMeta, Bytes)> {
        let failed = |error| self.failure(uri, Doing::Read, &error);
        let options = GetOptions { range: Some(GetRange::Bounded(0..most)), ..GetOptions::default() };
        let got = self.store.get_opts(path, options).await.map_err(failed)?;
        let (object, expected) = (got.meta.clone(), got.meta.size.min(most));
        let bytes = got.bytes().await.map_err(failed)?;
        if bytes.len() as u64 != expected {
            let why = format!("{} bytes came of {expected} that were asked for", bytes.len());
            return Err(Error::Refused { uri: uri.to_owned(), done: Doing::Read.done(), why });
        }
        Ok((object, bytes))
    }

    /// A part of an object, which must be the one that was found.
    pub(crate) async fn part(&self, object: &ObjectMeta, range: Range<u64>) -> Result<Bytes> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: strong(object).map(str::to_owned),
            ..GetOptions::default()
        };
        let changed = || Error::Changed { uri: self.uri_of(object) };
        let got = match self.store.get_opts(&object.location, options).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. } | object_store::Error::Precondition { .. }) => {
                return Err(changed());
            }
            Err(error) => return Err(self.failure(&self.uri_of(object), Doing::Read, &error)),
        };
        let is_it = got.meta.size == object.size && (got.meta.e_tag == object.e_tag || got.meta.e_tag.is_none());
        if !is_it {
            return Err(changed());
        }
        let bytes = got.bytes().await.map_err(|error| self.failure(&self.uri_of(object), Doing::Read, &error))?;
        if bytes.len() as u64 != range.end - range.start {
            let why = format!("{} bytes came of {} that were asked for", bytes.len(), range.end - range.start);
            return Err(Error::Refused { uri: self.uri_of(object), done: Doing::Read.done(), why });
        }
        Ok(bytes)
    }

    fn uri_of(&self, object: &ObjectMeta) -> String {
        format!("{}://{}/{}", self.location.prefix, self.location.authority, object.location)
    }

    /// What went wrong with an object, or with all below a prefix.
    pub(crate) fn failure(&self, uri: &str, doing: Doing, error: &object_store::Error) -> Error {
        let (uri, done) = (uri.to_owned(), doing.done());
        if let Some(trouble) = trouble(error) {
            if trouble.of_credentials {
                return no_credentials(&self.location);
            }
            return Error::Unreachable { uri, why: trouble.why.clone() };
        }
        let text = error.to_string();
        let said = said(&text);
        match error {
            object_store::Error::NotFound { .. } => Error::NotFound {
                uri,
                why: said.unwrap_or_else(|| "the server knows no such bucket or object".to_owned()),
            },
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Error::Denied {
                    uri,
                    done,
                    why: said.unwrap_or_else(|| "the server does not say why".to_owned()),
                    who: self.who.clone(),
                }
            }
            object_store::Error::Precondition { .. } => Error::Changed { uri },
            _ => Error::Refused { uri, done, why: said.unwrap_or_else(|| one_line(&text)) },
        }
    }
}

/// The trouble on the way to a server, if that is what an error comes from.
fn trouble<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Trouble> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
}

/// What a server says in the XML of its answer.
fn said(text: &str) -> Option<String> {
    let between = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(one_line(rest.split_once(&format!("</{name}>"))?.0)).filter(|text| !text.is_empty())
    };
    match (between("Code"), between("Message")) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message),
    }
}

fn refused(location: &Location, why: &str) -> Error {
    Error::Refused { uri: location.to_string(), done: Doing::Read.done(), why: one_line(why) }
}

fn no_credentials(location: &Location) -> Error {
    let (looked, anonymous) = match location.scheme {
        Scheme::S3 => (
            "AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, AWS_PROFILE or `default` in ~/.aws/credentials, AWS_WEB_IDENTITY_TOKEN_FILE, \
             AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, and the machine's role",
            "AWS_SKIP_SIGNATURE",
        ),
        Scheme::Google => (
            "GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_SERVICE_ACCOUNT, what `gcloud auth application-default login` writes, and the machine's \
             service account",
            "GOOGLE_SKIP_SIGNATURE",
        ),
        Scheme::Azure | Scheme::Web => (
            "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_CONNECTION_STRING, AZURE_CLIENT_ID with AZURE_CLIENT_SECRET and \
             AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE, and the machine's identity",
            "AZURE_SKIP_SIGNATURE",
        ),
    };
    Error::NoCredentials { uri: location.to_string(), looked, anonymous }
}

fn setup(location: &Location, error: &object_store::Error) -> Error {
    match trouble(error) {
        Some(trouble) => Error::Unreachable { uri: location.to_string(), why: trouble.why.clone() },
        None => Error::Setup { uri: location.to_string(), why: one_line(&error.to_string()) },
    }
}

fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(5),
            base: 2.,
        },
        max_retries: 4,
        retry_timeout: Duration::from_mins(2),
    }
}

/// What says how to reach a cloud, by the names that `object_store` has for it: variables that begin like this.
fn named<K: std::str::FromStr>(settings: &Settings, begin: &str) -> Vec<(K, String)> {
    let of_cloud = settings.variables.iter().filter(|(name, value)| name.starts_with(begin) && !value.is_empty());
    of_cloud.filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value.clone()))).collect()
}

/// Whether credentials may be sent to an endpoint as it is written.
fn is_plain(location: &Location, endpoint: &str, allowed: bool) -> Result<bool> {
    let Some(rest) = endpoint.strip_prefix("http://") else { return Ok(false) };
    let authority = rest.split('/').next().unwrap_or_default();
    if allowed || is_loopback(authority) {
        return Ok(true);
    }
    Err(Error::PlainHttp { uri: location.to_string(), endpoint: bare(authority).to_owned() })
}

fn is_set(settings: &Settings, name: &str) -> bool {
    settings.variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

fn s3(settings: &Settings, location: &Location) -> Result<(Arc<dyn ObjectStore>, String)> {
    let mut builder = AmazonS3Builder::new();
    for (key, value) in named(settings, "AWS_") {
        builder = builder.with_config(key, value);
    }
    let variable = |name: &str| settings.variable(name).map(str::to_owned);
    let profile = aws::profile(settings)?;
    let of_profile = |name: &str| profile.get(name).filter(|value| !value.is_empty()).cloned();
    if let Some(region) =
        variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).or_else(|| of_profile("region"))
    {
        builder = builder.with_region(region);
    }
    let endpoint =
        variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL")).or_else(|| of_profile("endpoint_url"));
    let mut options = ClientOptions::new();
    if let Some(endpoint) = endpoint {
        if is_plain(location, &endpoint, is_set(settings, "AWS_ALLOW_HTTP"))? {
            options = options.with_allow_http(true);
        }
        builder = builder.with_endpoint(endpoint);
    }
    let has = |name: &str| settings.variable(name).is_some();
    let who = if is_set(settings, "AWS_SKIP_SIGNATURE") {
        "nobody (AWS_SKIP_SIGNATURE is set)"
    } else if has("AWS_ACCESS_KEY_ID") || has("AWS_SECRET_ACCESS_KEY") {
        "the key of AWS_ACCESS_KEY_ID"
    } else if let (Some(id), Some(secret)) = (of_profile("aws_access_key_id"), of_profile("aws_secret_access_key")) {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        if let Some(token) = of_profile("aws_session_token") {
            builder = builder.with_token(token);
        }
        "the key of the profile in ~/.aws/credentials"
    } else if has("AWS_WEB_IDENTITY_TOKEN_FILE")
        || has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        || has("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    {
        "the role that AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_CREDENTIALS_.. lead to"
    } else if is_set(settings, "AWS_EC2_METADATA_DISABLED") {
        return Err(no_credentials(location));
    } else {
        "the machine's role"
    };
    let store = builder
        .with_bucket_name(&location.authority)
        .with_client_options(options)
        .with_http_connector(Connector { settings: settings.clone() })
        .with_retry(retry())
        .build()
        .map_err(|error| setup(location, &error))?;
    Ok((Arc::new(store), who.to_owned()))
}

fn google(settings: &Settings, location: &Location) -> Result<(Arc<dyn ObjectStore>, String)> {
    let mut builder = GoogleCloudStorageBuilder::new();
    for (key, value) in named(settings, "GOOGLE_") {
        builder = builder.with_config(key, value);
    }
    let mut options = ClientOptions::new();
    let who = if let Some(emulator) = settings.variable("STORAGE_EMULATOR_HOST") {
        let url = if emulator.contains("://") { emulator.to_owned() } else { format!("http://{emulator}") };
        if is_plain(location, &url, false)? {
            options = options.with_allow_http(true);
        }
        builder = builder.with_base_url(&url).with_skip_signature(true);
        "nobody (STORAGE_EMULATOR_HOST is set)"
    } else if is_set(settings, "GOOGLE_SKIP_SIGNATURE") {
        "nobody (GOOGLE_SKIP_SIGNATURE is set)"
    } else if settings.variable("GOOGLE_APPLICATION_CREDENTIALS").is_some() {
        "the account of GOOGLE_APPLICATION_CREDENTIALS"
    } else {
        "the account that gcloud or the machine has"
    };
    let store = builder
        .with_bucket_name(&location.authority)
        .with_client_options(options)
        .with_http_connector(Connector { settings: settings.clone() })
        .with_retry(retry())
        .build()
        .map_err(|error| setup(location, &error))?;
    Ok((Arc::new(store), who.to_owned()))
}

fn azure(settings: &Settings, location: &Location) -> Result<(Arc<dyn ObjectStore>, String)> {
    let mut builder = MicrosoftAzureBuilder::new();
    for (key, value) in named(settings, "AZURE_") {
        builder = builder.with_config(key, value);
    }
    let mut options = ClientOptions::new();
    let mut endpoint = settings.variable("AZURE_STORAGE_ENDPOINT").map(str::to_owned);
    let mut who = "the account of AZURE_STORAGE_ACCOUNT_NAME";
    if let Some(text) = settings.variable("AZURE_STORAGE_CONNECTION_STRING") {
        who = "the account of AZURE_STORAGE_CONNECTION_STRING";
        for (name, value) in text.split(';').filter_map(|part| part.split_once('=')) {
            builder = match name.trim() {
                "AccountName" => builder.with_account(value),
                "AccountKey" => builder.with_access_key(value),
                "SharedAccessSignature" => builder.with_config(object_store::azure::AzureConfigKey::SasKey, value),
                "BlobEndpoint" => {
                    endpoint = Some(value.to_owned());
                    builder
                }
                _ => builder,
            };
        }
    }
    if let Some(account) = settings.variable("AZURE_STORAGE_ACCOUNT") {
        builder = builder.with_account(account);
    }
    if let Some(key) = settings.variable("AZURE_STORAGE_KEY") {
        builder = builder.with_access_key(key);
    }
    if let Some(endpoint) = endpoint {
        if is_plain(location, &endpoint, is_set(settings, "AZURE_ALLOW_HTTP"))? {
            options = options.with_config(ClientConfigKey::AllowHttp, "true");
        }
        builder = builder.with_endpoint(endpoint);
    }
    let store = builder
        .with_url(format!("{}://{}/", location.prefix, location.authority))
        .with_client_options(options)
        .with_http_connector(Connector { settings: settings.clone() })
        .with_retry(retry())
        .build()
        .map_err(|error| setup(location, &error))?;
    Ok((Arc::new(store), who.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_found_in_its_xml() {
        let text = "status 403: <?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Access\n Denied</Message></Error>";
        assert_eq!(said(text).as_deref(), Some("AccessDenied: Access Denied"));
        assert_eq!(said("<Code></Code>"), None);
    }

    #[test]
    fn credentials_go_over_plain_http_only_where_that_is_said() {
        let location: Location = "s3://b/x".parse().unwrap();
        let answers = |endpoint: &str, allowed| is_plain(&location, endpoint, allowed).ok();
        assert_eq!(answers("https://host", false), Some(false));
        assert_eq!(answers("http://127.0.0.1:5000", false), Some(true));
        assert_eq!(answers("http://minio:9000", true), Some(true));
        assert_eq!(answers("http://minio:9000", false), None);
    }
}
