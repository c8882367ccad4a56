//! What a report says of its numbers: statistics, protocols, claims, data files, changes.

use std::collections::BTreeMap;
use std::time::Instant;

use report::cache::Cache;
use report::dataset::Split;
use report::execute::{Observer, OnFailure};
use report::pipeline::{self, Keep, Overrides, Training as How};
use report::plan::Plan;
use report::render::{Build, Context, Outcome};
use report::run::{DeviceKind, LearningCurve, Outcome as End, RunConfig};
use report::train::{TrainError, Trainer, Training};
use serde_json::Value;

use crate::project::Project;

/// Trains nothing: accuracies are a formula of the configuration, so that tests know them.
struct Formula;

/// 60 % and more by what is on, and a part that the seed and the draw decide.
fn formula(config: &RunConfig) -> f64 {
    // Of even and odd seeds a little less and more, so that effects have a spread.
    let turn = if config.seed.is_multiple_of(2) { -0.001 } else { 0.001 };
    let sharing = if config.model.weight_sharing { 0.02 + turn } else { 0.0 };
    let auxiliary = if config.train.auxiliary_loss { 0.01 - turn } else { 0.0 };
    let noise = (config.seed * 7 % 10) as f64 / 500.0 + (config.data.seed * 3 % 10) as f64 / 300.0;
    0.6 + sharing + auxiliary + noise + config.model.branch.len() as f64 / 500.0
}

impl Trainer for Formula {
    fn train(&self, config: &RunConfig, _: &Split) -> Result<Training, TrainError> {
        let epochs = config.train.epochs;
        let best = formula(config);
        let rising = |end: f64| (0..epochs).map(move |e| end * (e + 1) as f64 / epochs as f64);
        let curve = |end: f64| rising(end).collect::<Vec<_>>();
        // The held-out pairs prefer the first epoch, in which the corrected accuracy is lowest.
        let held_out: Vec<f64> = curve(0.9).into_iter().rev().collect();
        Ok(Training {
            outcome: End::Completed,
            curve: LearningCurve {
                train_main_loss: vec![Some(1.0); epochs],
                train_auxiliary_loss: vec![Some(1.0); epochs],
                published_test_accuracy: curve(best),
                undropped_test_accuracy: curve(best + 0.05),
                corrected_test_accuracy: curve(best + 0.01),
                first_digit_accuracy: curve(0.5),
                second_digit_accuracy: curve(0.5),
                comparison_accuracy: curve(0.5),
                validation_accuracy: match config.data.validation_pairs {
                    0 => Vec::new(),
                    _ => held_out,
                },
            },
        })
    }
}

struct Nobody;

impl Observer for Nobody {}

const BUILD: Build<'_> = Build { command: "report build", options: "", workers: 2 };

/// The project with all its runs recorded by [`Formula`].
fn recorded(project: &Project) -> (report::pipeline::Project, Plan) {
    recorded_with(project, &Overrides::default())
}

fn recorded_with(project: &Project, overrides: &Overrides) -> (report::pipeline::Project, Plan) {
    let read = pipeline::load(&project.path(""), overrides).unwrap();
    let mut plan = pipeline::plan(&read, DeviceKind::Cpu, Keep::Records).unwrap();
    let digests = plan.misses(|_| true, true).iter().map(|run| run.digest).collect();
    let claims = Cache::new(&project.path("")).claims();
    let how = How {
        trainer: &Formula,
        claims: &claims,
        workers: 2,
        on_failure: OnFailure::Stop,
        observer: &Nobody,
    };
    pipeline::train(&read, &mut plan, &digests, &how).unwrap();
    (read, plan)
}

fn context(project: &Project) -> Context {
    let (read, plan) = recorded(project);
    pipeline::context(&read, &plan, BUILD).unwrap()
}

