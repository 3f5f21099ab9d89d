use super::*;

/// A header of type string.
fn text(name: &str, value: &str) -> Vec<u8> {
    let mut header = typed(name, STRING, &(value.len() as u16).to_be_bytes());
    header.extend_from_slice(value.as_bytes());
    header
}

/// A header of any type.
fn typed(name: &str, kind: u8, value: &[u8]) -> Vec<u8> {
    [&[name.len() as u8], name.as_bytes(), &[kind], value].concat()
}

/// A message with both checksums right, whatever the lengths say.
fn framed(total: u32, headers_length: u32, headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = [total.to_be_bytes(), headers_length.to_be_bytes()].concat();
    bytes.extend_from_slice(&checksum(0, &bytes).to_be_bytes());
    bytes.extend_from_slice(headers);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&checksum(0, &bytes).to_be_bytes());
    bytes
}

fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    framed((headers.len() + payload.len() + LEAST) as u32, headers.len() as u32, headers, payload)
}

fn event(kind: &str, payload: &str) -> Vec<u8> {
    let headers = [text(":event-type", kind), text(":message-type", "event")].concat();
    frame(&headers, payload.as_bytes())
}

/// What came, and how it ended.
type Read = (Vec<[String; 6]>, Result<(), Broken>);

fn read(stream: &[u8], cuts: &[usize]) -> Read {
    let mut deframer = AwsDeframer::default();
    let mut messages = Vec::new();
    let mut each = |message: Message<'_>| {
        let payload = str::from_utf8(message.payload).unwrap();
        let Message { kind, event, exception, error_code, error_message, .. } = message;
        messages.push([kind, event, exception, error_code, error_message, payload].map(str::to_owned));
    };
    let mut from = 0;
    let mut result = Ok(());
    for to in cuts.iter().copied().chain([stream.len()]) {
        result = deframer.push(&stream[from..to], &mut each);
        from = to;
    }
    let ended = deframer.end();
    assert!(result.is_ok() || result == ended, "an error stays");
    (messages, ended)
}

/// Reads it whole, cut at each position, byte by byte and in random pieces; all must be the same.
fn read_all_ways(stream: &[u8]) -> Read {
    let whole = read(stream, &[]);
    for cut in 0..=stream.len() {
        assert_eq!(read(stream, &[cut]), whole, "cut at {cut}");
    }
    let each: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(read(stream, &each), whole, "byte by byte");
    let mut random = Random(stream.len() as u64 + 1);
    for _ in 0..200 {
        let mut cuts: Vec<usize> = (0..5).map(|_| random.below(stream.len() + 1)).collect();
        cuts.sort_unstable();
        assert_eq!(read(stream, &cuts), whole, "cut at {cuts:?}");
    }
    whole
}

/// Numbers that look random and are the same in every run (an xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn three() -> Vec<u8> {
    [event("messageStart", "{}"), event("contentBlockDelta", "{\"é\":1}"), event("x", "")].concat()
}

#[test]
fn checksums_are_those_of_the_standard() {
    // The check value of CRC-32/ISO-HDLC, and some of zlib's.
    assert_eq!(checksum(0, b"123456789"), 0xCBF4_3926);
    assert_eq!(checksum(0, b""), 0);
    assert_eq!(checksum(0, b"a"), 0xE8B7_BE43);
    assert_eq!(checksum(checksum(0, b"1234"), b"56789"), 0xCBF4_3926);
}

/// A vector of the specification: an empty message.
#[test]
fn an_empty_message() {
    let bytes = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xC2, 0x48, 0xEB, 0x7D, 0x98, 0xC8, 0xFF];
    let (messages, ended) = read_all_ways(&bytes);
    assert_eq!((messages, ended), (vec![Default::default()], Ok(())));
}

#[test]
fn any_pieces_give_the_same_messages() {
    let (messages, ended) = read_all_ways(&three());
    assert_eq!(ended, Ok(()));
    let told: Vec<_> = messages.iter().map(|m| (m[0].as_str(), m[1].as_str(), m[5].as_str())).collect();
    let expected =
        [("event", "messageStart", "{}"), ("event", "contentBlockDelta", "{\"é\":1}"), ("event", "x", "")];
    assert_eq!(told, expected);
    assert_eq!(read_all_ways(b""), (Vec::new(), Ok(())));
}

#[test]
fn headers_of_every_type_are_passed_over() {
    let headers = [
        typed("t", 0, b""),
        typed("f", 1, b""),
        typed("byte", 2, &[1]),
        typed("short", 3, &[1; 2]),
        typed("int", 4, &[1; 4]),
        typed("long", 5, &[1; 8]),
        typed("bytes", 6, &[0, 3, 7, 7, 7]),
        typed("time", 8, &[1; 8]),
        typed("uuid", 9, &[1; 16]),
        // Of a name that matters, but no string.
        typed(":event-type", 2, &[1]),
        text(":message-type", "error"),
        text("", ""),
        text(":error-code", "InternalError"),
        text(":error-message", "ü"),
        text(":exception-type", "e"),
    ];
    let (messages, ended) = read_all_ways(&frame(&headers.concat(), b"p"));
    let expected = ["error", "", "e", "InternalError", "ü", "p"].map(str::to_owned);
    assert_eq!((messages, ended), (vec![expected], Ok(())));
}

