//! A project from nothing: `report init`, `new` and `eject`, and a project without a paper file or prose.

use crate::project::{Outcome, Project};

/// A table with a column of words, a name for each row, and a missing value.
fn table(rows: usize) -> String {
    let mut text = "label,area,rooms,kind,price\n".to_owned();
    for row in 0..rows {
        let kind = ["flat", "house"][row % 2];
        let area = if row == 3 { "NA".to_owned() } else { format!("{}", 40 + row * 7 % 60) };
        let (rooms, price) = (1 + row % 4, 100 + row * 3);
        text = format!("{text}r{row},{area},{rooms},{kind},{price}.5\n");
    }
    text
}

/// A new project in the folder `paper` of an empty directory.
fn init(options: &[&str]) -> (Project, Outcome) {
    let directory = Project::empty();
    directory.write("homes.csv", table(80));
    let outcome = directory.run(&[&["init", "paper"], options].concat());
    (directory, outcome)
}

fn within(directory: &Project, arguments: &[&str]) -> Outcome {
    directory.run(&[arguments, &["--project", "paper"]].concat())
}

#[test]
fn a_new_project_has_no_mistake_whatever_its_task() {
    for (options, n_files) in [
        (&[][..], 9),
        (&["--task", "classification"], 9),
        (&["--task", "pairs"], 9),
        (&["--task", "program"], 10),
        (&["--data", "homes.csv"], 10),
        (&["--data", "homes.csv", "--target", "kind"], 10),
        (&["--data", "homes.csv", "--task", "classification", "--target", "rooms"], 10),
    ] {
        let (directory, outcome) = init(options);
        assert_eq!((outcome.code, &*outcome.stderr), (0, ""), "{outcome:#?}");
        let written = outcome.stdout.lines().filter(|line| line.starts_with("wrote paper/"));
        assert_eq!(written.count(), n_files, "{outcome:#?}");
        assert!(outcome.stdout.ends_with("  cd paper\n  report build --seeds 2\n  report serve\n"));
        let outcome = within(&directory, &["check"]);
        assert_eq!(outcome.code, 0, "{options:?}: {outcome:#?}");
        assert!(!outcome.stderr.contains("warning"), "{options:?}: {outcome:#?}");
    }
}

