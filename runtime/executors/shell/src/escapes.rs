//! Backslash escapes: of `echo -e`, of `printf`, of `$'…'`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `echo -e` and printf's `%b`: octal numbers begin with a nought, `\c` ends all output.
    Echo,
    /// A format of `printf`: octal numbers have up to three digits.
    Format,
    /// `$'…'`: as a format, and quotes.
    Quoted,
}

/// What escaped text stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unescaped {
    pub bytes: Vec<u8>,
    /// `\c` was met.
    pub stop: bool,
}

impl Unescaped {
    pub fn text(self) -> String {
        String::from_utf8(self.bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// Resolves the escapes of a text. An escape that is none stays as it is.
pub fn unescape(text: &str, style: Style) -> Unescaped {
    let mut out = Unescaped::default();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.bytes.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            out.bytes.push(b'\\');
            return out;
        };
        let after = &rest[c.len_utf8()..];
        rest = after;
        match c {
            'n' => out.bytes.push(b'\n'),
            't' => out.bytes.push(b'\t'),
            'r' => out.bytes.push(b'\r'),
            'a' => out.bytes.push(7),
            'b' => out.bytes.push(8),
            'f' => out.bytes.push(12),
            'v' => out.bytes.push(11),
            'e' | 'E' => out.bytes.push(27),
            '\\' => out.bytes.push(b'\\'),
            '\'' | '"' | '?' if style == Style::Quoted => out.bytes.push(c as u8),
            '"' if style == Style::Format => out.bytes.push(b'"'),
            'c' if style == Style::Echo => {
                out.stop = true;
                return out;
            }
            '0'..='7' if style != Style::Echo || c == '0' => {
                let digits = if style == Style::Echo { after } else { &text[text.len() - after.len() - 1..] };
                let (value, length) = number(digits, 8, 3);
                // Out of range wraps, as everywhere else.
                out.bytes.push((value & 0xff) as u8);
                rest = &digits[length..];
            }
            'x' => match number(after, 16, 2) {
                (_, 0) => out.bytes.extend_from_slice(b"\\x"),
                (value, length) => {
                    out.bytes.push((value & 0xff) as u8);
                    rest = &after[length..];
                }
            },
            'u' | 'U' => match number(after, 16, if c == 'u' { 4 } else { 8 }) {
                (value, length) if length > 0 && char::from_u32(value).is_some() => {
                    let c = char::from_u32(value).unwrap_or_default();
                    out.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = &after[length..];
                }
                _ => out.bytes.extend_from_slice(format!("\\{c}").as_bytes()),
            },
            c => {
                out.bytes.push(b'\\');
                out.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    out.bytes.extend_from_slice(rest.as_bytes());
    out
}

/// A number of up to `most` digits at the start of a text, and how many there were.
fn number(text: &str, radix: u32, most: usize) -> (u32, usize) {
    let length = text.chars().take(most).take_while(|c| c.is_digit(radix)).count();
    (u32::from_str_radix(&text[..length], radix).unwrap_or(0), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, style: Style) -> String {
        unescape(text, style).text()
    }

    #[test]
    fn the_usual_ones() {
        assert_eq!(plain(r"a\tb\n\\n", Style::Format), "a\tb\n\\n");
        assert_eq!(plain(r"\101\x41\u00e9", Style::Format), "AAé");
        assert_eq!(plain(r"\0101\101", Style::Echo), "A\\101");
        assert_eq!(plain(r"it\'s \q", Style::Quoted), "it's \\q");
    }

    #[test]
    fn c_stops_and_a_last_backslash_stays() {
        assert_eq!(unescape(r"a\cb", Style::Echo), Unescaped { bytes: b"a".to_vec(), stop: true });
        assert_eq!(plain("a\\", Style::Echo), "a\\");
        assert_eq!(plain(r"\x", Style::Echo), r"\x");
    }
}
