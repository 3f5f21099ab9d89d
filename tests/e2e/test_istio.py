"""Istio's policies: judged by the CRDs' schemas, and what they amount to run in real Envoy, on what Istio makes for a gateway and
for a sidecar. Nothing here was applied to a cluster."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from rig import anthropic, crds, istio, openai, prompts, referee, replies
from rig.client import Client
from rig.envoy import ROOT, WASM, Envoy, envoy_version, free_port, switchyard_binary, wait_for
from rig.gateway import OUTLIER, TIMEOUTS
from rig.one_pass import written_by_an_older_router
from rig.provider import Conn, Provider, Received
from rig.tls import Authority, Secure

ENV = {"OPENAI_API_KEY": openai.KEY, "ANTHROPIC_API_KEY": anthropic.KEY}
FRONT = "llm.example.com"
FILE_URL = ("--url", f"file://{WASM}")
OCI = ("--url", "oci://registry.example.com/switchyard:1")
SUM = hashlib.sha256(b"switchyard").hexdigest()
GATEWAY = ("--selector", "istio=ingressgateway", "--istio-gateway", "istio-system/edge")
SHOP = "outbound|80||shop.default.svc.cluster.local"


def render(folder: Path, file: dict | Path, *flags: str) -> list[dict]:
    """The documents that `switchyard render istio` prints."""
    done = rendering(folder, file, *flags)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.load_all(done.stdout, yaml.CSafeLoader) if document]


def rendering(folder: Path, file: dict | Path, *flags: str) -> subprocess.CompletedProcess[str]:
    path = file
    if isinstance(file, dict):
        path = folder / "gateway.yaml"
        path.write_text(yaml.safe_dump(file, sort_keys=False))
    command = [switchyard_binary(), "render", "istio", str(path), *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def row(name: str, kind: str, **more: object) -> dict:
    return {"name": name, "type": kind, "api_key": {"env": "K"}, **more}


def small(*providers: dict, **more: object) -> dict:
    """A file with one model for each provider."""
    models = [{"name": f"m{index}", "targets": [{"provider": provider["name"]}]} for index, provider in enumerate(providers)]
    return {"providers": list(providers), "models": models, **more}


# ---------------------------------------------------------------- documents

PLUGINS = ("wasmplugin", "trafficextension")
PLACES = {
    "mesh": (),
    "namespace": ("--namespace", "team-a"),
    "gateway": ("--gateway", "edge", "--namespace", "edge"),
    "waypoint": ("--waypoint", "egress", "--namespace", "team-a"),
    "pods": ("--selector", "app=chat", "--namespace", "team-a"),
    "ingress": GATEWAY,
}
FORMS = {
    **{f"{kind}-{place}": ("--kind", kind, *OCI, "--sha256", SUM, "--pull-secret", "pull", *flags)
       for kind in PLUGINS for place, flags in PLACES.items()},
    **{f"envoyfilter-{place}": ("--kind", "envoyfilter", *FILE_URL, *PLACES[place]) for place in ("gateway", "ingress")},
    **{f"envoyfilter-standalone-{place}": (
        "--kind", "envoyfilter-standalone", "--url", "https://files.example.com/switchyard.wasm", "--sha256", SUM, *PLACES[place])
       for place in ("mesh", "namespace", "pods")},
}
# Examples that a form cannot do, and where the reason stands in the file.
NOT_IN_ONE_PASS = {"browser": "cors", "credentials": "providers[1].api_key.file", "keys": "providers[0].api_key.file"}
NOT_AT_ONCE = {**NOT_IN_ONE_PASS, "media": "files", "clouds": "providers[1].type", "embeddings": "providers[1].type", "failover": "providers[2].type"}
NOT_DONE = {"envoyfilter-gateway": {}, "envoyfilter-standalone-mesh": NOT_IN_ONE_PASS, "wasmplugin-mesh": NOT_AT_ONCE, "trafficextension-gateway": NOT_AT_ONCE}


@crds.needed
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_right_by_the_schemas(tmp_path: Path, form: str) -> None:
    file = small(row("openai", "openai"), row("claude", "anthropic"), row("vllm", "openai-compatible", base_url="http://vllm.models.svc.cluster.local/v1"))
    documents = render(tmp_path, file, *FORMS[form])
    assert crds.validate(documents) == []


@crds.needed
def test_every_kind_is_rendered(tmp_path: Path) -> None:
    """Those that were promised, each by some form."""
    file = small(row("openai", "openai"))
    kinds = {document["kind"] for flags in FORMS.values() for document in render(tmp_path, file, *flags)}
    assert kinds == {
        "WasmPlugin", "TrafficExtension", "EnvoyFilter", "ServiceEntry", "DestinationRule", "VirtualService", "HTTPRoute", "ConfigMap"}


@crds.needed
@pytest.mark.parametrize("example", sorted(path.stem for path in (ROOT / "examples").glob("*.yaml")))
def test_the_examples_are_right_or_refused_with_their_place(tmp_path: Path, example: str) -> None:
    for form, not_done in NOT_DONE.items():
        done = rendering(tmp_path, ROOT / "examples" / f"{example}.yaml", *FORMS[form])
        last = done.stderr.strip().splitlines()[-1]
        assert (done.returncode != 0) == (example in not_done), (form, last)
        if done.returncode == 0:
            assert crds.validate([document for document in yaml.load_all(done.stdout, yaml.CSafeLoader) if document]) == []
        else:
            assert last.startswith(f"switchyard: {not_done[example]}: "), last


@crds.needed
@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "istio").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_committed_policies_are_right_by_the_schemas(path: Path) -> None:
    if path.stem != "gateway":
        documents = [document for document in yaml.load_all(path.read_text(), yaml.CSafeLoader) if document]
        assert documents and crds.validate(documents) == []


def test_where_a_policy_holds(tmp_path: Path) -> None:
    file = small(row("openai", "openai"))

    def policy(place: str) -> tuple[dict, list[dict]]:
        documents = render(tmp_path, file, *FORMS[f"wasmplugin-{place}"])
        [plugin] = istio.of_kind(documents, "WasmPlugin")
        return plugin, documents

    client = [{"mode": "CLIENT", "ports": [{"number": 80}]}]
    target = [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}]
    mesh, _ = policy("mesh")
    assert mesh["metadata"]["namespace"] == "istio-system" and mesh["spec"]["match"] == client
    assert not {"selector", "targetRefs"} & set(mesh["spec"])
    namespace, documents = policy("namespace")
    assert namespace["metadata"]["namespace"] == "team-a" and not {"selector", "targetRefs"} & set(namespace["spec"])
    assert all(document["spec"]["exportTo"] == ["."] for document in istio.of_kind(documents, "ServiceEntry", "DestinationRule", "VirtualService"))
    gateway, documents = policy("gateway")
    assert gateway["spec"]["targetRefs"] == target and "match" not in gateway["spec"]
    [route] = istio.of_kind(documents, "HTTPRoute")
    assert route["spec"]["hostnames"] == ["api.openai.com"] and route["spec"]["rules"][0]["backendRefs"][0]["kind"] == "Hostname"
    # A stranger who names the provider's host is asked for a key too.
    assert gateway["spec"]["pluginConfig"]["entry"]["authorities"] == ["llm.switchyard.internal", "api.openai.com"]
    waypoint, documents = policy("waypoint")
    assert waypoint["spec"]["targetRefs"] == [{**target[0], "name": "egress"}]
    labels = [document["metadata"]["labels"] for document in istio.of_kind(documents, "ServiceEntry")]
    assert labels == [{"istio.io/use-waypoint": "egress"}] * 2
    [routes] = istio.of_kind(documents, "VirtualService")
    assert routes["spec"]["hosts"] == ["llm.switchyard.internal"]
    assert routes["spec"]["http"][0]["match"] == [{"authority": {"prefix": "api.openai.com"}}]
    assert policy("pods")[0]["spec"]["selector"] == {"matchLabels": {"app": "chat"}}
    [filter_] = istio.of_kind(render(tmp_path, file, *FORMS["envoyfilter-ingress"]), "EnvoyFilter")
    assert filter_["spec"]["workloadSelector"] == {"labels": {"istio": "ingressgateway"}}


def test_a_plugin_says_what_istio_hands_on(tmp_path: Path) -> None:
    file = small(row("openai", "openai", api_key={"env": "OPENAI_API_KEY"}))
    flags = ("--sha256", SUM, "--pull-policy", "Always", "--pull-secret", "pull")
    [plugin] = istio.of_kind(render(tmp_path, file, *OCI, *flags), "WasmPlugin")
    [extension] = istio.of_kind(render(tmp_path, file, "--kind", "trafficextension", *OCI, *flags), "TrafficExtension")
    wanted = {"url": OCI[1], "sha256": SUM, "imagePullPolicy": "Always", "imagePullSecret": "pull", "failStrategy": "FAIL_RELOAD",
              "pluginName": "switchyard", "vmConfig": {"env": [{"name": "OPENAI_API_KEY", "valueFrom": "HOST"}]}}
    for spec in (plugin["spec"], extension["spec"]["wasm"]):
        config = spec["pluginConfig"]
        assert {name: spec[name] for name in wanted} == wanted and set(spec) - {"match", "phase"} == {*wanted, "pluginConfig"}
        assert (config["role"], config["entry"]) == ("standalone", {"headers": "at_once", "authorities": ["llm.switchyard.internal"]})
        # Below the proxy's own limit, so that the refusal is in the client's words.
        assert config["request_bytes"] < 1 << 20 and config["reply_bytes"] < 1 << 20


# Files that a kind cannot do, with the beginning of what must be said.
AZURE = {"tenant_id": "t", "client_id": "c", "client_secret": {"env": "S"}}
REFUSED: dict[str, tuple[dict, tuple[str, ...], str]] = {
    "gemini": (small(row("g", "gemini")), OCI, "providers[0].type: "),
    "second-provider": (small(row("openai", "openai"), row("g", "gemini")), OCI, "providers[1].type: "),
    "azure": (small(row("a", "azure", resource="r", api_version="v1")), OCI, "providers[0].type: "),
    "aws": (small({"name": "b", "type": "bedrock", "region": "us-east-1", "aws": {}}), OCI, "providers[0].aws: "),
    "google": (small({"name": "v", "type": "vertex", "project": "p", "location": "l", "google": {}}), OCI, "providers[0].google: "),
    "entra": (small({"name": "a", "type": "azure", "resource": "r", "api_version": "v1", "azure": AZURE}), OCI, "providers[0].azure: "),
    "file-key": (small(row("o", "openai", api_key={"file": "/keys/o"})), OCI, "providers[0].api_key.file: "),
    "value": (small(row("o", "openai", api_key={"value": "sk-secret"})), OCI, "providers[0].api_key.value: "),
    "value-in-two-roles": (small(row("o", "openai", api_key={"value": "sk-secret"})), FORMS["envoyfilter-gateway"], "providers[0].api_key.value: "),
    "aws-keys-in-two-roles": (
        small({"name": "b", "type": "bedrock", "region": "us-east-1", "aws": {"access_key": {"value": "A"}, "secret_key": {"value": "S"}}}),
        FORMS["envoyfilter-gateway"], "providers[0].aws.access_key: "),
    "address": (small(row("o", "openai-compatible", base_url="http://10.0.0.1:8000/v1")), OCI, "providers[0].base_url: "),
    "service-port": (small(row("o", "openai-compatible", base_url="http://vllm.models.svc:8000/v1")), OCI, "providers[0].base_url: "),
    "two-ports": (small(row("o", "openai-compatible", base_url="http://a.test:1/v1"), row("p", "openai-compatible", base_url="http://a.test:2/v1")),
                  OCI, "providers[1].base_url: "),
    "front": (small(row("o", "openai-compatible", base_url="http://llm.switchyard.internal/v1")), OCI, "providers[0].base_url: "),
    "cors": (small(row("o", "openai"), cors={"origins": ["https://a.test"]}), OCI, "cors: "),
    "files": (small(row("o", "openai"), files={"provider": "o"}), OCI, "files: "),
    "oci-in-envoy": (small(row("o", "openai")), ("--kind", "envoyfilter-standalone", *OCI), "--url oci://"),
    "no-sum": (small(row("o", "openai")), ("--kind", "envoyfilter-standalone", "--url", "https://a.test/w"), "--url https://a.test/w: "),
    "bad-sum": (small(row("o", "openai")), (*OCI, "--sha256", "ab"), "--sha256 ab: "),
    "bad-url": (small(row("o", "openai")), ("--url", "registry/switchyard"), "--url registry/switchyard: "),
    "wildcard": (small(row("o", "openai")), (*OCI, "--host", "*"), "--host *: "),
    "port-in-host": (small(row("o", "openai")), (*OCI, "--host", "a.test:80"), "--host a.test:80: "),
    "two-roles-mesh-wide": (small(row("o", "openai")), ("--kind", "envoyfilter", *FILE_URL), "--kind envoyfilter is for a gateway"),
    "sidecars-only": (small(row("o", "openai")), ("--kind", "envoyfilter-standalone", *FILE_URL, "--gateway", "edge"),
                      "--kind envoyfilter-standalone is for sidecars"),
    "label": (small(row("o", "openai")), (*OCI, "--selector", "app"), "--selector app: "),
    "name": (small(row("o", "openai")), (*OCI, "--name", "Switch_Yard"), "--name Switch_Yard: "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    file, flags, says = REFUSED[name]
    done = rendering(tmp_path, file, *flags)
    assert done.returncode != 0 and done.stdout == "", done.stdout[:300]
    last = done.stderr.strip().splitlines()[-1].removeprefix("switchyard: ")
    assert last.startswith(says), last
    assert "sk-secret" not in last


def test_what_only_both_roles_can_do_is_done_by_them(tmp_path: Path) -> None:
    """The refusals above name a way out: it must be one."""
    for name in ("gemini", "aws", "google", "entra", "file-key", "address", "cors", "files"):
        file, _, _ = REFUSED[name]
        assert render(tmp_path, file, *FORMS["envoyfilter-gateway"]), name


# ---------------------------------------------------------------- patches


def policy(*patches: dict) -> dict:
    return {"spec": {"configPatches": list(patches)}}


ROUTER_FILTER = {"listener": {"filterChain": {"filter": {"name": istio.HCM, "subFilter": {"name": istio.ROUTER}}}}}


@pytest.mark.parametrize("match", [
    {"context": "SIDECAR_INBOUND", **ROUTER_FILTER},
    {"context": "GATEWAY", "proxy": {"proxyVersion": r"^1\.99"}, **ROUTER_FILTER},
    {"context": "GATEWAY", "listener": {"portNumber": 9999, **ROUTER_FILTER["listener"]}},
    {"context": "GATEWAY", "listener": {"filterChain": {"filter": {"name": istio.HCM, "subFilter": {"name": "envoy.router"}}}}},
], ids=["context", "version", "port", "filter"])
def test_a_patch_that_matches_nothing_is_refused(match: dict) -> None:
    patch = {"applyTo": "HTTP_FILTER", "match": match, "patch": {"operation": "INSERT_BEFORE", "value": {"name": "x"}}}
    with pytest.raises(istio.Refused, match="matches nothing"):
        istio.apply(istio.fixture("istio-gateway"), policy(patch), "GATEWAY")


def test_patches_follow_istios_rules() -> None:
    config = istio.fixture("istio-gateway")
    manager = config["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    before = [http["name"] for http in manager["http_filters"]]
    match = {"context": "GATEWAY", **ROUTER_FILTER}
    istio.apply(config, policy(
        {"applyTo": "HTTP_FILTER", "match": match, "patch": {"operation": "INSERT_BEFORE", "value": {"name": "x"}}},
        {"applyTo": "NETWORK_FILTER", "match": {"context": "GATEWAY"}, "patch": {"operation": "MERGE", "value": {
            "name": istio.HCM, "typed_config": {"@type": manager["@type"], "server_name": "y", "upgrade_configs": [{"upgrade_type": "z"}]}}}},
        {"applyTo": "VIRTUAL_HOST", "match": {"context": "GATEWAY", "routeConfiguration": {"portNumber": 80}},
         "patch": {"operation": "ADD", "value": {"name": "v", "domains": ["v"]}}},
        {"applyTo": "CLUSTER", "match": {"context": "GATEWAY"}, "patch": {"operation": "ADD", "value": {"name": "c"}}},
    ), "GATEWAY", ports={8080: 80})
    assert [http["name"] for http in manager["http_filters"]] == [*before[:-1], "x", before[-1]]
    # Scalars replace, lists append, and what is not named stays.
    assert manager["server_name"] == "y" and manager["use_remote_address"] is True
    assert manager["upgrade_configs"] == [{"upgrade_type": "websocket"}, {"upgrade_type": "z"}]
    assert config["routes"][0]["virtual_hosts"][-1]["name"] == "v" and config["clusters"][-1] == {"name": "c"}
    with pytest.raises(istio.Refused, match="default"):
        istio.merge({}, {"a": False})
    with pytest.raises(istio.Refused, match="cannot be merged"):
        istio.merge({"a": {"@type": "b"}}, {"a": {"@type": "c"}})


# ---------------------------------------------------------------- real Envoy


def shop_reply(conn: Conn, received: Received) -> None:
    """An application that has nothing to do with models."""
    replies.json_body({"shop": received.target, "body": received.body.decode()})(conn, received)


@dataclass
class Servers:
    """What is behind the proxy."""

    openai: Provider
    claude: Provider
    shop: Provider
    all: list[Provider] = field(init=False)

    def __post_init__(self) -> None:
        self.all = [self.openai, self.claude, self.shop]

    def file(self, **more: object) -> dict:
        """gateway.yaml, with the providers at names that a mesh knows."""
        both = [{"provider": "openai", "model": "gpt-4.1"}, {"provider": "claude", "model": "claude-sonnet-4-5"}]
        return {
            "providers": [
                {"name": "openai", "type": "openai", "base_url": f"http://openai.test:{self.openai.port}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
                {"name": "claude", "type": "anthropic", "base_url": f"http://claude.test:{self.claude.port}", "api_key": {"env": "ANTHROPIC_API_KEY"}},
            ],
            "models": [{"name": "gpt-4.1", "targets": both}, {"name": "claude-only", "targets": both[1:]}, {"name": "openai-only", "targets": both[:1]}],
            "timeouts": TIMEOUTS,
            "outlier": OUTLIER,
            **more,
        }


@pytest.fixture(scope="module")
def all_servers() -> Iterator[Servers]:
    made = Servers(
        Provider("openai", openai.answer(), openai.check), Provider("claude", anthropic.answer(), anthropic.check), Provider("shop", shop_reply))
    yield made
    for provider in made.all:
        provider.close()


@pytest.fixture
def servers(all_servers: Servers) -> Iterator[Servers]:
    for provider in all_servers.all:
        provider.fresh()
    yield all_servers
    for provider in all_servers.all:
        written_by_an_older_router(provider, *ROUTERS)


class Proxy:
    """A proxy of Istio's with the policies in it."""

    def __init__(self, folder: Path, config: dict, servers: Servers):
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        endpoints = {SHOP: servers.shop.port, "PassthroughCluster": servers.shop.port}
        self.config = istio.bootstrap(config, self.port, free_port(), endpoints)
        self.envoy = Envoy(folder, self.config, ENV)
        self.client = Client(self.port)

    def chat(self, body: dict, *headers: tuple[str, str], host: str = FRONT, path: str = "/v1/chat/completions"):
        """A request of a client, or of an application."""
        fields = [("host", host), ("content-type", "application/json"), *headers]
        return self.client.request("POST", path, fields, json.dumps(body).encode())


