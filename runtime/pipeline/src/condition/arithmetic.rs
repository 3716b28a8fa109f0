//! CEL with arithmetic on mixed integers and doubles.
//!
//! Standard CEL has no `double + int`. Values are doubles here but literals such as `1` are integers, so that `count +
//! 1` would fail. The operators are therefore replaced by calls of functions that convert the integer if the other side
//! is a double.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{EntryExpr, Expr, operators};
use cel::{Context, DeclarationError, Env, ExecutionError, IdedExpr, Value};

use super::ConditionError;

/// The standard functions and macros of CEL.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// CEL's operators, and the functions that replace them. Expressions cannot call these functions by name.
const OPERATORS: [(&str, &str); 5] = [
    (operators::ADD, "@add"),
    (operators::SUBSTRACT, "@subtract"),
    (operators::MULTIPLY, "@multiply"),
    (operators::DIVIDE, "@divide"),
    (operators::MODULO, "@modulo"),
];

/// The operator that a function replaces; any other function's own name.
pub(super) fn operator(function: &str) -> &str {
    OPERATORS.iter().find(|(_, known)| *known == function).map_or(function, |(operator, _)| operator)
}

type Answer = Result<Value, ExecutionError>;

/// A context for the evaluation of [`parse`]d expressions.
pub(super) fn context<'v>() -> Result<Context<'v, 'v>, DeclarationError> {
    let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
    context.add_function("@add", |a: Value, b: Value| promoted(a, b, |a, b| a + b))?;
    context.add_function("@subtract", |a: Value, b: Value| promoted(a, b, |a, b| a - b))?;
    context.add_function("@multiply", |a: Value, b: Value| promoted(a, b, |a, b| a * b))?;
    context.add_function("@divide", |a: Value, b: Value| promoted(a, b, |a, b| a / b))?;
    context.add_function("@modulo", |a: Value, b: Value| promoted(a, b, modulo))?;
    Ok(context)
}

/// Converts both sides to doubles if one is a double.
#[expect(clippy::cast_precision_loss, reason = "that is what computing with doubles means")]
fn promoted(a: Value, b: Value, operate: impl FnOnce(Value, Value) -> Answer) -> Answer {
    let double = |value: Value| match value {
        Value::Int(integer) => Value::Float(integer as f64),
        Value::UInt(integer) => Value::Float(integer as f64),
        other => other,
    };
    if matches!(a, Value::Float(_)) || matches!(b, Value::Float(_)) {
        operate(double(a), double(b))
    } else {
        operate(a, b)
    }
}

/// The remainder. Standard CEL has none for doubles, but integers are doubles here.
fn modulo(a: Value, b: Value) -> Answer {
    match (a, b) {
        (Value::Float(_), Value::Float(0.0)) => Err(ExecutionError::RemainderByZero(Value::Float(0.0))),
        (Value::Float(a), Value::Float(b)) => Ok(Value::Float(a % b)),
        (a, b) => a % b,
    }
}

/// The syntax tree of an expression, with its arithmetic operators replaced.
pub(super) fn parse(expression: &str) -> Result<IdedExpr, ConditionError> {
    let mut tree = ENVIRONMENT.parser().parse(expression).map_err(|wrong| {
        let first = wrong.errors.first();
        explain(first.map_or("it cannot be read", |error| &error.msg), first.map(|error| error.pos), expression)
    })?;
    replace(&mut tree);
    Ok(tree)
}

fn replace(tree: &mut IdedExpr) {
    match &mut tree.expr {
        Expr::Call(call) => {
            if call.target.is_none()
                && call.args.len() == 2
                && let Some((_, function)) = OPERATORS.iter().find(|(operator, _)| *operator == call.func_name)
            {
                (*function).clone_into(&mut call.func_name);
            }
            call.args.iter_mut().chain(call.target.as_deref_mut()).for_each(replace);
        }
        Expr::Comprehension(each) => {
            let each = &mut **each;
            for part in
                [&mut each.iter_range, &mut each.accu_init, &mut each.loop_cond, &mut each.loop_step, &mut each.result]
            {
                replace(part);
            }
        }
        Expr::List(list) => list.elements.iter_mut().for_each(replace),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| replace_entry(&mut entry.expr)),
        Expr::Struct(object) => object.entries.iter_mut().for_each(|entry| replace_entry(&mut entry.expr)),
        Expr::Select(select) => replace(&mut select.operand),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

fn replace_entry(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::StructField(field) => replace(&mut field.value),
        EntryExpr::MapEntry(entry) => {
            replace(&mut entry.key);
            replace(&mut entry.value);
        }
    }
}

/// The parser's message, rephrased without terms of its grammar.
fn explain(message: &str, at: Option<(isize, isize)>, expression: &str) -> ConditionError {
    let message = message.trim_start_matches("Syntax error: ");
    let (message, hint) =
        if message.contains("'<EOF>' expecting") || message.contains("no viable alternative at input '<EOF>'") {
            ("the expression ends too early".to_owned(), None)
        } else if message.starts_with("token recognition error at: ''")
            || message.starts_with("token recognition error at: '\"")
        {
            ("a text is not closed".to_owned(), None)
        } else if message.contains("Recursion limit") {
            ("it is nested too deeply".to_owned(), None)
        } else if message == "invalid argument to has() macro" {
            let hint = "`has` takes a step's output or a parameter: `has(step.output)`".to_owned();
            ("`has` cannot be asked that".to_owned(), Some(hint))
        } else if let Some(rest) = message.strip_prefix("token recognition error at: ") {
            let token = rest.trim_matches('\'').trim();
            let hint = match token.chars().next() {
                Some('=') => Some("to compare write `==`".to_owned()),
                Some('&') => Some("write `&&`".to_owned()),
                Some('|') => Some("write `||`".to_owned()),
                Some('$') => Some("parameters are `params.name`, outputs `step.output`, without `${}`".to_owned()),
                _ => None,
            };
            (format!("unexpected `{}`", token.chars().take(20).collect::<String>()), hint)
        } else {
            let short = message.split(" expecting ").next().unwrap_or(message);
            let short = short.replace("mismatched input", "unexpected").replace("extraneous input", "unexpected");
            (short.replace('\'', "`"), None)
        };
    let hint = hint.or_else(|| {
        let word = [" and ", " or ", " not "].into_iter().find(|word| format!(" {expression} ").contains(word))?;
        let operator = match word.trim() {
            "and" => "&&",
            "or" => "||",
            _ => "!",
        };
        Some(format!("write `{operator}` for `{}`", word.trim()))
    });
    match at {
        Some((line, column)) if line == 1 && column > 0 => {
            ConditionError::Syntax { message: format!("{message} (at character {column})"), hint }
        }
        _ => ConditionError::Syntax { message, hint },
    }
}
