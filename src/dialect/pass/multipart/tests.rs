use super::*;

const TYPE: &str = "multipart/form-data; boundary=----WebKitFormBoundaryX";
const LINE: &str = "------WebKitFormBoundaryX";

fn part(headers: &str, content: &str) -> String {
    format!("{LINE}\r\n{headers}\r\n\r\n{content}\r\n")
}

fn field(name: &str, value: &str) -> String {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), value)
}

fn file(content: &str) -> String {
    let headers =
        "Content-Disposition: form-data; name=\"file\"; filename=\"a;b.wav\"\r\nContent-Type: audio/wav";
    part(headers, content)
}

fn end() -> String {
    format!("{LINE}--\r\n")
}

type Found = (String, Range<usize>);

fn read(content_type: &str, pieces: &[&[u8]]) -> Result<Option<Found>, ApiError> {
    let mut reader = Multipart::new(content_type)?;
    for piece in pieces {
        reader.push(piece)?;
        assert!(reader.held.len() <= MAX_HEADERS + piece.len() + 300, "held {}", reader.held.len());
    }
    reader.end()?;
    Ok(reader.model().map(|(name, span)| (name.to_owned(), span)))
}

fn whole(body: &str) -> Result<Option<Found>, ApiError> {
    read(TYPE, &[body.as_bytes()])
}

#[test]
fn any_split_finds_the_same() {
    let nasty = "RIFF\r\n--\r\n------WebKit\r\r\n-----\0\r\n\r\n";
    for body in [
        [field("model", "whisper-1"), file(nasty), end()].concat(),
        [file(nasty), field("model", "whisper-1"), field("prompt", ""), end(), "epilogue".into()].concat(),
        ["preamble\r\n".into(), field("x", nasty), field("model", "whisper-1"), end()].concat(),
    ] {
        let expected = whole(&body).unwrap().unwrap();
        assert_eq!(expected.0, "whisper-1");
        assert_eq!(body.get(expected.1.clone()), Some("whisper-1"));
        let bytes = body.as_bytes();
        for at in 0..=bytes.len() {
            let (one, two) = bytes.split_at(at);
            assert_eq!(read(TYPE, &[one, two]).unwrap(), Some(expected.clone()), "split at {at}");
        }
        for size in [1, 2, 3, 7] {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(read(TYPE, &pieces).unwrap(), Some(expected.clone()), "pieces of {size}");
        }
    }
}

#[test]
fn the_model_is_known_before_the_file_has_come() {
    let mut reader = Multipart::new(TYPE).unwrap();
    reader.push([field("model", "m"), file("begin")].concat().as_bytes()).unwrap();
    assert_eq!(reader.model().unwrap().0, "m");
    assert!(reader.end().is_err());
    reader.push(&vec![b'x'; 1 << 20]).unwrap();
    assert!(reader.held.len() < 100);
}

#[test]
fn names_are_read_quoted_or_not_and_the_value_as_it_is() {
    for headers in [
        "Content-Disposition: form-data; name=model",
        "content-disposition:form-data;name=\"model\"",
        "CONTENT-DISPOSITION: Form-Data;  NAME=\"model\"",
        "Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"model\"",
    ] {
        let found = whole(&[part(headers, " a b "), end()].concat()).unwrap();
        assert_eq!(found.unwrap().0, " a b ", "{headers}");
    }
    for boundary in ["boundary=\"a b'c\"", "charset=utf-8; Boundary=\"a b'c\""] {
        let body = "--a b'c \t\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--a b'c--";
        assert_eq!(
            read(&format!("multipart/form-data; {boundary}"), &[body.as_bytes()]).unwrap().unwrap().0,
            "m"
        );
    }
    assert_eq!(whole(&[field("models", "a"), field("x", "model"), end()].concat()), Ok(None));
    assert_eq!(whole(&end()), Ok(None));
}

