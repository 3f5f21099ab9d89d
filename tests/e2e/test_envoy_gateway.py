"""`render envoy-gateway`: its documents against the projects' schemas, and what they come to in real Envoy."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ENV

from rig import anthropic, crds, openai
from rig import envoy_gateway as eg
from rig.client import Answer, Client
from rig.envoy import ROOT, WASM, Envoy, envoy_binary, free_port, switchyard_binary
from rig.gateway import OUTLIER, TIMEOUTS
from rig.provider import Conn, Provider, Received

EXAMPLES = ROOT / "examples" / "envoy-gateway"
HOST = "llm.example"
SUM = "0" * 64
IMAGE = ("--url", "oci://registry.example/switchyard:0.1.0", "--sha256", SUM)
PLAIN = ("--kind", "envoyextensionpolicy", *IMAGE)
HELD = ("--kind", "envoyextensionpolicy-held", *IMAGE)
TWO = ("--kind", "envoypatchpolicy", "--url", f"file://{WASM}")
KEY = "sk-client-0001"


def chat(model: str, stream: bool = False) -> dict:
    """A chat request."""
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], **({"stream": True} if stream else {})}


def documents(folder: Path, file: dict, *flags: str) -> list[dict]:
    """What `switchyard render envoy-gateway` prints for this gateway.yaml, read back."""
    path = folder / "gateway.yaml"
    path.write_text(yaml.safe_dump(file, sort_keys=False))
    return read(path, *flags, "--host", HOST)


def read(path: Path, *flags: str) -> list[dict]:
    """The same of a file that is there."""
    return [document for document in yaml.safe_load_all(text(path, *flags)) if document]


def text(path: Path, *flags: str) -> str:
    """What the command prints."""
    command = [switchyard_binary(), "render", "envoy-gateway", str(path), *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"render failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def gateway_file(openai_port: Provider, claude_port: Provider, **more: object) -> dict:
    """gateway.yaml of two providers, each with a host name of its own."""
    targets = [{"provider": "openai", "model": "gpt-4.1"}, {"provider": "claude", "model": "claude-sonnet-4-5"}]
    return {
        "providers": [
            {"name": "openai", "type": "openai", "base_url": f"http://openai.test:{openai_port.port}/v1",
             "api_key": {"env": "OPENAI_API_KEY"}},
            {"name": "claude", "type": "anthropic", "base_url": f"http://claude.test:{claude_port.port}",
             "api_key": {"env": "ANTHROPIC_API_KEY"}},
        ],
        "models": [
            {"name": "gpt-4.1", "targets": targets},
            {"name": "claude-only", "targets": targets[1:]},
        ],
        "timeouts": TIMEOUTS,
        "outlier": OUTLIER,
        **more,
    }


def shop(conn: Conn, received: Received) -> None:
    """Something else behind the same Gateway."""
    said = json.dumps({"host": received.header("host"), "names": sorted(received.names), "length": len(received.body)}).encode()
    conn.head(200, [("content-type", "application/json"), ("content-length", str(len(said)))])
    conn.send(said)


class Proxy:
    """An Envoy as Envoy Gateway would configure it."""

    def __init__(self, folder: Path, docs: list[dict]):
        self.port, self.shop, self.known = free_port(), Provider("shop", shop), []
        made = eg.bootstrap(configured(docs), self.port, free_port(), {"httproute/default/shop/rule/0": self.shop.port})
        self.envoy = Envoy(folder, made, ENV)

    def ask(self, body: dict, path: str = "/v1/chat/completions", host: str = HOST, key: str | None = KEY, **headers: str) -> Answer:
        """A request and its whole reply."""
        fields = [("host", host), ("content-type", "application/json")]
        fields += [("authorization", f"Bearer {key}")] if key else []
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        return Client(self.port).request("POST", path, fields, json.dumps(body).encode())

    def stop(self) -> None:
        """Ends it and what is behind it."""
        self.envoy.stop()
        self.shop.close()


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory, openai_server: Provider, claude_server: Provider) -> Iterator[Callable[..., Proxy]]:
    """One Envoy of each kind, begun when it is first asked for."""
    made: dict[tuple[str, ...], Proxy] = {}

    def get(flags: tuple[str, ...]) -> Proxy:
        if flags not in made:
            folder = tmp_path_factory.mktemp("envoy")
            keys = [{"name": "team", "sha256": hashlib.sha256(KEY.encode()).hexdigest()}]
            made[flags] = Proxy(folder, documents(folder, gateway_file(openai_server, claude_server, keys=keys), *flags))
        return made[flags]

    yield get
    for one in made.values():
        one.stop()


@pytest.fixture
def proxy(
    proxies: Callable[..., Proxy], openai_provider: Provider, claude_provider: Provider
) -> Iterator[Callable[..., Proxy]]:
    """The Envoy of a kind, with fresh providers; it must be well after the test."""
    used: list[Proxy] = []

    def get(*flags: str) -> Proxy:
        used.append(proxies(flags))
        return used[-1]

    yield get
    for one in used:
        found = one.envoy.problems()
        fresh, one.known = [problem for problem in found if problem not in one.known], found
        assert not fresh, fresh


def untouched(one: Proxy) -> None:
    """Other routes of the Gateway are as they were."""
    reply = one.ask({"order": 1, "model": "gpt-4.1"}, "/v1/chat/completions", host="shop.example", key="shop")
    assert reply.status == 200, reply.body
    assert reply.json["host"] == "shop.example" and reply.json["length"] == len(one.shop.requests[-1].body)
    assert "authorization" in reply.json["names"]
    assert not any(name.startswith("x-switchyard") for name in reply.json["names"])
    assert one.shop.requests[-1].json == {"order": 1, "model": "gpt-4.1"}


def text_of(reply: Answer) -> str:
    """What a stream of OpenAI's form says."""
    assert reply.events[-1] == "[DONE]", reply.body
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in reply.events[:-1] if event["choices"])