Start = Callable[[dict], Proxy]


@pytest.fixture
def start(tmp_path: Path, servers: Servers) -> Iterator[Start]:
    made: list[Proxy] = []

    def go(config: dict) -> Proxy:
        made.append(Proxy(tmp_path / f"proxy-{len(made)}", config, servers))
        return made[-1]

    yield go
    problems = [problem for proxy in made for problem in proxy.envoy.problems()]
    for proxy in made:
        proxy.client.close()
        proxy.envoy.stop()
    assert not problems, problems


needs_137 = pytest.mark.skipif(
    envoy_version() < (1, 37), reason=f"skipped: Istio's EnvoyFilters are for Envoy 1.37 and newer, this is {envoy_version()}")


def gateway_config(folder: Path, file: dict, *flags: str) -> dict:
    """What Istio makes for a gateway with the two-role policy of a file."""
    documents = render(folder, file, "--kind", "envoyfilter", *FILE_URL, *GATEWAY, "--host", FRONT, *flags)
    [filter_] = istio.of_kind(documents, "EnvoyFilter")
    config = istio.fixture("istio-gateway")
    istio.apply(config, filter_, "GATEWAY", ports={8080: 80})
    return config


@pytest.fixture(scope="module")
def shared_edge(tmp_path_factory: pytest.TempPathFactory, all_servers: Servers) -> Iterator[Proxy]:
    """A gateway with both roles, to which a key comes from a file where Envoy can read one."""
    folder, file = tmp_path_factory.mktemp("edge"), all_servers.file()
    if envoy_version() >= (1, 40):
        (folder / "openai.key").write_text(openai.KEY)
        file["providers"][0]["api_key"] = {"file": str(folder / "openai.key")}
    proxy = Proxy(folder, gateway_config(folder, file), all_servers)
    yield proxy
    proxy.envoy.stop()


