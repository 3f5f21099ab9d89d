//! Whole exchanges through the compiled module, on hosts that enforce the rules of Envoy, and of nginx and Kong.

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod converted;
mod embeddings;
mod failover;
mod local;
mod manners;
mod nginx;
mod passed;
mod same;
mod splits;
mod tokens;
mod trailers;
