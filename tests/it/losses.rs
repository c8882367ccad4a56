//! A paper whose scores are losses: plain numbers with a unit, and lower is better.

use report::claim::{Finding, Outcome as Verdict};
use report::context::Context;
use report::dataset::Split;
use report::experiment::Level;
use report::pipeline::{self, Overrides};
use report::run::{Curves, NetworkConfig, Outcome as End};
use report::table::Table;
use report::task::pair_curves as pairs;
use report::train::{TrainError, Trainer, Training};

use crate::formula::{BUILD, recorded_by, table};
use crate::project::Project;

/// Trains nothing. The main loss falls to a number that the configuration gives, and the auxiliary
/// loss rises from it.
struct Losses;

/// The main loss of the last epoch, and the auxiliary loss of the first:
///
/// ```python
/// def f(seed, data, sharing, full):
///     return (0.4 + 0.01 * (seed * 7 % 10) + 0.02 * (data * 3 % 10)
///             - (0.05 + 0.002 * (seed % 3) if sharing else 0) + (0.2 + 0.01 * (seed % 2) if full else 0))
/// ```
fn loss(config: &NetworkConfig) -> f64 {
    let (seed, draw) = (config.seed, config.data.seed());
    let sharing = if config.model.pair().unwrap().weight_sharing {
        0.05 + 0.002 * (seed % 3) as f64
    } else {
        0.0
    };
    let full = if config.model.pair().unwrap().branch.len() == 2 {
        0.2 + 0.01 * (seed % 2) as f64
    } else {
        0.0
    };
    0.4 + 0.01 * (seed * 7 % 10) as f64 + 0.02 * (draw * 3 % 10) as f64 - sharing + full
}

impl Trainer for Losses {
    fn train(&self, config: &NetworkConfig, _: &Split) -> Result<Training, TrainError> {
        let epochs = config.train.epochs;
        let last = loss(config);
        let mut curves = Curves::default();
        for curve in pairs::CURVES.into_iter().filter(|curve| report::task::has(curve, config)) {
            curves.set(curve, vec![0.5; epochs]);
        }
        let falling = (0..epochs).map(|epoch| last * (epochs - epoch) as f64);
        curves.set(&pairs::TRAIN_MAIN_LOSS, falling.collect());
        let rising = (0..epochs).map(|epoch| last * (epoch + 1) as f64);
        curves.set(&pairs::TRAIN_AUXILIARY_LOSS, rising.collect());
        Ok(Training { outcome: End::Completed, curves, confusion: None })
    }
}

const DRAWS: &str = r#"
extends = "../deep.toml"
title = "deep on other draws"
seeds = [1, 2]

[data]
seed = "run"
"#;

const PAPER: &str = r#"
title = "Losses"

[draws]
deep = "draws/deep"

[labels.weight_sharing]
label = "weight sharing"
levels = { true = "yes", false = "no" }

[[metric]]
name = "loss"
label = "training loss, last epoch"
short = "loss"
curve = "train_main_loss"
reduction = "last"
unit = "nats"

[[metric]]
name = "best"
label = "auxiliary loss, best epoch"
short = "best epoch"
curve = "train_auxiliary_loss"
reduction = "best"
unit = "nats"

[[metric]]
name = "last"
label = "auxiliary loss, last epoch"
short = "last epoch"
curve = "train_auxiliary_loss"
reduction = "last"
unit = "nats"

[[metric]]
name = "accuracy"
label = "accuracy"
curve = "corrected_test_accuracy"
reduction = "last"

[[metric]]
name = "size"
label = "trained parameters"
value = "parameters"

[[protocol]]
metric = "loss"
label = "training loss"

[[protocol]]
metric = "accuracy"
label = "test accuracy"

