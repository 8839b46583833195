//! Colours of messages, help and progress: `--color`, and the environment variables `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`
//! and `TERM`.

use std::ffi::{OsStr, OsString};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set, `CLICOLOR` is 0 or `TERM` is dumb; everywhere if `CLICOLOR_FORCE` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a line on standard error begins with, and what that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// Something failed.
    Error,
    /// A user ought to know something.
    Warning,
    /// What helps against an error.
    Help,
}

impl Label {
    /// The word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Label::Error => "error",
            Label::Warning => "warning",
            Label::Help => "help",
        }
    }

    /// How it looks: as in clap's own messages.
    pub(crate) fn style(self) -> Style {
        let color = match self {
            Label::Error => AnsiColor::Red,
            Label::Warning => AnsiColor::Yellow,
            Label::Help => AnsiColor::Green,
        };
        Style::new().bold().fg_color(Some(color.into()))
    }
}

impl ColorChoice {
    /// The choice in `arguments`, which may be wrong elsewhere; the last one counts.
    pub(crate) fn in_arguments(arguments: impl IntoIterator<Item = OsString>) -> ColorChoice {
        let mut choice = ColorChoice::Auto;
        let mut arguments = arguments.into_iter().take_while(|argument| argument != "--");
        let parsed = |value: &str| ColorChoice::from_str(value, false).ok();
        while let Some(argument) = arguments.next() {
            let given = match argument.to_str() {
                Some("--color") => arguments.next().as_deref().and_then(OsStr::to_str).and_then(parsed),
                Some(other) => other.strip_prefix("--color=").and_then(parsed),
                None => None,
            };
            choice = given.unwrap_or(choice);
        }
        choice
    }

    /// Lets everything that is printed from now on follow the choice.
    pub(crate) fn apply(self) {
        self.for_streams().write_global();
        ::console::set_colors_enabled_stderr(super::console::is_colored());
    }

    /// What `Auto` stands for where `CLICOLOR_FORCE` is 0, which the libraries take for a request to force colours.
    fn resolved(self) -> ColorChoice {
        let is = |name: &str, value: &str| std::env::var_os(name).is_some_and(|given| given == value);
        if self != ColorChoice::Auto || !is("CLICOLOR_FORCE", "0") {
            return self;
        }
        let refuses =
            std::env::var_os("NO_COLOR").is_some_and(|given| !given.is_empty()) || is("CLICOLOR", "0");
        if super::console::has_terminal() && !refuses { ColorChoice::Always } else { ColorChoice::Never }
    }

    /// The same for clap.
    pub(crate) fn for_clap(self) -> clap::ColorChoice {
        match self.resolved() {
            ColorChoice::Auto => clap::ColorChoice::Auto,
            ColorChoice::Always => clap::ColorChoice::Always,
            ColorChoice::Never => clap::ColorChoice::Never,
        }
    }

    fn for_streams(self) -> anstream::ColorChoice {
        match self.resolved() {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(arguments: &[&str]) -> ColorChoice {
        ColorChoice::in_arguments(arguments.iter().map(OsString::from))
    }

    #[test]
    fn the_choice_is_found_before_the_command_line_is_parsed() {
        assert_eq!(choice(&["render", "song.mid"]), ColorChoice::Auto);
        assert_eq!(choice(&["--color", "never", "render"]), ColorChoice::Never);
        assert_eq!(choice(&["render", "--color=always", "--nonsense"]), ColorChoice::Always);
        assert_eq!(choice(&["--color=always", "--color", "never"]), ColorChoice::Never);
        assert_eq!(choice(&["--color", "pink", "--", "--color=never"]), ColorChoice::Auto);
    }
}
