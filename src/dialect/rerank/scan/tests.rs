use super::*;

fn head(more: &str) -> Head {
    scan(format!(r#"{{"model":"m","query":"q",{more}}}"#).as_bytes())
        .unwrap_or_else(|error| panic!("{more}: {error:?}"))
}

#[test]
fn documents_are_texts_or_objects_with_one() {
    let head = head(r#""documents":["a",{"text":"b","title":"c"}]"#);
    assert_eq!(head.documents, 2);
    assert!(head.fields.contains(Field::DocumentObjects) && !head.fields.contains(Field::DocumentOther));
    assert_eq!(head.echo, None);
    for other in ["7", "null", "[]", r#"{"title":"c"}"#, r#"{"text":7}"#] {
        assert!(
            super::tests::head(&format!(r#""documents":[{other}]"#)).fields.contains(Field::DocumentOther),
            "{other}"
        );
    }
}

#[test]
fn documents_are_held_where_they_are_wanted_back_and_not_too_large() {
    let wanted = head(r#""documents":["a\n",{"text":"b"}],"return_documents":true"#);
    assert_eq!(wanted.echo, Some(vec![r#""a\n""#.to_owned(), r#""b""#.to_owned()]));
    assert!(!wanted.fields.contains(Field::ReturnLarge));
    assert!(!head(r#""documents":["a"],"return_documents":false"#).fields.contains(Field::ReturnDocuments));
    let text = "x".repeat(ECHO_BYTES);
    let large = head(&format!(r#""documents":["{text}"],"return_documents":true"#));
    assert!(large.fields.contains(Field::ReturnLarge) && large.echo.is_none());
}

#[test]
fn what_is_wrong_is_named() {
    for (body, param) in [
        (r#"{"query":"q","documents":["a"]}"#, "model"),
        (r#"{"model":"m","documents":["a"]}"#, "query"),
        (r#"{"model":"m","query":"q"}"#, "documents"),
        (r#"{"model":"m","query":"q","documents":"a"}"#, "documents"),
        (r#"{"model":"m","query":"q","documents":[]}"#, "documents"),
        (r#"{"model":"m","query":"q","documents":["a"],"documents":["b"]}"#, "documents"),
        (r#"{"model":"m","query":"q","documents":["a"],"return_documents":1}"#, "return_documents"),
    ] {
        let error = scan(body.as_bytes()).expect_err(body);
        assert_eq!(error.param.as_deref(), Some(param), "{body}");
    }
}