@pytest.fixture
def edge(shared_edge: Proxy, servers: Servers) -> Iterator[Proxy]:
    """The same, which must be well after each test."""
    yield shared_edge
    assert not (found := shared_edge.envoy.problems()), found


@needs_137
def test_two_roles_at_a_gateway(servers: Servers, edge: Proxy) -> None:
    # The first provider, whole and streamed; with the port in the host, too.
    assert referee.completion(edge.chat(prompts.chat()))["choices"][0]["message"]["content"] == "Hello from OpenAI."
    assert referee.stream(edge.chat(prompts.chat(stream=True), host=f"{FRONT}:80")) == "Hello from OpenAI."
    # Failover to a provider of another format.
    for fault, stream in ((openai.error(503), False), (openai.error(429), True), (replies.reset(), False)):
        servers.openai.script.append(fault)
        answer = edge.chat(prompts.chat(stream=stream))
        text = referee.stream(answer) if stream else referee.completion(answer)["choices"][0]["message"]["content"]
        assert text == "Hello from Anthropic."
    # A prompt beyond what Istio's listeners hold, on its second attempt.
    large = prompts.text(3 * prompts.MB)
    servers.openai.script.append(openai.error(503))
    referee.completion(edge.chat(prompts.chat(large)))
    sent = servers.claude.requests[-1].json["messages"][0]["content"]
    assert (sent if isinstance(sent, str) else sent[0]["text"]) == large
    # One target: its error, in the client's dialect.
    servers.claude.script.append(anthropic.error(400, "invalid_request_error", "Bad."))
    assert "Bad." in referee.error(edge.chat(prompts.chat(model="claude-only")), 400)["message"]


