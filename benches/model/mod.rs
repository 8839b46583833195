//! Parts of `pipeline_model`: stand-in stages that wait, and the time of a pipeline without any cost of its own.

pub mod bare;
pub mod costs;
pub mod ideal;
pub mod recording;
pub mod report;
pub mod stand_ins;