#[test]
fn a_new_project_of_a_table_builds_and_its_claim_has_a_verdict() {
    let (directory, outcome) = init(&["--data", "homes.csv"]);
    assert!(outcome.stdout.contains("learn the column `price`, as numbers"), "{outcome:#?}");
    let text = directory.read("paper/experiments/baseline.toml");
    for expected in [
        "file = \"experiments/data/homes.csv\"",
        "features = [\"*\", \"!label\"]",
        "categorical = [\"kind\"]",
        "missing = \"drop_rows\"",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let outcome = within(&directory, &["build", "--seeds", "2"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let report = directory.read("paper/reports/partial/report.md");
    assert!(report.contains("A hidden layer lowers the error."), "{report}");
}

#[test]
fn nothing_that_is_there_is_replaced() {
    let (directory, _) = init(&[]);
    let before = directory.file_texts("paper");
    for command in [
        &["init", "paper"][..],
        &["new", "experiment", "network", "--project", "paper"],
        &["eject", "prose", "--project", "paper"],
        &["eject", "paper", "--project", "paper"],
    ] {
        let outcome = directory.run(command);
        assert!(outcome.code == 2 && outcome.stderr.contains("is there already"), "{outcome:#?}");
    }
    assert_eq!(directory.file_texts("paper"), before);
}

#[test]
fn a_start_that_cannot_be_says_why_and_writes_nothing() {
    for (options, expected) in [
        (&["--task", "regression"][..], "a regression needs data of yours"),
        (&["--task", "program", "--data", "homes.csv"], "is for classification and regression"),
        (&["--data", "homes.csv", "--target", "pirce"], "did you mean `price`?"),
        (&["--data", "no.csv"], "no.csv"),
    ] {
        let (directory, outcome) = init(options);
        assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{outcome:#?}");
        assert!(!directory.path("paper").exists(), "{options:?}");
    }
}

#[test]
fn parts_are_added_and_the_project_stays_without_mistakes() {
    let (directory, _) = init(&[]);
    for command in [
        &["new", "experiment", "wide", "--from", "network"][..],
        &["new", "experiment", "draws/wide"],
        &["new", "table", "all"],
        &["new", "table", "again", "--from", "networks"],
        &["new", "figure", "curves"],
        &["new", "claim", "wider"],
        &["new", "claim", "copy", "--from", "hidden-layer"],
    ] {
        let outcome = within(&directory, command);
        assert_eq!(outcome.code, 0, "{command:?}: {outcome:#?}");
        assert_eq!(within(&directory, &["check"]).code, 0, "{command:?}");
    }
    let paper = directory.read("paper/experiments/paper.toml");
    for expected in ["name = \"all\"", "name = \"again\"", "name = \"curves\"", "name = \"copy\""] {
        assert!(paper.contains(expected), "{expected}: {paper}");
    }
    for (command, expected) in [
        (&["new", "table", "all"][..], "is called `all`, as an earlier `table` is"),
        (&["new", "claim", "x", "--from", "hiden-layer"], "did you mean `hidden-layer`?"),
        (&["new", "experiment", "a b"], "cannot be called `a b`"),
        (&["new", "experiment", "x", "--from", "netwrk"], "did you mean `network`?"),
        (&["eject", "pag"], "page"),
    ] {
        let outcome = within(&directory, command);
        assert!(
            outcome.code == 2 && outcome.stderr.contains(expected),
            "{command:?}: {outcome:#?}"
        );
    }
    assert_eq!(directory.read("paper/experiments/paper.toml"), paper);
}

#[test]
fn a_program_is_added_beside_programs_and_beside_networks_it_says_what_else_must_change() {
    let (directory, _) = init(&["--task", "program"]);
    let outcome = within(&directory, &["new", "program", "other"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(directory.path("paper/other.py").exists());
    let (directory, _) = init(&[]);
    let outcome = within(&directory, &["new", "program", "fit"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("the files are written"), "{outcome:#?}");
    assert!(outcome.stderr.contains("`metrics` of `fit` does not declare"), "{outcome:#?}");
}

#[test]
fn a_project_is_only_its_experiments_and_its_first_page_shows_them() {
    let (directory, _) = init(&[]);
    std::fs::remove_file(directory.path("paper/experiments/paper.toml")).unwrap();
    std::fs::remove_dir_all(directory.path("paper/templates")).unwrap();
    let text = directory.read("paper/experiments/baseline.toml");
    let text = text.replace("epochs = 10", "epochs = 2").replace("= 1000", "= 100");
    directory.write("paper/experiments/baseline.toml", text.replace("= 200", "= 50"));
    directory.write(
        "paper/experiments/rates.toml",
        "extends = \"baseline.toml\"\ntitle = \"rates\"\n[factors]\n\"train.optimizer.lr\" = [0.01, 0.1]\n",
    );
    let outcome = within(&directory, &["build", "--seeds", "2", "--out", "paper/reports"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let report = directory.read("paper/reports/report.md");
    for expected in [
        "# Report on 3 experiments",
        "## one layer",
        "How many digits does a network without a hidden layer recognise?",
        "A network has 7,850 parameters.",
        "figures/models.svg",
        "figures/rates-test-accuracy-curve.svg",
        "All experiments by their test accuracy.",
        "rates: test accuracy.",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
    assert_eq!(within(&directory, &["eject", "paper"]).code, 0);
    assert_eq!(within(&directory, &["eject", "prose"]).code, 0);
    let again = within(&directory, &["build", "--seeds", "2", "--out", "paper/reports"]);
    assert_eq!(again.code, 0, "{again:#?}");
    let same = |text: &str| text.split("<!-- provenance -->").next().unwrap().to_owned();
    assert_eq!(same(&directory.read("paper/reports/report.md")), same(&report));
}

#[test]
fn a_style_of_the_project_comes_after_that_of_the_page() {
    let (directory, _) = init(&[]);
    assert_eq!(within(&directory, &["eject", "style"]).code, 0);
    let style = directory.read("paper/templates/style.css");
    assert!(style.contains("--ink:") && style.lines().count() > 10, "{style}");
    directory.write("paper/templates/style.css", ":root { --ink: #123456; }\n");
    let outcome = within(&directory, &["check"]);
    assert!(outcome.code == 0 && !outcome.stderr.contains("style.css"), "{outcome:#?}");
    directory.write("paper/templates/style.css", "</STYLE><script>");
    let outcome = within(&directory, &["check"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("templates/style.css"), "{outcome:#?}");
}

#[test]
fn commands_work_from_a_folder_of_the_project() {
    let (directory, _) = init(&[]);
    let run = |folder: &str| {
        let mut command = directory.command(&["check"]);
        command.current_dir(directory.path(folder)).output().unwrap()
    };
    for folder in ["paper", "paper/experiments", "paper/templates"] {
        let outcome = run(folder);
        assert!(outcome.status.success(), "{folder}: {outcome:?}");
    }
    assert!(!run(".").status.success());
}

#[test]
fn shells_complete_commands_and_each_command_has_a_manual_page() {
    let directory = Project::empty();
    for (shell, part) in [
        ("bash", "complete -F _report"),
        ("zsh", "#compdef report"),
        ("fish", "complete -c report"),
    ] {
        let outcome = directory.run(&["completions", shell]);
        assert!(outcome.code == 0 && outcome.stdout.contains(part), "{outcome:#?}");
        assert!(outcome.stdout.contains("frozen"), "the options of commands are completed");
        assert!(outcome.stdout.lines().count() > 100, "{outcome:#?}");
    }
    let outcome = directory.run(&["man", "pages/man1"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(directory.read("pages/man1/report.1").contains("report\\-build(1)"));
    let page = directory.read("pages/man1/report-build.1");
    assert!(
        page.contains(".TH report-build 1") && page.contains("only these experiments"),
        "{page}"
    );
    assert!(directory.path("pages/man1/report-store-push.1").exists());
}
