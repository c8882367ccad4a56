//! What the results say of published values and of claims.

use std::collections::BTreeMap;

use report::pipeline::{self, Keep, Overrides};
use report::render::Outcome;
use report::run::DeviceKind;

use crate::formula::{BUILD, context, recorded_with};
use crate::project::Project;

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
