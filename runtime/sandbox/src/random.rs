//! Randomness seeded by a step's identity: BLAKE3 in its extendable-output mode, a cryptographic generator.

use std::convert::Infallible;

use wasmtime_wasi::WasiCtxBuilder;

/// A stream of random bytes for one purpose of one step.
pub(crate) struct SeededRng(blake3::OutputReader);

impl SeededRng {
    pub(crate) fn new(identity: &[u8; 32], purpose: &str) -> Self {
        Self(blake3::Hasher::new_keyed(identity).update(purpose.as_bytes()).finalize_xof())
    }

    pub(crate) fn next_u128(&mut self) -> u128 {
        let mut bytes = [0; 16];
        self.0.fill(&mut bytes);
        u128::from_le_bytes(bytes)
    }
}

/// The seed of a part of a step, which has randomness of its own.
pub(crate) fn derived(identity: &[u8; 32], part: &str) -> [u8; 32] {
    *blake3::keyed_hash(identity, part.as_bytes()).as_bytes()
}

/// Has all of WASI's randomness come of this identity.
pub(crate) fn seed(wasi: &mut WasiCtxBuilder, identity: &[u8; 32]) {
    let stream = |purpose| SeededRng::new(identity, purpose);
    wasi.secure_random(stream("random"))
        .insecure_random(stream("insecure-random"))
        .insecure_random_seed(stream("insecure-random-seed").next_u128());
}

impl rand_core::TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}
