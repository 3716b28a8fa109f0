//! What Amazon's tools keep in the home directory: `.aws/credentials` and `.aws/config`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::Settings;
use crate::error::{Error, Result};

/// Bytes of such a file that are read.
const MAX_FILE: u64 = 1 << 20;

/// The settings of the profile that is chosen, by their names in the files; empty if there is none.
pub(crate) fn profile(settings: &Settings) -> Result<BTreeMap<String, String>> {
    let name = settings.variable("AWS_PROFILE").unwrap_or("default");
    let file = |variable: &str, default: &str| {
        let named = settings.variable(variable).map(PathBuf::from);
        named.or_else(|| Some(settings.home.as_ref()?.join(".aws").join(default)))
    };
    let mut found = BTreeMap::new();
    if let Some(path) = file("AWS_CONFIG_FILE", "config") {
        let title = if name == "default" { name.to_owned() } else { format!("profile {name}") };
        found.extend(section(&read(&path)?, &title));
    }
    if let Some(path) = file("AWS_SHARED_CREDENTIALS_FILE", "credentials") {
        found.extend(section(&read(&path)?, name));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<String> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    match std::fs::metadata(path) {
        Ok(meta) if meta.len() > MAX_FILE => Err(failed(ErrorKind::FileTooLarge.into())),
        Ok(_) => std::fs::read_to_string(path).map_err(failed),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(failed(error)),
    }
}

/// The settings of a section `[title]`. Settings below others, which are indented, are passed over.
fn section(text: &str, title: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            inside = name.split_whitespace().eq(title.split_whitespace());
        } else if inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            found.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_profile_is_read() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(home.path().join(".aws").join(name), text).unwrap();
        write(
            "credentials",
            "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=B=\n\n[other]\naws_access_key_id=C\n",
        );
        write(
            "config",
            "[default]\nregion = eu-west-1\ns3 =\n  endpoint_url = no\n[profile other]\nregion=us-west-2\n",
        );
        let mut settings = Settings { home: Some(home.path().to_owned()), ..Settings::default() };
        let told = |settings: &Settings| {
            let profile = profile(settings).unwrap();
            profile.into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(&settings), "aws_access_key_id=A aws_secret_access_key=B= region=eu-west-1 s3=");
        settings.variables.insert("AWS_PROFILE".to_owned(), "other".to_owned());
        assert_eq!(told(&settings), "aws_access_key_id=C region=us-west-2");
        assert!(!format!("{settings:?}").contains("other"));
        settings.home = None;
        assert_eq!(told(&settings), "");
    }
}
