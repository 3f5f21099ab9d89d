//! Replies that Envoy makes where the filter is not asked: HTTP that cannot be read, no room, a filter that failed. They
//! become errors as the client's API has them.

use switchyard::config::plugin::Plugin;

use super::{Options, needs};
use crate::render::text::{indent, item};

/// Envoy's own reply, as errors have to look.
struct Mapper {
    /// What is said of it in the configuration.
    comment: &'static str,
    /// Which replies, in CEL. The filter's own have no details.
    when: &'static str,
    /// OpenAI's type of the error, and Anthropic's.
    kinds: (&'static str, &'static str),
    code: &'static str,
    message: &'static str,
    /// Whether it is known by then for which host the request is.
    has_host: bool,
    /// Seconds after which to try again.
    retry_after: Option<u32>,
}

const MAPPERS: &[Mapper] = &[
    Mapper {
        comment: "Memory is at its limit (limits.memory_bytes): no filter is asked.",
        when: "response.code_details == 'overload'",
        kinds: ("server_error", "overloaded_error"),
        code: "gateway_overloaded",
        message: "The gateway has no room for more requests; try again.",
        has_host: true,
        retry_after: Some(1),
    },
    Mapper {
        comment: "The filter itself failed; a new one is started. Which API was meant may be overwritten for the provider by now.",
        when: "response.code_details == 'wasm_fail_stream'",
        kinds: ("api_error", ""),
        code: "gateway_error",
        message: "The gateway failed at this request; try again.",
        has_host: true,
        retry_after: Some(1),
    },
    Mapper {
        comment: "Headers that are too many or too large. Which API was meant is not known yet.",
        when: "response.code_details.endsWith('too_many_headers') || response.code_details.endsWith('headers_too_large')",
        kinds: ("invalid_request_error", ""),
        code: "headers_too_large",
        message: "The headers of the request are too many or too large.",
        has_host: false,
        retry_after: None,
    },
    Mapper {
        comment: "What HTTP does not allow, and requests that are too slow to say what they are.",
        when: "response.code_details.startsWith('http') || response.code_details in ['missing_host_header', 'path_normalization_failed', 'missing_path_rejected', 'request_header_timeout', 'low_version']",
        kinds: ("invalid_request_error", ""),
        code: "bad_request",
        message: "The request is not well-formed HTTP, or did not come in time.",
        has_host: false,
        retry_after: None,
    },
];

/// Where a connection takes in a whole body before the filter sees how large it is.
const TOO_LARGE: Mapper = Mapper {
    comment: "A body over the listener's limit, of which the filter has not seen the end.",
    when: "response.code_details == 'request_payload_too_large'",
    kinds: ("invalid_request_error", "request_too_large"),
    code: "request_too_large",
    message: "The request body is larger than the limit of this gateway.",
    has_host: true,
    retry_after: None,
};

/// What is said of them to the connection manager.
pub(super) fn config(options: &Options, plugin: &Plugin) -> String {
    let ours = ours(options, plugin);
    let messages = format!("{}/v1/messages", options.prefix);
    let (param, request_id) =
        if needs::NULLS.is_in(options.version) { (", param: null", "request_id: null\n") } else { ("", "") };
    let mut text = String::from(
        "# Envoy's own replies, where no filter could write them.\nlocal_reply_config:\n  mappers:\n",
    );
    let late = !needs::BODY_LIMIT.is_in(options.version);
    let all = MAPPERS.iter().chain(late.then_some(&TOO_LARGE));
    for mapper in all.filter(|mapper| mapper.has_host || ours.is_empty()) {
        let comment = format!("# {}\n", mapper.comment);
        text.push_str(&indent(2, &comment));
        let (openai, anthropic) = mapper.kinds;
        if !anthropic.is_empty() {
            let when = format!("{ours}request.path.startsWith('{messages}') && ({})", mapper.when);
            let body = format!(
                "type: error\nerror: {{type: {anthropic}, message: {:?}}}\n{request_id}",
                mapper.message
            );
            text.push_str(&indent(2, &one(mapper, &when, &body)));
        }
        // Both APIs' clients find in this what they look for.
        let own = format!("type: {openai}, message: {:?}{param}, code: {}", mapper.message, mapper.code);
        let kind = if anthropic.is_empty() { "type: error\n" } else { "" };
        let when = if ours.is_empty() { mapper.when.to_owned() } else { format!("{ours}({})", mapper.when) };
        text.push_str(&indent(2, &one(mapper, &when, &format!("{kind}error: {{{own}}}\n"))));
    }
    text
}

/// Which requests are the gateway's, where others pass the same listener; nothing where all are. An attempt may have written
/// its provider's host by then.
fn ours(Options { domains, prefix, .. }: &Options, plugin: &Plugin) -> String {
    if !prefix.is_empty() {
        return format!("request.path.startsWith('{prefix}/') && ");
    }
    if domains.is_empty() || domains.iter().any(|domain| domain.contains('*')) {
        return String::new();
    }
    // With a port or without. Envoy's CEL joins no strings where it is not told to: such an expression never holds.
    let mut any: Vec<String> =
        domains.iter().map(|domain| format!("request.host.startsWith('{domain}:')")).collect();
    let mut names: Vec<String> = Vec::new();
    let hosts = plugin.providers.iter().map(|provider| &provider.authority);
    for name in domains.iter().chain(hosts).map(|name| format!("'{name}'")) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    any.insert(0, format!("request.host in [{}]", names.join(", ")));
    format!("({}) && ", any.join(" || "))
}

fn one(mapper: &Mapper, when: &str, body: &str) -> String {
    let mut text = format!(
        r#"filter:
  extension_filter:
    name: envoy.access_loggers.extension_filters.cel
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter
      expression: "{when}"
"#
    );
    if let Some(seconds) = mapper.retry_after {
        text.push_str(&format!(
            "headers_to_add:\n- header: {{key: retry-after, value: \"{seconds}\"}}\n  append_action: OVERWRITE_IF_EXISTS_OR_ADD\n\
             - header: {{key: x-should-retry, value: \"true\"}}\n  append_action: OVERWRITE_IF_EXISTS_OR_ADD\n"
        ));
    }
    text.push_str(&format!("body_format_override:\n  json_format:\n{}", indent(4, body)));
    item(&text)
}
