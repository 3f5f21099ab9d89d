"""The gateway that all clients share: a model for each format behind it. What must hold after each test is in here, too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from program import Program
from rig.gateway import Gateway
from rig.provider import Provider
from upstreams import UPSTREAMS, gateway_file

# What clients show; the gateway has only its sum.
KEY = "sw-client-key-0001"
KEYS = [{"name": "clients", "sha256": hashlib.sha256(KEY.encode()).hexdigest(), "models": ["*"]}]
# Long enough for a machine that is busy: what these tests are about is never a time.
TIMEOUTS = {"connect": "5s", "first_event": "20s", "reply": "20s"}


@dataclass
class World:
    """The gateway and the providers behind it, by format."""

    gateway: Gateway
    providers: dict[str, Provider]

    @property
    def root(self) -> str:
        """The gateway without a path: what Anthropic's clients call its base URL."""
        return self.gateway.url.removesuffix("/v1")

    def __getitem__(self, name: str) -> Provider:
        return self.providers[name]

    def received(self, name: str) -> list[dict]:
        """The bodies of the requests that reached a provider."""
        return [request.json for request in self.providers[name].requests]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One gateway for the whole run. It ejects nobody, so that tests stay apart."""
    providers = {name: Provider(name, up.says("Hello from far away."), up.check) for name, up in UPSTREAMS.items()}
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), {"timeouts": TIMEOUTS, "keys": KEYS, **gateway_file(providers)})
    yield World(gateway, providers)
    gateway.stop()
    for provider in providers.values():
        provider.close()


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """The shared gateway with providers as new. What they had to complain about fails the test, as does an Envoy in trouble."""
    for provider in shared.providers.values():
        provider.fresh()
    yield shared
    wrong = [what for provider in shared.providers.values() for what in provider.violations]
    assert not wrong, wrong
    assert not (found := shared.gateway.new_problems()), found


@pytest.fixture(scope="class")
def client(request: pytest.FixtureRequest, shared: World) -> Iterator[Program]:
    """The client of the class of tests, in its own process."""
    program = Program(request.cls.group, request.cls.file, shared.root, KEY)
    yield program
    program.stop()
