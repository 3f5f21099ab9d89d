//! Base URLs and listening addresses.

use std::net::{IpAddr, SocketAddr};

/// Where a provider is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// TLS or not.
    pub tls: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// Port; the scheme's own where the URL names none.
    pub port: u16,
    /// Path without a slash at its end; may be empty.
    pub path: String,
}

impl BaseUrl {
    /// Reads an `http://` or `https://` URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (tls, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err(format!("{url:?} must begin with http:// or https://")),
        };
        if rest.contains(['?', '#']) {
            return Err(format!("{url:?} must not have a query or a fragment"));
        }
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, String::new()),
        };
        if authority.contains('@') {
            // The URL is not repeated: what stands there is a secret.
            return Err("must not hold credentials: they belong in api_key".to_owned());
        }
        let (host, port) = split_authority(authority, if tls { 443 } else { 80 })
            .ok_or_else(|| format!("{url:?} names no valid host and port"))?;
        let path = path.trim_end_matches('/').to_owned();
        if !is_path(&path) {
            return Err(format!("{url:?} has a path with characters that do not belong there"));
        }
        Ok(BaseUrl { tls, host, port, path })
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// The host, and the port where it is not the scheme's own; an IPv6 address in brackets.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let own = if self.tls { 443 } else { 80 };
        if self.port == own { host } else { format!("{host}:{}", self.port) }
    }

    /// The address, when the host is one rather than a name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// Whether a text can stand as a path, or at the end of one.
pub fn is_path(path: &str) -> bool {
    let dots = path.split('/').any(|segment| segment == "." || segment == "..");
    !dots && path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'\\'))
}

/// Reads `address:port`.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    let text_of_localhost = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let address = text_of_localhost.as_deref().unwrap_or(text);
    address.parse().map_err(|_| format!("{text:?} is no address and port: write for example 127.0.0.1:10000"))
}

fn split_authority(authority: &str, default: u16) -> Option<(String, u16)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let address: std::net::Ipv6Addr = host.parse().ok()?;
        let port = if after.is_empty() { default } else { port(after.strip_prefix(':')?)? };
        return Some((address.to_string(), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, text)) => (host, port(text)?),
        None => (authority, default),
    };
    is_host(host).then(|| (host.to_ascii_lowercase(), port))
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// A name by the rules of DNS (RFC 1123 §2.1, and `_`, which some private names have), or an IPv4 address.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (url, tls, host, port, path, authority) in [
            ("https://api.openai.com/v1", true, "api.openai.com", 443, "/v1", "api.openai.com"),
            ("https://api.anthropic.com", true, "api.anthropic.com", 443, "", "api.anthropic.com"),
            ("http://127.0.0.1:11434/v1/", false, "127.0.0.1", 11434, "/v1", "127.0.0.1:11434"),
            ("HTTP://LocalHost/", false, "localhost", 80, "", "localhost"),
            ("https://[::1]:8443/a/b", true, "::1", 8443, "/a/b", "[::1]:8443"),
            ("https://[::1]", true, "::1", 443, "", "[::1]"),
            ("http://a:443", false, "a", 443, "", "a:443"),
        ] {
            let read = BaseUrl::parse(url).unwrap();
            assert_eq!((read.tls, &*read.host, read.port, &*read.path), (tls, host, port, path), "{url}");
            assert_eq!(read.authority(), authority, "{url}");
        }
    }

    #[test]
    fn wrong_urls_are_refused() {
        for url in [
            "",
            "api.openai.com",
            "ftp://a",
            "http://",
            "http:///v1",
            "http://a:0",
            "http://a:99999",
            "http://a:",
            "http://a b",
            "http://-a",
            "http://a..b",
            "http://[::1",
            "http://[::1]8",
            "http://a/v1?x=1",
            "http://a/v1#x",
            "http://a/../b",
            "http://a/v 1",
            "http://a/\"",
        ] {
            assert!(BaseUrl::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_credential_in_a_url_is_not_repeated() {
        let told = BaseUrl::parse("https://user:hunter2@api.openai.com/v1").unwrap_err();
        assert!(told.contains("credentials") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn listening_addresses_are_read() {
        assert_eq!(listen("0.0.0.0:80").unwrap().port(), 80);
        assert_eq!(listen("localhost:10000").unwrap().to_string(), "127.0.0.1:10000");
        assert_eq!(listen("[::1]:80").unwrap().to_string(), "[::1]:80");
        assert!(listen("10000").unwrap_err().contains("127.0.0.1:10000"));
    }
}
