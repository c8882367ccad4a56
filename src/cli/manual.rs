//! `report completions` and `report man`.

use super::examples::command;
use super::manual_args::{CompletionsArgs, ManArgs};
use super::terminal::{data, own_text};
use crate::fs;
use crate::pipeline::Error;

pub(super) fn completions(args: &CompletionsArgs) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "report", &mut script);
    own_text(String::from_utf8_lossy(&script).trim_end())
}

pub(super) fn man(args: &ManArgs) -> Result<(), Error> {
    let mut pages = Vec::new();
    let mut command = command();
    // Gives each command below it the name of its page.
    command.build();
    collect(&command, &mut pages);
    let files: Vec<_> =
        pages.iter().map(|(name, page)| (args.directory.join(name), &page[..])).collect();
    fs::write_all_atomic(&files).map_err(Error::File)?;
    data(&format!("wrote {} pages into {}", files.len(), args.directory.display()))
}

/// The pages of a command and of those below it, each with the name of its file.
fn collect(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) {
    command.get_subcommands().for_each(|below| collect(below, pages));
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone());
    page.render(&mut text).expect("a vector takes all bytes");
    pages.push((format!("{name}.1"), text));
}
