//! What becomes of a chat request's fields at this provider.

use crate::{
    dialect::chat::field::Field,
    provider::{
        fate::Fate::{self, Refused},
        model::ModelFacts,
    },
};

/// The fate of `field`.
pub fn of_chat(_field: Field) -> Fate {
    Refused("this format cannot be written yet")
}

/// Why a model of these capabilities has to refuse `field`; `None` where the format's own fate holds.
pub fn by_model(_facts: &ModelFacts, _field: Field) -> Option<&'static str> {
    None
}
