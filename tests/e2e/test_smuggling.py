"""Requests whose end can be read in two ways, from clients and to providers, and replies that say more than one."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import ENV, pool_file
from rig import h2, media, openai, prompts, referee, replies
from rig.gateway import Gateway
from rig.media import form, part
from rig.provider import Conn, Provider, Received

CHAT = b"/v1/chat/completions"
KEY = "sk-team"
BODY = json.dumps(prompts.chat("hi", model="openai-only")).encode()
# What would be the next request, were the body before it to end where one of two readers thinks.
HIDDEN = b"GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n"
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway.test\r\ncontent-type: application/json\r\nauthorization: Bearer sk-team\r\n"


def chunked(*pieces: bytes) -> bytes:
    """A body in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def sized(body: bytes, *lines: bytes) -> bytes:
    """A request with its right length, and these lines."""
    return HEAD + b"".join(line + b"\r\n" for line in (b"content-length: %d" % len(body), *lines)) + b"\r\n" + body


def framed(*lines: bytes, body: bytes) -> bytes:
    """A request that is framed by these lines alone."""
    return HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


AMBIGUOUS = {
    "length-and-chunked": sized(chunked() + HIDDEN, b"transfer-encoding: chunked"),
    "chunked-and-length": framed(b"transfer-encoding: chunked", b"content-length: 4", body=chunked(BODY) + HIDDEN),
    "two-lengths": framed(b"content-length: %d" % len(BODY), b"content-length: 3", body=BODY + HIDDEN),
    "a-list-of-lengths": framed(b"content-length: %d, 3" % len(BODY), body=BODY + HIDDEN),
    "length-with-sign": framed(b"content-length: +%d" % len(BODY), body=BODY),
    "negative-length": framed(b"content-length: -1", body=BODY),
    "hexadecimal-length": framed(b"content-length: 0x10", body=BODY),
    "length-beyond-64-bits": framed(b"content-length: 18446744073709551621", body=BODY),
    "unknown-coding": framed(b"transfer-encoding: xchunked", body=chunked(BODY)),
    "coding-before-chunked": framed(b"transfer-encoding: gzip, chunked", body=chunked(BODY)),
    "chunked-then-identity": framed(b"transfer-encoding: chunked", b"transfer-encoding: identity", body=chunked(BODY) + HIDDEN),
    "space-before-colon": sized(chunked() + HIDDEN, b"transfer-encoding : chunked"),
    "control-before-chunked": sized(chunked() + HIDDEN, b"transfer-encoding: \x0bchunked"),
    "nul-in-a-value": sized(BODY, b"x-note: a\x00b"),
    "cr-in-a-value": sized(chunked() + HIDDEN, b"x-note: a\rtransfer-encoding: chunked"),
    "lf-in-a-value": sized(chunked() + HIDDEN, b"x-note: a\ntransfer-encoding: chunked"),
    "no-name": sized(BODY, b": value"),
    "size-of-chunk-beyond-64-bits": framed(b"transfer-encoding: chunked", body=b"1" + b"0" * 16 + b"\r\n" + BODY),
    "size-of-chunk-with-sign": framed(b"transfer-encoding: chunked", body=b"+%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "chunk-longer-than-told": framed(b"transfer-encoding: chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY) - 5, BODY)),
}


def serve(conn: Conn, received: Received) -> None:
    """Chat, or whatever was asked for."""
    if received.target == CHAT.decode():
        openai.answer()(conn, received)
    else:
        replies.json_body({"id": "file-1"})(conn, received)


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    """An OpenAI that writes down what it gets."""
    provider = Provider("openai", serve)
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, server: Provider) -> Iterator[Gateway]:
    """A gateway that passes files on, too."""
    keys = [{"name": "team", "sha256": hashlib.sha256(KEY.encode()).hexdigest()}]
    file = pool_file(server, server, keys=keys, files={"provider": "openai"})
    file["models"].append({"name": "named-longer-than-upstream", "targets": [{"provider": "openai", "model": "m"}]})
    gateway = Gateway(tmp_path_factory.mktemp("smuggling"), file, ENV)
    yield gateway
    gateway.stop()


