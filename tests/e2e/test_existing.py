"""The example of an Envoy that serves other things, too: each of its forms, from its own files, in real Envoy."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from rig import anthropic, openai, prompts, referee, replies
from rig.client import Client
from rig.envoy import ROOT, WASM, Envoy, envoy_version, free_port, wait_for
from rig.existing import DOMAIN, EXAMPLE, Here, merged, pieces, rendered
from rig.older import ANOTHER_ATTEMPT
from rig.one_pass import written_by_the_router
from rig.provider import Conn, Provider, Received

CHAT = [("content-type", "application/json"), ("host", DOMAIN)]
AUTH = ("authorization", "Bearer sk-sy-example")
TWO_ROLES = ("--domain", DOMAIN)
STANDALONE = ("--role", "standalone", "--domain", DOMAIN)
# What Envoy's router says to a provider in one pass.
ROUTERS = "x-envoy-expected-rq-timeout-ms"
OWN = ("--role", "gateway", "--domain", DOMAIN)
# The filters and the virtual host as for `two-roles.yaml`, and those that the other files are made of.
FILES: dict[str, Callable[[], str]] = {
    "two-roles.yaml": lambda: made("two-roles", *TWO_ROLES),
    "own-clusters.yaml": lambda: made("own-clusters", *OWN),
    "standalone.yaml": lambda: made("standalone", *STANDALONE),
    "xds/ecds-gateway.yaml": lambda: rendered("ecds", *TWO_ROLES),
    "xds/ecds-provider.yaml": lambda: rendered("ecds-upstream", *TWO_ROLES),
    "xds/cds.yaml": lambda: rendered("cds", *TWO_ROLES),
    "xds/rds.yaml": lambda: routes(),
}
# For each file made of pieces: what it is made into, and from which gateway.yaml.
SOURCES = {
    "two-roles": ("before.yaml", "gateway.yaml"),
    "own-clusters": ("own-clusters.before.yaml", "own-clusters.gateway.yaml"),
    "standalone": ("before.yaml", "standalone.gateway.yaml"),
}


def made(name: str, *flags: str) -> str:
    """A file of the example, from the one before it and what the command prints."""
    before, gateway = SOURCES[name]
    return merged((EXAMPLE / before).read_text(), rendered("pieces", *flags, file=gateway))


def routes(*flags: str) -> str:
    """The route table of the control plane: one virtual host more."""
    hosts = pieces(rendered("pieces", *TWO_ROLES, *flags))["virtual_hosts"]
    return WEB_ROUTES + "".join(f"  {line}\n" if line else "\n" for line in hosts)


WEB_ROUTES = """\
# The routes. Added: the virtual host `switchyard`.
version_info: "1"
resources:
- "@type": type.googleapis.com/envoy.config.route.v3.RouteConfiguration
  name: main
  virtual_hosts:
  - name: web
    domains: ["*"]
    routes:
    - match: {prefix: "/"}
      route: {cluster: web}
"""


def echo(conn: Conn, received: Received) -> None:
    """The web application: it says what came, byte for byte."""
    conn.head(200, [("content-type", "application/octet-stream"), ("content-length", str(len(received.body))), ("x-web", "1")])
    conn.send(received.body)


@pytest.fixture
def web() -> Iterator[Provider]:
    provider = Provider("web", echo)
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def here(tmp_path: Path, web: Provider, openai_provider: Provider, claude_provider: Provider) -> Here:
    """The example's files in a place of their own, with the ports of this test."""
    words = {
        "8080": str(web.port), "8081": str(openai_provider.port), "8082": str(claude_provider.port), "10000": str(free_port()),
        "9901": str(free_port()), "sk-example": openai.KEY, "sk-ant-example": anthropic.KEY, "dist/switchyard.wasm": str(WASM),
    }
    return Here(tmp_path, words)


class Served:
    """An Envoy that runs a file of the example."""

    def __init__(self, here: Here, config: str):
        self.port = int(here.words["10000"])
        self.envoy = Envoy(here.folder, yaml.safe_load(config), {})

    def chat(self, body: dict, *headers: tuple[str, str], prefix: str = ""):
        client = Client(self.port)
        answer = client.request("POST", f"{prefix}/v1/chat/completions", [*CHAT, *headers], json.dumps(body).encode())
        client.close()
        return answer


@pytest.fixture
def serve(here: Here) -> Iterator[Callable[[str], Served]]:
    """Starts Envoy with a configuration; it must be well at the end."""
    made: list[Served] = []

    def start(config: str) -> Served:
        made.append(Served(here, config))
        return made[-1]

    yield start
    problems = [problem for served in made for problem in served.envoy.problems()]
    for served in made:
        served.envoy.stop()
    assert not problems, problems


