//! An example of each command, for its help, its manual page and the reference.

use clap::{Command, CommandFactory as _};

use super::args::Cli;

/// A command line, and what it does.
pub(super) type Example = (&'static str, &'static str);

/// The examples of each command.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "init",
        &[
            ("report init my-paper", "networks that recognise digits"),
            (
                "report init my-paper --data table.csv --target price",
                "networks that predict a column",
            ),
            ("report init my-paper --task program", "a program of yours, here in Python"),
        ],
    ),
    (
        "new experiment",
        &[(
            "report new experiment wide --from baseline",
            "write `wide.toml`, which extends `baseline.toml`",
        )],
    ),
    (
        "new program",
        &[("report new program train", "write `train.toml`, and the Python program that it runs")],
    ),
    (
        "new table",
        &[("report new table rates --from networks", "add a table that begins as `networks`")],
    ),
    ("new figure", &[("report new figure losses", "add a figure")]),
    ("new claim", &[("report new claim width", "add a claim, which you then complete")]),
    (
        "eject",
        &[
            (
                "report eject style",
                "write `templates/style.css` with the colours and fonts of the page",
            ),
            (
                "report eject prose",
                "write the prose that `report` uses without `templates/paper.md.jinja`",
            ),
        ],
    ),
    (
        "build",
        &[
            ("report build", "train the missing runs, and write the report"),
            (
                "report build deep weight_sharing=true seed=3",
                "train one run; the report goes to `reports/partial`",
            ),
            ("report build --seeds 2", "train two seeds of each condition, for a first look"),
            ("report build --dry-run", "say what would be trained, why, and how long it takes"),
            (
                "report build --frozen",
                "train nothing; fail if a run is missing, as a test of a paper does",
            ),
        ],
    ),
    (
        "serve",
        &[
            ("report serve", "show the project in this directory"),
            ("report serve gallery", "show all projects in the folders of `gallery`, with a list"),
            ("report serve --build", "also train missing runs as soon as a file asks for them"),
        ],
    ),
    ("status", &[("report status", "count the recorded and the missing runs of each experiment")]),
    (
        "check",
        &[
            ("report check", "look at all files"),
            (
                "report check --resolved deep",
                "each key of the experiment, its value, and where that comes from",
            ),
            ("report check --data", "sizes of the parts of the data, and their classes or targets"),
            ("report check --run", "run each program twice, and compare"),
            ("report check --format github", "mark the lines in a pull request"),
        ],
    ),
    (
        "explain",
        &[(
            "report explain deep seed=3",
            "configuration, record and history of the runs with seed 3",
        )],
    ),
    (
        "predict",
        &[(
            "report predict deep seed=3 images.npy",
            "what the network of one run says about each image",
        )],
    ),
    ("log", &[("report log train seed=3", "what the program wrote in this run")]),
    (
        "artifacts",
        &[("report artifacts train --to plots", "copy the files of all runs into `plots`")],
    ),
    (
        "accept",
        &[(
            "report accept deep --why \"only a comment of train.py changed\"",
            "use the records of the old program",
        )],
    ),
    (
        "diff",
        &[
            ("report diff reports", "what changed between the report and the present records"),
            (
                "report diff ../main/reports reports --markdown",
                "the same between two reports, for a pull request",
            ),
        ],
    ),
    ("verify", &[("report verify --sample 3", "check all records, and train three runs again")]),
    (
        "merge",
        &[("report merge ../other-machine", "copy the records of another copy of the project")],
    ),
    (
        "store status",
        &[(
            "report store status --store s3://lab/paper",
            "count the records here, there, and on both sides",
        )],
    ),
    (
        "store push",
        &[(
            "report store push",
            "copy the records here into the store of `experiments/store.toml`",
        )],
    ),
    (
        "store pull",
        &[("report store pull --store /shared/paper", "copy the missing records from a directory")],
    ),
    (
        "bundle export",
        &[(
            "report bundle export paper.tar.zst",
            "one file with the report, its experiments and its records",
        )],
    ),
    (
        "bundle import",
        &[(
            "report bundle import paper.tar.zst -C paper",
            "check the file, and write its content into `paper`",
        )],
    ),
    ("jobs", &[("report jobs", "the tasks of this project on the cluster")]),
    (
        "jobs cancel",
        &[(
            "report jobs cancel 1f3a",
            "cancel the tasks of the plan whose name begins with `1f3a`",
        )],
    ),
    ("jobs log", &[("report jobs log 1f3a.0", "what the first task of the plan wrote")]),
    (
        "worker",
        &[(
            "report worker --plan .report/jobs/1f3a/plan.json --index 0",
            "what a scheduler runs for the first task",
        )],
    ),
    ("cache ls", &[("report cache ls", "all records, and which of them are needed")]),
    ("cache gc", &[("report cache gc --dry-run", "the records that nothing needs")]),
    (
        "completions",
        &[
            (
                "report completions bash > ~/.local/share/bash-completion/completions/report",
                "for bash",
            ),
            ("report completions zsh > ~/.zfunc/_report", "for zsh"),
            ("report completions fish > ~/.config/fish/completions/report.fish", "for fish"),
        ],
    ),
    (
        "help",
        &[
            ("report help build", "the options of a command"),
            ("report help lr", "what the key takes, its default and its meaning, with an example"),
            ("report help schedule", "all keys of a table"),
            ("report help one_cycle", "the keys of one kind"),
            ("report help cell", "what a function of templates shows"),
        ],
    ),
    ("man", &[("report man ~/.local/share/man/man1", "then `man report-build` shows a page")]),
];

