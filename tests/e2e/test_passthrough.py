"""What is passed on as it is: moderations, images, audio, files and batches."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest

from conftest import ENV
from rig import anthropic, media, openai as rig_openai, referee, replies
from rig.client import Client
from rig.gateway import Gateway
from rig.media import form, part, post, post_json
from rig.provider import Conn, Provider, Received

KEY, LIMITED = "sk-team", "sk-limited"
BACKUP_KEY = "sk-backup-provider"
AUTH = ("authorization", f"Bearer {KEY}")
NOISE = [("cookie", "a=b"), ("x-stainless-lang", "python"), ("openai-organization", "org-client")]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Provider, Provider]]:
    """Two of OpenAI's format."""
    answer = replies.json_body({"id": "modr-1", "results": []})
    one = Provider("openai", answer, media.check(rig_openai.KEY, (KEY, BACKUP_KEY)))
    two = Provider("backup", answer, media.check(BACKUP_KEY, (KEY, rig_openai.KEY)))
    yield one, two
    one.close()
    two.close()


def file_of(one: Provider, two: Provider, **more: object) -> dict:
    both = [{"provider": "openai", "model": "up-1"}, {"provider": "backup", "model": "a/longer name"}]
    digest = lambda key: hashlib.sha256(key.encode()).hexdigest()  # noqa: E731
    return {
        "providers": [
            {"name": "openai", "type": "openai", "base_url": f"{one.url}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
            {"name": "backup", "type": "openai-compatible", "base_url": f"{two.url}/v1", "api_key": {"env": "BACKUP_KEY"}},
            {"name": "claude", "type": "anthropic", "base_url": "http://127.0.0.1:9", "api_key": {"env": "ANTHROPIC_API_KEY"}},
        ],
        "models": [
            {"name": "both", "targets": [{"provider": "claude", "model": "c"}, *both]},
            {"name": "one", "targets": both[:1]},
            {"name": "own", "targets": [{"provider": "openai"}]},
            {"name": "omni-moderation-latest", "targets": both[:1]},
            {"name": "dall-e-2", "targets": both[:1]},
            {"name": "claude-only", "targets": [{"provider": "claude", "model": "c"}]},
        ],
        "keys": [
            {"name": "team", "sha256": digest(KEY)},
            {"name": "limited", "sha256": digest(LIMITED), "models": ["one"]},
        ],
        "timeouts": {"connect": "1s", "first_event": "2s", "reply": "5s"},
        **more,
    }


PASS_ENV = {**ENV, "BACKUP_KEY": BACKUP_KEY}


@pytest.fixture(scope="module")
def module_gateway(tmp_path_factory: pytest.TempPathFactory, servers: tuple[Provider, Provider]) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path_factory.mktemp("pass"), file_of(*servers, files={"provider": "openai"}), PASS_ENV)
    yield gateway
    gateway.stop()


@pytest.fixture
def client(module_gateway: Gateway, servers: tuple[Provider, Provider]) -> Iterator[Client]:
    """A client; what a provider complained of, or Envoy, fails the test."""
    for server in servers:
        server.fresh()
    client = module_gateway.client(30)
    yield client
    client.close()
    for server in servers:
        assert not server.violations, server.violations
    assert not (found := module_gateway.new_problems()), found


@pytest.fixture
def one(servers: tuple[Provider, Provider]) -> Provider:
    return servers[0]


@pytest.fixture
def two(servers: tuple[Provider, Provider]) -> Provider:
    return servers[1]


def test_json_is_routed_by_its_model_and_keeps_its_bytes(client: Client, one: Provider) -> None:
    body = b'{ "input" : ["a\\u00e9", 1.50],"model":"one" , "unknown":{"x":[]} }'
    answer = client.request("POST", "/v1/moderations?x=1", [("content-type", "application/json"), AUTH, *NOISE], body)
    assert (answer.status, answer.json) == (200, {"id": "modr-1", "results": []})
    received = one.requests[-1]
    assert (received.method, received.target) == ("POST", "/v1/moderations")
    assert received.body == body.replace(b'"one"', b'"up-1"')
    referee.internal(answer)
    # Without a model it is OpenAI's default.
    post_json(client, "/v1/moderations", {"input": "x"}, AUTH)
    assert one.requests[-1].json == {"model": "up-1", "input": "x"}


