//! Kind 1 of the silent wrong answers: what is compared is comparable, complete, and said.

use crate::project::Project;
use crate::silent::rendered;

/// A paper file with these tables and this claim.
pub(crate) fn paper_with(tables: &[(&str, &str)], claim: &str) -> String {
    let metric = "[[metric]]\nname = \"published\"\nlabel = \"accuracy\"\ncurve = \"published_test_accuracy\"\nreduction = \"best\"\n";
    let table = |(name, keys): &(&str, &str)| {
        format!("\n[[table]]\nname = \"{name}\"\ncaption = \"c\"\nmetric = \"published\"\n{keys}\n")
    };
    let tables: String = tables.iter().map(table).collect();
    let claim = match claim {
        "" => String::new(),
        check => format!("\n[[claim]]\nname = \"c\"\nstatement = \"s\"\ncheck = {check}\n"),
    };
    format!("title = \"A paper\"\n\n{metric}{tables}{claim}")
}

/// The small project, with 20 and 30 training pairs as levels of `deep`.
pub(crate) fn with_two_sizes() -> Project {
    let project = Project::new();
    project.write("templates/paper.md.jinja", "# {{ title }}\n");
    let sizes = "\n[factors]\n\"data.train_pairs\" = [20, 30]\n";
    project.write("experiments/deep.toml", project.read("experiments/deep.toml") + sizes);
    project
}

/// Asserts whether this paper file is refused because it compares the two sizes.
#[track_caller]
pub(crate) fn check_sizes(project: &Project, paper: &str, is_refused: bool) {
    project.write("experiments/paper.toml", paper);
    let outcome = project.run(&["status"]);
    let refusal = "compares conditions that differ in `data.train_pairs` (20 and 30)";
    assert_eq!(outcome.stderr.contains(refusal), is_refused, "{paper}: {outcome:#?}");
    assert_eq!(outcome.code == 2, is_refused, "{paper}: {outcome:#?}");
}

#[test]
fn kind_1_levels_of_the_data_are_compared_only_where_they_are_shown() {
    let project = with_two_sizes();
    let deep = "where = { experiment = \"deep\" }";
    let effects =
        format!("kind = \"effects\"\nby = [\"experiment\"]\nfactors = [\"train_pairs\"]\n{deep}");
    for (keys, check, is_refused) in [
        (format!("by = [\"weight_sharing\"]\n{deep}"), "", true),
        (format!("by = [\"train_pairs\", \"weight_sharing\"]\n{deep}"), "", false),
        (effects.clone(), "", false),
        (effects.replace("train_pairs", "weight_sharing"), "", true),
        (
            effects.clone(),
            "{ effect = \"train_pairs\", where = { experiment = \"deep\" }, above = 0 }",
            false,
        ),
        (
            effects.clone(),
            "{ effect = \"weight_sharing\", where = { experiment = \"deep\" }, above = 0 }",
            true,
        ),
        (
            effects.clone(),
            "{ difference = [{ weight_sharing = true }, { weight_sharing = false }], where = { experiment = \"deep\" }, above = 0 }",
            true,
        ),
        (
            effects.clone(),
            "{ difference = [{ train_pairs = 30 }, { train_pairs = 20 }], where = { experiment = \"deep\" }, above = 0 }",
            false,
        ),
        (
            effects,
            "{ best = { train_pairs = 20, weight_sharing = true }, where = { experiment = \"deep\" } }",
            true,
        ),
    ] {
        check_sizes(&project, &paper_with(&[("sizes", &keys)], check), is_refused);
    }
}

#[test]
fn kind_1_a_level_of_the_data_on_one_side_alone_is_a_difference() {
    let project = with_two_sizes();
    let table = [("all", "by = [\"experiment\", \"train_pairs\", \"weight_sharing\"]")];
    for (n, is_refused) in [(30, true), (20, false)] {
        let check = format!(
            "{{ difference = [{{ experiment = \"deep\", train_pairs = {n} }}, {{ experiment = \"fully-connected\" }}], above = 0 }}"
        );
        check_sizes(&project, &paper_with(&table, &check), is_refused);
    }
}

