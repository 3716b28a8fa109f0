//! Builtins that read: `read` and `mapfile` lines, `getopts` options.

use crate::parser::is_name;
use crate::shell::{Run, Shell};
use crate::utilities;
use crate::variables::Content;

pub fn read(shell: &mut Shell, arguments: &[String]) -> Run {
    let Ok(options) = utilities::options(arguments, "rsa:d:n:N:p:t:u:e", &[]) else {
        shell.complain("read: invalid option");
        return Ok(2);
    };
    let input = match options.value('u').map(str::parse) {
        Some(Ok(number)) => shell.descriptors.input(number),
        Some(Err(_)) => return Ok(1),
        None => shell.descriptors.input(0),
    };
    let delimiter = match options.value('d') {
        Some(text) => text.bytes().next().unwrap_or(0),
        None => b'\n',
    };
    let raw = options.has('r');
    // Text with what a backslash made plain marked, so that it is not split.
    let mut text: Vec<(char, bool)> = Vec::new();
    let mut found_end;
    loop {
        let mut bytes = Vec::new();
        let most = options.value('n').or(options.value('N')).and_then(|n| n.parse::<u64>().ok());
        if let Some(most) = most {
            use std::io::Read;
            let mut one = [0];
            found_end = true;
            while (bytes.len() as u64) < most {
                match input.clone().read(&mut one) {
                    Ok(1) if one[0] == delimiter && options.has('n') => break,
                    Ok(1) => bytes.push(one[0]),
                    _ => {
                        found_end = false;
                        break;
                    }
                }
            }
        } else {
            if let Err(error) = input.read_until(delimiter, &mut bytes) {
                shell.complain(&format!("read: {error}"));
                return Ok(1);
            }
            found_end = bytes.last() == Some(&delimiter);
            if found_end {
                bytes.pop();
            }
        }
        let line = String::from_utf8_lossy(&bytes).into_owned();
        let mut chars = line.chars();
        let mut continues = false;
        while let Some(c) = chars.next() {
            if c != '\\' || raw {
                text.push((c, false));
                continue;
            }
            match chars.next() {
                Some(c) => text.push((c, true)),
                None => continues = found_end,
            }
        }
        if !continues {
            break;
        }
    }
    let ifs = shell.variables.get("IFS").unwrap_or(" \t\n").to_owned();
    let names = options.operands.clone();
    if let Some(name) = options.value('a') {
        let all = fields(&text, &ifs, usize::MAX).into_iter().enumerate().collect();
        let set = shell.variables.set_content(name, Content::Indexed(all));
        shell.or_fatal(set)?;
    } else if names.is_empty() {
        let line: String = text.iter().map(|(c, _)| c).collect();
        shell.remember("REPLY", &line);
    } else {
        let mut all = fields(&text, &ifs, names.len()).into_iter();
        for name in &names {
            if !is_name(name) {
                shell.complain(&format!("read: `{name}': not a valid identifier"));
                return Ok(1);
            }
            let set = shell.variables.set(name, all.next().unwrap_or_default());
            shell.or_fatal(set)?;
        }
    }
    Ok(i32::from(!found_end))
}

/// At most so many fields of a line: the last one takes the rest, without blanks around it.
fn fields(text: &[(char, bool)], ifs: &str, most: usize) -> Vec<String> {
    let separates = |(c, plain): &(char, bool)| !plain && ifs.contains(*c);
    let blank = |item: &(char, bool)| separates(item) && item.0.is_ascii_whitespace();
    let mut all = Vec::new();
    let mut rest = text;
    let skip = |mut rest: &[(char, bool)]| -> usize {
        let before = rest.len();
        while rest.first().is_some_and(blank) {
            rest = &rest[1..];
        }
        before - rest.len()
    };
    rest = &rest[skip(rest)..];
    while !rest.is_empty() {
        let end = rest.iter().position(separates).unwrap_or(rest.len());
        let mut next = end + skip(&rest[end..]);
        if next < rest.len() && separates(&rest[next]) && !blank(&rest[next]) {
            next += 1;
            next += skip(&rest[next..]);
        }
        // The last name takes what is left, unless that is one field and its separator.
        if all.len() + 1 == most && next < rest.len() {
            let mut end = rest.len();
            while end > 0 && blank(&rest[end - 1]) {
                end -= 1;
            }
            all.push(rest[..end].iter().map(|(c, _)| c).collect());
            return all;
        }
        all.push(rest[..end].iter().map(|(c, _)| c).collect());
        rest = &rest[next..];
    }
    all
}

