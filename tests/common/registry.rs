//! Debian's `docker-registry` at work on loopback, for the tests that push and pull.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Ended, Folder, compiled, project};

/// How a registry is set up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    /// With the certificate in `tests/registry`.
    pub tls: bool,
    /// For the user `me` with the password `secret` alone.
    pub login: bool,
}

/// A registry at work, which is killed when it is dropped.
pub struct Registry {
    process: Child,
    /// `localhost:PORT`
    pub host: String,
    /// Where it keeps what it has.
    storage: PathBuf,
    _folder: tempfile::TempDir,
}

impl Registry {
    /// Starts one. None if there is none on this machine, which is said.
    pub fn start(setup: Setup) -> Option<Self> {
        let known =
            Command::new("docker-registry").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if known.is_err() {
            eprintln!("passed over: there is no docker-registry on this machine");
            return None;
        }
        // A port that was free a moment ago may be taken when it starts.
        Some((0..20).find_map(|_| Self::try_start(setup)).expect("a registry starts"))
    }

    fn try_start(setup: Setup) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let storage = folder.path().join("storage");
        let with = |name: &str| project().join("tests/registry").join(name).display().to_string();
        let mut config = format!(
            "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\nstorage:\n  filesystem: {{ rootdirectory: {} }}\n  \
             delete: {{ enabled: true }}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            storage.display()
        );
        if setup.tls {
            _ = writeln!(config, "  tls: {{ certificate: {}, key: {} }}", with("server.pem"), with("server.key"));
        }
        if setup.login {
            _ = write!(config, "auth:\n  htpasswd: {{ realm: test, path: {} }}\n", with("htpasswd"));
        }
        let file = folder.path().join("config.yml");
        std::fs::write(&file, config).unwrap();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if process.try_wait().unwrap().is_some() || begun.elapsed() > Duration::from_mins(1) {
                _ = process.kill();
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // Somebody else may answer there.
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        Some(Self { process, host: format!("localhost:{port}"), storage, _folder: folder })
    }

    /// The file in which it keeps a blob or a manifest: what a tampering hand would change.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap();
        self.storage.join("docker/registry/v2/blobs/sha256").join(&hex[..2]).join(hex).join("data")
    }

    /// The bytes of a manifest, by `curl`'s way of asking: over a socket of its own.
    pub fn manifest(&self, repository: &str, name: &str) -> Option<Vec<u8>> {
        use std::io::{Read as _, Write as _};

        let mut stream = TcpStream::connect(self.host.replace("localhost", "127.0.0.1")).unwrap();
        let accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
        write!(
            stream,
            "GET /v2/{repository}/manifests/{name} HTTP/1.0\r\nhost: {}\r\naccept: {accept}\r\n\r\n",
            self.host
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        answer.starts_with(b"HTTP/1.0 200").then(|| answer[end + 4..].to_vec())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// A folder whose commands have a cache of registries of their own, but share what is compiled, and know no credentials.
pub fn command(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = folder.command(arguments);
    for name in ["DOCKER_AUTH_CONFIG", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command.env("WEFT_CACHE", cache(folder.path())).env("DOCKER_CONFIG", folder.path().join("docker"));
    command
}

/// A folder for a cache in which what is compiled is that of all tests.
pub fn cache(folder: &Path) -> PathBuf {
    let cache = folder.join("cache");
    if !cache.exists() {
        std::fs::create_dir(&cache).unwrap();
        for entry in std::fs::read_dir(compiled()).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("wasmtime-") {
                std::os::unix::fs::symlink(entry.path(), cache.join(entry.file_name())).unwrap();
            }
        }
    }
    cache
}

/// Runs such a command.
pub fn weft(folder: &Folder, arguments: &[&str]) -> Ended {
    command(folder, arguments).output().unwrap().into()
}

/// Runs such a command, which must succeed.
#[track_caller]
pub fn ok(folder: &Folder, arguments: &[&str]) -> Ended {
    let ended = weft(folder, arguments);
    assert_eq!(ended.code, Some(0), "weft {arguments:?}: {}\n{}", ended.stderr, ended.stdout);
    ended
}

/// Runs such a command, which must refuse, and gives what it said.
#[track_caller]
pub fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let ended = weft(folder, arguments);
    assert!(
        matches!(ended.code, Some(1 | 2)),
        "weft {arguments:?}: {:?} {}\n{}",
        ended.code,
        ended.stderr,
        ended.stdout
    );
    ended.stderr
}

/// Positions of a file's bytes to flip, and how: seeded, so that each run of the tests tries the same.
pub fn flips(length: usize, count: usize, seed: u64) -> Vec<(usize, u8)> {
    let mut state = seed;
    let mut next = move || {
        // SplitMix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..count).map(|_| (usize::try_from(next() % length as u64).unwrap(), 1 << (next() % 8))).collect()
}