def the_web_is_untouched(served: Served, web: Provider, largest: int = 45 << 20) -> None:
    """Requests of others go to the application as they came, and so do its replies; those that are larger than the gateway
    takes, too."""
    for size in (0, 100, largest):
        body = os.urandom(size)
        # What the filter would remove, and the path that it would take.
        headers = {"host": "www.example.com", "x-switchyard-stream": "pool/x", "content-type": "application/json"}
        web.requests.clear()
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        connection.request("POST", "/v1/chat/completions?a=%2f", body, {**headers, AUTH[0]: AUTH[1]})
        answer = connection.getresponse()
        same = answer.read() == body
        connection.close()
        assert (answer.status, same, answer.getheader("x-web")) == (200, True, "1"), size
        got = web.requests[-1]
        assert got.target == "/v1/chat/completions?a=%2f" and got.body == body
        assert got.header("x-switchyard-stream") == "pool/x" and got.header("authorization") == AUTH[1]


def needs_two_roles() -> None:
    if envoy_version() < ANOTHER_ATTEMPT:
        pytest.skip("retries.attempts: two roles with another attempt need Envoy 1.37")


# Envoy believes these where it takes all clients for its own, as it does by default.
STEERING = (
    ("x-envoy-max-retries", "0"), ("x-envoy-retry-on", "cancelled"), ("x-envoy-upstream-rq-per-try-timeout-ms", "1"),
    ("x-envoy-upstream-rq-timeout-ms", "1"), ("x-switchyard-stream", "web"), ("x-switchyard-reply", "web"),
)


def fails_over(served: Served, openai_provider: Provider, claude_provider: Provider, prefix: str = "") -> None:
    """From one format to the other, in both kinds of reply."""
    for stream in (False, True):
        openai_provider.fresh()
        claude_provider.fresh()
        openai_provider.script.append(openai.error(503))
        answer = served.chat(prompts.chat("hi", stream=stream), *STEERING, prefix=prefix)
        assert answer.status == 200, answer.body
        (referee.stream if stream else referee.completion)(answer)
        assert len(openai_provider.requests) == 1 and len(claude_provider.requests) == 1
        assert claude_provider.requests[0].target == "/v1/messages"


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_what_the_command_prints(name: str) -> None:
    path = EXAMPLE / name
    text = FILES[name]()
    if "SWITCHYARD_WRITE" in os.environ:
        path.write_text(text)
    assert path.read_text() == text, f"{name}: write it again: SWITCHYARD_WRITE=1 tests/e2e.sh test_existing.py -k files"


def version() -> tuple[str, str]:
    """The flag for the Envoy under test."""
    return "--envoy-version", "{}.{}".format(*envoy_version())


def config(here: Here, name: str, *flags: str) -> str:
    """A file of the example, made for the Envoy under test: with the newest, the file itself."""
    return here.text(made(name, *flags, *version()))


def test_two_roles_beside_a_web_application(
    here: Here, serve: Callable[[str], Served], web: Provider, openai_provider: Provider, claude_provider: Provider
) -> None:
    needs_two_roles()
    served = serve(config(here, "two-roles", *TWO_ROLES))
    the_web_is_untouched(served, web)
    fails_over(served, openai_provider, claude_provider)
    web.requests.clear()
    unknown = served.chat(prompts.chat("hi", model="no-such-model"))
    assert unknown.status == 404 and not web.requests


def test_no_credential_reaches_the_web_application(
    here: Here, serve: Callable[[str], Served], web: Provider, openai_provider: Provider, claude_provider: Provider
) -> None:
    """The filters that hand over keys in files, and those that sign, stand in the router for the attempts of all clusters."""
    key = here.folder / "key"
    key.write_text(openai.KEY + "\n")
    gateway = here.text((EXAMPLE / "gateway.yaml").read_text()).replace(f"{{value: {openai.KEY}}}", f"{{file: {key}}}")
    signed = """  - {name: bedrock, type: bedrock, base_url: "http://127.0.0.1:1",
     aws: {region: us-east-1, access_key: {value: AKIDEXAMPLE}, secret_key: {value: aws-secret}}}
models:
"""
    (here.folder / "secret.yaml").write_text(gateway.replace("models:\n", signed))
    before = (EXAMPLE / "before.yaml").read_text()
    served = serve(here.text(merged(before, rendered("pieces", *TWO_ROLES, *version(), file=here.folder / "secret.yaml"))))
    fails_over(served, openai_provider, claude_provider)
    client = Client(served.port)
    headers = [("host", "bedrock-runtime.us-east-1.amazonaws.com"), ("x-switchyard-sign", "bedrock"), ("x-mine", "1")]
    assert client.request("POST", "/model/x/converse", headers, b"{}").header("x-web") == "1"
    client.close()
    got = web.requests[-1]
    assert got.header("x-mine") == "1" and openai.KEY.encode() not in got.raw and b"AKIDEXAMPLE" not in got.raw, got.raw
    assert not {name for name in got.names if name.startswith(("x-switchyard", "x-amz", "authorization"))}, got.names


