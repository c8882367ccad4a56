//! Every way to get data, splits, networks and training wrong: each mistake is told before any training.

use crate::project::{Outcome, Project};
use crate::tasks::{classification, regression};

/// The messages about a project after a change.
fn refused(change: impl Fn(&Project), of: fn() -> Project) -> Outcome {
    let project = of();
    change(&project);
    let outcome = project.run(&["status"]);
    assert_eq!((outcome.code, &*outcome.stdout), (2, ""), "{outcome:#?}");
    outcome
}

const NETWORK: &str = "experiments/network.toml";
const PLOTS: &str = "data/plots.csv";

/// 35 training examples make batches of 17, 17 and 1.
const MAKES_A_BATCH_OF_ONE: &str = "network.toml:25: `train.batch_size` is 17, which makes a batch of one example, but `batch_norm` needs \
     at least two: there are 35 training examples";

/// A file, an old text in it, a new text in its place, and the message that this causes.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        NETWORK,
        "\"regression\"",
        "\"regresion\"",
        "names an unknown task, `regresion`; did you mean `regression`?",
    ),
    (NETWORK, "data/plots.csv", "data/plot.csv", "network.toml:7: `data.file` cannot read"),
    (
        NETWORK,
        "\"yield\"",
        "\"yeild\"",
        "has no column `yeild`, which `target` names; did you mean `yield`?",
    ),
    (
        NETWORK,
        "!farm",
        "!fram",
        "has no column `fram`, which `features` names; did you mean `farm`?",
    ),
    (
        NETWORK,
        "categorical = \"soil\"",
        "",
        "has `clay` in line 2, column `soil`, which is no number",
    ),
    (
        NETWORK,
        "categorical = \"soil\"",
        "categorical = \"sol\"",
        "which `categorical` names; did you mean `soil`?",
    ),
    (NETWORK, "\"!plot\", ", "\"yield\", \"!plot\", ", "has the target `yield` among its features"),
    (
        PLOTS,
        "1,3.7,loam",
        "1,,loam",
        "has no value in line 3, column `rain`; `missing = \"drop_rows\"`",
    ),
    (PLOTS, "1,3.7,loam", "1,much,loam", "has `much` in line 3, column `rain`, which is no number"),
    (PLOTS, "1,3.7,loam", "1,3.7", "has 5 values in line 3, but its header has 6"),
    (PLOTS, "plot,rain", "rain,rain", "has two columns with the name `rain`"),
    (PLOTS, "plot,rain,soil,farm,quality,yield", "plot;rain;soil", "write `delimiter = ';'`"),
    (
        NETWORK,
        "validation = 10",
        "validation = 60",
        "the validation part needs 60 examples, but 45 are left",
    ),
    (
        NETWORK,
        "test = 0.25",
        "test = 60",
        "`data.split` cannot be done: the validation part needs 10",
    ),
    (NETWORK, "test = 0.25", "test = 1.5", "must be a count such as 200, or a share such as 0.2"),
    (NETWORK, "test = 0.25\n", "", "`data.split.test` is missing"),
    (
        NETWORK,
        "kind = \"random\"",
        "kind = \"randm\"",
        "names an unknown kind of split, `randm`; did you mean `random`?",
    ),
    (
        NETWORK,
        "kind = \"random\"",
        "kind = \"stratified\"",
        "needs classes, but the targets are numbers",
    ),
    (NETWORK, "kind = \"random\"", "kind = \"column\"", "`data.split.column` is missing"),
    (NETWORK, "kind = \"random\"", "kind = \"ordered\"", "has no use with `kind = \"ordered\"`"),
    (
        NETWORK,
        "kind = \"random\"",
        "kind = \"files\"",
        "needs a file for the test part: `test_file` in `data`",
    ),
    (NETWORK, "seed = \"run\"\n", "", "`data.split.seed` is missing"),
    (
        NETWORK,
        "outputs = 1 }",
        "outputs = 2 }",
        "must end in one output, the number, but ends in 2",
    ),
    (NETWORK, "\"tanh\"", "\"flatten\", \"max_pool2d\"", "`model.layers.2.size` is missing"),
    (
        NETWORK,
        "[train]",
        "[train]\nloss = \"hubr\"",
        "names an unknown loss, `hubr`; did you mean `huber`?",
    ),
    (
        NETWORK,
        "[train]",
        "[train]\nloss = \"cross_entropy\"",
        "names an unknown loss, `cross_entropy`",
    ),
    (
        NETWORK,
        "[train]",
        "[train]\nauxiliary_loss = true",
        "`train.auxiliary_loss` is not a known key",
    ),
    (NETWORK, "batch_size = 10", "batch_size = 100", "more than the 35 training examples"),
    (
        NETWORK,
        "[train]",
        "[train]\nearly_stopping = { monitor = \"test_rmse\", patience = 2 }",
        "names no curve of the validation part, `test_rmse`",
    ),
    (NETWORK, "validation = 10\n", "early = 1\n", "`data.split.early` is not a known key"),
    (NETWORK, "[data]", "[data]\npooling = 2", "is for images, and the examples are vectors"),
    (NETWORK, "[data]", "[data]\ndirectory = \"mnist\"", "cannot stand beside"),
    (PLOTS, "1,3.7,loam", "1,\"3.7,loam", "has a quote in line 3 that is not closed"),
    (PLOTS, "1,3.7,loam", "1,\"3.7\"5,loam", "goes on after its closing quote in line 3"),
    (PLOTS, "1,3.7,loam", "1,1e39,loam", "which is too large for a number of 32 bits"),
    (PLOTS, "1,3.7,loam", "1,\"3,7\",loam", "which is no number: the decimal sign is a point"),
    (NETWORK, "\"!plot\", ", "\"plot\", \"!plot\", ", "cannot have both `plot` and `!plot`"),
    (
        NETWORK,
        "[data]",
        "[data]\ntest_file = \"data/plots.csv\"",
        "has no use in a split of kind `random`; `kind = \"files\"`",
    ),
    (
        NETWORK,
        "[data]",
        "[data]\ntest_target_file = \"data/t.npy\"",
        "has no use without `test_file`",
    ),
    (
        NETWORK,
        "outputs = 1 }",
        "outputs = \"classes\" }",
        "but the targets are numbers; write a number",
    ),
    (NETWORK, "outputs = 8 }", "outputs = \"eight\" }", "or \"classes\", but is a string, `eight`"),
    (
        NETWORK,
        "kind = \"random\"",
        "kind = \"ordered\"\nduplicates = \"together\"",
        "has no use as `together` in a split of kind `ordered`",
    ),
    (NETWORK, "[train]", "[train]\nclip_norm = 0", "must be more than 0 and at most 1000000"),
    (NETWORK, "\"tanh\"", "\"batch_norm\", \"tanh\"", MAKES_A_BATCH_OF_ONE),
    (
        "experiments/paper.toml",
        "[[table]]",
        "[[figure]]\nname = \"f\"\nkind = \"learning-curves\"\ncaption = \"c\"\ncurve = \"test_accuracy\"\n[[table]]",
        "this figure needs `test_accuracy`, which a regression such as `network` does not record",
    ),
    (
        "experiments/paper.toml",
        "reduction = \"last\"",
        "reduction = \"selected\"",
        "`by` in the metric names another curve of the validation part",
    ),
];

