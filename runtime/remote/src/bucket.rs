//! A bucket in which an artifact store keeps its content: [`weft_artifacts::Backing`] over S3, Google Cloud Storage or Azure's blobs.
//!
//! | object | what |
//! | --- | --- |
//! | `blobs/ab/<64 hex>` | a blob; `ab` are the digest's first two digits |
//! | `trees/ab/<64 hex>` | a tree's manifest |
//! | `users/<hex>` | the note of a store that keeps content here ([`User`]) |
//! | `gc` | there while a store removes what nothing refers to ([`Bucket::collect`]) |
//!
//! All are below the prefix that the URI names. Nothing else there is read or changed.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::BuildHasher;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectMeta, ObjectStoreExt as _};
use weft_artifacts::{Backing, Check, ContentId, Digest, Progress, Store};

use crate::cloud::{Cloud, Doing};
use crate::error::{Error, Result};
use crate::location::{Location, Scheme};
use crate::transfer::{self, IN_FLIGHT};
use crate::{Meter, Settings, drive};

/// The bytes of a part that is sent, unless that gives too many parts. What is not longer is sent in one request.
const PART: u64 = 8 << 20;
/// The bytes that an object is first asked for, which for most is all of it: the beginnings of several are in memory beside parts of one.
const BEGINNING: u64 = 1 << 20;
/// The parts that an object may have: S3 takes 10,000.
const MAX_PARTS: u64 = 9_000;
/// Bytes of parts that are on their way at the same time, if that is more than one.
const MAX_ON_THE_WAY: u64 = 32 << 20;
/// Objects that are asked for at the same time.
pub(crate) const ASKED_AT_ONCE: usize = 16;
/// From so many on, listing all is faster than asking for each.
const LIST_FROM: usize = 5_000;
/// How long a server has to drop what came of an upload that was interrupted.
const ABORT_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of a note that are read.
const MAX_NOTE: usize = 4096;

/// A bucket, or a part of one, with the content of an artifact store. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Bucket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    location: Location,
    offline: bool,
    cloud: Mutex<Option<Arc<Cloud>>>,
}

/// A store that keeps its content in a bucket, as its note there says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Tells it from all others: hexadecimal digits.
    pub id: String,
    /// Where it is, for people.
    pub place: String,
}

/// What came of looking for objects that nothing refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// Other stores keep content here: nothing was removed. The URI of each one's note, and where it is.
    Shared(Vec<(String, String)>),
    /// What was removed.
    Alone {
        /// Objects that were removed.
        removed: u64,
        /// Their bytes.
        bytes: u64,
        /// Objects that stay.
        kept: u64,
    },
}

impl Bucket {
    /// The bucket at `s3://BUCKET/PREFIX`, `gs://` or `az://`. Nothing is reached yet, and if it is `offline`, nothing ever is.
    pub fn new(uri: &str, settings: Settings, offline: bool) -> Result<Self> {
        let mut location: Location = uri.parse()?;
        if location.scheme == Scheme::Web {
            let why = "artifacts are kept in buckets: s3://, gs:// or az://";
            return Err(Error::Uri { uri: location.to_string(), why });
        }
        location.key.truncate(location.key.trim_end_matches('/').len());
        Ok(Self(Arc::new(Inner { settings, location, offline, cloud: Mutex::default() })))
    }

    /// Its URI, without a slash at the end.
    pub fn uri(&self) -> String {
        self.0.location.to_string().trim_end_matches('/').to_owned()
    }

    /// The URI of an object.
    pub fn uri_of(&self, id: &ContentId) -> String {
        format!("{}/{}", self.uri(), key(id))
    }

    /// Leaves the note of a store, which is to be done before it relies on anything here. Fails while another store removes objects.
    pub fn enter(&self, user: &User) -> Result<()> {
        self.run(async |cloud| {
            self.write(cloud, &format!("users/{}", user.id), &user.place).await?;
            // Looked at after the note is there, as who removes looks for notes after it has said so: one of both sees the other.
            match self.read(cloud, "gc").await? {
                Some(by) if by != user.place => {
                    Err(Error::Collecting { uri: self.uri(), by, marker: format!("{}/gc", self.uri()) })
                }
                _ => Ok(()),
            }
        })
    }

    /// All content here, with the lengths of its objects.
    pub fn list(&self) -> Result<HashMap<ContentId, u64>> {
        self.run(async |cloud| self.listed(cloud).await)
    }

