//! Citations, the list of references, and references to items.

use std::collections::BTreeSet;

use crate::project::{Outcome, Project};

const BIB: &str = "@article{lecun98,\n  author = {LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick},\n  \
                   title = {Gradient-based learning applied to document recognition},\n  journal = {Proceedings of the IEEE},\n  \
                   volume = 86, number = 11, pages = {2278--2324}, year = 1998, doi = {10.1109/5.726791}\n}\n\n\
                   @inproceedings{adam, author = {Kingma, Diederik P. and Ba, Jimmy}, title = {Adam},\n  \
                   booktitle = {ICLR}, year = 2015, url = {https://arxiv.org/abs/1412.6980}}\n\n\
                   @misc{unused, author = {Nobody}, title = {Never cited}, year = 2000}\n";

/// A claim before a figure of the paper file.
const CLAIM: &str = "[[claim]]\nname = \"sharing-helps\"\nstatement = \"Sharing helps.\"\nsource = \"t\"\n\
                     check = { effect = \"weight_sharing\", above = 0 }\n\n[[figure]]\nname = \"models\"";

/// A project that has these works.
fn project() -> Project {
    let project = Project::new();
    project.write("templates/references.bib", BIB);
    project
}

/// The Markdown, the page and the warnings of this prose.
fn rendered(project: &Project, prose: &str) -> Result<[String; 3], Outcome> {
    project.write("templates/paper.md.jinja", prose);
    let outcome = project.run(&["build"]);
    match outcome.code {
        0 => Ok([
            project.read("reports/report.md"),
            project.read("reports/report.html"),
            outcome.stderr,
        ]),
        _ => Err(outcome),
    }
}

/// The part of a text between two others.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, after) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    after.split_once(to).unwrap_or_else(|| panic!("no {to} in {after}")).0
}

#[test]
fn citations_have_numbers_and_a_list_at_the_end() {
    let project = project();
    let prose = "# A\n\nAs [see *also* @adam, p. 3; -@lecun98] and [@lecun98;\n@adam], or @lecun98 and @adam [p. 5].\n\n\
                 - [@adam p. 7]: `[@adam]`, \\@adam, me@adam.org\n\n| a |\n| --- |\n| [@adam] |\n";
    let [markdown, page, stderr] = rendered(&project, prose).unwrap();
    assert!(!stderr.contains("warning"), "{stderr}");
    for text in [
        "As \\[see *also* [1](#ref-adam), p. 3; [2](#ref-lecun98)\\] and \\[[1](#ref-adam), [2](#ref-lecun98)\\], or \
         [LeCun et al. \\[2\\]](#ref-lecun98) and Kingma and Ba \\[[1](#ref-adam), p. 5\\].",
        "- \\[[1](#ref-adam), p. 7\\]: `[@adam]`, \\@adam, me@adam.org",
        "| \\[[1](#ref-adam)\\] |",
        "## References\n\n<!-- -->\n\n1. <a id=\"ref-adam\"></a>D. P. Kingma and J. Ba, “Adam,” in *ICLR*, 2015. \
         \\[Online\\]. Available: [https&#58;//arxiv.org/abs/1412.6980](https://arxiv.org/abs/1412.6980)\n\
         2. <a id=\"ref-lecun98\"></a>Y. LeCun, L. Bottou, Y. Bengio, and P. Haffner, “Gradient-based learning \
         applied to document recognition,” *Proceedings of the IEEE*, vol. 86, no. 11, pp. 2278–2324, 1998, doi: \
         [10.1109/5.726791](https://doi.org/10.1109/5.726791).",
    ] {
        assert!(markdown.contains(text), "{text}\n{markdown}");
    }
    assert!(!markdown.contains("Never cited"));
    let page = page.replace("&#x2f;", "/");
    for html in [
        "As [see <em>also</em> <a class=\"reference\" href=\"#ref-adam\">1</a>, p. 3; \
         <a class=\"reference\" href=\"#ref-lecun98\">2</a>] and",
        "or <a class=\"reference\" href=\"#ref-lecun98\">LeCun et al. [2]</a> and Kingma and Ba \
         [<a class=\"reference\" href=\"#ref-adam\">1</a>, p. 5].",
        "<code>[@adam]</code>, @adam, me@adam.org",
        "<h2 id=\"references\">References</h2>\n",
        "<li><a href=\"#references\">References</a></li>",
        "<li id=\"ref-lecun98\">Y. LeCun, L. Bottou,",
        "“Gradient-based learning applied to document recognition,” <em>Proceedings of the IEEE</em>, vol. 86",
        "<a href=\"https://doi.org/10.1109/5.726791\">10.1109/5.726791</a>.</li>",
    ] {
        assert!(page.contains(html), "{html}\n{}", between(&page, "<main", "</main>"));
    }
}

