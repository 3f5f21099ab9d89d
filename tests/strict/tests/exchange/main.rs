//! Whole exchanges through the compiled module, on a host that enforces Envoy's rules.

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod converted;
mod embeddings;
mod failover;
mod local;
mod manners;
mod passed;
mod same;
mod splits;
mod tokens;
mod trailers;
