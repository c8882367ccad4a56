//! Experiment files: the shipped ones, and every way to get one wrong.

use report::experiment::{DataDesign, DataSeed};
use report::run;

use crate::key::shipped;
use crate::project::Project;

#[test]
fn the_shipped_models_have_the_parameters_that_their_authors_count() {
    for (name, branch, unshared) in [
        ("deep", 49_337, 98_697),
        ("deep-sigmoid", 49_337, 98_697),
        ("fully-connected", 49_522, 99_067),
    ] {
        let experiment = shipped(name);
        assert_eq!(experiment.conditions.len(), 4, "{name}");
        assert_eq!(experiment.seeds, (0..10).collect::<Vec<_>>(), "{name}");
        for condition in &experiment.conditions {
            let design = condition.design.network().unwrap();
            let parts = design.model.parts(design.data.input()).unwrap();
            let count = |part: &run::Part<'_>| run::count(part.layers, part.input);
            let [of_branch, of_head] = [count(&parts[0]), count(&parts[1])];
            assert_eq!((of_branch, 2 * of_branch + of_head), (branch, unshared), "{name}");
            let branches = if design.model.pair().unwrap().weight_sharing { 1 } else { 2 };
            assert_eq!(condition.design.parameters(), Some(branches * branch + of_head), "{name}");
        }
    }
}

#[test]
fn the_shipped_experiments_are_the_papers_protocol() {
    let rates = [("deep", 0.2), ("deep-sigmoid", 0.01), ("fully-connected", 0.01)];
    for (name, expected) in rates {
        for condition in shipped(name).conditions {
            let design = condition.design.network().unwrap();
            let DataDesign::Pairs(data) = &design.data else { panic!("{name} compares pairs") };
            let run::Optimizer::Adam { lr, beta1, beta2, epsilon, weight_decay } =
                design.train.optimizer
            else {
                panic!("{name} is trained with Adam");
            };
            let found = [lr, beta1, beta2, epsilon, weight_decay];
            assert_eq!(found, [expected, 0.9, 0.999, 1e-8, 0.0]);
            assert_eq!((design.train.epochs, design.train.batch_size), (30, 100));
            assert_eq!((data.train_pairs, data.test_pairs, data.pooling), (1000, 1000, 2));
            assert_eq!(data.seed, DataSeed::Fixed(0));
        }
    }
}

