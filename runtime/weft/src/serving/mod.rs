//! Models that answer requests: what is deployed, and pools of warm instances that have it loaded.

mod batch;
mod deploy;
mod pool;
mod predict;

pub use batch::element_size;
pub use deploy::{DeployFrom, MAX_PERCENT, NewDeployment, ServedSource};
pub use pool::{Pool, PoolSettings, Reply, Unanswered};
pub use predict::{Predict, Predicted};
