//! Four floats at once: a vector of WebAssembly, and an array where there is none.

#![allow(clippy::inline_always, reason = "each is one instruction")]

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::{
        f32x4, f32x4_add, f32x4_extract_lane, f32x4_max, f32x4_mul, f32x4_splat, f32x4_sub, i32x4_shuffle, v128,
    };

    pub(super) type Vector = v128;
    pub(super) fn splat(value: f32) -> v128 {
        f32x4_splat(value)
    }
    pub(super) fn from([a, b, c, d]: [f32; 4]) -> v128 {
        f32x4(a, b, c, d)
    }
    pub(super) fn array(x: v128) -> [f32; 4] {
        [f32x4_extract_lane::<0>(x), f32x4_extract_lane::<1>(x), f32x4_extract_lane::<2>(x), f32x4_extract_lane::<3>(x)]
    }
    pub(super) fn add(x: v128, y: v128) -> v128 {
        f32x4_add(x, y)
    }
    pub(super) fn sub(x: v128, y: v128) -> v128 {
        f32x4_sub(x, y)
    }
    pub(super) fn mul(x: v128, y: v128) -> v128 {
        f32x4_mul(x, y)
    }
    pub(super) fn max(x: v128, y: v128) -> v128 {
        f32x4_max(x, y)
    }
    pub(super) fn pick<const A: usize, const B: usize, const C: usize, const D: usize>(x: v128, y: v128) -> v128 {
        i32x4_shuffle::<A, B, C, D>(x, y)
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod vector {
    pub(super) type Vector = [f32; 4];
    pub(super) fn splat(value: f32) -> Vector {
        [value; 4]
    }
    pub(super) fn from(values: [f32; 4]) -> Vector {
        values
    }
    pub(super) fn array(x: Vector) -> [f32; 4] {
        x
    }
    pub(super) fn add(x: Vector, y: Vector) -> Vector {
        std::array::from_fn(|at| x[at] + y[at])
    }
    pub(super) fn sub(x: Vector, y: Vector) -> Vector {
        std::array::from_fn(|at| x[at] - y[at])
    }
    pub(super) fn mul(x: Vector, y: Vector) -> Vector {
        std::array::from_fn(|at| x[at] * y[at])
    }
    pub(super) fn max(x: Vector, y: Vector) -> Vector {
        std::array::from_fn(|at| if x[at] > y[at] || x[at].is_nan() { x[at] } else { y[at] })
    }
    pub(super) fn pick<const A: usize, const B: usize, const C: usize, const D: usize>(x: Vector, y: Vector) -> Vector {
        [A, B, C, D].map(|at| if at < 4 { x[at] } else { y[at - 4] })
    }
}

/// Four floats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Four(vector::Vector);

impl Four {
    #[inline(always)]
    pub(super) fn splat(value: f32) -> Self {
        Self(vector::splat(value))
    }

    #[inline(always)]
    pub(super) fn array(self) -> [f32; 4] {
        vector::array(self.0)
    }

    /// The larger of each two, NaN if one is.
    #[inline(always)]
    pub(super) fn max(self, other: Self) -> Self {
        Self(vector::max(self.0, other.0))
    }

    /// Four of the eight floats of this and another, by their places.
    #[inline(always)]
    pub(super) fn pick<const A: usize, const B: usize, const C: usize, const D: usize>(self, other: Self) -> Self {
        Self(vector::pick::<A, B, C, D>(self.0, other.0))
    }
}

impl From<[f32; 4]> for Four {
    #[inline(always)]
    fn from(values: [f32; 4]) -> Self {
        Self(vector::from(values))
    }
}

impl std::ops::Add for Four {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(vector::add(self.0, other.0))
    }
}

impl std::ops::Sub for Four {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(vector::sub(self.0, other.0))
    }
}

impl std::ops::Mul for Four {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(vector::mul(self.0, other.0))
    }
}

/// Copies a short line, as long as the other one has room. `copy_from_slice` becomes an instruction of WebAssembly that is a call of the host, which takes longer.
pub(super) fn copy(from: &[f32], into: &mut [f32]) {
    let (fours, rest) = from.as_chunks();
    for (at, four) in fours.iter().enumerate() {
        match into.get_mut(4 * at..).and_then(<[f32]>::first_chunk_mut) {
            Some(into) => *into = Four::from(*four).array(),
            None => return,
        }
    }
    for (into, value) in into.iter_mut().skip(4 * fours.len()).zip(rest) {
        *into = *value;
    }
}