@pytest.mark.parametrize("path", ["images/generations", "images/edits", "images/variations", "audio/speech",
                                  "audio/transcriptions", "audio/translations", "moderations"])
def test_each_endpoint_has_its_path(client: Client, one: Provider, path: str) -> None:
    assert post_json(client, f"/v1/{path}", {"model": "own"}, AUTH).status == 200
    assert one.requests[-1].target == f"/v1/{path}"
    assert one.requests[-1].body == b'{"model": "own"}'
    assert client.request("GET", f"/v1/{path}", [AUTH]).status == 405


@pytest.mark.parametrize("pieces", [0, 7, 1000])
@pytest.mark.parametrize("model_first", [True, False])
def test_forms_are_routed_by_their_field(client: Client, one: Provider, model_first: bool, pieces: int) -> None:
    fields = [part("model", "one"), part("file", os.urandom(5000), "a.wav"), part("response_format", "json")]
    body = form(*(fields if model_first else fields[::-1]))
    answer = post(client, "/v1/audio/transcriptions", body, AUTH, *NOISE, pieces=pieces)
    assert answer.status == 200, answer.body
    received = one.requests[-1]
    assert received.header("content-type") == media.FORM[1]
    assert received.body == body.replace(b"\r\n\r\none\r\n", b"\r\n\r\nup-1\r\n")
    if not pieces:
        assert received.header("content-length") == str(len(received.body))


def test_a_form_without_a_model_gets_the_default(client: Client, one: Provider) -> None:
    body = form(part("image", b"PNG", "a.png"))
    assert post(client, "/v1/images/variations", body, AUTH).status == 200
    assert one.requests[-1].body == part("model", "up-1") + body
    error = referee.error(post(client, "/v1/audio/translations", body, AUTH), 400)
    assert error["param"] == "model"


@pytest.mark.parametrize("model_first", [True, False])
def test_25_megabytes_pass_with_default_limits(client: Client, two: Provider, one: Provider, model_first: bool) -> None:
    audio = os.urandom(25 << 20)
    fields = [part("model", "both"), part("file", audio, "a.wav")]
    # The first fails, so that the body is sent twice.
    one.script.append(rig_openai.error(503))
    answer = post(client, "/v1/audio/transcriptions", form(*(fields if model_first else fields[::-1])), AUTH)
    assert answer.status == 200, answer.body
    assert len(one.requests) == 1 and len(two.requests) == 1
    assert audio in two.requests[-1].body and b"\r\n\r\na/longer name\r\n" in two.requests[-1].body


def test_a_form_goes_on_as_it_comes(client: Client, one: Provider) -> None:
    """The provider has the first bytes before the client has sent the last."""
    came: list[bytes] = []

    class Early(Provider):
        def _serve(self, conn: Conn) -> None:
            while line := conn.line():
                came.append(line)
            came.append(conn.exactly(100))
            conn.head(200, [replies.JSON, ("content-length", "2"), ("connection", "close")])
            conn.send(b"{}")
            conn.close()

    port = one.port
    one.close()
    early = Early.__new__(Early)
    early.__dict__.update(one.__dict__, _listener=None)
    early.open()
    try:
        head = part("model", "own") + part("file", b"x" * 50_000, "a")
        seen: list[float] = []

        def body() -> Iterator[bytes]:
            yield head
            deadline = time.monotonic() + 5
            while not came or b"form-data" not in came[-1]:
                assert time.monotonic() < deadline, "nothing came before the body had ended"
                time.sleep(0.01)
            seen.append(time.monotonic())
            yield form()

        answer = client.request("POST", "/v1/audio/transcriptions", [media.FORM, AUTH], body())
        assert seen and answer.status == 200
    finally:
        early.close()
        one.open()
    assert one.port == port


