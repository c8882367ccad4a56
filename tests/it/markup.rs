//! No silent wrong answers of kinds 4 to 6 and 12: the text of both outputs, links, labels, LaTeX.

use crate::project::{Project, repository};
use crate::silent::{refused, rendered};

#[test]
fn kind_4_escaping_without_context() {
    let cell = "cell(\"all\", \"mean\", experiment=\"deep\", weight_sharing=true)";
    let prose = format!(
        "# Hello\n\n`{{{{ {cell} }}}}` and `{{{{ \"a_b\" }}}}`\n\n<p>{{{{ \"a_b <x>\" }}}} {{{{ {cell} }}}}</p>\n\n\
         ```python\ndef f():\n\n\n\treturn \"{{{{ \"a_b\" }}}}\"  # {{{{ {cell} }}}}\n```\n\n    {{{{ \"c*d\" }}}}\n\n\
         {{{{ \"e*f\" }}}} {{{{ {cell} }}}}\n\n[x](https://example.org/{{{{ \"a b(c)\" }}}})\n\n| a |\n| --- |\n| `{{{{ \"g|h\" }}}}` {{{{ \"i|j\" }}}} |\n"
    );
    let [markdown, html] = rendered(&Project::new(), &prose).unwrap();
    let mean = markdown.split('`').nth(1).unwrap().to_owned();
    assert!(mean.parse::<f64>().is_ok(), "a number and nothing else: {mean}");
    for part in [
        format!("`{mean}` and `a_b`"),
        format!("<p>a_b &lt;x&gt; {mean}</p>"),
        format!("def f():\n\n\n\treturn \"a_b\"  # {mean}\n"),
        "\n    c*d\n".to_owned(),
        format!("e\\*f {mean}"),
        "(https://example.org/a%20b%28c%29)".to_owned(),
        "| `g\\|h` i\\|j |".to_owned(),
    ] {
        assert!(markdown.contains(&part), "{part}\nnot in {markdown}");
    }
    for part in [
        format!("<code>{mean}</code> and <code>a_b</code>"),
        format!("<p>a_b &lt;x&gt; {mean}</p>"),
        format!("def f():\n\n\n\treturn \"a_b\"  # {mean}\n"),
        "<pre><code>c*d\n</code></pre>".to_owned(),
        "<p>e*f <button type=\"button\" class=\"value\"".to_owned(),
        "href=\"https://example.org/a%20b(c)\"".to_owned(),
        "<code>g|h</code> i|j".to_owned(),
    ] {
        assert!(html.contains(&part), "{part}\nnot in {}", html.split("<main").nth(1).unwrap());
    }
    // A listing keeps its blank lines and tabs.
    let project = Project::new();
    let deep = project.read("experiments/deep.toml");
    project.write("experiments/deep.toml", format!("{deep}\n\n\n#\tcomment\n"));
    let [markdown, html] = rendered(&project, "{{ file(\"experiments/deep.toml\") }}\n").unwrap();
    assert!(markdown.contains("]\n\n\n\n#\tcomment\n```"), "{markdown}");
    assert!(html.contains("#\tcomment</span>"), "{html}");
}

#[test]
fn kind_4_addresses_and_titles_of_links() {
    let prose = "<https://example.org/{{ \"a_b c\" }}>\n\n[x](https://example.org \"{{ \"a_b *c*\" }}\")\n\n\
                 ![y](figures/curves.svg \"{{ \"q\" }}\")\n";
    let [markdown, html] = rendered(&Project::new(), prose).unwrap();
    assert!(markdown.contains("<https://example.org/a_b%20c>"), "{markdown}");
    assert!(html.contains("<a href=\"https://example.org/a_b%20c\">"), "{html}");
    assert!(markdown.contains("[x](https://example.org \"a\\_b \\*c\\*\")"), "{markdown}");
    assert!(html.contains("title=\"a_b *c*\"") && html.contains("title=\"q\""), "{html}");
}

