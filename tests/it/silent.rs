//! No silent wrong answers: one test for each kind of them, named after it.

use report::pipeline;

use crate::formula::{BUILD, recorded};
use crate::project::{Project, repository};

/// Both outputs of the small project with this prose and every run recorded; or the error.
pub(crate) fn rendered(project: &Project, prose: &str) -> Result<[String; 2], String> {
    project.write("templates/paper.md.jinja", prose);
    let (read, plan) = recorded(project);
    let report = pipeline::render(&read, &plan, BUILD, None).map_err(|error| error.to_string())?;
    report.write(&project.path("reports")).unwrap();
    Ok(["report.md", "report.html"].map(|name| project.read(&format!("reports/{name}"))))
}

/// The error of a build with this prose, before anything is trained.
#[track_caller]
fn refused(prose: &str) -> String {
    let project = Project::new();
    project.write("templates/paper.md.jinja", prose);
    let outcome = project.run(&["build"]);
    assert_eq!((outcome.code, project.count_records()), (2, 0), "{prose}: {outcome:#?}");
    outcome.stderr
}

#[test]
fn kind_1_comparing_what_is_not_comparable() {
    let checks = [
        "{ difference = [{ experiment = \"deep\" }, { experiment = \"fully-connected\" }], above = 0DIFFERS }",
        "{ best = { experiment = \"deep\", weight_sharing = true }DIFFERS }",
        "{ effect = \"weight_sharing\", above = 0DIFFERS }",
    ];
    for (data, key, values) in [
        ("seed = 7", "data.seed", "0 and 7"),
        ("test_pairs = 30", "data.test_pairs", "20 and 30"),
        ("validation_pairs = 5", "data.validation_pairs", "0 and 5"),
    ] {
        let project = Project::new();
        let deep = project.read("experiments/deep.toml");
        project.write("experiments/deep.toml", format!("{deep}\n[data]\n{data}\n"));
        let claims = |differs: &str| -> String {
            let claim = |(index, check): (usize, &&str)| {
                let check = check.replace("DIFFERS", differs);
                format!("\n[[claim]]\nname = \"c{index}\"\nstatement = \"s\"\ncheck = {check}\n")
            };
            checks.iter().enumerate().map(claim).collect()
        };
        let paper = project.read("experiments/paper.toml");
        project.write("experiments/paper.toml", paper + &claims(""));
        let outcome = project.run(&["build"]);
        assert_eq!((outcome.code, project.count_records()), (2, 0), "{outcome:#?}");
        let refusal = format!("compares conditions that differ in `{key}` ({values})");
        // Two tables, the learning curves and three claims.
        assert_eq!(outcome.stderr.matches(&refusal).count(), 6, "{outcome:#?}");
        let read = project.read("experiments/paper.toml");
        project.write("experiments/paper.toml", read.split("\n[[claim]]").next().unwrap());
        project.declare_difference(key);
        let tables = project.read("experiments/paper.toml");
        project.write("experiments/paper.toml", tables.clone() + &claims(""));
        let outcome = project.run(&["build"]);
        assert_eq!(outcome.stderr.matches(&refusal).count(), 3, "claims: {outcome:#?}");
        // Declared, it is said where the numbers are read.
        project
            .write("experiments/paper.toml", tables + &claims(&format!(", differs = [\"{key}\"]")));
        let prose = "# {{ title }}\n\n{{ table(\"all\") }}\n\n{{ verdicts() }}\n";
        let [markdown, _] = rendered(&project, prose).unwrap();
        let note = format!(
            "The conditions differ in {} ({})",
            key.replace('_', "\\_"),
            values.replace(" and ", ", ")
        );
        // Below the table, and beside each of the three verdicts.
        assert_eq!(markdown.matches(&note).count(), 4, "{note} in {markdown}");
    }
    // A declaration of what does not differ is a mistake too.
    let project = Project::new();
    project.declare_difference("data.seed");
    let outcome = project.run(&["build"]);
    assert!(outcome.stderr.contains("in which the conditions do not differ"), "{outcome:#?}");
}