@needs_137
def test_other_traffic_of_the_gateway_is_left_alone(servers: Servers, edge: Proxy) -> None:
    """Not read, not held, not rewritten; and it is shown no key, also not those that Envoy reads from files."""
    for _ in range(3):
        answer = edge.chat({"model": "gpt-4.1"}, ("x-switchyard-stream", "openai"), host="shop.example.com", path="/cart?a=1")
        assert (answer.status, answer.json["shop"], answer.json["body"]) == (200, "/cart?a=1", '{"model": "gpt-4.1"}')
    for request in servers.shop.requests:
        assert b"sk-" not in request.raw and not any(name.startswith("x-switchyard-key") for name in request.names)
    assert not servers.openai.requests and not servers.claude.requests
    # A host that nobody has is Istio's 404, as before.
    assert edge.chat({}, host="nobody.example.com").status == 404


@needs_137
def test_keys_from_files_are_shown_to_each_attempt_of_ours(servers: Servers, edge: Proxy) -> None:
    """Whatever the number by which the filter marks a request: all values of its lowest byte. The provider checks the key."""
    for _ in range(256):
        referee.completion(edge.chat(prompts.chat(model="openai-only")))
    servers.openai.script.append(openai.error(503))
    referee.completion(edge.chat(prompts.chat(model="openai-only")))
    assert len(servers.openai.requests) == 258


