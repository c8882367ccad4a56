//! `report help`.

use super::examples::command;
use super::terminal::own_text;
use crate::document::suggestion;
use crate::keys;
use crate::pipeline::Error;
use crate::template;

pub(super) fn run(topic: &[String]) -> Result<(), Error> {
    let mut command = command();
    command.build();
    let mut found = Some(&mut command);
    for word in topic {
        found = found.and_then(|command| command.find_subcommand_mut(word));
    }
    if let Some(command) = found {
        return own_text(command.render_long_help().to_string().trim_end());
    }
    let word = topic.join(" ");
    let found: Vec<_> = keys::about(&word).into_iter().chain(template::about(&word)).collect();
    match found.is_empty() {
        false => own_text(&found.join("\n\n")),
        true => Err(Error::Request {
            message: format!(
                "there is no command, no key, and no function or value of templates `{word}`"
            ),
            hint: hint(&command, &word),
        }),
    }
}

fn hint(command: &clap::Command, word: &str) -> String {
    let commands = command.get_subcommands().map(clap::Command::get_name);
    let names: Vec<_> = commands.chain(keys::names()).chain(template::names()).collect();
    match suggestion(word.rsplit('.').next().unwrap_or(word), &names) {
        near if near.starts_with("did") => near,
        _ => "`report --help` lists the commands; docs/files.md, docs/tasks.md and docs/programs.md have the keys, and \
             docs/templates.md has the rest"
            .to_owned(),
    }
}
