//! Parts of `pipeline_model`: stand-in stages that wait, and the time of a pipeline without any cost of its own.

pub(crate) mod bare;
pub(crate) mod costs;
pub(crate) mod ideal;
pub(crate) mod recording;
pub(crate) mod report;
pub(crate) mod stand_ins;
