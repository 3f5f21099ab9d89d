"""The READMEs of the examples, tried as a new user would: their commands are typed as they stand. Ports are others, and what needs
a cluster or a container is written down and checked, not run."""

from __future__ import annotations

import hashlib
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rig import crds
from rig.envoy import ROOT, WASM, envoy_version, free_port, get
from rig.existing import with_ports
from rig.readme import Terminal, blocks, repository

EXISTING = (ROOT / "examples/existing-envoy/README.md").read_text()
KONG = (ROOT / "examples/kong/README.md").read_text()
ISTIO = (ROOT / "examples/istio/README.md").read_text()
GATEWAY = (ROOT / "examples/envoy-gateway/README.md").read_text()


def built(code: str) -> str:
    """A block without what builds: it was built before the tests."""
    return re.sub(r"^(?:make wasm|cargo build .*)\n", "", code, flags=re.MULTILINE)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A shell in the root of a repository in which everything is built."""
    opened = Terminal(repository(tmp_path), tmp_path / "tools")
    yield opened
    opened.close()


class Scene:
    """An Envoy that somebody runs: the README of the example with its ports and paths replaced."""

    def __init__(self, folder: Path):
        self.ports = {name: str(free_port()) for name in ("8080", "8081", "8082", "10000", "9901")}
        self.site = str(folder / "site")
        self.readme = self.text(EXISTING)
        self.terminal = Terminal(repository(folder, self.text), folder / "tools")
        # The last line is Envoy, which stays.
        *scene, envoy = blocks(self.readme, "## Set the scene")[0].splitlines(keepends=True)
        self.terminal.type("".join(scene))
        self.serve(envoy)

    def text(self, text: str) -> str:
        """With the ports and the folder of this test."""
        return with_ports(text, self.ports).replace("/tmp/site", self.site)

    def resources(self) -> dict[str, str]:
        """The files of the control plane."""
        return {path.name: path.read_text() for path in (self.terminal.folder / "examples/existing-envoy/xds").iterdir()}

    def blocks(self, heading: str) -> list[str]:
        return blocks(self.readme, heading)

    def serve(self, command: str) -> None:
        """Starts an Envoy of the README; the servers behind it are there, too."""
        self.terminal.serve(command, lambda: all(map(listens, self.ports.values())) and self.live())

    def live(self) -> bool:
        return get(int(self.ports["9901"]), "/ready").strip() == "LIVE"

    def serve_another(self, command: str) -> None:
        """Ctrl-C, and the next one."""
        self.terminal.interrupt()
        self.serve(command)


def listens(port: str) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", int(port))) == 0


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.terminal.close()


def answer(printed: str) -> dict:
    """The last of the answers that curl printed: it ends none with a line's end."""
    rest, found = printed.splitlines()[-1], None
    while rest:
        found, end = json.JSONDecoder().raw_decode(rest)
        rest = rest[end:]
    assert isinstance(found, dict), printed
    return found


def test_two_roles_as_the_readme_says(scene: Scene) -> None:
    if envoy_version() < (1, 37):
        pytest.skip("its table says Envoy 1.37")
    assert scene.terminal.type(f"curl http://127.0.0.1:{scene.ports['10000']}/") == "Hello from the application.\n"
    render, envoy, ask, fail = scene.blocks("## Two roles")
    scene.terminal.type(render)
    lists = [line.rstrip(":\n") for line in scene.terminal.type("grep -E '^[a-z_]+:$' pieces.yaml").splitlines()]
    table = EXISTING.split("\n## Two roles\n")[1].split("\n## ")[0]
    assert sorted(lists) == sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))

    scene.serve_another(envoy)
    printed = scene.terminal.type(ask)
    assert printed.startswith("Hello from the application.\n")
    assert answer(printed)["model"] == "gpt-4.1"
    answered = answer(scene.terminal.type(fail))
    assert (answered["object"], answered["model"]) == ("chat.completion", "claude-sonnet-4-5")
    # It fails once.
    assert answer(scene.terminal.type(ask))["model"] == "gpt-4.1"


def test_a_control_plane_as_the_readme_says(scene: Scene) -> None:
    if envoy_version() < (1, 37):
        pytest.skip("its table says Envoy 1.37")
    [code] = scene.blocks("## Two roles from a control plane")
    *render, envoy = code.splitlines(keepends=True)
    before = scene.resources()
    scene.terminal.type("".join(render))
    assert scene.resources() == before, "the files of the example are those that the commands print"
    scene.serve_another(envoy)
    printed = scene.terminal.type(scene.blocks("## Two roles")[2])
    assert printed.startswith("Hello from the application.\n") and answer(printed)["model"] == "gpt-4.1"


