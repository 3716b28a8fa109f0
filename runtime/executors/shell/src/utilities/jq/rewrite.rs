//! What jq means where jaq means something else, put into a filter's tree: assignments make what is not there, and texts write numbers
//! as `tostring` does.

use jaq_all::jaq_core::load::lex::StrPart;
use jaq_all::jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_all::jaq_core::path::Part;

type Tree<'s> = Term<&'s str>;

/// Whether there is an assignment or a text with something inserted: by their looks, so that most filters are compiled once.
pub fn needs_rewriting(tree: &Tree) -> bool {
    let looks = format!("{tree:?}");
    ["Assign", "Update", "Term("].iter().any(|part| looks.contains(part))
}

pub fn rewrite(tree: Tree) -> Tree {
    match tree {
        Term::Str(format, parts) => {
            let inserts = parts.iter().any(|part| matches!(part, StrPart::Term(_)));
            let parts = parts.into_iter().map(|part| match part {
                StrPart::Term(tree) => StrPart::Term(rewrite(tree)),
                part => part,
            });
            Term::Str(format.or(inserts.then_some("@text")), parts.collect())
        }
        Term::Arr(items) => Term::Arr(items.map(|items| Box::new(rewrite(*items)))),
        Term::Obj(entries) => {
            Term::Obj(entries.into_iter().map(|(key, value)| (rewrite(key), value.map(rewrite))).collect())
        }
        Term::Neg(inner) => Term::Neg(Box::new(rewrite(*inner))),
        Term::BinOp(left, op, right) => binary(rewrite(*left), op, rewrite(*right)),
        Term::Label(name, inner) => Term::Label(name, Box::new(rewrite(*inner))),
        Term::Fold(name, source, pattern, arguments) => {
            Term::Fold(name, Box::new(rewrite(*source)), pattern, arguments.into_iter().map(rewrite).collect())
        }
        Term::TryCatch(inner, handler) => {
            Term::TryCatch(Box::new(rewrite(*inner)), handler.map(|handler| Box::new(rewrite(*handler))))
        }
        Term::IfThenElse(branches, otherwise) => Term::IfThenElse(
            branches.into_iter().map(|(condition, then)| (rewrite(condition), rewrite(then))).collect(),
            otherwise.map(|otherwise| Box::new(rewrite(*otherwise))),
        ),
        Term::Def(definitions, inner) => {
            let definitions = definitions.into_iter().map(|def| Def { body: rewrite(def.body), ..def });
            Term::Def(definitions.collect(), Box::new(rewrite(*inner)))
        }
        Term::Call(name, arguments) => Term::Call(name, arguments.into_iter().map(rewrite).collect()),
        Term::Path(inner, mut path) => {
            for (part, _) in &mut path.0 {
                *part = match std::mem::replace(part, Part::Range(None, None)) {
                    Part::Index(index) => Part::Index(rewrite(index)),
                    Part::Range(from, to) => Part::Range(from.map(rewrite), to.map(rewrite)),
                };
            }
            Term::Path(Box::new(rewrite(*inner)), path)
        }
        other => other,
    }
}

/// Assignments as jaq makes them, and if that fails, path by path.
fn binary<'s>(left: Tree<'s>, op: BinaryOp<&'s str>, right: Tree<'s>) -> Tree<'s> {
    const INPUT: &str = "$__input";
    const VALUE: &str = "$__value";
    let pipe = |left, name, right| Term::BinOp(Box::new(left), BinaryOp::Pipe(name), Box::new(right));
    let by_paths = match &op {
        BinaryOp::Assign => Term::Call("assign_paths", vec![left.clone(), right.clone()]),
        BinaryOp::Update => Term::Call("update_paths", vec![left.clone(), right.clone()]),
        BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
            let plain = if let BinaryOp::UpdateMath(math) = &op { BinaryOp::Math(*math) } else { BinaryOp::Alt };
            let changed = Term::BinOp(Box::new(Term::Id), plain, Box::new(Term::Var(VALUE)));
            pipe(right.clone(), Some(Pattern::Var(VALUE)), Term::Call("update_paths", vec![left.clone(), changed]))
        }
        _ => return Term::BinOp(Box::new(left), op, Box::new(right)),
    };
    let at_once = Term::BinOp(Box::new(left), op, Box::new(right));
    let handler = pipe(Term::Var(INPUT), None, by_paths);
    pipe(Term::Id, Some(Pattern::Var(INPUT)), Term::TryCatch(Box::new(at_once), Some(Box::new(handler))))
}
