//! Redirections: `>`, `<`, `2>&1`, here-documents and their kin.

use std::fs::OpenOptions;
use std::io;

use crate::ast::{Redirect, RedirectKind, Word};
use crate::shell::{Run, Shell};
use crate::stream::{Descriptor, Input, Output};

impl Shell {
    /// Opens what redirections name. What was open before is given back, to be put back; an inner error says what cannot be opened.
    pub fn redirect(&mut self, redirects: &[Redirect]) -> Run<Result<(), String>> {
        for redirect in redirects {
            if let Err(message) = self.redirect_one(redirect)? {
                return Ok(Err(message));
            }
        }
        Ok(Ok(()))
    }

    fn redirect_one(&mut self, redirect: &Redirect) -> Run<Result<(), String>> {
        let (number, opened) = match &redirect.kind {
            RedirectKind::Read(word) => {
                let name = self.text(word)?;
                (0, self.open_input(&name).map(Descriptor::In).map_err(|error| say(&name, &error)))
            }
            RedirectKind::Write(word) => (1, self.write_to(word, false)?),
            RedirectKind::Append(word) => (1, self.write_to(word, true)?),
            RedirectKind::ReadWrite(word) => {
                let name = self.text(word)?;
                let file =
                    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.path(&name));
                let both =
                    file.and_then(|file| Ok(Descriptor::Both(Input::file(file.try_clone()?), Output::file(file))));
                (0, both.map_err(|error| say(&name, &error)))
            }
            RedirectKind::Both { append, target } => {
                let opened = self.write_to(target, *append)?;
                if let Ok(descriptor) = &opened {
                    self.descriptors.set(2, descriptor.clone());
                }
                (1, opened)
            }
            RedirectKind::Here(body) => {
                let text = match body.get() {
                    Some(word) => self.text(word)?,
                    None => String::new(), // the script ended before the document began
                };
                (0, Ok(Descriptor::In(Input::bytes(text.into_bytes()))))
            }
            RedirectKind::HereString(word) => {
                let text = self.text(word)? + "\n";
                (0, Ok(Descriptor::In(Input::bytes(text.into_bytes()))))
            }
            RedirectKind::Duplicate { output, target } => {
                let number = redirect.fd.unwrap_or(u32::from(*output));
                let text = self.text(target)?;
                if text == "-" {
                    self.descriptors.close(number);
                    return Ok(Ok(()));
                }
                let Ok(from) = text.trim_end_matches('-').parse() else {
                    // `>&file` is `&>file`, as bash has it.
                    if *output && redirect.fd.is_none() {
                        let opened = self.write_to(target, false)?;
                        return Ok(opened.map(|descriptor| {
                            self.descriptors.set(1, descriptor.clone());
                            self.descriptors.set(2, descriptor);
                        }));
                    }
                    return Ok(Err(format!("{text}: ambiguous redirect")));
                };
                let Some(descriptor) = self.descriptors.get(from).cloned() else {
                    return Ok(Err(format!("{from}: bad file descriptor")));
                };
                self.descriptors.set(number, descriptor);
                if text.ends_with('-') && from != number {
                    self.descriptors.close(from);
                }
                return Ok(Ok(()));
            }
        };
        Ok(opened.map(|descriptor| self.descriptors.set(redirect.fd.unwrap_or(number), descriptor)))
    }

    fn write_to(&mut self, word: &Word, append: bool) -> Run<Result<Descriptor, String>> {
        let name = self.text(word)?;
        if self.options.noclobber && !append && self.path(&name).is_file() {
            return Ok(Err(format!("{name}: cannot overwrite existing file")));
        }
        Ok(self.open_output(&name, append).map(Descriptor::Out).map_err(|error| say(&name, &error)))
    }

    /// Opens a file to read, or one of the devices that a sandbox has.
    pub fn open_input(&self, name: &str) -> io::Result<Input> {
        let path = self.path(name);
        match path.to_str() {
            Some("/dev/null") => return Ok(Input::empty()),
            Some("/dev/stdin") => return Ok(self.descriptors.input(0)),
            Some("/dev/zero") => return Ok(Input::zeros()),
            Some("/dev/urandom" | "/dev/random") => return Ok(Input::random()),
            Some(path) => {
                if let Some(number) = path.strip_prefix("/dev/fd/").and_then(|number| number.parse().ok()) {
                    return Ok(self.descriptors.input(number));
                }
            }
            None => {}
        }
        if name.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        std::fs::File::open(path).map(Input::file)
    }

    /// Opens a file to write, or one of the devices that a sandbox has.
    pub fn open_output(&self, name: &str, append: bool) -> io::Result<Output> {
        let path = self.path(name);
        match path.to_str() {
            Some("/dev/null") => return Ok(Output::null()),
            Some("/dev/stdout") => return Ok(self.descriptors.output(1)),
            Some("/dev/stderr" | "/dev/tty") => return Ok(self.descriptors.output(2)),
            Some(path) => {
                if let Some(number) = path.strip_prefix("/dev/fd/").and_then(|number| number.parse().ok()) {
                    return Ok(self.descriptors.output(number));
                }
            }
            None => {}
        }
        if name.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let mut options = OpenOptions::new();
        if append {
            options.append(true)
        } else {
            options.write(true).truncate(true)
        };
        options.create(true).open(path).map(Output::file)
    }
}

/// An error as commands put it.
pub fn say(name: &str, error: &io::Error) -> String {
    format!("{name}: {}", reason(error))
}

/// What went wrong, in the words of other systems' commands.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "No such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "Permission denied".to_owned(),
        io::ErrorKind::AlreadyExists => "File exists".to_owned(),
        io::ErrorKind::IsADirectory => "Is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "Not a directory".to_owned(),
        io::ErrorKind::DirectoryNotEmpty => "Directory not empty".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "Read-only file system".to_owned(),
        io::ErrorKind::StorageFull => "No space left on device".to_owned(),
        io::ErrorKind::InvalidData => "stream did not contain valid UTF-8".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}
