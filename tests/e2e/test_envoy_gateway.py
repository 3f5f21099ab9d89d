"""`render envoy-gateway`: its documents against the projects' schemas, and what they come to in real Envoy."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ENV

from rig import anthropic, crds, openai
from rig import envoy_gateway as eg
from rig.client import Client
from rig.envoy import ROOT, WASM, Envoy, free_port, switchyard_binary
from rig.gateway import OUTLIER, TIMEOUTS
from rig.provider import Conn, Provider, Received

EXAMPLES = ROOT / "examples" / "envoy-gateway"
HOST = "llm.example"
SUM = "0" * 64
IMAGE = ("--url", "oci://registry.example/switchyard:0.1.0", "--sha256", SUM)
PLAIN = ("--kind", "envoyextensionpolicy", *IMAGE)
HELD = ("--kind", "envoyextensionpolicy-held", *IMAGE)
TWO = ("--kind", "envoypatchpolicy", "--url", f"file://{WASM}")
# Of Envoy Gateway's own kinds these have no schema among those that are here.
WITHOUT_SCHEMA = {"EnvoyProxy", "ClientTrafficPolicy"}
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

    def __init__(self, folder: Path, docs: list[dict], shop_port: int):
        self.port = free_port()
        config = eg.fixture()
        eg.translate(config, docs, WASM)
        for policy in eg.of_kind(docs, "EnvoyPatchPolicy"):
            eg.patch(config, policy)
        made = eg.bootstrap(config, self.port, free_port(), {"httproute/default/shop/rule/0": shop_port})
        folder.mkdir(parents=True, exist_ok=True)
        self.envoy = Envoy(folder, made, ENV)

    def ask(self, body: dict, path: str = "/v1/chat/completions", host: str = HOST, **headers: str):
        """A request and its whole reply."""
        fields = [("host", host), ("content-type", "application/json"), *((n.replace("_", "-"), v) for n, v in headers.items())]
        return Client(self.port).request("POST", path, fields, json.dumps(body).encode())


@pytest.fixture
def proxy(tmp_path: Path, openai_provider: Provider, claude_provider: Provider) -> Iterator[Callable[..., Proxy]]:
    """Makes Envoys of renderings; they are checked and stopped after the test."""
    made: list[Proxy] = []
    other = Provider("shop", shop)

    def make(*flags: str, **more: object) -> Proxy:
        docs = documents(tmp_path, gateway_file(openai_provider, claude_provider, **more), *flags)
        made.append(Proxy(tmp_path / f"envoy-{len(made)}", docs, other.port))
        made[-1].shop = other
        return made[-1]

    yield make
    problems = [problem for one in made for problem in one.envoy.problems()]
    for one in made:
        one.envoy.stop()
    other.close()
    assert not problems, problems


def untouched(one: Proxy) -> None:
    """Other routes of the Gateway are as they were."""
    reply = one.ask({"order": 1, "model": "gpt-4.1"}, "/v1/chat/completions", host="shop.example", authorization="Bearer shop")
    assert reply.status == 200, reply.body
    assert reply.json["host"] == "shop.example" and reply.json["length"] == len(one.shop.requests[-1].body)
    assert "authorization" in reply.json["names"]
    assert not any(name.startswith("x-switchyard") for name in reply.json["names"])
    assert one.shop.requests[-1].json == {"order": 1, "model": "gpt-4.1"}


def text_of(reply) -> str:
    """What a stream of OpenAI's form says."""
    assert reply.events[-1] == "[DONE]", reply.body
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in reply.events[:-1] if event["choices"])


# --- documents


@crds.needed
@pytest.mark.parametrize("flags", [PLAIN, HELD, TWO, (*HELD, "--xds-names", "v1"), (*TWO, "--https", "--listener", "https")])
@pytest.mark.parametrize("example", ["two-providers", "minimal", "keys"])
def test_documents_are_what_the_schemas_allow(tmp_path: Path, flags: tuple[str, ...], example: str) -> None:
    """Strictly: no field that a schema does not know."""
    file = yaml.safe_load((ROOT / "examples" / f"{example}.yaml").read_text())
    file["providers"] = [one for one in file["providers"] if "127.0.0.1" not in one.get("base_url", "")]
    names = {one["name"] for one in file["providers"]}
    for one in file["providers"]:
        if "file" in one.get("api_key", {}):
            one["api_key"] = {"env": "SOME_KEY"}
    for model in file.get("models", []):
        model["targets"] = [target for target in model["targets"] if target["provider"] in names]
    file["models"] = [model for model in file.get("models", []) if model["targets"]]
    docs = documents(tmp_path, file, *flags)
    with_schema = [document for document in docs if document["kind"] not in WITHOUT_SCHEMA]
    assert with_schema and not (found := crds.validate(with_schema)), found


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


