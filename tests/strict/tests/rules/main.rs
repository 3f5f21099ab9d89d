//! The hosts' own tests: each rule has a module that breaks it, and one that keeps it.

mod bodies;
mod fixture;
mod flow;
mod headers;
mod loading;
mod nginx;
mod services;
