//! What a report says of its numbers: statistics, protocols, data files, changes.

use std::time::Instant;

use report::context::Context;
use report::experiment::Level;
use report::pipeline::{self, Overrides};
use report::table::{Datum, TableItem};
use serde_json::Value;

use crate::formula::{BUILD, context, recorded, recorded_with, table};
use crate::project::Project;

/// The number under `key` in the only row of a table with these levels.
#[track_caller]
fn number(context: &Context, table: &str, levels: &[(&str, &str)], key: &str) -> f64 {
    let wanted = levels.iter().map(|(f, l)| ((*f).to_owned(), Level::parse(l))).collect();
    let found = crate::formula::table(context, table);
    let row = found.row(&wanted).unwrap_or_else(|message| panic!("{table} {message}"));
    let datum = found.datum(row, key);
    datum.as_ref().and_then(Datum::number).unwrap_or_else(|| panic!("{key} is {datum:?}"))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn the_tables_of_the_paper_carry_what_their_seeds_support() {
    let context = context(&Project::shipped());
    let row = [("experiment", "deep"), ("auxiliary_loss", "false"), ("weight_sharing", "false")];
    let of = |key| number(&context, "table4", &row, key);
    // Noise of the seeds 0 to 9 on one draw: a permutation of 0, 0.2, …, 1.8 percent.
    // np.std(np.arange(10)/5), np.std(np.arange(10)/5, ddof=1),
    // stats.t.ppf(.975, 9)*stats.sem(np.arange(10)/5)
    assert!(close(of("std"), 0.574_456_264_653_802_8), "{}", of("std"));
    assert!(close(of("sample_std"), 0.605_530_070_819_498), "{}", of("sample_std"));
    let margin = 0.433_170_117_933_638;
    assert!((of("upper") - of("mean") - margin).abs() < 1e-9, "{}", of("upper") - of("mean"));
    let notes = table(&context, "table4").notes.join(" ");
    assert!(notes.contains("All seeds of a condition use the same data"), "{notes}");
    let notes = table(&context, "effects").notes.join(" ");
    assert!(notes.contains("differ in the draw of the data"), "{notes}");
}

#[test]
fn effects_are_paired_over_the_draws_and_adjusted_within_their_table() {
    let overrides = Overrides { seeds: Some(10), ..Overrides::default() };
    let (read, plan) = recorded_with(&Project::shipped(), &overrides);
    let context = pipeline::context(&read, &plan, BUILD).unwrap();
    for experiment in ["extended/deep", "extended/fully-connected", "all"] {
        let row = [("factor", "weight_sharing"), ("experiment", experiment)];
        assert!(close(number(&context, "effects", &row, "effect"), 2.0), "{experiment}");
        // All ten differences have one sign: 2 of 1024 patterns are as far out.
        assert!(close(number(&context, "effects", &row, "p"), 2.0 / 1024.0), "{experiment}");
        assert!(close(number(&context, "effects", &row, "improvement"), 1.0), "{experiment}");
    }
    let row = [("factor", "weight_sharing"), ("experiment", "extended/deep")];
    assert!(close(number(&context, "effects", &row, "p_holm"), 6.0 * 2.0 / 1024.0));
}

#[test]
fn each_protocol_shows_its_own_scores_and_the_ablation_leads_from_one_to_the_other() {
    let context = context(&Project::shipped());
    let row = [("table", "table1"), ("row", "deep")];
    let of = |key: &str| number(&context, "ablation", &row, key);
    let best = of("mean_published");
    assert!(close(of("change_dropout-off"), 5.0));
    assert!(close(of("change_inference"), -4.0));
    assert!(close(of("change_corrected"), 0.0), "the last epoch is the best");
    assert!(close(of("mean_held-out"), (best + 1.0) / 30.0), "the held-out pairs choose the first");
    let item =
        |name: &str| -> &TableItem { context.items.iter().find(|item| item.name == name).unwrap() };
    let tables = &item("table1").tables;
    let metrics: Vec<_> = tables.iter().map(|table| table.metric.as_deref().unwrap()).collect();
    assert_eq!(metrics, ["published", "corrected", "held-out"]);
    assert_eq!(item("digits").tables.len(), 1, "its metric is not of a protocol");
}

#[test]
fn what_varies_is_told_for_each_row_where_it_differs() {
    let project = Project::shipped();
    let paper = project.read("experiments/paper.toml");
    let mixed = "[[table]]\nname = \"mixed\"\ncaption = \"c\"\nmetric = \"published\"\n\
                 by = [\"experiment\"]\nwhere = { experiment = [\"deep\", \"extended/deep\"] }\ndiffers = [\"data.seed\"]\n";
    let pooled = "[[table]]\nname = \"pooled\"\ncaption = \"c\"\nmetric = \"published\"\n\
                  by = [\"weight_sharing\"]\nwhere = { experiment = [\"deep\", \"extended/deep\"] }\ndiffers = [\"data.seed\"]\n";
    project.write("experiments/paper.toml", format!("{paper}\n{mixed}\n{pooled}"));
    let context = context(&project);
    let varies = |name: &str| -> Vec<String> {
        let found = table(&context, name);
        found.rows.iter().map(|row| found.datum(row, "varies").unwrap().shown()).collect()
    };
    assert_eq!(varies("mixed"), ["initialisation", "data_and_initialisation"]);
    let notes = table(&context, "pooled").notes.join(" ");
    assert!(
        notes.contains(
            "In some conditions of a row, they also differ in the draw or the split of the data"
        ),
        "{notes}"
    );
}

#[test]
fn the_whole_paper_renders_within_seconds_into_two_megabytes() {
    let project = Project::shipped();
    let (read, plan) = recorded(&project);
    let started = Instant::now();
    let report = pipeline::render(&read, &plan, BUILD, None).unwrap();
    report.write(&project.path("reports")).unwrap();
    let took = started.elapsed();
    // It takes a tenth of a second on an idle machine.
    assert!(took.as_secs() < 20, "{took:?}");
    let html = project.read("reports/report.html");
    assert!(html.len() < 2 << 20, "{} bytes", html.len());
    assert_eq!(html.matches("<details class=\"made\">").count(), 12 + 3 + 8, "items and claims");
    assert!(html.matches(" popover class=\"how\"").count() > 10, "numbers of the prose");
}

#[test]
fn every_table_and_run_is_a_data_file_with_all_digits() {
    let project = Project::new();
    project.build(&[]);
    let table = project.read("reports/data/all.csv");
    let heads = "experiment,weight_sharing,n,expected,mean,std,published_mean,published_std,difference,\
                 sample_std,seeds,lower,upper";
    assert_eq!(table.lines().next(), Some(heads));
    assert_eq!(table.lines().count(), 1 + 4);
    let runs = project.read("reports/data/runs.csv");
    assert_eq!(
        runs.lines().next(),
        Some(
            "experiment,weight_sharing,seed,run,published,task,trained_parameters,trained_epochs,best_epoch"
        )
    );
    assert_eq!(runs.lines().count(), 1 + 8);
    for line in runs.lines().skip(1) {
        let digest = line.split(',').nth(3).unwrap();
        assert!(project.records().keys().any(|name| name.starts_with(digest)), "{line}");
        let trained: Vec<_> = line.split(',').skip(5).collect();
        assert!(matches!(trained[..], ["pairs", _, "2", ""]), "{line}");
    }
    let curves = project.read("reports/data/curves.csv");
    let mut lines = curves.lines();
    assert_eq!(lines.next(), Some("run,experiment,weight_sharing,seed,fold,epoch,curve,value"));
    let lines: Vec<Vec<_>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 8 * 2);
    for fields in lines {
        let [run, _, _, _, "", epoch, curve, value] = fields[..] else { panic!("{fields:?}") };
        let records = project.records();
        let (_, record) = records.iter().find(|(digest, _)| digest.starts_with(run)).unwrap();
        let recorded = &record["curves"][curve][epoch.parse::<usize>().unwrap() - 1];
        assert_eq!(recorded.as_f64(), value.parse().ok());
    }
    let latex = project.read("reports/data/all.tex");
    assert!(latex.contains("\\toprule") && latex.contains("\\caption{All conditions.}"), "{latex}");
}

