//! The messages of TFX's metadata files, and their text form.

#![allow(missing_docs, clippy::pedantic, reason = "generated; the fields are described where TFX describes them")]

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MessageDescriptor};

include!(concat!(env!("OUT_DIR"), "/tensorflow.metadata.v0.rs"));

/// A message that has a text form.
pub trait Described: prost::Message + Default {
    /// Its full name.
    const NAME: &'static str;
    /// What errors call it.
    const WHAT: &'static str;
}

macro_rules! described {
    ($($message:ident: $what:literal),+ $(,)?) => {$(
        impl Described for $message {
            const NAME: &'static str = concat!("tensorflow.metadata.v0.", stringify!($message));
            const WHAT: &'static str = $what;
        }
    )+};
}

described!(Feature: "the feature", Schema: "the schema", DatasetFeatureStatisticsList: "the statistics", Anomalies: "the anomalies");

/// The fields of a message by name.
pub(crate) fn descriptor<M: Described>() -> Option<MessageDescriptor> {
    static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| {
        DescriptorPool::decode(include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin")).as_slice()).ok()
    });
    POOL.as_ref()?.get_message_by_name(M::NAME)
}
