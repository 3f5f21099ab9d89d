//! `gateway.yaml`: its types, its reading and its meaning.
//!
//! A file is read in three steps, and each reports all it finds rather than the first:
//!
//! 1. [`yaml`]: text to values, with the line of each;
//! 2. [`shape`]: keys and types, held against the JSON Schema that is made from the Rust types in [`types`];
//! 3. [`meaning`]: what a schema cannot say: names that refer to each other, addresses, what is not there yet.
//!
//! [`compile`](compile::plugin) then makes the filter's own configuration of it, and [`pools`] the pools that
//! Envoy must know.

pub mod address;
mod cards;
pub mod compile;
pub mod credentials;
pub mod duration;
pub mod finding;
pub mod kinds;
pub mod meaning;
pub mod nearest;
pub mod pools;
pub mod quirks;
pub mod shape;
pub mod types;
pub mod variables;
pub mod yaml;

use finding::{Finding, Findings};
use meaning::Surroundings;
use types::Gateway;

/// What reading a file gave.
#[derive(Debug)]
pub struct Reading {
    /// The configuration; `None` when there are mistakes.
    pub gateway: Option<Gateway>,
    /// Mistakes, warnings and notices, in the order of the file.
    pub findings: Vec<Finding>,
}

impl Reading {
    /// Whether the file must not be used.
    pub fn is_wrong(&self) -> bool {
        self.gateway.is_none()
    }
}

/// Reads and checks the text of a `gateway.yaml`.
///
/// `around` is the machine that the gateway will run on.
pub fn read(text: &str, around: &dyn Surroundings) -> Reading {
    let mut findings = Findings::default();
    let gateway = parse(text, &mut findings).map(|gateway| meaning::with_secrets(gateway, around));
    if let Some(gateway) = &gateway {
        meaning::check(gateway, around, &mut findings);
    }
    let wrong = findings.any_mistake();
    Reading { gateway: gateway.filter(|_| !wrong), findings: findings.into_sorted() }
}

fn parse(text: &str, findings: &mut Findings) -> Option<Gateway> {
    let document = yaml::load(text, findings)?;
    let schema = types::schema();
    let value = shape::check(&document, &schema, findings);
    match serde_json::from_value(value) {
        Ok(gateway) => Some(gateway),
        Err(error) => {
            // The shape was checked by the schema of the same types: this tells where the two disagree.
            findings.mistake("", error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests;