    /// Removes the objects that are not to be kept, unless other stores have their notes here: what they refer to is not known. With `dry_run`,
    /// nothing is changed.
    pub fn collect<S: BuildHasher>(
        &self,
        user: &User,
        keep: &HashSet<ContentId, S>,
        dry_run: bool,
    ) -> Result<Collected> {
        self.run(async |cloud| {
            if !dry_run {
                self.write(cloud, "gc", &user.place).await?;
            }
            let collected = self.collected(cloud, user, keep, dry_run).await;
            if !dry_run {
                self.delete(cloud, vec![self.path("gc")]).await?;
            }
            collected
        })
    }

    async fn collected<S: BuildHasher>(
        &self,
        cloud: &Cloud,
        user: &User,
        keep: &HashSet<ContentId, S>,
        dry_run: bool,
    ) -> Result<Collected> {
        let mut others = Vec::new();
        let mut notes = cloud.store.list(Some(&self.path("users")));
        while let Some(note) = notes.next().await {
            let note = note.map_err(|error| cloud.failure(&self.uri(), Doing::Read, &error))?;
            let name = note.location.filename().unwrap_or_default().to_owned();
            if name != user.id {
                let place = self.read(cloud, &format!("users/{name}")).await?.unwrap_or_default();
                others.push((format!("{}/users/{name}", self.uri()), place));
            }
        }
        if !others.is_empty() {
            return Ok(Collected::Shared(others));
        }
        let (mut removed, mut bytes, mut kept) = (Vec::new(), 0, 0);
        for (id, len) in self.listed(cloud).await? {
            if keep.contains(&id) {
                kept += 1;
            } else {
                removed.push(self.path(&key(&id)));
                bytes += len;
            }
        }
        let count = removed.len() as u64;
        if !dry_run {
            self.delete(cloud, removed).await?;
        }
        Ok(Collected::Alone { removed: count, bytes, kept })
    }

    /// Removes objects; one that is not there is none.
    pub fn remove(&self, ids: &[ContentId]) -> Result<()> {
        self.run(async |cloud| self.delete(cloud, ids.iter().map(|id| self.path(&key(id))).collect()).await)
    }

    /// Reads an object and holds its bytes against its name. False if they are others.
    pub fn is_sound(&self, id: &ContentId, progress: &mut Progress<'_>) -> Result<bool> {
        let meter = Meter::default();
        let cloud = self.cloud()?;
        let read = async {
            let mut check = Check::new(*id);
            self.receive(&cloud, id, &meter, &mut |piece| {
                check.update(piece);
                Ok(())
            })
            .await?;
            Ok(check.finish().is_ok())
        };
        match drive(&self.uri_of(id), &meter, progress, read) {
            Err(Error::WrongBytes { .. }) => Ok(false),
            outcome => outcome,
        }
    }

    /// Runs what needs no progress.
    fn run<T>(&self, work: impl AsyncFnOnce(&Cloud) -> Result<T>) -> Result<T> {
        let cloud = self.cloud()?;
        drive(&self.uri(), &Meter::default(), &mut |_, _| ControlFlow::Continue(()), work(&cloud))
    }

