//! Request headers that must not reach a provider, and that the filter cannot remove.
//!
//! On Envoy the filter writes all headers of an attempt anew. On ngx_wasm_module it can replace a header and not remove one
//! (observed), so that what it does not write would go on as the client sent it. Kong's `request-transformer` removes what
//! stands here before the filter runs. It is a list: headers of other names pass.

use crate::render::text::{indent, item};

/// Removed on every provider's route.
const ALWAYS: &[(&str, &[&str])] = &[
    (
        "What is compressed cannot be translated: without this header the provider sends plain text.",
        &["accept-encoding"],
    ),
    (
        "Who the client is, and from which page.",
        &[
            "cookie",
            "forwarded",
            "origin",
            "proxy-authorization",
            "referer",
            "sec-ch-ua",
            "sec-ch-ua-mobile",
            "sec-ch-ua-platform",
            "sec-fetch-dest",
            "sec-fetch-mode",
            "sec-fetch-site",
            "sec-fetch-user",
            "via",
        ],
    ),
    (
        "What chooses an account, a project or a signature: those of the gateway hold, not the client's.",
        &[
            "anthropic-dangerous-direct-browser-access",
            "idempotency-key",
            "openai-beta",
            "openai-organization",
            "openai-project",
            "x-amz-content-sha256",
            "x-amz-date",
            "x-amz-security-token",
            "x-goog-api-client",
            "x-goog-user-project",
        ],
    ),
    (
        "What Kong's plugins tell of the consumer.",
        &[
            "x-anonymous-consumer",
            "x-authenticated-groups",
            "x-authenticated-scope",
            "x-authenticated-userid",
            "x-consumer-custom-id",
            "x-consumer-groups",
            "x-consumer-id",
            "x-consumer-username",
            "x-credential-identifier",
        ],
    ),
    (
        "Traces, and what the SDKs tell of themselves.",
        &[
            "baggage",
            "traceparent",
            "tracestate",
            "x-client-request-id",
            "x-request-id",
            "x-stainless-arch",
            "x-stainless-async",
            "x-stainless-helper-method",
            "x-stainless-lang",
            "x-stainless-os",
            "x-stainless-package-version",
            "x-stainless-read-timeout",
            "x-stainless-retry-count",
            "x-stainless-runtime",
            "x-stainless-runtime-version",
            "x-stainless-timeout",
        ],
    ),
    ("What only the gateway says.", &["x-switchyard-reply", "x-switchyard-sign", "x-switchyard-stream"]),
];

/// So many names stand in one line.
const ON_A_LINE: usize = 5;

/// Where clients put their keys (`policy/keys.rs`). Where the gateway has keys, the filter must see them: it replaces them
/// once it has read them.
const CREDENTIALS: &[&str] = &["api-key", "authorization", "x-api-key", "x-goog-api-key"];

/// The plugin, as the value of a route's `plugins`. `keys`: clients need a key. `explain`: with the reason of each part.
pub(super) fn transformer(keys: bool, explain: bool) -> String {
    let credentials = ("The gateway has no keys: what a client sends as one is for nobody.", CREDENTIALS);
    let mut list = String::new();
    for (why, names) in ALWAYS.iter().copied().chain((!keys).then_some(credentials)) {
        if explain {
            list.push_str(&format!("  # {why}\n"));
        }
        names.chunks(ON_A_LINE).for_each(|names| list.push_str(&format!("  {},\n", names.join(", "))));
    }
    if explain && keys {
        list.push_str(
            "  # Not the keys of clients: the filter reads them after this plugin, and replaces them then.\n",
        );
    }
    let list = indent(6, &format!("[\n{list}]\n"));
    item(&format!("name: request-transformer\ntags: [switchyard]\nconfig:\n  remove:\n    headers:\n{list}"))
}
