//! The report: its numbers, its page, and the paper file behind it.

use serde_json::Value;

use crate::project::{Project, repository};

/// The row of a Markdown table that starts with these cells.
#[track_caller]
fn row<'m>(markdown: &'m str, cells: &str) -> Vec<&'m str> {
    let line = markdown.lines().find(|line| line.starts_with(cells));
    let line = line.unwrap_or_else(|| panic!("no row `{cells}` in {markdown}"));
    line.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn the_cells_of_a_table_are_mean_and_population_std_of_the_records() {
    let project = Project::new();
    project.build(&["--seeds", "3", "--out", "reports"]);
    let best = |record: &Value| {
        let curve = record["curves"]["published_test_accuracy"].as_array().unwrap();
        100.0 * curve.iter().map(|x| x.as_f64().unwrap()).fold(0.0, f64::max)
    };
    let scores = |first_layer: &str, sharing: bool| -> Vec<f64> {
        let records = project.records().into_values();
        let model = |record: &Value| record["config"]["model"].clone();
        records
            .filter(|record| model(record)["branch"][0]["layer"] == *first_layer)
            .filter(|record| model(record)["weight_sharing"] == sharing)
            .map(|record| best(&record))
            .collect()
    };
    let moments = |scores: &[f64]| {
        let n = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / n;
        (mean, (scores.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
    };
    let [markdown, _] = project.report();
    let (deep, other) = (moments(&scores("conv2d", true)), moments(&scores("flatten", true)));

    let cells = row(&markdown, "| deep | yes |");
    assert_eq!(cells[2..4], ["3".to_owned(), format!("{:.2} ({:.2})", deep.0, deep.1)]);
    assert_eq!(cells[4], "50.00 (1.00)");
    let difference = deep.0 - 50.0;
    assert_eq!(cells[5].replace('−', "-"), format!("{difference:+.2}"));
    assert!(markdown.contains(&format!("The mean is {:.2}.", deep.0)));

    // A pooled row: the mean of the means, and the mean of the standard deviations.
    let cells = row(&markdown, "| yes |");
    let pooled =
        format!("{:.2} ({:.2})", f64::midpoint(deep.0, other.0), f64::midpoint(deep.1, other.1));
    assert_eq!(cells[1..3], ["6".to_owned(), pooled]);
}

#[test]
fn one_run_has_no_standard_deviation() {
    let project = Project::new();
    project.build(&["--seeds", "1", "--out", "reports"]);
    let [markdown, _] = project.report();
    assert!(row(&markdown, "| deep | yes | 1 |")[3].ends_with("(–)"), "{markdown}");
    assert!(!markdown.contains("(0.00)"), "{markdown}");
}

#[test]
fn the_page_is_one_file_without_a_request() {
    let project = Project::new();
    project.build(&[]);
    let html = project.read("reports/report.html");
    for forbidden in [" src=", "@import", "url(", "href=\"http", "<link rel=\"stylesheet", "fetch("]
    {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert_eq!(html.matches("<div role=\"img\" aria-label=\"").count(), 3);
    for target in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(html.contains(&format!("id=\"{target}\"")), "#{target} leads nowhere");
    }
    assert!(html.len() < 2 << 20);
}

#[test]
fn every_figure_is_a_file_beside_the_markdown() {
    let project = Project::new();
    project.build(&[]);
    let [markdown, _] = project.report();
    for name in ["models", "curves", "seeds"] {
        assert!(markdown.contains(&format!("](figures/{name}.svg)")));
        assert!(project.read(&format!("reports/figures/{name}.svg")).starts_with("<svg "));
        let png = std::fs::read(project.path(&format!("reports/figures/{name}.png"))).unwrap();
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    }
}

#[test]
fn a_hostile_title_is_shown_as_text() {
    let project = Project::new();
    let hostile = "<script>alert(1)</script> | \\\"x\\\" `y` [z](http://u) \\u202e {{ title }}";
    project.edit("experiments/deep.toml", "title = \"deep\"", &format!("title = \"{hostile}\""));
    project.edit("experiments/paper.toml", "The curves.", &hostile.repeat(100));
    project.build(&[]);
    let html = project.read("reports/report.html");
    assert_eq!(html.matches("<script").count(), 1, "no markup from a title");
    assert!(!html.contains("href=\"http"), "no link from a title");
    assert!(!html.contains('\u{202e}'), "no direction mark from a title");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(html.contains("{{ title }}"), "a title is no template");
    assert!(!project.read("reports/report.md").contains("<script"));
}

#[test]
fn every_name_in_a_paper_file_is_checked() {
    let paper = "experiments/paper.toml";
    for (from, to, expected) in [
        (
            "metric = \"published\"",
            "metric = \"publishde\"",
            "names no metric, `publishde`; did you mean",
        ),
        (
            "by = [\"weight_sharing\"]",
            "by = [\"sharing\"]",
            "names no factor, `sharing`; did you mean",
        ),
        (
            "row = [\"deep\", true]",
            "row = [\"deep\", \"yes\"]",
            "names no level of `weight_sharing`, `yes`",
        ),
        (
            "row = [\"deep\", true]",
            "row = [\"deep\"]",
            "must give a level for each of experiment, weight",
        ),
        (
            "by = [\"weight_sharing\"]",
            "by = [\"weight_sharing\"]\nwhere = { experiment = [] }",
            "lists no level: leave the factor out",
        ),
        ("mean = 50.0", "mean = 500.0", "from 0 to 100, but is 500"),
        (
            "curve = \"published_test_accuracy\"\nreduction",
            "curve = \"accuracy\"\nreduction",
            "is unknown, `accuracy`",
        ),
        ("name = \"sharing\"", "name = \"all\"", "is called `all`, as an earlier `table` is"),
        (
            "name = \"sharing\"",
            "name = \"runs\"",
            "its data file would replace the file of all runs",
        ),
        ("name = \"curves\"", "name = \"../curves\"", "must consist of a–z, 0–9 and `-`"),
        ("table = \"all\"", "table = \"none\"", "names no table of scores, `none`"),
        (
            "[labels.weight_sharing]",
            "[labels.weight_sharign]",
            "names no factor of any experiment, `weight_sharign`",
        ),
        ("title = \"A small paper\"", "titel = \"A small paper\"", "did you mean `title`?"),
        (
            "name = \"curves\"",
            "name = \"all\"",
            "has the name `all`, which is also the name of a table",
        ),
        (
            "by = [\"weight_sharing\"]",
            "kind = \"effects\"\nfactors = [\"experiment\"]\nby = []\nwhere = { experiment = \"deep\" }",
            "names `experiment`, which has 1 level in the selection; an effect needs two",
        ),
        (
            "title = \"A small paper\"",
            "title = \"A small paper\"\ndraws = { deep = \"fully-connected\" }",
            "cannot repeat `deep` by `fully-connected`: `fully-connected` does not have `data.seed = \"run\"`",
        ),
        (
            "kind = \"seeds\"",
            "kind = \"dots\"",
            "names an unknown kind of figure, `dots`; known: diagram, learning-curves",
        ),
    ] {
        let project = Project::new();
        project.edit(paper, from, to);
        let outcome = project.run(&["status"]);
        assert_eq!(outcome.code, 2, "{to}: {outcome:#?}");
        assert!(outcome.stderr.contains(expected), "{expected}\nnot in {}", outcome.stderr);
        assert!(outcome.stderr.contains("experiments/paper.toml:"), "{}", outcome.stderr);
    }
}

/// An experiment of somebody else.
const SMALL: &str = r#"
title = "small network"
seeds = 10

[factors]
"train.optimizer.lr" = [0.003, 0.03]

[data]
seed = 0
train_pairs = 1000
test_pairs = 1000
pooling = 2

[model]
weight_sharing = true
branch = ["flatten", { layer = "linear", outputs = 32 }, "relu", { layer = "linear", outputs = 10 }]
head = [{ layer = "linear", outputs = 1 }, "sigmoid"]

[train]
auxiliary_loss = true
epochs = 20
batch_size = 100
optimizer = { kind = "adam", lr = 0.003 }
"#;

#[test]
fn the_shipped_paper_renders_without_a_single_run_and_a_new_experiment_leaves_its_tables_alone() {
    let project = Project::shipped();
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("480 runs; 480 runs to train"), "{outcome:#?}");
    let rendered = |project: &Project| {
        let root = project.path("");
        let read = report::pipeline::load(&root, &report::pipeline::Overrides::default()).unwrap();
        let (device, keep) = (report::run::DeviceKind::Cpu, report::pipeline::Keep::Extracts);
        let plan = report::pipeline::plan(&read, device, keep).unwrap();
        let report = {
            let build = report::context::Build { command: "", options: "", has_pdf: false };
            report::pipeline::render(&read, &plan, build, None).unwrap()
        };
        report.write(&project.path("reports")).unwrap();
        project.read("reports/report.md")
    };
    let markdown = rendered(&project);
    assert!(markdown.contains("480 of 480 runs are missing"), "{markdown}");
    assert_eq!(row(&markdown, "| yes |")[1..3], ["0/60", "–"]);
    assert!(row(&markdown, "| deep |")[2..].contains(&"98,697"), "{markdown}");

    project.write("experiments/small.toml", SMALL);
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let with_small = rendered(&project);
    assert_eq!(row(&with_small, "| yes |"), row(&markdown, "| yes |"));
    let (_, others) = with_small.split_once("## Other experiments").unwrap();
    assert_eq!(others.matches("| small network + ").count(), 2, "its conditions: {others}");
}

#[test]
fn the_published_rules_reproduce_the_published_digits() {
    // Tables 2 and 3 of the original are plain means over rows of its Table 4.
    let text = std::fs::read_to_string(repository().join("experiments/paper.toml")).unwrap();
    let paper: toml::Table = toml::from_str(&text).unwrap();
    let table = |name: &str| -> Vec<toml::Table> {
        let tables = paper["table"].as_array().unwrap().iter();
        let table =
            tables.map(|t| t.as_table().unwrap()).find(|t| t["name"].as_str() == Some(name));
        let rows = table.unwrap()["published"].as_array().unwrap();
        rows.iter().map(|row| row.as_table().unwrap().clone()).collect()
    };
    let mean = |rows: &[&toml::Table], key: &str| {
        rows.iter().map(|row| row[key].as_float().unwrap()).sum::<f64>() / rows.len() as f64
    };
    let all = table("table4");
    assert_eq!(all.len(), 12);
    for (name, factor, convolutional_only) in [("table2", 2, false), ("table3", 1, true)] {
        for row in table(name) {
            let members: Vec<_> = all
                .iter()
                .filter(|member| member["row"][factor] == row["row"])
                .filter(|m| !convolutional_only || m["row"][0].as_str() != Some("fully-connected"))
                .collect();
            for key in ["mean", "std"] {
                let difference = mean(&members, key) - row[key].as_float().unwrap();
                assert!(difference.abs() < 0.006, "{name} {key}: {difference}");
            }
        }
    }
}
