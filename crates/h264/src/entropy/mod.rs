//! From syntax elements to bits: CABAC and CAVLC (ITU-T H.264, 9.2 and 9.3).

pub(crate) mod arithmetic;
pub(crate) mod cabac;
mod cabac_bidirectional;
pub(crate) mod cabac_contexts;
pub(crate) mod cabac_macroblock;
pub(crate) mod cabac_residual;
pub(crate) mod cabac_tables;
pub(crate) mod cavlc;
pub(crate) mod cavlc_tables;
#[cfg(test)]
mod quick_tests;
pub(crate) mod writer;
