"""What nobody should send, from clients and from providers: each gets an answer, and the filter lives on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pytest

from rig import hostile, prompts, replies
from rig.client import Answer, Client
from rig.gateway import Gateway
from rig.hostile import CHANGES, DIALECTS, FORMATS, Dialect, Format
from rig.provider import Conn, Gone, Provider, Received

MB = prompts.MB
KEYS = {name: {"value": each.key} for name, each in FORMATS.items()}
# Beside the other 64 tests in this file, RSS may grow by what a VM's memory and the allocator keep of a few large bodies.
ROOM = 160 * MB


class World:
    """A gateway with a provider of each format, alone (`NAME-only`) and before a healthy one (`NAME-first`)."""

    def __init__(self, folder) -> None:
        self.providers = {name: Provider(name, each.answer()) for name, each in FORMATS.items()}
        self.backup = Provider("backup", FORMATS["openai"].answer())
        listed = [
            {"name": name, "type": each.kind, "base_url": self.providers[name].url + each.base, "api_key": KEYS[name]}
            for name, each in FORMATS.items()
        ]
        listed.append({"name": "backup", "type": "openai", "base_url": f"{self.backup.url}/v1", "api_key": KEYS["openai"]})
        models = []
        for name in FORMATS:
            # None, so that what a client calls a model goes to the provider.
            models.append({"name": f"{name}-any-*", "targets": [{"provider": name}]})
            models.append({"name": f"{name}-only", "targets": [{"provider": name, "model": "m"}]})
            models.append({"name": f"{name}-first", "targets": [{"provider": name, "model": "m"}, {"provider": "backup", "model": "m"}]})
        self.gateway = Gateway(folder, {"providers": listed, "models": models})
        self.client = self.gateway.client(20)

    def ask(self, dialect: Dialect, body: bytes | Iterable[bytes], headers: Iterable[tuple[str | bytes, str | bytes]] = ()) -> Answer:
        """A request at the dialect's own endpoint."""
        return self.client.request("POST", dialect.path, [("content-type", "application/json"), *headers], body)

    def works(self) -> None:
        """The next request is served, on a connection of its own and by the same worker, and the filter has not failed."""
        answer = self.client.request("POST", "/v1/messages", [], DIALECTS["messages"].plain("openai-only"))
        assert answer.status == 200 and b"HOSTILE" in answer.body, (answer.status, answer.body[:300])
        assert not (found := self.gateway.new_problems()), found

    def stop(self) -> None:
        """Ends it."""
        self.gateway.stop()
        for provider in [*self.providers.values(), self.backup]:
            provider.close()


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("hostile"))
    yield world
    world.stop()


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """The world with fresh providers; after each test it must work as before."""
    for provider in [*shared_world.providers.values(), shared_world.backup]:
        provider.fresh()
    yield shared_world
    for provider in shared_world.providers.values():
        provider.default = FORMATS[provider.name].answer()
        provider.script.clear()
    shared_world.works()


def received_well(provider: Provider) -> None:
    """Whatever a client sent: what goes on to a provider is text and JSON, in headers that say so."""
    for request in provider.requests:
        request.body.decode("utf-8")
        assert request.body.startswith(b"{") and request.body.endswith(b"}")
        assert request.header("content-length") == str(len(request.body))
        request.target.encode("ascii")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_client_sends_it_in_a_body(world: World, dialect: str, change: str) -> None:
    """To each format of provider. What is no JSON is the client's 400; what is may be served, or be a 400."""
    make, legal = CHANGES[change]
    if change == "member-deep-and-open":
        assert not legal
    asked = DIALECTS[dialect]
    for name in FORMATS:
        answer = world.ask(asked, make(asked.body(f"{name}-only")))
        if legal:
            assert asked.served(answer, False) == "ok" or answer.status == 400, (name, answer.status, answer.body[:300])
        else:
            assert answer.status == 400, (name, answer.status, answer.body[:300])
            asked.error(answer)
            assert not world.providers[name].requests, "what cannot be read was sent on"
        received_well(world.providers[name])