#[test]
fn kind_2_values_by_spelling() {
    let project = Project::new();
    let rates = |levels: &str| format!("\n[factors]\n\"train.optimizer.lr\" = {levels}\n");
    let (deep, flat) = ("experiments/deep.toml", "experiments/fully-connected.toml");
    project.write(deep, project.read(deep) + &rates("[1, 1e-5]"));
    project.write(flat, project.read(flat) + &rates("[1.0, 0.00001]"));
    project.edit("experiments/base/protocol.toml", "\"model.weight_sharing\" = [true, false]", "");
    let by = "by = [\"experiment\", \"weight_sharing\"]\npublished = [{ row = [\"deep\", true], mean = 50.0, std = 1.0 }]";
    project.edit(
        "experiments/paper.toml",
        by,
        "by = [\"lr\"]\npublished = [{ row = 1e0, mean = 50.0, std = 1.0 }]",
    );
    project.edit("experiments/paper.toml", "[labels.weight_sharing]\nlabel = \"weight sharing\"\nlevels = { true = \"yes\", false = \"no\" }", "[labels.lr]\nlabel = \"rate\"\nlevels = { 1e-5 = \"tiny\", \"1\" = \"one\" }");
    project.edit(
        "experiments/paper.toml",
        "by = [\"weight_sharing\"]",
        "kind = \"effects\"\nfactors = [\"lr\"]\nby = [\"experiment\"]",
    );
    let claim = "\n[[claim]]\nname = \"c\"\nstatement = \"s\"\ncheck = { effect = \"lr\", where = { lr = [1.00, 1e-05], experiment = \"deep\" }, above = 0 }\n";
    project.write("experiments/paper.toml", project.read("experiments/paper.toml") + claim);
    let prose = "{{ table(\"all\") }}\n\n{{ cell(\"all\", \"n\", lr=1e-5) }} {{ cell(\"all\", \"n\", lr=0.00001) }} \
                 {{ score(\"published\", \"mean\", experiment=\"deep\", lr=1.0) }}\n";
    let [markdown, _] = rendered(&project, prose).unwrap();
    let rows: Vec<_> = markdown
        .lines()
        .filter(|line| line.starts_with("| one") || line.starts_with("| tiny"))
        .collect();
    assert_eq!(rows.len(), 2, "{markdown}");
    for typed in ["lr=1e-05", "lr=0.00001", "lr=1E-5"] {
        let outcome = project.run(&["explain", "deep", typed, "seed=0"]);
        assert_eq!(outcome.code, 0, "{typed}: {outcome:#?}");
    }
    let outcome = project.run(&["explain", "deep", "lr=1e-3"]);
    assert!(outcome.stderr.contains("`1e-3` is not a level of `lr`"), "{outcome:#?}");

    // A list is one level, with a label; its factor keeps its name beside another.
    let project = Project::new();
    let deep = project.read("experiments/deep.toml");
    let more = "\n[factors]\n\"model.head\" = [[{ layer = \"linear\", outputs = 1 }, \"sigmoid\"], [{ layer = \"linear\", outputs = 4 }, { layer = \"linear\", outputs = 1 }, \"sigmoid\"]]\n\"model.branch.0.channels\" = [2, 3]\n\"model.branch.1\" = [\"relu\", \"tanh\"]\n";
    project.write("experiments/deep.toml", deep + more);
    let label = "[labels.head]\nlabel = \"head\"\n[labels.head.levels]\n'[{ layer = \"linear\", outputs = 1.0 }, \"sigmoid\"]' = \"short\"\n\n[[metric]]";
    project.edit("experiments/paper.toml", "[[metric]]", label);
    let prose = "{{ cell(\"by-head\", \"n\", head=[{\"layer\": \"linear\", \"outputs\": 1}, \"sigmoid\"]) }}\n\n{{ table(\"by-head\") }}";
    let table = "\n[[table]]\nname = \"by-head\"\ncaption = \"c\"\nmetric = \"published\"\nby = [\"head\", \"branch.0.channels\", \"branch.1\"]\nwhere = { head = [{ layer = \"linear\", outputs = 1 }, \"sigmoid\"], \"branch.1\" = \"relu\", \"branch.0.channels\" = 2 }\n";
    project.write("experiments/paper.toml", project.read("experiments/paper.toml") + table);
    let [markdown, _] = rendered(&project, prose).unwrap();
    assert!(markdown.contains("| short | 2 | relu |"), "{markdown}");
}

