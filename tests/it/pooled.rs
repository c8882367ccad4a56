//! Kind 1 of the silent wrong answers, rows and claims that pool experiments: each run counts once,
//! and the report names what it leaves out.

use crate::comparable::{check_sizes, paper_with, with_two_sizes};
use crate::project::Project;
use crate::silent::rendered;

/// The small project with a second experiment: `deep` again, and with another size of a batch.
fn with_shared_runs() -> Project {
    let project = Project::new();
    project.write("templates/paper.md.jinja", "# {{ title }}\n\n{{ verdicts() }}\n");
    let again =
        "extends = \"deep.toml\"\ntitle = \"again\"\n[factors]\n\"train.batch_size\" = [10, 5]\n";
    project.write("experiments/again.toml", again);
    project
}

#[test]
fn kind_1_runs_that_two_experiments_share_count_once() {
    let project = with_shared_runs();
    let shared = "have runs in common; leave one of them out with `where`";
    let alone = "by = [\"weight_sharing\"]\nwhere = { experiment = \"deep\" }";
    let effects = "kind = \"effects\"\nfactors = [\"weight_sharing\"]\nby = [\"experiment\"]";
    let difference =
        "{ difference = [{ weight_sharing = true }, { weight_sharing = false }], above = 0, where";
    for (keys, check, is_refused) in [
        ("by = [\"weight_sharing\"]", "", true),
        ("by = [\"experiment\", \"weight_sharing\"]", "", false),
        (effects, "", true),
        (alone, "{ effect = \"weight_sharing\", above = 0 }", true),
        (alone, &format!("{difference} = {{ experiment = [\"deep\", \"again\"] }} }}"), true),
        (alone, &format!("{difference} = {{ experiment = [\"deep\"] }} }}"), false),
        (
            alone,
            "{ difference = [{ experiment = \"deep\" }, { experiment = \"again\", batch_size = 10 }], above = 0 }",
            true,
        ),
        (
            alone,
            "{ difference = [{ experiment = \"deep\" }, { experiment = \"again\", batch_size = 5 }], above = 0 }",
            false,
        ),
        (alone, "{ best = { experiment = \"deep\", weight_sharing = true } }", true),
        (alone, "{ best = { experiment = \"fully-connected\", weight_sharing = true } }", false),
    ] {
        project.write("experiments/paper.toml", paper_with(&[("one", keys)], check));
        let outcome = project.run(&["status"]);
        assert_eq!(outcome.stderr.contains(shared), is_refused, "{keys} {check}: {outcome:#?}");
        assert_eq!(outcome.code == 2, is_refused, "{keys} {check}: {outcome:#?}");
    }
    // Two draws of the data share a run where the seed of a run draws the same data.
    project.edit("experiments/again.toml", "[factors]\n\"train.batch_size\" = [10, 5]\n", "");
    let rows = "by = [\"weight_sharing\"]\ndiffers = [\"data.seed\"]\nwhere = { experiment = [\"deep\", \"again\"] }";
    project.write("experiments/paper.toml", paper_with(&[("one", rows)], ""));
    let again = project.read("experiments/again.toml");
    for (seed, is_refused) in [("\"run\"", true), ("7", false)] {
        project.write("experiments/again.toml", format!("{again}[data]\nseed = {seed}\n"));
        let outcome = project.run(&["status"]);
        assert_eq!(outcome.stderr.contains(shared), is_refused, "{seed}: {outcome:#?}");
    }
}

#[test]
fn kind_1_rows_over_different_conditions_and_experiments_without_a_factor_are_told() {
    let project = with_shared_runs();
    project.edit("experiments/again.toml", "[10, 5]", "[5]");
    let cell =
        |sharing: bool| format!("{{ table = \"one\", where = {{ batch_size = {sharing} }} }}");
    project.write(
        "experiments/other.toml",
        "extends = \"fully-connected.toml\"\ntitle = \"other\"\n[factors]\n\"train.batch_size\" = [10, 5]\n",
    );
    let check = format!(
        "{{ compare = \"a.mean - b.mean\", above = \"0\", says = \"gain\", cells = {{ a = {}, b = {} }} }}",
        cell(true).replace("true", "10"),
        cell(false).replace("false", "5")
    );
    project
        .write("experiments/paper.toml", paper_with(&[("one", "by = [\"batch_size\"]")], &check));
    let [markdown, _] =
        rendered(&project, "# A\n\n{{ table(\"one\") }}\n\n{{ verdicts() }}\n").unwrap();
    for said in [
        "The rows are means over different conditions. batch\\_size: 5: experiment (again, other); \
         batch\\_size: 10: experiment (other).",
        "Each row is a mean over the levels of the factors that it does not name: weight\\_sharing (true, \
         false).",
        "Left out, because they lack a factor: deep (batch\\_size); fully connected (batch\\_size).",
        "compared without an interval; the rows of Table 1 are means over different conditions)",
    ] {
        assert!(markdown.contains(said), "{said}: {markdown}");
    }
    // A selection leaves out an experiment whose batch size is fixed; the claim says so.
    let best =
        "{ best = { experiment = \"again\", weight_sharing = true }, where = { batch_size = 5 } }";
    project.write("experiments/paper.toml", paper_with(&[("one", "by = [\"batch_size\"]")], best));
    let [markdown, _] = rendered(&project, "# A\n\n{{ verdicts() }}\n").unwrap();
    let said = "(Left out, because they lack a factor: deep (batch\\_size); fully connected (batch\\_size))";
    assert!(markdown.contains(said), "{markdown}");
}

#[test]
fn kind_1_all_effects_together_pool_no_different_data() {
    let project = with_two_sizes();
    let keys = "kind = \"effects\"\nby = [\"train_pairs\"]\nfactors = [\"weight_sharing\"]\nwhere = { experiment = \"deep\" }";
    check_sizes(&project, &paper_with(&[("sizes", keys)], ""), true);
    let declared = format!("{keys}\ndiffers = [\"data.train_pairs\"]");
    check_sizes(&project, &paper_with(&[("sizes", &declared)], ""), false);
}
