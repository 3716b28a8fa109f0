//! What turns categories into numbers, and back.

use std::collections::HashMap;

use super::super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::{Attributes, Operator};
use crate::tensor::{Data, Tensor, elements};

pub(in super::super) const TABLE: Table = &[
    ("ai.onnx.ml.ArrayFeatureExtractor", extractor),
    ("ai.onnx.ml.CategoryMapper", category_mapper),
    ("ai.onnx.ml.FeatureVectorizer", feature_vectorizer),
    ("ai.onnx.ml.LabelEncoder", label_encoder),
    ("ai.onnx.ml.OneHotEncoder", one_hot_encoder),
];

/// An element that is looked up. Numbers are equal if they are so exactly; all NaN are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    Integer(i64),
    Number(u64),
}

impl Key {
    fn number(value: f64) -> Self {
        Self::Number(if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() })
    }
}

/// The elements as keys.
fn keys(data: &Data) -> Vec<Key> {
    match data {
        Data::F32(values) => values.iter().map(|value| Key::number(f64::from(*value))).collect(),
        Data::F64(values) => values.iter().map(|value| Key::number(*value)).collect(),
        Data::I64(values) => values.iter().map(|value| Key::Integer(*value)).collect(),
        Data::I32(values) => values.iter().map(|value| Key::Integer(i64::from(*value))).collect(),
        Data::I16(values) => values.iter().map(|value| Key::Integer(i64::from(*value))).collect(),
        Data::I8(values) => values.iter().map(|value| Key::Integer(i64::from(*value))).collect(),
        Data::U8(values) => values.iter().map(|value| Key::Integer(i64::from(*value))).collect(),
        Data::Bool(values) => values.iter().map(|value| Key::Integer(i64::from(*value))).collect(),
        Data::Text(values) => values.iter().map(|value| Key::Text(value.clone())).collect(),
    }
}

/// Looks elements up. What is not there has the place behind all.
fn look_up(data: &Data, places: &HashMap<Key, usize>) -> Vec<usize> {
    let missing = places.len();
    let mut buffer = Key::Text(String::new());
    match data {
        // Texts are not copied to be looked up.
        Data::Text(values) => values
            .iter()
            .map(|value| {
                if let Key::Text(text) = &mut buffer {
                    text.clear();
                    text.push_str(value);
                }
                places.get(&buffer).copied().unwrap_or(missing)
            })
            .collect(),
        other => keys(other).iter().map(|key| places.get(key).copied().unwrap_or(missing)).collect(),
    }
}

/// A map from keys to values, and what stands for all other keys.
struct Map {
    places: HashMap<Key, usize>,
    /// The values in the order of the keys, and the default behind them.
    values: Data,
    from: crate::tensor::Kind,
}

impl Map {
    fn new(from: &Data, values: &Data, default: &Data) -> Done<Self> {
        if from.len() != values.len() {
            refuse!("{} keys have {} values", from.len(), values.len());
        }
        // The first of equal keys holds.
        let mut places = HashMap::with_capacity(from.len());
        let mut kept = Vec::with_capacity(from.len());
        for (at, key) in keys(from).into_iter().enumerate() {
            if let std::collections::hash_map::Entry::Vacant(entry) = places.entry(key) {
                entry.insert(kept.len());
                kept.push(at);
            }
        }
        let mut values = values.at(kept.into_iter());
        super::super::index::append(&mut values, default)?;
        Ok(Self { places, values, from: from.kind() })
    }

    fn apply(&self, tensor: &Tensor) -> Done<Tensor> {
        if tensor.kind() != self.from {
            refuse!("its keys are {}, and the input is {}", self.from, tensor.kind());
        }
        let places = look_up(tensor.data(), &self.places);
        Tensor::of(tensor.shape().to_vec(), self.values.at(places.into_iter()))
    }
}

/// Keys or values of a `LabelEncoder`: the one list that is there.
fn list(attributes: &Attributes<'_>, prefix: &str) -> Done<Option<Data>> {
    let name = |suffix: &str| format!("{prefix}_{suffix}");
    if let Some(tensor) = attributes.tensor(&name("tensor"))? {
        return Ok(Some(tensor.into_data()));
    }
    if attributes.has(&name("strings")) {
        return Ok(Some(attributes.texts(&name("strings"))?.into()));
    }
    if let Some(integers) = attributes.ints(&name("int64s")) {
        return Ok(Some(integers.to_vec().into()));
    }
    Ok(attributes.has(&name("floats")).then(|| attributes.floats(&name("floats")).to_vec().into()))
}