#[test]
fn kind_3_typos_that_give_plausible_output() {
    for (prose, expected) in [
        (
            "{{ experiments | selectattr(\"nam\", \"eq\", \"deep\") | list | length }}",
            "has no `nam`; did you mean `name`?",
        ),
        ("{{ experiments | rejectattr(\"nam\") | list | length }}", "has no `nam`"),
        (
            "{{ experiments | map(attribute=\"titel\") | join(\", \") }}",
            "has no `titel`; did you mean `title`?",
        ),
        ("{{ experiments | sort(attribute=\"titel\") | length }}", "has no `titel`"),
        ("{{ experiments | groupby(\"titel\") | length }}", "has no `titel`"),
        ("{{ experiments | map(attribute=\"config.trian\") | list }}", "has no `trian`"),
        ("{% if experiments[0].nam == \"deep\" %}x{% endif %}", "has no `nam`"),
        ("{{ runs.misssing }}", "did you mean `missing`?"),
        ("{{ tables.al.number }}", "has no `al`"),
        (
            "{{ cell(\"all\", \"mean\", experiment=\"deep\", weight_sharing=tru) }}",
            "there is no `tru`",
        ),
        ("{{ nothing | default(\"x\") }}", "there is no `nothing`"),
        (
            "{{ cell(\"all\", \"mean\", experiment=\"deep\", weight_sharing=runs.no) }}",
            "has no `no`",
        ),
        (
            "{{ cell(\"all\", \"mean\", experiment=\"deep\", weight_sharing={}.x) }}",
            "`weight_sharing` has no value",
        ),
        (
            "{{ score(\"published\", \"mean\", experimen=\"deep\") }}",
            "there is no factor `experimen`",
        ),
        ("{{ table(\"al\") }}", "there is no table `al`"),
        (
            "{{ count(\"all\", \"weight_sharing\", \"tru\") }}",
            "column `weight_sharing` of `all` has no `tru`; did you mean `true`?",
        ),
        ("{{ count(\"all\", \"mean\", \"50\") }}", "column `mean` of `all` contains numbers"),
        ("{{ count_above(\"all\", \"experiment\", 1) }}", "has words in the column `experiment`, not numbers"),
        ("{{ most(\"all\", \"experiment\") }}", "has words in the column `experiment`, not numbers"),
        ("{{ fixd(1) }}", "there is no `fixd`"),
    ] {
        let error = refused(&format!("# {{{{ title }}}}\n\n{prose}\n"));
        assert!(error.contains(expected), "{prose}: {expected} not in {error}");
        assert!(error.contains("templates/paper.md.jinja:3: "), "{prose}: {error}");
    }
    // What exists is still found.
    let prose = "{{ experiments | selectattr(\"name\", \"eq\", \"deep\") | list | length }} {{ \"all\" in tables }} {{ \"no\" in tables }} {{ count(\"all\", \"weight_sharing\", true) }}";
    let [markdown, _] = rendered(&Project::new(), prose).unwrap();
    assert_eq!(markdown.trim(), "1 True False 2");
}

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
    project.write("reports/photo.png", "a file of the user");
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
        ("![b](foto.png)", "foto.png"),
        ("<img src=\"figures/none.svg\">", "figures/none.svg"),
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
fn kind_7_input_that_is_not_seen_a_byte_order_mark_is_no_text() {
    let project = Project::new();
    let prose = "\u{feff}# Hello\n\ntext\n";
    let [markdown, html] = rendered(&project, prose).unwrap();
    assert!(markdown.starts_with("# Hello\n"), "{markdown}");
    assert!(html.contains("<h1 id=\"hello\">Hello</h1>"), "{html}");
    let wide: Vec<u8> = "\u{feff}# Hello".encode_utf16().flat_map(u16::to_le_bytes).collect();
    project.write("templates/paper.md.jinja", wide);
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("it is UTF-16 text; save it as UTF-8"), "{outcome:#?}");
}

