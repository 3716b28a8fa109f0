//! What a condition's parts are, as far as the types of outputs and parameters tell: a comparison of a number with a text is found
//! before anything runs.
//!
//! Only what would fail, or could never be true, whenever it is evaluated is refused: what is not known is taken to fit.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};

use super::references::{Reference, Root, chain, reference};
use super::{ConditionError, arithmetic, bounds};
use crate::types::{ParameterType, PortType};

/// What a value is to CEL: all numbers are one kind here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    Number,
    Text,
    List,
    Mapping,
    Artifact,
    Step,
    Null,
    Unknown,
}

impl Kind {
    /// With its article, for messages.
    fn what(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Mapping => "a mapping",
            Self::Artifact => "an artifact",
            Self::Step => "a step",
            Self::Null => "null",
            Self::Unknown => "something",
        }
    }

    fn of(ty: &ParameterType) -> Self {
        use ParameterType as T;
        match ty {
            T::Bool => Self::Boolean,
            T::S8 | T::U8 | T::S16 | T::U16 | T::S32 | T::U32 | T::S64 | T::U64 | T::F32 | T::F64 => Self::Number,
            T::Char | T::String | T::Enum(_) => Self::Text,
            // What has no value is compared as it is: `x == null`.
            T::Option(inner) => Self::of(inner),
            T::Flags(_) | T::List(_) | T::Tuple(_) => Self::List,
            T::Record(_) | T::Map(_) => Self::Mapping,
            T::Variant(_) | T::Json => Self::Unknown,
        }
    }
}

/// Checks the kinds in a condition. `port` tells the type of a parameter or of a step's output by its reference, whose further names are those inside of it.
///
/// # Errors
/// What does not fit: that an operator is given what it does not work on, or that the whole is not true or false.
pub(crate) fn check(
    expression: &str,
    port: &(dyn Fn(&Reference) -> Option<PortType> + Sync),
) -> Result<(), ConditionError> {
    bounds::check(expression)?;
    bounds::with_large_stack(|| {
        let tree = arithmetic::parse(expression)?;
        match (Kinds { port }).of(&tree)? {
            Kind::Boolean | Kind::Unknown => Ok(()),
            other => Err(ConditionError::NotBoolean { found: other.what().to_owned() }),
        }
    })
}

struct Kinds<'a> {
    port: &'a (dyn Fn(&Reference) -> Option<PortType> + Sync),
}

