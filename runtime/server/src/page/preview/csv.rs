//! Tables: their first rows, and what each column holds.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord};
use maud::{Markup, html};

use super::super::words::{count, grouped, number, short};

/// Rows that are shown, columns that are shown, and different values of a column that are counted.
const ROWS: usize = 50;
const COLUMNS: usize = 60;
const MAX_VALUES: usize = 1_000;
/// Bars of the distribution of a column of numbers.
const BINS: usize = 12;

/// The delimiter of a table: the lines at its beginning have the same number of it.
pub(super) fn delimiter(text: &str) -> Option<u8> {
    let lines: Vec<&str> = text.lines().take(6).filter(|line| !line.is_empty()).collect();
    // The last line may be cut.
    let lines = if lines.len() > 3 { &lines[..lines.len() - 1] } else { &lines[..] };
    if lines.len() < 2 {
        return None;
    }
    [b',', b'\t', b';', b'|'].into_iter().find(|delimiter| {
        let fields = |line: &&str| {
            let mut reader = ReaderBuilder::new().has_headers(false).delimiter(*delimiter).from_reader(line.as_bytes());
            reader.records().next().and_then(Result::ok).map_or(0, |record| record.len())
        };
        let first = fields(&lines[0]);
        first > 1 && lines.iter().all(|line| fields(line) == first)
    })
}

/// What a column holds.
#[derive(Default)]
struct Column {
    filled: usize,
    missing: usize,
    numbers: Vec<f64>,
    values: HashMap<String, usize>,
    is_many: bool,
}

impl Column {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if matches!(text, "" | "NA" | "NaN" | "nan" | "null" | "NULL" | "None") {
            self.missing += 1;
            return;
        }
        self.filled += 1;
        if let Ok(number) = text.parse::<f64>()
            && number.is_finite()
        {
            self.numbers.push(number);
        }
        if self.values.len() < MAX_VALUES || self.values.contains_key(text) {
            *self.values.entry(text.to_owned()).or_default() += 1;
        } else {
            self.is_many = true;
        }
    }

    fn is_numeric(&self) -> bool {
        self.filled > 0 && self.numbers.len() == self.filled
    }

    fn distribution(&self) -> Option<(f64, f64, f64, [usize; BINS])> {
        let (min, max) =
            self.numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), n| (min.min(*n), max.max(*n)));
        let length = to_float(self.numbers.len());
        let mean = self.numbers.iter().map(|number| number / length).sum();
        let mut bins = [0; BINS];
        for number in &self.numbers {
            let place = if max > min { (number - min) / (max - min) * to_float(BINS) } else { 0.0 };
            bins[to_index(place).min(BINS - 1)] += 1;
        }
        (min <= max).then_some((min, mean, max, bins))
    }

    fn about(&self) -> Markup {
        let missing = html! { @if self.missing > 0 { span { (count(self.missing, "missing", "missing")) } } };
        if self.is_numeric()
            && let Some((min, mean, max, bins)) = self.distribution()
        {
            let highest = bins.iter().copied().max().unwrap_or(1).max(1);
            return html! {
                svg class="bins" width="84" height="22" aria-hidden="true" {
                    @for (at, bin) in bins.iter().enumerate() {
                        @let height = (bin * 20).div_ceil(highest);
                        rect x=(at * 7) y=(22 - height) width="6" height=(height) rx="1" {}
                    }
                }
                span { (number(min)) " – " (number(max)) }
                span { "mean " (number(if mean.abs() >= 100.0 { (mean * 10.0).round() / 10.0 } else { (mean * 1000.0).round() / 1000.0 })) }
                (missing)
            };
        }
        let mut values: Vec<(&String, &usize)> = self.values.iter().collect();
        values.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        html! {
            span { (grouped(values.len() as u64)) @if self.is_many { "+" } " different" }
            @for (value, times) in values.iter().take(2) { span { (short(value, 18)) " " (grouped(**times as u64)) "×" } }
            (missing)
        }
    }
}

/// The first rows of a table, below what was found in all that was read of it.
pub(super) fn table(bytes: &[u8], is_whole: bool, delimiter: u8) -> Markup {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
    let text = |record: &csv::ByteRecord| StringRecord::from_byte_record_lossy(record.clone());
    let names: Vec<String> =
        reader.byte_headers().map(|names| text(names).iter().map(str::to_owned).collect()).unwrap_or_default();
    let mut columns: Vec<Column> = names.iter().take(COLUMNS).map(|_| Column::default()).collect();
    let (mut shown, mut rows) = (Vec::new(), 0);
    let mut before = None;
    // Of a part, the last row may be cut.
    for record in reader.byte_records().map_while(Result::ok) {
        if let Some(record) = before.replace(record) {
            take(&text(&record), &mut columns, &mut shown, &mut rows);
        }
    }
    if let Some(last) = before.filter(|_| is_whole) {
        take(&text(&last), &mut columns, &mut shown, &mut rows);
    }
    let hidden = names.len().saturating_sub(COLUMNS);
    html! {
        p class="dim" {
            @if !is_whole { "The first " }
            (count(rows, "row", "rows")) ", " (count(names.len(), "column", "columns"))
            @if rows > shown.len() { "; " (shown.len()) " are shown" }
            @if hidden > 0 { "; " (hidden) " columns are not shown" }
        }
        div class="scroll" tabindex="0" role="region" aria-label="The table" {
            table class="data" {
                thead {
                    tr { @for name in names.iter().take(COLUMNS) { th scope="col" { (short(name, 40)) } } }
                    tr class="about" { @for column in &columns { td { (column.about()) } } }
                }
                tbody {
                    @for row in &shown {
                        tr {
                            @for (cell, column) in row.iter().take(COLUMNS).zip(&columns) {
                                td class=[column.is_numeric().then_some("right number")] { (short(cell, 80)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn take(record: &StringRecord, columns: &mut [Column], shown: &mut Vec<StringRecord>, rows: &mut usize) {
    for (column, text) in columns.iter_mut().zip(record) {
        column.add(text);
    }
    *rows += 1;
    if shown.len() < ROWS {
        shown.push(record.clone());
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below where it begins")]
fn to_float(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the number of bars")]
fn to_index(place: f64) -> usize {
    place as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_in_each_line() {
        assert_eq!(delimiter("a,b\n1,2\n\"x,y\",3\n"), Some(b','));
        assert_eq!(delimiter("a;b\n1;2,5\n"), Some(b';'));
        assert_eq!(delimiter("some words, and more\nthen none\n"), None);
        assert_eq!(delimiter("a,b"), None);
    }

    #[test]
    fn columns_are_summed_up() {
        let text = "n,kind,<b>\n1,x,=1+1\n2.5,y,@SUM(A1)\nNA,x,\"<script>alert(1)</script>\"\n";
        let shown = table(text.as_bytes(), true, b',').into_string();
        assert!(!shown.contains("<script") && !shown.contains("<b>"), "{shown}");
        for part in ["1 – 2.5", "mean 1.75", "1 missing", "2 different", "x 2×", "=1+1", "3 rows, 3 columns"] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
    }

    #[test]
    fn the_last_row_of_a_part_is_not_shown() {
        let shown = table(b"a,b\n1,2\n3,4", false, b',').into_string();
        assert!(shown.contains("The first 1 row"), "{shown}");
    }
}