#[test]
fn citations_have_authors_and_years_and_the_list_stands_where_the_prose_wants_it() {
    let project = project();
    let prose = "---\ncitations: author-year\nabstract: As [@adam].\n---\n# A\n\n## Quellen\n\n{{ references() }}\n\n## B\n\n\
                 As [see @lecun98, p. 3; -@adam] and @lecun98 [p. 5], or @adam.\n";
    let [markdown, page, _] = rendered(&project, prose).unwrap();
    for text in [
        "**Abstract.** As ([Kingma & Ba, 2015](#ref-adam)).".replace('&', "&amp;"),
        "As (see [LeCun et al., 1998](#ref-lecun98), p. 3; [2015](#ref-adam)) and LeCun et al. \
         ([1998](#ref-lecun98), p. 5), or [Kingma and Ba (2015)](#ref-adam)."
            .to_owned(),
        "## Quellen\n\n<!-- -->\n\n- <a id=\"ref-adam\"></a>Kingma, D. P., &amp; Ba, J. (2015). Adam.".to_owned(),
    ] {
        assert!(markdown.contains(&text), "{text}\n{markdown}");
    }
    assert!(!markdown.contains("## References"));
    assert!(
        page.contains("<meta name=\"description\" content=\"As (Kingma &amp; Ba, 2015).\">"),
        "{page}"
    );
    assert!(page.contains("<ol class=\"references by-author\">"), "{page}");
    // The order of the prose does not change the list, and two builds write the same bytes.
    let list = |page: &str| between(page, "<ol class=\"references", "</ol>").to_owned();
    let other =
        prose.replace("[see @lecun98, p. 3; -@adam] and @lecun98 [p. 5], or @adam", "@lecun98");
    assert_eq!(list(&rendered(&project, &other).unwrap()[1]), list(&page));
    let again = rendered(&project, prose).unwrap();
    assert_eq!(again[0], markdown);
}

