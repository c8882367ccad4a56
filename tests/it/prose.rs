//! What the prose may have besides numbers: formulas, images, a YAML block, footnotes and task lists.

use crate::project::{Outcome, Project};

/// The smallest PNG image: one pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x56, 0xc7, 0x2f, 0x0d, 0, 0,
    0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// The Markdown and the page of this prose.
fn rendered(project: &Project, prose: &str) -> Result<[String; 2], Outcome> {
    project.write("templates/paper.md.jinja", prose);
    let outcome = project.run(&["build"]);
    match outcome.code {
        0 => Ok(["reports/report.md", "reports/report.html"].map(|name| project.read(name))),
        _ => Err(outcome),
    }
}

#[test]
fn a_formula_is_mathml_on_the_page_and_stays_latex_in_the_markdown() {
    let project = Project::new();
    let prose = "# A $\\sigma$\n\n![the $x$](figures/curves.svg)\n\nIt is $x_1 = {{ runs.expected }}$, in all:\n\n$$\n\\frac{1}{n} \\sum_i x_i\n$$\n\n\
                 A cost of $5 and $6 is no formula.\n\nNor is `$x$`.\n\n| a |\n| --- |\n| $y^2$ |\n";
    let [markdown, page] = rendered(&project, prose).unwrap();
    assert!(markdown.contains("$x_1 = 8$") && markdown.contains("\\frac{1}{n}"), "{markdown}");
    assert!(page.contains("<msub><mi>x</mi><mn>1</mn></msub><mo>=</mo><mn>8</mn>"), "{page}");
    assert!(page.contains("<math display=\"block\">") && page.contains("<mfrac>"), "{page}");
    assert!(
        page.contains("$5 and $6 is no formula.") && page.contains("<code>$x$</code>"),
        "{page}"
    );
    assert!(page.contains("<td><math><semantics><msup>"), "{page}");
    for money in ["$5 (or ($6))", "$6 and `$x$`"] {
        let outcome = rendered(&project, &format!("# A\n\nIt costs {money}.\n")).unwrap_err();
        assert!(outcome.stderr.contains("paper.md.jinja:3: "), "{outcome:#?}");
        assert!(outcome.stderr.contains("would be a formula"), "{outcome:#?}");
    }
    let outcome = rendered(&project, "# A\n\nText.\n\nSee $\\fraction{1}{2}$.\n").unwrap_err();
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("templates/paper.md.jinja:5: the formula"), "{outcome:#?}");
}

#[test]
fn a_value_stands_in_a_formula_as_it_is() {
    let project = Project::new();
    project.edit("experiments/paper.toml", "title = \"", "title = \"5 % of {a_b} \\\\ ");
    let [markdown, page] = rendered(&project, "# A\n\n$x = {{ title }}$\n").unwrap();
    assert!(
        markdown.contains("$x = {\\text{5 \\% of \\{a\\_b\\} \\textbackslash{} "),
        "{markdown}"
    );
    assert!(page.contains("5 % of {a_b} \\ "), "{page}");
}

