//! Text of others, such as what a step logs, made fit for a terminal.

use std::borrow::Cow;

/// The text without the control characters with which it could take over a terminal; line breaks and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || is_direction(c));
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let shown = text.replace("\r\n", "\n");
    Cow::Owned(shown.chars().map(|c| if is_plain(c) { c } else { '\u{fffd}' }).collect())
}

/// The text on one line.
pub fn one_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text cut to so many characters.
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect()),
    }
}

/// Characters that turn the direction of writing, with which a text can seem to say something else.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_cannot_steer_the_terminal() {
        assert_eq!(printable("plain\n\ttext — ok"), "plain\n\ttext — ok");
        assert_eq!(printable("\x1b[2Jgone\r\nnext\u{9b}1m\u{202e}"), "\u{fffd}[2Jgone\nnext\u{fffd}1m\u{fffd}");
        assert_eq!(one_line("a\n  b\t c"), "a b c");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }
}