#[test]
fn a_stream_that_ends_within_a_message_is_cut() {
    let stream = three();
    let lengths = [event("messageStart", "{}"), event("contentBlockDelta", "{\"é\":1}")].map(|one| one.len());
    let whole = [lengths[0], lengths[0] + lengths[1], stream.len()];
    for end in 0..=stream.len() {
        let (messages, ended) = read(&stream[..end], &[end / 2]);
        assert_eq!(messages.len(), whole.iter().filter(|at| **at <= end).count(), "up to {end}");
        let clean = end == 0 || whole.contains(&end);
        assert_eq!(ended, if clean { Ok(()) } else { Err(Broken::Cut) }, "up to {end}");
    }
}

/// Any byte that was changed is noticed, and what came before it is given.
#[test]
fn a_damaged_byte_is_noticed() {
    let first = event("messageStart", "{}");
    let stream = three();
    let second = event("contentBlockDelta", "{\"é\":1}").len();
    for at in first.len()..first.len() + second {
        for flip in [1, 0x80, 0xFF] {
            let mut damaged = stream.clone();
            damaged[at] ^= flip;
            let (messages, ended) = read_all_pieces(&damaged);
            let prelude = at - first.len() < PRELUDE;
            let expected = if prelude { Broken::PreludeCrc } else { Broken::MessageCrc };
            assert_eq!((messages.len(), ended), (1, Err(expected)), "{flip} at {at}");
        }
    }
}

/// As [`read_all_ways`], with fewer cuts.
fn read_all_pieces(stream: &[u8]) -> Read {
    let whole = read(stream, &[]);
    for step in [1, 7, 50] {
        let cuts: Vec<usize> = (step..stream.len()).step_by(step).collect();
        assert_eq!(read(stream, &cuts), whole, "in pieces of {step}");
    }
    whole
}

#[test]
fn lengths_that_contradict_each_other() {
    for (total, headers) in [(0, 0), (15, 0), (16, 1), (20, 5), (20, u32::MAX)] {
        let bytes = [three(), framed(total, headers, b"", b"1234")].concat();
        let (messages, ended) = read_all_ways(&bytes);
        assert_eq!((messages.len(), ended), (3, Err(Broken::Length)), "{total} {headers}");
    }
}

#[test]
fn headers_that_end_too_early() {
    let good = text(":event-type", "abc");
    for end in 1..good.len() {
        assert_eq!(read_all_ways(&frame(&good[..end], b"")).1, Err(Broken::Header), "{end}");
    }
    let odd = [
        typed("a", 10, &[]),
        typed("a", 5, &[1; 7]),
        typed("a", 9, &[1; 15]),
        typed("a", 6, &[0xFF, 0xFF, 1]),
        typed(":event-type", STRING, &[0, 1, 0xFF]),
    ];
    for headers in odd {
        assert_eq!(read_all_ways(&frame(&headers, b"")).1, Err(Broken::Header), "{headers:?}");
    }
}

/// A length that would fill the memory is refused before anything is held for it.
#[test]
fn a_message_that_is_too_long_is_not_held() {
    let mut deframer = AwsDeframer::default();
    let bytes = framed(MAX_MESSAGE as u32 + 1, 0, b"", b"");
    for byte in &bytes[..PRELUDE - 1] {
        assert_eq!(deframer.push(&[*byte], &mut |_| panic!("no message")), Ok(()));
    }
    for _ in 0..2 {
        let pushed = deframer.push(&bytes[PRELUDE - 1..], &mut |_| panic!("no message"));
        assert_eq!(pushed, Err(Broken::TooLong));
    }
    assert_eq!((deframer.end(), deframer.held.capacity()), (Err(Broken::TooLong), 0));
}

#[test]
fn a_long_message_is_given_back_to_memory() {
    let long = event("image", &"x".repeat(MAX_MESSAGE - 256));
    let mut deframer = AwsDeframer::default();
    let mut count = 0;
    for piece in long.chunks(1 << 20) {
        deframer.push(piece, &mut |_| count += 1).unwrap();
    }
    assert_eq!((count, deframer.end()), (1, Ok(())));
    assert!(deframer.held.capacity() <= KEEP);
}

/// Whatever the bytes are, nothing panics and every split tells the same.
#[test]
fn random_bytes() {
    let mut random = Random(7);
    for _ in 0..300 {
        let mut stream = three();
        for _ in 0..random.below(3) {
            let at = random.below(stream.len());
            stream[at] = random.below(256) as u8;
        }
        stream.truncate(random.below(stream.len()) + 1);
        let whole = read(&stream, &[]);
        let cut = random.below(stream.len());
        assert_eq!(read(&stream, &[cut]), whole);
        assert_eq!(read(&stream, &(1..stream.len()).collect::<Vec<_>>()), whole);
    }
}