# --- documents


@crds.needed
@pytest.mark.parametrize("flags", [PLAIN, HELD, TWO, (*HELD, "--xds-names", "v1"), (*TWO, "--https", "--listener", "https")])
@pytest.mark.parametrize("example", ["two-providers", "minimal"])
def test_documents_are_what_the_schemas_allow(flags: tuple[str, ...], example: str) -> None:
    """Strictly: no field that a schema does not know. The module's sum is all digits here, and still text."""
    judge(read(ROOT / "examples" / f"{example}.yaml", *flags))


@crds.needed
@pytest.mark.parametrize("name", ["gateway-api", "one-pass", "one-pass-held", "two-roles"])
def test_the_example_is_what_the_schemas_allow(name: str) -> None:
    """The committed files; `tests/cli.rs` holds them to what is printed."""
    judge([document for document in yaml.safe_load_all((EXAMPLES / f"{name}.yaml").read_text()) if document])


@pytest.mark.parametrize("name", ["one-pass", "one-pass-held", "two-roles"])
def test_envoy_takes_what_the_example_comes_to(tmp_path: Path, name: str) -> None:
    """With TLS towards the providers, and for two roles with a module that is fetched."""
    docs = [document for document in yaml.safe_load_all((EXAMPLES / f"{name}.yaml").read_text()) if document]
    config = tmp_path / "envoy.json"
    config.write_text(json.dumps(eg.bootstrap(configured(docs), free_port(), free_port(), {"httproute/default/shop/rule/0": 9})))
    command = [envoy_binary(), "--mode", "validate", "-c", str(config), "-l", "error", "--disable-hot-restart"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **ENV})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "UpstreamTlsContext" in config.read_text()


def configured(docs: list[dict]) -> dict:
    """What Envoy Gateway makes of documents."""
    config = eg.fixture()
    eg.translate(config, docs, WASM)
    for policy in eg.of_kind(docs, "EnvoyPatchPolicy"):
        eg.patch(config, policy)
    return config


def judge(docs: list[dict]) -> None:
    """All are what the schemas allow."""
    assert docs and not (found := crds.validate(docs)), found


def test_no_key_stands_in_a_document(tmp_path: Path, openai_provider: Provider, claude_provider: Provider) -> None:
    """What the variables hold here is in no document; a key that is written out is refused."""
    file = gateway_file(openai_provider, claude_provider)
    for flags in (PLAIN, HELD, TWO):
        docs = documents(tmp_path, file, *flags)
        assert openai.KEY not in json.dumps(docs) and anthropic.KEY not in json.dumps(docs)
    file["providers"][0]["api_key"] = {"value": "sk-written-out"}
    (tmp_path / "gateway.yaml").write_text(yaml.safe_dump(file))
    command = [switchyard_binary(), "render", "envoy-gateway", str(tmp_path / "gateway.yaml"), *TWO]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "providers[0].api_key.value" in done.stderr, done.stderr


# --- both roles


