//! What people read: the page on a table, and the model's card.

use std::fmt::Write;

use crate::model::Softmax;
use crate::statistics::{Column, Numbers, Statistics, Values};

const STYLE: &str = "
:root { color-scheme: light dark; --text: #1b2733; --soft: #64748b; --line: #e2e8f0; --page: #fff; --bar: #0f766e; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e2e8f0; --soft: #94a3b8; --line: #334155; --page: #0f172a; --bar: #2dd4bf; }
}
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; }
p { color: var(--soft); margin: .25rem 0 1.5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .8rem; }
th, td { padding: .6rem .75rem .6rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
td.number, th.number { text-align: right; }
th:last-child, td:last-child { padding-left: 1.5rem; width: 14rem; }
code { font: 13px ui-monospace, monospace; }
.some { color: #d97706; }
svg { display: block; }
svg rect { fill: var(--bar); }
svg text { fill: var(--text); font-size: 11px; }
";

/// The page on a table: a row for each column, with its spread and a picture of it.
pub fn html(statistics: &Statistics) -> String {
    let mut page = String::new();
    let columns = statistics.columns.len();
    let missing: u32 = statistics.columns.iter().map(|column| column.missing).sum();
    _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Statistics</title><style>{STYLE}</style></head>\n<body>\
         <h1>Statistics</h1><p>{} rows, {columns} columns, {missing} missing values</p>\n<table><thead><tr><th>Column</th>\
         <th class=\"number\">Missing</th><th class=\"number\">Mean</th><th class=\"number\">Deviation</th>\
         <th class=\"number\">Min</th><th class=\"number\">Median</th><th class=\"number\">Max</th><th>Values</th></tr></thead>\n<tbody>\n",
        statistics.rows
    );
    for column in &statistics.columns {
        row(&mut page, column);
    }
    page += "</tbody></table></body></html>\n";
    page
}

fn row(page: &mut String, column: &Column) {
    let some = if column.missing > 0 { " some" } else { "" };
    _ = write!(
        page,
        "<tr><td><code>{}</code></td><td class=\"number{some}\">{}</td>",
        escape(&column.name),
        column.missing
    );
    match &column.values {
        Values::Number(numbers) => {
            for value in [numbers.mean, numbers.deviation, numbers.min, numbers.median, numbers.max] {
                _ = write!(page, "<td class=\"number\">{}</td>", short(value));
            }
            page.push_str("<td>");
            histogram(page, numbers);
        }
        Values::Category { counts } => {
            _ = write!(page, "<td colspan=\"5\">{} distinct</td><td>", counts.len());
            let mut counts: Vec<_> = counts.iter().map(|(word, count)| (word.as_str(), *count)).collect();
            counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
            bars(page, &counts);
        }
    }
    page.push_str("</td></tr>\n");
}

/// A picture of how numbers are spread.
fn histogram(page: &mut String, numbers: &Numbers) {
    const WIDTH: f64 = 200.0;
    const HEIGHT: f64 = 44.0;
    let greatest = f64::from(numbers.histogram.iter().copied().max().unwrap_or(1).max(1));
    let step = WIDTH / numbers.histogram.len() as f64;
    let from_to = format!("{} to {}", short(numbers.min), short(numbers.max));
    _ = write!(page, "<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"histogram, {from_to}\">");
    for (index, count) in numbers.histogram.iter().enumerate() {
        let height = f64::from(*count) / greatest * HEIGHT;
        let (x, y, width) = (index as f64 * step, HEIGHT - height, step - 1.0);
        _ = write!(
            page,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{count}</title></rect>"
        );
    }
    page.push_str("</svg>");
}

/// A bar for each of the most frequent words.
fn bars(page: &mut String, counts: &[(&str, u32)]) {
    const MOST: usize = 8;
    let shown = &counts[..counts.len().min(MOST)];
    let greatest = f64::from(shown.first().map_or(1, |(_, count)| *count).max(1));
    _ = write!(page, "<svg width=\"200\" height=\"{}\" role=\"img\" aria-label=\"frequencies\">", shown.len() * 18);
    for (index, (word, count)) in shown.iter().enumerate() {
        let width = f64::from(*count) / greatest * 80.0;
        let (y, baseline) = (index * 18 + 3, index * 18 + 13);
        _ = write!(
            page,
            "<text x=\"0\" y=\"{baseline}\">{}</text><rect x=\"80\" y=\"{y}\" width=\"{width:.1}\" height=\"12\"/>\
             <text x=\"{:.1}\" y=\"{baseline}\">{count}</text>",
            escape(word),
            width + 85.0
        );
    }
    page.push_str("</svg>");
    if counts.len() > MOST {
        _ = write!(page, "and {} more", counts.len() - MOST);
    }
}

/// A number with not more digits than help.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        0.001..1e6 => {
            let text = format!("{value:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{value:.2e}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The model's card, as Markdown.
pub fn card(model: &Softmax, accuracy: f64) -> String {
    let columns: Vec<String> = model.columns().map(|column| format!("`{column}`")).collect();
    let list = columns.join(", ");
    format!(
        "# Penguin species\n\n\
         Tells {} from one another.\n\n\
         | | |\n|---|---|\n\
         | Model | multinomial logistic regression (`{}`) |\n\
         | Looks at | {list} |\n\
         | Accuracy on unseen penguins | {:.1} % |\n",
        model.labels.join(", "),
        model.format,
        accuracy * 100.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[test]
    fn text_from_the_table_cannot_become_markup() {
        let table = Table::parse(b"<b>&\"\n<script>alert(1)</script>\n").unwrap();
        let page = html(&Statistics::of(&table));
        assert!(page.contains("&lt;b&gt;&amp;&quot;") && page.contains("&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script>") && !page.contains("<b>"));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([200.915, 0.0, 17.0, 0.5, 1e9, -3.25].map(short), ["200.91", "0", "17", "0.5", "1.00e9", "-3.25"]);
    }

    #[test]
    fn a_page_shows_every_column() {
        let page = html(&Statistics::of(&crate::table::tests::penguins()));
        for column in ["species", "bill_length_mm", "year"] {
            assert!(page.contains(&format!("<code>{column}</code>")));
        }
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        assert_eq!(page.matches("<svg").count(), 8);
        assert!(page.contains(">152</text>"));
    }
}
