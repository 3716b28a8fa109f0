//! ONNX files as components write them: their messages with the numbers of their fields, and what puts them together.

#![allow(missing_docs, reason = "the fields are described where ONNX describes them")]

#[derive(Clone, PartialEq, prost::Message)]
pub struct Model {
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    #[prost(string, tag = "2")]
    pub producer_name: String,
    #[prost(string, tag = "3")]
    pub producer_version: String,
    #[prost(string, tag = "6")]
    pub doc_string: String,
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSet>,
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<Property>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Property {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct OperatorSet {
    #[prost(string, tag = "1")]
    pub domain: String,
    #[prost(int64, tag = "2")]
    pub version: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<Node>,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Node {
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(string, tag = "4")]
    pub op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<Attribute>,
    #[prost(string, tag = "7")]
    pub domain: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Attribute {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    #[prost(message, optional, tag = "5")]
    pub t: Option<Tensor>,
    #[prost(float, repeated, tag = "7")]
    pub floats: Vec<f32>,
    #[prost(int64, repeated, tag = "8")]
    pub ints: Vec<i64>,
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub strings: Vec<Vec<u8>>,
    #[prost(int32, tag = "20")]
    pub r#type: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    pub dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub string_data: Vec<Vec<u8>>,
    #[prost(string, tag = "8")]
    pub name: String,
    #[prost(bytes = "vec", tag = "9")]
    pub raw_data: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ValueInfo {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<Type>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Type {
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorType>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorType {
    #[prost(int32, tag = "1")]
    pub elem_type: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Shape {
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Dimension {
    #[prost(oneof = "Size", tags = "1, 2")]
    pub value: Option<Size>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Size {
    #[prost(int64, tag = "1")]
    Value(i64),
    #[prost(string, tag = "2")]
    Name(String),
}

/// Types of tensors' elements.
pub const FLOAT: i32 = 1;
pub const UINT8: i32 = 2;
pub const INT64: i32 = 7;
pub const STRING: i32 = 8;
pub const DOUBLE: i32 = 11;

/// The domain of the operators of classical learning.
pub const ML: &str = "ai.onnx.ml";
/// Those of them that are written.
const OF_ML: [&str; 7] =
    ["Imputer", "LabelEncoder", "LinearClassifier", "OneHotEncoder", "Scaler", "TreeEnsemble", "TreeEnsembleRegressor"];

impl Model {
    /// A model with operators of these versions, and properties that are kept in it as texts.
    pub fn new(graph: Graph, version: i64, ml: i64, properties: &[(&str, String)]) -> Self {
        let set = |domain: &str, version| OperatorSet { domain: domain.to_owned(), version };
        let property = |(key, value): &(&str, String)| Property { key: (*key).to_owned(), value: value.clone() };
        Self {
            ir_version: if version < 19 { 8 } else { 9 },
            producer_name: "weft".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: String::new(),
            graph: Some(graph),
            opset_import: vec![set("", version), set(ML, ml)],
            metadata_props: properties.iter().map(property).collect(),
        }
    }
}

impl Graph {
    /// Adds a node with one output, whose name it has.
    pub fn add(&mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<Attribute>) {
        self.node.push(Node {
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.to_owned()],
            name: output.to_owned(),
            op_type: op.to_owned(),
            attribute: attributes,
            domain: if OF_ML.contains(&op) { ML.to_owned() } else { String::new() },
        });
    }
}

impl Attribute {
    pub fn float(name: &str, value: f32) -> Self {
        Self { name: name.to_owned(), f: Some(value), r#type: 1, ..Self::default() }
    }

    pub fn int(name: &str, value: i64) -> Self {
        Self { name: name.to_owned(), i: Some(value), r#type: 2, ..Self::default() }
    }

    pub fn text(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), s: Some(value.as_bytes().to_vec()), r#type: 3, ..Self::default() }
    }

    pub fn tensor(name: &str, value: Tensor) -> Self {
        Self { name: name.to_owned(), t: Some(value), r#type: 4, ..Self::default() }
    }

    pub fn floats(name: &str, values: Vec<f32>) -> Self {
        Self { name: name.to_owned(), floats: values, r#type: 6, ..Self::default() }
    }

    pub fn ints(name: &str, values: Vec<i64>) -> Self {
        Self { name: name.to_owned(), ints: values, r#type: 7, ..Self::default() }
    }

    pub fn texts(name: &str, values: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let strings = values.into_iter().map(|value| value.as_ref().as_bytes().to_vec()).collect();
        Self { name: name.to_owned(), strings, r#type: 8, ..Self::default() }
    }
}

/// A length as ONNX tells it.
pub fn size(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

impl Tensor {
    /// A tensor of elements that are laid out one after the other.
    fn raw(name: &str, dims: &[usize], data_type: i32, raw_data: Vec<u8>) -> Self {
        let dims = dims.iter().copied().map(size).collect();
        Self { dims, data_type, name: name.to_owned(), raw_data, ..Self::default() }
    }

    pub fn floats(name: &str, dims: &[usize], values: &[f32]) -> Self {
        Self::raw(name, dims, FLOAT, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub fn doubles(name: &str, dims: &[usize], values: &[f64]) -> Self {
        Self::raw(name, dims, DOUBLE, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub fn ints(name: &str, dims: &[usize], values: &[i64]) -> Self {
        Self::raw(name, dims, INT64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    /// A table of one text, which is not kept as raw bytes.
    pub fn text(name: &str, value: &str) -> Self {
        Self { string_data: vec![value.as_bytes().to_vec()], ..Self::raw(name, &[1, 1], STRING, Vec::new()) }
    }

    pub fn bytes(name: &str, values: Vec<u8>) -> Self {
        Self::raw(name, &[values.len()], UINT8, values)
    }
}

impl ValueInfo {
    /// A tensor of any number of rows, and of so many columns if it has columns.
    pub fn rows(name: &str, elem_type: i32, columns: Option<usize>) -> Self {
        let dim = |value| Dimension { value: Some(value) };
        let columns = columns.map(|columns| dim(Size::Value(size(columns))));
        let shape = Shape { dim: std::iter::once(dim(Size::Name("rows".to_owned()))).chain(columns).collect() };
        let tensor_type = Some(TensorType { elem_type, shape: Some(shape) });
        Self { name: name.to_owned(), r#type: Some(Type { tensor_type }) }
    }
}
