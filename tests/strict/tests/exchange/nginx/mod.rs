//! The compiled module on nginx and Kong: one pass for each provider's route, and the front before them.

mod front;
mod hostile;
mod replies;
mod requests;

use strict::{
    driver::Attempt,
    nginx::{driver::Server, route::Route},
};
use switchyard::config::plugin::{Entry, Headers, Plugin, RoleName};

use crate::common::*;

/// Kong's route with a standalone filter.
fn kong() -> Server {
    kong_with(|_| ())
}

/// The same with another configuration.
fn kong_with(change: impl Fn(&mut Plugin)) -> Server {
    start(RoleName::Standalone, change)
}

fn start(role: RoleName, change: impl Fn(&mut Plugin)) -> Server {
    let mut plugin = plugin(role);
    plugin.entry = Entry { headers: Headers::Nginx, ..Entry::default() };
    change(&mut plugin);
    let document = serde_json::to_vec(&plugin).unwrap();
    Server::start(compiled_for_nginx(), Route::kong(), &document, &ENVIRONMENT).unwrap()
}

fn claude() -> Attempt {
    Attempt::at("claude", strict::driver::Answer::json(200, anthropic_reply("Hello.")))
}
