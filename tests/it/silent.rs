//! No silent wrong answers of kinds 1 to 3, 7 and 10: names, values and templates.

use report::pipeline;

use crate::formula::{BUILD, recorded};
use crate::project::Project;

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
pub(crate) fn refused(prose: &str) -> String {
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
        (
            "{{ count_above(\"all\", \"experiment\", 1) }}",
            "has words in the column `experiment`, not numbers",
        ),
        (
            "{{ most(\"all\", \"experiment\") }}",
            "has words in the column `experiment`, not numbers",
        ),
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
    assert!(error.contains("templates/paper.md.jinja:1: the prose is empty"), "{error}");
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
            "{{ tables.all.rows | map(attribute=\"values.mean\") | sum }}",
            "`sum` has a missing number among its items",
        ),
        (
            "{{ score(\"published\", \"mean\", experiment=\"deep\", weight_sharing=true).value is eq 3 }}",
            "a value that is undefined",
        ),
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