def test_two_roles_fail_over_across_formats(proxy, openai_provider: Provider, claude_provider: Provider) -> None:
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


def test_two_roles_keep_what_is_larger_than_the_listener_holds(proxy, openai_provider: Provider, claude_provider: Provider) -> None:
    """The listener's limit is 32 KiB; a request of a megabyte fails over all the same, and one to others is not changed."""
    one = proxy(*TWO)
    openai_provider.script += [openai.error(503)]
    long = chat("gpt-4.1")
    long["messages"][0]["content"] = "word " * 200_000
    reply = one.ask(long)
    assert reply.status == 200, reply.body
    assert claude_provider.requests[-1].json["messages"][0]["content"][0]["text"] == long["messages"][0]["content"]


def test_two_roles_take_no_orders_from_clients(proxy, openai_provider: Provider, claude_provider: Provider) -> None:
    """The header that leads to a cluster is the filter's: a client's is as if it were not there."""
    one = proxy(*TWO, keys=[{"name": "team", "sha256": sha256(KEY)}])
    for header in ("x-switchyard-stream", "x-switchyard-reply"):
        reply = one.ask(chat("gpt-4.1"), **{header: "openai"})
        assert reply.status == 401, reply.body
    assert one.ask(chat("gpt-4.1"), authorization=f"Bearer {KEY}", x_switchyard_reply="claude").status == 200
    assert [len(openai_provider.requests), len(claude_provider.requests)] == [1, 0]


# --- one pass


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["gpt-4.1", "claude-only"])
def test_held_the_body_says_the_model(proxy, openai_provider: Provider, claude_provider: Provider, model: str, stream: bool) -> None:
    """To OpenAI and to Anthropic, whole and streamed; what the filter tells the routes does not leave."""
    one = proxy(*HELD)
    reply = one.ask(chat(model, stream))
    assert reply.status == 200, reply.body
    said = text_of(reply) if stream else reply.json["choices"][0]["message"]["content"]
    to, name = (openai_provider, "OpenAI") if model == "gpt-4.1" else (claude_provider, "Anthropic")
    assert said == f"Hello from {name}."
    [received] = to.requests
    assert received.header("host") == f"{'openai' if name == 'OpenAI' else 'claude'}.test:{to.port}"
    assert not [found for found in received.names if found.startswith("x-switchyard")]
    untouched(one)


def test_held_a_provider_is_asked_again_by_status(proxy, openai_provider: Provider) -> None:
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
def test_plain_a_header_says_the_model(proxy, openai_provider: Provider, claude_provider: Provider, model: str, stream: bool) -> None:
    """Without a patch: the same, for clients that name the model in a header, too."""
    one = proxy(*PLAIN)
    reply = one.ask(chat(model, stream), x_switchyard_model=model)
    assert reply.status == 200, reply.body
    said = text_of(reply) if stream else reply.json["choices"][0]["message"]["content"]
    assert said == ("Hello from OpenAI." if model == "gpt-4.1" else "Hello from Anthropic.")
    assert len(openai_provider.requests) + len(claude_provider.requests) == 1
    untouched(one)


def test_plain_bodies_have_room(proxy, openai_provider: Provider) -> None:
    """By the ClientTrafficPolicy; and without the header that names the model there is an answer that says so."""
    one = proxy(*PLAIN)
    long = chat("gpt-4.1")
    long["messages"][0]["content"] = "word " * 200_000
    assert one.ask(long, x_switchyard_model="gpt-4.1").status == 200
    assert len(openai_provider.requests[-1].json["messages"][0]["content"]) == 1_000_000
    reply = one.ask(chat("gpt-4.1"))
    assert reply.status == 400 and "x-switchyard-model" in reply.json["error"]["message"], reply.body


@pytest.mark.parametrize("flags", [PLAIN, HELD])
def test_one_pass_is_no_way_around_keys(proxy, openai_provider: Provider, claude_provider: Provider, flags: tuple[str, ...]) -> None:
    """A client that names a provider's host, or what the routes choose by, is asked for a key as well."""
    one = proxy(*flags, keys=[{"name": "team", "sha256": sha256(KEY)}])
    for host in (HOST, f"openai.test:{openai_provider.port}", "openai.test", "claude.test"):
        for header in ({}, {"x-switchyard-stream": "openai"}):
            assert one.ask(chat("gpt-4.1"), host=host, x_switchyard_model="gpt-4.1", **header).status == 401, (host, header)
    assert one.ask(chat("gpt-4.1"), authorization=f"Bearer {KEY}", x_switchyard_model="gpt-4.1").status == 200
    assert [len(openai_provider.requests), len(claude_provider.requests)] == [1, 0]


def sha256(text: str) -> str:
    """As gateway.yaml has it."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


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
