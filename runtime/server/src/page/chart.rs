//! Charts, made here: a metric over runs, and curves over one another. Colours are classes, so that they follow the page's.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::words::{number, short};

/// A point of a metric: its run and the value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    /// The page that it leads to.
    pub href: String,
    /// What it is, for a pointer and a reader.
    pub about: String,
    /// The value.
    pub value: f64,
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 150.0;
/// The room for numbers at the left, and around.
const LEFT: f64 = 46.0;
const EDGE: f64 = 12.0;

/// Values in their order, joined by a line.
pub(super) fn line(title: &str, points: &[Point]) -> Markup {
    let finite = || points.iter().map(|point| point.value).filter(|value| value.is_finite());
    let (low, high) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return html! {};
    }
    let (low, high) = spread(low, high);
    let steps = to_float(points.len().saturating_sub(1).max(1));
    let x = |at: usize| {
        if points.len() == 1 {
            f64::midpoint(LEFT, WIDTH - EDGE)
        } else {
            LEFT + (WIDTH - LEFT - EDGE) * to_float(at) / steps
        }
    };
    let y = |value: f64| EDGE + (HEIGHT - 2.0 * EDGE) * (high - value) / (high - low);
    let shown: Vec<(usize, &Point)> = points.iter().enumerate().filter(|(_, point)| point.value.is_finite()).collect();
    let mut path = String::new();
    for (at, point) in &shown {
        let _ = write!(path, "{}{:.1} {:.1}", if path.is_empty() { "M" } else { "L" }, x(*at), y(point.value));
    }
    let last = points.last().map(|point| number(point.value)).unwrap_or_default();
    html! {
        figure class="chart" {
            figcaption { span { (short(title, 60)) } span class="number" { (last) } }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="group" aria-label={ "Chart of " (short(title, 60)) } {
                @for tick in [low, f64::midpoint(low, high), high] {
                    path class="rule" d={ "M" (LEFT) " " (fixed(y(tick))) "H" (WIDTH - EDGE) } {}
                    text class="tick-text" x=(LEFT - 8.0) y=(fixed(y(tick) + 3.5)) text-anchor="end" { (number(rounded(tick))) }
                }
                path class="series series-0" d=(path) {}
                @for (at, point) in &shown {
                    a href=(point.href) aria-label=(point.about) {
                        title { (point.about) }
                        circle class="spot series-0" cx=(fixed(x(*at))) cy=(fixed(y(point.value))) r="3.5" {}
                    }
                }
            }
        }
    }
}

/// A curve: points from 0 to 1 in both directions.
pub(super) struct Curve<'c> {
    /// Its name.
    pub name: &'c str,
    /// Its points by their false positive rate and recall.
    pub points: Vec<(f64, f64)>,
}

/// Colours of series that there are.
pub(super) const SERIES: usize = 6;

/// ROC curves over one another.
pub(super) fn roc(curves: &[Curve<'_>]) -> Markup {
    let side = 300.0;
    let (left, bottom) = (40.0, 34.0);
    let x = |value: f64| left + value.clamp(0.0, 1.0) * (side - left - 10.0);
    let y = |value: f64| 10.0 + (1.0 - value.clamp(0.0, 1.0)) * (side - bottom - 10.0);
    let path = |curve: &Curve<'_>| {
        let mut path = String::new();
        for (rate, recall) in &curve.points {
            let _ = write!(path, "{}{:.1} {:.1}", if path.is_empty() { "M" } else { "L" }, x(*rate), y(*recall));
        }
        path
    };
    html! {
        figure class="chart square" {
            figcaption { span { "ROC" } }
            svg viewBox={ "0 0 " (side) " " (side) } role="img" aria-label={ "ROC of " (curves.iter().map(|curve| short(curve.name, 60)).collect::<Vec<_>>().join(", ")) } {
                @for (tick, has_text) in [(0.0, true), (0.25, false), (0.5, true), (0.75, false), (1.0, true)] {
                    path class="rule" d={ "M" (fixed(x(0.0))) " " (fixed(y(tick))) "H" (fixed(x(1.0))) "M" (fixed(x(tick))) " " (fixed(y(0.0))) "V" (fixed(y(1.0))) } {}
                    @if has_text {
                        text class="tick-text" x=(fixed(x(0.0) - 7.0)) y=(fixed(y(tick) + 3.5)) text-anchor="end" { (tick) }
                        text class="tick-text" x=(fixed(x(tick))) y=(fixed(y(0.0) + 14.0)) text-anchor="middle" { (tick) }
                    }
                }
                path class="rule chance" d={ "M" (fixed(x(0.0))) " " (fixed(y(0.0))) "L" (fixed(x(1.0))) " " (fixed(y(1.0))) } {}
                text class="tick-text" x=(fixed(x(0.5))) y=(fixed(side - 4.0)) text-anchor="middle" { "False positive rate" }
                @for (at, curve) in curves.iter().enumerate() { path class={ "series series-" (at % SERIES) } d=(path(curve)) {} }
            }
            ul class="legend" {
                @for (at, curve) in curves.iter().enumerate() {
                    li {
                        svg width="14" height="4" aria-hidden="true" { rect class={ "fill series-" (at % SERIES) } width="14" height="4" rx="2" {} }
                        span { (short(curve.name, 60)) }
                        span class="dim number" { "AUC " (number(rounded(area(&curve.points)))) }
                    }
                }
            }
        }
    }
}

/// The area under a curve, by trapezoids.
pub(super) fn area(points: &[(f64, f64)]) -> f64 {
    let mut points: Vec<(f64, f64)> = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1, pair[1].1)).sum()
}

/// A range with something on both sides of its ends.
fn spread(low: f64, high: f64) -> (f64, f64) {
    let margin = if high > low { (high - low) * 0.08 } else { (high.abs() * 0.05).max(0.5) };
    let (wide_low, wide_high) = (low - margin, high + margin);
    // Shares stay between 0 and 1.
    if low >= 0.0 && high <= 1.0 {
        (wide_low.max(0.0), wide_high.min(1.0).max(wide_low + 1e-6))
    } else {
        (wide_low, wide_high)
    }
}

fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powf(3.0 - value.abs().log10().ceil());
    (value * scale).round() / scale
}

fn fixed(value: f64) -> String {
    format!("{value:.1}")
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
fn to_float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_that_of_trapezoids() {
        assert!((area(&[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]) - 1.0).abs() < 1e-9);
        assert!((area(&[(1.0, 1.0), (0.0, 0.0)]) - 0.5).abs() < 1e-9);
        assert!((area(&[(0.0, 0.0), (0.2, 0.6), (1.0, 1.0)]) - (0.06 + 0.64)).abs() < 1e-9);
    }

    #[test]
    fn a_chart_has_a_point_for_each_value() {
        let point = |value: f64| Point { href: "/runs/r".to_owned(), about: format!("r: {value}"), value };
        let drawn = line("accuracy", &[point(0.91), point(f64::NAN), point(0.97)]).into_string();
        assert_eq!(drawn.matches("<circle").count(), 2);
        assert!(!drawn.contains("NaN\""), "{drawn}");
        assert_eq!(line("none", &[point(f64::NAN)]).into_string(), "");
        assert_eq!(line("one", &[point(3.0)]).into_string().matches("<circle").count(), 1);
    }
}
