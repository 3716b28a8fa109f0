//! Features that a fitted graph makes and those that its ONNX model makes, run by the library of `weft:onnx`.

mod common;

use common::{feature, learned, rows};
use data_transform::{Feature, Fill, Map, Part, Terms, Vocabulary};
use models::{Data, Kind, Model, Tensor, Value};
use tables::{Record, Values};

fn filled(name: &str, of: &str, value: &str, map: Map) -> Feature {
    Feature { fill: Some(Fill::Value(value.to_owned())), ..feature(name, of, map) }
}

fn vocabulary(oov_buckets: u64, default: i64) -> Vocabulary {
    Vocabulary { top_k: Some(3), threshold: 0, oov_buckets, default }
}

/// The columns of rows as the model takes them.
fn inputs(model: &Model, rows: &[Record]) -> Vec<(String, Value)> {
    let of = |name: &str, kind: Option<Kind>| -> Data {
        if kind == Some(Kind::Text) {
            let text = |row: &Record| match row.of(name) {
                Values::Bytes(texts) => String::from_utf8(texts.iter().next().unwrap().to_vec()).unwrap(),
                _ => String::new(),
            };
            return rows.iter().map(text).collect::<Vec<_>>().into();
        }
        let number = |row: &Record| match row.of(name) {
            Values::Ints(values) => values[0] as f64,
            Values::Floats(values) => values[0],
            _ => f64::NAN,
        };
        rows.iter().map(number).collect::<Vec<_>>().into()
    };
    let tensor = |name: &str, kind| Value::Tensor(Tensor::new(vec![rows.len(), 1], of(name, kind)).unwrap());
    model.inputs().iter().map(|port| (port.name.clone(), tensor(&port.name, port.kind))).collect()
}

/// A row's values of one feature, with what stands for those that are missing.
fn expected(made: &Record, name: &str, is_float: bool) -> Vec<f64> {
    match made.of(name) {
        Values::Ints(values) => values.iter().map(|value| *value as f64).collect(),
        Values::Floats(values) => values.to_vec(),
        _ if is_float => vec![f64::NAN],
        _ => vec![-1.0],
    }
}

#[test]
fn a_model_makes_the_same_features() {
    let rows = rows();
    let graph = learned(
        vec![
            feature("x", "x", Map::ZScore),
            feature("int", "i", Map::Same),
            feature("place", "x", Map::MinMax(-1.0, 3.0)),
            feature("bucket", "gap", Map::Buckets(4)),
            feature("bounds", "i", Map::Boundaries(vec![2.0, 5.0, 11.0])),
            feature("known", "t", Map::Vocabulary(vocabulary(0, -7))),
            feature("other", "t", Map::Vocabulary(vocabulary(1, -1))),
            feature("number", "i", Map::Vocabulary(vocabulary(0, -1))),
            feature("hot", "t", Map::OneHot(vocabulary(1, -1), false)),
            feature("each", "i", Map::OneHot(vocabulary(0, -1), true)),
            feature("gap", "gap", Map::Same),
            filled("whole", "gap", "2.5", Map::ZScore),
            filled("placed", "gap", "100", Map::MinMax(0.0, 1.0)),
            Feature { fill: Some(Fill::Mean), ..feature("mean", "gap", Map::Buckets(3)) },
        ],
        &rows,
    );
    let model = Model::load(&graph.to_onnx(None).unwrap()).unwrap();
    let found = model.run(inputs(&model, &rows)).unwrap();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    // A column's own name is that of the input.
    assert_eq!(names[0], "x_xf");
    assert!(names.contains(&"gap_xf") && names.contains(&"hot"), "{names:?}");
    assert_eq!(names.iter().filter(|name| name.starts_with("each_")).count(), 3, "{names:?}");

    let (ready, mut made) = (graph.ready(), Record::default());
    for (n, row) in rows.iter().enumerate() {
        ready.apply(row, &mut made).unwrap();
        for (name, value) in &found {
            let Value::Tensor(tensor) = value else { panic!("{name} is no tensor") };
            let all = tensor.data().numbers().unwrap();
            let width = tensor.shape()[1];
            let found = &all[n * width..(n + 1) * width];
            let feature = name.strip_suffix("_xf").unwrap_or(name);
            let wanted = expected(&made, feature, tensor.kind() == Kind::F32);
            let same = |(a, b): (&f64, &f64)| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-6 * a.abs().max(1.0);
            assert!(
                wanted.len() == width && wanted.iter().zip(found).all(same),
                "row {n}, {name}: {wanted:?}, {found:?}"
            );
        }
    }
}

#[test]
fn texts_stay_as_they_are_and_missing_ones_are_filled() {
    let mut rows = rows();
    rows.truncate(20);
    let graph = learned(
        vec![
            filled("filled", "doc", "nothing", Map::Same),
            filled("where", "doc", "e", Map::Vocabulary(Vocabulary::default())),
        ],
        &rows,
    );
    let model = Model::load(&graph.to_onnx(None).unwrap()).unwrap();
    let texts = Data::from(vec!["e".to_owned(), String::new(), "never seen".to_owned()]);
    let given = vec![("doc".to_owned(), Value::Tensor(Tensor::new(vec![3, 1], texts).unwrap()))];
    let found = model.run(given).unwrap();
    let [(_, Value::Tensor(filled)), (_, Value::Tensor(place))] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(*filled.data(), Data::from(vec!["e".to_owned(), "nothing".to_owned(), "never seen".to_owned()]));
    let place = place.data().numbers().unwrap();
    assert!(place[0] >= 0.0 && place[0] == place[1] && place[2] == -1.0, "{place:?}");
}

#[test]
fn what_has_no_operator_is_told_and_can_be_left_out() {
    let rows = rows();
    let words = Map::TfIdf(Vocabulary::default(), Terms { smooth: true, unit: false });
    let graph = learned(
        vec![
            feature("kept", "x", Map::ZScore),
            feature("hash", "t", Map::Hash(10)),
            feature("oov", "t", Map::Vocabulary(vocabulary(2, -1))),
            Feature { split: Some(" ".to_owned()), ..feature("words", "doc", words) },
            Feature {
                of: vec!["t".to_owned(), "i".to_owned()],
                ..feature("crossed", "t", Map::Vocabulary(vocabulary(0, -1)))
            },
        ],
        &rows,
    );
    let problem = |name: &str| graph.to_onnx(Some(&[name.to_owned()])).unwrap_err().to_string();
    assert_eq!(problem("hash"), "feature `hash`: no operator of ONNX has this hash; leave it out of `features`");
    assert!(problem("oov").contains("buckets of unknown values"), "{}", problem("oov"));
    assert!(problem("words").contains("rows of words"), "{}", problem("words"));
    assert!(problem("crossed").contains("crosses columns"), "{}", problem("crossed"));
    assert_eq!(problem("wings"), "feature `wings`: there is no such feature in the graph");
    assert!(graph.to_onnx(None).is_err());
    assert!(graph.to_onnx(Some(&["kept".to_owned()])).is_ok());

    let dates = Feature { date: Some(Part::Year), ..feature("year", "d", Map::Same) };
    let mut row = Record::default();
    let at = row.column("d").unwrap();
    row.cell(at).push_bytes(b"2024-02-29");
    let error = learned(vec![dates], &[row]).to_onnx(None).unwrap_err().to_string();
    assert!(error.contains("reads dates"), "{error}");
}