/// All violations of a project whose files were changed by `change`, one a line.
#[track_caller]
fn violations(change: impl Fn(&Project)) -> Vec<String> {
    let project = Project::new();
    change(&project);
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert_eq!(outcome.stdout, "");
    let lines = outcome.stderr.lines().filter_map(|line| line.strip_prefix("error: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn all_violations_of_all_files_are_reported_at_once_with_file_line_and_key() {
    let found = violations(|project| {
        project
            .edit("experiments/base/protocol.toml", "epochs = 2", "epoch = 2")
            .edit("experiments/base/protocol.toml", "seeds = 2", "seeds = [1, 1]")
            .edit("experiments/deep.toml", "kernel = 3", "kernel = \"three\"")
            .edit("experiments/deep.toml", "\"relu\"", "\"rleu\"")
            .edit("experiments/fully-connected.toml", "outputs = 10", "outputs = 11");
    });
    let expected = [
        "experiments/base/protocol.toml:2: `seeds` lists 1 more than once",
        "experiments/base/protocol.toml:24: `train.epoch` is not a known key; did you mean `epochs`?",
        "experiments/deep.toml:8: `model.branch.0.kernel` must be an integer, but is a string, `three`",
        "experiments/deep.toml:9: `model.branch` has an item 1 that names an unknown layer, `rleu`; did you mean `relu`?",
        "experiments/fully-connected.toml:6: `model.branch` must end in 10 outputs, one for each \
         class, but ends in 11",
    ];
    for line in expected {
        assert!(found.iter().any(|f| f.starts_with(line)), "{line}\nnot in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn each_single_mistake_has_its_own_message() {
    let deep = "experiments/deep.toml";
    let base = "experiments/base/protocol.toml";
    for (file, from, to, expected) in [
        (base, "lr = 0.01", "lr = -1.0", "`train.optimizer.lr` must be from 0 to"),
        (base, "lr = 0.01", "lr = nan", "is not a finite number"),
        (
            base,
            "kind = \"adam\"",
            "kind = \"adma\"",
            "unknown optimiser, `adma`; did you mean `adam`?",
        ),
        (base, "seeds = 2", "seeds = []", "`seeds` lists no seed"),
        (base, "seeds = 2", "seeds = 0", "`seeds` must be from 1 to"),
        (base, "seeds = 2", "seeds = -3", "`seeds` must be from 1 to"),
        (base, "seeds = 2", "", "`seeds` is missing"),
        (base, "seeds = 2", "seeds = [0, -1]", "`seeds` has an item 1 that must be at least 0"),
        (deep, "\"deep\"", "\"fully connected\"", "is also the title of `deep`"),
        (
            base,
            "pooling = 2",
            "pooling = 2\nepochs = 2",
            "is not a known key; known here: `directory`",
        ),
        (base, "pooling = 2", "pooling = 2\nepochs = 2", ". It is a key of `train`"),
        (deep, "\"relu\"", "3", "must be the name of a layer, or a table with `layer`"),
        (base, "= [true, false]", "= []", "lists no level"),
        (base, "= [true, false]", "= [true, true]", "(true) and (true) are the same"),
        (base, "= [true, false]", "= true", "which must be a list"),
        (base, "\"model.weight_sharing\"", "\"weight_sharing\"", "must be the path of a key"),
        (base, "\"model.weight_sharing\"", "\"title.x\"", "must start with `data.`"),
        (
            base,
            "\"model.weight_sharing\"",
            "\"model.wieght_sharing\"",
            "did you mean `weight_sharing`?",
        ),
        (base, "\"model.weight_sharing\"", "\"model.heads.0\"", "does not exist"),
        (
            base,
            "seeds = 2",
            "seeds = 2\nextends = \"../deep.toml\"",
            "leads through more than 16 files",
        ),
        (base, "seed = 0", "seed = \"seed\"", "or \"run\" to draw with the seed of each run"),
        (base, "pooling = 2", "validation_pairs = -1\npooling = 2", "validation_pairs"),
        (base, "pooling = 2", "pooling = 3", "must divide the image side of 28"),
        (base, "train_pairs = 20", "train_pairs = 21", "makes a batch of one example"),
        (base, "batch_size = 10", "batch_size = 30", "more than the 20 training examples"),
        (base, "probability = 0.25", "probability = 1.0", "less than 1, but is 1"),
        (base, "  \"sigmoid\",\n", "", "must end in `sigmoid`"),
        (base, "outputs = 1 }", "outputs = 2 }", "must end in one output"),
        (base, "seeds = 2", "seeds = 2 = 3", "is not TOML"),
        (
            base,
            "seeds = 2",
            "seeds = 2\nextends = \"x.toml\"",
            "names a file that does not exist, `x.toml`",
        ),
        (deep, "\"flatten\",\n", "", "needs a vector, but an image of 7×7×2"),
        (deep, "size = 2", "size = 20", "a window of 20 does not fit into a length of 14"),
        (deep, "channels = 2", "channels = 70000", "from 1 to 65536, but is 70000"),
        (deep, "padding = 1", "padding = 65000", "the limit is"),
        (deep, "title = \"deep\"", "title = 3", "`title` must be a string, but is an integer, `3`"),
        (deep, "title = \"deep\"", "", "`title` is missing"),
        (deep, "base/protocol.toml", "base/portocol.toml", "names a file that does not exist"),
        (deep, "title = \"deep\"", "title = 2019-05-17", "is a date"),
    ] {
        let found = violations(|project| {
            project.edit(file, from, to);
        });
        assert!(found.iter().any(|line| line.contains(expected)), "{expected}\nnot in {found:#?}");
    }
}

#[test]
fn an_architecture_and_a_factor_by_path_need_no_rust() {
    let project = Project::new();
    let text = r#"
extends = "base/protocol.toml"
title = "another"

[factors]
"model.branch.1.channels" = [1, 3]
"train.optimizer.lr" = [0.1, 0.01]

[model]
branch = [
  "tanh",
  { layer = "conv2d", channels = 4, kernel = 5, stride = 3 },
  "batch_norm",
  { layer = "dropout", probability = 0.1 },
  { layer = "max_pool2d", size = 3, stride = 1 },
  "flatten",
  "flatten",
  { layer = "linear", outputs = 10 },
  "tanh",
]

[train.optimizer]
kind = "sgd"
momentum = 0.9
"#;
    project.write("experiments/another.toml", text);
    assert_eq!(project.build(&[]), 8 + 2 * 2 * 2 * 2);
    assert!(project.report()[0].contains("another"));
}

#[test]
fn layers_that_would_fill_the_memory_are_refused() {
    let conv = "{ layer = \"conv2d\", channels = 2, kernel = 3, padding = 1 }";
    for (layers, expected) in [
        (
            "{ layer = \"conv2d\", channels = 2, kernel = 1, stride = 65536, padding = 65536 }",
            "values in its input with padding",
        ),
        (
            "{ layer = \"conv2d\", channels = 60000, kernel = 1 }",
            "too large for a layer with 11760000",
        ),
    ] {
        let found = violations(|project| {
            project.edit("experiments/deep.toml", conv, layers);
            project.edit("experiments/base/protocol.toml", "train_pairs = 20", "train_pairs = 40");
            project.edit("experiments/base/protocol.toml", "batch_size = 10", "batch_size = 40");
        });
        assert!(found.iter().any(|line| line.contains(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn numbers_of_hostile_size_are_refused_quickly() {
    let base = "experiments/base/protocol.toml";
    let levels: Vec<_> = (0..400).map(|level| level.to_string()).collect();
    let levels = levels.join(", ");
    for (from, to) in [
        ("seeds = 2", "seeds = 9223372036854775807".to_owned()),
        ("seeds = 2", "seeds = 99999999999999999999999".to_owned()),
        ("epochs = 2", "epochs = 9223372036854775807".to_owned()),
        ("train_pairs = 20", "train_pairs = 9223372036854775807".to_owned()),
        (
            "= [true, false]",
            format!("= [true, false]\n\"data.seed\" = [{levels}]\n\"train.epochs\" = [{levels}]"),
        ),
        ("seeds = 2", format!("seeds = {}{}", "[".repeat(5000), "]".repeat(5000))),
        ("seeds = 2", format!("{} = 2", "s".repeat(100_000))),
    ] {
        let started = std::time::Instant::now();
        assert!(
            !violations(|project| {
                project.edit(base, from, &to);
            })
            .is_empty()
        );
        assert!(started.elapsed().as_secs() < 60, "{}", &to[..40.min(to.len())]);
    }
}

#[test]
fn a_name_that_a_table_or_terminal_would_trip_over_is_refused() {
    for name in ["a b.toml", "<b>.toml", "\u{1b}[31m.toml", "é.toml", "a.b.toml"] {
        let found = violations(|project| {
            let text = project.read("experiments/deep.toml");
            project.write(&format!("experiments/{name}"), text);
        });
        assert!(found[0].contains("may have only letters, digits, `-` and `_`"), "{found:#?}");
        assert!(!found[0].contains('\u{1b}'), "{found:#?}");
    }
}

#[test]
fn what_is_no_file_among_the_experiments_is_an_error_and_not_a_missing_experiment() {
    let project = Project::new();
    std::fs::create_dir(project.path("experiments/directory.toml")).unwrap();
    let outcome = project.run(&["status"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("directory.toml"), "{outcome:#?}");
}

#[test]
fn a_folder_of_experiments_can_extend_others_and_draw_anew_for_each_seed() {
    let project = Project::new();
    project.write(
        "experiments/more/deep.toml",
        "extends = \"../deep.toml\"\ntitle = \"more\"\n[data]\nseed = \"run\"\n",
    );
    project.declare_difference("data.seed");
    // A row that pools both experiments would count the runs that they share twice.
    let by = "by = [\"weight_sharing\"]";
    project.edit("experiments/paper.toml", by, "by = [\"experiment\", \"weight_sharing\"]");
    project.build(&["--only", "deep"]);
    let outcome = project.run(&["status"]);
    let line = "more/deep: 2 runs, less than a second: data.seed: 0 → run (";
    assert!(outcome.stdout.contains(line), "{outcome:#?}");
    // Seed 0 draws the pairs that all runs of `deep` see: those runs are the same.
    assert_eq!(project.build(&[]), 4 + 2);
    let outcome = project.run(&["explain", "more/deep", "seed=1"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let seeds = outcome.stdout.matches("data.seed = 1").count();
    assert_eq!(seeds, 2, "{outcome:#?}");
    let [markdown, _] = project.report();
    assert!(markdown.contains("| more |"), "{markdown}");
}