def test_two_roles_fail_over_across_formats(proxy: Callable[..., Proxy], openai_provider: Provider, claude_provider: Provider) -> None:
    """Whole and streamed, from OpenAI's format to Anthropic's; others of the Gateway are left alone."""
    one = proxy(*TWO)
    openai_provider.script += [openai.error(503)] * 2
    reply = one.ask(chat("gpt-4.1"))
    assert reply.status == 200 and reply.json["choices"][0]["message"]["content"] == "Hello from Anthropic.", reply.body
    assert text_of(one.ask(chat("gpt-4.1", stream=True))) == "Hello from Anthropic."
    assert [len(openai_provider.requests), len(claude_provider.requests)] == [2, 2]
    reply = one.ask(chat("gpt-4.1"))
    assert reply.json["choices"][0]["message"]["content"] == "Hello from OpenAI."
    untouched(one)


def test_two_roles_answer_in_the_clients_api(proxy: Callable[..., Proxy], openai_provider: Provider, claude_provider: Provider) -> None:
    """A client of Anthropic's API is answered in it, whoever serves."""
    one = proxy(*TWO)
    body = {"model": "gpt-4.1", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}
    assert one.ask(body, "/v1/messages").json["content"] == [{"type": "text", "text": "Hello from OpenAI."}]
    openai_provider.script += [openai.error(503)]
    assert one.ask(body, "/v1/messages").json["content"] == [{"type": "text", "text": "Hello from Anthropic."}]
    assert [len(openai_provider.requests), len(claude_provider.requests)] == [2, 1]


def test_two_roles_keep_what_is_larger_than_the_listener_holds(proxy: Callable[..., Proxy], openai_provider: Provider, claude_provider: Provider) -> None:
    """The listener's limit is 32 KiB; a request of a megabyte fails over all the same, and one to others is not changed."""
    one = proxy(*TWO)
    openai_provider.script += [openai.error(503)]
    long = chat("gpt-4.1")
    long["messages"][0]["content"] = "word " * 200_000
    reply = one.ask(long)
    assert reply.status == 200, reply.body
    assert claude_provider.requests[-1].json["messages"][0]["content"][0]["text"] == long["messages"][0]["content"]


def test_two_roles_take_no_orders_from_clients(proxy: Callable[..., Proxy], openai_provider: Provider, claude_provider: Provider) -> None:
    """The header that leads to a cluster is the filter's: a client's is as if it were not there."""
    one = proxy(*TWO)
    for header in ("x-switchyard-stream", "x-switchyard-reply"):
        reply = one.ask(chat("gpt-4.1"), key=None, **{header: "openai"})
        assert reply.status == 401, reply.body
    assert one.ask(chat("gpt-4.1"), x_switchyard_reply="claude").status == 200
    assert [len(openai_provider.requests), len(claude_provider.requests)] == [1, 0]


# --- one pass


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["gpt-4.1", "claude-only"])
def test_held_the_body_says_the_model(proxy: Callable[..., Proxy], openai_provider: Provider, claude_provider: Provider, model: str, stream: bool) -> None:
    """To OpenAI and to Anthropic, whole and streamed; what the filter tells the routes does not leave."""
    one = proxy(*HELD)
    served = "openai" if model == "gpt-4.1" else "claude"
    route = f"cluster.httproute/default/switchyard-{served}{'-stream' if stream else ''}/rule/0.upstream_rq_total"
    before = one.envoy.stat(route)
    reply = one.ask(chat(model, stream))
    assert reply.status == 200, reply.body
    assert one.envoy.stat(route) == before + 1, "streams have a route of their own"
    said = text_of(reply) if stream else reply.json["choices"][0]["message"]["content"]
    to, name = (openai_provider, "OpenAI") if model == "gpt-4.1" else (claude_provider, "Anthropic")
    assert said == f"Hello from {name}."
    [received] = to.requests
    assert received.header("host") == f"{'openai' if name == 'OpenAI' else 'claude'}.test:{to.port}"
    assert not [found for found in received.names if found.startswith("x-switchyard")]
    untouched(one)


def test_held_a_provider_is_asked_again_by_status(proxy: Callable[..., Proxy], openai_provider: Provider) -> None:
    """The route's own retry; and a body that is larger than the listener holds."""
    one = proxy(*HELD)
    openai_provider.script += [openai.error(503), openai.error(429)]
    long = chat("gpt-4.1")
    long["messages"][0]["content"] = "word " * 20_000
    assert one.ask(long).status == 429
    assert one.ask(long).status == 200
    assert [len(received.json["messages"][0]["content"]) for received in openai_provider.requests] == [100_000] * 3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["gpt-4.1", "claude-only"])