#[test]
fn each_mistake_in_data_and_tasks_is_told_before_any_training() {
    for (file, from, to, message) in MISTAKES {
        let change = |project: &Project| {
            project.edit(NETWORK, "batch_size = 10", "batch_size = 17");
            project.edit(file, &from.replace("batch_size = 10", "batch_size = 17"), to);
        };
        let outcome = refused(change, regression);
        assert!(outcome.stderr.contains(message), "{message}\n{}", outcome.stderr);
    }
}

#[test]
fn what_would_spoil_a_split_is_told_before_any_training() {
    let twice = |project: &Project| {
        let text = project.read("data/plots.csv");
        let second = text.lines().nth(1).unwrap().replacen("0,", "60,", 1);
        project.write("data/plots.csv", format!("{text}{second}\n"));
        project.edit("experiments/network.toml", "seed = \"run\"", "seed = 2");
    };
    let outcome = refused(twice, regression);
    let expected = "network.toml:6: `data.split` has equal examples in two parts, 1 in all: line ";
    assert!(outcome.stderr.contains(expected), "{outcome:#?}");
    for (choice, n) in [("together", 2), ("allow", 2)] {
        let project = regression();
        twice(&project);
        project.edit(
            "experiments/network.toml",
            "seed = 2",
            &format!("seed = 2\nduplicates = \"{choice}\""),
        );
        assert_eq!(project.build(&[]), n);
    }

    let rare = |project: &Project| {
        project.edit("data/plots.csv", "59,2.3,sand", "59,2.3,peat");
        project.edit(
            "experiments/network.toml",
            "kind = \"random\"\ntest = 0.25",
            "kind = \"ordered\"\ntest = 0.25",
        );
        project.edit("experiments/network.toml", "seed = \"run\"\n", "");
    };
    let outcome = refused(rare, regression);
    assert!(
        outcome.stderr.contains("no example with the word `peat` in the column `soil`"),
        "{outcome:#?}"
    );

    let constant = |project: &Project| {
        let text = project.read("data/plots.csv");
        let year = |line: &str| if line.contains("plot,") { "year" } else { "1999" };
        let lines: Vec<_> = text.lines().map(|line| [line, year(line)].join(",")).collect();
        let text = lines.join("\n");
        project.write("data/plots.csv", text);
    };
    let outcome = refused(constant, regression);
    let expected = "has one value in all rows of the column `year`, which tells nothing";
    assert!(outcome.stderr.contains(expected), "{outcome:#?}");

    let unseen = |project: &Project| {
        project.edit("data/plots.csv", "59,2.3,sand,farm 14,", "59,2.3,sand,farm 14,top-");
        project.edit("experiments/network.toml", "kind = \"stratified\"", "kind = \"ordered\"");
        project.edit("experiments/network.toml", "seed = 1\n", "");
    };
    let outcome = refused(unseen, classification);
    assert!(
        outcome
            .stderr
            .contains("gives the training part none of the 1 examples of the class `top-"),
        "{outcome:#?}"
    );
}

