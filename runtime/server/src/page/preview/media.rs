//! What bytes are, by how they begin.

/// The media type of an image that browsers show, in a list that is closed.
pub(in super::super) fn image(start: &[u8], name: &str) -> Option<&'static str> {
    let riff = |kind: &[u8]| start.starts_with(b"RIFF") && start.get(8..12) == Some(kind);
    let svg = || {
        let text = String::from_utf8_lossy(start);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let is_named = name.to_ascii_lowercase().ends_with(".svg");
        text.starts_with("<svg") || (text.starts_with("<?xml") && (is_named || text.contains("<svg")))
    };
    match start {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        _ if riff(b"WEBP") => Some("image/webp"),
        _ if svg() => Some("image/svg+xml"),
        _ => None,
    }
}

/// The bytes as text, if they are UTF-8. Of a part, a character at its end may be cut.
pub(super) fn text(start: &[u8], is_whole: bool) -> Option<&str> {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if !is_whole && error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    // Zeros are in no text.
    (!text.contains('\0')).then(|| text.trim_start_matches('\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_first_bytes() {
        assert_eq!(image(b"GIF89a..", ""), Some("image/gif"));
        assert_eq!(image(b"RIFF....WEBPVP8 ", ""), Some("image/webp"));
        assert_eq!(image(b" <svg xmlns=''>", ""), Some("image/svg+xml"));
        assert_eq!(image(b"<?xml version='1.0'?><note/>", "x.png"), None);
        assert_eq!(image(b"<html><svg>", "x.svg"), None);
    }

    #[test]
    fn text_may_be_cut_within_a_character() {
        assert_eq!(text("é".as_bytes(), true), Some("é"));
        assert_eq!(text(&"xé".as_bytes()[..2], false), Some("x"));
        assert_eq!(text(&"xé".as_bytes()[..2], true), None);
        assert_eq!(text(b"a\0b", true), None);
    }
}