#[test]
fn kind_4_a_value_stays_one_value_in_macros_blocks_and_filters() {
    let cell = "cell(\"all\", \"mean\", experiment=\"deep\", weight_sharing=true)";
    let project = Project::new();
    let [markdown, _] = rendered(&project, &format!("{{{{ {cell} }}}}\n")).unwrap();
    let mean = markdown.trim().to_owned();
    project.write(
        "templates/part.md",
        format!("{{% macro part() %}}{{{{ {cell} }}}} %{{% endmacro %}}"),
    );
    let lines = [
        format!("{{% set x %}}{{{{ {cell} }}}} %{{% endset %}}{{{{ x }}}}"),
        format!("{{% macro m(x) %}}{{{{ x }}}} %{{% endmacro %}}{{{{ m({cell}) }}}}"),
        "{% from \"part.md\" import part %}{{ part() }}".to_owned(),
        format!("{{% filter replace(\"1\", \"x\") %}}{{{{ {cell} }}}} %{{% endfilter %}}"),
        format!("{{{{ {cell} ~ \" %\" }}}}"),
        format!("{{{{ [{cell}, \"%\"] | join(\" \") }}}}"),
        format!("{{{{ \"%s %%\" | format({cell}) }}}}"),
        format!("{{{{ {cell} | string | upper }}}} %"),
        format!(
            "{{% macro w() %}}{{{{ caller() }}}} %{{% endmacro %}}{{% call w() %}}{{{{ {cell} }}}}{{% endcall %}}"
        ),
    ];
    let [markdown, html] = rendered(&project, &lines.join("\n\n")).unwrap();
    assert_eq!(markdown.matches(&format!("{mean} %")).count(), lines.len(), "{markdown}");
    let prose: Vec<&str> = html.split("<button type=\"button\" class=\"value\"").skip(1).collect();
    let is_whole = |part: &&str| part.contains(&format!(">{mean}</button> %"));
    assert_eq!(prose.iter().filter(|part| is_whole(part)).count(), lines.len(), "{prose:#?}");
    let is_of_marks = |c| ('\u{fdd0}'..='\u{fdef}').contains(&c);
    assert!(!markdown.contains(is_of_marks) && !html.contains(is_of_marks));
    // The text of a link, the language of a code block, and a value at the start of a line.
    let prose = format!(
        "[{{{{ {cell} }}}}](https://example.org)\n\n```{{{{ \"rust\" }}}}\nx\n```\n\n{{{{ \"- a\" }}}}\n\n\
         {{{{ \"12. b\" }}}}\n\n> {{{{ \"+ c\" }}}}\n\n    {{{{ \"one\\ntwo\" }}}}\n"
    );
    let [markdown, html] = rendered(&project, &prose).unwrap();
    for part in ["```rust\n", "\\- a\n", "12\\. b\n", "> \\+ c\n", "    one\n    two\n"] {
        assert!(markdown.contains(part), "{part}\nnot in {markdown}");
    }
    for part in [
        format!("<a href=\"https://example.org\">{mean}</a>"),
        "<code class=\"language-rust\">".to_owned(),
        "<p>- a</p>".to_owned(),
        "<code>one\ntwo\n</code>".to_owned(),
    ] {
        assert!(html.contains(&part), "{part}\nnot in {html}");
    }
    // An included file ends its line.
    project.write("templates/part.md", "part\n");
    let [markdown, _] = rendered(&project, "{% include \"part.md\" %}\n# Next\n").unwrap();
    assert_eq!(markdown, "part\n# Next\n");
    for (prose, message) in [
        (format!("{{{{ ({cell} | string)[1:] }}}}\n"), "cut a number with its source"),
        (
            format!("a\n{{% if {cell} > 5 %}}\nx\n{{% endif %}}\n"),
            "paper.md.jinja:2: `cell(…)` cannot be compared",
        ),
        (
            format!(
                "{{% macro big(x) %}}\n{{% if x > 5 %}}y{{% endif %}}{{% endmacro %}}{{{{ big({cell}) }}}}\n"
            ),
            "paper.md.jinja:2: `x` cannot be compared",
        ),
        (format!("{{{{ [{cell}, 1] | max }}}}\n"), "cannot be compared"),
        ("# A {{ table(\"all\") }}\n".to_owned(), "jinja:1: Table 1 needs a line of its own"),
        ("| a |\n| --- |\n| {{ table(\"all\") }} |\n".to_owned(), "needs a line of its own"),
        ("`{{ verdicts() }}`\n".to_owned(), "needs a line of its own"),
        ("<a href={{ \"x y\" }}>x</a>\n".to_owned(), "is in an HTML tag, outside of quotes"),
        ("\n[x]({{ \"javascript:alert(1)\" }})\n".to_owned(), "would run what a value holds"),
        ("<a href=\"{{ \"JavaScript:x\" }}\">x</a>\n".to_owned(), "would run"),
        ("# End\n\n<p id=\"end\">x</p>\n".to_owned(), "have the anchor `end`"),
        ("\u{fdd0}\n".to_owned(), "a noncharacter of Unicode"),
    ] {
        let error = refused(&prose);
        assert!(error.contains(message), "{prose}: {error}");
    }
}

