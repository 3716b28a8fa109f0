//! Signed requests that start runs.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::definition::Scheme;
use crate::error::{Error, Kind, Result};

/// How far the time of a request may be from ours, as the specification has it.
const TOLERANCE_MS: u64 = 5 * 60 * 1000;
/// The longest id of a delivery, in bytes.
const MAX_ID: usize = 200;
/// The shortest secret, in bytes.
const MIN_SECRET: usize = 16;

/// A request whose sender has shown that it knows the secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// What its sender calls it; one that is sent again has the same.
    pub id: String,
}

impl Delivery {
    /// Checks the signature of a request.
    ///
    /// # Errors
    /// A header is missing, the signature is not that of the body by this secret, or the time is not now.
    pub fn check(scheme: Scheme, secret: &str, headers: &HeaderMap, body: &[u8], now_ms: i64) -> Result<Self> {
        let refused = |why: &str| Error::new(Kind::Unauthenticated, why);
        let header = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
            value.filter(|value| !value.is_empty()).ok_or_else(|| refused(&format!("the header `{name}` is missing")))
        };
        let (id, signed) = match scheme {
            Scheme::Standard => {
                let (id, time) = (header("webhook-id")?, header("webhook-timestamp")?);
                let at: i64 = time.parse().map_err(|_| refused("`webhook-timestamp` is no number of seconds"))?;
                if at.saturating_mul(1000).abs_diff(now_ms) > TOLERANCE_MS {
                    return Err(refused("`webhook-timestamp` is more than five minutes from now"));
                }
                let start = format!("{id}.{time}.");
                let is_signed = header("webhook-signature")?.split(' ').any(|signature| {
                    let digest = signature.strip_prefix("v1,").and_then(|text| BASE64_STANDARD.decode(text).ok());
                    digest.is_some_and(|digest| is_of(&key(secret), &[start.as_bytes(), body], &digest))
                });
                (id, is_signed)
            }
            Scheme::Github => {
                let digest = header("x-hub-signature-256")?.strip_prefix("sha256=").and_then(from_hex);
                let is_signed = digest.is_some_and(|digest| is_of(secret.as_bytes(), &[body], &digest));
                (header("x-github-delivery")?, is_signed)
            }
        };
        if !signed {
            return Err(refused("the signature is not that of this body by the trigger's secret"));
        }
        if id.len() > MAX_ID {
            return Err(Error::invalid(format!("the id of a delivery has at most {MAX_ID} bytes")));
        }
        Ok(Self { id: id.to_owned() })
    }
}

/// A secret for a webhook, of 32 random bytes, as Standard Webhooks writes them.
pub(super) fn new_secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::new(Kind::Internal, format!("no randomness: {error}")))?;
    Ok(format!("whsec_{}", BASE64_STANDARD.encode(bytes)))
}

/// Whether a secret is long enough to be one.
///
/// # Errors
/// It is not, in words.
pub(super) fn check_secret(secret: &str) -> Result<(), &'static str> {
    if key(secret).len() < MIN_SECRET { Err("has less than 16 bytes") } else { Ok(()) }
}

/// The key of a secret: what `whsec_` introduces is in base64.
fn key(secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix("whsec_").and_then(|text| BASE64_STANDARD.decode(text).ok());
    encoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// Whether a digest is that of the parts, in constant time.
fn is_of(key: &[u8], parts: &[&[u8]], digest: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(digest).is_ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn why(result: Result<Delivery>) -> String {
        result.unwrap_err().message
    }

    /// The example of the specification's libraries.
    #[test]
    fn standard_webhooks_are_known_by_their_signature() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let sent = |id: &str, signature: &str| {
            headers(&[("webhook-id", id), ("webhook-timestamp", "1614265330"), ("webhook-signature", signature)])
        };
        let now = 1_614_265_330_000;
        let check =
            |headers: &HeaderMap, body: &[u8], now| Delivery::check(Scheme::Standard, secret, headers, body, now);
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(check(&sent(id, signature), body, now + 299_000).unwrap(), Delivery { id: id.to_owned() });
        let several = format!("v1a,AAAA v1,AAAA {signature}");
        assert!(check(&sent(id, &several), body, now).is_ok());
        assert!(why(check(&sent(id, signature), body, now + 301_000)).contains("five minutes"));
        assert!(why(check(&sent(id, signature), b"{}", now)).contains("signature"));
        assert!(why(check(&sent("msg_other", signature), body, now)).contains("signature"));
        assert!(why(check(&sent(id, "v1"), body, now)).contains("signature"));
        assert!(why(check(&headers(&[("webhook-id", id)]), body, now)).contains("`webhook-timestamp` is missing"));
    }

    /// The example of GitHub's documentation.
    #[test]
    fn githubs_deliveries_are_known_by_their_signature() {
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let sent = headers(&[("x-hub-signature-256", signature), ("x-github-delivery", "72d3162e")]);
        let check = |body: &[u8]| Delivery::check(Scheme::Github, "It's a Secret to Everybody", &sent, body, 0);
        assert_eq!(check(b"Hello, World!").unwrap().id, "72d3162e");
        assert!(why(check(b"Hello, World")).contains("signature"));
    }

    #[test]
    fn secrets_are_long() {
        assert!(check_secret("short").is_err() && check_secret("whsec_AAAA").is_err());
        assert!(check_secret("0123456789abcdef").is_ok());
    }
}