#[test]
fn kind_1_cells_of_tables_on_different_data() {
    let project = Project::new();
    project.write("templates/paper.md.jinja", "# {{ title }}\n\n{{ verdicts() }}\n");
    project.write(
        "experiments/other.toml",
        "extends = \"deep.toml\"\ntitle = \"other\"\n[data]\nseed = 7\n",
    );
    let table = |experiment: &str| {
        format!("by = [\"weight_sharing\"]\nwhere = {{ experiment = \"{experiment}\" }}")
    };
    let cell = |table: &str, sharing: bool| {
        format!("{{ table = \"{table}\", where = {{ weight_sharing = {sharing} }} }}")
    };
    let check = |a: String, b: String, more: &str| {
        let cells = format!("cells = {{ a = {a}, b = {b} }}");
        let check = format!(
            "{{ compare = \"a.mean - b.mean\", above = \"0\", says = \"gain\", {cells}{more} }}"
        );
        let tables = [table("deep"), table("other")];
        let tables = [("one", tables[0].as_str()), ("two", tables[1].as_str())];
        project.write("experiments/paper.toml", paper_with(&tables, &check));
        project.run(&["status"])
    };
    let outcome = check(cell("one", true), cell("two", true), "");
    let refusal = "compares conditions that differ in `data.seed` (0 and 7)";
    assert!(outcome.code == 2 && outcome.stderr.contains(refusal), "{outcome:#?}");
    let outcome = check(cell("one", true), cell("one", false), "");
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let outcome = check(cell("one", true), cell("two", true), ", differs = [\"data.seed\"]");
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let [markdown, _] = rendered(&project, &project.read("templates/paper.md.jinja")).unwrap();
    assert!(markdown.contains("The conditions differ in data.seed (0, 7)"), "{markdown}");
}

#[test]
fn kind_1_a_directory_is_known_by_its_content() {
    let project = Project::new();
    project.write("templates/paper.md.jinja", "# {{ title }}\n");
    project.write_digits("embedded");
    let deep = project.read("experiments/deep.toml");
    let keys = "by = [\"experiment\", \"weight_sharing\"]";
    project.write("experiments/paper.toml", paper_with(&[("all", keys)], ""));
    let with = |file: &str, directory: &str| {
        project.write(file, format!("{deep}\n[data]\ndirectory = \"{directory}\"\n"));
    };
    with("experiments/deep.toml", "embedded");
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 2, "a folder of that name is not the built-in data: {outcome:#?}");
    assert!(outcome.stderr.contains("differ in `data.directory`"), "{outcome:#?}");
    // The same bytes at two paths.
    project.write_digits("copy");
    let flat = project.read("experiments/fully-connected.toml");
    project.write(
        "experiments/fully-connected.toml",
        format!("{flat}\n[data]\ndirectory = \"./copy\"\n"),
    );
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
}

#[test]
fn kind_1_numbers_of_some_of_the_runs_decide_nothing() {
    let project = Project::new();
    project.write(
        "templates/paper.md.jinja",
        "# {{ title }}\n\n{{ verdicts() }}\n\n{{ table(\"all\") }}\n",
    );
    let cell = |name: &str, sharing: bool| {
        format!("{name} = {{ table = \"all\", where = {{ weight_sharing = {sharing} }} }}")
    };
    let check = format!(
        "{{ compare = \"a.mean\", above = \"b.mean - 100\", says = \"gain\", cells = {{ {}, {} }} }}",
        cell("a", true),
        cell("b", false)
    );
    let table = [("all", "by = [\"weight_sharing\"]")];
    project.write("experiments/paper.toml", paper_with(&table, &check));
    // Half of the runs of each row.
    let outcome = project.run(&["build", "--only", "deep", "--out", "reports"]);
    assert_eq!(outcome.code, 4, "{outcome:#?}");
    let markdown = project.read("reports/report.md");
    assert!(markdown.contains("**undecided** (runs are missing)"), "{markdown}");
    let row = markdown.lines().find(|line| line.contains("| 2/4 |")).unwrap();
    assert!(row.contains("| 2/4 | – |"), "a pooled mean needs every run: {row}");
    project.build(&[]);
    let markdown = project.read("reports/report.md");
    let verdict = "**supported** (two numbers, compared without an interval)";
    assert!(markdown.contains(verdict), "{markdown}");
}

