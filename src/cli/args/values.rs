//! Values of options that several have: whole numbers, and names that are not empty.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use clap::builder::{OsStringValueParser, StringValueParser, TypedValueParser};

/// Parses a whole number of `range`. An error says what the range is, whatever the text is.
pub(crate) fn whole_number<N>(range: RangeInclusive<N>) -> impl TypedValueParser<Value = N>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display + Clone + Send + Sync + 'static,
{
    StringValueParser::new().try_map(move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    })
}

/// Takes the name of something built in, or of a file.
pub(crate) fn name_or_file() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().try_map(|name| match name.is_empty() {
        true => Err("the name is empty"),
        false => Ok(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, Command};

    #[test]
    fn what_is_no_number_of_the_range_is_told_with_the_range() {
        let parse = |text: &str| {
            let number = Arg::new("number").allow_hyphen_values(true).value_parser(whole_number(1_u8..=51));
            Command::new("test").arg(number).try_get_matches_from(["test", text])
        };
        for text in ["1", "51", " 7 "] {
            let number = parse(text).unwrap().get_one::<u8>("number").copied();
            assert_eq!(number, text.trim().parse().ok(), "{text}");
        }
        for text in ["0", "52", "300", "-1", "1.5", "", "many", "99999999999999999999999"] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains("must be a whole number from 1 to 51"), "{text}: {error}");
        }
    }
}
