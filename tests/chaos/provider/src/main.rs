//! `chaos-provider --listen 127.0.0.1:0`: says the port it got, and serves until it is killed.

use std::{env, io::Write, process::ExitCode};

use chaos_provider::server;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let address = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => "127.0.0.1:0",
        ["--listen", address] => address,
        _ => return fail("usage: chaos-provider [--listen 127.0.0.1:PORT]"),
    };
    let server = match server::Server::bind(address) {
        Ok(server) => server,
        Err(error) => return fail(&format!("chaos-provider: {address}: {error}")),
    };
    let mut out = std::io::stdout();
    if writeln!(out, "listening {}", server.address()).and_then(|()| out.flush()).is_err() {
        return ExitCode::FAILURE;
    }
    server.run();
    ExitCode::SUCCESS
}

fn fail(what: &str) -> ExitCode {
    eprintln!("{what}");
    ExitCode::FAILURE
}
