//! Suggestions for unknown names: the nearest known name.

/// The known name nearest to `name`, if it is near enough to be a likely misspelling. `_` and `-`, and upper and lower
/// case, are equal.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |text: &str| text.replace('_', "-").to_lowercase();
    let wanted = fold(name);
    known
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&wanted, &fold(candidate)), candidate))
        .filter(|(score, candidate)| *score >= 0.6 || is_part(&wanted, &fold(candidate)))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `accuracy` and `test-accuracy`, in either direction.
fn is_part(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.len() >= 4 && long.contains(short)
}

/// A hint about an unknown name: the nearest known one, or all if they are few, or none.
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, what: &str) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match known.len() {
        0 => Some(format!("there are no {what}")),
        1..=12 => Some(format!("the {what} are {}", list(&known))),
        _ => None,
    }
}

/// `` `a`, `b` and `c` ``
pub fn list<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["train", "test-accuracy", "learning-rate"];
        assert_eq!(nearest("trian", known), Some("train"));
        assert_eq!(nearest("accuracy", known), Some("test-accuracy"));
        assert_eq!(nearest("learning_rate", known), Some("learning-rate"));
        assert_eq!(nearest("zebra", known), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn hint_lists_what_there_is_when_nothing_is_near() {
        assert_eq!(hint("zzz", ["a", "b", "c"], "inputs").as_deref(), Some("the inputs are `a`, `b` and `c`"));
        assert_eq!(hint("zzz", [], "inputs").as_deref(), Some("there are no inputs"));
    }
}
