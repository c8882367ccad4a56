//! The arguments of `report completions` and `report man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  report completions bash > ~/.local/share/bash-completion/completions/report
  report completions zsh > ~/.zfunc/_report
  report completions fish > ~/.config/fish/completions/report.fish")]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  report man ~/.local/share/man/man1     then `man report-build` shows a page")]
pub(super) struct ManArgs {
    /// The directory for the pages. It is made if it does not exist.
    pub(super) directory: PathBuf,
}
