//! awk's variables, arrays and fields.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;

use super::separator::{Fields, Records};
use super::value::Value;

/// In the order in which keys were added.
pub type Array = Rc<RefCell<IndexMap<Rc<str>, Value>>>;

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Cell {
    Scalar(Value),
    Array(Array),
    /// Never used; if a function that it was given to uses it as an array, it is this one.
    Free(Array),
}

/// The current record and its fields: each is made of the other when it is asked for.
#[derive(Debug, Default)]
pub struct Record {
    text: Value,
    fields: Vec<Value>,
    split: bool,
    stale: bool,
}

/// More fields than this are a mistake.
const MAX_FIELDS: u32 = 1 << 22;

pub struct Variables {
    globals: HashMap<String, Cell>,
    /// The parameters of the functions that run.
    frames: Vec<HashMap<String, Cell>>,
    pub record: Record,
    pub nr: f64,
    pub fnr: f64,
    fs: (Rc<str>, Fields),
    pub records: Records,
    rs: Rc<str>,
    pub ofs: Rc<str>,
    pub ors: Rc<str>,
    pub subsep: Rc<str>,
    pub convfmt: Rc<str>,
    pub ofmt: Rc<str>,
}

impl Variables {
    pub fn new() -> Self {
        Self {
            globals: HashMap::new(),
            frames: Vec::new(),
            record: Record { split: true, ..Record::default() },
            nr: 0.0,
            fnr: 0.0,
            fs: (" ".into(), Fields::Blanks),
            records: Records::One(b'\n'),
            rs: "\n".into(),
            ofs: " ".into(),
            ors: "\n".into(),
            subsep: "\x1c".into(),
            convfmt: "%.6g".into(),
            ofmt: "%.6g".into(),
        }
    }

    pub fn fields_separator(&self) -> &Fields {
        &self.fs.1
    }

    pub fn paragraph(&self) -> bool {
        matches!(self.records, Records::Paragraphs)
    }

    pub fn get(&mut self, name: &str) -> Result<Value, String> {
        if let Some(cell) = self.cell(name) {
            return match cell {
                Cell::Scalar(value) => Ok(value.clone()),
                Cell::Free(_) => Ok(Value::Unset),
                Cell::Array(_) => Err(format!("the array {name} is used as a scalar")),
            };
        }
        Ok(match name {
            "NF" => Value::count(self.field_count()),
            "NR" => Value::Number(self.nr),
            "FNR" => Value::Number(self.fnr),
            "FS" => Value::Text(self.fs.0.clone()),
            "RS" => Value::Text(self.rs.clone()),
            "OFS" => Value::Text(self.ofs.clone()),
            "ORS" => Value::Text(self.ors.clone()),
            "SUBSEP" => Value::Text(self.subsep.clone()),
            "CONVFMT" => Value::Text(self.convfmt.clone()),
            "OFMT" => Value::Text(self.ofmt.clone()),
            _ => Value::Unset,
        })
    }

    pub fn set(&mut self, name: &str, value: Value) -> Result<(), String> {
        let frame = self.frames.last_mut().filter(|frame| frame.contains_key(name));
        let text = || value.to_text("%.6g");
        match name {
            _ if frame.is_some() => {}
            "NF" => return self.set_field_count(value.number()),
            "NR" => self.nr = value.number(),
            "FNR" => self.fnr = value.number(),
            "FS" => {
                // The record at hand is still read with what was set before it.
                self.split();
                self.fs = (text(), Fields::new(&text())?);
            }
            "RS" => (self.rs, self.records) = (text(), Records::new(&text())?),
            "OFS" => {
                self.rebuild();
                self.ofs = text();
            }
            "ORS" => self.ors = text(),
            "SUBSEP" => self.subsep = text(),
            "CONVFMT" => self.convfmt = text(),
            "OFMT" => self.ofmt = text(),
            _ => {}
        }
        if is_special(name) && !self.is_local(name) {
            return Ok(());
        }
        let scope = self.scope(name);
        match scope.get_mut(name) {
            Some(Cell::Array(_)) => return Err(format!("the array {name} is used as a scalar")),
            Some(cell) => *cell = Cell::Scalar(value),
            None => {
                scope.insert(name.to_owned(), Cell::Scalar(value));
            }
        }
        Ok(())
    }