@pytest.mark.parametrize("role", ["two", "gateway"])
def test_under_a_path_of_the_same_host(
    here: Here, serve: Callable[[str], Served], web: Provider, openai_provider: Provider, claude_provider: Provider, role: str
) -> None:
    name = {"two": "two-roles", "gateway": "own-clusters"}[role]
    if role == "two":
        needs_two_roles()
    served = serve(config(here, name, "--role", role, "--prefix", "/ai"))
    the_web_is_untouched(served, web, 100_000)
    if role == "two":
        fails_over(served, openai_provider, claude_provider, "/ai")
    else:
        openai_provider.check, check = None, openai_provider.check
        assert served.chat(prompts.chat("hi", model="small"), AUTH, prefix="/ai").status == 200
        assert openai_provider.requests[-1].target == "/v1/chat/completions"
        openai_provider.check = check
    client = Client(served.port)
    models = client.request("GET", "/ai/v1/models", [AUTH])
    assert [model["id"] for model in models.json["data"]] == [{"two": "gpt-4.1", "gateway": "small"}[role], "large"][: len(models.json["data"])]
    client.close()
    # What only begins like it is not the gateway's.
    web.requests.clear()
    assert served.chat(prompts.chat("hi"), prefix="/aimless").header("x-web") == "1"


FORMS = {"ecds-gateway.yaml": "ecds", "ecds-provider.yaml": "ecds-upstream", "cds.yaml": "cds"}


def test_the_same_from_a_control_plane(
    here: Here, serve: Callable[[str], Served], web: Provider, openai_provider: Provider, claude_provider: Provider
) -> None:
    needs_two_roles()
    folder = here.file("xds")
    for name, form in FORMS.items():
        (folder / name).write_text(here.text(rendered(form, *TWO_ROLES, *version())))
    (folder / "rds.yaml").write_text(here.text(routes(*version())))
    served = serve((folder / "bootstrap.yaml").read_text())
    wait_for("the listener is there", lambda: served.envoy.stat("listener_manager.total_listeners_active") == 1)
    the_web_is_untouched(served, web, 100_000)
    fails_over(served, openai_provider, claude_provider)
    # What is put in their places takes effect without a restart.
    gateway = here.text((EXAMPLE / "gateway.yaml").read_text()).replace("name: gpt-4.1\n", "name: another\n")
    (here.folder / "changed.yaml").write_text(gateway)
    for name, form in FORMS.items():
        new = here.folder / "new"
        new.write_text(here.text(rendered(form, *TWO_ROLES, *version(), file=here.folder / "changed.yaml")))
        new.rename(folder / name)
    wait_for("the new model is served", lambda: served.chat(prompts.chat("hi", model="another")).status == 200, 5)
    assert served.chat(prompts.chat("hi")).status == 404


def test_own_clusters(here: Here, serve: Callable[[str], Served], web: Provider, openai_provider: Provider) -> None:
    """The gateway role alone: keys, and which cluster; the request goes on as it came."""
    served = serve(config(here, "own-clusters", *OWN))
    the_web_is_untouched(served, web, 100_000)
    openai_provider.check, check = None, openai_provider.check
    try:
        assert served.chat(prompts.chat("hi", model="small")).status == 401
        assert not openai_provider.requests
        for stream in (False, True):
            body = prompts.chat("hi", model="small", stream=stream)
            answer = served.chat(body, AUTH, ("x-switchyard-reply", "vllm-large"))
            assert answer.status == 200, answer.body
            got = openai_provider.requests[-1]
            assert got.json == body and got.target == "/v1/chat/completions"
            assert not got.names & {"authorization", "x-switchyard-reply", "x-switchyard-stream"}, got.names
        # Envoy's own second try, by the status; what comes then is told as it is.
        openai_provider.requests.clear()
        openai_provider.script.append(openai.error(503))
        assert served.chat(prompts.chat("hi", model="small"), AUTH).status == 200
        assert len(openai_provider.requests) == 2
        openai_provider.script.append(openai.error(400, "Too long.", "invalid_request_error", "context_length_exceeded"))
        answer = served.chat(prompts.chat("hi", model="small"), AUTH)
        assert answer.status == 400 and answer.json["error"]["code"] == "context_length_exceeded", answer.body
        assert served.chat(prompts.chat("hi", model="none"), AUTH).status == 404
    finally:
        openai_provider.check = check


