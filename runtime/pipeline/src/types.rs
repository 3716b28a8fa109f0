//! The types of parameters and artifacts.

use serde::{Deserialize, Serialize};

use crate::model::Format;

mod argument;
mod artifact;
mod assign;
mod exact;
mod known;
mod text;
mod value;

pub use assign::{assignable, may_fit};
pub use exact::{beyond_64_bits, is_beyond_64_bits};
pub use known::{GOOGLE, TFX};
pub use text::TypeSyntaxError;
pub use value::{Mismatch, whole_numbers};

/// The type of a parameter: a WIT value type. Values are represented as JSON (see [`ParameterType::check`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterType {
    /// `bool`: JSON `true` or `false`.
    Bool,
    /// `s8`
    S8,
    /// `u8`
    U8,
    /// `s16`
    S16,
    /// `u16`
    U16,
    /// `s32`
    S32,
    /// `u32`
    U32,
    /// `s64`
    S64,
    /// `u64`
    U64,
    /// `f32`: JSON number, or `"NaN"`, `"Infinity"`, `"-Infinity"`.
    F32,
    /// `f64`: JSON number, or `"NaN"`, `"Infinity"`, `"-Infinity"`.
    F64,
    /// `char`: JSON string of one Unicode scalar value.
    Char,
    /// `string`
    String,
    /// `enum`: JSON string, one of the case names.
    Enum(Vec<String>),
    /// `flags`: JSON array of flag names.
    Flags(Vec<String>),
    /// `option<T>`: JSON `null` or the value itself.
    Option(Box<ParameterType>),
    /// `list<T>`: JSON array.
    List(Box<ParameterType>),
    /// `tuple<A, B, ..>`: JSON array of that length.
    Tuple(Vec<ParameterType>),
    /// `record`: JSON object with the field names; fields of `option` type may be left out.
    Record(Vec<(String, ParameterType)>),
    /// `variant`: JSON string for a case without payload, `{"case": payload}` for one with.
    Variant(Vec<(String, Option<ParameterType>)>),
    /// `list<tuple<string, T>>`: JSON object. A dictionary.
    Map(Box<ParameterType>),
    /// Any JSON value: a KFP `STRUCT` or `LIST` without element types. No WIT type corresponds to it.
    Json,
}

/// KFP's parameter types: `ParameterType.ParameterTypeEnum` of `PipelineSpec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KfpType {
    /// All integer types.
    NumberInteger,
    /// `f32` and `f64`.
    NumberDouble,
    /// Strings, characters and enums.
    String,
    /// `bool`
    Boolean,
    /// Lists, tuples and flags.
    List,
    /// Records, variants and dictionaries.
    Struct,
    /// The final status of a task: [`ParameterType::task_final_status`].
    TaskFinalStatus,
    /// The configuration of a task on its platform: [`ParameterType::task_config`].
    TaskConfig,
}

/// The type of an artifact: its schema title, such as `system.Dataset`, or `acme.EmbeddingIndex` for a resource
/// `embedding-index` of the WIT package `acme:types`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArtifactType(pub String);

/// The artifact kinds of `weft:component/artifacts`: (name of the WIT resource, schema title).
pub const BUILTIN_KINDS: [(&str, &str); 8] = [
    ("artifact", "system.Artifact"),
    ("dataset", "system.Dataset"),
    ("model", "system.Model"),
    ("metrics", "system.Metrics"),
    ("classification-metrics", "system.ClassificationMetrics"),
    ("sliced-classification-metrics", "system.SlicedClassificationMetrics"),
    ("html", "system.HTML"),
    ("markdown", "system.Markdown"),
];

/// The methods of all artifact kinds. A custom artifact type has these or some of them.
pub const ARTIFACT_METHODS: [&str; 17] = [
    "constructor",
    "type-name",
    "uri",
    "display-name",
    "set-display-name",
    "property",
    "properties",
    "set-property",
    "length",
    "read",
    "append",
    "write",
    "is-directory",
    "entries",
    "open",
    "create",
    "path",
];

/// The type of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortType {
    /// A parameter.
    Parameter(ParameterType),
    /// An artifact, or with `list` any number of them in order.
    Artifact {
        /// The kind.
        kind: ArtifactType,
        /// Whether it is `list<borrow<kind>>` rather than `borrow<kind>`.
        list: bool,
    },
}

