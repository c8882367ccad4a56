//! HTML that the prose writes itself.

use html5gum::{DefaultEmitter, Error, HtmlString, StartTag, Token, Tokenizer};

/// Elements without an end tag, and those whose end tag HTML lets authors leave out.
const WITHOUT_END: [&str; 29] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "colgroup", "dd", "dt", "li", "optgroup", "option", "p", "rp", "rt", "tbody", "td",
    "tfoot", "th", "thead", "tr", "param",
];

/// An element that swallows what comes after it, or ends what it is no part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unbalanced {
    /// The tag as the prose has it: `<div hidden>`, `</section>`, `<!--`.
    pub(super) tag: String,
    /// What is wrong with it, after its name.
    pub(super) message: &'static str,
}

/// What the attributes of elements name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// Anchors: `id` and `name`.
    pub(super) anchors: Vec<String>,
    /// Addresses that a reader can follow.
    pub(super) links: Vec<String>,
    /// Addresses of images.
    pub(super) images: Vec<String>,
    /// Addresses of all else that a browser loads: scripts, styles, films, second sizes of images.
    pub(super) loads: Vec<String>,
}

impl Named {
    fn read(&mut self, tag: &StartTag<usize>) {
        let text = |bytes: &HtmlString| String::from_utf8_lossy(bytes).into_owned();
        let value = |key: &str| tag.attributes.get(key.as_bytes()).map(|value| text(&value.value));
        let mut anchors: Vec<_> = ["id", "name"].into_iter().filter_map(value).collect();
        // An element may have the same anchor under both names.
        anchors.dedup();
        self.anchors.extend(anchors);
        let is = |names: &[&str]| names.iter().any(|name| name.as_bytes() == &tag.name[..]);
        // A part of the page, like a symbol of a drawing, is not loaded.
        let is_part = value("href").is_some_and(|address| address.starts_with('#'));
        let of_href = if is(&["link", "image", "use", "base"]) && !is_part {
            &mut self.loads
        } else {
            &mut self.links
        };
        of_href.extend(["href", "xlink:href"].into_iter().filter_map(value));
        let of_src = if is(&["img"]) { &mut self.images } else { &mut self.loads };
        of_src.extend(value("src"));
        if is(&["meta"])
            && value("http-equiv").is_some_and(|kind| kind.eq_ignore_ascii_case("refresh"))
        {
            self.loads.extend(value("content"));
        }
        self.loads.extend(value("style").iter().flat_map(|style| loads_of_style(style)));
        self.loads.extend(["srcset", "poster", "data", "background"].into_iter().filter_map(value));
    }

    /// Adds what other elements name.
    pub(super) fn extend(&mut self, other: Self) {
        self.anchors.extend(other.anchors);
        self.links.extend(other.links);
        self.images.extend(other.images);
        self.loads.extend(other.loads);
    }
}

/// An element whose start tag has been read.
#[derive(Debug)]
struct Element {
    name: HtmlString,
    tag: String,
}

/// The elements that are open at a place in the prose; `None` stands for a Markdown element.
#[derive(Debug, Default)]
pub(super) struct OpenElements(Vec<Option<Element>>);

impl OpenElements {
    /// A Markdown element begins.
    pub(super) fn begin(&mut self) {
        self.0.push(None);
    }

    /// A Markdown element ends, or the prose does.
    ///
    /// # Errors
    /// If an element that was opened in it is still open.
    pub(super) fn end(&mut self) -> Result<(), Unbalanced> {
        match self.0.pop() {
            Some(Some(Element { tag, .. })) => Err(Unbalanced { tag, message: "is never closed" }),
            Some(None) | None => Ok(()),
        }
    }

