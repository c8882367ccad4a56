//! What the results say of published values and of claims.

use std::collections::BTreeMap;

use report::claim::{JudgedClaim, Outcome};
use report::dataset::Split;
use report::digest::Digest;
use report::experiment::Level;
use report::pipeline::{self, Keep, Overrides};
use report::run::{DeviceKind, NetworkConfig};
use report::task::pair_curves as pairs;
use report::train::{TrainError, Trainer, Training};

use crate::formula::{BUILD, Formula, context, recorded_by, recorded_with, table};
use crate::project::{Project, repository};

fn outcomes(claims: &[JudgedClaim]) -> BTreeMap<&str, Outcome> {
    claims.iter().map(|one| (one.claim.name.as_str(), one.outcome)).collect()
}

fn claim(name: &str, check: &str) -> String {
    format!("\n[[claim]]\nname = \"{name}\"\nstatement = \"s\"\nsource = \"t\"\ncheck = {check}\n")
}

#[test]
fn the_scorecard_and_the_claims_are_decided_by_the_runs_at_each_build() {
    let project = Project::shipped();
    let decided = context(&project);
    assert_eq!(
        table(&decided, "scorecard").rows.len(),
        21,
        "the published means, and two means of them"
    );
    let verdicts = outcomes(&decided.claims);
    // The formula trainer gives: sharing 2 points, auxiliary loss 1 point, in every model and with
    // the same sign on every draw; deep and deep with sigmoids alike.
    for (name, outcome) in [
        ("both-help", Outcome::Supported),
        ("same-size", Outcome::Supported),
        ("order-of-models", Outcome::Undecided),
        ("one-point", Outcome::Contradicted),
        ("almost-all", Outcome::Supported),
        ("auxiliary-loss", Outcome::Contradicted),
        ("intervals-apart", Outcome::Supported),
        ("best-model", Outcome::Contradicted),
    ] {
        assert_eq!(verdicts[name], outcome, "{name}: {:#?}", decided.claims);
    }
    let text = |name: &str| {
        let judged = decided.claims.iter().find(|one| one.claim.name == name).unwrap();
        judged.findings[0].text.clone()
    };
    // The effect of sharing is 2.1 on 15 seeds and 1.9 on 15: SD 0.1017, t(29) 2.045, so ± 0.0380.
    let both = text("both-help");
    assert!(
        both.contains("over 30 draws of the data: +2.00 percentage points [+1.96, +2.04]"),
        "{both}"
    );
    assert!(both.ends_with("Expected above 0, found above."), "{both}");

    // A new claim needs no Rust, and a claim about conditions without runs is undecided.
    let text = project.read("experiments/paper.toml");
    let effect = "effect = \"weight_sharing\", where = { experiment = \"extended/deep\" }";
    let more = [
        claim(
            "none",
            &format!(
                "{{ any = [{{ {effect}, below = 0 }}, {{ {effect}, near = 3, within = 0.5 }}] }}"
            ),
        ),
        claim("two", &format!("{{ {effect}, near = 2, within = 0.5 }}")),
    ];
    project.write("experiments/paper.toml", text + &more.concat());
    let read = pipeline::load(&project.path(""), &Overrides::default()).unwrap();
    let plan = pipeline::plan(&read, DeviceKind::Cpu, Keep::Extracts).unwrap();
    let judged = pipeline::context(&read, &plan, BUILD).unwrap().claims;
    assert_eq!((judged[8].outcome, judged[9].outcome), (Outcome::Contradicted, Outcome::Supported));
    let untrained = Project::shipped();
    untrained.write("experiments/paper.toml", project.read("experiments/paper.toml"));
    let read = pipeline::load(&untrained.path(""), &Overrides::default()).unwrap();
    let plan = pipeline::plan(&read, DeviceKind::Cpu, Keep::Extracts).unwrap();
    let judged = pipeline::context(&read, &plan, BUILD).unwrap().claims;
    let undecided = judged.iter().filter(|one| one.outcome == Outcome::Undecided).count();
    assert_eq!(undecided, 9, "all but the one on parameters: {judged:#?}");
}

