//! Markdown as HTML of our own: raw HTML is text, links lead to the web only, and images are links.

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::super::words::plain;

/// The document. Nothing of it can run, and nothing is fetched.
pub(super) fn rendered(text: &str) -> Markup {
    let text = plain(text);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut out = String::new();
    html::push_html(&mut out, Parser::new_ext(&text, options).map(harmless));
    PreEscaped(out)
}

fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let mail = link_type == LinkType::Email;
            Event::Start(Tag::Link { link_type, dest_url: target(dest_url, mail), title, id })
        }
        // What an image would fetch is behind a link.
        Event::Start(Tag::Image { dest_url, title, id, .. }) => {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url: target(dest_url, false), title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        // On the page, it stands below a heading of ours.
        Event::Start(Tag::Heading { level, .. }) => {
            Event::Start(Tag::Heading { level: lower(level), id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        // A box that cannot be ticked says no more than its sign.
        Event::TaskListMarker(done) => Event::Text(CowStr::Borrowed(if done { "☑ " } else { "☐ " })),
        other => other,
    }
}

fn lower(level: pulldown_cmark::HeadingLevel) -> pulldown_cmark::HeadingLevel {
    use pulldown_cmark::HeadingLevel::{H2, H3, H4, H5};
    match level as usize {
        1 => H2,
        2 => H3,
        3 => H4,
        _ => H5,
    }
}

/// An address on the web or of a person; anything else leads nowhere.
fn target(address: CowStr<'_>, mail: bool) -> CowStr<'_> {
    let lower = address.to_ascii_lowercase();
    let is_known = ["https://", "http://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme));
    if is_known || mail { address } else { CowStr::Borrowed("#") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text_and_links_are_harmless() {
        let text = "# T\n\n<script>alert(1)</script>\n\na <b onclick=x>b</b> [l](javascript:alert(1)) ![i](https://example.org/x.png)\n\n\
            [w](https://example.org) <me@example.org> [d](data:text/html,x) [r](/store)\n\n- [x] done\n\n|a|b|\n|-|-|\n|1|2|\n";
        insta::assert_snapshot!(rendered(text).into_string(), @r##"
        <h2>T</h2>
        <p>&lt;script&gt;alert(1)&lt;/script&gt;
        </p>
        <p>a &lt;b onclick=x&gt;b&lt;/b&gt; <a href="#">l</a> <a href="https://example.org/x.png">i</a></p>
        <p><a href="https://example.org">w</a> <a href="mailto:me@example.org">me@example.org</a> <a href="#">d</a> <a href="#">r</a></p>
        <ul>
        <li>☑ done</li>
        </ul>
        <table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>
        <tr><td>1</td><td>2</td></tr>
        </tbody></table>
        "##);
    }
}
