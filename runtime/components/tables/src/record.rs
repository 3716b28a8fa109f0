//! A row of a table, in the terms of `tf.train.Example`: each column has a list of integers, floats or bytes, or is not there.

use std::collections::HashMap;

/// The most columns of a table.
pub const MOST_COLUMNS: usize = 10_000;

/// What the values of a column in a row are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts or other bytes.
    Bytes,
    /// Integers of 64 bits.
    Ints,
    /// Floating-point numbers. Formats with single precision read and write them so.
    Floats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Missing,
    /// There without values, and nothing tells of which kind they would be.
    Untold,
    Of(Kind),
}

/// A row's values of one column. Its memory is kept for the next row.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    state: State,
    ints: Vec<i64>,
    floats: Vec<f64>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// What a row has of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Values<'a> {
    /// The column is not there.
    Missing,
    /// It is there without values, of no told kind.
    Empty,
    /// Texts or other bytes.
    Bytes(Texts<'a>),
    /// Integers.
    Ints(&'a [i64]),
    /// Floating-point numbers.
    Floats(&'a [f64]),
}

/// A list of texts or other bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Texts<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Texts<'a> {
    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.ends.is_empty()
    }

    /// They in order.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends).map(move |(start, end)| &self.bytes[start..*end])
    }
}

impl Values<'_> {
    /// How many values there are; none if the column is missing.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        match self {
            Self::Missing => None,
            Self::Empty => Some(0),
            Self::Bytes(texts) => Some(texts.len()),
            Self::Ints(values) => Some(values.len()),
            Self::Floats(values) => Some(values.len()),
        }
    }
}

impl Cell {
    /// The column is not there.
    pub fn clear(&mut self) {
        self.state = State::Missing;
        self.ints.clear();
        self.floats.clear();
        self.bytes.clear();
        self.ends.clear();
    }

    /// It is there without values.
    pub fn begin(&mut self, kind: Option<Kind>) {
        self.clear();
        self.state = kind.map_or(State::Untold, State::Of);
    }

    /// Adds an integer to what was begun as integers.
    pub fn push_int(&mut self, value: i64) {
        self.state = State::Of(Kind::Ints);
        self.ints.push(value);
    }

    /// Adds a number to what was begun as floats.
    pub fn push_float(&mut self, value: f64) {
        self.state = State::Of(Kind::Floats);
        self.floats.push(value);
    }

    /// Adds a text to what was begun as bytes.
    pub fn push_bytes(&mut self, value: &[u8]) {
        self.state = State::Of(Kind::Bytes);
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
    }

    /// What it is, if it is there and that is told.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self.state {
            State::Of(kind) => Some(kind),
            _ => None,
        }
    }

    /// Turns integers into floats.
    pub fn widen(&mut self) {
        if self.state == State::Of(Kind::Ints) {
            self.state = State::Of(Kind::Floats);
            self.floats.clear();
            self.floats.extend(self.ints.iter().map(|value| *value as f64));
        }
    }

    /// The values.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        match self.state {
            State::Missing => Values::Missing,
            State::Untold => Values::Empty,
            State::Of(Kind::Bytes) => Values::Bytes(Texts { bytes: &self.bytes, ends: &self.ends }),
            State::Of(Kind::Ints) => Values::Ints(&self.ints),
            State::Of(Kind::Floats) => Values::Floats(&self.floats),
        }
    }
}

/// A row with the names of its columns, which grow as rows bring new ones.
#[derive(Debug, Clone, Default)]
pub struct Record {
    names: Vec<String>,
    positions: HashMap<String, usize>,
    cells: Vec<Cell>,
    /// Where the next column is looked for first: rows mostly name theirs in the same order.
    hint: usize,
}

impl Record {
    /// The position of a column, which is added if it is new.
    ///
    /// # Errors
    /// There would be more than [`MOST_COLUMNS`].
    pub fn column(&mut self, name: &str) -> Result<usize, String> {
        if self.names.get(self.hint).is_some_and(|known| known == name) {
            self.hint += 1;
            return Ok(self.hint - 1);
        }
        let at = match self.positions.get(name) {
            Some(at) => *at,
            None if self.names.len() >= MOST_COLUMNS => {
                return Err(format!("there are more than {MOST_COLUMNS} columns: give those of one kind as a list"));
            }
            None => {
                self.names.push(name.to_owned());
                self.cells.push(Cell::default());
                self.positions.insert(name.to_owned(), self.names.len() - 1);
                self.names.len() - 1
            }
        };
        self.hint = at + 1;
        Ok(at)
    }

    /// Begins a row: no column is there.
    pub fn clear(&mut self) {
        self.hint = 0;
        self.cells.iter_mut().for_each(Cell::clear);
    }

    /// What the row has of the column at a position. Positions are those of [`Record::column`].
    pub fn cell(&mut self, at: usize) -> &mut Cell {
        &mut self.cells[at]
    }

    /// All columns that any row had so far, in the order in which they were seen.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the row has of the column at a position.
    #[must_use]
    pub fn values(&self, at: usize) -> Values<'_> {
        self.cells.get(at).map_or(Values::Missing, Cell::values)
    }

    /// What the row has of a column.
    #[must_use]
    pub fn of(&self, name: &str) -> Values<'_> {
        self.positions.get(name).map_or(Values::Missing, |at| self.values(*at))
    }
}