/// The examples of the command of this name, such as `cache ls`.
pub(super) fn examples(name: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(own, _)| *own == name).map_or(&[], |(_, examples)| examples)
}

/// The command line, with the examples of each command in its help.
pub(super) fn command() -> Command {
    with_examples(Cli::command(), "")
}

fn with_examples(command: Command, name: &str) -> Command {
    let rest = command.get_after_help().map(|text| format!("\n\n{text}")).unwrap_or_default();
    // A command with commands below it shows theirs.
    let is_of = |own: &str| {
        own == name || (examples(name).is_empty() && own.starts_with(&format!("{name} ")))
    };
    let shown: Vec<Example> = EXAMPLES
        .iter()
        .filter(|(own, _)| is_of(own))
        .flat_map(|(_, examples)| *examples)
        .copied()
        .collect();
    let command = match shown.is_empty() {
        true => command,
        false => command.after_help(format!("Examples:\n{}{rest}", aligned(&shown))),
    };
    let below: Vec<_> =
        command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    below.into_iter().fold(command, |command, below| {
        let name = format!("{name} {below}");
        command.mut_subcommand(below, |below| with_examples(below, name.trim_start()))
    })
}

fn aligned(examples: &[Example]) -> String {
    let width = examples.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
    let lines = examples.iter().map(|(line, what)| format!("  {line:<width$}     {what}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of all commands that do something by themselves.
    fn leaves(command: &Command, name: &str) -> Vec<String> {
        let below: Vec<_> = command.get_subcommands().collect();
        let own =
            (below.is_empty() || !command.is_subcommand_required_set()).then(|| name.to_owned());
        let names = below
            .iter()
            .flat_map(|below| leaves(below, format!("{name} {}", below.get_name()).trim_start()));
        own.into_iter().filter(|name| !name.is_empty()).chain(names).collect()
    }

    #[test]
    fn each_command_has_an_example_that_it_understands() {
        let mut command = command();
        command.build();
        command.clone().debug_assert();
        let names = leaves(&command, "");
        assert!(names.len() > 25, "{names:?}");
        for name in &names {
            assert!(!examples(name).is_empty(), "{name} has no example");
        }
        for below in command.get_subcommands() {
            let help = below.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:\n  report "), "{}: {help}", below.get_name());
        }
        for (name, examples) in EXAMPLES {
            assert!(names.iter().any(|own| own == name), "there is no command `{name}`");
            for (line, _) in *examples {
                let words = shlex::split(line).unwrap();
                let words = words.iter().take_while(|word| *word != ">");
                assert!(line.starts_with(&format!("report {name}")), "{line}");
                let parsed = command.clone().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }
}