impl ParameterType {
    /// The KFP type that represents it in a `PipelineSpec`. An option has the type of its value.
    pub fn kfp(&self) -> KfpType {
        match self {
            Self::Bool => KfpType::Boolean,
            Self::F32 | Self::F64 => KfpType::NumberDouble,
            Self::Char | Self::String | Self::Enum(_) => KfpType::String,
            Self::List(_) | Self::Tuple(_) | Self::Flags(_) => KfpType::List,
            Self::Record(fields) if *fields == final_status_fields() => KfpType::TaskFinalStatus,
            Self::Record(fields) if *fields == task_config_fields() => KfpType::TaskConfig,
            Self::Record(_) | Self::Variant(_) | Self::Map(_) | Self::Json => KfpType::Struct,
            Self::Option(inner) => inner.kfp(),
            _ => KfpType::NumberInteger,
        }
    }

    /// The type of KFP's `PipelineTaskFinalStatus`.
    pub fn task_final_status() -> Self {
        Self::Record(final_status_fields())
    }

    /// The type of KFP's `TaskConfig`.
    pub fn task_config() -> Self {
        Self::Record(task_config_fields())
    }

    /// The minimum and the maximum of an integer type.
    pub fn integer_range(&self) -> Option<(i128, i128)> {
        Some(match self {
            Self::S8 => (i8::MIN.into(), i8::MAX.into()),
            Self::U8 => (0, u8::MAX.into()),
            Self::S16 => (i16::MIN.into(), i16::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::S32 => (i32::MIN.into(), i32::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::S64 => (i64::MIN.into(), i64::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
            _ => return None,
        })
    }
}

fn final_status_fields() -> Vec<(String, ParameterType)> {
    let optional = |ty: ParameterType| ParameterType::Option(Box::new(ty));
    let error = vec![
        ("code".to_owned(), optional(ParameterType::S64)),
        ("message".to_owned(), optional(ParameterType::String)),
    ];
    vec![
        ("state".to_owned(), ParameterType::String),
        ("pipelineJobResourceName".to_owned(), ParameterType::String),
        ("pipelineTaskName".to_owned(), ParameterType::String),
        ("error".to_owned(), optional(ParameterType::Record(error))),
    ]
}

fn task_config_fields() -> Vec<(String, ParameterType)> {
    let names = ["affinity", "tolerations", "nodeSelector", "env", "volumes", "volumeMounts", "resources"];
    names.map(|name| (name.to_owned(), ParameterType::Option(Box::new(ParameterType::Json)))).into()
}

impl KfpType {
    /// Its name in a `PipelineSpec`: `NUMBER_INTEGER`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NumberInteger => "NUMBER_INTEGER",
            Self::NumberDouble => "NUMBER_DOUBLE",
            Self::String => "STRING",
            Self::Boolean => "BOOLEAN",
            Self::List => "LIST",
            Self::Struct => "STRUCT",
            Self::TaskFinalStatus => "TASK_FINAL_STATUS",
            Self::TaskConfig => "TASK_CONFIG",
        }
    }

    /// As a pipeline of KFP writes it in Python: `int`.
    pub fn python(self) -> &'static str {
        match self {
            Self::NumberInteger => "int",
            Self::NumberDouble => "float",
            Self::String => "str",
            Self::Boolean => "bool",
            Self::List => "list",
            Self::Struct => "dict",
            Self::TaskFinalStatus => "PipelineTaskFinalStatus",
            Self::TaskConfig => "TaskConfig",
        }
    }
}

impl PortType {
    /// The type as a pipeline of this format writes it: `u32` and `list<model>`, or in Python `int` and `List[Model]`.
    pub fn text(&self, format: Format) -> String {
        match (self, format) {
            (Self::Parameter(ty), Format::Kfp) => ty.kfp().python().to_owned(),
            (Self::Artifact { kind, list }, Format::Kfp) => {
                let name = kind.0.strip_prefix("system.").unwrap_or(&kind.0);
                if *list { format!("List[{name}]") } else { name.to_owned() }
            }
            (ty, Format::Native) => ty.to_string(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
