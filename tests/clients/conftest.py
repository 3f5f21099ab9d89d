"""The gateway that all clients share: a model for each format behind it. What must hold after each test is in here, too."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

pytest.register_assert_rewrite("matrix")

import embedders
from program import Act, Program
from rig.gateway import Gateway
from rig.provider import Provider
from upstreams import UPSTREAMS, gateway_file

# What clients show; the gateway has only its sum.
KEY = "sw-client-key-0001"
KEYS = [{"name": "clients", "sha256": hashlib.sha256(KEY.encode()).hexdigest(), "models": ["*"]}]
# Long enough for a machine that is busy: what these tests are about is never a time.
TIMEOUTS = {"connect": "5s", "first_event": "20s", "reply": "20s"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """A way to try the programs themselves."""
    says = "no gateway: the clients of this dialect talk straight to the simulated provider that speaks it"
    parser.addoption("--straight", metavar="FORMAT", choices=list(UPSTREAMS), help=says)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a gateway nobody translates and nobody fails over, nor are there keys and models."""
    if straight := config.getoption("straight"):
        whole = {"test_text", "test_tools_over_two_turns", "test_structured_output", "test_thinking", "test_an_object"}
        items[:] = [
            item for item in items
            if getattr(item, "originalname", "") in whole
            and getattr(item.cls, "dialect", "") == straight == item.callspec.params["name"]
        ]  # fmt: skip


@dataclass
class World:
    """The gateway and the providers behind it, by format; those of embeddings are `embed-FORMAT`."""

    gateway: Gateway | None
    providers: dict[str, Provider]
    root: str
    """The gateway without a path: what Anthropic's clients call its base URL."""

    def __getitem__(self, name: str) -> Provider:
        return self.providers[name]

    @property
    def url(self) -> str:
        """What most clients call its base URL."""
        return f"{self.root}/v1"

    def received(self, name: str) -> list[dict]:
        """The bodies of the requests that reached a provider."""
        return [request.json for request in self.providers[name].requests]


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One gateway for the whole run. It ejects nobody, so that tests stay apart."""
    straight = request.config.getoption("straight")
    providers = {name: Provider(name, up.says("Hello from far away."), None if straight else up.check) for name, up in UPSTREAMS.items()}
    providers |= embedders.start()
    if straight:
        yield World(None, providers, providers[straight].url)
    else:
        file = {"timeouts": TIMEOUTS, "keys": KEYS, **gateway_file(providers)}
        for part, rows in zip(("providers", "models"), embedders.rows(providers)):
            file[part] += rows
        gateway = Gateway(tmp_path_factory.mktemp("gateway"), file)
        yield World(gateway, providers, gateway.url.removesuffix("/v1"))
        gateway.stop()
    for provider in providers.values():
        provider.close()


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """The shared gateway with providers as new. What they had to complain about fails the test, as does an Envoy in trouble."""
    for provider in shared.providers.values():
        provider.fresh()
    yield shared
    if shared.gateway:
        wrong = [what for provider in shared.providers.values() for what in provider.violations]
        assert not wrong, wrong
        assert not (found := shared.gateway.new_problems()), found


@pytest.fixture(scope="module")
def programs(shared: World) -> Iterator[Callable[[str, str], Program]]:
    """Starts programs, each once for a file of tests: libraries take seconds to load."""
    started: dict[tuple[str, str], Program] = {}

    def start(group: str, file: str) -> Program:
        if (group, file) not in started:
            started[group, file] = Program(group, file, shared.root, KEY)
        return started[group, file]

    yield start
    for program in started.values():
        program.stop()


@pytest.fixture
def client(request: pytest.FixtureRequest, programs: Callable[[str, str], Program]) -> Act:
    """The client of the class of tests, which names its program and perhaps one of the ways of using it."""
    return programs(request.cls.group, request.cls.program).way(request.cls.way)