#[test]
fn an_image_of_the_project_is_part_of_the_page_and_beside_the_markdown() {
    let project = Project::new();
    project.write("templates/images/set up.png", PIXEL).write("pictures/b.png", PIXEL);
    project.write("templates/images/d.png", PIXEL);
    project.write("templates/images/c.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    let prose = "# A\n\n![the set-up](images/set%20up.png \"of us\")\n\n![b](pictures/b.png)\n\n\
                 <img src=\"images/c.svg\" alt=\"c\" width=\"30\">\n\n\
                 <p><IMG alt=d SRC = images/d.png></p>\n\n![again](images//d.png)\n\n![all](figures/curves.svg)\n\n\
                 {{ figure(\"curves\") }}\n";
    project.write("templates/paper.md.jinja", prose);
    let outcome = project.run(&["build"]);
    assert_eq!((outcome.code, outcome.stderr.contains("warning")), (0, false), "{outcome:#?}");
    let page = project.read("reports/report.html");
    let png = "<img src=\"data:image/png;base64,iVBORw0KGgo";
    assert_eq!(page.matches(png).count(), 3);
    assert!(page.contains("<IMG alt=d src=\"data:image/png;base64,"), "{page}");
    assert!(
        page.contains("\" width=\"1\" height=\"1\" alt=\"the set-up\" title=\"of us\""),
        "{page}"
    );
    assert!(page.contains("<img src=\"data:image/svg+xml;base64,PHN2Zy"), "{page}");
    assert!(page.contains("alt=\"c\" width=\"30\""), "the author's size stays");
    assert!(!page.contains("src=\"images/") && !page.contains("src=\"figures/"));
    for copy in ["images/set up.png", "pictures/b.png", "images/c.svg", "images/d.png"] {
        assert!(project.path("reports").join(copy).exists(), "{copy}");
    }
    // The copy of an image that is gone does not stand in for it.
    std::fs::remove_file(project.path("templates/images/c.svg")).unwrap();
    let outcome = project.run(&["build"]);
    assert!(outcome.stderr.contains("the image `images/c.svg` does not exist"), "{outcome:#?}");
    // Without the image, its copy goes, and the original stays.
    rendered(&project, "# A\n").unwrap();
    assert!(!project.path("reports/images/set up.png").exists());
    assert!(project.path("templates/images/set up.png").exists());
    assert!(project.path("pictures/b.png").exists());
}

#[test]
fn an_image_that_a_reader_would_not_see_is_refused_with_its_line() {
    let project = Project::new();
    project.write("templates/images/lfs.png", "version https://git-lfs.github.com/spec/v1\n");
    for (image, why) in [
        ("![x](images/gone.png)", "does not exist in `templates/`"),
        ("![x](https://example.org/x.png)", "the page would load `https://example.org/x.png`"),
        ("![x](../../secret.png)", "it has `..`"),
        ("![x](images/lfs.png?raw=true)", "has a `?` or `#`"),
        ("![x](/etc/hostname)", "the page would load"),
        ("![x](images/lfs.png)", "is not an image, by its content"),
        ("![x](figures/none.svg)", "is no figure of the report"),
        ("<img src=\"images/gone.png\">", "does not exist in `templates/`"),
        ("<script src=\"https://example.org/x.js\"></script>", "the page would load"),
    ] {
        let outcome = rendered(&project, &format!("# A\n\n{image}\n")).unwrap_err();
        assert_eq!(outcome.code, 2, "{image}: {outcome:#?}");
        assert!(outcome.stderr.contains("paper.md.jinja:3: "), "{image}: {outcome:#?}");
        assert!(outcome.stderr.contains(why), "{image}: {outcome:#?}");
    }
    assert!(!project.path("reports/report.html").exists());
}

#[test]
fn an_image_in_the_directory_of_the_report_is_never_removed() {
    let project = Project::new();
    project.write("images/own.png", PIXEL);
    project.write("templates/paper.md.jinja", "# A\n\n![x](images/own.png)\n");
    assert_eq!(project.run(&["build", "--out", ".", "--yes"]).code, 0);
    project.write("templates/paper.md.jinja", "# A\n");
    assert_eq!(project.run(&["build", "--out", ".", "--yes"]).code, 0);
    assert!(project.path("images/own.png").exists());
}

#[test]
fn an_image_replaces_no_file_of_the_user_and_other_directories_find_the_same_images() {
    let project = Project::new();
    project.write("templates/a.png", PIXEL).write("reports/a.png", b"\x89PNG of the user");
    project.write("templates/paper.md.jinja", "# A\n\n![x](a.png)\n");
    let outcome = project.run(&["build"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("would replace `reports/a.png`"), "{outcome:#?}");
    assert_eq!(project.count_records(), 0, "it is said before the training");
    std::fs::remove_file(project.path("reports/a.png")).unwrap();
    // An image that the user has put into `reports/` is shown in any directory, again and again.
    project.write("reports/own.png", PIXEL);
    project.write("templates/paper.md.jinja", "# A\n\n![x](a.png) ![y](own.png)\n");
    for _ in 0..2 {
        for args in [&["build"][..], &["build", "--out", "other"]] {
            let outcome = project.run(args);
            assert_eq!(outcome.code, 0, "{args:?} {outcome:#?}");
        }
    }
    rendered(&project, "# A\n").unwrap();
    assert!(project.path("reports/own.png").exists() && !project.path("reports/a.png").exists());
}

#[test]
fn a_page_loads_nothing_however_it_is_written() {
    let project = Project::new();
    project.write("templates/a.png", PIXEL);
    for loading in [
        "<img src=\"a&#46;png\"> ![x](a.png)",
        "<base href=\"https://example.org/\">",
        "<meta http-equiv=\"refresh\" content=\"0; url=x\">",
        "<p style=\"background: url(https://example.org/x.png)\">x</p>",
        "<style>@import 'https://example.org/x.css';</style>",
    ] {
        let outcome = rendered(&project, &format!("# A\n\n{loading}\n")).unwrap_err();
        let message = &outcome.stderr;
        let is_told = message.contains("would load") || message.contains("cannot become a part");
        assert!(is_told && message.contains("paper.md.jinja:3"), "{loading}: {outcome:#?}");
    }
    assert!(rendered(&project, "# A\n\n<p>call url(x)</p>\n\n`src=\"a.png\"`\n").is_ok());
}

#[test]
fn images_that_make_the_page_heavy_are_named() {
    let project = Project::new();
    let heavy = [PIXEL, &vec![0; 2_000_000]].concat();
    project.write("templates/heavy.png", heavy);
    project.write("templates/paper.md.jinja", "# A\n\n![x](heavy.png)\n");
    let outcome = project.run(&["build"]);
    assert!(outcome.stderr.contains("the largest is `heavy.png` with 2.7 MB"), "{outcome:#?}");
}

#[test]
fn a_yaml_block_gives_title_authors_and_abstract_to_both_forms() {
    let project = Project::new();
    let prose = "---\ntitle: \"On {{ title }}\"\nauthor: [A. &amp; One, {name: B. Two}]\ndate: 2026-11-26\n\
                 abstract: We *compare*.\nlang: de\nformat: html\n---\n\nText.\n";
    project.write("templates/paper.md.jinja", prose);
    let outcome = project.run(&["build"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(
        outcome.stderr.contains("paper.md.jinja: `format` in the block at its start"),
        "{outcome:#?}"
    );
    let markdown = project.read("reports/report.md");
    assert!(markdown.starts_with("# On "), "{markdown}");
    assert!(
        markdown.contains("B. Two · 2026-11-26\n\n</div>\n\n**Abstract.** We *compare*."),
        "{markdown}"
    );
    let page = project.read("reports/report.html");
    assert!(page.contains("<html lang=\"de\">") && page.contains("<title>On "), "{page}");
    assert!(page.contains("<meta name=\"author\" content=\"A. &amp; One, B. Two\">"), "{page}");
    assert!(page.contains("We <em>compare</em>.") && !page.contains("format: html"), "{page}");
    let outcome = rendered(&project, "---\ntitle: A: b\n---\n\nText\n").unwrap_err();
    assert!(outcome.stderr.contains("paper.md.jinja:2: the YAML block"), "{outcome:#?}");
}

#[test]
fn footnotes_task_lists_and_struck_text_are_on_the_page() {
    let project = Project::new();
    let prose = "# A\n\nText[^1] and ~~not~~.\n\n[^1]: A note.\n\n- [x] done\n- [ ] open\n";
    let [markdown, page] = rendered(&project, prose).unwrap();
    assert!(markdown.contains("Text[^1] and ~~not~~."), "{markdown}");
    assert!(page.contains("<a href=\"#footnote-1\">1</a>"), "{page}");
    assert!(
        page.contains("id=\"footnote-1\"") && page.contains("href=\"#footnote-1-text\""),
        "{page}"
    );
    assert!(page.contains("<del>not</del>") && page.contains("A note."), "{page}");
    assert_eq!(page.matches("type=\"checkbox\"").count(), 2);
}
