//! `test`, `[` and the operators of `[[`.

use std::fs::Metadata;
use std::time::SystemTime;

use crate::shell::Shell;

/// Parentheses and `!` inside of each other.
const MAX_DEPTH: u32 = 50;

/// An operator on one operand.
pub fn unary(shell: &Shell, operator: &str, text: &str) -> Result<bool, String> {
    let metadata = || file(shell, text);
    Ok(match operator {
        "-n" => !text.is_empty(),
        "-z" => text.is_empty(),
        "-f" => metadata().is_some_and(|file| file.is_file()),
        "-d" => metadata().is_some_and(|file| file.is_dir()),
        // A sandbox knows no permissions of files: what is there can be read, and run if it is a script.
        "-e" | "-a" | "-r" | "-x" | "-O" | "-G" => metadata().is_some(),
        // Whether a file can be written is known by trying; of a folder it is not asked.
        "-w" => metadata().is_some_and(|file| {
            file.is_dir() || is_device(text) || std::fs::OpenOptions::new().write(true).open(shell.path(text)).is_ok()
        }),
        "-s" => metadata().is_some_and(|file| file.len() > 0),
        "-h" | "-L" => shell.path(text).symlink_metadata().is_ok_and(|file| file.is_symlink()),
        "-c" => is_device(text),
        "-b" | "-g" | "-k" | "-p" | "-u" | "-S" | "-t" | "-N" | "-R" => false,
        "-v" => match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
            Some((name, index)) => shell.clone().element(name, index)?.is_some(),
            None => shell.clone().value(text).is_some(),
        },
        "-o" => match text {
            "errexit" => shell.options.errexit,
            "nounset" => shell.options.nounset,
            "xtrace" => shell.options.xtrace,
            "pipefail" => shell.options.pipefail,
            _ => false,
        },
        _ => return Err(format!("{operator}: unary operator expected")),
    })
}

fn is_device(text: &str) -> bool {
    matches!(
        text,
        "/dev/null" | "/dev/zero" | "/dev/urandom" | "/dev/random" | "/dev/stdin" | "/dev/stdout" | "/dev/stderr"
    )
}

fn file(shell: &Shell, text: &str) -> Option<Metadata> {
    if text.is_empty() {
        return None;
    }
    let path = if is_device(text) { "/".into() } else { shell.path(text) };
    path.metadata().ok()
}

/// An operator on two operands.
pub fn binary(shell: &Shell, left: &str, operator: &str, right: &str) -> Result<bool, String> {
    let modified = |text: &str| file(shell, text).and_then(|file| file.modified().ok());
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-nt" => newer(modified(left), modified(right)),
        "-ot" => newer(modified(right), modified(left)),
        "-ef" => file(shell, left).is_some() && shell.path(left) == shell.path(right),
        _ => compare(operator, number(left)?, number(right)?),
    })
}

fn newer(left: Option<SystemTime>, right: Option<SystemTime>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left > right,
        (left, _) => left.is_some(),
    }
}

/// `-eq` and its like on numbers.
pub fn compare(operator: &str, left: i64, right: i64) -> bool {
    match operator {
        "-eq" => left == right,
        "-ne" => left != right,
        "-lt" => left < right,
        "-le" => left <= right,
        "-gt" => left > right,
        _ => left >= right,
    }
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{text}: integer expression expected"))
}

fn is_binary(text: &str) -> bool {
    ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"].contains(&text)
}

/// The arguments of `test`: how many there are decides how they are read, as POSIX says.
pub fn evaluate(shell: &Shell, arguments: &[String]) -> Result<bool, String> {
    match arguments {
        [] => Ok(false),
        [one] => Ok(!one.is_empty()),
        [not, one] if not == "!" => Ok(one.is_empty()),
        [operator, operand] if crate::parser::is_unary(operator) => unary(shell, operator, operand),
        [left, operator, right] if is_binary(operator) => binary(shell, left, operator, right),
        [not, rest @ ..] if not == "!" && rest.len() <= 3 => Ok(!evaluate(shell, rest)?),
        [open, one, close] if open == "(" && close == ")" => Ok(!one.is_empty()),
        arguments => {
            let mut reader = Reader { shell, rest: arguments, depth: 0 };
            let holds = reader.or()?;
            match reader.rest.first() {
                None => Ok(holds),
                Some(extra) => Err(format!("{extra}: unexpected operator")),
            }
        }
    }
}

/// For `-a`, `-o` and parentheses.
struct Reader<'a> {
    shell: &'a Shell,
    rest: &'a [String],
    depth: u32,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest.first().is_some_and(|first| first == token);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn or(&mut self) -> Result<bool, String> {
        let mut holds = self.and()?;
        while self.eat("-o") {
            holds |= self.and()?;
        }
        Ok(holds)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut holds = self.primary()?;
        while self.eat("-a") {
            holds &= self.primary()?;
        }
        Ok(holds)
    }

    fn primary(&mut self) -> Result<bool, String> {
        if self.depth >= MAX_DEPTH {
            return Err("the expression is too deep".to_owned());
        }
        if let [left, operator, right, ..] = self.rest
            && is_binary(operator)
        {
            self.rest = &self.rest[3..];
            return binary(self.shell, left, operator, right);
        }
        self.depth += 1;
        let holds = if self.eat("!") {
            self.primary().map(|holds| !holds)
        } else if self.eat("(") {
            let holds = self.or()?;
            if self.eat(")") { Ok(holds) } else { Err("a `)` is missing".to_owned()) }
        } else {
            let first = self.next().ok_or_else(|| "an argument is missing".to_owned())?;
            match self.rest.first() {
                Some(operand) if crate::parser::is_unary(first) && operand != "-a" && operand != "-o" => {
                    self.rest = &self.rest[1..];
                    unary(self.shell, first, operand)
                }
                _ => Ok(!first.is_empty()),
            }
        };
        self.depth -= 1;
        holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let shell = Shell::new("sh", []);
        let holds = |text: &str| {
            let arguments: Vec<String> = text.split(' ').map(str::to_owned).collect();
            evaluate(&shell, &arguments)
        };
        for (text, expected) in [
            ("a = a", true),
            ("! a = a", false),
            ("1 -lt 2 -a 2 -gt 3", false),
            ("1 -lt 2 -o 2 -gt 3", true),
            ("( a = b ) -o ! ( c = d )", true),
            ("-n x", true),
            ("-d /", true),
            ("-f /", false),
            ("-n", true),
            ("!", true),
        ] {
            assert_eq!(holds(text), Ok(expected), "{text}");
        }
        assert!(holds("1 -eq x").is_err() && holds("a b c d").is_err());
        let deep = vec!["(".to_owned(); 10_000];
        assert!(evaluate(&shell, &deep).is_err());
    }
}