[[table]]
name = "all"
caption = "All conditions, best first."
metric = "loss"
by = ["experiment", "weight_sharing"]
where = { experiment = ["deep", "fully-connected"] }
order = "best"
published = [{ row = ["deep", true], mean = 0.45, std = 0.04 }, { row = ["deep", false], mean = 0.9, std = 0.04 }]

[[table]]
name = "effects"
kind = "effects"
caption = "Effects."
metric = "loss"
factors = ["weight_sharing"]
by = []
where = { experiment = "deep" }

[[table]]
name = "shares"
kind = "shares"
caption = "Bad runs."
metric = "loss"
above = 0.425
by = ["weight_sharing"]
where = { experiment = "deep" }

[[table]]
name = "variance"
kind = "variance"
caption = "Variance."
metric = "loss"
where = { experiment = "deep" }

[[table]]
name = "ablation"
kind = "ablation"
caption = "Ablation."
tables = ["all"]
metrics = ["best", "last"]

[[table]]
name = "scorecard"
kind = "scorecard"
caption = "Scorecard."
tables = ["all"]
published_seeds = 8
compatible = 0.95
near = 0.99

[[table]]
name = "sizes"
caption = "Sizes."
metric = "size"
by = ["experiment"]
where = { experiment = ["deep", "fully-connected"], weight_sharing = true }
order = "descending"

[[table]]
name = "cost"
kind = "cost"
caption = "Cost."
by = ["experiment", "weight_sharing"]
where = { experiment = ["deep", "fully-connected"] }

[[figure]]
name = "curves"
kind = "learning-curves"
caption = "Both losses."
curves = ["train_main_loss", "train_auxiliary_loss"]
where = { experiment = ["deep", "fully-connected"], weight_sharing = true }

[[figure]]
name = "seeds"
kind = "seeds"
caption = "Every run."
table = "all"

[[figure]]
name = "bars"
kind = "bars"
caption = "Means."
table = "all"
dots = true

[[claim]]
name = "sharing"
statement = "Sharing lowers the loss."
check = { effect = "weight_sharing", where = { experiment = "deep" }, below = 0, published = -0.05 }

[[claim]]
name = "best"
statement = "Deep with sharing is best."
check = { best = { experiment = "deep", weight_sharing = true }, where = { experiment = ["deep", "fully-connected"] } }

[[claim]]
name = "compatible"
statement = "The published loss is compatible."
check = { compatible = "all", where = { experiment = "deep", weight_sharing = true } }

[[claim]]
name = "compare"
statement = "Sharing helps the mean."
check = { compare = "a.mean", below = "b.mean", says = "means", cells = { a = { table = "all", where = { experiment = "deep", weight_sharing = true } }, b = { table = "all", where = { experiment = "deep", weight_sharing = false } } } }
"#;

const TEMPLATE: &str = r#"# {{ title }}

Mean {{ cell("all", "mean", experiment="deep", weight_sharing=true) }} nats, lowest
{{ score("loss", "minimum", experiment="deep", weight_sharing=true) }}, change
{{ contrast("all", {"experiment": "deep", "weight_sharing": true}, {"experiment": "deep", "weight_sharing": false}) }},
unit {{ metrics.loss.unit }}, {{ metrics.loss.better }} is better.

{{ verdicts() }}

{% for name in ["all", "effects", "shares", "variance", "ablation", "scorecard", "sizes", "cost"] %}
{{ table(name) }}

{% endfor %}
{{ figure("curves") }}

{{ figure("seeds") }}

{{ figure("bars") }}

{{ provenance_block() }}
"#;

fn project() -> Project {
    let project = Project::new();
    project
        .write("experiments/draws/deep.toml", DRAWS)
        .write("experiments/paper.toml", PAPER)
        .write("templates/paper.md.jinja", TEMPLATE);
    project
}

const EIGHT: Overrides =
    Overrides { seeds: Some(8), data: None, runs_probes: false, is_confined: false };

fn context(project: &Project) -> Context {
    let (read, plan) = recorded_by(&Losses, project, &EIGHT);
    pipeline::context(&read, &plan, BUILD).unwrap()
}

