//! Secrets and config maps: their values, from a folder as Kubernetes would mount it and from the host's variables.
//!
//! The folder holds a folder for each secret and config map, and that a file for each key, whose content is the value, byte for byte.
//! Secrets and config maps share it: a name stands for whichever a pipeline asks for. Nothing is read but what a step reads, once in
//! a process, so that all steps of a run see the same.
//!
//! Values go to the steps that are granted them, and nowhere else. A digest of them, by which it is known that one changed, is keyed
//! with random bytes that never leave the store: without them nobody can try out which value it is the digest of.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use indexmap::IndexMap;
use weft_artifacts::{Scratch, Store};
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::model::{Location, Span};
use weft_pipeline::secrets::{Need, is_key, is_name};
use weft_pipeline::step::{FailureKind, SecretGrant, SecretKind, StepFailure, StepTrace};

use crate::error::{Error, ErrorContext, Result};
use crate::mask::Mask;
use crate::work_dir::Mount;

/// Bytes of all values of one secret or config map, as in Kubernetes.
const MAX_BYTES: u64 = 1 << 20;

/// What steps may be granted: by where they find it.
pub type Granted = BTreeMap<String, SecretGrant>;

type Keys = BTreeMap<String, Vec<u8>>;

/// Where the values of secrets and config maps come from.
#[derive(Default)]
pub struct Secrets {
    folder: Option<PathBuf>,
    variables: BTreeMap<String, String>,
    key_file: Option<PathBuf>,
    key: OnceLock<[u8; 32]>,
    read: Mutex<HashMap<String, Option<Arc<Keys>>>>,
}

impl std::fmt::Debug for Secrets {
    /// Without any value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What is missing of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// All of it.
    Secret,
    /// The key.
    Key,
}

impl Secrets {
    /// Values out of a folder, if there is one, and for variables that it has no value for out of `variables`, which are the host's by
    /// their names. `key_file` is where the key of digests lies or is put, beside the store.
    pub fn new(folder: Option<PathBuf>, variables: BTreeMap<String, String>, key_file: PathBuf) -> Self {
        Self { folder, variables, key_file: Some(key_file), ..Self::default() }
    }

    /// The folder that values come from.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// What is missing of what a step is to find at `to`, if it cannot run without.
    ///
    /// # Errors
    /// It is there, and cannot be read or used.
    pub fn absent(&self, to: &str, grant: &SecretGrant) -> Result<Option<Absent>> {
        let keys = self.keys(&grant.name)?;
        let found = match &grant.key {
            Some(key) => self.variable(to, grant, key, keys.as_deref())?.is_some(),
            None => keys.is_some(),
        };
        Ok(match (found || grant.optional, keys) {
            (true, _) => None,
            (false, Some(_)) => Some(Absent::Key),
            (false, None) => Some(Absent::Secret),
        })
    }

    /// What keeps steps from running, each secret told once with all steps that need it.
    pub fn check(&self, needs: &[Need]) -> Vec<Diagnostic> {
        let mut by_secret: IndexMap<(&str, &str, Option<&str>), Vec<&Need>> = IndexMap::new();
        for need in needs {
            let SecretGrant { name, key, .. } = &need.grant;
            by_secret.entry((&need.to, name, key.as_deref())).or_default().push(need);
        }
        let mut problems = Vec::new();
        for needs in by_secret.into_values() {
            // One that can do without says nothing of the others.
            let Some(Need { task, at, to, grant }) = needs.iter().find(|need| !need.grant.optional).or(needs.first())
            else {
                continue;
            };
            let (what, hint) = match self.absent(to, grant) {
                Ok(None) => continue,
                Ok(Some(absent)) => self.tell(to, grant, absent),
                Err(error) => (
                    format!("{}: {error}", self.tell(to, grant, Absent::Secret).0),
                    error.advice().unwrap_or_default().to_owned(),
                ),
            };
            let others = match needs.len() {
                1 => String::new(),
                n => format!(" (and so do {} more)", n - 1),
            };
            let problem = Diagnostic::error(format!("the step `{task}` needs {what}{others}"));
            let at = Some(Span { at: *at, length: 1 }).filter(|_| *at != Location::default());
            problems.push(problem.task(task.as_str()).hint(Some(hint).filter(|hint| !hint.is_empty())).at(at));
        }
        problems
    }

