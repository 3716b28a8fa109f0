//! Text without what differs from run to run and from machine to machine, for snapshots.

use super::{Arguments, Ended, Folder, project};

impl Folder {
    /// Everything that a command printed, without what differs from run to run.
    pub fn seen(&self, arguments: &(impl Arguments + ?Sized)) -> String {
        self.redact(&self.weft(arguments))
    }

    fn redact(&self, ended: &Ended) -> String {
        let Ended { code, stdout, stderr } = ended;
        let text = format!("-- exit code {}\n-- stdout\n{stdout}-- stderr\n{stderr}", code.unwrap_or(-1));
        let text = text.replace(&project().display().to_string(), "WORKSPACE");
        let text = text.replace(&self.path().canonicalize().unwrap().display().to_string(), "FOLDER");
        let text = text.replace(&self.path().display().to_string(), "FOLDER");
        // Whether a component must still be compiled depends on what ran before.
        let compiling = |line: &&str| line.starts_with("Compiling ") && line.ends_with(" for this machine, once");
        text.lines().filter(|line| !compiling(line)).map(redact_line).collect::<Vec<_>>().join("\n")
    }
}

/// Digests become `DIGEST`, ids of runs `RUN`, times `TIME`, sizes `SIZE`, and columns are two spaces apart.
fn redact_line(line: &str) -> String {
    // A line of a file, drawn with marks below it.
    if line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|') {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start().len();
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let gaps = gaps(line.trim_start());
    let mut out = line[..indent].to_owned();
    let mut i = 0;
    while i < words.len() {
        let next = words.get(i + 1).copied().unwrap_or_default();
        let bare = next.trim_end_matches([':', ',', ')', ';']);
        let (text, taken) = match (words[i].trim_start_matches('('), bare) {
            (number, "ms" | "s" | "min" | "h") if is_number(number) => (format!("TIME{}", &next[bare.len()..]), 2),
            (number, "B" | "KiB" | "MiB") if is_number(number) => ("SIZE".to_owned(), 2),
            ("TIME", "ago") | ("just", "now") => ("TIME".to_owned(), 2),
            // `< 1 ms`
            ("<", "1") => (String::new(), 1),
            (date, _) if date.len() == 10 && date.split('-').all(is_number) => ("TIME".to_owned(), 3),
            _ => (redact_word(words[i]), 1),
        };
        out.push_str(&text);
        i += taken;
        if i < words.len() && !text.is_empty() {
            out.push_str(if gaps[i - 1] > 1 { "  " } else { " " });
        }
    }
    // `3 min 5 s ago`
    out.replace("TIME TIME", "TIME").replace("TIME ago", "TIME")
}

/// Spaces behind each word.
fn gaps(line: &str) -> Vec<usize> {
    let mut gaps = Vec::new();
    let mut rest = line;
    while let Some(end) = rest.find(' ') {
        let tail = rest[end..].trim_start_matches(' ');
        gaps.push(rest.len() - end - tail.len());
        rest = tail;
    }
    gaps.push(0);
    gaps
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

fn redact_word(word: &str) -> String {
    let is_hex = |c: char| c.is_ascii_hexdigit();
    if word.len() == 64 && word.chars().all(is_hex) {
        return "DIGEST".to_owned();
    }
    for scheme in ["blake3:", "blake3-tree:"] {
        if let Some((before, digest)) = word.split_once(scheme) {
            return format!("{before}{scheme}DIGEST{}", digest.trim_start_matches(is_hex).trim_start_matches('…'));
        }
    }
    redact_run(word)
}

/// `name-20260102-030405-rk5j` becomes `RUN`, with whatever stands around it.
fn redact_run(word: &str) -> String {
    let parts: Vec<&str> = word.split('-').collect();
    let is_date = |part: &&str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
    match parts.iter().position(is_date) {
        Some(at) if at > 0 && parts.len() > at + 2 => format!("RUN{}", &parts[at + 2][4..]),
        _ => word.to_owned(),
    }
}
