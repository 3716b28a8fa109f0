//! The replacements of `s`.

use regex::bytes::Regex;

use super::script::Piece;

/// A text with its matches replaced; none if there was none to replace.
pub fn substituted(text: &[u8], pattern: &Regex, replacement: &[Piece], which: u64, all: bool) -> Option<Vec<u8>> {
    let (mut out, mut copied, mut count, mut done) = (Vec::new(), 0, 0, false);
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        count += 1;
        if count < which {
            continue;
        }
        out.extend_from_slice(&text[copied..whole.start()]);
        let mut cases = Cases::default();
        for piece in replacement {
            match piece {
                Piece::Text(text) => cases.push(text.as_bytes(), &mut out),
                Piece::Group(n) => cases.push(found.get(*n).map_or(b"", |m| m.as_bytes()), &mut out),
                Piece::Case(case) => cases.set(*case),
            }
        }
        copied = whole.end();
        done = true;
        if !all {
            break;
        }
    }
    done.then(|| {
        out.extend_from_slice(&text[copied..]);
        out
    })
}

/// What `\U` and its like do to what follows.
#[derive(Default)]
pub struct Cases {
    all: Option<char>,
    one: Option<char>,
}

impl Cases {
    fn set(&mut self, case: char) {
        match case {
            'U' | 'L' => self.all = Some(case),
            'u' | 'l' => self.one = Some(case),
            _ => (self.all, self.one) = (None, None),
        }
    }

    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.all.is_none() && self.one.is_none() {
            out.extend_from_slice(bytes);
            return;
        }
        for c in String::from_utf8_lossy(bytes).chars() {
            let upper = match (self.one.take(), self.all) {
                (Some(one), _) => Some(one == 'u'),
                (None, Some(all)) => Some(all == 'U'),
                (None, None) => None,
            };
            let changed: String = match upper {
                Some(true) => c.to_uppercase().collect(),
                Some(false) => c.to_lowercase().collect(),
                None => c.to_string(),
            };
            out.extend_from_slice(changed.as_bytes());
        }
    }
}
