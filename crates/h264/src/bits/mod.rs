//! Bits, NAL units, parameter sets and slice headers (ITU-T H.264, 7.3.1, 7.3.2, 7.3.3 and 9.1).

pub(crate) mod bit_writer;
pub(crate) mod level;
pub(crate) mod nal;
pub(crate) mod parameter_sets;
