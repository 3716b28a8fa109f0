//! A fitted graph as an ONNX model: the same features where there is no weft.
//!
//! A column is an input of its name: numbers of double precision, NaN where one is missing, or texts, empty where one is. A feature is an output of its name, with
//! `_xf` behind it where a column is called so, as TFX's examples have it: numbers of single precision or integers. Where a row has no value and nothing stands
//! for it, a number is NaN, an integer is -1 and a text empty.

use onnx_file::{Attribute, DOUBLE, FLOAT, Graph as File, INT64, Model, STRING, Tensor, ValueInfo, size};
use prost::Message as _;

use crate::graph::{Constant, Fitted, Graph, Source, Step};
use crate::{Error, Result};

/// The versions of the operators: texts can be compared since the first of these.
pub(crate) const VERSION: i64 = 19;
pub(crate) const VERSION_OF_ML: i64 = 3;
/// What stands for an integer that is missing.
const NONE: i64 = -1;
/// The same before a look-up, as no key.
const NO_KEY: i64 = i64::MIN;

impl Graph {
    /// The features of these names, or all, as an ONNX file.
    ///
    /// # Errors
    /// A feature that is not there, or that no operators of ONNX make: hashes, dates, words of texts and crosses.
    pub fn to_onnx(&self, wanted: Option<&[String]>) -> Result<Vec<u8>> {
        let named = |name: &String| {
            let found = self.features.iter().find(|feature| feature.name == *name);
            found.ok_or_else(|| Error::of(name, "there is no such feature in the graph"))
        };
        let features: Vec<&Fitted> = match wanted {
            Some(names) => names.iter().map(named).collect::<Result<_>>()?,
            None => self.features.iter().collect(),
        };
        Ok(Model::new(self.written(&features)?, VERSION, VERSION_OF_ML, &[]).encode_to_vec())
    }

    /// Features as operators.
    pub(crate) fn written(&self, features: &[&Fitted]) -> Result<File> {
        let mut writer =
            Writer { graph: self, file: File { name: "features".to_owned(), ..File::default() }, nodes: 0 };
        for feature in features {
            writer.feature(feature).map_err(|problem| Error::of(&feature.name, problem))?;
        }
        Ok(writer.file)
    }

    /// What a feature's output is called where columns are inputs.
    pub(crate) fn output_name(&self, name: &str) -> String {
        let mut name = name.to_owned();
        while self.sources.contains_key(&name) {
            name.push_str("_xf");
        }
        name
    }
}

struct Writer<'a> {
    graph: &'a Graph,
    file: File,
    nodes: usize,
}