/// The scores by one metric in the committed `runs.csv`, by experiment, auxiliary loss, sharing and
/// seed.
fn committed_scores(metric: &str) -> BTreeMap<(String, bool, bool), BTreeMap<u64, f64>> {
    let text = std::fs::read_to_string(repository().join("reports/data/runs.csv")).unwrap();
    let mut lines = text.lines();
    let heads: Vec<_> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| heads.iter().position(|head| *head == name).unwrap();
    let mut scores: BTreeMap<_, BTreeMap<u64, f64>> = BTreeMap::new();
    for fields in lines.map(|line| line.split(',').collect::<Vec<_>>()) {
        let of = |name: &str| fields[column(name)];
        let key = (
            of("experiment").to_owned(),
            of("auxiliary_loss") == "true",
            of("weight_sharing") == "true",
        );
        scores
            .entry(key)
            .or_default()
            .insert(of("seed").parse().unwrap(), of(metric).parse().unwrap());
    }
    scores
}

/// Mean and Student's 95 % interval of 30 values; `t(29)` at 0.975 is 2.045 229 642 1.
fn interval(values: &[f64]) -> [f64; 3] {
    assert_eq!(values.len(), 30);
    let mean = values.iter().sum::<f64>() / 30.0;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 29.0;
    let margin = 2.045_229_642_1 * (variance / 30.0).sqrt();
    [mean, mean - margin, mean + margin]
}

