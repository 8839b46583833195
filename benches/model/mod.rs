//! What `pipeline_model` needs: stages that only wait, and what a pipeline without any cost of its own would do.

pub mod bare;
pub mod costs;
pub mod ideal;
pub mod recording;
pub mod report;
pub mod stand_ins;
