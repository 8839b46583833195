//! The formats of outputs other than videos, and what the name of an output says about its format.

use std::path::Path;

use strikeline_picture::shown;

use super::UsageError;

/// The format of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputFormat {
    /// A picture.
    Png,
    /// Chrome's trace format, which is JSON.
    Trace,
    /// A drawing.
    Svg,
    /// A plan, which is JSON.
    Plan,
    /// A script that submits a plan to Slurm.
    SlurmScript,
}

impl OutputFormat {
    /// The extensions of this format in small letters, the usual one first.
    fn extensions(self) -> &'static [&'static str] {
        match self {
            OutputFormat::Png => &["png"],
            OutputFormat::Trace | OutputFormat::Plan => &["json"],
            OutputFormat::Svg => &["svg"],
            // Not .sbatch or .slurm: it is run by the shell, and calls sbatch itself.
            OutputFormat::SlurmScript => &["sh"],
        }
    }

    /// A text that says what is written in this format.
    fn described(self) -> &'static str {
        match self {
            OutputFormat::Png => "pictures are written as PNG",
            OutputFormat::Trace => "traces are written as JSON",
            OutputFormat::Svg => "drawings are written as SVG",
            OutputFormat::Plan => "plans are written as JSON",
            OutputFormat::SlurmScript => "scripts for Slurm are written as shell scripts",
        }
    }

    /// Refuses `output`, which `option` names, if its extension is that of another format. A name without an extension is
    /// accepted.
    ///
    /// # Errors
    /// When it does, or is `-`, which stands for standard output.
    pub(super) fn check_name(self, option: &str, output: &Path) -> Result<(), UsageError> {
        let described = self.described();
        if is_standard_stream(output) {
            return Err(UsageError(format!(
                "{option} -: standard output is for the result; give the name of a file (./- for one called -)"
            )));
        }
        let extensions = self.extensions();
        let says_other = match output.extension() {
            None => false,
            Some(found) if found.is_empty() => false,
            Some(found) => !extensions.iter().any(|extension| found.eq_ignore_ascii_case(extension)),
        };
        if says_other {
            let endings: Vec<_> = extensions.iter().map(|extension| format!(".{extension}")).collect();
            let endings = endings.join(" or ");
            let text = format!("{option} {}: {described}; give a name that ends in {endings}", shown(output));
            return Err(UsageError(text));
        }
        Ok(())
    }
}

/// Whether `path` stands for standard input or output.
pub(super) fn is_standard_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_say_the_format_or_none_and_no_other() {
        use OutputFormat::{Plan, Png, SlurmScript, Svg, Trace};
        let check = |format: OutputFormat, name: &str| format.check_name("--output", Path::new(name));
        for (format, name) in [
            (Png, "a.PnG"),
            (Png, "still"),
            (Png, "still."),
            (Png, "folder.webm/still"),
            (Png, "/dev/null"),
            (Png, "./-"),
            (Png, ".png"),
            (Trace, "a.json"),
            (Svg, "a.svg"),
            (Plan, "a.plan.json"),
            (Plan, "plan"),
            (SlurmScript, "farm.sh"),
            (SlurmScript, "farm"),
        ] {
            assert!(check(format, name).is_ok(), "{name}");
        }
        for (format, name, words) in [
            (Png, "a.jpg", "PNG"),
            (Png, "a.png.jpg", "PNG"),
            (Trace, "a.svg", ".json"),
            (Svg, "a.json", ".svg"),
            (Svg, "-", "standard output"),
            (Plan, "a.mp4", ".json"),
            (Plan, "-", "standard output"),
            (SlurmScript, "a.sbatch", ".sh"),
            (SlurmScript, "a.json", "shell"),
            (SlurmScript, "-", "standard output"),
        ] {
            let error = check(format, name).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("--output"), "{name}: {error}");
        }
    }
}
