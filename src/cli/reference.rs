//! The command line as Markdown, for the reference page.

use clap::{Arg, Command};

use super::examples::{command, examples};

/// Options of `build` that many commands have too. The reference has them once.
const COMMON: [&str; 4] = ["project", "seeds", "data", "device"];

/// What is not repeated at each command.
struct Told<'t> {
    /// The options of every command.
    of_all: Vec<&'t Arg>,
    /// Those in [`COMMON`].
    common: Vec<&'t Arg>,
}

/// All commands, each with its arguments and examples.
#[must_use]
pub fn reference() -> String {
    let mut command = command();
    command.build();
    let of_build = command.find_subcommand("build").into_iter().flat_map(visible);
    let common = of_build.filter(|arg| COMMON.contains(&arg.get_id().as_str()));
    let told = Told { of_all: visible(&command).collect(), common: common.collect() };
    let rows = |args: &[&Arg]| table("option", args.iter().map(|arg| row(arg)));
    let mut text = format!(
        "## Options of every command\n\n{}\n## Options of commands that read a project\n\n{}",
        rows(&told.of_all),
        rows(&told.common)
    );
    text.extend(command.get_subcommands().map(|below| section(below, below.get_name(), &told)));
    text
}

fn visible(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_hide_set())
}

/// A command, and those below it.
fn section(command: &Command, name: &str, told: &Told<'_>) -> String {
    let below: Vec<_> = command.get_subcommands().collect();
    let own = match below.is_empty() || !command.is_subcommand_required_set() {
        true => own_section(command, name, told),
        false => String::new(),
    };
    let of_below = |below: &Command| section(below, &format!("{name} {}", below.get_name()), told);
    own + &below.into_iter().map(of_below).collect::<String>()
}

fn own_section(command: &Command, name: &str, told: &Told<'_>) -> String {
    let about = sentence(&command.get_about().map(ToString::to_string).unwrap_or_default());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").lines().next().unwrap_or_default().to_owned();
    let is_of_all = |arg: &&Arg| told.of_all.iter().any(|other| other.get_id() == arg.get_id());
    // An option of the same name can mean something else.
    let is_common = |arg: &&Arg| told.common.iter().any(|other| row(other) == row(arg));
    let (common, own): (Vec<_>, Vec<_>) =
        visible(command).filter(|arg| !is_of_all(arg)).partition(is_common);
    let common = common.iter().filter_map(|arg| arg.get_long()).map(|long| format!("`--{long}`"));
    let common = common.collect::<Vec<_>>().join(", ");
    let common = if common.is_empty() { common } else { format!("Also {common}.\n\n") };
    let arguments = match own.is_empty() {
        true => String::new(),
        false => table("argument", own.into_iter().map(row)) + "\n",
    };
    let lines = examples(name).iter().map(|(line, what)| (format!("`{line}`"), (*what).to_owned()));
    // What stands below the examples in the help.
    let rest = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let rest = rest.split_once("\n\n").map_or_else(String::new, |(_, rest)| format!("\n{rest}\n"));
    format!(
        "\n## `report {name}`\n\n{about}\n\n`{usage}`\n\n{arguments}{common}{}{rest}",
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
