//! Tensors: dense, row-major, of one of nine kinds of elements.

use crate::error::{Done, refuse};

/// The most elements of a tensor, whatever a model or its input asks for.
pub const MOST_ELEMENTS: usize = 1 << 27;
/// The most axes of a tensor.
pub const MOST_AXES: usize = 16;

/// The kind of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    F32,
    F64,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
    Text,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::F32 => "float",
            Self::F64 => "double",
            Self::I64 => "int64",
            Self::I32 => "int32",
            Self::I16 => "int16",
            Self::I8 => "int8",
            Self::U8 => "uint8",
            Self::Bool => "bool",
            Self::Text => "string",
        })
    }
}

/// Elements of one kind.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    I16(Vec<i16>),
    I8(Vec<i8>),
    U8(Vec<u8>),
    Bool(Vec<bool>),
    Text(Vec<String>),
}

/// The same expression for elements of each kind.
macro_rules! each {
    ($data:expr, $values:ident => $what:expr) => {
        match $data {
            $crate::tensor::Data::F32($values) => $what,
            $crate::tensor::Data::F64($values) => $what,
            $crate::tensor::Data::I64($values) => $what,
            $crate::tensor::Data::I32($values) => $what,
            $crate::tensor::Data::U8($values) => $what,
            $crate::tensor::Data::I8($values) => $what,
            $crate::tensor::Data::I16($values) => $what,
            $crate::tensor::Data::Bool($values) => $what,
            $crate::tensor::Data::Text($values) => $what,
        }
    };
}
pub(crate) use each;

/// Elements of each kind become others of the same kind.
macro_rules! map_each {
    ($data:expr, $values:ident => $what:expr) => {
        match $data {
            $crate::tensor::Data::F32($values) => $crate::tensor::Data::F32($what),
            $crate::tensor::Data::F64($values) => $crate::tensor::Data::F64($what),
            $crate::tensor::Data::I64($values) => $crate::tensor::Data::I64($what),
            $crate::tensor::Data::I32($values) => $crate::tensor::Data::I32($what),
            $crate::tensor::Data::U8($values) => $crate::tensor::Data::U8($what),
            $crate::tensor::Data::I8($values) => $crate::tensor::Data::I8($what),
            $crate::tensor::Data::I16($values) => $crate::tensor::Data::I16($what),
            $crate::tensor::Data::Bool($values) => $crate::tensor::Data::Bool($what),
            $crate::tensor::Data::Text($values) => $crate::tensor::Data::Text($what),
        }
    };
}
pub(crate) use map_each;

macro_rules! from {
    ($($element:ty => $kind:ident),+ $(,)?) => {$(
        impl From<Vec<$element>> for Data {
            fn from(values: Vec<$element>) -> Self {
                Self::$kind(values)
            }
        }
    )+};
}
from!(f32 => F32, f64 => F64, i64 => I64, i32 => I32, i16 => I16, i8 => I8, u8 => U8, bool => Bool, String => Text);