#[track_caller]
fn assert_refused_however_split(bodies: &[String]) {
    for body in bodies {
        let error = whole(body).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{body}");
        for at in 0..body.len().min(600) {
            let (one, two) = body.as_bytes().split_at(at);
            assert!(read(TYPE, &[one, two]).is_err(), "split at {at}: {body}");
        }
    }
}

/// What another parser could read as another model.
#[test]
fn fields_that_can_be_read_in_two_ways_are_refused() {
    let model = || field("model", "cheap");
    assert_refused_however_split(&[
        [model(), field("model", "dear"), end()].concat(),
        [model(), field("Model", "dear"), end()].concat(),
        [model(), field("model[]", "dear"), end()].concat(),
        [model(), field(" model", "dear"), end()].concat(),
        [model(), field("mo\\del", "dear"), end()].concat(),
        [model(), part("Content-Disposition: form-data; name=x; name=model", "dear"), end()].concat(),
        [model(), part("Content-Disposition: form-data; name*=utf-8''model; name=x", "dear"), end()].concat(),
        [model(), part("Content-Disposition: form-data; name =model; name=x", "dear"), end()].concat(),
        [model(), part("Content-Disposition: form-data; name='model'; name=x", "dear"), end()].concat(),
        [
            model(),
            part("Content-Disposition: form-data; name=x; filename=\"a\\\"; name=\"model\"", "d"),
            end(),
        ]
        .concat(),
        [model(), part("Content-Disposition: form-data; name=\"model", "dear"), end()].concat(),
        [
            model(),
            part("Content-Disposition: form-data; name=x\r\nContent-Disposition: form-data; name=model", "d"),
            end(),
        ]
        .concat(),
        [model(), part("Content-Disposition: form-data;\r\n name=model", "dear"), end()].concat(),
        [
            model(),
            part("Content-Disposition: form-data; name=x\nContent-Disposition: form-data; name=model", "d"),
            end(),
        ]
        .concat(),
        [model(), part("Content-Disposition : form-data; name=model", "dear"), end()].concat(),
        [model(), part("Content-Type: text/plain", "dear"), end()].concat(),
        [model(), part("Content-Disposition: attachment; name=model", "dear"), end()].concat(),
        [part("Content-Disposition: form-data; name=model; filename=x", "dear"), end()].concat(),
        [
            part("Content-Disposition: form-data; name=model\r\nContent-Transfer-Encoding: base64", "eA=="),
            end(),
        ]
        .concat(),
    ]);
}

#[test]
fn boundaries_that_can_be_read_in_two_ways_are_refused() {
    let model = || field("model", "cheap");
    assert_refused_however_split(&[
        // Boundaries where none may be.
        [model(), file(&format!("x\n{}", field("model", "dear"))), end()].concat(),
        [model(), file(&format!("x{LINE}y")), end()].concat(),
        [model(), file(&format!("x\r\n{LINE}y")), end()].concat(),
        [
            model(),
            format!("{LINE}\r\nContent-Disposition: form-data; name=x\r\n"),
            field("model", "dear"),
            end(),
        ]
        .concat(),
        [model(), end(), field("model", "dear")].concat(),
        [model(), format!("{LINE}-\r\n")].concat(),
        // No end, or no form at all.
        model(),
        String::new(),
        "{}".to_owned(),
        [format!("{LINE}\r\nX: {}\r\n", "y".repeat(9000)), model(), end()].concat(),
        [field("model", ""), end()].concat(),
        [field("model", "a\nb"), end()].concat(),
        [field("model", &"x".repeat(257)), end()].concat(),
        [field("model", &"x".repeat(100_000)), end()].concat(),
    ]);
}

#[test]
fn a_form_without_a_boundary_is_refused() {
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary*=a; boundary=b",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=a\u{e9}",
        &format!("multipart/form-data; boundary={}", "x".repeat(71)),
    ] {
        assert!(Multipart::new(content_type).is_err(), "{content_type}");
    }
}
