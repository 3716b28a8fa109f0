//! Conversion of conditions over tasks to conditions over inputs.
//!
//! Natively all numbers are doubles, and arithmetic may mix them with integers; KFP's CEL allows no mixing. Each number
//! is converted to the form of its neighbour: `int(..)` where both are integers, as the SDK writes it, and a double
//! otherwise.

use std::fmt::Write as _;

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};

use crate::condition::{chain, tree};
use crate::types::{KfpType, PortType};

/// The first name of a reference in a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// `params`
    Params,
    /// A step, by the name as written.
    Task(&'a str),
}

/// Returns the input that replaces `params.name` or `step.output`, and its type.
pub(super) type Resolve<'r> = &'r mut dyn FnMut(Named<'_>, &str) -> Result<(String, PortType), String>;

/// A condition as KFP writes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translated {
    pub expression: String,
    /// Whether it reads the URI of an artifact.
    pub compares_uris: bool,
}

/// Converts a condition to one over the inputs of its task.
///
/// # Errors
/// What KFP's format cannot express.
pub(super) fn translate(expression: &str, resolve: Resolve<'_>) -> Result<Translated, String> {
    let tree = tree(expression).map_err(|error| error.to_string())?;
    let mut writer = Writer { resolve, compares_uris: false };
    let piece = writer.write(&tree)?;
    Ok(Translated { expression: piece.text, compares_uris: writer.compares_uris })
}

/// A test that an input has a value.
pub(super) fn presence(channel: &str, artifact: bool) -> String {
    let section = if artifact { "artifacts" } else { "parameter_values" };
    format!("{} in inputs.{section}", quoted(channel))
}

/// The kind of an expression's value, as far as it matters for numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An integer literal.
    Literal,
    /// An integer in both formats, such as a size.
    Int,
    /// A value of type `NUMBER_INTEGER`: a double in both formats.
    WholeValue,
    /// Computed from such values: an integer as written, a double natively.
    Whole,
    /// A double.
    Double,
    /// Anything else, or unknown.
    Other,
}

impl Kind {
    fn is_whole(self) -> bool {
        matches!(self, Self::Literal | Self::Int | Self::WholeValue | Self::Whole)
    }

    fn is_native_int(self) -> bool {
        matches!(self, Self::Literal | Self::Int)
    }
}

/// The precedence of an expression. An operand with a lower one than its operator gets parentheses.
const TERNARY: u8 = 1;
const OR: u8 = 2;
const AND: u8 = 3;
const RELATION: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const UNARY: u8 = 7;
const WHOLE: u8 = 8;

struct Piece {
    text: String,
    kind: Kind,
    binds: u8,
}

impl Piece {
    fn atom(text: String, kind: Kind) -> Self {
        Self { text, kind, binds: WHOLE }
    }

    /// The text as an operand of an operator with this precedence.
    fn within(&self, binds: u8) -> String {
        if self.binds < binds { format!("({})", self.text) } else { self.text.clone() }
    }

    fn whole(self) -> Self {
        match self.kind {
            Kind::WholeValue => Self::atom(format!("int({})", self.text), Kind::Whole),
            _ => self,
        }
    }

    fn double(self) -> Self {
        match self.kind {
            Kind::Literal => Self { text: format!("{}.0", self.text), kind: Kind::Double, ..self },
            Kind::Int | Kind::Whole | Kind::WholeValue => Self::atom(format!("double({})", self.text), Kind::Double),
            Kind::Double | Kind::Other => self,
        }
    }
}

/// Two operands in the same form.
fn alike(a: Piece, b: Piece) -> (Piece, Piece) {
    if a.kind.is_whole() && b.kind.is_whole() {
        (a.whole(), b.whole())
    } else {
        // Numbers of unknown kind are doubles, since all numbers in KFP's values are.
        (a.double(), b.double())
    }
}

struct Writer<'r> {
    resolve: Resolve<'r>,
    compares_uris: bool,
}