impl Data {
    /// How many elements.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, values => values.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::F32(_) => Kind::F32,
            Self::F64(_) => Kind::F64,
            Self::I64(_) => Kind::I64,
            Self::I32(_) => Kind::I32,
            Self::U8(_) => Kind::U8,
            Self::I8(_) => Kind::I8,
            Self::I16(_) => Kind::I16,
            Self::Bool(_) => Kind::Bool,
            Self::Text(_) => Kind::Text,
        }
    }

    /// The elements at these places, which must be in range.
    pub(crate) fn at(&self, mut places: impl Iterator<Item = usize>) -> Self {
        self.pick(&mut places)
    }

    /// One piece of code for all callers: there are nine kinds, and many callers.
    #[allow(clippy::clone_on_copy, reason = "one piece of code for all kinds")]
    fn pick(&self, places: &mut dyn Iterator<Item = usize>) -> Self {
        map_each!(self, values => places.map(|at| values[at].clone()).collect())
    }

    /// An element as text, as predictions are written: numbers by the shortest digits that read back.
    #[must_use]
    pub fn text(&self, at: usize) -> String {
        match self {
            Self::F32(values) => {
                values.get(at).map_or_else(String::new, |value| number(f64::from(*value), &value.to_string()))
            }
            Self::F64(values) => values.get(at).map_or_else(String::new, |value| number(*value, &value.to_string())),
            Self::I64(values) => values.get(at).map_or_else(String::new, ToString::to_string),
            Self::I32(values) => values.get(at).map_or_else(String::new, ToString::to_string),
            Self::U8(values) => values.get(at).map_or_else(String::new, ToString::to_string),
            Self::I8(values) => values.get(at).map_or_else(String::new, ToString::to_string),
            Self::I16(values) => values.get(at).map_or_else(String::new, ToString::to_string),
            Self::Bool(values) => values.get(at).map_or_else(String::new, ToString::to_string),
            Self::Text(values) => values.get(at).cloned().unwrap_or_default(),
        }
    }

    /// The elements as numbers; none if they are text.
    #[must_use]
    pub fn numbers(&self) -> Option<Vec<f64>> {
        Some(match self {
            Self::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::F64(values) => values.clone(),
            Self::I64(values) => values.iter().map(|value| *value as f64).collect(),
            Self::I32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::U8(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::I8(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::I16(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::Bool(values) => values.iter().map(|value| f64::from(u8::from(*value))).collect(),
            Self::Text(_) => return None,
        })
    }
}

/// A number with an exponent where digits alone would be long; a missing one is empty.
fn number(value: f64, plain: &str) -> String {
    if value.is_nan() {
        return String::new();
    }
    if value != 0.0 && value.is_finite() && !(1e-5..1e16).contains(&value.abs()) {
        // The shortest digits of the narrower type, moved.
        let digits = plain.trim_start_matches(['-', '0', '.']).trim_end_matches('0');
        if digits.len() < plain.len() {
            return exponent(value, plain);
        }
    }
    plain.to_owned()
}

/// Plain digits in scientific notation.
fn exponent(value: f64, plain: &str) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let unsigned = plain.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all = format!("{whole}{fraction}");
    let Some(first) = all.find(|digit| digit != '0') else { return plain.to_owned() };
    let digits = all[first..].trim_end_matches('0');
    let power = i64::try_from(whole.len()).unwrap_or(0) - i64::try_from(first).unwrap_or(0) - 1;
    let (head, tail) = digits.split_at(1);
    let point = if tail.is_empty() { "" } else { "." };
    format!("{sign}{head}{point}{tail}e{power}")
}

/// A tensor: a shape, and as many elements as that has.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

impl Tensor {
    /// A tensor of this shape; none if it has another number of elements.
    #[must_use]
    pub fn new(shape: Vec<usize>, data: impl Into<Data>) -> Option<Self> {
        let data = data.into();
        let fits = elements(&shape).is_ok_and(|count| count == data.len());
        fits.then_some(Self { shape, data })
    }

    /// The same for operators, which know what they do.
    pub(crate) fn of(shape: Vec<usize>, data: impl Into<Data>) -> Done<Self> {
        let data = data.into();
        if elements(&shape)? != data.len() {
            refuse!("a tensor of shape {shape:?} cannot have {} elements", data.len());
        }
        Ok(Self { shape, data })
    }

    /// A vector.
    pub(crate) fn vector(data: impl Into<Data>) -> Self {
        let data = data.into();
        Self { shape: vec![data.len()], data }
    }

    /// Sizes of its axes.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its elements in row-major order.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Its elements.
    #[must_use]
    pub fn into_data(self) -> Data {
        self.data
    }

    /// The kind of its elements.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.data.kind()
    }

    /// How many elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether it has no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Rows and columns as the operators of ai.onnx.ml see them: a vector is one row.
    pub(crate) fn matrix(&self) -> (usize, usize) {
        match self.shape.as_slice() {
            [] => (1, 1),
            [columns] => (1, *columns),
            [rows, rest @ ..] => (*rows, rest.iter().product()),
        }
    }

    /// `float[2, 3]`.
    pub(crate) fn describe(&self) -> String {
        let sizes: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        format!("{}[{}]", self.kind(), sizes.join(", "))
    }

    /// The elements as integers.
    pub(crate) fn integers(&self) -> Done<Vec<i64>> {
        match &self.data {
            Data::I64(values) => Ok(values.clone()),
            Data::I32(values) => Ok(values.iter().map(|value| i64::from(*value)).collect()),
            Data::I16(values) => Ok(values.iter().map(|value| i64::from(*value)).collect()),
            Data::I8(values) => Ok(values.iter().map(|value| i64::from(*value)).collect()),
            Data::U8(values) => Ok(values.iter().map(|value| i64::from(*value)).collect()),
            other => refuse!("integers are needed, and these are {}", other.kind()),
        }
    }

    /// The elements as floats, converted as a cast does.
    pub(crate) fn floats(&self) -> Done<std::borrow::Cow<'_, [f32]>> {
        match &self.data {
            Data::F32(values) => Ok(values.into()),
            Data::Text(_) => refuse!("numbers are needed, and these are texts"),
            #[allow(clippy::cast_possible_truncation, reason = "that is what a cast to float does")]
            other => {
                Ok(other.numbers().unwrap_or_default().into_iter().map(|value| value as f32).collect::<Vec<_>>().into())
            }
        }
    }

    /// The elements as doubles.
    pub(crate) fn doubles(&self) -> Done<std::borrow::Cow<'_, [f64]>> {
        match &self.data {
            Data::F64(values) => Ok(values.into()),
            other => match other.numbers() {
                Some(values) => Ok(values.into()),
                None => refuse!("numbers are needed, and these are texts"),
            },
        }
    }
}

