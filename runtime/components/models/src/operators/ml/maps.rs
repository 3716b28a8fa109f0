//! What makes maps, and what reads them.

use super::super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Kind, Maps, Tensor, Value, elements, map_each};

pub(in super::super) const TABLE: Table =
    &[("ai.onnx.ml.CastMap", cast_map), ("ai.onnx.ml.DictVectorizer", dict_vectorizer), ("ai.onnx.ml.ZipMap", zip_map)];

fn zip_map(context: &mut Context<'_>) -> Done<Operator> {
    let keys = super::scores::classes(context.attributes, "classlabels_int64s")?;
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let (rows, columns) = tensor.matrix();
        if columns != keys.len() {
            refuse!("it has {} keys, and rows have {columns} values", keys.len());
        }
        let values = Tensor::of(vec![rows, columns], tensor.data().clone())?;
        Ok(vec![Value::Maps(Maps { keys: keys.clone(), values })])
    }))
}

/// Values of maps in the order of a vocabulary; keys that a map has not are zero.
fn dict_vectorizer(context: &mut Context<'_>) -> Done<Operator> {
    let texts = context.attributes.texts("string_vocabulary")?;
    let integers = context.attributes.ints("int64_vocabulary").unwrap_or_default().to_vec();
    let vocabulary: Data = if texts.is_empty() { integers.into() } else { texts.into() };
    Ok(Box::new(move |inputs| {
        let maps = inputs.maps(0)?;
        let places: Vec<Option<usize>> = match (&vocabulary, &maps.keys) {
            (Data::Text(words), Data::Text(keys)) => {
                words.iter().map(|word| keys.iter().position(|key| key == word)).collect()
            }
            (Data::I64(words), Data::I64(keys)) => {
                words.iter().map(|word| keys.iter().position(|key| key == word)).collect()
            }
            (words, keys) => refuse!("its vocabulary is {}, and the keys are {}", words.kind(), keys.kind()),
        };
        let (rows, columns) = maps.values.matrix();
        let mut all = maps.values.data().clone();
        let nothing = map_each!(&all, values => values.iter().take(0).cloned().chain([Default::default()]).collect());
        super::super::index::append(&mut all, &nothing)?;
        let beyond = maps.values.len();
        elements(&[rows, places.len()])?;
        let order = (0..rows)
            .flat_map(|row| places.iter().map(move |place| place.map_or(beyond, |place| row * columns + place)));
        Ok(one(Tensor::of(vec![rows, places.len()], all.at(order))?))
    }))
}

fn cast_map(context: &mut Context<'_>) -> Done<Operator> {
    let attributes = context.attributes;
    let to = match attributes.text("cast_to", "TO_FLOAT")?.as_str() {
        "TO_FLOAT" => Kind::F32,
        "TO_INT64" => Kind::I64,
        "TO_STRING" => Kind::Text,
        other => refuse!("there is no cast `{other}`"),
    };
    let sparse = attributes.text("map_form", "DENSE")? == "SPARSE";
    let most = attributes.int("max_map", 1);
    Ok(Box::new(move |inputs| {
        let maps = inputs.maps(0)?;
        let Data::I64(keys) = &maps.keys else { refuse!("keys must be integers") };
        let (rows, columns) = maps.values.matrix();
        let mut order: Vec<(i64, usize)> = keys.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let values = super::super::cast::cast(&maps.values, to)?;
        let width = if sparse { usize::try_from(most).unwrap_or(0) } else { columns };
        elements(&[rows, width])?;
        let mut places = vec![values.len(); width];
        for (rank, (key, place)) in order.into_iter().enumerate() {
            let into = if sparse { usize::try_from(key).ok() } else { Some(rank) };
            match into.and_then(|into| places.get_mut(into)) {
                Some(into) => *into = place,
                None => refuse!("key {key} is beyond max_map, {most}"),
            }
        }
        let mut all = values.data().clone();
        let nothing = map_each!(&all, values => values.iter().take(0).cloned().chain([Default::default()]).collect());
        super::super::index::append(&mut all, &nothing)?;
        let beyond = values.len();
        let order = (0..rows).flat_map(|row| {
            places.iter().map(move |place| if *place == beyond { beyond } else { row * columns + place })
        });
        Ok(one(Tensor::of(vec![rows, width], all.at(order))?))
    }))
}