#[test]
fn kind_5_two_outputs_two_sets_of_anchors() {
    let prose = "# H\n\n[end](#end) [note](#note) {{ reference(\"all\") }}\n\n<a name=\"note\"></a>note\n\n{{ table(\"all\") }}\n\n## End\n\n### A _small_ `part`\n\n[part](#a-small-part)\n";
    let [markdown, html] = rendered(&Project::new(), prose).unwrap();
    for link in ["[end](#end)", "[note](#note)", "[Table 1](#table-1)", "<a id=\"table-1\">"] {
        assert!(markdown.contains(link), "{link} not in {markdown}");
    }
    for part in [
        "<a href=\"#end\">end</a>",
        "<a href=\"#note\">note</a>",
        "<h2 id=\"end\">End</h2>",
        "<h3 id=\"a-small-part\">",
        "href=\"#table-1\"",
        "id=\"table-1\"",
    ] {
        assert!(html.contains(part), "{part} not in {html}");
    }
    let dead = refused("# H\n\ntext\n\nsee [the end](#ende)\n\n## End\n");
    assert!(dead.contains("templates/paper.md.jinja:5: a link leads to `#ende`"), "{dead}");
    assert!(dead.contains("did you mean `end`?"), "{dead}");
    let dead = refused("# H\n\n<a href=\"#x\">x</a>\n");
    assert!(dead.contains("jinja:3: a link leads to `#x`"), "{dead}");
}

#[test]
fn kind_5_a_macro_that_leaves_out_an_anchor_is_an_error() {
    let project = Project::new();
    let macros = repository().join("templates/items.html.jinja");
    let macros = std::fs::read_to_string(macros).unwrap();
    project
        .write("templates/items.html.jinja", macros.replacen(" id=\"{{ item.anchor }}\"", "", 1));
    let error = rendered(&project, "# H\n\n{{ table(\"all\") }}\n").unwrap_err();
    assert!(error.contains("no macro writes `id=\"table-1\"`"), "{error}");
}

#[test]
fn kind_5_a_link_to_a_file_that_is_not_there_is_an_error() {
    let project = Project::new();
    project.write("reports/photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR of the user");
    let prose = |link: &str| {
        project.write("templates/paper.md.jinja", format!("# A\n\n{link}\n"));
        project.run(&["build", "--dry-run"])
    };
    for link in [
        "[a](data/all.csv) [b](data/runs.csv) [c](data/report.json) ![d](figures/curves.svg)",
        "[a](data/all.tex#L3) ![b](photo.png) [c](../experiments/deep.toml) [d](report.md#a)",
        "<a href=\"https://example.org/x.csv\">x</a> <a href=\"mailto:x@example.org\">y</a>",
    ] {
        let outcome = prose(link);
        assert_eq!(outcome.code, 0, "{link}: {outcome:#?}");
    }
    for (link, path) in [
        ("[a](data/al.csv)", "data/al.csv"),
        ("<a href=\"figures/none.svg\">b</a>", "figures/none.svg"),
        ("[c](../experiments/dep.toml)", "../experiments/dep.toml"),
        ("[a](data/al%6c%20.csv)", "data/all .csv"),
    ] {
        let outcome = prose(link);
        let expected = format!(
            "templates/paper.md.jinja:3: a link leads to the file `{path}`, which does not exist"
        );
        assert_eq!(outcome.code, 2, "{link}: {outcome:#?}");
        assert!(outcome.stderr.contains(&expected), "{link}: {outcome:#?}");
    }
    // A partial report has the links of the whole one.
    prose("![b](photo.png)");
    assert_eq!(project.run(&["build", "--only", "deep", "--seeds", "1"]).code, 4);
}

#[test]
fn kind_12_latex_rows_and_characters() {
    let project = Project::new();
    let labels = "levels = { true = \"*x | ≥ → α ½ é\", false = \"[y] 日\" }";
    project.edit("experiments/paper.toml", "levels = { true = \"yes\", false = \"no\" }", labels);
    rendered(&project, "# A\n").unwrap();
    let latex = project.read("reports/data/sharing.tex");
    for row in [
        "\n  {*}x \\textbar{} $\\ge$ $\\rightarrow$ $\\alpha$ $\\frac{1}{2}$ é & ",
        "\n  {[}y] U+65E5 & ",
    ] {
        assert!(latex.contains(row), "{row} not in {latex}");
    }
    let outcome = project.run(&["build"]);
    let warning =
        "warning: data/sharing.tex shows the code of `日`: the standard fonts of LaTeX lack";
    assert!(outcome.stderr.contains(warning), "{outcome:#?}");
}