#[test]
fn all_mistakes_of_data_model_and_training_are_told_at_once() {
    let outcome = refused(
        |project| {
            project
                .edit("experiments/network.toml", "\"yield\"", "\"yeild\"")
                .edit("experiments/network.toml", "kind = \"random\"", "kind = \"randm\"")
                .edit("experiments/network.toml", "\"tanh\"", "\"tahn\"")
                .edit("experiments/network.toml", "kind = \"adam\"", "kind = \"adan\"");
        },
        regression,
    );
    let errors: Vec<_> =
        outcome.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 4, "{errors:#?}");
    assert!(errors.iter().all(|error| error.contains("experiments/network.toml:")), "{errors:#?}");
}

const CLASS_MISTAKES: &[(&str, &str, &str)] = &[
    ("standardize = true", "standardize_target = true", "is for a regression"),
    (
        "outputs = \"classes\" }]",
        "outputs = \"classes\" }, \"sigmoid\"]",
        "must not end in an activation",
    ),
    (
        "[train]",
        "[train]\nloss = { kind = \"cross_entropy\", class_weights = [1, 0, 1] }",
        "must be more than 0",
    ),
    ("kind = \"stratified\"", "kind = \"ordered\"", "has no use with `kind = \"ordered\"`"),
    (
        "duplicates = \"allow\"",
        "duplicates = \"alow\"",
        "names an unknown rule for duplicates, `alow`; did you mean `allow`?",
    ),
];

