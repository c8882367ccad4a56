//! The pages that a browser gets: a report with a script and the state of its paper, and pages of the server itself. Pure.

use serde_json::json;

use super::state::State;

/// The script of the panel. It is put into served pages only.
const SCRIPT: &str = include_str!("panel.js");

/// Notes what the scripts of a page tell the document and the window to do, so that the panel can undo it.
const LISTENERS: &str = include_str!("listeners.js");

/// The style of the panel. It stands in a shadow tree, so the style of the page does not reach it, but its colours do.
const PANEL_STYLE: &str = include_str!("panel.css");

/// The style of the pages of the server itself.
const OWN_STYLE: &str = include_str!("own.css");

/// The default page of a report, for its colours.
const REPORT_PAGE: &str = include_str!("../../templates/page.html.jinja");

/// Puts the panel into a page: what it needs to begin, and its script. `server` tells one start of the server from
/// another.
pub(super) fn with_panel(html: &str, state: &State, token: &str, server: &str) -> String {
    let start = json!({ "state": state, "token": token, "server": server, "style": PANEL_STYLE });
    // In a script, `<` could begin a tag that ends it.
    let start = start.to_string().replace('<', "\\u003c");
    let panel = format!(
        "<script data-serve type=\"application/json\" id=\"_serve\">{start}</script>\n\
         <script data-serve>\n{SCRIPT}</script>\n"
    );
    let listeners = format!("<script data-serve>\n{LISTENERS}</script>");
    let lower = html.to_ascii_lowercase();
    let body_end = lower.rfind("</body>").unwrap_or(html.len());
    // Without a head, the script that notes listeners has no place before the others.
    let (head, listeners) = match lower[..body_end].find("<head>") {
        Some(at) => (at + "<head>".len(), listeners.as_str()),
        None => (0, ""),
    };
    [&html[..head], listeners, &html[head..body_end], &panel, &html[body_end..]].concat()
}

/// The page of a paper that has no page yet: it is being made, or has a mistake.
pub(super) fn without_report(title: &str, error: Option<&str>) -> String {
    let content = match error {
        None => "<p>The page is being made.</p>".to_owned(),
        Some(error) => {
            let text = "There is no page before this is mended:";
            format!("<p>{text}</p>\n<pre id=\"_serve_error\">{}</pre>", escaped(error))
        }
    };
    own(title, &content)
}

/// A paper in the list of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) title: String,
    /// What is to be said of it, and whether it is an error.
    pub(super) remark: (String, bool),
}

impl Entry {
    pub(super) fn of(name: &str, state: &State) -> Self {
        let State { title, error, page, .. } = state;
        let remark = match error {
            Some(error) => (error.lines().next().unwrap_or_default().to_owned(), true),
            None if *page == 0 => ("is being read".to_owned(), false),
            None => (remark(state), false),
        };
        let title = if title.is_empty() { name } else { title };
        Self { name: name.to_owned(), title: title.to_owned(), remark }
    }
}

/// The runs of a paper in a few words.
fn remark(state: &State) -> String {
    let State { runs, left, training, live, more, .. } = state;
    let recorded = format!("{} of {runs} runs recorded", runs - left.min(runs));
    match live.len() + more {
        0 if training.is_running => format!("{recorded}, a training begins"),
        0 => recorded,
        n => format!("{recorded}, {n} in training"),
    }
}

/// The list of several papers.
pub(super) fn index(title: &str, papers: &[Entry]) -> String {
    let script = "const source = new EventSource(\"_events\");\n\
        source.onmessage = ({ data }) => { document.getElementById(\"papers\").innerHTML = JSON.parse(data); };";
    let content = format!(
        "<ul id=\"papers\" class=\"papers\">\n{}</ul>\n<script>\n{script}\n</script>",
        entries(papers)
    );
    own(title, &content)
}

/// The items of the list.
pub(super) fn entries(papers: &[Entry]) -> String {
    let item = |Entry { name, title, remark: (remark, is_error) }: &Entry| {
        let class = if *is_error { " class=\"error\"" } else { "" };
        let [address, name, title, remark] =
            [&encoded(name), name, title, remark].map(|text| escaped(text));
        format!(
            "<li><a href=\"{address}/\">{title}</a> <code>{name}</code><p{class}>{remark}</p></li>\n"
        )
    };
    papers.iter().map(item).collect()
}

/// A page of the server itself.
fn own(title: &str, content: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>\n{}\n{OWN_STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n{content}\n</main>\n</body>\n</html>\n",
        colours()
    )
}

/// The colours and fonts of the default page.
fn colours() -> &'static str {
    let from = REPORT_PAGE.find(":root {").unwrap_or(0);
    let length = REPORT_PAGE[from..].find('}').map_or(0, |end| end + 1);
    &REPORT_PAGE[from..from + length]
}

/// A name as a part of an address.
pub(super) fn encoded(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encode = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    name.bytes().map(encode).collect()
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panel_stands_at_the_end_of_the_body_and_nothing_in_it_ends_its_script() {
        let state = State { title: "</script><b>".to_owned(), ..State::default() };
        let page = with_panel("<body>text </body> in a text</BODY></html>", &state, "t", "s");
        assert!(page.starts_with("<body>text </body> in a text<script data-serve type"), "{page}");
        assert!(page.ends_with("</script>\n</BODY></html>"));
        assert!(!page.contains("</script><b>") && page.contains("\\u003c/script>\\u003cb>"));
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(with_panel("no body", &state, "t", "s").starts_with("no body<script"));
        let page = with_panel("<html><head><title>t</title></head><body></body>", &state, "t", "s");
        assert!(page.starts_with("<html><head><script data-serve>\n"), "{page}");
    }

    #[test]
    fn an_error_and_a_title_are_text() {
        let page = without_report("a < b", Some("error: `<x>` & \"y\""));
        assert!(page.contains("<h1>a &lt; b</h1>"));
        assert!(page.contains("error: `&lt;x&gt;` &amp; &quot;y&quot;</pre>"));
    }

    #[test]
    fn the_list_names_each_paper_with_its_state() {
        let state =
            State { page: 1, title: "A & B".to_owned(), runs: 8, left: 3, ..State::default() };
        let faulty = State { error: Some("error: a\nhint: b".to_owned()), ..State::default() };
        let list = entries(&[Entry::of("a b", &state), Entry::of("c", &faulty)]);
        assert!(
            list.contains("<a href=\"a%20b/\">A &amp; B</a>")
                && list.contains("5 of 8 runs recorded")
        );
        assert!(
            list.contains("<a href=\"c/\">c</a>")
                && list.contains("<p class=\"error\">error: a</p>")
        );
    }

    #[test]
    fn pages_of_the_server_have_the_colours_of_a_report() {
        let colours = colours();
        assert!(colours.starts_with(":root {") && colours.ends_with('}'));
        for name in ["--ink", "--paper", "--panel", "--line", "--link", "--poor", "--code-font"] {
            assert!(colours.contains(&format!("{name}:")), "{name}");
        }
    }
}
