//! The command line as Markdown, for the reference page.

use clap::{Arg, Command};

use super::examples::{command, examples};

/// All commands, each with its arguments and examples.
#[must_use]
pub fn reference() -> String {
    let mut command = command();
    command.build();
    let shared = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let mut text = format!("## Options of every command\n\n{}", table("option", shared.map(row)));
    let sections = command.get_subcommands().map(|below| section(below, below.get_name()));
    text.extend(sections);
    text
}

/// A command, and those below it.
fn section(command: &Command, name: &str) -> String {
    let below: Vec<_> = command.get_subcommands().collect();
    let own = match below.is_empty() || !command.is_subcommand_required_set() {
        true => own_section(command, name),
        false => String::new(),
    };
    let sections =
        below.into_iter().map(|below| section(below, &format!("{name} {}", below.get_name())));
    own + &sections.collect::<String>()
}

fn own_section(command: &Command, name: &str) -> String {
    let about = sentence(&command.get_about().map(ToString::to_string).unwrap_or_default());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").lines().next().unwrap_or_default().to_owned();
    let arguments = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !arg.is_global_set() && arg.get_id() != "help");
    let arguments: Vec<_> = arguments.map(row).collect();
    let lines = examples(name).iter().map(|(line, what)| (format!("`{line}`"), (*what).to_owned()));
    let arguments = match arguments.is_empty() {
        true => String::new(),
        false => table("argument", arguments.into_iter()) + "\n",
    };
    format!(
        "\n## `report {name}`\n\n{about}\n\n`{usage}`\n\n{arguments}{}",
        table("example", lines)
    )
}

fn table(head: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    let rows = rows.map(|(left, right)| format!("| {left} | {right} |\n"));
    format!("| {head} | meaning |\n|---|---|\n{}", rows.collect::<String>())
}

/// An argument, and what it means.
fn row(arg: &Arg) -> (String, String) {
    let values = || {
        let names = arg.get_value_names().unwrap_or_default();
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let value =
        if arg.get_action().takes_values() { format!(" {}", values()) } else { String::new() };
    let long = arg.get_long().map(|long| format!("`--{long}{value}`"));
    let short = arg.get_short().map(|short| format!("`-{short}`"));
    let left = match (short, long) {
        (Some(short), Some(long)) => format!("{short}, {long}"),
        (None, Some(long)) => long,
        (Some(short), None) => short,
        (None, None) => format!("`{}`", values()),
    };
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string);
    let help = sentence(&help.unwrap_or_default());
    let words = arg.get_possible_values();
    let words: Vec<_> = words
        .iter()
        .filter(|word| !word.is_hide_set())
        .map(|word| {
            let about = word.get_help().map(|about| format!(" ({about})"));
            format!("`{}`{}", word.get_name(), about.unwrap_or_default())
        })
        .collect();
    let words = match words.is_empty() || !arg.get_action().takes_values() {
        true => String::new(),
        false => format!(" One of {}.", words.join(", ")),
    };
    (left, (help + &words).replace('|', "\\|"))
}

/// A text of clap, which has no full stop at its end.
fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text.ends_with('.') { text } else { text + "." }
}