@needs_137
def test_envoys_own_errors_are_rewritten_for_our_hosts_alone(tmp_path: Path, servers: Servers, start: Start) -> None:
    config = gateway_config(tmp_path, servers.file())
    # No room for any request.
    config["overload"] = {
        "resource_monitors": [{"name": "envoy.resource_monitors.fixed_heap", "typed_config": {
            "@type": f"{istio.TYPE}envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig", "max_heap_size_bytes": 1}}],
        "refresh_interval": "0.050s",
        "actions": [{"name": "envoy.overload_actions.stop_accepting_requests", "triggers": [
            {"name": "envoy.resource_monitors.fixed_heap", "threshold": {"value": 0.9}}]}],
    }
    proxy = start(config)
    wait_for("there is no room", lambda: proxy.chat({}, host="shop.example.com").status == 503, 5)
    assert referee.error(proxy.chat(prompts.chat()), 503)["code"] == "gateway_overloaded"
    assert referee.error(proxy.chat(prompts.chat(), host=f"{FRONT}:80"), 503)["code"] == "gateway_overloaded"
    assert b"gateway_overloaded" not in proxy.chat({}, host="shop.example.com").body
    assert b"gateway_overloaded" not in proxy.chat({}, host=f"{FRONT}.evil.test").body


def sidecar_config(documents: list[dict]) -> dict:
    """What Istio makes for a sidecar's outbound side with these documents, but for the filter."""
    config = istio.fixture("istio-sidecar")
    istio.services(config, documents)
    return config