#[test]
fn kind_1_what_can_never_be_decided_is_refused() {
    let project = Project::new();
    project.write("templates/paper.md.jinja", "# {{ title }}\n");
    let flat = project.read("experiments/fully-connected.toml");
    project.write("experiments/fully-connected.toml", format!("seeds = [10, 11]\n{flat}"));
    let table = [("all", "by = [\"experiment\", \"weight_sharing\"]")];
    let check = "{ difference = [{ experiment = \"deep\" }, { experiment = \"fully-connected\" }], above = 0 }";
    project.write("experiments/paper.toml", paper_with(&table, check));
    let outcome = project.run(&["status"]);
    assert!(outcome.stderr.contains("has sides without a common seed"), "{outcome:#?}");
    assert_eq!(outcome.code, 2);
    for (check, refusal) in [
        (
            "{ best = { experiment = \"deep\", weight_sharing = true } }",
            "has no seed in common with `fully-connected`",
        ),
        (
            "{ effect = \"weight_sharing\", above = 0 }",
            "averages over experiments without a common seed",
        ),
    ] {
        project.write("experiments/paper.toml", paper_with(&table, check));
        let outcome = project.run(&["status"]);
        assert!(outcome.code == 2 && outcome.stderr.contains(refusal), "{outcome:#?}");
    }
    // A score on held-out pairs, of experiments without any.
    let curve = "curve = \"published_test_accuracy\"\nreduction = \"best\"";
    for metric in [
        "curve = \"validation_accuracy\"\nreduction = \"last\"",
        "curve = \"corrected_test_accuracy\"\nreduction = \"selected\"",
    ] {
        project.write("experiments/paper.toml", paper_with(&table, "").replace(curve, metric));
        let outcome = project.run(&["status"]);
        let expected = "`published` needs a validation part, but `deep` has none";
        assert!(outcome.stderr.contains(expected), "{metric}: {outcome:#?}");
        assert_eq!(outcome.code, 2);
    }
}

#[test]
fn kind_1_notes_say_what_differs_and_what_is_left_out() {
    let project = Project::new();
    project.write("templates/paper.md.jinja", "# {{ title }}\n\n{{ table(\"rates\") }}\n\n{{ table(\"gain\") }}\n\n{{ figure(\"runs\") }}\n\n{{ figure(\"nets\") }}\n");
    let deep = project.read("experiments/deep.toml");
    project.write("experiments/deep.toml", format!("{deep}\n[factors]\n\"train.optimizer.lr\" = [0.01, 0.02]\n\"model.branch.0.channels\" = [2, 3]\n[data]\nseed = 7\n"));
    project.edit(
        "experiments/base/protocol.toml",
        "auxiliary_loss = true",
        "auxiliary_loss = false",
    );
    let tables = [
        ("rates", "by = [\"lr\"]"),
        ("sharing", "by = [\"weight_sharing\"]\ndiffers = [\"data.seed\"]"),
        (
            "gain",
            "kind = \"effects\"\nfactors = [\"lr\"]\nby = [\"weight_sharing\"]\nwhere = { experiment = \"deep\" }",
        ),
    ];
    let figures = "\n[[figure]]\nname = \"runs\"\nkind = \"seeds\"\ncaption = \"c\"\ntable = \"sharing\"\n\n[[figure]]\nname = \"nets\"\nkind = \"diagram\"\ncaption = \"c\"\nexperiments = [\"deep\"]\n";
    project.write("experiments/paper.toml", paper_with(&tables, "") + figures);
    let [markdown, html] = rendered(&project, &project.read("templates/paper.md.jinja")).unwrap();
    let notes: Vec<_> = markdown.lines().filter(|line| line.starts_with("<sub>")).collect();
    assert!(
        notes[0].contains("Left out, because they lack a factor: fully connected (lr)."),
        "{markdown}"
    );
    assert!(notes[2].contains("The conditions differ in data.seed (0, 7)."), "{}", notes[2]);
    assert!(notes[1].contains("at the first level minus at the second"), "{}", notes[1]);
    assert!(!notes[1].contains("the factor raises"), "{}", notes[1]);
    assert!(notes[3].contains("The layers vary with a factor in deep"), "{}", notes[3]);
    assert!(!html.contains("auxiliary loss"), "the networks have none");
}

#[test]
fn a_column_with_a_hyphen_is_written_with_an_underscore_in_expressions() {
    let project = Project::new();
    project.write("templates/paper.md.jinja", "# {{ title }}\n\n{{ verdicts() }}\n");
    let check = "{ compare = \"a.mean_last_epoch\", above = \"0\", says = \"mean\", cells = { a = { table = \"steps\", where = { row = \"deep, true\" } } } }";
    let tables = [
        ("all", "by = [\"experiment\", \"weight_sharing\"]"),
        (
            "steps",
            "kind = \"ablation\"\ntables = [\"all\"]\nmetrics = [\"published\", \"last-epoch\"]",
        ),
    ];
    let metric = "[[metric]]\nname = \"last-epoch\"\nlabel = \"last\"\ncurve = \"published_test_accuracy\"\nreduction = \"last\"\n\n[[table]]";
    let paper = paper_with(&tables, check).replacen("[[table]]", metric, 1);
    project
        .write("experiments/paper.toml", paper.replacen("metric = \"published\"\nkind", "kind", 1));
    let [markdown, _] = rendered(&project, &project.read("templates/paper.md.jinja")).unwrap();
    assert!(markdown.contains("mean: "), "{markdown}");
    assert!(markdown.contains("**supported"), "{markdown}");
}

