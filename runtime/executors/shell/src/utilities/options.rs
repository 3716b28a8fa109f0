//! Arguments: options in any place before `--`, and operands.

use super::Failure;

/// What the arguments of a utility were.
#[derive(Debug, Default)]
pub struct Options {
    given: Vec<(char, String)>,
    pub operands: Vec<String>,
}

impl Options {
    pub fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// The last value of an option.
    pub fn value(&self, letter: char) -> Option<&str> {
        self.given.iter().rev().find(|(given, _)| *given == letter).map(|(_, value)| value.as_str())
    }

    /// All values of an option in their order.
    pub fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(given, _)| *given == letter).map(|(_, value)| value.as_str())
    }

    /// The last one given of several letters.
    pub fn last_of(&self, letters: &str) -> Option<char> {
        self.given.iter().rev().map(|(given, _)| *given).find(|given| letters.contains(*given))
    }

    pub fn number(&self, letter: char) -> Result<Option<u64>, Failure> {
        self.value(letter).map(number).transpose()
    }
}

/// A number with a suffix like `K` or `M`, as GNU's utilities take it.
pub fn number(text: &str) -> Result<u64, Failure> {
    scaled(text).ok_or_else(|| Failure::new(format!("{text}: not a number")))
}

pub fn scaled(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" => 1,
        "b" => 512,
        "K" | "k" | "KiB" => 1 << 10,
        "kB" | "KB" => 1000,
        "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "GiB" => 1 << 30,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Reads arguments. In `letters`, a colon follows an option that has a value; `long` gives letters for long names.
pub fn options(arguments: &[String], letters: &str, long: &[(&str, char)]) -> Result<Options, Failure> {
    read(arguments, letters, long, true)
}

/// The same, but the first operand ends the options: what follows belongs to another command.
pub fn options_before(arguments: &[String], letters: &str, long: &[(&str, char)]) -> Result<Options, Failure> {
    read(arguments, letters, long, false)
}

fn read(arguments: &[String], letters: &str, long: &[(&str, char)], anywhere: bool) -> Result<Options, Failure> {
    let takes_value = |letter: char| {
        let at = letters.find(letter)?;
        Some(letters[at + letter.len_utf8()..].starts_with(':'))
    };
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            options.operands.extend(rest.cloned());
            break;
        }
        if let Some(name) = argument.strip_prefix("--") {
            let (name, mut value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            let unknown = || Failure::new(format!("unrecognized option '--{name}'"));
            let letter =
                long.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter).ok_or_else(unknown)?;
            if takes_value(letter) == Some(true) && value.is_none() {
                value = Some(
                    rest.next().ok_or_else(|| Failure::new(format!("option '--{name}' requires an argument")))?.clone(),
                );
            }
            options.given.push((letter, value.unwrap_or_default()));
        } else if argument.len() > 1 && argument.starts_with('-') {
            let mut cluster = argument[1..].chars();
            while let Some(letter) = cluster.next() {
                match takes_value(letter).filter(|_| letter != ':') {
                    None => return Err(Failure::new(format!("invalid option -- '{letter}'"))),
                    Some(false) => options.given.push((letter, String::new())),
                    Some(true) => {
                        let mut value = cluster.as_str().to_owned();
                        if value.is_empty() {
                            let missing = || Failure::new(format!("option requires an argument -- '{letter}'"));
                            value.clone_from(rest.next().ok_or_else(missing)?);
                        }
                        options.given.push((letter, value));
                        break;
                    }
                }
            }
        } else {
            options.operands.push(argument.clone());
            if !anywhere {
                options.operands.extend(rest.cloned());
                break;
            }
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Options, Failure> {
        let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        options(&arguments, "abn:", &[("number", 'n'), ("all", 'a')])
    }

    #[test]
    fn clusters_values_and_long_names() {
        let options = read("x -ab -n3 --number=4 y -- -a").unwrap();
        assert!(options.has('a') && options.has('b') && !options.has('c'));
        assert_eq!(options.value('n'), Some("4"));
        assert_eq!(options.values('n').collect::<Vec<_>>(), ["3", "4"]);
        assert_eq!(options.operands, ["x", "y", "-a"]);
        for wrong in ["-c", "-n", "--none", "-:"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_with_suffixes() {
        assert_eq!(
            (scaled("3"), scaled("2K"), scaled("1MB"), scaled("x"), scaled("9999999999999999G")),
            (Some(3), Some(2048), Some(1_000_000), None, None)
        );
    }
}