impl Writer<'_> {
    fn write(&mut self, tree: &IdedExpr) -> Result<Piece, String> {
        if let Some((root, path)) = chain(tree).filter(|_| !is_test(tree)) {
            return self.reference(root, &path);
        }
        match &tree.expr {
            Expr::Literal(literal) => Ok(self::literal(literal)),
            Expr::Select(select) if select.test => self.has(&select.operand, &select.field),
            Expr::Select(select) => {
                let operand = self.write(&select.operand)?;
                Ok(Piece::atom(format!("{}.{}", operand.within(WHOLE), select.field), Kind::Other))
            }
            Expr::List(list) if list.optional_indices.is_empty() => {
                let items: Result<Vec<Piece>, String> = list.elements.iter().map(|item| self.write(item)).collect();
                let items: Vec<String> = items?.into_iter().map(|item| item.double().text).collect();
                Ok(Piece::atom(format!("[{}]", items.join(", ")), Kind::Other))
            }
            Expr::Call(call) => self.call(&call.func_name, call.target.as_deref(), &call.args),
            Expr::Comprehension(_) => Err("it goes through a list with `all`, `exists` or the like".to_owned()),
            _ => Err("it makes a mapping or something else that only plain CEL knows".to_owned()),
        }
    }

    /// `params.name`, `step.output` and their fields.
    fn reference(&mut self, root: &str, path: &[&str]) -> Result<Piece, String> {
        let (named, output, rest) = begin(root, path)?;
        let (channel, ty) = (self.resolve)(named, output)?;
        match &ty {
            PortType::Parameter(ty) => {
                let mut text = format!("inputs.parameter_values[{}]", quoted(&channel));
                for name in rest {
                    let _ = write!(text, "[{}]", quoted(name));
                }
                let kind = match ty.kfp() {
                    _ if !rest.is_empty() => Kind::Other,
                    KfpType::NumberInteger => Kind::WholeValue,
                    KfpType::NumberDouble => Kind::Double,
                    _ => Kind::Other,
                };
                Ok(Piece::atom(text, kind))
            }
            PortType::Artifact { list, .. } => {
                let mut text = format!("inputs.artifacts[{}].artifacts", quoted(&channel));
                match (rest, list) {
                    ([], true) => {}
                    ([first, rest @ ..], false) => {
                        let _ = write!(text, "[0].{first}");
                        match *first {
                            "uri" => self.compares_uris = true,
                            "metadata" => {}
                            other => {
                                return Err(format!("it reads `{other}` of an artifact, which has another form there"));
                            }
                        }
                        for name in rest {
                            let _ = write!(text, "[{}]", quoted(name));
                        }
                    }
                    _ => return Err(format!("it reads the artifact `{output}` as a whole")),
                }
                Ok(Piece::atom(text, Kind::Other))
            }
        }
    }

    /// `has(step.output)`
    fn has(&mut self, operand: &IdedExpr, field: &str) -> Result<Piece, String> {
        let Some((root, mut path)) = chain(operand) else {
            let operand = self.write(operand)?;
            return Ok(Piece::atom(format!("has({}.{field})", operand.within(WHOLE)), Kind::Other));
        };
        path.push(field);
        let (named, output, rest) = begin(root, &path)?;
        let (channel, ty) = (self.resolve)(named, output)?;
        let artifact = matches!(ty, PortType::Artifact { .. });
        let text = match (rest, artifact) {
            ([], _) | (["uri" | "metadata"], true) => presence(&channel, artifact),
            ([.., last], _) => {
                let within = self.reference(root, &path[..path.len() - 1])?;
                format!("{} in {}", quoted(last), within.text)
            }
        };
        Ok(Piece { text, kind: Kind::Other, binds: RELATION })
    }

    fn call(&mut self, name: &str, target: Option<&IdedExpr>, args: &[IdedExpr]) -> Result<Piece, String> {
        match (name, target, args) {
            (operators::LOGICAL_AND, None, [a, b]) => self.logical(a, "&&", b, AND),
            (operators::LOGICAL_OR, None, [a, b]) => self.logical(a, "||", b, OR),
            (operators::LOGICAL_NOT, None, [a]) => {
                // As in the SDK, always with parentheses.
                let a = self.write(a)?;
                Ok(Piece { text: format!("!({})", a.text), kind: Kind::Other, binds: UNARY })
            }
            (operators::NEGATE, None, [a]) => {
                let a = self.write(a)?.whole();
                let a = if a.kind == Kind::Other { a.double() } else { a };
                Ok(Piece { text: format!("-{}", a.within(WHOLE)), kind: a.kind, binds: UNARY })
            }
            (operators::CONDITIONAL, None, [asked, yes, no]) => {
                let asked = self.write(asked)?;
                let (yes, no) = (self.write(yes)?, self.write(no)?);
                let numbers = yes.kind != Kind::Other || no.kind != Kind::Other;
                let (yes, no) = if numbers { alike(yes, no) } else { (yes, no) };
                let text = format!("{} ? {} : {}", asked.within(OR), yes.within(OR), no.within(TERNARY));
                let kind = if yes.kind == no.kind { yes.kind } else { both(yes.kind, no.kind) };
                // A choice between two literals is not a literal.
                let kind = if kind == Kind::Literal { Kind::Int } else { kind };
                Ok(Piece { text, kind, binds: TERNARY })
            }
            (operators::INDEX, None, [list, index]) => {
                let (list, index) = (self.write(list)?, self.write(index)?.whole());
                Ok(Piece::atom(format!("{}[{}]", list.within(WHOLE), index.text), Kind::Other))
            }
            (operators::IN, None, [item, list]) => {
                let (item, list) = (self.write(item)?.double(), self.write(list)?);
                let text = format!("{} in {}", item.within(SUM), list.within(SUM));
                Ok(Piece { text, kind: Kind::Other, binds: RELATION })
            }
            (_, None, [a, b]) if relation(name).is_some() => {
                let (a, b) = alike(self.write(a)?, self.write(b)?);
                let symbol = relation(name).unwrap_or_default();
                let text = format!("{} {symbol} {}", a.within(SUM), b.within(SUM));
                Ok(Piece { text, kind: Kind::Other, binds: RELATION })
            }
            (_, None, [a, b]) if arithmetic(name).is_some() => {
                let (symbol, binds) = arithmetic(name).unwrap_or_default();
                self.compute(a, symbol, b, binds)
            }
            _ => self.function(name, target, args),
        }
    }

    fn logical(&mut self, a: &IdedExpr, symbol: &str, b: &IdedExpr, binds: u8) -> Result<Piece, String> {
        let (a, b) = (self.write(a)?, self.write(b)?);
        let text = format!("{} {symbol} {}", a.within(binds), b.within(binds));
        Ok(Piece { text, kind: Kind::Other, binds })
    }

    fn compute(&mut self, a: &IdedExpr, symbol: &str, b: &IdedExpr, binds: u8) -> Result<Piece, String> {
        let (a, b) = (self.write(a)?, self.write(b)?);
        let native = a.kind.is_native_int() && b.kind.is_native_int();
        let (a, b) = match symbol {
            // Integer division would discard the remainder.
            "/" if !native => (a.double(), b.double()),
            "%" if !(a.kind.is_whole() && b.kind.is_whole()) => {
                return Err("it takes the remainder of numbers that may have a fraction".to_owned());
            }
            _ => alike(a, b),
        };
        let kind = match both(a.kind, b.kind) {
            Kind::Literal => Kind::Int,
            Kind::Other if a.kind == Kind::Double || b.kind == Kind::Double => Kind::Double,
            kind => kind,
        };
        Ok(Piece { text: format!("{} {symbol} {}", a.within(binds), b.within(binds + 1)), kind, binds })
    }

    fn function(&mut self, name: &str, target: Option<&IdedExpr>, args: &[IdedExpr]) -> Result<Piece, String> {
        let kind = match name {
            "size" | "int" => Kind::Int,
            "double" => Kind::Double,
            "string" | "bool" | "contains" | "startsWith" | "endsWith" => Kind::Other,
            _ => return Err(format!("it calls `{}`", name.trim_start_matches('@'))),
        };
        let mut written = Vec::new();
        for argument in args {
            written.push(self.write(argument)?.text);
        }
        let target = match target {
            Some(target) => format!("{}.", self.write(target)?.within(WHOLE)),
            None => String::new(),
        };
        Ok(Piece::atom(format!("{target}{name}({})", written.join(", ")), kind))
    }
}