    /// What is missing in words, and what to do about it: `the key .. of the secret .. as the variable ..`
    pub fn tell(&self, to: &str, grant: &SecretGrant, absent: Absent) -> (String, String) {
        let SecretGrant { kind, name, key, .. } = grant;
        let folder = self.folder.as_deref().map_or_else(|| "DIR".to_owned(), |folder| folder.display().to_string());
        let given = self.folder.as_ref().map_or("give a folder of secrets, `--secrets DIR`, and ", |_| "");
        let Some(key) = key else {
            let hint = format!("{given}make a folder {folder}/{name} with a file for each key");
            return (format!("the {kind} `{name}` as the directory {to}"), hint);
        };
        let there = if absent == Absent::Key { ", which has no such key," } else { "" };
        let hint = format!("{given}put its value into the file {folder}/{name}/{key}; or set {to} in the environment");
        (format!("the key `{key}` of the {kind} `{name}`{there} as the variable {to}"), hint)
    }

    /// The values of what a step is granted.
    pub(crate) fn values(&self, granted: &Granted) -> Result<Values> {
        let mut values = Values::default();
        for (to, grant) in granted {
            let absent = |absent| {
                let (what, hint) = self.tell(to, grant, absent);
                Error::Secret { what: format!("it needs {what}"), hint }
            };
            let keys = self.keys(&grant.name)?;
            let Some(key) = &grant.key else {
                if keys.is_none() && !grant.optional {
                    return Err(absent(Absent::Secret));
                }
                values.directories.insert(to.clone(), (grant.kind, keys.unwrap_or_default()));
                continue;
            };
            match self.variable(to, grant, key, keys.as_deref())? {
                Some(value) => _ = values.variables.insert(to.clone(), (grant.kind, value)),
                None if grant.optional => {}
                None => return Err(absent(if keys.is_some() { Absent::Key } else { Absent::Secret })),
            }
        }
        Ok(values)
    }

    /// A digest of the values of what a step is granted, which says nothing of them to who has not the store's key.
    ///
    /// # Errors
    /// The failure of a step that cannot run because one is missing or cannot be read.
    pub fn digest(&self, granted: &Granted) -> std::result::Result<[u8; 32], Box<StepFailure>> {
        let digest = || {
            let values = self.values(granted)?;
            let mut hasher = blake3::Hasher::new_keyed(self.key()?);
            let mut part = |bytes: &[u8]| {
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            };
            for (to, (_, value)) in &values.variables {
                part(b"variable");
                part(to.as_bytes());
                part(value.as_bytes());
            }
            for (to, (_, keys)) in &values.directories {
                part(b"directory");
                part(to.as_bytes());
                for (key, value) in keys.iter() {
                    part(b"key");
                    part(key.as_bytes());
                    part(value);
                }
            }
            Ok(*hasher.finalize().as_bytes())
        };
        digest().map_err(|error: Error| {
            let (message, hint) = (error.to_string(), error.advice().map(str::to_owned));
            Box::new(StepFailure { kind: FailureKind::Host, message, hint, trace: StepTrace::default() })
        })
    }

    /// The value of a variable. In the folder it goes before one of the host.
    fn variable(&self, to: &str, grant: &SecretGrant, key: &str, keys: Option<&Keys>) -> Result<Option<String>> {
        let Some(value) = keys.and_then(|keys| keys.get(key)) else { return Ok(self.variables.get(to).cloned()) };
        let text = std::str::from_utf8(value).ok().filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| {
            let what = format!(
                "the key `{key}` of the {} `{}` is no text, which the variable {to} must be",
                grant.kind, grant.name
            );
            Error::Secret {
                what,
                hint: "mount the secret as a volume: there its keys are files of any content".to_owned(),
            }
        })?;
        Ok(Some(text.to_owned()))
    }

    /// The keys of a secret or config map with their values, if there is one of this name.
    fn keys(&self, name: &str) -> Result<Option<Arc<Keys>>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = known.get(name) {
            return Ok(keys.clone());
        }
        // Its name may come from a step.
        let keys = if is_name(name) { read(&folder.join(name))?.map(Arc::new) } else { None };
        known.insert(name.to_owned(), keys.clone());
        Ok(keys)
    }

    fn key(&self) -> Result<&[u8; 32]> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let path = self.key_file.as_deref().unwrap_or(Path::new(""));
        let key =
            key_in(path).context(|| format!("the key for digests of secrets, {}, cannot be had", path.display()))?;
        Ok(self.key.get_or_init(|| key))
    }
}