pub fn mapfile(shell: &mut Shell, arguments: &[String]) -> Run {
    let Ok(options) = utilities::options(arguments, "td:n:", &[]) else {
        shell.complain("mapfile: invalid option");
        return Ok(2);
    };
    let delimiter = options.value('d').map_or(b'\n', |text| text.bytes().next().unwrap_or(0));
    let input = shell.descriptors.input(0);
    let mut all = std::collections::BTreeMap::new();
    let mut line = Vec::new();
    while input.read_until(delimiter, &mut line).unwrap_or(0) > 0 {
        if options.has('t') && line.last() == Some(&delimiter) {
            line.pop();
        }
        all.insert(all.len(), String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
    let name = options.operands.first().map_or("MAPFILE", String::as_str);
    let set = shell.variables.set_content(name, Content::Indexed(all));
    shell.or_fatal(set)?;
    Ok(0)
}

pub fn getopts(shell: &mut Shell, arguments: &[String]) -> Run {
    let [letters, name, rest @ ..] = arguments else {
        shell.complain("getopts: usage: getopts letters name [arguments]");
        return Ok(2);
    };
    let words = if rest.is_empty() { shell.parameters.clone() } else { rest.to_vec() };
    let mut index = shell.variables.get("OPTIND").and_then(|text| text.parse::<usize>().ok()).unwrap_or(1).max(1);
    if index == 1 && shell.option_at > words.first().map_or(0, String::len) {
        shell.option_at = 0;
    }
    let word = words.get(index - 1).map_or("", String::as_str);
    if shell.option_at == 0 {
        if word == "--" {
            shell.remember("OPTIND", &(index + 1).to_string());
        }
        if word.len() < 2 || !word.starts_with('-') || word == "--" {
            shell.remember(name, "?");
            return Ok(1);
        }
        shell.option_at = 1;
    }
    let Some(letter) = word.get(shell.option_at..).and_then(|rest| rest.chars().next()) else {
        shell.option_at = 0;
        shell.remember("OPTIND", &(index + 1).to_string());
        return getopts_again(shell, arguments, index);
    };
    let silent = letters.starts_with(':');
    shell.option_at += letter.len_utf8();
    let glued = word[shell.option_at..].to_owned();
    let known = letters.find(letter).filter(|_| letter != ':');
    let takes_value = known.is_some_and(|at| letters[at + letter.len_utf8()..].starts_with(':'));
    let mut value = None;
    let mut result = letter.to_string();
    if glued.is_empty() || takes_value {
        shell.option_at = 0;
        index += 1;
    }
    if known.is_none() {
        if silent {
            value = Some(letter.to_string());
        } else {
            shell.complain(&format!("illegal option -- {letter}"));
        }
        "?".clone_into(&mut result);
    } else if takes_value {
        if !glued.is_empty() {
            value = Some(glued);
        } else if let Some(next) = words.get(index - 1) {
            value = Some(next.clone());
            index += 1;
        } else {
            if silent { ":" } else { "?" }.clone_into(&mut result);
            if silent {
                value = Some(letter.to_string());
            } else {
                shell.complain(&format!("option requires an argument -- {letter}"));
            }
        }
    }
    shell.remember("OPTIND", &index.to_string());
    if let Some(value) = value {
        shell.remember("OPTARG", &value);
    } else {
        let unset = shell.variables.unset("OPTARG");
        shell.or_fatal(unset)?;
    }
    shell.remember(name, &result);
    Ok(0)
}

/// The word ended where an option should have been: the next one is looked at, once for each word there is.
fn getopts_again(shell: &mut Shell, arguments: &[String], before: usize) -> Run {
    let after = shell.variables.get("OPTIND").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    if after > before && shell.depth < crate::shell::MAX_DEPTH {
        shell.deeper(|shell| getopts(shell, arguments))
    } else {
        Ok(1)
    }
}