impl Writer<'_> {
    fn feature(&mut self, feature: &Fitted) -> Result<(), String> {
        let [column] = feature.origin.of.as_slice() else {
            return Err("no operator of ONNX crosses columns; leave it out of `features`".to_owned());
        };
        let cannot = |what| Err(format!("no operator of ONNX {what}; leave it out of `features`"));
        if feature.origin.date.is_some() {
            return cannot("reads dates");
        }
        if feature.origin.split.is_some() {
            return cannot("makes rows of words into tables");
        }
        match &feature.step {
            Step::Hash { .. } => return cannot("has this hash"),
            Step::Vocabulary { oov_buckets, .. } | Step::OneHot { oov_buckets, .. } if *oov_buckets > 1 => {
                return cannot("has the hash that tells buckets of unknown values apart");
            }
            Step::TfIdf { .. } => return cannot("weighs words as this does"),
            _ => {}
        }
        let source = self.graph.sources.get(column).copied().unwrap_or(Source::Text);
        self.input(column, source);
        self.step(feature, column, source);
        Ok(())
    }

    fn input(&mut self, column: &str, source: Source) {
        if self.file.input.iter().any(|input| input.name == column) {
            return;
        }
        let kind = if source == Source::Text { STRING } else { DOUBLE };
        self.file.input.push(ValueInfo::rows(column, kind, Some(1)));
    }

    fn step(&mut self, feature: &Fitted, column: &str, source: Source) {
        match &feature.step {
            Step::Same { text: true, .. } => {
                let texts = self.filled_texts(column, feature.fill.as_ref());
                self.output(&feature.name, &texts, STRING, 1);
            }
            Step::Same { int: true, .. } => {
                let numbers = self.filled(column, feature.fill.as_ref());
                let present = self.where_missing(&numbers, NONE as f64);
                let ints = self.cast(&present, INT64);
                self.output(&feature.name, &ints, INT64, 1);
            }
            Step::Same { .. } => {
                let numbers = self.filled(column, feature.fill.as_ref());
                self.number(&feature.name, &numbers);
            }
            Step::ZScore { mean, deviation } => {
                let numbers = self.filled(column, feature.fill.as_ref());
                let scale = if *deviation == 0.0 { 1.0 } else { *deviation };
                let centred = self.with("Sub", &numbers, *mean);
                let scaled = self.with("Div", &centred, scale);
                self.number(&feature.name, &scaled);
            }
            Step::MinMax { min, max, low, high } => {
                let numbers = self.filled(column, feature.fill.as_ref());
                let width = if min < max { max - min } else { 1.0 };
                let begun = self.with("Sub", &numbers, *min);
                let share = self.with("Div", &begun, width);
                let wide = self.with("Mul", &share, high - low);
                let placed = self.with("Add", &wide, *low);
                self.number(&feature.name, &placed);
            }
            Step::Buckets { boundaries } => {
                let numbers = self.filled(column, feature.fill.as_ref());
                let bucket = self.bucket(&numbers, boundaries);
                self.output(&feature.name, &bucket, INT64, 1);
            }
            Step::Vocabulary { values, oov_buckets, default } => {
                let other = if *oov_buckets == 0 { *default } else { size(values.len()) };
                let place = self.place(column, source, feature.fill.as_ref(), values, other);
                self.output(&feature.name, &place, INT64, 1);
            }
            Step::OneHot { values, oov_buckets, columns } => {
                let other = if *oov_buckets == 0 { NONE } else { size(values.len()) };
                let place = self.place(column, source, feature.fill.as_ref(), values, other);
                if *columns {
                    for (n, name) in feature.names().iter().enumerate() {
                        self.hot(name, &place, &[size(n)]);
                    }
                } else {
                    let places: Vec<i64> = (0..values.len() + usize::from(*oov_buckets > 0)).map(size).collect();
                    self.hot(&feature.name, &place, &places);
                }
            }
            Step::Hash { .. } | Step::TfIdf { .. } => {}
        }
    }

    /// A node that is called as nothing else.
    fn node(&mut self, op: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        let name = format!("weft/{}", self.nodes);
        self.nodes += 1;
        self.file.add(op, inputs, &name, attributes);
        name
    }

    fn constant(&mut self, make: impl FnOnce(&str) -> Tensor) -> String {
        let name = format!("weft/constant/{}", self.file.initializer.len());
        self.file.initializer.push(make(&name));
        name
    }

    fn double(&mut self, value: f64) -> String {
        self.constant(|name| Tensor::doubles(name, &[1, 1], &[value]))
    }

    fn with(&mut self, op: &str, numbers: &str, value: f64) -> String {
        let value = self.double(value);
        self.node(op, &[numbers, &value], Vec::new())
    }

    fn cast(&mut self, from: &str, kind: i32) -> String {
        self.node("Cast", &[from], vec![Attribute::int("to", kind.into())])
    }

    fn where_missing(&mut self, numbers: &str, value: f64) -> String {
        let (missing, value) = (self.node("IsNaN", &[numbers], Vec::new()), self.double(value));
        self.node("Where", &[&missing, &value, numbers], Vec::new())
    }

    /// Numbers of a column, with what stands for those that are missing.
    fn filled(&mut self, column: &str, fill: Option<&Constant>) -> String {
        match fill {
            Some(Constant::Int(value)) => self.where_missing(column, *value as f64),
            Some(Constant::Float(value)) => self.where_missing(column, *value),
            Some(Constant::Text(_)) | None => column.to_owned(),
        }
    }

    fn filled_texts(&mut self, column: &str, fill: Option<&Constant>) -> String {
        let Some(Constant::Text(value)) = fill else { return column.to_owned() };
        let empty = self.constant(|name| Tensor::text(name, ""));
        let value = self.constant(|name| Tensor::text(name, value));
        let missing = self.node("Equal", &[column, &empty], Vec::new());
        self.node("Where", &[&missing, &value, column], Vec::new())
    }

    /// How many boundaries each number has reached.
    fn bucket(&mut self, numbers: &str, boundaries: &[f64]) -> String {
        // No table of ONNX is without columns.
        let boundaries = if boundaries.is_empty() { &[f64::INFINITY] } else { boundaries };
        let all = self.constant(|name| Tensor::doubles(name, &[1, boundaries.len()], boundaries));
        let reached = self.node("GreaterOrEqual", &[numbers, &all], Vec::new());
        let ones = self.cast(&reached, INT64);
        let axis = self.constant(|name| Tensor::ints(name, &[1], &[1]));
        let bucket = self.node("ReduceSum", &[&ones, &axis], vec![Attribute::int("keepdims", 1)]);
        let missing = self.node("IsNaN", &[numbers], Vec::new());
        let none = self.constant(|name| Tensor::ints(name, &[1, 1], &[NONE]));
        self.node("Where", &[&missing, &none, &bucket], Vec::new())
    }

    /// The place of each value among those that are known; `other` for others.
    fn place(
        &mut self,
        column: &str,
        source: Source,
        fill: Option<&Constant>,
        values: &[String],
        other: i64,
    ) -> String {
        let places: Vec<i64> = (0..values.len()).map(size).collect();
        let of = |value: &str| values.iter().position(|known| known == value).map_or(other, size);
        if source == Source::Text {
            let (mut keys, mut found): (Vec<&str>, Vec<i64>) = (values.iter().map(String::as_str).collect(), places);
            if !keys.contains(&"") {
                keys.push("");
                found.push(match fill {
                    Some(Constant::Text(value)) => of(value),
                    _ => NONE,
                });
            }
            let keys = Attribute::texts("keys_strings", keys);
            return self.look_up(column, keys, found, other);
        }
        let known = values.iter().zip(places).filter_map(|(value, place)| Some((value.parse::<i64>().ok()?, place)));
        let (mut keys, mut found): (Vec<i64>, Vec<i64>) = known.unzip();
        keys.push(NO_KEY);
        found.push(match fill {
            Some(Constant::Int(value)) => of(&value.to_string()),
            _ => NONE,
        });
        let present = self.where_missing(column, NO_KEY as f64);
        let ints = self.cast(&present, INT64);
        self.look_up(&ints, Attribute::ints("keys_int64s", keys), found, other)
    }

    fn look_up(&mut self, values: &str, keys: Attribute, places: Vec<i64>, other: i64) -> String {
        let attributes = vec![keys, Attribute::ints("values_int64s", places), Attribute::int("default_int64", other)];
        self.node("LabelEncoder", &[values], attributes)
    }

    /// 1 in the columns of the places that rows have.
    fn hot(&mut self, name: &str, place: &str, places: &[i64]) {
        let all = self.constant(|name| Tensor::ints(name, &[1, places.len()], places));
        let same = self.node("Equal", &[place, &all], Vec::new());
        let hot = self.cast(&same, FLOAT);
        self.output(name, &hot, FLOAT, places.len());
    }

    fn number(&mut self, name: &str, numbers: &str) {
        let single = self.cast(numbers, FLOAT);
        self.output(name, &single, FLOAT, 1);
    }

    fn output(&mut self, name: &str, value: &str, kind: i32, columns: usize) {
        let name = self.graph.output_name(name);
        self.file.add("Identity", &[value], &name, Vec::new());
        self.file.output.push(ValueInfo::rows(&name, kind, Some(columns)));
    }
}