#[test]
fn a_report_tells_what_has_changed_and_stays_as_it_is_if_nothing_has() {
    let project = Project::new();
    project.build(&[]);
    let markdown = project.read("reports/report.md");
    assert!(markdown.contains("No number has changed since the first build of this report."));
    let first = project.file_texts("reports/data");
    std::fs::create_dir(project.path("before")).unwrap();
    std::fs::rename(project.path("reports/data"), project.path("before/data")).unwrap();
    project.build(&[]);
    assert_eq!(project.file_texts("reports/data"), first);

    // Another rate moves the cells of its experiment alone.
    project.edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.1");
    project.build(&["--only", "deep"]);
    project.build(&[]);
    let outcome = project.run(&["diff", "before"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("Table 1, experiment: deep"), "{outcome:#?}");
    assert!(outcome.stdout.contains(" seed noise"), "{outcome:#?}");
    let same = project.run(&["diff", "reports", "."]);
    assert_eq!(same.stdout.trim(), "Nothing changed.");
    let json: Value =
        serde_json::from_str(&project.run(&["diff", "before", "--json"]).stdout).unwrap();
    let cells = json["changes"]["cells"].as_array().unwrap();
    assert!(!cells.is_empty());
    let markdown = project.run(&["diff", "before", "reports", "--markdown"]).stdout;
    assert_eq!(markdown.lines().filter(|line| line.starts_with("| Table")).count(), cells.len());

    let bytes = ["report.md", "report.html", "data/report.json"]
        .map(|name| project.read(&format!("reports/{name}")));
    assert!(bytes[0].contains("| before | now |"), "{}", bytes[0]);
    assert_eq!(project.build(&[]), 0);
    for (name, before) in ["report.md", "report.html", "data/report.json"].iter().zip(bytes) {
        assert_eq!(project.read(&format!("reports/{name}")), before, "{name}");
    }
    project.write("before/data/report.json", "{}");
    let damaged = project.run(&["diff", "before"]);
    assert_eq!(damaged.code, 2, "{damaged:#?}");
    assert!(damaged.stderr.contains("`before/data/report.json` is damaged"), "{damaged:#?}");
    let nothing = project.run(&["diff", "nowhere"]);
    assert_eq!(nothing.code, 2, "{nothing:#?}");
    assert!(nothing.stderr.contains("there is no report in `nowhere`"), "{nothing:#?}");
}

#[test]
fn what_comes_and_goes_is_a_change_and_leaves_no_file_behind() {
    let project = Project::new();
    project.build(&[]);
    let paper = "experiments/paper.toml";
    let claim = "\n[[claim]]\nname = \"more\"\nstatement = \"s\"\nsource = \"t\"\n\
                 check = { compare = \"a\", above = \"1\", says = \"parameters\", cells = { a = { parameters = { experiment = \"deep\", weight_sharing = true } } } }\n";
    project.write(paper, project.read(paper) + claim);
    project.edit(paper, "title = \"A small paper\"", "title = \"Another paper\"");
    project.edit(paper, "name = \"sharing\"", "name = \"shared\"");
    project.edit("templates/paper.md.jinja", "table(\"sharing\")", "table(\"shared\")");
    project.write("reports/data/mine.csv", "a file of the user");
    std::fs::copy(project.path("reports/data/report.json"), project.path("first.json")).unwrap();
    project.build(&[]);
    let files = project.file_texts("reports/data");
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert!(!names.iter().any(|name| name.contains("sharing")), "{names:?}");
    assert!(names.iter().any(|name| name.contains("shared.csv")), "{names:?}");
    assert!(names.iter().any(|name| name.contains("mine.csv")), "{names:?}");
    std::fs::create_dir_all(project.path("first/data")).unwrap();
    std::fs::rename(project.path("first.json"), project.path("first/data/report.json")).unwrap();
    let told = project.run(&["diff", "first", "reports"]).stdout;
    assert!(told.contains("title: A small paper → Another paper"), "{told}");
    assert!(told.contains("added claim more: supported"), "{told}");
    let back = project.run(&["diff", "reports", "first"]).stdout;
    assert!(back.contains("removed claim more: supported"), "{back}");

    // A report that was meddled with has no other file removed.
    project.write("victim.csv", "x");
    let meddled = project.read("reports/data/report.json").replace(
        "\"files\":[",
        "\"files\":[\"data/\",\"data/report.json\",\"data/../../victim.csv\",\"../victim.csv\",\"data/mine.csv/../../../victim.csv\",",
    );
    project.write("reports/data/report.json", meddled);
    project.build(&[]);
    assert_eq!(project.read("victim.csv"), "x");
    assert!(project.read("reports/data/report.json").contains("Another paper"));
}

#[test]
fn an_item_that_the_template_leaves_out_is_named_without_a_link() {
    let project = Project::new();
    let template = project.read("templates/paper.md.jinja");
    let without = template.replace("{{ table(\"sharing\") }}", "See {{ reference(\"sharing\") }}.");
    assert_ne!(without, template);
    project.write("templates/paper.md.jinja", without);
    project.build(&[]);
    for report in project.report() {
        assert!(report.contains("See Table 2."), "{report}");
    }
}

#[test]
fn an_item_that_is_shown_twice_is_refused() {
    let project = Project::new();
    let template = project.read("templates/paper.md.jinja");
    project.write("templates/paper.md.jinja", template + "\n{{ table(\"all\") }}\n");
    let outcome = project.run(&["build"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("table `all` is shown twice"), "{outcome:#?}");
    assert_eq!(project.run(&["build", "--dry-run"]).code, 2, "a dry run finds it too");
    assert_eq!(project.count_records(), 0, "nothing was trained");
}

#[test]
fn a_build_of_one_item_trains_only_what_it_shows() {
    let project = Project::new();
    let outcome = project.run(&["build", "deep", "weight_sharing=true", "seed=1"]);
    assert_eq!(outcome.code, 4, "{outcome:#?}");
    assert_eq!(project.count_records(), 1);
    project.edit(
        "experiments/paper.toml",
        "by = [\"weight_sharing\"]",
        "by = [\"weight_sharing\"]\nwhere = { experiment = \"fully-connected\" }",
    );
    let outcome = project.run(&["build", "sharing"]);
    assert_eq!(outcome.code, 4, "{outcome:#?}");
    assert_eq!(project.count_records(), 1 + 4);
    let outcome = project.run(&["build", "models"]);
    assert_eq!(outcome.code, 4, "a diagram shows no run: {outcome:#?}");
    assert_eq!(project.count_records(), 5);
    let outcome = project.run(&["build", "models", "weight_sharing=perhaps"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(
        outcome.stderr.contains("`perhaps` is not a level of `weight_sharing`"),
        "{outcome:#?}"
    );
    let outcome = project.run(&["build", "shairng"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("did you mean `sharing`?"), "{outcome:#?}");
}

#[test]
fn what_templates_see_is_pinned() {
    let project = Project::new();
    let whole = context(&project);
    let mut context = serde_json::to_value(&whole).unwrap();
    context.as_object_mut().unwrap().remove("provenance").unwrap();
    context["conditions"] = serde_json::to_value(&whole.conditions).unwrap();
    context["others"] =
        whole.others.iter().map(|id| context["conditions"][id.index()].clone()).collect();
    let found = serde_json::to_string_pretty(&context).unwrap() + "\n";
    let path = crate::project::repository().join("tests/fixtures/context.json");
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if found != expected {
        let actual = std::env::temp_dir().join("context.json");
        std::fs::write(&actual, &found).unwrap();
        let line = found.lines().zip(expected.lines()).position(|(a, b)| a != b);
        panic!(
            "templates see something else from line {line:?} on; if it is meant:\ncp {} {}",
            actual.display(),
            path.display()
        );
    }
}