@pytest.mark.parametrize("headers", ["held", "at-once"])
def test_standalone(
    here: Here, serve: Callable[[str], Served], web: Provider, openai_provider: Provider, claude_provider: Provider, headers: str
) -> None:
    """One pass: translated for one provider; the second try is Envoy's own."""
    flags = (*STANDALONE, "--headers", headers)
    served = serve(config(here, "standalone", *flags))
    the_web_is_untouched(served, web, (45 << 20) if headers == "held" else 100_000)
    for model, provider, path in (
        ("gpt-4.1", openai_provider, "/v1/chat/completions"), ("claude-sonnet-4-5", claude_provider, "/v1/messages"),
    ):
        named = [("x-switchyard-model", model)] if headers == "at-once" else []
        for stream in (False, True):
            provider.fresh()
            answer = served.chat(prompts.chat("hi", model=model, stream=stream), *named)
            assert answer.status == 200, answer.body
            (referee.stream if stream else referee.completion)(answer)
            written_by_the_router(provider, ROUTERS)
            assert [request.target for request in provider.requests] == [path]
        provider.script.append(replies.body(503, b"{}", [("content-type", "application/json")]))
        assert served.chat(prompts.chat("hi", model=model), *named).status == 200
        assert len(provider.requests) == 3
        written_by_the_router(provider, ROUTERS)
    # A name of a provider's host is no way around the filter.
    client = Client(served.port)
    claude_provider.fresh()
    answer = client.request(
        "POST", "/v1/messages", [("host", claude_provider.authority), ("content-type", "application/json")], b"{}"
    )
    client.close()
    assert not claude_provider.requests, answer


class Files:
    """A server of the module, which may be slow or not have it."""

    def __init__(self, content: bytes):
        self.content = content
        self.asked = threading.Event()
        self.go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.set()
                outer.go.wait(20)
                self.send_response(200)
                self.send_header("content-length", str(len(outer.content)))
                self.end_headers()
                self.wfile.write(outer.content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.go.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def files() -> Iterator[Files]:
    server = Files(WASM.read_bytes())
    yield server
    server.close()


def by_http(here: Here, files: Files, sha256: str) -> str:
    """The standalone form, whose module comes by HTTP."""
    flags = ("--wasm", "http://files.example.com/switchyard.wasm", "--wasm-sha256", sha256, "--wasm-cluster", "files")
    cluster = f"""
  - name: files
    type: STATIC
    load_assignment:
      cluster_name: files
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {files.port}}}}}}}}}]}}]
"""
    return config(here, "standalone", *STANDALONE, *flags) + cluster


def test_the_module_comes_by_http(here: Here, files: Files, openai_provider: Provider) -> None:
    """No connection is taken until it is there."""
    text = by_http(here, files, hashlib.sha256(files.content).hexdigest())
    port = int(here.words["10000"])
    started: list[Envoy] = []
    thread = threading.Thread(target=lambda: started.append(Envoy(here.folder, yaml.safe_load(text), {})))
    thread.start()
    assert files.asked.wait(15)
    time.sleep(0.3)
    with pytest.raises(OSError):
        Client(port, 2).request("GET", "/", [("host", "www.example.com")])
    files.go.set()
    thread.join(20)
    try:
        client = Client(port)
        answer = client.request("POST", "/v1/chat/completions", CHAT, json.dumps(prompts.chat("hi")).encode())
        client.close()
        assert answer.status == 200, answer.body
        assert not started[0].problems()
        written_by_the_router(openai_provider, ROUTERS)
    finally:
        started[0].stop()


def test_a_module_with_another_sum_is_not_run(here: Here, files: Files, web: Provider, openai_provider: Provider) -> None:
    """Requests that are the gateway's are refused; the others are served."""
    files.go.set()
    # It asks again, a second later and then twice as late, before it gives up.
    text = by_http(here, files, "0" * 64).replace("num_retries: 5", "num_retries: 1")
    envoy = Envoy(here.folder, yaml.safe_load(text), {})
    try:
        port = int(here.words["10000"])
        client = Client(port)
        answer = client.request("POST", "/v1/chat/completions", CHAT, json.dumps(prompts.chat("hi")).encode())
        client.close()
        assert answer.status == 503 and not openai_provider.requests, answer
        client = Client(port)
        assert client.request("GET", "/", [("host", "www.example.com")]).status == 200
        client.close()
    finally:
        envoy.stop()


def test_the_readme_names_every_file() -> None:
    readme = (EXAMPLE / "README.md").read_text()
    for path in EXAMPLE.rglob("*.yaml"):
        assert str(path.relative_to(EXAMPLE)) in readme, path
    assert (ROOT / "docs" / "envoy.md").exists()