fn is_test(tree: &IdedExpr) -> bool {
    matches!(&tree.expr, Expr::Select(select) if select.test)
}

/// The kind of the result of arithmetic.
fn both(a: Kind, b: Kind) -> Kind {
    match (a, b) {
        (Kind::Literal, Kind::Literal) => Kind::Literal,
        (a, b) if a.is_native_int() && b.is_native_int() => Kind::Int,
        (a, b) if a.is_whole() && b.is_whole() => Kind::Whole,
        (Kind::Other, _) | (_, Kind::Other) => Kind::Other,
        _ => Kind::Double,
    }
}

/// Splits a reference: its first name, the parameter or output, and the rest.
fn begin<'a>(root: &'a str, path: &'a [&'a str]) -> Result<(Named<'a>, &'a str, &'a [&'a str]), String> {
    let whole = || format!("it reads `{root}` as a whole");
    let (named, path) = match (root.trim_start_matches('.'), path) {
        ("params", path) => (Named::Params, path),
        ("steps", [task, path @ ..]) => (Named::Task(task), path),
        (task, path) => (Named::Task(task), path),
    };
    let [output, rest @ ..] = path else { return Err(whole()) };
    Ok((named, output, rest))
}

fn relation(name: &str) -> Option<&'static str> {
    Some(match name {
        operators::EQUALS => "==",
        operators::NOT_EQUALS => "!=",
        operators::LESS => "<",
        operators::LESS_EQUALS => "<=",
        operators::GREATER => ">",
        operators::GREATER_EQUALS => ">=",
        _ => return None,
    })
}

