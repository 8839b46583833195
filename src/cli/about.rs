//! What the help and the manual pages say at their end.

use super::exit_code::ExitCode;

/// The environment variables that strikeline reads.
pub(crate) const ENVIRONMENT: [(&str, &str); 8] = [
    ("STRIKELINE_FFMPEG", "the ffmpeg that encodes, where --ffmpeg is not given"),
    ("XDG_CONFIG_HOME", "the folder of the folder strikeline with the settings"),
    ("NO_COLOR", "no colours, if it is set and not empty"),
    ("CLICOLOR", "no colours, if it is 0"),
    ("CLICOLOR_FORCE", "colours even where there is no terminal, if it is set and not 0"),
    ("TERM", "no colours and no progress bar, if it is dumb"),
    (
        "LP_NUM_THREADS",
        "threads of Mesa's driver that draws on the CPU; set to 0 on two cores if it is not set",
    ),
    ("RUST_BACKTRACE", "a backtrace in the report of a bug, if it is 1"),
];

/// The files that strikeline reads and writes besides those that the command line names.
pub(crate) const FILES: [(&str, &str); 4] = [
    (
        "~/.config/strikeline/config.toml",
        "defaults of options; on macOS in ~/Library/Application Support, on Windows in %APPDATA%, and everywhere in \
         $XDG_CONFIG_HOME if that is set",
    ),
    ("~/.config/strikeline/tuned.toml", "what strikeline tune has found; in the same folders"),
    (".NAME.KEY.strikeline-journal", "beside an output: finished segments of an interrupted render"),
    (".batch.strikeline-journal", "in the folder of several videos: which of them are finished"),
];

/// The end of `strikeline --help`.
pub(crate) fn after_help() -> String {
    let mut text = String::new();
    for (heading, rows) in
        [("Exit codes", &ExitCode::TABLE[..]), ("Environment variables", &ENVIRONMENT), ("Files", &FILES)]
    {
        text.push_str(&format!("{heading}:\n"));
        for (what, meaning) in rows {
            text.push_str(&format!("    {what}: {meaning}\n"));
        }
        text.push('\n');
    }
    text.push_str(
        "`strikeline COMMAND -h` shows the usual options of a command, and `strikeline COMMAND --help` all.",
    );
    text
}
