//! Search of motion that nobody told: where the samples of a macroblock come from in the previous picture. How it is done is
//! the encoder's choice; what vectors mean is defined by ITU-T H.264, 8.4.

pub(crate) mod colocated;
pub(crate) mod field;
pub(crate) mod lookahead;
pub(crate) mod quarters;
pub(crate) mod search;
