//! Types as text: WIT's syntax, and the common words that are used in pipelines (`int`, `dict`, ...).

use std::fmt;
use std::str::FromStr;

use super::ParameterType;
use crate::suggest;

/// The maximum nesting, which bounds the recursion.
const MAX_DEPTH: usize = 32;

impl fmt::Display for ParameterType {
    /// WIT's syntax: `list<tuple<string, f64>>`, `record { rows: u32 }`. [`ParameterType::Json`] is `json`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separated = |f: &mut fmt::Formatter<'_>, open: &str, items: Vec<String>, close: &str| {
            write!(f, "{open}{}{close}", items.join(", "))
        };
        match self {
            Self::Option(inner) => write!(f, "option<{inner}>"),
            Self::List(inner) => write!(f, "list<{inner}>"),
            Self::Map(inner) => write!(f, "list<tuple<string, {inner}>>"),
            Self::Tuple(items) => separated(f, "tuple<", items.iter().map(ToString::to_string).collect(), ">"),
            Self::Enum(cases) => separated(f, "enum { ", cases.clone(), " }"),
            Self::Flags(names) => separated(f, "flags { ", names.clone(), " }"),
            Self::Record(fields) => {
                let fields = fields.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
                separated(f, "record { ", fields, " }")
            }
            Self::Variant(cases) => {
                let cases = cases.iter().map(|(name, ty)| match ty {
                    Some(ty) => format!("{name}({ty})"),
                    None => name.clone(),
                });
                separated(f, "variant { ", cases.collect(), " }")
            }
            simple => f.write_str(simple.word()),
        }
    }
}

impl ParameterType {
    /// The name of a type without parts.
    fn word(&self) -> &'static str {
        SIMPLE.iter().find(|(_, ty)| ty == self).map_or("json", |(word, _)| word)
    }
}

const SIMPLE: [(&str, ParameterType); 14] = [
    ("bool", ParameterType::Bool),
    ("s8", ParameterType::S8),
    ("u8", ParameterType::U8),
    ("s16", ParameterType::S16),
    ("u16", ParameterType::U16),
    ("s32", ParameterType::S32),
    ("u32", ParameterType::U32),
    ("s64", ParameterType::S64),
    ("u64", ParameterType::U64),
    ("f32", ParameterType::F32),
    ("f64", ParameterType::F64),
    ("char", ParameterType::Char),
    ("string", ParameterType::String),
    ("json", ParameterType::Json),
];

/// Words in addition to WIT's: those of KFP and Python.
const ALIASES: [(&str, ParameterType); 7] = [
    ("int", ParameterType::S64),
    ("integer", ParameterType::S64),
    ("float", ParameterType::F64),
    ("double", ParameterType::F64),
    ("number", ParameterType::F64),
    ("str", ParameterType::String),
    ("boolean", ParameterType::Bool),
];

const COMPOUND: [&str; 9] = ["option", "list", "dict", "map", "tuple", "record", "variant", "enum", "flags"];

/// Why a text is not a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TypeSyntaxError {
    /// What is wrong.
    pub message: String,
    /// The nearest type, or an example.
    pub hint: Option<String>,
}

impl TypeSyntaxError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some("types are written like `u32` or `list<string>`".to_owned()) }
    }
}

impl FromStr for ParameterType {
    type Err = TypeSyntaxError;

