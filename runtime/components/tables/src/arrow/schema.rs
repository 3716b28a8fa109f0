//! The columns of an Arrow schema, as far as they are read.

use super::flatbuffer::Object;

/// A column, or the items of one that is a list.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// What is stored: positions, if there is a dictionary.
    pub layout: Layout,
    /// What values mean.
    pub meaning: Meaning,
    pub dictionary: Option<i64>,
    /// How a dictionary's values are stored.
    pub of_dictionary: Option<Layout>,
    pub item: Option<Box<Field>>,
}

impl Field {
    /// The field of the dictionary's values.
    pub fn values(&self) -> Field {
        let layout = self.of_dictionary.unwrap_or(self.layout);
        Field { layout, dictionary: None, of_dictionary: None, ..self.clone() }
    }
}

/// How values lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Null,
    Bits,
    /// So many bytes each.
    Fixed(usize),
    /// Bytes between offsets of four or eight bytes.
    Bytes(usize),
    /// Bytes in views.
    Views,
    /// Lists between offsets of four or eight bytes.
    List(usize),
    /// Lists of a fixed length.
    FixedList(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Nothing,
    Bool,
    Int,
    Unsigned,
    Half,
    Float,
    Bytes,
    /// Days since 1970.
    Day,
    /// Units since 1970, so many a second. Dates in thousandths have only their day.
    Time(i64),
    Millisecond,
    /// An integer times a power of ten.
    Decimal(i32),
    List,
}

/// The columns of a schema.
pub fn fields(schema: Object<'_>) -> Result<Vec<Field>, String> {
    if schema.short(0) != 0 {
        return Err("its numbers are in big-endian order, which is not read".to_owned());
    }
    schema.tables(1).map(|table| field(table, 0)).collect()
}

fn field(table: Object<'_>, depth: u32) -> Result<Field, String> {
    let name = table.text(0);
    let kind = table.byte(2);
    let of = table.table(3);
    let int = |index| of.map_or(0, |of| of.int(index));
    let (layout, meaning) = match kind {
        1 => (Layout::Null, Meaning::Nothing),
        2 => integer(of, &name)?,
        3 => match of.map_or(0, |of| of.short(0)) {
            0 => (Layout::Fixed(2), Meaning::Half),
            1 => (Layout::Fixed(4), Meaning::Float),
            _ => (Layout::Fixed(8), Meaning::Float),
        },
        4 | 5 => (Layout::Bytes(4), Meaning::Bytes),
        6 => (Layout::Bits, Meaning::Bool),
        7 => {
            let width = match int(2) {
                0 => 16,
                bits => usize::try_from(bits / 8).unwrap_or(16),
            };
            (Layout::Fixed(width.clamp(1, 32)), Meaning::Decimal(int(1)))
        }
        8 if of.map_or(1, |of| of.short_or(0, 1)) == 0 => (Layout::Fixed(4), Meaning::Day),
        8 => (Layout::Fixed(8), Meaning::Millisecond),
        10 => {
            let units = match of.map_or(0, |of| of.short(0)) {
                0 => 1,
                1 => 1000,
                2 => 1_000_000,
                _ => 1_000_000_000,
            };
            (Layout::Fixed(8), Meaning::Time(units))
        }
        12 => (Layout::List(4), Meaning::List),
        15 => {
            let width = usize::try_from(int(0)).ok().filter(|width| *width > 0);
            (Layout::Fixed(width.ok_or("bytes of a fixed length have none")?), Meaning::Bytes)
        }
        16 => {
            let length = usize::try_from(int(0)).map_err(|_| "lists of a fixed length have none")?;
            (Layout::FixedList(length), Meaning::List)
        }
        19 | 20 => (Layout::Bytes(8), Meaning::Bytes),
        21 => (Layout::List(8), Meaning::List),
        23 | 24 => (Layout::Views, Meaning::Bytes),
        13 | 14 | 17 => return Err(format!("column `{name}` holds structures, which are not read")),
        other => return Err(format!("column `{name}` has type {other} of Arrow's, which is not read")),
    };
    let mut field = Field { name, layout, meaning, dictionary: None, of_dictionary: None, item: None };
    if meaning == Meaning::List {
        let item = table.tables(5).next().ok_or("a list has no items")?;
        if depth > 0 {
            return Err(format!("column `{}` holds lists of lists, which are not read", field.name));
        }
        let item = self::field(item, depth + 1).map_err(|problem| format!("column `{}`: {problem}", field.name))?;
        if item.meaning == Meaning::List {
            return Err(format!("column `{}` holds lists of lists, which are not read", field.name));
        }
        field.item = Some(Box::new(item));
    }
    if let Some(encoding) = table.table(4) {
        if meaning == Meaning::List {
            return Err(format!("column `{}` has a dictionary of lists, which is not read", field.name));
        }
        field.dictionary = Some(encoding.long(0));
        let (positions, _) =
            encoding.table(1).map_or(Ok((Layout::Fixed(4), Meaning::Int)), |of| integer(Some(of), ""))?;
        field.of_dictionary = Some(field.layout);
        field.layout = positions;
    }
    Ok(field)
}

fn integer(of: Option<Object<'_>>, name: &str) -> Result<(Layout, Meaning), String> {
    let (bits, signed) = of.map_or((0, false), |of| (of.int(0), of.flag(1)));
    if !matches!(bits, 8 | 16 | 32 | 64) {
        return Err(format!("column `{name}` has integers of {bits} bits"));
    }
    let width = usize::try_from(bits / 8).unwrap_or(8);
    Ok((Layout::Fixed(width), if signed { Meaning::Int } else { Meaning::Unsigned }))
}
