//! Reading JSON with the YAML parser: the differences between both.

use std::borrow::Cow;
use std::fmt::Write;

use crate::diagnostic::Diagnostic;

/// Whether a text looks like JSON.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Rephrases a problem for users who wrote JSON.
pub(super) fn speak_of_json(problem: &mut Diagnostic) {
    if let Some(why) = problem.message.strip_prefix("this is not YAML: ") {
        problem.message = match why {
            "did not find expected <document start>" => "something follows the end of the JSON".to_owned(),
            why => format!("this is not JSON: {why}"),
        };
    }
}

/// Replaces surrogate pairs such as `\ud83d\ude00`, which JSON has for characters beyond 16 bits and YAML does not, by
/// the character. Other texts are not changed.
pub(super) fn yaml_escapes(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with('{') || !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        if let Some(character) = surrogates(escape) {
            let _ = write!(out, "\\U{:08X}", u32::from(character));
            rest = &escape[12..];
        } else {
            let end = escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end);
            out.push_str(&escape[..end]);
            rest = &escape[end..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character of the surrogate pair at the start of a text.
fn surrogates(text: &str) -> Option<char> {
    let unit = |from: usize| {
        let digits = text.get(from..from + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    char::decode_utf16([unit(0)?, unit(6)?]).next()?.ok().filter(|character| u32::from(*character) > 0xFFFF)
}
