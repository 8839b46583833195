//! `strikeline man`: the manual pages, one for the program and one for each command.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Command;
use clap_mangen::Man;
use strikeline_picture::shown;
use wgpu_video::output::{OutputFile, Overwrite};

use super::args::ForceArgs;
use super::exit_code::ExitCode;
use super::files::make_folder;
use super::{about, console, words};

/// Print the manual page, or write those of all commands.
#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// Folder for all pages, which is made if it does not exist; without it, the page of the program is printed
    ///
    /// The pages are called strikeline.1, strikeline-render.1 and so on.
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,
}

/// Runs it.
pub(super) fn run(args: &ManArgs) -> anyhow::Result<()> {
    let program = complete_program();
    match &args.folder {
        None => Ok(console::print_bytes(&page(&program)?)?),
        Some(folder) => {
            let pages = write_all(&program, folder, args.force.overwrite())?;
            console::tell(format_args!("{} in {}", words::count(pages, "page"), shown(folder)));
            Ok(())
        }
    }
}

/// The program, with all its commands complete.
fn complete_program() -> Command {
    // A page leaves out the help of an option that is not in the short help.
    let shown = |command: Command| command.mut_args(|arg| arg.hide_short_help(false));
    let mut program =
        shown(super::program()).disable_help_subcommand(true).version(env!("CARGO_PKG_VERSION"));
    program.build();
    program.mut_subcommands(shown)
}

/// Writes the pages of all commands, and returns how many there are.
///
/// # Errors
/// When a page exists and may not be replaced, or cannot be written. Each page is whole, or as it was before.
fn write_all(program: &Command, folder: &Path, overwrite: Overwrite) -> anyhow::Result<usize> {
    make_folder(folder)?;
    let mut pages = Vec::new();
    for command in std::iter::once(program).chain(program.get_subcommands()) {
        let file = OutputFile::create(&folder.join(format!("{}.1", name(command))), overwrite)?;
        pages.push((file, page(command)?));
    }
    let count = pages.len();
    for (mut file, page) in pages {
        file.write_all(&page).map_err(|error| file.error(error))?;
        file.commit()?;
    }
    Ok(count)
}

/// The name of the page: `strikeline-render`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

/// The page of a command.
fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let is_program = command.get_name() == "strikeline";
    let man = Man::new(command.clone())
        .title(name(command))
        .source(format!("strikeline {}", env!("CARGO_PKG_VERSION")))
        .manual("strikeline");
    let mut page = Vec::new();
    let rendered = (|| -> io::Result<()> {
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut page)?;
        }
        section(&mut page, "EXIT STATUS", &ExitCode::TABLE)?;
        section(&mut page, "ENVIRONMENT", &about::ENVIRONMENT)?;
        section(&mut page, "FILES", &about::FILES)?;
        see_also(&mut page, command, is_program)
    })();
    rendered.context("the page cannot be made")?;
    Ok(page)
}

/// A section with a paragraph for each thing.
fn section(page: &mut Vec<u8>, heading: &str, rows: &[(&str, &str)]) -> io::Result<()> {
    writeln!(page, ".SH {heading}")?;
    for (what, meaning) in rows {
        writeln!(page, ".TP\n\\fB{}\\fR\n{}", escaped(what), escaped(meaning))?;
    }
    Ok(())
}

fn see_also(page: &mut Vec<u8>, command: &Command, is_program: bool) -> io::Result<()> {
    let others: Vec<String> = match is_program {
        true => {
            command.get_subcommands().map(|other| format!("\\fB{}\\fR(1)", escaped(&name(other)))).collect()
        }
        false => vec!["\\fBstrikeline\\fR(1)".to_owned()],
    };
    writeln!(page, ".SH SEE ALSO\n{}", words::listed(others, "and"))
}

/// `text` with the characters that mean something to roff as they are to be read.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    // A line that begins with one of these is a command.
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}