def test_two_models_are_refused_before_the_provider_has_all(client: Client, one: Provider) -> None:
    """What the provider would read as another model than the key may use."""
    auth = ("authorization", f"Bearer {LIMITED}")
    body = form(part("model", "one"), part("file", b"x" * 300_000, "a"), part("model", "both"))
    for pieces in (0, 100_000):
        error = referee.error(post(client, "/v1/audio/transcriptions", body, auth, pieces=pieces), 400)
        assert error["param"] == "model"
    assert not one.requests
    error = referee.error(post(client, "/v1/audio/transcriptions", form(part("model", "both")), auth), 403)
    assert error["code"] == "model_not_allowed"
    assert not one.requests


def test_what_is_no_form_is_refused(client: Client, one: Provider) -> None:
    for body, kind in [
        (b"x", "multipart/form-data"),
        (form(part("model", "one"))[:-6], media.FORM[1]),
        (b"{}", "text/plain"),
        (b"{", "application/json"),
    ]:
        answer = client.request("POST", "/v1/images/edits", [("content-type", kind), AUTH], body)
        referee.error(answer, 400)
    referee.error(post(client, "/v1/images/edits", form(part("model", "one"))), 401)
    assert not one.requests


def test_binary_replies_are_streamed(client: Client, one: Provider) -> None:
    audio = [os.urandom(3000), os.urandom(3000)]
    headers = [("content-type", "audio/mpeg"), ("x-request-id", "req_1"), ("set-cookie", "a=b"), ("openai-organization", "o"),
               ("content-disposition", 'attachment; filename="speech.mp3"'), ("transfer-encoding", "chunked")]  # fmt: skip

    def reply(conn: Conn, _: Received) -> None:
        conn.head(200, headers)
        conn.chunk(audio[0])
        time.sleep(0.6)
        conn.chunk(audio[1])
        conn.end()

    one.script.append(reply)
    client.send("POST", "/v1/audio/speech", [("content-type", "application/json"), AUTH], b'{"model":"one","input":"hi"}')
    answer = client.head()
    while client.piece(answer):
        pass
    assert answer.body == b"".join(audio) and answer.complete
    assert answer.chunks[-1][0] - answer.chunks[0][0] > 0.4, "the first bytes came before the last were sent"
    assert answer.header("content-type") == "audio/mpeg" and answer.header("x-request-id") == "req_1"
    assert answer.header("content-disposition") == 'attachment; filename="speech.mp3"'
    assert answer.header("set-cookie") is None and answer.header("openai-organization") is None
    referee.internal(answer)


def test_a_large_reply_is_not_held(client: Client, one: Provider, module_gateway: Gateway) -> None:
    block = os.urandom(1 << 20)
    before = module_gateway.envoy.rss()

    def reply(conn: Conn, _: Received) -> None:
        conn.head(200, [("content-type", "application/json"), ("content-length", str(50 << 20))])
        for _ in range(50):
            conn.send(block)

    one.script.append(reply)
    answer = post_json(client, "/v1/images/generations", {"model": "one", "prompt": "x"}, AUTH)
    assert answer.complete and answer.body == block * 50
    assert answer.header("content-length") == str(50 << 20)
    grown = module_gateway.envoy.rss() - before
    assert grown < 30 << 20, f"{grown >> 20} MiB more"


def test_events_pass_as_they_come(client: Client, one: Provider) -> None:
    first = b'event: image_generation.partial_image\ndata: {"type":"image_generation.partial_image","b64_json":"AA"}\n\n'
    last = b'event: image_generation.completed\ndata: {"usage":{"input_tokens":1,"output_tokens":2}}\n\n'
    one.script.append(replies.events([first, 0.5, last]))
    client.send("POST", "/v1/images/generations", [("content-type", "application/json"), AUTH],
                b'{"model":"one","stream":true,"prompt":"x"}')  # fmt: skip
    answer = client.head()
    while client.piece(answer):
        pass
    assert answer.body == first + last
    assert (answer.header("content-type") or "").startswith("text/event-stream")
    assert answer.chunks[-1][0] - answer.chunks[0][0] > 0.3


