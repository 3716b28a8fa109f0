//! A web page about how a model learned: one file, without scripts and without anything from elsewhere.

use std::fmt::Write as _;

use data_validation::number::six_digits;
use data_validation::page::{document, escape};

use crate::model::Curve;
use crate::train::Trained;

/// The size of the curve in pixels.
const SIZE: (f64, f64) = (560.0, 260.0);
/// Features that are shown.
const SHOWN: usize = 50;

/// The page of a model.
#[must_use]
pub fn page(trained: &Trained) -> String {
    let mut body = String::new();
    _ = write!(body, "<p>{} rows were learned from, by {}.</p>", trained.learned.rows, trained.algorithm.label());
    body.push_str("<table><tr><th>figure<th class=\"n\">learned from<th class=\"n\">held out</tr>\n");
    for (name, value) in &trained.learned.values {
        let examined = trained.examined.as_ref().and_then(|figures| figures.get(name));
        let examined = examined.map_or_else(String::new, six_digits);
        _ = writeln!(body, "<tr><td>{name}<td class=\"n\">{}<td class=\"n\">{examined}</tr>", six_digits(*value));
    }
    body.push_str("</table>\n");
    curve(&mut body, &trained.curve);
    if !trained.importances.is_empty() {
        body.push_str(
            "<h2>What it looks at</h2><table><tr><th>input<th class=\"n\">share of what splits gained</tr>\n",
        );
        for (name, share) in trained.importances.iter().take(SHOWN) {
            _ = writeln!(
                body,
                "<tr><td>{}<td class=\"n\" style=\"background:linear-gradient(to right,color-mix(in srgb,var(--bar) 25%,transparent) {:.0}%,transparent 0)\">{:.1} %</tr>",
                escape(name),
                share * 100.0,
                share * 100.0
            );
        }
        body.push_str("</table>\n");
    }
    document("Training", &body)
}

fn curve(body: &mut String, curve: &Curve) {
    type Point = (usize, f64, Option<f64>);
    let values = || curve.points.iter().flat_map(|(_, learned, examined)| [Some(*learned), *examined]).flatten();
    let (low, high) =
        values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let last = curve.points.last().map_or(0, |point| point.0);
    if curve.points.len() < 2 || !(low.is_finite() && high.is_finite()) {
        return;
    }
    let (width, height) = SIZE;
    let height_of = |value: f64| if high > low { (high - value) / (high - low) * height } else { height / 2.0 };
    let line = |color: &str, of: fn(&Point) -> Option<f64>| {
        let place =
            |point: &Point| Some(format!("{:.1},{:.1}", point.0 as f64 / last as f64 * width, height_of(of(point)?)));
        let points: Vec<String> = curve.points.iter().filter_map(place).collect();
        format!("<polyline points=\"{}\" style=\"fill:none;stroke:var({color});stroke-width:2\"/>", points.join(" "))
    };
    _ = write!(
        body,
        "<h2>{metric} by round</h2><svg width=\"{w}\" height=\"{h}\" viewBox=\"-90 -10 {w} {h}\" role=\"img\" aria-label=\"{metric} by round\">\
         <rect width=\"{width}\" height=\"{height}\" style=\"fill:none;stroke:var(--line)\"/>{}{}\
         <text x=\"-6\" y=\"10\" text-anchor=\"end\">{}</text><text x=\"-6\" y=\"{height}\" text-anchor=\"end\">{}</text>\
         <text x=\"{width}\" y=\"{below}\" text-anchor=\"end\">{last}</text></svg>",
        line("--bar", |point| Some(point.1)),
        line("--other", |point| point.2),
        six_digits(high),
        six_digits(low),
        metric = curve.metric,
        w = width + 100.0,
        h = height + 40.0,
        below = height + 16.0,
    );
    if curve.points.iter().any(|point| point.2.is_some()) {
        body.push_str("<p>Blue are the rows that it learned from, orange those held out.</p>");
    }
    if let Some(best) = curve.best {
        _ = write!(body, "<p>The best round is {best}; what came after it was dropped.</p>");
    }
}
