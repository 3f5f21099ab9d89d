//! Small HTTP requests to services on this machine: Envoy's admin page, Ollama.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The most that is read of an answer.
const ANSWER_BYTES: u64 = 4 << 20;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// The body, as text.
    pub(crate) body: String,
}

/// Asks, and reads all of the answer.
///
/// # Errors
/// There was no answer within `patience`, or none that can be read.
pub(crate) async fn ask(
    at: SocketAddr,
    method: &str,
    path: &str,
    patience: Duration,
) -> Result<Answer, String> {
    let asked = timeout(patience, exchange(at, method, path)).await;
    let bytes =
        asked.map_err(|_| format!("{at} does not answer"))?.map_err(|error| format!("{at}: {error}"))?;
    parse(&bytes).ok_or_else(|| format!("{at} does not answer in HTTP"))
}

async fn exchange(at: SocketAddr, method: &str, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(at).await?;
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(body)? } else { body.to_owned() };
    Some(Answer { status, body })
}

/// The body of RFC 9112 §7.1, without its framing.
fn unchunk(mut body: &str) -> Option<String> {
    let mut out = String::with_capacity(body.len());
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(out);
        }
        out.push_str(rest.get(..size)?);
        body = rest.get(size..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let answer = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nLIVE").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "LIVE"));
        let chunks = b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nLI\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n";
        let answer = parse(chunks).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (503, "LI\r\n0123456789"));
    }

    #[test]
    fn what_is_cut_or_no_http_is_no_answer() {
        for bytes in [
            &b"hello"[..],
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nLI",
        ] {
            assert!(parse(bytes).is_none(), "{bytes:?}");
        }
    }
}
