//! Components as `wkg` puts them into registries: one layer, and a configuration that tells what it imports and exports.

use serde::Serialize;

use crate::digest::Digest;
use crate::error::{Error, Result};

/// When everything was created: so that the same component is the same in every registry.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// The keys in `wkg`'s order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    created: &'a str,
    author: Option<&'a str>,
    architecture: &'a str,
    os: &'a str,
    layer_digests: [Digest; 1],
    component: Component,
}

#[derive(Serialize)]
struct Component {
    exports: Vec<String>,
    imports: Vec<String>,
    target: Option<String>,
}

/// The configuration of a component. `what` names it in errors.
///
/// # Errors
/// It is no component.
pub fn config(what: &str, binary: &[u8]) -> Result<Vec<u8>> {
    let weft_signature::Names { mut imports, mut exports } =
        weft_signature::names(binary).map_err(|weft_signature::NotAComponent(why)| Error::malformed(what, why))?;
    imports.sort();
    exports.sort();
    let config = Config {
        created: CREATED,
        author: None,
        architecture: "wasm",
        os: "wasip2",
        layer_digests: [Digest::of(binary)],
        component: Component { exports, imports, target: None },
    };
    // Plain data always serializes.
    Ok(serde_json::to_vec(&config).unwrap_or_default())
}