    /// Follows a piece of HTML. Returns what its attributes name.
    ///
    /// # Errors
    /// If it closes what is not open, or has an unfinished tag or comment.
    pub(super) fn read(&mut self, html: &str) -> Result<Named, Unbalanced> {
        let declarations = html.match_indices("<!").chain(html.match_indices("<?"));
        let mut hidden = declarations.filter(|(at, _)| !html[*at..].starts_with("<!--"));
        if let Some((at, _)) = hidden.next() {
            let tag = html[at..].lines().next().unwrap_or_default().chars().take(12).collect();
            return Err(Unbalanced { tag, message: "is no element: browsers hide it" });
        }
        if html.contains("--!>") {
            let message = "does not end a comment in Markdown: write `-->`";
            return Err(Unbalanced { tag: "--!>".to_owned(), message });
        }
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        let mut found = Named::default();
        let text = |bytes: &HtmlString| String::from_utf8_lossy(bytes).into_owned();
        for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
            match token {
                Token::StartTag(tag) => {
                    found.read(&tag);
                    // In HTML, the slash of `<div/>` closes nothing; in drawings and formulas it
                    // does.
                    let is_foreign =
                        |name: &HtmlString| [&b"svg"[..], b"math"].contains(&&name[..]);
                    let mut open = self.0.iter().flatten().map(|element| &element.name);
                    let is_closed =
                        tag.self_closing && (is_foreign(&tag.name) || open.any(is_foreign));
                    if !is_closed && !has_no_end(&tag.name) {
                        let source = html.get(tag.span.start..tag.span.end).unwrap_or_default();
                        let element = Element { name: tag.name, tag: source.to_owned() };
                        self.0.push(Some(element));
                    }
                }
                Token::EndTag(tag) => {
                    let last = self.0.last().and_then(Option::as_ref);
                    if last.is_some_and(|open| open.name == tag.name) {
                        self.0.pop();
                    } else if !has_no_end(&tag.name) {
                        let message = "has no start tag there";
                        let tag = format!("</{}>", text(&tag.name));
                        return Err(Unbalanced { tag, message });
                    }
                }
                Token::Error(error) => match *error {
                    Error::EofInComment => {
                        let message = "opens a comment that is never closed";
                        return Err(Unbalanced { tag: "<!--".to_owned(), message });
                    }
                    Error::EofInTag => {
                        let start = html.rfind('<').unwrap_or_default();
                        let tag = html[start..].split_whitespace().next().unwrap_or_default();
                        return Err(Unbalanced { tag: tag.to_owned(), message: "lacks its `>`" });
                    }
                    _ => {}
                },
                Token::String(text) => {
                    let open = self.0.last().and_then(Option::as_ref);
                    if open.is_some_and(|element| element.name[..] == *b"style") {
                        found.loads.extend(loads_of_style(&String::from_utf8_lossy(&text)));
                    }
                }
                Token::Comment(_) | Token::Doctype(_) => {}
            }
        }
        Ok(found)
    }
}

/// The addresses of all images of a page.
pub(super) fn images_of(html: &str) -> Vec<String> {
    let mut named = Named::default();
    for token in
        Tokenizer::new_with_emitter(html, DefaultEmitter::<usize>::new_with_span()).flatten()
    {
        if let Token::StartTag(tag) = token {
            named.read(&tag);
        }
    }
    named.images
}

/// The addresses that style sheets in `html` load: those of `url(…)` and `@import`, but for parts of the page.
fn loads_of_style(html: &str) -> Vec<String> {
    let lower = html.to_lowercase();
    let of = |word: &str| {
        lower
            .split(word)
            .skip(1)
            .filter_map(|after| {
                let address = after.trim_start().trim_start_matches(['"', '\'']);
                let address = address.split(['"', '\'', ')', ';', ' ']).next()?;
                let is_own = address.starts_with('#')
                    || address.starts_with("data:")
                    || address.starts_with("url(");
                (!is_own && !address.is_empty()).then(|| address.to_owned())
            })
            .collect::<Vec<_>>()
    };
    [of("url("), of("image-set("), of("@import")].concat()
}

fn has_no_end(name: &HtmlString) -> bool {
    WITHOUT_END.iter().any(|one| one.as_bytes() == &name[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_that_swallow_the_text_after_them_are_found() {
        let read = |html: &str| {
            let mut open = OpenElements::default();
            open.read(html).map(|_| ()).and_then(|()| open.end())
        };
        for sound in [
            "<br><img src=a>",
            "<p>a<li>b",
            "<div><b>a</b></div>",
            "<!-- <div> -->",
            "<hr/>",
            "<svg><path d=\"\"/></svg>",
        ] {
            assert_eq!(read(sound), Ok(()), "{sound}");
        }
        for (unsound, tag) in [
            ("a\n<div hidden>é", "<div hidden>"),
            ("<style>b {}", "<style>"),
            ("<b><i></b></i>", "</b>"),
            ("</section>", "</section>"),
            ("<div hidden/>", "<div hidden/>"),
            ("<!-- a", "<!--"),
            ("a <span class=\"x\"", "<span"),
        ] {
            assert_eq!(read(unsound).map_err(|one| one.tag), Err(tag.to_owned()), "{unsound}");
        }
    }

    #[test]
    fn anchors_and_addresses_are_those_of_tags_alone() {
        let html = "<a id=A name='A' href=\"x?a&amp;b\">id=B</a><!-- <img src=c> --><img SRC=d>\
                    <img srcset=\"e 1x, f 2x\"><script src=g></script>\
                    <p style=\"fill: url(#i); background: URL('h')\"></p>";
        let named = OpenElements::default().read(html).unwrap();
        let texts =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let expected = Named {
            anchors: texts(&["A"]),
            links: texts(&["x?a&b"]),
            images: texts(&["d"]),
            loads: texts(&["e 1x, f 2x", "g", "h"]),
        };
        assert_eq!(named, expected);
    }
}