/// How many elements a shape has, within the bounds.
pub(crate) fn elements(shape: &[usize]) -> Done<usize> {
    if shape.len() > MOST_AXES {
        refuse!("a tensor has at most {MOST_AXES} axes, and this would have {}", shape.len());
    }
    let count = shape.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
    match count {
        // With an axis of none there is no element, however large the others.
        _ if shape.contains(&0) => Ok(0),
        Some(count) if count <= MOST_ELEMENTS => Ok(count),
        _ => refuse!("a tensor of shape {shape:?} would have more than {MOST_ELEMENTS} elements; use smaller batches"),
    }
}

/// An axis that may be counted from the end.
pub(crate) fn axis(axis: i64, axes: usize) -> Done<usize> {
    let count = i64::try_from(axes).unwrap_or(i64::MAX);
    let from_start = if axis < 0 { axis.saturating_add(count) } else { axis };
    match usize::try_from(from_start) {
        Ok(found) if found < axes => Ok(found),
        _ => refuse!("axis {axis} is beyond the {axes} axes"),
    }
}

/// Row-major strides.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1_usize; shape.len()];
    for at in (1..shape.len()).rev() {
        strides[at - 1] = strides[at].saturating_mul(shape[at]);
    }
    strides
}

/// Offsets of the elements of a shape, in row-major order, each axis with a stride of its own.
pub(crate) struct Walk {
    shape: Vec<usize>,
    strides: Vec<usize>,
    at: Vec<usize>,
    offset: usize,
    left: usize,
}

impl Walk {
    pub(crate) fn new(shape: &[usize], strides: &[usize], offset: usize) -> Self {
        let left = if shape.contains(&0) { 0 } else { shape.iter().product() };
        Self { shape: shape.to_vec(), strides: strides.to_vec(), at: vec![0; shape.len()], offset, left }
    }
}

impl Iterator for Walk {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let found = self.offset;
        for axis in (0..self.shape.len()).rev() {
            self.at[axis] += 1;
            self.offset = self.offset.wrapping_add(self.strides[axis]);
            if self.at[axis] < self.shape[axis] {
                break;
            }
            self.offset = self.offset.wrapping_sub(self.strides[axis].wrapping_mul(self.shape[axis]));
            self.at[axis] = 0;
        }
        Some(found)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Rows of maps with the same keys in each: what `ZipMap` gives, and what `DictVectorizer` takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Maps {
    /// The keys: integers or texts.
    pub keys: Data,
    /// A row for each map, a column for each key.
    pub values: Tensor,
}

/// What goes from node to node.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A tensor.
    Tensor(Tensor),
    /// A sequence of maps.
    Maps(Maps),
}

impl Value {
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Tensor(tensor) => tensor.describe(),
            Self::Maps(maps) => format!("maps of {} to {}", maps.keys.kind(), maps.values.describe()),
        }
    }
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(tensor)
    }
}
