//! Messages about programs that failed, made of their exit status and the end of their log.

/// The failure of a program that ended with another status than 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitError {
    /// The message.
    pub message: String,
    /// What the user can do about it.
    pub hint: String,
}

/// The number of lines at the end of a log that are searched for a message.
pub const SUMMARY_LOG_LINES: usize = 200;

/// The maximum number of log lines in a message.
const SUMMARY_LINES: usize = 3;

impl ExitError {
    /// The failure of a program with this status whose log ends with these lines. The message has the exception of the last
    /// Python traceback, or else the last lines.
    pub fn new(status: &str, lines: &[String]) -> Self {
        match exception(lines) {
            Some(exception) => Self { message: exception, hint: "its log shows where in the code that is".to_owned() },
            None => match error_summary(lines) {
                Some(words) => Self {
                    message: format!("it ended with {status}: {words}"),
                    hint: "its log shows all that it wrote".to_owned(),
                },
                None => Self {
                    message: format!("it ended with {status}"),
                    hint: "it wrote nothing to its log; a program tells what went wrong on its standard error"
                        .to_owned(),
                },
            },
        }
    }
}

/// The last lines, joined into one. `None` if there are no lines.
pub fn error_summary(lines: &[String]) -> Option<String> {
    let last = &lines[lines.len().saturating_sub(SUMMARY_LINES)..];
    (!last.is_empty()).then(|| last.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" / "))
}

/// The exception of the last traceback: the line after its frames, and the lines of its message that follow.
fn exception(lines: &[String]) -> Option<String> {
    let header = lines.iter().rposition(|line| line.starts_with("Traceback (most recent call last):"))?;
    let after = &lines[header + 1..];
    let at = after.iter().position(|line| !line.starts_with([' ', '\t']))?;
    let is_exception = |line: &str| {
        let name = line.split(':').next().unwrap_or(line);
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
    };
    let reported: Vec<&str> = after[at..].iter().take(SUMMARY_LINES).map(|line| line.trim()).collect();
    is_exception(reported.first()?).then(|| reported.join(" / "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn a_traceback_is_told_by_its_exception() {
        let text = "before\nTraceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\nKeyError: 'x'\n\n\
                    During handling of the above exception, another exception occurred:\n\n\
                    Traceback (most recent call last):\n  File \"a.py\", line 3\n    raise ValueError('no penguins')\n\
                    ValueError: no penguins\n";
        assert_eq!(ExitError::new("exit status 1", &lines(text)).message, "ValueError: no penguins");
        let own = "Traceback (most recent call last):\n  File \"a.py\"\nmy.module.Error\n";
        assert_eq!(ExitError::new("exit status 1", &lines(own)).message, "my.module.Error");
        let several = "Traceback (most recent call last):\n  File \"a.py\"\nValueError: one\ntwo\n";
        assert_eq!(ExitError::new("exit status 1", &lines(several)).message, "ValueError: one / two");
    }

    #[test]
    fn others_are_told_by_their_last_lines() {
        let exit = ExitError::new("exit status 3", &lines("a\nb\nc\nd\n"));
        assert_eq!(exit.message, "it ended with exit status 3: b / c / d");
        assert_eq!(ExitError::new("exit status 3", &[]).message, "it ended with exit status 3");
        let cut = "Traceback (most recent call last):\n  File \"a.py\"\n";
        assert!(ExitError::new("exit status 1", &lines(cut)).message.starts_with("it ended with"));
    }
}
