"""The gateway that most tests share, and what must hold after each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import openai as sdk
import pytest

from rig import anthropic, older, openai
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider

ENV = {"OPENAI_API_KEY": openai.KEY, "ANTHROPIC_API_KEY": anthropic.KEY}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    older.mark(items)


def pool_file(openai_port: Provider, claude_port: Provider, **more: object) -> dict:
    """gateway.yaml: OpenAI first, Anthropic second."""
    both = [{"provider": "openai", "model": "gpt-4.1"}, {"provider": "claude", "model": "claude-sonnet-4-5"}]
    return {
        "providers": [
            {"name": "openai", "type": "openai", "base_url": f"{openai_port.url}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
            {"name": "claude", "type": "anthropic", "base_url": claude_port.url, "api_key": {"env": "ANTHROPIC_API_KEY"}},
        ],
        "models": [
            {"name": "gpt-4.1", "targets": both},
            {"name": "openai-only", "targets": both[:1]},
            {"name": "claude-only", "targets": both[1:]},
        ],
        **more,
    }


@pytest.fixture(scope="session")
def openai_server() -> Iterator[Provider]:
    """OpenAI, for the whole run."""
    provider = Provider("openai", openai.answer(), openai.check)
    yield provider
    provider.close()


@pytest.fixture(scope="session")
def claude_server() -> Iterator[Provider]:
    """Anthropic, for the whole run."""
    provider = Provider("claude", anthropic.answer(), anthropic.check)
    yield provider
    provider.close()


@pytest.fixture
def openai_provider(openai_server: Provider) -> Iterator[Provider]:
    """OpenAI, as new; what it had to complain about fails the test."""
    openai_server.fresh()
    yield openai_server
    assert not openai_server.violations, openai_server.violations


@pytest.fixture
def claude_provider(claude_server: Provider) -> Iterator[Provider]:
    """Anthropic, as new; what it had to complain about fails the test."""
    claude_server.fresh()
    yield claude_server
    assert not claude_server.violations, claude_server.violations


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory, openai_server: Provider, claude_server: Provider) -> Iterator[Gateway]:
    """One gateway for all tests that need no settings of their own. It ejects nobody, so that tests stay apart."""
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), pool_file(openai_server, claude_server), ENV)
    yield gateway
    gateway.stop()


@pytest.fixture
def gateway(shared_gateway: Gateway, openai_provider: Provider, claude_provider: Provider) -> Iterator[Gateway]:
    """The shared gateway with fresh providers. Envoy must be well after the test, too."""
    yield shared_gateway
    assert not (found := shared_gateway.new_problems()), found


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    """A client of the shared gateway."""
    client = gateway.client()
    yield client
    client.close()


@pytest.fixture
def api(gateway: Gateway) -> Iterator[sdk.OpenAI]:
    """The official SDK as its documentation says, but without retries of its own."""
    with sdk.OpenAI(base_url=gateway.url, api_key="sk-anything", max_retries=0, timeout=10) as api:
        yield api


@pytest.fixture
def own_gateway(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Makes gateways with settings of their own; they are checked and stopped after the test."""
    made: list[Gateway] = []

    def make(file: dict, env: dict[str, str] | None = None, workers: int = 1) -> Gateway:
        made.append(Gateway(tmp_path / f"gateway-{len(made)}", file, ENV if env is None else env, workers))
        return made[-1]

    yield make
    problems = [problem for gateway in made for problem in gateway.new_problems()]
    for gateway in made:
        gateway.stop()
    assert not problems, problems
