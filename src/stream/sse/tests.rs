use super::{MAX_EVENT, Segment, SseDeframer, TooLong};

type Events = Vec<(String, String)>;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The events of `pieces`, and the segments' bytes joined.
fn read(pieces: &[&[u8]]) -> (Events, Vec<u8>) {
    let mut deframer = SseDeframer::default();
    let (mut events, mut raw) = (Vec::new(), Vec::new());
    let mut each = |segment: Segment<'_>| match segment {
        Segment::Event { raw: bytes, event } => {
            raw.extend_from_slice(bytes);
            events.push((text(event.name), text(event.data)));
        }
        Segment::Filler(bytes) | Segment::Tail(bytes) => raw.extend_from_slice(bytes),
    };
    for piece in pieces {
        deframer.segments(piece, &mut each).unwrap();
    }
    deframer.end_segments(&mut each);
    (events, raw)
}

fn events(list: &[(&str, &str)]) -> Events {
    list.iter().map(|(name, data)| (name.to_string(), data.to_string())).collect()
}

/// A name, a stream, and the names and data of its events.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    ("plain", "data: a\n\ndata: b\n\n", &[("", "a"), ("", "b")]),
    ("no space", "data:a\n\n", &[("", "a")]),
    ("two spaces: one is kept", "data:  a\n\n", &[("", " a")]),
    ("named", "event: ping\ndata: {}\n\n", &[("ping", "{}")]),
    ("name behind data", "data: {}\nevent: ping\n\n", &[("ping", "{}")]),
    ("last name wins", "event: a\nevent: b\ndata: 1\n\n", &[("b", "1")]),
    ("name only", "event: ping\n\ndata: x\n\n", &[("ping", ""), ("", "x")]),
    ("CR LF", "event: e\r\ndata: a\r\n\r\ndata: b\r\n\r\n", &[("e", "a"), ("", "b")]),
    ("CR", "event: e\rdata: a\r\rdata: b\r\r", &[("e", "a"), ("", "b")]),
    (
        "mixed line ends",
        "data: a\r\n\ndata: b\n\r\ndata: c\r\r\ndata: d\n\r",
        &[("", "a"), ("", "b"), ("", "c"), ("", "d")],
    ),
    ("several data lines", "data: a\ndata: b\ndata:\ndata: c\n\n", &[("", "a\nb\n\nc")]),
    ("several, then one", "data: a\ndata: b\n\ndata: c\n\n", &[("", "a\nb"), ("", "c")]),
    ("several, then several", "data: a\ndata: b\n\ndata: c\r\ndata: d\n\n", &[("", "a\nb"), ("", "c\nd")]),
    ("field without colon", "data\n\ndata\ndata\n\n", &[("", ""), ("", "\n")]),
    ("comments", ": hi\n\n:\ndata: a\n: between\ndata: b\n\n", &[("", "a\nb")]),
    ("comment before data of one block", ": OPENROUTER PROCESSING\ndata: a\n\n", &[("", "a")]),
    ("id and retry", "id: 1\nretry: 5\n\nid: 2\ndata: a\n\n", &[("", "a")]),
    ("other fields", "datum: 1\ndatas: 2\nevents: 3\n data: 4\ndata: a\n\n", &[("", "a")]),
    ("byte order mark", "\u{feff}data: a\n\ndata: \u{feff}\n\n", &[("", "a"), ("", "\u{feff}")]),
    ("byte order mark, later", "data: a\n\n\u{feff}data: b\n\n", &[("", "a")]),
    ("byte order mark, comment", "\u{feff}: c\n\u{feff}data: x\ndata: a\n\n", &[("", "a")]),
    ("no blank line at the end", "data: a\n\ndata: b\n", &[("", "a"), ("", "b")]),
    ("no line end at the end", "data: a\n\ndata: b", &[("", "a"), ("", "b")]),
    ("cut inside a name", "data: a\n\nda", &[("", "a")]),
    ("trailing spaces stay", "event: e\ndata: {\"a\":1}    \n\n", &[("e", "{\"a\":1}    ")]),
    ("colons in the value", "data: a: b: c\n\n", &[("", "a: b: c")]),
    ("more than ASCII", "data: \u{1f600}ü\n\n", &[("", "\u{1f600}ü")]),
    ("blank lines only", "\n\r\n\r\n\n", &[]),
    ("nothing", "", &[]),
];

#[test]
fn reads_what_the_standard_says() {
    for (name, stream, expected) in CASES {
        let (found, raw) = read(&[stream.as_bytes()]);
        assert_eq!(found, events(expected), "{name}");
        assert_eq!(raw, stream.as_bytes(), "{name}: segments joined");
    }
}

