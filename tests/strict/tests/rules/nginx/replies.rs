//! Replies: pieces, ends, lengths, pauses.

use strict::driver::{End, Eos, Exchanged};

use super::{
    super::fixture::{assert_broken, on, told},
    *,
};

const SIZES: &str = "(call $tell (local.get $size)) (call $tell (local.get $end))";

fn pieces(framed: bool, pieces: &[&str]) -> Answer {
    let mut answer = Answer::events(pieces);
    if framed {
        answer.headers.replace("content-length", pieces.concat().len().to_string());
    }
    answer
}

fn reply(callbacks: &str, answer: Answer) -> Exchanged {
    server(callbacks).play(&request(), &[Attempt::at("a", answer)])
}

#[test]
fn a_stream_comes_piece_by_piece_and_ends_with_an_empty_one() {
    for eos in [Eos::Apart, Eos::WithLast] {
        let answer = pieces(false, &["one", "three"]).ending(End::Whole(eos));
        let done = reply(&on("response_body", SIZES, 0), answer);
        assert_well(&done);
        assert_eq!((told(&done).as_str(), done.reply.chunks.len(), done.reply.complete), ("305001", 2, true));
    }
    let cut = reply(&on("response_body", SIZES, 0), pieces(false, &["one"]).ending(End::Cut));
    assert_eq!((told(&cut).as_str(), cut.reply.complete), ("30", false), "an aborted one ends without");
}

#[test]
fn the_end_of_a_body_with_a_length_is_not_told_where_it_comes_in_pieces() {
    let done = reply(&on("response_body", SIZES, 0), pieces(true, &["one", "three"]));
    assert_well(&done);
    assert_eq!((told(&done).as_str(), done.reply.complete), ("3050", true));
    let remove = on("response_headers", &header("remove", 2, 64, 14), 0);
    let done = reply(&(remove + &on("response_body", SIZES, 0)), pieces(true, &["one", "three"]));
    assert_eq!(told(&done), "03050", "nor where the length was removed");
    let one =
        |eos| told(&reply(&on("response_body", SIZES, 0), pieces(true, &["one"]).ending(End::Whole(eos))));
    assert_eq!((one(Eos::WithLast), one(Eos::Apart)), ("31".to_owned(), "30".to_owned()));
}

#[test]
fn a_piece_is_dropped_and_the_end_may_bring_one() {
    let drop = "(call $tell (call $set_buffer (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0)))";
    let code = format!("(if (local.get $end) (then {}) (else {drop}))", set_buffer(1, 0, -1));
    let done = reply(&on("response_body", &code, 0), pieces(false, &["one", "three"]));
    assert_well(&done);
    assert_eq!(done.reply.chunks, [b"value"]);
}

#[test]
fn without_its_length_removed_a_longer_body_is_cut_and_a_shorter_hangs() {
    let longer = reply(&on("response_body", &set_buffer(1, 0, 0), 0), pieces(true, &["one"]));
    assert_broken(&longer, &["the reply to the client has 8 bytes and a content-length of 3"]);
    assert_eq!((longer.reply.body(), longer.reply.complete), (b"val".to_vec(), true));
    let shorter = reply(&on("response_body", &set_buffer(1, 0, -1), 0), pieces(true, &["one two three"]));
    assert_broken(&shorter, &["5 bytes and a content-length of 13"]);
    assert!(!shorter.reply.complete);
    let remove = on("response_headers", &header("remove", 2, 64, 14), 0);
    let done = reply(&(remove + &on("response_body", &set_buffer(1, 0, 0), 0)), pieces(true, &["one"]));
    assert_well(&done);
    assert_eq!((done.reply.body(), done.reply.header("content-length")), (b"valueone".to_vec(), None));
}

#[test]
fn a_pause_in_the_headers_only_warns() {
    let done = reply(&on("response_headers", "", 1), pieces(false, &["one"]));
    assert_broken(&done, &["a pause here only warns"]);
    assert_eq!(done.reply.body(), b"one");
}

#[test]
fn a_pause_in_the_body_shows_all_of_it_again_up_to_the_buffers() {
    let sizes = |answer: u32| on("response_body", SIZES, answer);
    let done = reply(&sizes(1), pieces(false, &["one", "three"]));
    assert_well(&done);
    assert_eq!(
        (told(&done).as_str(), done.reply.body()),
        ("3081", b"onethree".to_vec()),
        "a second pause is ignored"
    );
    let done =
        reply(&on("response_body", SIZES, 1), pieces(true, &["one"]).ending(End::Whole(Eos::WithLast)));
    assert_eq!(told(&done), "3131", "at the end it calls back with the same");
    let mut small = server(&sizes(1));
    small.route().reply_buffer = 6;
    let done = small.exchange(&request(), &[Attempt::at("a", pieces(false, &["one", "three", "two"]))]);
    assert_eq!(told(&done), "30803001", "full buffers come without the end");
    assert_eq!(done.reply.body(), b"onethreetwo");
    let stuck = reply(&sizes(1), pieces(true, &["one", "three"]));
    assert_broken(&stuck, &["whose end is never told"]);
}

#[test]
fn a_client_that_leaves_gets_no_more() {
    let mut hasty = request();
    hasty.leaves_after = Some(1);
    let done = server("").play(&hasty, &[Attempt::at("a", pieces(false, &["one", "two"]))]);
    assert_eq!((done.reply.body(), done.reply.complete), (b"one".to_vec(), false));
}