#[test]
fn each_mistake_in_a_classification_is_told_before_any_training() {
    for (from, to, message) in CLASS_MISTAKES {
        let outcome = refused(|project| _ = project.edit(NETWORK, from, to), classification);
        assert!(outcome.stderr.contains(message), "{message}\n{}", outcome.stderr);
    }
    // A class of one example cannot be in each part, however it is split.
    let rare = |project: &Project| {
        project.edit(PLOTS, "59,2.3,sand,farm 14,", "59,2.3,sand,farm 14,top-");
        project.edit(
            NETWORK,
            "kind = \"stratified\"",
            "kind = \"folds\"\nfolds = 3\nstratified = true",
        );
        project.edit(NETWORK, "test = 15\n", "");
    };
    let outcome = refused(rare, classification);
    assert!(outcome.stderr.contains("leave the examples of such a rare class out"), "{outcome:#?}");
}

#[test]
fn rows_with_the_same_fault_are_one_message_with_their_number() {
    let two_columns = |project: &Project| {
        let text = project.read(PLOTS).replace("1,3.7,", "1,much,").replace("2,1.4,", "2,little,");
        project.write(PLOTS, text);
        project.edit(NETWORK, "categorical = \"soil\"\n", "");
    };
    let outcome = refused(two_columns, regression);
    let errors: Vec<_> =
        outcome.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 2, "one for each column: {errors:#?}");
    assert!(
        errors
            .iter()
            .any(|error| error.contains("line 2, column `soil`") && error.contains("59 more rows"))
    );
    assert!(
        errors
            .iter()
            .any(|error| error.contains("line 3, column `rain`") && error.contains("one more row"))
    );
}

/// An experiment on MNIST in the binary.
const DIGITS: &str = r#"
title = "digits"
task = "classification"
seeds = 1

[data]
dataset = "mnist"

[data.split]
kind = "files"
train = 100
test = 50
seed = 0

[model]
layers = ["flatten", { layer = "linear", outputs = "classes" }]

[train]
epochs = 1
batch_size = 10
optimizer = { kind = "sgd", lr = 0.1 }
"#;

#[test]
fn images_without_columns_have_no_groups_and_their_splits_are_checked_too() {
    let digits = |from: &'static str, to: &'static str| {
        let change = move |project: &Project| {
            project.write(NETWORK, DIGITS).edit(NETWORK, from, to);
        };
        refused(change, classification).stderr
    };
    let grouped = digits("kind = \"files\"", "kind = \"random\"\ngroup = \"writer\"");
    assert!(
        grouped.contains("names a column, but these data are images without columns"),
        "{grouped}"
    );
    let large = digits("train = 100", "train = 70000");
    assert!(
        large.contains("network.toml:6: `data.split` cannot be done: the train part needs 70000"),
        "{large}"
    );
    let held_out =
        digits("dataset = \"mnist\"", "dataset = \"mnist\"\nvalidation_file = \"v.npy\"");
    assert!(held_out.contains("`data.validation_file` has no use beside `dataset`"), "{held_out}");
}

