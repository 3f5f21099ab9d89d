//! From a model's name to a plan: who may serve it, and in which order.

pub mod pattern;
mod plan;
pub mod pool;
mod table;

pub use plan::{Known, Plan, Step};
pub use table::Table;
