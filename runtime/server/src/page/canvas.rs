//! Pictures that can be scrolled and zoomed.

use maud::{Markup, html};

/// A picture of this width and height, named by `label`. Arrows in its content end in `url(#head)`.
pub(super) fn canvas(label: &str, class: &str, (width, height): (f64, f64), content: &Markup) -> Markup {
    html! {
        div class="canvas" data-canvas {
            div class="zoom" data-zoom hidden {
                button type="button" class="button" data-zoom-by="0.8" aria-label="Smaller" { "−" }
                button type="button" class="button" data-zoom-by="1.25" aria-label="Larger" { "+" }
                button type="button" class="button" data-zoom-fit { "Fit" }
            }
            div class="scroll" tabindex="0" role="region" aria-label=(label) {
                svg class=(class) width=(px(width)) height=(px(height)) viewBox={ "0 0 " (px(width)) " " (px(height)) } {
                    defs {
                        marker id="head" viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="6" markerHeight="6" orient="auto" {
                            path class="head" d="M1 1L6.5 4L1 7" {}
                        }
                    }
                    (content)
                }
            }
        }
    }
}

/// A length with at most one decimal.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}