#[test]
fn an_option_does_not_replace_the_file_of_an_experiment() {
    let project = regression();
    let outcome = project.run(&["build", "--data", "data"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    let project_files = project.run(&["status", "--data", "."]);
    assert_eq!(project_files.code, 2, "{project_files:#?}");
}

#[test]
fn rows_that_are_left_out_are_counted_in_the_terminal_and_in_the_report() {
    let project = regression();
    project.edit(PLOTS, "1,3.7,loam", "1,,loam").edit(PLOTS, "2,1.4,", "2,NA,");
    project.edit(NETWORK, "standardize = true", "standardize = true\nmissing = \"drop_rows\"");
    let outcome = project.run(&["build"]);
    let expected = "2 of 60 rows of `data/plots.csv` are left out";
    assert!(outcome.code == 0 && outcome.stderr.contains(expected), "{outcome:#?}");
    assert!(project.read("reports/report.md").contains(expected));
}

#[test]
fn numbers_that_become_one_number_are_refused() {
    let project = |column: &'static str, of: fn(usize) -> u64| {
        move |project: &Project| {
            let text = project.read(PLOTS);
            let cell = |(i, line): (usize, &str)| match i {
                0 => format!("{line},{column}\n"),
                i => format!("{line},{}\n", of(i)),
            };
            project.write(PLOTS, text.lines().enumerate().map(cell).collect::<String>());
        }
    };
    let times = project("time", |i| 1_700_000_000 + i as u64);
    let outcome = refused(times, regression);
    let expected = "in the column `time`, which numbers of 32 bits do not tell apart";
    assert!(outcome.stderr.contains(expected), "{outcome:#?}");
}

#[test]
fn lines_of_a_table_are_those_of_an_editor_for_each_kind_of_line_end() {
    for end in ["\n", "\r\n"] {
        let wrong = |project: &Project| {
            project.edit(PLOTS, "9,3.3,", "9,wet,");
            let text = project.read(PLOTS).replace('\n', end);
            project.write(PLOTS, text);
        };
        let outcome = refused(wrong, regression);
        assert!(
            outcome.stderr.contains("has `wet` in line 11, column `rain`"),
            "{end:?} {outcome:#?}"
        );
    }
}

#[test]
fn one_number_spelled_in_two_ways_is_no_class() {
    let outcome = refused(
        |project| {
            let text = project.read(PLOTS);
            let text = text.replacen(",low,", ",1,", 1).replacen(",low,", ",01,", 1);
            project.write(
                PLOTS,
                text.replace(",low,", ",1,").replace(",middle,", ",2,").replace(",high,", ",3,"),
            );
        },
        classification,
    );
    assert!(outcome.stderr.contains("has one number as two classes, `01` and `1`"), "{outcome:#?}");
}

#[test]
fn a_fault_of_the_splits_of_many_seeds_is_told_once_with_the_seed() {
    let twice = |project: &Project| {
        let text = project.read(PLOTS);
        let second = text.lines().nth(1).unwrap().replacen("0,", "60,", 1);
        project.write(PLOTS, format!("{text}{second}\n"));
        project.edit(NETWORK, "seeds = 2", "seeds = 40");
    };
    let outcome = refused(twice, regression);
    assert_eq!(
        outcome.stderr.matches("`data.split` has equal examples").count(),
        1,
        "{outcome:#?}"
    );
    assert!(outcome.stderr.contains("(the split of seed "), "{outcome:#?}");
}

/// Scores that are different things, and the setting that makes them different.
#[test]
fn losses_of_different_kinds_and_errors_of_different_targets_are_not_compared() {
    for (factor, levels, curve, expected) in [
        ("train.loss", "[\"mse\", \"huber\"]", "validation_loss", "train.loss.kind (huber, mse)"),
        ("data.standardize_target", "[true, false]", "train_loss", "data.standardize_target"),
        ("data.target", "[\"yield\", \"rain\"]", "test_rmse", "data.target (rain, yield)"),
    ] {
        let change = |project: &Project| {
            project.edit(
                NETWORK,
                "seeds = 2",
                &format!("seeds = 2\n[factors]\n\"{factor}\" = {levels}"),
            );
            project.edit(
                NETWORK,
                "\"!farm\", \"!quality\"]",
                "\"!farm\", \"!quality\", \"!yield\", \"!rain\"]",
            );
            project.edit("experiments/paper.toml", "test_rmse", curve);
            let by = factor.rsplit('.').next().unwrap();
            project.edit(
                "experiments/paper.toml",
                "by = [\"experiment\"]",
                &format!("by = [\"{by}\"]"),
            );
        };
        let outcome = refused(change, regression);
        let message =
            format!("reads `{curve}`, which is not the same number in all selected conditions");
        assert!(
            outcome.stderr.contains(&message) && outcome.stderr.contains(expected),
            "{outcome:#?}"
        );
    }
}
