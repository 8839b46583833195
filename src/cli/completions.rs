//! `strikeline completions`: scripts that let shells complete the command line.

use clap_complete::Shell;

use super::{console, program};

/// Print the completions for a shell.
///
/// For bash: strikeline completions bash > ~/.local/share/bash-completion/completions/strikeline
///
/// For zsh, into a folder of $fpath: strikeline completions zsh > ~/.zfunc/_strikeline
///
/// For fish: strikeline completions fish > ~/.config/fish/completions/strikeline.fish
///
/// For PowerShell, in the profile: strikeline completions powershell | Out-String | Invoke-Expression
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// Shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Runs it.
pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program(), "strikeline", &mut script);
    Ok(console::print_bytes(&script)?)
}