def plugin_config(folder: Path, file: dict, kind: str = "WasmPlugin") -> dict:
    """A sidecar with a plugin, as a stock mesh has it."""
    documents = render(folder, file, "--kind", kind.lower(), *OCI, "--host", FRONT)
    config = sidecar_config(documents)
    [plugin] = istio.of_kind(documents, kind)
    istio.plugin(config, plugin, WASM)
    return config


MODEL = "x-switchyard-model"
# What Envoy's router says to a provider in one pass: Istio's routes count tries.
ROUTERS = ("x-envoy-attempt-count", "x-envoy-expected-rq-timeout-ms")


def test_a_plugin_at_a_sidecar(tmp_path: Path, servers: Servers, start: Start) -> None:
    config = plugin_config(tmp_path, servers.file())
    assert config == plugin_config(tmp_path, servers.file(), "TrafficExtension"), "the successor comes to something else"
    proxy = start(config)
    for model, provider, says in (("openai-only", servers.openai, "Hello from OpenAI."), ("claude-only", servers.claude, "Hello from Anthropic.")):
        answer = proxy.chat(prompts.chat(model=model), (MODEL, model))
        assert referee.completion(answer)["choices"][0]["message"]["content"] == says
        assert referee.stream(proxy.chat(prompts.chat(model=model, stream=True), (MODEL, model))) == says
        # To the provider's own name, as the mesh routes by it.
        host = "openai" if provider is servers.openai else "claude"
        assert provider.requests[-1].header("host") == f"{host}.test:{provider.port}"
    # Nobody else's requests are touched: of a service, and of a host that the mesh does not know.
    for host in ("shop.default", "example.org"):
        answer = proxy.chat({"model": "claude-only"}, (MODEL, "claude-only"), host=host, path="/cart")
        assert (answer.status, answer.json["shop"], answer.json["body"]) == (200, "/cart", '{"model": "claude-only"}'), host
    assert not any(b"sk-" in request.raw for request in servers.shop.requests)
    # What it must be told in the headers.
    servers.claude.requests.clear()
    error = referee.error(proxy.chat(prompts.chat(model="claude-only")), 400)
    assert MODEL in error["message"]
    referee.error(proxy.chat(prompts.chat(model="claude-only"), (MODEL, "openai-only")), 400)
    assert not [request for request in servers.claude.requests if request.body]