/// The texts of the cells of a table, row by row.
fn texts(table: &Table) -> Vec<Vec<String>> {
    table.rows.iter().map(|row| row.cells.iter().map(report::table::Cell::text).collect()).collect()
}

fn heads(table: &Table) -> Vec<&str> {
    table.columns.iter().map(|column| column.head.as_str()).collect()
}

#[test]
fn tables_of_losses_have_their_unit_their_digits_and_the_smallest_mean_first() {
    let context = context(&project());
    let all = table(&context, "all");
    let expected = [
        "experiment",
        "weight sharing",
        "n",
        "ours, nats (std)",
        "published, nats (std)",
        "difference",
        "SD (n − 1)",
        "95 % interval",
    ];
    assert_eq!(heads(all), expected);
    // np.mean, np.std, np.std(ddof=1) and stats.t.interval of f(seed, 0, …) for the seeds 0 to 7. The
    // smallest standard deviation, 0.0304, has two digits, so all numbers have three decimals.
    let rows = texts(all);
    let deep =
        ["deep", "yes", "8", "0.393 (0.030)", "0.450 (0.040)", "−0.057", "0.033", "[0.366, 0.420]"];
    assert_eq!(rows[0], deep);
    assert_eq!(rows[1][..4], ["deep", "no", "8", "0.445 (0.031)"]);
    assert_eq!(rows[2][..4], ["fully connected", "yes", "8", "0.598 (0.032)"]);
    assert_eq!(rows[3][..4], ["fully connected", "no", "8", "0.650 (0.033)"]);
    let notes = all.notes.join(" ");
    assert!(
        notes.contains("is the train_main_loss of the last epoch. Lower is better."),
        "{notes}"
    );
    assert_eq!((all.unit.as_str(), all.better), ("nats", Some(report::run::Direction::Lower)));

    // Under the protocol with accuracies, the same table is in percent.
    let item = context.items.iter().find(|item| item.name == "all").unwrap();
    assert_eq!(heads(&item.tables[1])[3], "ours, % (std)");
    assert_eq!(texts(&item.tables[1])[0][3], "50.00 (0.00)");

    // d = f(seed, 0, True) - f(seed, 0, False): mean −0.05175, SD 0.001669, all of one sign.
    let effects = table(&context, "effects");
    assert_eq!(heads(effects)[2], "difference, nats");
    assert_eq!(
        texts(effects)[0],
        [
            "weight sharing",
            "8",
            "−0.0517",
            "[−0.0531, −0.0504]",
            "0.008",
            "0.008",
            "100 % [68 %, 100 %]"
        ]
    );
    let notes = effects.notes.join(" ");
    assert!(notes.contains("Lower is better: a negative value is an improvement."), "{notes}");
    assert!(notes.contains("in which the factor lowers the score"), "{notes}");

    // Without sharing: 0.40, 0.47, 0.44, 0.41, 0.48, 0.45, 0.42 and 0.49.
    let shares = table(&context, "shares");
    assert_eq!(heads(shares)[2], "runs above");
    assert_eq!(texts(shares)[1][..3], ["no", "8", "5"]);
    assert!(shares.notes.join(" ").contains("a score above 0.425 nats"), "{:?}", shares.notes);

    // np.mean and np.std(ddof=1) on one draw and on the draws 1 to 8.
    let variance = texts(table(&context, "variance"));
    assert_eq!(variance[0][4..8], ["0.393", "0.495", "0.033", "0.029"]);
    assert!(table(&context, "variance").notes[0].starts_with("mean and SD, in nats:"));

    // The auxiliary loss doubles from its best epoch, the first, to the last.
    let ablation = table(&context, "ablation");
    assert_eq!(texts(ablation)[0][2..4], ["0.393", "+0.393"]);
    assert!(ablation.notes[0].contains("shows means, in nats. Each later column shows the change"));

    let scorecard = texts(table(&context, "scorecard"));
    assert_eq!(scorecard[0][2..5], ["0.450", "0.393", "−0.057"]);
    assert_eq!([&scorecard[0][8], &scorecard[1][8]], ["compatible", "differs"]);

    // A number of parameters is the same in each run. By hand: a 14×14 image through a convolution
    // of 2 channels (20), pooled to 7×7, linear 98 → 10 (990), batch-norm (20); the head 21 + 2. And
    // linear 196 → 10 (1970) with this head.
    let sizes = texts(table(&context, "sizes"));
    assert_eq!(sizes[0][..3], ["fully connected", "8", "1993 (0)"]);
    assert_eq!(sizes[1][..3], ["deep", "8", "1053 (0)"]);
}

