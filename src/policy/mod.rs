//! Who may ask for what.

pub mod keys;