    fn is_local(&self, name: &str) -> bool {
        self.frames.last().is_some_and(|frame| frame.contains_key(name))
    }

    fn cell(&self, name: &str) -> Option<&Cell> {
        self.frames.last().and_then(|frame| frame.get(name)).or_else(|| self.globals.get(name))
    }

    fn scope(&mut self, name: &str) -> &mut HashMap<String, Cell> {
        let local = self.is_local(name);
        match self.frames.last_mut() {
            Some(frame) if local => frame,
            _ => &mut self.globals,
        }
    }

    pub fn array(&mut self, name: &str) -> Result<Array, String> {
        let scope = self.scope(name);
        let array = match scope.get(name) {
            Some(Cell::Array(array)) => return Ok(array.clone()),
            Some(Cell::Scalar(_)) => return Err(format!("{name} is used as an array")),
            Some(Cell::Free(array)) => array.clone(),
            None => Array::default(),
        };
        scope.insert(name.to_owned(), Cell::Array(array.clone()));
        Ok(array)
    }

    pub fn is_array(&self, name: &str) -> bool {
        match self.cell(name) {
            Some(Cell::Array(_)) => true,
            Some(Cell::Free(array)) => !array.borrow().is_empty(),
            _ => false,
        }
    }

    /// What a function is given when it is called with a name: of one that was never used, what may become an array.
    pub fn argument(&mut self, name: &str) -> Result<Cell, String> {
        if is_special(name) && !self.is_local(name) {
            return Ok(Cell::Scalar(self.get(name)?));
        }
        let scope = self.scope(name);
        Ok(match scope.get(name) {
            Some(Cell::Free(array)) if !array.borrow().is_empty() => Cell::Array(array.clone()),
            Some(cell) => cell.clone(),
            None => {
                let free = Cell::Free(Array::default());
                scope.insert(name.to_owned(), free.clone());
                free
            }
        })
    }

    pub fn enter(&mut self, frame: HashMap<String, Cell>) {
        self.frames.push(frame);
    }

    pub fn leave(&mut self) {
        self.frames.pop();
    }

    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    pub fn set_record(&mut self, text: &str) {
        self.record.text = Value::input(text);
        self.record.split = false;
        self.record.stale = false;
    }

    fn split(&mut self) {
        if !self.record.split {
            self.record.split = true;
            self.record.fields = self.fs.1.split(&self.record.text.to_text(&self.convfmt), self.paragraph());
        }
    }

    fn rebuild(&mut self) {
        if self.record.stale {
            self.record.stale = false;
            let fields: Vec<Rc<str>> = self.record.fields.iter().map(|field| field.to_text(&self.convfmt)).collect();
            self.record.text = Value::input(&fields.join(&*self.ofs));
        }
    }

    pub fn field_count(&mut self) -> usize {
        self.split();
        self.record.fields.len()
    }

    pub fn field(&mut self, index: f64) -> Result<Value, String> {
        let index = field_index(index)?;
        if index == 0 {
            self.rebuild();
            return Ok(self.record.text.clone());
        }
        self.split();
        Ok(self.record.fields.get(index - 1).cloned().unwrap_or_default())
    }

    pub fn set_field(&mut self, index: f64, value: Value) -> Result<(), String> {
        let index = field_index(index)?;
        if index == 0 {
            let text = value.to_text(&self.convfmt);
            self.set_record(&text);
            return Ok(());
        }
        self.split();
        if index > self.record.fields.len() {
            self.record.fields.resize(index, Value::text(""));
        }
        self.record.fields[index - 1] = value;
        self.record.stale = true;
        Ok(())
    }

    fn set_field_count(&mut self, count: f64) -> Result<(), String> {
        let count = field_index(count)?;
        self.split();
        self.record.fields.resize(count, Value::text(""));
        self.record.stale = true;
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within what was just looked at")]
fn field_index(index: f64) -> Result<usize, String> {
    if index < 0.0 || index.is_nan() {
        return Err(format!("there is no field {index}"));
    }
    if index > f64::from(MAX_FIELDS) {
        return Err(format!("a record may have {MAX_FIELDS} fields at most, not {index:.0}"));
    }
    Ok(index as usize)
}

fn is_special(name: &str) -> bool {
    matches!(name, "NF" | "NR" | "FNR" | "FS" | "RS" | "OFS" | "ORS" | "SUBSEP" | "CONVFMT" | "OFMT")
}
