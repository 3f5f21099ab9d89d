"""What attackers try that no other test plays: see docs/security.md, which names the test of each threat."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from conftest import pool_file
from rig import anthropic, openai, prompts, referee, replies
from rig.client import Answer, Client
from rig.envoy import WASM, get, switchyard_binary, wait_for
from rig.gateway import Gateway, render
from rig.media import post_json
from rig.oauth import Account, Tokens
from rig.provider import Provider
from rig.tls import Authority, Secure

# ---------------------------------------------------------------- what providers say in headers

LIES = [
    ("x-switchyard-retry", "1"), ("x-switchyard-unwell", "1"), ("x-switchyard-failed", "1"), ("x-switchyard-anything", "1"),
    ("x-envoy-ratelimited", "true"), ("x-envoy-overloaded", "true"), ("x-envoy-immediate-health-check-fail", "true"),
    ("x-envoy-degraded", "true"), ("x-envoy-upstream-service-time", "1"), ("x-envoy-attempt-count", "9"), ("x-should-retry", "true"),
    ("set-cookie", "session=evil"), ("openai-organization", "org-operator"), ("openai-project", "proj-operator"),
    ("anthropic-organization-id", "org-operator"), ("server", "cloudflare"), ("via", "1.1 google"), ("x-powered-by", "evil"),
    ("cf-ray", "evil"), ("alt-svc", 'h3=":443"'), ("access-control-allow-origin", "*"), ("www-authenticate", "Bearer realm=evil"),
    ("location", "https://evil.test/"), ("link", "<https://evil.test>; rel=preload"), ("refresh", "0; url=https://evil.test"),
    ("strict-transport-security", "max-age=1"), ("clear-site-data", '"*"'), ("x-amz-request-id", "evil"), ("x-token-count", "estimate"),
]  # fmt: skip
TOLD = {
    "content-type", "content-length", "transfer-encoding", "cache-control", "date", "server", "x-request-id", "request-id",
    "retry-after", "retry-after-ms", "openai-processing-ms",
}  # fmt: skip
MESSAGES = {"model": "claude-only", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def names(answer: Answer) -> set[str]:
    """The names of a reply's headers."""
    assert answer.header("server") == "envoy"
    return {name for name, _ in answer.headers}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", ["openai-only", "claude-only"])
def test_of_a_providers_headers_only_these_reach_the_client(
    client: Client, openai_provider: Provider, claude_provider: Provider, model: str, stream: bool
) -> None:
    """Both of the client's own format and of another."""
    whole, events = replies.json_body, replies.events
    openai_provider.script.append(
        events(openai.stream_events(["Hi"], False), headers=LIES) if stream else whole(openai.completion("Hi"), headers=LIES)
    )
    claude = anthropic.text("Hi")
    claude_provider.script.append(
        events(anthropic.stream_events(claude), headers=LIES) if stream else whole(anthropic.message(claude), headers=LIES)
    )
    answer = client.chat(prompts.chat(model=model, stream=stream))
    assert (referee.stream(answer) if stream else referee.completion(answer)["choices"][0]["message"]["content"]) == "Hi"
    assert names(answer) <= TOLD, names(answer) - TOLD


