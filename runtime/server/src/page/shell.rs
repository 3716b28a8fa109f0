//! What is around each page: the head, the way to the other pages, and the signs that they all use.

use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::state::signs;
use super::words::plain;

/// The pages that can be gone to from everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Runs,
    Pipelines,
    Artifacts,
    Components,
    Schedules,
    Models,
    Store,
    None,
}

const SECTIONS: [(Section, &str, &str, &str); 7] = [
    (Section::Runs, "/", "Runs", "M3 4h10M3 8h7M3 12h4"),
    (
        Section::Pipelines,
        "/pipelines",
        "Pipelines",
        "M4 3.5v9M12 3.5c0 4-8 2-8 6M12 6a2 2 0 1 0 0-4 2 2 0 0 0 0 4M4 3.5a1.5 1.5 0 1 0 0-1M4 14a1.5 1.5 0 1 0 0-3",
    ),
    (Section::Artifacts, "/artifacts", "Artifacts", "M8 1.8l5.4 3.1v6.2L8 14.2l-5.4-3.1V4.9zM2.8 5L8 8l5.2-3M8 8v6"),
    (
        Section::Components,
        "/components",
        "Components",
        "M2.5 2.5h4.5v4.5h-4.5zM9 9h4.5v4.5h-4.5zM2.5 9h4.5v4.5h-4.5zM11.2 2.2v5M8.8 4.7h5",
    ),
    (Section::Schedules, "/schedules", "Schedules", "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.8V8l2.2 1.6"),
    (Section::Models, "/models", "Models", "M2 8h3M11 8h3M5 4.5h6v7H5zM7.2 8l1 1 1.6-2"),
    (
        Section::Store,
        "/store",
        "Store",
        "M2.8 4.2c0-1 2.3-1.9 5.2-1.9s5.2.9 5.2 1.9-2.3 1.9-5.2 1.9-5.2-.9-5.2-1.9M2.8 4.2v7.6c0 1 2.3 1.9 5.2 1.9s5.2-.9 5.2-1.9V4.2M2.8 8c0 1 2.3 1.9 5.2 1.9s5.2-.9 5.2-1.9",
    ),
];

/// A page to be.
pub(super) struct Page {
    section: Section,
    title: String,
    refresh: Option<u32>,
    wide: bool,
}

impl Page {
    pub(super) fn new(section: Section, title: &str) -> Self {
        Self { section, title: plain(title), refresh: None, wide: false }
    }

    /// Loaded again after so many seconds where there is no script.
    pub(super) fn refresh(mut self, seconds: Option<u32>) -> Self {
        self.refresh = seconds;
        self
    }

    /// As wide as the window.
    pub(super) fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// The whole document.
    pub(super) fn around(&self, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    (head(&self.title))
                    script defer src=(assets::path("page.js")) {}
                    @if let Some(seconds) = self.refresh {
                        noscript { meta http-equiv="refresh" content=(seconds); }
                    }
                }
                body {
                    (signs())
                    a class="skip" href="#content" { "Skip to the content" }
                    header class="side" {
                        a class="brand" href="/" {
                            svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" {
                                path class="warp" d="M5 1.5v17M10 1.5v17M15 1.5v17" {}
                                path class="weft" d="M1.5 6.5c4.2 0 4.2 7 8.5 7s4.3-7 8.5-7" {}
                            }
                            span { "weft" }
                        }
                        nav aria-label="Pages" {
                            ul {
                                @for (section, path, name, icon) in SECTIONS {
                                    li {
                                        a href=(path) aria-current=[(section == self.section).then_some("page")] {
                                            svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" { path d=(icon) {} }
                                            span { (name) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    main id="content" class=[self.wide.then_some("wide")] tabindex="-1" { (content) }
                }
            }
        }
    }
}

/// What the head of every document begins with.
pub(super) fn head(title: &str) -> Markup {
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        title { (title) " · weft" }
        link rel="icon" type="image/svg+xml" href=(assets::path("icon.svg"));
        link rel="stylesheet" href=(assets::path("page.css"));
    }
}

/// The heading of a page: the way to it, its name, and what can be done.
pub(super) fn heading(way: &[(&str, &str)], title: &Markup, actions: &Markup) -> Markup {
    html! {
        div class="heading" {
            div {
                @if !way.is_empty() {
                    nav class="way" aria-label="Way to this page" {
                        @for (href, name) in way { a href=(href) { (name) } span aria-hidden="true" { "/" } }
                    }
                }
                h1 { (title) }
            }
            div class="actions" { (actions) }
        }
    }
}

/// What stands where there is nothing to show.
pub(super) fn nothing(title: &str, text: &Markup) -> Markup {
    html! { div class="empty" { p class="strong" { (title) } p { (text) } } }
}

/// Links to the pages before and behind the one of this number, from 1.
pub(super) fn pager(fields: &super::request::Fields, page: usize, more: bool, about: &str) -> Markup {
    let link = |page: usize| fields.with("page", (page > 1).then(|| page.to_string()).as_deref());
    html! {
        nav class="pager" aria-label="Pages of this list" {
            span class="dim" { (about) }
            @if page > 1 { a class="button" rel="prev" href={ "?" (link(page - 1).trim_start_matches('?')) } { "Newer" } }
            @if more { a class="button" rel="next" href={ "?" (link(page + 1).trim_start_matches('?')) } { "Older" } }
        }
    }
}