    /// WIT's syntax, and: `int` (`s64`), `float` (`f64`), `list` (of anything), `dict` and `dict<T>` (dictionaries with
    /// string keys), `json` (anything).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parser = Parser { rest: text, depth: 0 };
        let ty = parser.ty()?;
        parser.skip();
        if parser.rest.is_empty() {
            return Ok(ty);
        }
        Err(TypeSyntaxError::new(format!("`{}` is left over after the type `{ty}`", shorten(parser.rest))))
    }
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(20).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, token: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: char, after: &str) -> Result<(), TypeSyntaxError> {
        if self.eat(token) {
            return Ok(());
        }
        let found = if self.rest.is_empty() { "nothing".into() } else { format!("`{}`", shorten(self.rest)) };
        Err(TypeSyntaxError::new(format!("expected `{token}` after {after}, found {found}")))
    }

    fn name(&mut self) -> Result<&'a str, TypeSyntaxError> {
        self.skip();
        let text = self.rest.strip_prefix('%').unwrap_or(self.rest);
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(text.len());
        if end == 0 {
            let found = if text.is_empty() { "nothing".into() } else { format!("`{}`", shorten(text)) };
            return Err(TypeSyntaxError::new(format!("expected a name, found {found}")));
        }
        self.rest = &text[end..];
        Ok(&text[..end])
    }

    fn ty(&mut self) -> Result<ParameterType, TypeSyntaxError> {
        if self.depth >= MAX_DEPTH {
            return Err(TypeSyntaxError::new(format!("the type is nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let ty = self.ty_inside();
        self.depth -= 1;
        ty
    }

    fn ty_inside(&mut self) -> Result<ParameterType, TypeSyntaxError> {
        let word = self.name()?;
        let folded = word.to_ascii_lowercase();
        if let Some((_, ty)) = SIMPLE.iter().chain(&ALIASES).find(|(name, _)| *name == folded) {
            return Ok(ty.clone());
        }
        Ok(match folded.as_str() {
            "option" => ParameterType::Option(Box::new(self.argument("option")?)),
            "list" if self.eat('<') => {
                let item = self.ty()?;
                self.expect('>', "the item type")?;
                list(item)
            }
            "list" => ParameterType::List(Box::new(ParameterType::Json)),
            "dict" | "map" | "struct" if self.eat('<') => {
                let mut value = self.ty()?;
                if self.eat(',') {
                    if value != ParameterType::String {
                        return Err(TypeSyntaxError::new("a dictionary's keys are strings"));
                    }
                    value = self.ty()?;
                }
                self.expect('>', "the value type")?;
                ParameterType::Map(Box::new(value))
            }
            "dict" | "map" | "struct" => ParameterType::Map(Box::new(ParameterType::Json)),
            "tuple" => {
                self.expect('<', "`tuple`")?;
                ParameterType::Tuple(self.items('>', Self::ty)?)
            }
            "enum" => ParameterType::Enum(self.braces("enum", |p| p.name().map(str::to_owned))?),
            "flags" => ParameterType::Flags(self.braces("flags", |p| p.name().map(str::to_owned))?),
            "record" => ParameterType::Record(self.braces("record", |p| {
                let name = p.name()?;
                p.expect(':', &format!("the field `{name}`"))?;
                Ok((name.to_owned(), p.ty()?))
            })?),
            "variant" => ParameterType::Variant(self.braces("variant", |p| {
                let name = p.name()?.to_owned();
                if !p.eat('(') {
                    return Ok((name, None));
                }
                let ty = p.ty()?;
                p.expect(')', "the case's type")?;
                Ok((name, Some(ty)))
            })?),
            _ => {
                let known = SIMPLE.iter().chain(&ALIASES).map(|(name, _)| *name).chain(COMPOUND);
                return Err(TypeSyntaxError {
                    message: format!("unknown type `{word}`"),
                    hint: Some(suggest::nearest(word, known).map_or_else(
                        || "types are `bool`, `int`, `float`, `string`, `list`, `dict` and WIT's, such as `u32`".into(),
                        |near| format!("did you mean `{near}`?"),
                    )),
                });
            }
        })
    }

    fn argument(&mut self, of: &str) -> Result<ParameterType, TypeSyntaxError> {
        self.expect('<', &format!("`{of}`"))?;
        let ty = self.ty()?;
        self.expect('>', "the type")?;
        Ok(ty)
    }

    fn braces<T>(
        &mut self,
        of: &str,
        item: impl Fn(&mut Self) -> Result<T, TypeSyntaxError>,
    ) -> Result<Vec<T>, TypeSyntaxError> {
        self.expect('{', &format!("`{of}`"))?;
        self.items('}', item)
    }

    /// One or more items separated by commas, with an optional trailing one.
    fn items<T>(
        &mut self,
        close: char,
        item: impl Fn(&mut Self) -> Result<T, TypeSyntaxError>,
    ) -> Result<Vec<T>, TypeSyntaxError> {
        let mut items = vec![item(self)?];
        while self.eat(',') {
            if self.eat(close) {
                return Ok(items);
            }
            items.push(item(self)?);
        }
        self.expect(close, "the last item")?;
        Ok(items)
    }
}

/// `list<item>`, or a dictionary if the items are pairs whose first part is a string.
fn list(item: ParameterType) -> ParameterType {
    match item {
        ParameterType::Tuple(items) => match <[ParameterType; 2]>::try_from(items) {
            Ok([ParameterType::String, value]) => ParameterType::Map(Box::new(value)),
            Ok(pair) => ParameterType::List(Box::new(ParameterType::Tuple(pair.into()))),
            Err(items) => ParameterType::List(Box::new(ParameterType::Tuple(items))),
        },
        item => ParameterType::List(Box::new(item)),
    }
}