/// The number under `key` in the only row of a table with these levels.
#[track_caller]
fn number(context: &Context, table: &str, levels: &[(&str, &str)], key: &str) -> f64 {
    let wanted = levels.iter().map(|(f, l)| ((*f).to_owned(), (*l).to_owned())).collect();
    let form = &context.tables[table].forms[0];
    let rows = form.row(&wanted);
    let [row] = rows[..] else { panic!("{} rows of {table} with {levels:?}", rows.len()) };
    match form.datum(row, key) {
        Some((report::render::Datum::Number(Some(number), _), _)) => *number,
        other => panic!("{key} is {other:?}"),
    }
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
    let notes = context.tables["table4"].forms[0].notes.join(" ");
    assert!(notes.contains("initialisation and dropout vary, on one draw of the data"), "{notes}");
    let notes = context.tables["effects"].forms[0].notes.join(" ");
    assert!(notes.contains("the draw of the data varies"), "{notes}");
}

#[test]
fn effects_are_paired_over_the_draws_and_adjusted_within_their_table() {
    let context = context(&Project::shipped());
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
fn each_protocol_shows_its_own_scores_and_the_choices_lead_from_one_to_the_other() {
    let context = context(&Project::shipped());
    let row = [("table", "table1"), ("row", "deep")];
    let of = |key: &str| number(&context, "choices", &row, key);
    let best = of("mean_published");
    assert!(close(of("change_undropped"), 5.0));
    assert!(close(of("change_inference"), -4.0));
    assert!(close(of("change_corrected"), 0.0), "the last epoch is the best");
    assert!(close(of("mean_held-out"), (best + 1.0) / 30.0), "the held-out pairs choose the first");
    let forms = &context.tables["table1"].forms;
    let metrics: Vec<_> = forms.iter().map(|form| form.metric.as_deref().unwrap()).collect();
    assert_eq!(metrics, ["published", "corrected", "held-out"]);
    assert_eq!(context.tables["digits"].forms.len(), 1, "its metric is not of a protocol");
}

#[test]
fn the_scorecard_and_the_claims_are_decided_by_the_runs_at_each_build() {
    let project = Project::shipped();
    let decided = context(&project);
    let scorecard = &decided.tables["scorecard"].forms[0];
    assert_eq!(scorecard.rows.len(), 19, "the published means");
    let verdicts: BTreeMap<_, _> =
        decided.claims.iter().map(|claim| (claim.name.as_str(), claim.verdict)).collect();
    assert_eq!(verdicts.len(), 8);
    assert_eq!(verdicts["both-help"], Outcome::Supported);
    assert_eq!(verdicts["almost-all"], Outcome::Supported);
    assert_eq!(verdicts["one-point"], Outcome::NotSupported, "sharing adds exactly two");
    assert_eq!(verdicts["same-size"], Outcome::Supported);

    // A new claim needs no Rust, and a claim about what has no run is not decided.
    let claim = |name: &str, expression: &str| {
        format!(
            "[[claim]]\nname = \"{name}\"\nstatement = \"s\"\nsource = \"t\"\nexpression = '{expression}'\n"
        )
    };
    let text = project.read("experiments/paper.toml");
    let effect = "effect(\"weight_sharing\", experiment=\"extended/deep\")";
    let more = [
        claim("none", &format!("any(below({effect}, 0), near({effect}, 3, 0.5))")),
        claim("two", &format!("near({effect}, 2, 0.5)")),
    ];
    project.write("experiments/paper.toml", text + &more.concat());
    let read = pipeline::load(&project.path(""), &Overrides::default()).unwrap();
    let mut plan = pipeline::plan(&read, DeviceKind::Cpu, Keep::Records).unwrap();
    let claims = pipeline::context(&read, &plan, BUILD).unwrap().claims;
    assert_eq!((claims[8].verdict, claims[9].verdict), (Outcome::NotSupported, Outcome::Supported));
    plan.records.clear();
    plan.states.clear();
    let claims = pipeline::context(&read, &plan, BUILD).unwrap().claims;
    let undecided = claims.iter().filter(|claim| claim.verdict == Outcome::Undecided).count();
    assert_eq!(undecided, 9, "all but that about parameters: {claims:#?}");
}

#[test]
fn five_seeds_decide_nothing_and_six_do() {
    for (seeds, is_known) in [(5, false), (6, true)] {
        let project = Project::shipped();
        let overrides = Overrides { seeds: Some(seeds), data: None };
        let (read, plan) = recorded_with(&project, &overrides);
        let context = pipeline::context(&read, &plan, BUILD).unwrap();
        let claim = context.claims.iter().find(|claim| claim.name == "almost-all").unwrap();
        // Every difference is the same, so that the interval is narrow with five seeds too.
        let expected = if is_known { Outcome::Supported } else { Outcome::Undecided };
        assert_eq!(claim.verdict, expected, "{claim:#?}");
        // Of all claims about effects none is decided by five.
        let decided = context.claims.iter().filter(|claim| claim.verdict != Outcome::Undecided);
        let about_effects = decided.filter(|claim| claim.expression.contains("effect("));
        assert_eq!(about_effects.count() > 0, is_known);
        let few = claim.checks[0].text.contains("fewer than the 6 seeds that can decide");
        assert_eq!(few, !is_known, "{claim:#?}");
        let form = &context.tables["scorecard"].forms[0];
        for column in ["grade", "std_grade"] {
            let unknown = BTreeMap::from([(column.to_owned(), "not known".to_owned())]);
            assert_eq!(form.row(&unknown).len(), if is_known { 0 } else { 19 }, "{column}");
        }
    }
}

#[test]
fn every_claim_names_the_runs_that_decide_on_it() {
    let context = context(&Project::shipped());
    for claim in &context.claims {
        let n = claim.conditions.len();
        match claim.name.as_str() {
            "same-size" => assert_eq!(n, 0, "it asks about no run"),
            "both-help" | "almost-all" => assert_eq!(n, 12, "all conditions on other draws"),
            "intervals-apart" => assert_eq!(n, 8, "those of Table 3"),
            name => assert!(n > 0, "{name}"),
        }
    }
}

#[test]
fn what_varies_is_told_for_each_row_where_it_differs() {
    let project = Project::shipped();
    let paper = project.read("experiments/paper.toml");
    let mixed = "[[table]]\nname = \"mixed\"\ncaption = \"c\"\nmetric = \"published\"\n\
                 by = [\"experiment\"]\nwhere = { experiment = [\"deep\", \"extended/deep\"] }\n";
    let pooled = "[[table]]\nname = \"pooled\"\ncaption = \"c\"\nmetric = \"published\"\n\
                  by = [\"weight_sharing\"]\nwhere = { experiment = [\"deep\", \"extended/deep\"] }\n";
    project.write("experiments/paper.toml", format!("{paper}\n{mixed}\n{pooled}"));
    let context = context(&project);
    let varies = |table: &str| -> Vec<String> {
        let form = &context.tables[table].forms[0];
        form.rows.iter().map(|row| form.datum(row, "varies").unwrap().0.shown()).collect()
    };
    assert_eq!(varies("mixed"), ["initialisation", "data_and_initialisation"]);
    let notes = context.tables["pooled"].forms[0].notes.join(" ");
    assert!(notes.contains("in some conditions of a row the draw of the data"), "{notes}");
}

#[test]
fn a_faulty_claim_is_told_with_its_line_and_what_is_wrong() {
    for (expression, expected) in [
        ("above(effect(\"weight_sharing\"), 0", "claim `c`: syntax error"),
        ("effect(\"weight_sharing\")", "is no verdict"),
        ("above(1, 0)", "`1` is no effect"),
        ("all()", "0 of 0 verdicts cannot decide anything"),
        ("near(effect(\"weight_sharing\"), 1, 0)", "a tolerance must be positive"),
        (
            "best({\"experiment\": \"deep\"}, experiment=\"deep\")",
            "deep is not one condition among others",
        ),
        ("above(effect(\"sharing\"), 0)", "`sharing` does not have two levels"),
        ("above(effect(\"weight_sharing\", experiment=\"x\"), 0)", "no condition has experiment=x"),
        ("above(effekt(1), 0)", "unknown function"),
        ("above(effekt(1), 0)", "expressions know effect(), difference()"),
        ("above(effect(\"weight_sharing\"), 0) and 1", "`and` would decide without telling"),
        (
            "above(difference({\"experiment\": \"deep\", \"weight_sharing\": true}, {\"experiment\": \"fully-connected\"}), 0)",
            "`weight_sharing` is given on one side only",
        ),
        (
            "above(difference({\"experiment\": [\"deep\", \"fully-connected\"]}, {\"experiment\": \"deep\"}), 0)",
            "deep, fully connected and deep share experiment=deep, weight_sharing=true",
        ),
        ("larger(1e308 * 10, 1, \"x\")", "inf is no number to compare"),
        ("above(effect(\"weight_sharing\"), 10.0 ** 400)", "inf is no number to compare with"),
        ("above(difference(\"deep\", {}), 0)", "`deep` is no map of factors to levels"),
        (
            "above(difference({\"weight_sharing\": true}, {\"weight_sharing\": false}, weight_sharing=true), 0)",
            "`weight_sharing` is given twice",
        ),
        ("larger(parameters.deeep, 0, \"\")", "undefined"),
        ("reproduced(\"all\", experiment=\"deep\")", "0 published values match"),
        (
            "larger(cell(\"all\", \"maen\", experiment=\"deep\", weight_sharing=true), 0, \"\")",
            "maen",
        ),
    ] {
        let project = Project::new();
        let text = project.read("experiments/paper.toml");
        let claim = format!(
            "{text}\n[[claim]]\nname = \"c\"\nstatement = \"s\"\nsource = \"t\"\nexpression = '{expression}'\n"
        );
        let line = claim.lines().count();
        project.write("experiments/paper.toml", &claim);
        let outcome = project.run(&["build"]);
        assert_eq!(outcome.code, 2, "{expression}: {outcome:#?}");
        assert!(outcome.stderr.contains(expected), "{expected}\nnot in {}", outcome.stderr);
        let place = format!("experiments/paper.toml:{line}: ");
        assert!(outcome.stderr.contains(&place), "{place}\nnot in {}", outcome.stderr);
        assert_eq!(project.count_records(), 0, "nothing was trained");
    }
}

#[test]
fn the_whole_paper_renders_within_half_a_second_into_two_megabytes() {
    let project = Project::shipped();
    let (read, plan) = recorded(&project);
    let started = Instant::now();
    let report = pipeline::render(&read, &plan, BUILD, None).unwrap();
    report.write(&read, &project.path("reports")).unwrap();
    let took = started.elapsed();
    assert!(took.as_millis() < 500, "{took:?}");
    let html = project.read("reports/report.html");
    assert!(html.len() < 2 << 20, "{} bytes", html.len());
    assert_eq!(html.matches("<details class=\"made\">").count(), 11 + 3 + 8, "items and claims");
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
    assert_eq!(runs.lines().next(), Some("experiment,weight_sharing,seed,run,published"));
    assert_eq!(runs.lines().count(), 1 + 8);
    for line in runs.lines().skip(1) {
        let digest = line.split(',').nth(3).unwrap();
        assert!(project.records().keys().any(|name| name.starts_with(digest)), "{line}");
    }
    let latex = project.read("reports/data/all.tex");
    assert!(latex.contains("\\toprule") && latex.contains("\\caption{All conditions.}"), "{latex}");
}

#[test]
fn a_report_tells_what_has_changed_and_stays_as_it_is_if_nothing_has() {
    let project = Project::new();
    project.build(&[]);
    let markdown = project.read("reports/report.md");
    assert!(markdown.contains("No change is on record since this report was first built."));
    let first = project.file_texts("reports/data");
    std::fs::create_dir(project.path("before")).unwrap();
    std::fs::rename(project.path("reports/data"), project.path("before/data")).unwrap();
    project.build(&[]);
    assert_eq!(project.file_texts("reports/data"), first);

    // Another rate moves the cells of its experiment alone.
    project.edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.5");
    project.build(&["--only", "deep"]);
    project.build(&[]);
    let outcome = project.run(&["diff", "before"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("Table 1, experiment: deep"), "{outcome:#?}");
    assert!(outcome.stdout.contains(" seed noise"), "{outcome:#?}");
    let same = project.run(&["diff", "reports", "."]);
    assert_eq!(same.stdout.trim(), "Nothing has changed.");
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
                 expression = 'larger(2, 1, \"two and one\")'\n";
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
    assert!(outcome.stderr.contains("`weight_sharing` is never `perhaps`"), "{outcome:#?}");
    let outcome = project.run(&["build", "shairng"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("did you mean `sharing`?"), "{outcome:#?}");
}

#[test]
fn what_templates_see_is_pinned() {
    let project = Project::new();
    let mut context = serde_json::to_value(context(&project)).unwrap();
    context.as_object_mut().unwrap().remove("provenance").unwrap();
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
