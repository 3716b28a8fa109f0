//! The token that clients show.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::ids::{hex, random};

/// The longest file that a token is read from.
const MAX_FILE: u64 = 4096;
/// The shortest token: what is shorter can be guessed.
const MIN_TOKEN: usize = 16;

/// A token, and whether it was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The token.
    pub token: String,
    /// Whether it was made now, so that whoever starts the server has to be told.
    pub new: bool,
}

/// The token in a file that only its owner can read. The file is made, with a random token, if there is none.
///
/// # Errors
/// The file cannot be read or made, others can read it, or what is in it is too short for a token.
pub fn stored_token(path: &Path) -> Result<StoredToken> {
    match read(path) {
        Ok(token) if token.len() < MIN_TOKEN => {
            let why = format!("the token in `{}` is too short: it needs {MIN_TOKEN} characters", path.display());
            Err(Error::new(Kind::FailedPrecondition, why))
        }
        Ok(token) => {
            if is_open_to_others(path) {
                let why = format!("others can read the token in `{0}`; `chmod 600 {0}`", path.display());
                return Err(Error::new(Kind::FailedPrecondition, why));
            }
            Ok(StoredToken { token, new: false })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => Err(failed("read", path, &error)),
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(text.trim().to_owned())
}

fn make(path: &Path) -> Result<StoredToken> {
    let token = hex(&random::<32>()?);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        writeln!(file, "{token}")?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(StoredToken { token, new: true }),
        Err(error) => {
            if error.kind() != ErrorKind::AlreadyExists {
                // A part of a token would be taken for one.
                _ = fs::remove_file(path);
            }
            Err(failed("write", path, &error))
        }
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> bool {
    false
}

fn failed(action: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Internal, format!("cannot {action} the token in `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let made = stored_token(&path).unwrap();
        assert!(made.new && made.token.len() == 64);
        assert_eq!(stored_token(&path).unwrap(), StoredToken { new: false, ..made });
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(stored_token(&path).unwrap_err().message.contains("chmod 600"));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(&path, "short\n").unwrap();
        assert!(stored_token(&path).unwrap_err().message.contains("too short"));
    }
}