@pytest.fixture
def provider(server: Provider, shared: Gateway) -> Iterator[Provider]:
    """The provider as new. It must see whole requests and nothing that was hidden in one; the next one is served."""
    server.fresh()
    yield server
    assert not server.violations, server.violations
    known = {CHAT.decode(), "/v1/files", "/v1/audio/transcriptions"}
    assert all(request.target in known for request in server.requests), [request.target for request in server.requests]
    referee.completion(shared.client().chat(BODY, [("authorization", f"Bearer {KEY}")]))
    assert not (found := shared.new_problems()), found


def exchange(gateway: Gateway, sent: bytes, seconds: float = 1) -> tuple[bytes, bool]:
    """Sends bytes; gives what came back, and whether the connection was closed."""
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as sock:
        sock.sendall(sent)
        sock.settimeout(seconds)
        came = b""
        try:
            while data := sock.recv(1 << 16):
                came += data
        except TimeoutError:
            return came, False
        except ConnectionResetError:
            pass
        return came, True


def at_once(work: Callable[[str], object], names: Iterable[str]) -> dict[str, object]:
    """The same for each of them, side by side: Envoy takes a second to close a connection."""
    with ThreadPoolExecutor(16) as pool:
        names = list(names)
        return dict(zip(names, pool.map(work, names), strict=True))


def test_what_can_be_read_in_two_ways_is_refused_and_the_connection_closed(shared: Gateway, provider: Provider) -> None:
    for name, (came, closed) in at_once(lambda name: exchange(shared, AMBIGUOUS[name], 4), AMBIGUOUS).items():
        assert came.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501")), (name, came[:200])
        assert came.count(b"HTTP/1.1 ") == 1, f"{name}: something was read as a second request"
        assert closed, f"{name}: the connection is still open"
    assert not provider.requests