#[test]
fn kind_10_messages_that_mislead_in_templates() {
    let error = refused("# A\n\n## M {#sec:m}\n\ntext\n\n#} more\n");
    assert!(error.contains("paper.md.jinja:3: `{#sec:m}` opens a comment"), "{error}");
    let error =
        refused("# A\n\n{% if true %}\n\ntext\n\n{% for x in [1] %}\n{% endfor %}\n\nend\n");
    assert!(error.contains("paper.md.jinja:3: `{% if %}` is never closed"), "{error}");
    let error = refused("# A\n\n{% include \"nowhere.md\" %}\n");
    assert!(
        error.contains("paper.md.jinja:3: ") && error.contains("find files in `templates/`"),
        "{error}"
    );
    for (prose, expected) in [
        ("{# never closed", "`{#` is never closed"),
        ("{% raw %} x", "`{% raw %}` is never closed"),
        ("{{ cell }}", "a function is shown and not called"),
        (
            "{{ cell(\"all\", \"mean\", experiment=\"dep\") }}",
            "table `all` has no row with experiment=\"dep\"; for `experiment`, did you mean `deep`?",
        ),
        (
            "{{ cell(\"all\", \"mean\", weight_sharing=\"true\") }}",
            "table `all` has no row with weight_sharing=\"true\"; for `weight_sharing`, it is not text: remove the quotes",
        ),
        ("{{ cell(\"all\", \"mean\") }}", "table `all` has 4 rows; levels select one of them"),
    ] {
        let error = refused(&format!("# A\n\n{prose}\n"));
        assert!(error.contains(&format!("paper.md.jinja:3: {expected}")), "{prose}: {error}");
    }
    // The line is that of the link, and not of other text with the same letters.
    for (prose, line, expected) in [
        ("We recommend it.\n\n## End\n\n<p id=\"end\">x</p>", 5, "have the anchor `end`"),
        ("`#gone` is no link.\n\n[x](#gone)", 5, "a link leads to `#gone`"),
    ] {
        let error = refused(&format!("# A\n\n{prose}\n"));
        assert!(error.contains(&format!("paper.md.jinja:{line}: ")), "{prose}: {error}");
        assert!(error.contains(expected), "{prose}: {error}");
    }
    // A mistake in an included file has the name and the line of that file.
    for (text, expected) in [
        ("{{ cell(\"all\", \"meen\") }}", "table `all` has no column `meen`; did you mean `mean`?"),
        ("{{ nothing }}", "undefined value: `nothing`"),
        ("{% if title %}", "`{% if %}` is never closed"),
        ("[x](#nope)", "a link leads to `#nope`"),
        ("`{{ verdicts() }}`", "the list of claims needs a line of its own"),
    ] {
        let project = Project::new();
        project.write("templates/intro.md", format!("a\n\n{text}\n"));
        project.write("templates/paper.md.jinja", "# A\n\n{% include \"intro.md\" %}\n");
        let outcome = project.run(&["build"]);
        let expected = format!("error: templates/intro.md:3: {expected}");
        assert!(outcome.stderr.starts_with(&expected), "{expected}: {outcome:#?}");
    }
    let project = Project::new();
    project.write("templates/parts/intro.md", "The title is *{{ title }}*.\n");
    let [markdown, _] = rendered(&project, "# A\n\n{% include \"parts/intro.md\" %}\n").unwrap();
    assert!(markdown.contains("The title is *A small paper*."), "{markdown}");
}

