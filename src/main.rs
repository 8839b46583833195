//! The `strikeline` program: reads the command line, runs a subcommand, prints the error.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