/// The keys in a folder, as Kubernetes mounts them: each a link to a file of an entry whose name begins with two dots, as it is
/// replaced as a whole.
fn read(folder: &Path) -> Result<Option<Keys>> {
    let failed = |path: &Path| format!("the secret's {} cannot be read", path.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        entries => entries.context(|| failed(folder))?,
    };
    let mut keys = Keys::new();
    let mut left = MAX_BYTES;
    for entry in entries {
        let entry = entry.context(|| failed(folder))?;
        let Some(key) = entry.file_name().to_str().filter(|name| is_key(name)).map(str::to_owned) else { continue };
        let path = entry.path();
        if !fs::metadata(&path).context(|| failed(&path))?.is_file() {
            continue;
        }
        let mut value = Vec::new();
        File::open(&path).and_then(|file| file.take(left + 1).read_to_end(&mut value)).context(|| failed(&path))?;
        left = left.checked_sub(value.len() as u64).ok_or_else(|| Error::Secret {
            what: format!("the secret in {} has more than 1 MiB", folder.display()),
            hint:
                "a secret and a config map have at most as much, as in Kubernetes: hand larger files over as artifacts"
                    .to_owned(),
        })?;
        keys.insert(key, value);
    }
    Ok(Some(keys))
}

/// The key in a file, which is made if there is none. Of several processes that make it, all get the same.
fn key_in(path: &Path) -> io::Result<[u8; 32]> {
    let read = || {
        let bytes = fs::read(path)?;
        let key = bytes.try_into().map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is damaged; remove it"));
        key.map(Some)
    };
    match read() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => return found?.ok_or_else(|| ErrorKind::NotFound.into()),
    }
    let (mut key, mut unique) = ([0; 32], [0; 8]);
    getrandom::fill(&mut key).and_then(|()| getrandom::fill(&mut unique)).map_err(io::Error::other)?;
    // Under its name only when it is whole.
    let unfinished = path.with_extension(format!("{:016x}.tmp", u64::from_le_bytes(unique)));
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(&key)?;
    file.sync_all()?;
    let made = fs::hard_link(&unfinished, path);
    fs::remove_file(&unfinished)?;
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read()?.ok_or_else(|| ErrorKind::NotFound.into()),
        made => made.map(|()| key),
    }
}

/// What a step gets.
#[derive(Default)]
pub(crate) struct Values {
    variables: BTreeMap<String, (SecretKind, String)>,
    directories: BTreeMap<String, (SecretKind, Arc<Keys>)>,
}

/// The secrets of one step: its variables, its directories, and what is not to be seen in its log. The directories are removed when
/// this is dropped.
pub struct StepSecrets {
    variables: IndexMap<String, String>,
    mounts: Vec<Mount>,
    mask: Mask,
    _files: Option<Scratch>,
}

impl StepSecrets {
    /// Lays out what a step is granted.
    pub fn new(secrets: &Secrets, granted: &Granted, store: &Store) -> Result<Self> {
        let values = secrets.values(granted)?;
        let hidden = values
            .variables
            .values()
            .filter(|(kind, _)| *kind == SecretKind::Secret)
            .map(|(_, value)| value.as_bytes());
        let in_files = values.directories.values().filter(|(kind, _)| *kind == SecretKind::Secret);
        let in_files = in_files.flat_map(|(_, keys)| keys.values().map(Vec::as_slice));
        let mask = Mask::new(hidden.chain(in_files));
        let (files, mounts) = if values.directories.is_empty() {
            (None, Vec::new())
        } else {
            stage(&values, store).map(|(files, mounts)| (Some(files), mounts))?
        };
        let variables = values.variables.into_iter().map(|(name, (_, value))| (name, value)).collect();
        Ok(Self { variables, mounts, mask, _files: files })
    }

    /// Environment variables.
    pub fn variables(&self) -> &IndexMap<String, String> {
        &self.variables
    }

    /// Directories, which the step may only read.
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// What hides the values of secrets in what the step says.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }
}