#[test]
fn a_mention_that_names_nothing_is_an_error_with_its_line() {
    let project = project();
    for (text, why) in [
        ("As [@lecun].", "no entry of `references.bib` has the key `lecun`"),
        ("As [@lecun].", "did you mean `lecun98`?"),
        ("As @kingma2015 says.", "no entry of `references.bib` has the key `kingma2015`"),
        ("As [@adam and @lecun98].", "with no key, or with several"),
        ("As [@adam; @adam].", "stands twice"),
        ("As -@adam says.", "write `[-@adam]`"),
        ("See @table-al.", "did you mean `table-all`? For text, write `\\@`"),
        ("See @fig-all.", "did you mean `table-all`?"),
        ("See @claim-none.", "`@claim-none` names no item of the report"),
        ("See @sec-aa.\n\n## Aab", "`@sec-aa` names no section"),
        ("See [@table-all].", "names an item of the report, and stands in brackets"),
        ("![as [@adam]](figures/curves.svg)", "in the text of a link or an image"),
        ("{% set x = title %}As @adam-{{ x }}.", "a value goes on the key"),
        ("<div>\nas [@adam]\n</div>", "stands in HTML"),
        ("As [@adam].\n\n## References", "would get another one at its end"),
    ] {
        let outcome = rendered(&project, &format!("# A\n\n{text}\n")).unwrap_err();
        assert_eq!(outcome.code, 2, "{text}: {outcome:#?}");
        let line = match why {
            "would get another one at its end" => 5,
            "stands in HTML" => 4,
            _ => 3,
        };
        assert!(
            outcome.stderr.contains(&format!("paper.md.jinja:{line}: ")),
            "{text}: {outcome:#?}"
        );
        assert!(outcome.stderr.contains(why), "{text}: {outcome:#?}");
    }
    let outcome = rendered(&project, "---\ncitations: apa\n---\n# A\n").unwrap_err();
    assert!(outcome.stderr.contains("paper.md.jinja:2: `citations` is `apa`"), "{outcome:#?}");
    for (name, why) in
        ["none.bib", "../x.bib", "x.txt"].map(|name| (name, "there is no `templates/"))
    {
        let outcome =
            rendered(&project, &format!("---\nbibliography: {name}\n---\n# A\n")).unwrap_err();
        assert!(outcome.stderr.contains("paper.md.jinja:2: `bibliography`"), "{outcome:#?}");
        assert!(outcome.stderr.contains(why), "{name}: {outcome:#?}");
    }
}

#[test]
fn items_and_sections_are_named_in_a_sentence() {
    let project = Project::new();
    project.edit("experiments/paper.toml", "[[figure]]\nname = \"models\"", CLAIM);
    let prose = "# A\n\nSee @table-all, @fig-curves, @claim-sharing-helps and @sec-the-end. Not @table-sharing: \
                 it is elsewhere.\n\n{{ table(\"all\") }}\n\n{{ figure(\"curves\") }}\n\n{{ verdicts() }}\n\n## The end\n";
    let [markdown, page, stderr] = rendered(&project, prose).unwrap();
    assert!(!stderr.contains("warning"), "{stderr}");
    let sentence = "See [Table 1](#table-1), [Figure 2](#figure-2), [Claim 1](#claim-sharing-helps) and [The \
                    end](#the-end). Not Table 2: it is elsewhere.";
    assert!(markdown.contains(sentence), "{markdown}");
    assert!(page.contains("<a class=\"reference\" href=\"#table-1\">Table 1</a>"), "{page}");
    assert!(page.contains("<a class=\"reference\" href=\"#the-end\">The end</a>"), "{page}");
}

#[test]
fn without_a_file_a_citation_is_an_error_and_a_word_stays_text_with_a_warning() {
    let project = Project::new();
    let outcome = rendered(&project, "# A\n\nAs [@adam] says.\n").unwrap_err();
    assert!(outcome.stderr.contains("paper.md.jinja:3: `[@adam]` cites a work"), "{outcome:#?}");
    assert!(outcome.stderr.contains("put it into `templates/`"), "{outcome:#?}");
    let [markdown, _, stderr] =
        rendered(&project, "# A\n\nThanks to @octocat, and \\@other.\n").unwrap();
    assert!(markdown.contains("Thanks to @octocat, and \\@other."), "{markdown}");
    assert!(stderr.contains("warning: `@octocat` stays plain text"), "{stderr}");
    assert!(!stderr.contains("`@other`"), "{stderr}");
    project.write("templates/references.bib", "@misc{other, title = {x}}");
    let outcome = rendered(&project, "# A\n\nAs [@adam] says.\n").unwrap_err();
    assert!(outcome.stderr.contains("has the key `adam`"), "{outcome:#?}");
    project.write("templates/lib/more.bib", BIB);
    let [markdown, ..] = rendered(
        &project,
        "---\nbibliography: [references.bib, lib/more.bib]\n---\n# A\n\nAs [@adam; @other] says.\n",
    )
    .unwrap();
    assert!(markdown.contains("\\[[1](#ref-adam), [2](#ref-other)\\]"), "{markdown}");
}