impl Kinds<'_> {
    fn of(&self, tree: &IdedExpr) -> Result<Kind, ConditionError> {
        Ok(match &tree.expr {
            Expr::Literal(literal) => self::literal(literal),
            Expr::List(list) => {
                list.elements.iter().try_for_each(|item| self.of(item).map(drop))?;
                Kind::List
            }
            Expr::Map(_) => Kind::Mapping,
            Expr::Select(select) if select.test => Kind::Boolean,
            Expr::Call(call) if chain(tree).is_none() => self.call(call)?,
            // Of the variables of loops nothing is known.
            Expr::Comprehension(_) | Expr::Struct(_) | Expr::Unspecified => Kind::Unknown,
            Expr::Ident(_) | Expr::Select(_) | Expr::Call(_) => self.read(tree),
        })
    }

    /// What a parameter or an output is, or something inside of it.
    fn read(&self, tree: &IdedExpr) -> Kind {
        let Some(read) = chain(tree).and_then(|(root, path)| reference(root, path)) else { return Kind::Unknown };
        // All parameters, or a step with all its outputs.
        let Some((_, inside)) = read.path.split_first() else {
            return if read.root == Root::Params { Kind::Mapping } else { Kind::Step };
        };
        let Some(port) = (self.port)(&read) else { return Kind::Unknown };
        match port {
            PortType::Parameter(ty) => {
                inside.iter().try_fold(&ty, |ty, name| field(ty, name)).map_or(Kind::Unknown, Kind::of)
            }
            PortType::Artifact { list: true, .. } if inside.is_empty() => Kind::List,
            PortType::Artifact { list: true, .. } => Kind::Unknown,
            PortType::Artifact { list: false, .. } => match inside {
                [] => Kind::Artifact,
                [field] if field == "metadata" => Kind::Mapping,
                [field] if ["uri", "type", "name"].contains(&field.as_str()) => Kind::Text,
                _ => Kind::Unknown,
            },
        }
    }

    fn call(&self, call: &CallExpr) -> Result<Kind, ConditionError> {
        let name = call.func_name.as_str();
        let kinds = call.args.iter().map(|part| self.of(part)).collect::<Result<Vec<_>, _>>()?;
        if let Some(target) = &call.target {
            self.of(target)?;
        }
        Ok(match (name, &kinds[..]) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, _) => {
                demand(call, &kinds, Kind::Boolean)?;
                Kind::Boolean
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                demand(call, &[*condition], Kind::Boolean)?;
                if yes == no { *yes } else { Kind::Unknown }
            }
            (operators::EQUALS | operators::NOT_EQUALS, [a, b]) => {
                if known([*a, *b]) && a != b && *a != Kind::Null && *b != Kind::Null {
                    let [a, b] = [shown(&call.args[0], *a), shown(&call.args[1], *b)];
                    return Err(ConditionError::Evaluation(format!("{a} and {b} are never equal")));
                }
                Kind::Boolean
            }
            (operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS, [a, b]) => {
                if known([*a, *b]) && a != b {
                    return Err(unfit(call, &kinds));
                }
                Kind::Boolean
            }
            ("@add", [a, b]) => {
                let fits = |kind: &Kind| matches!(kind, Kind::Number | Kind::Text | Kind::List | Kind::Unknown);
                if !fits(a) || !fits(b) || (known([*a, *b]) && a != b) {
                    return Err(unfit(call, &kinds));
                }
                if *a == Kind::Unknown { *b } else { *a }
            }
            ("@subtract" | "@multiply" | "@divide" | "@modulo" | operators::NEGATE, _) => {
                demand(call, &kinds, Kind::Number)?;
                Kind::Number
            }
            (operators::IN, [_, within]) => {
                if matches!(within, Kind::Number | Kind::Text | Kind::Boolean | Kind::Null) {
                    return Err(unfit(call, &kinds));
                }
                Kind::Boolean
            }
            ("contains" | "startsWith" | "endsWith", _) => Kind::Boolean,
            ("size" | "int" | "uint" | "double", _) => Kind::Number,
            ("string", _) => Kind::Text,
            _ => Kind::Unknown,
        })
    }
}

/// That each is of a kind, as far as it is known.
fn demand(call: &CallExpr, kinds: &[Kind], wanted: Kind) -> Result<(), ConditionError> {
    let fits = |kind: &Kind| *kind == wanted || *kind == Kind::Unknown;
    if kinds.iter().all(fits) { Ok(()) } else { Err(unfit(call, kinds)) }
}

fn unfit(call: &CallExpr, kinds: &[Kind]) -> ConditionError {
    let operands: Vec<String> = call.args.iter().zip(kinds).map(|(part, kind)| shown(part, *kind)).collect();
    let symbol = match arithmetic::operator(&call.func_name) {
        operators::CONDITIONAL => "?",
        other => other.trim_matches(['_', '@']),
    };
    ConditionError::Evaluation(format!("`{symbol}` does not work on {}", operands.join(" and ")))
}

/// An operand, for messages: `train.rows` (a number).
fn shown(tree: &IdedExpr, kind: Kind) -> String {
    if let Expr::Literal(LiteralValue::String(text)) = &tree.expr {
        return format!("the text {:?}", text.inner().chars().take(40).collect::<String>());
    }
    match chain(tree).and_then(|(root, path)| reference(root, path)) {
        Some(read) => format!("`{}` ({})", read.text(), kind.what()),
        None => kind.what().to_owned(),
    }
}

fn known(kinds: [Kind; 2]) -> bool {
    !kinds.contains(&Kind::Unknown)
}

fn literal(literal: &LiteralValue) -> Kind {
    match literal {
        LiteralValue::Boolean(_) => Kind::Boolean,
        LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Kind::Number,
        LiteralValue::String(_) => Kind::Text,
        LiteralValue::Null => Kind::Null,
        LiteralValue::Bytes(_) => Kind::Unknown,
    }
}

/// The type of a field of a record or of a dictionary.
fn field<'t>(ty: &'t ParameterType, name: &str) -> Option<&'t ParameterType> {
    match ty {
        ParameterType::Option(inner) => field(inner, name),
        ParameterType::Record(fields) => fields.iter().find(|(known, _)| known == name).map(|(_, ty)| ty),
        ParameterType::Map(value) => Some(value),
        _ => None,
    }
}