    fn cloud(&self) -> Result<Arc<Cloud>> {
        if self.0.offline {
            return Err(Error::Offline { uri: self.uri() });
        }
        let mut cloud = self.0.cloud.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cloud) = &*cloud {
            return Ok(Arc::clone(cloud));
        }
        let opened = Arc::new(Cloud::open(&self.0.settings, &self.0.location)?);
        Ok(Arc::clone(cloud.insert(opened)))
    }

    fn path(&self, key: &str) -> Path {
        let prefix = &self.0.location.key;
        prefix.split('/').chain(key.split('/')).filter(|part| !part.is_empty()).collect()
    }

    async fn listed(&self, cloud: &Cloud) -> Result<HashMap<ContentId, u64>> {
        let mut found = HashMap::new();
        for place in ["blobs", "trees"] {
            let mut listed = cloud.store.list(Some(&self.path(place)));
            while let Some(object) = listed.next().await {
                let object = object.map_err(|error| cloud.failure(&self.uri(), Doing::Read, &error))?;
                let key = object.location.as_ref();
                let own = key.strip_prefix(&self.0.location.key).unwrap_or(key).trim_start_matches('/');
                found.extend(id(own).map(|id| (id, object.size)));
            }
        }
        Ok(found)
    }

    async fn read(&self, cloud: &Cloud, key: &str) -> Result<Option<String>> {
        let failed = |error| cloud.failure(&format!("{}/{key}", self.uri()), Doing::Read, &error);
        let bytes = match cloud.store.get(&self.path(key)).await {
            Ok(got) => got.bytes().await.map_err(failed)?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        Ok(Some(String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_NOTE)]).into_owned()))
    }

    async fn write(&self, cloud: &Cloud, key: &str, text: &str) -> Result<()> {
        let put = cloud.store.put(&self.path(key), Bytes::from(text.to_owned()).into()).await;
        put.map(|_| ()).map_err(|error| cloud.failure(&format!("{}/{key}", self.uri()), Doing::Write, &error))
    }

    async fn delete(&self, cloud: &Cloud, paths: Vec<Path>) -> Result<()> {
        let paths = stream::iter(paths.into_iter().map(Ok)).boxed();
        let mut deleted = cloud.store.delete_stream(paths);
        while let Some(one) = deleted.next().await {
            match one {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(cloud.failure(&self.uri(), Doing::Remove, &error)),
            }
        }
        Ok(())
    }

    /// Gives the pieces of an object, in their order.
    async fn receive(
        &self,
        cloud: &Cloud,
        id: &ContentId,
        meter: &Meter,
        take: &mut dyn FnMut(&[u8]) -> weft_artifacts::Result<()>,
    ) -> Result<()> {
        let first = self.first(cloud, id).await?;
        self.rest(cloud, id, first, meter, take).await
    }

    /// The beginning of an object, which for most is all of it.
    async fn first(&self, cloud: &Cloud, id: &ContentId) -> Result<(Option<ObjectMeta>, Bytes)> {
        if *id == ContentId::Blob(Digest::EMPTY) {
            return Ok((None, Bytes::new()));
        }
        let path = self.path(&key(id));
        match cloud.begin(&path, &self.uri_of(id), BEGINNING).await {
            Ok((object, bytes)) => Ok((Some(object), bytes)),
            Err(error @ Error::Refused { .. }) => match cloud.head(&path, &self.uri_of(id)).await? {
                // Nothing can be a part of an empty object.
                Some(object) if object.size == 0 => Ok((None, Bytes::new())),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn rest(
        &self,
        cloud: &Cloud,
        id: &ContentId,
        (object, first): (Option<ObjectMeta>, Bytes),
        meter: &Meter,
        take: &mut dyn FnMut(&[u8]) -> weft_artifacts::Result<()>,
    ) -> Result<()> {
        let uri = self.uri_of(id);
        let mut take = |piece: Bytes| {
            meter.done.set(meter.done.get() + piece.len() as u64);
            take(&piece).map_err(|source| Error::Store { uri: uri.clone(), source })
        };
        meter.total.set(meter.total.get() + object.as_ref().map_or(0, |object| object.size));
        take(first)?;
        let Some(object) = &object else { return Ok(()) };
        let parts = transfer::parts(object.size.saturating_sub(BEGINNING));
        let parts = parts.map(|range| cloud.part(object, range.start + BEGINNING..range.end + BEGINNING));
        let mut parts = stream::iter(parts).buffered(IN_FLIGHT);
        while let Some(part) = parts.next().await {
            take(part?)?;
        }
        Ok(())
    }

    async fn bring_all(&self, cloud: &Cloud, ids: &[ContentId], store: &Store, meter: &Meter) -> Result<()> {
        let firsts = ids.iter().map(async |id| (id, self.first(cloud, id).await));
        let mut firsts = stream::iter(firsts).buffered(IN_FLIGHT);
        while let Some((id, first)) = firsts.next().await {
            let mut file = store.receive(*id);
            self.rest(cloud, id, first?, meter, &mut |piece| file.append(piece)).await?;
            file.finish().map_err(|error| match error {
                weft_artifacts::Error::Damaged { reason, .. } => Error::WrongBytes { uri: self.uri_of(id), reason },
                source => Error::Store { uri: self.uri_of(id), source },
            })?;
        }
        Ok(())
    }

    async fn lengths_of(&self, cloud: &Cloud, ids: &[ContentId]) -> Result<Vec<Option<u64>>> {
        if ids.len() >= LIST_FROM {
            let all = self.listed(cloud).await?;
            return Ok(ids.iter().map(|id| all.get(id).copied()).collect());
        }
        let asked = ids.iter().map(async |id| {
            let object = cloud.head(&self.path(&key(id)), &self.uri_of(id)).await?;
            Ok(object.map(|object| object.size))
        });
        let asked: Vec<Result<_>> = stream::iter(asked).buffered(ASKED_AT_ONCE).collect().await;
        asked.into_iter().collect()
    }

    async fn put_all(
        &self,
        cloud: &Cloud,
        ids: &[ContentId],
        store: &Store,
        meter: &Meter,
        upload: &Upload,
    ) -> Result<()> {
        let mut files = Vec::new();
        for id in ids {
            let (_, len) = self.open(store, id)?;
            meter.total.set(meter.total.get() + len);
            files.push((id, len));
        }
        let (large, small): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, len)| *len > PART);
        let small = small.into_iter().map(async |(id, _)| self.put_whole(cloud, id, store, meter).await);
        let mut small = stream::iter(small).buffer_unordered(IN_FLIGHT);
        while let Some(put) = small.next().await {
            put?;
        }
        for (id, len) in large {
            let path = self.path(&key(id));
            let failed = |error| cloud.failure(&self.uri_of(id), Doing::Write, &error);
            upload.replace(Some(cloud.store.put_multipart(&path).await.map_err(failed)?));
            self.put_parts(cloud, id, store, len, meter, upload).await?;
            if let Some(mut upload) = upload.take() {
                upload.complete().await.map_err(failed)?;
            }
        }
        Ok(())
    }

    async fn put_whole(&self, cloud: &Cloud, id: &ContentId, store: &Store, meter: &Meter) -> Result<()> {
        let (mut file, len) = self.open(store, id)?;
        let bytes = self.next(&mut file, id, len)?;
        let mut check = Check::new(*id);
        check.update(&bytes);
        check.finish().map_err(|source| Error::Store { uri: self.uri_of(id), source })?;
        let put = cloud.store.put(&self.path(&key(id)), bytes.into()).await;
        put.map_err(|error| cloud.failure(&self.uri_of(id), Doing::Write, &error))?;
        meter.done.set(meter.done.get() + len);
        Ok(())
    }

    /// Sends the parts of an upload. It is to be completed only if this succeeds: the bytes are then those of the id.
    async fn put_parts(
        &self,
        cloud: &Cloud,
        id: &ContentId,
        store: &Store,
        len: u64,
        meter: &Meter,
        upload: &Upload,
    ) -> Result<()> {
        let part = part_len(len);
        let most = usize::try_from(MAX_ON_THE_WAY / part).unwrap_or(1).max(1);
        let (mut file, _) = self.open(store, id)?;
        let mut check = Check::new(*id);
        let mut on_the_way = FuturesUnordered::new();
        let mut read = 0;
        while read < len || !on_the_way.is_empty() {
            if read < len && on_the_way.len() < most {
                let bytes = self.next(&mut file, id, part.min(len - read))?;
                read += bytes.len() as u64;
                check.update(&bytes);
                let sent = bytes.len() as u64;
                let put = upload.borrow_mut().as_mut().map(|upload| upload.put_part(bytes.into()));
                if let Some(put) = put {
                    on_the_way.push(async move { put.await.map(|()| sent) });
                }
            } else if let Some(put) = on_the_way.next().await {
                let sent = put.map_err(|error| cloud.failure(&self.uri_of(id), Doing::Write, &error))?;
                meter.done.set(meter.done.get() + sent);
            }
        }
        check.finish().map_err(|source| Error::Store { uri: self.uri_of(id), source })
    }

    fn open(&self, store: &Store, id: &ContentId) -> Result<(File, u64)> {
        store.open_file(id).map_err(|source| Error::Store { uri: self.uri_of(id), source })
    }

    /// The next bytes of a file.
    fn next(&self, file: &mut File, id: &ContentId, len: u64) -> Result<Bytes> {
        let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
        let read = file.take(len).read_to_end(&mut bytes);
        if read.as_ref().is_ok_and(|read| *read as u64 == len) {
            return Ok(bytes.into());
        }
        let reason = read.map_or_else(|error| error.to_string(), |_| "it is truncated".to_owned());
        let source = weft_artifacts::Error::Damaged { id: *id, reason };
        Err(Error::Store { uri: self.uri_of(id), source })
    }

    /// Has the server drop what came of an upload that was not completed.
    fn abort(&self, upload: Upload) {
        let Some(mut upload) = upload.into_inner() else { return };
        let abort = async {
            let aborted = tokio::time::timeout(ABORT_WITHIN, upload.abort()).await;
            if !matches!(aborted, Ok(Ok(()))) {
                tracing::warn!(bucket = self.uri(), "what came of an upload that was broken off stays there");
            }
            Ok(())
        };
        _ = drive(&self.uri(), &Meter::default(), &mut |_, _| ControlFlow::Continue(()), abort);
    }
}

