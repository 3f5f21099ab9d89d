//! Pages in browsers: Envoy's CORS filter, which answers preflights before any other filter sees them.

use switchyard::config::file::types::Gateway;

use crate::render::text::{item, quote};

/// What a page may read of a reply beside its body.
const EXPOSED: &str = "x-request-id, request-id, retry-after, retry-after-ms, openai-processing-ms";

/// The filter; nothing where no page may ask.
pub(super) fn filter(gateway: &Gateway) -> String {
    if gateway.cors.is_none() {
        return String::new();
    }
    let text = r#"name: envoy.filters.http.cors
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors
"#;
    format!("# Answers the preflights of browsers.\n{}", item(text))
}

/// What a virtual host says to it, among its `typed_per_filter_config`; nothing where no page may ask.
pub(super) fn policy(gateway: &Gateway) -> String {
    let Some(cors) = &gateway.cors else { return String::new() };
    let origins: String = cors.origins.iter().map(|origin| format!("    - {}\n", matcher(origin))).collect();
    let age = cors.max_age.millis() / 1000;
    format!(
        r#"envoy.filters.http.cors:
  "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
  allow_origin_string_match:
{origins}  allow_methods: GET, HEAD, POST, DELETE
  # A browser does not count this header among all (Fetch standard, "CORS protocol and HTTP caches").
  allow_headers: "*, authorization"
  expose_headers: {EXPOSED}
  max_age: "{age}"
"#
    )
}

fn matcher(origin: &str) -> String {
    if origin == "*" || !origin.contains('*') {
        return format!("{{exact: {}}}", quote(origin));
    }
    let mut regex = String::new();
    for letter in origin.chars() {
        match letter {
            '*' => regex.push_str("[^/]*"),
            letter if letter.is_ascii_alphanumeric() => regex.push(letter),
            letter => regex.extend(['\\', letter]),
        }
    }
    format!("{{safe_regex: {{regex: {}}}}}", quote(&regex))
}
