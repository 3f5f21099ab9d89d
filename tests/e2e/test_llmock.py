"""A mock provider by someone else (llmock): what we and our simulators misread alike would show here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import openai as sdk
import pytest

from rig.envoy import free_port, wait_for

PROVIDERS = [
    {"name": "openai", "type": "openai", "base_url": "http://127.0.0.1:{port}/v1", "api_key": {"value": "sk-a"}},
    {"name": "claude", "type": "anthropic", "base_url": "http://127.0.0.1:{port}/anthropic", "api_key": {"value": "sk-b"}},
]
TARGETS = [{"provider": "openai", "model": "gpt-4.1"}, {"provider": "claude", "model": "claude-sonnet-4-5"}]


class Mock:
    """The running mock."""

    def __init__(self, port: int):
        self.port = port

    def call(self, path: str, value: object = None) -> object:
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as reply:
            return json.loads(reply.read() or b"null")

    def behave(self, **behavior: object) -> None:
        """Queues one behaviour."""
        self.call("/_llmock/scenario", {"behaviors": [behavior]})


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    port = free_port()
    binary = Path(sys.executable).parent / "llmock"
    log = tmp_path_factory.mktemp("llmock") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([str(binary), "serve", "--port", str(port)], stdout=out, stderr=out,
                                   env={**os.environ, "NO_PROXY": "127.0.0.1"})
    mock = Mock(port)

    def up() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            mock.call("/_llmock/requests")
        except OSError:
            return False
        return True

    wait_for("llmock answers", up, 20)
    yield mock
    process.terminate()
    process.wait(5)


@pytest.fixture
def api(mock: Mock, own_gateway) -> sdk.OpenAI:
    providers = [{**provider, "base_url": provider["base_url"].format(port=mock.port)} for provider in PROVIDERS]
    models = [{"name": "both", "targets": TARGETS}, {"name": "claude", "targets": TARGETS[1:]}]
    gateway = own_gateway({"providers": providers, "models": models}, {})
    return sdk.OpenAI(base_url=gateway.url, api_key="x", max_retries=0, timeout=10)


def ask(api: sdk.OpenAI, model: str, stream: bool):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}]
    if not stream:
        return api.chat.completions.create(model=model, messages=messages)
    with api.chat.completions.stream(model=model, messages=messages) as events:
        return events.get_final_completion()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_both_formats_are_served(api: sdk.OpenAI, stream: bool) -> None:
    for model in ("both", "claude"):
        reply = ask(api, model, stream)
        assert reply.choices[0].message.content
        assert reply.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("status", [429, 500, 529])
def test_failover(api: sdk.OpenAI, mock: Mock, status: int, stream: bool) -> None:
    before = len(seen(mock))
    mock.behave(type="fail", status=status, times=1, match={"provider": "openai"})
    reply = ask(api, "both", stream)
    assert reply.choices[0].message.content
    assert "claude" in reply.model
    assert len(seen(mock)) == before + 2


@pytest.mark.parametrize("kind", ["disconnect", "truncate"])
def test_a_broken_stream_is_not_taken_for_a_whole_one(api: sdk.OpenAI, mock: Mock, kind: str) -> None:
    mock.behave(type="stream_fault", kind=kind, times=1, match={"provider": "anthropic", "stream": True})
    with pytest.raises(sdk.APIError):
        ask(api, "claude", True)
    assert ask(api, "claude", True).choices[0].message.content


def seen(mock: Mock) -> list:
    found = mock.call("/_llmock/requests")
    return found if isinstance(found, list) else found["requests"]
