"""`GET /v1/realtime`: WebSocket sessions, with a real client and a real server."""

from __future__ import annotations

import hashlib
import http
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import Server, ServerConnection, serve

from rig import media, openai as rig_openai, referee
from rig.envoy import wait_for
from rig.gateway import Gateway

KEY, LIMITED = "sk-team", "sk-limited"
BEARER = {"Authorization": f"Bearer {KEY}"}
BROWSER = ["realtime", f"openai-insecure-api-key.{KEY}", "openai-organization.org-client"]


@dataclass
class Session:
    """A provider of sessions: it echoes, and writes down the handshakes. `refuse` answers those in its place."""

    requests: list[Request] = field(default_factory=list)
    closed: list[int | None] = field(default_factory=list)
    refuse: list[tuple[int, bytes]] = field(default_factory=list)
    server: Server | None = None

    def handshake(self, conn: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if not self.refuse:
            return None
        status, body = self.refuse.pop(0)
        response = conn.respond(http.HTTPStatus(status), "")
        response.body = body
        for name in ("Content-Length", "Content-Type"):
            del response.headers[name]
        response.headers["Content-Length"] = str(len(body))
        response.headers["Content-Type"] = "application/json"
        return response

    def talk(self, conn: ServerConnection) -> None:
        conn.send(json.dumps({"type": "session.created"}))
        try:
            for message in conn:
                conn.send(message)
        except ConnectionClosed:
            pass
        self.closed.append(conn.close_code)

    @property
    def url(self) -> str:
        assert self.server
        return f"http://127.0.0.1:{self.server.socket.getsockname()[1]}"

    @property
    def headers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.requests[-1].headers.raw_items():
            found.setdefault(name.lower(), []).append(value)
        return found


@pytest.fixture
def sessions() -> Iterator[list[Session]]:
    """Two providers."""
    made = [Session(), Session()]
    for session in made:
        session.server = serve(
            session.talk, "127.0.0.1", 0, process_request=session.handshake, subprotocols=["realtime"], select_subprotocol=chosen,
            max_size=None,
        )
        threading.Thread(target=session.server.serve_forever, daemon=True).start()
    yield made
    for session in made:
        assert session.server
        session.server.shutdown()


def chosen(_: ServerConnection, offered: list[str]) -> str | None:
    return "realtime" if "realtime" in offered else None


@pytest.fixture
def gateway(own_gateway: Callable[..., Gateway], sessions: list[Session]) -> Gateway:
    digest = lambda key: hashlib.sha256(key.encode()).hexdigest()  # noqa: E731
    key = {"env": "OPENAI_API_KEY"}
    targets = [{"provider": "openai", "model": "gpt realtime/2"}, {"provider": "backup", "model": "other"}]
    return own_gateway({
        "providers": [
            {"name": "openai", "type": "openai", "base_url": f"{sessions[0].url}/v1", "api_key": key},
            {"name": "backup", "type": "openai-compatible", "base_url": f"{sessions[1].url}/v1", "api_key": {"value": "sk-backup"}},
        ],
        "models": [{"name": "voice", "targets": targets}, {"name": "one", "targets": targets[:1]}],
        "keys": [
            {"name": "team", "sha256": digest(KEY)},
            {"name": "limited", "sha256": digest(LIMITED), "models": ["one"]},
        ],
    })  # fmt: skip


def open_session(gateway: Gateway, query: str = "model=voice", **more: object) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{gateway.port}/v1/realtime?{query}", proxy=None, **more)


def refused(gateway: Gateway, status: int, query: str = "model=voice", **more: object) -> dict:
    with pytest.raises(InvalidStatus) as caught:
        open_session(gateway, query, **more)
    response = caught.value.response
    assert response.status_code == status, response.body
    assert not [name for name in response.headers if name.lower().startswith(("x-switchyard", "x-envoy"))]
    return referee.error_object(json.loads(response.body))


def test_a_session_is_passed_on(gateway: Gateway, sessions: list[Session]) -> None:
    noise = {**BEARER, "Cookie": "a=b", "OpenAI-Beta": "realtime=v1", "OpenAI-Organization": "org-client"}
    with open_session(gateway, additional_headers=noise, max_size=None) as socket:
        assert json.loads(socket.recv()) == {"type": "session.created"}
        for message in ("{}", "x" * 2_000_000, b"\x00\x01" * 1000):
            socket.send(message)
            assert socket.recv() == message
        assert socket.subprotocol is None
    received, headers = sessions[0].requests[0], sessions[0].headers
    assert received.path == "/v1/realtime?model=gpt%20realtime%2F2"
    assert headers["authorization"] == [f"Bearer {rig_openai.KEY}"]
    assert headers["openai-beta"] == ["realtime=v1"]
    assert not headers.keys() - media.ALLOWED, headers
    assert KEY not in str(received)
    assert sessions[0].closed == [1000]


def test_a_browsers_key_is_a_subprotocol(gateway: Gateway, sessions: list[Session]) -> None:
    with open_session(gateway, subprotocols=BROWSER) as socket:
        assert socket.subprotocol == "realtime"
        assert json.loads(socket.recv()) == {"type": "session.created"}
    assert sessions[0].headers["sec-websocket-protocol"] == ["realtime"]
    assert KEY not in str(sessions[0].requests[0])
    assert sessions[0].headers["authorization"] == [f"Bearer {rig_openai.KEY}"]


def test_who_may_not_ask_is_told_so(gateway: Gateway, sessions: list[Session]) -> None:
    assert refused(gateway, 401)["code"] == "missing_api_key"
    assert refused(gateway, 401, subprotocols=["realtime", "openai-insecure-api-key.wrong"])["code"] == "invalid_api_key"
    limited = {"Authorization": f"Bearer {LIMITED}"}
    assert refused(gateway, 403, additional_headers=limited)["code"] == "model_not_allowed"
    with open_session(gateway, "model=one", additional_headers=limited) as socket:
        socket.recv()
    assert refused(gateway, 404, "model=nothing", additional_headers=BEARER)["code"] == "model_not_found"
    assert refused(gateway, 400, "model=one&call_id=rtc_1", additional_headers=BEARER)["code"] == "unsupported_query"
    assert refused(gateway, 400, "", additional_headers=BEARER)["param"] == "model"
    assert len(sessions[0].requests) == 1


def test_a_request_that_is_no_websocket_is_refused(gateway: Gateway) -> None:
    client = gateway.client()
    auth = ("authorization", f"Bearer {KEY}")
    error = referee.error(client.request("GET", "/v1/realtime?model=voice", [auth]), 400)
    assert error["code"] == "websocket_required"
    upgrade = [auth, ("connection", "Upgrade"), ("upgrade", "websocket")]
    answer = client.request("POST", "/v1/chat/completions", [*upgrade, ("content-type", "application/json")], b"{}")
    referee.error(answer, 400)


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_a_refusal_before_the_session_fails_over(gateway: Gateway, sessions: list[Session], status: int) -> None:
    sessions[0].refuse.append((status, b'{"error":{"message":"no","type":"server_error","param":null,"code":null}}'))
    with open_session(gateway, additional_headers=BEARER) as socket:
        assert json.loads(socket.recv()) == {"type": "session.created"}
    assert sessions[1].requests[0].path == "/v1/realtime?model=other"
    assert sessions[1].headers["authorization"] == ["Bearer sk-backup"]


def test_a_provider_that_is_down_fails_over(gateway: Gateway, sessions: list[Session]) -> None:
    assert sessions[0].server
    sessions[0].server.shutdown()
    with open_session(gateway, additional_headers=BEARER) as socket:
        assert json.loads(socket.recv()) == {"type": "session.created"}


def test_a_providers_refusal_is_told_as_json(gateway: Gateway, sessions: list[Session]) -> None:
    body = {"error": {"message": "No such model here.", "type": "invalid_request_error", "param": "model", "code": "bad_model"}}
    sessions[0].refuse.append((400, json.dumps(body).encode()))
    error = refused(gateway, 400, "model=one", additional_headers=BEARER)
    assert (error["message"], error["code"]) == ("No such model here.", "bad_model")
    sessions[0].refuse += [(401, b"{}")] * 2
    refused(gateway, 502, "model=one", additional_headers=BEARER)
    # Not a session, although it says that all is well.
    sessions[0].refuse += [(200, b"{}")] * 2
    refused(gateway, 502, "model=one", additional_headers=BEARER)


def test_the_end_of_a_session_reaches_both(gateway: Gateway, sessions: list[Session]) -> None:
    with open_session(gateway, additional_headers=BEARER) as socket:
        socket.recv()
        socket.close(4000, "enough")
    with open_session(gateway, additional_headers=BEARER) as socket:
        socket.recv()
        socket.socket.shutdown(2)
    wait_for("both ends", lambda: len(sessions[0].closed) == 2)
    assert sessions[0].closed[0] == 4000


def test_a_session_outlives_the_times_of_replies(own_gateway: Callable[..., Gateway], sessions: list[Session]) -> None:
    file = {
        "providers": [{"name": "openai", "type": "openai", "base_url": f"{sessions[0].url}/v1", "api_key": {"env": "OPENAI_API_KEY"}}],
        "models": [{"name": "voice", "targets": [{"provider": "openai"}]}],
        "timeouts": {"connect": "1s", "first_event": "500ms", "reply": "500ms", "idle": "1s"},
    }
    gateway = own_gateway(file)
    with open_session(gateway, ping_interval=None) as socket:
        socket.recv()
        for _ in range(8):
            threading.Event().wait(0.4)
            socket.send("x")
            assert socket.recv() == "x"
        # And an idle one does not last.
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=6)