#[test]
fn claims_about_losses_know_which_side_is_better() {
    let context = context(&project());
    let judged = |name: &str| context.claims.iter().find(|one| one.claim.name == name).unwrap();
    let text = |finding: &Finding| finding.text.clone();
    for one in &context.claims {
        assert_eq!(one.outcome, Verdict::Supported, "{one:#?}");
    }
    assert_eq!(
        text(&judged("sharing").findings[0]),
        "weight sharing in deep (lower is better), over 8 seeds: −0.0517 nats [−0.0531, −0.0504], p = 0.008. \
         Expected below 0, found below. The published difference, −0.0500, lies outside the interval."
    );
    let best = &judged("best").findings;
    assert!(text(best.last().unwrap()).contains("is below all 3 other conditions"), "{best:#?}");
    // The nearest rival comes first: deep without sharing, 0.052 above it, and not 0.2.
    assert!(best[0].text.starts_with("deep + weight sharing minus deep ("), "{best:#?}");
    let compatible = text(&judged("compatible").findings[0]);
    assert!(
        compatible.starts_with("Published mean of deep, weight sharing: yes: 0.450 nats; expected"),
        "{compatible}"
    );
    assert_eq!(text(&judged("compare").findings[0]), "means: 0.39, expected below 0.45.");
}