@pytest.mark.parametrize("value", hostile.STRINGS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_client_calls_a_model_so(world: World, dialect: str, value: str) -> None:
    """A name that goes into a path, a body, an error message. It reaches a provider well formed, or is refused."""
    asked = DIALECTS[dialect]
    raw, _ = hostile.STRINGS[value]
    for name in FORMATS:
        for model in (f"{name}-any-{hostile.TEXT}", hostile.TEXT):
            body = asked.plain("MODEL").replace(b"MODEL", model.encode().replace(hostile.TEXT.encode(), raw))
            answer = world.ask(asked, body)
            assert answer.status in (200, 400, 404), (answer.status, answer.body[:300])
            asked.served(answer, False)
        received_well(world.providers[name])


@pytest.mark.parametrize("value", [b"\xff\xfe", b"caf\xe9", b"\xf0\x9f\xa6", b"\xed\xa0\x80", b"\x80" * 5000, b"\x7f", b"\x01", b"a\x00b", b"\tx"])
@pytest.mark.parametrize("name", [
    b"authorization", b"x-api-key", b"content-type", b"anthropic-version", b"anthropic-beta", b"accept", b"content-encoding", b"upgrade",
    b"x-request-id", b"x-note", b"cookie", b"traceparent", b"expect", b"te", b"host", b"x-forwarded-for", b"origin",
    b"openai-organization", b"x-envoy-max-retries", b"x-switchyard-stream", b"connection", b"x-forwarded-proto",
])
def test_a_client_sends_it_in_a_header(world: World, name: bytes, value: bytes) -> None:
    asked = DIALECTS["messages"]
    answer = world.client.request("POST", asked.path, [(name, value)], asked.plain("anthropic-only"))
    if answer.status != 200:
        assert answer.status in (400, 403, 404, 417), (answer.status, answer.body)
        # Where HTTP itself cannot be read, Envoy answers before it knows the path.
        (asked if answer.json.get("type") == "error" else DIALECTS["chat"]).error(answer)
    received_well(world.providers["anthropic"])
    if len(value.strip()) > 1:
        assert all(value.strip() not in request.raw for request in world.providers["anthropic"].requests)


@pytest.mark.parametrize("name", [b"x-\xff", b"\xc3\xa9", b"x y", b"x\x00y", b"", b"x" * 5000, b"x(y)", b"X-\x7f"])
def test_a_client_names_a_header_so(world: World, name: bytes) -> None:
    asked = DIALECTS["chat"]
    answer = world.client.request("POST", asked.path, [(name, b"1")], asked.plain("openai-only"))
    if answer.status != 200:
        assert answer.status == 400
        asked.error(answer)


@pytest.mark.parametrize("target", [
    "/v1/chat/completions?q=\udcff", "/v1/\udcff", "/v1/models/\udcff\udcfe", "/v1/models/%ff%fe", "/v1/models/%00", "/v1/chat%2fcompletions",
    "/v1/messages?beta=%ff", "/v1/files/%ff/content", "/v1/responses/%ff", "/v1/realtime?model=%ff", "/" + "a" * 50_000, "*", "//", "/%", "/v1/%zz",
    "http://\udcff/v1/models", "/v1/models/" + "%41" * 10_000,
])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_client_asks_for_a_path_of_it(world: World, method: str, target: str) -> None:
    raw = target.encode("utf-8", "surrogateescape")
    body = DIALECTS["chat"].plain("openai-only") if method == "POST" else b""
    head = b"%s %s HTTP/1.1\r\nhost: gateway.test\r\ncontent-length: %d\r\n\r\n" % (method.encode(), raw, len(body))
    answer = world.client.raw(head + body)
    if answer.status == 200:
        assert method == "POST" and "?" in target, target
        DIALECTS["messages" if "messages" in target else "chat"].served(answer, False)
    else:
        assert answer.status in (400, 404, 405, 414, 431), (answer.status, answer.body[:200])
        (DIALECTS["messages"] if answer.json.get("type") == "error" else DIALECTS["chat"]).error(answer)


@pytest.mark.parametrize("headers", [
    [(f"x-{number}", "1") for number in range(10_000)],
    [("x-big", "x" * MB)],
    [("authorization", "x" * MB)],
    [(f"x-{number}", "x" * 1000) for number in range(90)],
], ids=["10,000 headers", "a header of 1 MB", "a key of 1 MB", "90 headers of 1 kB"])
@pytest.mark.parametrize("dialect", ["chat", "messages"])
def test_a_client_sends_too_much_of_headers(world: World, dialect: str, headers: list[tuple[str, str]]) -> None:
    asked = DIALECTS[dialect]
    answer = world.ask(asked, asked.plain("openai-only"), headers)
    assert answer.status == 431, (answer.status, answer.body[:200])
    (asked if answer.json.get("type") == "error" else DIALECTS["chat"]).error(answer)
    assert not world.providers["openai"].requests


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_client_sends_100_mb(world: World, dialect: str, chunked: bool) -> None:
    asked = DIALECTS[dialect]
    before = world.gateway.envoy.rss()
    piece = b'{"model":"openai-only","x":"' + b"x" * MB
    body: bytes | Iterable[bytes] = (piece for _ in range(100)) if chunked else b""
    headers = [] if chunked else [("content-length", str(100 * MB))]
    answer = world.ask(asked, body, headers)
    assert answer.status == 413, (answer.status, answer.body[:300])
    assert "33554432" in asked.error(answer)["message"]
    assert world.gateway.envoy.rss() - before < ROOM


# ---- providers


def outcome(world: World, dialect: Dialect, model: str, stream: bool, legal: bool) -> tuple[Answer, str]:
    """One request; a reply that cannot be read is another provider's to give, else a server's error."""
    answer = world.ask(dialect, dialect.plain(model, stream))
    told = dialect.served(answer, stream)
    if told == "error":
        assert answer.status in (500, 502, 503, 504, 529), (answer.status, answer.body[:300])
    if legal and not stream:
        assert told == "ok", (model, answer.status, answer.body[:300])
    return answer, told


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_provider_sends_it_in_a_reply(world: World, name: str, stream: bool, change: str) -> None:
    make, legal = CHANGES[change]
    for dialect in DIALECTS.values():
        world.providers[name].default = FORMATS[name].answer(make)
        outcome(world, dialect, f"{name}-only", stream, legal and not unreadable(change))
        _, told = outcome(world, dialect, f"{name}-first", stream, True)
        assert told == "ok" or stream, "the healthy one was not asked"


def unreadable(change: str) -> bool:
    """JSON that may be a reply which cannot be read: too deep, numbers that are none, the same member twice, keys of no text."""
    return any(word in change for word in ("deep", "number", "twice", "key-lone-surrogate"))


def endless(kind: bytes, first: bytes, piece: bytes) -> replies.Reply:
    """Headers and a body that goes on until the peer has enough of it; 128 MB at most."""

    def reply(conn: Conn, _: Received) -> None:
        conn.send(b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n" % kind)
        conn.chunk(first)
        for _ in range(128 * MB // len(piece)):
            conn.chunk(piece)
        conn.end()

    return reply


@pytest.mark.parametrize("first", [b"data: ", b"data: {\"x\":\"", b"event: ", b"", b": "], ids=["data", "json", "event", "bare", "comment"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_line_of_a_stream_that_does_not_end(world: World, name: str, first: bytes) -> None:
    """It is an error once it is too long, and memory does not follow it."""
    if name == "bedrock":
        # A frame that says it is 16 MB long, and one of 4 GB.
        size = 16 * MB if first else 0xFFFF_FFFF
        kind, first = b"application/vnd.amazon.eventstream", size.to_bytes(4) + b"\x00\x00\x00\x10"
    else:
        kind = b"text/event-stream"
    before = world.gateway.envoy.rss()
    world.providers[name].default = endless(kind, first, b"x" * 65536)
    for dialect in (DIALECTS["chat"], DIALECTS["messages"]):
        _, told = outcome(world, dialect, f"{name}-only", True, False)
        assert told in ("error", "error-event")
        _, told = outcome(world, dialect, f"{name}-first", True, False)
        assert told == "ok", "the healthy one was not asked"
    assert world.gateway.envoy.rss() - before < ROOM, f"{(world.gateway.envoy.rss() - before) >> 20} MB more"


@pytest.mark.parametrize("name", FORMATS)
def test_a_reply_that_does_not_end(world: World, name: str) -> None:
    before = world.gateway.envoy.rss()
    world.providers[name].default = endless(b"application/json", b'{"x":"', b"x" * 65536)
    for dialect in (DIALECTS["chat"], DIALECTS["messages"]):
        answer, told = outcome(world, dialect, f"{name}-only", False, False)
        assert told == "error" and answer.status in (500, 502)
        answer, told = outcome(world, dialect, f"{name}-first", False, False)
        assert told == "ok", (answer.status, answer.body)
    assert world.gateway.envoy.rss() - before < ROOM, f"{(world.gateway.envoy.rss() - before) >> 20} MB more"


def raw_reply(data: bytes) -> replies.Reply:
    """These bytes, and the end of the connection."""

    def reply(conn: Conn, _: Received) -> None:
        conn.send(data)
        conn.close()

    return reply


def with_head(each: Format, stream: bool, line: bytes, headers: bytes) -> bytes:
    """A reply that is right but for its head."""
    body = b"".join(each.streamed()) if stream else each.whole
    stream_kind = b"application/vnd.amazon.eventstream" if each.name == "bedrock" else b"text/event-stream"
    kind = stream_kind if stream else b"application/json"
    return line + b"\r\ncontent-type: " + kind + b"\r\ncontent-length: %d\r\n" % len(body) + headers + b"\r\n" + body


HEADS: dict[str, tuple[bytes, bytes]] = {
    "reason": (b"HTTP/1.1 200 \xff\xfe\xf0\x9f", b""),
    "reason-nul": (b"HTTP/1.1 200 a\x00b", b""),
    "no-reason": (b"HTTP/1.1 200", b""),
    "status-99": (b"HTTP/1.1 099 x", b""),
    "status-999": (b"HTTP/1.1 999 x", b""),
    "status-1000": (b"HTTP/1.1 1000 x", b""),
    "status-letters": (b"HTTP/1.1 \xff\xff\xff x", b""),
    "version": (b"HTTP/9.\xff 200 OK", b""),
    "not-http": (b"\xff\xfe\x00\x01", b""),
    "error-reason": (b"HTTP/1.1 500 \xff\xfe", b""),
    "request-id": (b"HTTP/1.1 200 OK", b"x-request-id: \xff\xfe\r\nrequest-id: a\xc3\x28\r\n"),
    "limits": (b"HTTP/1.1 200 OK", b"x-ratelimit-remaining: \xff\r\nanthropic-ratelimit-x: \x80\r\nx-ratelimit-\xff: 1\r\n"),
    "retry-after": (b"HTTP/1.1 429 Slow", b"retry-after: \xff\r\nretry-after-ms: 1e999\r\n"),
    "retry-after-huge": (b"HTTP/1.1 429 Slow", b"retry-after: 99999999999999999999999\r\nretry-after-ms: -9e99\r\n"),
    "content-encoding": (b"HTTP/1.1 200 OK", b"content-encoding: \xff\r\n"),
    "other": (b"HTTP/1.1 200 OK", b"x-other: " + bytes(range(128, 256)) + b"\r\nserver: \xff\r\n"),
    "name": (b"HTTP/1.1 200 OK", b"x-\xff: 1\r\n"),
    "nul-in-header": (b"HTTP/1.1 200 OK", b"x-request-id: a\x00b\r\n"),
    "error-type": (b"HTTP/1.1 400 Bad", b"x-amzn-errortype: \xff\xfe\r\n"),
    "tokens": (b"HTTP/1.1 200 OK", b"x-amzn-bedrock-input-token-count: 99999999999999999999999999\r\n"),
    "marks": (b"HTTP/1.1 200 OK", b"x-switchyard-failed: \xff\r\nx-switchyard-retry: \xff\r\n:status: 404\r\n"),
    "two-lengths": (b"HTTP/1.1 200 OK", b"content-length: 3\r\n"),
    "1000-headers": (b"HTTP/1.1 200 OK", b"".join(b"x-%d: 1\r\n" % number for number in range(1000))),
    "10,000-headers": (b"HTTP/1.1 200 OK", b"".join(b"x-%d: 1\r\n" % number for number in range(10_000))),
    "1-MB-header": (b"HTTP/1.1 200 OK", b"x-request-id: " + b"x" * MB + b"\r\n"),
    "50-kB-header": (b"HTTP/1.1 200 OK", b"x-request-id: " + b"x" * 50_000 + b"\r\n"),
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_provider_sends_it_in_a_head(world: World, name: str, stream: bool, head: str) -> None:
    line, headers = HEADS[head]
    world.providers[name].default = raw_reply(with_head(FORMATS[name], stream, line, headers))
    for dialect in DIALECTS.values():
        answer = world.ask(dialect, dialect.plain(f"{name}-only", stream))
        dialect.served(answer, stream)
        assert answer.status in (200, 400, 429, 500, 502, 503, 529), (answer.status, answer.body[:300])
        answer = world.ask(dialect, dialect.plain(f"{name}-first", stream))
        assert dialect.served(answer, stream) == "ok" or (answer.status == 400 and head == "error-type"), (answer.status, answer.body[:300])


def test_a_provider_sends_headers_without_end(world: World) -> None:
    def reply(conn: Conn, _: Received) -> None:
        conn.send(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000_000):
            conn.send(b"".join(b"x-%d-%d: 1\r\n" % (number, more) for more in range(100)))

    before = world.gateway.envoy.rss()
    for name in FORMATS:
        world.providers[name].default = reply
        for stream in (False, True):
            assert outcome(world, DIALECTS["chat"], f"{name}-only", stream, False)[1] == "error"
            assert outcome(world, DIALECTS["chat"], f"{name}-first", stream, False)[1] == "ok"
    assert world.gateway.envoy.rss() - before < ROOM


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500, 529])
@pytest.mark.parametrize("change", ["string-not-utf8", "string-lone-surrogate", "string-raw-nul", "member-deep-objects", "member-deep-and-open", "bytes"])
def test_a_provider_sends_it_in_an_error(world: World, status: int, change: str) -> None:
    """An error that cannot be read is one all the same."""
    make = (lambda _: bytes(range(256)) * 100) if change == "bytes" else CHANGES[change][0]
    message = json.dumps({"error": {"message": hostile.TEXT, "type": hostile.TEXT, "code": hostile.TEXT, "status": hostile.TEXT}, "message": hostile.TEXT})
    for name in FORMATS:
        world.providers[name].default = replies.body(status, make(message.encode()))
        for dialect in DIALECTS.values():
            for stream in (False, True):
                answer = world.ask(dialect, dialect.plain(f"{name}-only", stream))
                assert answer.status >= 400
                dialect.error(answer)


FRAMES: dict[str, bytes] = {
    "type-not-utf8": b"\x0b:event-type\x07\x00\x02\xff\xfe",
    "name-not-utf8": b"\x03\xff\xfe\xfd\x07\x00\x01a",
    "name-of-no-length": b"\x00\x07\x00\x01a",
    "longer-than-there-is": b"\x0b:event-type\x07\xff\xffab",
    "unknown-kind-of-value": b"\x0b:event-type\x63\x00\x01a",
    "a-value-that-is-no-text": b"\x0b:event-type\x04\xff\xff\xff\xff",
    "type-twice": b"\x0b:event-type\x07\x00\x01a\x0b:event-type\x07\x00\x01b",
    "exception-not-utf8": b"\x0f:exception-type\x07\x00\x02\xff\xfe\x0d:message-type\x07\x00\x09exception",
    "error-not-utf8": b"\x0d:message-type\x07\x00\x05error\x0b:error-code\x07\x00\x02\xff\xff\x0e:error-message\x07\x00\x02\xff\xff",
    "nothing": b"",
}


@pytest.mark.parametrize("later", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("head", FRAMES)
def test_a_provider_sends_it_in_headers_of_frames(world: World, head: str, later: bool) -> None:
    from rig import bedrock

    whole = FORMATS["bedrock"].streamed()
    frame = bedrock.raw_frame(FRAMES[head], b'{"message":"\xff"}')
    parts = [*whole[:2], frame, *whole[2:]] if later else [frame, *whole]
    for dialect in DIALECTS.values():
        world.providers["bedrock"].default = bedrock.frames(parts)
        outcome(world, dialect, "bedrock-only", True, False)
        outcome(world, dialect, "bedrock-first", True, False)


def test_a_provider_that_sends_what_no_http_is_for_a_long_time(world: World) -> None:
    """Bytes from 0 to 255, again and again: the connection is given up at once."""

    def reply(conn: Conn, _: Received) -> None:
        try:
            for _ in range(1000):
                conn.send(bytes(range(256)) * 256)
        except Gone:
            conn.close()

    for name in FORMATS:
        world.providers[name].default = reply
        assert outcome(world, DIALECTS["chat"], f"{name}-only", False, False)[1] == "error"
        assert outcome(world, DIALECTS["chat"], f"{name}-first", False, False)[1] == "ok"
