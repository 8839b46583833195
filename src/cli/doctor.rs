//! `strikeline doctor`: what strikeline finds on this machine, what is missing, and how to get it.

mod findings;
mod machine;
mod report;

use std::ffi::OsString;

use super::args::{AdapterArgs, JsonArgs, ffmpeg_or_usual, headings};
use super::console;
use findings::DoctorFindings;

/// Show what is found on this machine, and what is missing.
///
/// Exits with an error when there is no graphics adapter; everything else is shown even then.
#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    adapter: AdapterArgs,

    #[command(flatten)]
    json: JsonArgs,

    /// The ffmpeg to look at
    ///
    /// The default is the environment variable STRIKELINE_FFMPEG, or ffmpeg.
    #[arg(long, help_heading = headings::ENCODING, value_name = "PROGRAM")]
    ffmpeg: Option<OsString>,
}

/// Runs it.
pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    let findings = DoctorFindings::gather(&args.adapter.choice(), &ffmpeg_or_usual(args.ffmpeg.as_deref()));
    if args.json.json {
        console::print_json(&report::json(&findings))?;
    } else {
        console::print(&report::text(&findings))?;
    }
    findings.graphics.map(drop).map_err(anyhow::Error::new)
}