/// A directory for each that is granted, with a file for each key that only this user may read.
fn stage(values: &Values, store: &Store) -> Result<(Scratch, Vec<Mount>)> {
    let failed = || "its secrets could not be laid out".to_owned();
    let files = store.scratch().context(failed)?;
    let mut mounts = Vec::new();
    for (index, (inside, (_, keys))) in values.directories.iter().enumerate() {
        let name = index.to_string();
        let dir = files.subdir(&name).context(failed)?;
        for (key, value) in keys.iter() {
            let mut options = cap_std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
            dir.open_with(key, &options).and_then(|mut file| file.write_all(value)).context(failed)?;
        }
        let host = files.path().map(|path| path.join(&name));
        let host =
            host.ok_or_else(|| Error::Placeholder("the artifact store was opened without its path".to_owned()))?;
        mounts.push(Mount { host, inside: format!("/{}", inside.trim_matches('/')), write: false });
    }
    Ok((files, mounts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(name: &str, key: Option<&str>) -> SecretGrant {
        SecretGrant { kind: SecretKind::Secret, name: name.into(), key: key.map(str::to_owned), optional: false }
    }

    fn granted(to: &str, grant: SecretGrant) -> Granted {
        Granted::from([(to.to_owned(), grant)])
    }

    struct Fixture {
        location: tempfile::TempDir,
    }

    impl Fixture {
        /// A secret as a cluster mounts it, and one as it is written by hand.
        fn new() -> Self {
            let location = tempfile::tempdir().unwrap();
            let api = location.path().join("given/api");
            fs::create_dir_all(api.join("..2024_05_01")).unwrap();
            fs::write(api.join("..2024_05_01/token"), "s3cret-token").unwrap();
            fs::write(api.join("..2024_05_01/tls.crt"), b"\xff\x00").unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::symlink;
                symlink("..2024_05_01", api.join("..data")).unwrap();
                symlink("..data/token", api.join("token")).unwrap();
                symlink("..data/tls.crt", api.join("tls.crt")).unwrap();
            }
            let hand = location.path().join("given/hand");
            fs::create_dir_all(hand.join("folder")).unwrap();
            fs::write(hand.join(".dockerconfigjson"), "{}").unwrap();
            fs::write(hand.join("no key"), "x").unwrap();
            fs::write(location.path().join("outside"), "x").unwrap();
            Self { location }
        }

        fn secrets(&self) -> Secrets {
            let variables =
                BTreeMap::from([("HOST".to_owned(), "from-host".to_owned()), ("TOKEN".into(), "host".into())]);
            Secrets::new(Some(self.location.path().join("given")), variables, self.location.path().join("key"))
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_is_read_as_a_cluster_mounts_it() {
        let fixture = Fixture::new();
        let secrets = fixture.secrets();
        let keys = |name| secrets.keys(name).unwrap().map(|keys| keys.keys().cloned().collect::<Vec<_>>());
        assert_eq!(keys("api").unwrap(), ["tls.crt", "token"]);
        assert_eq!(keys("hand").unwrap(), [".dockerconfigjson"]);
        for name in ["none", "..", "../given/api", "", "api/..", ".", "/etc"] {
            assert!(keys(name).is_none(), "{name}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn variables_come_from_the_folder_first() {
        let fixture = Fixture::new();
        let secrets = fixture.secrets();
        let value = |to: &str, grant| {
            Ok::<_, Error>(secrets.values(&granted(to, grant))?.variables.remove(to).map(|(_, value)| value))
        };
        assert_eq!(value("TOKEN", grant("api", Some("token"))).unwrap().unwrap(), "s3cret-token");
        assert_eq!(value("HOST", grant("api", Some("other"))).unwrap().unwrap(), "from-host");
        assert_eq!(value("X", SecretGrant { optional: true, ..grant("api", Some("other")) }).unwrap(), None);
        let missing = value("X", grant("api", Some("other"))).unwrap_err().to_string();
        assert_eq!(missing, "it needs the key `other` of the secret `api`, which has no such key, as the variable X");
        let missing = value("X", grant("nope", Some("other"))).unwrap_err();
        assert!(missing.advice().unwrap().contains("given/nope/other"), "{:?}", missing.advice());
        assert!(value("X", grant("api", Some("tls.crt"))).unwrap_err().to_string().contains("is no text"));
        assert_eq!(secrets.absent("X", &grant("api", Some("other"))).unwrap(), Some(Absent::Key));
        assert_eq!(secrets.absent("/x", &grant("nope", None)).unwrap(), Some(Absent::Secret));
        assert_eq!(secrets.absent("/x", &SecretGrant { optional: true, ..grant("nope", None) }).unwrap(), None);
        assert_eq!(secrets.absent("/x", &grant("api", None)).unwrap(), None);
        assert_eq!(Secrets::default().absent("X", &grant("api", Some("token"))).unwrap(), Some(Absent::Secret));
    }

    #[test]
    #[cfg(unix)]
    fn what_is_missing_is_told_once() {
        let fixture = Fixture::new();
        let need = |task: &str, to: &str, grant| Need {
            task: task.into(),
            at: Location { line: 3, column: 1 },
            to: to.into(),
            grant,
        };
        let needs = [
            need("a", "X", grant("api", Some("gone"))),
            need("b", "TOKEN", grant("api", Some("token"))),
            need("c", "X", grant("api", Some("gone"))),
            need("d", "/etc/none", grant("none", None)),
            need("e", "Y", SecretGrant { optional: true, ..grant("none", Some("k")) }),
            need("f", "Z", grant("api", Some("tls.crt"))),
        ];
        let reported = fixture.secrets().check(&needs);
        let reported: Vec<_> =
            reported.iter().map(|problem| (problem.message.as_str(), problem.hint.as_deref().unwrap())).collect();
        let given = fixture.location.path().join("given").display().to_string();
        let wanted = [
            (
                "the step `a` needs the key `gone` of the secret `api`, which has no such key, as the variable X (and so do 1 more)",
                format!("put its value into the file {given}/api/gone; or set X in the environment"),
            ),
            (
                "the step `d` needs the secret `none` as the directory /etc/none",
                format!("make a folder {given}/none with a file for each key"),
            ),
            (
                "the step `f` needs the key `tls.crt` of the secret `api` as the variable Z: the key `tls.crt` of the secret `api` is no text, \
                 which the variable Z must be",
                "mount the secret as a volume: there its keys are files of any content".to_owned(),
            ),
        ];
        assert_eq!(reported, wanted.each_ref().map(|(message, hint)| (*message, hint.as_str())));
        let nothing = Secrets::default().check(&needs[1..2]);
        let hint = "give a folder of secrets, `--secrets DIR`, and put its value into the file DIR/api/token; or set TOKEN in the environment";
        assert_eq!(nothing[0].hint.as_deref(), Some(hint));
    }

    #[test]
    #[cfg(unix)]
    fn a_digest_tells_that_a_value_changed_and_nothing_else() {
        use std::os::unix::fs::PermissionsExt as _;
        let fixture = Fixture::new();
        let of = |secrets: &Secrets| secrets.digest(&granted("TOKEN", grant("api", Some("token")))).unwrap();
        let first = of(&fixture.secrets());
        assert_eq!(first, of(&fixture.secrets()));
        fs::write(fixture.location.path().join("given/api/..data/token"), "other").unwrap();
        let second = of(&fixture.secrets());
        assert_ne!(first, second);
        let key = fixture.location.path().join("key");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&key).unwrap().len(), 32);
        // Another store has another key.
        fs::remove_file(&key).unwrap();
        assert_ne!(second, of(&fixture.secrets()));
        fs::write(&key, "short").unwrap();
        let damaged = fixture.secrets().digest(&granted("TOKEN", grant("api", Some("token")))).unwrap_err();
        assert!(damaged.message.contains("damaged"), "{}", damaged.message);
        assert_eq!(fs::read_dir(fixture.location.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_several_processes_make_at_once_is_one_key() {
        let location = tempfile::tempdir().unwrap();
        let path = location.path().join("key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| key_in(&path))).collect();
            all.into_iter().map(|one| one.join().unwrap().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn large_secrets_are_refused() {
        let fixture = Fixture::new();
        fs::write(fixture.location.path().join("given/hand/a"), vec![0; 600 << 10]).unwrap();
        fs::write(fixture.location.path().join("given/hand/b"), vec![0; 600 << 10]).unwrap();
        let error = fixture.secrets().values(&granted("/h", grant("hand", None))).err().unwrap();
        assert!(error.to_string().contains("more than 1 MiB"), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn a_step_finds_its_secrets_as_files() {
        let fixture = Fixture::new();
        let store = Store::open(fixture.location.path().join("store")).unwrap();
        let mut all = granted("/etc/api/", grant("api", None));
        all.insert("/none".to_owned(), SecretGrant { optional: true, ..grant("none", None) });
        let step = StepSecrets::new(&fixture.secrets(), &all, &store).unwrap();
        let [api, none] = step.mounts() else { panic!() };
        assert_eq!((api.inside.as_str(), none.inside.as_str()), ("/etc/api", "/none"));
        assert_eq!(fs::read(api.host.join("token")).unwrap(), b"s3cret-token");
        assert_eq!(fs::read_dir(&none.host).unwrap().count(), 0);
        assert_eq!(step.mask().text("my s3cret-token!".to_owned()), "my ***!");
        let path = api.host.clone();
        drop(step);
        assert!(!path.exists());
        assert!(!format!("{:?}", fixture.secrets()).contains("host\""));
    }
}