fn arithmetic(name: &str) -> Option<(&'static str, u8)> {
    Some(match name {
        "@add" => ("+", SUM),
        "@subtract" => ("-", SUM),
        "@multiply" => ("*", PRODUCT),
        "@divide" => ("/", PRODUCT),
        "@modulo" => ("%", PRODUCT),
        _ => return None,
    })
}

fn literal(literal: &LiteralValue) -> Piece {
    match literal {
        LiteralValue::Int(value) => {
            let binds = if *value.inner() < 0 { UNARY } else { WHOLE };
            Piece { text: value.inner().to_string(), kind: Kind::Literal, binds }
        }
        LiteralValue::UInt(value) => Piece::atom(value.inner().to_string(), Kind::Literal),
        LiteralValue::Double(value) => {
            let binds = if value.inner().is_sign_negative() { UNARY } else { WHOLE };
            Piece { text: format!("{:?}", value.inner()), kind: Kind::Double, binds }
        }
        LiteralValue::Boolean(value) => Piece::atom(value.inner().to_string(), Kind::Other),
        LiteralValue::Null => Piece::atom("null".to_owned(), Kind::Other),
        LiteralValue::String(value) => Piece::atom(quoted(value.inner()), Kind::Other),
        LiteralValue::Bytes(value) => {
            let mut text = "b'".to_owned();
            value.inner().iter().for_each(|byte| _ = write!(text, "\\x{byte:02x}"));
            Piece::atom(text + "'", Kind::Other)
        }
    }
}

