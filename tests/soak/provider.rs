//! A provider of every format that answers from a file, one reply after the other: `provider REPLIES`. It prints its port.
//!
//! The first part of a request's path is the format; replies of streams are asked for by the path or by the body. Plain
//! threads and nothing parsed beyond the framing: what costs time is to be the gateway.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool of tests, and paths and lengths only are read as text"
)]

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Replies of one format and kind, as they go over the wire; the flag says that the connection ends with them.
#[derive(Default)]
struct Replies {
    all: Vec<(bool, Vec<u8>)>,
    next: AtomicUsize,
}

/// By `FORMAT/whole` or `FORMAT/stream`.
type Book = HashMap<String, Replies>;

/// Records: a line `NAME CLOSES LENGTH`, then so many bytes.
fn read_book(path: &str) -> Book {
    let mut file = BufReader::new(std::fs::File::open(path).expect("the file of replies"));
    let mut book = Book::new();
    let mut line = String::new();
    while file.read_line(&mut line).unwrap() > 0 {
        let mut words = line.split_whitespace();
        let (name, closes) = (words.next().unwrap().to_owned(), words.next() == Some("1"));
        let mut bytes = vec![0; words.next().unwrap().parse().unwrap()];
        file.read_exact(&mut bytes).unwrap();
        book.entry(name).or_default().all.push((closes, bytes));
        line.clear();
    }
    book
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

/// A request: its path, and its body. `None` at the end of the connection.
fn read_request(peer: &mut BufReader<TcpStream>) -> io::Result<Option<(String, Vec<u8>)>> {
    let (mut line, mut path, mut length, mut chunked) = (Vec::new(), String::new(), 0, false);
    loop {
        line.clear();
        if peer.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line).to_ascii_lowercase();
        let text = text.trim_end();
        if path.is_empty() {
            path = text.split(' ').nth(1).unwrap_or("/").to_owned();
        } else if text.is_empty() {
            break;
        } else if let Some(value) = text.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        } else if text.starts_with("transfer-encoding:") {
            chunked = true;
        }
    }
    let mut body = vec![0; length];
    peer.read_exact(&mut body)?;
    while chunked {
        line.clear();
        peer.read_until(b'\n', &mut line)?;
        let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).unwrap_or(0);
        let mut piece = vec![0; size + 2];
        peer.read_exact(&mut piece)?;
        chunked = size > 0;
        body.extend_from_slice(&piece[..size]);
    }
    Ok(Some((path, body)))
}

fn serve(peer: TcpStream, book: &Book) -> io::Result<()> {
    peer.set_nodelay(true)?;
    let mut out = peer.try_clone()?;
    let mut peer = BufReader::new(peer);
    while let Some((path, body)) = read_request(&mut peer)? {
        let format = path.split('/').nth(1).unwrap_or_default();
        let stream = path.contains("stream")
            || [&b"\"stream\":true"[..], b"\"stream\": true"].iter().any(|word| contains(&body, word));
        let name = format!("{format}/{}", if stream { "stream" } else { "whole" });
        let Some(replies) = book.get(&name) else { return Err(io::Error::other(name)) };
        let index = replies.next.fetch_add(1, Ordering::Relaxed) % replies.all.len();
        let (closes, bytes) = &replies.all[index];
        out.write_all(bytes)?;
        if *closes {
            break;
        }
    }
    out.shutdown(std::net::Shutdown::Both)
}

fn main() {
    let book = Arc::new(read_book(&std::env::args().nth(1).expect("a file of replies")));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().unwrap().port());
    for peer in listener.incoming().flatten() {
        let book = Arc::clone(&book);
        // A peer that has gone is no failure.
        thread::spawn(move || serve(peer, &book).ok());
    }
}