def test_neither_where_the_reply_passes_as_it_is(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    claude_provider.script.append(replies.json_body(anthropic.message(anthropic.text("Hi")), headers=LIES))
    answer = post_json(client, "/v1/messages", MESSAGES)
    assert (answer.status, answer.json["content"][0]["text"]) == (200, "Hi")
    assert names(answer) <= TOLD, names(answer) - TOLD
    openai_provider.check, check = None, openai_provider.check
    try:
        openai_provider.script.append(replies.json_body({"id": "modr-1", "results": []}, headers=LIES))
        answer = post_json(client, "/v1/moderations", {"model": "openai-only", "input": "hi"})
    finally:
        openai_provider.check = check
    assert answer.status == 200 and names(answer) <= TOLD | {"content-disposition", "content-encoding"}, names(answer) - TOLD


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_an_error_says_the_same_whatever_the_provider_says_beside_it(client: Client, openai_provider: Provider, status: int) -> None:
    """Whether a client is to try again is the gateway's to say, not a header of the provider's."""
    seen = []
    for lies in ((), tuple(LIES)):
        openai_provider.default, before = openai.error(status, "No.", headers=lies), openai_provider.default
        try:
            answer = client.chat(prompts.chat(model="openai-only"))
        finally:
            openai_provider.default = before
        seen.append((answer.status, answer.body, sorted((name, value) for name, value in answer.headers if name != "date")))
    assert seen[0] == seen[1]


def test_a_provider_cannot_keep_a_request_from_the_next_one(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    """Envoy itself believes `x-envoy-ratelimited` and `x-envoy-overloaded`, and would not try again."""
    for lie in (("x-envoy-ratelimited", "true"), ("x-envoy-overloaded", "true"), ("x-should-retry", "false")):
        openai_provider.script.append(openai.error(503, headers=(lie,)))
        referee.completion(client.chat(prompts.chat()))
    assert len(claude_provider.requests) == 3
    # Nor send one there that is the client's own fault.
    openai_provider.script.append(openai.error(400, "Wrong.", "invalid_request_error", headers=tuple(LIES)))
    referee.error(client.chat(prompts.chat()), 400)
    assert len(claude_provider.requests) == 3


# ---------------------------------------------------------------- secrets

CLIENT = "sk-client-7f3a-secret"
ADMIN = [
    "/config_dump?include_eds", "/stats", "/stats/prometheus", "/clusters?format=json", "/listeners?format=json", "/server_info",
    "/certs", "/runtime", "/memory", "/init_dump", "/help", "/logging", "/hot_restart_version",
]  # fmt: skip


class Vault:
    """A gateway with a secret of each kind."""

    def __init__(self, folder: Path, provider: Provider, tokens: Tokens):
        self.secrets = {
            "env": "sk-of-the-environment-1", "file": "sk-of-a-file-2", "value": "sk-of-the-configuration-3",
            "aws": "aws-secret-from-env-4", "client": CLIENT,
        }  # fmt: skip
        key = folder / "key"
        key.write_text(self.secrets["file"] + "\n")
        tokens.account = Account()
        pem = tokens.account.pem()
        self.secrets["google"] = pem.splitlines()[5]
        self.secrets["token"] = "ya29.a0AfB_byC-0123456789-of-google"
        tokens.default = replies.json_body({"access_token": self.secrets["token"], "expires_in": 3600, "token_type": "Bearer"})
        account = json.dumps(tokens.account.file(tokens.token_url))
        self.env = {
            "ENV_KEY": self.secrets["env"], "AWS_ID": "AKIAFOUR", "AWS_SECRET": self.secrets["aws"], "ACCOUNT": account,
            "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        base = {"type": "openai-compatible", "base_url": f"{provider.url}/v1"}
        aws = {"region": "us-east-1", "access_key": {"env": "AWS_ID"}, "secret_key": {"env": "AWS_SECRET"}}
        google = {"service_account": {"env": "ACCOUNT"}, "token_url": tokens.token_url}
        rows = {
            "env": {"api_key": {"env": "ENV_KEY"}}, "file": {"api_key": {"file": str(key)}}, "aws": {"aws": aws},
            "value": {"api_key": {"value": self.secrets["value"]}}, "google": {"google": google},
        }  # fmt: skip
        self.sum = hashlib.sha256(CLIENT.encode()).hexdigest()
        self.file = {
            "access_log": True,
            "providers": [{"name": name, **base, **row} for name, row in rows.items()],
            "models": [{"name": name, "targets": [{"provider": name, "model": "m"}]} for name in rows],
            "keys": [{"name": "team", "sha256": self.sum}],
        }
        self.rows = list(rows)

    def in_text(self, text: str) -> set[str]:
        """Which of the secrets a text has."""
        return {name for name, secret in self.secrets.items() if secret in text}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[tuple[Vault, Provider]]:
    """Where secrets are kept, and a provider that echoes what it was shown."""
    provider, tokens = Provider("echo", openai.answer()), Tokens()
    yield Vault(tmp_path, provider, tokens), provider
    provider.close()
    tokens.close()
    assert not tokens.violations, tokens.violations


def test_where_each_secret_is_shown(vault: tuple[Vault, Provider], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nowhere but where docs/security.md says: log, access log, metrics, every admin page, replies."""
    box, provider = vault
    for name, value in box.env.items():
        monkeypatch.setenv(name, value)
    gateway = Gateway(tmp_path / "gateway", box.file, box.env)
    try:
        client, key = gateway.client(), ("authorization", f"Bearer {CLIENT}")
        ask = lambda model: client.chat(prompts.chat(model=model), [key, ("cookie", CLIENT), ("x-note", CLIENT)])  # noqa: E731
        wait_for("the first token is there", lambda: ask("google").status == 200, 10)
        answers = []
        for model in box.rows:
            referee.completion(ask(model))
            used = provider.requests[-1].header("authorization") or ""
            # What is shown to the provider is what is looked for below, so that nothing passes for a typing error.
            expected = {"aws": "AWS4-HMAC-SHA256", "google": box.secrets["token"]}.get(model, box.secrets.get(model))
            assert expected in used, (model, used)
            for status in (401, 403, 500):
                provider.script.extend([openai.error(status, f"Bad key {used}, {CLIENT}")] * 2)
                answers.append(ask(model))
                provider.script.clear()
        answers += [client.chat(b"{", [key]), client.chat(prompts.chat(model="none"), [key]), client.chat({}, [("x-api-key", CLIENT + "x")])]
        told = b"".join(answer.body + repr(answer.headers).encode() for answer in answers).decode()
        pages = {page: gateway.admin(page) if page != "/logging" else post_admin(gateway, page) for page in ADMIN}
        time.sleep(0.5)  # the access log is written now and then
        pages["log"] = gateway.envoy.log
        pages["access log"] = (tmp_path / "gateway" / "envoy.stderr").read_text()
        assert '"provider"' in pages["access log"], "nothing was logged"
        shown = {page: found for page, text in pages.items() if (found := box.in_text(text))}
        assert shown == {"/config_dump?include_eds": {"value"}}, shown
        assert box.sum in pages["/config_dump?include_eds"]
        assert not [page for page, text in pages.items() if box.sum in text and not page.startswith("/config_dump")]
        assert CLIENT not in "".join(request.raw.decode() for request in provider.requests)
        assert not box.in_text(told), box.in_text(told)
    finally:
        gateway.stop()


def post_admin(gateway: Gateway, page: str) -> str:
    """A page of Envoy's that wants a POST."""
    return Client(gateway.envoy.admin_port).request("POST", page).body.decode()


def test_what_the_commands_print(vault: tuple[Vault, Provider], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rendering holds what Envoy cannot get elsewhere; all else that is printed holds no secret."""
    box, _ = vault
    for name, value in box.env.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "gateway.yaml"

    def said(*arguments: str, file: dict) -> str:
        path.write_text(yaml.safe_dump(file, sort_keys=False))
        done = subprocess.run([switchyard_binary(), *arguments, str(path)], capture_output=True, text=True, timeout=30)
        return done.stdout + done.stderr

    assert box.in_text(said("render", "envoy", "--wasm", str(WASM), file=box.file)) == {"value", "aws"}
    assert box.in_text(said("check", file=box.file) + said("models", file=box.file)) == set()
    account = Account()
    google = {"service_account_file": account.write(tmp_path / "account.json", "https://oauth2.googleapis.com/token")}
    by_file = {**box.file, "providers": [*box.file["providers"], {"name": "more", "type": "openai-compatible", "base_url": "https://h/v1", "google": google}]}
    secret = account.pem().splitlines()[5]
    assert secret in said("render", "envoy", "--wasm", str(WASM), file=by_file) and secret not in said("check", file=by_file)
    # Every secret at a place where it is wrong.
    wrong = [
        {"keys": [{"name": "team", "sha256": CLIENT}]},
        {"providers": [{**row, "api_key": {"value": box.secrets["value"] + "\n"}} for row in box.file["providers"]]},
        {"providers": [{**box.file["providers"][0], "api_key": box.secrets["env"]}]},
        {"providers": [{**box.file["providers"][0], "api_key": {"value": box.secrets["env"], "env": "ENV_KEY"}}]},
        {"providers": [{**box.file["providers"][0], "headers": {"x-key": box.secrets["env"] + "\r"}}]},
        {"providers": [{**box.file["providers"][0], "base_url": f"https://user:{box.secrets['env']}@host/v1"}]},
    ]
    for change in wrong:
        for command in (("check",), ("render", "envoy"), ("models",)):
            told = said(*command, file={**box.file, **change})
            assert "mistake" in told and box.in_text(told) == set(), (change, command, told)


# ---------------------------------------------------------------- addresses that a client names


class Canary:
    """A port that nobody may connect to."""

    def __init__(self) -> None:
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.settimeout(0.3)
        self.url = f"http://127.0.0.1:{self.sock.getsockname()[1]}"

    def untouched(self) -> bool:
        """Nobody did."""
        try:
            self.sock.accept()
        except TimeoutError:
            return True
        return False


@pytest.mark.parametrize("model", ["openai-only", "claude-only"])
def test_the_gateway_fetches_nothing_that_a_client_names(
    client: Client, openai_provider: Provider, claude_provider: Provider, model: str
) -> None:
    """Links go on to the provider as text. Whether the provider follows them is between the client and the provider."""
    canary = Canary()
    link = canary.url + "/a.png"
    image = {"type": "image_url", "image_url": {"url": link}}
    chat = {"model": model, "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, image]}]}
    block = {"type": "image", "source": {"type": "url", "url": link}}
    messages = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": [block]}]}
    items = [{"role": "user", "content": [{"type": "input_image", "image_url": link, "detail": "auto"}]}]
    document = {"type": "document", "source": {"type": "url", "url": canary.url + "/a.pdf"}}
    answers = [
        client.chat(chat), client.chat({**chat, "stream": True}), post_json(client, "/v1/messages", messages),
        post_json(client, "/v1/responses", {"model": model, "input": items, "store": False}),
        post_json(client, "/v1/messages", {**messages, "messages": [{"role": "user", "content": [document]}]}),
        # Proxies of the forward kind would connect to these.
        client.request("GET", link, []), client.request("CONNECT", canary.url.removeprefix("http://"), []),
        client.request("POST", f"{canary.url}/v1/chat/completions", [("content-type", "application/json"), ("host", "evil.test")],
                       json.dumps(prompts.chat(model=model)).encode()),
    ]  # fmt: skip
    assert canary.untouched()
    assert [answer.status for answer in answers[:4]] == [200] * 4, [answer.body for answer in answers[:4]]
    assert [answer.status for answer in answers[5:7]] == [404, 404], [answer.status for answer in answers[5:]]
    asked = openai_provider.requests + claude_provider.requests
    assert sum(link.encode() in request.raw for request in asked) >= 4
    assert all(canary.url.encode() not in (request.header("host") or "").encode() for request in asked)


# ---------------------------------------------------------------- TLS towards providers


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_only_the_right_certificate_is_shown_a_key(own_gateway: Callable[..., Gateway], tmp_path: Path, host: str) -> None:
    """By name and by address: another name, another authority and one that has run out see no request at all."""
    ours, others = Authority(tmp_path, "ours"), Authority(tmp_path, "others")
    server = Secure("secure", openai.answer())
    try:
        server.context = ours.context(host)
        row = {"name": "openai", "type": "openai", "base_url": f"https://{host}:{server.port}/v1", "api_key": {"env": "OPENAI_API_KEY"}}
        models = [{"name": "gpt-4.1", "targets": [{"provider": "openai"}]}]
        client = own_gateway({"providers": [row], "models": models, "tls": {"ca_file": str(ours.file)}}).client()
        for name, context in {
            "another name": ours.context("evil.test", "10.0.0.1"),
            "a name beneath": ours.context(f"{host}.evil.test" if host == "localhost" else "evil.test"),
            "another authority": others.context(host),
            "run out": ours.context(host, days=(-2, -1)),
        }.items():
            server.context, refused = context, server.greeted
            assert client.chat(prompts.chat()).status == 503, name
            assert not server.requests and server.greeted > refused, name
        # The common name alone is not enough either; the right one is served by the same gateway.
        server.context = ours.context(host)
        referee.completion(client.chat(prompts.chat()))
        assert server.requests[0].header("authorization") == f"Bearer {openai.KEY}"
    finally:
        server.close()


# ---------------------------------------------------------------- pages in browsers, and clients that wait


def test_a_page_of_another_origin_has_no_key_of_its_own(
    own_gateway: Callable[..., Gateway], openai_provider: Provider, claude_provider: Provider
) -> None:
    """WebSockets and simple requests need no leave of CORS: a key does not come by itself, as a cookie would."""
    keys = [{"name": "team", "sha256": hashlib.sha256(CLIENT.encode()).hexdigest()}]
    client = own_gateway(pool_file(openai_provider, claude_provider, keys=keys)).client()
    origin = [("origin", "https://evil.test"), ("cookie", f"api-key={CLIENT}; authorization=Bearer {CLIENT}")]
    socket_headers = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"), ("sec-websocket-key", "AA==")]
    simple = ("content-type", "text/plain")
    body = json.dumps(prompts.chat()).encode()
    for answer in (
        client.request("GET", f"/v1/realtime?model=openai-only&key={CLIENT}&api_key={CLIENT}", [*origin, *socket_headers]),
        client.request("POST", "/v1/chat/completions", [*origin, simple], body),
        client.request("GET", f"/v1/models?key={CLIENT}", origin),
    ):
        assert answer.status in (400, 401) and answer.header("access-control-allow-origin") is None
    assert not openai_provider.requests
    # The same with the key, to see that nothing but the key was missing.
    assert client.request("POST", "/v1/chat/completions", [*origin, simple, ("x-api-key", CLIENT)], body).status == 200


def test_a_client_that_never_ends_its_headers_is_let_go(gateway: Gateway) -> None:
    """Ten seconds, however often a byte comes: connections cannot be kept open for nothing."""
    began = time.monotonic()
    socks = [socket.create_connection(("127.0.0.1", gateway.port), 20) for _ in range(20)]
    for sock in socks:
        sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-slow: ")
    closed: list[float] = []

    def trickle(sock: socket.socket) -> None:
        sock.settimeout(0.5)
        while time.monotonic() - began < 16:
            try:
                sock.sendall(b"a")
                if not sock.recv(4096):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            return
        closed.append(time.monotonic() - began)

    threads = [threading.Thread(target=trickle, args=(sock,)) for sock in socks]
    for thread in threads:
        thread.start()
    referee.completion(gateway.client().chat(prompts.chat()))
    for thread in threads:
        thread.join()
    for sock in socks:
        sock.close()
    assert len(closed) == len(socks) and all(9 < at < 14 for at in closed), closed


def test_the_admin_page_is_on_the_loopback_alone(gateway: Gateway, tmp_path: Path) -> None:
    """Where `gateway.yaml` says nothing of it, too."""
    default = {name: value for name, value in gateway.file.items() if name != "admin"}
    for config in (gateway.config, render(tmp_path, default)):
        assert config["admin"]["address"]["socket_address"]["address"] == "127.0.0.1"
    assert get(gateway.envoy.admin_port, "/ready").strip() == "LIVE"
    # And not through the gateway.
    for path in ("/config_dump", "/stats", "/quitquitquit", "/v1/../config_dump", "//127.0.0.1/config_dump"):
        answer = gateway.client().request("GET", path, [("host", f"127.0.0.1:{gateway.envoy.admin_port}")])
        assert answer.status == 404, (path, answer.status)