#[test]
fn a_file_with_mistakes_is_named_with_its_line() {
    let project = Project::new();
    for (bib, line, why) in [
        ("@misc{a, title = {x}}\n\n@misc{b, title {x}}", ":3: ", "expected equals"),
        ("@misc{a, title = {x}}\n@misc{a, title = {y}}", ":2: ", "two entries have the key `a`"),
        ("@misc{a, crossref = {a}}", ":1: ", "takes its fields from itself"),
    ] {
        project.write("templates/references.bib", bib);
        let outcome = rendered(&project, "# A\n\nAs [@a] says.\n").unwrap_err();
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(
            outcome.stderr.contains(&format!("templates/references.bib{line}")),
            "{outcome:#?}"
        );
        assert!(outcome.stderr.contains(why), "{outcome:#?}");
    }
    project.write("templates/references.bib", b"@misc{a, title = {\xff}}");
    let outcome = rendered(&project, "# A\n\nAs [@a] says.\n").unwrap_err();
    assert!(outcome.stderr.contains("templates/references.bib:1: cannot read"), "{outcome:#?}");
    project.write("templates/references.bib", "\n@misc{a, title = {x}}");
    let [.., stderr] = rendered(&project, "# A\n\nAs [@a] says.\n").unwrap();
    for flaw in ["has no author", "has no year"] {
        let warning = format!("warning: templates/references.bib:2: `a` {flaw}");
        assert!(stderr.contains(&warning), "{warning}\n{stderr}");
    }
    project.write("templates/more.bib", BIB);
    let [.., stderr] = rendered(&project, "# A\n").unwrap();
    assert!(stderr.contains("warning: templates/more.bib is not read"), "{stderr}");
}

#[test]
fn texts_of_a_hostile_file_are_shown_and_never_run() {
    let project = Project::new();
    let bib = "@misc{x, author = {{<script>alert(1)</script>}}, title = {[a](javascript:alert(1)) | *b* {{ title }} \
               <img src=x onerror=alert(1)> @adam [@adam]},\n  howpublished = {\u{202e}evil}, year = {2020\"><b>},\n  \
               url = {javascript:alert(2)}, doi = {10.1/a\"><script>b}}\n\
               @misc{y, author = {A}, title = {B}, year = 2020, url = {https://x.org/\"onclick=\"a}}";
    project.write("templates/references.bib", bib);
    for style in ["numbers", "author-year"] {
        let prose = format!(
            "---\ncitations: {style}\n---\n# A\n\n| a |\n| --- |\n| @x [p. <3] and [@y] |\n"
        );
        let [markdown, page, _] = rendered(&project, &prose).unwrap();
        let body = between(&page, "<main", "</main>");
        for bad in ["<script", "<img", "<b>", "href=\"javascript", "onclick=\"", "\u{202e}"] {
            assert!(!body.contains(bad), "{bad}\n{body}");
            // In Markdown, a quotation mark ends nothing.
            let is_bad = bad != "onclick=\"" && markdown.contains(bad);
            assert!(!is_bad, "{bad}\n{markdown}");
        }
        assert!(body.contains("[a](javascript:alert(1)) | *b* title"), "{body}");
        assert!(!markdown.contains("[a](javascript"), "{markdown}");
    }
}

