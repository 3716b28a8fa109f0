//! What is known of where an artifact comes from, in the forms that other tools read: in-toto statements with SLSA's provenance, OpenSSF model
//! signatures, CycloneDX, OpenLineage, Workflow Run RO-Crate and Croissant; and of a model a page for its technical documentation.
//!
//! [`Evidence::of`] gathers from the records, and [`Evidence::read`] from the store, what all forms are made of; each form is one function over it. [`Key`] signs.
//!
//! # Invariants
//! - No path of the host is in what is written: of a path only the last name is.
//! - No value of a secret is: none is recorded.
//! - The same evidence gives the same bytes, signatures included.

mod croissant;
mod cyclonedx;
mod documentation;
mod error;
mod evidence;
mod image_signature;
mod model_signature;
mod openlineage;
mod rocrate;
mod sign;
mod slsa;

pub use croissant::croissant;
pub use cyclonedx::cyclonedx;
pub use documentation::documentation;
pub use error::{Error, Result};
pub use evidence::{Content, Evidence, FileDigest, Run, Step};
pub use image_signature::{check_image_signature, image_signature};
pub use model_signature::{check_model_signature, model_signature};
pub use openlineage::openlineage;
pub use rocrate::rocrate;
pub use sign::{Key, PublicKey, check_envelope, envelope};
pub use slsa::provenance;

/// What weft is called as a tool.
pub(crate) const TOOL: &str = "weft";
/// The page of the project.
pub(crate) const HOME: &str = env!("CARGO_PKG_REPOSITORY");
/// Its version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
