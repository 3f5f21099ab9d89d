//! Pages in browsers: Envoy's CORS filter, which answers preflights before any other filter sees them.

use switchyard::config::file::types::Gateway;

use super::{
    Cluster,
    text::{item, quote},
};

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

/// What the virtual host says to it; nothing where no page may ask.
pub(super) fn policy(gateway: &Gateway) -> String {
    let Some(cors) = &gateway.cors else { return String::new() };
    let origins: String =
        cors.origins.iter().map(|origin| format!("      - {}\n", matcher(origin))).collect();
    let age = cors.max_age.millis() / 1000;
    format!(
        r#"typed_per_filter_config:
  envoy.filters.http.cors:
    "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
    allow_origin_string_match:
{origins}    allow_methods: GET, HEAD, POST, DELETE
    # A browser does not count this header among all (Fetch standard, "CORS protocol and HTTP caches").
    allow_headers: "*, authorization"
    expose_headers: {EXPOSED}
    max_age: "{age}"
"#
    )
}

/// The route of what the gateway role answers itself, in the place of the usual one: the CORS filter acts only where a route
/// leads to a cluster. This one has no endpoint.
pub(super) fn fallback(gateway: &Gateway) -> Option<String> {
    gateway.cors.as_ref()?;
    Some(format!(
        "# Preflights, and what the filter answers itself. The CORS filter acts only where a route leads to a cluster.\n\
         - name: none\n  match: {{prefix: \"/\"}}\n  route: {{cluster: {NONE}}}\n"
    ))
}

/// The cluster of [`fallback`].
pub(super) fn cluster(gateway: &Gateway) -> Option<Cluster> {
    gateway.cors.as_ref()?;
    let text = format!(
        "name: {NONE}\ntype: STATIC\nconnect_timeout: 1s\nload_assignment: {{cluster_name: {NONE}}}\n"
    );
    let comment = "# Where no request is to go.\n".to_owned();
    Some(Cluster { name: NONE.to_owned(), comment, text })
}

/// Names of lanes have no slash and those of pools begin with `pool/`.
const NONE: &str = "none/";

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