#[test]
#[expect(clippy::too_many_lines, reason = "the eight claims, one after another")]
fn the_eight_verdicts_of_the_paper_follow_from_its_runs() {
    let scores = committed_scores("published");
    let models = ["deep", "deep-sigmoid", "fully-connected"];
    let on_draws = |model: &str, auxiliary, sharing| {
        &scores[&(format!("extended/{model}"), auxiliary, sharing)]
    };
    // The difference on each seed, as a mean over pairs of conditions.
    let difference = |pairs: &[[&BTreeMap<u64, f64>; 2]]| {
        let of_seed = |seed: u64| {
            let differences = pairs.iter().map(|[a, b]| a[&seed] - b[&seed]);
            differences.sum::<f64>() / pairs.len() as f64
        };
        interval(&(1..=30).map(of_seed).collect::<Vec<_>>())
    };
    let sharing = |model: &str, auxiliary| {
        [on_draws(model, auxiliary, true), on_draws(model, auxiliary, false)]
    };
    let auxiliary =
        |model: &str, shared| [on_draws(model, true, shared), on_draws(model, false, shared)];
    let of_sharing: Vec<_> =
        models.iter().flat_map(|m| [true, false].map(|auxiliary| sharing(m, auxiliary))).collect();
    let of_auxiliary = |models: &[&str]| {
        models.iter().flat_map(|m| [true, false].map(|s| auxiliary(m, s))).collect::<Vec<_>>()
    };
    let above = |[_, lower, upper]: [f64; 3], threshold: f64| match () {
        () if lower > threshold => Outcome::Supported,
        () if upper < threshold => Outcome::Contradicted,
        () => Outcome::Undecided,
    };
    let near = |[_, lower, upper]: [f64; 3], value: f64, within: f64| match () {
        () if value - within <= lower && upper <= value + within => Outcome::Supported,
        () if upper < value - within || value + within < lower => Outcome::Contradicted,
        () => Outcome::Undecided,
    };
    let at_least = |n: usize, outcomes: &[Outcome]| {
        let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        match (count(Outcome::Supported), count(Outcome::Undecided)) {
            (supported, _) if supported >= n => Outcome::Supported,
            (supported, undecided) if supported + undecided < n => Outcome::Contradicted,
            _ => Outcome::Undecided,
        }
    };
    let (shared, added) = (difference(&of_sharing), difference(&of_auxiliary(&models)));
    let [deep, sigmoid, full] = models.map(|model| on_draws(model, false, false));
    let convolutional = difference(&of_auxiliary(&models[..2]));
    let [_, lower, upper] = difference(&of_auxiliary(&models[2..]));
    let fully_connected = above([0.0, -upper, -lower], 0.0);
    let each: Vec<_> = of_sharing.iter().map(|pair| above(difference(&[*pair]), 0.0)).collect();
    let best = on_draws("deep", true, true);
    let rivals = models
        .iter()
        .flat_map(|m| [true, false].map(|a| (m, a)))
        .flat_map(|(m, a)| [true, false].map(|s| on_draws(m, a, s)));
    let rivals: Vec<_> = rivals
        .filter(|rival| !std::ptr::eq(*rival, best))
        .map(|rival| above(difference(&[[best, rival]]), 0.0))
        .collect();
    // Parameters by hand: the two convolutional models 98,697, the fully connected one 99,067.
    let (smallest, largest) = (98_697.0, 99_067.0);
    let is_one_size = largest < 1.05 * smallest && largest < 1.05 * 95_000.0;
    // Table 3: plain means over the four conditions of the two convolutional models.
    let row = |auxiliary: bool| {
        let conditions = ["deep", "deep-sigmoid"].iter().flat_map(|model| {
            [true, false].map(|sharing| &scores[&((*model).to_owned(), auxiliary, sharing)])
        });
        let (mut mean, mut std_dev) = (0.0, 0.0);
        for condition in conditions {
            let values: Vec<f64> = condition.values().copied().collect();
            let own = values.iter().sum::<f64>() / 10.0;
            let variance = values.iter().map(|value| (value - own).powi(2)).sum::<f64>() / 10.0;
            mean += own / 4.0;
            std_dev += variance.sqrt() / 4.0;
        }
        [mean - std_dev / 10f64.sqrt(), mean + std_dev / 10f64.sqrt()]
    };
    let are_apart = row(true)[0] > row(false)[1];
    // Over draws, the rows must be two published half-widths of 0.31 apart.
    let apart_over_draws = above(convolutional, 0.62);
    let either = |holds: bool| if holds { Outcome::Supported } else { Outcome::Contradicted };
    // `tests/recompute.py` computes the expected range a second time, by another quadrature.
    let scorecard =
        std::fs::read_to_string(repository().join("reports/data/scorecard.csv")).unwrap();
    let row = scorecard.lines().find(|line| line.contains("\"deep, true, true\"")).unwrap();
    let fields: Vec<_> = row.rsplit("true\",").next().unwrap().split(',').collect();
    let [published, lower, upper] =
        [0, 3, 4].map(|field: usize| fields[field].parse::<f64>().unwrap());
    let compatible = either((lower..=upper).contains(&published) && published == 81.91);
    let expected = [
        ("both-help", at_least(2, &[above(shared, 0.0), above(added, 0.0)])),
        ("same-size", either(is_one_size)),
        (
            "order-of-models",
            at_least(
                2,
                &[[deep, sigmoid], [sigmoid, full]].map(|pair| above(difference(&[pair]), 0.0)),
            ),
        ),
        ("one-point", at_least(2, &[above(shared, 0.0), near(shared, 1.0, 0.5)])),
        ("almost-all", at_least(5, &each)),
        (
            "auxiliary-loss",
            at_least(
                3,
                &[above(convolutional, 0.0), near(convolutional, 0.9, 0.5), fully_connected],
            ),
        ),
        ("intervals-apart", at_least(2, &[either(are_apart), apart_over_draws])),
        ("best-model", at_least(2, &[at_least(11, &rivals), compatible])),
    ];
    let report = std::fs::read_to_string(repository().join("reports/data/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    // The committed report, and the code on records with the same scores.
    let judged = judged_on_committed_scores();
    for (name, outcome) in expected {
        assert_eq!(report["claims"][name], outcome.word(), "{name}");
        assert_eq!(judged[name], outcome, "{name}");
    }
}

/// Gives each run the published score that the committed `runs.csv` has for its digest.
struct Committed(BTreeMap<String, f64>);

impl Trainer for Committed {
    fn train(&self, config: &NetworkConfig, split: &Split) -> Result<Training, TrainError> {
        let mut training = Formula.train(config, split)?;
        let score = self.0[&Digest::of(config).unwrap().short()] / 100.0;
        let epochs = config.train.epochs;
        training.curves.set(&pairs::PUBLISHED_TEST_ACCURACY, vec![score; epochs]);
        Ok(training)
    }
}

/// The verdicts of the shipped paper on records with the scores of the committed `runs.csv`.
fn judged_on_committed_scores() -> BTreeMap<String, Outcome> {
    let text = std::fs::read_to_string(repository().join("reports/data/runs.csv")).unwrap();
    let score = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        (fields[4].to_owned(), fields[11].parse().unwrap())
    };
    let trainer = Committed(text.lines().skip(1).map(score).collect());
    let (read, plan) = recorded_by(&trainer, &Project::shipped(), &Overrides::default());
    let judged = pipeline::context(&read, &plan, BUILD).unwrap().claims;
    judged.into_iter().map(|one| (one.claim.name, one.outcome)).collect()
}

#[test]
fn five_seeds_decide_nothing_and_six_do() {
    for (seeds, is_known) in [(5, false), (6, true)] {
        let project = Project::shipped();
        let overrides = Overrides { seeds: Some(seeds), ..Overrides::default() };
        let (read, plan) = recorded_with(&project, &overrides);
        let context = pipeline::context(&read, &plan, BUILD).unwrap();
        let claim = context.claims.iter().find(|one| one.claim.name == "almost-all").unwrap();
        // Every difference is the same, so that the interval is narrow with five seeds too.
        let expected = if is_known { Outcome::Supported } else { Outcome::Undecided };
        assert_eq!(claim.outcome, expected, "{claim:#?}");
        // Of all claims about effects none is decided by five.
        let decided = context.claims.iter().filter(|one| one.outcome != Outcome::Undecided);
        let about_effects =
            decided.filter(|one| format!("{:?}", one.claim.check).contains("Effect {"));
        assert_eq!(about_effects.count() > 0, is_known);
        let few = claim.findings[0].remark.contains("with fewer than 6 seeds");
        assert_eq!(few, !is_known, "{claim:#?}");
        let scorecard = table(&context, "scorecard");
        for column in ["grade", "std_grade"] {
            let rows = scorecard.rows.iter();
            let unknown = Level::text("not known");
            let unknown = rows
                .filter(|row| scorecard.datum(row, column).is_some_and(|grade| grade.is(&unknown)));
            assert_eq!(unknown.count(), if is_known { 0 } else { 21 }, "{column}");
        }
    }
}

#[test]
fn a_published_mean_beside_few_runs_of_ours_has_no_grade() {
    let (read, mut plan) = recorded_with(&Project::shipped(), &Overrides::default());
    plan.records.retain(|_, record| {
        record.config.network().unwrap().data.seed() != 0 || record.config.seed() < 5
    });
    let context = pipeline::context(&read, &plan, BUILD).unwrap();
    let scorecard = table(&context, "scorecard");
    let unknown = Level::text("not known");
    let is_unknown = |row| scorecard.datum(row, "grade").is_some_and(|grade| grade.is(&unknown));
    assert!(scorecard.rows.iter().all(is_unknown), "{scorecard:#?}");
    let best = context.claims.iter().find(|one| one.claim.name == "best-model").unwrap();
    let published = best.findings.iter().find(|one| one.text.starts_with("Published mean"));
    let published = published.unwrap();
    assert_eq!(published.outcome, Outcome::Undecided);
    assert_eq!(published.remark, "runs are missing");
}

#[test]
fn every_claim_names_the_runs_that_decide_on_it() {
    let context = context(&Project::shipped());
    for judged in &context.claims {
        let n = judged.conditions.len();
        match judged.claim.name.as_str() {
            "same-size" => assert_eq!(n, 0, "it asks about no run"),
            "both-help" | "almost-all" => assert_eq!(n, 12, "all conditions on other draws"),
            "intervals-apart" => assert_eq!(n, 16, "those of Table 3, and their repetitions"),
            name => assert!(n > 0, "{name}"),
        }
    }
}

/// Faulty checks, each with a part of the message about it.
const FAULTY: &[(&str, &str)] = &[
    ("{ effect = \"weight_sharing\" }", "has no expected value"),
    (
        "{ effect = \"weight_sharing\", above = 0, below = 1 }",
        "give one of `above`, `below` and `near`",
    ),
    ("{ effect = \"weight_sharing\", near = 1 }", "`near` needs a distance"),
    ("{ effect = \"weight_sharing\", near = 1, within = 0 }", "must be more than 0, but is 0"),
    ("{ effect = \"weight_sharing\", above = \"0\" }", "must be a number, but is a string"),
    (
        "{ effect = \"sharing\", above = 0 }",
        "names no factor, `sharing`; did you mean `weight_sharing`?",
    ),
    (
        "{ efect = \"weight_sharing\", above = 0 }",
        "has an unknown key, `efect`; did you mean `effect`?",
    ),
    ("{ effect = \"weight_sharing\", abov = 0 }", "is not a known key; did you mean `above`?"),
    (
        "{ effect = \"weight_sharing\", all = [], above = 0 }",
        "has `all`, `effect`; give one of them",
    ),
    ("{ all = [] }", "must list at least one check"),
    ("{ all = 3 }", "must be a list, but is an integer"),
    ("{ at_least = \"x\", of = [{ effect = \"weight_sharing\", above = 0 }] }", "at_least"),
    (
        "{ difference = [{ experiment = \"deep\" }, { experiment = \"flat\" }], above = 0 }",
        "`flat`",
    ),
    (
        "{ difference = [{ experiment = \"deep\" }, { experimen = \"deep\" }], above = 0 }",
        "did you mean `experiment`?",
    ),
    (
        "{ effect = \"weight_sharing\", where = { weight_sharing = [true, true] }, above = 0 }",
        "lists `true` twice",
    ),
    (
        "{ compare = \"a.mean\", above = \"0\", says = \"s\", cells = { a = { table = \"all\", where = { experiment = \"dep\" } } } }",
        "for `experiment`, did you mean `deep`?",
    ),
    (
        "{ at_least = 2, of = [{ effect = \"weight_sharing\", above = 0 }] }",
        "is 2, but `of` lists 1 check",
    ),
    (
        "{ effect = \"weight_sharing\", where = { experiment = \"dep\" }, above = 0 }",
        "did you mean `deep`?",
    ),
    (
        "{ best = { experiment = \"deep\" }, where = { experiment = \"deep\" } }",
        "but selects 2, with 0 others",
    ),
    ("{ difference = [{ experiment = \"deep\" }], above = 0 }", "must list two sides"),
    ("{ difference = [\"deep\", {}], above = 0 }", "has an item 0 that must be a table"),
    (
        "{ difference = [{ experiment = \"deep\", weight_sharing = true }, { experiment = \"fully-connected\" }], above = 0 }",
        "gives `weight_sharing` on one side only",
    ),
    (
        "{ difference = [{ experiment = [\"deep\", \"fully-connected\"] }, { experiment = \"deep\" }], above = 0 }",
        "has a condition on both sides",
    ),
    (
        "{ difference = [{ weight_sharing = true }, { weight_sharing = false }], where = { weight_sharing = true }, above = 0 }",
        "gives `weight_sharing`, which a side gives already",
    ),
    ("{ compatible = \"al\" }", "names no table of scores, `al`; did you mean `all`?"),
    ("{ compatible = \"all\" }", "names `all`, which no scorecard judges"),
    ("{ compare = \"1 +\", above = \"0\", says = \"s\" }", "is no expression, `1 +`"),
    ("{ compare = \"a\", above = \"0\", says = \"s\" }", "uses `a`, which `cells` does not give"),
    ("{ compare = \"1\", says = \"s\" }", "needs one of `above` and `below`"),
    (
        "{ compare = \"b\", above = \"0\", says = \"s\", cells = { a = { parameters = { experiment = \"deep\", weight_sharing = true } }, b = { parameters = { experiment = \"deep\", weight_sharing = true } } } }",
        "gives `a`, which no expression uses",
    ),
    (
        "{ compare = \"a\", above = \"0\", says = \"s\", cells = { a = { parameters = { experiment = \"deeep\", weight_sharing = true } } } }",
        "did you mean `deep`?",
    ),
    (
        "{ compare = \"a.maen\", above = \"0\", says = \"s\", cells = { a = { table = \"all\", where = { experiment = \"deep\", weight_sharing = true } } } }",
        "table `all` has no column `maen`; did you mean `mean`?",
    ),
    (
        "{ compare = \"a.mean\", above = \"0\", says = \"s\", cells = { a = { table = \"all\" } } }",
        "table `all` has 4 rows; levels select one of them",
    ),
    (
        "{ compare = \"a | max\", above = \"0\", says = \"s\", cells = { a = { parameters = { experiment = \"deep\", weight_sharing = true } } } }",
        "`a | max`",
    ),
    (
        "{ compare = \"a\", above = \"0\", says = \"s\", cells = { a = { table = \"all\" } } }",
        "uses `a` without a column, like `a.mean`",
    ),
    (
        "{ difference = [{ experiment = \"deep\", weight_sharing = true }, { experiment = \"deep\", weight_sharing = true }], above = 0 }",
        "has a condition on both sides",
    ),
    ("{ compare = \"1\", above = \"0\", says = \"s\" }", "uses no cell"),
    ("{ compare = \"-a ** 2\", above = \"0\", says = \"s\" }", "a negated number, in `-a ** 2`"),
    ("{ compare = \"a > 2\", above = \"0\", says = \"s\" }", "is more than arithmetic"),
];

#[test]
fn a_faulty_check_is_refused_with_its_line_and_what_is_wrong() {
    for (check, expected) in FAULTY {
        let project = Project::new();
        let text = project.read("experiments/paper.toml") + &claim("c", check);
        let line = text.lines().count();
        project.write("experiments/paper.toml", &text);
        let outcome = project.run(&["build"]);
        assert_eq!(outcome.code, 2, "{check}: {outcome:#?}");
        assert!(outcome.stderr.contains(expected), "{expected}\nnot in {}", outcome.stderr);
        let place = format!("experiments/paper.toml:{line}: ");
        assert!(outcome.stderr.contains(&place), "{place}\nnot in {}", outcome.stderr);
        let errors = outcome.stderr.lines().filter(|line| line.starts_with("error: "));
        assert_eq!(errors.count(), 1, "no second mistake: {outcome:#?}");
        assert_eq!(project.count_records(), 0, "nothing was trained");
    }
}

#[test]
fn a_level_may_be_given_on_one_side_and_numbers_are_compared_without_an_interval() {
    let project = Project::new();
    let deep = project.read("experiments/deep.toml");
    project.write(
        "experiments/deep.toml",
        deep + "\n[factors]\n\"train.optimizer.lr\" = [0.01, 0.02]\n",
    );
    let checks = [
        claim(
            "tuned",
            "{ difference = [{ experiment = \"deep\", lr = 0.02 }, { experiment = \"fully-connected\" }], above = 0 }",
        ),
        claim(
            "numbers",
            "{ compare = \"a / b\", below = \"1\", says = \"size\", cells = { a = { parameters = { experiment = \"deep\", weight_sharing = true } }, b = { parameters = { experiment = \"fully-connected\", weight_sharing = true } } } }",
        ),
    ];
    let text = project.read("experiments/paper.toml") + &checks.concat();
    project.write("experiments/paper.toml", text);
    let judged = context(&project).claims;
    let text = &judged[0].findings[0].text;
    assert!(text.starts_with("deep, lr: 0.02 minus fully connected, over 2 seeds: "), "{text}");
    assert_eq!(judged[0].outcome, Outcome::Undecided, "two seeds decide nothing");
    assert_eq!(judged[1].findings[0].remark, "two numbers, compared without an interval");
    let markdown = {
        project.build(&[]);
        project.read("reports/report.md")
    };
    assert!(!markdown.contains("numbers"), "the small template shows no claims");
}