def test_plain_a_header_says_the_model(proxy: Callable[..., Proxy], openai_provider: Provider, claude_provider: Provider, model: str, stream: bool) -> None:
    """Without a patch: the same, for clients that name the model in a header, too."""
    one = proxy(*PLAIN)
    reply = one.ask(chat(model, stream), x_switchyard_model=model)
    assert reply.status == 200, reply.body
    said = text_of(reply) if stream else reply.json["choices"][0]["message"]["content"]
    assert said == ("Hello from OpenAI." if model == "gpt-4.1" else "Hello from Anthropic.")
    assert len(openai_provider.requests) + len(claude_provider.requests) == 1
    untouched(one)


def test_plain_bodies_have_room(proxy: Callable[..., Proxy], openai_provider: Provider) -> None:
    """By the ClientTrafficPolicy; and without the header that names the model there is an answer that says so."""
    one = proxy(*PLAIN)
    long = chat("gpt-4.1")
    long["messages"][0]["content"] = "word " * 200_000
    assert one.ask(long, x_switchyard_model="gpt-4.1").status == 200
    assert len(openai_provider.requests[-1].json["messages"][0]["content"]) == 1_000_000
    reply = one.ask(chat("gpt-4.1"))
    assert reply.status == 400 and "x-switchyard-model" in reply.json["error"]["message"], reply.body


@pytest.mark.parametrize("flags", [PLAIN, HELD])
def test_one_pass_is_no_way_around_keys(proxy: Callable[..., Proxy], openai_provider: Provider, claude_provider: Provider, flags: tuple[str, ...]) -> None:
    """A client that names a provider's host, or what the routes choose by, is asked for a key as well."""
    one = proxy(*flags)
    for host in (HOST, f"openai.test:{openai_provider.port}", "openai.test", "claude.test"):
        for header in ({}, {"x-switchyard-stream": "openai"}):
            assert one.ask(chat("gpt-4.1"), host=host, key=None, x_switchyard_model="gpt-4.1", **header).status == 401
    assert one.ask(chat("gpt-4.1"), x_switchyard_model="gpt-4.1").status == 200
    assert [len(openai_provider.requests), len(claude_provider.requests)] == [1, 0]


# --- the patches themselves


def test_a_patch_that_finds_nothing_fails(tmp_path: Path, openai_provider: Provider, claude_provider: Provider) -> None:
    """The names of the older scheme are not those of this Gateway."""
    file = gateway_file(openai_provider, claude_provider)
    for flags in (HELD, TWO):
        docs = documents(tmp_path, file, *flags, "--xds-names", "v1")
        [policy] = eg.of_kind(docs, "EnvoyPatchPolicy")
        config = eg.fixture()
        eg.translate(config, docs, WASM)
        with pytest.raises(eg.Refused, match="unable to find default/eg/http"):
            eg.patch(config, policy)
        for one in ("listeners", "routes"):
            config[one][0]["name"] = "default/eg/http"
        for host in config["routes"][0]["virtual_hosts"]:
            host["name"] = f"default/eg/http/{host['name']}"
        eg.patch(config, policy)


def test_patches_of_https_find_their_chain(tmp_path: Path, openai_provider: Provider, claude_provider: Provider) -> None:
    """Of several chains at a port the listener's own is changed, and no other."""
    flags = (*TWO, "--https", "--listener", "secure", "--port", "443")
    [policy] = eg.of_kind(documents(tmp_path, gateway_file(openai_provider, claude_provider), *flags), "EnvoyPatchPolicy")
    config = eg.fixture()
    [listener] = config["listeners"]
    chain = listener.pop("default_filter_chain")
    other = json.loads(json.dumps(chain))
    listener |= {"name": "tcp-443", "filter_chains": [{**other, "name": "default/eg/other"}, {**chain, "name": "default/eg/secure"}]}
    config["routes"][0]["name"] = "default/eg/secure"
    before = json.dumps(listener["filter_chains"][0])
    eg.patch(config, policy)
    assert json.dumps(listener["filter_chains"][0]) == before
    filters = listener["filter_chains"][1]["filters"][0]["typed_config"]["http_filters"]
    assert [one["name"] for one in filters] == ["switchyard.gateway", "envoy.filters.http.router"]
    assert len(filters[1]["typed_config"]["upstream_http_filters"]) == 2
