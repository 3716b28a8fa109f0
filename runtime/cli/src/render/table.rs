//! Tables as `docker ps` or `kubectl get` show them: columns two spaces apart, no lines.

use std::fmt::Write as _;

use anstyle::Style;

use super::HEADING;

/// The space between columns.
const GAP: usize = 2;
/// The last column is not made narrower than this; a terminal too narrow for it breaks the lines itself.
const MIN_LAST: usize = 24;

/// A table in the making.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug)]
struct Column {
    title: &'static str,
    right: bool,
}

/// What stands in a row and a column.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Parts between which a line may be broken.
    parts: Vec<String>,
    separator: &'static str,
    style: Style,
}

impl Cell {
    /// Text that stays on its line.
    pub fn new(text: impl Into<String>) -> Self {
        Self { parts: vec![text.into()], ..Self::default() }
    }

    /// Text that may be broken at its spaces, if it stands in the last column.
    pub fn words(text: &str) -> Self {
        Self { parts: text.split_whitespace().map(str::to_owned).collect(), separator: " ", style: Style::new() }
    }

    /// Several things beside each other, or below each other where there is no room.
    pub fn items(parts: Vec<String>) -> Self {
        Self { parts, separator: "  ", style: Style::new() }
    }

    /// The same in a style.
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    fn text(&self) -> String {
        self.parts.join(self.separator)
    }

    /// Its lines in so many columns.
    fn lines(&self, width: Option<usize>) -> Vec<String> {
        let Some(width) = width else { return vec![self.text()] };
        let mut lines: Vec<String> = Vec::new();
        for part in &self.parts {
            match lines.last_mut() {
                Some(line) if length(line) + self.separator.len() + length(part) <= width => {
                    line.push_str(self.separator);
                    line.push_str(part);
                }
                _ => lines.push(part.clone()),
            }
        }
        if lines.is_empty() { vec![String::new()] } else { lines }
    }
}

impl From<(&'static str, Style)> for Cell {
    fn from((text, style): (&'static str, Style)) -> Self {
        Self::new(text).style(style)
    }
}

impl Table {
    /// A table with these headings. Those that begin with `>` are of columns set to the right.
    pub fn new(titles: &[&'static str]) -> Self {
        let column = |title: &&'static str| match title.strip_prefix('>') {
            Some(title) => Column { title, right: true },
            None => Column { title, right: false },
        };
        Self { columns: titles.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row, a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table's text, its last column broken to fit so many columns of a terminal.
    pub fn render(&self, width: Option<usize>) -> String {
        self.render_rows(self.rows.iter(), width)
    }

    /// The same of rows that are not in the table. They are made twice and kept never, for tables of thousands.
    pub fn render_rows(&self, rows: impl Iterator<Item = impl AsRef<[Cell]>> + Clone, width: Option<usize>) -> String {
        let last = self.columns.len().saturating_sub(1);
        let mut widths: Vec<usize> = self.columns.iter().map(|column| length(column.title)).collect();
        for row in rows.clone() {
            for (width, cell) in widths.iter_mut().zip(row.as_ref()) {
                *width = length(&cell.text()).max(*width);
            }
        }
        let indent: usize = widths[..last].iter().map(|width| width + GAP).sum();
        let room = width.map(|width| width.saturating_sub(indent).max(MIN_LAST));
        let mut out = String::new();
        if self.columns.iter().any(|column| !column.title.is_empty()) {
            let titles: Vec<Cell> = self.columns.iter().map(|c| Cell::new(c.title).style(HEADING)).collect();
            self.line(&mut out, &titles, &widths, None, indent);
        }
        for row in rows {
            self.line(&mut out, row.as_ref(), &widths, room, indent);
        }
        out
    }

    fn line(&self, out: &mut String, cells: &[Cell], widths: &[usize], room: Option<usize>, indent: usize) {
        let last = self.columns.len().saturating_sub(1);
        for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let style = cell.style;
            if i == last {
                for (n, line) in cell.lines(room).iter().enumerate() {
                    if n > 0 {
                        trim(out);
                        _ = write!(out, "\n{:indent$}", "");
                    }
                    // A column set to the right is short; it is not broken.
                    let pad = if self.columns[i].right { width.saturating_sub(length(line)) } else { 0 };
                    _ = write!(out, "{:pad$}{style}{line}{style:#}", "");
                }
                continue;
            }
            let text = cell.text();
            let pad = width.saturating_sub(length(&text));
            let (before, after) = if self.columns[i].right { (pad, 0) } else { (0, pad) };
            _ = write!(out, "{:before$}{style}{text}{style:#}{:after$}{:GAP$}", "", "", "");
        }
        trim(out);
        out.push('\n');
    }
}

fn trim(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["STEP", ">TIME", "OUTPUTS"]);
        let items = ["accuracy=0.97", "model blake3:1a2b3c4d…", "report blake3:5e6f7a8b…"];
        table.row([Cell::new("train"), Cell::new("0.41 s"), Cell::items(items.map(String::from).into())]);
        table.row([Cell::new("a-long-name"), Cell::new("12 ms"), Cell::words("")]);
        table.row([Cell::new("push"), Cell::new(""), Cell::words("its condition does not hold: a > b")]);
        table
    }

    fn plain(width: Option<usize>) -> String {
        anstream::adapter::strip_str(&table().render(width)).to_string()
    }

    #[test]
    fn columns_stand_below_their_titles() {
        insta::assert_snapshot!(plain(None), @r"
        STEP           TIME  OUTPUTS
        train        0.41 s  accuracy=0.97  model blake3:1a2b3c4d…  report blake3:5e6f7a8b…
        a-long-name   12 ms
        push                 its condition does not hold: a > b
        ");
    }

    #[test]
    fn the_last_column_is_broken_on_a_narrow_terminal() {
        insta::assert_snapshot!(plain(Some(60)), @r"
        STEP           TIME  OUTPUTS
        train        0.41 s  accuracy=0.97  model blake3:1a2b3c4d…
                             report blake3:5e6f7a8b…
        a-long-name   12 ms
        push                 its condition does not hold: a > b
        ");
    }
}
