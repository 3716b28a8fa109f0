//! Signatures of manifests in registries: Sigstore bundles with a statement about the manifest's digest, in the form that cosign 3 gives them,
//! made and checked with a key of one's own.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model_signature::BUNDLE;
use crate::sign::{Key, PublicKey, check_envelope, envelope};

/// What is said of a manifest: that it was signed.
const PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";

/// The signature of a manifest, whose digest is given as 64 hexadecimal digits.
///
/// # Errors
/// The key cannot be used.
pub fn image_signature(sha256: &str, key: &Key) -> Result<Value> {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": sha256 } }],
        "predicateType": PREDICATE,
        "predicate": {},
    });
    Ok(json!({
        "mediaType": BUNDLE,
        "verificationMaterial": { "publicKey": { "hint": key.public().hint()? }, "tlogEntries": [] },
        "dsseEnvelope": envelope(&statement, key, ""),
    }))
}

/// Checks that a bundle is the signature of a manifest by a key.
///
/// # Errors
/// It is not signed by the key, or is about another manifest or something else.
pub fn check_image_signature(bundle: &Value, sha256: &str, key: &PublicKey) -> Result<()> {
    let statement = check_envelope(&bundle["dsseEnvelope"], key)?;
    if statement["predicateType"] != PREDICATE {
        return Err(Error::Malformed("it is no signature of a manifest".to_owned()));
    }
    let subjects = statement["subject"].as_array().map(Vec::as_slice).unwrap_or_default();
    match subjects {
        [subject] if subject["digest"]["sha256"] == sha256 => Ok(()),
        _ => Err(Error::Refused("another manifest was signed".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_manifest_by_one_key() {
        let (one, other) = ("1".repeat(64), "2".repeat(64));
        let key = Key::generate().unwrap();
        let bundle = image_signature(&one, &key).unwrap();
        check_image_signature(&bundle, &one, &key.public()).unwrap();
        assert!(matches!(check_image_signature(&bundle, &other, &key.public()), Err(Error::Refused(_))));
        let stranger = Key::generate().unwrap().public();
        assert!(matches!(check_image_signature(&bundle, &one, &stranger), Err(Error::Refused(_))));
        // What the key signed of something else says nothing of a manifest.
        let statement =
            json!({ "subject": [{ "digest": { "sha256": one } }], "predicateType": "https://slsa.dev/provenance/v1" });
        let bundle = json!({ "dsseEnvelope": envelope(&statement, &key, "") });
        assert!(matches!(check_image_signature(&bundle, &one, &key.public()), Err(Error::Malformed(_))));
    }
}
