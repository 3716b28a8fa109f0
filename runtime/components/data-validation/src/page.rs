//! Web pages about statistics, anomalies and distances: one file each, without scripts and without anything from elsewhere.

use std::fmt::Write as _;

use crate::number::six_digits;
use crate::proto::feature_name_statistics::{Stats, Type};
use crate::proto::histogram::HistogramType;
use crate::proto::{Anomalies, DatasetFeatureStatisticsList, FeatureNameStatistics, Histogram};
use crate::report;
use crate::trend::Trend;
use crate::view::whole;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--dim:#66707f;--line:#d9dee5;--bar:#4c78a8;--other:#f58518;--bad:#b3261e;--paper:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--dim:#97a1b0;--line:#333b47;--bar:#79a7d9;--other:#f0a04b;--bad:#f2867c;--paper:#14181f}}\
*{box-sizing:border-box}body{font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;max-width:75rem;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}p,.dim{color:var(--dim)}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}\
th{color:var(--dim);font-weight:500}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:var(--bad)}\
svg{display:block}svg .a{fill:var(--bar)}svg .b{fill:none;stroke:var(--other);stroke-width:1.5}svg text{fill:var(--dim);font-size:10px}\
svg .over{fill:var(--bad)}svg .limit{fill:none;stroke:var(--dim);stroke-dasharray:3 3}\
.scroll{overflow-x:auto}";

/// Columns that a page shows; the files hold all.
const MOST_COLUMNS: usize = 1000;
/// Pictures have this size.
const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 40.0;
/// Texts that are shown of a column.
const TEXTS: usize = 10;

/// A whole page of a title and HTML below it, in the style that all of these pages share: tables with `n` for numbers and `bad` for what is wrong, and
/// pictures with `a` and `b` for two sides.
#[must_use]
pub fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>\n{body}</body></html>\n"
    )
}

/// Text that is safe in HTML. Very long text is cut.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, letter) in text.chars().enumerate() {
        match letter {
            _ if n == 200 => {
                out.push('…');
                break;
            }
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
    out
}

/// A page about the statistics of each split: what each column holds, with its distribution.
#[must_use]
pub fn of_statistics(splits: &[(String, DatasetFeatureStatisticsList)]) -> String {
    let mut body = String::new();
    for (split, list) in splits {
        let Ok(data) = whole(list) else { continue };
        let columns = data.features.len();
        _ = write!(body, "<h2>{}</h2><p>{} rows, {columns} columns</p>", escape(split), data.num_examples);
        let is_text = |feature: &&FeatureNameStatistics| !matches!(feature.stats, Some(Stats::NumStats(_)));
        let shown = || data.features.iter().take(MOST_COLUMNS);
        let numbers: Vec<&FeatureNameStatistics> = shown().filter(|feature| !is_text(feature)).collect();
        let texts: Vec<&FeatureNameStatistics> = shown().filter(is_text).collect();
        if columns > MOST_COLUMNS {
            _ = write!(body, "<p>The first {MOST_COLUMNS} columns are shown; the files hold all.</p>");
        }
        if !numbers.is_empty() {
            body.push_str(
                "<div class=\"scroll\"><table><tr><th>numbers</th><th class=\"n\">count</th><th class=\"n\">missing</th><th class=\"n\">mean</th>\
                 <th class=\"n\">std dev</th><th class=\"n\">zeros</th><th class=\"n\">min</th><th class=\"n\">median</th><th class=\"n\">max</th>\
                 <th>distribution</th></tr>",
            );
            for feature in numbers {
                number_row(&mut body, feature);
            }
            body.push_str("</table></div>");
        }
        if !texts.is_empty() {
            body.push_str(
                "<div class=\"scroll\"><table><tr><th>texts</th><th class=\"n\">count</th><th class=\"n\">missing</th><th class=\"n\">unique</th>\
                 <th class=\"n\">avg bytes</th><th>most frequent</th><th>distribution</th></tr>",
            );
            for feature in texts {
                text_row(&mut body, feature);
            }
            body.push_str("</table></div>");
        }
    }
    document("Statistics", &body)
}

fn name(feature: &FeatureNameStatistics) -> String {
    escape(&report::name(feature))
}

fn share(part: u64, of: u64) -> String {
    if part == 0 || of == 0 {
        "0%".to_owned()
    } else {
        format!("{}%", six_digits((part as f64 / of as f64 * 1e4).round() / 100.0))
    }
}