#[test]
fn kind_10_templates_of_macros_that_lack_one_or_call_themselves() {
    let only = |name: &str| format!("{{% macro {name}() %}}x{{% endmacro %}}\n");
    let itself = "{% macro banner() %}{{ banner_of() }}{% endmacro %}{% macro compute() %}x{% endmacro %}\
                  {% macro provenance_block() %}{% include \"paper.md.jinja\" %}{% endmacro %}\n";
    for (file, text, expected) in [
        ("blocks.md.jinja", only("banner"), "it has no macro `compute`"),
        ("items.html.jinja", only("table"), "it has no macro `reference`"),
        ("page.html.jinja", "<p>x</p>\n".to_owned(), "the page does not show the report"),
        ("blocks.md.jinja", itself.to_owned(), "recursion limit exceeded"),
    ] {
        let project = Project::new();
        project.write(&format!("templates/{file}"), text);
        project.write("templates/paper.md.jinja", "# A\n\n{{ provenance_block() }}\n");
        let outcome = project.run(&["build"]);
        assert_eq!((outcome.code, project.count_records()), (2, 0), "{file}: {outcome:#?}");
        assert!(outcome.stderr.contains(expected), "{file}: {outcome:#?}");
    }
    let error = refused("\n{# nothing #}\n");
    assert!(error.contains("templates/paper.md.jinja: the prose is empty"), "{error}");
    let spaced = ["banner", "compute", "provenance_block"].map(only).concat().replace('(', " (");
    let project = Project::new();
    project.write("templates/blocks.md.jinja", spaced);
    let [markdown, _] = rendered(&project, "{{ compute() }}\n").unwrap();
    assert!(markdown.ends_with("x\n"), "{markdown}");
    // A value of a row is a number, and no list.
    let prose =
        "{{ tables.all.rows[0][\"values\"].mean > 1000 }} {{ tables.all.rows[0][\"values\"].n }}\n";
    let [markdown, _] = rendered(&Project::new(), prose).unwrap();
    assert_eq!(markdown.trim(), "False 2.0");
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

#[test]
fn kind_3_a_comparison_that_no_value_can_meet_is_an_error() {
    for (prose, message) in [
        (
            "{{ claims | selectattr(\"verdict\", \"eq\", \"suported\") | list | length }}",
            "did you mean `supported`?",
        ),
        (
            "{% for one in claims if one.verdict == \"suported\" %}x{% endfor %}",
            "did you mean `supported`?",
        ),
        (
            "{{ conditions | selectattr(\"levels.weight_sharing\", \"eq\", \"true\") | list | length }}",
            "it is not text: remove the quotes",
        ),
        (
            "{% set word = \"true\" %}{{ conditions | selectattr(\"levels.weight_sharing\", \"eq\", word) | list }}",
            "is not text: remove the quotes",
        ),
        (
            "{% if conditions[0].levels.experiment == \"depe\" %}x{% endif %}",
            "did you mean `deep`?",
        ),
        ("{{ conditions | selectattr(\"n\", \"gt\", \"3\") | list }}", "are of different types"),
        (
            "{% set wanted = [\"suported\"] %}{{ claims | selectattr(\"verdict\", \"in\", wanted) | list }}",
            "did you mean",
        ),
    ] {
        let error = refused(&format!("# H\n\n{prose}\n"));
        assert!(
            error.contains("templates/paper.md.jinja:3: ") && error.contains(message),
            "{prose}: {error}"
        );
    }
    let sound = "# H\n\n{{ conditions | selectattr(\"levels.weight_sharing\", \"eq\", true) | list | length }} of {{ conditions | length }}\n";
    let [markdown, _] = rendered(&Project::new(), sound).unwrap();
    assert!(markdown.contains("2 of 4"), "{markdown}");
}