#[test]
fn kind_1_a_row_says_what_it_averages_over() {
    let project = with_two_sizes();
    project.edit(
        "experiments/deep.toml",
        "\"data.train_pairs\" = [20, 30]",
        "\"train.auxiliary_loss\" = [true, false]\n\"data.train_pairs\" = [20, 30]",
    );
    let deep = "where = { experiment = \"deep\", train_pairs = 20 }";
    let tables = [
        ("pooled", format!("by = [\"weight_sharing\"]\n{deep}")),
        (
            "both",
            format!(
                "kind = \"effects\"\nfactors = [\"weight_sharing\", \"auxiliary_loss\"]\nby = []\n{deep}"
            ),
        ),
    ];
    let tables = tables.each_ref().map(|(name, keys)| (*name, keys.as_str()));
    project.write("experiments/paper.toml", paper_with(&tables, ""));
    let prose = "# {{ title }}\n\n{{ table(\"pooled\") }}\n\n{{ table(\"both\") }}\n";
    let [markdown, _] = rendered(&project, prose).unwrap();
    let notes: Vec<_> = markdown.lines().filter(|line| line.starts_with("<sub>")).collect();
    let averaged = "Each row is a mean over the levels of the factors that it does not name: auxiliary\\_loss (true, false).";
    assert!(notes[0].contains(averaged), "{}", notes[0]);
    assert!(notes[1].contains("weight\\_sharing (true, false)"), "{}", notes[1]);
    // Two factors are two tests, also without groups.
    assert!(notes[1].contains("p, Holm: adjusted for the 2 tests in this table."), "{}", notes[1]);
}

#[test]
fn kind_1_a_factor_of_the_data_is_shown_in_its_own_row_alone() {
    let project = with_two_sizes();
    let effects = |factors: &str, more: &str| {
        format!(
            "kind = \"effects\"\nby = []\nfactors = [{factors}]\nwhere = {{ experiment = \"deep\" }}\n{more}"
        )
    };
    let both = effects("\"weight_sharing\", \"train_pairs\"", "");
    check_sizes(&project, &paper_with(&[("sizes", &both)], ""), true);
    let alone = effects("\"train_pairs\"", "");
    check_sizes(&project, &paper_with(&[("sizes", &alone)], ""), false);
    let declared =
        effects("\"weight_sharing\", \"train_pairs\"", "differs = [\"data.train_pairs\"]");
    project.write("experiments/paper.toml", paper_with(&[("sizes", &declared)], ""));
    let [markdown, _] = rendered(&project, "# {{ title }}\n\n{{ table(\"sizes\") }}\n").unwrap();
    let said = "The conditions differ in data.train\\_pairs (20, 30)";
    assert!(markdown.contains(said), "{markdown}");
}

#[test]
fn kind_1_compared_rows_that_name_different_data_say_so() {
    let project = with_two_sizes();
    let cell = |name: &str, n: usize| {
        format!(
            "{name} = {{ table = \"sizes\", where = {{ train_pairs = {n}, weight_sharing = true }} }}"
        )
    };
    let check = format!(
        "{{ compare = \"a.mean\", above = \"b.mean\", says = \"gain\", cells = {{ {}, {} }} }}",
        cell("a", 30),
        cell("b", 20)
    );
    let keys = "by = [\"train_pairs\", \"weight_sharing\"]\nwhere = { experiment = \"deep\" }";
    project.write("experiments/paper.toml", paper_with(&[("sizes", keys)], &check));
    let [markdown, _] = rendered(&project, "# {{ title }}\n\n{{ verdicts() }}\n").unwrap();
    let said = "The conditions differ in data.train\\_pairs (20, 30)";
    assert!(markdown.contains(said), "{markdown}");
}

