//! TLS towards a provider.

use switchyard::config::file::address::BaseUrl;

use crate::render::text::quote;

/// The transport socket of an `https` provider; nothing for `http`.
pub(super) fn socket(url: &BaseUrl, ca_file: &str) -> String {
    if !url.tls {
        return String::new();
    }
    let host = quote(&url.host);
    // No name is sent for an address (RFC 6066 §3); its certificate must name the address.
    let (sni, san) = match url.ip() {
        Some(_) => (String::new(), "IP_ADDRESS"),
        None => (format!("    sni: {host}\n"), "DNS"),
    };
    let ca_file = quote(ca_file);
    format!(
        r#"transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
{sni}    common_tls_context:
      tls_params: {{tls_minimum_protocol_version: TLSv1_2}}
      validation_context:
        # Without both of these, Envoy takes any certificate.
        trusted_ca: {{filename: {ca_file}}}
        match_typed_subject_alt_names: [{{san_type: {san}, matcher: {{exact: {host}}}}}]
"#
    )
}