#[test]
fn every_cut_gives_the_same() {
    for (name, stream, expected) in CASES {
        let (stream, expected) = (stream.as_bytes(), events(expected));
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                let (found, raw) = read(&pieces);
                assert_eq!(found, expected, "{name}, cut at {first} and {second}");
                assert_eq!(raw, stream, "{name}, cut at {first} and {second}: segments joined");
            }
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(read(&bytes), (expected, stream.to_vec()), "{name}, byte by byte");
    }
}

#[test]
fn a_whole_event_is_not_copied() {
    let stream = b"data: first\n\nevent: e\ndata: second\n\n";
    let mut deframer = SseDeframer::default();
    let mut count = 0;
    deframer
        .push(stream, &mut |event| {
            count += 1;
            assert!(stream.as_ptr_range().contains(&event.data.as_ptr()), "a copy was given");
        })
        .unwrap();
    assert_eq!((count, deframer.is_holding()), (2, false));
}

#[test]
fn an_event_that_ends_in_cr_is_given_at_once() {
    let mut deframer = SseDeframer::default();
    let mut seen = Vec::new();
    let mut log = |segment: Segment<'_>| seen.push(format!("{segment:?}"));
    deframer.segments(b"data: a\r\n\r", &mut log).unwrap();
    deframer.segments(b"\n", &mut log).unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].starts_with("Event") && seen[1] == format!("{:?}", Segment::Tail(b"\n")), "{seen:?}");
}

#[test]
fn a_comment_is_not_held_for_its_blank_line() {
    let mut deframer = SseDeframer::default();
    let mut seen = Vec::new();
    deframer.segments(b": keep-alive\n", &mut |segment| seen.push(format!("{segment:?}"))).unwrap();
    assert_eq!(seen, [format!("{:?}", Segment::Filler(b": keep-alive\n"))]);
    assert!(!deframer.is_holding());
}

#[test]
fn an_event_may_be_as_long_as_the_limit_and_no_longer() {
    // "data:" and one LF stand beside the value; the blank line's first byte counts too.
    for (length, fits) in [(MAX_EVENT - 7, true), (MAX_EVENT - 6, false)] {
        let mut stream = b"data:".to_vec();
        stream.resize(5 + length, b'x');
        stream.extend_from_slice(b"\n\ndata: next\n\n");
        for piece in [stream.len(), 1 << 20, 4099] {
            let mut deframer = SseDeframer::default();
            let mut sizes = Vec::new();
            let result = stream
                .chunks(piece)
                .try_for_each(|bytes| deframer.push(bytes, &mut |event| sizes.push(event.data.len())));
            let expected = if fits { (Ok(()), vec![length, 4]) } else { (Err(TooLong), vec![]) };
            assert_eq!((result, sizes), expected, "{length} bytes in pieces of {piece}");
        }
    }
}

#[test]
fn an_endless_event_is_not_held() {
    let mut deframer = SseDeframer::default();
    let piece = vec![b'x'; 1 << 20];
    let failed_at = (0..64).find(|_| deframer.push(&piece, &mut |_| ()).is_err());
    assert_eq!(failed_at, Some(16));
    assert_eq!(deframer.push(b"data: a\n\n", &mut |_| panic!("an event after the failure")), Err(TooLong));
    assert!(deframer.held.capacity() == 0 && !deframer.is_holding());
    deframer.end(&mut |_| panic!("an event after the failure"));
}

#[test]
fn buffers_shrink_after_a_long_event() {
    let mut deframer = SseDeframer::default();
    let mut stream = b"data: ".to_vec();
    stream.resize(1 << 20, b'x');
    stream.extend_from_slice(b"\ndata: y\n\n");
    let mut count = 0;
    for piece in stream.chunks(1000) {
        deframer.push(piece, &mut |_| count += 1).unwrap();
    }
    assert_eq!(count, 1);
    assert!(deframer.held.capacity() <= super::KEEP && deframer.block.joined.capacity() <= super::KEEP);
}

#[test]
fn between_blocks_a_caller_may_take_whole_events() {
    let mut deframer = SseDeframer::default();
    let mut take = |bytes: &[u8]| {
        let taken = deframer.segment(bytes, &mut |_| ()).unwrap();
        (taken, deframer.is_between())
    };
    // A byte order mark may come first.
    assert_eq!(take(b""), (0, false));
    assert_eq!(take(b"data: a\n\ndata: b\n\n"), (9, true));
    assert_eq!(take(b"data: b\n"), (8, false));
    assert_eq!(take(b"\ndata: c"), (1, true));
    assert_eq!(take(b": c\r"), (4, false));
    assert_eq!(take(b"\n: c"), (4, false));
    assert_eq!(take(b"\n"), (1, true));
    assert_eq!(take(b": c\r"), (4, false));
    assert_eq!(take(b"data: d\n\n"), (9, true));
    assert_eq!(deframer.segments(&vec![b'x'; MAX_EVENT + 1], &mut |_| ()), Err(TooLong));
    assert_eq!(deframer.segment(b"", &mut |_| ()), Err(TooLong));
    assert!(!deframer.is_between());
}