#[test]
fn kind_4_html_of_the_prose_swallows_nothing_after_it() {
    for (html, message) in [
        ("<!-- to do\n\ntext", "jinja:3: `<!--` opens a comment that is never closed"),
        ("<div hidden>\n\ntext", "jinja:3: `<div hidden>` is never closed"),
        ("text <b>bold\n\ntext</b>", "jinja:3: `<b>` is never closed"),
        ("</section>", "jinja:3: `</section>` has no start tag there"),
        ("- <details>\n\n</details>", "jinja:3: `<details>` is never closed"),
        ("<div hidden\n\ntext", "jinja:3: `<div` lacks its `>`"),
        ("<?php x", "jinja:3: `<?php x` is no element: browsers hide it"),
        ("a <!b is hidden> c", "jinja:3: `<!b is hidde` is no element: browsers hide it"),
        ("<!-- x --!> y -->", "jinja:3: `--!>` does not end a comment in Markdown"),
    ] {
        let error = refused(&format!("# H\n\n{html}\n\n{{{{ table(\"all\") }}}}\n"));
        assert!(error.contains(message), "{html}: {error}");
    }
    let sound = "# H\n\n<details>\n<summary>more</summary>\n\n- a<br>b <b>c</b>\n\n</details>\n\n<a@example.org> ~~x~~\n\n- [x] done\n\n`<div>` <!-- no -->\n\n<p align=\"center\">x\n";
    rendered(&Project::new(), sound).unwrap();
}

#[test]
fn kind_4_texts_of_the_paper_file_stay_texts_of_one_line() {
    let project = Project::new();
    let text = project.read("experiments/paper.toml");
    let claim = |says: &str| {
        format!(
            "\n[[claim]]\nname = \"c\"\nstatement = \"{says} x\"\ncheck = {{ compare = \"a\", above = \"1\", says = \"{says} x\", \
             cells = {{ a = {{ parameters = {{ experiment = \"deep\", weight_sharing = true }} }} }} }}\n"
        )
    };
    for says in ["-", "+", "1.", "2)", "    code", "www.example.org", "#"] {
        project.write("experiments/paper.toml", text.clone() + &claim(says));
        let [markdown, html] = rendered(&project, "# H\n\n{{ verdicts() }}\n").unwrap();
        let parsed = pulldown_cmark::Parser::new(&markdown);
        let lists = parsed.filter(|event| {
            use pulldown_cmark::{Event, Tag};
            matches!(event, Event::Start(Tag::List(_) | Tag::CodeBlock(_) | Tag::Heading { .. }))
        });
        // The heading, the list of claims, and the list of findings.
        assert_eq!(lists.count(), 3, "{says}: {markdown}");
        assert!(!markdown.contains("www.example"), "{markdown}");
        assert!(html.contains(&format!("{} x:", says.trim())), "{says}");
    }
}

#[test]
fn kind_6_labels_that_readers_cannot_tell_apart_or_see_are_refused() {
    let project = Project::new();
    project.edit(
        "experiments/base/protocol.toml",
        "\"model.weight_sharing\" = [true, false]",
        "\"model.weight_sharing\" = [true, false]\n\"train.optimizer.lr\" = [0.01, 0.02]",
    );
    let paper = project.read("experiments/paper.toml");
    let metric = "\n[[metric]]\nname = \"other\"\nlabel = \"LABEL\"\ncurve = \"published_test_accuracy\"\nreduction = \"last\"\n";
    let label = paper.split("[[metric]]").nth(1).unwrap().split("label = \"").nth(1).unwrap();
    let same = metric.replace("LABEL", label.split('"').next().unwrap());
    for (text, message) in [
        (paper.clone() + &same, "which is also the label of an earlier one"),
        (
            paper.clone() + "\n[labels.lr]\nlabel = \"weight sharing\"\n",
            "gives `weight_sharing` and `lr` of one experiment the label `weight sharing`",
        ),
        (paper.replace("\"A small paper\"", "\" \""), "`title` must be a string, but is empty"),
        (paper.clone() + &metric.replace("LABEL", ""), "must be a string, but is empty"),
    ] {
        project.write("experiments/paper.toml", text);
        let outcome = project.run(&["status"]);
        assert!(outcome.code == 2 && outcome.stderr.contains(message), "{message}: {outcome:#?}");
    }
}