#[test]
fn the_page_the_figures_and_the_data_files_of_losses_have_the_unit() {
    let project = project();
    let (read, plan) = recorded_by(&Losses, &project, &EIGHT);
    let report = pipeline::render(&read, &plan, BUILD, None).unwrap();
    report.write(&project.path("reports")).unwrap();
    let [markdown, html] = project.report();
    for text in [
        "Mean 0.393 nats, lowest\n0.350, change\n−0.052,\nunit nats, lower is better.",
        "ours, nats (std)",
        "mean of train\\_main\\_loss (solid), at the end of each epoch; train\\_auxiliary\\_loss (dashed)",
        "deep: train main loss goes from 0.7865 to 0.3933 nats",
        "Highest mean: fully connected, 0.650 nats (runs from 0.600 to 0.700 nats). Lowest mean: deep + \
         weight sharing, 0.393 nats",
    ] {
        assert!(
            markdown.replace("means over the seeds of", "mean of").contains(text),
            "{text}\nnot in {markdown}"
        );
    }
    assert!(!html.contains("% points"), "no unit of accuracies");
    assert!(
        html.contains("−0.0517 nats [−0.0531, −0.0504], expected below 0."),
        "the interval in words"
    );
    assert!(html.contains("deep, seed 0: 0.400 nats, run"), "the titles of dots");
    let curves = project.read("reports/figures/curves.svg");
    assert!(curves.contains(">\nloss, nats\n<") && curves.contains(">\n0.4\n<"), "{curves}");
    assert!(curves.contains("fully connected: train auxiliary loss"), "{curves}");
    assert!(project.read("reports/figures/seeds.svg").contains("\nloss, nats\n"));
    let bars = project.read("reports/figures/bars.svg");
    assert!(bars.contains("\n0.0\n") && bars.contains("<circle"), "bars from 0, and dots");
    assert!(markdown.contains("Bar: mean of the scores, from 0. Line: its 95 % interval. Dots:"));
    let csv = project.read("reports/data/all.csv");
    assert!(csv.lines().nth(1).unwrap().starts_with("deep,true,8,8,0.39325"), "{csv}");
    let json = project.read("reports/data/report.json");
    assert!(
        json.contains(r#""name":"all","metric":"loss","number":1,"unit":"nats","better":"lower""#)
    );
    assert!(project.read("reports/data/all.tex").contains("ours, nats (std)"));
}

#[test]
fn a_run_that_diverged_has_no_last_loss_and_is_counted() {
    struct Diverging;
    impl Trainer for Diverging {
        fn train(&self, config: &NetworkConfig, split: &Split) -> Result<Training, TrainError> {
            let mut training = Losses.train(config, split)?;
            if config.seed == 3 && config.model.pair().unwrap().weight_sharing {
                training.outcome = End::Diverged { epoch: 1, step: 0 };
                for curve in [&pairs::TRAIN_MAIN_LOSS, &pairs::TRAIN_AUXILIARY_LOSS] {
                    let values = training.curves.get(curve)[..1].to_vec();
                    training.curves.set(curve, values);
                }
            }
            Ok(training)
        }
    }
    let project = project();
    let (read, plan) = recorded_by(&Diverging, &project, &EIGHT);
    let context = pipeline::context(&read, &plan, BUILD).unwrap();
    let all = table(&context, "all");
    let wanted = [("experiment", "deep"), ("weight_sharing", "true")];
    let wanted = wanted.map(|(f, l)| (f.to_owned(), Level::parse(l))).into_iter().collect();
    let row = all.row(&wanted).unwrap();
    assert_eq!(row.cells[2].text(), "7/8 (1 diverged)");
    assert_eq!(row.cells[7].text(), "–", "no interval over some of the seeds");
    // A mean of some of the runs decides no comparison.
    let judged = context.claims.iter().find(|one| one.claim.name == "compare").unwrap();
    assert_eq!(judged.outcome, Verdict::Undecided, "{judged:#?}");
    let report = pipeline::render(&read, &plan, BUILD, None).unwrap();
    report.write(&project.path("reports")).unwrap();
    let [markdown, _] = project.report();
    assert!(
        markdown.contains("Losses and errors have no value after the divergence"),
        "{markdown}"
    );
    assert!(
        markdown.contains("A run that diverged has no value from the epoch of the divergence on.")
    );
}

#[test]
fn the_cost_of_a_run_is_counted_and_its_time_is_for_readers_alone() {
    let project = project();
    let (read, plan) = recorded_by(&Losses, &project, &EIGHT);
    let report = pipeline::render(&read, &plan, BUILD, None).unwrap();
    report.write(&project.path("reports")).unwrap();
    // By hand, for two epochs of 20 pairs: a linear layer 196 → 10 and a head 20 → 1 take 2·3920 + 40
    // operations forward and 2·7840 + 120 with the gradients: 40·15800 + 40·7880.
    let csv = project.read("reports/data/cost.csv");
    assert!(
        csv.starts_with("experiment,weight_sharing,n,expected,parameters,operations\n"),
        "{csv}"
    );
    assert!(csv.contains("fully-connected,true,8,8,1993,947200\n"), "{csv}");
    // A convolution of 6400 operations and a linear layer 98 → 10: 40·37480 + 40·16760.
    assert!(csv.contains("deep,false,8,8,2083,2169600\n"), "{csv}");
    let markdown = project.read("reports/report.md");
    let row = markdown.lines().find(|line| line.starts_with("| deep | no | 8 | 2,083 |")).unwrap();
    assert!(
        row.contains("| 2169600 | <!-- provenance -->0.00 s<!-- end of provenance --> |"),
        "{row}"
    );
    let html = project.read("reports/report.html");
    assert!(html.contains("<!-- provenance --><td class=\"number\""), "the time is marked");
    for text in [project.read("reports/data/cost.tex"), project.read("reports/data/report.json")] {
        assert!(!text.contains("0.00 s"), "{text}");
    }
    for text in project.report() {
        assert!(!text.contains("0.00 s"), "no time outside of marks");
    }
    project.edit(
        "templates/paper.md.jinja",
        "Mean ",
        "{{ cell(\"cost\", \"seconds\", experiment=\"deep\", weight_sharing=true) }} Mean ",
    );
    let outcome = project.run(&["build", "--dry-run"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("has no column `seconds`"), "{outcome:#?}");
}

#[test]
fn scores_that_cannot_be_compared_are_refused_with_their_line() {
    for (from, to, expected) in [
        (
            "metrics = [\"best\", \"last\"]",
            "metrics = [\"best\", \"accuracy\"]",
            "compares `best` (nats, lower is better) with `accuracy` (%, higher is better): all metrics must",
        ),
        (
            "metrics = [\"best\", \"last\"]",
            "metrics = [\"best\", \"size\"]",
            "with `size` (no unit, neither direction is better)",
        ),
        (
            "curves = [\"train_main_loss\", \"train_auxiliary_loss\"]",
            "curves = [\"train_main_loss\", \"digit_accuracy\"]",
            "draws `train_main_loss` (nats) and `digit_accuracy` (%) on one axis: they need one unit",
        ),
        (
            "curves = [\"train_main_loss\", \"train_auxiliary_loss\"]",
            "curve = \"train_main_loss\"\ncurves = [\"train_main_loss\"]",
            "stands in place of `curve`",
        ),
        (
            "order = \"descending\"",
            "order = \"best\"",
            "cannot be `best`, because no score by `size` is better",
        ),
        (
            "where = { experiment = [\"deep\", \"fully-connected\"] } }",
            "where = { experiment = [\"deep\", \"fully-connected\"] }, metric = \"size\" }",
            "cannot be decided, because no score by `size` is better",
        ),
        (
            "curve = \"corrected_test_accuracy\"",
            "curve = \"corrected_test_accuracy\"\nunit = \"MPa\"",
            "has no use: scores of this curve are fractions",
        ),
        (
            "value = \"parameters\"",
            "value = \"seconds\"",
            "names an unknown value, `seconds`; known: parameters, epochs, best_epoch",
        ),
        (
            "value = \"parameters\"",
            "value = \"parameters\"\nreduction = \"last\"",
            "stands in place of `curve` and `reduction`",
        ),
        ("value = \"parameters\"", "value = \"parametres\"", "did you mean `parameters`?"),
        (
            "reduction = \"best\"",
            "reduction = \"maximum\"",
            "names an unknown reduction, `maximum`",
        ),
        (
            "above = 0.425",
            "above = 0.425\nbelow = 0.3",
            "stands in place of `below`: give one of both",
        ),
        (
            "metric = \"accuracy\"\nlabel = \"test",
            "metric = \"size\"\nlabel = \"test",
            "names `size`, which no curve gives",
        ),
        (
            "b = { table = \"all\", where = { experiment = \"deep\", weight_sharing = false } }",
            "b = { table = \"sizes\", where = { experiment = \"deep\" } }",
            "compares `loss` (nats, lower is better) with `size`",
        ),
        ("published = -0.05", "published = \"a\"", "must be"),
    ] {
        let project = project();
        project.edit("experiments/paper.toml", from, to);
        let outcome = project.run(&["status"]);
        assert_eq!(outcome.code, 2, "{to}: {outcome:#?}");
        assert!(outcome.stderr.contains(expected), "{expected}\nnot in {}", outcome.stderr);
        assert!(outcome.stderr.contains("experiments/paper.toml:"), "{}", outcome.stderr);
    }
}