/// An object that is being sent in parts.
type Upload = RefCell<Option<Box<dyn MultipartUpload>>>;

impl Backing for Bucket {
    fn is_reachable(&self) -> bool {
        !self.0.offline
    }

    fn lengths(&self, ids: &[ContentId]) -> weft_artifacts::Result<Vec<Option<u64>>> {
        Ok(self.run(async |cloud| self.lengths_of(cloud, ids).await)?)
    }

    fn bring(&self, ids: &[ContentId], store: &Store, progress: &mut Progress<'_>) -> weft_artifacts::Result<()> {
        let meter = Meter::default();
        let brought = self
            .cloud()
            .and_then(|cloud| drive(&self.uri(), &meter, progress, self.bring_all(&cloud, ids, store, &meter)));
        brought.map_err(|error| match error {
            Error::NotFound { uri, .. } => match ids.iter().find(|id| self.uri_of(id) == uri) {
                Some(id) => weft_artifacts::Error::NotFound { id: *id },
                None => Error::NotFound { uri, why: "it is gone".to_owned() }.into(),
            },
            error => error.into(),
        })
    }

    fn put(&self, ids: &[ContentId], store: &Store, progress: &mut Progress<'_>) -> weft_artifacts::Result<()> {
        let (meter, upload) = (Meter::default(), Upload::default());
        let cloud = self.cloud()?;
        let put = drive(&self.uri(), &meter, progress, self.put_all(&cloud, ids, store, &meter, &upload));
        self.abort(upload);
        Ok(put?)
    }
}