def test_a_plugin_with_one_provider_needs_no_header(tmp_path: Path, servers: Servers, start: Start) -> None:
    file = servers.file()
    file["providers"] = file["providers"][1:]
    file["models"] = [{"name": "*", "targets": [{"provider": "claude", "model": "claude-sonnet-4-5"}]}]
    proxy = start(plugin_config(tmp_path, file))
    assert referee.completion(proxy.chat(prompts.chat()))["choices"][0]["message"]["content"] == "Hello from Anthropic."
    # A provider's error in the client's dialect.
    servers.claude.script.append(anthropic.error(429, "rate_limit_error", "Slow down."))
    assert "Slow down." in referee.error(proxy.chat(prompts.chat()), 429)["message"]
    # The same provider once more, by the route's retries.
    servers.claude.requests.clear()
    servers.claude.script.append(anthropic.error(529, "overloaded_error", "Overloaded."))
    referee.completion(proxy.chat(prompts.chat()))
    assert len(servers.claude.requests) == 2
    # On such a second try the router adds to the request what no policy of these can take away.
    assert servers.claude.violations[-2:] == [f"claude: internal header {name}" for name in ROUTERS]
    del servers.claude.violations[-2:]
    # Below what the proxy holds it is the filter that refuses, in the client's words; a reply as well.
    assert "983040 bytes" in referee.error(proxy.chat(prompts.chat(prompts.text(prompts.MB))), 413)["message"]
    servers.claude.script.append(anthropic.answer(anthropic.text("x" * prompts.MB)))
    assert proxy.chat(prompts.chat()).json["error"]["code"] == "upstream_invalid_reply"
    servers.claude.refuse()
    referee.error(proxy.chat(prompts.chat()), 503)