fn number_row(out: &mut String, feature: &FeatureNameStatistics) {
    let Some(Stats::NumStats(stats)) = &feature.stats else { return };
    let common = stats.common_stats.clone().unwrap_or_default();
    let rows = common.num_non_missing + common.num_missing;
    let kind = if feature.r#type() == Type::Float { "float" } else { "int" };
    let missing = share(common.num_missing, rows);
    let bad = if common.num_missing > 0 { " bad" } else { "" };
    _ = write!(
        out,
        "<tr><td>{} <span class=\"dim\">{kind}</span></td><td class=\"n\">{}</td><td class=\"n{bad}\">{missing}</td>",
        name(feature),
        common.num_non_missing
    );
    _ = write!(
        out,
        "<td class=\"n\">{}</td><td class=\"n\">{}</td>",
        six_digits(stats.mean),
        six_digits(stats.std_dev)
    );
    _ = write!(out, "<td class=\"n\">{}</td>", share(stats.num_zeros, common.num_non_missing));
    for value in [stats.min, stats.median, stats.max] {
        _ = write!(out, "<td class=\"n\">{}</td>", six_digits(value));
    }
    let histogram = stats.histograms.iter().find(|histogram| histogram.r#type() == HistogramType::Standard);
    let bars: Vec<f64> = histogram.map(finite_counts).unwrap_or_default();
    _ = write!(out, "<td>{}</td></tr>", bars_svg(&bars, None));
}

fn finite_counts(histogram: &Histogram) -> Vec<f64> {
    let finite =
        histogram.buckets.iter().filter(|bucket| bucket.low_value.is_finite() && bucket.high_value.is_finite());
    finite.map(|bucket| bucket.sample_count).collect()
}

fn text_row(out: &mut String, feature: &FeatureNameStatistics) {
    let Some(Stats::StringStats(stats)) = &feature.stats else { return };
    let common = stats.common_stats.clone().unwrap_or_default();
    let rows = common.num_non_missing + common.num_missing;
    let bad = if common.num_missing > 0 { " bad" } else { "" };
    _ = write!(
        out,
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n{bad}\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>",
        name(feature),
        common.num_non_missing,
        share(common.num_missing, rows),
        stats.unique,
        six_digits(f64::from(stats.avg_length))
    );
    for top in stats.top_values.iter().take(3) {
        _ = write!(out, "{} <span class=\"dim\">{}</span><br>", escape(&top.value), six_digits(top.frequency));
    }
    let bars: Vec<f64> = stats.top_values.iter().take(TEXTS).map(|top| top.frequency).collect();
    _ = write!(out, "</td><td>{}</td></tr>", bars_svg(&bars, None));
}

/// Bars, and over them the outline of others.
fn bars_svg(bars: &[f64], over: Option<&[f64]>) -> String {
    let all = bars.iter().chain(over.into_iter().flatten()).copied().filter(|value| value.is_finite());
    let most = all.fold(0.0, f64::max);
    if most <= 0.0 {
        return String::new();
    }
    let mut svg = format!("<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">");
    let width = WIDTH / bars.len().max(over.map_or(0, <[f64]>::len)) as f64;
    for (n, value) in bars.iter().enumerate() {
        let height = (value / most * HEIGHT).clamp(0.0, HEIGHT);
        _ = write!(
            svg,
            "<rect class=\"a\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            n as f64 * width,
            HEIGHT - height,
            (width - 1.0).max(0.5)
        );
    }
    if let Some(over) = over {
        let mut path = String::new();
        for (n, value) in over.iter().enumerate() {
            let y = HEIGHT - (value / most * HEIGHT).clamp(0.0, HEIGHT);
            let (from, to) = (n as f64 * width, (n + 1) as f64 * width);
            _ = write!(path, "{}{from:.1} {y:.1}L{to:.1} {y:.1}", if n == 0 { 'M' } else { 'L' });
        }
        _ = write!(svg, "<path class=\"b\" d=\"{path}\"/>");
    }
    svg + "</svg>"
}

/// A line over runs, with gaps where there is no value, and a dashed one at the threshold.
fn line_svg(series: &[Option<f64>], threshold: Option<f64>) -> String {
    let most = series.iter().flatten().copied().chain(threshold).fold(f64::MIN_POSITIVE, f64::max);
    let place = |value: f64| HEIGHT - 2.0 - (value / most * (HEIGHT - 4.0)).clamp(0.0, HEIGHT - 4.0);
    let step = WIDTH / series.len().max(2) as f64;
    let mut path = String::new();
    let mut dots = String::new();
    let mut pen_down = false;
    for (n, value) in series.iter().enumerate() {
        let Some(value) = value else {
            pen_down = false;
            continue;
        };
        let (x, y) = ((n as f64 + 0.5) * step, place(*value));
        _ = write!(path, "{}{x:.1} {y:.1}", if pen_down { 'L' } else { 'M' });
        let class = if threshold.is_some_and(|threshold| *value > threshold) { "over" } else { "a" };
        _ = write!(dots, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>");
        pen_down = true;
    }
    let limit = threshold.map(|threshold| {
        let y = place(threshold);
        format!("<path class=\"limit\" d=\"M0 {y:.1}H{WIDTH}\"/>")
    });
    let limit = limit.unwrap_or_default();
    format!(
        "<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">{limit}<path class=\"b\" d=\"{path}\"/>{dots}</svg>"
    )
}

/// A page about the anomalies of each split.
#[must_use]
pub fn of_anomalies(splits: &[(String, Anomalies)]) -> String {
    let mut body = String::new();
    for (split, anomalies) in splits {
        _ = write!(body, "<h2>{}</h2>", escape(split));
        let findings = report::findings(anomalies);
        if findings.is_empty() {
            body.push_str("<p>No anomalies.</p>");
            continue;
        }
        body.push_str("<table><tr><th>column</th><th>what</th><th>severity</th><th>where and how much</th></tr>");
        for finding in findings.iter().take(MOST_COLUMNS) {
            _ = write!(
                body,
                "<tr><td>{}</td><td class=\"bad\">{}</td><td>{}</td><td>{}</td></tr>",
                escape(&finding.column),
                escape(&finding.what),
                escape(&finding.severity),
                escape_whole(&finding.detail)
            );
        }
        body.push_str("</table>");
    }
    document("Anomalies", &body)
}

/// Text of ours that may hold values, cut only where it is very long.
fn escape_whole(text: &str) -> String {
    text.chars()
        .take(4000)
        .collect::<Vec<_>>()
        .chunks(200)
        .map(|part| escape(&part.iter().collect::<String>()))
        .collect()
}

/// How far a column is from another, for a page.
#[derive(Debug, Clone, Default)]
pub struct Distance {
    /// The column.
    pub column: String,
    /// What was measured: name, value, threshold if there is one.
    pub measures: Vec<(String, f64, Option<f64>)>,
    /// Shares of the column's values in buckets, and of the other's in the same ones.
    pub shares: (Vec<f64>, Vec<f64>),
    /// Why nothing could be measured.
    pub problem: Option<String>,
}

impl Distance {
    /// Whether a measure is above its threshold, or nothing could be measured.
    #[must_use]
    pub fn moved(&self) -> bool {
        self.problem.is_some()
            || self.measures.iter().any(|(_, value, threshold)| threshold.is_some_and(|threshold| *value > threshold))
    }
}

/// A page about distances of each split: the columns that moved first, both distributions over one another, and how each measure went over the
/// last runs.
#[must_use]
pub fn of_distances(splits: &[(String, Vec<Distance>)], trend: &Trend) -> String {
    let mut body = String::from("<p>Bars: now. Line: the baseline. Red: above the threshold.</p>");
    let runs: Vec<&str> = trend.labels().collect();
    let has_trend = runs.len() > 1;
    if let ([first, .., last], true) = (runs.as_slice(), has_trend) {
        _ = write!(
            body,
            "<p>The last {} runs, from {} to {}; the dashed line is the threshold.</p>",
            runs.len(),
            escape(first),
            escape(last)
        );
    }
    for (split, distances) in splits {
        _ = write!(body, "<h2>{}</h2>", escape(split));
        if distances.is_empty() {
            body.push_str("<p>There is no baseline, or no column that both have.</p>");
            continue;
        }
        let last = if has_trend { "<th>the last runs</th>" } else { "" };
        _ = write!(body, "<table><tr><th>column</th><th>measures</th><th>distribution</th>{last}</tr>");
        let mut ordered: Vec<&Distance> = distances.iter().collect();
        ordered.sort_by_key(|distance| !distance.moved());
        for distance in ordered.into_iter().take(MOST_COLUMNS) {
            _ = write!(body, "<tr><td>{}</td><td>", escape(&distance.column));
            if let Some(problem) = &distance.problem {
                _ = write!(body, "<span class=\"bad\">{}</span>", escape(problem));
            }
            for (name, value, threshold) in &distance.measures {
                let above = threshold.is_some_and(|threshold| *value > threshold);
                let class = if above { "bad" } else { "dim" };
                let limit =
                    threshold.map(|threshold| format!(" (threshold {})", six_digits(threshold))).unwrap_or_default();
                _ = write!(body, "<span class=\"{class}\">{} {}{limit}</span><br>", escape(name), six_digits(*value));
            }
            _ = write!(body, "</td><td>{}</td>", bars_svg(&distance.shares.0, Some(&distance.shares.1)));
            if has_trend {
                body.push_str("<td>");
                // The measures that something hangs on; of others the first.
                let limited = distance.measures.iter().filter(|(_, _, threshold)| threshold.is_some());
                let first = distance.measures.iter().take(usize::from(limited.clone().next().is_none()));
                for (name, _, threshold) in limited.chain(first) {
                    let series: Vec<Option<f64>> = trend.series(split, &distance.column, name).collect();
                    _ = write!(body, "<span class=\"dim\">{}</span>{}", escape(name), line_svg(&series, *threshold));
                }
                body.push_str("</td>");
            }
            body.push_str("</tr>");
        }
        body.push_str("</table>");
    }
    document("Distances", &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Options, Table, describe};

    #[test]
    fn values_cannot_become_markup() {
        let text = b"<b>,n\n<script>alert(1)</script>,1\n\"a&\"\"\",2\n";
        let statistics = describe(&[Table::of("t", text)], &Options::default()).unwrap().message();
        let page = of_statistics(&[("<split>".to_owned(), statistics)]);
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<split>"));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(page.contains("a&amp;&quot;"));
    }
}