def test_own_clusters_and_one_pass_as_the_readme_says(scene: Scene) -> None:
    if envoy_version() < (1, 35):
        pytest.skip("its table says Envoy 1.35")
    render, ask = scene.blocks("## Your own clusters")
    assert "http_filters:" in scene.terminal.type(render)
    envoy, ask = ask.split("\n", 1)
    scene.serve_another(envoy)
    error = answer(scene.terminal.type(ask))["error"]
    assert "key" in error["message"], error

    render, ask = scene.blocks("## One pass")
    assert "http_filters:" in scene.terminal.type(render)
    envoy, ask = ask.split("\n", 1)
    scene.serve_another(envoy)
    answered = answer(scene.terminal.type(ask))
    assert (answered["object"], answered["model"]) == ("chat.completion", "claude-sonnet-4-5")


def test_the_module_by_http_is_rendered_as_the_readme_says(scene: Scene) -> None:
    [render] = scene.blocks("## The module by HTTP")
    printed = scene.terminal.type(render)
    assert printed.count('http_uri: {uri: "https://files.example.com/switchyard.wasm"') == 2, printed
    assert printed.count(hashlib.sha256(WASM.read_bytes()).hexdigest()) == 2


def test_the_files_for_kong_are_made_as_the_readme_says(terminal: Terminal) -> None:
    terminal.type(built(blocks(KONG, "## 1. Make the files")[0]))
    committed = ROOT / "examples/kong"
    for made, file in (("declarative/kong.yml", "kong.yml"), ("wasm/switchyard.meta.json", "switchyard.meta.json"), ("kong.conf", "kong.conf")):
        assert (terminal.folder / "kong" / made).read_text() == (committed / file).read_text(), file
    assert (terminal.folder / "kong/wasm/switchyard.wasm").read_bytes() == WASM.read_bytes()
    # What the containers are given is what was made, and the two ways of starting it say the same.
    [run] = blocks(KONG, "## 2. Start Kong")
    [compose] = blocks(KONG, "## 2. Start Kong", "yaml")
    kong = yaml.safe_load(compose)["services"]["kong"]
    mounted = re.findall(r'-v "\$PWD/(\S+)"', run)
    assert mounted == [volume.removeprefix("./") for volume in kong["volumes"]]
    for volume in mounted:
        assert (terminal.folder / volume.split(":")[0]).exists(), volume
    assert run.rstrip().endswith(kong["image"]) and set(kong["environment"]) < set(re.findall(r"-e (\w+)", run))
    # The newer Kong, beside an Envoy.
    render = blocks(KONG, "## A newer Kong")[0].split("docker run")[0]
    terminal.type(render)
    assert (terminal.folder / "kong/declarative/kong.yml").read_text() == (committed / "beside/kong.yml").read_text()


@crds.needed
def test_what_istios_readme_applies_is_what_the_schemas_allow() -> None:
    text = "".join(blocks(ISTIO, "## Two roles at a gateway"))
    [gateway] = re.findall(r"<<EOF\n(.*?)^EOF$", text, re.MULTILINE | re.DOTALL)
    assert not crds.validate(list(yaml.safe_load_all(gateway)))
    # The Gateway, its namespace and the ConfigMap are those of the policy.
    applied = {(one["kind"], one["metadata"]["name"]) for one in policies("istio/two-roles.yaml")}
    gateway = yaml.safe_load(gateway)
    named = gateway["spec"]["infrastructure"]["parametersRef"]
    assert (named["kind"], named["name"]) in applied
    assert {one["metadata"].get("namespace") for one in policies("istio/two-roles.yaml")} == {gateway["metadata"]["namespace"]}
    # Each key that the policy's ConfigMap reads is in the Secret.
    for name in re.findall(r"--from-literal=(\w+)=", text):
        assert name in (ROOT / "examples/istio/two-roles.yaml").read_text()


@crds.needed
def test_the_policy_for_envoy_gateway_is_made_as_the_readme_says(terminal: Terminal) -> None:
    [render] = [block for block in blocks(GATEWAY, "## Steps") if "render envoy-gateway" in block]
    code, applied = built(render).split("kubectl apply -f ")
    terminal.type(f"IMAGE_SUM={hashlib.sha256(b'image').hexdigest()}\n{code}")
    made = list(yaml.safe_load_all((terminal.folder / applied.strip()).read_text()))
    assert "EnvoyPatchPolicy" in {one["kind"] for one in made}
    assert not crds.validate(made)


def policies(file: str) -> list[dict]:
    """The documents of a rendering of the examples."""
    return [one for one in yaml.safe_load_all((ROOT / "examples" / file).read_text()) if one]
