//! The compiled module on nginx and Kong: one pass for each provider's route, and the front before them.

mod front;
mod hostile;
mod replies;
mod requests;

use strict::{driver::Attempt, nginx::route::Route};

use crate::common::*;

fn claude() -> Attempt {
    Attempt::at("claude", strict::driver::Answer::json(200, anthropic_reply("Hello.")))
}