#[test]
fn a_bundle_has_the_references() {
    let project = project();
    project.write("templates/paper.md.jinja", "# A\n\nAs [@adam] says.\n");
    project.build(&[]);
    let outcome = project.run(&["bundle", "export", "paper.tar.zst", "--yes"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let outcome = project.run(&["bundle", "import", "--project", "other", "paper.tar.zst"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!(project.read("other/templates/references.bib"), BIB);
    assert!(project.read("other/reports/report.md").contains("[1](#ref-adam)"));
}

#[test]
fn sections_have_numbers_on_demand_and_keep_their_anchors() {
    let project = project();
    let prose = "---\nnumber-sections: true\n---\n# A\n\nSee @sec-first, @sec-deep and [there](#second).\n\n## First\n\n\
                 ### _Deep_\n\n### `b` $x$\n\nSecond\n------\n\n### Deep\n\n#### Deepest\n\nAs [@adam].\n";
    let [markdown, page, stderr] = rendered(&project, prose).unwrap();
    assert!(!stderr.contains("warning"), "{stderr}");
    for text in [
        "See [Section 1](#first), [Section 1.1](#deep) and [there](#second).",
        "\n# A\n",
        "## <a id=\"first\"></a>1 First",
        "### <a id=\"deep\"></a>1.1 _Deep_",
        "### <a id=\"b-x\"></a>1.2 `b` $x$",
        "<a id=\"second\"></a>2 Second\n------",
        "### <a id=\"deep-1\"></a>2.1 Deep",
        "#### <a id=\"deepest\"></a>2.1.1 Deepest",
        "\n## References\n",
    ] {
        assert!(format!("\n{markdown}").contains(text), "{text}\n{markdown}");
    }
    for html in [
        "<h1 id=\"a\">A</h1>",
        "<h2 id=\"first\">1 First</h2>",
        "<h3 id=\"deep\">1.1 <em>Deep</em></h3>",
        "<li><a href=\"#second\">2 Second</a></li>",
        "<a class=\"reference\" href=\"#deep\">Section 1.1</a>",
    ] {
        assert!(page.contains(html), "{html}\n{}", between(&page, "<main", "</main>"));
    }
    let outcome = rendered(&project, "---\nnumber-sections: maybe\n---\n# A\n").unwrap_err();
    assert!(outcome.stderr.contains("paper.md.jinja:2: "), "{outcome:#?}");
}

/// The anchors of a page, and the addresses of its links.
fn anchors_and_links(html: &str) -> (BTreeSet<String>, Vec<String>) {
    let html = html.replace("&#x2f;", "/");
    // What a script writes is no element of the page.
    let elements = html.split("<script>").next().unwrap().to_owned();
    let values = |name: &str| {
        let open = format!(" {name}=\"");
        let all = elements.split(&open).skip(1);
        all.map(|after| after.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    (values("id").into_iter().collect(), values("href"))
}

#[test]
fn sections_are_pages_and_each_link_of_each_page_leads_somewhere() {
    let project = project();
    let prose = "---\ntitle: Long\nauthor: A. One\npages: sections\nnumber-sections: true\n---\n\nThe mean is {{ cell(\"all\", \
                 \"mean\", experiment=\"deep\", weight_sharing=true) }}, see @table-all, @fig-curves, @sec-task, [@adam] \
                 and[^1] [there](#größe).\n\n## Task\n\nAs @lecun98. {{ cell(\"all\", \"mean\", experiment=\"deep\", \
                 weight_sharing=false) }} and {{ cell(\"all\", \"mean\", experiment=\"deep\", weight_sharing=true) }}\n\n{{ \
                 table(\"all\") }}\n\n## Größe\n\nSee @table-all and [data](data/all.csv), [up](report.html#task).\n\n{{ \
                 figure(\"curves\") }}\n\n[^1]: A note on @table-all.\n";
    let [markdown, first, stderr] = rendered(&project, prose).unwrap();
    assert!(!stderr.contains("warning"), "{stderr}");
    assert!(
        markdown.contains("## <a id=\"task\"></a>1 Task") && markdown.contains("## References")
    );
    let names = ["report.html", "report-task.html", "report-gre.html", "report-references.html"];
    let pages = names.map(|name| project.read(&format!("reports/{name}")));
    let read = pages.each_ref().map(|page| anchors_and_links(page));
    let mut n = 0;
    for (name, (own, links)) in names.iter().zip(&read) {
        for link in links.iter().filter(|link| !link.contains(':')) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let place = names.iter().position(|other| *other == file);
            let known = match (file, place) {
                ("", _) => own,
                (_, Some(place)) => &read[place].0,
                _ => {
                    assert!(project.path("reports").join(file).exists(), "{link} of {name}");
                    continue;
                }
            };
            let anchor = anchor.replace("%C3%B6", "ö").replace("%C3%9F", "ß");
            assert!(anchor.is_empty() || known.contains(&anchor), "{link} of {name}");
            n += 1;
        }
    }
    assert!(n > 40, "{n}");
    for (page, html) in [
        (0, "href=\"report-task.html#table-1\">Table 1</a>"),
        (0, "<sup id=\"footnote-1-text\"><a href=\"report-gre.html#footnote-1\">1</a></sup>"),
        (0, "href=\"report-references.html#ref-adam\">1</a>"),
        (0, "<a rel=\"next\" href=\"report-task.html\">1 Task →</a>"),
        (1, "<title>1 Task – Long</title>"),
        (1, "<p class=\"home\"><a href=\"report.html\">Long</a></p>"),
        (2, "<a rel=\"prev\" href=\"report-task.html\">← 1 Task</a>"),
        (2, "<a href=\"report-task.html#task\">up</a>"),
        (2, "<a href=\"report.html#footnote-1-text\""),
        (3, "<h2 id=\"references\">References</h2>"),
    ] {
        assert!(pages[page].contains(html), "{html} of {}\n{}", names[page], pages[page]);
    }
    // The number of the first page leads there from the second, and each page explains its own numbers.
    assert!(pages[1].contains("href=\"report.html#value-"), "{}", pages[1]);
    for page in &pages {
        for opened in page.split("popovertarget=\"").skip(1) {
            let id = opened.split('"').next().unwrap();
            assert!(page.contains(&format!("<div id=\"{id}\" popover")), "{id}");
        }
    }
    assert_eq!(
        pages.each_ref().map(|page| page.matches(" popover class=\"how\">\n").count()),
        [1, 2, 0, 0]
    );
    assert!(
        first.contains("\"report-task.html\":[") && first.contains("cell-all-"),
        "old addresses lead on"
    );
    assert!(!first.contains("<h2"), "{first}");
    let snapshot = project.read("reports/data/report.json");
    assert!(
        snapshot.contains("report-gre.html") && !snapshot.contains("\"report.html\""),
        "{snapshot}"
    );
    // The same results give the same bytes, and without `pages`, the pages go.
    let again = rendered(&project, prose).unwrap();
    assert_eq!(again[1].split("<!-- provenance").next(), first.split("<!-- provenance").next());
    rendered(&project, &prose.replace("pages: sections\n", "")).unwrap();
    assert!(names[1..].iter().all(|name| !project.path("reports").join(name).exists()));
    assert!(project.read("reports/report.html").contains("<h2 id=\"task\">1 Task</h2>"));
}

#[test]
fn a_page_replaces_no_file_of_the_user_and_breaks_no_element() {
    let project = Project::new();
    project.write("reports/report-b.html", "mine");
    let prose = "---\npages: sections\n---\n# A\n\n## B\n\nText.\n";
    let outcome = rendered(&project, prose).unwrap_err();
    assert!(outcome.stderr.contains("would replace"), "{outcome:#?}");
    assert_eq!(project.read("reports/report-b.html"), "mine");
    // What a killed build has left is no file of the user.
    project.write("reports/report-b.html", "half\n<!-- A page of report.html. -->\n");
    assert!(rendered(&project, prose).is_ok());
    let prose = "---\npages: sections\n---\n# A\n\n<div>\n\n## B\n\n</div>\n";
    let outcome = rendered(&project, prose).unwrap_err();
    assert!(outcome.stderr.contains("paper.md.jinja:6: `pages: sections`"), "{outcome:#?}");
    let outcome = rendered(&project, "---\npages: chapters\n---\n# A\n").unwrap_err();
    assert!(outcome.stderr.contains("paper.md.jinja:2: `pages` is `chapters`"), "{outcome:#?}");
    let [.., stderr] = rendered(&project, "---\npages: sections\n---\n# A\n").unwrap();
    assert!(stderr.contains("`pages: sections` has no effect"), "{stderr}");
}