/// A text in single quotes, as in the SDK.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => _ = write!(quoted, "\\u{:04x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::port;

    fn translated(expression: &str) -> Result<String, String> {
        translate(expression, &mut |root, name| {
            let (task, ty) = match (root, name) {
                (Named::Params, "n" | "count") => ("", "s64"),
                (Named::Params, "rate") => ("", "f64"),
                (Named::Params, "name") => ("", "string"),
                (Named::Params, "sizes") => ("", "list<u32>"),
                (Named::Params, "cfg") => ("", "dict"),
                (Named::Task("evaluate" | "my-step"), "accuracy") => ("evaluate-", "f64"),
                (Named::Task("deployed"), "artifact") => ("deployed-", "model"),
                (Named::Task("many"), "models") => ("many-", "list<model>"),
                _ => return Err(format!("there is no `{name}`")),
            };
            Ok((format!("pipelinechannel--{task}{name}"), port(ty).ty))
        })
        .map(|translated| translated.expression)
    }

    #[test]
    fn conditions_are_written_over_inputs() {
        for (native, kfp) in [
            ("params.n == 3", "int(P[n]) == 3"),
            ("params.n > 0.5", "double(P[n]) > 0.5"),
            ("evaluate.accuracy > 1", "P[evaluate-accuracy] > 1.0"),
            ("evaluate.accuracy >= params.n", "P[evaluate-accuracy] >= double(P[n])"),
            ("params.n / params.count > 0.9", "double(P[n]) / double(P[count]) > 0.9"),
            ("(params.n + params.count) / 2 == 1", "double(int(P[n]) + int(P[count])) / 2.0 == 1.0"),
            ("7 / 2 == 3", "7 / 2 == 3"),
            ("params.n % 2 == 0", "int(P[n]) % 2 == 0"),
            ("-params.n < -1", "-int(P[n]) < -1"),
            ("params.name == \"it's\\n\"", "P[name] == 'it\\'s\\n'"),
            ("size(params.sizes) > 0 && params.sizes[0] == 1", "size(P[sizes]) > 0 && P[sizes][0] == 1.0"),
            ("params.n in [1, 2]", "double(P[n]) in [1.0, 2.0]"),
            ("params.cfg.deep.n > 3", "P[cfg]['deep']['n'] > 3.0"),
            ("has(params.cfg.deep)", "'deep' in P[cfg]"),
            (
                "!has(params.name) || params.name.startsWith('a')",
                "!('pipelinechannel--name' in inputs.parameter_values) || P[name].startsWith('a')",
            ),
            ("has(evaluate.accuracy)", "'pipelinechannel--evaluate-accuracy' in inputs.parameter_values"),
            ("has(deployed.artifact)", "'pipelinechannel--deployed-artifact' in inputs.artifacts"),
            ("has(deployed.artifact.metadata.v)", "'v' in A[deployed-artifact].artifacts[0].metadata"),
            ("deployed.artifact.uri != 'x'", "A[deployed-artifact].artifacts[0].uri != 'x'"),
            ("deployed.artifact.metadata['a b'] > 1", "A[deployed-artifact].artifacts[0].metadata['a b'] > 1.0"),
            ("many.models[0].uri == ''", "A[many-models].artifacts[0].uri == ''"),
            ("steps[\"my-step\"].accuracy > 0.1", "P[evaluate-accuracy] > 0.1"),
            ("true && (false || true)", "true && (false || true)"),
            ("!(params.n > 1 && params.rate < 2)", "!(int(P[n]) > 1 && P[rate] < 2.0)"),
            ("(params.rate > 1 ? params.n : 0) == 2", "(P[rate] > 1.0 ? int(P[n]) : 0) == 2"),
            ("2 * (params.rate - (1 - params.rate)) > 0", "2.0 * (P[rate] - (1.0 - P[rate])) > 0.0"),
        ] {
            let mut expected = String::new();
            let mut rest = kfp;
            while let Some(at) = rest.find(['P', 'A']).filter(|at| rest[at + 1..].starts_with('[')) {
                let section = if rest[at..].starts_with('P') { "parameter_values" } else { "artifacts" };
                let end = at + rest[at..].find(']').unwrap();
                let _ = write!(expected, "{}inputs.{section}['pipelinechannel--{}']", &rest[..at], &rest[at + 2..end]);
                rest = &rest[end + 1..];
            }
            expected.push_str(rest);
            assert_eq!(translated(native).as_ref(), Ok(&expected), "{native}");
            // It is a valid expression.
            assert!(crate::condition::inputs_read(&expected).is_ok(), "{expected}");
        }
    }

    #[test]
    fn what_kfp_has_no_words_for_is_told() {
        for (native, why) in [
            ("params.sizes.all(n, n > 1)", "it goes through a list with `all`, `exists` or the like"),
            ("params.rate % 2 == 0", "it takes the remainder of numbers that may have a fraction"),
            (
                "deployed.artifact.type == 'system.Model'",
                "it reads `type` of an artifact, which has another form there",
            ),
            ("deployed.artifact == deployed.artifact", "it reads the artifact `artifact` as a whole"),
            ("max(params.n, 2) > 2", "it calls `max`"),
            ("has(params.nothing)", "there is no `nothing`"),
        ] {
            assert_eq!(translated(native), Err(why.to_owned()), "{native}");
        }
    }
}