TOLERATED = {
    "folded": sized(BODY, b"x-note: a\r\n transfer-encoding: chunked"),
    "folded-coding": framed(b"transfer-encoding:\r\n chunked", body=chunked(BODY)),
    "lines-end-in-lf": sized(BODY).replace(b"\r\n", b"\n"),
    "cr-is-part-of-a-value": sized(BODY, b"x-note: a\rtransfer-encoding: chunked"),
    "extension-of-a-chunk": framed(b"transfer-encoding: chunked", body=b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "trailers": framed(
        b"transfer-encoding: chunked", b"te: trailers",
        body=b"%x\r\n%s\r\n0\r\nx-switchyard-reply: x\r\nauthorization: Bearer evil\r\ncontent-length: 3\r\n\r\n" % (len(BODY), BODY),
    ),
}  # fmt: skip


def test_what_is_old_or_odd_reaches_the_provider_as_one_request(shared: Gateway, provider: Provider) -> None:
    """Whatever the frame was, the gateway writes its own: a length, and its own headers."""
    for name, (came, _) in at_once(lambda name: exchange(shared, TOLERATED[name]), TOLERATED).items():
        assert came.startswith(b"HTTP/1.1 200") and came.count(b"HTTP/1.1 ") == 1, (name, came[:200])
    assert len(provider.requests) == len(TOLERATED)
    for received in provider.requests:
        assert received.body == BODY.replace(b"openai-only", b"gpt-4.1")
        assert received.header("content-length") == str(len(received.body))
        assert not received.names & {"transfer-encoding", "te", "x-note", "trailer"} and b"evil" not in received.raw


def test_more_than_the_length_is_the_next_request(shared: Gateway, provider: Provider) -> None:
    """It is the client's own next one, for the gateway to judge: nothing of it goes to a provider with the first."""
    came, _ = exchange(shared, sized(BODY) + HIDDEN)
    first, second = came.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200") and second.startswith(b"404")
    assert len(provider.requests) == 1 and b"hidden" not in provider.requests[0].raw


def test_less_than_the_length_is_no_request(shared: Gateway, provider: Provider) -> None:
    """One that must be translated is not begun; one that is passed on is broken off, never completed with other bytes."""
    for path in (b"/v1/chat/completions", b"/v1/files"):
        with socket.create_connection(("127.0.0.1", shared.port), 5) as sock:
            sock.sendall(framed(b"content-length: %d" % (len(BODY) + 10), body=BODY).replace(CHAT, path, 1))
            time.sleep(0.2)
    # Another client's request right behind it.
    referee.completion(shared.client().chat(BODY, [("authorization", f"Bearer {KEY}")]))
    assert [request.target for request in provider.requests] == [CHAT.decode()]


AUTH = (b"authorization", b"Bearer " + KEY.encode())
OCTETS = (b"content-type", b"application/octet-stream")


def files(*fields: tuple[bytes, bytes], path: bytes = b"/v1/files", method: bytes = b"POST") -> list[tuple[bytes, bytes]]:
    """A request whose body and content type are passed on as they come."""
    return h2.request(method, path, AUTH, *fields)


HIDES = b"12345" + HIDDEN
OVER_HTTP2: dict[str, tuple[list[tuple[bytes, bytes]], list[bytes]]] = {
    "chat-longer-than-its-length": (h2.request(b"POST", CHAT, AUTH, (b"content-length", b"5")), [BODY]),
    "chat-shorter-than-its-length": (h2.request(b"POST", CHAT, AUTH, (b"content-length", b"500")), [BODY]),
    "file-longer-than-its-length": (files(OCTETS, (b"content-length", b"5")), [HIDES]),
    "file-longer-than-its-length-in-two-frames": (files(OCTETS, (b"content-length", b"5")), [b"12345", HIDDEN]),
    "file-shorter-than-its-length": (files(OCTETS, (b"content-length", b"50")), [b"12345"]),
    "two-lengths": (files(OCTETS, (b"content-length", b"5"), (b"content-length", b"39")), [HIDES]),
    "a-coding": (files(OCTETS, (b"transfer-encoding", b"chunked")), [b"0\r\n\r\n" + HIDDEN]),
    "a-header-of-the-connection": (files(OCTETS, (b"connection", b"content-length")), [HIDES]),
    "line-end-in-a-content-type": (files((b"content-type", b"a/b\r\nx-evil: 1")), [b"12345"]),
    "nul-in-a-content-type": (files((b"content-type", b"a/b\x00c")), [b"12345"]),
    "line-end-in-a-path": (files(OCTETS, path=b"/v1/files?a=b HTTP/1.1\r\nx-evil: 1\r\n\r\n"), [b"12345"]),
    "space-in-a-path": (files(OCTETS, path=b"/v1/files?a=b HTTP/1.1"), [b"12345"]),
    "line-end-in-a-method": (files(OCTETS, method=b"POST /hidden HTTP/1.1\r\nx: y\r\n\r\nPOST"), [b"12345"]),
    "line-end-in-a-name": (files(OCTETS, (b"x\r\nevil", b"1")), [b"12345"]),
    "name-in-upper-case": (files(OCTETS, (b"X-Evil", b"1")), [b"12345"]),
    "two-paths": (files(OCTETS, (b":path", b"/hidden")), [b"12345"]),
    "line-end-in-betas": (h2.request(b"POST", b"/v1/messages", AUTH, (b"anthropic-beta", b"a\r\nx-evil: 1")), [BODY]),
}


def test_http2_cannot_write_another_request_into_http1(shared: Gateway, provider: Provider) -> None:
    """Providers on HTTP/1.1 get as much as was declared, as one request, or nothing."""
    for name, outcome in at_once(lambda name: h2.send(shared.port, *OVER_HTTP2[name]), OVER_HTTP2).items():
        assert outcome.end in ("reset", "closed"), (name, outcome)
    for received in provider.requests:
        # As much of a file as its length says may have gone on before a frame said more.
        assert (received.target, received.body) == ("/v1/files", b"12345") and b"evil" not in received.raw


def test_http2_bodies_and_trailers_are_framed_anew(shared: Gateway, provider: Provider) -> None:
    evil = [(b"x-evil", b"1"), (b"authorization", b"Bearer evil"), (b"x-switchyard-retry", b"1")]
    assert h2.send(shared.port, h2.request(b"POST", CHAT, AUTH), [BODY[:9], BODY[9:]], evil).ok
    assert h2.send(shared.port, files(OCTETS), [HIDES], evil).ok
    chat, file = provider.requests
    assert chat.header("content-length") == str(len(chat.body)) and chat.json["model"] == "gpt-4.1"
    # Without a length it goes on in chunks; what looks like a request in it is a file's bytes.
    assert (file.header("transfer-encoding"), file.header("content-length"), file.body) == ("chunked", None, HIDES)
    assert b"evil" not in chat.raw + file.raw


def test_lengths_fit_after_a_name_was_put_in(shared: Gateway, provider: Provider) -> None:
    """Bodies that grow and shrink, with and without a length of the client's, one behind the other."""
    auth, client = ("authorization", f"Bearer {KEY}"), shared.client()
    for model, name in (("named-longer-than-upstream", "m"), ("openai-only", "gpt-4.1")):
        body = form(part("model", model), part("file", HIDDEN, "a.wav"))
        for sent in (body, [body[at : at + 40] for at in range(0, len(body), 40)]):
            assert client.request("POST", "/v1/audio/transcriptions", [media.FORM, auth], sent).status == 200
            received = provider.requests[-1]
            assert received.body == body.replace(b"\r\n" + model.encode() + b"\r\n", b"\r\n" + name.encode() + b"\r\n")
            length = received.header("content-length")
            assert length == str(len(received.body)) if isinstance(sent, bytes) else length is None
    assert len(provider.requests) == 4


# ---------------------------------------------------------------- replies

POISON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\npoisoned"


def raw(*head: str, body: bytes) -> replies.Reply:
    """A reply of these lines and bytes, on a connection that stays open."""

    def reply(conn: Conn, _: Received) -> None:
        lines = ["HTTP/1.1 200 OK", "content-type: application/json", *head]
        conn.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    return reply


WHOLE = json.dumps(openai.completion("mine")).encode()
LENGTH = f"content-length: {len(WHOLE)}"
TWICE: dict[str, tuple[replies.Reply, bool]] = {
    "more-than-its-length": (raw(LENGTH, body=WHOLE + POISON), True),
    "two-in-chunks": (raw("transfer-encoding: chunked", body=chunked(WHOLE) + POISON), True),
    "length-and-chunked": (raw("content-length: 5", "transfer-encoding: chunked", body=chunked(WHOLE) + POISON), False),
    "two-lengths": (raw(LENGTH, "content-length: 3", body=WHOLE + POISON), False),
    "nul-in-a-value": (raw(LENGTH, "x-request-id: a\0b", body=WHOLE), False),
    "lf-in-a-value": (raw(LENGTH, "x-request-id: a\nset-cookie: b=c", body=WHOLE), True),
    "cr-in-a-value": (raw(LENGTH, "x-request-id: a\rset-cookie: b=c", body=WHOLE), True),
}


@pytest.mark.parametrize("name", TWICE)
def test_a_reply_too_many_is_nobodys(shared: Gateway, provider: Provider, name: str) -> None:
    """What a provider sends behind its reply must not answer the next client, and no header may begin inside another."""
    reply, served = TWICE[name]
    provider.script.append(reply)
    auth = [("authorization", f"Bearer {KEY}")]
    answer = shared.client().chat(BODY, auth)
    if served:
        assert referee.completion(answer)["choices"][0]["message"]["content"] == "mine"
    else:
        assert answer.status in (200, 502, 503) and b"poisoned" not in answer.body
    assert answer.header("set-cookie") is None
    for _ in range(3):
        value = referee.completion(shared.client().chat(BODY, auth))
        assert value["choices"][0]["message"]["content"] == "Hello from OpenAI."


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_what_comes_before_a_reply_stays_behind(shared: Gateway, provider: Provider, status: str) -> None:
    def reply(conn: Conn, received: Received) -> None:
        conn.send(f"HTTP/1.1 {status}\r\nset-cookie: a=b\r\nx-switchyard-retry: 1\r\n\r\n".encode())
        openai.answer()(conn, received)

    provider.script.append(reply)
    came, _ = exchange(shared, sized(BODY), 0.4)
    assert came.count(b"HTTP/1.1 ") == 1 and came.startswith(b"HTTP/1.1 200") and b"set-cookie" not in came
    assert len(provider.requests) == 1