def test_a_waypoint_leads_on_by_the_host_and_checks_the_providers_name(tmp_path: Path, servers: Servers, start: Start) -> None:
    ours = Authority(tmp_path, "ours")
    server = Secure("openai", openai.answer(), openai.check)
    server.context = ours.context("openai.test")
    try:
        file = servers.file(tls={"ca_file": str(ours.file)})
        file["providers"][0]["base_url"] = f"https://openai.test:{server.port}/v1"
        documents = render(tmp_path, file, *OCI, "--waypoint", "egress", "--namespace", "egress", "--host", FRONT)
        config = istio.fixture("istio-sidecar")
        istio.waypoint(config, documents)
        [plugin] = istio.of_kind(documents, "WasmPlugin")
        istio.plugin(config, plugin, WASM)
        proxy = start(config)
        for model, says in (("openai-only", "Hello from OpenAI."), ("claude-only", "Hello from Anthropic.")):
            answer = proxy.chat(prompts.chat(model=model), (MODEL, model))
            assert referee.completion(answer)["choices"][0]["message"]["content"] == says
        server.context, shaken = ours.context("evil.test"), server.greeted
        # A new connection: the one that is open was checked before.
        server.refuse()
        server.open()
        referee.error(proxy.chat(prompts.chat(model="openai-only"), (MODEL, "openai-only")), 503)
        assert len(server.requests) == 1 and server.greeted > shaken
    finally:
        server.close()
    written_by_an_older_router(server, *ROUTERS)


@needs_137
def test_a_filter_at_sidecars_that_waits_for_the_body(tmp_path: Path, servers: Servers, start: Start) -> None:
    documents = render(tmp_path, servers.file(), "--kind", "envoyfilter-standalone", *FILE_URL, "--host", FRONT)
    config = sidecar_config(documents)
    [filter_] = istio.of_kind(documents, "EnvoyFilter")
    istio.apply(config, filter_, "SIDECAR_OUTBOUND")
    proxy = start(config)
    for model, says in (("openai-only", "Hello from OpenAI."), ("claude-only", "Hello from Anthropic."), ("gpt-4.1", "Hello from OpenAI.")):
        assert referee.completion(proxy.chat(prompts.chat(model=model)))["choices"][0]["message"]["content"] == says
        assert referee.stream(proxy.chat(prompts.chat(model=model, stream=True))) == says
    # Beyond what a sidecar holds by itself.
    referee.completion(proxy.chat(prompts.chat(prompts.text(3 * prompts.MB), model="claude-only")))
    answer = proxy.chat({"model": "claude-only"}, host="shop.default", path="/cart")
    assert (answer.status, answer.json["body"]) == (200, '{"model": "claude-only"}')
    servers.claude.script.append(anthropic.error(400, "invalid_request_error", "Bad."))
    assert "Bad." in referee.error(proxy.chat(prompts.chat(model="claude-only")), 400)["message"]


def test_a_plugin_at_a_gateway_asks_everybody_for_a_key(tmp_path: Path, servers: Servers, start: Start) -> None:
    file = servers.file(keys=[{"name": "team", "sha256": hashlib.sha256(b"team-key").hexdigest()}])
    documents = render(tmp_path, file, *OCI, *GATEWAY, "--host", FRONT)
    config = istio.fixture("istio-gateway")
    istio.services(config, documents, "istio-system/edge")
    [plugin] = istio.of_kind(documents, "WasmPlugin")
    istio.plugin(config, plugin, WASM)
    proxy = start(config)
    key = ("authorization", "Bearer team-key")
    referee.completion(proxy.chat(prompts.chat(model="claude-only"), (MODEL, "claude-only"), key))
    servers.claude.requests.clear()
    for host in (FRONT, "claude.test", f"openai.test:{servers.openai.port}"):
        referee.error(proxy.chat(prompts.chat(model="claude-only"), (MODEL, "claude-only"), host=host), 401)
    assert not servers.claude.requests and not servers.openai.requests
    assert proxy.chat({}, host="shop.example.com", path="/cart").json["shop"] == "/cart"
