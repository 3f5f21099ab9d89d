//! For a Kong without wasm: an Envoy with the filter, behind a service of Kong.

use switchyard::config::file::{address, types::Gateway};

use super::{Options, Part, front, head};
use crate::render::text::quote;

/// One of the files.
///
/// # Errors
/// Such a Kong has the first only.
pub(super) fn part(gateway: &Gateway, options: &Options, part: Part) -> Result<String, String> {
    match part {
        Part::Entities => entities(gateway, options),
        Part::Meta | Part::Conf => Err("--part: with --beside, kong.yml is all that Kong needs".to_owned()),
    }
}

fn entities(gateway: &Gateway, options: &Options) -> Result<String, String> {
    let listen = address::listen(&gateway.listen)?;
    let host = if listen.ip().is_unspecified() { "127.0.0.1".to_owned() } else { listen.ip().to_string() };
    let (times, attempts) = (&gateway.timeouts, gateway.attempts());
    // As Envoy's own routes wait: for every attempt, and a little longer, so that the error is Envoy's.
    let silence = times.reply.max(times.first_event);
    let read = silence.times(attempts).plus(times.idle).plus(times.connect);
    let head = head(options, "Declarative configuration, with an Envoy beside it,");
    Ok(format!(
        r#"{head}# The Envoy is started with `switchyard run`, or with what `switchyard render envoy` prints, where Kong reaches it.
_format_version: "3.0"

services:
- name: switchyard
  protocol: http
  host: {host}
  port: {port}
  # Envoy tries again, at another provider; Kong would begin all over.
  retries: 0
  connect_timeout: {connect}
  write_timeout: {idle}
  # While nothing comes: time for every attempt.
  read_timeout: {read}
  tags: [switchyard]
  routes:
  - name: switchyard
    paths: [{paths}]
    strip_path: {strip}
    # Pieces of a stream go to the client as they come.
    response_buffering: false
    # Envoy holds the body, and answers for what is too large in the client's own form.
    request_buffering: false
    tags: [switchyard]
    # Envoy knows the clients by the keys of gateway.yaml. Where Kong is to know them instead, leave `keys` out there, bind
    # Envoy to a loopback address, and let Kong's plugin take the header away that it has read:
    # plugins:
    # - name: key-auth
    #   config: {{key_names: [x-api-key, authorization], hide_credentials: true}}
    # With keys in both, hide_credentials must be false.
"#,
        host = quote(&host),
        port = listen.port(),
        connect = times.connect.millis(),
        idle = times.idle.millis(),
        read = read.millis(),
        paths = front::paths(options),
        strip = !options.prefix.is_empty(),
    ))
}
