//! Where a command finds its files.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Where commands see the directory that a run's tasks share, as in KFP.
pub const WORKSPACE: &str = "/kfp-workspace";

/// The longest file name, in bytes, with room for what a command appends to it.
const MAX_NAME: usize = 200;

/// The paths of the files that a command sees. They depend on the names of its ports alone, so that they are part of no identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// What stands before each path: nothing in the sandbox, a directory's path on the host.
    pub root: String,
}

impl Layout {
    /// Paths below a directory of the host.
    pub fn below(root: impl Into<String>) -> Self {
        Self { root: root.into() }
    }

    /// Where an input artifact is, the `index`th of its port: a file or a directory, to be read only.
    pub fn input(&self, port: &str, index: usize) -> String {
        let port = file_name(port);
        format!("{}/in/{port}/{index}/{port}", self.root)
    }

    /// Where an output artifact is to be written, as a file or a directory. Its parent is there.
    pub fn output(&self, port: &str) -> String {
        format!("{}/out/{}", self.root, file_name(port))
    }

    /// The file for an output parameter. Its parent is there.
    pub fn parameter(&self, port: &str) -> String {
        format!("{}/tmp/kfp/outputs/{}", self.root, file_name(port))
    }

    /// The file for KFP's `ExecutorOutput`. Its parent is there.
    pub fn executor_output(&self) -> String {
        format!("{}/tmp/kfp_outputs/output_metadata.json", self.root)
    }

    /// The directory of the packages that were vendored for it.
    pub fn packages(&self) -> String {
        format!("{}/packages", self.root)
    }
}

/// A port's name as the name of a file. Names in KFP are almost always plain, but nothing says that they must be.
fn file_name(port: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '+' | '=' | ',' | '@');
    if !port.is_empty() && !port.starts_with('.') && port.len() <= MAX_NAME && port.chars().all(plain) {
        return Cow::Borrowed(port);
    }
    let mut name = String::from("%");
    for byte in port.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            name.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    if name.len() > MAX_NAME {
        // What is cut off must still tell two names apart.
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(port, &mut hasher);
        name.truncate(MAX_NAME - 20);
        let _ = write!(name, "%{:016x}", std::hash::Hasher::finish(&hasher));
    }
    Cow::Owned(name)
}