impl From<Error> for weft_artifacts::Error {
    /// What a store says of its bucket.
    fn from(error: Error) -> Self {
        match error {
            Error::Store { source, .. } => source,
            Error::Interrupted { uri } => Self::Interrupted { path: uri.into() },
            error => {
                let mut message = error.to_string();
                let mut cause = std::error::Error::source(&error);
                while let Some(next) = cause {
                    message = format!("{message}: {next}");
                    cause = next.source();
                }
                Self::Backing { message, hint: error.hint() }
            }
        }
    }
}

/// The key of an object below the prefix.
fn key(id: &ContentId) -> String {
    let hex = id.digest().to_string();
    format!("{}/{}/{hex}", if id.is_tree() { "trees" } else { "blobs" }, &hex[..2])
}

/// The content that a key below the prefix names.
fn id(key: &str) -> Option<ContentId> {
    let digest: Digest = key.rsplit('/').next()?.parse().ok()?;
    [ContentId::Blob(digest), ContentId::Tree(digest)].into_iter().find(|id| self::key(id) == key)
}

/// The bytes of each part but the last of an object that is sent in parts.
fn part_len(len: u64) -> u64 {
    const MIB: u64 = 1 << 20;
    PART.max(len.div_ceil(MAX_PARTS).div_ceil(MIB) * MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_to_content_and_back() {
        let digest = Digest::of(b"x");
        for content in [ContentId::Blob(digest), ContentId::Tree(digest)] {
            assert_eq!(id(&key(&content)), Some(content));
        }
        let hex = digest.to_string();
        for odd in ["gc", "users/ab", "blobs", &format!("blobs/{hex}"), &format!("other/{}/{hex}", &hex[..2])] {
            assert_eq!(id(odd), None, "{odd}");
        }
    }

    #[test]
    fn no_object_has_too_many_parts() {
        for len in [PART + 1, 1 << 30, 80 << 30, 5 << 40] {
            let part = part_len(len);
            assert!(part >= PART && len.div_ceil(part) <= MAX_PARTS, "{len}: {part}");
        }
        assert_eq!(part_len(1 << 30), PART);
    }

    #[test]
    fn a_bucket_is_named_as_people_name_one() {
        let open = |uri: &str| Bucket::new(uri, Settings::default(), true);
        for (uri, shown, object) in [
            ("s3://b", "s3://b", "blobs/0/1"),
            ("s3://b/", "s3://b", "blobs/0/1"),
            ("gs://b/team/x/", "gs://b/team/x", "team/x/blobs/0/1"),
        ] {
            let bucket = open(uri).unwrap();
            assert_eq!(bucket.uri(), shown);
            assert_eq!(bucket.path("blobs/0/1").as_ref(), object);
        }
        let why = open("https://host/x").unwrap_err().to_string();
        assert!(why.contains("kept in buckets"), "{why}");
        let offline = open("s3://b").unwrap().list().unwrap_err().to_string();
        assert!(offline.contains("no network"), "{offline}");
    }
}