fn label_encoder(context: &mut Context<'_>) -> Done<Operator> {
    let attributes = context.attributes;
    let text = attributes.text("default_string", if attributes.has("classes_strings") { "" } else { "_Unused" })?;
    let (integer, number) = (attributes.int("default_int64", -1), attributes.float("default_float", -0.0));
    if attributes.has("classes_strings") {
        // The first version: classes by their place, either way.
        let classes: Data = attributes.texts("classes_strings")?.into();
        let numbers: Data = (0..).take(classes.len()).collect::<Vec<i64>>().into();
        let text = attributes.text("default_string", "_Unused")?;
        let to_number = Map::new(&classes, &numbers, &vec![integer].into())?;
        let to_class = Map::new(&numbers, &classes, &vec![text].into())?;
        return Ok(Box::new(move |inputs| {
            let tensor = inputs.tensor(0)?;
            let map = if matches!(tensor.data(), Data::Text(_)) { &to_number } else { &to_class };
            Ok(one(map.apply(tensor)?))
        }));
    }
    let (Some(keys), Some(values)) = (list(attributes, "keys")?, list(attributes, "values")?) else {
        refuse!("its keys or values are missing, or of a type that is not here")
    };
    let default: Data = match (attributes.tensor("default_tensor")?, &values) {
        (Some(default), _) if default.is_empty() => refuse!("its default is empty"),
        (Some(default), _) => default.into_data().at(std::iter::once(0)),
        (None, Data::Text(_)) => vec![text].into(),
        (None, Data::I64(_)) => vec![integer].into(),
        (None, Data::F32(_)) => vec![number].into(),
        (None, Data::F64(_)) => vec![f64::from(number)].into(),
        (None, Data::I32(_)) => vec![-1_i32].into(),
        (None, Data::I16(_)) => vec![-1_i16].into(),
        (None, Data::I8(_)) => vec![-1_i8].into(),
        (None, Data::U8(_)) => vec![u8::MAX].into(),
        (None, Data::Bool(_)) => vec![false].into(),
    };
    let map = Map::new(&keys, &values, &default)?;
    Ok(Box::new(move |inputs| Ok(one(map.apply(inputs.tensor(0)?)?))))
}

fn category_mapper(context: &mut Context<'_>) -> Done<Operator> {
    let attributes = context.attributes;
    let texts: Data = attributes.texts("cats_strings")?.into();
    let integers: Data = attributes.ints("cats_int64s").unwrap_or_default().to_vec().into();
    let to_integer = Map::new(&texts, &integers, &vec![attributes.int("default_int64", -1)].into())?;
    let to_text = Map::new(&integers, &texts, &vec![attributes.text("default_string", "_Unused")?].into())?;
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let map = if matches!(tensor.data(), Data::Text(_)) { &to_integer } else { &to_text };
        Ok(one(map.apply(tensor)?))
    }))
}

fn one_hot_encoder(context: &mut Context<'_>) -> Done<Operator> {
    let attributes = context.attributes;
    let texts = attributes.texts("cats_strings")?;
    let integers = attributes.ints("cats_int64s").unwrap_or_default().to_vec();
    let zeros = attributes.int("zeros", 1) != 0;
    let categories: Data = if texts.is_empty() { integers.into() } else { texts.into() };
    let width = categories.len();
    let map = Map::new(&categories, &(0..).take(width).collect::<Vec<i64>>().into(), &vec![-1_i64].into())?;
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let found = match tensor.data() {
            // Numbers with fractions are cut to the category that they are.
            Data::F32(_) | Data::F64(_) | Data::I32(_) => {
                #[allow(clippy::cast_possible_truncation, reason = "that is how categories are read")]
                let whole: Vec<i64> = tensor.doubles()?.iter().map(|value| *value as i64).collect();
                map.apply(&Tensor::of(tensor.shape().to_vec(), whole)?)?
            }
            _ => map.apply(tensor)?,
        };
        let mut shape = tensor.shape().to_vec();
        shape.push(width);
        let mut hot = vec![0.0_f32; elements(&shape)?];
        for (row, place) in found.integers()?.iter().enumerate() {
            match usize::try_from(*place) {
                Ok(place) => hot[row * width + place] = 1.0,
                Err(_) if zeros => {}
                Err(_) => refuse!("`{}` is no category that it knows", tensor.data().text(row)),
            }
        }
        Ok(one(Tensor::of(shape, hot)?))
    }))
}

/// Picks columns.
fn extractor(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let (tensor, indices) = (inputs.tensor(0)?, inputs.tensor(1)?.integers()?);
        let Some((width, outer)) = tensor.shape().split_last() else { refuse!("a tensor with axes is needed") };
        let mut columns = Vec::with_capacity(indices.len());
        for index in indices {
            match usize::try_from(index) {
                Ok(index) if index < *width => columns.push(index),
                _ => refuse!("column {index} is beyond the {width} columns"),
            }
        }
        let rows = outer.iter().product::<usize>();
        let mut shape = outer.to_vec();
        if shape.is_empty() {
            shape.push(1);
        }
        shape.push(columns.len());
        elements(&shape)?;
        let places = (0..rows).flat_map(|row| columns.iter().map(move |column| row * width + column));
        Ok(one(Tensor::of(shape, tensor.data().at(places))?))
    }))
}

/// Joins columns of several inputs as floats.
fn feature_vectorizer(context: &mut Context<'_>) -> Done<Operator> {
    let widths = context.attributes.ints("inputdimensions").unwrap_or_default().to_vec();
    Ok(Box::new(move |inputs| {
        let tensors = inputs.tensors()?;
        let Some(rows) = tensors.first().map(|tensor| tensor.matrix().0) else { refuse!("it has no input") };
        let mut parts = Vec::with_capacity(tensors.len());
        let mut total = 0_usize;
        for (at, tensor) in tensors.iter().enumerate() {
            let (own, width) = tensor.matrix();
            if own != rows {
                refuse!("input {at} has {own} rows, and the first has {rows}");
            }
            let wanted = widths.get(at).map_or(Ok(width), |width| usize::try_from(*width));
            let Ok(wanted) = wanted else { refuse!("input {at} has a negative width") };
            total = total.saturating_add(wanted);
            parts.push((tensor.floats()?, width, wanted));
        }
        let mut joined = Vec::with_capacity(elements(&[rows, total])?);
        for row in 0..rows {
            for (values, width, wanted) in &parts {
                let own = &values[row * width..(row + 1) * width];
                joined.extend(own.iter().copied().chain(std::iter::repeat(0.0)).take(*wanted));
            }
        }
        Ok(one(Tensor::of(vec![rows, total], joined)?))
    }))
}