@pytest.mark.parametrize("status", [404, 405, 429, 500, 501, 503])
def test_another_provider_is_asked(client: Client, one: Provider, two: Provider, status: int) -> None:
    body = form(part("file", b"x" * 200_000, "a"), part("model", "both"))
    one.script.append(replies.body(status, b"no such page", [("content-type", "text/plain"), ("x-request-id", "first")]))
    answer = post(client, "/v1/audio/transcriptions", body, AUTH)
    assert answer.status == 200 and answer.header("x-request-id") is None
    assert len(one.requests) == len(two.requests) == 1
    assert two.requests[0].body == body.replace(b"\r\n\r\nboth\r\n", b"\r\n\r\na/longer name\r\n")


def test_a_reset_is_tried_elsewhere(client: Client, one: Provider, two: Provider) -> None:
    one.script.append(replies.reset())
    assert post(client, "/v1/images/edits", form(part("model", "both")), AUTH).status == 200
    assert len(two.requests) == 1


def test_failures_are_told_in_openais_form(client: Client, one: Provider, two: Provider) -> None:
    one.script.append(rig_openai.error(400, "Unsupported file.", "invalid_request_error", "bad_file", (("x-request-id", "r1"),)))
    answer = post(client, "/v1/audio/transcriptions", form(part("model", "both")), AUTH)
    error = referee.error(answer, 400)
    assert (error["code"], answer.header("x-request-id")) == ("bad_file", "r1") and not two.requests
    # Asked again as often as the longest list of targets allows.
    one.script.extend([rig_openai.error(401, f"Incorrect API key provided: {rig_openai.KEY}")] * 3)
    answer = post_json(client, "/v1/audio/speech", {"model": "one"}, AUTH)
    referee.error(answer, 502)
    assert rig_openai.KEY.encode() not in answer.body
    error = referee.error(post_json(client, "/v1/audio/speech", {"model": "claude-only"}, AUTH), 400)
    assert (error["code"], error["param"]) == ("unsupported_endpoint", "model")
    referee.error(post_json(client, "/v1/audio/speech", {"model": "nothing"}, AUTH), 404)


