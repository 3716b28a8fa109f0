//! The one error that all others become on their way out of a step.

use std::any::Any;
use std::fmt;
use std::io;

use crate::types;

/// Result of a function that a step is made of.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a step fails with: a text. Every error becomes one through `?`, and it becomes the `string` of the step's signature the same way.
///
/// It is no [`std::error::Error`] itself, like anyhow's: only so can all of those be turned into it.
pub struct Error(String);

impl Error {
    /// An error that says this.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Puts what was being done in front: `while reading the model: ..`.
    #[must_use]
    pub fn context(self, doing: impl fmt::Display) -> Self {
        Self(format!("{doing}: {}", self.0))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        // What wit-bindgen prints for the runtime's errors is for programmers.
        match (&error as &dyn Any).downcast_ref::<types::Error>() {
            Some(error) => Self(explain(error)),
            None => Self(error.to_string()),
        }
    }
}

impl From<Error> for String {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl From<types::Error> for io::Error {
    fn from(error: types::Error) -> Self {
        let kind = match &error {
            types::Error::OutOfRange(_) => io::ErrorKind::UnexpectedEof,
            types::Error::TooLarge(_) | types::Error::Invalid(_) => io::ErrorKind::InvalidInput,
            types::Error::ReadOnly => io::ErrorKind::PermissionDenied,
            types::Error::NotFound(_) => io::ErrorKind::NotFound,
            types::Error::Conflict(_) => io::ErrorKind::AlreadyExists,
            types::Error::OutputLimit(_) => io::ErrorKind::StorageFull,
            types::Error::Io(_) => io::ErrorKind::Other,
        };
        Self::new(kind, explain(&error))
    }
}

/// An error of the runtime in words.
fn explain(error: &types::Error) -> String {
    match error {
        types::Error::OutOfRange((offset, length)) => format!("offset {offset} is beyond the end, {length}"),
        types::Error::TooLarge(limit) => format!("the runtime moves at most {limit} bytes at once"),
        types::Error::ReadOnly => "the artifact is an input, and inputs are never changed".to_owned(),
        types::Error::NotFound(name) => format!("there is no file `{name}` in the artifact"),
        types::Error::OutputLimit(limit) => format!("the step may write no more than {limit} bytes"),
        types::Error::Conflict(text) | types::Error::Invalid(text) | types::Error::Io(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> std::result::Result<u32, String> {
        fn inner() -> Result<u32> {
            Ok("ten".parse::<u32>()?)
        }
        Ok(inner()?)
    }

    #[test]
    fn any_error_becomes_the_text_of_a_step() {
        assert_eq!(step().unwrap_err(), "invalid digit found in string");
    }

    #[test]
    fn errors_of_the_runtime_are_put_into_words_on_both_ways() {
        let missing = || types::Error::NotFound("a/b".to_owned());
        let text = "there is no file `a/b` in the artifact";
        assert_eq!(String::from(Error::from(missing())), text);
        let error = io::Error::from(missing());
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::NotFound, text));
        assert_eq!(Error::from(error).context("reading").to_string(), format!("reading: {text}"));
    }

    #[test]
    fn bail_ends_the_function() {
        fn half(number: u32) -> Result<u32> {
            if number % 2 == 1 {
                crate::bail!("{number} is odd");
            }
            Ok(number / 2)
        }
        assert_eq!(half(4).unwrap(), 2);
        assert_eq!(half(3).unwrap_err().to_string(), "3 is odd");
    }
}