#[test]
fn kind_1_parameters_are_those_that_are_trained() {
    let project = Project::new();
    let check = |selection: &str, above: usize| {
        format!(
            "{{ compare = \"n\", above = \"{above}\", says = \"size\", cells = {{ n = {{ parameters = {{ {selection} }} }} }} }}"
        )
    };
    let table = [("all", "by = [\"experiment\", \"weight_sharing\"]")];
    let flat = "experiment = \"fully-connected\"";
    project.write("templates/paper.md.jinja", "# {{ title }}\n");
    project.write("experiments/paper.toml", paper_with(&table, &check(flat, 1)));
    let outcome = project.run(&["status"]);
    // A branch of 14 · 14 · 10 + 10 parameters; a head of 20 + 1, and two of its batch-norm.
    let refusal = "selects conditions with 1,993 or 3,963 parameters";
    assert!(outcome.code == 2 && outcome.stderr.contains(refusal), "{outcome:#?}");
    let shared = format!("{flat}, weight_sharing = true");
    project.write("experiments/paper.toml", paper_with(&table, &check(&shared, 1)));
    let prose = "# {{ title }}\n\n{{ verdicts() }}\n\n{% for one in experiments %}{{ one.parameters | join(\" or \") }}; {% endfor %}\n";
    let [markdown, _] = rendered(&project, prose).unwrap();
    assert!(markdown.contains("size: 1993, expected above 1."), "{markdown}");
    assert!(markdown.contains("1993 or 3963"), "{markdown}");
}

#[test]
fn kind_1_a_missing_number_is_shown_but_has_no_order_and_no_sum() {
    let project = Project::new();
    let row = "experiment=\"deep\", weight_sharing=true";
    for (prose, message) in [
        ("{% if cell(\"all\", \"mean\", ROW).value > 5 %}x{% endif %}", "undefined value"),
        ("{{ cell(\"all\", \"mean\", ROW).value - 1 }}", "unsupported types undefined and number"),
        ("{% if tables.all.rows[0][\"values\"].mean < 5 %}x{% endif %}", "undefined value"),
        ("{% if conditions[0].metrics.published.mean < 5 %}x{% endif %}", "undefined value"),
        ("{% if most(\"all\", \"mean\").value < 5 %}x{% endif %}", "undefined value"),
        ("{% if count_above(\"all\", \"mean\", 5).value == 0 %}x{% endif %}", "undefined value"),
        ("{% if count_above(\"all\", \"mean\", 5) == 0 %}x{% endif %}", "cannot be compared"),
        ("{{ cell(\"all\", \"mean\", ROW) + 1 }}", "; the number alone is `.value`"),
        ("{{ cell(\"all\", \"mean\", ROW).valeu }}", "a result has no `valeu`; it has `value`"),
    ] {
        let prose = format!("# {{{{ title }}}}\n\n{}\n", prose.replace("ROW", row));
        project.write("templates/paper.md.jinja", &prose);
        let outcome = project.run(&["build"]);
        assert_eq!((outcome.code, project.count_records()), (2, 0), "{prose}: {outcome:#?}");
        assert!(outcome.stderr.contains(message), "{prose}: {outcome:#?}");
        let is_missing = message.contains("undefined");
        assert_eq!(
            outcome.stderr.contains("test it with `{% if … is defined %}`"),
            is_missing,
            "{outcome:#?}"
        );
    }
    // A filter that compares needs all numbers; one that asks for them does not.
    for (filter, is_refused) in [
        ("sort(attribute=\"values.mean\")", true),
        ("selectattr(\"values.mean\", \"gt\", 80)", true),
        ("selectattr(\"values.mean\", \"defined\")", false),
        ("map(attribute=\"values.mean\")", false),
    ] {
        let prose = format!("# H\n\n{{{{ tables.all.rows | {filter} | list | length }}}}\n");
        project.write("templates/paper.md.jinja", prose);
        let outcome = project.run(&["build", "--dry-run"]);
        assert_eq!(outcome.code, if is_refused { 2 } else { 0 }, "{filter}: {outcome:#?}");
        let message = "`values.mean` of an item is missing, as its runs are";
        assert_eq!(outcome.stderr.contains(message), is_refused, "{filter}: {outcome:#?}");
    }
    let prose = "# {{ title }}\n\n{{ cell(\"all\", \"mean\", ROW) }}, {{ count_above(\"all\", \"mean\", 0) }}, \
                 {% if cell(\"all\", \"mean\", ROW).value is defined %}{{ cell(\"all\", \"mean\", ROW).value > 5 }}{% endif %}.\n";
    project.write("templates/paper.md.jinja", prose.replace("ROW", row));
    project.run(&["build", "--only", "fully-connected", "--out", "part"]);
    assert!(
        project.read("part/report.md").contains("–, –, ."),
        "{}",
        project.read("part/report.md")
    );
    project.build(&[]);
    assert!(project.read("reports/report.md").contains(", 4, True."));
}