def test_files_and_batches_go_to_their_provider(client: Client, one: Provider) -> None:
    upload = form(part("purpose", "batch"), part("file", b'{"custom_id":"1"}\n', "in.jsonl"))
    assert post(client, "/v1/files", upload, AUTH, *NOISE).status == 200
    assert one.requests[-1].body == upload and one.requests[-1].target == "/v1/files"
    batch = {"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    assert post_json(client, "/v1/batches", batch, AUTH).status == 200
    assert one.requests[-1].json == batch
    for method, path in [
        ("GET", "/v1/files?purpose=batch&limit=2"), ("GET", "/v1/files/file-1"), ("DELETE", "/v1/files/file-1"),
        ("GET", "/v1/batches?after=batch_1"), ("GET", "/v1/batches/batch_1"), ("POST", "/v1/batches/batch_1/cancel"),
        ("POST", "/v1/uploads/upload_1/cancel"),
    ]:  # fmt: skip
        assert client.request(method, path, [AUTH, *NOISE]).status == 200, path
        assert (one.requests[-1].method, one.requests[-1].target) == (method, path)
        assert one.requests[-1].body == b""
    one.script.append(replies.body(200, b"\x00\x01 lines", [("content-type", "application/octet-stream")]))
    answer = client.request("GET", "/v1/files/file-1/content", [AUTH])
    assert (answer.body, answer.header("content-type")) == (b"\x00\x01 lines", "application/octet-stream")


def test_files_are_not_asked_for_twice(client: Client, one: Provider, two: Provider) -> None:
    for reply in (rig_openai.error(503), replies.reset()):
        one.fresh()
        one.script.append(reply)
        assert post_json(client, "/v1/batches", {"x": 1}, AUTH).status >= 500
        assert len(one.requests) == 1 and not two.requests
    one.fresh()
    one.script.append(rig_openai.error(404, "No such File object: file-1"))
    referee.error(client.request("GET", "/v1/files/file-1", [AUTH]), 404)
    assert len(one.requests) == 1


def test_files_are_not_for_everybody(client: Client, one: Provider) -> None:
    limited = ("authorization", f"Bearer {LIMITED}")
    assert referee.error(client.request("GET", "/v1/files", [limited]), 403)["code"] == "files_not_allowed"
    referee.error(post_json(client, "/v1/batches", {}, limited), 403)
    referee.error(client.request("GET", "/v1/files"), 401)
    for path in ("/v1/files/a%2fb", "/v1/files/a.b", "/v1/files/a/b", "/v1/batches/x/y"):
        referee.error(client.request("GET", path, [AUTH]), 404)
    assert client.request("PUT", "/v1/files", [AUTH]).status == 405
    assert not one.requests


def test_files_are_off_unless_they_are_turned_on(
    tmp_path: Path, own_gateway: Callable[..., Gateway], one: Provider, two: Provider
) -> None:
    client = own_gateway(file_of(one, two), PASS_ENV).client()
    one.fresh()
    for method, path in [("GET", "/v1/files"), ("POST", "/v1/batches"), ("DELETE", "/v1/files/file-1")]:
        error = referee.error(client.request(method, path, [AUTH]), 404)
        assert error["code"] == "files_off" and "gateway.yaml" in error["message"]
    assert not one.requests


def test_too_large_a_form_is_refused(own_gateway: Callable[..., Gateway], one: Provider, two: Provider) -> None:
    client = own_gateway(file_of(one, two, limits={"request_bytes": 100_000}, files={"provider": "openai"}), PASS_ENV).client()
    one.fresh()
    body = form(part("model", "one"), part("file", b"x" * 200_000, "a"))
    for path in ("/v1/images/edits", "/v1/files"):
        for pieces in (0, 20_000):
            assert referee.error(post(client, path, body, AUTH, pieces=pieces), 413)["code"] == "request_too_large"
    assert not one.requests
    assert anthropic.KEY  # the third provider is never asked


def test_openais_client(client: Client, module_gateway: Gateway, one: Provider) -> None:
    sdk = openai.OpenAI(base_url=module_gateway.url, api_key=KEY, max_retries=0)
    one.script.append(replies.json_body({"text": "hello", "usage": {"type": "tokens", "input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}))
    wav = ("a.wav", io.BytesIO(b"RIFF" * 1000))
    assert sdk.audio.transcriptions.create(model="one", file=wav).text == "hello"
    one.script.append(replies.body(200, b"mp3", [("content-type", "audio/mpeg")]))
    assert sdk.audio.speech.create(model="one", voice="alloy", input="hi").read() == b"mp3"
    one.script.append(replies.json_body({"created": 1, "data": [{"b64_json": "AA"}]}))
    assert sdk.images.edit(model="one", image=[("a.png", b"PNG"), ("b.png", b"PNG")], prompt="x").data[0].b64_json == "AA"
    one.script.append(replies.json_body({"id": "modr-1", "model": "m", "results": []}))
    assert sdk.moderations.create(input="x").id == "modr-1"
    meta = {"id": "file-1", "object": "file", "bytes": 2, "created_at": 1, "filename": "a", "purpose": "batch", "status": "processed"}
    one.script.append(replies.json_body(meta))
    assert sdk.files.create(file=("a.jsonl", b"{}"), purpose="batch").id == "file-1"
    one.script.append(replies.json_body({"object": "list", "data": [meta], "has_more": False}))
    assert [file.id for file in sdk.files.list(purpose="batch")] == ["file-1"]
    one.script.append(replies.json_body({"id": "file-1", "object": "file", "deleted": True}))
    assert sdk.files.delete("file-1").deleted
    events = [b'data: {"type":"transcript.text.delta","delta":"he"}\n\n',
              b'data: {"type":"transcript.text.done","text":"hello","usage":{"type":"tokens","input_tokens":1,"output_tokens":2,"total_tokens":3}}\n\n']  # fmt: skip
    one.script.append(replies.events(events))
    wav = ("a.wav", io.BytesIO(b"RIFF" * 1000))
    got = list(sdk.audio.transcriptions.create(model="one", file=wav, stream=True))
    assert [event.type for event in got] == ["transcript.text.delta", "transcript.text.done"]
    assert json.loads(got[-1].to_json())["text"] == "hello"
