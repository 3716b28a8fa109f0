//! Signing with a key of one's own: DSSE envelopes by ECDSA on P-256, which the tools that verify offline have in common.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::evidence::hex;

/// The type of what is signed.
const PAYLOAD: &str = "application/vnd.in-toto+json";
/// Attempts to find a key among random numbers; nearly all are one.
const ATTEMPTS: usize = 16;

/// A private key.
pub struct Key(SigningKey);

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl Key {
    /// A new key.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|error| Error::Key(error.to_string()))?;
            if let Ok(key) = SigningKey::from_slice(&bytes) {
                return Ok(Self(key));
            }
        }
        Err(Error::Key("the system's random numbers are none".to_owned()))
    }

    /// Reads a key in PKCS#8 as PEM, as `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` writes it.
    ///
    /// # Errors
    /// It is no such key.
    pub fn from_pem(text: &str) -> Result<Self> {
        SigningKey::from_pkcs8_pem(text.trim_end())
            .map(Self)
            .map_err(|error| Error::Key(format!("it is no private key on P-256 in PKCS#8 as PEM ({error})")))
    }

    /// The key as PEM.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn to_pem(&self) -> Result<String> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|error| Error::Key(error.to_string()))?;
        Ok(pem.to_string())
    }

    /// Its public part.
    pub fn public(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }
}

impl PublicKey {
    /// Reads a public key as PEM.
    ///
    /// # Errors
    /// It is no key on P-256.
    pub fn from_pem(text: &str) -> Result<Self> {
        VerifyingKey::from_public_key_pem(text.trim_end())
            .map(Self)
            .map_err(|error| Error::Key(format!("it is no public key on P-256 as PEM ({error})")))
    }

    /// The key as PEM.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn to_pem(&self) -> Result<String> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|error| Error::Key(error.to_string()))
    }

    /// Whether a signature of these bytes is by this key: DER as `openssl dgst -sha256 -sign` writes it, or the same in base64 as
    /// `cosign sign-blob` does.
    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let decoded = BASE64_STANDARD.decode(signature.trim_ascii());
        [Some(signature), decoded.as_deref().ok()].into_iter().flatten().any(|signature| {
            DerSignature::try_from(signature).is_ok_and(|signature| self.0.verify(bytes, &signature).is_ok())
        })
    }

    /// What names the key: the SHA-256 of its PEM, as hex.
    ///
    /// # Errors
    /// As [`Self::to_pem`].
    pub fn hint(&self) -> Result<String> {
        Ok(hex(&Sha256::digest(self.to_pem()?.as_bytes())))
    }
}

/// A statement in a signed envelope.
pub fn envelope(statement: &Value, key: &Key, key_id: &str) -> Value {
    let payload = statement.to_string();
    let signature: DerSignature = key.0.sign(&encoded(payload.as_bytes()));
    json!({
        "payload": BASE64_STANDARD.encode(&payload),
        "payloadType": PAYLOAD,
        "signatures": [{ "keyid": key_id, "sig": BASE64_STANDARD.encode(signature.as_bytes()) }],
    })
}

/// The statement in an envelope, if one of its signatures is by this key.
///
/// # Errors
/// It is no envelope, or no signature is by the key.
pub fn check_envelope(envelope: &Value, key: &PublicKey) -> Result<Value> {
    let malformed = |why: &str| Error::Malformed(why.to_owned());
    let text = |value: &Value| value.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
    if envelope["payloadType"] != PAYLOAD {
        return Err(malformed("it is no envelope with an in-toto statement"));
    }
    let payload = text(&envelope["payload"]).ok_or_else(|| malformed("its payload is not base64"))?;
    let signed = encoded(&payload);
    let signatures = envelope["signatures"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_by_key = signatures.iter().filter_map(|one| text(&one["sig"])).any(|signature| {
        DerSignature::try_from(signature.as_slice()).is_ok_and(|signature| key.0.verify(&signed, &signature).is_ok())
    });
    if !is_by_key {
        return Err(Error::Refused("no signature of it is by this key".to_owned()));
    }
    serde_json::from_slice(&payload).map_err(|error| Error::Malformed(error.to_string()))
}

/// What is signed of a payload: DSSE's pre-authentication encoding.
fn encoded(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {PAYLOAD} {} ", PAYLOAD.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_checked() {
        let key = Key::generate().unwrap();
        let same = Key::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(same.public(), key.public());
        let public = PublicKey::from_pem(&key.public().to_pem().unwrap()).unwrap();
        let statement = json!({"a": [1, "é"]});
        let mut signed = envelope(&statement, &key, "");
        assert_eq!(signed, envelope(&statement, &same, ""), "signatures do not depend on chance");
        assert_eq!(check_envelope(&signed, &public).unwrap(), statement);
        let other = Key::generate().unwrap().public();
        assert!(matches!(check_envelope(&signed, &other), Err(Error::Refused(_))));
        signed["payload"] = BASE64_STANDARD.encode("{\"a\": [2]}").into();
        assert!(matches!(check_envelope(&signed, &public), Err(Error::Refused(_))));
        assert!(matches!(Key::from_pem("no key"), Err(Error::Key(_))));
    }
}
